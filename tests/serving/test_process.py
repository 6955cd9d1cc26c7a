"""`accord run` as a process between two servers: an edit arrives by webhook, a second engine is refused, SIGTERM ends it with exit 0."""

import json
import queue
import signal
import socket
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from accord.config.starter import write_starter
from accord.sandbox.process import Running, start

pytestmark = pytest.mark.slow

SECRET = "a secret for tests"
PATIENCE_SECONDS = 60.0
STOP_SECONDS = 10.0


@dataclass(slots=True)
class Service:
    """A running `accord run --json`; ``lines``: what it has printed and nobody has taken yet."""

    process: "subprocess.Popen[str]"
    lines: "queue.Queue[str]"

    def next(self, event: str) -> dict[str, Any]:
        """The next line, which has to be of this event."""
        said: dict[str, Any] = json.loads(self.lines.get(timeout=PATIENCE_SECONDS))
        assert said["event"] == event, said
        return said

    def stop(self) -> int:
        """SIGTERM; the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(STOP_SECONDS)


def configure(folder: Path, crm: Running, care: Running) -> None:
    write_starter(folder, demo=True)
    lines = {"CUSTOMCRM_URL": crm.url, "CUSTOMCRM_KEY": crm.key, "MEMBERCARE_URL": care.url, "MEMBERCARE_KEY": care.key}
    lines |= {"MEMBERCARE_PERSON": "1", "CUSTOMCRM_WEBHOOK_SECRET": SECRET}
    (folder / ".env").write_text("".join(f"{name}={value}\n" for name, value in lines.items()))


def command(folder: Path, *words: str) -> list[str]:
    dataflow = str(folder / "dataflow.yaml")
    return [sys.executable, "-m", "accord.cli.main", "run", "-d", dataflow, "--json", "--listen", "127.0.0.1:0", *words]


@contextmanager
def running(folder: Path, *words: str) -> Iterator[Service]:
    process = subprocess.Popen(command(folder, *words), stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    lines: queue.Queue[str] = queue.Queue()
    with process.stdout as stream:

        def follow() -> None:
            for line in stream:
                lines.put(line)
            lines.put('{"event": "end of output"}')

        reader = threading.Thread(target=follow)
        reader.start()
        try:
            yield Service(process, lines)
        finally:
            process.kill()
            process.wait()
            reader.join()


def call(server: Running, method: str, path: str, body: object = None) -> Any:
    headers = {"authorization": f"Bearer {server.key}", "content-type": "application/json"}
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(urllib.request.Request(server.url + path, data, headers, method=method)) as answer:
        return json.loads(answer.read())


def dump(server: Running, collection: str) -> list[str]:
    with urllib.request.urlopen(f"{server.url}/_sandbox/dump/{collection}") as answer:
        return [line.decode() for line in answer]


def linked_contact(folder: Path) -> str:
    """The id of a contact that has its counterpart; asked beside the running service."""
    words = ["links", "-d", str(folder / "dataflow.yaml"), "--flow", "Contact to Persons", "--limit", "1", "--json"]
    said = subprocess.run([sys.executable, "-m", "accord.cli.main", *words], capture_output=True, timeout=PATIENCE_SECONDS, check=True)
    id: str = json.loads(said.stdout)[0]["left"]
    return id


def test_an_edit_arrives_on_the_other_side_by_its_webhook_and_sigterm_ends_the_service(tmp_path: Path) -> None:
    with start("customcrm", 40, 1) as crm, start("membercare", 40, 1) as care:
        configure(tmp_path, crm, care)
        with running(tmp_path, "--every", "3600") as service:
            url = service.next("started")["webhooks"]["customcrm"]
            assert service.next("cycle")["cause"] == "poll"
            call(crm, "POST", "/api/webhooks", {"url": url, "secret": SECRET, "collections": ["contacts"]})
            call(crm, "PATCH", f"/api/contacts/{linked_contact(tmp_path)}", {"FirstName": "Quickly"})
            cycle = service.next("cycle")
            assert (cycle["cause"], cycle["depth"]) == ("webhook", "quick")
            assert sum(flow["updated_right"] for flow in cycle["flows"]) == 1
            assert sum('"Quickly"' in person for person in dump(care, "persons")) == 1
            assert service.stop() == 0
            service.next("stopped")


def test_a_system_is_asked_to_announce_its_changes_where_accord_is_reached(tmp_path: Path) -> None:
    with start("customcrm", 20, 1) as crm, start("membercare", 20, 1) as care, socket.create_server(("127.0.0.1", 0)) as free:
        configure(tmp_path, crm, care)
        port = free.getsockname()[1]
        free.close()
        ours = f"http://127.0.0.1:{port}"
        with running(tmp_path, "--every", "3600", "--listen", f"127.0.0.1:{port}", "--public-url", ours) as service:
            service.next("started")
            assert service.next("cycle")["cause"] == "poll"
            (hook,) = call(crm, "GET", "/api/webhooks")
            assert hook["url"] == f"{ours}/webhooks/customcrm"
            call(crm, "PATCH", f"/api/contacts/{linked_contact(tmp_path)}", {"FirstName": "Announced"})
            assert service.next("cycle")["cause"] == "webhook"
            assert service.stop() == 0


def test_P21_a_second_engine_ends_with_exit_5_and_the_first_goes_on(tmp_path: Path) -> None:
    with start("customcrm", 5, 1) as crm, start("membercare", 5, 1) as care:
        configure(tmp_path, crm, care)
        with running(tmp_path, "--every", "3600") as service:
            service.next("started")
            second = subprocess.run(command(tmp_path), capture_output=True, text=True, timeout=PATIENCE_SECONDS, check=False)
            assert second.returncode == 5
            assert json.loads(second.stderr)["remedy"]
            assert service.stop() == 0


def test_a_system_that_is_not_there_at_the_start_is_tried_again_and_sigterm_still_ends_with_exit_0(tmp_path: Path) -> None:
    with start("customcrm", 5, 1) as crm, start("membercare", 5, 1) as care:
        configure(tmp_path, crm, care)
        care.stop()
        with running(tmp_path) as service:
            service.next("started")
            assert service.next("problem")["system"] == "membercare"
            assert service.stop() == 0
            service.next("stopped")

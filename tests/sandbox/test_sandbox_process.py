"""The processes: they say when they are ready, end when told or left alone, and misbehave when asked to."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from http.client import RemoteDisconnected
from typing import Any

import pytest
import sandbox_client
from sandbox_client import Client

from accord.sandbox.process import Name, SandboxFailed, start

pytestmark = pytest.mark.slow
LOST = (RemoteDisconnected, ConnectionResetError)


@pytest.mark.parametrize("name", ["customcrm", "membercare"])
def test_a_server_ends_within_two_seconds_of_sigterm(name: Name) -> None:
    with start(name, 0) as running:
        assert running.rss_megabytes() < 100
        running.process.send_signal(signal.SIGTERM)
        running.process.wait(2)


def test_a_server_ends_when_its_parent_lets_go() -> None:
    with start("customcrm", 0) as running:
        assert running.process.stdin is not None
        running.process.stdin.close()
        running.process.wait(3)


@pytest.mark.parametrize("seconds", [0.1, 0.7, 1.5])
def test_ctrl_c_while_the_servers_start_leaves_one_line_and_no_traceback(seconds: float) -> None:
    """A terminal sends it to every process of the group, and a server that was still importing printed a traceback."""
    words = [sys.executable, "-m", "accord.cli.main", "demo", "--once", "--size", "300"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, process_group=0) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("starting")
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(seconds)
        os.killpg(process.pid, signal.SIGINT)
        _, said = process.communicate(timeout=20)
    assert process.returncode == 130
    assert said.strip() == "stopped; both systems of the demo and what was in them are gone"


def test_a_server_without_a_parent_to_watch_says_ready_and_stays() -> None:
    flags = [sys.executable, "-m", "accord.sandbox", "membercare", "--port", "0", "--size", "0"]
    with subprocess.Popen(flags, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("ready http://127.0.0.1:")
        process.terminate()
        process.wait(2)


def test_wrong_flags_are_told_at_once(capfd: Any) -> None:
    with pytest.raises(SandboxFailed):
        start("customcrm", 0, options=["--fault", "gremlins"])
    assert "gremlins" in capfd.readouterr().err


@pytest.fixture(scope="module", params=["customcrm", "membercare"])
def server(request: pytest.FixtureRequest) -> Iterator[Client]:
    with start(request.param, 0) as running:
        yield getattr(sandbox_client, request.param)(running)


@pytest.fixture
def faulty(server: Client) -> Iterator[Client]:
    """A server whose faults are off before and after."""
    yield server
    server.post("/_sandbox/faults", {"kind": "none"})


def create(client: Client) -> Any:
    if client.running.name == "customcrm":
        return client.call("POST", "contacts", {"FirstName": "x"})
    return client.call("POST", "products", {"name": "x"})


def made(client: Client) -> int:
    return len(client.dump("contacts" if client.running.name == "customcrm" else "products"))


def test_every_second_write_fails_without_effect(faulty: Client) -> None:
    before = made(faulty)
    faulty.post("/_sandbox/faults", {"kind": "error", "every": 2, "only": "writes"})
    assert [create(faulty).status // 100 for _ in range(4)] == [2, 5, 2, 5]
    assert made(faulty) == before + 2
    assert faulty.get("/_sandbox/faults")[0]["struck"] == 2


def test_busy_says_when_to_come_again(faulty: Client) -> None:
    faulty.post("/_sandbox/faults", {"kind": "busy", "retry_after": 2, "times": 1})
    first, second = create(faulty), create(faulty)
    assert (first.status, first.headers["retry-after"]) == (429, "2")
    assert second.status in (200, 201)


@pytest.mark.parametrize(("kind", "effects"), [("lost_answer", 1), ("lost_call", 0)])
def test_a_lost_connection_leaves_the_effect_or_none(faulty: Client, kind: str, effects: int) -> None:
    before = made(faulty)
    faulty.post("/_sandbox/faults", {"kind": kind, "times": 1})
    with pytest.raises(LOST):
        create(faulty)
    assert made(faulty) == before + effects
    assert create(faulty).status in (200, 201)


def test_faults_can_be_set_at_start_and_switched_off() -> None:
    with start("customcrm", 0, options=["--fault", "error:every=1,status=503", "--fault", "slow:milliseconds=1"]) as running:
        client = sandbox_client.customcrm(running)
        assert create(client).status == 503
        assert client.post("/_sandbox/faults", {"kind": "none"}) == []
        assert create(client).status == 201


def test_an_unknown_fault_is_refused(faulty: Client) -> None:
    assert faulty.call("POST", "/_sandbox/faults", {"kind": "gremlins"}).status == 422


def test_both_servers_hold_the_same_data_for_the_same_seed() -> None:
    with start("customcrm", 60, seed=5) as first, start("customcrm", 60, seed=5) as second:
        ones = [sandbox_client.customcrm(each).call("GET", "/_sandbox/dump/orders").body for each in (first, second)]
    assert ones[0] == ones[1]
    assert ones[0]

"""kill -9 of `accord sync` in the middle of a first load: nothing twice, nothing missing, by what the servers hold (P7, P16).

The moment of each kill is a number of writes that the servers have counted, drawn from a seed; no test here waits for time to pass.
"""

import json
import os
import random
import signal
import subprocess
import sys
import urllib.request
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from accord.config.starter import write_starter
from accord.sandbox.people import calls
from accord.sandbox.process import Running, start

pytestmark = pytest.mark.slow

SIZE = int(os.environ.get("ACCORD_KILL_SIZE", "2000"))
KILLS = 20
COLLECTIONS = ("persons", "companies", "products", "invoices")


def sync(folder: Path, output: int = subprocess.DEVNULL) -> "subprocess.Popen[bytes]":
    words = [sys.executable, "-m", "accord.cli.main", "sync", "-d", str(folder / "dataflow.yaml"), "--json"]
    return subprocess.Popen(words, stdout=output, stderr=subprocess.PIPE)


def configure(folder: Path, crm: Running, care: Running) -> None:
    write_starter(folder, demo=True)
    lines = {"CUSTOMCRM_URL": crm.url, "CUSTOMCRM_KEY": crm.key, "MEMBERCARE_URL": care.url, "MEMBERCARE_KEY": care.key}
    (folder / ".env").write_text("".join(f"{name}={value}\n" for name, value in lines.items()) + "MEMBERCARE_PERSON=1\n")
    manifest = folder / "membercare.yaml"
    text = manifest.read_text()
    assert "limits:\n" in text
    manifest.write_text(
        text.replace("limits:\n", "limits:\n  settles_seconds: 0.2  # the sandbox is done with a call before its caller is dead\n", 1)
    )


def dump(server: Running, collection: str) -> list[dict[str, Any]]:
    with urllib.request.urlopen(f"{server.url}/_sandbox/dump/{collection}") as answer:
        return [json.loads(line) for line in answer]


def references(care: Running) -> Counter[str]:
    """How often each of our external references occurs in Membercare, wherever a datatype carries it."""
    found: Counter[str] = Counter()
    for collection in COLLECTIONS:
        for record in dump(care, collection):
            marks = {record.get("externalId")}
            marks |= {(item.get("financeDimensions") or {}).get("dimension5") for item in record.get("invoiceItems") or ()}
            found.update(mark for mark in marks if mark and mark.startswith("customcrm:"))
    return found


def counts(care: Running) -> dict[str, int]:
    return {collection: len(dump(care, collection)) for collection in COLLECTIONS}


def load_undisturbed(folder: Path) -> tuple[dict[str, int], set[str]]:
    with start("customcrm", SIZE, 7) as crm, start("membercare", SIZE, 7) as care:
        configure(folder, crm, care)
        process = sync(folder)
        _, errors = process.communicate()
        assert process.returncode in (0, 5), errors.decode()
        return counts(care), set(references(care))


def test_P07_P16_twenty_kills_in_a_first_load_leave_nothing_twice_and_nothing_missing(tmp_path: Path) -> None:
    expected_counts, expected_references = load_undisturbed(tmp_path / "undisturbed")
    rng = random.Random(20)
    killed = 0
    with start("customcrm", SIZE, 7) as crm, start("membercare", SIZE, 7) as care:
        folder = tmp_path / "killed"
        configure(folder, crm, care)
        every = max(10, int(SIZE * 2.2) // KILLS)
        process = sync(folder)
        while killed < KILLS and process.poll() is None:
            goal = calls(care.url)["writes"] + rng.randrange(1, every)
            while process.poll() is None and calls(care.url)["writes"] < goal:
                pass
            if process.poll() is None:
                process.send_signal(signal.SIGKILL)
                killed += 1
            process.communicate()
            process = sync(folder)
        _, errors = process.communicate()
        assert process.returncode in (0, 5), errors.decode()
        assert killed == KILLS, "the load ended before all kills; make SIZE larger"
        for _ in range(20):
            again = sync(folder, subprocess.PIPE)
            said, errors = again.communicate()
            assert again.returncode in (0, 5), errors.decode()
            if not any(flow["unknown"] for flow in json.loads(said)["flows"]):
                break  # what was being created at a kill is looked for again until finding nothing proves something
        found = references(care)
        assert [mark for mark, times in found.items() if times > 1] == []
        assert set(found) == expected_references
        assert counts(care) == expected_counts
        census = [sys.executable, "-m", "accord.cli.main", "census", "-d", str(folder / "dataflow.yaml"), "--json"]
        ended = subprocess.run(census, capture_output=True, check=False)
        differing = [line for flow in json.loads(ended.stdout) for line in flow["differences"]]
        assert (ended.returncode, differing) == (0, []), ended.stderr.decode()

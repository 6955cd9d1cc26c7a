"""The server crashes, the engine is killed: what was said to be recorded is there, and nothing is written twice."""

import json
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from crashing import BATCH, STEPS, reached_by, start
from postgres_server import Server

from accord.sandbox.people import calls
from accord.sandbox.process import start as start_sandbox
from accord.store.places import DatabasePlace, database_place
from accord.store.postgres import PostgresStore
from accord.testing.store_bench import FLOWS

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests" / "crash"))

import test_kill9 as kill9  # noqa: E402  # how a sync is killed, and what the servers must then hold

pytestmark = pytest.mark.slow

FLUSHED = STEPS[1:]


def test_P07_P16_after_a_crash_of_the_server_all_that_was_flushed_is_there_and_nothing_after_a_gap(own_server: Server) -> None:
    place = database_place(f"{own_server.address}&schema=crash", "crash")
    rng, first = random.Random(5), 0
    for _ in range(5):
        with start(f"{place.address}&schema={place.schema}", first) as process:
            assert process.stdout is not None
            said = [process.stdout.readline() for _ in range(rng.randrange(1, 30))]
            own_server.crash()
            said += process.stdout.readlines()  # the engine ends by itself: either the crash was told, or the loss
            assert process.wait() != 0
        told = [(step, int(batch)) for step, batch in (line.split() for line in said)]
        sure = max((number for number, (step, _) in enumerate(told) if step in FLUSHED), default=-1)
        with PostgresStore.open(place, FLOWS) as store:
            last = max(batch for _, batch in told)
            found = {batch: [len(part) for part in reached_by(store, batch)] for batch in range(first, last + 2)}
        for step, batch in told[: sure + 1]:
            assert found[batch][STEPS.index(step)] == BATCH, (step, batch)
        assert all(number in (0, BATCH) for reached in found.values() for number in reached)
        assert all(reached == sorted(reached, reverse=True) for reached in found.values())
        first = last + 2


def test_P07_P16_kills_of_the_engine_and_crashes_of_the_server_leave_nothing_twice_and_nothing_missing(
    tmp_path: Path, own_server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kill9, "SIZE", 300)
    expected_counts, expected_references = kill9.load_undisturbed(tmp_path / "undisturbed")
    rng, ends = random.Random(3), 0
    with start_sandbox("customcrm", 300, 7) as crm, start_sandbox("membercare", 300, 7) as care:
        folder = tmp_path / "killed"
        kill9.configure(folder, crm, care)
        keep_state_on(own_server, folder)
        process = kill9.sync(folder)
        while ends < 8 and process.poll() is None:
            goal = calls(care.url)["writes"] + rng.randrange(1, 60)
            while process.poll() is None and calls(care.url)["writes"] < goal:
                pass
            if process.poll() is None:
                ends += 1
                if ends % 2:
                    process.send_signal(signal.SIGKILL)
                else:
                    own_server.crash()
            process.communicate()
            process = kill9.sync(folder)
        _, errors = process.communicate()
        assert process.returncode in (0, 5), errors.decode()
        assert ends >= 4
        for _ in range(20):
            again = kill9.sync(folder, subprocess.PIPE)
            said, errors = again.communicate()
            assert again.returncode in (0, 5), errors.decode()
            if not any(flow["unknown"] for flow in json.loads(said)["flows"]):
                break
        found = kill9.references(care)
        assert [mark for mark, times in found.items() if times > 1] == []
        assert set(found) == expected_references
        assert kill9.counts(care) == expected_counts


def keep_state_on(server: Server, folder: Path) -> DatabasePlace:
    """Let a dataflow keep its state there."""
    place = database_place(f"{server.address}&schema=killed", "killed")
    dataflow = folder / "dataflow.yaml"
    dataflow.write_text(dataflow.read_text().replace("accord: 1\n", "accord: 1\nstate: ${env:ACCORD_STATE}\n", 1))
    with (folder / ".env").open("a") as file:
        file.write(f"ACCORD_STATE={place.address}&schema={place.schema}\n")
    return place

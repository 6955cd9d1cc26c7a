"""Real processes: kill -9 in the middle of transactions, and two engines on one state."""

import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from crashing import BATCH, ids

from accord.errors import StoreBusy
from accord.model.journal import IntentState
from accord.model.links import PendingState
from accord.model.records import Side
from accord.store.sqlite import SqliteStore
from accord.testing.store_bench import FLOWS, PERSONS

pytestmark = pytest.mark.slow

KILLS = 8
STEPS = ("absorbed", "intended", "closed")


def start(path: Path, first: int) -> "subprocess.Popen[str]":
    words = [sys.executable, str(Path(__file__).with_name("crashing.py")), str(path), str(first)]
    return subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)


def killed_after(path: Path, first: int, lines: int) -> list[tuple[str, int]]:
    """Let it say so many lines, kill it in what it does next; what it had said by then."""
    with start(path, first) as process:
        assert process.stdout is not None
        said = [process.stdout.readline() for _ in range(lines)]
        process.send_signal(signal.SIGKILL)
        said += process.stdout.readlines()
    return [(step, int(batch)) for step, batch in (line.split() for line in said)]


def test_P16_P17_whatever_returned_is_there_after_kill_9_and_nothing_is_there_by_half(tmp_path: Path) -> None:
    path, rng, first = tmp_path / "state.db", random.Random(9), 0
    told: set[tuple[str, int]] = set()
    for _ in range(KILLS):
        said = killed_after(path, first, rng.randrange(1, 40))
        told.update(said)
        with SqliteStore.open(path, FLOWS) as store:
            last = max(batch for _, batch in said)
            for batch in range(first, last + 2):
                reached = [len(found) for found in reached_by(store, batch)]
                assert all(number in (0, BATCH) for number in reached), (batch, reached)
                assert reached == sorted(reached, reverse=True)
                assert all(number == BATCH for step, number in zip(STEPS, reached, strict=True) if (step, batch) in told)
        first = last + 2


def reached_by(store: SqliteStore, batch: int) -> tuple[set[str], set[str], set[str]]:
    """The records of a batch that are absorbed, intended, closed: each proven by all that goes with it."""
    lefts = [f"C-{id}" for id in ids(batch)]
    absorbed = set(store.known(Side.LEFT, "Contact", lefts))
    intents = list(store.of_run(f"r{batch}"))
    linked = set(store.links(PERSONS.name, Side.LEFT, lefts))
    pending = {row.ref.id for row in store.list_pending(PERSONS.name, [PendingState.NEW], limit=100_000)} & set(lefts)
    assert linked == {intent.operation.source.id for intent in intents if intent.state is IntentState.DONE}
    assert len(store.known(Side.RIGHT, "Persons", [f"P-{id}" for id in ids(batch)])) == len(linked)
    assert pending == absorbed - linked
    return absorbed, {intent.operation.source.id for intent in intents}, linked


def test_P21_two_engines_on_one_state_the_second_is_refused_and_the_killed_one_frees_it(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    with start(path, 0) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "absorbed 0\n"
        with pytest.raises(StoreBusy, match=f"process {process.pid}"):
            SqliteStore.open(path, FLOWS)
        with SqliteStore.open(path, FLOWS, read_only=True) as looking:
            assert looking.count(Side.LEFT, "Contact") >= BATCH
        process.send_signal(signal.SIGKILL)
        process.stdout.read()
    with SqliteStore.open(path, FLOWS) as store:
        assert store.count(Side.LEFT, "Contact") >= BATCH


def test_P21_a_process_that_was_overtaken_ends_without_having_committed(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    with start(path, 0) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.send_signal(signal.SIGSTOP)
        path.with_name("state.db.lock").unlink()
        try:
            store = SqliteStore.open(path, FLOWS)
        except StoreBusy:  # it was stopped within a transaction, which nobody can take from it
            store = None
        process.send_signal(signal.SIGCONT)
        if store is None:
            store = SqliteStore.open(path, FLOWS)
        process.stdout.read()
        assert process.wait() != 0
        with store:
            before = store.count(Side.LEFT, "Contact")
            assert before % BATCH == 0
            store.set("a", "b")
            assert store.count(Side.LEFT, "Contact") == before

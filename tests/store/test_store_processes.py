"""Real processes: kill -9 in the middle of transactions, and two engines on one state."""

import signal
from pathlib import Path

import pytest
from crashing import BATCH, start, whatever_returned_is_there

from accord.errors import StoreBusy
from accord.model.records import Side
from accord.store.sqlite import SqliteStore
from accord.testing.store_bench import FLOWS

pytestmark = pytest.mark.slow

KILLS = 8


def test_P16_P17_whatever_returned_is_there_after_kill_9_and_nothing_is_there_by_half(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    whatever_returned_is_there(str(path), lambda: SqliteStore.open(path, FLOWS), KILLS)


def test_P21_two_engines_on_one_state_the_second_is_refused_and_the_killed_one_frees_it(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    with start(str(path), 0) as process:
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
    with start(str(path), 0) as process:
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

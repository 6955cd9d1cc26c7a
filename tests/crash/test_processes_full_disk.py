"""A disk that runs full in a first load: told, nothing sent that was not journaled, and finished once there is room (P16, P17)."""

import json
import os
import resource
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from processes import Ended, Load, Place, end, place, undisturbed

from accord.model.journal import IntentState
from accord.store.sqlite import SqliteStore

pytestmark = pytest.mark.slow

SIZE = 200
KILOBYTES = (40, 300, 450, 700, 1000)
"""How large a file may become: from too little for an empty state to too little for the whole load."""


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> Load:
    return undisturbed(tmp_path_factory.mktemp("undisturbed"), SIZE)


def sync_within(here: Place, kilobytes: int) -> Ended:
    """A sync whose files may not become larger: the operating system refuses the write, as it does on a full disk."""
    return end(here.begin("sync", before=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (kilobytes * 1024, kilobytes * 1024))))


def everything_that_was_made_is_journaled(here: Place) -> None:
    """No external effect without an intent that is on the disk (P17)."""
    with SqliteStore.open(here.state, (), read_only=True) as state:
        journaled = {intent.operation.reference for intent in state.intents(tuple(IntentState), 1_000_000)}
    assert set(here.references()) <= journaled


def test_P16_P17_files_that_may_not_grow_stop_a_sync_before_it_sends_what_it_could_not_journal(tmp_path: Path, expected: Load) -> None:
    with place(tmp_path, SIZE) as here:
        stopped = []
        for kilobytes in KILOBYTES:
            ended = sync_within(here, kilobytes)
            assert ended.code in (0, 1, 5), ended
            if ended.code == 1:
                assert json.loads(ended.errors)["error"] == "StoreError"
                assert ended.remedy
                stopped.append(here.writes())
            if here.writes():
                everything_that_was_made_is_journaled(here)
        assert stopped[0] == 0, "without room for the state nothing is sent at all"
        assert stopped[-1] > 0, "no sync was stopped in the middle of its load"
        here.settle()
        expected.check(here)


@contextmanager
def small_disk(folder: Path, kilobytes: int) -> Iterator[bool]:
    """A disk of that size at the folder; False where this user may not mount one."""
    folder.mkdir(mode=0o700)
    words = ["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k,mode=0700", "accord-test", str(folder)]
    mounted = os.geteuid() == 0 and subprocess.run(words, check=False, capture_output=True).returncode == 0
    try:
        yield mounted
    finally:
        if mounted:
            subprocess.run(["umount", str(folder)], check=True)


@pytest.mark.parametrize("kilobytes", [60, 700])
def test_P16_P17_a_disk_without_room_stops_a_sync_and_it_goes_on_when_there_is_room(tmp_path: Path, expected: Load, kilobytes: int) -> None:
    """Where no disk can be mounted, the limit on files stands in for it: the same way through SQLite, in other words."""
    with place(tmp_path, SIZE) as here, small_disk(here.state.parent, kilobytes) as mounted:
        ended = here.run("sync") if mounted else sync_within(here, kilobytes)
        assert ended.code == 1, ended
        assert not mounted or "no space left" in json.loads(ended.errors)["message"]
        assert ended.remedy
        if here.writes():
            everything_that_was_made_is_journaled(here)
        if mounted:
            subprocess.run(["mount", "-o", "remount,size=64m", str(here.state.parent)], check=True)
        here.settle()
        expected.check(here)

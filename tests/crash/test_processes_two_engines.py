"""Two `accord sync` on one state: one works, the other is refused; and one that was only paused commits nothing when it wakes (P7, P21)."""

import json
import signal
from pathlib import Path

import pytest
from processes import Load, end, place, undisturbed

from accord.connectors.held import LATEST_SECONDS

pytestmark = pytest.mark.slow

SIZE = 200
LIMITS = {"settles_seconds": 1.5 * LATEST_SECONDS}
"""As everywhere: whoever takes over creates nothing again for longer than a paused engine believes that the state is its own."""


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> Load:
    return undisturbed(tmp_path_factory.mktemp("undisturbed"), SIZE)


def test_P21_of_two_syncs_at_once_one_is_refused_with_exit_5_and_nothing_is_there_twice(tmp_path: Path, expected: Load) -> None:
    with place(tmp_path, SIZE) as here:
        both = [here.begin("sync"), here.begin("sync")]
        refused, worked = sorted((end(one) for one in both), key=lambda one: bool(one.said))
        assert refused.code == 5
        assert "another engine holds this state" in json.loads(refused.errors)["message"]
        assert refused.remedy
        assert worked.code in (0, 5), worked.errors
        here.settle()
        expected.check(here)


def test_P21_a_sync_that_was_paused_while_another_took_over_commits_nothing_and_makes_nothing_twice(tmp_path: Path, expected: Load) -> None:
    """Somebody takes the paused process for dead and removes its lock; in the middle of a batch it has calls still to make.

    It made them when it woke, also those that the other had made by then.
    """
    with place(tmp_path, SIZE, LIMITS) as here:
        paused = here.begin("sync")
        here.until(40, paused)
        paused.send_signal(signal.SIGSTOP)
        here.state.with_name(f"{here.state.name}.lock").unlink()
        try:
            here.settle()
            expected.check(here)
        finally:
            paused.send_signal(signal.SIGCONT)
        woken = end(paused)
        assert woken.code == 5, woken
        assert "taken this state over" in json.loads(woken.errors)["message"]
        expected.check(here)
        writes = here.writes()
        here.settle()
        assert here.writes() == writes, "the state knew of everything that was written"

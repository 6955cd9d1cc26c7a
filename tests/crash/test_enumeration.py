"""P16: whatever goes wrong at whatever point, the end is the same as if nothing had gone wrong.

Every point of every scene, each thing that can go wrong there; and pairs of them, of which `make reliability` tries many more.
"""

import random

import pytest

from accord.model.journal import IntentState
from accord.model.links import PendingState
from accord.testing.enumeration import POSSIBLE, Trouble, compare, sample_pairs, singles
from accord.testing.enumeration_many import main, pairs_of, try_pairs, undisturbed
from accord.testing.enumeration_scenes import SCENES

NUMBERS = range(len(SCENES))
NAMES = [f"{number:02}-{scene.name}" for number, scene in enumerate(SCENES)]
PAIRS = 300
PARTS = 6


def test_there_are_enough_scenes_and_none_goes_wrong_by_itself() -> None:
    assert len(SCENES) >= 20
    assert {number: undisturbed(number).wrong for number in NUMBERS if undisturbed(number).wrong} == {}
    assert all(set(undisturbed(number).points) == set(POSSIBLE) for number in NUMBERS), "a scene without a write tries nothing"


@pytest.mark.parametrize("number", NUMBERS, ids=NAMES)
def test_P16_every_single_point_of_a_scene(number: int) -> None:
    expected = undisturbed(number)
    wrong = [line for one in singles(expected.points) for line in compare(SCENES[number], expected, [one])[1]]
    assert not wrong, f"{len(wrong)} wrong; the first:\n{wrong[0]}"


@pytest.mark.parametrize("part", range(PARTS))
def test_P16_recovery_may_be_disturbed_as_well(part: int) -> None:
    wrong = [line for found in try_pairs(part, PAIRS // PARTS) for line in found]
    assert not wrong, f"{len(wrong)} wrong; the first:\n{wrong[0]}"


def test_the_scenes_come_through_every_state_of_an_operation_and_of_a_record() -> None:
    """Each of a few scenes with each thing that can go wrong in a write, and a crash, suffices to see them all."""
    seen = {state for number in NUMBERS for state in undisturbed(number).states}
    expected = undisturbed(0)
    for one in singles(expected.points):
        found, _ = compare(SCENES[0], expected, [one])
        seen |= found.states
    assert seen == {*IntentState, *PendingState}


def test_pairs_are_told_by_their_seed_and_their_second_half_comes_later() -> None:
    assert pairs_of("7:0", 30) == pairs_of("7:0", 30) != pairs_of("8:0", 30)
    points = undisturbed(0).points
    for first, second in sample_pairs(points, random.Random(1), 200):
        assert first in singles(points)
        assert second[0] > first[0]


def test_what_goes_wrong_really_does(capsys: pytest.CaptureFixture[str]) -> None:
    """A crash costs a life, so that more points are passed than without; the command counts what it tried."""
    expected = undisturbed(0)
    middle = next(number for number, kind in enumerate(expected.points, 1) if kind == "write") + 1
    found, wrong = compare(SCENES[0], expected, [(middle, Trouble.CRASH)])
    assert not wrong
    assert len(found.points) > len(expected.points)
    assert main(["--pairs", "3", "--seed", "5", "--jobs", "1"]) == 0
    assert capsys.readouterr().out == f"3 crash pairs in {len(SCENES)} scenes, 0 failed (seed 5)\n"

"""P16: whatever goes wrong at whatever point, the end is the same as if nothing had gone wrong."""

from functools import cache

import pytest
from enumeration import Lived, Trouble, live, pairs, singles
from scenes import SCENES, Scene

NAMES = [f"{number:02}-{scene.name}" for number, scene in enumerate(SCENES)]
PAIRS = 20


@cache
def undisturbed(number: int) -> Lived:
    return live(SCENES[number])


def check(scene: Scene, expected: Lived, plan: list[tuple[int, Trouble]]) -> frozenset[str]:
    told = ", ".join(f"{trouble} at point {number} of {len(expected.points)}" for number, trouble in plan)
    try:
        found = live(scene, plan)
    except AssertionError as error:
        raise AssertionError(f"{scene.name}, {told}: {error}") from error
    for what in ("left", "right", "links", "waiting"):
        assert getattr(found, what) == getattr(expected, what), f"{scene.name}, {told}: {what} differs"
    return found.states


@pytest.mark.parametrize("number", range(len(SCENES)), ids=NAMES)
def test_P16_every_single_point_of_a_scene(number: int) -> None:
    expected = undisturbed(number)
    assert len(expected.points) > 50
    for plan in singles(expected.points):
        check(SCENES[number], expected, [plan])


@pytest.mark.parametrize("number", range(len(SCENES)), ids=NAMES)
def test_P16_recovery_may_be_disturbed_as_well(number: int) -> None:
    expected = undisturbed(number)
    for plan in pairs(expected.points, number, PAIRS):
        check(SCENES[number], expected, plan)


def test_the_scenes_come_through_every_state_of_an_operation() -> None:
    expected = undisturbed(0)
    seen: set[str] = set()
    for plan in singles(expected.points):
        seen |= check(SCENES[0], expected, [plan])
    refused = next(number for number, scene in enumerate(SCENES) if scene.name == "one_is_refused")
    seen |= undisturbed(refused).states
    assert seen >= {"done", "refused", "failed", "adopted", "abandoned"}

"""Merging over time, with systems that rewrite what they are sent and writes that fail: everything comes to rest, and no edit is lost."""

from collections.abc import Callable, Sequence
from itertools import product
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st
from mapping_builders import LAW
from merge_world import FULL, LEFT, RIGHT, Rewrite, World, as_it_is, corresponds, list_rule, rewriting

from accord.core.merging import PropertyRule, items_of
from accord.model.dataflow import ConflictPolicy
from accord.model.records import Side

TYPED = st.text(" aB1.", max_size=4) | st.none()
ROUNDED = st.integers(0, 30)


def trim(value: Any) -> Any:
    return value.strip() if isinstance(value, str) else value


def upper(value: Any) -> Any:
    return value.upper() if isinstance(value, str) else value


def null(value: Any) -> Any:
    return None if value == "" else value


def tens(value: Any) -> Any:
    return value // 10 * 10 if isinstance(value, int) else value


def ignore(value: Any) -> Any:
    """A system that takes what it is sent, says done, and keeps nothing."""
    return None


SCALARS: Sequence[Callable[[Any], Any]] = (trim, upper, null, tens, lambda value: trim(upper(value)))
SYSTEMS = st.just(as_it_is) | st.sampled_from(SCALARS).map(rewriting)
PLAIN = (PropertyRule("p"), PropertyRule("n"))
EDITS = st.lists(st.tuples(st.sampled_from(Side), st.sampled_from("pn"), TYPED, ROUNDED), max_size=5)


def world_of(rules: Sequence[PropertyRule], left: Rewrite, right: Rewrite, start: dict[str, Any]) -> World:
    world = World(rules, {}, {}, {LEFT: left, RIGHT: right})
    for side in Side:
        for name, value in start.items():
            world.edit(side, name, value)
    return world


def in_step(world: World, left: Any, right: Any) -> bool:
    """Whether one of two values is what its system makes of the other."""
    return corresponds(world.rewrites[RIGHT]("", left), right) or corresponds(world.rewrites[LEFT]("", right), left)


# --- systems that rewrite ---------------------------------------------------------------------------------------------------------------


@LAW
@given(SYSTEMS, SYSTEMS, TYPED, ROUNDED, EDITS, st.lists(st.booleans(), min_size=5, max_size=5))
def test_P1_systems_that_trim_round_or_change_case_come_to_rest_in_correspondence(
    left: Rewrite, right: Rewrite, text: Any, number: int, edits: list[tuple[Side, str, Any, int]], pauses: list[bool]
) -> None:
    world = world_of(PLAIN, left, right, {"p": text, "n": number})
    world.settle()
    for (side, name, typed, rounded), pause in zip(edits, pauses, strict=False):
        world.edit(side, name, typed if name == "p" else rounded)
        if pause:
            world.sync()
    world.settle()
    assert all(in_step(world, world.left[name], world.right[name]) for name in "pn")


@LAW
@given(SYSTEMS, SYSTEMS, TYPED, ROUNDED, st.sampled_from(Side), TYPED)
def test_P6_one_edit_is_one_write_on_the_other_side_and_none_on_its_own(
    left: Rewrite, right: Rewrite, text: Any, number: int, side: Side, typed: Any
) -> None:
    world = world_of(PLAIN, left, right, {"p": text, "n": number})
    world.settle()
    before = len(world.writes)
    world.edit(side, "p", typed)
    world.settle()
    made = world.writes[before:]
    assert len(made) <= 1 and all(operation.side is side.other for operation in made)


@LAW
@given(FULL, FULL, SYSTEMS, SYSTEMS, st.sampled_from(Side))
def test_P6_an_edited_list_is_one_write_on_the_other_side_and_none_on_its_own(
    start: Any, edited: Any, left: Rewrite, right: Rewrite, side: Side
) -> None:
    world = world_of((list_rule(),), left, right, {"p": start})
    world.settle()
    before = len(world.writes)
    world.edit(side, "p", edited)
    world.settle()
    made = world.writes[before:]
    assert len(made) <= 1 and all(operation.side is side.other for operation in made)
    lists = items_of(world.left["p"]), items_of(world.right["p"])
    assert lists[0].keys() == lists[1].keys()
    for key, name in product(lists[0], ("n", "t")):
        assert in_step(world, lists[0][key][name], lists[1][key][name])


@LAW
@given(TYPED, TYPED)
def test_a_system_that_silently_ignores_a_property_is_written_to_once(text: Any, later: Any) -> None:
    world = World((PropertyRule("p"),), {"p": text}, {"p": None}, {LEFT: as_it_is, RIGHT: rewriting(ignore)})
    world.settle()
    world.edit(LEFT, "p", later)
    world.settle()
    assert world.sync() == 0 and world.left["p"] == later and len(world.writes) <= 2


# --- writes that fail -------------------------------------------------------------------------------------------------------------------


LISTS_AND_TEXTS = (list_rule(), PropertyRule("q", conflict=ConflictPolicy.RIGHT), PropertyRule("r", conflict=ConflictPolicy.RIGHT))
TEXT = st.sampled_from(["a", "b", "c", None])


def both_edited(start: Any, left: tuple[Any, Any], right: tuple[Any, Any], fails: Callable[[Side], bool]) -> World:
    """Two agreed records, the list and a text of their own edited on both sides at once; some writes are lost for three cycles."""
    held = {"p": start, "q": "s", "r": "s"}
    world = World(LISTS_AND_TEXTS, dict(held), dict(held))
    world.settle()
    world.edit(LEFT, "p", left[0])
    world.edit(LEFT, "q", left[1])
    world.edit(RIGHT, "p", right[0])
    world.edit(RIGHT, "r", right[1])
    world.fails = fails
    for _ in range(3):
        world.sync()
    world.fails = lambda side: False
    world.settle()
    return world


A, B = {"n": 1, "t": "x"}, {"n": 2, "t": "y"}


@LAW
@given(FULL, st.tuples(FULL, TEXT), st.tuples(FULL, TEXT), st.lists(st.booleans(), min_size=6, max_size=6))
@example({"1": A}, ({"1": {**A, "t": "y"}}, "s"), ({"1": {**A, "n": 2}, "2": B}, "s"), [False, True] * 3)
@example({"1": A, "2": A}, ({"2": A}, "s"), ({"1": A, "2": {**A, "n": 2}}, "s"), [False, True] * 3)
@example({"1": A}, (None, "s"), ({"1": {**A, "t": "y"}, "2": B}, "s"), [True, False] * 3)
def test_P4_P17_writes_that_fail_lose_no_edit_whichever_of_two_arrived(
    start: Any, left: tuple[Any, Any], right: tuple[Any, Any], lost: list[bool]
) -> None:
    """Pinned: a list put together from both sides made the written side's own edits agreed, although they had not crossed."""
    undisturbed = both_edited(start, left, right, lambda side: False)
    schedule = iter(lost)
    disturbed = both_edited(start, left, right, lambda side: next(schedule, False))
    for name in "pqr":
        assert corresponds(disturbed.left[name], undisturbed.left[name])
        assert corresponds(disturbed.right[name], undisturbed.right[name])


@LAW
@given(FULL, FULL, st.integers(0, 3), st.sampled_from(Side))
def test_P4_a_later_edit_of_an_item_that_came_across_is_no_conflict(start: Any, edited: Any, number: int, side: Side) -> None:
    """Both sides changed different items; then one of them goes on with an item that came from the other."""
    world = World((list_rule(),), {"p": start}, {"p": start})
    world.settle()
    world.edit(LEFT, "p", edited)
    world.edit(RIGHT, "p", {**items_of(start), "mine": A})
    world.settle()
    once_more = {key: {**item, "n": number} for key, item in items_of(world.values(side)["p"]).items()}
    world.edit(side, "p", once_more)
    world.sync()
    assert not any(one.conflict for one in world.merged)
    assert corresponds(world.left["p"], once_more) and corresponds(world.right["p"], once_more)


@LAW
@given(FULL, FULL, FULL)
def test_first_meeting_of_two_lists_keeps_the_items_of_both_though_a_write_is_lost(left: Any, right: Any, later: Any) -> None:
    world = World((list_rule(conflict=ConflictPolicy.LEFT),), {"p": left}, {"p": right}, fails=lambda side: side is RIGHT)
    world.sync()
    world.fails = lambda side: False
    world.settle()
    expected = {**items_of(right), **items_of(left)}
    met = {key: {**item, "t": item["t"] or items_of(right).get(key, item)["t"]} for key, item in expected.items()}
    assert items_of(world.left["p"]).keys() == items_of(world.right["p"]).keys() == expected.keys()
    assert corresponds(world.left["p"], world.right["p"]) and corresponds(world.left["p"], met)

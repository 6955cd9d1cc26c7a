"""The algebra of the merge (P12, P13): all combinations of a small world for single values, lists and records by chance."""

from itertools import permutations, product
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from mapping_builders import LAW
from merge_world import (
    FULL,
    LEFT,
    RIGHT,
    TEXTS,
    TIMES,
    World,
    corresponds,
    list_rule,
    list_rules,
    maybe,
    mirrored,
    mirrored_rule,
    mirrored_times,
    quartets,
    text_rules,
)

from accord.core.conflicts import Times
from accord.core.merging import ABSENT, TABLE, Merged, Now, PropertyRule, Sides, decide, merge, merge_property, standing
from accord.core.rules import RULES
from accord.model.dataflow import ClearPolicy, ConflictPolicy, Direction
from accord.model.records import Side
from accord.model.values import is_empty

VALUES = (ABSENT, None, "", "a", "b")
CLOCKS = (
    Times(),
    Times("2026-03-01T12:00:10Z", "2026-03-01T12:00:00Z"),
    Times("2026-03-01T12:00:00Z", "2026-03-01T12:00:10Z"),
    Times("2026-03-01T12:00:05Z", "2026-03-01T12:00:00Z"),
)
CASES = tuple(product(VALUES, repeat=4))
"""Left, right and both bases: everything that can be told apart with two different values."""


RULES_THERE_ARE = tuple(
    PropertyRule("p", direction, conflict, fallback, clear)
    for direction, conflict, fallback, clear in product(Direction, ConflictPolicy, Side, ClearPolicy)
)
RULES_BOTH_WAYS = tuple(rule for rule in RULES_THERE_ARE if rule.direction is Direction.BOTH)


def outcome(rule: PropertyRule, values: tuple[Any, ...], times: Times) -> Merged:
    left, right, left_base, right_base = values
    return merge_property(rule, left, right, (left_base, right_base), times)


def after(merged: Merged, values: tuple[Any, ...]) -> tuple[Any, ...]:
    """Left, right and bases once the outcome was carried out by two systems that keep what they are sent."""
    left, right, *_ = values
    if merged.left is not ABSENT or merged.right is not ABSENT:
        left = left if merged.left is ABSENT else merged.left
        right = right if merged.right is ABSENT else merged.right
        return left, right, left, right
    return (left, right, left, right) if merged.agreed else values


def quiet(merged: Merged) -> bool:
    return merged.left is ABSENT and merged.right is ABSENT


# --- single values, every combination ---------------------------------------------------------------------------------------------------


def test_P12_swapping_the_sides_swaps_the_result() -> None:
    for rule, times in product(RULES_THERE_ARE, CLOCKS):
        other, swapped = mirrored_rule(rule), mirrored_times(times)
        for left, right, left_base, right_base in CASES:
            merged = merge_property(rule, left, right, (left_base, right_base), times)
            assert mirrored(merged) == merge_property(other, right, left, (right_base, left_base), swapped)


def test_P2_what_was_merged_merges_to_nothing() -> None:
    for rule, times, values in product(RULES_THERE_ARE, CLOCKS, CASES):
        merged = outcome(rule, values, times)
        settled = after(merged, values)
        again = outcome(rule, settled, times)
        assert quiet(again) and again.conflict == merged.held
        assert after(again, settled) == settled


def test_P3_nothing_is_written_that_the_side_holds_already_nor_by_a_side_that_does_not_send() -> None:
    for rule, times, values in product(RULES_THERE_ARE, CLOCKS, CASES):
        merged = outcome(rule, values, times)
        for side, held, source in ((LEFT, *values[:2]), (RIGHT, *values[1::-1])):
            given = merged.to(side)
            if given is not ABSENT:
                assert given == source and not corresponds(given, held)
                assert rule.direction is not (Direction.LEFT_TO_RIGHT if side is LEFT else Direction.RIGHT_TO_LEFT)
                assert not (is_empty(given) and rule.clear is ClearPolicy.IGNORE)
        assert quiet(merged) or not merged.agreed


def test_P4_exactly_the_edits_that_are_overwritten_are_kept_as_losers() -> None:
    for rule, times, values in product(RULES_THERE_ARE, CLOCKS, CASES):
        left, right, left_base, right_base = values
        if left_base is ABSENT or right_base is ABSENT:
            left_base = right_base = ABSENT
        merged = outcome(rule, values, times)
        edited = {LEFT: standing(left, left_base), RIGHT: standing(right, right_base)}
        lost = {side for side in Side if merged.to(side) is not ABSENT and edited[side] in (Now.MOVED, Now.VALUE)}
        assert merged.losers == lost and merged.conflict == bool(lost or merged.held)


def test_identities_what_only_one_side_changed_is_the_result() -> None:
    for conflict, base, value in product(ConflictPolicy, VALUES[1:], VALUES[1:]):
        rule = PropertyRule("p", conflict=conflict)
        right_changed = merge_property(rule, base, value, (base, base), Times())
        assert right_changed.left == (ABSENT if corresponds(base, value) else value) and right_changed.right is ABSENT
        left_changed = merge_property(rule, value, base, (base, base), Times())
        assert left_changed.right == (ABSENT if corresponds(base, value) else value) and left_changed.left is ABSENT
        both_the_same = merge_property(rule, value, value, (base, base), Times())
        assert quiet(both_the_same) and not both_the_same.conflict


def test_P1_after_one_merge_two_way_values_correspond_unless_held_not_shown_or_emptied_on_one_side() -> None:
    for rule, times, values in product(RULES_BOTH_WAYS, CLOCKS, CASES):
        if ABSENT in values[:2] or (ABSENT not in values[2:] and not corresponds(*values[2:])):
            continue
        merged = outcome(rule, values, times)
        left, right, _, _ = after(merged, values)
        one_empty = rule.clear is ClearPolicy.IGNORE and is_empty(left) is not is_empty(right)
        assert merged.held or one_empty or corresponds(left, right)


def test_an_absent_side_changes_nothing() -> None:
    for direction, values in product(Direction, CASES):
        if ABSENT in values[:2]:
            merged = outcome(PropertyRule("p", direction), values, Times())
            assert merged == Merged("p", "MERGE-10")


def test_every_row_and_every_rule_is_reached_and_no_other() -> None:
    rows, rules = set(), set()
    for rule, times, values in product(RULES_THERE_ARE, CLOCKS, CASES):
        rules.add(outcome(rule, values, times).rule)
    for left, right, left_base, right_base in CASES:
        bases = (ABSENT, ABSENT) if left_base is ABSENT or right_base is ABSENT else (left_base, right_base)
        rows.add(decide(left, right, bases))
    assert rows == set(TABLE)
    conflicts = {"MERGE-05", "MERGE-09"}  # rows of the table; what comes of them has the name of the policy
    assert rules == {rule for rule in RULES if rule.startswith(("MERGE", "CONFLICT"))} - conflicts - {"CONFLICT-06"}


# --- lists and records, by chance -------------------------------------------------------------------------------------------------------


@LAW
@given(list_rules(), quartets(), TIMES)
def test_P12_swapping_the_sides_of_a_list_swaps_the_result(rule: PropertyRule, values: tuple[Any, ...], times: Times) -> None:
    left, right, one, two = values
    merged = merge_property(rule, left, right, (one, two), times)
    assert mirrored(merged) == merge_property(mirrored_rule(rule), right, left, (two, one), mirrored_times(times))


@LAW
@given(list_rules(), quartets(), TIMES)
def test_P2_a_list_that_was_merged_merges_to_nothing(rule: PropertyRule, values: tuple[Any, ...], times: Times) -> None:
    merged = outcome(rule, values, times)
    settled = after(merged, values)
    again = outcome(rule, settled, times)
    assert quiet(again) and again.conflict == merged.held


@LAW
@given(FULL, FULL, st.sampled_from(ConflictPolicy))
def test_identities_hold_for_lists(base: Any, value: Any, conflict: ConflictPolicy) -> None:
    rule = list_rule(conflict=conflict)
    assert corresponds(after(merge_property(rule, base, value, (base, base), Times()), (base, value, base, base))[0], value)
    assert corresponds(after(merge_property(rule, value, base, (base, base), Times()), (value, base, base, base))[1], value)
    assert quiet(merge_property(rule, value, value, (base, base), Times()))


NAMES = ("p", "q", "r", "list")
RULES_OF_A_RECORD = (PropertyRule("p"), PropertyRule("q"), PropertyRule("r"), PropertyRule("list", items=list_rule().items))


@LAW
@given(
    st.fixed_dictionaries({"p": TEXTS, "q": TEXTS, "r": TEXTS, "list": FULL}),
    st.dictionaries(st.sampled_from(NAMES), st.tuples(st.sampled_from(Side), TEXTS, FULL)),
    st.permutations(NAMES),
    st.lists(st.booleans(), min_size=4, max_size=4),
)
def test_P12_disjoint_edits_compose_in_any_order_however_often_they_are_synchronised_in_between(
    start: dict[str, Any], edits: dict[str, tuple[Side, Any, Any]], order: list[str], pauses: list[bool]
) -> None:
    world = World(RULES_OF_A_RECORD, dict(start), dict(start))
    world.sync()
    for name, pause in zip(order, pauses, strict=True):
        if name in edits:
            side, text, items = edits[name]
            world.edit(side, name, items if name == "list" else text)
        if pause:
            world.sync()
    world.settle()
    expected = {**start, **{name: items if name == "list" else text for name, (_, text, items) in edits.items()}}
    assert all(corresponds(world.left[name], expected[name]) and corresponds(world.right[name], expected[name]) for name in NAMES)
    assert not any(one.conflict for one in world.merged)


@LAW
@given(st.lists(st.tuples(maybe(TEXTS), maybe(TEXTS), maybe(TEXTS), maybe(TEXTS), text_rules()), min_size=1, max_size=3), TIMES)
def test_P13_properties_do_not_see_each_other_and_their_order_does_not_matter(cases: list[tuple[Any, ...]], times: Times) -> None:
    named = {f"p{index}": case for index, case in enumerate(cases)}
    rules = {name: PropertyRule(name, r.direction, r.conflict, r.fallback, r.clear) for name, (*_, r) in named.items()}
    sides = Sides(*({name: case[place] for name, case in named.items() if case[place] is not ABSENT} for place in range(4)))
    together = {one.name: one for one in merge(rules.values(), sides, times)}
    for name, case in named.items():
        assert together[name] == merge_property(rules[name], case[0], case[1], (case[2], case[3]), times)
    for order in permutations(rules.values()):
        assert {one.name: one for one in merge(order, sides, times)} == together

"""Lists: merged by item, nothing lost, nothing invented, and every edit that is replaced has its side among the losers."""

from collections.abc import Mapping
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from mapping_builders import LAW
from merge_world import FULL, LEFT, RIGHT, TIMES, corresponds, list_rule, list_rules, maybe, quartets

from accord.core.conflicts import Times
from accord.core.merging import ABSENT, Merged, PropertyRule, items_of, merge_property
from accord.model.dataflow import ClearPolicy, ConflictPolicy, Direction
from accord.model.records import Side
from accord.model.values import is_empty

NEVER = {"n": 1, "t": "x"}


def results(merged: Merged, left: Any, right: Any) -> dict[Side, Any]:
    """What each side holds afterwards."""
    return {LEFT: left if merged.left is ABSENT else merged.left, RIGHT: right if merged.right is ABSENT else merged.right}


@LAW
@given(list_rules(), quartets(), TIMES)
def test_nothing_is_invented_every_value_was_typed_on_one_of_the_sides(rule: PropertyRule, values: tuple[Any, ...], times: Times) -> None:
    left, right, one, two = values
    merged = merge_property(rule, left, right, (one, two), times)
    for given_to in (merged.left, merged.right):
        for key, item in items_of(given_to).items():
            for name, value in item.items():
                held = [items_of(side)[key].get(name, ABSENT) for side in (left, right) if key in items_of(side)]
                assert value in held


@LAW
@given(list_rules(), quartets(absent=False), TIMES)
def test_P4_an_edit_within_an_item_is_kept_or_its_side_is_a_loser(rule: PropertyRule, values: tuple[Any, ...], times: Times) -> None:
    left, right, one, two = values
    merged = merge_property(rule, left, right, (one, two), times)
    assert merged.conflict == bool(merged.losers or merged.held)
    after = results(merged, left, right)
    for side, now, base in ((LEFT, left, one), (RIGHT, right, two)):
        for key, item in items_of(now).items():
            for name, value in item.items():
                known = items_of(base).get(key, {}).get(name, ABSENT)
                edited = not is_empty(value) if known is ABSENT else not corresponds(value, known)
                kept = corresponds(items_of(after[side]).get(key, {}).get(name, ABSENT), value)
                assert kept or not edited or side in merged.losers


@LAW
@given(list_rules(), quartets(FULL, absent=False), TIMES)
def test_an_item_goes_only_where_one_side_took_it_away_and_the_other_left_it_alone(
    rule: PropertyRule, values: tuple[Any, ...], times: Times
) -> None:
    left, right, base, _ = values
    if rule.direction is not Direction.BOTH:
        return
    merged = merge_property(rule, left, right, (base, base), times)
    after = results(merged, left, right)
    for key in {**items_of(left), **items_of(right)}:
        taken = key in items_of(base) and (key not in items_of(left) or key not in items_of(right))
        untouched = items_of(base).get(key) in (items_of(left).get(key), items_of(right).get(key))
        gone = key not in items_of(after[LEFT]) or key not in items_of(after[RIGHT])
        assert not gone or (taken and untouched) or merged.held or merged.rule == "MERGE-13"


@LAW
@given(list_rules(), quartets(), TIMES)
def test_two_way_lists_hold_the_same_items_afterwards(rule: PropertyRule, values: tuple[Any, ...], times: Times) -> None:
    left, right, one, two = values
    merged = merge_property(rule, left, right, (one, two), times)
    after = results(merged, left, right)
    if not merged.held and merged.rule in ("LIST-01", "CONFLICT-06"):
        assert items_of(after[LEFT]).keys() == items_of(after[RIGHT]).keys()


@LAW
@given(quartets(FULL, absent=False))
def test_CONFLICT_06_with_union_no_item_goes_while_both_sides_change_the_list(values: tuple[Any, ...]) -> None:
    left, right, base, _ = values
    merged = merge_property(list_rule(conflict=ConflictPolicy.UNION), left, right, (base, base), Times())
    both_changed = not corresponds(left, base) and not corresponds(right, base) and not corresponds(left, right)
    if both_changed:
        after = results(merged, left, right)
        assert all(items_of(after[side]).keys() == {**items_of(left), **items_of(right)}.keys() for side in Side)


@LAW
@given(quartets(FULL, absent=False), TIMES)
def test_MERGE_13_a_list_that_one_side_emptied_stays_full_on_the_other_where_emptying_does_not_cross(
    values: tuple[Any, ...], times: Times
) -> None:
    left, right, one, two = values
    rule = list_rule(clear=ClearPolicy.IGNORE)
    merged = merge_property(rule, left, right, (one, two), times)
    for given_to, source in ((merged.left, right), (merged.right, left)):
        assert given_to is ABSENT or not is_empty(given_to) or not is_empty(source)


def test_MERGE_13_an_item_after_the_list_was_emptied_brings_back_none_of_the_removed_ones() -> None:
    """Pinned: once the emptied list counted as agreed, the other side's old items stayed there for ever, or came back."""
    rule, world = list_rule(clear=ClearPolicy.IGNORE), {"a": NEVER}
    first = merge_property(rule, {}, world, (world, world), Times())
    assert (first.rule, first.agreed, first.left, first.right) == ("MERGE-13", False, ABSENT, ABSENT)
    then = merge_property(rule, {"b": NEVER}, world, (world, world), Times())
    assert (then.left, then.right) == (ABSENT, {"b": NEVER})


@LAW
@given(maybe(st.sampled_from([None, {}])), FULL, FULL, TIMES, st.sampled_from(ConflictPolicy))
def test_null_and_a_list_without_items_are_one(base: Any, right: Any, other: Any, times: Times, conflict: ConflictPolicy) -> None:
    rule = list_rule(conflict=conflict)
    null, empty = (merge_property(rule, value, right, (other, other), times) for value in (None, {}))
    assert null == empty


# --- pinned -----------------------------------------------------------------------------------------------------------------------------


def lines(**items: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    return dict(items)


def test_an_emptied_list_keeps_what_the_other_side_added_meanwhile_also_when_it_is_null() -> None:
    base, added = lines(a=NEVER), lines(a=NEVER, b={"n": 2, "t": "y"})
    for emptied in (None, {}):
        merged = merge_property(list_rule(), emptied, added, (base, base), Times("2026-03-01T12:01:00Z", "2026-03-01T12:00:00Z"))
        assert (merged.left, merged.right) == ({"b": added["b"]}, {"b": added["b"]})


def test_MERGE_10_an_item_property_that_is_not_shown_keeps_its_base() -> None:
    base, left, right = lines(a=NEVER), lines(a={"n": 1}), lines(a={"n": 1, "t": "y"})
    merged = merge_property(list_rule(), left, right, (base, base), Times())
    assert (merged.left, merged.right, merged.agreed) == (ABSENT, ABSENT, False)
    shown = merge_property(list_rule(), lines(a=NEVER), right, (base, base), Times())
    assert shown.left == lines(a={"n": 1, "t": "y"})


def test_MERGE_10_a_side_that_never_showed_a_property_hides_nothing() -> None:
    known, plain = lines(a=NEVER), lines(a={"n": 1})
    hidden = merge_property(list_rule(), lines(a={"n": 2}), lines(a={"n": 2}), (known, plain), Times())
    assert (hidden.rule, hidden.agreed) == ("MERGE-04", True)
    for left, right, bases in ((plain, lines(a=NEVER), (known, plain)), (lines(a=NEVER), plain, (plain, known))):
        assert not merge_property(list_rule(), left, right, bases, Times()).agreed
    assert merge_property(list_rule(), plain, lines(a=NEVER), (plain, plain), Times()).agreed


def test_CONFLICT_04_one_item_that_a_person_must_settle_holds_the_whole_list() -> None:
    base = lines(a=NEVER, b=NEVER)
    left, right = lines(a={"n": 2, "t": "x"}, b={"n": 0, "t": "x"}), lines(a={"n": 0, "t": "x"}, b=NEVER)
    merged = merge_property(list_rule(conflict=ConflictPolicy.MANUAL), left, right, (base, base), Times())
    assert (merged.rule, merged.held, merged.left, merged.right) == ("CONFLICT-04", True, ABSENT, ABSENT)


def test_both_sides_can_lose_an_edit_in_different_items() -> None:
    rule = list_rule()
    assert rule.items is not None
    rule = PropertyRule(
        "p", items={"n": PropertyRule("n", conflict=ConflictPolicy.LEFT), "t": PropertyRule("t", conflict=ConflictPolicy.RIGHT)}
    )
    merged = merge_property(rule, lines(a={"n": 2, "t": "y"}), lines(a={"n": 0, "t": ""}), (lines(a=NEVER), lines(a=NEVER)), Times())
    assert merged.left == merged.right == lines(a={"n": 2, "t": ""})
    assert merged.losers == {LEFT, RIGHT}

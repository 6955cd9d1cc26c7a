"""Items as records in small: what holds for a property of a record holds for a property of an item, and half a base is none."""

from dataclasses import replace
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mapping_builders import LAW
from merge_world import LEFT, RIGHT, TEXTS, TIMES, corresponds, list_rule, list_rules, maybe, quartets, text_rules

from accord.core.conflicts import Times
from accord.core.merging import ABSENT, Merged, PropertyRule, edited, items_of, merge_property
from accord.core.rules import RULES
from accord.model.dataflow import ClearPolicy, ConflictPolicy, Direction
from accord.model.records import Side
from accord.model.values import is_empty

VALUES = (ABSENT, None, "", "a", "b")
CLOCKS = (Times(), Times("2026-03-01T12:00:00Z", "2026-03-01T12:00:10Z"))
ONE, OTHER = {"n": 1, "t": "x"}, {"n": 2, "t": "y"}


def item_of(value: Any) -> dict[str, Any]:
    """A list of one item that shows ``t`` unless it is absent."""
    return {"1": {"n": 1} if value is ABSENT else {"n": 1, "t": value}}


@pytest.mark.parametrize("policy", ConflictPolicy)
def test_a_property_of_an_item_is_merged_as_one_of_a_record_each_side_with_its_own_base(policy: ConflictPolicy) -> None:
    """All combinations of values and bases, also half a base: nothing that is true of a record is untrue of an item."""
    clocks = CLOCKS if policy is ConflictPolicy.LATEST else CLOCKS[:1]
    for fallback, clear, times, values in product(Side, ClearPolicy, clocks, product(VALUES, repeat=4)):
        rule = list_rule(conflict=policy, fallback=fallback, clear=clear)
        assert rule.items is not None
        left, right, *bases = (item_of(value) for value in values)
        alone = merge_property(rule.items["t"], values[0], values[1], (values[2], values[3]), times)
        whole = merge_property(rule, left, right, (bases[0], bases[1]), times)
        assert (whole.held, whole.conflict, whole.losers) == (alone.held, alone.conflict, alone.losers)
        for side, value, items in ((LEFT, values[0], left), (RIGHT, values[1], right)):
            expected = value if alone.to(side) is ABSENT else alone.to(side)
            given = items if whole.to(side) is ABSENT else items_of(whole.to(side))
            assert given["1"].get("t", ABSENT) == expected


# --- items that one side does not have --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("side", Side)
def test_an_item_that_only_its_own_side_has_agreed_was_never_taken_away_by_the_other(side: Side) -> None:
    """A write that was lost leaves the base of one side: the item crosses; taking it for removed would lose it."""
    here, there = {"1": ONE, "2": ONE}, {"2": OTHER}
    mine, theirs = {"1": ONE, "2": ONE}, {"2": ONE}
    left, right = (here, there) if side is LEFT else (there, here)
    bases = (mine, theirs) if side is LEFT else (theirs, mine)
    merged = merge_property(list_rule(), left, right, bases, Times())
    assert merged.left in (ABSENT, {"1": ONE, "2": OTHER}) and merged.right in (ABSENT, {"1": ONE, "2": OTHER})
    assert merged.to(side.other) == {"1": ONE, "2": OTHER} and not merged.losers


@pytest.mark.parametrize("side", Side)
def test_CONFLICT_06_an_item_that_a_side_removed_is_kept_and_that_side_is_the_loser(side: Side) -> None:
    base, removed, changed = {"1": ONE, "2": ONE}, {"2": ONE}, {"1": ONE, "2": OTHER}
    left, right = (removed, changed) if side is LEFT else (changed, removed)
    merged = merge_property(list_rule(conflict=ConflictPolicy.UNION), left, right, (base, base), Times())
    assert merged.to(side) == changed and merged.to(side.other) is ABSENT
    assert (merged.rule, merged.conflict, merged.losers) == ("CONFLICT-06", True, {side})


# --- what is told -----------------------------------------------------------------------------------------------------------------------


def test_a_list_that_is_held_or_not_emptied_is_told_by_its_name() -> None:
    base, left, right = {"1": ONE}, {"1": {"n": 2, "t": "x"}}, {"1": {"n": 3, "t": "x"}}
    manual = list_rule(conflict=ConflictPolicy.MANUAL)
    assert merge_property(manual, left, right, (base, base), Times()) == Merged("p", "CONFLICT-04", conflict=True, held=True)
    ignoring = list_rule(clear=ClearPolicy.IGNORE)
    assert merge_property(ignoring, {}, base, (base, base), Times()) == Merged("p", "MERGE-13")


@LAW
@given(text_rules() | list_rules(), st.tuples(*[maybe(TEXTS)] * 4), quartets(), TIMES)
def test_every_outcome_bears_the_name_of_its_property_and_a_rule_that_there_is(
    rule: PropertyRule, texts: tuple[Any, ...], lists: tuple[Any, ...], times: Times
) -> None:
    left, right, one, two = texts if rule.items is None else lists
    merged = merge_property(rule, left, right, (one, two), times)
    assert merged.name == rule.name and merged.rule in RULES
    assert {type(merged.agreed), type(merged.conflict), type(merged.held)} == {bool}


@LAW
@given(st.dictionaries(st.sampled_from("pq"), TEXTS), st.dictionaries(st.sampled_from("pq"), TEXTS))
def test_P11_a_side_was_edited_if_it_holds_something_else_or_does_not_show_what_was_agreed(
    values: dict[str, Any], base: dict[str, Any]
) -> None:
    def differs(name: str) -> bool:
        if name not in values:
            return True
        return not is_empty(values[name]) if name not in base else not corresponds(values[name], base[name])

    assert edited(values, base) == any(differs(name) for name in values.keys() | base.keys())
    for empty in (None, ""):
        assert edited({}, {"p": empty}), "an empty value that is not shown any more may have been filled"


@LAW
@given(maybe(TEXTS), maybe(TEXTS), maybe(TEXTS))
def test_half_a_base_counts_as_none_whichever_half_it_is(left: Any, right: Any, base: Any) -> None:
    rule = PropertyRule("p")
    none = merge_property(rule, left, right, (ABSENT, ABSENT), Times())
    assert none == merge_property(rule, left, right, (base, ABSENT), Times()) == merge_property(rule, left, right, (ABSENT, base), Times())


@pytest.mark.parametrize("side", Side)
def test_an_edit_that_stays_where_it_was_made_is_agreed_if_all_is_shown(side: Side) -> None:
    rule = list_rule()
    assert rule.items is not None
    direction = Direction.LEFT_TO_RIGHT if side is RIGHT else Direction.RIGHT_TO_LEFT
    rule = replace(rule, items={**rule.items, "t": replace(rule.items["t"], direction=direction)})
    base, own = {"1": ONE}, {"1": {"n": 1, "t": "own"}}
    left, right = (own, base) if side is LEFT else (base, own)
    assert merge_property(rule, left, right, (base, base), Times()) == Merged("p", "LIST-01", agreed=True)


@pytest.mark.parametrize("side", Side)
@pytest.mark.parametrize("clear", ClearPolicy)
def test_MERGE_12_one_way_a_value_overwrites_and_only_emptying_is_kept_back(side: Side, clear: ClearPolicy) -> None:
    """``side``: the one that sends. Both have changed the value."""
    rule = PropertyRule("p", Direction.LEFT_TO_RIGHT if side is LEFT else Direction.RIGHT_TO_LEFT, clear=clear)
    for sent in ("b", ""):
        left, right = (sent, "c") if side is LEFT else ("c", sent)
        merged = merge_property(rule, left, right, ("a", "a"), Times())
        if sent == "" and clear is ClearPolicy.IGNORE:
            assert merged == Merged("p", "MERGE-13", agreed=True)
        else:
            given = {side.other.value: sent}
            assert merged == replace(Merged("p", "MERGE-12", conflict=True, losers=frozenset((side.other,))), **given)

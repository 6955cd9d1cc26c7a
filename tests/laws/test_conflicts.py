"""Who wins: `latest` believes times only beyond the doubt, and depends on nothing but their distance."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mapping_builders import LAW
from merge_world import TEXTS, mirrored_times

from accord.core.conflicts import Times, latest, resolve
from accord.core.flowrules import property_rules
from accord.core.merging import merge_property
from accord.model.dataflow import ClearPolicy, ConflictPolicy, Flow, PropertyMapping
from accord.model.records import Side
from accord.model.values import DataType, is_empty

START = datetime(2026, 3, 1, tzinfo=UTC)
SECONDS = st.integers(0, 100_000)
DOUBTS = st.sampled_from([0.0, 1.0, 5.0, 60.0, 86_400.0])


def at(seconds: float) -> str:
    return (START + timedelta(seconds=seconds)).isoformat().replace("+00:00", "Z")


def times(left: float, right: float, doubt: float = 5.0) -> Times:
    return Times(at(left), at(right), doubt)


@LAW
@given(SECONDS, SECONDS, SECONDS, DOUBTS)
def test_only_the_distance_of_the_times_counts(left: int, right: int, shift: int, doubt: float) -> None:
    assert latest(times(left, right, doubt)) == latest(times(left + shift, right + shift, doubt))


@LAW
@given(SECONDS, SECONDS, DOUBTS)
def test_the_later_side_wins_only_beyond_the_doubt(left: int, right: int, doubt: float) -> None:
    side = latest(times(left, right, doubt))
    assert (side is None) == (abs(left - right) <= doubt)
    assert side is None or (side is Side.LEFT) == (left > right)


@pytest.mark.parametrize("apart", [0.001, 0.5, 1.0, 1.001])
def test_the_later_side_wins_by_however_little_where_that_is_beyond_the_doubt(apart: float) -> None:
    """By chance two times are never a second apart."""
    for doubt in (0.0, 5.0):
        assert latest(times(doubt + apart, 0, doubt)) is Side.LEFT
        assert latest(times(0, doubt + apart, doubt)) is Side.RIGHT
    assert latest(times(apart, 0, apart)) is latest(times(0, apart, apart)) is None


@LAW
@given(SECONDS, SECONDS, DOUBTS, DOUBTS)
def test_more_doubt_never_turns_the_winner_round(left: int, right: int, one: float, more: float) -> None:
    sure, doubting = latest(times(left, right, one)), latest(times(left, right, one + more))
    assert doubting in (sure, None)


@LAW
@given(SECONDS, SECONDS, st.sampled_from(Side), DOUBTS)
def test_clocks_that_are_off_by_less_than_the_doubt_never_let_the_earlier_edit_win(
    left: int, apart: int, ahead: Side, doubt: float
) -> None:
    later = left + apart + 1
    shown = {Side.LEFT: float(left), Side.RIGHT: float(later)}
    shown[ahead] += doubt / 2
    shown[ahead.other] -= doubt / 2
    assert latest(times(shown[Side.LEFT], shown[Side.RIGHT], doubt)) is not Side.LEFT


@pytest.mark.parametrize("known", [Times(), Times(left=at(0)), Times(right=at(0))])
def test_CONFLICT_02_a_time_that_is_not_told_wins_nothing(known: Times) -> None:
    for fallback in Side:
        assert resolve(ConflictPolicy.LATEST, fallback, "a", "b", known) == resolve(ConflictPolicy.UNION, fallback, "a", "b", known)
        assert resolve(ConflictPolicy.LATEST, fallback, "a", "b", known).winner is fallback


@LAW
@given(st.sampled_from(ConflictPolicy), st.sampled_from(Side), TEXTS, TEXTS, SECONDS, SECONDS)
def test_P12_whatever_the_policy_swapping_swaps_the_winner(
    policy: ConflictPolicy, fallback: Side, left: Any, right: Any, one: int, two: int
) -> None:
    swapped = {ConflictPolicy.LEFT: ConflictPolicy.RIGHT, ConflictPolicy.RIGHT: ConflictPolicy.LEFT}.get(policy, policy)
    ending = resolve(policy, fallback, left, right, times(one, two))
    other = resolve(swapped, fallback.other, right, left, mirrored_times(times(one, two)))
    assert other == replace(ending, winner=None if ending.winner is None else ending.winner.other)


@LAW
@given(st.sampled_from(ConflictPolicy), st.sampled_from(Side), SECONDS, SECONDS)
def test_only_manual_leaves_it_to_a_person(policy: ConflictPolicy, fallback: Side, one: int, two: int) -> None:
    assert (resolve(policy, fallback, "a", "b", times(one, two)).winner is None) == (policy is ConflictPolicy.MANUAL)


@LAW
@given(st.sampled_from(ConflictPolicy), st.sampled_from(Side), TEXTS, SECONDS)
def test_where_emptying_does_not_cross_an_emptied_side_never_wins(policy: ConflictPolicy, fallback: Side, value: Any, one: int) -> None:
    flow = Flow(
        name="f",
        left="L",
        right="R",
        conflict=policy,
        fallback=fallback,
        clear=ClearPolicy.IGNORE,
        properties=(PropertyMapping(left=("p",), right=("p",), name="p"),),
    )
    (rule,) = property_rules(flow)
    merged = merge_property(rule, "", value, ("base", "base"), times(one, 0))
    assert merged.held or is_empty(value) or merged.left == value


def test_an_item_property_says_less_than_its_list_and_the_list_less_than_nothing() -> None:
    item = PropertyMapping(left=("t",), right=("t",), name="t")
    own = PropertyMapping(left=("n",), right=("n",), name="n", conflict=ConflictPolicy.MANUAL, clear=ClearPolicy.PROPAGATE)
    lines = PropertyMapping(
        left=("p",),
        right=("p",),
        name="p",
        type=DataType.LIST,
        conflict=ConflictPolicy.RIGHT,
        clear=ClearPolicy.IGNORE,
        properties=(item, own),
    )
    (rule,) = property_rules(Flow(name="f", left="L", right="R", conflict=ConflictPolicy.LEFT, properties=(lines,)))
    assert rule.items is not None
    assert (rule.conflict, rule.items["t"].conflict, rule.items["t"].clear) == (
        ConflictPolicy.RIGHT,
        ConflictPolicy.RIGHT,
        ClearPolicy.IGNORE,
    )
    assert (rule.items["n"].conflict, rule.items["n"].clear) == (ConflictPolicy.MANUAL, ClearPolicy.PROPAGATE)

"""The plan of a linked pair: the least update per side, or what holds it."""

from dataclasses import replace
from typing import Any

import pytest
from plan_stage import ABLE, LEFT, PERSON, RESOLVED, RIGHT, fresh, gone, invoice, linked, order, rules

from accord.core.planning import Planned, plan_pair
from accord.model.capabilities import Capabilities
from accord.model.dataflow import ConflictPolicy, Share
from accord.model.links import PendingState, WaitsFor
from accord.model.plans import Change, OperationKind, Precondition
from accord.model.records import Side


def pending(planned: Planned) -> tuple[Any, ...]:
    assert planned.pending is not None
    return planned.pending.state, planned.pending.rule, planned.pending.cause


# --- what is written --------------------------------------------------------------------------------------------------------------------


def test_P2_a_pair_in_step_needs_nothing_at_all() -> None:
    planned = plan_pair(rules(), linked(order(), invoice()), RESOLVED, "k")
    assert (planned.operations, planned.link, planned.pending, planned.unlink, planned.conflicts) == ((), None, None, False, 0)


def test_P3_an_update_carries_only_what_changed_and_why_and_what_it_was_planned_against() -> None:
    left, right = order(Number="N2", Paid=True), invoice(paid=False)
    pair = linked(left, right, left_base={"Number": "N1", "Paid": False})
    (operation,) = plan_pair(rules(), pair, RESOLVED, "k").operations
    assert (operation.key, operation.kind, operation.source, operation.target) == ("kr", OperationKind.UPDATE, left.ref, right.ref)
    assert operation.payload == {"number": "N2", "paid": True}
    assert operation.changes == (Change("Number", "N2", "N1", "MERGE-02"), Change("Paid", True, False, "MERGE-02"))
    assert [one.text for one in operation.reasons] == ["changed on the left: Number, Paid"]
    assert operation.precondition == Precondition("v1", right.fingerprint)
    assert (operation.reference, operation.link) == ("crm:Order:O-1", 7)


def test_P13_edits_of_both_sides_are_one_update_each() -> None:
    pair = linked(
        order(Number="N2"),
        invoice(paid=True),
        left_base={"Number": "N1", "Paid": None},
        right_base={"Paid": None},
    )
    pair = replace(pair, left=order(Number="N2", Paid=None))
    first, second = plan_pair(rules(), pair, RESOLVED, "k").operations
    assert (first.key, first.side, first.payload) == ("kl", LEFT, {"Paid": True})
    assert (second.key, second.side, second.payload) == ("kr", RIGHT, {"number": "N2"})


def test_a_conflict_marks_the_value_that_loses_and_each_rule_gives_its_reason() -> None:
    left, right = order(Number="N2", Paid=True), invoice(number="N3", paid=None)
    pair = linked(left, right, left_base={"Number": "N1", "Paid": None}, right_base={"Number": "N1"})
    planned = plan_pair(rules(conflict=ConflictPolicy.LEFT), pair, RESOLVED, "k")
    (operation,) = planned.operations
    assert operation.changes == (Change("Number", "N2", "N3", "CONFLICT-03", loser=True), Change("Paid", True, None, "MERGE-02"))
    assert [one.rule for one in operation.reasons] == ["CONFLICT-03", "MERGE-02"]
    assert planned.conflicts == 1


def test_P12_latest_believes_times_beyond_the_skew_and_the_coarser_granularity() -> None:
    able = {**ABLE, RIGHT: Capabilities(granularity=60.0)}
    left, right = order(Number="N2"), invoice(number="N3")
    pair = linked(left, right, left_base={"Number": "N1"}, right_base={"Number": "N1"})
    for seconds, rule in ((5, "CONFLICT-02"), (6, "CONFLICT-01")):
        apart = replace(
            pair,
            left=replace(left, modified="2026-03-01T12:00:00Z"),
            right=replace(right, modified=f"2026-03-01T12:01:{seconds:02d}Z"),
        )
        planned = plan_pair(rules(able), apart, RESOLVED, "k")
        assert [change.rule for operation in planned.operations for change in operation.changes] == [rule]


# --- what is agreed at once -------------------------------------------------------------------------------------------------------------


def test_MATCH_a_fresh_pair_is_recorded_with_what_both_agree_on_and_written_what_they_do_not() -> None:
    left, right = order(Number="N2", Note="x"), invoice(note="x")
    planned = plan_pair(rules(), fresh(left, right), RESOLVED, "k")
    assert planned.link is not None
    assert (planned.link.id, planned.link.left_base) == (
        0,
        {"Payer": "C-1", "Note": "x"},
    ) and planned.link.left_base == planned.link.right_base
    assert [(one.side, one.payload) for one in planned.operations] == [(RIGHT, {"number": "N2"})]


def test_MERGE_04_what_both_changed_to_the_same_becomes_their_base_without_a_write() -> None:
    pair = linked(order(Number="N2"), invoice(number="N2"), left_base={"Number": "N1"}, right_base={"Number": "N1"})
    planned = plan_pair(rules(), pair, RESOLVED, "k")
    assert planned.operations == () and planned.link is not None
    assert planned.link.left_base["Number"] == planned.link.right_base["Number"] == "N2" and planned.link.id == 7


def test_MERGE_10_what_a_side_does_not_show_is_not_agreed_nor_written() -> None:
    pair = fresh(order(Paid=...), invoice(paid=True))
    planned = plan_pair(rules(), pair, RESOLVED, "k")
    assert planned.link is not None and "Paid" not in planned.link.right_base
    assert planned.operations == ()


# --- what holds it ----------------------------------------------------------------------------------------------------------------------


def changed(**values: Any) -> Any:
    """A pair of which the left was edited."""
    pair = linked(order(), invoice())
    return replace(pair, left=order(**values))


def test_SWITCH_01_a_side_that_is_switched_off_is_not_written() -> None:
    planned = plan_pair(rules(share=Share(right=False)), changed(Number="N2"), RESOLVED, "k")
    assert planned.operations == ()
    assert pending(planned) == (PendingState.HELD, "SWITCH-01", "writing to this datatype is switched off: Number")


def test_CAP_02_a_datatype_that_cannot_be_changed_is_not_written() -> None:
    planned = plan_pair(rules({**ABLE, RIGHT: Capabilities(update=False)}), changed(Number="N2", Note="x"), RESOLVED, "k")
    assert planned.operations == ()
    assert pending(planned)[1] == "CAP-02"


@pytest.mark.parametrize("able", [Capabilities(read_only=frozenset({"number"})), Capabilities(create_only=frozenset({"number"}))])
def test_CAP_02_a_property_that_cannot_be_changed_is_told_and_the_rest_is_written(able: Capabilities) -> None:
    pair = linked(order(Paid=None), invoice(paid=None))
    pair = replace(pair, left=order(Number="N2", Paid=True))
    planned = plan_pair(rules({**ABLE, RIGHT: able}), pair, RESOLVED, "k")
    assert [one.payload for one in planned.operations] == [{"paid": True}]
    assert pending(planned) == (PendingState.HELD, "CAP-02", "the system has no way to change this: Number")


def test_CAP_02_a_single_property_that_cannot_be_changed_makes_no_empty_update() -> None:
    planned = plan_pair(rules({**ABLE, RIGHT: Capabilities(read_only=frozenset({"number"}))}), changed(Number="N2"), RESOLVED, "k")
    assert planned.operations == () and pending(planned)[1] == "CAP-02"


def test_CONFLICT_04_a_property_that_a_person_settles_is_reviewed_and_the_rest_is_written() -> None:
    left, right = order(Number="N2", Paid=True), invoice(number="N3", paid=None)
    pair = linked(left, right, left_base={"Number": "N1", "Paid": None}, right_base={"Number": "N1"})
    planned = plan_pair(rules(conflict=ConflictPolicy.MANUAL), pair, RESOLVED, "k")
    assert [one.payload for one in planned.operations] == [{"paid": True}]
    assert pending(planned) == (PendingState.REVIEW, "CONFLICT-04", "a person decides: Number")


@pytest.mark.parametrize("side", Side)
def test_P14_a_reference_without_a_link_waits_and_the_rest_is_written(side: Side) -> None:
    left, right = (order(Number="N2", Seller="C-9"), invoice()) if side is LEFT else (order(), invoice(number="N2", seller="p9"))
    pair = replace(linked(order(), invoice()), left=left, right=right)
    planned = plan_pair(rules(), pair, RESOLVED, "k")
    assert [one.side for one in planned.operations] == [side.other]
    assert planned.pending is not None and planned.pending.ref.side is side
    assert planned.pending.wait == (WaitsFor(PERSON, side, "C-9" if side is LEFT else "p9"),)


@pytest.mark.parametrize("side", Side)
def test_P19_a_value_that_cannot_be_mapped_is_told_and_the_rest_is_written(side: Side) -> None:
    left, right = (order(Number="N2", Paid="yes"), invoice()) if side is LEFT else (order(), invoice(number="N2", paid="yes"))
    planned = plan_pair(rules(), replace(linked(order(), invoice()), left=left, right=right), RESOLVED, "k")
    assert [one.side for one in planned.operations] == [side.other]
    assert planned.pending is not None and (planned.pending.ref.side, planned.pending.state) == (side, PendingState.QUARANTINED)


# --- outside the filter -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("side", Side)
def test_P22_a_pair_that_left_the_filter_is_left_alone(side: Side) -> None:
    pair = linked(order(Number="N2"), invoice(), left_base={"Number": "N1"})
    half = pair.half(side)
    assert half is not None
    outside = replace(pair, **{side.value: replace(half, in_scope=False)})
    planned = plan_pair(rules(), outside, RESOLVED, "k")
    assert (planned.operations, planned.link, planned.pending, planned.unlink) == ((), None, None, False)


def test_a_fresh_pair_outside_the_filter_is_linked_all_the_same() -> None:
    pair = fresh(order(Number="N2"), replace(invoice(), in_scope=False))
    planned = plan_pair(rules(), pair, RESOLVED, "k")
    assert (planned.operations, planned.link) == ((), pair.link)


@pytest.mark.parametrize("side", Side)
def test_P9_a_record_that_left_the_filter_is_not_deleted_when_its_counterpart_is(side: Side) -> None:
    left, right = order(), invoice()
    pair = linked(gone(left), replace(right, in_scope=False)) if side is LEFT else linked(replace(left, in_scope=False), gone(right))
    planned = plan_pair(rules(), pair, RESOLVED, "k")
    assert (planned.operations, planned.pending, planned.unlink) == ((), None, True)

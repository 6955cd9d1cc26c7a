"""Operations are planned whole on either side: flow, refs, changes, words, reasons and link; and so is the link of a pair."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from plan_stage import ABLE, LEFT, PERSON, RESOLVED, RIGHT, SALE, fresh, invoice, linked, order, rules

from accord.core.flowrules import FlowRules, Half, Pair
from accord.core.mapping import CompiledFlow, compile_flow
from accord.core.planning import Planned, plan_create, plan_pair
from accord.core.rules import RULES
from accord.model.capabilities import Capabilities
from accord.model.dataflow import ConflictPolicy, Creation, Flow, ItemKey, PropertyMapping, Share
from accord.model.links import Link, Pending, PendingState, WaitsFor
from accord.model.manifest import Datatype, Listing, Property
from accord.model.plans import Change, Operation, OperationKind, Precondition, Reason
from accord.model.records import RecordRef, Side
from accord.model.values import DataType

MARKS = {LEFT: "crm:Order:O-1", RIGHT: "register:Invoices:i1"}
EDITS = {LEFT: ("MERGE-02", "changed on the left"), RIGHT: ("MERGE-03", "changed on the right")}
KNOWN = {**RESOLVED, WaitsFor(PERSON, LEFT, "C-8"): "p8", WaitsFor(PERSON, RIGHT, "p8"): "C-8"}


def mapped(half: Half, **values: Any) -> Half:
    """The half with these common values."""
    return replace(half, mapped=replace(half.mapped, values={**half.mapped.values, **values}))


@pytest.mark.parametrize("side", Side)
def test_P12_an_update_of_either_side_is_whole(side: Side) -> None:
    """The edit is on the other side than ``side``; Seller is a reference, so its words are those of the written side."""
    halves = {LEFT: order(), RIGHT: invoice()}
    edited = side.other
    source, target = mapped(halves[edited], Number="N2", Seller="C-8"), mapped(halves[side], Number="N1", Seller=None)
    pair = linked(source, target) if edited is LEFT else linked(target, source)
    agreed: Mapping[str, Any] = {"Number": "N1", "Payer": "C-1", "Seller": None}
    assert pair.link is not None
    pair = replace(pair, link=replace(pair.link, left_base=agreed, right_base=agreed))
    planned = plan_pair(rules(), pair, KNOWN, "k")
    rule, why = EDITS[edited]
    words = {"number": "N2", "seller": "p8"} if side is RIGHT else {"Number": "N2", "Seller": "C-8"}
    assert planned.operations == (
        Operation(
            key=f"k{side.value[0]}",
            flow=SALE,
            kind=OperationKind.UPDATE,
            source=source.ref,
            target=target.ref,
            changes=(Change("Number", "N2", "N1", rule), Change("Seller", "C-8", None, rule)),
            payload=words,
            reasons=(Reason(rule, f"{why}: Number, Seller"),),
            reference=MARKS[edited],
            precondition=Precondition("v1", target.fingerprint),
            link=7,
        ),
    )
    assert (planned.pair, planned.link, planned.pending) == (pair, None, None)


@pytest.mark.parametrize("side", Side)
def test_CREATE_01_the_reason_of_a_create_names_its_source(side: Side) -> None:
    half = order(Currency="SEK") if side is LEFT else invoice(currency="SEK", settled="2026")
    planned = plan_create(rules(create=Creation.BOTH), half, RESOLVED, "k")
    (operation,) = planned.operations
    assert operation.reasons == (Reason("CREATE-01", f"{RULES['CREATE-01']}: {half.ref}"),)
    assert planned.pair == (Pair(half, None) if side is LEFT else Pair(None, half))


# --- lists ------------------------------------------------------------------------------------------------------------------------------


def listed() -> CompiledFlow:
    """A flow with one list; the items of both sides have a property that is not mapped."""
    text = PropertyMapping(left=("t",), right=("t",), name="t")
    lines = PropertyMapping(
        left=("Lines",), right=("Lines",), name="Lines", type=DataType.LIST, item_key=ItemKey(left="k", right="k"), properties=(text,)
    )
    kind = Property(type="list", items={"k": Property(), "t": Property(), "own": Property()})
    sides = [Datatype(id="id", list=Listing(path="records"), properties={"Lines": kind}) for _ in Side]
    return compile_flow(Flow(name=SALE, left="Order", right="Invoices", properties=(lines,)), sides[0], sides[1], "UTC", "UTC")


@pytest.mark.parametrize("side", Side)
def test_LIST_01_a_list_is_written_with_what_the_record_holds_beside_it(side: Side) -> None:
    flow = listed()
    base = rules()
    made: FlowRules = replace(base, compiled=flow, properties=(replace(base.properties[0], name="Lines"),))
    raws = {one: {"Lines": [{"k": "1", "t": "new" if one is side.other else "old", "own": one.value}]} for one in Side}
    halves = {
        one: replace(half, mapped=flow.common(one, raws[one], {}), raw=raws[one]) for one, half in ((LEFT, order()), (RIGHT, invoice()))
    }
    old = {"Lines": {"1": {"t": "old"}}}
    pair = Pair(halves[LEFT], halves[RIGHT], Link(SALE, "O-1", "i1", old, old, 7))
    (operation,) = plan_pair(made, pair, {}, "k").operations
    assert (operation.side, operation.payload) == (side, {"Lines": [{"k": "1", "t": "new", "own": side.value}]})


# --- what is blocked, on either side ----------------------------------------------------------------------------------------------------


def edited_on(side: Side) -> Pair:
    """A pair of which ``side`` has another number."""
    pair = linked(order(), invoice())
    return replace(pair, **{side.value: order(Number="N2") if side is LEFT else invoice(number="N2")})


@pytest.mark.parametrize("side", Side)
def test_SWITCH_01_only_the_side_that_is_switched_off_is_not_written(side: Side) -> None:
    made = rules(share=Share(**{side.value: False}))
    pair = edited_on(side.other)
    pending = Pending(SALE, RecordRef(LEFT, "Order", "O-1"), PendingState.HELD, "SWITCH-01", f"{RULES['SWITCH-01']}: Number")
    held = plan_pair(made, pair, RESOLVED, "k")
    assert (held.pair, held.operations, held.pending) == (pair, (), pending)
    written = plan_pair(made, edited_on(side), RESOLVED, "k")
    assert [one.side for one in written.operations] == [side.other] and written.pending is None


def test_what_is_blocked_on_both_sides_is_named_for_both() -> None:
    made = rules({LEFT: Capabilities(update=False), RIGHT: Capabilities(update=False)})
    pair = linked(order(Number="N2", Paid=None), invoice(paid=True), left_base={"Number": "N1"}, right_base={"Paid": None})
    pending = plan_pair(made, pair, RESOLVED, "k").pending
    assert pending is not None and pending.cause == f"{RULES['CAP-02']}: Paid, Number"


@pytest.mark.parametrize("side", Side)
def test_CAP_02_what_one_side_cannot_change_is_written_on_the_other(side: Side) -> None:
    name = "Number" if side is LEFT else "number"
    made = rules({**ABLE, side: Capabilities(read_only=frozenset({name}))})
    assert plan_pair(made, edited_on(side.other), RESOLVED, "k").operations == ()
    assert [one.side for one in plan_pair(made, edited_on(side), RESOLVED, "k").operations] == [side.other]


# --- the link ---------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("side", Side)
def test_MERGE_04_a_side_that_came_round_to_the_other_is_recorded_though_only_its_own_base_is_new(side: Side) -> None:
    pair = linked(order(), invoice(), **{f"{side.value}_base": {"Number": "N0"}})
    assert pair.left is not None and pair.right is not None
    planned = plan_pair(rules(), pair, RESOLVED, "k")
    bases = pair.left.mapped.values, pair.right.mapped.values
    assert planned.operations == () and planned.link == Link(SALE, "O-1", "i1", *bases, 7)


@pytest.mark.parametrize("side", Side)
def test_a_pair_outside_the_filter_is_planned_as_it_is(side: Side) -> None:
    left, right = order(Number="N2"), invoice()
    pair = fresh(replace(left, in_scope=side is RIGHT), replace(right, in_scope=side is LEFT))
    assert plan_pair(rules(), pair, RESOLVED, "k") == Planned(pair, link=pair.link)
    known = replace(pair, link=Link(SALE, "O-1", "i1", id=1))
    assert plan_pair(rules(), known, RESOLVED, "k") == Planned(known)


def test_CONFLICT_04_what_a_person_settles_is_told_of_the_left_record() -> None:
    made = rules()
    made = replace(made, properties=tuple(replace(one, conflict=ConflictPolicy.MANUAL) for one in made.properties))
    pair = linked(order(Number="N2"), invoice(number="N3"), left_base={"Number": "N1"}, right_base={"Number": "N1"})
    pending = plan_pair(made, pair, RESOLVED, "k").pending
    assert pending == Pending(SALE, RecordRef(LEFT, "Order", "O-1"), PendingState.REVIEW, "CONFLICT-04", f"{RULES['CONFLICT-04']}: Number")

"""What stays behind: whole, under its flow, its record, its rule and its cause, on either side; and its pair stays with it."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from plan_stage import ABLE, COMPANY, LEFT, PERSON, RESOLVED, RIGHT, SALE, at, gone, invoice, linked, order, rules

from accord.core.flowrules import Half, Pair
from accord.core.leaving import review
from accord.core.matching import Ambiguous
from accord.core.planning import Planned, hold, original, plan_create, plan_pair
from accord.core.rules import RULES
from accord.model.capabilities import Capabilities
from accord.model.dataflow import Creation, DeletePolicy, Onboarding, Share
from accord.model.links import Pending, PendingState, WaitsFor
from accord.model.records import RecordRef, Side

HELD, REVIEW, WAITING, QUARANTINED = PendingState.HELD, PendingState.REVIEW, PendingState.WAITING, PendingState.QUARANTINED
WHOLE = {LEFT: order(Currency="SEK"), RIGHT: invoice(currency="SEK", settled="2026")}
"""A record of each side of which a counterpart can be made."""
PLACES = {LEFT: "crm Order", RIGHT: "register Invoices"}
MARKED = {side: replace(one, reference="external") for side, one in ABLE.items()}


def alone(half: Half) -> Pair:
    return Pair(half, None) if half.ref.side is LEFT else Pair(None, half)


def behind(half: Half, state: PendingState, rule: str, detail: str = "", **more: Any) -> Planned:
    """All that is planned of a record that stays behind without a counterpart."""
    cause = f"{RULES[rule]}: {detail}" if detail else RULES[rule]
    return Planned(alone(half), pending=Pending(SALE, half.ref, state, rule, cause, **more))


def one_side(side: Side, capabilities: Capabilities) -> Mapping[Side, Capabilities]:
    return {**ABLE, side: capabilities}


# --- without a counterpart --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("side", Side)
@pytest.mark.parametrize("rule", ["UNKNOWN-01", "DELETE-05", "CAP-01", "SWITCH-01", "ONBOARD-01", "ONBOARD-02"])
def test_a_create_that_is_held_keeps_its_record_its_rule_and_its_cause_on_either_side(side: Side, rule: str) -> None:
    half, target = WHOLE[side], side.other
    state, detail = HELD, ""
    able, run, flow = ABLE, dict[str, Any](), dict[str, Any]()
    match rule:
        case "UNKNOWN-01":
            state, run = PendingState.UNKNOWN, {"unknown": {half.ref}}
        case "CAP-01":
            able, detail = one_side(target, Capabilities(create=False)), PLACES[target]
        case "SWITCH-01":
            flow, detail = {"share": Share(**{target.value: False})}, PLACES[target]
        case "ONBOARD-01":
            flow, detail = {"onboarding": Onboarding.LINK_ONLY}, "accord sync --create"
        case "ONBOARD-02":
            run, flow, detail = {"onboarded": "2026-03-01T00:00:00Z"}, {"full_sync": False}, "it tells no time of change"
    made = rules(able, run=run, create=Creation.BOTH, **flow)
    assert plan_create(made, half, RESOLVED, "k", parted=rule == "DELETE-05") == behind(half, state, rule, detail)


@pytest.mark.parametrize("side", Side)
def test_what_holds_a_create_on_one_side_holds_none_on_the_other(side: Side) -> None:
    half = WHOLE[side]
    for able, share in ((one_side(side, Capabilities(create=False)), Share()), (ABLE, Share(**{side.value: False}))):
        assert plan_create(rules(able, share=share, create=Creation.BOTH), half, RESOLVED, "k").operations


@pytest.mark.parametrize("side", Side)
def test_SCOPE_01_a_record_that_is_not_listed_keeps_its_pair(side: Side) -> None:
    half = WHOLE[side]
    assert plan_create(rules(create=Creation.NONE), half, RESOLVED, "k") == Planned(alone(half))


@pytest.mark.parametrize("side", Side)
def test_CREATE_03_the_record_that_a_copy_was_made_for_is_told_whole(side: Side) -> None:
    mark, maker = (
        ("register:Invoices:i:9", RecordRef(RIGHT, "Invoices", "i:9")) if side is LEFT else ("crm:Order:7", RecordRef(LEFT, "Order", "7"))
    )
    half = replace(WHOLE[side], raw={"external": mark})
    made = rules(MARKED, create=Creation.BOTH)
    assert original(made, half) == maker
    assert original(made, replace(half, raw=None)) is None, "of a record that has not moved nothing is shown"
    assert plan_create(made, half, RESOLVED, "k") == behind(half, HELD, "CREATE-03", str(maker))


def test_P14_a_record_that_waits_is_told_whole() -> None:
    half = order(Payer="C-9")
    wait = (WaitsFor(COMPANY, LEFT, "C-9"), WaitsFor(PERSON, LEFT, "C-9"))
    assert plan_create(rules(), half, RESOLVED, "k") == behind(half, WAITING, "WAIT-01", "Customer or Contact C-9", wait=wait)


def test_P14_two_references_that_wait_are_both_named() -> None:
    half = order(Payer="C-9", Seller="C-8")
    wait = (WaitsFor(COMPANY, LEFT, "C-9"), WaitsFor(PERSON, LEFT, "C-9"), WaitsFor(PERSON, LEFT, "C-8"))
    assert plan_create(rules(), half, RESOLVED, "k") == behind(half, WAITING, "WAIT-01", "Customer or Contact C-9, Contact C-8", wait=wait)


def test_REFUSED_02_each_required_value_that_is_missing_is_named() -> None:
    half = invoice(payer=None, settled=None)
    detail = "Payer (is required and empty), Settled (is required and empty)"
    assert plan_create(rules(create=Creation.BOTH), half, RESOLVED, "k") == behind(half, QUARANTINED, "REFUSED-02", detail)


def test_what_the_left_cannot_take_is_neither_carried_nor_missed() -> None:
    able = one_side(LEFT, Capabilities(read_only=frozenset({"Settled", "Number", "payer"})))
    (operation,) = plan_create(rules(able, create=Creation.BOTH), invoice(currency="SEK"), RESOLVED, "k").operations
    assert operation.payload == {"Payer": "C-1", "Currency": "SEK"}


def test_ONBOARD_02_an_older_record_is_left_alone_with_its_pair() -> None:
    half = at(WHOLE[LEFT], "2026-02-28T23:59:59Z")
    made = rules(run={"onboarded": "2026-03-01T00:00:00Z"}, full_sync=False)
    assert plan_create(made, half, RESOLVED, "k") == Planned(alone(half))


# --- a person is asked ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("side", "kind"), [(LEFT, "Invoices"), (RIGHT, "Order")])
def test_a_review_is_of_the_record_and_names_the_datatype_of_the_other_side(side: Side, kind: str) -> None:
    ref = WHOLE[side].ref
    assert review(rules(), ref, Ambiguous("MATCH-02", ("a", "b"))) == Pending(
        SALE, ref, REVIEW, "MATCH-02", f"several records share the criterion: {kind} a, b", (), ("a", "b")
    )
    doubts = ["Number (a list)", "Note (too long)"]
    assert review(rules(), ref, Ambiguous("MATCH-05"), doubts) == Pending(
        SALE, ref, REVIEW, "MATCH-05", "a property of the criterion is not valid: Number (a list), Note (too long)"
    )


def test_a_pair_that_is_held_by_a_guard_says_what_the_guard_saw() -> None:
    planned = plan_create(rules(), WHOLE[LEFT], RESOLVED, "k")
    assert hold(rules(), planned, "GUARD-05", "Number") == behind(WHOLE[LEFT], HELD, "GUARD-05", "Number")


# --- a deletion -------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("side", Side)
@pytest.mark.parametrize("rule", ["DELETE-01", "CAP-04", "SWITCH-01", "CAP-03", "GUARD-01"])
def test_a_deletion_that_does_not_cross_is_told_of_the_record_that_is_gone_and_names_the_one_that_is_left(side: Side, rule: str) -> None:
    pair = linked(gone(WHOLE[LEFT]), WHOLE[RIGHT]) if side is LEFT else linked(WHOLE[LEFT], gone(WHOLE[RIGHT]))
    survivor = side.other
    policy = {"DELETE-01": DeletePolicy.REPORT, "CAP-04": DeletePolicy.ARCHIVE}.get(rule, DeletePolicy.DELETE)
    able = one_side(survivor, Capabilities(delete=False)) if rule == "CAP-03" else ABLE
    share = Share(**{survivor.value: False}) if rule == "SWITCH-01" else Share()
    run = {"deletes_held": "3 deletes of 20 links"} if rule == "GUARD-01" else {}
    detail = f"{WHOLE[survivor].ref}; 3 deletes of 20 links" if rule == "GUARD-01" else str(WHOLE[survivor].ref)
    planned = plan_pair(rules(able, run=run, deletes=policy, share=share), pair, RESOLVED, "k")
    assert planned == Planned(pair, pending=Pending(SALE, WHOLE[side].ref, HELD, rule, f"{RULES[rule]}: {detail}"))


@pytest.mark.parametrize("side", Side)
def test_DELETE_03_what_bars_the_side_that_is_gone_bars_no_deletion(side: Side) -> None:
    pair = linked(gone(WHOLE[LEFT]), WHOLE[RIGHT]) if side is LEFT else linked(WHOLE[LEFT], gone(WHOLE[RIGHT]))
    for able, share in ((one_side(side, Capabilities(delete=False)), Share()), (ABLE, Share(**{side.value: False}))):
        (operation,) = plan_pair(rules(able, deletes=DeletePolicy.DELETE, share=share), pair, RESOLVED, "k").operations
        mark = "crm:Order:O-1" if side is LEFT else "register:Invoices:i1"
        assert (operation.flow, operation.reference) == (SALE, mark)
        assert operation.reasons[0].text == f"{RULES['DELETE-03']}: {WHOLE[side].ref}"


@pytest.mark.parametrize("side", Side)
def test_DELETE_04_an_edited_survivor_is_the_record_that_is_told_of(side: Side) -> None:
    pair = linked(gone(WHOLE[LEFT]), WHOLE[RIGHT], right_base={"Number": "N0"})
    if side is RIGHT:
        pair = linked(WHOLE[LEFT], gone(WHOLE[RIGHT]), left_base={"Number": "N0"})
    planned = plan_pair(rules(deletes=DeletePolicy.DELETE), pair, RESOLVED, "k")
    pending = Pending(SALE, WHOLE[side.other].ref, HELD, "DELETE-04", RULES["DELETE-04"])
    assert planned == Planned(pair, pending=pending, unlink=True)


# --- what is told of a record's properties ----------------------------------------------------------------------------------------------


def test_REF_01_every_doubtful_reference_is_told_with_its_id_and_what_it_may_mean() -> None:
    several = (WaitsFor(COMPANY, LEFT, "C-9"), WaitsFor(PERSON, LEFT, "C-9"))
    half = order(Payer=None, Seller=None)
    values = {name: value for name, value in half.mapped.values.items() if name not in ("Payer", "Seller")}
    half = replace(half, mapped=replace(half.mapped, values=values, doubts={"Payer": several, "Seller": several}))
    detail = "Payer C-9 (Customer or Contact), Seller C-9 (Customer or Contact)"
    assert plan_create(rules(), half, RESOLVED, "k") == behind(half, REVIEW, "REF-01", detail)


@pytest.mark.parametrize("side", Side)
def test_P19_every_property_that_cannot_be_mapped_is_named_with_what_is_wrong(side: Side) -> None:
    half = WHOLE[side]
    half = replace(half, mapped=replace(half.mapped, faults={"Paid": "a list", "Number": "too long"}))
    planned = plan_create(rules(create=Creation.BOTH), half, RESOLVED, "k")
    assert planned.operations
    assert planned.pending == behind(half, QUARANTINED, "REFUSED-02", "Paid (a list), Number (too long)").pending

"""The plan of a counterpart: what it carries, and each reason why there is none yet."""

from dataclasses import replace

import pytest
from plan_stage import ABLE, COMPANY, LEFT, PAYER, PERSON, RESOLVED, RIGHT, SALE, at, invoice, order, rules

from accord.core.leaving import review
from accord.core.matching import Ambiguous
from accord.core.planning import hold, plan_create
from accord.model.capabilities import Capabilities
from accord.model.dataflow import Creation, DeletePolicy, MatchPart, Onboarding, Share
from accord.model.links import PendingState, WaitsFor
from accord.model.plans import OperationKind
from accord.model.records import RecordRef


def test_CREATE_01_a_create_carries_what_crosses_and_names_its_source() -> None:
    planned = plan_create(rules(), order(Paid=False, Note="x", Currency="SEK", Settled="2026"), RESOLVED, "k")
    (operation,) = planned.operations
    assert (operation.key, operation.flow, operation.kind) == ("k", SALE, OperationKind.CREATE)
    assert (operation.source, operation.target) == (RecordRef(LEFT, "Order", "O-1"), RecordRef(RIGHT, "Invoices", ""))
    assert operation.payload == {"number": "N1", "payer": "p1", "paid": False, "currency": "SEK", "note": "x"}
    assert {change.name: change.value for change in operation.changes} == {
        "Number": "N1",
        "Payer": "C-1",
        "Paid": False,
        "Currency": "SEK",
        "Note": "x",
    }
    assert all(change.rule == "CREATE-01" and change.replaced_absent for change in operation.changes)
    assert operation.reference == "crm:Order:O-1"
    assert (operation.precondition, operation.link, planned.pending, planned.link) == (None, 0, None, None)


def test_P12_a_create_on_the_left_is_planned_by_the_same_rules() -> None:
    planned = plan_create(rules(create=Creation.BOTH), invoice(note="stays", settled="2026", currency="SEK"), RESOLVED, "k")
    (operation,) = planned.operations
    assert operation.target == RecordRef(LEFT, "Order", "")
    assert operation.payload == {"Number": "N1", "Payer": "C-1", "Settled": "2026", "Currency": "SEK"}
    assert operation.reference == "register:Invoices:i1"
    assert planned.pair.left is None and planned.pair.right is not None and planned.pair.link is None


# --- what it carries --------------------------------------------------------------------------------------------------------------------


def test_empty_values_are_not_carried() -> None:
    (operation,) = plan_create(rules(), order(Number="", Note=None, Currency="SEK"), RESOLVED, "k").operations
    assert operation.payload == {"payer": "p1", "currency": "SEK"}


@pytest.mark.parametrize("currency", [None, "", ...], ids=["null", "empty", "not shown"])
def test_CREATE_02_a_default_stands_in_for_a_value_that_must_be_given(currency: object) -> None:
    """Pinned: the default of a mapping was not looked at, and the record was quarantined as required and empty."""
    planned = plan_create(rules(), order(Currency=currency), RESOLVED, "k")
    (operation,) = planned.operations
    assert operation.payload["currency"] == "NOK"
    assert [(one.value, one.rule) for one in operation.changes if one.name == "Currency"] == [("NOK", "CREATE-02")]
    assert planned.pending is None


def test_a_default_never_stands_in_for_a_value_that_cannot_be_mapped() -> None:
    half = order()
    half = replace(half, mapped=replace(half.mapped, faults={"Currency": "a list where a text is expected"}))
    planned = plan_create(rules(), half, RESOLVED, "k")
    assert planned.operations == () and planned.pending is not None
    assert (planned.pending.state, planned.pending.rule) == (PendingState.QUARANTINED, "REFUSED-02")
    assert planned.pending.cause.endswith("Currency (a list where a text is expected)")


def test_what_the_target_cannot_take_is_neither_carried_nor_missed() -> None:
    able = {**ABLE, RIGHT: Capabilities(read_only=frozenset({"currency", "payer"}), create_only=frozenset({"number"}))}
    (operation,) = plan_create(rules(able), order(Payer=None), RESOLVED, "k").operations
    assert operation.payload == {"number": "N1"}


def test_what_goes_the_other_way_is_not_missed() -> None:
    """Pinned: a required property that the target fills itself held up every create."""
    assert plan_create(rules(), order(Settled=None), RESOLVED, "k").pending is None


# --- what it waits for ------------------------------------------------------------------------------------------------------------------


def test_P14_a_required_reference_waits_by_name() -> None:
    planned = plan_create(rules(), order(Payer="C-9"), RESOLVED, "k")
    assert planned.operations == () and planned.pending is not None
    assert (planned.pending.state, planned.pending.rule) == (PendingState.WAITING, "WAIT-01")
    assert planned.pending.cause == "waits for a record that it refers to: Customer or Contact C-9"
    assert planned.pending.wait == (WaitsFor(COMPANY, LEFT, "C-9"), WaitsFor(PERSON, LEFT, "C-9"))


def test_P14_another_reference_is_completed_later() -> None:
    planned = plan_create(rules(), order(Seller="C-9"), RESOLVED, "k")
    assert [operation.payload.get("seller", "left out") for operation in planned.operations] == ["left out"]
    assert planned.pending is not None and (planned.pending.rule, planned.pending.wait) == ("WAIT-01", (WaitsFor(PERSON, LEFT, "C-9"),))


def test_a_flow_that_is_not_known_is_not_named_but_waited_for() -> None:
    half = order(Payer="C-9")
    half = replace(half, mapped=replace(half.mapped, waits={"Payer": (WaitsFor("old", LEFT, "C-9"), PAYER)}))
    pending = plan_create(rules(), half, RESOLVED, "k").pending
    assert pending is not None and pending.cause.endswith(": Contact C-9") and len(pending.wait) == 2


def test_REFUSED_02_a_required_value_that_is_empty_is_named() -> None:
    pending = plan_create(rules(), order(Payer=None), RESOLVED, "k").pending
    assert pending is not None and (pending.state, pending.rule) == (PendingState.QUARANTINED, "REFUSED-02")
    assert pending.cause == "a value is outside what can be mapped: Payer (is required and empty)"


def test_P19_a_value_that_cannot_be_mapped_is_left_out_and_told_while_the_rest_is_created() -> None:
    planned = plan_create(rules(), order(Paid="perhaps"), RESOLVED, "k")
    (operation,) = planned.operations
    assert "paid" not in operation.payload
    assert planned.pending is not None and "Paid (a text of 7 characters" in planned.pending.cause


# --- why there is none ------------------------------------------------------------------------------------------------------------------

NOT_ABLE = {**ABLE, RIGHT: Capabilities(create=False)}
OLD = {"onboarded": "2026-03-01T00:00:00Z"}


@pytest.mark.parametrize(
    ("flow", "run", "able", "expected"),
    [
        ({}, {"unknown": {RecordRef(LEFT, "Order", "O-1")}}, ABLE, (PendingState.UNKNOWN, "UNKNOWN-01", "")),
        ({}, {}, NOT_ABLE, (PendingState.HELD, "CAP-01", "register Invoices")),
        ({"share": Share(right=False)}, {}, ABLE, (PendingState.HELD, "SWITCH-01", "register Invoices")),
        ({"onboarding": Onboarding.LINK_ONLY}, {}, ABLE, (PendingState.HELD, "ONBOARD-01", "accord sync --create")),
        ({"full_sync": False}, OLD, ABLE, (PendingState.HELD, "ONBOARD-02", "it tells no time of change")),
    ],
)
def test_a_create_that_is_held_says_why(
    flow: dict[str, object], run: dict[str, object], able: object, expected: tuple[object, ...]
) -> None:
    planned = plan_create(rules(able, run=run, **flow), order(), RESOLVED, "k")
    assert planned.operations == () and planned.pending is not None
    state, rule, detail = expected
    assert (planned.pending.state, planned.pending.rule) == (state, rule)
    assert planned.pending.cause.endswith(str(detail))


@pytest.mark.parametrize("able", [ABLE, NOT_ABLE])
def test_CREATE_04_what_somebody_makes_by_hand_is_waited_for_and_named_with_what_links_it(able: object) -> None:
    entry = (MatchPart(left="Number", right="number"),)
    for extra in ({}, {"onboarding": Onboarding.LINK_ONLY}, {"share": Share(right=False)}):
        planned = plan_create(
            rules(able, create=Creation.BY_HAND, match=(entry, (*entry, MatchPart(left="Note", right="note"))), **extra),
            order(),
            RESOLVED,
            "k",
        )
        assert planned.operations == () and planned.pending is not None
        assert (planned.pending.state, planned.pending.rule) == (PendingState.HELD, "CREATE-04")
        assert planned.pending.cause.endswith(": register Invoices, by Number or Number+Note")
    assert plan_create(rules(able, create=Creation.BY_HAND), invoice(), RESOLVED, "k").pending is None


@pytest.mark.parametrize("create", [Creation.NONE, Creation.LEFT_TO_RIGHT])
def test_SCOPE_01_a_record_that_is_not_accords_to_create_is_not_listed(create: Creation) -> None:
    half = order() if create is Creation.NONE else invoice()
    planned = plan_create(rules(create=create), half, RESOLVED, "k")
    assert (planned.operations, planned.pending) == ((), None)


def test_SCOPE_01_a_record_outside_the_filter_is_not_listed() -> None:
    planned = plan_create(rules(), replace(order(), in_scope=False), RESOLVED, "k")
    assert (planned.operations, planned.pending) == ((), None)


def test_ONBOARD_02_a_record_older_than_the_onboarding_is_not_listed_and_a_newer_one_is_created() -> None:
    made = rules(run=OLD, full_sync=False)
    older = plan_create(made, at(order(), "2026-02-28T23:59:59Z"), RESOLVED, "k")
    assert (older.operations, older.pending) == ((), None)
    assert plan_create(made, at(order(), "2026-03-01T00:00:00Z"), RESOLVED, "k").operations
    assert plan_create(rules(full_sync=False), order(), RESOLVED, "k").operations


def test_ONBOARD_01_the_go_ahead_lets_a_flow_create_that_only_links_so_far() -> None:
    assert plan_create(rules(run={"go_ahead": True}, onboarding=Onboarding.LINK_ONLY), order(), RESOLVED, "k").operations


@pytest.mark.parametrize("policy", DeletePolicy)
def test_DELETE_05_a_record_whose_counterpart_was_deleted_never_gets_another_one(policy: DeletePolicy) -> None:
    planned = plan_create(rules(deletes=policy), order(), RESOLVED, "k", parted=True)
    assert planned.operations == ()
    assert (planned.pending is None) == (policy is DeletePolicy.UNLINK)


@pytest.mark.parametrize(
    ("mark", "held"),
    [("crm:Order:O-7", True), ("crm:Order:", False), ("crm:Quote:O-7", False), ("old:Order:O-7", False), (None, False), (7, False)],
)
def test_CREATE_03_what_accord_made_itself_is_nobodys_original(mark: object, held: bool) -> None:
    able = {side: replace(one, reference="external") for side, one in ABLE.items()}
    half = replace(invoice(note="stays", settled="2026", currency="SEK"), raw={"number": "N1", "external": mark})
    planned = plan_create(rules(able, create=Creation.BOTH), half, RESOLVED, "k")
    assert (planned.pending is not None and planned.pending.rule == "CREATE-03") == held
    assert bool(planned.operations) != held
    without = rules({side: replace(one, reference=None) for side, one in ABLE.items()}, create=Creation.BOTH)
    assert plan_create(without, half, RESOLVED, "k").operations, "a system that carries no references says nothing of it"


# --- what a person is asked -------------------------------------------------------------------------------------------------------------


def test_a_review_names_at_most_five_candidates_and_keeps_all() -> None:
    many = tuple(f"p{index}" for index in range(7))
    asked = review(rules(), RecordRef(LEFT, "Order", "O-1"), Ambiguous("MATCH-02", many))
    assert asked.cause == "several records share the criterion: Invoices p0, p1, p2, p3, p4"
    assert (asked.state, asked.candidates) == (PendingState.REVIEW, many)


def test_a_review_of_a_doubtful_property_says_what_is_wrong_with_it() -> None:
    asked = review(rules(), RecordRef(LEFT, "Order", "O-1"), Ambiguous("MATCH-05"), ["Number (a list)"])
    assert asked.cause == "a property of the criterion is not valid: Number (a list)"
    assert review(rules(), RecordRef(LEFT, "Order", "O-1"), Ambiguous("MATCH-05")).cause == "a property of the criterion is not valid"


def test_a_pair_that_is_held_writes_nothing_and_keeps_its_pair() -> None:
    planned = plan_create(rules(), order(), RESOLVED, "k")
    held = hold(rules(), planned, "GUARD-05", "Number")
    assert (held.operations, held.pair) == ((), planned.pair)
    assert held.pending is not None
    assert (held.pending.ref.id, held.pending.state, held.pending.rule) == ("O-1", PendingState.HELD, "GUARD-05")

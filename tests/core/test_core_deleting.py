"""What follows a deletion: the policy, an edit that beats it, the budget, and that nothing else is ever deleted."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from plan_stage import ABLE, LEFT, RESOLVED, RIGHT, gone, invoice, linked, order, rules

from accord.core.deletes import AfterDelete, after_delete
from accord.core.flowrules import Pair
from accord.core.planning import Planned, plan_pair
from accord.model.capabilities import Capabilities
from accord.model.dataflow import DeletePolicy, Share
from accord.model.links import PendingState
from accord.model.plans import OperationKind, Precondition
from accord.model.records import Side

DELETE = DeletePolicy.DELETE


def deleted(side: Side) -> Pair:
    """A pair of which one side was deleted and the other was not touched."""
    return linked(gone(order()), invoice()) if side is LEFT else linked(order(), gone(invoice()))


def pending(planned: Planned) -> tuple[Any, ...]:
    assert planned.pending is not None and planned.operations == ()
    return planned.pending.ref.side, planned.pending.state, planned.pending.rule, planned.unlink


# --- the decision -----------------------------------------------------------------------------------------------------------------------


@given(st.sampled_from(DeletePolicy), st.booleans(), st.booleans())
def test_P9_P11_only_the_policy_delete_deletes_and_never_what_was_edited_or_is_gone(policy: DeletePolicy, edited: bool, both: bool) -> None:
    then, _ = after_delete(policy, edited, both)
    assert (then is AfterDelete.FOLLOW) == (policy is DELETE and not edited and not both)
    assert (then is AfterDelete.KEEP) == (policy is DELETE and edited and not both)


@pytest.mark.parametrize(
    ("policy", "edited", "both", "expected"),
    [
        (DeletePolicy.REPORT, False, False, (AfterDelete.REPORT, "DELETE-01")),
        (DeletePolicy.REPORT, True, False, (AfterDelete.REPORT, "DELETE-01")),
        (DeletePolicy.UNLINK, True, False, (AfterDelete.UNLINK, "DELETE-02")),
        (DELETE, False, False, (AfterDelete.FOLLOW, "DELETE-03")),
        (DELETE, True, False, (AfterDelete.KEEP, "DELETE-04")),
        (DELETE, True, True, (AfterDelete.UNLINK, "DELETE-02")),
        (DeletePolicy.REPORT, False, True, (AfterDelete.UNLINK, "DELETE-02")),
    ],
)
def test_each_policy_has_its_rule(policy: DeletePolicy, edited: bool, both: bool, expected: tuple[AfterDelete, str]) -> None:
    assert after_delete(policy, edited, both) == expected


def test_CAP_04_archive_deletes_nothing() -> None:
    """Pinned: `archive` deleted the other record, since nothing knows how to archive."""
    assert after_delete(DeletePolicy.ARCHIVE, False, False) == (AfterDelete.REPORT, "CAP-04")
    planned = plan_pair(rules(deletes=DeletePolicy.ARCHIVE), deleted(LEFT), RESOLVED, "k")
    assert pending(planned) == (LEFT, PendingState.HELD, "CAP-04", False)


# --- the plan ---------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("side", Side)
def test_DELETE_03_the_survivor_is_deleted_under_the_version_it_was_looked_at(side: Side) -> None:
    pair = deleted(side)
    survivor, lost = pair.half(side.other), pair.half(side)
    assert survivor is not None and lost is not None
    planned = plan_pair(rules(deletes=DELETE), pair, RESOLVED, "k")
    (operation,) = planned.operations
    assert (operation.kind, operation.source, operation.target) == (OperationKind.DELETE, lost.ref, survivor.ref)
    assert (operation.key, operation.payload, operation.changes, operation.link) == ("k", {}, (), 7)
    assert operation.precondition == Precondition("v1", survivor.fingerprint)
    assert [one.rule for one in operation.reasons] == ["DELETE-03"]
    assert planned == Planned(pair, (operation,))


@pytest.mark.parametrize("side", Side)
def test_DELETE_01_a_deletion_is_reported_and_the_link_stays(side: Side) -> None:
    planned = plan_pair(rules(), deleted(side), RESOLVED, "k")
    assert pending(planned) == (side, PendingState.HELD, "DELETE-01", False)


def test_DELETE_02_the_link_ends_by_policy_or_when_both_are_gone() -> None:
    for policy, pair in ((DeletePolicy.UNLINK, deleted(LEFT)), (DELETE, linked(gone(order()), gone(invoice())))):
        assert plan_pair(rules(deletes=policy), pair, RESOLVED, "k") == Planned(pair, unlink=True)


@pytest.mark.parametrize("value", ["N2", None, ...], ids=["changed", "emptied", "not shown any more"])
def test_P11_DELETE_04_an_edit_beats_a_deletion(value: object) -> None:
    survivor = invoice(number=value)
    pair = linked(gone(order()), survivor, right_base={"Number": "N1"})
    planned = plan_pair(rules(deletes=DELETE), pair, RESOLVED, "k")
    assert pending(planned) == (RIGHT, PendingState.HELD, "DELETE-04", True)


def test_P11_a_value_that_never_was_agreed_is_an_edit_and_another_kind_of_empty_is_none() -> None:
    pair = linked(gone(order()), invoice(paid=True))
    assert pair.link is not None and pair.right is not None
    unproven = replace(pair, link=replace(pair.link, right_base={"Number": "N1", "Payer": "C-1"}))
    assert pending(plan_pair(rules(deletes=DELETE), unproven, RESOLVED, "k"))[2] == "DELETE-04"
    emptied = linked(gone(order()), invoice(note=""), right_base={"Note": None})
    assert plan_pair(rules(deletes=DELETE), emptied, RESOLVED, "k").operations


def test_a_survivor_that_has_not_moved_since_it_was_recorded_was_not_edited() -> None:
    pair = deleted(LEFT)
    assert pair.right is not None
    planned = plan_pair(rules(deletes=DELETE), replace(pair, right=replace(pair.right, raw=None)), RESOLVED, "k")
    assert [one.kind for one in planned.operations] == [OperationKind.DELETE]


@pytest.mark.parametrize(
    ("able", "share", "held", "rule"),
    [
        (ABLE, Share(right=False), "", "SWITCH-01"),
        ({**ABLE, RIGHT: Capabilities(delete=False)}, Share(), "", "CAP-03"),
        (ABLE, Share(), "3 deletes of 20 links", "GUARD-01"),
    ],
)
def test_P10_a_delete_that_is_held_says_why(able: Any, share: Share, held: str, rule: str) -> None:
    planned = plan_pair(rules(able, run={"deletes_held": held}, deletes=DELETE, share=share), deleted(LEFT), RESOLVED, "k")
    assert pending(planned) == (LEFT, PendingState.HELD, rule, False)
    assert planned.pending is not None and "Invoices i1" in planned.pending.cause and held in planned.pending.cause

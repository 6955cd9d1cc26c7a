"""An id that records of several datatypes have is taken for none of them (P14); a reference that was agreed stays what it was."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from plan_stage import COMPANY, KINDS, LEFT, PERSON, RIGHT, SALE, compiled, invoice, linked, order, rules

from accord.core.flowrules import FlowRules
from accord.core.mapping import UnresolvedReference
from accord.core.planning import plan_create, plan_pair
from accord.core.referring import doubted, places_in_question, rivals_of
from accord.model.links import Doubtful, PendingState, WaitsFor
from accord.model.records import Side

BY_COMPANY, BY_PERSON = WaitsFor(COMPANY, LEFT, "1"), WaitsFor(PERSON, LEFT, "1")
RIVALS = rivals_of([(COMPANY, PERSON), (PERSON,)])
DOUBTED = {BY_COMPANY: Doubtful("c1", [PERSON]), WaitsFor(COMPANY, RIGHT, "c1"): "1"}
"""Links: company 1 is c1, and there is a person 1 as well."""


# --- who may be meant -------------------------------------------------------------------------------------------------------------------


def test_flows_that_one_reference_may_refer_to_are_rivals_and_one_alone_has_none() -> None:
    assert rivals_of([(COMPANY, PERSON), (PERSON,)]) == {COMPANY: {PERSON}, PERSON: {COMPANY}}
    assert rivals_of([("a", "b"), ("a", "c")]) == {"a": {"b", "c"}, "b": {"a"}, "c": {"a"}}
    assert rivals_of([(PERSON,)]) == {}


def test_other_records_of_the_id_are_looked_for_in_the_rivals_datatypes() -> None:
    found = [BY_COMPANY, WaitsFor(PERSON, RIGHT, "p2"), WaitsFor(SALE, LEFT, "O-1")]
    assert places_in_question(found, RIVALS, KINDS) == {(LEFT, "Contact"): {"1"}, (RIGHT, "Companies"): {"p2"}}


def test_rivals_that_share_a_datatype_mean_the_same_record() -> None:
    shared: Mapping[str, Mapping[Side, str]] = {**KINDS, PERSON: KINDS[COMPANY]}
    assert places_in_question([BY_COMPANY], RIVALS, shared) == {}
    assert doubted({BY_COMPANY: "c1"}, RIVALS, shared, {(LEFT, "Customer"): {"1"}}) == {BY_COMPANY: "c1"}


@given(
    st.dictionaries(st.sampled_from([BY_COMPANY, BY_PERSON, WaitsFor(SALE, LEFT, "1")]), st.just("x")),
    st.sets(st.sampled_from(["Contact", "Customer"])),
)
def test_REF_01_a_link_is_doubtful_exactly_where_a_rival_has_a_record_of_the_id(found: dict[WaitsFor, str], there: set[str]) -> None:
    known = {(LEFT, kind): {"1"} for kind in there}
    marked = doubted(found, RIVALS, KINDS, known)
    assert marked == found
    for one, id in marked.items():
        rival = {COMPANY: "Contact", PERSON: "Customer"}.get(one.flow)
        assert isinstance(id, Doubtful) == (rival in there)


# --- what follows from it ---------------------------------------------------------------------------------------------------------------


def made(resolved: Mapping[WaitsFor, str], payer: str = "1", agreed: Mapping[str, Any] | None = None) -> Any:
    """An order that refers to this payer, mapped with these links."""
    half = order(Payer=payer)
    assert half.raw is not None
    return replace(half, mapped=compiled().common(LEFT, half.raw, resolved, agreed or {}))


@pytest.fixture
def plain() -> FlowRules:
    return rules()


def test_REF_01_a_record_with_a_doubtful_reference_is_reviewed_and_not_created(plain: FlowRules) -> None:
    planned = plan_create(plain, made(DOUBTED), DOUBTED, "k")
    assert planned.operations == () and planned.pending is not None
    assert (planned.pending.state, planned.pending.rule) == (PendingState.REVIEW, "REF-01")
    assert planned.pending.cause.endswith(": Payer 1 (Customer or Contact)")


def test_REF_01_a_reference_that_was_agreed_stays_what_it_was() -> None:
    half = made(DOUBTED, agreed={"Payer": "1"})
    assert half.mapped.values["Payer"] == "1" and "Payer" in half.mapped.doubts
    assert "Payer" not in made(DOUBTED, agreed={"Payer": "2"}).mapped.values


def test_REF_01_a_doubtful_reference_is_not_written_to_the_right_and_the_rest_is(plain: FlowRules) -> None:
    left = made(DOUBTED, agreed={"Payer": "1"})
    pair = linked(
        replace(left, mapped=replace(left.mapped, values={**left.mapped.values, "Number": "N2"})),
        invoice(),
        left_base={"Payer": "9", "Number": "N1"},
    )
    planned = plan_pair(plain, pair, DOUBTED, "k")
    assert [one.payload for one in planned.operations] == [{"number": "N2"}]
    assert planned.pending is not None and (planned.pending.state, planned.pending.rule) == (PendingState.HELD, "REF-01")


def test_a_doubtful_id_is_never_said_to_the_right() -> None:
    with pytest.raises(UnresolvedReference, match="without a known link"):
        compiled().words(RIGHT, {"Payer": "1"}, None, DOUBTED)


def test_the_flow_knows_the_rivals_of_its_references() -> None:
    assert compiled().rivals() == RIVALS


# --- what a write needs to know ---------------------------------------------------------------------------------------------------------


def test_only_lists_and_values_of_several_properties_need_the_record_as_it_is(plain: FlowRules) -> None:
    assert not plain.needs_current
    wide = replace(plain.flow.properties[0], right=("number", "series"))
    assert replace(plain, compiled=replace(plain.compiled, flow=replace(plain.flow, properties=(wide,)))).needs_current

"""References that may lead to one of several datatypes: an id that two of them have is never guessed at (P14)."""

from dataclasses import replace

import pytest
from engine_stage import Stage, stage

from accord.connectors.memory import MemoryDatatype
from accord.model.dataflow import ConflictPolicy
from accord.model.links import PendingState
from accord.testing.simulation_dataflow import COMPANY, PERSON, SALE, Rules

COUNTED = MemoryDatatype(id_style="int")
"""Contacts and customers are both numbered from 1."""


def payers(s: Stage) -> list[object]:
    return [one["payer"] for one in s.register.live("Invoices").values()]


@pytest.mark.parametrize("linked", [True, False])
def test_REF_01_an_id_of_two_datatypes_is_taken_for_neither_and_the_record_is_told(linked: bool) -> None:
    with stage(left=COUNTED) as s:
        contact, customer = s.contact("ada@sim.example"), s.customer("100" if linked else "bad")
        assert contact == customer == "1"
        s.register.datatypes["Companies"] = replace(s.register.datatypes["Companies"], refuses={"number": ("bad",)})
        order = s.order("O1", customer)
        s.runs()
        assert payers(s) == []
        (row,) = [one for one in s.waiting() if one.flow == SALE]
        assert (row.ref.id, row.state, row.rule) == (order, PendingState.REVIEW, "REF-01")
        assert row.cause == "several records have the id that it refers to: Payer 1 (Customer or Contact)"


def test_REF_01_an_id_of_one_datatype_is_plain_whatever_other_ids_are_doubtful() -> None:
    with stage(left=COUNTED) as s:
        s.contact("ada@sim.example")
        s.customer("100")
        second = s.customer("200")
        s.order("O1", second)
        s.order("O2", "1")
        s.runs()
        ((_, company),) = [pair for pair in s.pairs(COMPANY) if pair[0] == second]
        assert payers(s) == [company]


def test_REF_01_a_doubtful_id_that_is_corrected_is_believed() -> None:
    with stage(left=COUNTED) as s:
        s.contact("ada@sim.example")
        s.customer("100")
        second = s.customer("200")
        order = s.order("O1", "1")
        s.runs()
        assert payers(s) == []
        s.crm.user_edit("Order", order, {"Payer": second})
        s.runs()
        assert payers(s) == [dict(s.pairs(COMPANY))[second]]
        assert not s.waiting()


def test_REF_01_a_reference_that_was_plain_when_it_was_agreed_stays_as_it_is_when_its_id_is_given_again() -> None:
    with stage(left=COUNTED) as s:
        customer = s.customer("100")
        order = s.order("O1", customer, Remark="first")
        s.runs()
        (company,) = payers(s)
        s.contact("ada@sim.example")  # with the customer's id
        s.crm.user_edit("Order", order, {"Remark": "second"})
        s.runs()
        assert payers(s) == [company]
        assert [one["remark"] for one in s.register.live("Invoices").values()] == ["second"]
        assert not s.waiting()


def test_REF_01_a_reference_that_became_doubtful_is_not_sent_again() -> None:
    with stage(Rules(conflict=ConflictPolicy.LEFT), left=COUNTED) as s:
        customer = s.customer("100")
        order = s.order("O1", customer, Remark="first")
        other = s.customer("200")
        s.runs()
        s.contact("ada@sim.example")
        ((_, invoice),) = s.pairs(SALE)
        s.crm.user_edit("Order", order, {"Payer": other})
        s.runs()
        assert payers(s) == [dict(s.pairs(COMPANY))[other]], "the other customer's id is plain"
        s.crm.user_edit("Order", order, {"Payer": customer, "Remark": "third"})
        s.runs()
        assert payers(s) == [dict(s.pairs(COMPANY))[other]]
        assert s.right("Invoices", invoice)["remark"] == "third", "the rest of the record goes on"
        assert [(one.state, one.rule) for one in s.waiting()] == [(PendingState.REVIEW, "REF-01")]


def test_REF_01_ids_that_both_datatypes_of_the_right_have_do_not_touch_what_the_left_says() -> None:
    with stage(right=COUNTED) as s:
        contact, customer = s.contact("ada@sim.example"), s.customer("100")
        order = s.order("O1", customer)
        s.order("O2", contact)
        s.runs()
        assert dict(s.pairs(PERSON))[contact] == dict(s.pairs(COMPANY))[customer] == "1"
        assert payers(s) == ["1", "1"]
        s.crm.user_edit("Order", order, {"Remark": "hello"})
        s.runs()
        assert not s.waiting()
        assert [s.left("Order", id)["Payer"] for id in s.crm.live("Order")] == [customer, contact]


def test_REF_01_a_payer_that_the_right_sets_to_an_id_of_two_datatypes_is_told() -> None:
    with stage(right=COUNTED) as s:
        s.contact("ada@sim.example")
        s.customer("100")
        second = s.customer("200")
        order = s.order("O1", second)
        s.runs()
        ((_, invoice),) = s.pairs(SALE)
        s.register.user_edit("Invoices", invoice, {"payer": "1"})
        s.runs()
        assert s.left("Order", order)["Payer"] == second
        assert [(one.state, one.rule) for one in s.waiting()] == [(PendingState.REVIEW, "REF-01")]


def late_customers(s: Stage) -> None:
    """From now on the listing of customers shows them an hour late; by its id each is there at once."""
    s.crm.datatypes["Customer"] = replace(s.crm.datatypes["Customer"], commit_lag=3600.0)


@pytest.mark.parametrize("orders", [1, 12])
def test_REF_01_a_customer_that_has_not_been_listed_yet_is_not_taken_for_the_contact_of_its_id(orders: int) -> None:
    with stage(left=COUNTED) as s:
        s.contact("ada@sim.example")
        contact = s.contact("bo@sim.example")
        s.customer("100")  # by it, it is known that contacts and customers are numbered alike
        s.runs()
        late_customers(s)
        assert s.customer("200") == contact
        for number in range(orders):  # of several batches at once
            s.order(f"O{number}", contact, Remark="of the new customer")
        s.run()
        assert payers(s) == []
        assert [one.rule for one in s.waiting() if one.flow == SALE] == ["REF-01"] * orders


def test_REF_01_what_only_one_datatype_has_is_asked_for_once_in_a_cycle_and_then_believed() -> None:
    with stage(left=COUNTED) as s:
        s.contact("ada@sim.example")
        contact = s.contact("bo@sim.example")
        s.customer("100")
        s.runs()
        before = s.crm.requests["read"]
        orders = [s.order(f"O{number}", contact) for number in range(12)]
        s.run()
        assert payers(s) == [dict(s.pairs(PERSON))[contact]] * 12
        assert s.crm.requests["read"] == before + 1
        s.crm.user_edit("Order", orders[0], {"Remark": "edited"})
        s.runs()
        assert s.crm.requests["read"] == before + 1, "nobody changed whom it refers to"


def test_REF_01_where_ids_tell_the_datatypes_apart_nothing_is_asked() -> None:
    with stage() as s:
        contact, customer = s.contact("ada@sim.example"), s.customer("100")
        s.order("O1", contact)
        s.order("O2", customer)
        s.runs()
        assert payers(s) == [dict(s.pairs(PERSON))[contact], dict(s.pairs(COMPANY))[customer]]
        assert s.crm.requests["read"] == s.register.requests["read"] == 0

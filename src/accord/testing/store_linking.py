"""The store contract, second part: candidates, links and their exclusivity, and what waits for a link."""

# ruff: noqa: N802  (tests are named after the promises that they defend)

import pytest

from accord.errors import StoreError
from accord.model.journal import Candidate, Closing
from accord.model.links import Link, Pending, PendingState, WaitsFor
from accord.model.records import Side
from accord.model.values import Values
from accord.ports import Store
from accord.testing.store_bench import (
    AT,
    FLOWS,
    LATER,
    ORDERS,
    PERSONS,
    QUOTES,
    MakeStore,
    everything,
    link,
    lose,
    park,
    ref,
    seen,
    states,
    take,
    unlink,
)

LEFT, RIGHT = Side.LEFT, Side.RIGHT


class LinkingContract:
    """Candidates, links, waking."""

    def test_candidates_share_a_key_in_the_same_criterion_of_the_same_flow(self, store: Store) -> None:
        take(store, PERSONS, LEFT, "C1", key="a@b")
        take(store, PERSONS, LEFT, "C2", key="other")
        take(store, PERSONS, RIGHT, "P1", key="a@b")
        take(store, PERSONS, RIGHT, "P2", key="a@b", criterion=1)
        take(store, ORDERS, RIGHT, "I1", key="a@b")
        assert store.candidates(PERSONS.name, LEFT, ["C1", "C2", "C9"]) == {"C1": [Candidate("P1", 0, False, 0)]}
        assert store.candidates(PERSONS.name, RIGHT, ["P1", "P2"]) == {"P1": [Candidate("C1", 0, False, 0)]}

    def test_P12_candidates_come_in_one_order_whatever_was_seen_first(self, make_store: MakeStore) -> None:
        answers = []
        for order in (("P1", "P2", "P3"), ("P3", "P1", "P2")):
            store = make_store(FLOWS)
            for id in order:
                take(store, PERSONS, RIGHT, id, key="k")
            take(store, PERSONS, LEFT, "C1", key="k")
            answers.append(store.candidates(PERSONS.name, LEFT, ["C1"]))
        assert answers[0] == answers[1] == {"C1": [Candidate(id, 0, False, 0) for id in ("P1", "P2", "P3")]}

    def test_rivals_are_the_other_unlinked_records_that_ask_with_the_same_key(self, store: Store) -> None:
        take(store, PERSONS, LEFT, "C1", "C2", "C3", key="k")
        take(store, PERSONS, RIGHT, "P1", key="k")
        assert {id: found[0].rivals for id, found in store.candidates(PERSONS.name, LEFT, ["C1", "C2"]).items()} == {"C1": 2, "C2": 2}
        link(store, PERSONS, "C3", "P7")
        lose(store, PERSONS, LEFT, "C2")
        assert store.candidates(PERSONS.name, LEFT, ["C1"]) == {"C1": [Candidate("P1", 0, False, 0)]}
        assert store.candidates(PERSONS.name, LEFT, ["C3"]) == {"C3": [Candidate("P1", 0, False, 1)]}

    def test_a_rival_that_another_flow_has_linked_is_none(self, store: Store) -> None:
        take(store, ORDERS, RIGHT, "I1", "I2", key="n")
        take(store, ORDERS, LEFT, "O1", key="n")
        assert store.candidates(ORDERS.name, RIGHT, ["I1"])["I1"][0].rivals == 1
        link(store, QUOTES, "Q1", "I2")
        assert store.candidates(ORDERS.name, RIGHT, ["I1"])["I1"][0].rivals == 0

    def test_a_candidate_is_taken_by_a_live_link_of_this_flow_or_of_one_that_shares_the_datatype(self, store: Store) -> None:
        take(store, ORDERS, LEFT, "O1", key="n")
        take(store, ORDERS, RIGHT, "I1", "I2", "I3", key="n")
        link(store, ORDERS, "O7", "I1")
        link(store, QUOTES, "Q7", "I2")
        link(store, PERSONS, "C7", "I3")  # the same id in another datatype is another record
        taken = {one.id: one.taken for one in store.candidates(ORDERS.name, LEFT, ["O1"])["O1"]}
        assert taken == {"I1": True, "I2": True, "I3": False}
        unlink(store, QUOTES, "Q7")
        assert [one.id for one in store.candidates(ORDERS.name, LEFT, ["O1"])["O1"] if one.taken] == ["I1"]

    def test_a_record_that_is_gone_is_nobodys_candidate(self, store: Store) -> None:
        take(store, ORDERS, LEFT, "O1", key="n")
        take(store, ORDERS, RIGHT, "I1", key="n")
        lose(store, ORDERS, RIGHT, "I1")
        assert store.candidates(ORDERS.name, LEFT, ["O1"]) == {}
        take(store, ORDERS, RIGHT, "I1", key="n")
        assert set(store.candidates(ORDERS.name, LEFT, ["O1"])) == {"O1"}

    def test_a_link_is_found_from_either_side_with_its_bases(self, store: Store) -> None:
        base: Values = {"name": "Ø", "count": 3, "flag": True, "none": None, "lines": {"1": {"quantity": "2.000"}}}
        store.close(Closing("r", AT, links=[Link(PERSONS.name, "C1", "P1", base, {"name": "ø"})]))
        kept = store.links(PERSONS.name, LEFT, ["C1", "C2"])["C1"]
        assert (kept.flow, kept.left, kept.right, kept.left_base, kept.right_base) == (PERSONS.name, "C1", "P1", base, {"name": "ø"})
        assert store.links(PERSONS.name, RIGHT, ["P1"]) == {"P1": kept}
        assert store.links(ORDERS.name, LEFT, ["C1"]) == {}
        assert kept.id > 0

    def test_a_link_with_its_number_gets_new_bases(self, store: Store) -> None:
        first, second = link(store, PERSONS, "C1", "P1"), link(store, PERSONS, "C2", "P2")
        store.close(Closing("r", AT, links=[Link(PERSONS.name, "C1", "P1", {"name": "n"}, {}, first.id)]))
        assert store.links(PERSONS.name, LEFT, ["C1"])["C1"] == Link(PERSONS.name, "C1", "P1", {"name": "n"}, {}, first.id)
        assert store.links(PERSONS.name, LEFT, ["C2"])["C2"] == second

    @pytest.mark.parametrize(("left", "right"), [("C1", "P9"), ("C9", "P1")])
    def test_P8_a_record_has_at_most_one_live_link_in_a_flow(self, store: Store, left: str, right: str) -> None:
        link(store, PERSONS, "C1", "P1")
        before = everything(store)
        with pytest.raises(StoreError) as caught:
            store.close(Closing("r", AT, links=[Link(PERSONS.name, "C5", "P5"), Link(PERSONS.name, left, right)]))
        assert all(word in str(caught.value) for word in (PERSONS.name, left, right))
        assert caught.value.remedy
        assert everything(store) == before

    def test_P8_flows_that_share_a_datatype_exclude_each_other_there(self, store: Store) -> None:
        link(store, ORDERS, "O1", "I1")
        with pytest.raises(StoreError) as caught:
            link(store, QUOTES, "Q1", "I1")
        assert all(word in str(caught.value) for word in (QUOTES.name, "Q1", "I1", ORDERS.name))
        assert link(store, QUOTES, "O1", "I2").right == "I2"  # on the left they share nothing

    def test_P8_two_links_of_one_record_in_one_batch_are_refused(self, store: Store) -> None:
        with pytest.raises(StoreError, match="C2"):
            store.close(Closing("r", AT, links=[Link(PERSONS.name, "C1", "P1"), Link(PERSONS.name, "C2", "P1")]))
        assert store.totals([PERSONS.name])[0].links == 0

    def test_an_ended_link_frees_both_records_and_is_remembered(self, store: Store) -> None:
        link(store, PERSONS, "C1", "P1")
        unlink(store, PERSONS, "C1")
        assert store.links(PERSONS.name, LEFT, ["C1"]) == store.links(PERSONS.name, RIGHT, ["P1"]) == {}
        assert set(store.parted(PERSONS.name, LEFT, ["C1", "C2"])) == {"C1"}
        assert set(store.parted(PERSONS.name, RIGHT, ["P1"])) == {"P1"}
        assert set(store.parted(ORDERS.name, LEFT, ["C1"])) == set()
        assert link(store, PERSONS, "C1", "P2").right == "P2"
        assert set(store.parted(PERSONS.name, LEFT, ["C1"])) == set()
        assert set(store.parted(PERSONS.name, RIGHT, ["P1", "P2"])) == {"P1"}

    def test_a_record_can_change_its_counterpart_in_one_batch(self, store: Store) -> None:
        old = link(store, PERSONS, "C1", "P1")
        store.close(Closing("r", LATER, links=[Link(PERSONS.name, "C1", "P2")], unlinked=[old.id]))
        assert store.links(PERSONS.name, LEFT, ["C1"])["C1"].right == "P2"
        assert store.totals([PERSONS.name])[0].links == 1

    def test_resolve_gives_the_other_end_of_live_links(self, store: Store) -> None:
        link(store, PERSONS, "C1", "P1")
        link(store, ORDERS, "O1", "I1")
        link(store, ORDERS, "O2", "I2")
        unlink(store, ORDERS, "O2")
        good = {
            WaitsFor(PERSONS.name, LEFT, "C1"): "P1",
            WaitsFor(PERSONS.name, RIGHT, "P1"): "C1",
            WaitsFor(ORDERS.name, RIGHT, "I1"): "O1",
        }
        bad = [WaitsFor(ORDERS.name, LEFT, "O2"), WaitsFor(QUOTES.name, RIGHT, "I1"), WaitsFor(PERSONS.name, LEFT, "P1")]
        assert store.resolve([*bad, *good, WaitsFor("no such flow", LEFT, "C1")]) == good
        assert store.resolve([]) == {}

    @pytest.mark.parametrize("side", list(Side))
    def test_P14_a_new_link_wakes_what_waits_for_either_of_its_records(self, store: Store, side: Side) -> None:
        wanted = WaitsFor(PERSONS.name, side, "C1" if side is LEFT else "P1")
        park(
            store,
            Pending(ORDERS.name, ref(ORDERS, side, "O1"), PendingState.WAITING, wait=(WaitsFor(QUOTES.name, side, "Q1"), wanted)),
            Pending(ORDERS.name, ref(ORDERS, side, "O2"), PendingState.WAITING, wait=(WaitsFor(PERSONS.name, side, "C2"),)),
            Pending(ORDERS.name, ref(ORDERS, side, "O3"), PendingState.HELD, wait=(wanted,)),
        )
        link(store, PERSONS, "C1", "P1")
        assert states(store, ORDERS) == {"O1": "new", "O2": "waiting", "O3": "held"}

    def test_P14_a_wait_for_a_link_that_was_made_meanwhile_ends_at_once(self, store: Store) -> None:
        link(store, PERSONS, "C1", "P1")
        waits = [(WaitsFor(PERSONS.name, LEFT, id),) for id in ("C1", "C2", "C3")]
        rows = [Pending(ORDERS.name, ref(ORDERS, LEFT, f"O{n}"), PendingState.WAITING, wait=wait) for n, wait in enumerate(waits)]
        store.close(Closing("r", AT, links=[Link(PERSONS.name, "C2", "P2")], pending=rows))
        assert states(store, ORDERS) == {"O0": "new", "O1": "new", "O2": "waiting"}

    def test_P14_what_no_longer_waits_for_a_link_is_not_woken_by_it(self, store: Store) -> None:
        wait = (WaitsFor(PERSONS.name, LEFT, "C1"),)
        park(store, Pending(ORDERS.name, ref(ORDERS, LEFT, "O1"), PendingState.WAITING, wait=wait))
        other = (WaitsFor(PERSONS.name, LEFT, "C2"),)
        park(store, Pending(ORDERS.name, ref(ORDERS, LEFT, "O1"), PendingState.WAITING, wait=other))
        link(store, PERSONS, "C1", "P1")
        assert states(store, ORDERS) == {"O1": "waiting"}
        (row,) = store.pending(ORDERS.name, PendingState.WAITING)
        assert row.wait == other

    def test_settled_content_is_dropped_unless_a_flow_has_still_to_look_at_it(self, store: Store) -> None:
        take(store, ORDERS, RIGHT, "I1", "I2")
        take(store, ORDERS, LEFT, "O1")
        park(store, Pending(QUOTES.name, ref(QUOTES, RIGHT, "I2"), PendingState.REVIEW))
        mine = [ref(ORDERS, LEFT, "O1"), ref(ORDERS, RIGHT, "I1"), ref(ORDERS, RIGHT, "I2")]
        answer = seen(ORDERS, RIGHT, "I1", {"Name": "answered"}, "v2")
        store.close(Closing("r", AT, records=[answer], settled=mine, finished=[(ORDERS.name, one) for one in mine]))
        invoices = store.records(RIGHT, "Invoices", ["I1", "I2"])
        assert (invoices["I1"].values, invoices["I1"].version, invoices["I1"].fingerprint) == (None, "v2", answer.fingerprint)
        assert invoices["I2"].values == {"Name": "I2"}
        assert store.records(LEFT, "Order", ["O1"])["O1"].values is None
        take(store, ORDERS, LEFT, "O1")
        assert store.records(LEFT, "Order", ["O1"])["O1"].values == {"Name": "O1"}

    def test_a_finished_row_ends_in_its_own_flow_only(self, store: Store) -> None:
        take(store, ORDERS, RIGHT, "I1", "I2")
        take(store, QUOTES, RIGHT, "I1")
        store.close(Closing("r", AT, finished=[(ORDERS.name, ref(ORDERS, RIGHT, "I1"))]))
        assert states(store, ORDERS) == {"I2": "new"}
        assert states(store, QUOTES) == {"I1": "new"}

    def test_a_record_as_answered_is_known_and_nobodys_candidate(self, store: Store) -> None:
        take(store, PERSONS, LEFT, "C1", key="k")
        answer = seen(PERSONS, RIGHT, "P1", {"Name": "C1"}, "v7")
        store.close(Closing("r", AT, records=[answer]))
        assert store.known(RIGHT, "Persons", ["P1"])["P1"].version == "v7"
        assert store.records(RIGHT, "Persons", ["P1"])["P1"].values == {"Name": "C1"}
        assert store.candidates(PERSONS.name, LEFT, ["C1"]) == {}

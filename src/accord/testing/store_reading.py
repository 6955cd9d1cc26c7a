"""The store contract, first part: what the read step makes durable, and what becomes pending."""

# ruff: noqa: N802  (tests are named after the promises that they defend)

from decimal import Decimal

import pytest

from accord.model.journal import Absorb, MatchKey
from accord.model.links import Pending, PendingState
from accord.model.records import Evidence, Gone, Known, Side, fingerprint
from accord.ports import Store
from accord.testing.store_bench import AT, LATER, ORDERS, PERSONS, QUOTES, hint, link, lose, park, ref, seen, states, take

LEFT, RIGHT = Side.LEFT, Side.RIGHT
ODD_IDS = ["17", "017", "1.0", "Å", "A\u030a", "a\x00b", "\u202e", " x ", "'); --", '"', "x" * 300]


class ReadingContract:
    """Records, cursors, hints, pending rows."""

    def test_an_empty_store_knows_nothing(self, store: Store) -> None:
        assert store.known(LEFT, "Contact", ["C1"]) == {}
        assert store.records(LEFT, "Contact", ["C1"]) == {}
        assert store.cursor(LEFT, "Contact") is None
        assert store.count(LEFT, "Contact") == 0
        assert store.pending(PERSONS.name, PendingState.NEW) == []
        assert store.intents(["open", "unknown"]) == []

    def test_what_was_seen_is_kept_as_it_was(self, store: Store) -> None:
        values = {"Amount": Decimal("12.50"), "Whole": 12, "Null": None, "Empty": "", "Lines": [{"No": 1, "Rate": Decimal("1e-7")}]}
        values |= {"Huge": Decimal("1E+400"), "Long": 2**53 + 1, "Wide": 10**25, "Text": "e\u0301\x00\u202e"}
        store.absorb(Absorb(LEFT, "Contact", [seen(PERSONS, LEFT, "C1", values)]))
        kept = store.records(LEFT, "Contact", ["C1", "C2"])
        assert set(kept) == {"C1"}
        assert (kept["C1"].version, kept["C1"].modified, kept["C1"].gone) == ("v1", AT, False)
        assert kept["C1"].values == values
        assert isinstance(kept["C1"].values["Amount"], Decimal)
        assert fingerprint(kept["C1"].values) == kept["C1"].fingerprint == fingerprint(values)
        assert store.known(LEFT, "Contact", ["C1", "C2"]) == {"C1": Known("C1", "v1", fingerprint(values), modified=AT)}

    def test_ids_are_kept_byte_for_byte_and_apart_by_side_and_datatype(self, store: Store) -> None:
        take(store, PERSONS, LEFT, *ODD_IDS)
        assert set(store.known(LEFT, "Contact", ODD_IDS)) == set(ODD_IDS)
        assert [row.ref.id for row in store.pending(PERSONS.name, PendingState.NEW)] == ODD_IDS
        assert store.known(RIGHT, "Contact", ODD_IDS) == store.known(LEFT, "Order", ODD_IDS) == {}
        assert store.known(LEFT, "Contact", ["1", "a", "å"]) == {}

    def test_a_newer_version_of_known_content_moves_nothing_else(self, store: Store) -> None:
        store.absorb(Absorb(LEFT, "Contact", [one := seen(PERSONS, LEFT, "C1")]))
        store.absorb(Absorb(LEFT, "Contact", versions=[Known("C1", "v2", one.fingerprint)], flows=[PERSONS.name]))
        assert store.known(LEFT, "Contact", ["C1"])["C1"] == Known("C1", "v2", one.fingerprint, modified=AT)
        store.absorb(Absorb(LEFT, "Contact", versions=[Known("C1", None, one.fingerprint, modified=LATER)]))
        assert store.known(LEFT, "Contact", ["C1"])["C1"] == Known("C1", None, one.fingerprint, modified=LATER)
        assert store.records(LEFT, "Contact", ["C1"])["C1"].values == {"Name": "C1"}
        assert states(store, PERSONS) == {}

    def test_P9_a_deletion_leaves_a_tombstone_and_seeing_the_record_again_lifts_it(self, store: Store) -> None:
        take(store, PERSONS, LEFT, "C1", "C2")
        lose(store, PERSONS, LEFT, "C1", flows=[PERSONS.name])
        assert store.known(LEFT, "Contact", ["C1"])["C1"].gone
        assert store.records(LEFT, "Contact", ["C1"])["C1"].gone
        assert store.count(LEFT, "Contact") == 1
        take(store, PERSONS, LEFT, "C1")
        assert not store.known(LEFT, "Contact", ["C1"])["C1"].gone
        assert store.count(LEFT, "Contact") == 2

    def test_P9_a_tombstone_is_kept_of_a_record_that_was_never_seen(self, store: Store) -> None:
        store.absorb(Absorb(LEFT, "Contact", gone=[Gone(ref(PERSONS, LEFT, "C1"), Evidence.SOFT_DELETED)]))
        assert store.known(LEFT, "Contact", ["C1"])["C1"].gone
        assert store.count(LEFT, "Contact") == 0

    def test_P18_the_cursor_moves_with_the_last_page_only(self, store: Store) -> None:
        store.absorb(Absorb(LEFT, "Contact", [seen(PERSONS, LEFT, "C1")]))
        assert store.cursor(LEFT, "Contact") is None
        store.absorb(Absorb(LEFT, "Contact", cursor="c1"))
        store.absorb(Absorb(LEFT, "Contact", [seen(PERSONS, LEFT, "C2")]))
        assert store.cursor(LEFT, "Contact") == "c1"
        store.absorb(Absorb(LEFT, "Contact", cursor=""))
        assert store.cursor(LEFT, "Contact") == ""
        assert store.cursor(RIGHT, "Contact") is None

    def test_seen_and_gone_records_join_the_pending_rows_of_every_flow_named(self, store: Store) -> None:
        lost = [Gone(ref(ORDERS, RIGHT, "I2"), Evidence.TOMBSTONE)]
        store.absorb(Absorb(RIGHT, "Invoices", [seen(ORDERS, RIGHT, "I1")], gone=lost, flows=[ORDERS.name, QUOTES.name]))
        assert states(store, ORDERS) == states(store, QUOTES) == {"I1": "new", "I2": "new"}
        assert states(store, PERSONS) == {}
        (first, _) = store.pending(ORDERS.name, PendingState.NEW)
        assert (first.flow, first.ref, first.wait, first.candidates) == (ORDERS.name, ref(ORDERS, RIGHT, "I1"), (), ())

    def test_pending_rows_come_in_order_of_arrival_a_page_at_a_time(self, store: Store) -> None:
        ids = [f"C{number}" for number in (5, 3, 9, 1, 7)]
        take(store, PERSONS, LEFT, *ids)
        page = store.pending(PERSONS.name, PendingState.NEW, limit=2)
        rest = store.pending(PERSONS.name, PendingState.NEW, after=page[-1].row)
        assert [row.ref.id for row in [*page, *rest]] == ids
        assert store.pending(PERSONS.name, PendingState.NEW, after=rest[-1].row) == []

    @pytest.mark.parametrize("state", list(PendingState))
    def test_a_record_that_changed_is_looked_at_again_whatever_held_it(self, store: Store, state: PendingState) -> None:
        take(store, PERSONS, LEFT, "C1")
        park(store, Pending(PERSONS.name, ref(PERSONS, LEFT, "C1"), state, "RULE-01", "so"))
        assert [row.tries for row in store.pending(PERSONS.name, state)] == [1]
        take(store, PERSONS, LEFT, "C1")
        assert [(row.ref.id, row.tries) for row in store.pending(PERSONS.name, PendingState.NEW)] == [("C1", 0)]
        assert states(store, PERSONS) == {"C1": "new"}

    def test_a_row_that_stays_tells_its_cause_how_often_and_since_when(self, store: Store) -> None:
        take(store, PERSONS, LEFT, "C1")
        for cause, since in (("first", AT), ("second", LATER)):
            park(
                store,
                Pending(PERSONS.name, ref(PERSONS, LEFT, "C1"), PendingState.REVIEW, "MATCH-02", cause, (), ("P1", "P2"), since=since),
            )
        (row,) = store.pending(PERSONS.name, PendingState.REVIEW)
        assert (row.rule, row.cause, row.candidates, row.tries, row.since) == ("MATCH-02", "second", ("P1", "P2"), 2, AT)
        park(store, Pending(PERSONS.name, ref(PERSONS, LEFT, "C1"), PendingState.HELD, "GUARD-01", "third", since=LATER))
        (row,) = store.pending(PERSONS.name, PendingState.HELD)
        assert (row.rule, row.candidates, row.since) == ("GUARD-01", (), LATER)

    def test_release_puts_rows_of_the_named_states_back_and_counts_them(self, store: Store) -> None:
        for number, state in enumerate(PendingState):
            park(store, Pending(PERSONS.name, ref(PERSONS, LEFT, f"C{number}"), state))
        park(store, Pending(ORDERS.name, ref(ORDERS, LEFT, "O1"), PendingState.HELD))
        assert store.release(PERSONS.name, [PendingState.HELD, PendingState.REVIEW]) == 2
        assert store.release(PERSONS.name, [PendingState.HELD, PendingState.REVIEW]) == 0
        assert sorted(states(store, PERSONS).values()) == ["new", "new", "new", "quarantined", "unknown", "waiting"]
        assert states(store, ORDERS) == {"O1": "held"}

    def test_match_keys_of_a_record_are_replaced_as_a_whole(self, store: Store) -> None:
        take(store, PERSONS, RIGHT, "P1", key="old")
        store.absorb(
            Absorb(
                LEFT,
                "Contact",
                [seen(PERSONS, LEFT, "C1")],
                keys=[MatchKey(PERSONS.name, LEFT, "C1", 0, "old"), MatchKey(PERSONS.name, LEFT, "C1", 1, "old")],
                flows=[PERSONS.name],
            )
        )
        assert set(store.candidates(PERSONS.name, LEFT, ["C1"])) == {"C1"}
        take(store, PERSONS, LEFT, "C1", key="new", criterion=1)
        assert store.candidates(PERSONS.name, LEFT, ["C1"]) == {}
        assert store.candidates(PERSONS.name, RIGHT, ["P1"]) == {}

    def test_hints_wait_until_they_are_taken(self, store: Store) -> None:
        hints = [hint(PERSONS, LEFT, "C1", "v1"), hint(PERSONS, LEFT, "C2"), hint(ORDERS, LEFT, "C1", "v9")]
        assert store.hint(hints)
        assert store.hint([hints[0]])
        assert list(store.hints(LEFT, "Contact")) == hints[:2]
        assert len(store.hints(LEFT, "Contact", limit=1)) == 1
        assert store.hints(RIGHT, "Contact") == []
        store.unhint(hints[:1])
        assert list(store.hints(LEFT, "Contact")) == [hints[1]]
        assert list(store.hints(LEFT, "Order")) == [hints[2]]

    def test_a_hint_of_a_newer_version_is_not_dropped_with_the_older_one(self, store: Store) -> None:
        store.hint([hint(PERSONS, LEFT, "C1", "v1")])
        read = store.hints(LEFT, "Contact")
        store.hint([hint(PERSONS, LEFT, "C1", "v2")])
        store.unhint(read)
        assert list(store.hints(LEFT, "Contact")) == [hint(PERSONS, LEFT, "C1", "v2")]

    def test_an_announcement_is_taken_once(self, store: Store) -> None:
        assert store.hint([hint(PERSONS, LEFT, "C1")], event="e1")
        assert not store.hint([hint(PERSONS, LEFT, "C2")], event="e1")
        assert [one.ref.id for one in store.hints(LEFT, "Contact")] == ["C1"]
        assert store.hint([], event="e2")
        assert not store.hint([hint(PERSONS, LEFT, "C2")], event="e2")
        assert store.hint([hint(PERSONS, LEFT, "C2")])

    def test_announcements_that_come_together_are_each_taken_once(self, store: Store) -> None:
        store.hint([], event="e1")
        c3, c4, c5, c6 = ([hint(PERSONS, LEFT, id)] for id in ("C3", "C4", "C5", "C6"))
        batch = [(c3, "e3"), (c4, "e1"), ([], "e4"), (c5, None), (c6, "e3")]
        assert list(store.hint_all(batch)) == [True, False, True, True, False]
        assert {one.ref.id for one in store.hints(LEFT, "Contact")} == {"C3", "C5"}
        assert not store.hint([], event="e4")

    def test_settings_are_kept(self, store: Store) -> None:
        assert store.setting("onboarded:x") is None
        store.set("onboarded:x", AT)
        store.set("onboarded:x", LATER)
        assert store.setting("onboarded:x") == LATER

    def test_totals_count_live_links_and_pending_rows(self, store: Store) -> None:
        take(store, PERSONS, LEFT, "C1", "C2")
        park(store, Pending(PERSONS.name, ref(PERSONS, LEFT, "C1"), PendingState.HELD))
        link(store, PERSONS, "C8", "P8")
        persons, orders = store.totals([PERSONS.name, ORDERS.name])
        assert (persons.flow, persons.links, persons.pending) == (PERSONS.name, 1, {"new": 1, "held": 1})
        assert (orders.flow, orders.links, orders.pending) == (ORDERS.name, 0, {})
        assert store.standing([ORDERS.name, PERSONS.name]) == {ORDERS.name: {}, PERSONS.name: {"new": 1, "held": 1}}

"""The store contract, third part: the journal, and that a transaction is all or nothing."""

# ruff: noqa: N802  (tests are named after the promises that they defend)

from dataclasses import replace
from decimal import Decimal

import pytest

from accord.errors import StoreError
from accord.model.journal import Absorb, Closed, Closing, IntentState
from accord.model.links import Link, Pending, PendingState
from accord.model.plans import OperationKind
from accord.model.records import RecordRef, Side
from accord.model.runs import Run
from accord.ports import Store
from accord.testing.store_bench import AT, LATER, PERSONS, done, everything, hint, link, operation, ref, seen, take

UNFINISHED = (IntentState.OPEN, IntentState.UNKNOWN)


class JournalContract:
    """Intents, runs, atomicity."""

    @pytest.mark.parametrize("kind", list(OperationKind))
    def test_P20_a_journaled_operation_is_rebuilt_exactly(self, store: Store, kind: OperationKind) -> None:
        intended = operation(kind=kind, target="" if kind is OperationKind.CREATE else "P1")
        store.intend("r1", AT, [intended])
        (intent,) = store.intents(UNFINISHED)
        assert intent.operation == intended
        assert (intent.run, intent.state, intent.at, intent.message) == ("r1", IntentState.OPEN, AT, "")
        assert isinstance(intent.operation.payload["Amount"], Decimal)
        assert str(intent.operation.payload["Lines"][0]["Quantity"]) == "3.000"
        assert intent.operation.side is Side.RIGHT

    def test_intents_come_by_state_oldest_first_up_to_a_limit(self, store: Store) -> None:
        store.intend("r1", AT, [operation(key) for key in ("k9", "k1", "k5")])
        store.intend("r2", LATER, [operation("k0")])
        assert [one.operation.key for one in store.intents(UNFINISHED)] == ["k9", "k1", "k5", "k0"]
        assert [one.operation.key for one in store.intents(UNFINISHED, limit=2)] == ["k9", "k1"]
        ends = [Closed("k1", IntentState.UNKNOWN, LATER, "no answer"), Closed("k5", IntentState.REFUSED, LATER, "no"), done("k9", "P9")]
        store.close(Closing("r1", LATER, closed=ends))
        assert [one.operation.key for one in store.intents([IntentState.OPEN])] == ["k0"]
        (unknown,) = store.intents([IntentState.UNKNOWN])
        assert (unknown.operation.key, unknown.state, unknown.message) == ("k1", IntentState.UNKNOWN, "no answer")
        assert [one.operation.key for one in store.intents([IntentState.DONE, IntentState.REFUSED])] == ["k9", "k5"]

    def test_the_id_of_a_created_record_is_known_from_the_end_of_its_intent(self, store: Store) -> None:
        store.intend("r1", AT, [operation("k1"), operation("k2")])
        store.close(Closing("r1", LATER, closed=[done("k1", "P1"), Closed("k2", IntentState.FAILED, LATER, "refused")]))
        first, second = store.intents([IntentState.DONE, IntentState.FAILED])
        assert first.operation == replace(operation("k1"), target=RecordRef(Side.RIGHT, "Persons", "P1"))
        assert second.operation.target.id == ""

    def test_P10_a_delete_counts_when_its_link_has_ended_whatever_the_answer(self, store: Store) -> None:
        ids = {left: link(store, PERSONS, left, right).id for left, right in (("C1", "P1"), ("C2", "P2"), ("C3", "P3"))}
        deletes = [replace(operation(f"k{left}", kind=OperationKind.DELETE), link=ids[left]) for left in ("C1", "C2", "C3")]
        store.intend("r1", AT, [*deletes, replace(deletes[0], key="again")])
        closed = [Closed("kC1", IntentState.ABANDONED, LATER, ""), Closed("again", IntentState.REFUSED, LATER, "not there")]
        closed += [Closed("kC2", IntentState.DONE, LATER, ""), Closed("kC3", IntentState.REFUSED, LATER, "no")]
        store.close(Closing("r1", LATER, unlinked=[ids["C1"], ids["C2"]], closed=closed))
        assert store.deleted(PERSONS.name, "2000-01-01T00:00:00Z") == 2
        assert store.deleted(PERSONS.name, LATER) == 0

    def test_P4_that_a_write_was_given_up_before_is_remembered(self, store: Store) -> None:
        store.intend("r1", AT, [operation("k1"), operation("k2"), operation("k3")])
        sources = [one.operation.source.id for one in store.intents(UNFINISHED)]
        assert store.given_up(PERSONS.name, Side.LEFT, sources) == set()
        store.close(Closing("r1", LATER, closed=[Closed("k1", IntentState.ABANDONED, LATER, "")]))
        assert store.given_up(PERSONS.name, Side.LEFT, [*sources, "C9"]) == {sources[0]}
        assert store.given_up(PERSONS.name, Side.RIGHT, sources) == set()

    def test_P12_a_key_is_journaled_once(self, store: Store) -> None:
        store.intend("r1", AT, [operation("k1")])
        before = everything(store)
        with pytest.raises(StoreError):
            store.intend("r1", AT, [operation("k2"), operation("k1")])
        assert everything(store) == before

    def test_P17_a_closing_that_fails_leaves_everything_as_it_was(self, store: Store) -> None:
        take(store, PERSONS, Side.LEFT, "C1", "C2", key="k")
        take(store, PERSONS, Side.RIGHT, "P1", key="k")
        old = link(store, PERSONS, "C3", "P3")
        store.intend("r1", AT, [operation("k1")])
        store.hint([hint(PERSONS, Side.LEFT, "C1")])
        before = everything(store)
        with pytest.raises(StoreError):
            store.close(
                Closing(
                    run="r1",
                    at=LATER,
                    links=[Link(PERSONS.name, "C1", "P1"), replace(old, left_base={}), Link(PERSONS.name, "C2", "P1")],
                    unlinked=[old.id],
                    records=[seen(PERSONS, Side.RIGHT, "P1", {"Name": "new"})],
                    settled=[ref(PERSONS, Side.LEFT, "C1")],
                    finished=[(PERSONS.name, ref(PERSONS, Side.LEFT, "C1"))],
                    pending=[Pending(PERSONS.name, ref(PERSONS, Side.LEFT, "C2"), PendingState.HELD)],
                    closed=[done("k1", "P1")],
                )
            )
        assert everything(store) == before
        store.close(Closing("r1", LATER, links=[Link(PERSONS.name, "C1", "P1")], closed=[done("k1", "P1")]))
        assert everything(store) != before

    def test_P17_one_closing_makes_all_of_it_durable(self, store: Store) -> None:
        take(store, PERSONS, Side.LEFT, "C-k1", "C2")
        store.intend("r1", AT, [operation("k1")])
        source = ref(PERSONS, Side.LEFT, "C-k1")
        store.close(
            Closing(
                run="r1",
                at=LATER,
                links=[Link(PERSONS.name, "C-k1", "P1", {"name": "a"}, {"name": "b"})],
                records=[seen(PERSONS, Side.RIGHT, "P1")],
                settled=[source, ref(PERSONS, Side.RIGHT, "P1")],
                finished=[(PERSONS.name, source)],
                pending=[Pending(PERSONS.name, ref(PERSONS, Side.LEFT, "C2"), PendingState.HELD, "GUARD-01", "held")],
                closed=[done("k1", "P1")],
            )
        )
        (totals,) = store.totals([PERSONS.name])
        assert (totals.links, totals.pending) == (1, {"held": 1})
        assert store.links(PERSONS.name, Side.RIGHT, ["P1"])["P1"].right_base == {"name": "b"}
        assert store.records(Side.LEFT, "Contact", ["C-k1"])["C-k1"].values is None
        assert store.intents(UNFINISHED) == []

    def test_P2_a_call_with_nothing_to_say_changes_nothing(self, store: Store) -> None:
        take(store, PERSONS, Side.LEFT, "C1")
        store.absorb(Absorb(Side.LEFT, "Contact", cursor="c1"))
        before = everything(store)
        store.absorb(Absorb(Side.LEFT, "Contact", cursor="c1", flows=[PERSONS.name]))
        store.intend("r1", AT, [])
        store.close(Closing("r1", AT))
        store.unhint([])
        assert store.hint([])
        assert store.release(PERSONS.name, []) == 0
        assert everything(store) == before

    def test_a_run_may_begin_and_end(self, store: Store) -> None:
        run = Run("r1", "sync", AT)
        store.begin(run)
        run.counts(PERSONS.name).created_right = 3
        run.ended, run.result = LATER, "done"
        store.end(run)

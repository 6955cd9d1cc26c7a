"""A state is moved from SQLite to PostgreSQL and back, with proof, or not at all."""

from collections.abc import Iterator
from pathlib import Path

import apsw
import psycopg
import pytest

from accord.errors import StoreBusy, StoreError
from accord.model.journal import Absorb, Closing
from accord.model.links import Pending, PendingState, WaitsFor
from accord.model.records import Side
from accord.model.runs import Run
from accord.ports import Store
from accord.store.moving import Row, Table, move, tables
from accord.store.places import DatabasePlace
from accord.store.postgres import PostgresStore
from accord.store.postgres_moving import PostgresTables
from accord.store.sqlite import SqliteStore
from accord.testing.store_bench import AT, FLOWS, ORDERS, PERSONS, everything, hint, link, lose, operation, park, ref, take, unlink


def fill(store: Store) -> None:
    """Something in every table, and texts that neither database likes."""
    run = Run("r1", "sync", AT, result="done")
    run.counts(PERSONS.name).created_right = 3
    store.end(run)
    take(store, PERSONS, Side.LEFT, "C1", "C2", "a\x00b", "\x1b1", "\u202eØ", key="k")
    take(store, PERSONS, Side.RIGHT, "P1", key="x" * 5000)
    link(store, PERSONS, "C3", "P3")
    link(store, PERSONS, "C4", "P4")
    unlink(store, PERSONS, "C4")
    lose(store, PERSONS, Side.LEFT, "C2", flows=[PERSONS.name])
    store.intend("r1", AT, [operation("k1")])
    store.close(Closing("r1", AT, settled=[ref(PERSONS, Side.RIGHT, "P1")], finished=[(PERSONS.name, ref(PERSONS, Side.RIGHT, "P1"))]))
    wait = (WaitsFor(PERSONS.name, Side.LEFT, "C1"),)
    park(store, Pending(ORDERS.name, ref(ORDERS, Side.LEFT, "O1"), PendingState.WAITING, wait=wait))
    store.absorb(Absorb(Side.LEFT, "Contact", cursor="c\x001"))
    store.hint([hint(PERSONS, Side.LEFT, "C1", "v1")], event="e1")
    store.set("onboarded", AT)


def goes_on(store: Store) -> None:
    """What is numbered by the store goes on after what was moved."""
    before = {row.row for row in store.pending(PERSONS.name, PendingState.NEW)}
    take(store, PERSONS, Side.LEFT, "C7")
    (new,) = {row.row for row in store.pending(PERSONS.name, PendingState.NEW)} - before
    assert new > max(before)
    assert not store.hint([hint(PERSONS, Side.LEFT, "C1")], event="e1")
    assert store.hint([hint(PERSONS, Side.LEFT, "C1")], event="e2")
    assert link(store, PERSONS, "C7", "P7").id == 3
    store.intend("r2", AT, [operation("k2")])
    assert [one.operation.key for one in store.intents(["open"])] == ["k1", "k2"]


def test_a_state_moves_there_and_back_and_every_table_is_proven(tmp_path: Path, place: DatabasePlace) -> None:
    with (
        SqliteStore.open(tmp_path / "a.db", FLOWS) as first,
        PostgresStore.open(place, ()) as there,
        SqliteStore.open(tmp_path / "b.db", ()) as back,
    ):
        fill(first)
        before = everything(first)
        to = move(first, there, str(place))
        assert {one.table for one in to if one.rows} == {table.name for table in tables()}
        assert list(move(there, back, "b.db")) == list(to)
    with PostgresStore.open(place, FLOWS) as store:
        assert everything(store) == before
        goes_on(store)
    with SqliteStore.open(tmp_path / "b.db", FLOWS) as store:
        assert everything(store) == before
        goes_on(store)


def test_a_place_that_is_not_empty_is_refused_and_stays_as_it_was(tmp_path: Path, place: DatabasePlace) -> None:
    with SqliteStore.open(tmp_path / "a.db", FLOWS) as one, PostgresStore.open(place, FLOWS) as other:
        fill(one)
        take(other, PERSONS, Side.LEFT, "C9")
        before = everything(one), everything(other)
        for source, target in ((one, other), (other, one)):
            with pytest.raises(StoreError, match=r"not empty .*record") as caught:
                move(source, target, "there")
            assert caught.value.remedy
        assert (everything(one), everything(other)) == before


def test_what_does_not_arrive_as_it_was_sent_is_taken_back(tmp_path: Path, place: DatabasePlace, monkeypatch: pytest.MonkeyPatch) -> None:
    arrived = PostgresTables.rows

    def damaged(self: PostgresTables, table: Table) -> Iterator[Row]:
        return ((*row[:-1], "gone") if table.name == "record" else row for row in arrived(self, table))

    with SqliteStore.open(tmp_path / "a.db", FLOWS) as source, PostgresStore.open(place, ()) as target:
        fill(source)
        monkeypatch.setattr(PostgresTables, "rows", damaged)
        with pytest.raises(StoreError, match="table record did not arrive"):
            move(source, target, str(place))
        monkeypatch.undo()
        with target.unloading() as out:
            assert not any(out.any(table) for table in tables())
        assert sum(one.rows for one in move(source, target, str(place))) > 20


def test_every_table_and_column_of_both_databases_is_moved(tmp_path: Path, place: DatabasePlace) -> None:
    moved = {(table.name, name) for table in tables() for name, _ in table.columns}
    with PostgresStore.open(place, ()) as store, store.database.looking() as connection:
        asked = "SELECT table_name::text, column_name::text FROM information_schema.columns WHERE table_schema = $1"
        assert {row for row in connection.execute(asked, (place.schema,)).fetchall() if row[0] != "engine"} == moved
    with SqliteStore.open(tmp_path / "a.db", ()):
        file = apsw.Connection(str(tmp_path / "a.db"))
        names = [name for (name,) in file.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'")]
        columns = {(name, row[1]) for name in names for row in file.execute(f"PRAGMA table_info({name})")}
        file.close()
    assert {(table, column) for table, column in columns if table != "engine"} == moved


def test_P21_a_store_that_was_overtaken_takes_nothing_in(tmp_path: Path, place: DatabasePlace) -> None:
    with SqliteStore.open(tmp_path / "a.db", FLOWS) as source, PostgresStore.open(place, ()) as target:
        fill(source)
        with psycopg.connect(place.address, autocommit=True) as other:
            other.execute(f"UPDATE {place.schema}.engine SET fence = fence + 1")
        with pytest.raises(StoreBusy):
            move(source, target, str(place))

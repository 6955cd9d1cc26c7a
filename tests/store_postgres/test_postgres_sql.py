"""The SQL of the PostgreSQL store: the schema and its migrations, every statement, and that none is run per record."""

import re
from collections.abc import Iterator
from importlib import resources
from typing import Any

import psycopg
import pytest

from accord.errors import StoreError
from accord.model.journal import Absorb, Closing, MatchKey
from accord.model.links import Link, Pending, PendingState, WaitsFor
from accord.model.records import Evidence, Gone, Known, Side
from accord.store.migrating import load_queries
from accord.store.places import DatabasePlace, database_place
from accord.store.postgres import PostgresStore
from accord.store.postgres_database import QUERIES
from accord.store.postgres_values import Texts
from accord.testing.store_bench import AT, FLOWS, LATER, PERSONS, done, everything, hint, link, operation, ref, seen, take

LEFT, RIGHT = Side.LEFT, Side.RIGHT


def catalogue(connection: "psycopg.Connection[Any]", schema: str) -> dict[str, list[tuple[Any, ...]]]:
    """All that a schema consists of, in the server's own words."""
    asked = {
        "columns": "SELECT table_name::text, column_name::text, data_type::text, collation_name::text, is_nullable::text,"
        " is_identity::text, column_default::text FROM information_schema.columns WHERE table_schema = %s ORDER BY 1, ordinal_position",
        "indexes": "SELECT tablename::text, replace(indexdef, schemaname || '.', '') FROM pg_indexes WHERE schemaname = %s ORDER BY 1, 2",
        "constraints": "SELECT conrelid::regclass::text, pg_get_constraintdef(oid) FROM pg_constraint"
        " WHERE connamespace = %s::regnamespace ORDER BY 1, 2",
    }
    connection.execute(f"SET search_path = {schema}")
    return {name: connection.execute(statement, (schema,)).fetchall() for name, statement in asked.items()}


def test_P22_the_migrations_arrive_at_the_schema_for_readers(place: DatabasePlace) -> None:
    PostgresStore.open(place, FLOWS).close_store()
    text = resources.files("accord.store").joinpath("postgres/schema.sql").read_text("utf-8")
    with psycopg.connect(place.address) as connection:
        migrated = catalogue(connection, place.schema)
        connection.execute(f"CREATE SCHEMA readers; SET search_path = readers; {text}")
        written = catalogue(connection, "readers")
        connection.rollback()
    assert len(written["columns"]) > 70
    assert migrated == written


def test_both_databases_have_the_same_statements_with_the_same_bindings() -> None:
    file = load_queries()
    assert set(QUERIES) - set(file) == {"step"}  # SQLite has no server that could come back with less
    for name in file:
        bindings = {int(number) for number in re.findall(r"\?(\d+)", file[name])}
        assert {int(number) for number in re.findall(r"\$(\d+)", QUERIES[name])} == bindings, name


def test_the_server_understands_every_statement(place: DatabasePlace) -> None:
    with PostgresStore.open(place, FLOWS) as store, store.database.writing():
        connection = store.database._connection
        for statement in QUERIES.values():
            assert connection.execute(f"EXPLAIN (GENERIC_PLAN) {statement}").fetchall()


class Counted:
    """Stands for a connection and counts what is sent to the server."""

    def __init__(self, connection: Any) -> None:
        self._connection, self.number = connection, 0

    def __getattr__(self, name: str) -> Any:
        self.number += name in ("execute", "cursor")
        return getattr(self._connection, name)


@pytest.fixture
def store(place: DatabasePlace) -> Iterator[PostgresStore]:
    with PostgresStore.open(place, FLOWS) as opened:
        yield opened


def work(store: PostgresStore, mark: str, records: int) -> None:
    """All of the store's calls for so many records."""
    lefts, rights = ([f"{side}{mark}-{number}" for number in range(records)] for side in "CP")
    for side, ids in ((LEFT, lefts), (RIGHT, rights)):
        keys = [MatchKey(PERSONS.name, side, id, 0, f"{mark}-{number}") for number, id in enumerate(ids)]
        gone = [Gone(ref(PERSONS, side, f"gone-{id}"), Evidence.TOMBSTONE) for id in ids]
        versions = [Known(id, "v2", b"") for id in ids]
        store.absorb(
            Absorb(side, PERSONS.datatype(side), [seen(PERSONS, side, id) for id in ids], versions, gone, keys, [PERSONS.name], mark)
        )
    store.known(LEFT, "Contact", lefts)
    store.candidates(PERSONS.name, LEFT, lefts)
    store.intend(f"r{mark}", AT, [operation(f"{mark}-{number}") for number in range(records)])
    store.close(
        Closing(
            run=f"r{mark}",
            at=LATER,
            links=[Link(PERSONS.name, left, right) for left, right in zip(lefts, rights, strict=True)],
            records=[seen(PERSONS, RIGHT, id) for id in rights],
            settled=[ref(PERSONS, LEFT, id) for id in lefts],
            finished=[(PERSONS.name, ref(PERSONS, LEFT, id)) for id in lefts],
            pending=[
                Pending(PERSONS.name, ref(PERSONS, RIGHT, id), PendingState.WAITING, wait=(WaitsFor(PERSONS.name, LEFT, f"W-{id}"),))
                for id in rights
            ],
            closed=[done(f"{mark}-{number}") for number in range(records)],
        )
    )
    made = store.links(PERSONS.name, LEFT, lefts)
    store.resolve([WaitsFor(PERSONS.name, LEFT, id) for id in lefts])
    store.close(Closing(f"r{mark}", LATER, links=list(made.values())))
    store.close(Closing(f"r{mark}", LATER, unlinked=[one.id for one in made.values()]))
    hints = [hint(PERSONS, LEFT, id) for id in lefts]
    store.hint(hints)
    store.unhint(hints)


def test_a_call_sends_as_many_statements_for_two_hundred_records_as_for_two(store: PostgresStore) -> None:
    numbers = []
    for mark, records in (("few", 2), ("many", 200)):
        counted = Counted(store.database._connection)
        store.database._connection = counted
        work(store, mark, records)
        store.database._connection = counted._connection
        numbers.append(counted.number)
    assert numbers[0] == numbers[1] < 120
    assert store.count(RIGHT, "Persons") == 202


def test_of_two_rows_for_one_record_in_one_page_the_later_one_holds(store: PostgresStore) -> None:
    twice = [seen(PERSONS, LEFT, "C1", {"Name": name}, name) for name in ("first", "second")]
    keys = [MatchKey(PERSONS.name, LEFT, "C1", 0, key) for key in ("first", "second")]
    store.absorb(Absorb(LEFT, "Contact", twice, keys=keys, flows=[PERSONS.name]))
    take(store, PERSONS, RIGHT, "P1", key="second")
    assert store.records(LEFT, "Contact", ["C1"])["C1"].values == {"Name": "second"}
    assert set(store.candidates(PERSONS.name, RIGHT, ["P1"])) == {"P1"}
    store.absorb(Absorb(LEFT, "Contact", versions=[Known("C1", version, b"") for version in ("v8", "v9")]))
    assert store.known(LEFT, "Contact", ["C1"])["C1"].version == "v9"
    lost = [Gone(ref(PERSONS, LEFT, "C1"), evidence) for evidence in (Evidence.NOT_FOUND, Evidence.TOMBSTONE)]
    store.absorb(Absorb(LEFT, "Contact", gone=lost, flows=[PERSONS.name]))
    rows = [Pending(PERSONS.name, ref(PERSONS, LEFT, "C1"), state) for state in (PendingState.HELD, PendingState.REVIEW)]
    store.close(Closing("r", AT, pending=rows))
    (row,) = store.list_pending(PERSONS.name, ["held", "review"])
    assert row.state is PendingState.REVIEW
    store.hint([hint(PERSONS, LEFT, "C1", "v1"), hint(PERSONS, LEFT, "C1", "v2")])
    assert [one.version for one in store.hints(LEFT, "Contact")] == ["v2"]


def test_a_text_that_is_no_unicode_is_refused_with_its_whole_page(store: PostgresStore) -> None:
    before = everything(store)
    with pytest.raises(StoreError, match="no Unicode"):
        page = [seen(PERSONS, LEFT, "C1"), seen(PERSONS, LEFT, "\ud800", {"Name": "x"})]
        store.absorb(Absorb(LEFT, "Contact", page))
    with pytest.raises(StoreError, match="no Unicode"):
        store.known(LEFT, "Contact", ["\ud800"])
    assert everything(store) == before
    take(store, PERSONS, LEFT, "C1")


@pytest.mark.parametrize("text", ["\x00", "\x1b", "\x1b0", "\x1b1", "\x00\x1b", "\x1b\x00", "a\x001\x1b10", "\x1b1\x1b0"])
def test_a_text_with_a_zero_byte_comes_back_as_it_was(store: PostgresStore, text: str) -> None:
    take(store, PERSONS, LEFT, text)
    assert set(store.known(LEFT, "Contact", [text, text + "1"])) == {text}
    store.set(text, text)
    assert store.setting(text) == text


def test_a_match_key_may_be_longer_than_an_index_bears(store: PostgresStore) -> None:
    key = "".join(chr(0x4E00 + number) for number in range(9000))
    take(store, PERSONS, LEFT, "C1", key=key)
    take(store, PERSONS, RIGHT, "P1", key=key)
    take(store, PERSONS, RIGHT, "P2", key=key[:-1])
    assert [one.id for one in store.candidates(PERSONS.name, LEFT, ["C1"])["C1"]] == ["P1"]


def test_P8_the_database_itself_holds_one_live_link_per_record(store: PostgresStore, place: DatabasePlace) -> None:
    link(store, PERSONS, "C1", "P1")
    with psycopg.connect(place.address) as other, pytest.raises(psycopg.errors.UniqueViolation):
        other.execute(f"INSERT INTO {place.schema}.linked VALUES ('left', 'Contact', 'C1', 99)")


def test_what_accord_did_not_write_is_told_and_not_taken_for_content(store: PostgresStore, place: DatabasePlace) -> None:
    take(store, PERSONS, LEFT, "C1")
    with psycopg.connect(place.address, autocommit=True) as other:
        other.execute(f"UPDATE {place.schema}.record SET content = 'half of i'::bytea")
        with pytest.raises(StoreError, match="accord did not write"):
            store.records(LEFT, "Contact", ["C1"])
        other.execute(f"DROP TABLE {place.schema}.parted")
    with pytest.raises(StoreError, match="damaged"):
        store.parted(PERSONS.name, LEFT, ["C1"])


def test_a_key_that_thousands_share_is_answered_at_once(store: PostgresStore) -> None:
    take(store, PERSONS, LEFT, *(f"C{number}" for number in range(4000)), key="k")
    take(store, PERSONS, RIGHT, "P1", key="k")
    store.database._connection.execute("SET statement_timeout = '5s'")
    found = store.candidates(PERSONS.name, LEFT, [f"C{number}" for number in range(4000)])
    assert {one.rivals for candidates in found.values() for one in candidates} == {3999}


GROWN = """
INSERT INTO record SELECT 'left', 'Contact', 'C' || n, 'v', 't', 'f', 'c', NULL FROM generate_series(1, 20000) AS n;
INSERT INTO link SELECT n, 'Contact to Persons', 'C' || n, 'P' || n, '{}', '{}', 't', NULL FROM generate_series(1, 20000) AS n;
INSERT INTO linked SELECT 'left', 'Contact', 'C' || n, n FROM generate_series(1, 20000) AS n;
INSERT INTO parted SELECT 'Contact to Persons', 'left', 'C' || n FROM generate_series(1, 20000) AS n;
INSERT INTO match_key SELECT 'Contact to Persons', side, 'C' || n, 0, 'k' || n
    FROM generate_series(1, 20000) AS n, unnest(ARRAY['left', 'right']) AS side;
INSERT INTO pending (flow, side, datatype, id, state, rule, cause, waits, candidates, tries, since)
    SELECT 'Contact to Persons', 'left', 'Contact', 'C' || n, 'new', '', '', '[]', '[]', 0, '' FROM generate_series(1, 20000) AS n;
INSERT INTO intent SELECT n, 'k' || n, 'r', 'Contact to Persons', 'done', 't', NULL, 'left', 'C' || n, 'P' || n, ''
    FROM generate_series(1, 20000) AS n;
"""
IDS = Texts([f"C{number}" for number in range(100, 200)])
LOOKUPS: dict[str, list[Any]] = {
    "known": ["left", "Contact", IDS],
    "records": ["left", "Contact", IDS],
    "records_settle": ["left", "Contact", IDS],
    "keys_drop": [PERSONS.name, "left", IDS],
    "candidates": [PERSONS.name, "left", "right", IDS, "Contact", "Persons"],
    "pending_done": [PERSONS.name, "left", "Contact", IDS],
    "pending_among": ["left", "Contact", IDS],
    "pending_page": [PERSONS.name, "new", 0, 100],
    "links": [PERSONS.name, "left", "Contact", IDS],
    "resolve": [PERSONS.name, "left", "Contact", IDS],
    "linked_among": ["left", "Contact", IDS],
    "parted": [PERSONS.name, "left", "Contact", IDS],
    "written_often": [PERSONS.name, "left", IDS, "a"],
    "written_since": [PERSONS.name, "left", IDS, "a"],
    "history": [PERSONS.name, "left", "C5", 50],
    "pending_new": [PERSONS.name, "left", "Contact", IDS],
}


def rows_met(plan: dict[str, Any]) -> int:
    """The most rows that any one step of a plan went through."""
    own = (plan.get("Actual Rows", 0) + plan.get("Rows Removed by Filter", 0)) * plan.get("Actual Loops", 1)
    return int(max([own, *(rows_met(part) for part in plan.get("Plans", []))]))


@pytest.fixture(scope="module")
def grown(server: str) -> Iterator[PostgresStore]:
    """A state that has grown from nothing within moments: the server has no figures of it yet."""
    place = database_place(f"{server}&schema=grown", "grown")
    with PostgresStore.open(place, FLOWS) as store:
        connection = store.database._connection
        for (table,) in connection.execute("SELECT tablename::text FROM pg_tables WHERE schemaname = 'grown'").fetchall():
            connection.execute(f"ALTER TABLE {table} SET (autovacuum_enabled = off)")
        connection.execute(GROWN)
        yield store
        connection.execute("DROP SCHEMA grown CASCADE")


@pytest.mark.parametrize("name", list(LOOKUPS))
def test_what_is_asked_of_a_hundred_records_looks_at_hundreds_of_rows_though_the_server_knows_nothing_yet(
    grown: PostgresStore, name: str
) -> None:
    connection = grown.database._connection
    with connection.transaction(force_rollback=True):
        (((plan,),),) = connection.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {QUERIES[name]}", LOOKUPS[name]).fetchall()
    assert 0 <= rows_met(plan["Plan"]) <= 500

"""The schema: migrations arrive at schema.sql, and a state of every earlier version comes up to date with all it holds."""

import re
from collections.abc import Iterator
from importlib import resources
from pathlib import Path

import apsw
import pytest

from accord.errors import StoreError
from accord.model.dataflow import Flow
from accord.model.journal import IntentState
from accord.model.links import PendingState, WaitsFor
from accord.model.plans import Operation, OperationKind
from accord.model.records import RecordRef, Side
from accord.store.migrating import APPLICATION, bring_up_to_date, migrations
from accord.store.rows import packed
from accord.store.sqlite import SqliteStore

FLOWS = (
    Flow(name="Order to Invoices", left="Order", right="Invoices"),
    Flow(name="Quote to Invoices", left="Quote", right="Invoices"),
    Flow(name="Contact to Persons", left="Contact", right="Persons"),
)
OPERATION = Operation(
    "k1",
    "Order to Invoices",
    OperationKind.CREATE,
    RecordRef(Side.LEFT, "Order", "O1"),
    RecordRef(Side.RIGHT, "Invoices", ""),
    (),
    {"Total": 1},
    (),
    "customcrm:Order:O1",
)
VERSION_1 = """
INSERT INTO record VALUES ('left', 'Order', 'O1', 'v1', NULL, x'01', '{"Total":12.50}', NULL);
INSERT INTO record VALUES ('left', 'Order', 'O2', NULL, NULL, x'02', NULL, 'tombstone');
INSERT INTO match_key VALUES ('Order to Invoices', 'left', 'O1', 0, 'n1');
INSERT INTO link (flow, "left", "right", left_base, right_base, left_claim, right_claim, made, ended) VALUES
    ('Order to Invoices', 'O1', 'I1', '{"a":1}', '{"a":2}', NULL, 'Invoices', 'then', NULL),
    ('Order to Invoices', 'O0', 'I0', '{}', '{}', NULL, 'Invoices', 'then', 'later'),
    ('Contact to Persons', 'C1', 'P1', '{}', '{}', NULL, NULL, 'then', NULL),
    ('Left out to Persons', 'X1', 'P9', '{}', '{}', NULL, NULL, 'then', NULL);
INSERT INTO pending (row, flow, side, datatype, id, state, rule, cause, waits, candidates, tries, since) VALUES
    (7, 'Quote to Invoices', 'left', 'Quote', 'Q1', 'waiting', 'WAIT-01', 'for P2',
    '[{"flow":"Contact to Persons","side":"left","id":"C2"}]', '["I7"]', 2, 'then');
INSERT INTO waiting_for VALUES ('Contact to Persons\x1fleft\x1fC2', 7), ('nobody', 99);
INSERT INTO cursor VALUES ('left', 'Order', 'c1');
INSERT INTO setting VALUES ('onboarded:Order to Invoices', 'then');
INSERT INTO hint VALUES ('left', 'Order', 'O9', 'v9');
INSERT INTO event VALUES ('e1', '');
INSERT INTO run VALUES ('r1', 'sync', 'then', 'later', 'done', '{"id":"r1","cause":"sync","started":"then"}');
UPDATE engine SET fence = 41;
"""


def normal(sql: str) -> str:
    """SQL without comments, quotes, and differences of space."""
    return re.sub(r"\s+", " ", re.sub(r"--[^\n]*", "", sql).replace('"', "")).replace("( ", "(").replace(" )", ")").strip()


def schema_of(database: apsw.Connection) -> dict[str, str]:
    rows = database.execute("SELECT name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'").fetchall()
    return {str(name): normal(str(sql)) for name, sql in rows}


def version(number: int) -> apsw.Connection:
    """An empty state as that version made it."""
    database = apsw.Connection(":memory:")
    for each, text in migrations():
        if each <= number:
            database.execute(text).fetchall()
            database.pragma("user_version", each)
    return database


def save(database: apsw.Connection, path: Path) -> None:
    target = apsw.Connection(str(path))
    with target.backup("main", database, "main") as backup:
        backup.step()
    target.close()


@pytest.fixture
def old_state(tmp_path: Path) -> Iterator[Path]:
    database = version(1)
    database.execute(VERSION_1).fetchall()
    database.execute(
        "INSERT INTO intent (key, run, flow, state, at, source_side, source, target, operation, message) "
        "VALUES ('k1', 'r1', 'Order to Invoices', 'unknown', 'then', 'left', 'O1', '', ?, 'no answer')",
        (packed(OPERATION),),
    )
    save(database, tmp_path / "state.db")
    yield tmp_path / "state.db"


def test_all_migrations_arrive_at_the_schema_that_readers_are_shown() -> None:
    shown = apsw.Connection(":memory:")
    shown.execute(resources.files("accord.store").joinpath("schema.sql").read_text("utf-8")).fetchall()
    arrived = version(migrations()[-1][0])
    assert schema_of(arrived) == schema_of(shown)
    assert arrived.pragma("application_id") == APPLICATION


def test_migrations_are_numbered_without_a_gap() -> None:
    assert [number for number, _ in migrations()] == list(range(1, len(migrations()) + 1))


@pytest.mark.parametrize("number", range(migrations()[-1][0] + 1))
def test_every_earlier_version_comes_up_to_date_and_a_second_time_changes_nothing(number: int) -> None:
    database = version(number)
    bring_up_to_date(database, "state.db")
    bring_up_to_date(database, "state.db")
    assert schema_of(database) == schema_of(version(migrations()[-1][0]))
    assert database.pragma("user_version") == migrations()[-1][0]
    assert database.execute("SELECT fence FROM engine").fetchall() == [(0,)]


@pytest.mark.parametrize("read_only", [False, True])
def test_a_state_of_version_1_keeps_everything_it_held(old_state: Path, read_only: bool) -> None:
    with SqliteStore.open(old_state, FLOWS, read_only=read_only) as store:
        assert store.known(Side.LEFT, "Order", ["O1", "O2"])["O2"].gone
        assert store.records(Side.LEFT, "Order", ["O1"])["O1"].version == "v1"
        assert store.cursor(Side.LEFT, "Order") == "c1"
        assert [run.id for run in store.runs()] == ["r1"]
        assert store.setting("onboarded:Order to Invoices") == "then"
        assert [hint.version for hint in store.hints(Side.LEFT, "Order")] == ["v9"]
        (waiting,) = store.pending("Quote to Invoices", PendingState.WAITING)
        assert (waiting.row, waiting.rule, waiting.candidates, waiting.tries) == (7, "WAIT-01", ("I7",), 2)
        assert waiting.wait == (WaitsFor("Contact to Persons", Side.LEFT, "C2"),)
        (intent,) = store.intents([IntentState.UNKNOWN])
        assert (intent.operation, intent.run, intent.message) == (OPERATION, "r1", "no answer")
        assert {link.left for link in store.list_links()} == {"O1", "C1", "X1"}
        assert set(store.parted("Order to Invoices", Side.RIGHT, ["I0", "I1"])) == {"I0"}


def test_P8_links_of_version_1_keep_their_exclusivity_under_the_datatypes_of_today(old_state: Path) -> None:
    with SqliteStore.open(old_state, FLOWS) as store:
        link = store.links("Order to Invoices", Side.RIGHT, ["I1"])["I1"]
        assert (link.left, link.left_base, link.right_base) == ("O1", {"a": 1}, {"a": 2})
        assert store.links("Contact to Persons", Side.LEFT, ["C1"])["C1"].right == "P1"
        assert store.links("Quote to Invoices", Side.RIGHT, ["I1"]) == {}
        assert not store.hint([], event="e1")


def test_a_newer_version_is_refused_and_left_alone(tmp_path: Path) -> None:
    path, newest = tmp_path / "state.db", migrations()[-1][0]
    database = version(newest)
    database.pragma("user_version", newest + 1)
    save(database, path)
    before = path.read_bytes()
    for read_only in (False, True):
        with pytest.raises(StoreError, match=f"newer version of accord .schema {newest + 1}") as caught:
            SqliteStore.open(path, FLOWS, read_only=read_only)
        assert caught.value.remedy
    assert version_in(path) == newest + 1
    assert len(path.read_bytes()) == len(before)


def version_in(path: Path) -> int:
    database = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
    try:
        return int(str(database.pragma("user_version")))
    finally:
        database.close()


def test_a_database_of_another_program_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    other = apsw.Connection(str(path))
    other.execute("CREATE TABLE theirs (a)")
    other.close()
    for read_only in (False, True):
        with pytest.raises(StoreError, match="another program") as caught:
            SqliteStore.open(path, FLOWS, read_only=read_only)
        assert caught.value.remedy
    other = apsw.Connection(str(path))
    assert set(schema_of(other)) == {"theirs"}
    other.close()


def test_a_migration_that_fails_leaves_the_state_as_it_was(old_state: Path) -> None:
    database = apsw.Connection(str(old_state))
    database.execute("CREATE TABLE linked (in_the_way)")
    with pytest.raises(apsw.SQLError):
        bring_up_to_date(database, "state.db")
    assert database.pragma("user_version") == 1
    assert {"link", "intent"} <= set(schema_of(database))
    assert "old_link" not in schema_of(database)
    database.close()

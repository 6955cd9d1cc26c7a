"""The SQL connector beyond the contract: names, lines, references, refusals, answers that are lost, changes that a table tells."""

import asyncio
import sqlite3
import sys
from collections.abc import Callable, Coroutine
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from rigs import KnownSecrets

from accord.app.machine import RealClock
from accord.cli.manifest import manifest_command
from accord.config.manifest import read_manifest
from accord.config.yamlfile import read_yaml
from accord.connectors.sql import SqlConnector, open_sql
from accord.connectors.sql_extra import require_sql
from accord.errors import ConfigurationError, ListingFailed, StoreBusy, SystemRefused, SystemUnavailable
from accord.model.plans import OperationKind, Outcome, OutcomeKind, Precondition, Write
from accord.model.records import Evidence, Gone, Observation, RecordRef, Seen, Side
from accord.model.sql import SqlSystem

TABLES = """
CREATE TABLE orders (id INTEGER PRIMARY KEY, number TEXT CONSTRAINT one_number UNIQUE, status TEXT NOT NULL DEFAULT 'draft'
    CONSTRAINT known_status CHECK (status IN ('draft', 'won')), ordered DATE, moment TIMESTAMP, version INTEGER DEFAULT 1, ref TEXT);
CREATE TABLE order_lines (order_id INTEGER NOT NULL, line_number INTEGER NOT NULL, text TEXT NOT NULL, amount NUMERIC,
    PRIMARY KEY (order_id, line_number));
CREATE TABLE notes (id INTEGER PRIMARY KEY, order_id INTEGER, text TEXT);
"""

MANIFEST = """manifest: 1
protocol: sql
system: shop
url: ${env:SHOP_DATABASE}
limits: {deadline_seconds: 5}
clock: {zone: Europe/Oslo}
datatypes:
  Order:
    table: orders
    key: [id]
    version: version
    touch: {version: next}
    changes: {kind: table, table: changed_orders}
    reference: Ref
    delete: true
    properties:
      Number: {column: number, personal: true}
      Status: {column: status}
      Ordered: {column: ordered, type: date}
      Moment: {column: moment, type: instant}
      Ref: {column: ref}
    lines:
      Lines:
        table: order_lines
        parent: {order_id: id}
        key: [line_number]
        items:
          LineNumber: {column: line_number, type: integer}
          Text: {column: text}
          Amount: {column: amount, type: decimal}
      Notes: {table: notes, parent: {order_id: id}, key: [id], items: {Text: {column: text}}}
"""

WANTED = frozenset({"Number", "Status", "Ordered", "Moment", "Lines", "Notes"})
LINE = {"LineNumber": 1, "Text": "Årsbok", "Amount": 2}


class Shop:
    """A database in a file, a connector to it, and a loop."""

    def __init__(self, folder: Path, run: Callable[[Coroutine[Any, Any, Any]], Any], manifest: str = MANIFEST) -> None:
        self.run = run
        self.file = folder / "shop.db"
        self.path = folder / "shop.yaml"
        self.path.write_text(manifest, "utf-8")
        self.connector = self.connect(f"sqlite:///{self.file}")

    def connect(self, address: str) -> SqlConnector:
        described = read_manifest(self.path)
        assert isinstance(described, SqlSystem)
        secrets = KnownSecrets(SHOP_DATABASE=address)
        return open_sql(described, Side.LEFT, {"Order": WANTED}, secrets, RealClock(), read_yaml(self.path).problem)

    def sql(self, statement: str, *values: Any) -> list[Any]:
        with closing(sqlite3.connect(self.file)) as connection:
            rows = connection.execute(statement, values).fetchall()
            connection.commit()
            return rows

    def listed(self, cursor: str | None = None) -> tuple[list[Observation], str | None]:
        async def all_pages() -> tuple[list[Observation], str | None]:
            pages = self.connector.list("Order") if cursor is None else self.connector.changes("Order", cursor)
            found = [page async for page in pages]
            return [one for page in found for one in page.observations], found[-1].cursor

        return self.run(all_pages())

    def read(self, id: str) -> Observation:
        (found,) = self.run(self.connector.read("Order", [id]))
        return found

    def write(self, kind: OperationKind, values: dict[str, Any], id: str = "", expected: Seen | None = None, ref: str = "mark") -> Outcome:
        stated = Precondition(expected.version, expected.fingerprint) if expected else None
        write = Write("key", kind, RecordRef(Side.LEFT, "Order", id), values, ref, stated)

        async def one() -> Outcome:
            (outcome,) = [each async for each in self.connector.write("Order", [write])]
            return outcome

        return self.run(one())

    def make(self, **values: Any) -> Seen:
        outcome = self.write(OperationKind.CREATE, values)
        assert outcome.observation is not None, outcome
        return outcome.observation


@pytest.fixture
def shop(tmp_path: Path):
    with closing(sqlite3.connect(tmp_path / "shop.db")) as made:
        made.executescript(TABLES)
    with asyncio.Runner() as runner:
        shop = Shop(tmp_path, runner.run)
        (tmp_path / ".env").write_text(f"SHOP_DATABASE=sqlite:///{shop.file}\n")
        with closing(sqlite3.connect(shop.file)) as owner:
            owner.executescript("\n".join(statements(shop.path)))
        yield shop
        runner.run(shop.connector.close())


def statements(path: Path) -> list[str]:
    from accord.app.databases import trigger_statements

    return trigger_statements(path)


# --- names ---------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "line", "what", "remedy"),
    [
        ("table: orders", "table: order", 9, "order is no table or view", "Did you mean orders?"),
        ("{column: status}", "{column: statsu}", 18, "orders has no column statsu", "Did you mean status?"),
        ("key: [line_number]", "key: [line]", 26, "order_lines has no column line", ""),
        ("key: [id]", 'key: ["id; DROP TABLE orders"]', 10, "orders has no column id; DROP TABLE orders", ""),
    ],
)
def test_a_name_that_is_not_in_the_catalogue_is_refused_at_its_line(
    shop: Shop, tmp_path: Path, old: str, new: str, line: int, what: str, remedy: str
) -> None:
    text = MANIFEST.replace(old, new, 1).replace("{order_id: id}", f"{{order_id: {new[6:-1]}}}" if "DROP" in new else "{order_id: id}")
    other = Shop(tmp_path, shop.run, text)
    with pytest.raises(ConfigurationError) as caught:
        other.listed()
    problem = caught.value.problems[0]
    assert (Path(problem.file).name, problem.line) == ("shop.yaml", line)
    assert what in problem.what
    assert remedy in problem.remedy
    other.run(other.connector.close())


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ("${env:SHOP_DATABASE}", "postgresql://u:hunter2@h/d", "stands here literally"),
        ("key: [id]", "key: []", "a record needs a key"),
        ("reference: Ref", "reference: Reff", "reference Reff is no property"),
        (", table: changed_orders", "", "changes by table need table"),
        ("{order_id: id}", "{order_id: number}", "parent does not name the key"),
        ("Europe/Oslo", "Europe/Osl", "unknown zone"),
        ("key: [line_number]", "key: []", "lines need a key"),
        ("protocol: sql", "protocol: sqll", "protocol"),
    ],
)
def test_what_cannot_hold_is_refused_when_the_file_is_read(tmp_path: Path, old: str, new: str, what: str) -> None:
    (tmp_path / "shop.yaml").write_text(MANIFEST.replace(old, new, 1), "utf-8")
    with pytest.raises(ConfigurationError) as caught:
        read_manifest(tmp_path / "shop.yaml")
    said = " ".join(f"{each} {each.remedy}" for each in caught.value.problems)
    assert what in said
    assert "hunter2" not in said


# --- lines ---------------------------------------------------------------------------------------------------------------------------


def test_lines_are_read_and_written_with_their_record(shop: Shop) -> None:
    made = shop.make(Number="1", Lines=[LINE, {**LINE, "LineNumber": 2}], Notes=[{"Text": "b"}, {"Text": "a"}])
    assert [each["LineNumber"] for each in made.values["Lines"]] == [1, 2]
    kept = [{**LINE, "Text": "Other"}, {**LINE, "LineNumber": 3}]
    done = shop.write(OperationKind.UPDATE, {"Lines": kept, "Notes": [{"Text": "a"}, {"Text": "c"}]}, made.ref.id, made)
    assert done.kind is OutcomeKind.DONE
    assert shop.sql("SELECT line_number, text FROM order_lines ORDER BY 1") == [(1, "Other"), (3, "Årsbok")]
    assert shop.sql("SELECT id, text FROM notes ORDER BY 1") == [(2, "a"), (3, "c")]  # the note that stayed is the same row
    assert shop.write(OperationKind.DELETE, {}, made.ref.id).kind is OutcomeKind.DONE
    assert shop.sql("SELECT count(*) FROM order_lines") == shop.sql("SELECT count(*) FROM notes") == [(0,)]


def test_P19_a_refused_line_undoes_the_record_as_well(shop: Shop) -> None:
    refused = shop.write(OperationKind.CREATE, {"Number": "1", "Lines": [LINE, {"LineNumber": 2}]})
    assert refused.kind is OutcomeKind.REFUSED
    assert shop.sql("SELECT count(*) FROM orders") == [(0,)]


def test_P5_a_line_that_somebody_edits_moves_the_version_of_its_record(shop: Shop) -> None:
    made = shop.make(Number="1", Lines=[LINE])
    shop.sql("UPDATE order_lines SET text = 'theirs'")
    assert shop.read(made.ref.id).version != made.version
    moved = shop.write(OperationKind.UPDATE, {"Number": "2"}, made.ref.id, made)
    assert moved.kind is OutcomeKind.MOVED
    assert shop.sql("SELECT number FROM orders") == [("1",)]


# --- refusals ------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "name"), [({"Number": "taken"}, "Number"), ({"Number": "2", "Status": "lost"}, "Status"), ({"Status": None}, "Status")]
)
def test_P19_a_refusal_names_the_property_and_repeats_no_value(shop: Shop, values: dict[str, Any], name: str) -> None:
    shop.make(Number="taken")
    refused = shop.write(OperationKind.CREATE, values)
    assert (refused.kind, refused.property) == (OutcomeKind.REFUSED, name)
    assert "taken" not in refused.message


def test_a_database_that_is_not_there_is_unavailable(shop: Shop, tmp_path: Path) -> None:
    shop.run(shop.connector.close())
    shop.connector = shop.connect("sqlite:///nowhere.db")
    with pytest.raises(SystemUnavailable):
        shop.listed()
    assert not list(tmp_path.rglob("nowhere.db"))  # nor is one made


def test_a_file_without_a_folder_is_looked_for_beside_the_manifest(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    shop.make(Number="1")
    monkeypatch.chdir("/")
    shop.run(shop.connector.close())
    shop.connector = shop.connect("sqlite:///shop.db")
    assert len(shop.listed()[0]) == 1


def test_without_the_extra_it_is_said_what_to_install(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sqlalchemy", None)
    with pytest.raises(ConfigurationError) as caught:
        require_sql()
    assert "accord[sql]" in caught.value.remedy


def test_nobody_listening_is_unavailable_and_the_password_stays_unsaid(shop: Shop) -> None:
    shop.run(shop.connector.close())
    shop.connector = shop.connect("postgresql://user:hunter2@127.0.0.1:1/shop")
    with pytest.raises((SystemUnavailable, SystemRefused)) as caught:
        shop.listed()
    assert "hunter2" not in caught.value.message


def test_an_address_that_is_none_is_a_configuration_error_that_does_not_repeat_it(shop: Shop) -> None:
    for address in ("hunter2", "nosuch://hunter2@host/db", "oracle://hunter2@host/db"):
        with pytest.raises(ConfigurationError) as caught:
            shop.connect(address)
        assert "hunter2" not in str(caught.value)


def test_P7_a_create_whose_answer_is_lost_is_unknown_and_found_by_its_reference(shop: Shop) -> None:
    shop.listed()

    def lose(connection: sa.Connection) -> None:
        connection.connection.driver_connection.commit()
        raise sa.exc.OperationalError("COMMIT", {}, sqlite3.OperationalError("the line went dead"))

    engine = shop.connector._database.engine
    sa.event.listen(engine, "commit", lose)
    outcome = shop.write(OperationKind.CREATE, {"Number": "1"}, ref="left:Thing:1")
    sa.event.remove(engine, "commit", lose)
    assert outcome.kind is OutcomeKind.UNKNOWN
    write = Write("key", OperationKind.CREATE, RecordRef(Side.LEFT, "Order", ""), {}, "left:Thing:1")
    (found,) = shop.run(shop.connector.find("Order", [write]))
    assert found.certain
    assert [each.values["Number"] for each in found.records] == ["1"]


def test_a_lock_of_somebody_else_is_waited_for_beside_the_loop(shop: Shop) -> None:
    made = shop.make(Number="1")
    write = Write("key", OperationKind.UPDATE, made.ref, {"Number": "2"}, "", Precondition(made.version, made.fingerprint))

    async def meanwhile(other: sqlite3.Connection) -> Outcome:
        async def one() -> Outcome:
            (outcome,) = [each async for each in shop.connector.write("Order", [write])]
            return outcome

        task = asyncio.create_task(one())
        for _ in range(100):
            await asyncio.sleep(0)
        other.rollback()
        return await task

    with closing(sqlite3.connect(shop.file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert shop.run(meanwhile(other)).kind is OutcomeKind.DONE


# --- times and changes ---------------------------------------------------------------------------------------------------------------


def test_times_without_a_zone_are_of_the_zone_that_the_manifest_says(shop: Shop) -> None:
    made = shop.make(Number="1", Ordered="2026-03-01", Moment="2026-07-01T10:00:00Z")
    assert shop.sql("SELECT ordered, moment FROM orders") == [("2026-03-01", "2026-07-01 12:00:00.000000")]
    assert (made.values["Ordered"], made.values["Moment"]) == ("2026-03-01", "2026-07-01T10:00:00Z")


def test_P9_P18_a_change_table_tells_edits_lines_and_deletions(shop: Shop) -> None:
    edited, lined, deleted, still = (shop.make(Number=str(number), Lines=[LINE]).ref.id for number in range(4))
    _, start = shop.listed()
    assert start is not None
    _, start = shop.listed(start)
    assert start is not None
    shop.sql("UPDATE orders SET status = 'won' WHERE id = ?", int(edited))
    shop.sql("DELETE FROM order_lines WHERE order_id = ?", int(lined))
    shop.sql("DELETE FROM orders WHERE id = ?", int(deleted))
    changed, following = shop.listed(start)
    told = {one.ref.id: one for one in changed}
    assert {edited, lined, deleted} <= told.keys()
    assert told[deleted] == Gone(RecordRef(Side.LEFT, "Order", deleted), Evidence.TOMBSTONE)
    assert isinstance(told[lined], Seen)
    assert told[lined].values["Lines"] == []
    assert following is not None
    shop.sql("UPDATE orders SET status = 'won' WHERE id = ?", int(still))
    assert {one.ref.id for one in shop.listed(following)[0]} >= {still}


@pytest.mark.parametrize("cursor", ["", "table:", "table:x", "modified:2026-01-01T00:00:00Z", "version:1"])
def test_a_cursor_of_something_else_is_a_failed_listing(shop: Shop, cursor: str) -> None:
    with pytest.raises(ListingFailed):
        shop.listed(cursor)


def test_the_draft_of_these_tables_is_a_manifest_that_reads_them(shop: Shop, tmp_path: Path) -> None:
    from click.testing import CliRunner

    made = shop.make(Number="1", Lines=[LINE])
    words = ["new", "--sql", f"sqlite:///{shop.file}", "-o", str(tmp_path / "draft.yaml"), "--name", "shop"]
    said = CliRunner().invoke(manifest_command, words)
    assert said.exit_code == 0, said.output
    drafted = read_manifest(tmp_path / "draft.yaml")
    assert isinstance(drafted, SqlSystem)
    order = drafted.sql.datatypes["Order"]
    assert order.lines["order_lines"].parent == {"order_id": "id"} if order.lines else "OrderLine" in drafted.sql.datatypes
    assert order.changes is not None and order.changes.table == "changed_orders"
    other = open_sql(
        drafted, Side.LEFT, {"Order": frozenset({"number"})}, KnownSecrets(SHOP_DATABASE=f"sqlite:///{shop.file}"), RealClock()
    )
    (read,) = shop.run(other.read("Order", [made.ref.id]))
    shop.run(other.close())
    assert isinstance(read, Seen)
    assert read.values == {"number": "1"}


def test_P21_nothing_is_written_by_an_engine_that_does_not_hold_its_state(shop: Shop) -> None:
    async def overtaken() -> None:
        raise StoreBusy("another engine holds this state")

    described = read_manifest(shop.path)
    assert isinstance(described, SqlSystem)
    shop.run(shop.connector.close())
    secrets = KnownSecrets(SHOP_DATABASE=f"sqlite:///{shop.file}")
    shop.connector = open_sql(described, Side.LEFT, {"Order": WANTED}, secrets, RealClock(), None, overtaken)
    with pytest.raises(StoreBusy):
        shop.make(Number="1")
    assert shop.sql("SELECT count(*) FROM orders") == [(0,)]


def test_a_batch_at_once_makes_each_record_once(shop: Shop) -> None:
    writes = [Write(str(n), OperationKind.CREATE, RecordRef(Side.LEFT, "Order", ""), {"Number": str(n)}, str(n)) for n in range(50)]

    async def all_of_them() -> list[Outcome]:
        return [each async for each in shop.connector.write("Order", writes)]

    outcomes = shop.run(all_of_them())
    assert sorted(each.key for each in outcomes) == sorted(each.key for each in writes)
    assert {each.kind for each in outcomes} == {OutcomeKind.DONE}
    assert shop.sql("SELECT count(*), count(DISTINCT ref) FROM orders") == [(50, 50)]

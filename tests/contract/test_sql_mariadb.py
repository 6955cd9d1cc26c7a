"""The SQL connector keeps the contract on a real MariaDB, in every way in which a table can tell its changes."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import pytest
from mariadb_server import connect, mariadb
from sql_case import VARIANTS, Secret, SqlWorld, connector, mariadb_world, subject_of, system_of

from accord.app.databases import trigger_statements
from accord.app.machine import RealClock
from accord.config.manifest import read_manifest
from accord.connectors.sql import SqlConnector, open_sql
from accord.errors import UsageError
from accord.model.plans import OperationKind, Outcome, OutcomeKind, Precondition, Write
from accord.model.records import Evidence, Gone, Observation, RecordRef, Seen, Side
from accord.model.sql import SqlSystem
from accord.testing.connector_contract import Connect, ConnectorContract, Subject

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with mariadb() as running:
        yield running.address


class TestMariadbKeepsTheContract(ConnectorContract):
    @pytest.fixture(params=VARIANTS)
    def variant(self, request: pytest.FixtureRequest) -> str:
        return request.param

    @pytest.fixture
    def subject(self, variant: str) -> Subject:
        return subject_of(variant)

    @pytest.fixture
    def world(self, server: str, variant: str) -> SqlWorld:
        return mariadb_world(server, variant)

    @pytest.fixture
    def connect(self, world: SqlWorld, server: str, variant: str, tmp_path: Path) -> Connect:
        described = system_of(variant, tmp_path)
        return lambda size: connector(described, server, size)


# --- what MySQL and MariaDB do otherwise ------------------------------------------------------------------------------------------


Runner = Callable[[Coroutine[Any, Any, Any]], Any]
HEAD = "manifest: 1\nprotocol: sql\nsystem: shop\nurl: ${env:SHOP_DATABASE}\nlimits: {page: 2, deadline_seconds: 2}\n"


class Shop:
    """Tables of our own, the owner's statements, and a connector to them."""

    def __init__(self, server: str, folder: Path, run: Runner, statements: str, manifest: str) -> None:
        self.server, self.folder, self.run = server, folder, run
        self.sql("DROP DATABASE shop; CREATE DATABASE shop COLLATE utf8mb4_general_ci; USE shop;" + statements)
        (folder / "shop.yaml").write_text(HEAD + manifest, "utf-8")
        (folder / ".env").write_text(f"SHOP_DATABASE={server}\n")
        described = read_manifest(folder / "shop.yaml")
        assert isinstance(described, SqlSystem)
        self.described = described
        self.wanted = {name: frozenset(each.properties) for name, each in described.datatypes.items()}
        self.connector = self.connect()

    def connect(self, address: str | None = None) -> SqlConnector:
        return open_sql(self.described, Side.LEFT, self.wanted, Secret(address or self.server), RealClock())

    def sql(self, statements: str) -> list[Any]:
        """What the last one answers."""
        rows: list[Any] = []
        with connect(self.server) as owner, owner.cursor() as cursor:
            for statement in filter(None, map(str.strip, statements.split(";"))):
                cursor.execute(statement)
                rows = list(cursor.fetchall())
        return rows

    def note(self) -> None:
        self.sql("\n".join(trigger_statements(self.folder / "shop.yaml")))

    def listed(self, cursor: str | None = None) -> tuple[dict[str, Observation], str]:
        async def all_pages() -> tuple[dict[str, Observation], str]:
            pages = self.connector.list("Thing") if cursor is None else self.connector.changes("Thing", cursor)
            found = [page async for page in pages]
            return {one.ref.id: one for page in found for one in page.observations}, found[-1].cursor or ""

        return self.run(all_pages())

    def write(self, kind: OperationKind, values: dict[str, Any], id: str = "", mark: str = "mark", state: Seen | None = None) -> Outcome:
        expected = Precondition(state.version, state.fingerprint) if state else None
        write = Write("key", kind, RecordRef(Side.LEFT, "Thing", id), values, mark, expected, mark)

        async def one() -> Outcome:
            (outcome,) = [each async for each in self.connector.write("Thing", [write])]
            return outcome

        return self.run(one())

    def find(self, mark: str) -> list[str]:
        write = Write("key", OperationKind.CREATE, RecordRef(Side.LEFT, "Thing", ""), {}, mark, None, mark)
        (found,) = self.run(self.connector.find("Thing", [write]))
        return [each.ref.id for each in found.records]


Make = Callable[[str, str], Shop]
TEXT_KEYS = """
CREATE TABLE things (id VARCHAR(20) PRIMARY KEY DEFAULT (uuid_short()), name VARCHAR(10) NOT NULL, mark VARCHAR(200), owner VARCHAR(20));
CREATE TABLE thing_lines (thing_id VARCHAR(20) NOT NULL, `no.%` INT NOT NULL, `key` TEXT, PRIMARY KEY (thing_id, `no.%`),
    FOREIGN KEY (thing_id) REFERENCES things (id) ON DELETE CASCADE);
"""
TEXT_KEYED = """datatypes:
  Thing:
    table: things
    key: [id]
    changes: {kind: table, table: changed_things}
    reference: Mark
    delete: true
    properties: {Name: {column: name}, Mark: {column: mark}}
    lines:
      Lines:
        table: thing_lines
        parent: {thing_id: id}
        key: ["no.%"]
        items: {No: {column: "no.%", type: integer}, Key: {column: key}}
"""


@pytest.fixture
def make(server: str, tmp_path: Path) -> Iterator[Make]:
    made: list[Shop] = []
    with asyncio.Runner() as runner:

        def make(statements: str, manifest: str) -> Shop:
            made.append(Shop(server, tmp_path, runner.run, statements, manifest))
            return made[-1]

        yield make
        for shop in made:
            runner.run(shop.connector.close())


@pytest.fixture
def keyed(make: Make) -> Shop:
    shop = make(TEXT_KEYS, TEXT_KEYED.replace("changes: {kind: table, table: changed_things}", "# no changes"))
    (shop.folder / "shop.yaml").write_text(HEAD + TEXT_KEYED, "utf-8")
    shop.note()
    shop.note()  # twice does no harm
    described = read_manifest(shop.folder / "shop.yaml")
    assert isinstance(described, SqlSystem)
    shop.described = described
    shop.run(shop.connector.close())
    shop.connector = shop.connect()
    return shop


def test_a_key_of_other_case_is_another_record(keyed: Shop) -> None:
    keyed.sql("INSERT INTO things (id, name) VALUES ('aB', 'one'); INSERT INTO thing_lines VALUES ('Ab', 1, 'x')")
    listed, _ = keyed.listed()
    assert isinstance(seen := listed["aB"], Seen)
    assert seen.values["Lines"] == [{"No": 1, "Key": "x"}]  # although the foreign key is spelled otherwise
    (other,) = keyed.run(keyed.connector.read("Thing", ["AB"]))
    assert isinstance(other, Gone)
    assert keyed.write(OperationKind.UPDATE, {"Name": "two"}, "AB").kind is OutcomeKind.GONE
    assert keyed.sql("SELECT name FROM things") == [("one",)]


def test_P7_a_reference_of_other_case_is_not_ours(keyed: Shop) -> None:
    made = keyed.write(OperationKind.CREATE, {"Name": "one"}, mark="left:Thing:aB")
    assert made.observation is not None
    assert keyed.find("left:Thing:aB") == [made.observation.ref.id]
    assert keyed.find("left:Thing:Ab") == []


def test_a_record_whose_key_changes_case_is_told_as_gone_and_come(keyed: Shop) -> None:
    keyed.sql("INSERT INTO things (id, name) VALUES ('aB', 'one')")
    _, cursor = keyed.listed()
    keyed.sql("UPDATE things SET id = 'Ab'")
    told, _ = keyed.listed(cursor)
    assert told["aB"] == Gone(RecordRef(Side.LEFT, "Thing", "aB"), Evidence.TOMBSTONE)
    assert isinstance(told["Ab"], Seen)


def test_P9_a_change_table_tells_edits_lines_and_deletions_and_then_nothing(keyed: Shop) -> None:
    keyed.sql(
        "INSERT INTO things (id, name) VALUES ('1', 'one'), ('2', 'two'), ('3', 'three'); INSERT INTO thing_lines VALUES ('2', 1, 'x')"
    )
    _, cursor = keyed.listed()
    keyed.sql("UPDATE things SET name = 'edited' WHERE id = '1'; DELETE FROM thing_lines; DELETE FROM things WHERE id = '3'")
    told, cursor = keyed.listed(cursor)
    assert {id: isinstance(each, Seen) for id, each in told.items()} == {"1": True, "2": True, "3": False}
    assert keyed.listed(cursor)[0] == {}


def test_P18_what_began_before_the_look_and_is_committed_after_it_is_seen(keyed: Shop, server: str) -> None:
    _, cursor = keyed.listed()
    with connect(server, autocommit=False) as slow, slow.cursor() as typing:
        typing.execute("INSERT INTO things (id, name) VALUES ('slow', 'slow')")
        keyed.sql("INSERT INTO things (id, name) VALUES ('quick', 'quick')")
        first, cursor = keyed.listed(cursor)
        assert set(first) == {"quick"}
        slow.commit()
    both, cursor = keyed.listed(cursor)
    assert set(both) == {"slow", "quick"}  # the late one, and what is read again with it
    assert keyed.listed(cursor)[0] == {}


def test_P18_a_number_without_a_row_is_waited_for_and_then_given_up(keyed: Shop) -> None:
    keyed.sql("INSERT INTO things (id, name) VALUES ('1', 'one'); DELETE FROM changed_things")
    keyed.sql("INSERT INTO changed_things (changed_in, noted, id) VALUES (10, NOW(6), '1'), (12, NOW(6), '1')")
    assert keyed.listed()[1] == "table:1"  # nothing below ten has come yet
    keyed.sql("UPDATE changed_things SET noted = NOW(6) - INTERVAL 61 SECOND WHERE changed_in = 10")
    assert keyed.listed()[1] == "table:11"
    keyed.sql("UPDATE changed_things SET noted = NOW(6) - INTERVAL 61 SECOND")
    assert keyed.listed()[1] == "table:13"


@pytest.mark.parametrize("foreign", ["ON DELETE CASCADE", "ON DELETE SET NULL", "ON UPDATE CASCADE"])
def test_tables_that_change_without_a_trigger_are_declined(make: Make, foreign: str) -> None:
    tables = f"CREATE TABLE owners (id INT PRIMARY KEY); CREATE TABLE things (id INT PRIMARY KEY, owner INT, FOREIGN KEY (owner) REFERENCES owners (id) {foreign})"
    manifest = (
        "datatypes: {Thing: {table: things, key: [id], changes: {kind: table, table: changed}, properties: {owner: {type: integer}}}}"
    )
    shop = make(tables, manifest)
    with pytest.raises(UsageError, match="things is changed together with owners"):
        shop.note()


@pytest.mark.parametrize(
    ("values", "name", "kind"),
    [
        ({"Name": "a name that is too long"}, "Name", "REFUSED"),
        ({"Name": None}, "Name", "REFUSED"),
        ({"Name": "a", "Mark": "taken"}, "Mark", "REFUSED"),
        ({"Name": "a", "Count": 40_000}, "Count", "REFUSED"),
        ({"Name": "a", "Count": -5}, "Count", "REFUSED"),
        ({"Name": "a", "Day": "2026-02-31"}, "Day", "REFUSED"),
        ({"Name": "a", "Latin": "\U0001f600"}, "Latin", "REFUSED"),
        ({"Name": "a", "Kind": "secret"}, "Kind", "REFUSED"),
        ({"Mark": "free"}, "Name", "REFUSED"),
        ({"Name": "a", "Owner": 7}, "Owner", "REFUSED"),
    ],
)
def test_P19_nothing_is_cut_and_a_refusal_names_the_property_and_repeats_no_value(
    make: Make, values: dict[str, Any], name: str | None, kind: str
) -> None:
    shop = make(STRICT, STRICTLY)
    shop.sql("SET GLOBAL sql_mode = ''")
    try:
        assert shop.write(OperationKind.CREATE, {"Name": "first"}, mark="taken").kind is OutcomeKind.DONE
        outcome = shop.write(OperationKind.CREATE, values, mark="" if "Mark" in values else "other")
    finally:
        shop.sql("SET GLOBAL sql_mode = DEFAULT")
    assert (outcome.kind.name, outcome.property) == (kind, name), outcome
    assert not {str(value) for value in values.values() if value != "a"} & set(outcome.message.replace("'", " ").split()), outcome.message
    assert shop.sql("SELECT count(*) FROM things") == [(1,)]


STRICT = """
CREATE TABLE owners (id INT PRIMARY KEY);
CREATE TABLE things (id INT AUTO_INCREMENT PRIMARY KEY, name VARCHAR(10) NOT NULL, mark VARCHAR(200) UNIQUE, count SMALLINT, day DATE,
    latin VARCHAR(20) CHARACTER SET latin1, kind ENUM('a', 'b'), owner INT, CONSTRAINT positive CHECK (count > 0),
    CONSTRAINT owned FOREIGN KEY (owner) REFERENCES owners (id))
"""
STRICTLY = """datatypes:
  Thing:
    table: things
    key: [id]
    reference: Mark
    properties: {Name: {column: name}, Mark: {column: mark}, Count: {column: count, type: integer}, Day: {column: day, type: date},
      Latin: {column: latin}, Kind: {column: kind}, Owner: {column: owner, type: integer}}
"""

"""What MySQL and MariaDB do otherwise than others, on a real server: texts without case, values that are cut, late commits, times."""

import asyncio
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from mariadb_server import connect, mariadb
from mariadb_shop import HEAD, Shop

from accord.cli.advice import ended
from accord.cli.main import accord
from accord.config.manifest import read_manifest
from accord.errors import ConfigurationError, SystemRefused, SystemUnavailable, UsageError
from accord.model.plans import OperationKind, OutcomeKind
from accord.model.records import Evidence, Gone, RecordRef, Seen, Side
from accord.model.sql import SqlSystem

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with mariadb() as running:
        yield running.address


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
    owner = f"owner INT, FOREIGN KEY (owner) REFERENCES owners (id) {foreign}"
    tables = f"CREATE TABLE owners (id INT PRIMARY KEY); CREATE TABLE things (id INT PRIMARY KEY, {owner})"
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


TYPED = """
CREATE TABLE things (id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY, tags SET('red', 'blue'), opens TIME(3), flag BIT(1), yes BOOLEAN,
    founded YEAR, rate DOUBLE, share FLOAT, stamp TIMESTAMP(6) NULL, local DATETIME(6), plain TEXT);
CREATE TABLE loose (id INT AUTO_INCREMENT PRIMARY KEY, name TEXT) ENGINE = MyISAM
"""
TYPES = """datatypes:
  Thing:
    table: things
    key: [id]
    modified: local
    changes: {kind: modified}
    properties: {tags: {}, opens: {}, flag: {type: boolean}, yes: {type: boolean}, founded: {type: integer}, rate: {type: decimal},
      share: {type: decimal}, stamp: {type: instant}, local: {type: instant}, plain: {}}
"""
VALUES = {
    "tags": "red,blue",
    "opens": "09:05:07.25",
    "flag": True,
    "yes": False,
    "founded": 1987,
    "rate": Decimal("0.123456789012345"),
    "share": Decimal("0.1"),
    "stamp": "2026-07-01T10:00:00.123Z",
    "local": "2026-07-01T10:00:00.123Z",
    "plain": "\U0001f600 Åge",
}


def test_types_of_theirs_come_back_as_they_were_written(make: Make) -> None:
    shop = make(TYPED, TYPES)
    shop.sql("ALTER TABLE things AUTO_INCREMENT = 18000000000000000000")
    made = shop.write(OperationKind.CREATE, VALUES)
    assert made.observation is not None, made
    assert made.observation.values == VALUES
    id = made.observation.ref.id
    assert shop.listed()[0][id] == made.observation
    changed = shop.write(OperationKind.UPDATE, {"plain": "other"}, id, state=made.observation)
    assert changed.kind is OutcomeKind.DONE, changed  # stating all that was read again, a rounded number too
    moved = shop.write(OperationKind.UPDATE, {"plain": "third"}, id, state=made.observation)
    assert moved.kind is OutcomeKind.MOVED


KOLKATA = """
USE mysql;
INSERT INTO time_zone VALUES (7, 'N');
INSERT INTO time_zone_name VALUES ('Asia/Kolkata', 7);
INSERT INTO time_zone_transition_type VALUES (7, 0, 19800, 0, 'IST')
"""


def test_times_are_of_the_zone_that_the_manifest_says_or_the_server_is_told_to_learn_it(make: Make, server: str) -> None:
    shop = make(TYPED, "clock: {zone: Asia/Kolkata}\n" + TYPES)
    with pytest.raises(SystemRefused) as caught:
        shop.listed()
    assert "mariadb-tzinfo-to-sql" in caught.value.remedy
    shop.sql(KOLKATA)
    made = shop.write(OperationKind.CREATE, VALUES)
    assert made.observation is not None, made
    assert {name: made.observation.values[name] for name in ("stamp", "local")} == {name: VALUES[name] for name in ("stamp", "local")}
    shop.sql("SET GLOBAL time_zone = '+00:00'")
    assert [str(each)[:19] for each in shop.sql("SELECT stamp, local FROM things")[0]] == ["2026-07-01 10:00:00", "2026-07-01 15:30:00"]
    shop.sql("INSERT INTO things (local) VALUES (NOW(6) + INTERVAL 331 MINUTE)")
    _, cursor = shop.listed()
    assert len(shop.listed(cursor)[0]) == 1


def test_whole_seconds_of_a_change_are_not_missed(make: Make) -> None:
    tables = "CREATE TABLE things (id INT AUTO_INCREMENT PRIMARY KEY, changed DATETIME)"
    changes = "modified: changed, changes: {kind: modified, overlap_seconds: 0.001}"
    shop = make(tables, f"datatypes: {{Thing: {{table: things, key: [id], {changes}, properties: {{changed: {{type: instant}}}}}}}}")
    _, cursor = shop.listed()
    shop.sql("SET time_zone = '+00:00'; INSERT INTO things (changed) VALUES (NOW())")
    assert len(shop.listed(cursor)[0]) == 1


def test_P19_a_table_that_cannot_take_a_write_back_is_only_read(make: Make) -> None:
    loose = "datatypes: {Thing: {table: loose, key: [id], properties: {name: {}}}}"
    with pytest.raises(ConfigurationError) as caught:
        make(TYPED, loose).listed()
    problem = caught.value.problems[0]
    assert (problem.line, "kept by MyISAM" in problem.what) == (6, True)
    shop = make(TYPED, loose.replace("key:", "create: false, update: false, key:"))
    shop.sql("INSERT INTO loose (name) VALUES ('a')")
    assert list(shop.listed()[0]) == ["1"]


def test_P7_a_database_that_returns_nothing_of_a_new_row_is_asked_by_the_reference(keyed: Shop) -> None:
    """As MySQL, which gives a key back only where it is a number that it counts up."""
    keyed.listed()
    keyed.connector._database.engine.dialect.insert_returning = False
    made = keyed.write(OperationKind.CREATE, {"Name": "one", "Lines": [{"No": 1, "Key": "x"}]}, mark="left:Thing:1")
    assert made.kind is OutcomeKind.DONE, made
    assert made.observation is not None and made.observation.values["Lines"] == [{"No": 1, "Key": "x"}]
    refused = keyed.write(OperationKind.CREATE, {"Name": "two"}, mark="")
    assert (refused.kind, "by a reference" in refused.message) == (OutcomeKind.REFUSED, True)
    assert keyed.sql("SELECT name FROM things") == [("one",)]


@pytest.mark.parametrize(("whole", "kind", "fatal"), [("SELECT", OutcomeKind.FAILED, True), ("SELECT, INSERT", OutcomeKind.DONE, False)])
def test_a_user_who_may_only_read_is_refused_as_a_whole(keyed: Shop, whole: str, kind: OutcomeKind, fatal: bool) -> None:
    keyed.sql("DROP USER IF EXISTS reader@localhost; CREATE USER reader@localhost IDENTIFIED BY 'hunter2'")
    keyed.sql(f"GRANT {whole} ON shop.* TO reader@localhost")
    keyed.run(keyed.connector.close())
    keyed.connector = keyed.connect(keyed.server.replace("root@", "reader:hunter2@"))
    assert keyed.listed()[0] == {}
    outcome = keyed.write(OperationKind.CREATE, {"Name": "a"})
    assert (outcome.kind, outcome.fatal) == (kind, fatal), outcome


def test_a_password_that_is_wrong_is_a_refusal_and_stays_unsaid(keyed: Shop) -> None:
    keyed.run(keyed.connector.close())
    for address in (keyed.server.replace("root@", "nobody:hunter2@"), keyed.server.replace("/shop?", "/hunter2?")):
        keyed.connector = keyed.connect(address)
        with pytest.raises(SystemRefused) as caught:
            keyed.listed()
        assert "hunter2" not in caught.value.message or "/hunter2?" in address
        keyed.run(keyed.connector.close())
    keyed.connector = keyed.connect("mysql://nobody:hunter2@127.0.0.1:1/shop")
    with pytest.raises(SystemUnavailable):
        keyed.listed()


def test_a_lock_of_somebody_else_is_waited_for_no_longer_than_the_deadline_and_nothing_is_written(keyed: Shop, server: str) -> None:
    keyed.sql("INSERT INTO things (id, name) VALUES ('1', 'one')")
    with connect(server, autocommit=False) as other, other.cursor() as cursor:
        cursor.execute("UPDATE things SET name = 'theirs'")
        outcome = keyed.write(OperationKind.UPDATE, {"Name": "ours"}, "1")
        assert (outcome.kind, outcome.fatal) == (OutcomeKind.FAILED, False)
        assert len(keyed.listed()[0]) == 1  # reading waits for nobody
        other.commit()
    assert keyed.sql("SELECT name FROM things") == [("theirs",)]


def test_the_draft_of_these_tables_is_a_manifest_that_passes_probe(make: Make, capsys: pytest.CaptureFixture[str]) -> None:
    people = "id INT AUTO_INCREMENT PRIMARY KEY, name VARCHAR(80), member BOOLEAN, changed_at DATETIME, deleted BOOLEAN"
    tables = f"{TEXT_KEYS}; CREATE TABLE people ({people})"
    shop = make(tables, TEXT_KEYED.replace("changes:", "# changes:"))
    shop.sql(
        "INSERT INTO people (name, member, changed_at, deleted) VALUES ('Åge', TRUE, NOW(), FALSE); INSERT INTO things (name) VALUES ('a')"
    )
    draft = shop.folder / "draft.yaml"
    assert command("new", "--sql", "${env:SHOP_DATABASE}", "--name", "shop", "-o", str(draft)) == 0
    described = read_manifest(draft)
    assert isinstance(described, SqlSystem)
    person = described.sql.datatypes["Person"]
    assert (person.properties["member"].type, person.soft_delete and person.soft_delete.kind) == ("boolean", "flag")
    assert (described.clock.granularity_seconds, described.sql.datatypes["Thing"].lines["thing_lines"].key) == (1, ("no.%",))
    capsys.readouterr()
    assert command("probe", str(draft)) == 0, capsys.readouterr().out


def command(*words: str) -> int:
    return ended(lambda: accord.main(["manifest", *words], "accord", standalone_mode=False), json_wanted=False)

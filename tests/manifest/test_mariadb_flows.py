"""People kept in step between tables of MariaDB and Membercare: drafted triggers, edits on both sides, a deletion, then silence."""

import asyncio
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from inprocess import Hosted
from rigs import PassingClock

from accord import app
from accord.app.databases import trigger_statements
from accord.config.starter import write_starter
from accord.model.runs import Run
from accord.sandbox.people import MembercareUser, calls, reset_calls
from accord.sandbox.process import Running, start

sys.path.insert(0, str(Path(__file__).parent / "tables"))
sys.path.insert(0, str(Path(__file__).parent.parent / "contract"))

from crm import MANIFEST
from mariadb_server import connect, mariadb

pytestmark = pytest.mark.slow

SIZE, SEED = 200, 1
CONTACTS = """CREATE TABLE contacts (
    id VARCHAR(40) PRIMARY KEY DEFAULT (CONCAT('CO-', UUID())), version BIGINT NOT NULL DEFAULT 1,
    updated_at DATETIME(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6) ON UPDATE CURRENT_TIMESTAMP(6), external_id VARCHAR(200) UNIQUE,
    first_name VARCHAR(100), last_name VARCHAR(100), email VARCHAR(200), phone TEXT, mobile TEXT, street_address_1 TEXT, zip_code TEXT,
    city TEXT, country TEXT, birth_date DATE, gender ENUM('male', 'female', 'other', 'unknown'), allow_sms BOOLEAN, allow_email BOOLEAN)"""
VERSIONED = "CREATE TRIGGER versioned BEFORE UPDATE ON contacts FOR EACH ROW SET NEW.version = OLD.version + 1"


class People:
    """Users of the table, by statements."""

    def __init__(self, address: str) -> None:
        self.address = address

    def sql(self, statement: str, values: Any = ()) -> list[Any]:
        with connect(self.address) as connection, connection.cursor() as cursor:
            cursor.execute(statement, values or None)
            return list(cursor.fetchall())

    def fill(self, columns: dict[str, str]) -> None:
        sandbox, cursor = Hosted("customcrm", PassingClock(), size=SIZE), ""
        while cursor is not None:
            said = f"&cursor={cursor}" if cursor else ""
            page = sandbox.ask("GET", f"/api/contacts?limit=500{said}", authorization="Bearer key")
            for record in page["items"]:
                values = {"id": record["Id"]} | {column: record[name] for name, column in columns.items() if name in record}
                marks = ", ".join(["%s"] * len(values))
                self.sql(f"INSERT INTO contacts ({', '.join(values)}) VALUES ({marks})", list(values.values()))
            cursor = page["next_cursor"]


@pytest.fixture(scope="module")
def systems() -> Iterator[tuple[People, Running]]:
    with mariadb() as server, start("membercare", SIZE, SEED) as right:
        people = People(server.address)
        people.sql(CONTACTS)
        people.sql(VERSIONED)
        yield people, right


def described(target: Path, left: People, right: Running) -> app.Setup:
    """The files of the demo, with the manifest of the tables that PostgreSQL is described by, and of its flows the first."""
    write_starter(target, demo=True)
    whole = MANIFEST.read_text("utf-8")
    (target / "tables.yaml").write_text(whole[: whole.index("\n  Customer:")] + "\n", "utf-8")
    dataflow = (target / "dataflow.yaml").read_text("utf-8").replace("{system: customcrm, manifest: customcrm.yaml}", "TABLES")
    dataflow = dataflow[: dataflow.index("  # Organisations.")]
    (target / "dataflow.yaml").write_text(dataflow.replace("TABLES", "{system: tables, manifest: tables.yaml}"), "utf-8")
    env = f"CRM_DATABASE={left.address}\nMEMBERCARE_URL={right.url}\nMEMBERCARE_KEY={right.key}\nMEMBERCARE_PERSON=1\n"
    (target / ".env").write_text(env)
    return app.load(target / "dataflow.yaml")


def sync(setup: app.Setup) -> Run:
    async def work() -> Run:
        async with app.session(setup) as opened:
            return await app.run_once(opened, "test")

    return asyncio.run(work())


def test_people_are_kept_in_step_between_mariadb_and_membercare(systems: tuple[People, Running], tmp_path: Path) -> None:
    left, right = systems
    setup = described(tmp_path / "flow", left, right)
    columns = {"FirstName": "first_name", "LastName": "last_name", "Email": "email", "Mobile": "mobile", "City": "city"}
    columns |= {"ZipCode": "zip_code", "StreetAddress1": "street_address_1", "Country": "country", "BirthDate": "birth_date"}
    left.fill(columns | {"Gender": "gender", "AllowSms": "allow_sms", "AllowEmail": "allow_email"})
    for statement in trigger_statements(tmp_path / "flow" / "tables.yaml"):
        left.sql(statement)
    first = sync(setup).flows["Contact to Persons"]
    assert (first.matched > 5, first.created_right > 5) == (True, True)

    with app.looking(setup) as store:
        waiting = {row.ref.id for row in store.list_pending(flow="Contact to Persons", limit=1000)}
        ours, theirs, gone = [each for each in store.list_links(flow="Contact to Persons", limit=100) if each.left not in waiting][:3]
    care = MembercareUser(right.url, right.key)
    left.sql("UPDATE contacts SET city = 'Ålesund \U0001f30a', zip_code = '6002' WHERE id = %s", [ours.left])
    care.edit("persons", theirs.right, lastName="Sørensen-Åberg")
    names = "first_name, last_name, email, gender, allow_sms, allow_email"
    left.sql(f"INSERT INTO contacts ({names}) VALUES ('Åse', 'Nyström', 'ase@example.org', 'female', TRUE, TRUE)")
    left.sql("DELETE FROM contacts WHERE id = %s", [gone.left])
    second = sync(setup).flows["Contact to Persons"]
    assert (second.updated_right, second.updated_left, second.created_right, second.conflicts) == (1, 1, 1, 0)
    assert left.sql("SELECT last_name FROM contacts WHERE id = %s", [theirs.left]) == [("Sørensen-Åberg",)]
    assert "Ålesund \U0001f30a" in json.dumps(care.do("GET", f"persons/{ours.right}"), ensure_ascii=False)
    with app.looking(setup) as store:
        causes = {row.ref.id: row.cause for row in store.list_pending(flow="Contact to Persons", limit=1000)}
    assert "deleted" in causes[gone.left]

    before = left.sql("SELECT sum(version), max(updated_at), count(*) FROM contacts")
    reset_calls(right.url)
    assert sync(setup).result == "done"
    assert left.sql("SELECT sum(version), max(updated_at), count(*) FROM contacts") == before
    assert calls(right.url)["writes"] == 0

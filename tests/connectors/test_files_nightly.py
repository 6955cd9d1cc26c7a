"""The nightly exchange: the Contact to Persons flow of the demo, with a CSV file in the Customcrm's place and a Membercare sandbox."""

import asyncio
import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from inprocess import Hosted
from rigs import PassingClock

from accord import app
from accord.config.starter import write_starter
from accord.errors import ListingFailed
from accord.model.runs import Run
from accord.sandbox.people import MembercareUser, calls, reset_calls
from accord.sandbox.process import Running, start

pytestmark = pytest.mark.slow

SIZE = 60
TEXTS = ("FirstName", "LastName", "Email", "Phone", "Mobile", "StreetAddress1", "ZipCode", "City", "Country", "Gender")
TYPES = dict.fromkeys(TEXTS, "string") | {"BirthDate": "date", "AllowSms": "boolean", "AllowEmail": "boolean"}
COLUMNS = ("Id", *TYPES, "Remarks")
MANIFEST = f"""manifest: 1
kind: files
system: export
folder: exchange
limits: {{quiet_seconds: 0}}
datatypes:
  Contact:
    file: contacts.csv
    delimiter: ";"
    key: Id
    generated: true
    columns: [{", ".join(COLUMNS)}]
    properties:
      {{PROPERTIES}}
"""


def saved(path: Path, rows: list[dict[str, Any]]) -> None:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, COLUMNS, delimiter=";")
    writer.writeheader()
    writer.writerows({name: {True: "true", False: "false", None: ""}.get(row.get(name), row.get(name)) for name in COLUMNS} for row in rows)
    path.write_text("\ufeff" + text.getvalue(), "utf-8", newline="")


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file, delimiter=";"))


@pytest.fixture
def right() -> Iterator[Running]:
    with start("membercare", SIZE, 1) as running:
        yield running


@pytest.fixture
def folder(tmp_path: Path, right: Running) -> Path:
    write_starter(tmp_path, demo=True)
    (tmp_path / "customcrm.yaml").unlink()
    lines = [f"{name}: {{type: {kind}}}" for name, kind in TYPES.items()]
    (tmp_path / "export.yaml").write_text(MANIFEST.replace("{PROPERTIES}", "\n      ".join(lines)), "utf-8")
    text = (tmp_path / "dataflow.yaml").read_text("utf-8").partition("\n  # Organisations")[0]
    text = text.replace("{system: customcrm, manifest: customcrm.yaml}", "{system: export, manifest: export.yaml}")
    (tmp_path / "dataflow.yaml").write_text(text.replace("create: left_to_right", "create: both") + "\n", "utf-8")
    (tmp_path / ".env").write_text(f"MEMBERCARE_URL={right.url}\nMEMBERCARE_KEY={right.key}\nMEMBERCARE_PERSON=1\n")
    (tmp_path / "exchange").mkdir()
    crm = Hosted("customcrm", PassingClock(), size=SIZE)
    saved(tmp_path / "exchange" / "contacts.csv", crm.ask("GET", "/api/contacts?limit=500", authorization="Bearer key")["items"])
    return tmp_path


def night(folder: Path) -> dict[str, int]:
    """One run of a process of its own; what it carried."""

    async def work() -> Run:
        async with app.session(app.load(str(folder / "dataflow.yaml"))) as opened:
            return await app.run_once(opened, "test")

    row = asyncio.run(work()).flows["Contact to Persons"]
    names = ("created_right", "created_left", "updated_right", "updated_left", "conflicts")
    return {name: count for name in names if (count := getattr(row, name))}


def linked_to(folder: Path) -> dict[str, str]:
    """The person of each contact that has one."""
    with app.looking(app.load(str(folder / "dataflow.yaml"))) as store:
        return {link.left: link.right for link in store.list_links(flow="Contact to Persons", limit=1000)}


def test_contacts_in_a_file_and_persons_are_kept_in_step_night_by_night(folder: Path, right: Running) -> None:
    path = folder / "exchange" / "contacts.csv"
    before = path.read_bytes()
    first = night(folder)
    assert first["created_right"] + first["created_left"] > 10
    there = path.read_bytes()
    assert there.startswith(before[:3])
    made = [row for row in rows_of(path) if row["Id"].startswith("r")]
    assert len(made) == first["created_left"]
    settled = night(folder)
    reset_calls(right.url)
    assert night(folder) == {}, f"the second night carried {settled}"
    assert calls(right.url)["writes"] == 0

    # during the day: two edits in the file, one in Membercare
    rows: list[dict[str, Any]] = [dict(row) for row in rows_of(path)]
    linked = linked_to(folder)
    one, two, three = [row for row in rows if row["Id"] in linked][:3]
    one["FirstName"], two["City"], three["Remarks"] = "Edited", "Bodø", "=only here"
    saved(path, rows)
    assert night(folder) == {"updated_right": 2}
    MembercareUser(right.url, right.key).edit("persons", linked[one["Id"]], lastName="Åsen")
    assert night(folder) == {"updated_left": 1}
    after = {row["Id"]: row for row in rows_of(path)}
    assert after == {row["Id"]: row for row in rows} | {one["Id"]: one | {"LastName": "Åsen"}}
    assert night(folder) == {}


def test_P9_a_row_that_went_is_a_deletion_which_is_reported(folder: Path, right: Running) -> None:
    path = folder / "exchange" / "contacts.csv"
    night(folder)
    linked = linked_to(folder)
    rows: list[dict[str, Any]] = [dict(row) for row in rows_of(path)]
    gone = next(row for row in rows if row["Id"] in linked)
    saved(path, [row for row in rows if row is not gone])
    reset_calls(right.url)
    assert night(folder) == {}
    assert calls(right.url)["writes"] == 0
    with app.looking(app.load(str(folder / "dataflow.yaml"))) as store:
        causes = {row.ref.id: row.cause for row in store.list_pending(flow="Contact to Persons", limit=1000)}
    assert "deleted" in causes[gone["Id"]]


def test_P9_a_night_with_half_a_file_or_a_renamed_column_changes_nothing(folder: Path, right: Running) -> None:
    path = folder / "exchange" / "contacts.csv"
    night(folder)
    whole = path.read_bytes()
    reset_calls(right.url)
    lines = whole.splitlines(keepends=True)
    for broken in (b"".join(lines[: len(lines) // 2]), whole[: len(whole) // 3], whole.replace(b"LastName", b"Surname", 1), b""):
        path.write_bytes(broken)
        with pytest.raises(ListingFailed):
            night(folder)
        assert path.read_bytes() == broken
    assert calls(right.url)["writes"] == 0
    path.write_bytes(whole)
    assert night(folder) == {}

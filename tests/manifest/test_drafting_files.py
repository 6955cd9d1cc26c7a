"""`accord manifest new --files`: a first manifest from files as they are found."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from openpyxl import Workbook

from accord.cli.manifest import manifest_command
from accord.config.manifest import read_manifest
from accord.errors import ConfigurationError, UsageError
from accord.model.files import FilesSystem

CONTACTS = "ContactId;Full name;Phone;Born;Fee;Changed\nC-1;Åse;0042;1970-01-02;12,50;2026-01-02T03:04:05\nC-2;Bo;7;;3,00;\n"


def drafted(folder: Path) -> FilesSystem:
    target = folder / "office.yaml"
    ended = CliRunner().invoke(
        manifest_command,
        ["new", "--json", "--files", str(folder / "exchange"), "-o", str(target)],
        catch_exceptions=False,
        standalone_mode=False,
    )
    assert json.loads(ended.output)["secrets"] == []
    described = read_manifest(target)
    assert isinstance(described, FilesSystem)
    return described


@pytest.fixture
def exchange(tmp_path: Path) -> Path:
    (tmp_path / "exchange").mkdir()
    return tmp_path / "exchange"


def test_a_draft_of_files_can_be_read_and_says_what_the_columns_tell(exchange: Path) -> None:
    (exchange / "contacts.csv").write_bytes(CONTACTS.encode("cp1252"))
    (exchange / "orders.jsonl").write_text('{"id": 1, "won": true}\n{"id": 2, "won": false}\n', "utf-8")
    book = Workbook()
    book.active.append(["Id", "Name"])
    book.active.append(["P-1", "Cup"])
    book.save(exchange / "products.xlsx")
    (exchange / ".~lock.contacts.csv#").touch()
    found = drafted(exchange.parent).files
    contact, order, product = (found.datatypes[name] for name in ("Contact", "Order", "Product"))
    assert (found.folder, found.system) == ("exchange", "exchange")
    assert (contact.key, contact.delimiter, contact.encoding, contact.decimal, contact.generated) == ("ContactId", ";", "cp1252", ",", True)
    assert {name: each.type for name, each in contact.properties.items()} == {
        "FullName": "string",
        "Phone": "string",
        "Born": "date",
        "Fee": "decimal",
    }
    assert contact.modified == "Changed"
    assert contact.columns == ("ContactId", "Full name", "Phone", "Born", "Fee", "Changed")
    assert (order.key, order.create, order.properties["Won"].type) == ("id", False, "boolean")
    assert (product.format, product.key) == ("xlsx", "Id")


def test_a_file_that_cannot_be_drafted_is_told_at_the_end(exchange: Path) -> None:
    (exchange / "contacts.csv").write_text("Id,Name\n1,A\n", "utf-8")
    (exchange / "doubled.csv").write_text("Id,Name\n1,A\n1,A\n", "utf-8")
    (exchange / "ragged.csv").write_text("Id,Name\n1\n", "utf-8")
    assert list(drafted(exchange.parent).files.datatypes) == ["Contact"]
    text = (exchange.parent / "office.yaml").read_text("utf-8")
    assert "doubled.csv: no column has a value of its own in every row" in text
    assert "ragged.csv: line 2: has 1 cells" in text


def test_a_folder_with_nothing_to_draft_is_refused(exchange: Path) -> None:
    with pytest.raises(ConfigurationError, match="there is no file of which a record could be known again"):
        drafted(exchange.parent)
    exchange.rmdir()
    with pytest.raises(UsageError, match="No such file"):
        drafted(exchange.parent)

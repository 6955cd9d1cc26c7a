"""accord document read, write, compare and check as somebody types them: exit codes, one screen; stand-ins run what was read."""

import json
import os
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from urllib.request import urlopen

import pytest

from accord.config.dialect import wires
from accord.config.manifest import read_manifest
from accord.documents.model import Document, Opening, Row, Section
from accord.documents.write import to_rst
from accord.sandbox.people import calls, reset_calls
from accord.sandbox.process import start
from accord.sandbox.standin import variables

pytestmark = pytest.mark.slow

ROWS = (Row("Name", "name", '"string"'), Row("Email", "email", '"string"'), Row("Turnover", "turnover", '"float"'))
THERE = Document(
    "Crm to Care Dataflow",
    "2024-09-10 15:02:06",
    "A notice.",
    (
        Section("Crm Customer", "Care Companies", "Care", ROWS),
        Section("Crm Contact", "Care Persons", "Care", (Row("customerId", "company", '"string"'), Row("Born", "birthDate", '"date"'))),
        Section("Crm Order", "Care Invoices", "Care"),
        Section("Crm Order", "Care Invoices", "Care", opening=Opening.LINK_FIRST),
    ),
    "crlf",
    "Introduction.",
)
BACK = Document(
    "Care to Crm Dataflow",
    "2024-09-10 15:02:07",
    "Another notice.",
    (Section("Care Companies", "Crm Customer", "Crm", (Row("name", "Name", "N/A"), Row("email", "Email", '"string"'))),),
)


def accord(folder: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "accord.cli.main", *words]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, env={**os.environ, "COLUMNS": "100"})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "documents").mkdir()
    (tmp_path / "documents" / "1-there.rst").write_bytes(to_rst(THERE))
    (tmp_path / "documents" / "2-back.rst").write_bytes(to_rst(BACK))
    return tmp_path


def test_a_folder_of_documents_becomes_files_that_hold_and_each_comes_back_byte_for_byte(folder: Path) -> None:
    read = accord(folder, "document", "read", "documents")
    assert read.returncode == 0, read.stderr
    assert read.stdout.splitlines()[0] == "4 flows, 5 properties, 2 proposals, 0 warnings"
    assert sorted(path.name for path in folder.glob("*.yaml")) == ["care.yaml", "crm.yaml", "dataflow.yaml"]
    assert "# To be filled in, in .env: CRM_URL and CRM_KEY." in (folder / "crm.yaml").read_text()
    assert accord(folder, "check", "--offline").returncode == 0
    for which, document in ((1, THERE), (2, BACK)):
        written = accord(folder, "document", "write", "--which", str(which), "--output", "written.rst")
        assert written.returncode == 0, written.stderr
        assert (folder / "written.rst").read_bytes() == to_rst(document)
    beyond = accord(folder, "document", "write", "--which", "3")
    assert (beyond.returncode, beyond.stdout) == (3, "")
    assert "--which 3: the dataflow has 2" in beyond.stderr


def test_the_summary_is_there_for_machines_too(folder: Path) -> None:
    said = json.loads(accord(folder, "document", "read", "documents/1-there.rst", "-o", "new/it.yaml", "--json").stdout)
    assert (said["flows"], said["properties"], said["text_alone"], said["missing"]) == (4, 5, 0, [])
    assert [Path(path).name for path in said["written"]] == ["it.yaml", "crm.yaml", "care.yaml"]
    assert any("by their names these may tell" in told for told in said["proposals"])


@pytest.mark.parametrize(
    ("before", "after", "place", "expected"),
    [
        (b"to Care Dataflow", b"to Care Document", ":2:1:", 'a title such as "Customcrm to Membercare Dataflow" was expected'),
        (b"regardless of where", b"whatever", ":16:", "the sentence on keeping in sync was expected"),
        (b"     - name\r\n", b"", ":28:1:", "a cell was expected, in a table of 3 columns"),
    ],
)
def test_a_document_that_breaks_the_grammar_is_refused_in_its_line_and_nothing_is_written(
    folder: Path, before: bytes, after: bytes, place: str, expected: str
) -> None:
    path = folder / "documents" / "1-there.rst"
    text = path.read_bytes()
    assert before in text
    path.write_bytes(text.replace(before, after, 1))
    ended = accord(folder, "document", "read", "documents")
    assert ended.returncode == 3
    assert f"1-there.rst{place}" in ended.stderr
    assert expected in ended.stderr
    assert "Traceback" not in ended.stderr
    assert [path.name for path in folder.iterdir()] == ["documents"]


def test_files_that_are_there_are_kept_unless_force_says_otherwise(folder: Path) -> None:
    (folder / "dataflow.yaml").write_text("mine")
    refused = accord(folder, "document", "read", "documents")
    assert refused.returncode == 3
    assert "dataflow.yaml: is there already" in refused.stderr
    assert "--force" in refused.stderr
    assert (folder / "dataflow.yaml").read_text() == "mine"
    assert not (folder / "crm.yaml").exists()
    assert accord(folder, "document", "read", "documents", "--force").returncode == 0
    assert accord(folder, "check", "--offline").returncode == 0


def test_a_place_where_nothing_can_be_written_is_refused_in_one_screen(folder: Path) -> None:
    """Taking away what was written so far failed as well, with a traceback."""
    (folder / "file").write_text("no folder")
    ended = accord(folder, "document", "read", "documents", "-o", "file/dataflow.yaml")
    assert ended.returncode == 3 and "Traceback" not in ended.stderr, ended.stderr
    assert "cannot be written" in ended.stderr


def test_check_says_what_is_not_as_in_the_document_that_was_approved(folder: Path) -> None:
    accord(folder, "document", "read", "documents/1-there.rst")
    path = folder / "dataflow.yaml"
    text = path.read_text()
    path.write_text(text.replace("document:\n", "document:\n  approved: documents/1-there.rst\n"))
    assert "approved" not in accord(folder, "check", "--offline").stdout
    path.write_text(path.read_text().replace("{left: Name, right: name}", "{left: Name, right: name, document_type: N/A}"))
    said = accord(folder, "check", "--offline")
    assert said.returncode == 0
    assert "not as in the document that was approved (1):" in said.stdout
    assert (
        'not as approved in documents/1-there.rst: Crm Customer to Care Companies: data type of Name <-> name: "string" -> N/A'
        in said.stdout
    )
    path.write_text(text.replace("document:\n", "document:\n  approved: gone.rst\n"))
    gone = accord(folder, "check", "--offline")
    assert gone.returncode == 3
    assert "gone.rst cannot be read" in gone.stderr


def test_what_was_read_runs_on_two_stand_ins_and_is_silent_afterwards(folder: Path) -> None:
    assert accord(folder, "document", "read", "documents", "--sandbox").returncode == 0
    yaml = folder / "dataflow.yaml"
    yaml.write_text(yaml.read_text().replace("onboarding: link_only", "onboarding: create", 1))
    size, servers, lines = 5, [], []
    with ExitStack() as stack:
        for name, count in (("crm", size), ("care", 0)):
            path = folder / f"{name}.yaml"
            running = stack.enter_context(start("standin", count, options=[f"--manifest={path}"]))
            servers.append(running)
            lines += [f"{key}={value}\n" for key, value in variables(read_manifest(path), running.url, running.key).items()]
        (folder / ".env").write_text("".join(lines))
        first = accord(folder, "sync")
        assert first.returncode == 0, first.stdout + first.stderr
        collections = {wire.name: wire.collection for wire in wires(read_manifest(folder / "care.yaml"))}
        for datatype in ("Companies", "Persons", "Invoices"):
            with urlopen(f"{servers[1].url}/_sandbox/dump/{collections[datatype]}") as answer:
                assert len(answer.readlines()) == size
        for each in servers:
            reset_calls(each.url)
        assert accord(folder, "sync", "--full").returncode == 0
        assert sum(int(calls(each.url)["writes"]) for each in servers) == 0

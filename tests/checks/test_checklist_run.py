"""The shipped dataflow's document, run as a checklist on both stand-ins: everything is proven, nothing else is touched, nobody is shown."""

import contextlib
import json
import os
import signal
import sqlite3
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from accord.app import start
from accord.app.checking import Wanted, run_document, sandboxes
from accord.checks.report import Kind, Report, Verdict, holds, read_json, to_json
from accord.config.starter import write_starter
from accord.model.records import Side
from accord.sandbox.process import Running
from accord.sandbox.process import start as start_sandbox

pytestmark = pytest.mark.slow

COLLECTIONS = {
    "customcrm": ("contacts", "customers", "orders", "products", "quotes", "users"),
    "membercare": ("persons", "companies", "invoices", "products"),
}
BOTH = ("--allow-writes-to", "customcrm", "--allow-writes-to", "membercare")


def held(url: str, system: str) -> dict[tuple[str, str], dict[str, Any]]:
    """Every live record of a stand-in, by collection and id."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for collection in COLLECTIONS[system]:
        with urllib.request.urlopen(f"{url}/_sandbox/dump/{collection}") as answer:
            records = [json.loads(line) for line in answer.read().splitlines() if line]
        found |= {(collection, str(one.get("Id") or one.get("debtorAccountNumber") or one["id"])): one for one in records}
    return found


def texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for one in value.values() if isinstance(value, dict) else value:
            yield from texts(one)


@pytest.fixture(scope="module")
def ran() -> tuple[Report, dict[str, dict[tuple[str, str], Any]], dict[str, dict[tuple[str, str], Any]]]:
    """The report of the whole shipped dataflow, and what both systems held before and after."""
    with sandboxes(None) as setup:
        urls = {setup.manifests[side].system: setup.manifests[side].origin for side in Side}
        before = {system: held(url, system) for system, url in urls.items()}
        report = start(run_document(setup, Wanted(sandbox=True, key=b"a key")))
        return report, before, {system: held(url, system) for system, url in urls.items()}


def test_every_line_that_applies_is_proven(ran: Any) -> None:
    report: Report = ran[0]
    assert [(line.id, line.reason) for line in report.lines if line.verdict in (Verdict.FAIL, Verdict.BLOCKED)] == []
    assert report.proven and report.count(Verdict.PASS) > 350
    assert {line.kind for line in report.lines if line.verdict is Verdict.PASS} == set(Kind)
    assert all(line.reason for line in report.lines if line.verdict is Verdict.NOT_APPLICABLE)


def test_it_takes_less_than_five_minutes(ran: Any) -> None:
    from datetime import datetime

    began, ended = (datetime.fromisoformat(text) for text in (ran[0].started, ran[0].ended))
    assert (ended - began).total_seconds() < 300


def test_records_that_are_no_test_records_are_as_they_were(ran: Any) -> None:
    _, before, after = ran
    for system, records in before.items():
        assert {ref: one for ref, one in after[system].items() if ref in records} == records


def test_every_property_line_has_evidence(ran: Any) -> None:
    report: Report = ran[0]
    for line in report.lines:
        if line.verdict is Verdict.PASS and line.kind in (Kind.EDITED, Kind.ARRIVES):
            assert line.expected == line.observed != "", line.id
            assert line.left.id and line.right.id and line.started <= line.ended
            assert any(call.by == "engine" and call.method != "GET" for call in line.calls), line.id
            assert line.rules, line.id


def test_the_report_holds_no_secret_and_nothing_of_a_record_that_was_there_before(ran: Any) -> None:
    report, before, _ = ran
    told = set(texts(json.loads(to_json(report))))
    whole = " ".join(told)
    for key in ("customcrm-demo-key", "membercare-demo-key"):
        assert key not in whole
    names = ("FirstName", "LastName", "Email", "firstName", "lastName")
    of_people = {str(one[name]) for records in before.values() for one in records.values() for name in names if one.get(name)}
    assert len(of_people) > 50
    assert {name for name in of_people if name in told} == set()


def test_the_sealed_report_goes_through_json_and_a_change_is_noticed(ran: Any) -> None:
    data = to_json(ran[0])
    report, plain = read_json(data, "report.json")
    assert report == ran[0] and holds(plain, b"a key") and not holds(plain)
    forged = json.loads(data.replace(b'"not applicable"', b'"pass"'))
    assert not holds(forged, b"a key")


def test_the_same_seed_makes_the_same_values_and_another_one_others() -> None:
    said = []
    for seed in (1, 1, 2):
        with sandboxes(None) as setup:
            report = start(run_document(setup, Wanted(names=("User to Invoices",), sandbox=True, seed=seed)))
        said.append({line.id: line.expected for line in report.lines if line.kind in (Kind.ARRIVES, Kind.EDITED)})
    assert said[0]["user-to-invoices/arrives/left-to-right/Email"].endswith("@sim.example")
    assert said[0] == said[1] != said[2]


# --- the command, on systems that are not its own --------------------------------------------------------------------------------------


@pytest.fixture
def live(tmp_path: Path) -> Iterator[tuple[Path, Running, Running]]:
    """Two systems that the command did not start, and a folder that leads to them."""
    folder = tmp_path / "it"
    with start_sandbox("customcrm", 30, 1) as crm, start_sandbox("membercare", 30, 1) as care:
        write_starter(folder)
        lines = (f"CUSTOMCRM_URL={crm.url}", f"CUSTOMCRM_KEY={crm.key}", f"MEMBERCARE_URL={care.url}", f"MEMBERCARE_KEY={care.key}")
        (folder / ".env").write_text("\n".join((*lines, "MEMBERCARE_PERSON=1", "")))
        yield folder, crm, care


def command(folder: Path, *words: str) -> Sequence[str]:
    return [sys.executable, "-m", "accord.cli.main", "document", "run", "-d", str(folder / "dataflow.yaml"), *words]


def ended(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ACCORD_")}
    return subprocess.run(command(folder, *words), capture_output=True, text=True, check=False, env=environment)


def test_a_system_is_written_only_where_that_is_said_and_records_stay_only_with_leave(live: tuple[Path, Running, Running]) -> None:
    folder, crm, care = live
    before = held(crm.url, "customcrm"), held(care.url, "membercare")
    for words, remedy in (
        ((), "--allow-writes-to customcrm --allow-writes-to membercare"),
        (("--allow-writes-to", "customcrm"), "--allow-writes-to membercare"),
        ((*BOTH, "--allow-writes-to", "other", "--leave-records"), "the systems are customcrm and membercare"),
        (("--allow-writes-to", "customcrm", "--allow-writes-to", "crmx"), "--allow-writes-to crmx: the systems are customcrm"),
        (("--clean", "--sandbox"), "give --clean alone"),
        (BOTH, "--leave-records"),
    ):
        refused = ended(folder, *words)
        assert refused.returncode == 3 and remedy in refused.stderr, refused.stderr
    assert (held(crm.url, "customcrm"), held(care.url, "membercare")) == before


def test_a_run_on_given_systems_leaves_nothing_but_what_cannot_be_deleted(live: tuple[Path, Running, Running], tmp_path: Path) -> None:
    folder, crm, care = live
    before, there = held(crm.url, "customcrm"), held(care.url, "membercare")
    report, junit = tmp_path / "report.json", tmp_path / "junit.xml"
    words = ("--flow", "Product to Products", "--json", str(report), "--junit", str(junit))
    done = ended(folder, *BOTH, "--leave-records", *words)
    assert done.returncode == 0, done.stdout + done.stderr
    assert held(crm.url, "customcrm") == before
    after = held(care.url, "membercare")
    assert {ref: one for ref, one in after.items() if ref in there} == there
    read, _ = read_json(report.read_bytes(), "report.json")
    assert len(read.staying) == len(after) - len(there) > 0 and not read.left_behind
    assert "stays, as it cannot be deleted" in done.stdout
    suite = ElementTree.parse(junit).getroot()[0]
    assert (suite.get("failures"), suite.get("errors"), suite.get("tests")) == ("0", "0", str(len(read.lines)))
    assert not list((folder / ".accord").glob("*.checklist")), "the roll goes with the last record"


@pytest.mark.parametrize("ending", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT], ids=["killed", "told to stop", "Ctrl-C"])
def test_after_an_interruption_no_test_record_stays(live: tuple[Path, Running, Running], ending: signal.Signals) -> None:
    folder, crm, _ = live
    before = held(crm.url, "customcrm")
    words = command(folder, *BOTH, "--leave-records", "--flow", "Product to Products")
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if "changes on the left" in line:
                break
        process.send_signal(ending)
        said = process.communicate(timeout=60)
    if ending is signal.SIGKILL:
        assert held(crm.url, "customcrm").keys() > before.keys()
        assert "--clean" in ended(folder, *BOTH, "--leave-records").stderr
        cleaned = ended(folder, *BOTH, "--clean")
        assert cleaned.returncode == 0 and "removed" in cleaned.stdout, cleaned.stderr
        assert ended(folder, *BOTH, "--clean").stdout == "nothing was left\n"
    else:
        assert process.returncode == 130
        assert "no report is written" in said[1] and "test records removed" in said[1]
        assert "stays, as it cannot be deleted" in said[0], "what nobody can delete was left without a word"
    assert held(crm.url, "customcrm") == before


SHOP = """\
manifest: 1
protocol: sql
system: shop
url: ${env:SHOP_DATABASE}
datatypes:
  Product:
    table: products
    key: [id]
    reference: ExternalId
    delete: true
    properties:
      Number: {column: number}
      Name: {column: name}
      VatPercent: {column: vat, type: decimal, scale: 1}
      ExternalId: {column: external_id}
"""
SHOP_FLOW = """\
accord: 1
left: {system: shop, manifest: shop.yaml}
right: {system: membercare, manifest: membercare.yaml}
flows:
  - left: Product
    right: Products
    match: [{left: Number, right: productNumber}]
    properties:
      - {left: Number, right: productNumber}
      - {left: Name, right: name, required: true}
      - {left: VatPercent, right: vatPercent, type: decimal, scale: 1}
"""


def test_a_database_is_proven_as_well_and_its_rows_are_as_they_were(live: tuple[Path, Running, Running], tmp_path: Path) -> None:
    folder, _, _ = live
    (folder / "shop.yaml").write_text(SHOP)
    (folder / "dataflow.yaml").write_text(SHOP_FLOW)
    with (folder / ".env").open("a") as file:
        file.write(f"SHOP_DATABASE=sqlite:///{folder}/shop.db\n")
    report = tmp_path / "report.json"
    with contextlib.closing(sqlite3.connect(folder / "shop.db")) as shop:
        shop.execute("CREATE TABLE products (id INTEGER PRIMARY KEY, number TEXT, name TEXT NOT NULL, vat NUMERIC, external_id TEXT)")
        shop.execute("INSERT INTO products (number, name, vat) VALUES ('S-1', 'Mug', 25), ('S-2', 'Scarf', 25)")
        shop.commit()
        before = shop.execute("SELECT * FROM products").fetchall()
        words = ("--allow-writes-to", "shop", "--allow-writes-to", "membercare", "--leave-records", "--json", str(report))
        done = ended(folder, *words)
        assert done.returncode == 0, done.stdout + done.stderr
        assert shop.execute("SELECT * FROM products").fetchall() == before
    assert "sqlite" not in report.read_text(encoding="utf-8")

"""The main job as a user runs it, over real HTTP between real processes: demo, plan, sync, status, why, links, document."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from accord.config.starter import write_starter
from accord.sandbox.people import CrmUser, calls, reset_calls
from accord.sandbox.process import Running, start

pytestmark = pytest.mark.slow

SIZE = 80


def accord(folder: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "accord.cli.main", *words],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "COLUMNS": "100"},
    )


def said(ended: "subprocess.CompletedProcess[str]", *codes: int) -> Any:
    assert ended.returncode in codes, ended.stderr + ended.stdout[-2000:]
    return json.loads(ended.stdout)


@pytest.fixture
def pair(tmp_path: Path) -> Any:
    write_starter(tmp_path, demo=True)
    with start("customcrm", SIZE, 5) as crm, start("membercare", SIZE, 5) as care:
        lines = {"CUSTOMCRM_URL": crm.url, "CUSTOMCRM_KEY": crm.key, "MEMBERCARE_URL": care.url, "MEMBERCARE_KEY": care.key}
        (tmp_path / ".env").write_text("".join(f"{name}={value}\n" for name, value in lines.items()) + "MEMBERCARE_PERSON=1\n")
        yield tmp_path, crm, care


def writes(*servers: Running) -> int:
    return sum(int(calls(server.url)["writes"]) for server in servers)


def test_the_demo_comes_out_and_proves_it(tmp_path: Path) -> None:
    report = said(accord(tmp_path, "demo", "--once", "--json"), 0)
    assert report["wrong"] == []
    assert report["carried"] == report["edits"]
    assert report["third_writes"] == {"customcrm": 0, "membercare": 0}
    assert report["census"]["equal"] == report["census"]["values"] > 1000
    first = {row["flow"]: row for row in report["first"]["flows"]}
    assert len(first) == 6
    assert all(row["matched"] + row["created_right"] > 0 for row in first.values())
    assert first["Contact to Persons"]["review"] > 0


def test_P23_a_plan_writes_nothing_and_lists_exactly_what_the_next_sync_does(pair: tuple[Path, Running, Running]) -> None:
    folder, crm, care = pair
    planned = said(accord(folder, "plan", "--json"), 2)
    assert writes(crm, care) == 0
    assert not (folder / ".accord" / "dataflow.db").exists()
    done = said(accord(folder, "sync", "--json"), 0, 5)
    counted = ("matched", "created_right", "created_left", "updated_right", "updated_left", "waiting", "review")
    by_flow = {row["flow"]: row for row in done["flows"]}
    for row in planned["flows"]:
        assert {name: row[name] for name in counted} == {name: by_flow[row["flow"]][name] for name in counted}
    assert len(planned["operations"]) == sum(row[name] for row in done["flows"] for name in counted if "ated" in name)
    assert said(accord(folder, "plan", "--json"), 0)["operations"] == []


def test_P02_a_second_sync_writes_nothing_as_counted_by_the_servers(pair: tuple[Path, Running, Running]) -> None:
    folder, crm, care = pair
    said(accord(folder, "sync", "--json"), 0, 5)
    for server in (crm, care):
        reset_calls(server.url)
    said(accord(folder, "sync", "--json"), 0, 5)
    said(accord(folder, "sync", "--json", "--full"), 0, 5)
    assert writes(crm, care) == 0


def test_an_edit_is_carried_and_why_tells_its_rule(pair: tuple[Path, Running, Running]) -> None:
    folder, crm, care = pair
    said(accord(folder, "sync", "--json"), 0, 5)
    link = said(accord(folder, "links", "--flow", "Contact to Persons", "--limit", "1", "--json"), 0)[0]
    CrmUser(crm.url, crm.key).edit("contacts", link["left"], FirstName="Åshild")
    run = said(accord(folder, "sync", "--json"), 0, 5)
    assert {row["flow"]: row["updated_right"] for row in run["flows"] if row["updated_right"]} == {"Contact to Persons": 1}
    newest = said(accord(folder, "why", link["left"], "--json"), 0, 2)[0]["history"][0]
    assert (newest["kind"], newest["state"], newest["properties"]) == ("update", "done", ["FirstName"])
    assert newest["reasons"] == ["MERGE-02 changed on the left: FirstName"]
    assert accord(folder, "census").returncode == 0
    assert "Åshild" in json.dumps([*_dump(care, "persons")], ensure_ascii=False)


def _dump(server: Running, collection: str) -> list[Any]:
    import urllib.request

    with urllib.request.urlopen(f"{server.url}/_sandbox/dump/{collection}") as answer:
        return [json.loads(line) for line in answer]


def test_check_reaches_both_systems_and_lists_what_is_assumed(pair: tuple[Path, Running, Running]) -> None:
    folder, _, _ = pair
    found = said(accord(folder, "check", "--json"), 0)
    assert [system["system"] for system in found["systems"]] == ["customcrm", "membercare"]
    assumed = " ".join(notice["what"] for notice in found["notices"])
    for route in ("POST /products", "PATCH /products", "POST /invoices", "PATCH /invoices"):
        assert route in assumed


def test_the_document_names_every_flow_and_property(pair: tuple[Path, Running, Running]) -> None:
    folder, _, _ = pair
    ended = accord(folder, "document", "write", "--format", "rst", "-o", "out.rst")
    assert ended.returncode == 0, ended.stderr
    text = (folder / "out.rst").read_text()
    assert text.count("Once a link between a ") == 6
    for words in ("Customcrm Contact to Membercare Persons\n---", "   * - LastName\n     - lastname\n", "Lines.Quantity"):
        assert words in text

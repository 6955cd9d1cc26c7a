"""Membercare as its API is known: what cannot be made there waits, is said everywhere, is never tried, and is linked once it is there."""

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from accord.config.starter import write_starter
from accord.sandbox.people import CrmUser, call, calls, reset_calls
from accord.sandbox.process import Running, start

pytestmark = pytest.mark.slow

Place = tuple[Path, Running, Running]


def accord(folder: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "accord.cli.main", *words]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, env={**os.environ, "COLUMNS": "200"})


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("strict")
    write_starter(folder, demo=True, strict=True)
    with start("customcrm", 60, 5) as crm, start("membercare", 60, 5, options=["--strict"]) as care:
        lines = {"CUSTOMCRM_URL": crm.url, "CUSTOMCRM_KEY": crm.key, "MEMBERCARE_URL": care.url, "MEMBERCARE_KEY": care.key}
        (folder / ".env").write_text("".join(f"{name}={value}\n" for name, value in lines.items()) + "MEMBERCARE_PERSON=1\n")
        yield folder, crm, care


@pytest.fixture(scope="module")
def synced(place: Place) -> Place:
    """In step, as far as it goes."""
    for _ in range(2):
        ended = accord(place[0], "sync", "--json")
        assert ended.returncode == 5, ended.stderr
    return place


def held(folder: Path) -> dict[str, list[dict[str, Any]]]:
    """Pending rows by rule."""
    flows = json.loads(accord(folder, "status", "--all", "--json").stdout)["pending"]
    found: dict[str, list[dict[str, Any]]] = {}
    for row in (row for rows in flows.values() for row in rows):
        found.setdefault(row["rule"], []).append(row)
    return found


def test_check_holds_and_plan_says_what_waits_for_whom(synced: Place) -> None:
    folder, _, _ = synced
    checked = accord(folder, "check")
    assert checked.returncode == 0 and "Products: read only" in checked.stdout, checked.stdout + checked.stderr
    planned = accord(folder, "plan")
    assert planned.returncode == 0, "there is nothing that a sync could do about it"
    assert "waits until somebody makes it in the other system, and is linked then: membercare Products, by Number" in planned.stdout


def test_nothing_is_tried_that_the_api_has_not_and_the_orders_are_billed_once(synced: Place) -> None:
    folder, _, care = synced
    made = Counter({name: number for name, number in calls(care.url)["by_call"].items() if name.startswith(("POST", "PATCH", "PUT"))})
    assert not any("products" in name or name.endswith("POST invoices") for name in made), made
    links = json.loads(accord(folder, "links", "--flow", "Order to Invoices", "--limit", "500", "--json").stdout)
    assert len(links) == sum(number for name, number in made.items() if "externalPurchase" in name) > 0
    rules = held(folder)
    assert "REFUSED-01" not in rules and "CAP-01" not in rules
    assert {row["flow"] for row in rules["CREATE-04"]} == {"Product to Products", "Quote to Invoices", "User to Invoices"}


def test_P2_what_waits_for_somebody_makes_no_noise(synced: Place) -> None:
    folder, crm, care = synced
    reset_calls(care.url)
    reset_calls(crm.url)
    assert accord(folder, "sync").returncode == 5
    assert (calls(care.url)["writes"], calls(crm.url)["writes"]) == (0, 0)


def test_a_product_that_somebody_makes_there_is_linked_by_its_number_and_keeps_the_names_of_there(synced: Place) -> None:
    folder, crm, care = synced
    waiting = [row for row in held(folder)["CREATE-04"] if row["flow"] == "Product to Products"]
    id = str(waiting[0]["record"]).split()[-1]
    user = CrmUser(crm.url, crm.key)
    number = user.do("GET", f"products/{id}")["Number"]
    given = {"name": "As it is called there", "valid": True, "vatPercent": 25.0, "financeDimensions": {"productIdentification": number}}
    made = call("POST", f"{care.url}/_sandbox/pages/products", given)
    assert accord(folder, "sync").returncode == 5
    links = json.loads(accord(folder, "links", "--flow", "Product to Products", "--limit", "500", "--json").stdout)
    assert {(one["left"], one["right"]) for one in links} >= {(id, str(made["id"]))}
    assert user.do("GET", f"products/{id}")["Name"] == "As it is called there"
    assert not any(row["record"].endswith(id) for row in held(folder)["CREATE-04"])


def test_the_document_says_who_makes_it(place: Place) -> None:
    folder, _, _ = place
    ended = accord(folder, "document", "write", "--format", "markdown")
    assert ended.returncode == 0, ended.stderr
    assert "waits for a" in ended.stdout and "that somebody makes" in ended.stdout

"""Any document runs: both its systems stood in for, a dataflow over them, real processes; in step, silent, and edits both ways."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest

from accord.config.dialect import wires
from accord.config.manifest import read_manifest
from accord.documents.standin import SCALE, manifest_text, type_of
from accord.sandbox.people import call, calls, reset_calls
from accord.sandbox.process import Running, start
from accord.sandbox.standin import variables

pytestmark = pytest.mark.slow

SIZE = 12
Cells = Mapping[str, Mapping[str, str]]


@dataclass
class System:
    """A stand-in, and somebody who works in it."""

    running: Running
    names: Mapping[str, str]

    def do(self, method: str, path: str, body: Any = None) -> Any:
        return call(method, f"{self.running.url}/api/v1/{path}", body, {"Authorization": f"Bearer {self.running.key}"})

    def live(self, datatype: str) -> list[dict[str, Any]]:
        with urlopen(f"{self.running.url}/_sandbox/dump/{self.names[datatype]}") as answer:
            return [json.loads(line) for line in answer]

    def make(self, datatype: str, **values: Any) -> dict[str, Any]:
        return dict(self.do("POST", self.names[datatype], {"values": values}))

    def edit(self, datatype: str, id: str, **values: Any) -> None:
        self.do("PATCH", f"{self.names[datatype]}/{id}", {"values": values})


@dataclass
class Pair:
    """Both systems and the folder that holds the dataflow."""

    folder: Path
    left: System
    right: System

    def accord(self, *words: str) -> Any:
        ended = subprocess.run(
            [sys.executable, "-m", "accord.cli.main", *words, "--json"],
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "COLUMNS": "100"},
        )
        assert ended.returncode in (0, 5), ended.stdout[-3000:] + ended.stderr
        return json.loads(ended.stdout)

    def sync(self, *words: str) -> dict[str, dict[str, int]]:
        return {row["flow"]: row for row in self.accord("sync", *words)["flows"]}

    def writes_of(self, *words: str) -> int:
        for system in (self.left, self.right):
            reset_calls(system.running.url)
        self.sync(*words)
        return sum(int(calls(system.running.url)["writes"]) for system in (self.left, self.right))


def paired(
    stack: ExitStack, folder: Path, left: tuple[str, Cells], right: tuple[str, Cells], flows: list[dict[str, Any]], size: int
) -> Pair:
    """Manifests, servers (records on the left alone), the dataflow and its .env."""
    systems, lines = [], []
    for side, (name, cells) in (("left", left), ("right", right)):
        path = folder / f"{side}.yaml"
        path.write_text(manifest_text(name, cells, side.upper()), encoding="utf-8")
        running = stack.enter_context(start("standin", size if side == "left" else 0, options=[f"--manifest={path}"]))
        manifest = read_manifest(path)
        systems.append(System(running, {wire.name: wire.collection for wire in wires(manifest)}))
        lines += [f"{key}={value}\n" for key, value in variables(manifest, running.url, running.key).items()]
    (folder / ".env").write_text("".join(lines))
    dataflow = {
        "accord": 1,
        "left": {"system": left[0], "manifest": "left.yaml"},
        "right": {"system": right[0], "manifest": "right.yaml"},
        "defaults": {"onboarding": "create", "guards": {"changes": 1000}},
        "flows": flows,
    }
    (folder / "dataflow.yaml").write_text(json.dumps(dataflow, ensure_ascii=False), encoding="utf-8")  # JSON is YAML
    return Pair(folder, *systems)


SEED = {
    "Contact": "Persons",
    "Customer": "Companies",
    "Order": "Invoices",
    "Product": "Products",
    "Quote": "Invoices",
    "User": "Invoices",
}


@pytest.fixture(scope="module")
def seed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    """The six flows of Customcrm and Membercare as their document has them: not one mapped property."""
    flows = [{"left": left, "right": right} for left, right in SEED.items()]
    folder = tmp_path_factory.mktemp("seed")
    with ExitStack() as stack:
        yield paired(
            stack, folder, ("Customcrm", {name: {} for name in SEED}), ("Membercare", {name: {} for name in SEED.values()}), flows, SIZE
        )


def test_flows_without_a_mapped_property_give_every_record_one_counterpart_and_are_silent_then(seed: Pair) -> None:
    first = seed.sync()
    assert {name: row["created_right"] for name, row in first.items()} == {f"{left} to {right}": SIZE for left, right in SEED.items()}
    assert len(seed.right.live("Persons")) == SIZE
    assert len(seed.right.live("Invoices")) == 3 * SIZE
    references = [each["reference"] for each in seed.right.live("Invoices")]
    assert len(set(references)) == 3 * SIZE
    assert None not in references
    assert seed.writes_of() == 0
    assert seed.writes_of("--full") == 0


def test_records_and_edits_of_a_flow_without_properties_come_and_go_without_noise(seed: Pair) -> None:
    seed.sync()
    before = len(seed.right.live("Persons"))
    made = seed.left.make("Contact", Label="new")
    assert seed.sync()["Contact to Persons"]["created_right"] == 1
    seed.left.edit("Contact", made["id"], Label="changed")
    seed.right.edit("Persons", seed.right.live("Persons")[-1]["id"], Label="changed there")
    assert seed.writes_of() == 0
    assert len(seed.right.live("Persons")) == before + 1


def test_a_lost_state_makes_no_second_counterpart_of_what_has_no_property(seed: Pair) -> None:
    seed.sync()
    before = {name: len(seed.right.live(name)) for name in set(SEED.values())}
    for path in (seed.folder / ".accord").iterdir():
        path.unlink()
    seed.sync()
    assert {name: len(seed.right.live(name)) for name in before} == before


QUALIFIED = "phone_numbers.number (Dependant on having wd:Q17517 in phone_numbers.name)"
LEFT_CELLS = {
    "name": '"string"',
    "a": '"string"',
    "a.b": '"integer"',
    "a.b.c": '"float"',
    "Åpen ": '"boolean"',
    QUALIFIED: "N/A",
    "tags": '"list"',
    "born": '"date"',
    "customer.id": '"string"',
    "$original_id": '"string"',
}
RIGHT_CELLS = {
    "addresses.postalCode.city": '"string"',
    "A": '"string"',
    "A.B": '"integer"',
    "A.B.C": '"float"',
    "open": '"boolean"',
    "phone": "N/A",
    "tags": '"list"',
    "BirthDate": '"date"',
    "payer": '"string"',
    "foreignId": '"string"',
}
ROWS = list(zip(LEFT_CELLS, RIGHT_CELLS, strict=True))
PEOPLE = "Contacts (human data) to contacts (human data)"


def mapped(left: str, right: str) -> dict[str, Any]:
    said: dict[str, Any] = {"left": left, "right": right}
    kind = type_of(LEFT_CELLS[left])
    if kind == "decimal":
        return said | {"type": kind, "scale": SCALE}
    if kind == "list":
        return said | {
            "type": kind,
            "item_key": {"left": "key", "right": "key"},
            "properties": [{"left": "value", "right": "value"}],
        }
    if left == "customer.id":
        return said | {"type": "reference", "refers_to": ["Customers to contacts"], "required": False}
    if left == "$original_id":
        return said | {"direction": "left_to_right"}
    return said | {"type": kind}


@pytest.fixture
def odd(tmp_path: Path) -> Iterator[Pair]:
    """A document of a system that pairs with itself: qualifiers, paths within paths, several types, one pair twice, names alike."""
    left = {"Contacts (human data)": LEFT_CELLS, "Customers": {"name": "N/A"}}
    right = {"contacts (human data)": RIGHT_CELLS, "contacts": {"name": "N/A"}}
    flows = [
        {"left": "Customers", "right": "contacts", "create": "both", "properties": [{"left": "name", "right": "name"}]},
        {
            "left": "Contacts (human data)",
            "right": "contacts (human data)",
            "create": "both",
            "properties": [mapped(*row) for row in ROWS],
        },
        {"left": "Contacts (human data)", "right": "contacts (human data)", "name": "the same pair again"},
    ]
    with ExitStack() as stack:
        yield paired(stack, tmp_path, ("Some CRM", left), ("Some CRM", right), flows, 4)


HUMANS, PERSONS = "Contacts (human data)", "contacts (human data)"


def shown(pair: Pair, system: System, datatype: str) -> dict[str, dict[str, Any]]:
    """Property by property what a stand-in shows of each record, by the document's own names."""
    path = pair.folder / ("left.yaml" if system is pair.left else "right.yaml")
    wire = next(each for each in wires(read_manifest(path)) if each.name == datatype)
    described = read_manifest(path).datatypes[datatype].properties
    names = {(one.path or "").removeprefix("values."): name for name, one in described.items()}
    return {each["id"]: {names[m]: each["values"][m] for m in wire.properties} for each in system.live(datatype)}


def test_every_row_of_an_odd_document_is_in_step_and_the_second_run_is_silent(odd: Pair) -> None:
    first = odd.sync()
    assert first[PEOPLE]["created_right"] == 4
    assert not any(count for name, count in first["the same pair again"].items() if name != "flow")  # each has its one counterpart
    lefts = shown(odd, odd.left, HUMANS)
    rights = list(shown(odd, odd.right, PERSONS).values())
    for identifier, record in lefts.items():
        (there,) = [each for each in rights if each["foreignId"] == identifier]
        assert {right: there[right] for left, right in ROWS[:8]} == {right: record[left] for left, right in ROWS[:8]}
    companies = {each["name"]: id for id, each in shown(odd, odd.right, "contacts").items()}
    named = {id: each["name"] for id, each in shown(odd, odd.left, "Customers").items()}
    for record in lefts.values():
        assert [each["payer"] for each in rights if each["A"] == record["a"]] == [companies[named[record["customer.id"]]]]
    assert odd.writes_of() == 0
    assert odd.writes_of("--full") == 0


def test_edits_of_every_type_go_both_ways_property_by_property(odd: Pair) -> None:
    odd.sync()
    left = odd.left.live(HUMANS)[0]["id"]
    right = next(id for id, each in shown(odd, odd.right, PERSONS).items() if each["foreignId"] == left)
    odd.left.edit(HUMANS, left, a="Åse 😀", a_b=-7, a_b_c=0.125, born="1999-12-31", tags=[{"key": "x", "value": "y"}])
    odd.right.edit(PERSONS, right, open=False, phone=None, addresses_postalCode_city="Bodø")
    odd.sync()
    one, other = shown(odd, odd.left, HUMANS)[left], shown(odd, odd.right, PERSONS)[right]
    assert {name: other[name] for name in ("A", "A.B", "A.B.C", "BirthDate")} == {
        "A": "Åse 😀",
        "A.B": -7,
        "A.B.C": 0.125,
        "BirthDate": "1999-12-31",
    }
    assert other["tags"] == [{"key": "x", "value": "y"}]
    assert (one["Åpen "], one[QUALIFIED], one["name"]) == (False, None, "Bodø")
    assert odd.writes_of() == 0


def test_references_and_records_made_on_the_right_find_their_way(odd: Pair) -> None:
    odd.sync()
    customer = odd.right.make("contacts", name="Ask AS")
    person = odd.right.make(PERSONS, A="new", payer=customer["id"])
    odd.sync()
    (made,) = [each for each in shown(odd, odd.left, HUMANS).values() if each["a"] == "new"]
    (company,) = [id for id, each in shown(odd, odd.left, "Customers").items() if each["name"] == "Ask AS"]
    assert made["customer.id"] == company
    odd.right.do("DELETE", f"{odd.right.names[PERSONS]}/{person['id']}")
    odd.sync()
    assert odd.writes_of() == 0


def test_the_document_runs_as_a_checklist_on_stand_ins_also_where_no_property_is_mapped(seed: Pair) -> None:
    report = seed.folder / "report.json"
    words = ["document", "run", "--sandbox", "-d", "dataflow.yaml", "--json", str(report)]
    ended = subprocess.run([sys.executable, "-m", "accord.cli.main", *words], cwd=seed.folder, capture_output=True, text=True, check=False)
    lines = json.loads(report.read_text(encoding="utf-8"))["lines"]
    said = {(line["flow"], line["kind"], line["direction"]): line["verdict"] for line in lines if line["verdict"] != "not applicable"}
    kinds = (("created", "left_to_right"), ("silent", "both"), ("deleted", "left_to_right"), ("deleted", "right_to_left"))
    assert said == {(f"{left} to {right}", *kind): "pass" for left, right in SEED.items() for kind in kinds}
    assert ended.returncode == 0


def test_an_odd_document_is_proven_line_by_line_on_stand_ins(odd: Pair) -> None:
    report = odd.folder / "report.json"
    flows = [word for name in ("Customers to contacts", PEOPLE) for word in ("--flow", name)]
    words = ["document", "run", "--sandbox", "-d", "dataflow.yaml", "--json", str(report), *flows]
    ended = subprocess.run([sys.executable, "-m", "accord.cli.main", *words], cwd=odd.folder, capture_output=True, text=True, check=False)
    lines = json.loads(report.read_text(encoding="utf-8"))["lines"]
    assert [line["id"] for line in lines if line["verdict"] not in ("pass", "not applicable")] == []
    assert sum(line["verdict"] == "pass" for line in lines) > 80
    assert ended.returncode == 0

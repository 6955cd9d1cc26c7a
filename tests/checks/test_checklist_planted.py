"""Faults planted in a stand-in: each is caught by a failing line that names the flow and the property, and no other property is blamed."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from accord.app import Setup, start
from accord.app.checking import Wanted, run_document, sandboxes
from accord.checks.report import Kind, Line, Report, Verdict
from accord.model.records import Side
from accord.sandbox.lies import KINDS, Lie, lie_about
from accord.sandbox.people import call, lie

pytestmark = pytest.mark.slow

PRODUCT, CONTACT, ORDER = "Product to Products", "Contact to Persons", "Order to Invoices"


@dataclass(frozen=True, slots=True)
class Planted:
    """A fault, and the property mappings that may be blamed for it, the first of which has to be; none: it is about whole records.

    ``kinds``: lines of these kinds have to fail.
    """

    kind: str
    side: Side
    datatype: str
    name: str
    flow: str
    blamed: tuple[str, ...] = ()
    kinds: tuple[Kind, ...] = ()
    more: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.kind} {self.side} {self.datatype} {self.name}".strip()


L, R = Side.LEFT, Side.RIGHT
VALUES = (
    Planted("trimmed", R, "Products", "name", PRODUCT, ("Name",), (Kind.SPECIAL,)),
    Planted("truncated", R, "Products", "name", PRODUCT, ("Name",), (Kind.ARRIVES, Kind.EDITED)),
    Planted("truncated", R, "Persons", "email", CONTACT, ("Email",), (Kind.ARRIVES, Kind.EDITED)),
    Planted("upper_cased", R, "Products", "name", PRODUCT, ("Name",), (Kind.ARRIVES, Kind.EDITED)),
    Planted("lower_cased", L, "Product", "Name", PRODUCT, ("Name",), (Kind.EDITED,)),
    Planted("unicode_stripped", R, "Products", "name", PRODUCT, ("Name",), (Kind.SPECIAL,)),
    Planted("escaped", R, "Products", "name", PRODUCT, ("Name",), (Kind.SPECIAL,)),
    Planted("one_line", R, "Products", "name", PRODUCT, ("Name",), (Kind.SPECIAL,)),
    Planted("rounded", R, "Products", "vatPercent", PRODUCT, ("VatPercent",), (Kind.ARRIVES, Kind.EDITED)),
    Planted("rounded", R, "Invoices", "lines.quantity", ORDER, ("Lines.Quantity", "Lines.VatPercent", "Lines"), (Kind.EDITED,)),
    Planted("negated", L, "Product", "VatPercent", PRODUCT, ("VatPercent",), (Kind.EDITED,)),
    Planted("hour_off", R, "Persons", "birthDate", CONTACT, ("BirthDate",), (Kind.ARRIVES, Kind.EDITED)),
    Planted("day_off", R, "Persons", "birthDate", CONTACT, ("BirthDate",), (Kind.ARRIVES, Kind.EDITED)),
    Planted("boolean_inverted", R, "Products", "valid", PRODUCT, ("Active",), (Kind.ARRIVES,)),
    Planted("enumeration_shifted", L, "Contact", "Gender", CONTACT, ("Gender",), (Kind.EDITED,)),
    Planted("neighbours_value", R, "Products", "name", PRODUCT, ("Name",), (Kind.ARRIVES, Kind.EDITED)),
    Planted("ignored", R, "Products", "productNumber", PRODUCT, ("Number",), (Kind.ARRIVES, Kind.EDITED)),
    Planted("ignored_on_update", L, "Product", "Name", PRODUCT, ("Name",), (Kind.EDITED,)),
    Planted("clear_ignored", R, "Products", "productNumber", PRODUCT, ("Number",), (Kind.CLEARED,)),
    Planted("cleared", R, "Products", "productNumber", PRODUCT, ("Number",), (Kind.ARRIVES, Kind.EDITED)),
    Planted("list_item_lost", R, "Invoices", "lines", ORDER, ("Lines",), (Kind.EDITED,)),
    Planted("number_as_text", R, "Products", "vatPercent", PRODUCT, ("VatPercent",), (Kind.ARRIVES,)),
    Planted("hidden", R, "Products", "name", PRODUCT, ("Name",), (Kind.ARRIVES,)),
    Planted("swapped", R, "Products", "name", PRODUCT, ("Name", "Number"), (Kind.ARRIVES, Kind.EDITED), {"other": "productNumber"}),
    Planted("other_cleared", R, "Products", "name", PRODUCT, ("Number",), (Kind.EDITED,), {"other": "productNumber"}),
    Planted("other_overwritten", L, "Product", "Name", PRODUCT, ("Number",), (Kind.EDITED,), {"other": "Number"}),
)
RECORDS = (
    Planted("wrong_record", R, "Products", "", PRODUCT, kinds=(Kind.EDITED,)),
    Planted("update_ignored", L, "Product", "", PRODUCT, kinds=(Kind.EDITED,)),
    Planted("stale", R, "Products", "", PRODUCT, kinds=(Kind.EDITED,)),
    Planted("changes_untold", L, "Product", "", PRODUCT, kinds=(Kind.EDITED,)),
    Planted("duplicated", R, "Products", "", PRODUCT, kinds=(Kind.CREATED,)),
    Planted("vanishes", L, "Product", "", PRODUCT, kinds=(Kind.CREATED,)),
    Planted("unlisted", R, "Products", "", PRODUCT, kinds=(Kind.CREATED,)),
    Planted("shown_empty", L, "Product", "Name", PRODUCT, kinds=(Kind.CREATED,)),
    Planted("delete_ignored", L, "Product", "", PRODUCT, kinds=(Kind.DELETED,)),
    Planted("deletes_another", L, "Product", "", PRODUCT, kinds=(Kind.DELETED,)),
    Planted("deletes_untold", L, "Product", "", PRODUCT, kinds=(Kind.DELETED,)),
)


@pytest.fixture(scope="module")
def setup() -> Iterator[Setup]:
    """Both stand-ins, and the shipped flows, which tell two changes apart that are made within a shorter time."""
    with sandboxes(None, size=30) as given:
        flows = tuple(replace(flow, skew_seconds=0.0) for flow in given.dataflow.flows)
        yield replace(given, dataflow=replace(given.dataflow, flows=flows))


def failing(setup: Setup, planted: Planted | None, flow: str = PRODUCT) -> list[Line]:
    """The lines that fail with this fault; the systems are honest again afterwards."""
    url = setup.manifests[planted.side].origin if planted else ""
    if planted is not None:
        lie(url, lie_about(setup.manifests[planted.side], planted.datatype, planted.name, planted.kind, **planted.more))
    try:
        report: Report = start(run_document(setup, Wanted(names=(planted.flow if planted else flow,), sandbox=True)))
    finally:
        if planted is not None:
            lie(url, Lie(kind="none"))
    assert not report.proven or planted is None
    return [line for line in report.lines if line.verdict is Verdict.FAIL]


@pytest.mark.parametrize("planted", VALUES, ids=str)
def test_a_fault_in_a_property_is_blamed_on_that_property_and_on_no_other(setup: Setup, planted: Planted) -> None:
    found = failing(setup, planted)
    for kind in planted.kinds:
        of_kind = [line for line in found if line.kind is kind and line.property == planted.blamed[0]]
        assert of_kind, f"no line of kind {kind} fails: {[line.id for line in found]}"
        assert all(line.expected != line.observed and line.reason for line in of_kind)
    assert {line.flow for line in found} == {planted.flow}
    assert {line.property for line in found if line.property} <= set(planted.blamed)


@pytest.mark.parametrize("planted", RECORDS, ids=str)
def test_a_fault_with_whole_records_fails_the_lines_that_are_about_it(setup: Setup, planted: Planted) -> None:
    found = failing(setup, planted)
    assert set(planted.kinds) <= {line.kind for line in found}, [line.id for line in found]
    assert {line.flow for line in found} == {planted.flow}


@pytest.mark.parametrize("flow", [PRODUCT, CONTACT, ORDER])
def test_without_a_fault_no_line_fails(setup: Setup, flow: str) -> None:
    assert [(line.id, line.reason) for line in failing(setup, None, flow)] == []


def test_a_system_that_answers_no_more_blocks_what_is_open_and_proves_nothing(setup: Setup) -> None:
    url = setup.manifests[Side.RIGHT].origin

    def tell(what: str) -> None:
        if what.startswith("changes on the right"):
            call("POST", f"{url}/_sandbox/faults", {"kind": "error", "status": 403})

    try:
        report = start(run_document(setup, Wanted(names=(PRODUCT,), sandbox=True, tell=tell)))
    finally:
        call("POST", f"{url}/_sandbox/faults", {"kind": "none"})
    assert not report.proven
    verdicts = {kind: {line.verdict for line in report.lines if line.kind is kind and line.applicable} for kind in Kind}
    assert verdicts[Kind.CREATED] == {Verdict.PASS}
    for kind in (Kind.SPECIAL, Kind.CLEARED, Kind.CONFLICT):
        assert Verdict.PASS not in verdicts[kind]
    assert any(line.reason.startswith("the run broke off: membercare: ") or "403" in line.reason for line in report.lines)


def test_a_create_that_is_refused_as_a_whole_is_made_with_the_least_and_completed(setup: Setup) -> None:
    url = setup.manifests[Side.LEFT].origin
    call("POST", f"{url}/_sandbox/faults", {"kind": "error", "status": 422, "call": "POST products", "times": 1})
    try:
        report = start(run_document(setup, Wanted(names=(PRODUCT,), sandbox=True)))
        (fault,) = call("GET", f"{url}/_sandbox/faults")
    finally:
        call("POST", f"{url}/_sandbox/faults", {"kind": "none"})
    assert fault["struck"] == 1
    assert report.proven, [(line.id, line.reason) for line in report.lines if line.verdict in (Verdict.FAIL, Verdict.BLOCKED)]


def test_at_least_twenty_kinds_of_faults_are_planted() -> None:
    kinds = {one.kind for one in (*VALUES, *RECORDS)}
    assert len(kinds) >= 20 and kinds <= KINDS.keys()

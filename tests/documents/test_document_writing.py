"""The dataflow document comes out of a configuration in its known form, byte for byte."""

import hashlib
import os
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

import pytest

from accord.config.dataflow import dataflow_of, read_dataflow
from accord.config.manifest import read_manifest
from accord.config.yamlfile import parse_yaml
from accord.documents.derived import from_dataflow
from accord.documents.model import PLAIN_NOTICE, Document, Opening, Row, Section
from accord.documents.write import to_rst
from accord.errors import ConfigurationError
from accord.model.dataflow import Creation, Dataflow, DocumentSettings
from accord.model.manifest import Manifest
from accord.model.records import Side

SEED_WITHOUT_NOTICE = "7562d8c5178ebbd75e09b0d8b8a43b3117cc5b8f848ca1bd4c7ab6e851bb1495"
"""SHA-256 of the seed document without line 10, which holds its owner's notice and is not ours to keep here."""

SEED = "3ad76a31465850f9b782ba3ab348ce2e890a5c3e2550c28e45a7d402b698ac42"
NOTICE_LINE = 9
SEED_TIME = "2024-09-10 15:02:06"


@pytest.fixture(scope="module")
def manifests() -> dict[Side, Manifest]:
    folder = files("accord") / "connectors" / "manifests"
    return {Side.LEFT: read_manifest(str(folder / "customcrm.yaml")), Side.RIGHT: read_manifest(str(folder / "membercare.yaml"))}


@pytest.fixture(scope="module")
def shipped() -> Dataflow:
    return read_dataflow(str(files("accord") / "config" / "starter" / "dataflow.yaml"))


def emptied(dataflow: Dataflow, settings: DocumentSettings) -> Dataflow:
    return replace(dataflow, document=settings, flows=tuple(replace(flow, properties=()) for flow in dataflow.flows))


def test_the_seed_comes_out_byte_for_byte(shipped: Dataflow, manifests: dict[Side, Manifest]) -> None:
    """With the seed itself named by ACCORD_SEED all of it is compared; without, all but the owner's notice, by digest."""
    path = os.environ.get("ACCORD_SEED")
    seed = Path(path).read_bytes() if path else None
    notice = seed.decode().split("\n")[NOTICE_LINE] if seed else "One line of our own in the place of the owner's notice."
    settings = DocumentSettings(title="Customcrm to Membercare Dataflow", generated=SEED_TIME, notice=notice, line_ends="lf")
    written = to_rst(from_dataflow(emptied(shipped, settings), manifests, "2000-01-01 00:00:00"))
    lines = written.split(b"\n")
    assert lines[NOTICE_LINE] == notice.encode()
    assert hashlib.sha256(b"\n".join(lines[:NOTICE_LINE] + lines[NOTICE_LINE + 1 :])).hexdigest() == SEED_WITHOUT_NOTICE
    if seed:
        assert hashlib.sha256(seed).hexdigest() == SEED
        assert written == seed


def test_a_whole_document_on_one_screen() -> None:
    rows = (Row("Email", "email", '"string"'), Row("Lines.Quantity", "lines.quantity", '"float"'))
    section = Section("Crm Contact", "Care Persons", "Care", rows)
    text = to_rst(Document("Crm to Care Dataflow", "2026-01-02 03:04:05", "A notice.", (section,))).decode()
    assert text == (
        "====================\nCrm to Care Dataflow\n====================\n"
        "\nGenerated: 2026-01-02 03:04:05\n\nIntroduction\n------------\n\nA notice.\n\n"
        "Crm Contact to Care Persons\n---------------------------\n"
        "Every Crm Contact will be synchronized with a Care Persons.\n\n"
        "Once a link between a Crm Contact and a Care Persons is established, it will keep in sync between the two systems, "
        "regardless of where it is edited.\n\n"
        "The following properties are synchronized between a Crm Contact and a Care Persons:\n\n"
        ".. list-table::\n   :header-rows: 1\n\n"
        "   * - Crm Contact Property\n     - Care Persons Property\n     - Care Data Type\n"
        '   * - Email\n     - email\n     - "string"\n'
        '   * - Lines.Quantity\n     - lines.quantity\n     - "float"\n\n'
    )


def test_a_document_without_flows_ends_after_the_introduction() -> None:
    assert to_rst(Document("A to  Dataflow", "2026-01-02 03:04:05", "N.", ())).endswith(b"------------\n\nN.\n")


def test_windows_line_ends_are_never_mixed() -> None:
    section = Section("A X", "B Y", "B", (Row("a", "b", '"string"'),))
    text = to_rst(Document("A to B Dataflow", "2026-01-02 03:04:05", "N.", (section,), "crlf"))
    assert text.count(b"\r\n") == text.count(b"\n") == text.count(b"\r") > 20


@pytest.mark.parametrize(
    ("opening", "said"),
    [
        (Opening.EVERY, "Every A X will be synchronized with a B Y."),
        (Opening.LINK_FIRST, "Before any synchronization can take place, a link between a A X and a B Y must be established."),
    ],
)
def test_match_criteria_are_a_table_of_their_own(opening: Opening, said: str) -> None:
    section = Section("A X", "B Y", "B", (), opening, (("Email", "email"), ("Name, City", "name, city")))
    lines = to_rst(Document("A to B Dataflow", "2026-01-02 03:04:05", "N.", (section,))).decode().split("\n")
    assert said in lines
    at = lines.index("A A X will merge with a B Y if one of the following property combinations match:")
    assert lines[at + 1 : at + 5] == ["", ".. list-table::", "   :header-rows: 1", ""]
    assert lines[at + 5 : at + 11] == [
        "   * - A X Property",
        "     - B Y Property",
        "   * - Email",
        "     - email",
        "   * - Name, City",
        "     - name, city",
    ]


def test_rows_are_sorted_lists_are_dotted_and_types_are_the_targets(shipped: Dataflow, manifests: dict[Side, Manifest]) -> None:
    sections = {section.left: section for section in from_dataflow(shipped, manifests, SEED_TIME).sections}
    contact, order = sections["Customcrm Contact"].rows, sections["Customcrm Order"].rows
    assert Row("Gender", "gender", '"integer"') in contact
    assert Row("BirthDate", "birthDate", '"string"') in contact
    assert Row("AllowSms", "allowSms", '"boolean"') in contact
    assert Row("StreetAddress1", "address.street, address.number, address.letter", '"string"') in contact
    assert Row("Lines.Quantity", "lines.quantity", '"float"') in order
    assert Row("PayerId", "payer", '"string"') in order
    for section in sections.values():
        assert [(row.left, row.right) for row in section.rows] == sorted((row.left, row.right) for row in section.rows)


def test_the_document_never_promises_a_creation_that_is_switched_off(shipped: Dataflow, manifests: dict[Side, Manifest]) -> None:
    linking = replace(shipped, flows=(replace(shipped.flows[0], create=Creation.NONE),))
    section = from_dataflow(linking, manifests, SEED_TIME).sections[0]
    assert section.opening is Opening.LINK_FIRST
    assert section.matches == (("Email, LastName", "email, lastname"), ("Mobile, LastName", "mobile, lastname"))


def test_labels_notice_and_types_can_be_set_in_the_file(manifests: dict[Side, Manifest]) -> None:
    source = b"""
accord: 1
left: {system: customcrm, manifest: c.yaml}
right: {system: membercare, manifest: m.yaml}
document: {left_label: Custom CRM, generated: 2024-09-10 15:02:06, line_ends: crlf}
flows:
  - {left: Product, right: Products, properties: [{left: Number, right: productNumber, document_type: N/A}]}
"""
    document = from_dataflow(dataflow_of(parse_yaml(source, "x.yaml")), manifests, "2000-01-01 00:00:00")
    assert document.title == "Custom CRM to Membercare Dataflow"
    assert document.generated == SEED_TIME
    assert document.introduction == PLAIN_NOTICE.format(left="Custom CRM", right="Membercare")
    assert document.sections[0].rows == (Row("Number", "productNumber", "N/A"),)
    assert document.line_ends == "crlf"


@pytest.mark.parametrize(
    "settings",
    [DocumentSettings(title="two\nlines"), DocumentSettings(notice="ends in a line end\n"), DocumentSettings(generated="yesterday")],
)
def test_what_a_document_cannot_hold_is_refused(shipped: Dataflow, manifests: dict[Side, Manifest], settings: DocumentSettings) -> None:
    with pytest.raises(ConfigurationError) as refused:
        from_dataflow(emptied(shipped, settings), manifests, SEED_TIME)
    assert len(refused.value.problems) == 1
    assert refused.value.remedy

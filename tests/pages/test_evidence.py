"""The evidence page and the document with ticks: every line with its evidence, nothing that acts, every link at its place."""

from dataclasses import replace

import pytest
from docutils import nodes
from docutils.core import publish_doctree
from evidence import FLOW, LINES, MADE, OTHER, WRITTEN, line, made_report
from looking import Element, check_structure, taken_apart

from accord.checks.pages import anchor, to_html
from accord.checks.report import Call, Kind, Line, Verdict
from accord.checks.ticked import to_ticked
from accord.documents.model import Document, Row, Section
from accord.model.dataflow import Dataflow, Direction, Flow, PropertyMapping, SystemEntry

DATAFLOW = Dataflow(
    left=SystemEntry(system="customcrm", manifest="c.yaml"),
    right=SystemEntry(system="membercare", manifest="m.yaml"),
    flows=(
        Flow(
            name=FLOW,
            left="Contact",
            right="Persons",
            properties=(
                PropertyMapping(left=("FirstName",), right=("firstname",), name="FirstName"),
                PropertyMapping(left=("LastName",), right=("lastname",), name="LastName"),
            ),
        ),
        Flow(name=OTHER, left="Customer", right="Companies"),
    ),
)
DOCUMENT = Document(
    title="Customcrm to Membercare Dataflow",
    generated="2026-03-01 12:00:00",
    introduction="What is kept in step.",
    sections=(
        Section(
            "Customcrm Contact",
            "Membercare Persons",
            "Membercare",
            (Row("FirstName", "firstname", '"string"'), Row("LastName", "lastname", '"string"')),
        ),
        Section("Customcrm Customer", "Membercare Companies", "Membercare", (Row("Unasked", "unasked", "N/A"),)),
    ),
)


def page(lines: tuple[Line, ...] = LINES, left_behind: tuple[str, ...] = ()) -> Element:
    return taken_apart(to_html(made_report(lines, left_behind)))


def folded(apart: Element, one: Line) -> Element:
    return next(each for each in apart.all("details") if any(inner.attributes.get("id") == anchor(one) for inner in each.all("div")))


def test_the_page_is_sound() -> None:
    check_structure(page())
    check_structure(page((), ("customcrm Contact CO-1",)))


def test_every_line_is_there_with_its_verdict() -> None:
    apart = page()
    for one in LINES:
        if one.applicable:
            assert next(folded(apart, one).all("summary")).text == f"{one.verdict.value} {one.question}"
        else:
            row = next(each for each in apart.all("tr") if each.attributes.get("id") == anchor(one))
            assert [cell.text for cell in row.all("th", "td")] == [one.question, one.reason]


def test_a_line_shows_expected_observed_both_sides_calls_times_rules_and_verdict() -> None:
    failed = next(one for one in LINES if one.verdict is Verdict.FAIL)
    inside = folded(page(), failed)
    facts = {each.one("dt").text: each.one("dd").text for each in inside.one("dl").all("div")}
    assert facts == {
        "Expected": "Åse",
        "Observed": "Ase",
        "Why": "firstname is not what it has to be",
        "Direction": "customcrm → membercare",
        "Provenance": "decided by MERGE-02, changed on the left",
        "Tried": "2026-03-01T12:00:01Z to 2026-03-01T12:00:02Z",
        "Calls": "call\N{NO-BREAK SPACE}1 checklist: PATCH /api/contacts/CO-1 no answer. "
        "call\N{NO-BREAK SPACE}2 engine: PATCH /api/v1/persons/17 200. ",
        "Line": failed.id,
    }
    tables = {
        each.one("caption").text: [[cell.text for cell in row.all("th", "td")] for row in each.one("tbody").all("tr")]
        for each in inside.all("table")
    }
    assert tables["What the records held"] == [
        ["customcrm CO-1", "FirstName", "Aase", "Åse", "changed"],
        ["membercare 17", "firstname", "null", "Åse", "changed"],
        ["membercare 17", "phone", "–", "empty", "new"],
    ]


def test_a_call_stands_once_with_its_request_and_answer_and_lines_lead_to_it() -> None:
    apart = page()
    calls = _section(apart, "Calls")
    assert [next(each.all("summary")).text for each in calls.all("details")] == [
        f"call\N{NO-BREAK SPACE}1, {MADE.at}, checklist to customcrm: {MADE.method} {MADE.path} no answer",
        f"call\N{NO-BREAK SPACE}2, {WRITTEN.at}, engine to membercare: {WRITTEN.method} {WRITTEN.path} 200",
    ]
    assert [each.text for each in calls.all("pre")] == [WRITTEN.sent, WRITTEN.answer]
    leading = [link for link in apart.all("a") if link.attributes["href"] == "#call-2"]
    assert len(leading) == sum(WRITTEN in one.calls for one in LINES)


def _section(apart: Element, title: str) -> Element:
    return next(each for each in apart.all("section") if next(each.all("h2", "h3")).text == title)


def test_coverage_is_by_flow_and_direction() -> None:
    rows = [[cell.text for cell in row.all("th", "td")] for row in _section(page(), "Coverage").one("tbody").all("tr")]
    assert rows == [
        [FLOW, "customcrm ↔ membercare", "1", "1", "1", "all proven"],
        [FLOW, "customcrm → membercare", "3", "3", "2", "1 not proven"],
        [FLOW, "customcrm ← membercare", "2", "1", "0", "1 not proven"],
        [OTHER, "customcrm → membercare", "1", "1", "1", "all proven"],
    ]


def test_a_page_never_looks_proven_when_it_is_not() -> None:
    assert "not proven" in page().one("header").text
    good = tuple(one for one in LINES if one.verdict is Verdict.PASS)
    assert "not proven" not in page(good).one("header").text
    assert "What is not proven" not in page(good).one("main").text
    spoiled = page(good, ("membercare Persons 17",)).one("header").text
    assert "not proven" in spoiled
    assert "membercare Persons 17" in spoiled


def test_what_others_wrote_stays_words() -> None:
    script = "</pre></details><script>alert(1)</script><img src=x onerror=alert(1)>"
    call = Call(
        by="engine",
        system=script,
        method="POST",
        path=f"/{script}",
        at="2026-03-01T12:00:01Z",
        sent=script,
        status=200,
        answer="\x00\u202e" + script,
    )
    nasty = replace(
        line(Kind.EDITED, Direction.LEFT_TO_RIGHT, script, Verdict.FAIL, script),
        expected=script,
        observed=script + "\u202e" + "x" * 500,
        calls=(call,),
    )
    apart = page((nasty,))
    check_structure(apart)
    assert script in [each.text for each in apart.all("pre")]
    assert "\u202e" not in apart.text


def test_the_document_with_ticks_is_the_document_with_a_tick_per_line() -> None:
    text = to_ticked(made_report(), DOCUMENT, DATAFLOW, "evidence.html").decode()
    tree = publish_doctree(text, settings_overrides={"report_level": 2, "halt_level": 2})
    tables = [
        [[cell.astext() for cell in row.findall(nodes.entry)] for row in table.findall(nodes.row)] for table in tree.findall(nodes.table)
    ]
    assert tables[0] == [
        ["Customcrm Contact Property", "Membercare Persons Property", "Membercare Data Type", "Evidence"],
        [
            "FirstName",
            "firstname",
            '"string"',
            "✗ 1 of 3: ✓ arrives\N{NO-BREAK SPACE}→, ✗ edited\N{NO-BREAK SPACE}→, ? edited\N{NO-BREAK SPACE}←",
        ],
        ["LastName", "lastname", '"string"', "✓ 1 of 1: ✓ conflict\N{NO-BREAK SPACE}↔"],
    ]
    assert tables[1][1] == ["Unasked", "unasked", "N/A", "not asked"]
    bullets = [each.astext() for each in tree.findall(nodes.list_item)]
    assert bullets == ["✓ Is it created?", "– Is it created?", "✓ Is it created?"]
    assert "Every Customcrm Contact will be synchronized with a Membercare Persons." in text
    assert "4 of 6 lines that apply are proven" in text


def test_what_does_not_apply_is_told_apart_in_a_row() -> None:
    lines = (
        line(Kind.EDITED, Direction.LEFT_TO_RIGHT, "FirstName", Verdict.PASS),
        line(Kind.EDITED, Direction.RIGHT_TO_LEFT, "FirstName", Verdict.NOT_APPLICABLE, "one way"),
        line(Kind.CONFLICT, Direction.BOTH, "LastName", Verdict.NOT_APPLICABLE, "one way"),
    )
    text = to_ticked(made_report(lines), DOCUMENT, DATAFLOW, "e.html").decode()
    rows = [row.astext() for row in publish_doctree(text, settings_overrides={"halt_level": 2}).findall(nodes.row)]
    assert rows[1].endswith("✓ 1 of 1: ✓ edited\N{NO-BREAK SPACE}→; does not apply: – edited\N{NO-BREAK SPACE}←")
    assert rows[2].endswith('"string"\n\ndoes not apply: – conflict\N{NO-BREAK SPACE}↔')


def test_every_tick_leads_to_its_evidence() -> None:
    tree = publish_doctree(to_ticked(made_report(), DOCUMENT, DATAFLOW, "evidence.html").decode(), settings_overrides={"halt_level": 2})
    led = [each["refuri"] for each in tree.findall(nodes.reference)]
    ids = {each.attributes["id"] for each in page().all() if "id" in each.attributes}
    assert len(led) == len(LINES)
    assert {each.removeprefix("evidence.html#") for each in led} == {anchor(one) for one in LINES}
    assert {anchor(one) for one in LINES} <= ids


@pytest.mark.parametrize("name", ["a_", "a`b|c*d_", "<script>", "Name+Other", "Åse, Øl", "a\\"])
def test_any_name_of_a_property_can_be_led_to(name: str) -> None:
    one = replace(
        line(Kind.EDITED, Direction.LEFT_TO_RIGHT, None, Verdict.PASS), id=f"f/edited/left-to-right/{name}", question=f"Is {name} kept?"
    )
    text = to_ticked(made_report((one,)), DOCUMENT, DATAFLOW, "evidence.html").decode()
    tree = publish_doctree(text, settings_overrides={"report_level": 2, "halt_level": 2})
    (reference,) = tree.findall(nodes.reference)
    assert reference["refuri"] == f"evidence.html#{anchor(one)}"
    assert reference.astext() == f"Is {name} kept?"
    assert anchor(one) in {each.attributes.get("id") for each in page((one,)).all()}

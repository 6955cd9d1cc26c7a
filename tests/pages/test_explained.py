"""The dataflow document in full: every flow and property, by the words of what decides, in forms that are one page."""

from dataclasses import replace
from importlib.resources import files

import pytest
from looking import Element, check_structure, taken_apart
from markdown_it import MarkdownIt

from accord.config.checking import notices_of
from accord.config.dataflow import read_dataflow
from accord.config.manifest import read_manifest
from accord.connectors.rest_capabilities import capabilities_of
from accord.core.mapping import compile_flow
from accord.core.merging import TABLE
from accord.core.rules import RULES
from accord.core.tables import decision_rows
from accord.documents.derived import from_dataflow
from accord.documents.examples import items_of, worked
from accord.documents.explained import Subject, explain
from accord.documents.explained_flow import rows_of
from accord.documents.html import to_html
from accord.documents.markdown import to_markdown
from accord.documents.page import Page
from accord.model.dataflow import ClearPolicy, ConflictPolicy, Creation, Dataflow, DeletePolicy, Direction, DocumentSettings, Share
from accord.model.manifest import Manifest
from accord.model.records import Side

NOTICE = "What the two systems of the Bird Society keep in step, for its members' desk."
MANIFESTS = {
    side: read_manifest(str(files("accord") / "connectors" / "manifests" / f"{name}.yaml"))
    for side, name in ((Side.LEFT, "customcrm"), (Side.RIGHT, "membercare"))
}
SHIPPED = read_dataflow(str(files("accord") / "config" / "starter" / "dataflow.yaml"))


def subject(dataflow: Dataflow = SHIPPED, manifests: dict[Side, Manifest] = MANIFESTS) -> Subject:
    left, right = manifests[Side.LEFT], manifests[Side.RIGHT]
    dataflow = replace(
        dataflow, document=replace(dataflow.document, generated="2026-03-01 12:00:00", notice=dataflow.document.notice or NOTICE)
    )
    compiled = {
        flow.name: compile_flow(flow, left.datatypes[flow.left], right.datatypes[flow.right], left.clock.zone, right.clock.zone)
        for flow in dataflow.flows
    }
    able = {
        side: {name: capabilities_of(each, one.clock, one.limits) for name, each in one.datatypes.items()}
        for side, one in manifests.items()
    }
    notices = tuple(notice.what for notice in notices_of(dataflow, left, right))
    return Subject(dataflow, from_dataflow(dataflow, manifests, ""), manifests, able, compiled, notices)


def page_of(dataflow: Dataflow = SHIPPED, manifests: dict[Side, Manifest] = MANIFESTS) -> Page:
    return explain(subject(dataflow, manifests)).page


def html_of(dataflow: Dataflow = SHIPPED) -> Element:
    return taken_apart(to_html(page_of(dataflow)))


def part(page: Element, id: str) -> Element:
    """The section with that id at its heading."""
    return next(each for each in page.all("section") if next(each.all("h2", "h3")).attributes["id"] == id)


def first_flow(**changes: object) -> Dataflow:
    return replace(SHIPPED, flows=(replace(SHIPPED.flows[0], **changes), *SHIPPED.flows[1:]))  # type: ignore[arg-type]  # fields of a flow


def cells(table: Element) -> list[list[str]]:
    return [[cell.text for cell in row.all("th", "td")] for row in table.one("tbody").all("tr")]


def rendered(text: bytes) -> Element:
    """Markdown as a reader's program shows it, with HTML in it let through."""
    html: str = MarkdownIt("commonmark").enable("table").render(text.decode())
    return taken_apart(html.encode())


def test_the_page_is_sound() -> None:
    check_structure(html_of())


def test_every_flow_and_every_property_is_there_in_each_form() -> None:
    page, text = html_of(), to_markdown(page_of()).decode()
    for position, flow in enumerate(SHIPPED.flows, 1):
        section = part(page, f"flow-{position}")
        assert next(section.all("h2")).text == f"Customcrm {flow.left} to Membercare {flow.right}"
        table = next(iter(part(page, f"flow-{position}-properties").all("table")))
        shown = [(row[0], row[1]) for row in cells(table)]
        assert shown == [(", ".join(row.names(Side.LEFT)), ", ".join(row.names(Side.RIGHT))) for row in rows_of(flow)]
        assert f'<a id="flow-{position}"></a>Customcrm {flow.left} to Membercare {flow.right}' in text
        for row in rows_of(flow):
            assert f"| {', '.join(f'`{name}`' for name in row.names(Side.LEFT))} |" in text


def test_the_forms_are_one_page() -> None:
    """What stands in a cell of the HTML stands in one of the Markdown, and the other way round."""
    page = page_of()
    html = [cell.text for cell in taken_apart(to_html(page)).all("th", "td")]
    assert [cell.text for cell in rendered(to_markdown(page)).all("th", "td")] == html


def test_it_is_the_same_for_the_same_files() -> None:
    assert to_html(page_of()) == to_html(page_of())
    assert to_markdown(page_of()) == to_markdown(page_of())


def test_the_notice_is_the_organisations_own() -> None:
    assert NOTICE in html_of().one("header").text
    assert NOTICE in to_markdown(page_of()).decode()


def test_the_sentences_of_the_document_stand_there() -> None:
    section = part(html_of(), "flow-1").text
    assert "Every Customcrm Contact will be synchronized with a Membercare Persons." in section
    assert "it will keep in sync between the two systems, regardless of where it is edited." in section


def test_match_criteria_filters_and_switches() -> None:
    page = html_of(first_flow(share=Share(left=False), full_sync=False))
    criteria = cells(next(iter(part(page, "flow-1-match").all("table"))))
    assert [row[:3] for row in criteria] == [
        ["1", "Email and LastName", "email and lastname"],
        ["2", "Mobile and LastName", "mobile and lastname"],
    ]
    assert "NO where it has none" in criteria[1][3]
    facts = part(page, "flow-1-settings").text
    assert "Writing to Customcrmswitched off" in facts
    assert "Full syncoff" in facts
    assert "only records with Status = 'won'" in part(page, "flow-3-settings").text
    ways = {row[2] for row in cells(next(iter(part(page, "flow-1-properties").all("table"))))}
    assert ways == {"→\N{NO-BREAK SPACE}rightwards"}  # what is switched off is not claimed


@pytest.mark.parametrize("policy", list(DeletePolicy))
def test_deletions_are_told_by_the_policies_in_use(policy: DeletePolicy) -> None:
    page = html_of(replace(SHIPPED, flows=tuple(replace(flow, deletes=policy) for flow in SHIPPED.flows)))
    assert f"Deletions{policy}:" in part(page, "flow-1-settings").text
    assert {row[0] for row in cells(part(page, "deletions").one("table"))} == {policy.value, "any"}
    assert ("Guard on deletions" in part(page, "flow-1-settings").text) == (policy is DeletePolicy.DELETE)


def test_direction_policy_and_clearing_of_a_property() -> None:
    flow = SHIPPED.flows[0]
    own = (
        replace(flow.properties[0], direction=Direction.RIGHT_TO_LEFT),
        replace(flow.properties[1], conflict=ConflictPolicy.MANUAL, clear=ClearPolicy.IGNORE),
        replace(flow.properties[2], default="nobody@example.org"),
    )
    rows = cells(next(iter(part(html_of(first_flow(properties=own)), "flow-1-properties").all("table"))))
    assert rows[0][2:] == ["←\N{NO-BREAK SPACE}leftwards", "string", "as it is", "Membercare", "personal"]
    assert rows[1][4:6] == ["emptying does not cross", "a person decides"]
    assert rows[2][4] == "email; if empty, written as nobody@example.org"


def test_a_flow_that_creates_nothing_does_not_say_that_it_does() -> None:
    section = part(html_of(first_flow(create=Creation.NONE)), "flow-1").text
    assert "a link between a Customcrm Contact and a Membercare Persons must be established" in section
    assert "a new Membercare Persons" not in section
    assert "Onboarding" not in section


def test_worked_examples_are_worked_out_by_the_mapping() -> None:
    compiled = subject().compiled["Contact to Persons"]
    by = {mapping.name: [(one.left, one.right, one.back) for one in worked(compiled, mapping)] for mapping in compiled.flow.properties}
    assert (("Storgata 14 B",), ("Storgata", "14", "B"), ("Storgata 14 B",)) in by["StreetAddress1"]
    assert by["Phone"] == [(("22 12 34 56",), ("+4722123456",), ("+4722123456",))]
    assert by["Country"] == [(("Norway",), ("NO",), ("Norway",))]
    assert {pair[:2] for pair in by["Gender"]} == {
        ((word,), (code,)) for word, code in (("unknown", 0), ("male", 1), ("female", 2), ("other", 3))
    }
    assert by["BirthDate"] == [(("2026-03-01",), ("2026-03-01T00:00:00",), ("2026-03-01",))]
    assert by["FirstName"] == []


def test_items_of_lists_have_their_examples() -> None:
    whole = subject()
    flow = whole.dataflow.flows[2]
    lines = next(mapping for mapping in flow.properties if mapping.properties)
    inner = items_of(whole.compiled[flow.name], lines, MANIFESTS)
    assert [mapping.name for mapping in inner.flow.properties] == [item.name for item in lines.properties]
    assert all(isinstance(worked(inner, item), tuple) for item in lines.properties)


def test_personal_data_is_marked() -> None:
    rows = cells(part(html_of(), "personal-data").one("table"))
    assert [row[0] for row in rows] == ["Contact to Persons", "User to Invoices"]
    assert "BirthDate" in rows[0][1]
    plain = replace(SHIPPED, flows=(SHIPPED.flows[3],))
    assert "No property is marked as personal." in part(html_of(plain), "personal-data").text


def test_the_merge_table_is_whole_and_every_rule_stands_there() -> None:
    page = html_of()
    table = next(iter(part(page, "who-wins").all("table")))
    assert [row[-1] for row in cells(table)] == [row.rule for row in TABLE] == [row[-1] for row in decision_rows()]
    assert [row[0] for row in cells(part(page, "rules").one("table"))] == list(RULES)


def test_capabilities_assumptions_and_how_deletions_are_seen() -> None:
    page, whole = html_of(), subject()
    persons, invoices = part(page, "flow-1-systems").text, part(page, "flow-3-systems").text
    assert "It cannot be deleted through the API." in persons
    assert "the record says so in anonymizedOn" in persons
    assert "the system does not say: a record counts as deleted when complete listings lack it" in invoices
    said = [item.text for item in part(page, "assumptions").all("li")]
    assert said == list(whole.notices)
    assert said
    assert not [each for each in said if ".yaml" in each or "/work" in each]  # no place of a machine


def test_hostile_words_stay_words() -> None:
    script, turned, long = "<script>alert(1)</script>", "abc\u202egnp.exe", "x" * 300
    name = f"{script}|`*_{turned}\x07{long}"
    flow = SHIPPED.flows[3]
    renamed = replace(flow.properties[0], left=(name,), name=name)
    left = MANIFESTS[Side.LEFT]
    product = left.datatypes["Product"]
    manifest = replace(
        left, datatypes=left.datatypes | {"Product": replace(product, properties=product.properties | {name: product.properties["Number"]})}
    )
    settings = DocumentSettings(
        title=f"{script} to {long} Dataflow", notice=f"{script} [x](http://example.org) {turned}", left_label=script
    )
    hostile = Dataflow(
        left=SHIPPED.left,
        right=SHIPPED.right,
        flows=(replace(flow, properties=(renamed,), match=()),),
        document=settings,
        path=SHIPPED.path,
    )
    page = page_of(hostile, {Side.LEFT: manifest, Side.RIGHT: MANIFESTS[Side.RIGHT]})
    html, text = to_html(page), to_markdown(page).decode()
    apart = taken_apart(html)
    check_structure(apart)
    assert script in apart.one("h1").text
    table = next(iter(part(apart, "flow-1-properties").all("table")))
    assert cells(table)[0][0] == name.replace("\u202e", "\\u202e").replace("\x07", "\\u0007")
    assert 'class="long"' in html.decode()
    for form in (html.decode(), text):
        assert "\u202e" not in form
        assert "\x07" not in form
    read = rendered(to_markdown(page))
    assert not [each.tag for each in read.all("script", "img")]
    assert not [link for link in read.all("a") if not link.attributes.get("href", "#").startswith("#")]
    table = next(each for each in read.all("table") if cells(each)[0][1] == "productNumber")
    assert cells(table)[0][0] == name.replace("\u202e", "\\u202e").replace("\x07", "\\u0007")

"""A document read into a dataflow file: the file holds, and gives the document back byte for byte, whatever the document says."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from builders import documents
from hypothesis import given, settings
from hypothesis import strategies as st

from accord.app import compile_flows, load
from accord.app.documents import document_text
from accord.app.reading_documents import ReadIn, read_documents
from accord.config.dialect import wires
from accord.config.manifest import read_manifest
from accord.config.starter import write_starter
from accord.documents.model import Document, Opening, Row, Section
from accord.documents.read import read_rst
from accord.documents.standin import manifest_text
from accord.documents.write import to_rst
from accord.errors import ConfigurationError, UsageError
from accord.model.dataflow import Creation, Direction, Flow, ItemKey, MatchPart
from accord.model.records import Side
from accord.model.values import DataType


def read_in(folder: Path, texts: Sequence[bytes], *, sandbox: bool = False) -> ReadIn:
    """Documents read into a folder."""
    paths = []
    for number, text in enumerate(texts):
        paths.append(folder / f"{number}.rst")
        paths[-1].write_bytes(text)
    return read_documents(paths, folder / "dataflow.yaml", sandbox=sandbox)


def given_back(folder: Path, texts: Sequence[bytes]) -> bool:
    setup = load(folder / "dataflow.yaml")
    compile_flows(setup)
    return [document_text(setup, "rst", place) for place in range(len(setup.dataflow.documents))] == list(texts)


@given(st.sampled_from((("Crm", "Care"), ("Crm", "Crm"), ("HubSpot", ""), ("Åse", "Ærlig to B"))).flatmap(lambda pair: documents(*pair)))
@settings(max_examples=40, deadline=None)
def test_any_document_becomes_a_file_that_holds_and_gives_it_back(tmp_path_factory: pytest.TempPathFactory, found: Document) -> None:
    folder, text = tmp_path_factory.mktemp("one"), to_rst(found)
    done = read_in(folder, [text])
    assert done.missing == ()
    assert given_back(folder, [text])
    for path in done.written[1:]:
        assert len(wires(read_manifest(path))) == len(read_manifest(path).datatypes)  # a stand-in can serve it


@given(st.tuples(documents("Crm", "Care"), documents("Care", "Crm"), documents("CRM", "care")))
@settings(max_examples=20, deadline=None)
def test_documents_of_both_directions_become_one_file_that_gives_each_back(
    tmp_path_factory: pytest.TempPathFactory, found: tuple[Document, ...]
) -> None:
    folder, texts = tmp_path_factory.mktemp("three"), [to_rst(each) for each in found]
    done = read_in(folder, texts)
    assert done.missing == ()
    assert given_back(folder, texts)


# --- what becomes of what a document says ------------------------------------------------------------------------------------------------

DATA = Path(__file__).parent / "data"
TIME = "2024-09-10 15:02:06"


def document(*sections: Section, title: str = "Crm to Care Dataflow") -> bytes:
    return to_rst(Document(title, TIME, "A notice.", sections))


def section(*rows: tuple[str, str, str], left: str = "Crm Contact", right: str = "Care Persons", **said: Any) -> Section:
    return Section(left, right, right.split(" ")[0], tuple(Row(*row) for row in rows), **said)


def the_flow(done: ReadIn) -> Flow:
    (flow,) = done.configured.dataflow.flows
    return flow


def test_the_document_of_our_two_systems_takes_the_shipped_manifests_and_says_nothing_twice(tmp_path: Path) -> None:
    text = (DATA / "customcrm-membercare.rst").read_bytes()
    done = read_in(tmp_path, [text])
    assert [path.name for path in done.written] == ["dataflow.yaml", "customcrm.yaml", "membercare.yaml"]
    assert given_back(tmp_path, [text])
    assert (done.configured.proposals, done.configured.warnings, done.missing) == ((), (), ())
    settings = done.configured.dataflow.document
    assert (settings.sections, settings.title, settings.left_label) == (None, None, None)
    assert [flow.name for flow in done.configured.dataflow.flows] == [
        "Contact to Persons",
        "Customer to Companies",
        "Order to Invoices",
        "Product to Products",
        "Quote to Invoices",
        "User to Invoices",
    ]


def test_both_directions_of_a_pair_become_one_flow_that_creates_on_both_sides(tmp_path: Path) -> None:
    there = document(section(("Name", "name", '"string"'), ("Only", "only", '"string"')))
    back = document(
        section(("name", "Name", "N/A"), left="Care Persons", right="Crm Contact"),
        section(left="Care Members", right="Crm Contact"),
        title="Care to Crm Dataflow",
    )
    done = read_in(tmp_path, [there, back])
    first, second = done.configured.dataflow.flows
    assert (first.name, first.create) == ("Contact to Persons", Creation.BOTH)
    assert [each.name for each in first.properties] == ["Name", "Only"]
    assert (second.name, second.create) == ("Contact to Members", Creation.NONE)
    assert [str(told) for told in done.configured.proposals] == [
        "Contact to Members: the document creates a Contact from a Members and not the other way: none, or both; "
        "or read that document into a dataflow of its own"
    ]
    assert given_back(tmp_path, [there, back])


def test_the_same_pair_twice_is_two_flows_each_with_its_own_rows(tmp_path: Path) -> None:
    text = document(section(("a", "b", '"string"')), section(("c", "d", '"string"')), section())
    done = read_in(tmp_path, [text])
    flows = done.configured.dataflow.flows
    assert [flow.name for flow in flows] == ["Contact to Persons", "Contact to Persons (2)", "Contact to Persons (3)"]
    assert [[each.name for each in flow.properties] for flow in flows] == [["a"], ["c"], []]
    assert given_back(tmp_path, [text])


@pytest.mark.parametrize(
    ("left", "right", "normal"),
    [
        ("Email", "email", "email"),
        ("Email", "contact.emailAddress", "email"),
        ("OrganisationNumber", "orgNr", "organisation_number"),
        ("CustomerNumber", "customerNo", "text"),
        ("InvoiceEmail", "einvoiceEmail", None),
        ("Phone", "phone_numbers.number", None),
        ("StreetNumber", "addresses.number", None),
        ("Name", "name", None),
    ],
)
def test_a_match_criterion_is_proposed_where_names_tell_and_the_document_does_not(
    tmp_path: Path, left: str, right: str, normal: str | None
) -> None:
    text = document(section((left, right, '"string"')))
    done = read_in(tmp_path, [text])
    assert the_flow(done).match == (((MatchPart(left=left, right=right, normal=normal),),) if normal else ())
    marked = "match:  # proposal: the document does not say how an existing record is recognised" in done.configured.text
    assert marked is (normal is not None)
    assert len(done.configured.proposals) == (normal is not None)
    assert given_back(tmp_path, [text])


def test_criteria_that_the_document_states_are_taken_as_they_are(tmp_path: Path) -> None:
    said = (("Email, Name", "email, name"), ("Nick", "nick, alias"))
    text = document(section(("Email", "email", '"string"'), opening=Opening.LINK_FIRST, matches=said))
    done = read_in(tmp_path, [text])
    assert the_flow(done).match == (
        (MatchPart(left="Email", right="email", normal="email"), MatchPart(left="Name", right="name")),
        (MatchPart(left="Nick", right="nick, alias"),),
    )
    assert the_flow(done).create is Creation.NONE
    assert done.configured.proposals == ()
    assert done.configured.dataflow.document.sections is None


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ({"opening": Opening.CONDITIONAL, "condition": "If a. B is won"}, 'records are created on a condition: "If a. B is won"'),
        ({"opening": Opening.LINK_FIRST, "connect": "Crm Order that is synchronized"}, "records are created if connected to"),
    ],
)
def test_nothing_is_created_on_a_condition_that_nobody_has_said_in_the_files_words(
    tmp_path: Path, said: dict[str, Any], reason: str
) -> None:
    text = document(section(**said))
    done = read_in(tmp_path, [text])
    assert the_flow(done).create is Creation.NONE
    assert reason in done.configured.proposals[0].what
    assert given_back(tmp_path, [text])


def test_what_is_at_odds_with_an_api_is_warned_of_in_the_file_and_in_the_summary(tmp_path: Path) -> None:
    rows = [("Website", "url", '"string"'), ("Ref", "addresses.id", '"string"'), ("$original_id", "foreignId", "N/A"), ("Id", "id", "N/A")]
    text = document(section(*rows))
    done = read_in(tmp_path, [text])
    told = [str(one) for one in done.configured.warnings]
    assert "Contact to Persons: Website <-> url: A url is usually the link to the record itself, not a web site." in told
    assert any(one.startswith("Contact to Persons: Ref <-> addresses.id: An id is given by its own system") for one in told)
    assert any(one.startswith("Contact to Persons: Id <-> id: kept as text: Id cannot be written in Contact; id") for one in told)
    by_name = {each.name: each for each in the_flow(done).properties}
    assert by_name["$original_id"].direction is Direction.LEFT_TO_RIGHT
    assert "Id" not in by_name
    assert done.configured.text_alone == 1
    assert done.configured.text.count("# warning:") == len(told)
    assert given_back(tmp_path, [text])


def test_two_rows_that_write_the_same_property_are_kept_apart_by_direction(tmp_path: Path) -> None:
    text = document(section(("a", "x", '"string"'), ("a", "y", '"string"'), ("b", "y", '"string"'), ("b", "x", '"string"')))
    done = read_in(tmp_path, [text])
    assert [(each.name, each.direction) for each in the_flow(done).properties] == [
        ("a", Direction.BOTH),
        ("a (2)", Direction.LEFT_TO_RIGHT),
        ("b", Direction.RIGHT_TO_LEFT),
    ]
    assert done.configured.text_alone == 1
    assert given_back(tmp_path, [text])


MANIFESTS = {
    "crm.yaml": ("Crm", {"Contact": {"Number": '"string"', "Text": '"string"', "Flag": '"boolean"', "Company": '"string"'}}),
    "care.yaml": ("Care", {"Persons": {"number": '"integer"', "text": '"string"', "flag": '"integer"', "company": '"string"'}}),
}


def test_manifests_in_the_folder_are_used_and_their_data_types_respected(tmp_path: Path) -> None:
    for name, said in MANIFESTS.items():
        (tmp_path / name).write_text(manifest_text(*said))
    rows = [("Number", "number", '"string"'), ("Text", "text", '"string"'), ("Flag", "flag", '"boolean"'), ("Text", "txt", "N/A")]
    text = document(section(*rows), section(left="Crm Order", right="Care Invoices"))
    done = read_in(tmp_path, [text])
    assert [path.name for path in done.written] == ["dataflow.yaml"]
    assert sorted(path.name for path in done.used) == ["care.yaml", "crm.yaml"]
    number, plain_text = the_flow(done).properties
    assert (number.type, number.transform and number.transform.name, number.document_type) == (DataType.INTEGER, "number_text", '"string"')
    assert (plain_text.type, plain_text.transform, plain_text.document_type) == (DataType.STRING, None, None)
    told = [str(one) for one in done.configured.warnings]
    assert told == [
        'Contact to Persons: Number <-> number: the document says "string", the manifest "integer"',
        "Contact to Persons: Flag <-> flag: kept as text: nothing is known that turns boolean into integer and back: name a transform",
        "Contact to Persons: Text <-> txt: kept as text: the manifest knows no property txt of Persons, perhaps text",
        "Order to Invoices: kept as text: the manifest of Crm knows no datatype Order",
    ]
    assert given_back(tmp_path, [text])


def test_the_id_of_another_record_becomes_a_reference(tmp_path: Path) -> None:
    text = document(
        section(left="Crm Customer", right="Care Companies"), section(("customerId", "company.id", '"string"'), ("x", "y", '"string"'))
    )
    done = read_in(tmp_path, [text])
    reference = done.configured.dataflow.flows[1].properties[0]
    assert (reference.type, reference.refers_to, reference.required) == (DataType.REFERENCE, ("Customer to Companies",), False)
    assert given_back(tmp_path, [text])


def test_our_own_document_read_again_is_nearly_the_dataflow_that_it_was_written_from(tmp_path: Path) -> None:
    write_starter(tmp_path / "own")
    text = document_text(load(tmp_path / "own" / "dataflow.yaml"), "rst")
    done = read_in(tmp_path, [text])
    assert given_back(tmp_path, [text])
    own = load(tmp_path / "own" / "dataflow.yaml").dataflow
    for flow, again in zip(own.flows, done.configured.dataflow.flows, strict=True):
        lost = {each.name for each in flow.properties} - {each.name for each in again.properties}
        assert lost <= {"Gender", "FinanceStatus"}  # which option stands for which is not in a document
    order = {each.name: each for each in done.configured.dataflow.flows[2].properties}
    assert order["Lines"].item_key == ItemKey(left="LineNumber", right="sequence")
    assert [each.left[0] for each in order["Lines"].properties] == [
        "Description",
        "LineNumber",
        "ProductNumber",
        "Quantity",
        "UnitPrice",
        "VatPercent",
    ]
    assert "Order to Invoices: PayerId <-> payer: perhaps the id of another record" in "; ".join(map(str, done.configured.warnings))
    assert done.configured.text_alone == 3


# --- what is added later --------------------------------------------------------------------------------------------------------------


def test_what_is_added_to_the_file_later_is_added_to_the_document(tmp_path: Path) -> None:
    text = document(section(("b", "a", "N/A"), ("a", "b", '"string"'), ("a", "b", '"float"')))
    read_in(tmp_path, [text])
    path = tmp_path / "dataflow.yaml"
    yaml = path.read_text()
    assert "rows:" in yaml
    changed = yaml.replace("    properties:\n", "    properties:\n      - {left: Label, right: Label}\n")
    path.write_text(changed.replace("flows:\n", "flows:\n  - {left: Contact, right: Persons, name: later, create: none}\n", 1))
    written = read_rst(document_text(load(path), "rst"))
    assert [row.left for row in written.sections[0].rows] == ["b", "a", "a", "Label"]
    assert [each.opening for each in written.sections] == [Opening.EVERY, Opening.LINK_FIRST]


# --- what is refused ------------------------------------------------------------------------------------------------------------------


def test_documents_of_three_systems_are_refused_with_their_names(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as refused:
        read_in(tmp_path, [document(section()), document(section(right="Erp People"), title="Crm to Erp Dataflow")])
    assert "1.rst is about Crm and Erp, the others about Crm and Care" in refused.value.message
    assert not (tmp_path / "dataflow.yaml").exists()


def test_a_file_that_is_there_is_never_replaced_unless_that_is_said(tmp_path: Path) -> None:
    (tmp_path / "crm.yaml").write_text("mine")
    with pytest.raises(ConfigurationError) as refused:
        read_in(tmp_path, [document(section())])
    assert [(Path(problem.file).name, problem.what) for problem in refused.value.problems] == [("crm.yaml", "is there already")]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["0.rst", "crm.yaml"]
    read_documents([tmp_path / "0.rst"], tmp_path / "dataflow.yaml", force=True)
    assert (tmp_path / "crm.yaml").read_text() != "mine"


def test_a_system_that_pairs_with_itself_has_a_manifest_on_each_side(tmp_path: Path) -> None:
    text = document(section(("a", "b", '"string"'), right="Crm Contact"), title="Crm to Crm Dataflow")
    done = read_in(tmp_path, [text], sandbox=True)
    assert [path.name for path in done.written] == ["dataflow.yaml", "crm-left.yaml", "crm-right.yaml"]
    assert done.missing == ()
    setup = load(tmp_path / "dataflow.yaml")
    assert [setup.manifests[side].origin for side in Side] == ["${env:CRM_LEFT_URL}", "${env:CRM_RIGHT_URL}"]
    assert given_back(tmp_path, [text])


def test_a_target_that_the_title_leaves_out_is_named_by_a_section_or_not_at_all(tmp_path: Path) -> None:
    """Such documents exist: one and the same has labels with and without the system, and an offer after a condition."""
    sections = (
        section(
            ("email", "email", '"string"'), left="Desk Users", right=" Contact", opening=Opening.LINK_FIRST, matches=(("email", "email"),)
        ),
        section(("name", "name", '"string"'), left="Desk Organizations", right="Books Customer"),
        section(left="Desk Users", right=" Employee", opening=Opening.CONDITIONAL, condition="When it is an agent", offer=True),
    )
    text = document(*sections, title="Desk to  Dataflow")
    done = read_in(tmp_path, [text])
    assert [path.name for path in done.written] == ["dataflow.yaml", "desk.yaml", "books.yaml"]
    assert [flow.name for flow in done.configured.dataflow.flows] == ["Users to Contact", "Organizations to Customer", "Users to Employee"]
    assert given_back(tmp_path, [text])


def test_a_system_that_the_title_spells_otherwise_is_known_by_the_head_of_the_data_types(tmp_path: Path) -> None:
    text = document(replace(section(right="Big Care Persons"), right_system="Big Care"))
    assert [flow.name for flow in read_in(tmp_path, [text]).configured.dataflow.flows] == ["Contact to Persons"]
    assert given_back(tmp_path, [text])


def test_within_one_place_nothing_is_created_in_a_circle(tmp_path: Path) -> None:
    kinds = {"Lead": {"a": "N/A"}, "Contact": {"a": "N/A"}, "Person": {"a": "N/A"}}
    (tmp_path / "crm.yaml").write_text(manifest_text("Crm", kinds))
    pairs = (("Lead", "Contact"), ("Contact", "Person"), ("Person", "Contact"))
    text = document(*(section(left=f"Crm {one}", right=f"Crm {other}") for one, other in pairs), title="Crm to Crm Dataflow")
    done = read_in(tmp_path, [text])
    assert [flow.create for flow in done.configured.dataflow.flows] == [Creation.LEFT_TO_RIGHT, Creation.NONE, Creation.NONE]
    assert len(done.configured.warnings) == 2
    assert done.missing == ()
    assert given_back(tmp_path, [text])


def test_a_disk_that_fails_leaves_no_half_of_the_files(tmp_path: Path) -> None:
    (tmp_path / "0.rst").write_bytes(document(section()))
    (tmp_path / "crm.yaml").mkdir()
    with pytest.raises(ConfigurationError, match=r"crm\.yaml"):
        read_documents([tmp_path / "0.rst"], tmp_path / "dataflow.yaml", force=True)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["0.rst", "crm.yaml"]

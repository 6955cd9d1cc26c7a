"""What a dataflow file says of its documents is checked like the rest of it: line, and what to do."""

import pytest

from accord.config.checking import notices_of
from accord.config.dataflow import dataflow_of
from accord.config.manifest import manifest_of
from accord.config.yamlfile import parse_yaml
from accord.documents.standin import manifest_text
from accord.errors import ConfigurationError
from accord.model.dataflow import DocumentSection, DocumentSettings
from accord.model.records import Side

HEAD = """accord: 1
left: {system: a, manifest: a.yaml}
right: {system: b, manifest: b.yaml}
flows:
  - {left: Contact, right: Persons, properties: [{left: Email, right: email}]}
"""


def test_one_document_or_several_are_what_the_file_says() -> None:
    plain = dataflow_of(parse_yaml(HEAD.encode(), "x.yaml"))
    assert plain.documents == (DocumentSettings(),)
    text = HEAD + "documents:\n  - {title: One}\n  - {source: right, sections: [{flow: Contact to Persons, match: [[a, b]]}]}\n"
    several = dataflow_of(parse_yaml(text.encode(), "x.yaml"))
    back = DocumentSettings(source=Side.RIGHT, sections=(DocumentSection(flow="Contact to Persons", match=(("a", "b"),)),))
    assert several.documents == (DocumentSettings(title="One"), back)
    assert several.document == several.documents[0]


def test_a_file_without_flows_holds_only_for_a_document_that_says_its_sections() -> None:
    bare = HEAD.split("flows:")[0] + "flows: []\n"
    assert dataflow_of(parse_yaml(f"{bare}document: {{sections: []}}\n".encode(), "x.yaml")).flows == ()
    with pytest.raises(ConfigurationError, match="there are no flows"):
        dataflow_of(parse_yaml(bare.encode(), "x.yaml"))


@pytest.mark.parametrize(
    ("said", "line", "what"),
    [
        ("document: {}\ndocuments: [{}]", 7, "document and documents both stand here"),
        ("documents: []", 6, "there are no documents"),
        ("document:\n  sections:\n    - {flow: Contact to Person}", 8, "a section of Contact to Person, which is no flow of this file"),
        ("document:\n  sections:\n    - {left: A}", 8, "a section without a flow is text alone, and says all of it"),
        ("document:\n  sections: [{flow: Contact to Persons, opening: conditional}]", 7, "condition go together"),
        ("document:\n  sections: [{flow: Contact to Persons, condition: If so}]", 7, "condition go together"),
        ("document:\n  sections: [{flow: Contact to Persons, opening: link_first, offer: true}]", 7, "no offer stands"),
        ("document:\n  sections: [{flow: Contact to Persons, opening: every, connect: a B}]", 7, "a connection stands only"),
        ("document:\n  sections: [{flow: Contact to Persons, without: [Emil]}]", 7, "there is no property mapping Emil"),
        ("document:\n  sections: [{flow: Contact to Persons, rows: [{property: Emil}]}]", 7, "a row of Emil, which is no property"),
        ("document:\n  sections: [{flow: Contact to Persons, rows: [{left: a}]}]", 7, "a row without a property is text alone"),
    ],
)
def test_what_a_section_cannot_say_is_refused_in_its_line(said: str, line: int, what: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        dataflow_of(parse_yaml(f"{HEAD}{said}\n".encode(), "x.yaml"))
    (problem,) = refused.value.problems
    assert (problem.file, problem.line) == ("x.yaml", line)
    assert what in problem.what
    assert problem.remedy


def test_a_mapping_of_what_is_not_what_it_is_taken_for_is_noticed() -> None:
    kinds = {"Contact": {"Website": "N/A", "Ref": "N/A", "Name": "N/A"}}, {"Persons": {"url": "N/A", "addresses.id": "N/A", "name": "N/A"}}
    left, right = (manifest_of(parse_yaml(manifest_text(name, each).encode(), "m.yaml")) for name, each in zip("ab", kinds, strict=True))
    rows = "{left: Website, right: url}, {left: Ref, right: addresses.id}, {left: Name, right: name}"
    dataflow = dataflow_of(parse_yaml(HEAD.replace("{left: Email, right: email}", rows).encode(), "x.yaml"))
    said = [notice.what for notice in notices_of(dataflow, left, right)]
    assert said == [
        "Contact to Persons: Website is kept in url. A url is usually the link to the record itself, not a web site.",
        "Contact to Persons: Ref is kept in addresses.id. An id is given by its own system and cannot be carried over; "
        "map a property that means the same in both systems.",
    ]

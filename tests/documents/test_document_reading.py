"""Reading a document: what is read is written back byte for byte, and what breaks the grammar is said with its line."""

import itertools
from dataclasses import replace
from pathlib import Path

import pytest
from builders import documents, labels, sections
from hypothesis import given
from hypothesis import strategies as st

from accord.documents.model import Document, Opening, Row, Section
from accord.documents.read import read_rst
from accord.documents.write import to_rst
from accord.errors import ConfigurationError

DOCUMENTS = documents("Crm", "Care") | documents("Crm", "")
DATA = Path(__file__).parent / "data"


@given(DOCUMENTS)
def test_every_document_comes_back(document: Document) -> None:
    written = to_rst(document)
    assert to_rst(read_rst(written)) == written


@given(st.lists(sections(labels("Crm"), labels("Care")), min_size=1, max_size=2).map(tuple))
def test_what_a_section_says_comes_back(found: tuple[Section, ...]) -> None:
    """Labels that hold " to " could be divided otherwise; without one there is only one way to read a document."""
    plain = tuple(replace(one, condition=one.condition.replace(",", "")) for one in found)
    document = Document("A to B Dataflow", "2024-09-10 15:02:06", "N.", plain)
    assert read_rst(to_rst(document)) == document


def lines_of(document: Document) -> tuple[list[bytes], bytes]:
    end = b"\r\n" if document.line_ends == "crlf" else b"\n"
    return to_rst(document).split(end), end


def refused_in(text: bytes) -> int | None:
    """The line at which a text is refused; None when it is read, and then as it stands."""
    try:
        assert to_rst(read_rst(text)) == text
    except ConfigurationError as refused:
        (problem,) = refused.problems
        assert problem.column >= 1
        assert problem.remedy
        return problem.line
    return None


@given(DOCUMENTS, st.data())
def test_a_line_that_is_another_is_refused_there_but_for_the_introduction_which_may_be_any(document: Document, data: st.DataObject) -> None:
    lines, end = lines_of(document)
    at = data.draw(st.integers(0, len(lines) - 2))
    found = refused_in(end.join([*lines[:at], b"something else", *lines[at + 1 :]]))
    assert found == (None if at == 9 else at + 1)


@given(DOCUMENTS, st.data())
def test_a_line_too_few_or_too_many_is_refused_where_it_shows(document: Document, data: st.DataObject) -> None:
    """A row that lacks a cell in its middle shows it one line later, and so does an end that is too long."""
    lines, end = lines_of(document)
    at = data.draw(st.integers(0, len(lines) - 2))
    changed = data.draw(st.sampled_from(([*lines[:at], *lines[at + 1 :]], [*lines[: at + 1], *lines[at:]])))
    first = next(index for index, (one, other) in enumerate(itertools.zip_longest(lines, changed)) if one != other)
    found = refused_in(end.join(changed))
    if found is None:  # the document was cut at its end, or a row's cells are alike
        assert not document.sections or lines[at].startswith((b"   * - ", b"     - "))
    else:  # among lines that are alike, the one that is too many may be any of them
        assert at + 1 <= found <= first + 2


@given(DOCUMENTS, st.data())
def test_a_missing_character_is_refused_where_it_stands_or_where_its_length_is_measured(document: Document, data: st.DataObject) -> None:
    lines, end = lines_of(document)
    at = data.draw(st.sampled_from([place for place, line in enumerate(lines) if line]))
    found = refused_in(end.join([*lines[:at], lines[at][1:], *lines[at + 1 :]]))
    assert found is None or at - 1 <= found - 1 <= at + 2


def test_the_document_of_our_two_systems_is_read_and_comes_back() -> None:
    text = (DATA / "customcrm-membercare.rst").read_bytes()
    document = read_rst(text)
    assert to_rst(document) == text
    assert [(section.left, section.right, section.rows) for section in document.sections] == [
        ("Customcrm Contact", "Membercare Persons", ()),
        ("Customcrm Customer", "Membercare Companies", ()),
        ("Customcrm Order", "Membercare Invoices", ()),
        ("Customcrm Product", "Membercare Products", ()),
        ("Customcrm Quote", "Membercare Invoices", ()),
        ("Customcrm User", "Membercare Invoices", ()),
    ]
    assert (document.generated, document.line_ends, document.heading) == ("2024-09-10 15:02:06", "lf", "Introduction")


def test_the_shipped_document_reads_as_the_flows_that_it_was_written_from(tmp_path: Path) -> None:
    from accord.app import load
    from accord.app.documents import document_text
    from accord.config.starter import write_starter

    write_starter(tmp_path, demo=True)
    written = document_text(load(tmp_path / "dataflow.yaml"), "rst")
    document = read_rst(written)
    assert to_rst(document) == written
    assert [section.right for section in document.sections].count("Membercare Invoices") == 3
    assert all(section.rows for section in document.sections)


GOOD = to_rst(Document("A to B Dataflow", "2024-09-10 15:02:06", "N.", (Section("A X", "B Y", "B", (Row("a", "b", "N/A"),)),)))


@pytest.mark.parametrize(
    ("before", "after", "line", "column", "said"),
    [
        (b"=\nA to", b"\nA to", 1, 1, "15 ="),
        (b"15:02:06", b"15:02", 5, 1, "a time such as"),
        (b"-----\n\nN.", b"----\n\nN.", 8, 12, "twelve dashes"),
        (b"---------\nEvery", b"--------\nEvery", 13, 10, "10 dashes"),
        (b"Every A X will", b"Each A X will", 14, 1, "an opening sentence"),
        (b"regardless of", b"whatever", 16, 99, "keeping in sync"),
        (b"   * - a\n", b"   - a\n", 26, 1, "a cell was expected"),
        (b"     - N/A\n", b"", 28, 1, "a cell was expected"),
        (b"N.\n", b"N.\r\n", 10, 4, "mixed"),
        (b"N.\n", b"N\xff.\n", 10, 2, "UTF-8"),
        (b"B Data Type", b"B Datatype", 25, 18, "Data Type"),
    ],
)
def test_what_breaks_the_grammar_is_said_with_its_place(before: bytes, after: bytes, line: int, column: int, said: str) -> None:
    assert before in GOOD
    with pytest.raises(ConfigurationError) as refused:
        read_rst(GOOD.replace(before, after, 1), "it.rst")
    (problem,) = refused.value.problems
    assert said in problem.what
    assert (problem.file, problem.line, problem.column) == ("it.rst", line, column)


def test_that_a_document_is_empty_is_said() -> None:
    with pytest.raises(ConfigurationError) as refused:
        read_rst(b"")
    assert refused.value.problems[0].what == "the document is empty"


@pytest.mark.parametrize(
    ("kind", "sentence", "line"),
    [
        (Opening.LINK_FIRST, "If a matching B Y already exists, the A X will be merged with the existing one.", 16),
        (Opening.EVERY, "A new B Y will be created from a A X if it is connected to a A Z.", 16),
        (Opening.CONDITIONAL, "A new B Y will be created from a A X if it is connected to a A Z.", 16),
    ],
)
def test_a_sentence_of_another_opening_is_refused(kind: Opening, sentence: str, line: int) -> None:
    section = Section("A X", "B Y", "B", opening=kind, condition="C" if kind is Opening.CONDITIONAL else "")
    lines = to_rst(Document("A to B Dataflow", "2024-09-10 15:02:06", "N.", (section,))).decode().split("\n")
    text = "\n".join([*lines[:15], sentence, "", *lines[15:]])
    with pytest.raises(ConfigurationError) as refused:
        read_rst(text.encode())
    (problem,) = refused.value.problems
    assert (problem.line, problem.column) == (line, 1)
    assert "only after" in problem.what


def test_a_heading_of_a_table_is_refused_at_its_cell() -> None:
    with pytest.raises(ConfigurationError) as refused:
        read_rst(GOOD.replace(b"     - B Y Property", b"     - B Z Property"))
    (problem,) = refused.value.problems
    assert (problem.line, problem.column) == (24, 10)

"""Reading a document: what is read is written back byte for byte, and what breaks the grammar is said with its line."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accord.documents.model import Document, Opening, Row, Section
from accord.documents.read import read_rst
from accord.documents.write import to_rst
from accord.errors import ConfigurationError

WORD = st.text("abcXYZ09.$_()-:åé", min_size=1, max_size=8)
WORDS = st.lists(WORD, min_size=1, max_size=3).map(" ".join)
CELL = st.text('abcXYZ09.$_()-:" åé', max_size=20).filter(lambda text: text == text.strip() or text.endswith(" "))
LABEL = st.lists(WORD, min_size=2, max_size=4).map(" ".join)


@st.composite
def sections(draw: st.DrawFn) -> Section:
    left, right = draw(LABEL), draw(LABEL)
    kind = draw(st.sampled_from(Opening))
    return Section(
        left,
        right,
        draw(WORDS),
        tuple(draw(st.lists(st.builds(Row, CELL, CELL, CELL), max_size=4))),
        kind,
        tuple(draw(st.lists(st.tuples(CELL, CELL), max_size=3))),
        draw(WORDS) if kind is Opening.CONDITIONAL else "",
        draw(st.booleans()),
        draw(st.none() | WORDS),
    )


DOCUMENTS = st.builds(
    Document,
    st.tuples(WORDS, st.just("") | WORDS).map(lambda names: f"{names[0]} to {names[1]} Dataflow"),
    st.just("2024-09-10 15:02:06"),
    WORDS.map(lambda words: f"{words}."),
    st.lists(sections(), max_size=3).map(tuple),
    st.sampled_from(("lf", "crlf")),
    st.sampled_from(("Introduction", "Introduction.")),
)


@given(DOCUMENTS)
def test_every_document_comes_back(document: Document) -> None:
    written = to_rst(document)
    assert to_rst(read_rst(written)) == written


@given(st.lists(sections(), min_size=1, max_size=2).map(tuple))
def test_what_a_section_says_comes_back(found: tuple[Section, ...]) -> None:
    """Labels that hold " to " could be divided otherwise; without one there is only one way to read a document."""
    plain = tuple(replace(one, condition=one.condition.replace(",", "")) for one in found)
    document = Document("A to B Dataflow", "2024-09-10 15:02:06", "N.", plain)
    assert read_rst(to_rst(document)) == document


@given(DOCUMENTS, st.data())
def test_a_changed_line_is_refused_where_it_stands_or_read_as_it_stands(document: Document, data: st.DataObject) -> None:
    end = b"\r\n" if document.line_ends == "crlf" else b"\n"
    lines = to_rst(document).split(end)
    at = data.draw(st.integers(0, len(lines) - 2))
    change = data.draw(st.sampled_from(("delete", "double", "replace", "character")))
    if change == "delete":
        changed = [*lines[:at], *lines[at + 1 :]]
    elif change == "double":
        changed = [*lines[: at + 1], *lines[at:]]
    elif change == "replace":
        changed = [*lines[:at], b"something else", *lines[at + 1 :]]
    else:
        changed = [*lines[:at], lines[at][1:] if lines[at] else b"x", *lines[at + 1 :]]
    text = end.join(changed)
    try:
        assert to_rst(read_rst(text)) == text
    except ConfigurationError as refused:
        (problem,) = refused.problems
        assert 1 <= problem.line <= len(changed) + 1
        assert problem.column >= 1
        assert problem.remedy


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
        (b"B Data Type", b"B Datatype", 23, 1, "Data Type"),
    ],
)
def test_what_breaks_the_grammar_is_said_with_its_place(before: bytes, after: bytes, line: int, column: int, said: str) -> None:
    assert before in GOOD
    with pytest.raises(ConfigurationError) as refused:
        read_rst(GOOD.replace(before, after, 1), "it.rst")
    (problem,) = refused.value.problems
    assert said in problem.what
    assert (problem.file, problem.line, problem.column) == ("it.rst", line, column)

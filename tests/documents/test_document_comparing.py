"""What differs between two documents."""

from dataclasses import replace
from pathlib import Path

from click.testing import CliRunner

from accord.cli.document import document_command
from accord.documents.compare import compare
from accord.documents.model import Document, Opening, Row, Section
from accord.documents.write import to_rst

ONE = Section("A X", "B Y", "B", (Row("a", "b", '"string"'), Row("c", "d", "N/A")))
OLD = Document("A to B Dataflow", "2024-09-10 15:02:06", "N.", (ONE, replace(ONE, left="A Z")))


def said(new: Document) -> list[str]:
    return [str(one) for one in compare(OLD, new)]


def test_the_time_of_writing_is_no_difference() -> None:
    assert said(replace(OLD, generated="2026-01-01 00:00:00")) == []


def test_flows_properties_types_and_openings_are_told_by_name() -> None:
    changed = replace(ONE, opening=Opening.LINK_FIRST, rows=(Row("a", "b", '"integer"'), Row("e", "f", "N/A")))
    assert said(replace(OLD, sections=(changed, replace(ONE, left="A W")))) == [
        "A X to B Y: opening: every -> link_first",
        'A X to B Y: data type of a <-> b: "string" -> "integer"',
        "A X to B Y: property added: e <-> f, N/A",
        "A X to B Y: property removed: c <-> d, N/A",
        "flow added: A W to B Y",
        "flow removed: A Z to B Y",
    ]


def test_a_pair_that_occurs_twice_is_known_by_its_place() -> None:
    twice = replace(OLD, sections=(ONE, replace(ONE, rows=())))
    again = replace(OLD, sections=(ONE, replace(ONE, rows=(Row("a", "b", "N/A"),))))
    assert [str(one) for one in compare(twice, again)] == ["A X to B Y (2): property added: a <-> b, N/A"]


def test_another_order_of_the_flows_is_told() -> None:
    (only,) = said(replace(OLD, sections=OLD.sections[::-1]))
    assert only == "order of the flows: A X to B Y; A Z to B Y -> A Z to B Y; A X to B Y"


def test_another_order_of_the_properties_and_another_heading_are_told() -> None:
    turned = replace(ONE, rows=ONE.rows[::-1])
    assert said(replace(OLD, sections=(turned, OLD.sections[1]), heading="Introduction.")) == [
        "heading of the introduction: Introduction -> Introduction.",
        "A X to B Y: order of the properties: a <-> b; c <-> d -> c <-> d; a <-> b",
    ]


def test_a_row_that_stands_there_twice_is_told() -> None:
    assert said(replace(OLD, sections=(replace(ONE, rows=(*ONE.rows, ONE.rows[0])), OLD.sections[1]))) == [
        'A X to B Y: property added: a <-> b (2), "string"'
    ]


def test_the_command_ends_with_2_where_they_differ_and_0_where_not(tmp_path: Path) -> None:
    paths = [tmp_path / "old.rst", tmp_path / "new.rst"]
    for path, document in zip(paths, (OLD, replace(OLD, title="A to C Dataflow")), strict=True):
        path.write_bytes(to_rst(document))
    differ = CliRunner().invoke(document_command, ["compare", *map(str, paths)], standalone_mode=False)
    assert (differ.return_value, differ.output) == (2, "title: A to B Dataflow -> A to C Dataflow\n1 difference\n")
    same = CliRunner().invoke(document_command, ["compare", str(paths[0]), str(paths[0])], standalone_mode=False)
    assert (same.return_value, same.output) == (0, "they say the same\n")

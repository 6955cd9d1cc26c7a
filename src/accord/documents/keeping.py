"""What a dataflow file has to keep of a document so that it can be written again: only what does not follow from the flows.

Owns: the keys under ``document`` and in its ``sections``. Does not own: how they are read back (documents/kept.py). Pure.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from accord.config.drafting_yaml import Guess, Inline
from accord.documents.derived import Outlook, criteria_of, framed, labels_of, rows_of, section_of
from accord.documents.kept import kept_section
from accord.documents.model import Document, Row, Section
from accord.model.dataflow import Dataflow, DocumentSection, DocumentSettings, Flow
from accord.model.records import Side


@dataclass(frozen=True, slots=True)
class StatedRow:
    """A row, the mapping that it states, or none, and why not."""

    row: Row
    mapping: str | None
    why: str = ""


def document_data(document: Document, dataflow: Dataflow, labels: Mapping[Side, str], source: Side) -> dict[str, Any]:
    """What stands above the sections, as YAML data."""
    plain = DocumentSettings(source=source)
    called = labels_of(dataflow, plain)
    data: dict[str, Any] = {}
    for side, key in ((Side.LEFT, "left_label"), (Side.RIGHT, "right_label")):
        if labels[side] != called[side]:
            data[key] = labels[side]
    settings = DocumentSettings(source=source, left_label=labels[Side.LEFT], right_label=labels[Side.RIGHT])
    usual = framed(dataflow, settings, document.generated, ())
    if document.title != usual.title:
        data["title"] = document.title
    data["generated"] = document.generated
    if document.introduction != usual.introduction:
        data["notice"] = document.introduction
    if document.heading != usual.heading:
        data["heading"] = document.heading
    if document.line_ends != usual.line_ends:
        data["line_ends"] = document.line_ends
    if source is Side.RIGHT:
        data["source"] = source.value
    return data


def section_data(section: Section, flow: Flow | None, rows: Sequence[StatedRow], outlook: Outlook) -> dict[str, Any]:
    """A section as YAML data. ``flow`` None: all of it, as text."""
    base = section_of(flow, outlook) if flow is not None else None
    data: dict[str, Any] = Inline(flow=flow.name) if flow is not None else {}
    for key, said, usual in (
        ("left", section.left, base and base.left),
        ("right", section.right, base and base.right),
        ("types_of", section.right_system, base and base.right_system),
        ("opening", section.opening.value, base and base.opening.value),
        ("condition", section.condition, "" if section.opening.value != "conditional" else None),
        ("offer", section.offer, False),
        ("connect", section.connect, None),
    ):
        if said != usual:
            data[key] = said
    if flow is None or base is None:
        return data | ({"match": _table(section)} if section.matches else {}) | {"rows": [_whole(each) for each in rows]}
    if section.matches != base.matches:
        shown = section.matches == criteria_of(flow, outlook.source)
        data["match"] = shown if shown or not section.matches else _table(section)
    return _with_rows(data, section, flow, rows, outlook)


def _table(section: Section) -> list[list[str]]:
    return [list(pair) for pair in section.matches]


def _with_rows(data: dict[str, Any], section: Section, flow: Flow, rows: Sequence[StatedRow], outlook: Outlook) -> dict[str, Any]:
    """The rows in the shortest of three ways: as they follow, in the order of the file, each by itself."""
    stated = [each.mapping for each in rows]
    without = tuple(mapping.name for mapping in flow.properties if mapping.name not in stated)
    if without:
        data["without"] = list(without)
    sorted_, in_file = (
        kept_section(DocumentSection(flow=flow.name, without=without, order=order), {flow.name: flow}, outlook).rows
        for order in ("sorted", "file")
    )
    if sorted_ == section.rows:
        return data
    if in_file == section.rows:
        data["order"] = "file"
        return data
    derived = {each.name: tuple(rows_of(each, flow, outlook)) for each in flow.properties}
    listed, torn = _listed(rows, derived)
    if torn:
        data["without"] = [*without, *torn]
    return {**data, "rows": listed}


def _listed(rows: Sequence[StatedRow], derived: Mapping[str, tuple[Row, ...]]) -> tuple[list[dict[str, Any]], list[str]]:
    """Every row by itself; those of a list as one where they stand together, else as text, and the names of lists of which that is so."""
    listed: list[dict[str, Any]] = []
    whole: set[str] = set()
    at = 0
    while at < len(rows):
        name, length = rows[at].mapping, 1
        found = derived[name] if name is not None else ()
        if name is None or len(found) < 2:
            listed.append(_row(rows[at], derived))
        elif tuple(each.row for each in rows[at : at + len(found)]) == found and name not in whole:
            listed.append(Inline(property=name))
            whole.add(name)
            length = len(found)
        else:
            listed.append(_whole(rows[at]))
        at += length
    torn = dict.fromkeys(each.mapping for each in rows if each.mapping and len(derived[each.mapping]) > 1 and each.mapping not in whole)
    return listed, list(torn)


def _row(stated: StatedRow, derived: Mapping[str, tuple[Row, ...]]) -> dict[str, Any]:
    if stated.mapping is None:
        return _whole(stated)
    data: dict[str, Any] = Inline(property=stated.mapping)
    found = derived[stated.mapping]
    if found != (stated.row,):
        base = found[0] if len(found) == 1 else Row("", "", "")
        for key in ("left", "right", "type"):
            if len(found) != 1 or getattr(stated.row, key) != getattr(base, key):
                data[key] = getattr(stated.row, key)
    return data


def _whole(stated: StatedRow) -> dict[str, Any]:
    left: Any = Guess(stated.row.left, stated.why) if stated.why else stated.row.left
    return Inline(left=left, right=stated.row.right, type=stated.row.type)

"""The document that a dataflow amounts to: its flows and properties, in the words of the files.

Owns: what follows from a dataflow and its manifests. Does not own: what a document says otherwise (documents/kept.py), its wording
(documents/write.py). Pure.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from accord.documents.model import PLAIN_NOTICE, Document, Opening, Row, Section
from accord.errors import ConfigurationError, Problem
from accord.model.dataflow import Creation, Dataflow, DocumentSettings, Flow, PropertyMapping
from accord.model.manifest import Manifest, Property
from accord.model.records import Side
from accord.model.values import DataType

_TIME = re.compile(r"\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}")
_TYPE_WORDS: Mapping[str, str] = {"integer": "integer", "decimal": "float", "boolean": "boolean", "list": "list"}
"""How a document names a data type; every other one is a string."""


@dataclass(frozen=True, slots=True)
class Outlook:
    """How one document looks at the systems. ``labels``: their names in it; ``source``: the side that stands first in each section."""

    labels: Mapping[Side, str]
    source: Side
    manifests: Mapping[Side, Manifest]


def from_dataflow(dataflow: Dataflow, manifests: Mapping[Side, Manifest], generated: str) -> Document:
    """The document of all flows in their order, left to right, each stated as it is.

    ``generated``: the time to state, "YYYY-MM-DD HH:MM:SS", unless the dataflow fixes one. Raises ConfigurationError for a title, notice or
    time that a document cannot hold.
    """
    outlook = Outlook(labels_of(dataflow, dataflow.document), Side.LEFT, manifests)
    return framed(dataflow, dataflow.document, generated, [section_of(flow, outlook) for flow in dataflow.flows])


def labels_of(dataflow: Dataflow, settings: DocumentSettings) -> dict[Side, str]:
    """What a document calls the two systems."""
    return {
        Side.LEFT: _label(dataflow.left.system) if settings.left_label is None else settings.left_label,
        Side.RIGHT: _label(dataflow.right.system) if settings.right_label is None else settings.right_label,
    }


def framed(dataflow: Dataflow, settings: DocumentSettings, generated: str, sections: Sequence[Section]) -> Document:
    """Sections with what stands above them. Raises as ``from_dataflow``."""
    labels = labels_of(dataflow, settings)
    first, second = labels[settings.source], labels[settings.source.other]
    document = Document(
        title=settings.title or f"{first} to {second} Dataflow",
        generated=settings.generated or generated,
        introduction=settings.notice or PLAIN_NOTICE.format(left=first, right=second),
        sections=tuple(sections),
        line_ends=settings.line_ends,
        heading=settings.heading,
    )
    if problems := list(_unfit(document, dataflow.path)):
        raise ConfigurationError(problems)
    return document


def section_of(flow: Flow, outlook: Outlook) -> Section:
    """One flow, its rows sorted."""
    source, target = outlook.source, outlook.source.other
    creates = flow.create is Creation.BOTH or (flow.create is Creation.LEFT_TO_RIGHT and source is Side.LEFT)
    rows = sorted((row for each in flow.properties for row in rows_of(each, flow, outlook)), key=lambda row: (row.left, row.right))
    return Section(
        left=f"{outlook.labels[source]} {flow.datatype(source)}",
        right=f"{outlook.labels[target]} {flow.datatype(target)}",
        right_system=outlook.labels[target],
        rows=tuple(rows),
        opening=Opening.EVERY if creates else Opening.LINK_FIRST,
        # Where every record gets a counterpart the document need not say how one is recognised, and in its usual form does not.
        matches=() if creates else criteria_of(flow, source),
    )


def criteria_of(flow: Flow, source: Side) -> tuple[tuple[str, str], ...]:
    """The match criteria as rows of a table."""
    left = [", ".join(part.left for part in each) for each in flow.match]
    right = [", ".join(part.right for part in each) for each in flow.match]
    return tuple(zip(left, right, strict=True) if source is Side.LEFT else zip(right, left, strict=True))


def rows_of(mapping: PropertyMapping, flow: Flow, outlook: Outlook) -> Iterator[Row]:
    """The row of a mapping; the items of a list are named by dotted paths and stand in its place."""
    target = outlook.source.other
    yield from _rows([mapping], outlook.source, outlook.manifests[target].datatypes[flow.datatype(target)].properties)


def _rows(
    mappings: Sequence[PropertyMapping], source: Side, targets: Mapping[str, Property], list_from: str = "", list_to: str = ""
) -> Iterator[Row]:
    for mapping in mappings:
        here, there = (mapping.left, mapping.right) if source is Side.LEFT else (mapping.right, mapping.left)
        if mapping.properties:
            target = targets.get(there[0])
            yield from _rows(mapping.properties, source, target.items if target else {}, f"{list_from}{here[0]}.", f"{list_to}{there[0]}.")
        else:
            one, other = (", ".join(before + name for name in names) for before, names in ((list_from, here), (list_to, there)))
            yield Row(one, other, _type_cell(mapping, source, targets))


def _type_cell(mapping: PropertyMapping, source: Side, targets: Mapping[str, Property]) -> str:
    """The target's data type as documents write it: its word in double quotes, which belong to the cell."""
    if mapping.document_type is not None and source is Side.LEFT:
        return mapping.document_type
    names = mapping.right if source is Side.LEFT else mapping.left
    types = [str(targets[name].type) if name in targets else _written_type(mapping) for name in names]
    return ", ".join(dict.fromkeys(map(cell_of, types)))


def cell_of(type_: str) -> str:
    """A property's type as a data type cell has it."""
    return f'"{_TYPE_WORDS.get(type_, "string")}"'


def _written_type(mapping: PropertyMapping) -> str:
    return DataType.STRING if mapping.type is DataType.REFERENCE else mapping.type


def _label(system: str) -> str:
    return system[:1].upper() + system[1:]


def _unfit(document: Document, file: str) -> Iterator[Problem]:
    if not _TIME.fullmatch(document.generated):
        what = f"document, generated: {document.generated!r} is no time"
        yield Problem(file, 0, 0, what, 'Write it as "2024-09-10 15:02:06", without a zone.')
    for key, text in (("title", document.title), ("notice", document.introduction)):
        if not text or "\n" in text or "\r" in text:
            yield Problem(file, 0, 0, f"document, {key}: must be one line", "Write it on one line, with >- if it is long.")

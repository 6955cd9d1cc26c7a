"""Writing the dataflow document: dataflow -> document -> the bytes of an .rst file.

Owns: the document's wording, byte for byte: rules as long as the words above them, its fixed sentences, blank lines and line ends.
Does not own: reading one, running one as a checklist.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from accord.documents.model import PLAIN_NOTICE, Document, Opening, Row, Section
from accord.errors import ConfigurationError, Problem
from accord.model.dataflow import Creation, Dataflow, Flow, PropertyMapping
from accord.model.manifest import Manifest, Property
from accord.model.records import Side
from accord.model.values import DataType

_TIME = re.compile(r"\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}")
_ENDS = {"lf": "\n", "crlf": "\r\n"}
_TYPE_WORDS: Mapping[str, str] = {"integer": "integer", "decimal": "float", "boolean": "boolean", "list": "list"}
"""How a document names a data type; every other one is a string."""


def to_rst(document: Document) -> bytes:
    """The document's text in UTF-8, with its line ends."""
    rule = "=" * len(document.title)
    lines = [rule, document.title, rule, "", f"Generated: {document.generated}", ""]
    lines += [document.heading, "-" * len("Introduction"), "", document.introduction]
    for section in document.sections:
        lines += ["", *_section(section), ""]  # one before the heading, one that closes the table
    end = _ENDS[document.line_ends]
    return (end.join(lines) + end).encode()


def from_dataflow(dataflow: Dataflow, manifests: Mapping[Side, Manifest], generated: str) -> Document:
    """The document that a dataflow amounts to.

    ``generated``: the time to state, "YYYY-MM-DD HH:MM:SS", unless the dataflow fixes one. Raises ConfigurationError for a title, notice or
    time that a document cannot hold.
    """
    settings = dataflow.document
    left, right = settings.left_label or _label(dataflow.left.system), settings.right_label or _label(dataflow.right.system)
    document = Document(
        title=settings.title or f"{left} to {right} Dataflow",
        generated=settings.generated or generated,
        introduction=settings.notice or PLAIN_NOTICE.format(left=left, right=right),
        sections=tuple(_section_of(flow, manifests[Side.RIGHT], (left, right)) for flow in dataflow.flows),
        line_ends=settings.line_ends,
    )
    if problems := list(_unfit(document, dataflow.path)):
        raise ConfigurationError(problems)
    return document


def _section(section: Section) -> Iterator[str]:
    yield from beginning(section)
    yield from table(property_header(section), [(row.left, row.right, row.type) for row in section.rows])


def beginning(section: Section) -> Iterator[str]:
    """The lines of a flow as far as its properties."""
    left, right = section.left, section.right
    heading = f"{left} to {right}"
    yield from (heading, "-" * len(heading))
    yield opening(section)
    if section.offer:
        yield from ("", *offer(left, right))
    if section.connect is not None:
        yield from ("", f"{connect(left, right)}{section.connect}.")
    if section.matches:
        yield from ("", match_sentence(left, right), "")
        yield from table((f"{left} Property", f"{right} Property"), section.matches)
    yield from ("", sync_sentence(left, right), "", property_sentence(left, right), "")


def property_header(section: Section) -> tuple[str, str, str]:
    """The cells above the properties."""
    return f"{section.left} Property", f"{section.right} Property", f"{section.right_system}{TYPE_HEADER}"


TABLE: Final = (".. list-table::", "   :header-rows: 1", "")
TYPE_HEADER: Final = " Data Type"


def opening(section: Section) -> str:
    """How a flow begins."""
    left, right = section.left, section.right
    if section.opening is Opening.EVERY:
        return f"Every {left} will be synchronized with a {right}."
    if section.opening is Opening.LINK_FIRST:
        return f"Before any synchronization can take place, a link between a {left} and a {right} must be established."
    return f"{section.condition}{conditional(right)}"


def conditional(right: str) -> str:
    """What follows the condition of a conditional opening."""
    return f", it  will be synchronized with a {right}."


def offer(left: str, right: str) -> tuple[str, str]:
    """The two sentences on an existing counterpart."""
    return (
        f"If a matching {right} already exists, the {left} will be merged with the existing one.",
        f"If no matching {right} is found, a new {right} will be created.",
    )


def connect(left: str, right: str) -> str:
    """What stands before that which a record has to be connected to; a full stop stands behind it."""
    return f"A new {right} will be created from a {left} if it is connected to a "


def match_sentence(left: str, right: str) -> str:
    """What stands above the table of match criteria."""
    return f"A {left} will merge with a {right} if one of the following property combinations match:"


def sync_sentence(left: str, right: str) -> str:
    """That a link is kept in step."""
    once = f"Once a link between a {left} and a {right} is established"
    return f"{once}, it will keep in sync between the two systems, regardless of where it is edited."


def property_sentence(left: str, right: str) -> str:
    """What stands above the table of properties."""
    return f"The following properties are synchronized between a {left} and a {right}:"


def cell(position: int, text: str) -> str:
    """A line of a table: the first cell of a row, or a further one."""
    return f"   {'* -' if position == 0 else '  -'} {text}"


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """The lines of a table."""
    yield from TABLE
    for cells in (header, *rows):
        yield from (cell(position, text) for position, text in enumerate(cells))


def _section_of(flow: Flow, manifest: Manifest, labels: tuple[str, str]) -> Section:
    left, right = labels
    creates = flow.create is not Creation.NONE
    rows = sorted(_rows(flow.properties, manifest.datatypes[flow.right].properties), key=lambda row: (row.left, row.right))
    criteria = [(", ".join(part.left for part in each), ", ".join(part.right for part in each)) for each in flow.match]
    return Section(
        left=f"{left} {flow.left}",
        right=f"{right} {flow.right}",
        right_system=right,
        rows=tuple(rows),
        opening=Opening.EVERY if creates else Opening.LINK_FIRST,
        # Where every record gets a counterpart the document need not say how one is recognised, and in its usual form does not.
        matches=() if creates else tuple(criteria),
    )


def _rows(mappings: Sequence[PropertyMapping], targets: Mapping[str, Property], list_left: str = "", list_right: str = "") -> Iterator[Row]:
    """A row per mapped property; the items of a list are named by dotted paths and stand in place of the list."""
    for mapping in mappings:
        if mapping.properties:
            target = targets.get(mapping.right[0])
            yield from _rows(
                mapping.properties, target.items if target else {}, f"{list_left}{mapping.left[0]}.", f"{list_right}{mapping.right[0]}."
            )
        else:
            left = ", ".join(list_left + name for name in mapping.left)
            right = ", ".join(list_right + name for name in mapping.right)
            yield Row(left, right, _type_cell(mapping, targets))


def _type_cell(mapping: PropertyMapping, targets: Mapping[str, Property]) -> str:
    """The target's data type as documents write it: its word in double quotes, which belong to the cell."""
    if mapping.document_type is not None:
        return mapping.document_type
    types = [str(targets[name].type) if name in targets else _written_type(mapping) for name in mapping.right]
    return ", ".join(dict.fromkeys(f'"{_TYPE_WORDS.get(each, "string")}"' for each in types))


def _written_type(mapping: PropertyMapping) -> str:
    return DataType.STRING if mapping.type is DataType.REFERENCE else mapping.type


def _label(system: str) -> str:
    return system[:1].upper() + system[1:]


def _unfit(document: Document, file: str) -> Iterator[Problem]:
    if not _TIME.fullmatch(document.generated):
        what = f"document, generated: {document.generated!r} is no time"
        yield Problem(file, 0, 0, what, 'Write it as "2024-09-10 15:02:06", without a zone.')
    for key, text in (("title", document.title), ("notice", document.introduction)):
        if len(text.splitlines()) != 1 or text != text.strip():
            yield Problem(
                file, 0, 0, f"document, {key}: must be one line without spaces around it", "Write it on one line, with >- if it is long."
            )

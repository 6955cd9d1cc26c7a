"""Writing the dataflow document: document -> the bytes of an .rst file.

Owns: the document's wording, byte for byte: rules as long as the words above them, its fixed sentences, blank lines and line ends.
Does not own: what a dataflow amounts to (documents/derived.py), reading one, running one as a checklist.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from accord.documents.model import Document, Opening, Section

_ENDS = {"lf": "\n", "crlf": "\r\n"}


def to_rst(document: Document) -> bytes:
    """The document's text in UTF-8, with its line ends."""
    rule = "=" * len(document.title)
    lines = [rule, document.title, rule, "", f"Generated: {document.generated}", ""]
    lines += [document.heading, "-" * len("Introduction"), "", document.introduction]
    for section in document.sections:
        lines += ["", *_section(section), ""]  # one before the heading, one that closes the table
    end = _ENDS[document.line_ends]
    return (end.join(lines) + end).encode()


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

"""A dataflow document as a value: everything that its text says, and nothing else.

Owns: the parts of a document. Does not own: its wording (documents/write.py, documents/read.py).
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

PLAIN_NOTICE = (
    "This document says which records and which properties Accord keeps in step between {left} and {right}. It is written from the "
    "configuration, and serves as a checklist: every statement below can be tested against the two systems."
)
"""The introduction when the configuration gives none; a text of our own."""


class Opening(StrEnum):
    """How a flow begins: every record gets a counterpart, only an established link is kept in step, or a condition decides."""

    EVERY = "every"
    LINK_FIRST = "link_first"
    CONDITIONAL = "conditional"


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a property table: the properties as the document names them, and the target's data type with its quotes."""

    left: str
    right: str
    type: str


@dataclass(frozen=True, slots=True)
class Section:
    """One flow. ``left``, ``right``: system and datatype ("Membercare Persons"). ``right_system``: heads the data type column.

    ``matches``: alternatives by which an existing counterpart is found, as (left properties, right properties). ``condition``: free text
    of a conditional opening, up to its comma. ``offer``: the sentences on merging with an existing counterpart stand there. ``connect``:
    what a record has to be connected to, with what that is synchronized into; None without that sentence.
    """

    left: str
    right: str
    right_system: str
    rows: tuple[Row, ...] = ()
    opening: Opening = Opening.EVERY
    matches: tuple[tuple[str, str], ...] = ()
    condition: str = ""
    offer: bool = False
    connect: str | None = None


@dataclass(frozen=True, slots=True)
class Document:
    """The whole document. ``generated``: "YYYY-MM-DD HH:MM:SS", no zone. ``introduction``: one line, under ``heading``."""

    title: str
    generated: str
    introduction: str
    sections: tuple[Section, ...]
    line_ends: Literal["lf", "crlf"] = "lf"
    heading: Literal["Introduction", "Introduction."] = "Introduction"

"""Reading a dataflow document: the bytes of an .rst file -> the document as a value, or one error and nothing half read.

Owns: the grammar as it is read; what is not part of it (titles, labels, cells, the introduction) is kept as it stands. What is read is
written back byte for byte: that is checked before it is given. Does not own: the wording (documents/write.py), what a document means as
a configuration.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NoReturn

from accord.documents.model import Document, Opening, Row, Section
from accord.documents.write import (
    TABLE,
    TYPE_HEADER,
    conditional,
    connect,
    match_sentence,
    offer,
    opening,
    property_sentence,
    sync_sentence,
    to_rst,
)
from accord.errors import ConfigurationError, Problem

_GENERATED = re.compile(r"Generated: (\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2})")
_REMEDY = "Correct the document, or have it written anew; nothing was read."
_FIRST, _FURTHER = "   * - ", "     - "


def read_rst(data: bytes, file: str = "document.rst") -> Document:
    """The document that a file holds. Raises ConfigurationError with line, column and what was expected there."""
    text, line_ends = _decoded(data, file)
    end = "\r\n" if line_ends == "crlf" else "\n"
    if not text:
        _refuse(file, 1, 1, "the document is empty")
    if not text.endswith(end):
        _refuse(file, text.count(end) + 1, len(text.rsplit(end, 1)[-1]) + 1, "the last line does not end with a line end")
    document = _Reader(file, text.split(end)[:-1]).document(line_ends)
    written = to_rst(document)
    if written != data:
        place = _differ(written, data)
        line, column = data.count(b"\n", 0, place) + 1, place - data.rfind(b"\n", 0, place)
        _refuse(file, line, column, "this would not be written back as it stands")
    return document


def _decoded(data: bytes, file: str) -> tuple[str, Literal["lf", "crlf"]]:
    if data.startswith(b"\xef\xbb\xbf"):
        _refuse(file, 1, 1, "a byte order mark, which a document does not have")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        _refuse(file, data.count(b"\n", 0, error.start) + 1, error.start - data.rfind(b"\n", 0, error.start), "bytes that are no UTF-8")
    lines = text.split("\n")
    ended = [line.endswith("\r") for line in lines[:-1]]
    crlf = bool(ended) and ended[0]
    for number, (line, this) in enumerate(zip(lines, [*ended, crlf], strict=True), 1):
        if this is not crlf:
            _refuse(file, number, len(line) + 1, "this line ends otherwise than the ones before; line ends must not be mixed")
        if "\r" in (line[:-1] if number <= len(ended) and crlf else line):
            _refuse(file, number, line.index("\r") + 1, "a carriage return within a line")
    return text, "crlf" if crlf else "lf"


def _differ(one: Sequence[object], other: Sequence[object]) -> int:
    """The first place at which two sequences differ."""
    pairs = zip(one, other, strict=False)
    return next((index for index, (here, there) in enumerate(pairs) if here != there), min(len(one), len(other)))


def _refuse(file: str, line: int, column: int, what: str) -> NoReturn:
    raise ConfigurationError([Problem(file, line, column, what, _REMEDY)])


@dataclass(slots=True)
class _Reader:
    """The lines of a document, and how far they have been read."""

    file: str
    lines: Sequence[str]
    at: int = 0

    # --- steps ----------------------------------------------------------------------------------------------------------------------

    def refuse(self, what: str, column: int = 1, back: int = 0) -> NoReturn:
        _refuse(self.file, self.at + 1 - back, column, what)

    @property
    def line(self) -> str | None:
        """The next line; None at the end."""
        return self.lines[self.at] if self.at < len(self.lines) else None

    def take(self, what: str) -> str:
        """The next line, which must be there."""
        line = self.line
        if line is None:
            self.refuse(f"the document ends where {what} was expected")
        self.at += 1
        return line

    def expect(self, wanted: str, what: str) -> None:
        """The next line must be this one."""
        line = self.line
        if line is None:
            self.refuse(f"the document ends where {what} was expected")
        if line != wanted:
            self.refuse(f"{what} was expected: {wanted!r}" if wanted else f"{what} was expected", _differ(line, wanted) + 1)
        self.at += 1

    def blank(self, where: str) -> None:
        self.expect("", f"a blank line {where}")

    # --- parts ----------------------------------------------------------------------------------------------------------------------

    def document(self, line_ends: Literal["lf", "crlf"]) -> Document:
        """All of it."""
        rule = self.take("a line of =")
        if not rule or rule.strip("="):
            self.refuse("a line of =, as long as the title below it, was expected", back=1)
        title = self.take("the title")
        if not title.endswith(" Dataflow") or " to " not in title:
            self.refuse('a title such as "Customcrm to Membercare Dataflow" was expected', back=1)
        if rule != "=" * len(title):
            self.refuse(f"a line of {len(title)} =, as long as the title, was expected", back=2)
        self.expect(rule, "the same line of = below the title")
        self.blank("after the title")
        generated = _GENERATED.fullmatch(self.take("the time"))
        if generated is None:
            self.refuse('"Generated: " and a time such as 2024-09-10 15:02:06 was expected', back=1)
        self.blank("after the time")
        heading = self.take('the heading "Introduction"')
        if heading not in ("Introduction", "Introduction."):
            self.refuse('the heading "Introduction" was expected', back=1)
        self.expect("-" * len("Introduction"), "twelve dashes")
        self.blank("before the introduction")
        introduction = self.take("the introduction")
        if not introduction:
            self.refuse("the introduction, on one line, was expected", back=1)
        sections = []
        while self.line is not None:
            sections.append(self.section())
        stands: Literal["Introduction", "Introduction."] = "Introduction." if heading.endswith(".") else "Introduction"
        return Document(title, generated[1], introduction, tuple(sections), line_ends, stands)

    def section(self) -> Section:
        """One flow."""
        self.blank("before a heading")
        heading = self.take("the heading of a flow")
        if " to " not in heading:
            self.refuse('a heading such as "Customcrm Contact to Membercare Persons" was expected', back=1)
        self.expect("-" * len(heading), f"{len(heading)} dashes, as long as the heading,")
        left, right, begins, condition = self.opening(heading)
        self.blank("after the opening sentence")
        offers = self.offers(left, right, begins)
        connected = self.connected(left, right, begins)
        matches = self.matches(left, right)
        self.expect(sync_sentence(left, right), "the sentence on keeping in sync")
        self.blank("after it")
        self.expect(property_sentence(left, right), "the sentence above the properties")
        self.blank("after it")
        header, *rows = self.table(3)
        system = header[2].removesuffix(TYPE_HEADER)
        self.headed(header, rows, (f"{left} Property", f"{right} Property", f"{system}{TYPE_HEADER}"))
        self.blank("after the table")
        return Section(left, right, system, tuple(Row(*row) for row in rows), begins, matches, condition, offers, connected)

    def opening(self, heading: str) -> tuple[str, str, Opening, str]:
        """Both labels, which the heading alone does not always tell apart, the kind of the opening, and its condition."""
        said = self.take("the opening sentence")
        parts = heading.split(" to ")
        for cut in range(1, len(parts)):
            left, right = " to ".join(parts[:cut]), " to ".join(parts[cut:])
            for kind in (Opening.EVERY, Opening.LINK_FIRST):
                if said == opening(Section(left, right, "", opening=kind)):
                    return left, right, kind, ""
        for cut in range(1, len(parts)):
            left, right = " to ".join(parts[:cut]), " to ".join(parts[cut:])
            if said.endswith(conditional(right)):
                return left, right, Opening.CONDITIONAL, said.removesuffix(conditional(right))
        example = opening(Section(parts[0], " to ".join(parts[1:]), ""))
        return self.refuse(f"an opening sentence for this heading was expected, such as {example!r}", back=1)

    def offers(self, left: str, right: str, begins: Opening) -> bool:
        """Whether the sentences on an existing counterpart stand here, as they may where records get one."""
        first, second = offer(left, right)
        if self.line != first:
            return False
        if begins is Opening.LINK_FIRST:
            self.refuse(f"an existing counterpart is spoken of only after {opening(Section(left, right, ''))!r}, or after a condition")
        self.at += 1
        self.expect(second, "the second sentence on an existing counterpart")
        self.blank("after it")
        return True

    def connected(self, left: str, right: str, begins: Opening) -> str | None:
        """What a record has to be connected to, if that sentence stands here, as it may where a link comes first."""
        before, line = connect(left, right), self.line
        if line is None or not line.startswith(before):
            return None
        if begins is not Opening.LINK_FIRST:
            self.refuse(f"a connection is spoken of only after {opening(Section(left, right, '', opening=Opening.LINK_FIRST))!r}")
        if not line.endswith(".") or line == before:
            self.refuse("what it has to be connected to, and a full stop, was expected", len(before) + 1)
        self.at += 1
        self.blank("after it")
        return line[len(before) : -1]

    def matches(self, left: str, right: str) -> tuple[tuple[str, str], ...]:
        """The match criteria, if there are any."""
        if self.line != match_sentence(left, right):
            return ()
        self.at += 1
        self.blank("after it")
        header, *rows = self.table(2)
        self.headed(header, rows, (f"{left} Property", f"{right} Property"))
        if not rows:
            self.refuse("at least one row of match criteria was expected")
        self.blank("after the table")
        return tuple((row[0], row[1]) for row in rows)

    def table(self, width: int) -> list[list[str]]:
        """The rows of a table of so many columns, its header first."""
        for wanted in TABLE:
            self.expect(wanted, "a list-table" if wanted else "a blank line within the table")
        rows: list[list[str]] = []
        while self.line:
            rows.append([self.cell(_FIRST if column == 0 else _FURTHER, width) for column in range(width)])
        if not rows:
            self.refuse("the header of the table was expected")
        return rows

    def headed(self, header: Sequence[str], rows: Sequence[Sequence[str]], wanted: Sequence[str]) -> None:
        """The table that was just read must be headed so."""
        for position, (found, name) in enumerate(zip(header, wanted, strict=True)):
            if found != name:
                column = len(_FIRST) + _differ(found, name) + 1
                self.refuse(f"the heading {name!r} was expected", column, back=len(header) * (len(rows) + 1) - position)

    def cell(self, prefix: str, width: int) -> str:
        """One cell."""
        line = self.line
        if line is None or not line.startswith(prefix):
            self.refuse(f"{prefix!r} and a cell was expected, in a table of {width} columns")
        self.at += 1
        return line[len(prefix) :]

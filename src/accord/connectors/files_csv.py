"""CSV: rows to text and back, with everything that is not ours left as it is.

Owns: parsing, the apostrophe before what a spreadsheet would take for a formula, quoting. Does not own: what a row means (files_rows.py).

Each row keeps its own text, so that a row that is not changed is written as it was read, quotes, line end and all; of a changed row the
cells that did not change keep theirs. A byte order mark stays. A cell cannot tell null from empty text: it is null.

A text that begins with one of = + - @, a tab or a line end is written behind an apostrophe, and so is one that begins with apostrophes
followed by one of these; reading takes one apostrophe off just there. So what is written comes back as it was, and what others wrote
without the apostrophe is taken as it stands.
"""

import codecs
import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from decimal import Decimal
from typing import Any

from accord.connectors.files_header import hold_header
from accord.connectors.files_table import Edits, Row, Unfit, Unwritable, number, plain_value, whole
from accord.connectors.rest_times import normal
from accord.model.files import FileDatatype, FileProperty
from accord.model.values import Raw

_TAKEN_FOR_FORMULA = re.compile(r"'*[=+\-@\t\r\n]")
_ESCAPED = re.compile(r"'+[=+\-@\t\r\n]")
_MARKS = (codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_BY_MARK = {codecs.BOM_UTF8: "utf-8", codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}


def escaped(text: str) -> str:
    """As it may stand in a file that a spreadsheet opens."""
    return f"'{text}" if _TAKEN_FOR_FORMULA.match(text) else text


def unescaped(text: str) -> str:
    """The opposite of ``escaped``, and whatever it never yields as it is."""
    return text[1:] if _ESCAPED.match(text) else text


@dataclass(frozen=True, slots=True)
class _Line:
    """A row of the file: its own text, line end included. ``row``: whether it is a record."""

    text: str
    cells: Sequence[str]
    number: int


class CsvTable:
    """See files_table.Table."""

    word = "line"
    blank = ""

    def __init__(self, data: bytes, spec: FileDatatype, zone: tzinfo) -> None:
        """Raises Unfit with the line of what cannot be read."""
        self._spec = spec
        self._zone = zone
        self._mark = next((each for each in _MARKS if data.startswith(each)), b"")
        self._encoding = _BY_MARK.get(self._mark, spec.encoding)
        text = self._decoded(data[len(self._mark) :])
        lines = list(self._lines(text))
        self._head = lines[:1] if spec.header else []
        self._body = lines[1:] if spec.header else lines
        if spec.header and (not lines or not any(lines[0].cells)):
            raise Unfit("is empty: there is not even a header", "If it is being written, wait; otherwise put the last whole file back.")
        self.columns: Sequence[str] = tuple(lines[0].cells) if spec.header else spec.columns
        hold_header(self.columns, spec, "line 1")  # or rows would be complained of that are right
        self.ended = not lines or lines[-1].text.endswith(("\n", "\r"))
        self._records = [position for position, line in enumerate(self._body) if any(line.cells)]
        self.rows: Sequence[Row] = [self._row(self._body[position]) for position in self._records]
        self._end = next((_end_of(each.text) for each in lines if _end_of(each.text)), "\r\n")

    def _decoded(self, data: bytes) -> str:
        try:
            return data.decode(self._encoding)
        except UnicodeDecodeError as error:
            before = data[: error.start]
            line = before.count(b"\n") + 1
            place = f"line {line}" if not self._encoding.startswith("utf-16") else f"byte {error.start + 1}"
            what = f"{place}: byte 0x{data[error.start]:02x} is no {self._encoding}"
            remedy = "Save the file as UTF-8, or write encoding: cp1252 (or what it is) in the manifest."
            raise Unfit(what, remedy) from None

    def _lines(self, text: str) -> Iterator[_Line]:
        taken: list[str] = []

        def noted() -> Iterator[str]:
            for each in io.StringIO(text, newline=""):
                taken.append(each)
                yield each

        reader = csv.reader(noted(), delimiter=self._spec.delimiter, strict=True)
        at = 1
        try:
            for cells in reader:
                yield _Line("".join(taken), cells, at)
                at = reader.line_num + 1
                taken.clear()
        except csv.Error as error:
            cut = "unexpected end" in str(error)
            why = "the file ends within quotes: it seems to be cut off" if cut else f"cannot be read: {error}"
            raise Unfit(f"line {at}: {why}", "If it is being written, wait; otherwise mend the quotes of that line.") from None

    def _row(self, line: _Line) -> Row:
        if len(line.cells) != len(self.columns):
            what = f"line {line.number}: has {len(line.cells)} cells, where there are {len(self.columns)} columns"
            raise Unfit(
                what, f"Mend that line: a {self._spec.delimiter!r} within a text must stand in quotes. Or the file is cut off there."
            )
        return Row(line.number, dict(zip(self.columns, line.cells, strict=True)))

    # --- cells ----------------------------------------------------------------------------------------------------------------------

    def is_formula(self, _cell: Any, /) -> bool:
        """See Table."""
        return False

    def value(self, cell: Any, of: FileProperty) -> Raw:
        """See Table. What is no value of the type stays a text, for the engine to say so."""
        text = unescaped(str(cell)) if self._spec.escape else str(cell)
        if not text:
            return None
        if of.type == "boolean":
            yes, no = self._spec.booleans
            return {yes.casefold(): True, no.casefold(): False}.get(text.casefold(), text)
        if of.type == "integer":
            found: Raw = whole(text)
        elif of.type == "decimal":
            found = self._number(text)
        else:
            found = normal(text, self._zone) if of.type == "instant" else text
        return text if found is None else found

    def _number(self, text: str) -> Decimal | None:
        """With the manifest's mark before the fraction, and no other: 1.234 may be a thousand and more."""
        if self._spec.decimal == ".":
            return number(text)
        return None if "." in text else number(text.replace(self._spec.decimal, "."))

    def cell(self, value: Raw, of: FileProperty, _before: Any = None, /) -> str:
        """See Table."""
        held = plain_value(value, of)
        if held is None:
            return ""
        if isinstance(held, bool):
            return self._spec.booleans[0 if held else 1]
        if isinstance(held, Decimal):
            return format(held, "f").replace(".", self._spec.decimal)
        text = escaped(held) if isinstance(held, str) and self._spec.escape else str(held)
        try:
            text.encode(self._encoding)
        except UnicodeEncodeError as error:
            letter = ascii(text[error.start])
            raise Unwritable(f"holds {letter}, which {self._encoding} does not have") from None
        if "\0" in text:
            raise Unwritable("holds a zero character")
        return text

    # --- writing --------------------------------------------------------------------------------------------------------------------

    def changed(self, edits: Edits) -> bytes:
        """See Table."""
        by_line = {self._records[position]: position for position in range(len(self._records))}
        texts = [line.text for line in self._head]
        for at, line in enumerate(self._body):
            position = by_line.get(at)
            if position is not None and position in edits.removed:
                continue
            cells = edits.cells.get(position) if position is not None else None
            texts.append(line.text if not cells else self._rewritten(line, cells))
        if edits.added and texts and not _end_of(texts[-1]):
            texts[-1] += self._end
        quoted = bool(self._body) and all(each.startswith('"') for each in self._raw_cells(self._body[-1])) and bool(self._body[-1].cells)
        for each in edits.added:
            row = [each.get(column, "") for column in self.columns]
            texts.append(self._spec.delimiter.join(self._spelled(cell, quoted) for cell in row) + self._end)
        if not self.ended and texts and _end_of(texts[-1]):
            texts[-1] = texts[-1].removesuffix(_end_of(texts[-1]))
        return self._mark + "".join(texts).encode(self._encoding)

    def _rewritten(self, line: _Line, cells: Mapping[str, Any]) -> str:
        """A line with some cells changed; the others keep their spelling."""
        old = self._raw_cells(line)
        new = [
            self._spelled(cells[column], raw.startswith('"')) if column in cells else raw
            for column, raw in zip(self.columns, old, strict=True)
        ]
        return self._spec.delimiter.join(new) + _end_of(line.text)

    def _raw_cells(self, line: _Line) -> list[str]:
        """The cells of a line as they are spelled in it."""
        body = line.text.removesuffix(_end_of(line.text))
        mark = re.escape(self._spec.delimiter)
        cell = re.compile(rf'("(?:[^"]|"")*"[^{mark}]*|[^{mark}]*)(?:{mark}|\Z)', re.DOTALL)
        found: list[str] = []
        at = 0
        while len(found) < len(line.cells):
            match = cell.match(body, at)
            assert match is not None  # the line was read as so many cells
            found.append(match[1])
            at = match.end()
        return found

    def _spelled(self, text: str, quoted: bool) -> str:
        risky = any(each in text for each in (self._spec.delimiter, '"', "\r", "\n")) or text != text.strip()
        return '"' + text.replace('"', '""') + '"' if quoted or risky else text


def _end_of(text: str) -> str:
    return next((end for end in ("\r\n", "\n", "\r") if text.endswith(end)), "")

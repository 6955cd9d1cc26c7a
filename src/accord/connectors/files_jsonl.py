"""JSON Lines: an object in each line, and back.

Owns: parsing, members that keep their spelling. Does not own: what a row means (files_rows.py).

A line that is not changed is written as it was read; of a changed one the members that did not change keep their text, order and spaces.
A member that is not there is absent; null and empty text are two values.
"""

import codecs
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from decimal import Decimal
from json.decoder import JSONDecodeError
from typing import Any

from accord.connectors.files_table import Edits, Row, Unfit, Unwritable, plain_value
from accord.connectors.rest_times import normal
from accord.model.files import FileDatatype, FileProperty
from accord.model.values import Raw

_SPACE = re.compile(r"[ \t\r]*")
_FAULT = "If it is being written, wait; otherwise mend that line: one JSON object in each line."


def _no_number(text: str) -> Any:
    raise ValueError(f"{text} is no JSON")


_DECODER = json.JSONDecoder(parse_float=Decimal, parse_constant=_no_number)


@dataclass(frozen=True, slots=True)
class _Member:
    """A member as it is spelled: its name, all before its value, and its value's text."""

    name: str
    before: str
    text: str


@dataclass(frozen=True, slots=True)
class _Line:
    """A line: its members, and what stands behind the last one. A blank line has none."""

    text: str
    members: Sequence[_Member] = ()
    behind: str = ""


class JsonlTable:
    """See files_table.Table."""

    word = "line"
    blank = None

    def __init__(self, data: bytes, _spec: FileDatatype, zone: tzinfo) -> None:
        """Raises Unfit with the line of what cannot be read."""
        self._zone = zone
        self._mark = codecs.BOM_UTF8 if data.startswith(codecs.BOM_UTF8) else b""
        self._lines: list[_Line] = []
        self._records: list[int] = []
        rows: list[Row] = []
        pieces = data[len(self._mark) :].split(b"\n")
        self.ended = pieces[-1] == b""
        for at, piece in enumerate(pieces if pieces[-1] else pieces[:-1]):
            line, cells = _parsed(piece, at + 1)
            self._lines.append(line)
            if line.members or line.behind:
                self._records.append(at)
                rows.append(Row(at + 1, cells))
        self.rows: Sequence[Row] = rows
        self.columns: Sequence[str] = tuple(dict.fromkeys(name for row in rows for name in row.cells))
        self._end = "\r\n" if self._lines and self._lines[0].text.endswith("\r") else "\n"

    def is_formula(self, _cell: Any, /) -> bool:
        """See Table."""
        return False

    def value(self, cell: Any, of: FileProperty) -> Raw:
        """See Table."""
        if of.type == "instant" and isinstance(cell, str):
            return normal(cell, self._zone) or cell
        if of.type == "string" and isinstance(cell, int | Decimal) and not isinstance(cell, bool):
            return str(cell)
        if of.type == "decimal" and isinstance(cell, int) and not isinstance(cell, bool):
            return Decimal(cell)
        return cell

    def cell(self, value: Raw, of: FileProperty, before: Any = None, /) -> Any:
        """See Table. A number that stood there as a text stays one."""
        held = value if value == "" and isinstance(value, str) else plain_value(value, of)
        if isinstance(held, str) and any("\ud800" <= each <= "\udfff" for each in held):
            raise Unwritable("holds half a character")
        if isinstance(held, int | Decimal) and not isinstance(held, bool) and isinstance(before, str):
            return format(held, "f") if isinstance(held, Decimal) else str(held)
        return held

    def changed(self, edits: Edits) -> bytes:
        """See Table."""
        by_line = {at: position for position, at in enumerate(self._records)}
        texts: list[str] = []
        for at, line in enumerate(self._lines):
            position = by_line.get(at)
            if position is None or position not in edits.removed:
                cells = edits.cells.get(position) if position is not None else None
                texts.append(self._rewritten(line, cells) if cells else line.text)
        texts += [self._new(each) + self._end.removesuffix("\n") for each in edits.added]
        text = "\n".join(texts) + ("\n" if texts and (self.ended or not self._lines) else "")
        return self._mark + text.encode()

    def _rewritten(self, line: _Line, cells: Mapping[str, Any]) -> str:
        parts = [each.before + (_spelled(cells[each.name]) if each.name in cells else each.text) for each in line.members]
        there = {each.name for each in line.members}
        comma = ", " if any(each.before.startswith(", ") for each in line.members) else ","
        colon = ": " if not line.members or line.members[0].before.endswith(" ") else ":"
        for name in cells:
            if name not in there:
                parts.append(f"{comma if parts else '{'}{_spelled(name)}{colon}{_spelled(cells[name])}")
        return "".join(parts) + line.behind

    def _new(self, cells: Mapping[str, Any]) -> str:
        """In the order of the file's columns."""
        names = [*(each for each in self.columns if each in cells), *(each for each in cells if each not in self.columns)]
        return "{" + ", ".join(f"{_spelled(each)}: {_spelled(cells[each])}" for each in names) + "}"


def _spelled(value: Any) -> str:
    return format(value, "f") if isinstance(value, Decimal) else json.dumps(value, ensure_ascii=False)


def _parsed(piece: bytes, number: int) -> tuple[_Line, Mapping[str, Any]]:
    """A line, and its values by name."""
    try:
        text = piece.decode()
    except UnicodeDecodeError as error:
        what = f"line {number}: byte 0x{piece[error.start]:02x} is no UTF-8"
        raise Unfit(what, "Save the file as UTF-8: JSON Lines have no other encoding.") from None
    if not text.strip():
        return _Line(text), {}
    cells: dict[str, Any] = {}
    members, begin = [], 0
    try:
        for name, value, start, end in _scanned(text):
            if name in cells:
                raise Unfit(f"line {number}: the member {name!r} is there twice", _FAULT)
            cells[name] = value
            members.append(_Member(name, text[begin:start], text[start:end]))
            begin = end
    except (JSONDecodeError, ValueError, RecursionError) as error:
        what = error.msg if isinstance(error, JSONDecodeError) else str(error)
        raise Unfit(f"line {number}: is no JSON object: {what}", _FAULT) from None
    return _Line(text, tuple(members), text[begin:]), cells


def _scanned(text: str) -> Iterator[tuple[str, Any, int, int]]:
    """Each member of an object: its name, its value, and where the value's text begins and ends. Raises ValueError."""
    at = _past(text, _skip(text, 0), "{")
    if text[at : at + 1] == "}":
        _end(text, at + 1)
        return
    while True:
        name, after_name = _DECODER.raw_decode(text, at)
        if not isinstance(name, str):
            raise ValueError("a member's name must be a text")
        start = _past(text, _skip(text, after_name), ":")
        value, end = _DECODER.raw_decode(text, start)
        yield name, value, start, end
        at = _skip(text, end)
        if text[at : at + 1] == "}":
            _end(text, at + 1)
            return
        at = _past(text, at, ",")


def _skip(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at


def _past(text: str, at: int, mark: str) -> int:
    if text[at : at + 1] != mark:
        raise ValueError(f"there should be a {mark!r} at character {at + 1}")
    return _skip(text, at + 1)


def _end(text: str, at: int) -> None:
    if text[at:].strip():
        raise ValueError(f"something follows the object at character {at + 1}")

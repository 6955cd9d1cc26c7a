"""What the formats of files have in common: rows with cells, what is changed in them, and the two ways in which something does not fit.

Owns: the words between the connector and the formats (files_csv.py, files_jsonl.py, files_xlsx.py). Does not own: any format.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date
from decimal import Decimal, InvalidOperation
from typing import Any, Protocol

from accord.connectors.rest_times import instant
from accord.model.files import FileProperty
from accord.model.values import Raw


class Unfit(Exception):
    """That a file cannot be taken as it is: nothing is concluded from any of it. ``what`` names the place in it."""

    def __init__(self, what: str, remedy: str) -> None:
        super().__init__(what)
        self.what = what
        self.remedy = remedy


class Unwritable(Exception):
    """That a value cannot be held by a file, or not so that it would be read back as it is."""


@dataclass(frozen=True, slots=True)
class Unread:
    """A cell that does not tell its value, and why."""

    cause: str


@dataclass(frozen=True, slots=True)
class Row:
    """A record as the file has it. ``number``: of its line or row, from 1. ``cells``: by column; a missing column is absent."""

    number: int
    cells: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Edits:
    """What is to change in a table. ``cells``: position of the row -> column -> cell. ``removed``: positions."""

    cells: Mapping[int, Mapping[str, Any]] = field(default_factory=dict)
    removed: frozenset[int] = frozenset()
    added: Sequence[Mapping[str, Any]] = ()


class Table(Protocol):
    """The content of one file, parsed."""

    @property
    def columns(self) -> Sequence[str]:
        """In the file's order; an empty name stands for a column without one."""
        ...

    @property
    def rows(self) -> Sequence[Row]:
        """The records; blank lines are none."""
        ...

    @property
    def word(self) -> str:
        """What the file counts: "line" or "row"."""
        ...

    @property
    def ended(self) -> bool:
        """Whether the file ends as one that was written to its end."""
        ...

    @property
    def blank(self) -> Any:
        """What a cell of a new row holds that nothing is written to. None: only what is described is written."""
        ...

    def is_formula(self, cell: Any, /) -> bool:
        """Whether the value of a cell follows from others."""
        ...

    def value(self, cell: Any, of: FileProperty) -> Raw:
        """What a cell says of a property."""
        ...

    def cell(self, value: Raw, of: FileProperty, before: Any = None, /) -> Any:
        """How a value stands in a cell. ``before``: what stood there. Raises Unwritable."""
        ...

    def changed(self, edits: Edits) -> bytes:
        """The file with the edits; whatever they do not name stays as it is, byte by byte where the format allows."""
        ...


_WHOLE = re.compile(r"-?[0-9]+")
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")


def whole(text: str) -> int | None:
    """The whole number that a text says."""
    return int(text) if _WHOLE.fullmatch(text) and len(text) < 40 else None


def number(text: str) -> Decimal | None:
    """The number that a text says, without an exponent."""
    return Decimal(text) if _NUMBER.fullmatch(text) else None


def plain_value(value: Raw, of: FileProperty) -> None | str | bool | int | Decimal:
    """A raw value as the property's type has it: dates and instants stay texts. Raises Unwritable for what is none of that type."""
    if value is None or (value == "" and isinstance(value, str)):
        return None if of.type != "string" else value
    fitted: None | str | bool | int | Decimal = _FITTED[of.type](value)
    if fitted is None:
        raise Unwritable(f"is no {of.type}")
    return fitted


def _fit_text(value: Raw) -> str | None:
    return value if isinstance(value, str) else str(value) if isinstance(value, int | Decimal) and not isinstance(value, bool) else None


def _fit_whole(value: Raw) -> int | None:
    return whole(value) if isinstance(value, str) else value if isinstance(value, int) and not isinstance(value, bool) else None


def _fit_number(value: Raw) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, str | int | float | Decimal):
        return None
    try:
        found = Decimal(repr(value) if isinstance(value, float) else value)
    except InvalidOperation:
        return None
    return found if found.is_finite() else None


def _fit_boolean(value: Raw) -> bool | None:
    return value if isinstance(value, bool) else None


def _fit_date(value: Raw) -> str | None:
    try:
        return date.fromisoformat(value).isoformat() if isinstance(value, str) else None
    except ValueError:
        return None


def _fit_instant(value: Raw) -> str | None:
    return value if isinstance(value, str) and instant(value, UTC) is not None else None


_FITTED: Mapping[str, Any] = {
    "string": _fit_text,
    "integer": _fit_whole,
    "decimal": _fit_number,
    "boolean": _fit_boolean,
    "date": _fit_date,
    "instant": _fit_instant,
}

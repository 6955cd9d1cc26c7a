"""Rows to observations: which row is which record, and what it says.

Owns: ids, the refusal of a file in which they are not unique, the wanted properties. Does not own: cells (the formats), reading the file
(files.py).
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from decimal import Decimal
from typing import Any

from accord.connectors.files_header import hold_header
from accord.connectors.files_table import Table, Unfit, Unread
from accord.connectors.rest_times import normal
from accord.model.files import FileDatatype, FileProperty
from accord.model.records import Observation, RecordRef, Seen, Side, Unreadable

_TEXT = FileProperty()


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A datatype of a file, for the wanted properties."""

    side: Side
    name: str
    spec: FileDatatype
    wanted: tuple[str, ...]
    zone: tzinfo

    def ref(self, id: str) -> RecordRef:
        """A record of the datatype."""
        return RecordRef(self.side, self.name, id)

    def observed(self, table: Table, id: str, cells: Mapping[str, Any]) -> Observation:
        """What a row says; Unreadable where a wanted cell does not tell its value."""
        values, spec = {}, self.spec
        for name in self.wanted:
            column = spec.column(name)
            if column not in cells:
                continue
            cell = cells[column]
            if isinstance(cell, Unread):
                return Unreadable(self.ref(id), f"{spec.file}: {name}: {cell.cause}")
            values[name] = table.value(cell, spec.properties[name])
        return Seen.of(self.ref(id), values, None, self._modified(table, cells))

    def _modified(self, table: Table, cells: Mapping[str, Any]) -> str | None:
        if self.spec.modified is None or self.spec.modified not in cells:
            return None
        cell = cells[self.spec.modified]
        return None if isinstance(cell, Unread) else normal(table.value(cell, FileProperty(type="instant")), self.zone)


def id_of(table: Table, cell: Any) -> str:
    """The id that a cell of the key says; "" for one that says none."""
    if isinstance(cell, bool | Unread) or cell is None:
        return ""
    value = table.value(cell, _TEXT)
    return value if isinstance(value, str) else str(value) if isinstance(value, int | Decimal) else ""


def made_id(reference: str) -> str:
    """The id of the row that a create makes: the same for the same reference, and nothing that a spreadsheet takes for a number."""
    return f"r{hashlib.blake2b(reference.encode(), digest_size=9).hexdigest()}"


def identified(table: Table, spec: FileDatatype) -> dict[str, int]:
    """The position of each record. Raises Unfit for columns that are not as described, rows without an id, doubled ids."""
    if spec.format == "xlsx" or (spec.format == "jsonl" and table.rows):  # no line names no members; CSV has looked before
        hold_header(table.columns, spec, "row 1" if spec.format == "xlsx" else "the members")
    found: dict[str, int] = {}
    for position, row in enumerate(table.rows):
        id = id_of(table, row.cells.get(spec.key))
        if not id:
            remedy = "Give it one, or take that row out; a row that Accord made has one."
            raise Unfit(f"{table.word} {row.number}: has no {spec.key}, so that it would not be known again", remedy)
        if id in found:
            what = f"{table.word} {row.number}: {spec.key} is the same as in {table.word} {table.rows[found[id]].number}: {id[:80]!r}"
            raise Unfit(what, "Each record has one row, and an id of its own: take one of them out, or give it another id.")
        found[id] = position
    return found


def in_order(table: Table, positions: Mapping[str, int], ids: Sequence[str]) -> list[tuple[str, Mapping[str, Any]]]:
    """The cells of records that are there, in the order in which they were asked for."""
    return [(id, table.rows[positions[id]].cells) for id in ids if id in positions]

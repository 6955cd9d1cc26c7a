"""What becomes of the rows of a pair: property mappings, each once for all documents that state it, or text alone with the reason.

Owns: which row states which mapping, and what is odd about a row. Does not own: how a row becomes a mapping (documents/proposing.py). Pure.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from accord.config.checking import often_meant
from accord.documents.derived import cell_of
from accord.documents.keeping import StatedRow
from accord.documents.mapping_yaml import mapping_data
from accord.documents.meant import Pair, Stated
from accord.documents.model import Row
from accord.documents.notes import WARNING, Notes
from accord.documents.proposing import Proposed, Proposer, Unmapped, may_refer
from accord.documents.proposing_lists import Cells, grouped, list_mapping
from accord.model.dataflow import PropertyMapping
from accord.model.manifest import Property
from accord.model.records import Side
from accord.model.values import DataType

_WORDS = frozenset({'"string"', '"integer"', '"float"', '"boolean"', '"list"'})


@dataclass(slots=True)
class Carried:
    """The rows of a pair. ``data``: the mappings as YAML; ``rows``: by the place of a section, each row with the mapping that it states."""

    mappings: list[PropertyMapping] = field(default_factory=list)
    data: list[dict[str, Any]] = field(default_factory=list)
    rows: dict[tuple[int, int], list[StatedRow]] = field(default_factory=dict)


def as_text(pair: Pair, why: str) -> Carried:
    """No row is carried."""
    rows = {each.place: [StatedRow(row, None, "" if at else why) for at, row in enumerate(each.section.rows)] for each in pair.stated}
    return Carried(rows=rows)


def carried(pair: Pair, proposer: Proposer, notes: Notes) -> Carried:
    """What becomes of every row."""
    carrier = _Carrier(pair, proposer, notes)
    for stated in pair.stated:
        carrier.add(stated)
    return carrier.made


@dataclass(slots=True)
class _Carrier:
    """Takes one section after another. ``known``: what became of the rows seen so far, by their cells, left side first."""

    pair: Pair
    proposer: Proposer
    notes: Notes
    made: Carried = field(default_factory=Carried)
    known: dict[Cells, str | Unmapped] = field(default_factory=dict)

    def add(self, stated: Stated) -> None:
        """The rows of one section."""
        types: dict[Cells, str] = {}
        for row in stated.section.rows:
            types.setdefault(stated.cells(row), row.type)
        self._lists(stated, types)
        seen: set[Cells] = set()
        rows = self.made.rows[stated.place] = []
        for row in stated.section.rows:
            cells = stated.cells(row)
            if cells not in self.known:
                self.known[cells] = self._row(stated, cells, types[cells])
            rows.append(self._stated(row, cells, first=cells not in seen))
            seen.add(cells)

    def _lists(self, stated: Stated, types: Mapping[Cells, str]) -> None:
        """Rows that name the items of lists, where these are not known yet."""
        for lists, items in grouped((cells for cells in types if cells not in self.known), self.proposer.datatypes).items():
            try:
                found, rows = list_mapping(self.proposer, lists, items)
            except Unmapped as unmapped:
                self.known.update(dict.fromkeys(items, unmapped))
                continue
            target = self._target[found.mapping.right[0]].items
            cell = {items[cells][0]: types[cells] for cells in rows} if stated.source is Side.LEFT else {}
            inner = tuple(_typed(each, cell.get(each.left[0]), target) for each in found.mapping.properties)
            self._take(replace(found.mapping, properties=inner), found.why, lists)
            self.known.update(dict.fromkeys(rows, found.mapping.name))

    def _row(self, stated: Stated, cells: Cells, type_cell: str) -> str | Unmapped:
        try:
            found = self.proposer.mapping(*cells)
        except Unmapped as unmapped:
            return unmapped
        mapping = _typed(found.mapping, type_cell if stated.source is Side.LEFT else None, self._target)
        self._take(mapping, self._why(found, cells, type_cell), cells)
        return mapping.name

    def _take(self, mapping: PropertyMapping, why: Mapping[str, str], cells: Cells) -> None:
        where = f"{self.pair.name}: {cells[0]} <-> {cells[1]}"
        self.made.mappings.append(mapping)
        self.made.data.append(mapping_data(mapping, {key: self.notes.reason(where, each) for key, each in why.items()}))

    def _stated(self, row: Row, cells: Cells, first: bool) -> StatedRow:
        """A row with what became of it; one that stands there again is text."""
        outcome = self.known[cells]
        if isinstance(outcome, str):
            return StatedRow(row, outcome if first else None)
        odd = next((said for said in map(often_meant, cells) if said), "")
        why = f"{WARNING}kept as text: {outcome}{f'. {odd}' if odd else ''}"
        return StatedRow(row, None, self.notes.reason(f"{self.pair.name}: {cells[0]} <-> {cells[1]}", why))

    @property
    def _target(self) -> Mapping[str, Property]:
        return self.proposer.datatypes[Side.RIGHT].properties

    def _why(self, found: Proposed, cells: Cells, type_cell: str) -> dict[str, str]:
        """The reasons of a proposal, with what is odd about the row."""
        why, mapping = dict(found.why), found.mapping
        for side, name in zip(("left", "right"), cells, strict=True):
            if (odd := often_meant(name)) and mapping.type is not DataType.REFERENCE:
                why[side] = f"{WARNING}{odd}"
        if mapping.type in (DataType.STRING, DataType.INTEGER) and any(map(may_refer, mapping.left)):
            doubt = "perhaps the id of another record, which the other system knows by another: then type: reference"
            why.setdefault("left", f"{WARNING}{doubt}")
        usual = _cell(mapping, self._target)
        if type_cell in _WORDS and usual in _WORDS and type_cell != usual:
            why.setdefault("right", f"{WARNING}the document says {type_cell}, the manifest {usual}")
        return why


def _typed(mapping: PropertyMapping, type_cell: str | None, target: Mapping[str, Property]) -> PropertyMapping:
    """The mapping with its data type cell, where that does not follow from the target."""
    return mapping if type_cell in (None, _cell(mapping, target)) else replace(mapping, document_type=type_cell)


def _cell(mapping: PropertyMapping, target: Mapping[str, Property]) -> str:
    return ", ".join(dict.fromkeys(cell_of(target[name].type) for name in mapping.right))

"""A batch of writes on the content of one file: what each comes to, and the file as it would be.

Owns: preconditions, which cells change, ids of new rows. Does not own: reading and replacing the file (files.py). Pure.

All writes of a batch are made on one content, one after another, so that a later one sees what an earlier one did, and the file is replaced
once. What the new file says is read back before it takes the old one's place.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from accord.connectors.files_rows import Kind, id_of, made_id
from accord.connectors.files_table import Edits, Table, Unread, Unwritable
from accord.model.capabilities import Capabilities
from accord.model.files import FileProperty
from accord.model.plans import OperationKind, Outcome, OutcomeKind, Write
from accord.model.records import Seen
from accord.model.values import Raw


class _Declined(Exception):
    """That a write is not made."""

    def __init__(self, kind: OutcomeKind, message: str, observation: Seen | None = None, name: str | None = None) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.observation = observation
        self.name = name


@dataclass(slots=True)
class Batch:
    """Writes on one content. ``positions``: of the records in the table. ``outcomes`` hold if the file is then replaced."""

    kind: Kind
    able: Capabilities
    table: Table
    positions: Mapping[str, int]
    outcomes: list[Outcome] = field(default_factory=list)
    _changed: dict[int, dict[str, Any]] = field(default_factory=dict)
    _removed: set[int] = field(default_factory=set)
    _added: dict[str, dict[str, Any]] = field(default_factory=dict)

    def take(self, writes: Sequence[Write]) -> Edits | None:
        """Make all of them; None: nothing in the file would change."""
        makers = {OperationKind.CREATE: self._create, OperationKind.UPDATE: self._update, OperationKind.DELETE: self._delete}
        for write in writes:
            try:
                outcome = Outcome(write.key, OutcomeKind.DONE, makers[write.kind](write))
            except _Declined as declined:
                outcome = Outcome(write.key, declined.kind, declined.observation, declined.message, declined.name)
            self.outcomes.append(outcome)
        if not (self._changed or self._removed or self._added):
            return None
        return Edits(self._changed, frozenset(self._removed), tuple(self._added.values()))

    @property
    def expected(self) -> dict[str, Mapping[str, Any]]:
        """The cells that were written, by id: as they must be read back."""
        touched = {id: self._cells(id) for id, position in self.positions.items() if position in self._changed}
        return {id: cells for id, cells in touched.items() if cells is not None} | dict(self._added)

    def _create(self, write: Write) -> Seen:
        if not self.able.create:
            raise _Declined(OutcomeKind.REFUSED, f"{self.kind.spec.file} takes no new rows")
        spec, values = self.kind.spec, dict(write.values)
        if spec.reference is not None and values.get(spec.reference) is None and write.reference:
            values[spec.reference] = write.reference
        cells = self._written(values, self.able.read_only, {})
        if spec.generated:
            id = made_id(write.reference)
            cells[spec.key] = self._cell(id, FileProperty(), spec.key, None)
        else:
            id = id_of(self.table, cells.get(spec.key))
        if not id:
            raise _Declined(OutcomeKind.REFUSED, f"a new row needs a {spec.key}", name=spec.key_property)
        there = self._cells(id)
        if there is not None and not spec.generated:
            raise _Declined(OutcomeKind.REFUSED, f"there is a row with this {spec.key} already", name=spec.key_property)
        if there is None:
            columns = spec.needed if self.table.blank is None else self.table.columns
            self._added[id] = {**dict.fromkeys(columns, self.table.blank), **cells}
        return self._seen(id)

    def _update(self, write: Write) -> Seen:
        if not self.able.update:
            raise _Declined(OutcomeKind.REFUSED, f"{self.kind.spec.file} takes no changes")
        cells = self._current(write)
        new = self._written(write.values, self.able.read_only | self.able.create_only, cells)
        changes = {column: cell for column, cell in new.items() if column not in cells or not _same(cells[column], cell)}
        if write.ref.id in self._added:
            self._added[write.ref.id].update(changes)
        elif changes:
            self._changed.setdefault(self.positions[write.ref.id], {}).update(changes)
        return self._seen(write.ref.id)

    def _delete(self, write: Write) -> None:
        if not self.able.delete:
            raise _Declined(OutcomeKind.REFUSED, f"{self.kind.spec.file} gives up no rows")
        self._current(write)
        if self._added.pop(write.ref.id, None) is None:
            position = self.positions[write.ref.id]
            self._changed.pop(position, None)
            self._removed.add(position)

    # --- parts ----------------------------------------------------------------------------------------------------------------------

    def _cells(self, id: str) -> Mapping[str, Any] | None:
        """A row as it is by now; None: it is not there."""
        if id in self._added:
            return self._added[id]
        position = self.positions.get(id)
        if position is None or position in self._removed:
            return None
        return {**self.table.rows[position].cells, **self._changed.get(position, {})}

    def _seen(self, id: str) -> Seen:
        cells = self._cells(id)
        assert cells is not None  # it was just written
        found = self.kind.observed(self.table, id, cells)
        if not isinstance(found, Seen):
            raise _Declined(OutcomeKind.REFUSED, found.cause if hasattr(found, "cause") else "the row cannot be read")
        return found

    def _current(self, write: Write) -> Mapping[str, Any]:
        """The row of a write whose precondition holds. Raises _Declined."""
        cells = self._cells(write.ref.id)
        if cells is None:
            raise _Declined(OutcomeKind.GONE, "the row is not there")
        seen = self._seen(write.ref.id)
        if write.precondition is not None and write.precondition.fingerprint != seen.fingerprint:
            raise _Declined(OutcomeKind.MOVED, "the row has changed since it was read", seen)
        return cells

    def _written(self, values: Mapping[str, Raw], closed: frozenset[str], before: Mapping[str, Any]) -> dict[str, Any]:
        """Column -> cell. Raises _Declined for what cannot be written."""
        spec, cells = self.kind.spec, {}
        for name, value in values.items():
            if name in closed or name not in spec.properties:
                raise _Declined(OutcomeKind.REFUSED, f"{name} cannot be written", name=name)
            column = spec.column(name)
            cells[column] = self._cell(value, spec.properties[name], name, before.get(column))
        return cells

    def _cell(self, value: Raw, of: FileProperty, name: str, before: Any) -> Any:
        if isinstance(before, Unread) or self.table.is_formula(before):
            raise _Declined(OutcomeKind.REFUSED, f"{name}: there is a formula in this cell, which is not written over", name=name)
        try:
            return self.table.cell(value, of, before)
        except Unwritable as error:
            raise _Declined(OutcomeKind.REFUSED, f"{name} {error}", name=name) from None


def _same(one: Any, other: Any) -> bool:
    return type(one) is type(other) and bool(one == other)

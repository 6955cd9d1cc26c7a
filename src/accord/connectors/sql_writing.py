"""Writing rows: each write in one transaction of its own, with its lines, its precondition and the record as it is afterwards.

Owns: what is stated in WHERE, the key that a create is given, what a write came to. Does not own: the lines themselves (sql_lines.py),
what an error means (sql_errors.py). Synchronous, run in a thread.

An update reads the row with a lock, compares it with what the write was planned against, and states the version, or all that was read,
again in its WHERE; where that meets no row, somebody was faster, and nothing is written (P5).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy import exc

from accord.connectors.sql_catalogue import Bound, Field
from accord.connectors.sql_errors import outcome_of, words_of
from accord.connectors.sql_lines import delete_lines, write_lines
from accord.connectors.sql_reading import Parts
from accord.connectors.sql_rows import Key, id_of
from accord.connectors.sql_values import bound_moment
from accord.model.capabilities import Capabilities
from accord.model.plans import OperationKind, Outcome, OutcomeKind, Precondition, Write
from accord.model.records import Seen
from accord.model.values import Raw


class Declined(Exception):
    """That a write is not made, and why."""

    def __init__(self, kind: OutcomeKind, message: str, observation: Seen | None = None, property: str | None = None) -> None:  # noqa: A002
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.observation = observation
        self.property = property


@dataclass(frozen=True, slots=True)
class Current:
    """A row as it was read, locked."""

    held: Mapping[str, Any]
    key: Key
    seen: Seen


class SqlWriting:
    """The writing half of one datatype."""

    def __init__(self, parts: Parts, able: Capabilities) -> None:
        self._parts = parts
        self._rows = parts.rows
        self._bound: Bound = parts.rows.bound
        self._able = able

    def write(self, write: Write, still_ours: Callable[[], None]) -> Outcome:
        """Make one write. ``still_ours``: raises when nothing may be sent any more."""
        committing = False
        try:
            with self._parts.database.writing() as connection:
                transaction = connection.begin()
                still_ours()
                seen = self._effect(connection, write)
                committing = True
                transaction.commit()
        except Declined as declined:
            return Outcome(write.key, declined.kind, declined.observation, declined.message, declined.property)
        except exc.SQLAlchemyError as error:
            return outcome_of(error, write, self._bound, committing)
        except (ValueError, TypeError, OverflowError, ArithmeticError) as error:  # a value that the driver cannot send
            return Outcome(write.key, OutcomeKind.REFUSED, message=words_of(error, write.values.values()))
        return Outcome(write.key, OutcomeKind.DONE, seen)

    def _effect(self, connection: sa.Connection, write: Write) -> Seen | None:
        """Do it within the transaction. Raises Declined."""
        able = {OperationKind.CREATE: self._able.create, OperationKind.UPDATE: self._able.update, OperationKind.DELETE: self._able.delete}
        if not able[write.kind]:
            raise Declined(OutcomeKind.REFUSED, f"{self._bound.spec.table} takes no {write.kind}")
        if write.kind is OperationKind.CREATE:
            return self._create(connection, write)
        current = self._current(connection, write.ref.id)
        self._hold_against(current.seen, write.precondition)
        if write.kind is OperationKind.UPDATE:
            return self._update(connection, write, current)
        self._delete(connection, write, current)
        return None

    # --- each kind ------------------------------------------------------------------------------------------------------------------

    def _create(self, connection: sa.Connection, write: Write) -> Seen:
        spec = self._bound.spec
        given = dict(write.values)
        if spec.reference is not None and given.get(spec.reference) is None and write.reference:
            given[spec.reference] = write.reference
        values = self._columns(given, self._able.read_only) | self._touched(connection, {})
        statement = sa.insert(self._bound.table).values(values)
        if connection.dialect.insert_returning:
            key: Key = tuple(connection.execute(statement.returning(*self._bound.key)).one())
        else:
            key = self._key_given(connection, connection.execute(statement), given)
        for child in self._bound.children.values():
            if child.name in given:
                write_lines(connection, child, key, given[child.name])
        return self._reread(connection, key)

    def _key_given(self, connection: sa.Connection, made: sa.CursorResult[Any], given: Mapping[str, Raw]) -> Key:
        """The key of a row that was just made, where the database returns no columns of it. Raises Declined; then the row is not kept."""
        known = tuple(made.inserted_primary_key or (None,))
        if None not in known:
            return known
        reference = self._bound.fields.get(self._bound.spec.reference or "")
        if reference is not None and (mark := reference.codec.bind(given.get(reference.name))) is not None:
            rows = connection.execute(sa.select(*self._bound.key).where(reference.column == mark)).all()
            if len(rows) == 1:
                return tuple(rows[0])
        raise Declined(OutcomeKind.REFUSED, "the database does not tell which key it gave; by a reference it could be found")

    def _update(self, connection: sa.Connection, write: Write, current: Current) -> Seen:
        values = self._columns(write.values, self._able.read_only | self._able.create_only)
        lines = [child for child in self._bound.children.values() if child.name in write.values]
        if values or lines:
            self._change(connection, values, write, current)
        for child in lines:
            write_lines(connection, child, current.key, write.values[child.name])
        return self._reread(connection, current.key)

    def _delete(self, connection: sa.Connection, write: Write, current: Current) -> None:
        soft = self._bound.spec.soft_delete
        if soft is None:
            for child in self._bound.children.values():
                delete_lines(connection, child, current.key)
            self._expect_one(connection, sa.delete(self._bound.table).where(self._unchanged(write, current)), current)
            return
        column = self._bound.column(soft.column)
        said: Any = self._now(connection, column) if soft.kind == "time" else (True if isinstance(column.type, sa.Boolean) else 1)
        self._change(connection, {soft.column: said}, write, current)

    # --- parts ----------------------------------------------------------------------------------------------------------------------

    def _current(self, connection: sa.Connection, id: str) -> Current:
        key = self._rows.keys_of(id)
        row = None if key is None else connection.execute(self._rows.select().where(self._rows.with_keys([key])).with_for_update()).first()
        held = None if row is None else self._rows.held(row)
        if row is None or held is None or self._rows.deleted(held) or id_of(self._rows.key(held)) != id:  # a key of other case is another
            raise Declined(OutcomeKind.GONE, "the record is not there")
        return Current(held, self._rows.key(held), self._rows.whole(connection, row))

    def _hold_against(self, seen: Seen, expected: Precondition | None) -> None:
        if expected is None:
            return
        by_version = expected.version is not None and seen.version is not None
        if expected.version != seen.version if by_version else expected.fingerprint != seen.fingerprint:
            raise Declined(OutcomeKind.MOVED, "the record has changed since it was read", seen)

    def _columns(self, values: Mapping[str, Raw], closed: frozenset[str]) -> dict[str, Any]:
        """Column -> what the driver takes. Raises Declined for what cannot be written."""
        columns = {}
        for name, value in values.items():
            field: Field | None = self._bound.fields.get(name)
            if name in closed or (field is None and name not in self._bound.children):
                raise Declined(OutcomeKind.REFUSED, f"{name} cannot be written", property=name)
            if field is not None:
                columns[field.column.name] = field.codec.bind(value)
        return columns

    def _change(self, connection: sa.Connection, values: dict[str, Any], write: Write, current: Current) -> None:
        values = values | self._touched(connection, current.held)
        if values:
            self._expect_one(connection, sa.update(self._bound.table).where(self._unchanged(write, current)).values(values), current)

    def _touched(self, connection: sa.Connection, held: Mapping[str, Any]) -> dict[str, Any]:
        """What every write of ours sets besides."""
        said: dict[str, Any] = {}
        for name, how in self._bound.spec.touch.items():
            column = self._bound.column(name)
            said[name] = self._now(connection, column) if how == "now" else sa.func.coalesce(column, 0) + 1 if held else 1
        return said

    def _now(self, connection: sa.Connection, column: sa.Column[Any]) -> Any:
        database = self._parts.database
        return bound_moment(database.now(connection), column.info["kind"], database.dialect == "sqlite", self._parts.zone)

    def _unchanged(self, write: Write, current: Current) -> sa.ColumnElement[bool]:
        """The row, and where the write states what it was planned against, all that was read of it."""
        condition = self._rows.with_keys([current.key])
        if write.precondition is None:
            return condition
        version = self._bound.spec.version
        names = [version] if version else [name for name in current.held if self._comparable(name)]
        return sa.and_(condition, *(self._bound.column(name).is_not_distinct_from(current.held[name]) for name in names))

    def _comparable(self, name: str) -> bool:
        """Whether a column equals what was read of it; the row is locked and was compared as a whole before."""
        column = self._bound.column(name)
        return column.info["kind"] != "other" and not isinstance(column.type, sa.Float)

    def _expect_one(self, connection: sa.Connection, statement: sa.Update | sa.Delete, current: Current) -> None:
        if connection.execute(statement).rowcount:
            return
        row = connection.execute(self._rows.select().where(self._rows.with_keys([current.key]))).first()
        if row is None:
            raise Declined(OutcomeKind.GONE, "the record is not there any more")
        raise Declined(OutcomeKind.MOVED, "the record has changed since it was read", self._rows.whole(connection, row))

    def _reread(self, connection: sa.Connection, key: Key) -> Seen:
        """The record as the database holds it now: what it made of our values."""
        return self._rows.whole(connection, connection.execute(self._rows.select().where(self._rows.with_keys([key]))).one())

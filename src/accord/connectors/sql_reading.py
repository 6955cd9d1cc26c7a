"""Reading rows: listings by key, changes since a cursor, records by id, copies by reference. All of it synchronous, run in a thread.

Owns: cursors, pages. Does not own: what a row becomes (sql_rows.py), threads (sql_database.py).

Pages follow each other by key: "after the last one", never by counting rows. So a record is neither skipped nor repeated because others
change meanwhile. A cursor is "kind:value"; it is taken before the first page, and moved back by what the database may still be about to
commit.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, timedelta, tzinfo
from typing import Any

import sqlalchemy as sa

from accord.connectors.rest_times import instant, spell
from accord.connectors.sql_catalogue import CHANGED_IN
from accord.connectors.sql_changes import first_open
from accord.connectors.sql_database import Database
from accord.connectors.sql_rows import Key, Rows, after, id_of
from accord.connectors.sql_values import bound_moment
from accord.errors import ListingFailed
from accord.model.plans import Found, Write
from accord.model.records import Evidence, Gone, Observation, Page, Seen
from accord.model.sql import SqlChanges


@dataclass(frozen=True, slots=True)
class Parts:
    """What both halves work with. ``page``: rows at once."""

    system: str
    database: Database
    rows: Rows
    zone: tzinfo
    page: int


@dataclass(frozen=True, slots=True)
class Position:
    """Where a listing stands: beyond which key, and the cursor that its last page will carry."""

    key: Key | None
    cursor: str | None


class SqlReading:
    """The reading half of one datatype."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._rows = parts.rows
        self._bound = parts.rows.bound

    def start(self, least: str | None = None) -> str | None:
        """The cursor of this moment, never before ``least``; None where changes are not known. Taken before what is then read."""
        changes = self._bound.spec.changes
        if changes is None:
            return None
        noted = self._bound.changes
        if noted is not None and self._parts.database.dialect == "mysql":
            return f"table:{first_open(self._parts.database, noted, self._number(least) if least else 0)}"
        with self._parts.database.reading() as connection:
            if changes.kind == "modified":
                moment = self._parts.database.now(connection) - timedelta(seconds=changes.overlap_seconds)
                return max(f"modified:{spell(moment)}", least or "")
            number = self._highest(connection, changes)
            return f"{changes.kind}:{max(number, self._number(least) if least else number)}"

    def _highest(self, connection: sa.Connection, changes: SqlChanges) -> int:
        """From which number on something may still be unseen."""
        if changes.kind == "table" and self._parts.database.dialect == "postgresql":
            # every transaction below this one has ended; one at or above it may commit later than another that is seen now
            return int(connection.execute(sa.text("SELECT pg_snapshot_xmin(pg_current_snapshot())::text")).scalar_one())
        table = self._bound.changes if changes.kind == "table" else None
        column = table.c[CHANGED_IN] if table is not None else self._bound.column(self._bound.spec.version or "")
        highest = connection.execute(sa.select(sa.func.max(column))).scalar_one()
        return int(highest or 0) - (0 if changes.kind == "table" else changes.overlap)

    def page(self, position: Position) -> tuple[Page, Position]:
        """One page of every record that is there."""
        cursor = self.start() if position.key is None else position.cursor
        with self._parts.database.reading() as connection:
            return self._page(connection, self._rows.alive(), Position(position.key, cursor))

    def changed(self, since: str, position: Position) -> tuple[Page, Position]:
        """One page of what changed. Raises ListingFailed for a cursor that is none of ours."""
        changes = self._bound.spec.changes
        if changes is None:
            raise ListingFailed(self._parts.system, "changes cannot be listed here")
        following = Position(position.key, self.start(since) if position.key is None else position.cursor)
        with self._parts.database.reading() as connection:
            if changes.kind == "table":
                return self._named(connection, self._number(since), following)
            return self._page(connection, self._since(changes, since), following)

    def _since(self, changes: SqlChanges, cursor: str) -> sa.ColumnElement[bool]:
        spec = self._bound.spec
        if changes.kind == "version":
            return self._bound.column(spec.version or "") >= self._number(cursor)
        moment = instant(cursor.removeprefix("modified:"), UTC)
        if moment is None or not cursor.startswith("modified:"):
            raise self._foreign(cursor)
        column = self._bound.column(spec.modified or "")
        textual = self._parts.database.dialect == "sqlite"
        value: Any = bound_moment(moment, column.info["kind"], textual, self._parts.zone)
        # as a text, whole seconds come before every spelling of a time within that second; and a column may hold whole seconds only
        return column >= (value[:19] if isinstance(value, str) else value.replace(microsecond=0))

    def _number(self, cursor: str) -> int:
        kind, _, text = cursor.partition(":")
        changes = self._bound.spec.changes
        if changes is None or kind != changes.kind or not text.lstrip("-").isdecimal():
            raise self._foreign(cursor)
        return int(text)

    def _foreign(self, cursor: str) -> ListingFailed:
        return ListingFailed(self._parts.system, f"the cursor {cursor[:80]!r} is none of this system's")

    def _page(self, connection: sa.Connection, condition: sa.ColumnElement[bool], position: Position) -> tuple[Page, Position]:
        chosen = self._rows.select().where(condition).limit(self._parts.page)
        if position.key is not None:
            chosen = chosen.where(self._rows.beyond(position.key))
        rows = connection.execute(chosen).all()
        observations = self._rows.observed(connection, rows)
        last = len(rows) < self._parts.page
        page = Page(tuple(observations), last=last, cursor=position.cursor if last else None)
        return page, position if last else Position(self._rows.key(self._rows.held(rows[-1])), position.cursor)

    def _named(self, connection: sa.Connection, number: int, position: Position) -> tuple[Page, Position]:
        """What the change table names: as it is now, and what is not there any more as deleted."""
        table = self._bound.changes
        assert table is not None  # the catalogue has bound it, since the manifest names it
        key = [table.c[each.name] for each in self._bound.key]
        chosen = sa.select(*key).where(table.c[CHANGED_IN] >= number).distinct().order_by(*key).limit(self._parts.page)
        if position.key is not None:
            chosen = chosen.where(after(key, position.key))
        keys = [tuple(row) for row in connection.execute(chosen)]
        there = self._there(connection, keys)
        found = tuple(there.get(id_of(each)) or Gone(self._rows.ref(id_of(each)), Evidence.TOMBSTONE) for each in keys)
        last = len(keys) < self._parts.page
        return Page(found, last=last, cursor=position.cursor if last else None), Position(None if last else keys[-1], position.cursor)

    def _there(self, connection: sa.Connection, keys: Sequence[Key]) -> dict[str, Observation]:
        if not keys:
            return {}
        rows = connection.execute(self._rows.select().where(self._rows.with_keys(keys))).all()
        return {one.ref.id: one for one in self._rows.observed(connection, rows)}

    def read(self, ids: Sequence[str]) -> list[Observation]:
        """What the rows hold now."""
        keys = {id: key for id in ids if (key := self._rows.keys_of(id)) is not None}
        there: dict[str, Observation] = {}
        distinct = list(keys.values())
        with self._parts.database.reading() as connection:
            for start in range(0, len(distinct), self._parts.page):
                there |= self._there(connection, distinct[start : start + self._parts.page])
        return [there.get(id) or Gone(self._rows.ref(id), Evidence.NOT_FOUND) for id in ids]

    def find(self, writes: Sequence[Write]) -> list[Found]:
        """Rows that carry the references; one that is soft-deleted counts, with what it holds (P7)."""
        name = self._bound.spec.reference
        if name is None:
            return [Found(write.key, message="no column takes our references here") for write in writes]
        field = self._bound.fields[name]
        answers = []
        with self._parts.database.reading() as connection:
            for write in writes:
                chosen = self._rows.select().add_columns(field.column.label("held"))
                chosen = chosen.where(field.column == field.codec.bind(write.reference))
                rows = [row for *row, held in connection.execute(chosen) if field.codec.read(held) == write.reference]  # not of other case
                answers.append(Found(write.key, tuple(self._copies(connection, rows)), certain=True))
        return answers

    def _copies(self, connection: sa.Connection, rows: Sequence[Sequence[Any]]) -> list[Seen]:
        return [self._rows.whole(connection, row) for row in rows]

"""Rows to observations: which columns are asked for, how a row becomes a record with its lines, how an id is a key.

Owns: ids, what is selected, versions and times as the engine knows them. Does not own: which rows (sql_reading.py), changing them.

An id is the key's value as text; of several columns each part is percent-encoded and they are joined by commas, so that no two keys have
one id. An id that would not come back as it was asked for is none of this table's.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, tzinfo
from typing import Any, TypeAlias
from urllib.parse import quote, unquote
from uuid import UUID

import sqlalchemy as sa

from accord.connectors.rest_times import spell
from accord.connectors.sql_catalogue import Bound, Child
from accord.connectors.sql_values import moment_of
from accord.model.records import Evidence, Gone, Observation, RecordRef, Seen, Side, fingerprint
from accord.model.values import Raw

Key: TypeAlias = tuple[Any, ...]
"""The values of the key's columns, as the driver hands them out."""

_LARGEST = 2**63


class Rows:
    """One datatype's rows, for the wanted properties."""

    def __init__(self, bound: Bound, side: Side, datatype: str, wanted: frozenset[str], zone: tzinfo) -> None:
        self.bound = bound
        self._side = side
        self._datatype = datatype
        self._zone = zone
        self.fields = tuple(each for name, each in bound.fields.items() if name in wanted)
        self.children = tuple(each for name, each in bound.children.items() if name in wanted)
        spec = bound.spec
        marks = (spec.version, spec.modified, spec.soft_delete.column if spec.soft_delete else None)
        names = [*(each.name for each in bound.key), *(each.column.name for each in self.fields), *(each for each in marks if each)]
        self._columns = list(dict.fromkeys(names))

    def select(self) -> sa.Select[Any]:
        """Everything that an observation needs, in the order of the key."""
        columns = [self.bound.column(each).label(f"c{number}") for number, each in enumerate(self._columns)]
        return sa.select(*columns).order_by(*self.bound.key)

    def held(self, row: Sequence[Any]) -> dict[str, Any]:
        """A selected row by column."""
        return dict(zip(self._columns, row, strict=True))

    def key(self, held: Mapping[str, Any]) -> Key:
        """The key of a row."""
        return tuple(held[each.name] for each in self.bound.key)

    def ref(self, id: str) -> RecordRef:
        """A record of the datatype."""
        return RecordRef(self._side, self._datatype, id)

    def observed(self, connection: sa.Connection, rows: Iterable[Sequence[Any]]) -> list[Observation]:
        """Records with their lines, which are read together."""
        all_held = [self.held(row) for row in rows]
        keys = [self.key(held) for held in all_held]
        lists = {child.name: lines_of(connection, child, keys) for child in self.children} if keys else {}
        return [
            self._one(held, {name: found.get(key, []) for name, found in lists.items()}) for held, key in zip(all_held, keys, strict=True)
        ]

    def whole(self, connection: sa.Connection, row: Sequence[Any]) -> Seen:
        """One row with its lines, whether it counts as deleted or not."""
        held = self.held(row)
        key = self.key(held)
        return self.seen(held, {child.name: lines_of(connection, child, [key]).get(key, []) for child in self.children})

    def seen(self, held: Mapping[str, Any], lists: Mapping[str, Raw]) -> Seen:
        """A record, whether it counts as deleted or not."""
        spec = self.bound.spec
        values: dict[str, Raw] = {each.name: each.codec.read(held[each.column.name]) for each in self.fields}
        moment = moment_of(held[spec.modified], self._zone) if spec.modified else None
        version = version_text(held[spec.version]) if spec.version else None
        if version is not None and lists:  # lines may be edited without their record's version moving
            version = f"{version}+{fingerprint(dict(lists)).hex()}"
        return Seen.of(self.ref(id_of(self.key(held))), values | dict(lists), version, spell(moment) if moment else None)

    def _one(self, held: Mapping[str, Any], lists: Mapping[str, Raw]) -> Observation:
        return Gone(self.ref(id_of(self.key(held))), Evidence.SOFT_DELETED) if self.deleted(held) else self.seen(held, lists)

    def deleted(self, held: Mapping[str, Any]) -> bool:
        """Whether the row itself says that it is deleted."""
        soft = self.bound.spec.soft_delete
        if soft is None:
            return False
        return held[soft.column] is not None if soft.kind == "time" else bool(held[soft.column])

    def alive(self) -> sa.ColumnElement[bool]:
        """The same in the database's words."""
        soft = self.bound.spec.soft_delete
        if soft is None:
            return sa.true()
        column = self.bound.column(soft.column)
        return column.is_(None) if soft.kind == "time" else sa.or_(column.is_(None), sa.not_(column if _truth(column) else column != 0))

    def with_keys(self, keys: Sequence[Key]) -> sa.ColumnElement[bool]:
        """Rows with one of these keys."""
        return one_of(self.bound.key, keys)

    def beyond(self, key: Key) -> sa.ColumnElement[bool]:
        """Rows after this key, in the order of the key."""
        return after(self.bound.key, key)

    def keys_of(self, id: str) -> Key | None:
        """The key that an id stands for; None for an id that no row of this table can have."""
        parts = [id] if len(self.bound.key) == 1 else [unquote(each) for each in id.split(",")]
        if len(parts) != len(self.bound.key) or "\x00" in id:
            return None
        key = tuple(_part(text, column) for text, column in zip(parts, self.bound.key, strict=True))
        return None if None in key or id_of(key) != id else key


def _truth(column: sa.Column[Any]) -> bool:
    return isinstance(column.type, sa.Boolean)


def _part(text: str, column: sa.Column[Any]) -> Any:
    kind = column.info["kind"]
    try:
        text.encode()
        if kind == "whole":
            largest = _LARGEST * 2 if getattr(column.type, "unsigned", False) else _LARGEST
            return int(text) if text.isascii() and abs(int(text)) < largest else None
        return UUID(text) if kind == "uuid" else text
    except ValueError:
        return None


def id_of(key: Key) -> str:
    """The id of a key."""
    texts = [each.isoformat() if isinstance(each, date) else str(each) for each in key]
    return texts[0] if len(texts) == 1 else ",".join(quote(each, safe="") for each in texts)


def version_text(held: Any) -> str | None:
    """A version as the engine keeps it."""
    if held is None:
        return None
    if isinstance(held, bytes | memoryview):
        return bytes(held).hex()
    return held.isoformat() if isinstance(held, date) else str(held)


def one_of(columns: Sequence[sa.ColumnElement[Any]], keys: Sequence[Key]) -> sa.ColumnElement[bool]:
    """Whether these columns hold one of these keys; without any, never."""
    if len(columns) == 1:
        return columns[0].in_([each[0] for each in keys])
    return sa.or_(sa.false(), *(sa.and_(*(column == part for column, part in zip(columns, key, strict=True))) for key in keys))


def after(columns: Sequence[sa.ColumnElement[Any]], key: Key) -> sa.ColumnElement[bool]:
    """Whether these columns are beyond a key, in their order."""
    first, *rest = columns
    beyond: sa.ColumnElement[bool] = first > key[0]
    tied: sa.ColumnElement[bool] = first == key[0]
    return sa.or_(beyond, sa.and_(tied, after(rest, key[1:]))) if rest else beyond


def lines_of(connection: sa.Connection, child: Child, keys: Sequence[Key]) -> dict[Key, list[dict[str, Raw]]]:
    """The lines of several records, each list in the order of its own key.

    Whose they are is said by the record's own row: a foreign key may spell it otherwise where texts are compared without case.
    """
    width = len(child.parent)
    columns = (*child.owner, *(each.column for each in child.fields))
    chosen = sa.select(*(each.label(f"c{number}") for number, each in enumerate(columns)))
    same = sa.and_(*(one == other for one, other in zip(child.parent, child.owner, strict=True)))
    chosen = chosen.select_from(sa.join(child.owner[0].table, child.table, same)).where(one_of(child.owner, keys))
    found: dict[Key, list[dict[str, Raw]]] = {}
    for row in connection.execute(chosen.order_by(*child.owner, *child.key)):
        item = {each.name: each.codec.read(held) for each, held in zip(child.fields, row[width:], strict=True)}
        found.setdefault(tuple(row[:width]), []).append(item)
    return found

"""The database's own catalogue, and a datatype of the manifest found in it: tables and columns that exist, and no others.

Owns: introspection, the refusal of names that are not there, with their place in the file. Does not own: asking for rows. A name that
stands in the manifest reaches a statement only as the catalogue's own table or column.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import tzinfo
from difflib import get_close_matches
from typing import Any, TypeAlias

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.dialects import mysql
from sqlalchemy.types import NullType, TypeEngine

from accord.connectors.sql_mysql import BACKENDS, is_truth, keeps_no_transactions, plain_type
from accord.connectors.sql_values import Codec, codec
from accord.errors import ConfigurationError, Problem
from accord.model.sql import SqlDatatype, SqlLines, SqlProperty
from accord.model.sqlfacts import ColumnKind

Place: TypeAlias = tuple[str | int, ...]
"""Where something stands in the manifest."""

Complain: TypeAlias = Callable[[Place, str, str], Problem]
"""A problem at a place: what, and the remedy."""


@dataclass(frozen=True, slots=True)
class Field:
    """A property, or an item's, and the column that holds it."""

    name: str
    column: sa.Column[Any]
    codec: Codec


@dataclass(frozen=True, slots=True)
class Child:
    """A child table. ``parent``: its columns in the order of the record's key; ``owner``: that key."""

    name: str
    table: sa.Table
    parent: tuple[sa.Column[Any], ...]
    owner: tuple[sa.Column[Any], ...]
    key: tuple[sa.Column[Any], ...]
    fields: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class Bound:
    """A datatype in the catalogue. ``constraints``: name -> the columns that it is about."""

    spec: SqlDatatype
    table: sa.Table
    key: tuple[sa.Column[Any], ...]
    fields: Mapping[str, Field]
    children: Mapping[str, Child]
    changes: sa.Table | None
    constraints: Mapping[str, tuple[str, ...]]

    def column(self, name: str) -> sa.Column[Any]:
        """A column of the table that is known to exist."""
        return self.table.c[name]


class Catalogue:
    """What a database says that it has. Asked for once, in a thread of the connector."""

    def __init__(self, engine: sa.Engine, zone: tzinfo, complain: Complain) -> None:
        self._engine = engine
        self._zone = zone
        self._complain = complain
        self._metadata = sa.MetaData()
        self.textual = engine.dialect.name == "sqlite"

    def bind(self, name: str, spec: SqlDatatype) -> Bound:
        """Find a datatype. Raises ConfigurationError with every name that is not there; the driver's error if nobody answers."""
        path: Place = ("datatypes", name)
        problems: list[Problem] = []
        table = self._table(spec.table, (*path, "table"))
        named = [((*path, "key"), key) for key in spec.key]
        named += [((*path, word), column) for word in ("version", "modified") if (column := getattr(spec, word)) is not None]
        named += [((*path, "touch", column), column) for column in spec.touch]
        if spec.soft_delete:
            named.append(((*path, "soft_delete", "column"), spec.soft_delete.column))
        problems += [self._missing(place, column, table) for place, column in named if column not in table.c]
        fields = self._fields(spec.properties, table, (*path, "properties"), problems)
        if spec.create or spec.update or spec.delete:
            problems += self._unsafe(table, (*path, "table"))
        children = {each: self._child(lines, each, spec, table, (*path, "lines", each), problems) for each, lines in spec.lines.items()}
        changes = self._changes(spec, (*path, "changes"), problems)
        if problems:
            raise ConfigurationError(problems)
        bound = {each: child for each, child in children.items() if child is not None}
        by_name = {each.name: each for each in fields}
        return Bound(spec, table, tuple(table.c[each] for each in spec.key), by_name, bound, changes, self._constraints(table))

    def _constraints(self, table: sa.Table) -> dict[str, tuple[str, ...]]:
        columns = list(table.c.keys())
        found = {str(each.name): tuple(column.name for column in each.columns) for each in table.indexes if each.name}
        constraints = [each for each in table.constraints if isinstance(each, _WITH_COLUMNS) and each.name]
        checks = {
            str(each.name): tuple(name for name in columns if re.search(rf"\b{re.escape(name)}\b", str(each.sqltext)))
            for each in table.constraints
            if isinstance(each, sa.CheckConstraint) and each.name
        }
        return found | {str(each.name): tuple(column.name for column in each.columns) for each in constraints} | checks

    def _table(self, name: str, place: Place) -> sa.Table:
        schema, _, plain = name.rpartition(".")
        inspector = sa.inspect(self._engine)
        known = [*inspector.get_table_names(schema or None), *inspector.get_view_names(schema or None)]
        if plain not in known:
            remedy = _suggest(plain, known)
            raise ConfigurationError([self._complain(place, f"{name} is no table or view of this database", remedy)])
        found = self._metadata.tables.get(name)
        if found is not None:
            return found
        table = sa.Table(plain, self._metadata, schema=schema or None)
        event.listen(table, "column_reflect", self._remember_kind)
        inspector.reflect_table(table, None, resolve_fks=False)
        return table

    def _remember_kind(self, _inspector: Any, _table: sa.Table, column: Any) -> None:
        column.setdefault("info", {})["kind"] = kind_of(column["type"])
        column["type"] = plain_type(column["type"])
        if self.textual:  # SQLite says what it holds better than its column types do
            column["type"] = NullType()

    def _fields(self, properties: Mapping[str, SqlProperty], table: sa.Table, place: Place, problems: list[Problem]) -> list[Field]:
        fields = []
        for name, each in properties.items():
            column = each.column or name
            if column not in table.c:
                problems.append(self._missing((*place, name), column, table))
            else:
                kind: ColumnKind = table.c[column].info["kind"]
                fields.append(Field(name, table.c[column], codec(each.type, kind, self.textual, self._zone)))
        return fields

    def _child(self, lines: SqlLines, name: str, spec: SqlDatatype, owner: sa.Table, place: Place, problems: list[Problem]) -> Child | None:
        table = self._table(lines.table, (*place, "table"))
        named = [((*place, "parent", column), column) for column in lines.parent]
        named += [((*place, "key"), column) for column in lines.key]
        missing = [self._missing(at, column, table) for at, column in named if column not in table.c]
        fields = self._fields(lines.items, table, (*place, "items"), missing)
        if spec.create or spec.update or spec.delete:
            missing += self._unsafe(table, (*place, "table"))
        problems += missing
        if missing:
            return None
        by_key = {key: column for column, key in lines.parent.items()}
        parent = tuple(table.c[by_key[key]] for key in spec.key)
        owners = tuple(owner.c[each] for each in spec.key if each in owner.c)  # what is missing is said by who binds the record
        return Child(name, table, parent, owners, tuple(table.c[each] for each in lines.key), tuple(fields))

    def _changes(self, spec: SqlDatatype, place: Place, problems: list[Problem]) -> sa.Table | None:
        if spec.changes is None or spec.changes.table is None:
            return None
        table = self._table(spec.changes.table, (*place, "table"))
        needed = (*spec.key, CHANGED_IN, *((NOTED,) if self._engine.dialect.name in BACKENDS else ()))
        problems += [self._missing((*place, "table"), column, table) for column in needed if column not in table.c]
        return table

    def _unsafe(self, table: sa.Table, place: Place) -> list[Problem]:
        """A table in which half a write could stay: none may be written."""
        engine = keeps_no_transactions(table)
        if engine is None:
            return []
        remedy = "Have it moved (ALTER TABLE ... ENGINE = InnoDB), or only read it: create: false, update: false, delete: false."
        return [self._complain(place, f"{table.name} is kept by {engine}, which cannot take a write back", remedy)]

    def _missing(self, place: Place, column: str, table: sa.Table) -> Problem:
        return self._complain(place, f"{table.name} has no column {column}", _suggest(column, table.c.keys()))


_WITH_COLUMNS = (sa.UniqueConstraint, sa.PrimaryKeyConstraint, sa.ForeignKeyConstraint)

CHANGED_IN = "changed_in"
"""The column of a change table that rises: the transaction on PostgreSQL, a number on SQLite and MySQL."""

NOTED = "noted"
"""The column of a change table on MySQL with the time at which the row was written."""


def kind_of(type: TypeEngine[Any]) -> ColumnKind:  # noqa: A002  the word of the catalogue
    """What a column of this type holds."""
    if is_truth(type):
        return "boolean"
    kinds: tuple[tuple[Any, ColumnKind], ...] = (
        (sa.Boolean, "boolean"),
        ((sa.Integer, mysql.YEAR), "whole"),
        (sa.Numeric, "number"),
        (sa.Date, "date"),
        (sa.Uuid, "uuid"),
        (sa.String, "text"),
    )
    if isinstance(type, sa.DateTime):
        return "zoned" if type.timezone else "time"
    return next((kind for shape, kind in kinds if isinstance(type, shape)), "other")


def _suggest(name: str, known: Iterable[str]) -> str:
    words = list(known)
    near = get_close_matches(name, words, n=1)
    return f"Did you mean {near[0]}?" if near else f"Known are: {', '.join(sorted(words))}."

"""The rows of a child table that belong to one record: brought to what a list says.

Owns: which line is which, and the fewest changes that lead there. Does not own: the transaction. Synchronous, within one.

A line is known by its own key where the list says all of it; otherwise by holding the same. What is not in the list any more is deleted.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from accord.connectors.sql_catalogue import Child
from accord.connectors.sql_rows import Key, one_of
from accord.model.values import Raw


def write_lines(connection: sa.Connection, child: Child, record: Key, wanted: Raw) -> None:
    """Make the lines of a record those that are wanted. Raises TypeError for what is no list of mappings."""
    if wanted is None:
        wanted = []
    if not isinstance(wanted, list | tuple) or not all(isinstance(each, Mapping) for each in wanted):
        raise TypeError(f"{child.name} is not a list of lines")
    bound = [_bound(child, each) for each in wanted]
    names = {each.column.name for each in child.fields}
    held = _held(connection, child, record)
    if all(each.name in names for each in child.key):
        _by_key(connection, child, record, bound, held)
    else:
        _by_content(connection, child, record, bound, held)


def delete_lines(connection: sa.Connection, child: Child, record: Key) -> None:
    """Delete all of a record's lines."""
    connection.execute(sa.delete(child.table).where(one_of(child.parent, [record])))


def _bound(child: Child, item: Mapping[str, Raw]) -> dict[str, Any]:
    return {each.column.name: each.codec.bind(item[each.name]) for each in child.fields if each.name in item}


def _held(connection: sa.Connection, child: Child, record: Key) -> list[tuple[Key, dict[str, Raw]]]:
    """Own key and content, by column, of each line."""
    width = len(child.key)
    columns = [each.label(f"c{number}") for number, each in enumerate((*child.key, *(each.column for each in child.fields)))]
    rows = connection.execute(sa.select(*columns).where(one_of(child.parent, [record])).with_for_update()).all()
    return [
        (tuple(row[:width]), {f.column.name: f.codec.read(held) for f, held in zip(child.fields, row[width:], strict=True)}) for row in rows
    ]


def _by_key(
    connection: sa.Connection, child: Child, record: Key, wanted: Sequence[dict[str, Any]], held: Sequence[tuple[Key, dict[str, Raw]]]
) -> None:
    there = {tuple(map(str, key)): (key, content) for key, content in held}
    for values in wanted:
        own = tuple(str(values.get(each.name)) for each in child.key)
        found = there.pop(own, None)
        if found is None:
            _insert(connection, child, record, values)
        elif changed := {name: value for name, value in values.items() if not _same(child, name, value, found[1][name])}:
            connection.execute(sa.update(child.table).where(_line(child, record, found[0])).values(changed))
    _remove(connection, child, record, [key for key, _ in there.values()])


def _by_content(
    connection: sa.Connection, child: Child, record: Key, wanted: Sequence[dict[str, Any]], held: Sequence[tuple[Key, dict[str, Raw]]]
) -> None:
    left = list(held)
    for values in wanted:
        fits = (one for one in left if all(_same(child, name, value, one[1][name]) for name, value in values.items()))
        found = next(fits, None)
        if found is None:
            _insert(connection, child, record, values)
        else:
            left.remove(found)
    _remove(connection, child, record, [key for key, _ in left])


def _same(child: Child, column: str, bound: Any, read: Raw) -> bool:
    """Whether what would be written is what is read."""
    field = next(each for each in child.fields if each.column.name == column)
    return bool(field.codec.read(bound) == read)


def _line(child: Child, record: Key, key: Key) -> sa.ColumnElement[bool]:
    return sa.and_(one_of(child.parent, [record]), one_of(child.key, [key]))


def _insert(connection: sa.Connection, child: Child, record: Key, values: dict[str, Any]) -> None:
    owner = {column.name: part for column, part in zip(child.parent, record, strict=True)}
    connection.execute(sa.insert(child.table).values(values | owner))


def _remove(connection: sa.Connection, child: Child, record: Key, keys: Sequence[Key]) -> None:
    for key in keys:
        connection.execute(sa.delete(child.table).where(_line(child, record, key)))

"""Moving a whole state from one place to another, and proof that it arrived: rows and a digest of every table, at both ends.

Owns: which tables there are, the check, SQLite's end. Does not own: PostgreSQL's end (postgres_moving.py), who may open either (sqlite.py,
postgres.py).

The target is filled in one transaction and read back within it: what differs is taken back as a whole. A digest is the sum of the digests
of the rows, so that neither end has to sort.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

import apsw
import msgspec

from accord.errors import StoreError

Row: TypeAlias = tuple[Any, ...]

TABLES: Mapping[str, str] = {
    "record": "side text, datatype text, id text, version text, modified text, fingerprint bytea, content bytea, gone text",
    "match_key": "flow text, side text, id text, criterion integer, key text",
    "pending": "row bigint, flow text, side text, datatype text, id text, state text, rule text, cause text, waits bytea, candidates bytea,"
    " tries integer, since text",
    "waiting_for": "key text, row bigint",
    "link": "id bigint, flow text, left text, right text, left_base bytea, right_base bytea, made text, ended text",
    "linked": "side text, datatype text, id text, link bigint",
    "parted": "flow text, side text, id text",
    "intent": "seq bigint, key text, run text, flow text, state text, at text, closed text, source_side text, source text, target text,"
    " message text",
    "journaled": "seq bigint, operation bytea",
    "cursor": "side text, datatype text, position text",
    "run": "id text, cause text, started text, ended text, result text, idle integer, summary bytea",
    "setting": "name text, value text",
    "hint": "side text, datatype text, id text, version text",
    "event": "seq bigint, id text",
}
"""Every table but ``engine``, which belongs to its place, with its columns; what refers to a table comes after it."""

_MODULUS = 1 << 128


@dataclass(frozen=True, slots=True)
class Table:
    """A table's name and its columns with their types."""

    name: str
    columns: tuple[tuple[str, str], ...]

    @property
    def listed(self) -> str:
        """The columns as a statement names them."""
        return ", ".join(f'"{name}"' for name, _ in self.columns)


@dataclass(frozen=True, slots=True)
class Moved:
    """What of one table has arrived: how many rows, and the digest of all of them in hexadecimal."""

    table: str
    rows: int
    digest: str


class Tables(Protocol):
    """One end of a move, within a transaction."""

    def rows(self, table: Table) -> Iterator[Row]:
        """All rows of a table, in any order."""
        ...

    def put(self, table: Table, rows: Iterable[Row]) -> None:
        """Put rows into an empty table."""
        ...

    def any(self, table: Table) -> bool:
        """Whether there is a row."""
        ...

    def filled(self) -> None:
        """All tables are full: do what has to be done then."""
        ...


class Movable(Protocol):
    """A store whose state can be moved."""

    def unloading(self) -> AbstractContextManager[Tables]:
        """All of it, as it is at one moment."""
        ...

    def loading(self) -> AbstractContextManager[Tables]:
        """Where it is put; if anything is raised, it is taken back."""
        ...


def tables() -> tuple[Table, ...]:
    """All tables in the order in which they are filled."""
    return tuple(Table(name, tuple(_column(one) for one in columns.split(", "))) for name, columns in TABLES.items())


def copy(source: Movable, target: Movable) -> None:
    """Copy everything into an empty state, without proof."""
    with source.unloading() as out, target.loading() as into:
        for table in tables():
            into.put(table, out.rows(table))
        into.filled()


def move(source: Movable, target: Movable, place: str) -> Sequence[Moved]:
    """Copy everything and prove it. ``place``: the target, for messages. Raises StoreError if it is not empty or not equal afterwards."""
    with source.unloading() as out, target.loading() as into:
        if full := [table.name for table in tables() if into.any(table)]:
            raise StoreError(
                f"{place}: this state is not empty (there are rows in {', '.join(full)})",
                "Nothing was changed. Move to an empty place, or move this state away first.",
            )
        sent = [_copied(out, into, table) for table in tables()]
        into.filled()
        arrived = [_weighed(table.name, into.rows(table)) for table in tables()]
        for one, other in zip(sent, arrived, strict=True):
            if one != other:
                raise StoreError(
                    f"{place}: table {one.table} did not arrive as it was sent ({one.rows} rows, {other.rows} arrived)",
                    "Nothing was kept. This is a fault in accord or a damaged disk: please report it.",
                )
    return arrived


class SqliteTables:
    """The tables of a state file, within a transaction."""

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection

    def rows(self, table: Table) -> Iterator[Row]:
        """See Tables."""
        bytes_at = [number for number, (_, kind) in enumerate(table.columns) if kind == "bytea"]
        for row in self._connection.execute(f"SELECT {table.listed} FROM {table.name}"):
            yield _with_bytes(row, bytes_at) if bytes_at else row

    def put(self, table: Table, rows: Iterable[Row]) -> None:
        """See Tables."""
        places = ", ".join("?" * len(table.columns))
        self._connection.executemany(f"INSERT INTO {table.name} ({table.listed}) VALUES ({places})", rows)

    def any(self, table: Table) -> bool:
        """See Tables."""
        return bool(self._connection.execute(f"SELECT 1 FROM {table.name} LIMIT 1").fetchall())

    def filled(self) -> None:
        """See Tables. SQLite numbers by what is there."""


def _column(text: str) -> tuple[str, str]:
    name, kind = text.split(" ")
    return name, kind


def _with_bytes(row: Row, bytes_at: Sequence[int]) -> Row:
    """SQLite keeps a text in a column of bytes as a text."""
    return tuple(value.encode() if isinstance(value, str) and number in bytes_at else value for number, value in enumerate(row))


def _copied(source: Tables, target: Tables, table: Table) -> Moved:
    weight = _Weight()
    target.put(table, weight.through(source.rows(table)))
    return weight.of(table.name)


def _weighed(name: str, rows: Iterable[Row]) -> Moved:
    weight = _Weight()
    for _ in weight.through(rows):
        pass
    return weight.of(name)


class _Weight:
    """Counts rows and sums their digests as they pass."""

    def __init__(self) -> None:
        self._rows, self._sum = 0, 0

    def through(self, rows: Iterable[Row]) -> Iterator[Row]:
        encode, digest, from_bytes = msgspec.msgpack.Encoder().encode, hashlib.blake2b, int.from_bytes
        for row in rows:
            self._rows += 1
            self._sum += from_bytes(digest(encode(row), digest_size=16).digest(), "big")
            yield row

    def of(self, name: str) -> Moved:
        return Moved(name, self._rows, f"{self._sum % _MODULUS:032x}")

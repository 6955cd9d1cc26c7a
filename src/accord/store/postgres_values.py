"""Values on their way to PostgreSQL and back: texts with every character of them, and whole columns at once.

Owns: how a zero byte is written, which no PostgreSQL text may hold; how a column becomes one binding. Does not own: which columns there are
(postgres/schema.sql, postgres/queries.sql).

A zero byte is written as ESC 0, and ESC as ESC 1. Both are rarer than rare in what systems send, so that people see in psql what was sent;
but an id or a message that holds one crosses unharmed. Order is by bytes (COLLATE "C") and so the same as in SQLite for all other texts.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from struct import Struct
from typing import Any, ClassVar

import psycopg
from psycopg.abc import Buffer
from psycopg.adapt import Dumper, Loader
from psycopg.pq import Format

_ESC, _ZERO, _ESC_KEPT, _ZERO_KEPT = b"\x1b", b"\x00", b"\x1b1", b"\x1b0"
_NULL = b"\xff\xff\xff\xff"
_HEAD = Struct("!5I").pack
"""Of an array: dimensions, whether there are nulls, the items' type, how many, the first one's number."""

_EIGHT_BYTES = Struct("!q").pack
_TYPES = {name: psycopg.adapters.types[name] for name in ("text", "bytea", "int8")}


@dataclass(frozen=True, slots=True)
class Texts:
    """A column of texts."""

    values: Sequence[str | None]


@dataclass(frozen=True, slots=True)
class Bytes:
    """A column of bytes."""

    values: Sequence[bytes | None]


@dataclass(frozen=True, slots=True)
class Numbers:
    """A column of whole numbers."""

    values: Sequence[int]


_COLUMNS: dict[str, type[Texts | Bytes | Numbers]] = {"text": Texts, "bytea": Bytes, "bigint": Numbers, "integer": Numbers}


def column(kind: str, values: Sequence[Any]) -> Texts | Bytes | Numbers:
    """Values of a type of the schema as one binding."""
    return _COLUMNS[kind](values)


def keep_every_character(connection: "psycopg.Connection[Any]") -> None:
    """Let a connection's texts and columns pass through here, given and copied and read."""
    for kind, dumper in ((str, _TextDumper), (Texts, _TextsDumper), (Bytes, _BytesDumper), (Numbers, _NumbersDumper)):
        connection.adapters.register_dumper(kind, dumper)
    connection.adapters.register_loader("text", _TextLoader)


def _kept(text: str) -> bytes:
    data = text.encode()
    return data.replace(_ESC, _ESC_KEPT).replace(_ZERO, _ZERO_KEPT) if _ZERO in data or _ESC in data else data


class _TextDumper(Dumper):
    format = Format.BINARY
    oid = _TYPES["text"].oid

    def dump(self, obj: str) -> bytes:
        return _kept(obj)


class _TextLoader(Loader):
    format = Format.BINARY

    def load(self, data: Buffer) -> str:
        text = str(data, "utf-8")
        return text.replace("\x1b0", "\x00").replace("\x1b1", "\x1b") if "\x1b" in text else text


class _ColumnDumper(Dumper):
    """An array in PostgreSQL's binary form, put together in one go: the driver's own takes three times as long."""

    format = Format.BINARY
    kind: ClassVar[str]

    def __init_subclass__(cls, kind: str) -> None:
        cls.kind, cls.oid = kind, _TYPES[kind].array_oid

    def _array(self, items: Sequence[bytes | None]) -> bytes:
        return b"".join((_HEAD(1, 1, _TYPES[self.kind].oid, len(items), 1), *_items(items)))


class _TextsDumper(_ColumnDumper, kind="text"):
    def dump(self, obj: Texts) -> bytes:
        return self._array([None if one is None else _kept(one) for one in obj.values])


class _BytesDumper(_ColumnDumper, kind="bytea"):
    def dump(self, obj: Bytes) -> bytes:
        return self._array(obj.values)


class _NumbersDumper(_ColumnDumper, kind="int8"):
    def dump(self, obj: Numbers) -> bytes:
        return self._array([_EIGHT_BYTES(one) for one in obj.values])


def _items(items: Sequence[bytes | None]) -> Iterable[bytes]:
    for one in items:
        if one is None:
            yield _NULL
        else:
            yield len(one).to_bytes(4, "big")
            yield one

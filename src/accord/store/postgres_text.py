"""Texts on their way to PostgreSQL and back, every character of them.

Owns: how a zero byte is written, which no PostgreSQL text may hold. Does not own: which columns hold text (postgres/schema.sql).

A zero byte is written as ESC 0, and ESC as ESC 1. Both are rarer than rare in what systems send, so that people see in psql what was sent;
but an id or a message that holds one crosses unharmed. Order is by bytes (COLLATE "C") and so the same as in SQLite for all other texts.
"""

from typing import Any

import psycopg
from psycopg.abc import Buffer
from psycopg.adapt import Dumper, Loader
from psycopg.pq import Format
from psycopg.types.array import ListBinaryDumper

_ESC, _ZERO, _ESC_KEPT, _ZERO_KEPT = b"\x1b", b"\x00", b"\x1b1", b"\x1b0"


class _TextDumper(Dumper):
    format = Format.BINARY
    oid = psycopg.adapters.types["text"].oid

    def dump(self, obj: str) -> bytes:
        data = obj.encode()
        if _ZERO in data or _ESC in data:
            return data.replace(_ESC, _ESC_KEPT).replace(_ZERO, _ZERO_KEPT)
        return data


class _TextLoader(Loader):
    format = Format.BINARY

    def load(self, data: Buffer) -> str:
        kept = bytes(data)
        if _ESC in kept:
            kept = kept.replace(_ZERO_KEPT, _ZERO).replace(_ESC_KEPT, _ESC)
        return kept.decode()


def keep_every_character(connection: "psycopg.Connection[Any]") -> None:
    """Let a connection's texts pass through here, given and copied and read."""
    connection.adapters.register_dumper(str, _TextDumper)
    connection.adapters.register_dumper(list, ListBinaryDumper)  # whose items pass through there too
    connection.adapters.register_loader("text", _TextLoader)

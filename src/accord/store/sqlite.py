"""The durable state in one SQLite file, one writer at a time.

Owns: SqliteStore. Does not own: which statements make up each call (sqlstore.py), opening (opening.py), transactions and failures
(database.py), the SQL (queries.sql), the schema (migrations/).
"""

import contextlib
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Self

from accord.model.dataflow import Flow
from accord.store.database import Database
from accord.store.locking import StateLock
from accord.store.moving import SqliteTables, Tables
from accord.store.opening import make_copy, open_to_look, open_to_write
from accord.store.sqlstore import SqlStore


class SqliteStore(SqlStore):
    """See ports.Store. Open it with ``SqliteStore.open``; used by one thread at a time, not necessarily the one that opened it."""

    def __init__(self, database: Database, flows: Sequence[Flow], lock: StateLock | None) -> None:
        super().__init__(database, flows)
        self._file, self._lock = database, lock

    @classmethod
    def open(cls, path: str | os.PathLike[str], flows: Sequence[Flow], *, read_only: bool = False) -> Self:
        """Open a state file, making it and its folder if need be; ":memory:" keeps nothing.

        Raises StoreBusy when another engine holds it, StoreError when it cannot be used. ``read_only``: to look at only, beside an engine
        that runs.
        """
        if read_only:
            return cls(open_to_look(Path(path)), flows, None)
        database, lock = open_to_write(Path(path), flows)
        return cls(database, flows, lock)

    def close_store(self) -> None:
        """Let go of file and lock; may be called twice."""
        try:
            self._db.close()
        finally:
            if self._lock:
                self._lock.release()

    def copy_to(self, path: str | os.PathLike[str]) -> None:
        """Copy the whole state into a file, as it is at one moment."""
        make_copy(self._file, Path(path))

    @contextlib.contextmanager
    def unloading(self) -> Iterator[Tables]:
        """See moving.Movable."""
        with self._file.looking() as connection:
            yield SqliteTables(connection)

    @contextlib.contextmanager
    def loading(self) -> Iterator[Tables]:
        """See moving.Movable."""
        with self._file.filling() as connection:
            yield SqliteTables(connection)

"""Opening a state file: privately, by one engine at a time, at this version's schema.

Owns: file modes, the lock, the fence's rise, the schema's upgrade, which datatypes the flows have. Does not own: anything after that.
"""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import apsw

from accord.model.dataflow import Flow
from accord.store.database import QUERIES, Database, explained
from accord.store.locking import StateLock
from accord.store.migrating import bring_up_to_date, migrations, version_of
from accord.store.sqlstore import keep_datatypes

MEMORY = ":memory:"

SETTINGS = """
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
PRAGMA foreign_keys = ON;
PRAGMA cache_size = -32768;
PRAGMA wal_autocheckpoint = 8000;
"""
"""32 MiB of pages in memory; a checkpoint every 32 MiB, so that a page that many batches touch is copied once for many of them."""

BUSY_MILLISECONDS = 5000

STATEMENTS = 512
"""So many uses back a statement stays prepared: the cache counts uses, not statements, and the default of 100 forgets what each batch needs
once."""


def open_to_write(path: Path, flows: Sequence[Flow]) -> tuple[Database, StateLock | None]:
    """Open or make a state for the one engine that may write. Raises StoreBusy if there is one, StoreError if it cannot be used."""
    memory = str(path) == MEMORY
    lock: StateLock | None = None
    try:
        if not memory:
            _make_private(path)
            lock = StateLock(path)
            lock.take()
        connection = _connect(path, apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE)
        try:
            version_of(connection, str(path))  # before anything is changed: what is none of ours stays as it is, to the byte
            connection.execute(SETTINGS).fetchall()
            bring_up_to_date(connection, str(path))
            with connection:
                raised: Any = connection.execute(QUERIES["fence_raise"]).fetchall()[0][0]
            database = Database(connection, str(path), int(raised))
            keep_datatypes(database, flows)
        except BaseException:
            connection.close()
            raise
    except (apsw.Error, OSError) as error:
        _release(lock)
        raise explained(error, str(path)) from error
    except BaseException:
        _release(lock)
        raise
    return database, lock


def open_to_look(path: Path) -> Database:
    """Open a state for reading only: no lock, no fence, no writes; also beside an engine that runs.

    A state of an older version is looked at in an upgraded copy in memory. Raises StoreError if there is none.
    """
    try:
        connection = _connect(path, apsw.SQLITE_OPEN_READONLY)
        try:
            if version_of(connection, str(path)) < migrations()[-1][0]:
                connection = _upgraded(connection, str(path))
        except BaseException:
            connection.close()
            raise
    except (apsw.Error, OSError) as error:
        raise explained(error, str(path)) from error
    return Database(connection, str(path), 0)


def make_copy(database: Database, path: Path) -> None:
    """Copy a state into a new file, as private as the first."""
    try:
        _make_private(path)
        target = _connect(path, apsw.SQLITE_OPEN_READWRITE)
        try:
            database.copy_to(target)
        finally:
            target.close()
    except (apsw.Error, OSError) as error:
        raise explained(error, str(path)) from error


def _connect(path: Path, flags: int) -> apsw.Connection:
    connection = apsw.Connection(str(path), flags=flags, statementcachesize=STATEMENTS)
    connection.set_busy_timeout(BUSY_MILLISECONDS)
    connection.config(apsw.SQLITE_DBCONFIG_ENABLE_QPSG, 1)  # no plan hangs on bound values: else each new value prepares anew
    return connection


def _upgraded(connection: apsw.Connection, place: str) -> apsw.Connection:
    copy = apsw.Connection(MEMORY)
    with copy.backup("main", connection, "main") as backup:
        backup.step()
    connection.close()
    bring_up_to_date(copy, place)
    return copy


def _make_private(path: Path) -> None:
    for folder in reversed(path.parents):
        if not folder.exists():
            folder.mkdir(mode=0o700, exist_ok=True)
    os.close(os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600))


def _release(lock: StateLock | None) -> None:
    if lock:
        lock.release()

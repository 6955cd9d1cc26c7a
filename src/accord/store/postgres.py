"""The durable state in a schema of a PostgreSQL database, one writer at a time.

Owns: PostgresStore, and the sign of life that keeps its lease. Does not own: which statements make up each call (sqlstore.py), sessions and
the lease (postgres_session.py), transactions and failures (postgres_database.py), the SQL and the schema (postgres/).
"""

import contextlib
import os
import threading
from collections.abc import Iterator, Sequence
from typing import Self

from accord.errors import StoreError
from accord.model.dataflow import Flow
from accord.store.migrating import migrations
from accord.store.moving import Tables, copy
from accord.store.places import DatabasePlace
from accord.store.postgres_database import Connection, PostgresDatabase
from accord.store.postgres_moving import PostgresTables
from accord.store.postgres_session import FOLDER, LEASE_SECONDS, become_engine, come_back, connect, version_of
from accord.store.sqlite import SqliteStore
from accord.store.sqlstore import SqlStore, keep_datatypes


class PostgresStore(SqlStore):
    """See ports.Store. Open it with ``PostgresStore.open``; used by one thread at a time, not necessarily the one that opened it."""

    def __init__(self, database: PostgresDatabase, flows: Sequence[Flow], alive: "SignOfLife | None") -> None:
        super().__init__(database, flows)
        self.database, self._alive = database, alive

    @classmethod
    def open(cls, place: DatabasePlace, flows: Sequence[Flow], *, read_only: bool = False, lease_seconds: float = LEASE_SECONDS) -> Self:
        """Open a state, making its schema if need be.

        Raises StoreBusy when another engine holds it, StoreError when it cannot be used. ``read_only``: to look at only, beside an engine
        that runs. ``lease_seconds``: so long may this engine be silent before another may take its place.
        """
        if read_only:
            return cls(_open_to_look(place), flows, None)
        connection = connect(place)
        try:
            fence = become_engine(connection, place, lease_seconds)
            database = PostgresDatabase(connection, str(place), fence, lambda number: come_back(place, lease_seconds, number))
            keep_datatypes(database, flows)
        except BaseException:
            connection.close()
            raise
        return cls(database, flows, SignOfLife(database, lease_seconds / 3))

    def close_store(self) -> None:
        """End the session and with it the lease; may be called twice."""
        if self._alive:
            self._alive.stop()
        self.database.close()

    def copy_to(self, path: str | os.PathLike[str]) -> None:
        """Copy the whole state into a SQLite file, as it is at one moment.

        A plan works on such a copy: it leaves nothing behind in the database, whatever becomes of it, and asks it for no more rights.
        """
        with SqliteStore.open(path, ()) as target:
            copy(self, target)

    @contextlib.contextmanager
    def unloading(self) -> Iterator[Tables]:
        """See moving.Movable."""
        with self.database.looking() as connection:
            yield PostgresTables(connection)

    @contextlib.contextmanager
    def loading(self) -> Iterator[Tables]:
        """See moving.Movable."""
        with self.database.filling() as connection:
            yield PostgresTables(connection)


class SignOfLife:
    """A thread that keeps the lease while nothing is asked of the store. It stops when the process is paused, as it should."""

    def __init__(self, database: PostgresDatabase, seconds: float) -> None:
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._keep_giving, args=(database, seconds), name="store lease", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End it; may be called twice."""
        self._stopped.set()
        self._thread.join()

    def _keep_giving(self, database: PostgresDatabase, seconds: float) -> None:
        while not self._stopped.wait(seconds):
            database.sign_of_life()


def there_is(place: DatabasePlace) -> bool:
    """Whether a place has a state, of whichever version. Raises StoreError if it cannot be asked, or has something else."""
    with connect(place) as connection:
        return version_of(connection, place) > 0


def _open_to_look(place: DatabasePlace) -> PostgresDatabase:
    connection = connect(place)
    try:
        connection.execute("SET default_transaction_read_only = on")
        version, newest = version_of(connection, place), migrations(FOLDER)[-1][0]
        if version == 0:
            raise StoreError(f"{place}: there is no state yet", "Run accord sync first.")
        if version < newest:
            raise StoreError(f"{place}: this state is older than this version of accord", "Run accord sync once: it is brought up to date.")
    except BaseException:
        connection.close()
        raise
    return PostgresDatabase(connection, str(place), 0, lambda _: _looking(place))


def _looking(place: DatabasePlace) -> Connection:
    connection = connect(place)
    connection.execute("SET default_transaction_read_only = on")
    return connection

"""One PostgreSQL session: named statements, transactions under a fence, and every failure as a StoreError with what to do.

Owns: PostgresDatabase. Does not own: what the statements say (postgres/queries.sql), how a session is opened and who may hold the lease
(postgres_session.py).

Rows are sent by COPY into a temporary table per statement, which then takes all of them at once: twice as fast as arrays, and as robust
at one row as at a hundred thousand. Statements are planned anew each time: tables grow from nothing to millions within minutes, and a plan
that was kept from the beginning would never end.

ORDERED is synchronous_commit=off, FLUSHED is on, or more where the server is set to wait for standbys.

A session that ended while it was idle (the server restarts, the lease ran out) is opened again by the next call, under the same fence or
not at all. One that ends within a transaction is told: then nothing was recorded, or, at the very commit, it is not known.
"""

import contextlib
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeAlias, TypeVar

import psycopg

from accord.errors import StoreError
from accord.store.migrating import load_given, load_queries
from accord.store.postgres_errors import explained, overtaken, uncertain
from accord.store.statements import Durable, Taken

QUERIES = load_queries("postgres/queries.sql")
GIVEN = load_given("postgres/queries.sql")

T = TypeVar("T")

Connection: TypeAlias = psycopg.Connection[tuple[Any, ...]]
Reopen: TypeAlias = Callable[[int], Connection]
"""Open a session again for the engine with this fence number. Raises StoreBusy if another has taken over, StoreError."""

_BEGIN = {
    Durable.FLUSHED: "BEGIN; SELECT fence FROM engine FOR SHARE",
    Durable.ORDERED: "BEGIN; SET LOCAL synchronous_commit = off; SELECT fence FROM engine FOR SHARE",
}
"""The share lock makes an engine that raises the fence wait for this transaction, and this one see the fence that it raised."""

_ALL_OR_TAKEN = {"linked_put"}
"""Statements that leave out what is there already. It is told from the number of rows, and the transaction can still be asked why."""


class PostgresDatabase:
    """A session and the fence number under which it may commit. ``place``: for messages, without secrets."""

    def __init__(self, connection: Connection, place: str, fence: int, reopen: Reopen) -> None:
        self._connection = connection
        self._place = place
        self._fence = fence
        self._reopen = reopen
        self._within = False
        self._closed = False
        self._use = threading.RLock()
        self._staged: set[str] = set()
        self._used: set[str] = set()

    def rows(self, name: str, *bindings: Any) -> list[tuple[Any, ...]]:
        """Run one named statement and give all its rows."""
        with self._use:
            return self._tried(lambda: self._rows(name, bindings))

    def one(self, name: str, *bindings: Any) -> Any:
        """The first value of the first row, or None."""
        return next((row[0] for row in self.rows(name, *bindings)), None)

    def many(self, name: str, rows: Sequence[Sequence[Any]]) -> None:
        """Run one named statement for all these rows of bindings, within a transaction."""
        if rows:
            with self._told():
                self._give(name, rows)
                number = self._connection.execute(query(name)).rowcount
            if name in _ALL_OR_TAKEN and number != len(rows):
                raise Taken(f"{self._place}: {len(rows) - number} of {len(rows)} are there already", "Nothing was recorded.")

    def listed(self, values: Sequence[object]) -> list[object]:
        """Values as an array."""
        return [*values]

    @contextlib.contextmanager
    def writing(self, durable: Durable = Durable.FLUSHED) -> Iterator[None]:
        """One transaction: all of it or, if anything is raised, nothing. Raises StoreBusy if another engine has taken over (P21)."""
        with self._use, self._transaction(durable):
            yield

    def sign_of_life(self) -> None:
        """Tell the server that this engine is alive, unless it is being told by a call anyway. What fails is found by the next call."""
        if self._use.acquire(blocking=False):
            try:
                with contextlib.suppress(psycopg.Error):
                    self._connection.execute("SELECT 1")
            finally:
                self._use.release()

    @contextlib.contextmanager
    def _transaction(self, durable: Durable) -> Iterator[None]:
        try:
            fence = self._tried(lambda: self._begin(durable))
            if fence != self._fence:
                raise overtaken(self._place)
            yield
            self._commit()
        except BaseException:
            self._roll_back()
            raise
        finally:
            self._within = False

    def close(self) -> None:
        """End the session, and the lease with it; may be called twice."""
        with self._use:
            self._closed = True
            with contextlib.suppress(psycopg.Error):  # the server would take a moment to notice that the session has ended
                self._connection.execute("SELECT pg_advisory_unlock_all()")
            self._connection.close()

    @contextlib.contextmanager
    def looking(self) -> Iterator[Connection]:
        """The connection in a transaction that sees one moment and writes nothing, to copy from."""
        with self._use:
            self._tried(lambda: self._connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"))
            self._within = True
            try:
                with self._told():
                    yield self._connection
            finally:
                self._roll_back()
                self._within = False

    @contextlib.contextmanager
    def filling(self) -> Iterator[Connection]:
        """The connection in a transaction under the fence, to copy into."""
        with self.writing(), self._told():
            yield self._connection

    def _rows(self, name: str, bindings: Sequence[Any]) -> list[tuple[Any, ...]]:
        cursor = self._connection.execute(query(name), bindings, binary=True)
        return cursor.fetchall() if cursor.description else []

    def _begin(self, durable: Durable) -> int:
        self._used.clear()
        cursor = self._connection.execute(_BEGIN[durable])
        self._within = True
        while cursor.nextset():
            pass
        (fence,) = cursor.fetchone() or (0,)
        return int(fence)

    def _commit(self) -> None:
        try:
            ended = self._connection.execute("COMMIT").statusmessage
        except psycopg.OperationalError as error:
            raise (uncertain if self._connection.closed else explained)(error, self._place) from error
        if ended != "COMMIT":  # what failed within it was not told
            raise StoreError(f"{self._place}: a transaction could not be completed", "Nothing was recorded. Run it again.")

    def _roll_back(self) -> None:
        self._staged.clear()
        with contextlib.suppress(psycopg.Error):
            self._connection.execute("ROLLBACK")

    def _give(self, name: str, rows: Sequence[Sequence[Any]]) -> None:
        """Copy rows to where the statement takes them from: emptied by the commit, or here if it was used in this transaction."""
        table, columns = f"given_{name}", GIVEN[name]
        if name not in self._staged:
            self._run(f"CREATE TEMPORARY TABLE IF NOT EXISTS {table} (n integer, {columns}) ON COMMIT DELETE ROWS")
            self._staged.add(name)
        if name in self._used:
            self._run(f"DELETE FROM {table}")
        self._used.add(name)
        with self._connection.cursor().copy(f"COPY {table} FROM STDIN (FORMAT BINARY)") as copy:
            copy.set_types(["integer", *(column.rsplit(" ", 1)[1] for column in columns.split(", "))])
            for number, row in enumerate(rows):
                copy.write_row((number, *row))

    def _run(self, statement: str) -> None:
        self._connection.execute(statement)  # of names in queries.sql, never of data

    def _tried(self, call: Callable[[], T]) -> T:
        """Make a call; where a session had ended before it, open another and make it there."""
        with self._told():
            try:
                return call()
            except (psycopg.OperationalError, psycopg.InterfaceError):
                if self._within or self._closed or not self._connection.closed:
                    raise
                self._staged.clear()
                self._connection = self._reopen(self._fence)
                return call()

    @contextlib.contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except psycopg.Error as error:
            raise explained(error, self._place) from error
        except UnicodeEncodeError as error:
            raise StoreError(f"{self._place}: a text that is no Unicode cannot be kept", "Nothing was recorded.") from error


def query(name: str) -> str:
    """A named statement; its text is part of accord, never of the data."""
    return QUERIES[name]

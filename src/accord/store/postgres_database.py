"""One PostgreSQL session: named statements, transactions under a fence, and every failure as a StoreError with what to do.

Owns: PostgresDatabase. Does not own: what the statements say (postgres/queries.sql), how a session is opened and who may hold the lease
(postgres_session.py).

Rows are sent column by column, each as one array, and taken by one statement. For batches of 500 this is as fast as COPY into a temporary
table (5 ms each), for a handful it is several times faster, and it empties nothing at the commit, which costs more than all the rest where
the server's disk is slow to cut files. Statements are planned anew each time: tables grow from nothing to millions within minutes, and a
plan that was kept from the beginning would never end.

ORDERED is synchronous_commit=off, FLUSHED is on, or more where the server is set to wait for standbys.

A session that ended while it was idle (the server restarts, the lease ran out) is opened again by the next call, under the same fence or
not at all. One that ends within a transaction is told: then nothing was recorded, or, at the very commit, it is not known. It is told as
well when a server comes back without the last transactions, as one that crashed may without the ORDERED ones, and a standby without any.
"""

import contextlib
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeAlias, TypeVar

import psycopg

from accord.errors import StoreError
from accord.store.migrating import load_given, load_queries
from accord.store.postgres_errors import explained, forgotten, overtaken, uncertain
from accord.store.postgres_values import Numbers, Texts, column
from accord.store.statements import Durable, Taken

GIVEN = {name: [tuple(one.rsplit(" ", 1)) for one in said.split(", ")] for name, said in load_given("postgres/queries.sql").items()}
"""Name and type of each column of the rows that a statement is run for."""

KINDS = {name: [kind for _, kind in columns] for name, columns in GIVEN.items()}


def _with_given(name: str, statement: str) -> str:
    if name not in GIVEN:
        return statement
    names = ", ".join(column for column, _ in GIVEN[name])
    arrays = ", ".join(f"${number}::{kind}[]" for number, kind in enumerate(KINDS[name], 1))
    return f"WITH given ({names}, n) AS (SELECT * FROM unnest({arrays}) WITH ORDINALITY)\n{statement}"


QUERIES = {name: _with_given(name, statement) for name, statement in load_queries("postgres/queries.sql").items()}

T = TypeVar("T")

Connection: TypeAlias = psycopg.Connection[tuple[Any, ...]]
Reopen: TypeAlias = Callable[[int], Connection]
"""Open a session again for the engine with this fence number. Raises StoreBusy if another has taken over, StoreError."""

_BEGIN = {
    Durable.FLUSHED: "BEGIN; UPDATE engine SET step = step + 1 RETURNING fence, step",
    Durable.ORDERED: "BEGIN; SET LOCAL synchronous_commit = off; UPDATE engine SET step = step + 1 RETURNING fence, step",
}
"""The row's lock makes an engine that raises the fence wait for this transaction, and this one see the fence that it raised."""

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
        self._step: int | None = None
        self._use = threading.RLock()

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
                columns = [column(kind, values) for kind, values in zip(KINDS[name], zip(*rows, strict=True), strict=True)]
                number = self._connection.execute(query(name), columns).rowcount
            if name in _ALL_OR_TAKEN and number != len(rows):
                raise Taken(f"{self._place}: {len(rows) - number} of {len(rows)} are there already", "Nothing was recorded.")

    def listed(self, values: Sequence[Any]) -> Texts | Numbers:
        """Texts, or numbers, as one array."""
        return Numbers(values) if values and isinstance(values[0], int) else Texts(values)

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
            fence, step = self._tried(lambda: self._begin(durable))
            if fence != self._fence:
                raise overtaken(self._place)
            yield
            self._commit()
            self._step = step
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

    def _begin(self, durable: Durable) -> tuple[int, int]:
        """Gives the fence, and this transaction's number."""
        cursor = self._connection.execute(_BEGIN[durable])
        self._within = True
        while cursor.nextset():
            pass
        fence, step = cursor.fetchone() or (0, 0)
        return int(fence), int(step)

    def _commit(self) -> None:
        try:
            ended = self._connection.execute("COMMIT").statusmessage
        except psycopg.OperationalError as error:
            self._step = None
            raise (uncertain if self._connection.closed else explained)(error, self._place) from error
        if ended != "COMMIT":  # what failed within it was not told
            raise StoreError(f"{self._place}: a transaction could not be completed", "Nothing was recorded. Run it again.")

    def _roll_back(self) -> None:
        with contextlib.suppress(psycopg.Error):
            self._connection.execute("ROLLBACK")

    def _tried(self, call: Callable[[], T]) -> T:
        """Make a call; where a session had ended before it, open another and make it there."""
        with self._told():
            try:
                return call()
            except (psycopg.OperationalError, psycopg.InterfaceError):
                if self._within or self._closed or not self._connection.closed:
                    raise
                self._come_back()
                return call()

    def _come_back(self) -> None:
        """Open a session again. If the server has not kept what it said it had, that is told once; then what it has is what holds."""
        self._connection = self._reopen(self._fence)
        if self._step is not None:
            ((step,),) = self._connection.execute(query("step")).fetchall()
            known, self._step = self._step, int(step)
            if known != self._step:
                raise forgotten(self._place)

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

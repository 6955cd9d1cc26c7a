"""One SQLite connection: named statements, transactions under a fence, and every failure as a StoreError with what to do.

Owns: Database. Does not own: what the statements say (queries.sql), whose file it is and how it is opened (opening.py).

How durable a transaction is, is chosen per transaction (WAL): FLUSHED is synchronous=FULL, ORDERED is synchronous=NORMAL.
"""

import contextlib
from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import Any

import apsw
import msgspec

from accord.errors import StoreBusy, StoreError
from accord.store.migrating import load_queries
from accord.store.statements import Durable, Taken

QUERIES = load_queries()


_SYNCHRONOUS = {Durable.FLUSHED: "FULL", Durable.ORDERED: "NORMAL"}


class Database:
    """A connection and the fence number under which it may commit. ``place``: the file, for messages."""

    def __init__(self, connection: apsw.Connection, place: str, fence: int) -> None:
        self._connection = connection
        self.place = place
        self._fence = fence
        self._durable = Durable.FLUSHED  # as opening.py sets it

    def rows(self, name: str, *bindings: Any) -> list[tuple[Any, ...]]:
        """Run one named statement and give all its rows."""
        try:
            return self._connection.execute(QUERIES[name], bindings).fetchall()
        except (apsw.Error, UnicodeEncodeError) as error:
            raise explained(error, self.place) from error

    def one(self, name: str, *bindings: Any) -> Any:
        """The first value of the first row, or None."""
        return next((row[0] for row in self.rows(name, *bindings)), None)

    def many(self, name: str, rows: Sequence[Sequence[Any]]) -> None:
        """Run one named statement for each row of bindings."""
        if not rows:
            return
        try:
            self._connection.executemany(QUERIES[name], rows)
        except (apsw.Error, UnicodeEncodeError) as error:
            raise explained(error, self.place) from error

    def listed(self, values: Sequence[object]) -> str:
        """Values as one JSON array, which a statement unpacks with json_each."""
        return msgspec.json.encode(values).decode()

    def writing(self, durable: Durable = Durable.FLUSHED) -> "_Writing":
        """One transaction: all of it or, if anything is raised, nothing. Raises StoreBusy if another engine has taken over (P21)."""
        return _Writing(self, durable)

    def begin(self, durable: Durable) -> None:
        """Begin a transaction, and make sure that it may be committed. Raises StoreBusy."""
        with self._told():
            if durable is not self._durable:
                self._connection.execute(f"PRAGMA synchronous = {_SYNCHRONOUS[durable]}")
                self._durable = durable
            self._connection.execute("BEGIN IMMEDIATE")
        try:
            if self.one("fence") != self._fence:
                raise StoreBusy(f"{self.place}: another engine has taken this state over", "This one commits nothing any more; end it.")
        except BaseException:
            self.give_up()
            raise

    def commit(self) -> None:
        """End the transaction, all of it done."""
        with self._told():
            self._connection.execute("COMMIT")

    def give_up(self) -> None:
        """End the transaction, nothing done."""
        with contextlib.suppress(apsw.Error):
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")

    @contextlib.contextmanager
    def looking(self) -> Iterator[apsw.Connection]:
        """The connection in a transaction that sees one moment, to copy from."""
        with self._told():
            self._connection.execute("BEGIN")
            try:
                yield self._connection
            finally:
                self._connection.execute("ROLLBACK")

    @contextlib.contextmanager
    def filling(self) -> Iterator[apsw.Connection]:
        """The connection in a transaction under the fence, to copy into."""
        with self.writing():
            yield self._connection

    def copy_to(self, target: apsw.Connection) -> None:
        """Copy everything, as it is at one moment."""
        with self._told(), target.backup("main", self._connection, "main") as backup:
            backup.step()

    def close(self) -> None:
        """Let go of the file; may be called twice."""
        with self._told():
            self._connection.close()

    @contextlib.contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except (apsw.Error, UnicodeEncodeError) as error:
            raise explained(error, self.place) from error


class _Writing:
    """A transaction as a context. Written out, since a generator takes longer than many of the statements."""

    def __init__(self, database: Database, durable: Durable) -> None:
        self._database, self._durable = database, durable

    def __enter__(self) -> None:
        self._database.begin(self._durable)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        try:
            if kind is None:
                self._database.commit()
        finally:
            self._database.give_up()  # of what is committed nothing is given up
        if isinstance(error, apsw.Error | UnicodeEncodeError):
            raise explained(error, self._database.place) from error


def explained(error: apsw.Error | OSError | UnicodeEncodeError, place: str) -> StoreError:
    """What happened to a state file, and what a person can do about it."""
    match error:
        case UnicodeEncodeError():
            return StoreError(f"{place}: a text that is no Unicode cannot be kept", "Nothing was recorded.")
        case apsw.ConstraintError():
            return Taken(f"{place}: {error}", "Nothing was recorded. This is a fault in accord: please report it.")
        case apsw.FullError():
            return StoreError(f"{place}: no space left on the disk", "Nothing was lost. Make room and run it again.")
        case apsw.NotADBError() | apsw.CorruptError():
            return StoreError(
                f"{place}: this is no state of accord, or it is damaged",
                "Put a backup back. Without one, move the file away and run accord sync: records are matched again.",
            )
        case apsw.ReadOnlyError() | apsw.CantOpenError() | OSError():
            return StoreError(f"{place}: cannot be opened ({_words(error)})", "Check the path, and that this user may write there.")
        case apsw.BusyError() | apsw.LockedError():
            return StoreBusy(f"{place}: another program is using it", "Wait until it has ended.")
    return StoreError(f"{place}: {_words(error)}", "Nothing was recorded. Check the disk, then run it again.")


def _words(error: Exception) -> str:
    return error.strerror if isinstance(error, OSError) and error.strerror else str(error)

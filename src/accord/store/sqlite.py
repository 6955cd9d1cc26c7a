"""The durable state in one SQLite file: ports.Store, one transaction per call, one writer at a time.

Owns: opening, the lock and the fence, transactions, rows to model and back. Does not own: the SQL (queries.sql), the schema (migrations/),
any decision.

WAL with synchronous=FULL: an intent is on the disk before its call is made, also when the power fails. One transaction holds a whole
batch, so the price of a sync is paid per batch, not per record.
"""

import contextlib
import os
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ParamSpec, Self, TypeVar

import apsw
import msgspec

from accord.errors import StoreBusy, StoreError
from accord.model.dataflow import Flow
from accord.model.journal import Absorb, Candidate, Closing, Intent, IntentState, Totals
from accord.model.links import Link, Pending, PendingState, WaitsFor
from accord.model.plans import Operation
from accord.model.records import Hint, Known, RecordRef, Side, Stored
from accord.model.runs import Run
from accord.store.locking import StateLock
from accord.store.migrating import bring_up_to_date, load_queries
from accord.store.rows import intent_of, link_of, packed, pending_of, stored_of

P = ParamSpec("P")
T = TypeVar("T")

QUERIES = load_queries()


class SqliteStore:
    """See ports.Store. Open it with ``SqliteStore.open``; used by one thread at a time, not necessarily the one that opened it."""

    def __init__(self, database: apsw.Connection, flows: Sequence[Flow], lock: StateLock | None, fence: int) -> None:
        self._db = database
        self._lock = lock
        self._fence = fence
        self._claims = {flow.name: {side: _claim(flows, flow, side) for side in Side} for flow in flows}
        self._flows = {flow.name: flow for flow in flows}

    @classmethod
    def open(cls, path: str | os.PathLike[str], flows: Sequence[Flow], *, read_only: bool = False) -> Self:
        """Open a state file, making it and its folder if need be; ":memory:" keeps nothing.

        Raises StoreBusy when another engine holds it, StoreError when it cannot be used. ``read_only``: to look at only, beside an engine
        that runs.
        """
        file = Path(path)
        memory = str(path) == ":memory:"
        lock: StateLock | None = None
        try:
            if not memory and not read_only:
                _make_private(file)
                lock = StateLock(file)
                lock.take()
            flags = apsw.SQLITE_OPEN_READONLY if read_only else apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE
            database = apsw.Connection(":memory:" if memory else str(file), flags=flags)
            database.set_busy_timeout(5000)
            fence = 0 if read_only else _prepare(database, str(file))
        except StoreError:
            if lock:
                lock.release()
            raise
        except (apsw.Error, OSError) as error:
            if lock:
                lock.release()
            raise _cannot(file, error) from error
        return cls(database, flows, lock, fence)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close_store()

    def close_store(self) -> None:
        """Let go of file and lock; may be called twice."""
        self._db.close()
        if self._lock:
            self._lock.release()

    def copy_to(self, path: str | os.PathLike[str]) -> None:
        """Copy the whole state into a file, as it is at one moment."""
        copy = apsw.Connection(str(path))
        try:
            with copy.backup("main", self._db, "main") as backup:
                backup.step()
        finally:
            copy.close()

    # -- runs, cursors, settings

    def begin(self, run: Run) -> None:
        """See ports.Store."""
        self._keep_run(run)

    def end(self, run: Run) -> None:
        """See ports.Store."""
        self._keep_run(run)

    def _keep_run(self, run: Run) -> None:
        with self._writing():
            self._do("run_put", (run.id, run.cause, run.started, run.ended, run.result, packed(run)))

    def runs(self, limit: int = 20) -> Sequence[Run]:
        """The newest runs, newest first."""
        return [msgspec.json.decode(row[0], type=Run) for row in self._do("runs", (limit,))]

    def cursor(self, side: Side, datatype: str) -> str | None:
        """See ports.Store."""
        position: str | None = self._one("cursor", (side.value, datatype))
        return position

    def setting(self, name: str) -> str | None:
        """See ports.Store."""
        value: str | None = self._one("setting", (name,))
        return value

    def set(self, name: str, value: str) -> None:
        """See ports.Store."""
        with self._writing():
            self._do("setting_put", (name, value))

    # -- records

    def known(self, side: Side, datatype: str, ids: Sequence[str]) -> Mapping[str, Known]:
        """See ports.Store."""
        rows = self._do("known", (side.value, datatype, _list(ids)))
        return {row[0]: Known(row[0], row[1], row[2], bool(row[3])) for row in rows}

    def records(self, side: Side, datatype: str, ids: Sequence[str]) -> Mapping[str, Stored]:
        """See ports.Store."""
        return {row[0]: stored_of(row) for row in self._do("records", (side.value, datatype, _list(ids)))}

    def count(self, side: Side, datatype: str) -> int:
        """See ports.Store."""
        return int(self._one("record_count", (side.value, datatype)) or 0)

    def absorb(self, batch: Absorb) -> None:
        """See ports.Store."""
        side, datatype = batch.side.value, batch.datatype
        new = [one.ref.id for one in batch.seen] + [one.ref.id for one in batch.gone]
        with self._writing():
            self._many("record_put", [_record_row(one) for one in batch.seen])
            self._many("record_version", [(side, datatype, one.id, one.version) for one in batch.versions])
            self._many("record_gone", [(side, datatype, one.ref.id, one.evidence.value) for one in batch.gone])
            self._many("keys_drop", [(flow, side, id) for flow in batch.flows for id in new])
            self._many("key_put", [(one.flow, one.side.value, one.id, one.criterion, one.key) for one in batch.keys])
            self._many("wait_drop", [(flow, side, id) for flow in batch.flows for id in new])
            self._many("pending_new", [(flow, side, datatype, id) for flow in batch.flows for id in new])
            if batch.cursor is not None:
                self._do("cursor_put", (side, datatype, batch.cursor))

    def hint(self, hints: Sequence[Hint], event: str | None = None) -> bool:
        """See ports.Store."""
        with self._writing():
            if event is not None and not list(self._do("event_put", (event, ""))):
                return False
            self._many("hint_put", [(one.ref.side.value, one.ref.datatype, one.ref.id, one.version) for one in hints])
        return True

    def hints(self, side: Side, datatype: str, limit: int = 500) -> Sequence[Hint]:
        """See ports.Store."""
        rows = self._do("hints", (side.value, datatype, limit))
        return [Hint(RecordRef(side, datatype, row[0]), row[1]) for row in rows]

    def unhint(self, hints: Sequence[Hint]) -> None:
        """See ports.Store."""
        with self._writing():
            self._many("hint_done", [(one.ref.side.value, one.ref.datatype, one.ref.id, one.version) for one in hints])

    # -- pending

    def pending(self, flow: str, state: PendingState, after: int = 0, limit: int = 500) -> Sequence[Pending]:
        """See ports.Store."""
        return [pending_of(row) for row in self._do("pending_page", (flow, state.value, after, limit))]

    def release(self, flow: str, states: Sequence[PendingState]) -> int:
        """See ports.Store."""
        with self._writing():
            self._do("pending_release", (flow, _list([state.value for state in states])))
            return int(self._db.changes())

    def list_pending(
        self, flow: str | None = None, states: Sequence[str] | None = None, after: int = 0, limit: int = 500
    ) -> Sequence[Pending]:
        """Pending rows for people, of any flow or state."""
        wanted = None if states is None else _list(states)
        return [pending_of(row) for row in self._do("pending_list", (flow, wanted, after, limit))]

    def pending_of(self, flow: str, ref: RecordRef) -> Pending | None:
        """The pending row of one record."""
        return next((pending_of(row) for row in self._do("pending_one", (flow, ref.side.value, ref.id))), None)

    def totals(self, flows: Sequence[str]) -> Sequence[Totals]:
        """See ports.Store."""
        links = dict(self._do("totals_links", ()))
        pending: dict[str, dict[str, int]] = {}
        for flow, state, count in self._do("totals_pending", ()):
            pending.setdefault(flow, {})[state] = count
        return [Totals(flow, links.get(flow, 0), pending.get(flow, {})) for flow in flows]

    # -- links

    def links(self, flow: str, side: Side, ids: Sequence[str]) -> Mapping[str, Link]:
        """See ports.Store."""
        found = (link_of(row) for row in self._do(f"links_{side.value}", (flow, _list(ids))))
        return {link.record(side): link for link in found}

    def parted(self, flow: str, side: Side, ids: Sequence[str]) -> Collection[str]:
        """See ports.Store."""
        return {row[0] for row in self._do(f"parted_{side.value}", (flow, _list(ids)))}

    def list_links(self, flow: str | None = None, after: int = 0, limit: int = 500) -> Sequence[Link]:
        """Live links for people, in order of making."""
        return [link_of(row) for row in self._do("links_list", (flow, after, limit))]

    def candidates(self, flow: str, side: Side, ids: Sequence[str]) -> Mapping[str, Sequence[Candidate]]:
        """See ports.Store."""
        other = side.other
        claim = self._claims[flow][other] if flow in self._claims else None
        found: dict[str, list[Candidate]] = {}
        for own, id, criterion, taken, rivals in self._do(f"candidates_of_{side.value}", (flow, _list(ids), claim)):
            found.setdefault(own, []).append(Candidate(id, criterion, bool(taken), rivals))
        return found

    def resolve(self, wanted: Sequence[WaitsFor]) -> Mapping[WaitsFor, str]:
        """See ports.Store."""
        asked = list(wanted)
        rows = self._do("resolve", (msgspec.json.encode([(one.flow, one.side, one.id) for one in asked]).decode(),))
        return {asked[int(number)]: id for number, id in rows if id is not None}

    # -- journal

    def intend(self, run: str, at: str, operations: Sequence[Operation]) -> None:
        """See ports.Store."""
        with self._writing():
            self._many(
                "intent_put",
                [(one.key, run, one.flow, at, one.source.side.value, one.source.id, one.target.id, packed(one)) for one in operations],
            )

    def intents(self, states: Sequence[str], limit: int = 500) -> Sequence[Intent]:
        """See ports.Store."""
        known = {IntentState.OPEN.value, IntentState.UNKNOWN.value}
        name = "intents" if set(states) <= known else "intents_any"
        return [intent_of(row) for row in self._do(name, (_list([str(state) for state in states]), limit))]

    def history(self, flow: str, side: Side, id: str, limit: int = 50) -> Sequence[Intent]:
        """What was tried with one record, newest first."""
        return [intent_of(row) for row in self._do("history", (flow, side.value, id, limit))]

    def of_run(self, run: str) -> Iterator[Intent]:
        """The intents of one run, oldest first."""
        return (intent_of(row) for row in self._do("run_intents", (run,)))

    def close(self, batch: Closing) -> None:
        """See ports.Store."""
        with self._writing():
            self._many("record_put", [_record_row(one) for one in batch.records])
            self._put_links(batch)
            self._many("link_end", [(id, batch.at) for id in batch.unlinked])
            done = [(flow, ref.side.value, ref.id) for flow, ref in batch.finished]
            self._many("wait_drop", done)
            self._many("pending_done", done)
            for one in batch.pending:
                self._put_pending(one)
            self._many("record_settle", [(ref.side.value, ref.datatype, ref.id) for ref in batch.settled])
            self._many("intent_close", [(one.key, one.state.value, one.at, one.message, one.target) for one in batch.closed])

    def _put_links(self, batch: Closing) -> None:
        made = [link for link in batch.links if not link.id]
        for link in made:
            claims = self._claims.get(link.flow, {})
            row = (link.flow, link.left, link.right, packed(link.left_base), packed(link.right_base))
            try:
                self._do("link_put", (*row, claims.get(Side.LEFT), claims.get(Side.RIGHT), batch.at))
            except apsw.ConstraintError as error:
                raise StoreError(
                    f"{link.flow}: {link.left} and {link.right} cannot be linked, one of them is linked already",
                    "Nothing was recorded. This is a fault in accord; run it again with --full.",
                ) from error
        self._many("link_bases", [(link.id, packed(link.left_base), packed(link.right_base)) for link in batch.links if link.id])
        keys = [WaitsFor(link.flow, side, link.record(side)).key for link in made for side in Side]
        self._many("wait_wake", [(key,) for key in keys])

    def _put_pending(self, one: Pending) -> None:
        side = one.ref.side.value
        self._do("wait_drop", (one.flow, side, one.ref.id))
        values = (one.flow, side, one.ref.datatype, one.ref.id, one.state.value, one.rule, one.cause)
        rows = self._do("pending_put", (*values, packed(one.wait), packed(one.candidates), one.tries, one.since))
        ((row,),) = list(rows)
        self._many("wait_put", [(wait.key, row) for wait in one.wait])

    # -- statements

    def _do(self, name: str, bindings: Sequence[Any]) -> Iterable[Any]:
        try:
            return self._db.execute(QUERIES[name], bindings)
        except apsw.ConstraintError:
            raise
        except apsw.Error as error:
            raise _cannot(Path(self._db.filename or ":memory:"), error) from error

    def _many(self, name: str, rows: Sequence[Sequence[Any]]) -> None:
        if not rows:
            return
        try:
            self._db.executemany(QUERIES[name], rows)
        except apsw.Error as error:
            raise _cannot(Path(self._db.filename or ":memory:"), error) from error

    def _one(self, name: str, bindings: Sequence[Any]) -> Any:
        return next((row[0] for row in self._do(name, bindings)), None)

    @contextlib.contextmanager
    def _writing(self) -> Iterator[None]:
        """One transaction, only as long as nobody has taken the state over (P21)."""
        try:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                if self._one("fence", ()) != self._fence:
                    raise StoreBusy("another engine has taken this state over", "This one commits nothing any more; end it.")
                yield
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")
        except apsw.Error as error:
            with contextlib.suppress(apsw.Error):
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
            raise _cannot(Path(self._db.filename or ":memory:"), error) from error


def _claim(flows: Sequence[Flow], flow: Flow, side: Side) -> str | None:
    """The datatype, if several flows share it on that side: then a record belongs to one of them only."""
    datatype = flow.datatype(side)
    return datatype if sum(one.datatype(side) == datatype for one in flows) > 1 else None


def _record_row(one: Any) -> tuple[Any, ...]:
    ref = one.ref
    return (ref.side.value, ref.datatype, ref.id, one.version, one.modified, one.fingerprint, packed(one.values))


def _list(values: Sequence[str]) -> str:
    return msgspec.json.encode(values).decode()


def _make_private(file: Path) -> None:
    if not file.parent.exists():
        file.parent.mkdir(parents=True, mode=0o700)
    if not file.exists():
        os.close(os.open(file, os.O_CREAT | os.O_RDWR, 0o600))


def _prepare(database: apsw.Connection, place: str) -> int:
    """Settings, schema and fence. Gives the number by which this engine may commit."""
    list(database.execute("PRAGMA journal_mode = WAL"))
    database.execute("PRAGMA synchronous = FULL")
    bring_up_to_date(database, place)
    with database:
        ((fence,),) = list(database.execute(QUERIES["fence_raise"]))
    return int(fence)


def _cannot(file: Path, error: BaseException) -> StoreError:
    """What a person can do about a state that cannot be used."""
    match error:
        case apsw.FullError():
            return StoreError(f"{file}: no space left", "Nothing was lost. Make room and run it again.")
        case apsw.NotADBError() | apsw.CorruptError():
            return StoreError(
                f"{file}: this is no state of accord, or it is damaged", "Put a copy back, or move it away and run accord sync."
            )
        case apsw.ReadOnlyError() | apsw.CantOpenError() | PermissionError():
            return StoreError(f"{file}: cannot be opened for writing", "Give this user the right to write there.")
        case apsw.BusyError():
            return StoreBusy(f"{file}: another program holds it", "Wait until it has ended.")
    return StoreError(f"{file}: {type(error).__name__}", "Nothing was recorded; run it again.")

"""The durable state in SQL: ports.Store, one transaction per call, written once for every database.

Owns: which statements make up each call. Does not own: opening (sqlite.py, postgres.py), transactions and failures (database.py,
postgres_database.py), the SQL (queries.sql, postgres/queries.sql: the same names, each in its dialect), any decision.

Few statements per call, each for a whole batch; no query per record.
"""

import os
from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Self

import msgspec

from accord.errors import StoreError
from accord.model.dataflow import Flow
from accord.model.journal import Absorb, Candidate, Closing, Intent, IntentState, Moved, Totals
from accord.model.links import Link, Pending, PendingState, WaitsFor
from accord.model.plans import Operation, OperationKind
from accord.model.records import Hint, Known, RecordRef, Seen, Side, Stored
from accord.model.runs import Run
from accord.store.moving import Tables
from accord.store.rows import intent_of, link_of, packed, pending_of, pending_place, pending_row, record_row, stored_of
from accord.store.statements import Durable, Statements, Taken
from accord.store.views import Views

EVENTS_KEPT = 100_000
"""Announcements are remembered so many deep: far beyond the minutes in which an old one would still be taken."""

IDLE_RUNS_KEPT = 1000
"""So many runs in which nothing happened can still be looked at; runs that did something are kept for good."""

_UNFINISHED = {IntentState.OPEN.value, IntentState.UNKNOWN.value}


class SqlStore(Views, ABC):
    """See ports.Store. Used by one thread at a time, not necessarily the one that opened it."""

    def __init__(self, database: Statements, flows: Sequence[Flow]) -> None:
        super().__init__(database)
        self._flows = {flow.name: flow for flow in flows}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close_store()

    def close_store(self) -> None:
        """Let go of the state; may be called twice."""
        self._db.close()

    @abstractmethod
    def copy_to(self, path: str | os.PathLike[str]) -> None:
        """Copy the whole state into a SQLite file, as it is at one moment."""

    @abstractmethod
    def unloading(self) -> AbstractContextManager[Tables]:
        """See moving.Movable."""

    @abstractmethod
    def loading(self) -> AbstractContextManager[Tables]:
        """See moving.Movable."""

    # -- runs, cursors, settings

    def hold(self) -> None:
        """See ports.Store."""
        with self._db.writing(Durable.ORDERED):
            pass

    def begin(self, run: Run) -> None:
        """See ports.Store."""
        self._keep_run(run)

    def end(self, run: Run) -> None:
        """See ports.Store."""
        self._keep_run(run)

    def _keep_run(self, run: Run) -> None:
        with self._db.writing(Durable.ORDERED):
            self._db.rows("run_put", run.id, run.cause, run.started, run.ended, run.result, int(run.idle), packed(run))
            if run.idle:
                self._db.rows("runs_forget", IDLE_RUNS_KEPT)

    def cursor(self, side: Side, datatype: str) -> str | None:
        """See ports.Store."""
        position: str | None = self._db.one("cursor", side.value, datatype)
        return position

    def setting(self, name: str) -> str | None:
        """See ports.Store."""
        value: str | None = self._db.one("setting", name)
        return value

    def set(self, name: str, value: str) -> None:
        """See ports.Store."""
        if self.setting(name) != value:
            with self._db.writing():
                self._db.rows("setting_put", name, value)

    # -- records

    def known(self, side: Side, datatype: str, ids: Sequence[str]) -> Mapping[str, Known]:
        """See ports.Store."""
        rows = self._db.rows("known", side.value, datatype, self._db.listed(ids))
        return {id: Known(id, version, fingerprint, bool(gone), modified) for id, version, fingerprint, gone, modified in rows}

    def records(self, side: Side, datatype: str, ids: Sequence[str]) -> Mapping[str, Stored]:
        """See ports.Store."""
        return {row[0]: stored_of(row) for row in self._db.rows("records", side.value, datatype, self._db.listed(ids))}

    def live(self, side: Side, datatype: str, after: str = "", limit: int = 500) -> Sequence[str]:
        """See ports.Store."""
        return [id for (id,) in self._db.rows("live", side.value, datatype, after, limit)]

    def count(self, side: Side, datatype: str) -> int:
        """See ports.Store."""
        return int(self._db.one("record_count", side.value, datatype))

    def absorb(self, batch: Absorb) -> None:
        """See ports.Store."""
        side, datatype = batch.side.value, batch.datatype
        seen, gone = [one.ref.id for one in batch.seen], [one.ref.id for one in batch.gone]
        moves = batch.cursor is not None and batch.cursor != self.cursor(batch.side, datatype)
        if not (seen or gone or batch.versions or batch.keys or moves):
            return
        with self._db.writing(Durable.ORDERED):
            self._db.many("record_put", [record_row(one, packed(one.values)) for one in batch.seen])
            self._db.many("record_version", [(side, datatype, one.id, one.version, one.modified) for one in batch.versions])
            self._db.many("record_gone", [(side, datatype, one.ref.id, one.evidence.value) for one in batch.gone])
            self._replace_keys(batch, seen, gone)
            new = self._db.listed([*seen, *gone])
            for flow in batch.flows:
                self._db.rows("pending_new", flow, side, datatype, new)
            if batch.cursor is not None:
                self._db.rows("cursor_put", side, datatype, batch.cursor)

    def _replace_keys(self, batch: Absorb, seen: Sequence[str], gone: Sequence[str]) -> None:
        """A gone record is nobody's candidate, in any flow."""
        side = batch.side.value
        for flow in {*batch.flows, *(one.flow for one in batch.keys)}:
            self._db.rows("keys_drop", flow, side, self._db.listed(seen))
        if gone:
            for flow in {*batch.flows, *(flow.name for flow in self._flows.values() if flow.datatype(batch.side) == batch.datatype)}:
                self._db.rows("keys_drop", flow, side, self._db.listed(gone))
        self._db.many("key_put", [(one.flow, one.side.value, one.id, one.criterion, one.key) for one in batch.keys])

    # -- hints

    def hint(self, hints: Sequence[Hint], event: str | None = None) -> bool:
        """See ports.Store."""
        if not hints and event is None:
            return True
        with self._db.writing():
            return self._hint(hints, event)

    def hint_all(self, events: Sequence[tuple[Sequence[Hint], str | None]]) -> Sequence[bool]:
        """See ports.Store."""
        with self._db.writing():
            return [self._hint(hints, event) for hints, event in events]

    def _hint(self, hints: Sequence[Hint], event: str | None) -> bool:
        if event is not None:
            number = self._db.one("event_put", event)
            if number is None:
                return False
            self._db.rows("events_forget", number - EVENTS_KEPT)
        self._db.many("hint_put", [(one.ref.side.value, one.ref.datatype, one.ref.id, one.version) for one in hints])
        return True

    def hints(self, side: Side, datatype: str, limit: int = 500) -> Sequence[Hint]:
        """See ports.Store."""
        return [Hint(RecordRef(side, datatype, id), version) for id, version in self._db.rows("hints", side.value, datatype, limit)]

    def unhint(self, hints: Sequence[Hint]) -> None:
        """See ports.Store."""
        if hints:
            with self._db.writing(Durable.ORDERED):
                self._db.many("hint_done", [(one.ref.side.value, one.ref.datatype, one.ref.id, one.version) for one in hints])

    # -- pending

    def pending(self, flow: str, state: PendingState, after: int = 0, limit: int = 500) -> Sequence[Pending]:
        """See ports.Store."""
        return [pending_of(row) for row in self._db.rows("pending_page", flow, state.value, after, limit)]

    def moved(self, flow: str) -> Moved:
        """See ports.Store."""
        return Moved(*self._db.rows("pending_moved", flow)[0])

    def deleted(self, flow: str, since: str) -> int:
        """See ports.Store."""
        return int(self._db.one("deleted_since", flow, since))

    def given_up(self, flow: str, side: Side, ids: Sequence[str]) -> Collection[str]:
        """See ports.Store."""
        return {id for (id,) in self._db.rows("given_up", flow, side.value, self._db.listed(ids))}

    def written(self, flow: str, side: Side, ids: Sequence[str], since: str) -> Mapping[str, Sequence[Operation]]:
        """See ports.Store."""
        often = [id for (id,) in self._db.rows("written_often", flow, side.other.value, self._db.listed(ids), since)]
        found: dict[str, list[Operation]] = {}
        for row in self._db.rows("written_since", flow, side.other.value, self._db.listed(often), since) if often else ():
            operation = intent_of(row).operation
            if operation.kind is OperationKind.UPDATE:
                found.setdefault(operation.target.id, []).append(operation)
        return found

    def release(self, flow: str, states: Sequence[PendingState]) -> int:
        """See ports.Store."""
        wanted = self._db.listed([state.value for state in states])
        if self._db.one("pending_any", flow, wanted) is None:
            return 0
        with self._db.writing(Durable.ORDERED):
            return len(self._db.rows("pending_release", flow, wanted))

    def standing(self, flows: Sequence[str]) -> Mapping[str, Mapping[str, int]]:
        """See ports.Store."""
        pending: dict[str, dict[str, int]] = {flow: {} for flow in flows}
        for flow, state, count in self._db.rows("totals_pending"):
            pending.setdefault(flow, {})[state] = count
        return {flow: pending[flow] for flow in flows}

    def totals(self, flows: Sequence[str]) -> Sequence[Totals]:
        """See ports.Store."""
        links: dict[str, int] = dict(self._db.rows("totals_links"))
        return [Totals(flow, links.get(flow, 0), dict(pending)) for flow, pending in self.standing(flows).items()]

    # -- links

    def links(self, flow: str, side: Side, ids: Sequence[str]) -> Mapping[str, Link]:
        """See ports.Store."""
        rows = self._db.rows("links", flow, side.value, self._datatype(flow, side), self._db.listed(ids))
        return {link.record(side): link for link in map(link_of, rows)}

    def owners(self, side: Side, datatype: str, ids: Sequence[str]) -> Mapping[str, str]:
        """See ports.Store."""
        return dict(self._db.rows("linked_among", side.value, datatype, self._db.listed(ids)))

    def parted(self, flow: str, side: Side, ids: Sequence[str]) -> Collection[str]:
        """See ports.Store."""
        return {id for (id,) in self._db.rows("parted", flow, side.value, self._datatype(flow, side), self._db.listed(ids))}

    def candidates(self, flow: str, side: Side, ids: Sequence[str]) -> Mapping[str, Sequence[Candidate]]:
        """See ports.Store."""
        datatypes = self._datatype(flow, side), self._datatype(flow, side.other)
        found: dict[str, list[Candidate]] = {}
        for own, id, criterion, taken, rivals in self._db.rows(
            "candidates", flow, side.value, side.other.value, self._db.listed(ids), *datatypes
        ):
            found.setdefault(own, []).append(Candidate(id, criterion, bool(taken), rivals))
        return found

    def resolve(self, wanted: Sequence[WaitsFor]) -> Mapping[WaitsFor, str]:
        """See ports.Store."""
        asked: dict[tuple[str, Side], list[str]] = {}
        for one in wanted:
            if one.flow in self._flows:
                asked.setdefault((one.flow, one.side), []).append(one.id)
        found: dict[WaitsFor, str] = {}
        for (flow, side), ids in asked.items():
            rows = self._db.rows("resolve", flow, side.value, self._datatype(flow, side), self._db.listed(ids))
            found.update((WaitsFor(flow, side, id), other) for id, other in rows)
        return found

    def _datatype(self, flow: str, side: Side) -> str:
        if flow not in self._flows:
            raise StoreError(f"{flow}: no such flow in this dataflow", "Give the name of a flow as accord status prints it.")
        return self._flows[flow].datatype(side)

    # -- journal

    def intend(self, run: str, at: str, operations: Sequence[Operation]) -> None:
        """See ports.Store."""
        if not operations:
            return
        with self._db.writing():
            numbered = list(enumerate(operations, self._db.one("intent_last") + 1))
            self._db.many("journaled_put", [(seq, packed(one)) for seq, one in numbered])
            rows = [(seq, one.key, run, one.flow, at, one.source.side.value, one.source.id, one.target.id) for seq, one in numbered]
            self._db.many("intent_put", rows)

    def intents(self, states: Sequence[str], limit: int = 500) -> Sequence[Intent]:
        """See ports.Store."""
        name = "intents_unfinished" if _UNFINISHED.issuperset(states) else "intents"
        return [intent_of(row) for row in self._db.rows(name, self._db.listed(states), limit)]

    def close(self, batch: Closing) -> None:
        """See ports.Store."""
        with self._db.writing():
            self._end_links(batch)
            made = self._put_links(batch)
            self._finish(batch.finished)
            self._put_pending(batch.pending)
            self._settle(batch.records, batch.settled)
            self._db.many("intent_close", [(one.key, one.state.value, one.at, one.message, one.target) for one in batch.closed])
            self._wake(made, batch.pending)

    def _end_links(self, batch: Closing) -> None:
        if batch.unlinked:
            ended = self._db.rows("link_end", self._db.listed(batch.unlinked), batch.at)
            sides = [(link, flow, side, id) for link, flow, *ids in ended for side, id in zip(Side, ids, strict=True)]
            self._db.many("parted_put", [(flow, side.value, id) for _, flow, side, id in sides])
            self._db.many("linked_drop", [(side.value, self._datatype(flow, side), id, link) for link, flow, side, id in sides])

    def _put_links(self, batch: Closing) -> Sequence[Link]:
        """Gives the new ones. Raises StoreError, naming what is linked already."""
        made = [link for link in batch.links if not link.id]
        if made:
            numbered = list(enumerate(made, self._db.one("link_last") + 1))
            ends = [(side.value, self._datatype(link.flow, side), link.record(side), number) for number, link in numbered for side in Side]
            try:
                self._db.many("linked_put", ends)
            except Taken as error:
                raise self._exclusive(made) from error
            self._db.many(
                "link_put",
                [
                    (number, link.flow, link.left, link.right, packed(link.left_base), packed(link.right_base), batch.at)
                    for number, link in numbered
                ],
            )
        self._db.many("link_bases", [(link.id, packed(link.left_base), packed(link.right_base)) for link in batch.links if link.id])
        return made

    def _exclusive(self, made: Sequence[Link]) -> StoreError:
        """Which of these links cannot be, in words; asked only after the fact, within the transaction that fails."""
        places = [(link, [(side, self._datatype(link.flow, side), link.record(side)) for side in Side]) for link in made]
        owners = {
            (side, datatype, id): flow
            for side, datatype, ids in _by_place(place for _, ends in places for place in ends)
            for id, flow in self._db.rows("linked_among", side.value, datatype, self._db.listed(ids))
        }
        for link, ends in places:
            for place in ends:
                if place in owners:
                    return StoreError(
                        f"{link.flow}: {link.left} and {link.right} cannot be linked: {place[1]} {place[2]} is linked by {owners[place]}",
                        "Nothing was recorded. Run it again: it is planned anew.",
                    )
                owners[place] = link.flow
        return StoreError("a link was refused, although nothing stands against it: the state is damaged", "Put a backup of the state back.")

    def _finish(self, finished: Sequence[tuple[str, RecordRef]]) -> None:
        flows: dict[str, list[RecordRef]] = {}
        for flow, ref in finished:
            flows.setdefault(flow, []).append(ref)
        for flow, refs in flows.items():
            for side, datatype, ids in _by_place((ref.side, ref.datatype, ref.id) for ref in refs):
                self._db.rows("pending_done", flow, side.value, datatype, self._db.listed(ids))

    def _put_pending(self, rows: Sequence[Pending]) -> None:
        places = [pending_place(one.flow, one.ref) for one in rows]
        self._db.many("wait_drop", places)
        self._db.many("pending_put", [pending_row(one) for one in rows])
        self._db.many("wait_put", [(*place, wait.key) for place, one in zip(places, rows, strict=True) for wait in one.wait])

    def _settle(self, records: Sequence[Seen], settled: Sequence[RecordRef]) -> None:
        """Keep the answers; drop content that is settled, unless a flow has still to look at it."""
        free: set[RecordRef] = set()
        for side, datatype, ids in _by_place((ref.side, ref.datatype, ref.id) for ref in settled):
            needed = {id for (id,) in self._db.rows("pending_among", side.value, datatype, self._db.listed(ids))}
            free.update(RecordRef(side, datatype, id) for id in ids if id not in needed)
        self._db.many("record_put", [record_row(one, None if one.ref in free else packed(one.values)) for one in records])
        left = free.difference(one.ref for one in records)
        for side, datatype, ids in _by_place((ref.side, ref.datatype, ref.id) for ref in left):
            self._db.rows("records_settle", side.value, datatype, self._db.listed(ids))

    def _wake(self, made: Sequence[Link], pending: Sequence[Pending]) -> None:
        """Wake what waits for a new link; also what is going to wait for a link that another batch made in the meantime."""
        if self._db.one("wait_any") is not None:
            keys = [WaitsFor(link.flow, side, link.record(side)).key for link in made for side in Side]
            keys += [wait.key for wait in self.resolve([wait for one in pending for wait in one.wait])]
            self._db.rows("wait_wake", self._db.listed(keys))


def _by_place(places: Iterable[tuple[Side, str, str]]) -> Collection[tuple[Side, str, list[str]]]:
    """Ids by side and datatype."""
    found: dict[tuple[Side, str], list[str]] = {}
    for side, datatype, id in places:
        found.setdefault((side, datatype), []).append(id)
    return [(side, datatype, ids) for (side, datatype), ids in found.items()]


def keep_datatypes(database: Statements, flows: Sequence[Flow]) -> None:
    """Note each flow's datatypes; where they are new, the claims of its live links follow, so that exclusivity holds under them too."""
    before: dict[str, list[str]] = msgspec.json.decode(database.one("setting", "datatypes") or "{}")
    now = {flow.name: [flow.left, flow.right] for flow in flows}
    changed = [flow for flow in flows if before.get(flow.name) != now[flow.name]]
    if not changed:
        return
    with database.writing():
        for flow in changed:
            try:
                for side in Side:
                    database.rows("linked_move", side.value, flow.datatype(side), flow.name)
            except Taken as error:
                raise StoreError(
                    f"{flow.name}: some of its records are linked by another flow of the same datatype",
                    "Nothing was changed. Give the flow its former datatypes, or another name.",
                ) from error
        database.rows("setting_put", "datatypes", msgspec.json.encode(before | now).decode())

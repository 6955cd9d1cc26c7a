"""The honest fake: a connector to a system in memory that keeps every word of ports.Connector.

Owns: asking a MemorySystem in pages, with preconditions, and saying truly what came of it. Does not own: what the system is like
(connectors/memory_world.py), faults (connectors/hostile.py).

Where the system has no conditional write, the record is read again just before and its content compared. Between that look and the write
nothing happens here: the gap that a real system leaves is stated by the capability ``conditional_write``, it is not imitated.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta

from accord.connectors.memory_datatype import MemoryDatatype, copied
from accord.connectors.memory_world import Call, CallKind, Declined, MemorySystem, State, Who, spell
from accord.errors import ListingFailed
from accord.model.capabilities import Capabilities, ChangeCapture, Finding
from accord.model.plans import Found, OperationKind, Outcome, OutcomeKind, Write
from accord.model.records import Evidence, Gone, Hint, Observation, Page, RecordRef, Seen, Side
from accord.model.values import RawValues

__all__ = ["Call", "CallKind", "MemoryConnector", "MemoryDatatype", "MemorySystem", "State", "Who"]


class MemoryConnector:
    """A connector to ``world``, which is on ``side``.

    ``wanted``: by datatype, the properties that observations carry. ``sleep`` and ``latency`` (seconds): awaited before and after each
    request, so that on a virtual-time loop other things happen in between; without ``sleep`` nothing is ever awaited.
    """

    def __init__(
        self,
        world: MemorySystem,
        side: Side,
        wanted: Mapping[str, Collection[str]],
        sleep: Callable[[float], Awaitable[None]] | None = None,
        latency: float = 0.0,
    ) -> None:
        self.world = world
        self.side = side
        self.wanted = {datatype: tuple(names) for datatype, names in wanted.items()}
        self._sleep = sleep
        self._latency = latency
        self._able: dict[str, tuple[MemoryDatatype, Capabilities]] = {}

    @property
    def system(self) -> str:
        """The system's name."""
        return self.world.name

    def capabilities(self, datatype: str) -> Capabilities:
        """What the system can do with this datatype."""
        spec = self.world.datatypes[datatype]
        known = self._able.get(datatype)
        if known is None or known[0] is not spec:
            known = self._able[datatype] = spec, spec.capabilities()
        return known[1]

    async def list(self, datatype: str) -> AsyncIterator[Page]:
        """Every live record, in the order of making (or by modified time and offset, see MemoryDatatype.shifting)."""
        spec, cursor = self.world.datatypes[datatype], self._cursor(datatype)
        offset, last = 0, False
        while not last:
            await self._travel("list")
            rows = self._by_time(datatype) if spec.shifting else self.world.order(datatype)
            ids = rows[offset : offset + spec.page_size]
            offset += spec.page_size
            last = offset >= len(rows)
            found = tuple(one for id in ids if isinstance(one := self._listed(datatype, id), Seen))
            await self._travel()
            yield Page(found, last=last, cursor=spell(cursor) if last else None)

    async def changes(self, datatype: str, cursor: str) -> AsyncIterator[Page]:
        """What listings show as changed at or after the cursor; where there is a feed, only hints, but deletions as such.

        Raises ListingFailed for a cursor that this connector did not make, and where the system cannot tell changes.
        """
        spec = self.world.datatypes[datatype]
        if spec.changes is ChangeCapture.LISTING:
            raise ListingFailed(self.system, f"{datatype}: changes cannot be listed here")
        try:
            since = datetime.fromisoformat(cursor)
        except ValueError:
            raise ListingFailed(self.system, f"{datatype}: the cursor {cursor!r} is none of this system's") from None
        following = max(since, self._cursor(datatype))
        await self._travel()
        ids = self.world.changed(datatype, since)
        for start in range(0, max(1, len(ids)), spec.page_size):
            await self._travel("changes")
            part = [one for id in ids[start : start + spec.page_size] if (one := self._listed(datatype, id)) is not None]
            last = start + spec.page_size >= len(ids)
            await self._travel()
            yield self._page(part, spec.changes, spell(following) if last else None)

    async def read(self, datatype: str, ids: Sequence[str]) -> Sequence[Observation]:
        """What the records hold now, whatever the listings still show."""
        await self._travel("read")
        found = [self._read(datatype, id) for id in ids]
        await self._travel()
        return found

    async def find(self, datatype: str, writes: Sequence[Write]) -> Sequence[Found]:
        """Records that carry the references; a copy that a user has deleted since counts, with what it last held (P7)."""
        finding = self.capabilities(datatype).finding
        if finding is Finding.NONE:
            return [Found(write.key, message="this system cannot be asked for references") for write in writes]
        await self._travel("find")
        answers = []
        for write in writes:
            records = tuple(self._seen(datatype, id, state) for id, state in self.world.made_for(datatype, write.reference))
            answers.append(Found(write.key, records, certain=finding is Finding.CERTAIN))
        await self._travel()
        return answers

    async def write(self, datatype: str, writes: Sequence[Write]) -> AsyncIterator[Outcome]:
        """Make the writes one after the other, in their order."""
        for write in writes:
            await self._travel()
            outcome = self.carry_out(datatype, write)
            await self._travel()
            yield outcome

    async def close(self) -> None:
        """Nothing is held."""

    # --- within ---------------------------------------------------------------------------------------------------------------------

    async def _travel(self, request: str = "") -> None:
        if request:
            self.world.requests[request] += 1
        if self._sleep is not None:
            await self._sleep(self._latency)

    def _cursor(self, datatype: str) -> datetime:
        """The moment from which on changes may still be unseen: now, less the commit lag, as finely as the system tells time."""
        spec = self.world.datatypes[datatype]
        return spec.floor(self.world.now() - timedelta(seconds=spec.commit_lag))

    def _by_time(self, datatype: str) -> Sequence[str]:
        shown = ((id, self.world.shown(datatype, id)) for id in self.world.order(datatype))
        live = [(state.modified, id) for id, state in shown if state is not None and not state.deleted]
        return [id for _, id in sorted(live)]

    def _listed(self, datatype: str, id: str) -> Seen | Gone | None:
        """What a listing says of a record; None: nothing."""
        state = self.world.shown(datatype, id)
        if state is None:
            return None
        if state.deleted:
            sees_deletes = self.world.datatypes[datatype].sees_deletes
            return Gone(RecordRef(self.side, datatype, id), Evidence.TOMBSTONE) if sees_deletes else None
        return self._seen(datatype, id, state)

    def _page(self, part: Sequence[Seen | Gone], capture: ChangeCapture, cursor: str | None) -> Page:
        if capture is ChangeCapture.SINCE:
            return Page(tuple(part), last=cursor is not None, cursor=cursor)
        hints = tuple(Hint(one.ref, one.version) for one in part if isinstance(one, Seen))
        return Page(tuple(one for one in part if isinstance(one, Gone)), hints, cursor is not None, cursor)

    def _read(self, datatype: str, id: str) -> Seen | Gone:
        state = self.world.state(datatype, id)
        if state is None or state.deleted:
            return Gone(RecordRef(self.side, datatype, id), Evidence.NOT_FOUND)
        return self._seen(datatype, id, state)

    def _seen(self, datatype: str, id: str, state: State) -> Seen:
        spec = self.world.datatypes[datatype]
        values: RawValues = {name: copied(state.values[name]) for name in self.wanted[datatype] if name in state.values}
        modified = spell(spec.floor(state.modified)) if spec.modified_time else None
        return Seen.of(RecordRef(self.side, datatype, id), values, self._version(spec, datatype, state), modified)

    def _version(self, spec: MemoryDatatype, datatype: str, state: State) -> str | None:
        """The mark of change, unless it is a time that may still come to stand for other content."""
        settles = timedelta(seconds=spec.granularity + spec.commit_lag)
        if spec.versions == "time" and self.world.now() < spec.floor(state.modified) + settles:
            return None
        return self.world.mark(datatype, state)

    def carry_out(self, datatype: str, write: Write) -> Outcome:
        """What the system does with a write once it has arrived."""
        try:
            seen = self._effect(datatype, write)
        except Declined as declined:
            now = self._read(datatype, write.ref.id) if declined.kind is OutcomeKind.MOVED else None
            observation = now if isinstance(now, Seen) else None
            return Outcome(write.key, declined.kind, observation, declined.message, declined.property)
        return Outcome(write.key, OutcomeKind.DONE, seen)

    def _effect(self, datatype: str, write: Write) -> Seen | None:
        """Do it. Raises Declined."""
        id = write.ref.id
        if write.kind is OperationKind.CREATE:
            return self._seen(datatype, *self.world.create(datatype, write.values, write.reference, write.idempotency))
        version = self._stated(datatype, write)
        if write.kind is OperationKind.UPDATE:
            return self._seen(datatype, id, self.world.update(datatype, id, write.values, version))
        self.world.delete(datatype, id, version)
        return None

    def _stated(self, datatype: str, write: Write) -> str | None:
        """The version to state in the call; where there is none to state, the content is compared here. Raises Declined (MOVED)."""
        expected = write.precondition
        if expected is None:
            return None
        if self.capabilities(datatype).conditional_write and expected.version is not None:
            return expected.version
        now = self._read(datatype, id=write.ref.id)
        if isinstance(now, Seen) and now.fingerprint != expected.fingerprint:
            raise Declined(OutcomeKind.MOVED, "the record has changed since it was read")
        return None

"""The seeded liar: wraps any connector and does to its calls what networks, servers and colleagues do, chosen by a seed.

Owns: the faults, and that each is within what ports.Connector allows (a lie about the world, never a breach of the port). Does not own:
what the wrapped system is like. The same seed, plan and calls give the same faults; a plan of none draws no randomness.

Two kinds of listing faults lose a change for good as far as the cursor goes: an empty full listing, and records skipped by shifting pages.
Both strike ``list`` only; what they hide is found by the next full listing.
"""

import random
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, fields, replace
from enum import StrEnum

from accord.errors import SystemRefused, SystemUnavailable
from accord.model.capabilities import Capabilities
from accord.model.plans import Found, OperationKind, Outcome, OutcomeKind, Write
from accord.model.records import Hint, Observation, Page, RecordRef, Seen, Unreadable
from accord.ports import Connector

RETRY_AFTER = 2.0
"""Seconds that a call waits which is told to slow down."""


class Fault(StrEnum):
    """What can be done to a call. The value is the name of the probability in FaultPlan."""

    NOT_REACHED = "not_reached"  # the connection is refused: certainly nothing happened
    TIMED_OUT_BEFORE = "timed_out_before"  # while connecting: certainly nothing happened
    TIMED_OUT_AFTER = "timed_out_after"  # it was done, the answer is lost
    LATE = "late"  # given up: it was done later, within the time that the system needs to settle
    NO_ID = "no_id"  # 201, but the answer does not say what was made
    SERVER_ERROR = "server_error"  # 5xx; a write may have been done or not
    SLOWED_DOWN = "slowed_down"  # 429: the call takes longer
    SIGNED_OUT = "signed_out"  # 401: the rest of a batch is not sent either
    FORBIDDEN = "forbidden"  # 403 on this record
    TRUNCATED = "truncated"  # a listing that ends without a last page
    EMPTY = "empty"  # a full listing with nothing in it, properly ended
    SHIFTED = "shifted"  # records repeated, in full listings also skipped
    VANISHED = "vanished"  # a record without one of its properties: neither empty nor null
    STALE = "stale"  # a read by id that gives an earlier content
    FIND_LAGS = "find_lags"  # a search that does not see it yet, and does not claim to
    MOVED = "moved"  # a user edits between our look and our write
    REFUSED_RECORD = "refused_record"  # 422 on this record
    DISORDERED = "disordered"  # outcomes in another order than the writes
    REPEATED_HINTS = "repeated_hints"  # each hint of a page twice


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultPlan:
    """How probable each fault is, 0.0 to 1.0, each time it could strike."""

    not_reached: float = 0.0
    timed_out_before: float = 0.0
    timed_out_after: float = 0.0
    late: float = 0.0
    no_id: float = 0.0
    server_error: float = 0.0
    slowed_down: float = 0.0
    signed_out: float = 0.0
    forbidden: float = 0.0
    truncated: float = 0.0
    empty: float = 0.0
    shifted: float = 0.0
    vanished: float = 0.0
    stale: float = 0.0
    find_lags: float = 0.0
    moved: float = 0.0
    refused_record: float = 0.0
    disordered: float = 0.0
    repeated_hints: float = 0.0

    @classmethod
    def none(cls) -> "FaultPlan":
        """Nothing ever fails."""
        return cls()

    @classmethod
    def every(cls, probability: float) -> "FaultPlan":
        """All faults alike."""
        return cls(**{field.name: probability for field in fields(cls)})

    @classmethod
    def only(cls, fault: Fault, probability: float = 1.0) -> "FaultPlan":
        """One fault."""
        return cls(**{fault.value: probability})

    def probability(self, fault: Fault) -> float:
        """Of one fault."""
        found: float = getattr(self, fault.value)
        return found


class HostileConnector:
    """``inner`` with faults. ``faults`` may be replaced at any time; ``injected`` counts those that made a difference.

    ``rng``: seeded by the caller. ``edit``: makes a user edit the record (datatype, id), for MOVED; without it that fault never strikes.
    ``sleep``: how SLOWED_DOWN waits, seconds; without it, it only counts. ``later``: carries a write out by itself after so many seconds,
    for LATE; only a create, or a write that states a version, is ever late: any other could undo what nobody can protect.
    """

    def __init__(
        self,
        inner: Connector,
        rng: random.Random,
        faults: FaultPlan,
        edit: Callable[[str, str], None] | None = None,
        sleep: Callable[[float], Awaitable[None]] | None = None,
        later: Callable[[float, str, Write], None] | None = None,
    ) -> None:
        self.inner = inner
        self.faults = faults
        self.injected: Counter[Fault] = Counter()
        self._rng = rng
        self._edit = edit
        self._sleep = sleep
        self._later = later
        self._before: dict[RecordRef, Seen] = {}
        self._latest: dict[RecordRef, Seen] = {}

    def heal(self) -> None:
        """From now on nothing fails."""
        self.faults = FaultPlan.none()

    @property
    def system(self) -> str:
        """The system's name."""
        return self.inner.system

    def capabilities(self, datatype: str) -> Capabilities:
        """As the wrapped connector says: faults are not capabilities."""
        return self.inner.capabilities(datatype)

    async def list(self, datatype: str) -> AsyncIterator[Page]:
        """A full listing that may fail, break off, be empty, skip or repeat."""
        pages = self.inner.list(datatype)
        if self._strikes(Fault.EMPTY):
            whole = [page async for page in pages]
            if any(page.observations for page in whole):
                self.injected[Fault.EMPTY] += 1
            yield Page(last=True, cursor=whole[-1].cursor)
            return
        async for page in self._paged(pages, skipping=True):
            yield page

    async def changes(self, datatype: str, cursor: str) -> AsyncIterator[Page]:
        """Changes that may fail, break off or repeat, but skip nothing."""
        async for page in self._paged(self.inner.changes(datatype, cursor), skipping=False):
            yield page

    async def read(self, datatype: str, ids: Sequence[str]) -> Sequence[Observation]:
        """Reading by id that may fail as a whole, be forbidden for some records, or give an earlier content."""
        await self._reach()
        return [self._aged(one) for one in self._looked_at(await self.inner.read(datatype, ids))]

    async def find(self, datatype: str, writes: Sequence[Write]) -> Sequence[Found]:
        """A search that may fail, or not see yet what is there; it then does not claim to be certain."""
        await self._reach()
        found = await self.inner.find(datatype, writes)
        return [Found(one.key, message="the index lags") if self._strikes(Fault.FIND_LAGS, count=True) else one for one in found]

    async def write(self, datatype: str, writes: Sequence[Write]) -> AsyncIterator[Outcome]:
        """Writes, one by one; every write still has exactly one outcome."""
        outcomes: AsyncIterator[Outcome] = self._in_turn(datatype, writes)
        if self._strikes(Fault.DISORDERED) and len(writes) > 1:
            self.injected[Fault.DISORDERED] += 1
            shuffled = [outcome async for outcome in outcomes]
            self._rng.shuffle(shuffled)
            for outcome in shuffled:
                yield outcome
            return
        async for outcome in outcomes:
            yield outcome

    async def close(self) -> None:
        """Close the wrapped connector."""
        await self.inner.close()

    # --- reading ----------------------------------------------------------------------------------------------------------------

    def _strikes(self, fault: Fault, *, count: bool = False) -> bool:
        """Whether it strikes now. ``count``: it makes a difference for certain."""
        probability = self.faults.probability(fault)
        struck = probability > 0 and self._rng.random() < probability
        if struck and count:
            self.injected[fault] += 1
        return struck

    async def _reach(self) -> None:
        """The way to the system for a reading call. Raises SystemUnavailable, SystemRefused."""
        await self._slow_down()
        for fault in (Fault.NOT_REACHED, Fault.TIMED_OUT_BEFORE, Fault.TIMED_OUT_AFTER, Fault.SERVER_ERROR):
            if self._strikes(fault, count=True):
                raise SystemUnavailable(self.system, f"injected: {fault}")
        if self._strikes(Fault.SIGNED_OUT, count=True):
            raise SystemRefused(self.system, "injected: 401 unauthorized")

    async def _slow_down(self) -> None:
        if self._strikes(Fault.SLOWED_DOWN, count=True) and self._sleep is not None:
            await self._sleep(RETRY_AFTER)

    async def _paged(self, pages: AsyncIterator[Page], *, skipping: bool) -> AsyncIterator[Page]:
        breaks_off = self._strikes(Fault.TRUNCATED)
        earlier: tuple[Observation, ...] = ()
        try:
            await self._reach()
            async for page in pages:
                if breaks_off and (page.last or self._rng.random() < 0.5):
                    self.injected[Fault.TRUNCATED] += 1
                    yield replace(page, observations=page.observations[: len(page.observations) // 2], last=False, cursor=None)
                    return
                observations = self._shifted(tuple(self._looked_at(page.observations)), earlier, skipping)
                earlier = page.observations or earlier
                yield Page(observations, self._repeated(page), page.last, page.cursor, page.doubt)
        finally:
            if isinstance(pages, AsyncGenerator):
                await pages.aclose()

    def _repeated(self, page: Page) -> tuple[Hint, ...]:
        return page.hints * 2 if page.hints and self._strikes(Fault.REPEATED_HINTS, count=True) else page.hints

    def _shifted(self, observations: tuple[Observation, ...], earlier: tuple[Observation, ...], skipping: bool) -> tuple[Observation, ...]:
        if not observations or not self._strikes(Fault.SHIFTED, count=True):
            return observations
        place = self._rng.randrange(len(observations))
        stays = observations[:place] + observations[place + 1 :] if skipping else observations
        return (self._rng.choice(earlier or observations), *stays)

    def _looked_at(self, observations: Sequence[Observation]) -> Sequence[Observation]:
        """The observations, some of them forbidden; what is seen is remembered, so that it can be given again when it is stale."""
        found: list[Observation] = []
        for one in observations:
            if isinstance(one, Seen) and self._strikes(Fault.FORBIDDEN, count=True):
                found.append(Unreadable(one.ref, "injected: 403 forbidden"))
                continue
            if isinstance(one, Seen):
                self._remember(one)
            found.append(self._without_one(one) if isinstance(one, Seen) and self._strikes(Fault.VANISHED) else one)
        return found

    def _without_one(self, seen: Seen) -> Seen:
        """The record, as if one of its properties had been taken out of the system."""
        if not seen.values:
            return seen
        self.injected[Fault.VANISHED] += 1
        gone = self._rng.choice(sorted(seen.values))
        return Seen.of(seen.ref, {name: value for name, value in seen.values.items() if name != gone}, seen.version, seen.modified)

    def _remember(self, seen: Seen) -> None:
        latest = self._latest.get(seen.ref)
        if latest is not None and latest.fingerprint != seen.fingerprint:
            self._before[seen.ref] = latest
        self._latest[seen.ref] = seen

    def _aged(self, one: Observation) -> Observation:
        """The content before the last one that was looked at, if there was one and the fault strikes."""
        before = self._before.get(one.ref)
        if isinstance(one, Seen) and before is not None and self._strikes(Fault.STALE, count=True):
            return before
        return one

    # --- writing ----------------------------------------------------------------------------------------------------------------

    async def _in_turn(self, datatype: str, writes: Sequence[Write]) -> AsyncIterator[Outcome]:
        signed_out = False
        for write in writes:
            if signed_out or self._strikes(Fault.SIGNED_OUT, count=True):
                signed_out = True
                yield Outcome(write.key, OutcomeKind.FAILED, message="injected: 401 unauthorized", fatal=True)
            else:
                yield self._not_done(write) or await self._done(datatype, write)

    def _not_done(self, write: Write) -> Outcome | None:
        """The outcome of a write that never takes effect, if one of those faults strikes."""
        for fault in (Fault.NOT_REACHED, Fault.TIMED_OUT_BEFORE):
            if self._strikes(fault, count=True):
                return Outcome(write.key, OutcomeKind.FAILED, message=f"injected: {fault}")
        if self._strikes(Fault.REFUSED_RECORD, count=True):
            return Outcome(write.key, OutcomeKind.REFUSED, message="injected: 422 this record is refused")
        return None

    def _may_be_late(self, datatype: str, write: Write) -> bool:
        able = self.capabilities(datatype)
        guarded = able.conditional_write and write.precondition is not None and write.precondition.version is not None
        return bool(able.settles) and (write.kind is OperationKind.CREATE or guarded)

    async def _done(self, datatype: str, write: Write) -> Outcome:
        """The outcome of a write that takes its way; what is known of it afterwards is another matter."""
        await self._slow_down()
        broken = self._strikes(Fault.SERVER_ERROR, count=True)
        if broken and self._rng.random() < 0.5:
            return Outcome(write.key, OutcomeKind.UNKNOWN, message="injected: 500 before the effect")
        if self._later is not None and self._may_be_late(datatype, write) and self._strikes(Fault.LATE, count=True):
            self._later(self._rng.uniform(0.1, 0.9) * self.capabilities(datatype).settles, datatype, write)
            return Outcome(write.key, OutcomeKind.UNKNOWN, message="injected: timed out, and the effect is to come")
        if self._edit is not None and write.kind is not OperationKind.CREATE and self._strikes(Fault.MOVED, count=True):
            self._edit(datatype, write.ref.id)
        (outcome,) = [each async for each in self.inner.write(datatype, [write])]
        if outcome.observation is not None:
            self._remember(outcome.observation)
        if broken:
            return Outcome(write.key, OutcomeKind.UNKNOWN, message="injected: 500 after the effect")
        if self._strikes(Fault.TIMED_OUT_AFTER, count=True):
            return Outcome(write.key, OutcomeKind.UNKNOWN, message="injected: timed out after the effect")
        made = write.kind is OperationKind.CREATE and outcome.kind is OutcomeKind.DONE
        if made and self._strikes(Fault.NO_ID, count=True):
            return Outcome(write.key, OutcomeKind.UNKNOWN, message="injected: 201 without an id")
        return outcome

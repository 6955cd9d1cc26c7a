"""Two systems of any size that take no memory, and an engine between them: for figures of Accord alone, without a wire.

Owns: Generated, a connector to a system whose records follow from their number; the flow between two of them; the engine on a state file.
Does not own: what is measured (cycles.py, core.py).

A record that nobody has edited is worked out when it is asked for, so a million of them leave the memory to Accord. Making one takes some
microseconds, which the tables say. Edits are kept; ids, versions, times and the feed of changes are as in connectors/memory.py.
"""

import asyncio
import contextlib
import functools
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import TypeAlias

from accord.app.machine import RandomIds, RealClock, StoreThread
from accord.connectors.memory_datatype import REFERENCE
from accord.core.mapping import CompiledFlow, compile_flow
from accord.engine.cycle import cycle
from accord.engine.parts import Depth, Engine
from accord.model.capabilities import Capabilities, ChangeCapture, Finding
from accord.model.dataflow import Creation, Dataflow, Flow, Guards, MatchPart, Onboarding, PropertyMapping, SystemEntry
from accord.model.manifest import Datatype, Listing, Property
from accord.model.plans import Found, OperationKind, Outcome, OutcomeKind, Write
from accord.model.records import Evidence, Gone, Observation, Page, RecordRef, Seen, Side
from accord.model.runs import Run
from accord.model.values import DataType, RawValues
from accord.store.sqlite import SqliteStore

Make: TypeAlias = Callable[[int], dict[str, object]]

PROPERTIES = (
    ("Email", "email", DataType.STRING),
    ("FirstName", "givenName", DataType.STRING),
    ("LastName", "familyName", DataType.STRING),
    ("Phone", "telephone", DataType.STRING),
    ("Street", "street", DataType.STRING),
    ("City", "town", DataType.STRING),
    ("Born", "born", DataType.DATE),
    ("Balance", "balance", DataType.DECIMAL),
    ("Member", "isMember", DataType.BOOLEAN),
)
NAMES = {Side.LEFT: tuple(one[0] for one in PROPERTIES), Side.RIGHT: tuple(one[1] for one in PROPERTIES)}
KINDS = {Side.LEFT: "Contact", Side.RIGHT: "Persons"}
PREFIXES = {Side.LEFT: "C-", Side.RIGHT: "p"}
PAGE = 500
LONG_AGO = "2026-01-01T00:00:00Z"
FLOW = Flow(
    name="Contact to Persons",
    left=KINDS[Side.LEFT],
    right=KINDS[Side.RIGHT],
    properties=tuple(
        PropertyMapping(left=(left,), right=(right,), name=left, type=kind, scale=2 if kind is DataType.DECIMAL else None)
        for left, right, kind in PROPERTIES
    ),
    match=((MatchPart(left="Email", right="email", normal="email"),),),
    create=Creation.LEFT_TO_RIGHT,
    onboarding=Onboarding.CREATE,
    guards=Guards(changes=10_000_000),  # thousands of edits at once are meant here, and not to be held for a person
)
DATAFLOW = Dataflow(left=SystemEntry(system="crm", manifest=""), right=SystemEntry(system="register", manifest=""), flows=(FLOW,))
ABLE = Capabilities(
    delete=True,
    conditional_write=True,
    idempotency_key=True,
    finding=Finding.CERTAIN,
    changes=ChangeCapture.SINCE,
    sees_deletes=True,
    modified_time=True,
    granularity=0.001,
    reference=REFERENCE,
)


def person(number: int) -> tuple[object, ...]:
    """The values of the record of that number, in the order of PROPERTIES."""
    return (
        f"ingrid.{number}@example.org",
        f"Ingrid {number % 1013}",
        f"Solbakken-{number % 977}",
        f"+479{number % 10_000_000:07d}",
        f"Storgata {number % 300}",
        "Trondheim" if number % 3 else "Bodø",
        f"{1940 + number % 70}-{1 + number % 12:02d}-{1 + number % 28:02d}",
        Decimal(number % 100_000) / 100,
        number % 2 == 0,
    )


@functools.cache
def compiled() -> CompiledFlow:
    """The flow, compiled."""
    kinds: Mapping[Side, Datatype] = {
        side: Datatype(id="Id", list=Listing(path=""), properties={name: _property(kind) for name, (*_, kind) in _named(side)})
        for side in Side
    }
    return compile_flow(FLOW, kinds[Side.LEFT], kinds[Side.RIGHT], "UTC", "UTC")


def _named(side: Side) -> Iterator[tuple[str, tuple[str, str, DataType]]]:
    return zip(NAMES[side], PROPERTIES, strict=True)


def _property(kind: DataType) -> Property:
    return Property(type=kind.value, scale=2 if kind is DataType.DECIMAL else None)  # type: ignore[arg-type]  # these names are the same


class Generated:
    """One system. See ports.Connector. ``size``: how many records are there before anybody makes one. ``calls``: requests, by kind."""

    def __init__(self, side: Side, size: int) -> None:
        self.side, self.size = side, size
        self.calls: dict[str, int] = {"list": 0, "changes": 0, "read": 0, "find": 0, "write": 0}
        self._names = NAMES[side]
        self._edits: dict[int, tuple[int, int, RawValues]] = {}  # number -> version, when, values
        self._made: dict[str, int] = {}  # our reference -> number
        self._order: list[int] = []  # numbers in the order of their changes; the cursor is a place in it

    @property
    def system(self) -> str:
        """The system's name."""
        return DATAFLOW.entry(self.side).system

    def capabilities(self, datatype: str) -> Capabilities:  # noqa: ARG002  # one datatype
        """What it can do."""
        return ABLE

    async def close(self) -> None:
        """Nothing is held."""

    # --- users and looking -----------------------------------------------------------------------------------------------------------

    def edit(self, number: int, values: RawValues) -> None:
        """Somebody changes properties of a record."""
        version, _, before = self._edits.get(number) or (1, 0, self._values(number))
        self._order.append(number)
        self._edits[number] = (version + 1, len(self._order), {**before, **values})

    def held(self, number: int) -> RawValues:
        """What a record holds."""
        return self._edits[number][2] if number in self._edits else self._values(number)

    def __len__(self) -> int:
        return self.size + len(self._made)

    def _values(self, number: int) -> RawValues:
        return dict(zip(self._names, person(number), strict=True)) if number < self.size else {}

    def seen(self, number: int) -> Seen:
        """A record, as it is read."""
        ref = RecordRef(self.side, KINDS[self.side], f"{PREFIXES[self.side]}{number}")
        if number not in self._edits:
            return Seen.of(ref, self._values(number), "1", LONG_AGO)
        version, when, values = self._edits[number]
        hours, minutes = divmod(when // 60_000, 60)
        modified = f"2026-01-02T{hours % 24:02d}:{minutes:02d}:{when // 1000 % 60:02d}.{when % 1000:03d}Z"
        return Seen.of(ref, values, str(version), modified)

    # --- the port -------------------------------------------------------------------------------------------------------------------

    async def list(self, datatype: str) -> AsyncIterator[Page]:  # noqa: ARG002
        """Every record."""
        cursor, end = str(len(self._order)), len(self)
        for start in range(0, max(1, end), PAGE):
            self.calls["list"] += 1
            last = start + PAGE >= end
            yield Page(tuple(self.seen(one) for one in range(start, min(end, start + PAGE))), last=last, cursor=cursor if last else None)
            await asyncio.sleep(0)  # as the wire does, let others go on

    async def changes(self, datatype: str, cursor: str) -> AsyncIterator[Page]:  # noqa: ARG002
        """What changed at or after the cursor."""
        now = len(self._order)
        found = list(dict.fromkeys(self._order[max(0, int(cursor) - 1) :]))
        for start in range(0, max(1, len(found)), PAGE):
            self.calls["changes"] += 1
            last = start + PAGE >= len(found)
            yield Page(tuple(self.seen(one) for one in found[start : start + PAGE]), last=last, cursor=str(now) if last else None)
            await asyncio.sleep(0)

    async def read(self, datatype: str, ids: Sequence[str]) -> Sequence[Observation]:
        """One observation per id."""
        self.calls["read"] += len(ids)
        numbers = [int(id[len(PREFIXES[self.side]) :]) for id in ids]
        missing = (Gone(RecordRef(self.side, datatype, id), Evidence.NOT_FOUND) for id in ids)
        return [self.seen(number) if number < len(self) else gone for number, gone in zip(numbers, missing, strict=True)]

    async def find(self, datatype: str, writes: Sequence[Write]) -> Sequence[Found]:  # noqa: ARG002
        """Records that carry the references."""
        self.calls["find"] += len(writes)
        made = [(one.key, self._made.get(one.reference)) for one in writes]
        return [Found(key, () if number is None else (self.seen(number),), certain=True) for key, number in made]

    async def write(self, datatype: str, writes: Sequence[Write]) -> AsyncIterator[Outcome]:  # noqa: ARG002
        """Creates and updates; a version that is stated must hold."""
        for write in writes:
            self.calls["write"] += 1
            number = len(self) if write.kind is OperationKind.CREATE else int(write.ref.id[len(PREFIXES[self.side]) :])
            if write.kind is OperationKind.CREATE:
                self._made[write.reference] = number
            elif write.precondition is not None and self.seen(number).fingerprint != write.precondition.fingerprint:
                yield Outcome(write.key, OutcomeKind.MOVED, self.seen(number), "the record has changed since it was read")
                continue
            self.edit(number, write.values)
            yield Outcome(write.key, OutcomeKind.DONE, self.seen(number))
        await asyncio.sleep(0)


# --- the engine between two of them ----------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def engine_between(left: Generated, right: Generated, state: Path) -> Iterator[Engine]:
    """The engine as app/ makes it, on a durable state file of its own."""
    keep = StoreThread()
    with contextlib.ExitStack() as stack:
        stack.callback(keep.close)
        store = stack.enter_context(SqliteStore.open(state, [FLOW]))
        connectors = {Side.LEFT: left, Side.RIGHT: right}
        yield Engine(DATAFLOW, {FLOW.name: compiled()}, connectors, store, keep, RealClock(), RandomIds())


async def one_cycle(engine: Engine, depth: Depth = Depth.CHANGES) -> Run:
    """One run of one cycle, noted in the store."""
    run = Run(engine.ids.new(), "benchmark", engine.now())
    await engine.keep(engine.store.begin, run)
    await cycle(engine, run, (), depth)
    run.ended, run.result = engine.now(), "done"
    await engine.keep(engine.store.end, run)
    return run

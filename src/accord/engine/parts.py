"""What the engine is made of: ports and compiled flows, put together by app/ and handed to every step.

Owns: Engine, the parts of one dataflow; Depth; InHand. Does not own: making any of them.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, ParamSpec, Protocol, Self, TypeVar

from accord.core.flowrules import FlowRules, property_rules
from accord.core.mapping import CompiledFlow
from accord.engine.quieting import Typing
from accord.model.dataflow import Dataflow, Flow
from accord.model.records import RecordRef, Side
from accord.ports import Clock, Connector, Ids, Store

P = ParamSpec("P")
T = TypeVar("T")


class Keep(Protocol):
    """Runs a call on the store's own thread (or at once, in a simulation), so that writes are serialised and the loop never waits."""

    def __call__(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> Awaitable[T]:
        """Run it and give its result."""
        ...


class Depth(StrEnum):
    """How much a cycle reads before it works off what is pending."""

    QUICK = "quick"  # the hinted records and nothing else: no listing, no changes, no cursor moves; once the changes have been read once
    CHANGES = "changes"  # what changed since the cursors, and the hinted records
    FULL = "full"  # everything


class InHand:
    """What must not be broken off: batches between their intents and their record step. A stop lets none begin and waits for the rest."""

    def __init__(self) -> None:
        self._count = 0
        self._closed = False
        self._none = asyncio.Event()
        self._none.set()

    def __enter__(self) -> Self:
        self._count += 1
        self._none.clear()
        return self

    def __exit__(self, *_: object) -> None:
        self._count -= 1
        if not self._count:
            self._none.set()

    @property
    def closed(self) -> bool:
        """Whether nothing more may begin."""
        return self._closed

    async def close(self) -> None:
        """Let nothing more begin; return when nothing is in hand."""
        self._closed = True
        await self._none.wait()


def ignore_progress(_flow: str, _done: int, _left: int) -> None:
    """Tell nobody."""


@dataclass(slots=True)
class Engine:
    """One dataflow, ready to run. ``batch``: records worked on at once; ``ahead``: batches in flight; ``tries``: per record and cycle.

    ``progress``: told the flow, records done, and records left as far as known. ``in_hand``: what a stop has to wait for.
    ``approve``: a person has looked: what the guards hold goes on in this run.
    ``believed``: a person has looked there: records that a listing of these does not show may be gone, however many.
    ``caught_up``: what has been read up to now since this engine began: its state may be an older one that was put back (P25).
    ``unlisted``: records that are there although no full listing shows them.
    ``looked``: records that were asked for in this cycle, as a reference might mean them; ``looking``: one batch at a time asks.
    ``heard``: records announced since their last reading began, so that a hint that comes while its record is being read is not lost.
    ``typing``: which of them are to be left alone for a moment; None: none are.
    ``portion``: in a service, how many records that a feed names a cycle reads one by one, so that announced edits do not wait behind our
    own writes being read back; the others stay hinted, and ``left`` says so. ``unreadable``: those that could not be looked at since the
    last poll.
    """

    dataflow: Dataflow
    compiled: Mapping[str, CompiledFlow]
    connectors: Mapping[Side, Connector]
    store: Store
    keep: Keep
    clock: Clock
    ids: Ids
    progress: Callable[[str, int, int], None] = ignore_progress
    batch: int = 500
    ahead: int = 3
    tries: int = 3
    go_ahead: bool = False
    approve: bool = False
    believed: frozenset[tuple[Side, str]] = frozenset()
    tried: dict[tuple[str, RecordRef], int] = field(default_factory=dict)
    in_hand: InHand = field(default_factory=InHand)
    caught_up: set[tuple[Side, str]] = field(default_factory=set)
    unlisted: set[tuple[Side, str, str]] = field(default_factory=set)
    looked: set[RecordRef] = field(default_factory=set)
    looking: asyncio.Lock = field(default_factory=asyncio.Lock)
    heard: set[RecordRef] = field(default_factory=set)
    typing: Typing | None = None
    portion: int | None = None
    left: bool = False
    unreadable: set[RecordRef] = field(default_factory=set)
    _made: dict[str, Any] = field(default_factory=dict)

    def once(self, name: str, make: Callable[[], T]) -> T:
        """What follows from the configuration alone, and is therefore worked out once."""
        if name not in self._made:
            self._made[name] = make()
        made: T = self._made[name]
        return made

    def now(self) -> str:
        """The current instant as the store keeps it."""
        return instant_text(self.clock.now())

    def day_ago(self) -> str:
        """The instant 24 hours ago, as the store keeps it."""
        return instant_text(self.clock.now() - timedelta(hours=24))

    def flows(self, names: Sequence[str] = ()) -> tuple[Flow, ...]:
        """The chosen flows, or all of them, in the order of the file."""
        return tuple(flow for flow in self.dataflow.flows if not names or flow.name in names)

    def interested(self, side: Side, datatype: str) -> tuple[Flow, ...]:
        """The flows that use this datatype on this side: one reader serves them all."""
        return tuple(flow for flow in self.dataflow.flows if flow.datatype(side) == datatype)


def flow_rules(engine: Engine, flow: Flow, unknown: frozenset[RecordRef], onboarded: str | None, go_ahead: bool) -> FlowRules:
    """Bring together all that holds for a flow in this run."""
    return FlowRules(
        compiled=engine.compiled[flow.name],
        properties=engine.once(f"properties {flow.name}", lambda: property_rules(flow)),
        capabilities={side: engine.connectors[side].capabilities(flow.datatype(side)) for side in Side},
        systems={side: engine.dataflow.entry(side).system for side in Side},
        kinds=engine.once("kinds", lambda: {other.name: {side: other.datatype(side) for side in Side} for other in engine.dataflow.flows}),
        go_ahead=go_ahead,
        onboarded=onboarded,
        unknown=unknown,
    )


def instant_text(moment: datetime) -> str:
    """An aware instant in canonical text with milliseconds."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")

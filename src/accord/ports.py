"""The protocols between the engine and the world: Connector, Plugin, Store, Clock, Ids, Secrets.

Owns: what the engine may ask for. Does not own: any answer. Batch-shaped: never a call per record where a batch would do. Who writes a
connector reads from Clock to Plugin; Store is the engine's own.
"""

import random
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final, Protocol, runtime_checkable

from accord.errors import Problem
from accord.model.capabilities import Capabilities
from accord.model.journal import Absorb, Candidate, Closing, Intent, Moved, Totals
from accord.model.links import Link, Pending, PendingState, WaitsFor
from accord.model.plans import Found, Operation, Outcome, Write
from accord.model.plugged import Misfit, PluggedManifest
from accord.model.records import Hint, Known, Observation, Page, Side, Stored
from accord.model.runs import Run


class Clock(Protocol):
    """Time, passed in, so that a simulation can own it."""

    def now(self) -> datetime:
        """The current instant, aware, in UTC."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        ...

    def monotonic(self) -> float:
        """Seconds on a clock that never goes back, for deadlines."""
        ...


class Ids(Protocol):
    """Identifiers, passed in."""

    def new(self) -> str:
        """A fresh one: unique, sortable by time of making, [0-9a-z]."""
        ...


class Secrets(Protocol):
    """Where secret references are looked up."""

    def get(self, reference: str) -> str:
        """The secret behind "env:NAME", "file:PATH" or "keyring:NAME". Raises ConfigurationError if there is none."""
        ...


@runtime_checkable
class KeepsTokens(Protocol):
    """Secrets that also know where a token may be kept that comes to replace one of them."""

    @property
    def tokens(self) -> Path:
        """A folder of this machine; it need not exist yet."""
        ...


class Connector(Protocol):
    """One system over one protocol. It lists, reads and writes, and decides nothing.

    Raises SystemUnavailable, SystemRefused and ListingFailed; never lets a transport's own error out. All calls are safe to repeat but
    ``write``, which is repeated by nobody: what became of a write is said by its outcome.
    """

    @property
    def system(self) -> str:
        """The system's name."""
        ...

    def capabilities(self, datatype: str) -> Capabilities:
        """What it can really do with this datatype."""
        ...

    def list(self, datatype: str) -> AsyncIterator[Page]:
        """Every record, page by page; the last page says so and carries the cursor for ``changes``, taken *before* the first page."""
        ...

    def changes(self, datatype: str, cursor: str) -> AsyncIterator[Page]:
        """What changed or was deleted since the cursor, inclusive: observations, or hints where a feed only names records.

        Where ``capabilities(datatype).changes`` is LISTING this is not called.
        """
        ...

    async def read(self, datatype: str, ids: Sequence[str]) -> Sequence[Observation]:
        """One observation per id, in the same order. A record that is not there is Gone(NOT_FOUND), not an error."""
        ...

    async def find(self, datatype: str, writes: Sequence[Write]) -> Sequence[Found]:
        """Look for what earlier creates may have made, by reference; one answer per write, in the same order."""
        ...

    def write(self, datatype: str, writes: Sequence[Write]) -> AsyncIterator[Outcome]:
        """Make the writes, several at once as the host bears, and yield each outcome once, in any order.

        A precondition is enforced by the system where it can (capability ``conditional_write``), otherwise by reading the record just
        before and comparing fingerprints.
        """
        ...

    async def close(self) -> None:
        """Let go of everything."""
        ...


PROTOCOL: Final = 1
"""The version of what a plug-in and Accord agree on: Connector, Services and Plugin."""


async def always() -> None:
    """A ``hold`` where nobody else could have taken anything over."""


def placeless(_path: tuple[str | int, ...], what: str, remedy: str) -> Problem:
    """A ``problem`` where there is no file."""
    return Problem("manifest", 0, 0, what, remedy)


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """What a connector is given besides its manifest.

    ``wanted``: by datatype, the properties that observations carry, no others. ``hold``: to be awaited before each call that may change
    something; it raises StoreBusy when this engine may send nothing any more (P21); let that through.
    ``page_size``: records on a page, where a trial wants it so. ``problem``: makes a Problem with its place in the manifest, for a
    ConfigurationError. ``folder``: that of the manifest; what it names is relative to it.
    """

    side: Side
    wanted: Mapping[str, frozenset[str]]
    secrets: Secrets
    clock: Clock
    rng: random.Random
    hold: Callable[[], Awaitable[None]] = always
    page_size: int | None = None
    problem: Callable[[tuple[str | int, ...], str, str], Problem] = placeless
    folder: Path = Path()


class Plugin(Protocol):
    """A kind of system that is not shipped. An entry point of the group "accord.connectors" names one; a module will do.

    The entry point's name is the ``kind`` of its manifests.
    """

    PROTOCOL: int
    """The version that it was written for."""

    def check(self, manifest: PluggedManifest) -> Iterable[Misfit] | None:
        """What is wrong in the options; None or nothing: they are taken. A pydantic.ValidationError of ``options`` may go up as it is.

        Nothing is looked up and nobody is called: secrets are still references.
        """
        ...

    def connect(self, manifest: PluggedManifest, services: Services) -> Connector:
        """A connector, by a manifest whose secrets stand in place of the references; nobody is called yet."""
        ...


class Store(Protocol):
    """The durable state: links, bases, records, pending, journal, cursors, runs. Synchronous; every call is one transaction.

    Raises StoreError; StoreBusy when this engine's fence has been overtaken, with nothing committed (P21).
    """

    def hold(self) -> None:
        """Make sure that this engine still holds the state. Raises StoreBusy if another took it over: then nothing may be sent (P21)."""
        ...

    def begin(self, run: Run) -> None:
        """Note that a run has started."""
        ...

    def end(self, run: Run) -> None:
        """Note how a run ended, with its counts. Of runs in which nothing happened only the newest have to be kept."""
        ...

    def cursor(self, side: Side, datatype: str) -> str | None:
        """Where changes are read from, or None before the first full listing ended."""
        ...

    def known(self, side: Side, datatype: str, ids: Sequence[str]) -> Mapping[str, Known]:
        """What is remembered of these records; unknown ids are left out."""
        ...

    def absorb(self, batch: Absorb) -> None:
        """Make one page durable (see Absorb). A pending row that exists goes back to NEW; a seen record is no longer gone."""
        ...

    def pending(self, flow: str, state: PendingState, after: int = 0, limit: int = 500) -> Sequence[Pending]:
        """Pending rows of one state in order of ``row``, beyond ``after``."""
        ...

    def records(self, side: Side, datatype: str, ids: Sequence[str]) -> Mapping[str, Stored]:
        """What is held of these records."""
        ...

    def links(self, flow: str, side: Side, ids: Sequence[str]) -> Mapping[str, Link]:
        """Live links of these records, by the id on that side."""
        ...

    def owners(self, side: Side, datatype: str, ids: Sequence[str]) -> Mapping[str, str]:
        """The flow of the live link of each of these records, whichever flow it is; records without a link are left out."""
        ...

    def parted(self, flow: str, side: Side, ids: Sequence[str]) -> Collection[str]:
        """Those of these records that had a link once and have none now: they are not taken for new."""
        ...

    def candidates(self, flow: str, side: Side, ids: Sequence[str]) -> Mapping[str, Sequence[Candidate]]:
        """Records of the other side that share a match key with these, live ones only; ids without any are left out."""
        ...

    def live(self, side: Side, datatype: str, after: str = "", limit: int = 500) -> Sequence[str]:
        """Ids of known records that are not gone, in the store's order, beyond ``after``."""
        ...

    def count(self, side: Side, datatype: str) -> int:
        """How many records of a datatype are known and not gone."""
        ...

    def moved(self, flow: str) -> Moved:
        """How much of what a flow has to look at concerns live links."""
        ...

    def deleted(self, flow: str, since: str) -> int:
        """How many links of a flow ended after a delete was sent for them since an instant, whether or not it was answered."""
        ...

    def given_up(self, flow: str, side: Side, ids: Sequence[str]) -> Collection[str]:
        """Those of these records of which a write to the other side was given up before, since it was not answered."""
        ...

    def written(self, flow: str, side: Side, ids: Sequence[str], since: str) -> Mapping[str, Sequence[Operation]]:
        """Updates of these records that were done since an instant, oldest first, of those that were updated more than twice."""
        ...

    def release(self, flow: str, states: Sequence[PendingState]) -> int:
        """Put all pending rows of these states back to NEW; how many."""
        ...

    def resolve(self, wanted: Sequence[WaitsFor]) -> Mapping[WaitsFor, str]:
        """The id on the other side of each live link; those without a link are left out."""
        ...

    def intend(self, run: str, at: str, operations: Sequence[Operation]) -> None:
        """Make intents durable before any call (the journal step)."""
        ...

    def intents(self, states: Sequence[str], limit: int = 500) -> Sequence[Intent]:
        """Intents in these states, oldest first."""
        ...

    def close(self, batch: Closing) -> None:
        """The record step: one transaction (see Closing). New links wake the pending rows that wait for them.

        Raises StoreError if a link would break exclusivity (P8); then nothing is committed.
        """
        ...

    def hint(self, hints: Sequence[Hint], event: str | None = None) -> bool:
        """Keep hints until they are taken. False, and nothing kept, if an event of this id was kept before."""
        ...

    def hint_all(self, events: Sequence[tuple[Sequence[Hint], str | None]]) -> Sequence[bool]:
        """``hint`` for several events in one transaction: an answer for each, in the same order."""
        ...

    def hints(self, side: Side, datatype: str, limit: int = 500) -> Sequence[Hint]:
        """Hints that wait to be read."""
        ...

    def unhint(self, hints: Sequence[Hint]) -> None:
        """Drop hints that have been read."""
        ...

    def standing(self, flows: Sequence[str]) -> Mapping[str, Mapping[str, int]]:
        """Pending rows by state of each flow; it takes no longer where there are more links (P24)."""
        ...

    def totals(self, flows: Sequence[str]) -> Sequence[Totals]:
        """Live links and pending rows per flow. The links are counted one by one."""
        ...

    def setting(self, name: str) -> str | None:
        """A small named fact, such as when a flow was onboarded."""
        ...

    def set(self, name: str, value: str) -> None:
        """Keep a small named fact."""
        ...

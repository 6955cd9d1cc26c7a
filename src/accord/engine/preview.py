"""The stop before writing: connectors whose reads are real and whose writes are only pretended.

Owns: PretendedWrites. A preview is a cycle with these, on a copy of the state, so that a plan shows what follows from what: an order of
a customer that would be created is shown as created too. Nothing is written anywhere (P23).
"""

import itertools
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

from accord.model.capabilities import Capabilities
from accord.model.plans import Found, OperationKind, Outcome, OutcomeKind, Write
from accord.model.records import Observation, Page, RecordRef, Seen, Side, Stored
from accord.ports import Connector


@dataclass(slots=True)
class PretendedWrites:
    """A connector that reads with another one and writes nothing. ``pretended``: the writes in order.

    ``held``: looks up what is known of records by (side, datatype, ids), so that an update is answered with the whole record. What a system
    fills in by itself when it creates a record cannot be known before.
    """

    inner: Connector
    held: Callable[[Side, str, Sequence[str]], Awaitable[Mapping[str, Stored]]]
    pretended: list[Write] = field(default_factory=list)
    numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    @property
    def system(self) -> str:
        """The system's name."""
        return self.inner.system

    def capabilities(self, datatype: str) -> Capabilities:
        """What the real connector can do."""
        return self.inner.capabilities(datatype)

    def list(self, datatype: str) -> AsyncIterator[Page]:
        """Read for real."""
        return self.inner.list(datatype)

    def changes(self, datatype: str, cursor: str) -> AsyncIterator[Page]:
        """Read for real."""
        return self.inner.changes(datatype, cursor)

    async def read(self, datatype: str, ids: Sequence[str]) -> Sequence[Observation]:
        """Read for real."""
        return await self.inner.read(datatype, ids)

    async def find(self, datatype: str, writes: Sequence[Write]) -> Sequence[Found]:
        """Read for real."""
        return await self.inner.find(datatype, writes)

    async def write(self, datatype: str, writes: Sequence[Write]) -> AsyncIterator[Outcome]:
        """Answer as a system would that holds exactly what it is sent; a created record gets the id "(new 1)"."""
        known = await self.held(writes[0].ref.side, datatype, [one.ref.id for one in writes if one.ref.id]) if writes else {}
        for one in writes:
            self.pretended.append(one)
            target = one.ref.id if one.kind is not OperationKind.CREATE else f"(new {next(self.numbers)})"
            before = known[target].values if target in known else None
            seen = Seen.of(RecordRef(one.ref.side, datatype, target), {**(before or {}), **one.values})
            yield Outcome(one.key, OutcomeKind.DONE, None if one.kind is OperationKind.DELETE else seen)

    async def close(self) -> None:
        """The real connector is closed by whoever opened it."""

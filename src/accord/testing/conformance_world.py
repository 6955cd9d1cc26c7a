"""Users of a live system: test records made, edited and removed beside the connector under test, and every one of them removed at the end.

Owns: what was made, and removing it. Does not own: the trials, which records they make.
"""

import asyncio
import threading
from collections.abc import AsyncIterator, Coroutine, Sequence
from typing import Any, TypeVar

from accord.model.capabilities import Capabilities
from accord.model.plans import Found, OperationKind, Outcome, OutcomeKind, Write
from accord.model.records import Observation, Page
from accord.model.values import RawValues
from accord.ports import Clock, Connector
from accord.testing.bench import Subject
from accord.testing.laws import CannotTell

T = TypeVar("T")


class OwnLoop:
    """A loop in a thread of its own: users act while the connector under test is in the middle of something."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="users", daemon=True)
        self._thread.start()

    def __call__(self, work: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine to its end."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    def close(self) -> None:
        """End the thread."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


class Noting:
    """A connector that notes what its creates made (``made``: ids) and what may have made more than that (``perhaps``)."""

    def __init__(self, inner: Connector) -> None:
        self._inner = inner
        self.made: list[str] = []
        self.perhaps: list[Write] = []

    @property
    def system(self) -> str:
        """See ports.Connector."""
        return self._inner.system

    def capabilities(self, datatype: str) -> Capabilities:
        """See ports.Connector."""
        return self._inner.capabilities(datatype)

    def list(self, datatype: str) -> AsyncIterator[Page]:
        """See ports.Connector."""
        return self._inner.list(datatype)

    def changes(self, datatype: str, cursor: str) -> AsyncIterator[Page]:
        """See ports.Connector."""
        return self._inner.changes(datatype, cursor)

    async def read(self, datatype: str, ids: Sequence[str]) -> Sequence[Observation]:
        """See ports.Connector."""
        return await self._inner.read(datatype, ids)

    async def find(self, datatype: str, writes: Sequence[Write]) -> Sequence[Found]:
        """See ports.Connector."""
        return await self._inner.find(datatype, writes)

    async def write(self, datatype: str, writes: Sequence[Write]) -> AsyncIterator[Outcome]:
        """See ports.Connector."""
        creates = {write.key: write for write in writes if write.kind is OperationKind.CREATE}
        async for outcome in self._inner.write(datatype, writes):
            if outcome.key in creates:
                if outcome.observation is not None:
                    self.made.append(outcome.observation.ref.id)
                if outcome.kind is not OutcomeKind.REFUSED:
                    self.perhaps.append(creates[outcome.key])  # looked for even when done: it may have been made twice
            yield outcome

    async def close(self) -> None:
        """See ports.Connector."""
        await self._inner.close()


class LiveWorld:
    """See bench.ContractWorld. ``settle_seconds``: until a change shows and a new one gets another time.

    What the manifest has no way to do raises CannotTell: then the law cannot be judged.
    """

    def __init__(self, connector: Connector, subject: Subject, clock: Clock, settle_seconds: float) -> None:
        self._connector = Noting(connector)
        self._subject = subject
        self._clock = clock
        self._settle_seconds = settle_seconds
        self._run = OwnLoop()
        self._count = 0

    def make(self, values: RawValues) -> str:
        """Make a record; its id."""
        outcome = self._one(OperationKind.CREATE, "", values)
        if outcome.observation is None:
            raise CannotTell(f"a test record cannot be made: {outcome.message}")
        return outcome.observation.ref.id

    def edit(self, id: str, values: RawValues) -> None:
        """Change properties of a record."""
        outcome = self._one(OperationKind.UPDATE, id, values)
        if outcome.kind is not OutcomeKind.DONE:
            raise CannotTell(f"a test record cannot be edited: {outcome.message}")

    def remove(self, id: str) -> None:
        """Delete a record."""
        outcome = self._one(OperationKind.DELETE, id, {})
        if outcome.kind not in (OutcomeKind.DONE, OutcomeKind.GONE):
            raise CannotTell(f"a test record cannot be removed: {outcome.message}")

    def settle(self) -> None:
        """Let time pass."""
        self._run(self._clock.sleep(self._settle_seconds))

    def tidy(self, *others: Noting) -> tuple[int, list[str]]:
        """Remove all that was made, here and by others: how many are gone, and the ids of those that are not."""
        made = dict.fromkeys(self._connector.made)
        for other in others:
            made.update(dict.fromkeys(other.made))
            for found in self._run(self._find(other.perhaps)):
                made.update(dict.fromkeys(seen.ref.id for seen in found.records))
        left = []
        for id in made:
            outcome = self._one(OperationKind.DELETE, id, {})
            if outcome.kind not in (OutcomeKind.DONE, OutcomeKind.GONE):
                left.append(id)
        return len(made) - len(left), left

    def close(self) -> None:
        """Let go of the connector and the thread."""
        self._run(self._connector.close())
        self._run.close()

    def _one(self, kind: OperationKind, id: str, values: RawValues) -> Outcome:
        self._count += 1
        name = f"{self._subject.salt}user-{self._count}"
        return self._run(self._written(Write(name, kind, self._subject.ref(id), values, name, None, name)))

    async def _written(self, write: Write) -> Outcome:
        (outcome,) = [each async for each in self._connector.write(self._subject.datatype, [write])]
        return outcome

    async def _find(self, writes: list[Write]) -> Sequence[Found]:
        return await self._connector.find(self._subject.datatype, writes) if writes else ()

"""A connector from elsewhere, so held that a fault in it is a problem of its system and not the end of a run.

Owns: what an error becomes that no connector may let out, and an outcome that is missing. Does not own: whether a connector keeps the
laws; `accord manifest conform` tries it without this.
"""

from collections.abc import AsyncIterator, Awaitable, Sequence
from typing import TypeVar

from accord.errors import AccordError, SystemUnavailable
from accord.model.capabilities import Capabilities
from accord.model.plans import Found, Outcome, OutcomeKind, Write
from accord.model.records import Observation, Page
from accord.ports import Connector

T = TypeVar("T")
_REMEDY = "A fault of the plug-in, not of Accord: accord manifest conform shows more. Tell who made it."


class Shielded:
    """See ports.Connector. ``kind``: the plug-in, for the words of what it did wrong."""

    def __init__(self, inner: Connector, kind: str) -> None:
        self.inner = inner
        self._kind = kind

    @property
    def system(self) -> str:
        """See ports.Connector."""
        return self.inner.system

    def capabilities(self, datatype: str) -> Capabilities:
        """See ports.Connector."""
        return self.inner.capabilities(datatype)

    def list(self, datatype: str) -> AsyncIterator[Page]:
        """See ports.Connector."""
        return self._pages(self.inner.list(datatype), "list")

    def changes(self, datatype: str, cursor: str) -> AsyncIterator[Page]:
        """See ports.Connector."""
        return self._pages(self.inner.changes(datatype, cursor), "changes")

    async def read(self, datatype: str, ids: Sequence[str]) -> Sequence[Observation]:
        """See ports.Connector."""
        found = await self._answer(self.inner.read(datatype, ids), "read")
        if [one.ref.id for one in found] != [*ids]:
            raise self._fault("read", "it answered other ids than it was asked for")
        return found

    async def find(self, datatype: str, writes: Sequence[Write]) -> Sequence[Found]:
        """See ports.Connector."""
        found = await self._answer(self.inner.find(datatype, writes), "find")
        if [one.key for one in found] != [write.key for write in writes]:
            raise self._fault("find", "it answered other writes than it was asked for")
        return found

    async def write(self, datatype: str, writes: Sequence[Write]) -> AsyncIterator[Outcome]:
        """See ports.Connector. A write of which nothing is said may or may not have happened."""
        unsaid, cause = {write.key: None for write in writes}, "write: it said nothing of it"
        try:
            async for outcome in self.inner.write(datatype, writes):
                if outcome.key in unsaid:
                    del unsaid[outcome.key]
                    yield outcome
        except AccordError:
            raise
        except Exception as error:  # noqa: BLE001  somebody else's code: whatever it raises, what it sent before may have arrived
            cause = f"write: {type(error).__name__}"
        for key in unsaid:
            yield Outcome(key, OutcomeKind.UNKNOWN, message=self._words(cause))

    async def close(self) -> None:
        """See ports.Connector."""
        await self._answer(self.inner.close(), "close")

    async def _pages(self, pages: AsyncIterator[Page], method: str) -> AsyncIterator[Page]:
        try:
            async for page in pages:
                yield page
        except AccordError:
            raise
        except Exception as error:
            raise self._fault(method, type(error).__name__) from error

    async def _answer(self, call: Awaitable[T], method: str) -> T:
        try:
            return await call
        except AccordError:
            raise
        except Exception as error:
            raise self._fault(method, type(error).__name__) from error

    def _fault(self, method: str, what: str) -> SystemUnavailable:
        """Without the words of the error: it may hold a secret, or a person's data."""
        return SystemUnavailable(self.system, self._words(f"{method}: {what}"), _REMEDY)

    def _words(self, what: str) -> str:
        return f"the plug-in {self._kind} failed: {what}"

"""The seam between the engine and a system in a checklist: the engine sees the test records and nothing else.

Owns: TestRecordsOnly, and what it guarantees:

- The engine never sees a record that is not on the roll: listings, changes, reads and searches are real, and everything else is dropped. So
  nothing of a tenant's own records is matched, linked, merged or stored.
- An update or delete of a record that is not on the roll is refused here and never sent.
- A create is sent only for a record of the other side that is on the roll; its mark is durable before the call.
- What was there before the run never gets on the roll, whatever a system answers to a create.

Does not own: the roll (roll.py), the test records' content (values.py).
"""

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field, replace

from accord.checks.roll import Roll
from accord.model.capabilities import Capabilities
from accord.model.plans import Found, OperationKind, Outcome, OutcomeKind, Write
from accord.model.records import Evidence, Gone, Observation, Page, RecordRef, Side
from accord.ports import Connector


@dataclass(slots=True)
class TestRecordsOnly:
    """A connector for the engine. ``may_create``: whether a create may be sent under this reference. ``writes``: what was sent."""

    __test__ = False

    inner: Connector
    side: Side
    roll: Roll
    may_create: Callable[[str], bool]
    writes: list[Write] = field(default_factory=list)

    @property
    def system(self) -> str:
        """The system's name."""
        return self.inner.system

    def capabilities(self, datatype: str) -> Capabilities:
        """What the real connector can do."""
        return self.inner.capabilities(datatype)

    async def list(self, datatype: str) -> AsyncIterator[Page]:
        """List for real; what is not on the roll is left out."""
        async for page in self.inner.list(datatype):
            yield self._ours(page)

    async def changes(self, datatype: str, cursor: str) -> AsyncIterator[Page]:
        """Read changes for real; what is not on the roll is left out."""
        async for page in self.inner.changes(datatype, cursor):
            yield self._ours(page)

    async def read(self, datatype: str, ids: Sequence[str]) -> Sequence[Observation]:
        """Read what is on the roll; for the engine no other record is there."""
        wanted = [id for id in ids if RecordRef(self.side, datatype, id) in self.roll]
        found = dict(zip(wanted, await self.inner.read(datatype, wanted), strict=True)) if wanted else {}
        return [found.get(id) or Gone(RecordRef(self.side, datatype, id), Evidence.NOT_FOUND) for id in ids]

    async def find(self, datatype: str, writes: Sequence[Write]) -> Sequence[Found]:
        """Search for real: only what earlier creates for test records made can be found, and is on the roll from then on."""
        allowed = [write for write in writes if self.may_create(write.reference)]
        found = {one.key: one for one in (await self.inner.find(datatype, allowed) if allowed else ())}
        for write in allowed:
            one = found[write.key]
            found[write.key] = replace(one, records=tuple(each for each in one.records if self.roll.add(each.ref, write.reference)))
        return [found.get(write.key) or Found(write.key, certain=True) for write in writes]

    async def write(self, datatype: str, writes: Sequence[Write]) -> AsyncIterator[Outcome]:
        """Send what concerns the roll's records; refuse all else."""
        allowed = [write for write in writes if self._may(write)]
        references = {write.key: write.reference for write in allowed if write.kind is OperationKind.CREATE}
        for write in writes:
            if write not in allowed:
                yield Outcome(write.key, OutcomeKind.REFUSED, message=f"{write.ref} is not a test record of this checklist")
        if not allowed:
            return
        for write in allowed:
            if write.kind is OperationKind.CREATE:
                self.roll.creating(self.side, datatype, write.reference, dict(write.values))
        self.writes += allowed
        async for outcome in self.inner.write(datatype, allowed):
            made = outcome.observation if outcome.key in references else None
            if outcome.key in references and outcome.kind in (OutcomeKind.REFUSED, OutcomeKind.FAILED):
                self.roll.gone(RecordRef(self.side, datatype, ""), references[outcome.key])  # certainly nothing was made
            if made is None or self.roll.add(made.ref, references[outcome.key]):
                yield outcome
            else:
                yield Outcome(outcome.key, OutcomeKind.REFUSED, message=f"{made.ref} was there before, and was answered to a create")

    async def close(self) -> None:
        """Let go of the real connector."""
        await self.inner.close()

    def _may(self, write: Write) -> bool:
        return self.may_create(write.reference) if write.kind is OperationKind.CREATE else write.ref in self.roll

    def _ours(self, page: Page) -> Page:
        return replace(
            page,
            observations=tuple(one for one in page.observations if one.ref in self.roll),
            hints=tuple(one for one in page.hints if one.ref in self.roll),
        )

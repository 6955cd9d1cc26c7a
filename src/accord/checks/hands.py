"""A person's part in a checklist: making, editing, deleting and reading test records through the systems' own APIs.

Owns: these calls, and what their answers say. Does not own: which values (values.py), what has to follow (subjects.py), what may be touched
(seam.py).
"""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass

from accord.checks.seam import TestRecordsOnly
from accord.checks.subjects import Subject
from accord.model.plans import OperationKind, Outcome, OutcomeKind, Write
from accord.model.records import Gone, RecordRef, Seen, Side
from accord.model.values import RawValues


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a system did not take a change, in its own words. ``for_good``: it says no to this very value."""

    message: str
    for_good: bool


@dataclass(slots=True)
class Hands:
    """Connectors of the checklist's own, by side, that read every property. ``marks``: under which they may create."""

    sides: Mapping[Side, TestRecordsOnly]
    marks: set[str]
    run: str
    _count: int = 0

    async def create(self, subject: Subject, side: Side, values: RawValues) -> str:
        """Make a test record; "" or why it could not be made."""
        self._count += 1
        mark = f"accord-trial:{self.run}:{self._count}"
        self.marks.add(mark)
        datatype = subject.flow.datatype(side)
        outcome = await self._write(side, Write(mark, OperationKind.CREATE, RecordRef(side, datatype, ""), values, mark, idempotency=mark))
        if outcome.kind is not OutcomeKind.DONE or outcome.observation is None:
            return outcome.message or outcome.kind.value
        subject.refs[side] = outcome.observation.ref
        return ""

    async def edit(self, subject: Subject, side: Side, changes: Mapping[str, RawValues]) -> dict[str, Refusal]:
        """Change a record as a person does; ``changes``: by property mapping. Gives those that were not taken, and why.

        All go in one call; if that is refused each goes by itself, so that one value that the system does not take hides no other.
        """
        if not changes:
            return {}
        refusal = await self._update(subject, side, [*changes.values()])
        if refusal is None or len(changes) == 1:
            return dict.fromkeys(changes, refusal) if refusal is not None else {}
        return {name: found for name, raw in changes.items() if (found := await self._update(subject, side, [raw])) is not None}

    async def delete(self, subject: Subject, side: Side) -> str:
        """Delete a record as a person does; "" or why not."""
        return await self.remove(subject.refs[side])

    async def remove(self, ref: RecordRef) -> str:
        """Delete any record of the roll; "" if it is not there any more."""
        self._count += 1
        key = f"{self.run}:{self._count}"
        outcome = await self._write(ref.side, Write(key, OperationKind.DELETE, ref, {}, key))
        (found,) = await self.sides[ref.side].read(ref.datatype, [ref.id])
        return "" if isinstance(found, Gone) else outcome.message or outcome.kind.value

    async def look(self, subjects: Iterable[Subject]) -> None:
        """Read every record of these subjects afresh, into them."""
        for side in Side:
            wanted: dict[str, list[Subject]] = {}
            for subject in subjects:
                if side in subject.refs:
                    wanted.setdefault(subject.flow.datatype(side), []).append(subject)
            for datatype, some in wanted.items():
                found = await self.sides[side].read(datatype, [subject.refs[side].id for subject in some])
                for subject, one in zip(some, found, strict=True):
                    self._take(subject, side, one)

    async def listed(self, side: Side, datatype: str) -> AsyncIterator[Seen]:
        """Every record of a datatype, also those that are not of the checklist: to be looked at for values of ours, and not kept."""
        async for page in self.sides[side].inner.list(datatype):
            for one in page.observations:
                if isinstance(one, Seen):
                    yield one

    def _take(self, subject: Subject, side: Side, one: object) -> None:
        subject.before[side] = subject.raw[side]
        if isinstance(one, Seen):
            subject.raw[side] = dict(one.values)
            subject.modified[side] = one.modified
            subject.gone.discard(side)
        elif isinstance(one, Gone):
            subject.raw[side] = {}
            subject.gone.add(side)

    async def _update(self, subject: Subject, side: Side, parts: Sequence[RawValues]) -> Refusal | None:
        self._count += 1
        key = f"{self.run}:{self._count}"
        values = {name: value for raw in parts for name, value in raw.items()}
        outcome = await self._write(side, Write(key, OperationKind.UPDATE, subject.refs[side], values, key))
        ended = outcome.rest or outcome.kind  # done only in part is not done
        if ended is OutcomeKind.DONE:
            return None
        return Refusal(outcome.message or ended.value, for_good=ended is OutcomeKind.REFUSED)

    async def _write(self, side: Side, write: Write) -> Outcome:
        (outcome,) = [one async for one in self.sides[side].write(write.ref.datatype, [write])]
        return outcome

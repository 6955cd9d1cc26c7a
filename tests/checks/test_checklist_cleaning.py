"""Cleaning up: what is on the roll goes, what may have been made is looked for by its mark, what cannot be told is said."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path

import pytest

from accord.checks.cleaning import Cleaned, clean_up
from accord.checks.hands import Hands
from accord.checks.roll import Roll, unfinished
from accord.checks.seam import TestRecordsOnly
from accord.errors import SystemUnavailable
from accord.model.capabilities import Capabilities
from accord.model.plans import Found, OperationKind, Outcome, OutcomeKind, Write
from accord.model.records import Evidence, Gone, Observation, Page, RecordRef, Seen, Side


def ref(id: str) -> RecordRef:
    return RecordRef(Side.LEFT, "Things", id)


class System:
    """A system with records by mark. ``deletes``: whether its API can; ``held``: ids that it keeps; ``away``: cannot be asked."""

    system = "crm"

    def __init__(self, marks: dict[str, str], *, deletes: bool = True, held: tuple[str, ...] = (), away: bool = False) -> None:
        self.marks = marks
        self.deletes = deletes
        self.held = held
        self.away = away

    def capabilities(self, datatype: str) -> Capabilities:
        return Capabilities(delete=self.deletes)

    async def list(self, datatype: str) -> AsyncIterator[Page]:
        yield Page(last=True)

    def changes(self, datatype: str, cursor: str) -> AsyncIterator[Page]:
        return self.list(datatype)

    async def read(self, datatype: str, ids: Sequence[str]) -> Sequence[Observation]:
        there = self.marks.values()
        return [Seen.of(ref(id), {}) if id in there else Gone(ref(id), Evidence.NOT_FOUND) for id in ids]

    async def find(self, datatype: str, writes: Sequence[Write]) -> Sequence[Found]:
        if self.away:
            raise SystemUnavailable("crm", "no answer")
        found = [self.marks.get(write.reference) for write in writes]
        return [Found(w.key, (Seen.of(ref(id), {}),) if id else (), certain=True) for w, id in zip(writes, found, strict=True)]

    async def write(self, datatype: str, writes: Sequence[Write]) -> AsyncIterator[Outcome]:
        for write in writes:
            if write.ref.id in self.held:
                yield Outcome(write.key, OutcomeKind.REFUSED, message="it is invoiced")
                continue
            assert write.kind is OperationKind.DELETE
            self.marks = {mark: id for mark, id in self.marks.items() if id != write.ref.id}
            yield Outcome(write.key, OutcomeKind.DONE)

    async def close(self) -> None: ...


@pytest.fixture
def roll(tmp_path: Path) -> Iterator[Roll]:
    """One record that was made, and one call of which nothing is known."""
    roll = Roll(tmp_path / "it.checklist")
    roll.creating(Side.LEFT, "Things", "mark-1", {})
    roll.add(ref("1"), "mark-1")
    roll.creating(Side.LEFT, "Things", "mark-2", {})
    yield roll
    roll.close(finished=True)


def cleaned(system: System, roll: Roll) -> Cleaned:
    seam = TestRecordsOnly(system, Side.LEFT, roll, lambda _: False)
    return asyncio.run(clean_up(Hands({Side.LEFT: seam}, set(), "run"), roll))


def test_what_was_made_and_what_may_have_been_made_is_removed(roll: Roll) -> None:
    system = System({"mark-1": "1", "mark-2": "2", "other": "3"})
    assert cleaned(system, roll).gone == 2
    assert system.marks == {"other": "3"} and unfinished(roll.path) == []


def test_what_did_not_come_to_be_is_done_with(roll: Roll) -> None:
    result = cleaned(System({"mark-1": "1"}), roll)
    assert (result.gone, result.left, result.staying) == (1, [], []) and unfinished(roll.path) == []


def test_what_nobody_can_delete_stays_and_is_told_once(roll: Roll) -> None:
    result = cleaned(System({"mark-1": "1"}, deletes=False), roll)
    assert result.staying == ["crm Things 1, marked mark-1"] and not result.left
    assert unfinished(roll.path) == []


def test_what_was_not_removed_is_told_and_tried_again_the_next_time(roll: Roll) -> None:
    system = System({"mark-1": "1"}, held=("1",))
    assert cleaned(system, roll).left == ["crm Things 1: it is invoiced"]
    system.held = ()
    assert cleaned(system, roll).gone == 1 and unfinished(roll.path) == []


def test_what_cannot_be_looked_for_now_stays_on_the_roll(roll: Roll) -> None:
    result = cleaned(System({"mark-1": "1", "mark-2": "2"}, away=True), roll)
    assert result.gone == 1 and "mark-2" in result.left[0]
    assert [one.mark for one in unfinished(roll.path)] == ["mark-2"]


def test_a_refused_create_leaves_nothing_to_be_cleaned(tmp_path: Path) -> None:
    class Refusing(System):
        async def write(self, datatype: str, writes: Sequence[Write]) -> AsyncIterator[Outcome]:
            for write in writes:
                yield Outcome(write.key, OutcomeKind.REFUSED, message="no")

    roll = Roll(tmp_path / "it.checklist")
    seam = TestRecordsOnly(Refusing({}), Side.LEFT, roll, lambda _: True)

    async def work() -> list[Outcome]:
        return [one async for one in seam.write("Things", [Write("k", OperationKind.CREATE, ref(""), {}, "mark")])]

    assert [one.kind for one in asyncio.run(work())] == [OutcomeKind.REFUSED]
    assert unfinished(roll.path) == []
    roll.close(finished=True)

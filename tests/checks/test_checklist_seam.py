"""The seam of a checklist: the engine sees and touches the test records alone; the roll outlives any interruption."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path

import pytest

from accord.checks.roll import Roll, unfinished
from accord.checks.seam import TestRecordsOnly
from accord.model.capabilities import Capabilities
from accord.model.plans import Found, OperationKind, Outcome, OutcomeKind, Write
from accord.model.records import Gone, Hint, Observation, Page, RecordRef, Seen, Side


def ref(id: str) -> RecordRef:
    return RecordRef(Side.RIGHT, "Things", id)


def seen(id: str) -> Seen:
    return Seen.of(ref(id), {"name": id})


class Tenant:
    """A system with records of its own. ``answers``: the id that a create is answered with."""

    system = "tenant"

    def __init__(self, *ids: str, answers: str = "new") -> None:
        self.ids = list(ids)
        self.answers = answers
        self.sent: list[Write] = []
        self.asked: list[str] = []

    def capabilities(self, datatype: str) -> Capabilities:
        return Capabilities()

    async def list(self, datatype: str) -> AsyncIterator[Page]:
        yield Page(tuple(seen(id) for id in self.ids), tuple(Hint(ref(id)) for id in self.ids), last=True, cursor="c")

    def changes(self, datatype: str, cursor: str) -> AsyncIterator[Page]:
        return self.list(datatype)

    async def read(self, datatype: str, ids: Sequence[str]) -> Sequence[Observation]:
        self.asked += ids
        return [seen(id) for id in ids]

    async def find(self, datatype: str, writes: Sequence[Write]) -> Sequence[Found]:
        return [Found(write.key, (seen(self.answers),), certain=True) for write in writes]

    async def write(self, datatype: str, writes: Sequence[Write]) -> AsyncIterator[Outcome]:
        self.sent += writes
        for write in writes:
            made = self.answers if write.kind is OperationKind.CREATE else write.ref.id
            yield Outcome(write.key, OutcomeKind.DONE, seen(made))

    async def close(self) -> None: ...


@pytest.fixture
def roll(tmp_path: Path) -> Iterator[Roll]:
    roll = Roll(tmp_path / "state" / "it.checklist", before={ref("theirs")})
    roll.add(ref("ours"), "mark")
    yield roll
    roll.close(finished=True)


def seam(tenant: Tenant, roll: Roll) -> TestRecordsOnly:
    return TestRecordsOnly(tenant, Side.RIGHT, roll, lambda mark: mark == "crm:Thing:1")


def written(tenant: Tenant, roll: Roll, kind: OperationKind, id: str = "", mark: str = "crm:Thing:1") -> Outcome:
    async def work() -> Outcome:
        (outcome,) = [one async for one in seam(tenant, roll).write("Things", [Write("k", kind, ref(id), {"name": "x"}, mark)])]
        return outcome

    return asyncio.run(work())


def test_a_listing_shows_the_test_records_alone(roll: Roll) -> None:
    async def work() -> list[Page]:
        pages = [page async for page in seam(Tenant("theirs", "ours"), roll).list("Things")]
        return [*pages, *[page async for page in seam(Tenant("theirs", "ours"), roll).changes("Things", "c")]]

    for page in asyncio.run(work()):
        assert [one.ref.id for one in page.observations] == ["ours"]
        assert [one.ref.id for one in page.hints] == ["ours"]
        assert page.last and page.cursor == "c"


def test_for_the_engine_no_other_record_is_there_and_it_is_not_even_asked_for(roll: Roll) -> None:
    tenant = Tenant("theirs", "ours")
    found = asyncio.run(seam(tenant, roll).read("Things", ["theirs", "ours"]))
    assert isinstance(found[0], Gone) and isinstance(found[1], Seen)
    assert tenant.asked == ["ours"]


@pytest.mark.parametrize("kind", [OperationKind.UPDATE, OperationKind.DELETE])
def test_a_write_of_another_record_is_refused_and_never_sent(roll: Roll, kind: OperationKind) -> None:
    tenant = Tenant("theirs", "ours")
    assert written(tenant, roll, kind, "theirs").kind is OutcomeKind.REFUSED
    assert tenant.sent == []
    assert written(tenant, roll, kind, "ours").kind is OutcomeKind.DONE


def test_a_create_for_a_record_that_is_no_test_record_is_refused_and_never_sent(roll: Roll) -> None:
    tenant = Tenant()
    assert written(tenant, roll, OperationKind.CREATE, mark="crm:Thing:of somebody").kind is OutcomeKind.REFUSED
    assert tenant.sent == []


def test_what_was_there_before_never_gets_on_the_roll_whatever_a_create_is_answered_with(roll: Roll) -> None:
    outcome = written(Tenant(answers="theirs"), roll, OperationKind.CREATE)
    assert outcome.kind is OutcomeKind.REFUSED and "was there before" in outcome.message
    assert ref("theirs") not in roll


def test_a_copy_that_is_found_must_not_have_been_there_before(roll: Roll) -> None:
    write = Write("k", OperationKind.CREATE, ref(""), {}, "crm:Thing:1")
    (found,) = asyncio.run(seam(Tenant(answers="theirs"), roll).find("Things", [write]))
    assert found.records == ()
    (found,) = asyncio.run(seam(Tenant(answers="new"), roll).find("Things", [write]))
    assert [one.ref.id for one in found.records] == ["new"] and ref("new") in roll


def test_a_mark_is_durable_before_the_call_that_makes_the_record(roll: Roll) -> None:
    class Killed(Tenant):
        async def write(self, datatype: str, writes: Sequence[Write]) -> AsyncIterator[Outcome]:
            assert [(one.mark, one.id) for one in unfinished(roll.path)] == [("crm:Thing:1", ""), ("mark", "ours")]
            raise KeyboardInterrupt
            yield

    with pytest.raises(KeyboardInterrupt):
        written(Killed(), roll, OperationKind.CREATE)
    assert ("crm:Thing:1", "") in [(one.mark, one.id) for one in unfinished(roll.path)]


def test_what_is_gone_is_finished_and_a_line_that_was_cut_off_says_nothing(roll: Roll) -> None:
    written(Tenant(), roll, OperationKind.CREATE)
    assert {one.id for one in unfinished(roll.path)} == {"ours", "new"}
    roll.gone(ref("ours"))
    roll.close(finished=False)
    with roll.path.open("ab") as file:
        file.write(b'{"what": "made", "si')
    assert {one.id for one in unfinished(roll.path)} == {"new"}
    roll.gone(ref("new"))
    assert unfinished(roll.path) == []
    roll.close(finished=True)
    assert not roll.path.exists()

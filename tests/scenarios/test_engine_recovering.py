"""What was sent and not answered, and what an older copy of the state does not know: found again, and never made twice."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from engine_stage import Stage, stage

from accord.connectors.memory import MemoryConnector, MemoryDatatype
from accord.model.capabilities import Finding
from accord.model.dataflow import Creation
from accord.model.links import PendingState
from accord.model.plans import Outcome, OutcomeKind, Write
from accord.model.records import Side
from accord.store.sqlite import SqliteStore
from accord.testing.simulation_dataflow import PERSON, Rules

SLOW = MemoryDatatype(idempotency_key=False, settles=60.0)
WRITE = MemoryConnector.write


class SlowServer:
    """Carries a create out after the caller has given up. Patched in for the next batch only."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, late: float) -> None:
        self.late, self.monkeypatch = late, monkeypatch
        server = self

        async def write(connector: MemoryConnector, datatype: str, writes: Sequence[Write]) -> AsyncIterator[Outcome]:
            if connector.side is Side.LEFT:
                async for outcome in WRITE(connector, datatype, writes):
                    yield outcome
                return
            monkeypatch.setattr(MemoryConnector, "write", WRITE)
            loop = asyncio.get_running_loop()
            for one in writes:
                loop.call_later(server.late, lambda one=one: loop.create_task(server.carry_out(connector, datatype, one)))
            await asyncio.sleep(30.0)
            for one in writes:
                yield Outcome(one.key, OutcomeKind.UNKNOWN, message="no whole answer within the deadline")

        monkeypatch.setattr(MemoryConnector, "write", write)

    async def carry_out(self, connector: MemoryConnector, datatype: str, one: Write) -> None:
        async for _ in WRITE(connector, datatype, [one]):
            pass


def test_P07_a_create_that_is_carried_out_after_the_deadline_is_not_sent_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Finding nothing right after the deadline was taken for a proof that nothing would come."""
    with stage(right=SLOW) as s:
        s.contact("ada@sim.example", Name="Ada")
        SlowServer(monkeypatch, late=31.0)
        s.run()
        assert [row.state for row in s.waiting()] == [PendingState.UNKNOWN]
        s.runs()
        assert len(s.register.live("Persons")) == 1
        assert len(s.pairs(PERSON)) == 1


def test_P07_a_create_that_never_happened_is_sent_again_once_that_is_certain(monkeypatch: pytest.MonkeyPatch) -> None:
    with stage(right=SLOW) as s:
        s.contact("ada@sim.example", Name="Ada")
        SlowServer(monkeypatch, late=1e9)
        s.run()
        assert s.register.live("Persons") == {}
        s.runs()
        assert len(s.register.live("Persons")) == 1
        assert s.waiting() == []


def test_P07_where_a_repeated_create_cannot_make_a_second_one_nothing_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    with stage(right=replace(SLOW, idempotency_key=True)) as s:
        s.contact("ada@sim.example", Name="Ada")
        SlowServer(monkeypatch, late=1e9)
        s.run()
        assert len(s.register.live("Persons")) == 1


def test_P19_a_found_copy_that_is_somebody_elses_by_now_stops_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Adopting it broke exclusivity, and the error ended every later run before anything was read."""
    lagging = MemoryDatatype(idempotency_key=False, finding=Finding.LAGGING, find_lag=500.0)

    async def lost(connector: MemoryConnector, datatype: str, writes: Sequence[Write]) -> AsyncIterator[Outcome]:
        async for outcome in WRITE(connector, datatype, writes):
            yield replace(outcome, kind=OutcomeKind.UNKNOWN, observation=None) if connector.side is Side.RIGHT else outcome

    with stage(right=lagging) as s:
        first = s.contact("ada@sim.example", Name="Ada")
        monkeypatch.setattr(MemoryConnector, "write", lost)
        s.run()
        monkeypatch.setattr(MemoryConnector, "write", WRITE)
        s.crm.user_delete("Contact", first)
        again = s.contact("ada@sim.example", Name="Ada")
        s.runs()
        s.later(1000.0)
        s.contact("bo@sim.example", Name="Bo")
        s.runs()
        assert again in [left for left, _ in s.pairs(PERSON)]
        assert len(s.register.live("Persons")) == 2
        assert len(s.pairs(PERSON)) == 2


def restored(s: Stage, folder: Path) -> SqliteStore:
    """An older copy of the state takes the place of the state."""
    return SqliteStore.open(folder / "older.db", s.dataflow.flows)


def test_P25_an_older_copy_of_the_state_makes_nothing_twice_and_deletes_nothing(tmp_path: Path) -> None:
    with stage() as s:
        known = s.contact("eva@sim.example", Name="Eva")
        s.runs()
        s.store.copy_to(tmp_path / "older.db")
        without, moved = s.contact("", Name="No address"), s.contact("bo@sim.example", Name="Bo")
        s.crm.user_edit("Contact", known, {"Name": "Eva Berg"})
        s.runs()
        pairs = set(s.pairs(PERSON))
        s.crm.user_edit("Contact", moved, {"Email": "bo.berg@sim.example"})
        before = len(s.writes())
        with restored(s, tmp_path) as s.store:
            s.runs()
            assert set(s.pairs(PERSON)) == pairs
            assert without in [left for left, _ in pairs]
            assert len(s.register.live("Persons")) == 3
            assert [call.kind for call in s.writes()[before:]] == ["update"], "only the edit that was not carried over yet"


def test_P25_without_any_state_what_accord_made_is_known_again_by_our_reference() -> None:
    with stage() as s:
        s.contact("", Name="No address"), s.contact("bo@sim.example", Name="Bo")
        s.runs()
        pairs, before = s.pairs(PERSON), len(s.writes())
        for person in s.register.live("Persons"):
            s.register.user_edit("Persons", person, {"email": f"{person}@elsewhere.example"})
        with SqliteStore.open(":memory:", s.dataflow.flows) as s.store:
            s.runs()
            assert sorted(s.pairs(PERSON)) == sorted(pairs)
            assert not [call for call in s.writes()[before:] if call.kind == "create"]


@pytest.mark.parametrize("deleted", [True, False])
def test_P25_a_copy_whose_original_is_not_known_any_more_is_nobodys_original(deleted: bool) -> None:
    """The state is gone, and the original is too, or the first listing left it out."""
    with stage(Rules(create=Creation.BOTH)) as s:
        contact = s.contact("ada@sim.example", Name="Ada")
        s.runs()
        before = s.writes()
        if deleted:
            s.crm.user_delete("Contact", contact)
        else:
            hidden = s.crm._tables["Contact"].order.pop()
        with SqliteStore.open(":memory:", s.dataflow.flows) as s.store:
            s.run()
            assert s.writes() == before
            s.run()
            assert s.writes() == before
            if deleted:
                assert [row.rule for row in s.waiting()] == ["CREATE-03"]
            else:
                assert [left for left, _ in s.pairs(PERSON)] == [hidden]
                assert not s.waiting()


def test_P7_an_id_that_is_used_again_is_not_taken_for_the_record_that_had_it() -> None:
    from accord.model.dataflow import DeletePolicy
    from accord.testing.simulation_dataflow import Rules

    with stage(Rules(deletes=DeletePolicy.UNLINK)) as s:
        left = s.contact("ada@sim.example", Name="Ada")
        s.runs()
        ((_, right),) = s.pairs(PERSON)
        s.crm.user_delete("Contact", left)
        s.runs()
        s.crm.user_restore("Contact", left)
        s.crm.user_edit("Contact", left, {"Email": "bo@sim.example", "Name": "Bo"})
        s.runs()
        assert s.right("Persons", right)["name"] == "Ada"
        assert s.pairs(PERSON) == []

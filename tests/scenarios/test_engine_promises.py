"""Promises that one small history each can show."""

from pathlib import Path

from engine_stage import Stage, stage

from accord.connectors.memory import MemoryDatatype
from accord.model.dataflow import DeletePolicy
from accord.model.journal import IntentState
from accord.model.links import PendingState
from accord.model.plans import OperationKind
from accord.testing.simulation_dataflow import PERSON, SALE, Rules


def met(s: Stage, **values: str) -> tuple[str, str]:
    left = s.contact("ada@sim.example", **values)
    s.runs()
    ((_, right),) = s.pairs(PERSON)
    return left, right


def test_P6_what_the_target_rewrites_is_not_fought_over_nor_brought_back() -> None:
    with stage(right=MemoryDatatype(trims=frozenset({"name"}))) as s:
        left, right = met(s, Name="  Ada ")
        assert s.right("Persons", right)["name"] == "Ada"
        s.crm.user_edit("Contact", left, {"City": "Oslo"})
        s.register.user_edit("Persons", right, {"isMember": True})
        s.runs()
        assert s.left("Contact", left)["Name"] == "  Ada "
        assert s.right("Persons", right)["town"] == "Oslo"
        assert len(s.writes()) == 3, "a create, and one update each way"


def test_P11_a_record_that_was_edited_outlives_the_deletion_of_its_counterpart() -> None:
    with stage(Rules(deletes=DeletePolicy.DELETE)) as s:
        left, right = met(s, Name="Ada")
        s.register.user_edit("Persons", right, {"name": "edited"})
        s.crm.user_delete("Contact", left)
        s.runs()
        assert s.right("Persons", right)["name"] == "edited"
        assert [row.rule for row in s.waiting()] == ["DELETE-04"]


def test_P19_a_refused_record_is_set_aside_and_all_others_go_on() -> None:
    with stage(right=MemoryDatatype(refuses={"name": ["not allowed"]})) as s:
        bad = s.contact("bad@sim.example", Name="not allowed")
        for number in range(9):
            s.contact(f"p{number}@sim.example", Name="fine")
        s.runs()
        assert len(s.register.live("Persons")) == 9
        (row,) = s.waiting()
        assert (row.ref.id, row.state, row.rule) == (bad, PendingState.QUARANTINED, "REFUSED-01")
        s.crm.user_edit("Contact", bad, {"Name": "allowed"})
        s.runs()
        assert len(s.register.live("Persons")) == 10
        assert s.waiting() == []


def test_P20_every_write_that_a_system_saw_is_in_the_journal_with_its_reasons_and_its_end() -> None:
    with stage() as s:
        left, right = met(s, Name="Ada")
        s.order("N1", left, Remark="one")
        s.crm.user_edit("Contact", left, {"Name": "Ada L"})
        s.runs()
        s.register.user_edit("Persons", right, {"name": "Ada R"})
        s.runs()
        intents = s.journal()
        assert {intent.state for intent in intents} == {IntentState.DONE}
        assert all(intent.operation.reasons and intent.closed for intent in intents)
        seen = [(call.kind.value, call.datatype, call.id) for call in s.writes()]
        assert sorted(seen) == sorted((one.operation.kind.value, one.operation.target.datatype, one.operation.target.id) for one in intents)


def test_P23_a_plan_lists_what_the_next_run_does_and_writes_nothing(tmp_path: Path) -> None:
    with stage() as s:
        left, right = met(s, Name="Ada")
        s.order("N1", left, Remark="new")
        s.contact("bo@sim.example", Name="Bo")
        s.register.user_edit("Persons", right, {"name": "Ada R"})
        before = len(s.writes())
        planned = s.preview(tmp_path)
        assert len(s.writes()) == before
        s.run()
        done = s.writes()[before:]
        creates = sorted((one.ref.datatype, one.reference) for one in planned if one.kind is OperationKind.CREATE)
        assert creates == sorted((call.datatype, call.reference) for call in done if call.kind == "create")
        updates = sorted((one.ref.datatype, one.ref.id, repr(one.values)) for one in planned if one.kind is OperationKind.UPDATE)
        assert updates == sorted((call.datatype, call.id, repr(dict(call.values))) for call in done if call.kind == "update")
        assert len(planned) == len(done) == 3


def test_P24_an_idle_cycle_costs_no_more_calls_with_many_records_than_with_few() -> None:
    def idle(count: int) -> int:
        with stage(left=MemoryDatatype(page_size=5), right=MemoryDatatype(page_size=5)) as s:
            for number in range(count):
                s.contact(f"p{number}@sim.example", Name="Ada")
            s.runs(4)
            s.later(3600.0)
            s.run()
            before = sum(sum(world.requests.values()) for world in s.worlds.values())
            s.later(3600.0)
            s.run()
            return sum(sum(world.requests.values()) for world in s.worlds.values()) - before

    assert idle(60) == idle(3)


def test_P24_one_edit_among_many_costs_a_handful_of_calls() -> None:
    with stage() as s:
        for number in range(60):
            s.contact(f"p{number}@sim.example", Name="Ada")
        s.runs(4)
        s.later(3600.0)
        s.run()
        idle = sum(sum(world.requests.values()) for world in s.worlds.values())
        s.run()
        idle = sum(sum(world.requests.values()) for world in s.worlds.values()) - idle
        s.crm.user_edit("Contact", s.pairs(PERSON)[0][0], {"Name": "edited"})
        before = sum(sum(world.requests.values()) for world in s.worlds.values())
        s.run()
        assert sum(sum(world.requests.values()) for world in s.worlds.values()) - before <= idle + 5
        assert s.pairs(SALE) == []

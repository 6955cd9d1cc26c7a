"""What looks like a mistake is held before anything is written, said with its figures, and let go by a person."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from engine_stage import Stage, stage

from accord.core.guards import ROUNDS
from accord.model.dataflow import Creation, DeletePolicy, Direction, Guards, MatchPart, PropertyMapping, Where
from accord.model.links import PendingState
from accord.testing.simulation_dataflow import PERSON, SALE, Rules

FEW = {"guards": Guards(changes=5, changes_percent=50.0)}


def people(s: Stage, count: int, **values: Any) -> list[tuple[str, str]]:
    for number in range(count):
        s.contact(f"p{number}@sim.example", **values)
    s.runs()
    return s.pairs(PERSON)


def configure(s: Stage, name: str = PERSON, **changes: Any) -> None:
    """A person edits the dataflow file."""
    flows = tuple(replace(flow, **changes) if flow.name == name else flow for flow in s.dataflow.flows)
    s.configure(replace(s.dataflow, flows=flows))


def test_P10_more_deletes_than_the_budget_are_all_held_and_go_on_when_a_person_approves() -> None:
    with stage(Rules(deletes=DeletePolicy.DELETE)) as s:
        pairs = people(s, 40)
        for left, _ in pairs[:12]:
            s.crm.user_delete("Contact", left)
        s.crm.user_edit("Contact", pairs[20][0], {"Name": "still edited"})
        s.runs()
        assert len(s.register.live("Persons")) == 40
        assert {(row.state, row.rule) for row in s.waiting()} == {(PendingState.HELD, "GUARD-01")}
        assert "12 deletes of 40 links" in s.waiting()[0].cause
        assert s.right("Persons", pairs[20][1])["name"] == "still edited"
        s.approve = True
        s.run()
        assert len(s.register.live("Persons")) == 28
        assert s.waiting() == []


def test_P10_the_budget_is_for_a_day_not_for_a_run() -> None:
    with stage(Rules(deletes=DeletePolicy.DELETE), {PERSON: {"guards": Guards(deletes=3, deletes_percent=100.0)}}) as s:
        pairs = people(s, 10)
        for left, _ in pairs[:5]:
            s.crm.user_delete("Contact", left)
            s.run()
        assert len(s.register.live("Persons")) == 7
        assert [row.rule for row in s.waiting()] == ["GUARD-01", "GUARD-01"]
        s.later(25 * 3600.0)
        s.crm.user_delete("Contact", pairs[5][0])
        s.run()
        assert len(s.register.live("Persons")) == 6
        assert [row.rule for row in s.waiting()] == ["GUARD-01", "GUARD-01"], "what was held turns into a reminder, not into an action"


def test_GUARD_03_most_of_the_linked_records_changed_at_once_are_held_as_a_whole() -> None:
    with stage(flows={PERSON: FEW}) as s:
        pairs = people(s, 10, Name="Before")
        for left, _ in pairs[:9]:
            s.crm.user_edit("Contact", left, {"Name": "Overwritten by an import"})
        run = s.run()
        assert "9 of 10" in run.flows[PERSON].stopped
        s.runs()
        assert {person["name"] for person in s.register.live("Persons").values()} == {"Before"}
        for left, _ in pairs[:9]:
            s.crm.user_edit("Contact", left, {"Name": "Before"})
        s.run(full=True)
        s.runs()
        s.crm.user_edit("Contact", pairs[0][0], {"Name": "After"})
        run = s.run()
        assert run.flows[PERSON].stopped == ""
        assert s.right("Persons", pairs[0][1])["name"] == "After"


def test_GUARD_03_goes_on_when_a_person_approves() -> None:
    with stage(flows={PERSON: FEW}) as s:
        for left, _ in people(s, 10, Name="Before"):
            s.crm.user_edit("Contact", left, {"Name": "After"})
        s.runs()
        s.approve = True
        s.run()
        assert {person["name"] for person in s.register.live("Persons").values()} == {"After"}


def test_P22_a_property_that_is_mapped_anew_writes_nothing_before_a_person_has_looked() -> None:
    with stage() as s:
        known = {flow.name: flow for flow in s.dataflow.flows}[PERSON].properties
        configure(s, properties=tuple(one for one in known if one.name != "City"))
        for number in range(20):
            s.contact(f"p{number}@sim.example", City="Oslo")
            s.person(f"p{number}@sim.example", town="Bergen")
        s.runs()
        assert len(s.pairs(PERSON)) == 20
        before = len(s.writes())
        configure(s, properties=known)
        run = s.run()
        s.runs()
        assert "20 writes, 20 links" in run.flows[PERSON].stopped
        assert len(s.writes()) == before
        s.approve = True
        s.run()
        s.approve = False
        s.runs()
        towns = {person["town"] for person in s.register.live("Persons").values()}
        assert towns == {contact["City"] for contact in s.crm.live("Contact").values()}
        assert len(towns) == 1


def test_P22_a_wider_filter_takes_in_what_was_outside_without_being_touched() -> None:
    """What had been judged out of scope was never looked at again."""
    with stage(flows={PERSON: {"where": Where(left="City = 'Oslo'")}}) as s:
        s.contact("ada@sim.example", City="Bergen")
        s.runs()
        assert s.pairs(PERSON) == []
        configure(s, where=Where())
        s.runs()
        assert len(s.pairs(PERSON)) == 1


def test_P22_many_records_that_a_wider_filter_takes_in_wait_for_a_person() -> None:
    with stage(flows={PERSON: {"where": Where(left="City = 'Oslo'")}}) as s:
        people(s, 20, City="Bergen")
        configure(s, where=Where())
        assert "20 writes, 0 links" in s.run().flows[PERSON].stopped
        assert s.writes() == []


def test_P22_a_narrower_filter_deletes_nothing() -> None:
    with stage(Rules(deletes=DeletePolicy.DELETE)) as s:
        people(s, 3, City="Bergen")
        configure(s, where=Where(left="City = 'Oslo'"))
        s.runs()
        assert len(s.register.live("Persons")) == 3
        assert len(s.pairs(PERSON)) == 3


def test_P22_another_match_criterion_finds_what_was_known_under_the_old_one() -> None:
    """The keys of known records were those of the old criterion, by its place in the list."""
    with stage() as s:
        s.person("ada@sim.example", name="Ada")
        s.runs()
        (match,) = {flow.name: flow for flow in s.dataflow.flows}[PERSON].match
        configure(s, match=((MatchPart(left="Name", right="name"),), match))
        s.contact("ada@sim.example", Name="Ada")
        s.runs()
        assert len(s.register.live("Persons")) == 1
        assert len(s.pairs(PERSON)) == 1


def test_P22_a_one_way_property_that_becomes_two_way_leaves_no_silent_difference() -> None:
    with stage() as s:
        known = {flow.name: flow for flow in s.dataflow.flows}[PERSON].properties
        one_way: tuple[PropertyMapping, ...] = tuple(
            replace(one, direction=Direction.LEFT_TO_RIGHT) if one.name == "City" else one for one in known
        )
        configure(s, properties=one_way)
        ((left, right),) = people(s, 1, City="Oslo")
        s.register.user_edit("Persons", right, {"town": "Bergen"})
        s.runs()
        assert (s.left("Contact", left)["City"], s.right("Persons", right)["town"]) == ("Oslo", "Bergen")
        configure(s, properties=known)
        s.runs()
        assert s.left("Contact", left)["City"] == s.right("Persons", right)["town"]


def test_GUARD_05_a_value_that_something_else_keeps_changing_back_is_held_after_a_few_rounds() -> None:
    with stage() as s:
        ((left, right),) = people(s, 1, Name="ours")
        for _ in range(ROUNDS + 2):
            s.register.user_edit("Persons", right, {"name": "ours"})
            s.run()
            s.crm.user_edit("Contact", left, {"Name": "of another integration"})
            s.run()
        (row,) = s.waiting()
        assert (row.state, row.rule) == (PendingState.HELD, "GUARD-05")
        assert row.cause.endswith(": Name")
        written = len(s.writes())
        s.runs()
        assert len(s.writes()) == written


def test_P8_a_record_that_one_flow_keeps_in_step_is_not_new_to_another() -> None:
    """Invoices serve three flows: editing the invoice of an order made a quote of it, and every later run failed."""
    with stage(quotes=True) as s:
        for name in (SALE, "Quote to Invoices"):
            configure(s, name, create=Creation.BOTH)
        s.order("N1", s.contact("ada@sim.example"))
        s.runs()
        ((_, invoice),) = s.pairs(SALE)
        s.register.user_edit("Invoices", invoice, {"remark": "edited"})
        s.runs()
        assert s.crm.live("Quote") == {}
        assert len(s.crm.live("Order")) == 1


def test_P18_what_a_feed_names_and_a_listing_leaves_out_is_read_in_a_full_cycle_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """A full listing was taken to show everybody whom the feed had named."""
    from accord.connectors.memory import MemoryConnector, MemoryDatatype
    from accord.model.capabilities import ChangeCapture
    from accord.model.records import Seen, Side

    with stage(left=MemoryDatatype(changes=ChangeCapture.FEED)) as s:
        (left, right), _ = people(s, 2, Name="Before")
        inner = MemoryConnector.list

        async def without_closed(self: MemoryConnector, datatype: str) -> Any:
            async for page in inner(self, datatype):
                shown = [one for one in page.observations if not (isinstance(one, Seen) and _closed(one.values))]
                yield replace(page, observations=shown)

        monkeypatch.setattr(MemoryConnector, "list", without_closed)
        assert s.worlds[Side.LEFT] is s.crm
        s.crm.user_edit("Contact", left, {"Name": "Closed"})
        s.run(full=True)
        s.runs()
        assert s.right("Persons", right)["name"] == "Closed"


def _closed(values: Mapping[str, Any]) -> bool:
    return values.get("Name") == "Closed"

"""Flows that leave the dataflow with something still open: they wait until they are back, and hold nobody up."""

from dataclasses import replace

import pytest
from engine_stage import Stage, stage

from accord.connectors.memory import MemoryConnector, MemoryDatatype
from accord.model.capabilities import Finding
from accord.model.journal import IntentState
from accord.testing.simulation_dataflow import COMPANY, PERSON, SALE

OPEN = (IntentState.OPEN, IntentState.UNKNOWN)


class Killed(BaseException):
    """The process ends here."""


def killed(*_: object) -> None:
    raise Killed


def open_states(s: Stage) -> list[IntentState]:
    return [one.state for one in s.journal() if one.state in OPEN]


def without(s: Stage, *flows: str) -> None:
    """The dataflow loses these flows, and the system on the right the datatypes that only they used."""
    kept = tuple(flow for flow in s.dataflow.flows if flow.name not in flows)
    for name in {flow.right for flow in s.dataflow.flows} - {flow.right for flow in kept}:
        del s.register.datatypes[name]
    s.dataflow = replace(s.dataflow, flows=kept)


@pytest.mark.parametrize("verb", ["create", "update"])
def test_P16_what_is_open_of_a_flow_that_left_the_dataflow_is_not_asked_about_and_waits(verb: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with stage() as s:
        left = s.contact("ada@sim.example", Name="Ada")
        if verb == "update":
            s.runs()
            s.crm.user_edit("Contact", left, {"Name": "Ada L"})
        with monkeypatch.context() as patched, pytest.raises(Killed):
            patched.setattr(MemoryConnector, "write", killed)
            s.run()
        assert open_states(s) == [IntentState.OPEN]
        before, shapes = s.dataflow, dict(s.register.datatypes)
        without(s, PERSON, SALE)
        s.customer("100", Name="Acme")
        s.runs()
        assert open_states(s) == [IntentState.OPEN], "nothing may be concluded about it"
        assert len(s.pairs(COMPANY)) == 1, "the flow that stayed goes on"
        s.dataflow = before
        s.register.datatypes.update(shapes)
        s.runs()
        assert open_states(s) == []
        assert [one["name"] for one in s.register.live("Persons").values()] == ["Ada L" if verb == "update" else "Ada"]


def test_P7_an_open_create_between_other_datatypes_than_its_flow_has_now_is_left_alone() -> None:
    with stage(right=MemoryDatatype(finding=Finding.NONE, idempotency_key=False)) as s:
        s.contact("ada@sim.example")
        asked_before = s.register.requests["find"]
        with pytest.MonkeyPatch.context() as patched, pytest.raises(Killed):
            patched.setattr(MemoryConnector, "write", killed)
            s.run()
        person, company = (next(flow for flow in s.dataflow.flows if flow.name == name) for name in (PERSON, COMPANY))
        s.dataflow = replace(s.dataflow, flows=(replace(company, name=PERSON),))
        s.compiled[PERSON] = replace(s.compiled[COMPANY], flow=s.dataflow.flows[0])
        del s.register.datatypes[person.right]
        s.runs()
        assert open_states(s) == [IntentState.OPEN]
        assert s.register.requests["find"] == asked_before

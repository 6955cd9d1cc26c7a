"""What the simulation found, each as the shortest history that shows it."""

from dataclasses import replace

import pytest

from accord.connectors.hostile import Fault, FaultPlan
from accord.connectors.memory import State
from accord.engine.parts import Depth
from accord.errors import SystemProblem
from accord.model.records import Hint, RecordRef, Side
from accord.testing.memoryengine import one_run
from accord.testing.simulation_dataflow import PERSON
from accord.testing.stage import Stage, stage
from accord.testing.virtualtime import run_virtually


def webhook(here: Stage, side: Side, datatype: str, id: str) -> None:
    """One arrives, and is followed at once."""
    here.store.hint([Hint(RecordRef(side, datatype, id))])
    here.later()
    run_virtually(one_run(here._engine(here.store, here._connectors()), depth=Depth.QUICK), here.loop)


def test_P07_a_webhook_before_the_other_side_was_listed_creates_nothing() -> None:
    with stage() as here:
        contact, person = here.contact("ada@sim.example"), here.person("ada@sim.example")
        here.faults[Side.RIGHT] = FaultPlan.only(Fault.NOT_REACHED)
        with pytest.raises(SystemProblem):
            here.run()
        here.faults[Side.RIGHT] = FaultPlan.none()
        webhook(here, Side.LEFT, "Contact", contact)
        assert not here.writes()
        here.run()
        assert here.pairs(PERSON) == [(contact, person)]


def test_P13_a_property_that_was_not_shown_when_the_copy_was_made_crosses_once_it_is_shown() -> None:
    with stage() as here:
        here.crm.datatypes["Contact"] = replace(here.crm.datatypes["Contact"], always=frozenset())
        contact = here.contact("ada@sim.example", City="Oslo")
        here.runs()
        here.crm.user_edit("Contact", contact, {"Name": "Ada"})
        here.runs()
        (person,) = here.register.live("Persons").values()
        assert person["name"] == "Ada"


def test_P07_a_match_property_that_is_not_shown_for_once_costs_nobody_a_counterpart() -> None:
    with stage() as here:
        person = here.person("ada@sim.example", name="Ada")
        here.run()
        without = {name: value for name, value in here.register.live("Persons")[person].items() if name != "email"}
        here.later()
        here.register._tables["Persons"].states[person].append(State(2, here.register.now(), without))
        here.run(full=True)
        contact = here.contact("ada@sim.example")
        here.run()
        assert here.pairs(PERSON) == [(contact, person)]
        assert not [call for call in here.writes() if call.kind == "create"]

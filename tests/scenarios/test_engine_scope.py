"""What leaves a filter, what a target changes by itself, and what is not shown: left alone, and never lost sight of."""

from collections.abc import Mapping
from typing import Any

import pytest
from engine_stage import Stage, stage

from accord.connectors.memory import MemorySystem
from accord.model.dataflow import DeletePolicy, Where
from accord.testing.simulation_dataflow import PERSON, Rules

OSLO = {PERSON: {"where": Where(left="City = 'Oslo'")}}


def met(s: Stage, **values: str) -> tuple[str, str]:
    left = s.contact("ada@sim.example", **values)
    s.runs()
    ((_, right),) = s.pairs(PERSON)
    return left, right


def test_P4_what_the_target_changes_while_it_is_written_crosses_and_is_not_overwritten(monkeypatch: pytest.MonkeyPatch) -> None:
    """The answer's other values were dropped with the content, and the base stood for them from then on."""
    update = MemorySystem.update

    def meddled(self: MemorySystem, datatype: str, id: str, values: Mapping[str, Any], if_version: str | None) -> Any:
        state = update(self, datatype, id, values, if_version)
        if self.name == "register" and "town" in values and "name" not in values:
            state = self._change(datatype, id, {"name": "changed by a user meanwhile"})
        return state

    with stage() as s:
        left, right = met(s, Name="Ada", City="Oslo")
        monkeypatch.setattr(MemorySystem, "update", meddled)
        s.crm.user_edit("Contact", left, {"City": "Bergen"})
        s.runs()
        assert s.left("Contact", left)["Name"] == s.right("Persons", right)["name"] == "changed by a user meanwhile"
        assert s.left("Contact", left)["City"] == s.right("Persons", right)["town"] == "Bergen"


def test_SCOPE_01_a_record_that_left_the_filter_is_not_written_to() -> None:
    """It was settled, and a settled record counted as in scope."""
    with stage(flows=OSLO) as s:
        left, right = met(s, Name="Ada", City="Oslo")
        s.crm.user_edit("Contact", left, {"City": "Bergen", "Name": "out of scope"})
        s.runs()
        s.register.user_edit("Persons", right, {"name": "from the right"})
        s.runs()
        assert s.left("Contact", left)["Name"] == "out of scope"
        assert s.right("Persons", right)["name"] == "from the right"


def test_P11_what_was_edited_while_its_counterpart_was_out_of_scope_outlives_its_deletion() -> None:
    with stage(Rules(deletes=DeletePolicy.DELETE), OSLO) as s:
        left, right = met(s, Name="Ada", City="Oslo")
        s.crm.user_edit("Contact", left, {"City": "Bergen"})
        s.runs()
        s.register.user_edit("Persons", right, {"name": "edited"})
        s.runs()
        s.crm.user_delete("Contact", left)
        s.runs()
        assert s.right("Persons", right)["name"] == "edited"


def test_SCOPE_01_a_record_outside_the_filter_takes_nothing_with_it_when_it_is_deleted() -> None:
    with stage(Rules(deletes=DeletePolicy.DELETE), OSLO) as s:
        left, right = met(s, Name="Ada", City="Oslo")
        s.crm.user_edit("Contact", left, {"City": "Bergen"})
        s.runs()
        s.crm.user_delete("Contact", left)
        s.runs()
        assert s.right("Persons", right)["name"] == "Ada"
        assert s.pairs(PERSON) == []


def test_MERGE_10_what_a_side_does_not_show_is_not_taken_for_what_it_was() -> None:
    with stage() as s:
        left, right = met(s, Name="Ada", City="Oslo")
        s.crm.user_edit("Contact", left, {})
        state = s.crm.state("Contact", left)
        assert state is not None
        del state.values["Name"]  # type: ignore[attr-defined]  # the API leaves it out from now on
        s.runs()
        s.register.user_edit("Persons", right, {"name": "from the right"})
        s.runs()
        assert "Name" not in s.left("Contact", left)
        s.crm.user_edit("Contact", left, {"Name": "Ada"})
        s.runs()
        assert s.left("Contact", left)["Name"] == s.right("Persons", right)["name"] == "from the right"

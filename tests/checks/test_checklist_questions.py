"""The lines of a checklist: every statement of the document is asked, and what does not apply says why."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from accord.checks.questions import Abilities, Question, questions_of
from accord.checks.report import Kind
from accord.config.dataflow import read_dataflow
from accord.config.starter import write_starter
from accord.model.capabilities import Capabilities
from accord.model.dataflow import Creation, Dataflow, Direction, Flow, Share
from accord.model.records import Side

ALL = {side: Capabilities(delete=True) for side in Side}


@pytest.fixture
def dataflow(tmp_path: Path) -> Dataflow:
    write_starter(tmp_path / "it", demo=True)
    return read_dataflow(tmp_path / "it" / "dataflow.yaml")


def asked(dataflow: Dataflow, flow: Flow, able: Abilities = ALL) -> dict[str, Question]:
    return {one.id: one for one in questions_of(dataflow, flow, able)}


def test_every_mapped_property_is_asked_for_in_both_directions(dataflow: Dataflow) -> None:
    for flow in dataflow.flows:
        edited = [one for one in asked(dataflow, flow).values() if one.kind is Kind.EDITED]
        for mapping in flow.properties:
            ways = {one.direction for one in edited if one.property == mapping.name}
            assert ways == {Direction.LEFT_TO_RIGHT, Direction.RIGHT_TO_LEFT}


def test_ids_are_unique_and_questions_are_sentences(dataflow: Dataflow) -> None:
    for flow in dataflow.flows:
        questions = questions_of(dataflow, flow, ALL)
        assert not [id for id, count in Counter(one.id for one in questions).items() if count > 1]
        assert all(one.sentence.endswith("?") for one in questions)


def test_what_goes_one_way_is_not_asked_for_the_other_way_and_says_why(dataflow: Dataflow) -> None:
    flow = dataflow.flows[0]
    first = replace(flow.properties[0], direction=Direction.LEFT_TO_RIGHT)
    found = asked(dataflow, replace(flow, properties=(first, *flow.properties[1:])))
    assert found[f"contact-to-persons/edited/left-to-right/{first.name}"].unless == ""
    assert found[f"contact-to-persons/edited/right-to-left/{first.name}"].unless == "the property crosses from left to right only"
    assert found[f"contact-to-persons/conflict/both/{first.name}"].unless == "the property crosses from left to right only"


@pytest.mark.parametrize(
    ("changed", "able", "line", "reason"),
    [
        ({"create": Creation.NONE}, ALL, "created/left-to-right", "creates nothing"),
        ({}, ALL, "created/right-to-left", "from left to right only"),
        ({"share": Share(right=False)}, ALL, "edited/left-to-right/FirstName", "switched off"),
        ({}, {**ALL, Side.RIGHT: Capabilities()}, "deleted/right-to-left", "cannot be deleted"),
        ({}, {**ALL, Side.RIGHT: Capabilities(update=False)}, "edited/left-to-right/FirstName", "cannot be changed"),
        ({}, {**ALL, Side.RIGHT: Capabilities(create_only=frozenset({"firstname"}))}, "edited/left-to-right/FirstName", "once it is made"),
        ({}, {**ALL, Side.LEFT: Capabilities(create=False)}, "created/left-to-right", "no test record can be made"),
    ],
)
def test_what_does_not_apply_says_why(dataflow: Dataflow, changed: dict[str, object], able: Abilities, line: str, reason: str) -> None:
    flow = replace(dataflow.flows[0], **changed)  # type: ignore[arg-type]  # the table holds several kinds of values
    assert reason in asked(dataflow, flow, able)[f"contact-to-persons/{line}"].unless


def test_with_everything_possible_only_what_the_dataflow_excludes_does_not_apply(dataflow: Dataflow) -> None:
    flow = replace(dataflow.flows[3], create=Creation.BOTH)
    reasons = {one.id: one.unless for one in asked(dataflow, flow).values() if one.unless}
    assert {one.split("/", 1)[1]: reason for one, reason in reasons.items()} == {
        "filtered/left-to-right": "the flow has no filter on this side",
        "filtered/right-to-left": "the flow has no filter on this side",
        "special/left-to-right/Active": "a boolean has no special values",
        "special/right-to-left/Active": "a boolean has no special values",
        "cleared/left-to-right/Name": "the property is required, and is never emptied",
        "cleared/right-to-left/Name": "the property is required, and is never emptied",
        "cleared/left-to-right/Active": "a boolean is true or false, and is never emptied",
        "cleared/right-to-left/Active": "a boolean is true or false, and is never emptied",
        "conflict/both/Active": "of two values one is the agreed one, so there are not two different changes",
    }

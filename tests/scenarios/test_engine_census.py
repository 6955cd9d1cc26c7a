"""A census counts every linked record: also one that is gone on the left, or that no listing shows."""

import pytest
from engine_stage import Stage, stage

from accord.model.dataflow import Where
from accord.model.records import Side
from accord.testing.simulation_dataflow import PERSON


def three_pairs(s: Stage) -> list[tuple[str, str]]:
    for number in range(3):
        s.contact(f"p{number}@sim.example", Name=f"Name {number}", City="Oslo")
    s.runs()
    return s.pairs(PERSON)


def counted(s: Stage) -> tuple[int, int, bool]:
    (one,) = [flow for flow in s.census() if flow.flow == PERSON]
    return one.pairs, one.missing, one.in_step


@pytest.mark.parametrize("side", list(Side))
def test_a_linked_record_that_is_gone_on_either_side_is_missing(side: Side) -> None:
    with stage() as s:
        pair = three_pairs(s)[0]
        assert counted(s) == (3, 0, True)
        s.worlds[side].user_delete("Contact" if side is Side.LEFT else "Persons", pair[side is Side.RIGHT])
        assert counted(s) == (2, 1, False)


def test_nothing_is_in_step_when_both_systems_are_empty_and_links_are_there() -> None:
    with stage() as s:
        for left, right in three_pairs(s):
            s.crm.user_delete("Contact", left)
            s.register.user_delete("Persons", right)
        assert counted(s) == (0, 3, False)


def test_a_linked_record_that_left_the_filter_is_not_missing() -> None:
    with stage(flows={PERSON: {"where": Where(left="City = 'Oslo'")}}) as s:
        s.crm.user_edit("Contact", three_pairs(s)[0][0], {"City": "Bergen"})
        assert counted(s) == (2, 0, True)

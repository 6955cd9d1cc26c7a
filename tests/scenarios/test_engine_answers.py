"""An update or a delete whose answer was lost: both records are read again, what happened is no edit, and what did not happen is done."""

from collections.abc import AsyncIterator, Callable, Sequence
from datetime import datetime
from functools import partial

import pytest
from engine_stage import Stage, stage

from accord.connectors.memory import MemoryConnector
from accord.model.dataflow import DeletePolicy
from accord.model.journal import Intent, IntentState
from accord.model.plans import Outcome, OutcomeKind, Write
from accord.model.records import Side
from accord.model.runs import Run
from accord.testing.simulation_dataflow import PERSON, SALE, Rules

WRITE = MemoryConnector.write
LINE = "the line went dead"


def run_unanswered(
    s: Stage,
    monkeypatch: pytest.MonkeyPatch,
    *,
    happens: bool = True,
    side: Side = Side.RIGHT,
    meanwhile: Callable[[], None] = lambda: None,
) -> Run:
    """One run in which the first batch to ``side`` is not answered, be it that it happens or not; it is looked at in the same run.

    ``meanwhile``: what users do before anybody looks.
    """

    async def write(connector: MemoryConnector, datatype: str, writes: Sequence[Write]) -> AsyncIterator[Outcome]:
        if connector.side is not side:
            async for outcome in WRITE(connector, datatype, writes):
                yield outcome
            return
        monkeypatch.setattr(MemoryConnector, "write", WRITE)
        if happens:
            async for _ in WRITE(connector, datatype, writes):
                pass
        s.later()
        meanwhile()
        for one in writes:
            yield Outcome(one.key, OutcomeKind.UNKNOWN, message=LINE)

    monkeypatch.setattr(MemoryConnector, "write", write)
    return s.run()


def abandoned(s: Stage) -> Intent:
    """The one intent that was given up."""
    (found,) = [one for one in s.journal() if one.state is IntentState.ABANDONED]
    return found


def known(s: Stage, **values: str) -> tuple[str, str]:
    """A contact and its person, in step."""
    s.contact("eva@sim.example", Name="Eva", **values)
    s.runs()
    ((left, right),) = s.pairs(PERSON)
    s.later()
    return left, right


@pytest.mark.parametrize("side", Side)
def test_P4_an_update_that_happened_without_an_answer_is_no_edit_of_the_side_that_was_written(
    side: Side, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next edit of the same property, on the side of the first one, is no conflict: nobody else has edited it."""
    with stage() as s:
        left, right = known(s)
        place = ("Contact", left, "Name") if side is Side.RIGHT else ("Persons", right, "name")
        world = s.worlds[side.other]
        s.later()
        world.user_edit(place[0], place[1], {place[2]: "Eva Berg"})
        again = partial(world.user_edit, place[0], place[1], {place[2]: "Eva Dahl"})
        assert run_unanswered(s, monkeypatch, side=side, meanwhile=again).counts(PERSON).conflicts == 0
        assert s.run().counts(PERSON).conflicts == 0
        assert (s.left("Contact", left)["Name"], s.right("Persons", right)["name"]) == ("Eva Dahl", "Eva Dahl")
        assert not s.waiting()


@pytest.mark.parametrize("happens", [True, False])
def test_P7_an_update_without_an_answer_is_looked_at_and_sent_again_only_if_it_did_not_happen(
    happens: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    with stage() as s:
        left, right = known(s)
        s.crm.user_edit("Contact", left, {"Name": "Eva Berg"})
        before = len(s.writes())
        run = run_unanswered(s, monkeypatch, happens=happens)
        s.runs()
        assert len(s.writes()) - before == 1
        assert s.right("Persons", right)["name"] == "Eva Berg" and not s.waiting()
        intent = abandoned(s)
        assert intent.message == "left to a fresh merge"
        assert datetime.fromisoformat(run.started) <= datetime.fromisoformat(intent.closed)


@pytest.mark.parametrize("happens", [True, False])
def test_P14_a_reference_that_was_written_without_an_answer_is_no_edit(happens: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    with stage() as s:
        payers = [s.contact(f"{name}@sim.example", Name=name) for name in ("ada", "bo", "eva")]
        order = s.order("N1", payers[0])
        s.runs()
        persons = dict(s.pairs(PERSON))
        ((_, invoice),) = s.pairs(SALE)
        s.later()
        s.crm.user_edit("Order", order, {"Payer": payers[1]})
        again = partial(s.crm.user_edit, "Order", order, {"Payer": payers[2]})
        assert run_unanswered(s, monkeypatch, happens=happens, meanwhile=again).counts(SALE).conflicts == 0
        assert s.run().counts(SALE).conflicts == 0
        assert s.right("Invoices", invoice)["payer"] == persons[payers[2]]


def test_P11_a_record_that_is_deleted_before_anybody_looked_at_the_unanswered_update_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    with stage() as s:
        left, right = known(s)
        s.crm.user_edit("Contact", left, {"Name": "Eva Berg"})
        run_unanswered(s, monkeypatch, meanwhile=partial(s.register.user_delete, "Persons", right))
        s.runs()
        assert s.left("Contact", left)["Name"] == "Eva Berg"
        assert [row.rule for row in s.waiting()] == ["DELETE-01"]


@pytest.mark.parametrize("happens", [True, False])
def test_P9_a_delete_without_an_answer_is_made_and_nothing_else_is_deleted(happens: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    with stage(Rules(deletes=DeletePolicy.DELETE)) as s:
        left, right = known(s)
        s.crm.user_delete("Contact", left)
        run_unanswered(s, monkeypatch, happens=happens)
        s.runs()
        assert right not in s.register.live("Persons") and s.pairs(PERSON) == [] and not s.waiting()
        assert {call.id for call in s.writes() if call.kind == "delete"} == {right}
        assert abandoned(s).operation.target.id == right


def test_an_edit_of_the_other_side_after_an_unanswered_update_is_an_edit(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the target holds otherwise than it was sent may be a user's: it is never taken for the answer."""
    with stage() as s:
        left, right = known(s)
        s.crm.user_edit("Contact", left, {"Name": "Eva Berg"})
        theirs = partial(s.register.user_edit, "Persons", right, {"name": "Eva Holm"})
        assert run_unanswered(s, monkeypatch, meanwhile=theirs).counts(PERSON).conflicts + s.run().counts(PERSON).conflicts == 1
        assert (s.left("Contact", left)["Name"], s.right("Persons", right)["name"]) == ("Eva Holm", "Eva Holm")

"""Writes whose answer was lost: what happened is found and is no edit, what did not happen is done, and what users do meanwhile is kept."""

from collections.abc import AsyncIterator, Callable, Sequence
from datetime import datetime
from functools import partial

import pytest
from engine_stage import Stage, stage

from accord.connectors.memory import MemoryConnector, MemoryDatatype
from accord.core.rules import RULES
from accord.engine import recovery
from accord.model.capabilities import Finding
from accord.model.dataflow import DeletePolicy
from accord.model.journal import Intent, IntentState
from accord.model.links import PendingState
from accord.model.plans import Found, Outcome, OutcomeKind, Write
from accord.model.records import Side
from accord.model.runs import Run
from accord.testing.simulation_crashes import Crash
from accord.testing.simulation_dataflow import PERSON, SALE, Rules

WRITE, FIND = MemoryConnector.write, MemoryConnector.find
LINE = "the line went dead"


def run_unanswered(
    s: Stage,
    monkeypatch: pytest.MonkeyPatch,
    *,
    happens: bool = True,
    side: Side = Side.RIGHT,
    calls: int = 1,
    meanwhile: Callable[[], None] = lambda: None,
) -> Run:
    """One run in which the first ``calls`` to ``side`` are not answered, be it that they happen or not; they are looked at in the same run.

    ``meanwhile``: what users do before anybody looks.
    """

    left = [None] * calls

    async def write(connector: MemoryConnector, datatype: str, writes: Sequence[Write]) -> AsyncIterator[Outcome]:
        if connector.side is not side:
            async for outcome in WRITE(connector, datatype, writes):
                yield outcome
            return
        left.pop()
        if not left:
            monkeypatch.setattr(MemoryConnector, "write", WRITE)
        if happens:
            async for _ in WRITE(connector, datatype, writes):
                pass
        s.later()
        if not left:
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


# --- creates ----------------------------------------------------------------------------------------------------------------------------

SLOW = MemoryDatatype(idempotency_key=False, settles=600.0)
LAGGING = MemoryDatatype(idempotency_key=False, finding=Finding.LAGGING, find_lag=500.0)


def copy_of(s: Stage) -> str:
    """The one person that there is."""
    (person,) = s.register.live("Persons")
    return person


def die_at_the_next_create(monkeypatch: pytest.MonkeyPatch, happens: bool) -> None:
    """The process is gone before it knows what became of its call."""

    async def write(connector: MemoryConnector, datatype: str, writes: Sequence[Write]) -> AsyncIterator[Outcome]:
        async for outcome in WRITE(connector, datatype, writes if happens else ()):
            if connector.side is Side.LEFT:
                yield outcome
        monkeypatch.setattr(MemoryConnector, "write", WRITE)
        raise Crash("killed")

    monkeypatch.setattr(MemoryConnector, "write", write)


def test_P4_what_a_user_changes_on_a_copy_before_it_is_found_is_an_edit_of_that_user(monkeypatch: pytest.MonkeyPatch) -> None:
    with stage() as s:
        left = s.contact("ada@sim.example", Name="Ada", City="Oslo")
        run_unanswered(s, monkeypatch, meanwhile=lambda: s.register.user_edit("Persons", copy_of(s), {"name": "Ada Berg"}))
        s.run()
        assert (s.left("Contact", left)["Name"], s.right("Persons", copy_of(s))["name"]) == ("Ada Berg", "Ada Berg")
        assert [call.kind for call in s.writes()] == ["create", "update"] and not s.waiting()


def test_P17_what_a_found_copy_does_not_hold_is_sent_once_more(monkeypatch: pytest.MonkeyPatch) -> None:
    """A create of several calls may have stopped between them: what is empty proves nothing."""
    with stage() as s:
        left = s.contact("ada@sim.example", Name="Ada", City="Oslo")
        run_unanswered(s, monkeypatch, meanwhile=lambda: s.register.user_edit("Persons", copy_of(s), {"town": None}))
        s.run()
        assert (s.left("Contact", left)["City"], s.right("Persons", copy_of(s))["town"]) == ("Oslo", "Oslo")


def test_P7_a_source_that_is_linked_before_its_create_is_told_waits_for_none(monkeypatch: pytest.MonkeyPatch) -> None:
    with stage(right=LAGGING) as s:
        s.contact("ada@sim.example", Name="Ada")
        run_unanswered(s, monkeypatch)
        assert [row.rule for row in s.waiting()] == ["UNKNOWN-01"]
        s.run()
        (intent,) = s.journal()
        assert (intent.state, intent.message) == (IntentState.ABANDONED, "")
        assert len(s.pairs(PERSON)) == len(s.register.live("Persons")) == 1 and not s.waiting()


def find_late(monkeypatch: pytest.MonkeyPatch, looks: int) -> None:
    """The search does not know a new record for so many looks, though the listing does."""
    left = [looks]

    async def find(connector: MemoryConnector, datatype: str, writes: Sequence[Write]) -> Sequence[Found]:
        left[0] -= 1
        return [Found(one.key) for one in writes] if left[0] >= 0 else await FIND(connector, datatype, writes)

    monkeypatch.setattr(MemoryConnector, "find", find)


def test_P7_a_copy_that_was_linked_by_the_listing_before_the_search_finds_it_is_adopted_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    with stage(right=SLOW) as s:
        s.contact("ada@sim.example", Name="Ada")
        find_late(monkeypatch, looks=2)
        run_unanswered(s, monkeypatch)
        s.run()
        assert [one.state for one in s.journal()] == [IntentState.ADOPTED]
        assert [right for _, right in s.pairs(PERSON)] == [copy_of(s)] and not s.waiting()


def test_P14_an_order_that_was_made_without_an_answer_keeps_its_reference(monkeypatch: pytest.MonkeyPatch) -> None:
    with stage() as s:
        payers = [s.contact(f"{name}@sim.example", Name=name) for name in ("ada", "bo")]
        s.runs()
        persons = dict(s.pairs(PERSON))
        order = s.order("N1", payers[0])
        again = partial(s.crm.user_edit, "Order", order, {"Payer": payers[1]})
        run = run_unanswered(s, monkeypatch, meanwhile=again)
        s.run()
        ((_, invoice),) = s.pairs(SALE)
        assert run.counts(SALE).conflicts == 0 and s.right("Invoices", invoice)["payer"] == persons[payers[1]]
        assert s.left("Order", order)["Payer"] == payers[1] and not s.waiting()


def test_P7_a_create_that_a_crash_cut_off_is_found_and_adopted(monkeypatch: pytest.MonkeyPatch) -> None:
    with stage(right=SLOW) as s:
        s.contact("ada@sim.example", Name="Ada")
        die_at_the_next_create(monkeypatch, happens=True)
        with pytest.raises(Crash):
            s.run()
        assert [one.state for one in s.journal()] == [IntentState.OPEN]
        s.run()
        (intent,) = s.journal()
        assert (intent.state, intent.message) == (IntentState.ADOPTED, "found by our reference")
        assert [right for _, right in s.pairs(PERSON)] == [copy_of(s)] and not s.waiting()


def test_P7_a_create_that_a_crash_cut_off_counts_as_sent_when_it_is_first_looked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """When it was sent is not known: so the time within which it may still be carried out begins with the first look."""
    with stage(right=SLOW) as s:
        s.contact("ada@sim.example", Name="Ada")
        die_at_the_next_create(monkeypatch, happens=False)
        with pytest.raises(Crash):
            s.run()
        s.later(700.0)
        looked = s.run()
        (intent,) = s.journal()
        assert (intent.state, intent.message) == (IntentState.UNKNOWN, RULES["UNKNOWN-01"])
        assert datetime.fromisoformat(looked.started) <= datetime.fromisoformat(intent.closed)
        assert [(row.state, row.rule) for row in s.waiting()] == [(PendingState.UNKNOWN, "UNKNOWN-01")]
        s.runs()
        assert s.register.live("Persons") == {}, "it may still be carried out"
        s.later(600.0)
        s.run()
        assert [right for _, right in s.pairs(PERSON)] == [copy_of(s)] and not s.waiting()
        assert [(one.state, one.message) for one in s.journal()] == [(IntentState.ABANDONED, ""), (IntentState.DONE, "")]


def test_P7_several_copies_are_for_a_person_who_is_told_five_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    with stage() as s:
        left = s.contact("ada@sim.example", Name="Ada")
        reference = f"crm:Contact:{left}"
        run_unanswered(s, monkeypatch, meanwhile=lambda: [s.person(f"{n}@sim.example", ExternalId=reference) for n in range(5)] and None)
        (row,) = (one for one in s.waiting() if one.ref.side is Side.LEFT)
        copies = tuple(sorted(s.register.live("Persons")))
        assert (row.state, row.rule, row.candidates) == (PendingState.REVIEW, "MATCH-02", copies)
        assert row.cause == f"{RULES['MATCH-02']}: {', '.join(copies[:5])}" and len(copies) == 6
        (intent,) = s.journal()
        assert (intent.state, intent.message) == (IntentState.ABANDONED, "")


def test_P9_a_copy_that_a_user_deleted_before_it_was_found_is_a_deletion_and_does_not_come_back(monkeypatch: pytest.MonkeyPatch) -> None:
    with stage() as s:
        kept, lost = s.contact("ada@sim.example", Name="Ada"), s.contact("bo@sim.example", Name="Bo")

        def meanwhile() -> None:
            (copy,) = (id for id, values in s.register.live("Persons").items() if values["name"] == "Bo")
            s.register.user_delete("Persons", copy)

        run_unanswered(s, monkeypatch, calls=2, meanwhile=meanwhile)
        s.runs()
        assert [values["name"] for values in s.register.live("Persons").values()] == ["Ada"]
        assert s.left("Contact", kept)["Name"] == "Ada" and s.left("Contact", lost)["Name"] == "Bo"
        assert [row.rule for row in s.waiting()] == ["DELETE-01"]


@pytest.mark.parametrize("happens", [True, False])
def test_P7_many_unanswered_writes_are_looked_for_in_parts_and_none_is_left_out(happens: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recovery, "AT_ONCE", 2)
    with stage() as s:
        contacts = [s.contact(f"{number}@sim.example", Name="old") for number in range(5)]
        run_unanswered(s, monkeypatch, happens=happens, calls=5)
        s.runs()
        assert len(s.register.live("Persons")) == len(s.pairs(PERSON)) == 5
        for contact in contacts:
            s.crm.user_edit("Contact", contact, {"Name": "new"})
        run_unanswered(s, monkeypatch, happens=happens, calls=5)
        s.runs()
        assert {values["name"] for values in s.register.live("Persons").values()} == {"new"}
        ends = [one.state for one in s.journal() if one.state in (IntentState.ADOPTED, IntentState.ABANDONED)]
        assert len(ends) == 10 and not s.waiting()

"""Histories that random ones met too seldom, or not at all: each lost an edit, made a record twice or deleted one, before it was mended."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from engine_stage import stage

from accord.connectors.memory import MemoryConnector, MemoryDatatype
from accord.engine.parts import Depth
from accord.engine.quieting import Quiet, Typing
from accord.engine.serving import Bell, announce
from accord.errors import ListingFailed, SystemProblem
from accord.model.capabilities import ChangeCapture
from accord.model.dataflow import ConflictPolicy, Creation, DeletePolicy
from accord.model.journal import Totals
from accord.model.links import PendingState
from accord.model.plans import Found, OperationKind, Outcome, OutcomeKind, Write
from accord.model.records import Evidence, Gone, Hint, Observation, Page, RecordRef, Side
from accord.store.sqlite import SqliteStore
from accord.testing.memoryengine import KeepHere, one_run
from accord.testing.oracle import CallKind
from accord.testing.simulation_dataflow import PERSON, Rules
from accord.testing.virtualtime import run_virtually

PLAIN = MemoryDatatype(versions="none", conditional_write=False)


def unanswered(self: MemoryConnector, datatype: str, writes: Sequence[Write]) -> Sequence[Outcome]:
    """Carry the writes out and let none of the answers through."""
    for write in writes:
        self.carry_out(datatype, write)
    return [Outcome(write.key, OutcomeKind.UNKNOWN, message="timed out") for write in writes]


def test_P4_an_edit_crosses_after_the_clock_of_its_system_was_put_back() -> None:
    """What the system calls older than what is known was never believed, not even by a full cycle; a backup put back looks the same."""
    with stage() as s:
        right_time = s.crm._clock
        s.crm._clock = lambda: right_time() + timedelta(hours=1)
        contact = s.contact("a@x.example", Name="old")
        s.runs()
        s.crm._clock = right_time
        s.crm._latest = right_time()
        s.later()
        s.crm.user_edit("Contact", contact, {"Name": "edited"})
        s.runs()
        person = s.pairs(PERSON)[0][1]
        assert s.register.live("Persons")[person]["name"] == "old"  # an hour may be a lag
        s.later(7200)
        s.run(full=True)
        assert s.register.live("Persons")[person]["name"] == "edited"
        s.register.user_edit("Persons", person, {"name": "from the right"})
        s.runs()
        assert s.left("Contact", contact)["Name"] == "from the right"


def test_P9_that_a_found_copy_is_not_found_once_deletes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """One 404 of a replica that was behind was taken for a deletion, and followed."""
    with stage(Rules(deletes=DeletePolicy.DELETE)) as s:
        for number in range(3):
            s.contact(f"b{number}@x.example", Name="B")
        s.runs()
        contact = s.contact("a@x.example", Name="Ada")
        write, read, missed = MemoryConnector.write, MemoryConnector.read, list[str]()

        async def silent(self: MemoryConnector, datatype: str, writes: Sequence[Write]) -> AsyncIterator[Outcome]:
            for outcome in (
                unanswered(self, datatype, writes) if self.side is Side.RIGHT else [one async for one in write(self, datatype, writes)]
            ):
                yield outcome

        async def behind(self: MemoryConnector, datatype: str, ids: Sequence[str]) -> Sequence[Observation]:
            if self.side is Side.RIGHT and not missed:
                missed.extend(ids)
                return [Gone(RecordRef(self.side, datatype, id), Evidence.NOT_FOUND) for id in ids]
            return await read(self, datatype, ids)

        with monkeypatch.context() as patched:
            patched.setattr(MemoryConnector, "write", silent)
            patched.setattr(MemoryConnector, "read", behind)
            s.run()
        s.runs()
        s.run(full=True)
        assert missed
        assert contact in s.crm.live("Contact")
        assert contact in dict(s.pairs(PERSON))
        assert [call for call in s.writes() if call.kind is CallKind.DELETE] == []


def test_P16_a_found_copy_that_was_deleted_is_a_deletion_though_recovery_was_broken_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """No change told of it any more, and the link to a record that is not there stayed."""
    with stage(right=MemoryDatatype(settles=60.0, idempotency_key=False)) as s:
        s.contact("z@x.example", Name="Zed")
        s.runs()
        contact = s.contact("a@x.example", Name="Ada")
        write = MemoryConnector.write

        async def silent(self: MemoryConnector, datatype: str, writes: Sequence[Write]) -> AsyncIterator[Outcome]:
            for outcome in (
                unanswered(self, datatype, writes) if self.side is Side.RIGHT else [one async for one in write(self, datatype, writes)]
            ):
                yield outcome

        async def blind(_self: MemoryConnector, _datatype: str, writes: Sequence[Write]) -> Sequence[Found]:
            return [Found(one.key, certain=False) for one in writes]

        async def down(self: MemoryConnector, datatype: str, ids: Sequence[str]) -> Sequence[Observation]:
            raise ListingFailed("register", f"{self.side} {datatype} {len(ids)}: broke off")

        with monkeypatch.context() as patched:
            patched.setattr(MemoryConnector, "write", silent)
            patched.setattr(MemoryConnector, "find", blind)
            s.run()
            (copy,) = [id for id, values in s.register.live("Persons").items() if values["email"] == "a@x.example"]
            s.register.user_delete("Persons", copy)
            s.later()
            s.run()  # reads of the deletion of a record that nobody knows
        with monkeypatch.context() as patched:
            patched.setattr(MemoryConnector, "read", down)
            s.run_despite(SystemProblem)
        s.runs()
        assert s.pairs(PERSON)[-1] == (contact, copy)
        assert [(row.state, row.rule) for row in s.waiting()] == [(PendingState.HELD, "DELETE-01")]


def test_P1_what_only_a_first_listing_that_broke_off_showed_gets_no_counterpart_when_it_was_deleted_meanwhile(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with stage(left=MemoryDatatype(page_size=1)) as s:
        ada, bob = s.contact("a@x.example", Name="Ada"), s.contact("b@x.example", Name="Bob")
        list_all = MemoryConnector.list

        async def broken(self: MemoryConnector, datatype: str) -> AsyncIterator[Page]:
            async for page in list_all(self, datatype):
                yield page
                if self.side is Side.LEFT and datatype == "Contact":
                    raise ListingFailed("crm", "broke off")

        with monkeypatch.context() as patched:
            patched.setattr(MemoryConnector, "list", broken)
            s.run_despite(SystemProblem)
        s.crm.user_delete("Contact", ada)
        s.later()
        s.runs()
        assert [left for left, _ in s.pairs(PERSON)] == [bob]
        assert [values["name"] for values in s.register.live("Persons").values()] == ["Bob"]


def test_P4_an_edit_before_a_repeated_create_crosses_though_the_answer_is_that_to_the_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first create arrived late; under the same idempotency key the second got its answer, which was taken for what had been sent."""
    with stage(right=MemoryDatatype(idempotency_key=True, settles=60.0)) as s:
        contact = s.contact("a@x.example", Name="first")
        write, sent = MemoryConnector.write, list[Write]()

        async def late(self: MemoryConnector, datatype: str, writes: Sequence[Write]) -> AsyncIterator[Outcome]:
            if self.side is Side.RIGHT and not sent:
                sent.extend(writes)
                for one in writes:
                    yield Outcome(one.key, OutcomeKind.UNKNOWN, message="timed out")
                return
            if self.side is Side.RIGHT and len(sent) == 1:
                self.carry_out(datatype, sent[0])
                sent.append(sent[0])
            async for outcome in write(self, datatype, writes):
                yield outcome

        async def down(_self: MemoryConnector, _datatype: str, _writes: Sequence[Write]) -> Sequence[Found]:
            raise ListingFailed("register", "down")

        monkeypatch.setattr(MemoryConnector, "write", late)
        with monkeypatch.context() as patched:
            patched.setattr(MemoryConnector, "find", down)
            s.run_despite(SystemProblem)
        s.later()
        s.crm.user_edit("Contact", contact, {"Name": "second"})
        s.runs()
        assert [values["name"] for values in s.register.live("Persons").values()] == ["second"]
        assert len(sent) == 2


def test_P18_a_record_that_a_replica_shows_as_it_was_is_read_again_though_the_cursor_moved_on(monkeypatch: pytest.MonkeyPatch) -> None:
    with stage(left=MemoryDatatype(changes=ChangeCapture.FEED)) as s:
        contact = s.contact("a@x.example", Name="old")
        s.runs()
        read, stale = MemoryConnector.read, list[Observation]()

        async def before() -> None:
            stale.extend(await s._connectors()[Side.LEFT].read("Contact", [contact]))

        run_virtually(before(), s.loop)
        s.crm.user_edit("Contact", contact, {"Name": "edited"})

        async def behind(self: MemoryConnector, datatype: str, ids: Sequence[str]) -> Sequence[Observation]:
            return stale if self.side is Side.LEFT and contact in ids else await read(self, datatype, ids)

        with monkeypatch.context() as patched:
            patched.setattr(MemoryConnector, "read", behind)
            s.run()
        s.runs()
        assert [values["name"] for values in s.register.live("Persons").values()] == ["edited"]


def test_P24_versions_of_a_feed_that_are_of_another_kind_are_not_asked_about_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    with stage(left=MemoryDatatype(changes=ChangeCapture.FEED)) as s:
        contact = s.contact("a@x.example", Name="old")
        s.runs()
        changes, read, asked = MemoryConnector.changes, MemoryConnector.read, list[str]()

        async def otherwise(self: MemoryConnector, datatype: str, cursor: str) -> AsyncIterator[Page]:
            async for page in changes(self, datatype, cursor):
                yield (
                    replace(page, hints=(*page.hints, Hint(RecordRef(Side.LEFT, "Contact", contact), "revision 7")))
                    if (self.side is Side.LEFT and datatype == "Contact" and not asked)
                    else page
                )

        async def counted(self: MemoryConnector, datatype: str, ids: Sequence[str]) -> Sequence[Observation]:
            asked.extend(id for id in ids if self.side is Side.LEFT)
            return await read(self, datatype, ids)

        monkeypatch.setattr(MemoryConnector, "changes", otherwise)
        monkeypatch.setattr(MemoryConnector, "read", counted)
        for _ in range(10):
            s.run()
        assert asked == [contact] * 2


def test_P4_an_edit_that_our_own_write_shows_crosses_while_another_property_waits_for_a_person(monkeypatch: pytest.MonkeyPatch) -> None:
    with stage(Rules(conflict=ConflictPolicy.MANUAL), right=PLAIN) as s:
        contact = s.contact("a@x.example", Name="n0", City="c0", Age=1)
        s.runs()
        person = s.pairs(PERSON)[0][1]
        s.crm.user_edit("Contact", contact, {"Name": "left", "Age": 2})
        s.register.user_edit("Persons", person, {"name": "right"})
        carry_out, typed = MemoryConnector.carry_out, list[str]()

        def in_the_gap(self: MemoryConnector, datatype: str, write: Write) -> Outcome:
            if self.side is Side.RIGHT and not typed:
                typed.append("typed in the gap")
                s.register.user_edit(datatype, write.ref.id, {"town": typed[0]})
                write = replace(write, precondition=None)
            return carry_out(self, datatype, write)

        with monkeypatch.context() as patched:
            patched.setattr(MemoryConnector, "carry_out", in_the_gap)
            s.run()
        s.runs()
        assert s.left("Contact", contact)["City"] == "typed in the gap"
        assert [(row.state, row.rule) for row in s.waiting()] == [(PendingState.REVIEW, "CONFLICT-04")]


def test_P19_a_write_that_failed_is_tried_again_though_the_one_to_the_other_side_was_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with stage(right=MemoryDatatype(refuses={"name": ["bad"]})) as s:
        contact = s.contact("a@x.example", Name="n0", City="c0")
        s.runs()
        s.crm.user_edit("Contact", contact, {"Name": "bad"})
        s.register.user_edit("Persons", s.pairs(PERSON)[0][1], {"town": "typed"})
        write, failed = MemoryConnector.write, list[str]()

        async def busy(self: MemoryConnector, datatype: str, writes: Sequence[Write]) -> AsyncIterator[Outcome]:
            if self.side is Side.LEFT:
                for one in writes:
                    failed.append(one.key)
                    yield Outcome(one.key, OutcomeKind.FAILED, message="503")
                return
            async for outcome in write(self, datatype, writes):
                yield outcome

        with monkeypatch.context() as patched:
            patched.setattr(MemoryConnector, "write", busy)
            s.run()
        assert failed
        s.run()
        assert s.left("Contact", contact)["City"] == "typed"
        assert [(row.state, row.rule) for row in s.waiting()] == [(PendingState.QUARANTINED, "REFUSED-01")]


def test_P10_deletes_that_were_not_answered_count_against_the_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    with stage(Rules(deletes=DeletePolicy.DELETE)) as s:
        contacts = [s.contact(f"p{number}@x.example", Name="P") for number in range(60)]
        s.runs()
        write = MemoryConnector.write

        async def silent(self: MemoryConnector, datatype: str, writes: Sequence[Write]) -> AsyncIterator[Outcome]:
            quiet = [one for one in writes if one.kind is OperationKind.DELETE]
            for outcome in unanswered(self, datatype, quiet):
                yield outcome
            async for outcome in write(self, datatype, [one for one in writes if one.kind is not OperationKind.DELETE]):
                yield outcome

        monkeypatch.setattr(MemoryConnector, "write", silent)
        for _ in range(4):
            s.crm.user_delete("Contact", contacts.pop())
            s.run()
            s.run()
        assert sum(call.kind is CallKind.DELETE and call.effect for call in s.writes()) == 1
        assert [row.state for row in s.waiting()] == [PendingState.HELD] * 3


def test_P7_a_new_record_is_read_at_once_though_somebody_types_in_it_since_another_one_may_be_its_counterpart() -> None:
    """The quick cycle did not know of it yet and made it a second time."""
    with stage(Rules(create=Creation.LEFT_TO_RIGHT)) as s:
        s.contact("z@x.example", Name="Zed")
        s.runs()
        engine = s.engine_with(s._connectors(), KeepHere())

        async def work() -> None:
            engine.typing, engine.portion = Typing({Side.RIGHT: Quiet(5.0, 30.0)}, engine.clock), 32
            await one_run(engine)
            person = s.register.user_create("Persons", {"email": "a@x.example", "name": "Ada"})
            await announce(engine, Bell(), [Hint(RecordRef(Side.RIGHT, "Persons", person))], "e1")
            await asyncio.sleep(1)
            contact = s.crm.user_create("Contact", {"Email": "a@x.example", "Name": "Ada"})
            await announce(engine, Bell(), [Hint(RecordRef(Side.LEFT, "Contact", contact))], "e2")
            await one_run(engine, depth=Depth.QUICK)
            await engine.typing.close()
            assert (contact, person) in s.pairs(PERSON)

        run_virtually(work(), s.loop)
        assert len(s.register.live("Persons")) == 2


def test_P24_what_is_announced_is_read_though_thousands_cannot_be() -> None:
    """Hints of records that answer 403 stood before it in the store's order, and nothing else was looked at."""
    with stage() as s:
        contact = s.contact("z@x.example", Name="old")
        s.runs()
        s.store.hint([Hint(RecordRef(Side.LEFT, "Contact", f"A-{number:05}")) for number in range(2_000)])
        engine = s.engine_with(s._connectors(), KeepHere())

        async def work() -> None:
            engine.portion = 32
            await one_run(engine)
            s.store.hint([Hint(RecordRef(Side.LEFT, "Contact", f"A-{number:05}")) for number in range(2_000)])
            s.crm.user_edit("Contact", contact, {"Name": "edited"})
            await announce(engine, Bell(), [Hint(RecordRef(Side.LEFT, "Contact", contact))], "e1")
            await one_run(engine, depth=Depth.QUICK)

        run_virtually(work(), s.loop)
        assert [values["name"] for values in s.register.live("Persons").values()] == ["edited"]


def test_P24_neither_an_idle_cycle_nor_one_with_few_edits_counts_the_links(monkeypatch: pytest.MonkeyPatch) -> None:
    """At a million links the count was nearly all that an idle cycle took."""
    with stage() as s:
        contact = s.contact("a@x.example", Name="old")
        s.runs()

        def counted(_self: SqliteStore, flows: Sequence[str]) -> Sequence[Totals]:
            raise AssertionError(f"all links of {flows} are counted")

        monkeypatch.setattr(SqliteStore, "totals", counted)
        s.run()
        s.crm.user_edit("Contact", contact, {"Name": "edited"})
        s.runs()
        assert [values["name"] for values in s.register.live("Persons").values()] == ["edited"]

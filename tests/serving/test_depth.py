"""How much a cycle reads: a quick one reads hinted records and nothing else."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from accord.engine.onboarding import shape
from accord.engine.parts import Depth, Engine
from accord.engine.quieting import Quiet, Typing
from accord.engine.reading import Failures, read
from accord.engine.serving import Bell, announce
from accord.errors import SystemUnavailable
from accord.model.capabilities import Capabilities, ChangeCapture
from accord.model.dataflow import Dataflow, Flow, SystemEntry
from accord.model.journal import Absorb
from accord.model.records import Evidence, Gone, Hint, Known, Observation, Page, RecordRef, Seen, Side, Unreadable
from accord.model.runs import Run
from accord.testing.virtualtime import CountedIds, VirtualClock, VirtualLoop

FLOW = Flow(name="Contact to Persons", left="Contact", right="Persons")
DATAFLOW = Dataflow(
    left=SystemEntry(system="customcrm", manifest="customcrm.yaml"),
    right=SystemEntry(system="membercare", manifest="membercare.yaml"),
    flows=(FLOW,),
)


def hint(id: str, side: Side = Side.LEFT, datatype: str = "Contact") -> Hint:
    return Hint(RecordRef(side, datatype, id))


@dataclass(slots=True)
class Calls:
    """A system that notes what is asked of it. ``unreadable``: ids that cannot be looked at; ``down``: it does not answer;
    ``meanwhile``: what happens while it is being read; ``named``: whom its feed names.
    """

    side: Side
    capture: ChangeCapture = ChangeCapture.LISTING
    made: list[str] = field(default_factory=list)
    unreadable: frozenset[str] = frozenset()
    down: bool = False
    meanwhile: Callable[[], Awaitable[object]] | None = None
    named: Sequence[str] = ()
    system: str = "scripted"

    def capabilities(self, datatype: str) -> Capabilities:
        return Capabilities(changes=self.capture)

    async def list(self, datatype: str) -> AsyncIterator[Page]:
        self.made.append(f"list {datatype}")
        if self.down:
            raise SystemUnavailable(self.system, "does not answer")
        yield Page((Seen.of(RecordRef(self.side, datatype, "1"), {}),), last=True, cursor="listed")

    async def changes(self, datatype: str, cursor: str) -> AsyncIterator[Page]:
        self.made.append(f"changes {datatype} {cursor}")
        yield Page((), tuple(Hint(RecordRef(self.side, datatype, id)) for id in self.named), last=True, cursor="changed")

    async def read(self, datatype: str, ids: Sequence[str]) -> Sequence[Observation]:
        self.made.append(f"read {datatype} {' '.join(ids)}")
        if self.meanwhile:
            await self.meanwhile()
        refs = [RecordRef(self.side, datatype, id) for id in ids]
        return [Unreadable(ref, "403") if ref.id in self.unreadable else Gone(ref, Evidence.NOT_FOUND) for ref in refs]


@dataclass(slots=True)
class Shelf:
    """As much of a store as reading needs. ``strangers``: ids of records that are not known."""

    cursors: dict[tuple[Side, str], str] = field(default_factory=dict)
    waiting: list[Hint] = field(default_factory=list)
    events: set[str] = field(default_factory=set)
    settings: dict[str, str] = field(default_factory=dict)
    strangers: frozenset[str] = frozenset()

    def cursor(self, side: Side, datatype: str) -> str | None:
        return self.cursors.get((side, datatype))

    def hints(self, side: Side, datatype: str, limit: int = 500) -> Sequence[Hint]:
        return [one for one in self.waiting if (one.ref.side, one.ref.datatype) == (side, datatype)][:limit]

    def hint(self, hints: Sequence[Hint], event: str | None = None) -> bool:
        if event in self.events:
            return False
        if event:
            self.events.add(event)
        self.waiting += [one for one in hints if one not in self.waiting]
        return True

    def unhint(self, hints: Sequence[Hint]) -> None:
        self.waiting = [one for one in self.waiting if one not in hints]

    def known(self, side: Side, datatype: str, ids: Sequence[str]) -> dict[str, Known]:
        return {id: Known(id, None, Seen.of(RecordRef(side, datatype, id), {}).fingerprint) for id in ids if id not in self.strangers}

    def absorb(self, batch: Absorb) -> None:
        if batch.cursor is not None:
            self.cursors[batch.side, batch.datatype] = batch.cursor

    def count(self, side: Side, datatype: str) -> int:
        return 1

    def live(self, side: Side, datatype: str, after: str = "", limit: int = 500) -> Sequence[str]:
        return []

    def setting(self, name: str) -> str | None:
        return self.settings.get(name)

    def set(self, name: str, value: str) -> None:
        self.settings[name] = value


@dataclass(slots=True)
class Rig:
    """Both systems, the store and the engine around them. ``fresh``: the engine has just begun and read nothing yet."""

    systems: dict[Side, Calls] = field(default_factory=lambda: {side: Calls(side) for side in Side})
    store: Shelf = field(default_factory=Shelf)
    fresh: bool = False

    def __post_init__(self) -> None:
        self.store.cursors = {(Side.LEFT, "Contact"): "c", (Side.RIGHT, "Persons"): "c"}
        for side, datatype in self.store.cursors:
            self.store.set(f"shape:{side}:{datatype}", shape(self.engine, side, datatype))  # read under this configuration before

    @property
    def engine(self) -> Engine:
        async def keep(call: Callable[..., Any], *args: Any) -> Any:
            return call(*args)

        with contextlib.closing(VirtualLoop()) as loop:
            parts: Any = (DATAFLOW, {}, self.systems, self.store, keep, VirtualClock(loop), CountedIds())
            engine = Engine(*parts)
        if not self.fresh:
            engine.caught_up.update(self.store.cursors)
        return engine

    def read(self, depth: Depth) -> Failures:
        return asyncio.run(read(self.engine, Run("r", "test", ""), [FLOW], depth))

    @property
    def made(self) -> list[str]:
        return [call for side in Side for call in self.systems[side].made]


def test_a_quick_cycle_reads_the_hinted_records_and_nothing_else() -> None:
    rig = Rig()
    rig.store.hint([hint("CO-1"), hint("CO-2")])
    rig.read(Depth.QUICK)
    assert rig.made == ["read Contact CO-1 CO-2"]
    assert rig.store.waiting == []


def test_a_quick_cycle_moves_no_cursor() -> None:
    rig = Rig()
    before = dict(rig.store.cursors)
    rig.store.hint([hint("CO-1"), hint("7", Side.RIGHT, "Persons")])
    rig.read(Depth.QUICK)
    assert rig.store.cursors == before


def test_a_quick_cycle_without_hints_asks_nothing() -> None:
    rig = Rig()
    rig.read(Depth.QUICK)
    assert rig.made == []


def test_P25_the_first_cycle_of_an_engine_reads_what_changed_though_it_is_to_be_quick() -> None:
    """Its state may be an older one that was put back: what was made since is not made again."""
    rig = Rig(fresh=True)
    rig.store.hint([hint("CO-1")])
    rig.read(Depth.QUICK)
    assert rig.made == ["list Contact", "read Contact CO-1", "list Persons"]


def test_changes_are_read_with_the_hints_and_a_system_without_a_feed_is_listed() -> None:
    rig = Rig()
    rig.systems[Side.LEFT].capture = ChangeCapture.SINCE
    rig.store.hint([hint("CO-1")])
    rig.read(Depth.CHANGES)
    assert rig.made == ["changes Contact c", "read Contact CO-1", "list Persons"]
    assert rig.store.cursors == {(Side.LEFT, "Contact"): "changed", (Side.RIGHT, "Persons"): "listed"}
    assert rig.store.waiting == []


def test_in_full_everything_is_listed() -> None:
    rig = Rig()
    rig.systems[Side.LEFT].capture = ChangeCapture.SINCE
    rig.read(Depth.FULL)
    assert rig.made == ["changes Contact c", "list Contact", "list Persons"]  # the changes too: only they tell of deletions


def test_what_cannot_be_read_is_said_and_all_else_is_read_to_its_end() -> None:
    rig = Rig()
    rig.systems[Side.LEFT].down = True
    failures = rig.read(Depth.CHANGES)
    assert {place: problem.message for place, problem in failures.items()} == {(Side.LEFT, "Contact"): "scripted: does not answer"}
    assert rig.store.cursors == {(Side.LEFT, "Contact"): "c", (Side.RIGHT, "Persons"): "listed"}


def test_hints_of_what_was_never_listed_wait_for_the_listing() -> None:
    rig = Rig()
    rig.store.cursors.clear()
    rig.store.hint([hint("CO-1")])
    rig.read(Depth.QUICK)
    assert (rig.made, rig.store.waiting) == ([], [hint("CO-1")])


def test_a_hint_stays_until_its_record_could_be_looked_at() -> None:
    rig = Rig()
    rig.systems[Side.LEFT].unreadable = frozenset({"CO-1"})
    rig.store.hint([hint("CO-1"), hint("CO-2")])
    rig.read(Depth.QUICK)
    assert rig.store.waiting == [hint("CO-1")]


def test_a_hint_that_comes_while_its_record_is_being_read_stays_and_rings() -> None:
    rig, bell = Rig(), Bell()
    engine = rig.engine
    rig.store.hint([hint("CO-1"), hint("CO-2")])
    rig.systems[Side.LEFT].meanwhile = lambda: announce(engine, bell, [hint("CO-1")], "customcrm:2")
    asyncio.run(read(engine, Run("r", "test", ""), [FLOW], Depth.QUICK))
    assert rig.store.waiting == [hint("CO-1")]
    assert bell.hinted


def test_in_a_service_what_a_feed_names_is_read_in_portions_and_announced_edits_do_not_wait_behind_it() -> None:
    rig = Rig()
    engine, left = rig.engine, rig.systems[Side.LEFT]
    left.capture, left.named, engine.portion = ChangeCapture.FEED, ["a", "b", "c", "d", "e", "f"], 2
    run, bell = Run("r", "test", ""), Bell()

    async def work() -> None:
        await read(engine, run, [FLOW], Depth.CHANGES)
        assert (rig.store.cursors[Side.LEFT, "Contact"], engine.left) == ("changed", True), "the others are durable by then"
        assert rig.store.waiting == [hint(id) for id in "cdef"]
        assert await announce(engine, bell, [hint("x")], "customcrm:1")
        for _ in range(2):
            engine.left = False
            await read(engine, run, [FLOW], Depth.QUICK)

    asyncio.run(work())
    assert left.made == ["changes Contact c", "read Contact a b", "read Contact x c d", "read Contact e f"]
    assert (rig.store.waiting, engine.left) == ([], False)


def test_P7_what_is_not_known_yet_is_never_put_off() -> None:
    rig = Rig()
    engine, left = rig.engine, rig.systems[Side.LEFT]
    left.capture, left.named, engine.portion = ChangeCapture.FEED, list("abcdef"), 2
    rig.store.strangers = frozenset("cdex")
    asyncio.run(read(engine, Run("r", "test", ""), [FLOW], Depth.CHANGES))
    assert left.made == ["changes Contact c", "read Contact c d e"]
    rig.store.hint([hint("x"), hint("y"), hint("z")])
    asyncio.run(read(engine, Run("r", "test", ""), [FLOW], Depth.QUICK))
    assert left.made[2:] == ["read Contact x a b"]


def test_what_cannot_be_looked_at_does_not_keep_the_next_portions_from_being_read() -> None:
    rig = Rig()
    engine, left = rig.engine, rig.systems[Side.LEFT]
    left.unreadable, engine.portion = frozenset("ab"), 2
    rig.store.hint([hint(id) for id in "abcd"])

    async def work() -> None:
        for depth in (Depth.QUICK, Depth.QUICK, Depth.QUICK, Depth.CHANGES):
            engine.left = False
            await read(engine, Run("r", "test", ""), [FLOW], depth)

    asyncio.run(work())
    assert [call for call in left.made if call.startswith("read")] == ["read Contact a b", "read Contact c d", "read Contact a b"]


def test_before_everything_was_read_once_nothing_that_a_feed_names_is_put_off() -> None:
    rig = Rig(fresh=True)
    engine, left = rig.engine, rig.systems[Side.LEFT]
    left.capture, left.named, engine.portion = ChangeCapture.FEED, ["a", "b", "c"], 2
    asyncio.run(read(engine, Run("r", "test", ""), [FLOW], Depth.CHANGES))
    assert "read Contact a b c" in left.made
    assert not engine.left


def test_a_record_in_which_somebody_types_is_left_alone_by_a_quick_cycle_until_it_is_quiet() -> None:
    async def work() -> None:
        clock = VirtualClock(asyncio.get_running_loop())  # type: ignore[arg-type]  # the test makes the loop, and it is a VirtualLoop
        engine.typing = Typing({Side.LEFT: Quiet(2.0, 10.0)}, clock)
        rig.store.hint([hint("CO-2")])
        assert await announce(engine, bell, [hint("CO-1")], "customcrm:1")
        assert not bell.hinted
        await read(engine, Run("r", "test", ""), [FLOW], Depth.QUICK)
        assert (rig.made, rig.store.waiting) == (["read Contact CO-2"], [hint("CO-2"), hint("CO-1")][1:])
        await clock.sleep(2.5)
        assert bell.hinted
        await read(engine, Run("r", "test", ""), [FLOW], Depth.QUICK)
        assert (rig.made[1:], rig.store.waiting) == (["read Contact CO-1"], [])

    rig, bell = Rig(), Bell()
    engine = rig.engine
    with contextlib.closing(VirtualLoop()) as loop:
        loop.run_until_complete(work())


@pytest.mark.parametrize("repeats", [1, 3])
def test_a_hint_is_kept_and_rings_once_however_often_it_comes(repeats: int) -> None:
    rig, bell = Rig(), Bell()

    async def work() -> list[bool]:
        said = [await announce(rig.engine, bell, [hint("CO-1")], "customcrm:1")]
        assert bell.hinted
        bell.hush()
        return said + [await announce(rig.engine, bell, [hint("CO-1")], "customcrm:1") for _ in range(repeats)]

    assert asyncio.run(work()) == [True] + [False] * repeats
    assert rig.store.waiting == [hint("CO-1")]
    assert not bell.hinted


def test_a_hint_that_no_flow_has_a_use_for_is_dropped_and_rings_nothing() -> None:
    rig, bell = Rig(), Bell()
    hints = [hint("PR-1", datatype="Product"), hint("CO-1", Side.RIGHT)]
    assert asyncio.run(announce(rig.engine, bell, hints, "customcrm:1")) is False
    assert (rig.store.waiting, rig.store.events, bell.hinted) == ([], set(), False)

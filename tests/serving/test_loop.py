"""When a cycle begins, how much it reads, what becomes of a problem, how a stop ends the service: on virtual time, with scripted cycles."""

import asyncio
import itertools
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

import pytest

from accord.engine.parts import Depth, InHand
from accord.engine.serving import Bell, Failed, Health, Notice, Passed, Rhythm, Service, pause, serve
from accord.errors import StoreError, SystemUnavailable
from accord.model.runs import Run
from accord.testing.virtualtime import VirtualClock, VirtualLoop, run_virtually

HOUR = 3600.0
RHYTHM = Rhythm(every=60.0, full_every=24 * HOUR, settle=0.05)


@dataclass(slots=True)
class Scripted:
    """A service whose cycles take ``takes`` seconds and do what ``script`` says for the n-th of them; ``began``: when and how deep."""

    takes: float = 0.0
    script: dict[int, Callable[[], Awaitable[None]]] = field(default_factory=dict)
    rhythm: Rhythm = RHYTHM
    loop: VirtualLoop = field(default_factory=VirtualLoop)
    bell: Bell = field(default_factory=Bell)
    in_hand: InHand = field(default_factory=InHand)
    began: list[tuple[float, str, Depth]] = field(default_factory=list)
    told: list[Notice] = field(default_factory=list)
    ended: float = -1.0

    async def work(self, cause: str, _names: Sequence[str], depth: Depth) -> Run:
        number = len(self.began)
        self.began.append((round(self.loop.passed, 3), cause, depth))
        await asyncio.sleep(self.takes)
        if number in self.script:
            await self.script[number]()
        return Run(str(number), cause, "")

    def run(self, *later: tuple[float, Callable[[], object]], full_in: float = 24 * HOUR) -> None:
        """Serve until one of the calls, made at these seconds, stops it."""

        async def served() -> None:
            for at, call in later:
                self.loop.call_at(at, call)
            clock = VirtualClock(self.loop)
            service = Service(self.work, self.bell, self.in_hand, clock, lambda: 0.5, self.told.append, self.rhythm)
            await serve(service, full_in)
            self.ended = self.loop.passed

        try:
            run_virtually(served(), self.loop)
        finally:
            self.loop.close()

    @property
    def depths(self) -> list[tuple[float, Depth]]:
        return [(at, depth) for at, _, depth in self.began]


def unavailable() -> Callable[[], Awaitable[None]]:
    async def fail() -> None:
        raise SystemUnavailable("membercare", "does not answer")

    return fail


def test_one_cycle_at_the_start_and_then_one_every_so_often() -> None:
    one = Scripted()
    one.run((150.0, one.bell.stop))
    assert one.began == [(0.0, "poll", Depth.CHANGES), (60.0, "poll", Depth.CHANGES), (120.0, "poll", Depth.CHANGES)]
    assert one.ended == 150.0


def test_the_pause_between_polls_counts_from_the_end_of_a_cycle_and_is_jittered_by_a_tenth() -> None:
    one = Scripted(takes=5.0, rhythm=Rhythm(every=100.0))
    one.run((130.0, one.bell.stop))
    assert one.depths == [(0.0, Depth.CHANGES), (105.0, Depth.CHANGES)]


def test_a_hint_brings_a_quick_cycle_at_once_and_leaves_the_next_poll_where_it_was() -> None:
    one = Scripted()
    one.run((10.0, one.bell.ring), (70.0, one.bell.stop))
    assert one.began == [(0.0, "poll", Depth.CHANGES), (10.05, "webhook", Depth.QUICK), (60.0, "poll", Depth.CHANGES)]


def test_hints_that_come_together_are_one_cycle() -> None:
    one = Scripted()
    rings = [(10.0 + number / 1000, one.bell.ring) for number in range(40)]
    one.run(*rings, (20.0, one.bell.stop))
    assert one.depths == [(0.0, Depth.CHANGES), (10.05, Depth.QUICK)]


def test_a_hint_during_a_cycle_brings_exactly_one_more() -> None:
    one = Scripted(takes=2.0)
    one.run((0.5, one.bell.ring), (1.5, one.bell.ring), (20.0, one.bell.stop))
    assert one.depths == [(0.0, Depth.CHANGES), (2.05, Depth.QUICK)]


def test_hints_without_end_do_not_put_a_poll_off() -> None:
    one = Scripted(rhythm=Rhythm(every=1.0))
    rings = [(0.01 * number, one.bell.ring) for number in range(1, 250)]
    one.run(*rings, (2.5, one.bell.stop))
    assert [depth for _, depth in one.depths].count(Depth.CHANGES) == 3
    assert [depth for _, depth in one.depths].count(Depth.QUICK) > 20


def test_everything_is_listed_when_it_is_due_and_then_again_after_the_same_time() -> None:
    one = Scripted(rhythm=Rhythm(every=60.0, full_every=300.0))
    one.run((530.0, one.bell.stop), full_in=100.0)
    assert [at for at, depth in one.depths if depth is Depth.FULL] == [120.0, 420.0]
    assert all(cause == "poll" for _, cause, _ in one.began)


def test_an_overdue_full_listing_is_the_first_cycle() -> None:
    one = Scripted()
    one.run((1.0, one.bell.stop), full_in=-5.0)
    assert one.depths == [(0.0, Depth.FULL)]


def test_a_system_that_is_not_there_is_told_once_per_try_and_tried_again_ever_more_slowly_up_to_a_limit() -> None:
    one = Scripted(script={number: unavailable() for number in range(40)}, rhythm=Rhythm(again=2.0, again_at_most=60.0))
    one.run((400.0, one.bell.stop))
    pauses = [notice.again for notice in one.told if isinstance(notice, Failed)]
    assert pauses[:6] == [1.5, 3.0, 6.0, 12.0, 24.0, 45.0]  # a quarter less: half of each pause is left to chance, which says 0.5 here
    assert set(pauses[5:]) == {45.0}
    assert len(one.told) == len(one.began)
    starts = [at for at, _ in one.depths]
    assert [later - earlier for earlier, later in itertools.pairwise(starts)] == pytest.approx(pauses[: len(starts) - 1])


def test_the_rhythm_is_as_before_once_the_system_is_back() -> None:
    one = Scripted(script={0: unavailable(), 1: unavailable(), 3: unavailable()})
    one.run((70.0, one.bell.stop))
    assert [at for at, _ in one.depths] == [0.0, 1.5, 4.5, 64.5, 66.0]


def test_while_a_system_is_not_there_hints_wait_for_the_next_try_which_reads_them_and_all_else() -> None:
    one = Scripted(script={0: unavailable(), 1: unavailable()}, rhythm=Rhythm(again=10.0))
    one.run((1.0, one.bell.ring), (8.0, one.bell.ring), (50.0, one.bell.stop))
    assert one.depths == [(0.0, Depth.CHANGES), (7.5, Depth.CHANGES), (22.5, Depth.CHANGES)]


def test_a_quick_cycle_that_failed_is_made_up_for_by_reading_changes() -> None:
    one = Scripted(script={1: unavailable()})
    one.run((10.0, one.bell.ring), (20.0, one.bell.stop))
    assert one.depths == [(0.0, Depth.CHANGES), (10.05, Depth.QUICK), (11.55, Depth.CHANGES)]


def test_a_full_listing_that_failed_is_tried_again_in_full() -> None:
    one = Scripted(script={0: unavailable()})
    one.run((5.0, one.bell.stop), full_in=0.0)
    assert [depth for _, depth in one.depths] == [Depth.FULL, Depth.FULL]


def test_an_error_that_no_waiting_cures_ends_the_service() -> None:
    async def no_space() -> None:
        raise StoreError("the disk is full")

    with pytest.raises(StoreError, match="the disk is full"):
        Scripted(script={0: no_space}).run((5.0, lambda: None))


def test_a_stop_while_nothing_is_in_hand_ends_a_cycle_at_once() -> None:
    one = Scripted(takes=1000.0)
    one.run((3.0, one.bell.stop))
    assert one.ended == 3.0
    assert one.told == []


def test_a_stop_waits_for_what_is_in_hand_and_then_ends() -> None:
    one, finished = Scripted(), []

    async def operation() -> None:
        with one.in_hand:
            await asyncio.sleep(4.0)
            finished.append(one.loop.passed)
        await asyncio.sleep(1000.0)

    one.script[0] = operation
    one.run((3.0, one.bell.stop))
    assert finished == [4.0]
    assert one.ended == 4.0
    assert one.in_hand.closed


def test_a_stop_ends_within_ten_seconds_even_if_what_is_in_hand_does_not() -> None:
    one, broken_off = Scripted(), []

    async def hanging() -> None:
        with one.in_hand:
            try:
                await asyncio.sleep(1000.0)
            except asyncio.CancelledError:
                broken_off.append(one.loop.passed)
                raise

    one.script[0] = hanging
    one.run((3.0, one.bell.stop))
    assert broken_off == [10.0]
    assert one.ended - 3.0 < 10.0


def test_a_stop_before_the_first_cycle_begins_none() -> None:
    one = Scripted()
    one.bell.stop()
    one.run()
    assert one.began == []


def test_the_pause_after_a_problem_is_never_longer_than_its_limit() -> None:
    rhythm = Rhythm(again=2.0, again_at_most=300.0)
    assert pause(rhythm, 1, 0.0) == 1.0
    assert all(0 < pause(rhythm, failures, 0.999) <= 300.0 for failures in (1, 5, 50, 5_000))


def test_health_is_well_after_a_cycle_and_says_why_when_it_is_not() -> None:
    told: list[Notice] = []
    health = Health(told.append)
    assert health.said() == {"ok": True, "last_cycle": None, "problem": None}
    passed = Passed(Run("r1", "poll", "2026-01-01T00:00:00.000Z", ended="2026-01-01T00:00:01.000Z"), Depth.CHANGES)
    failed = Failed(SystemUnavailable("membercare", "does not answer"), 2.0)
    health.note(passed)
    health.note(failed)
    last = {"id": "r1", "cause": "poll", "started": "2026-01-01T00:00:00.000Z", "ended": "2026-01-01T00:00:01.000Z"}
    assert health.said() == {"ok": False, "last_cycle": last, "problem": "membercare: does not answer"}
    health.note(passed)
    assert health.said() == {"ok": True, "last_cycle": last, "problem": None}
    assert told == [passed, failed, passed]

"""A record in which somebody is typing is read once, and yet before the typing ends."""

import asyncio
import contextlib
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from accord.engine.quieting import Quiet, Typing
from accord.model.records import RecordRef, Side
from accord.testing.virtualtime import VirtualClock, VirtualLoop

QUIET = {Side.LEFT: Quiet(2.0, 10.0)}


def ref(id: str, side: Side = Side.LEFT) -> RecordRef:
    return RecordRef(side, "Contact", id)


def play(scene: Callable[[Typing, VirtualClock], Coroutine[Any, Any, None]]) -> None:
    with contextlib.closing(VirtualLoop()) as loop:
        clock = VirtualClock(loop)
        typing = Typing(QUIET, clock)
        asyncio.set_event_loop(loop)
        loop.run_until_complete(scene(typing, clock))
        loop.run_until_complete(typing.close())
        asyncio.set_event_loop(None)


class Reads:
    """Reads on every ring what may be read, as a quick cycle does; when each was read."""

    def __init__(self, typing: Typing, clock: VirtualClock) -> None:
        self.typing = typing
        self.clock = clock
        self.waiting: set[RecordRef] = set()
        self.done: list[tuple[str, float]] = []

    def hear(self, id: str, side: Side = Side.LEFT) -> None:
        self.waiting.add(ref(id, side))
        self.typing.heard([ref(id, side)], self.ring)

    def ring(self) -> None:
        for one in sorted((each for each in self.waiting if self.typing.is_over(each)), key=lambda each: each.id):
            self.typing.begun([one])
            self.waiting.discard(one)
            self.done.append((one.id, round(self.clock.monotonic(), 1)))


def test_one_edit_is_read_when_its_quiet_is_over() -> None:
    async def scene(typing: Typing, clock: VirtualClock) -> None:
        reads = Reads(typing, clock)
        reads.hear("1")
        await clock.sleep(30)
        assert reads.done == [("1", 2.0)]

    play(scene)


def test_many_edits_in_a_row_are_one_read() -> None:
    async def scene(typing: Typing, clock: VirtualClock) -> None:
        reads = Reads(typing, clock)
        for _ in range(5):
            reads.hear("1")
            await clock.sleep(1)
        await clock.sleep(30)
        assert reads.done == [("1", 6.0)]

    play(scene)


def test_who_types_steadily_still_crosses_every_ten_seconds() -> None:
    async def scene(typing: Typing, clock: VirtualClock) -> None:
        reads = Reads(typing, clock)
        for _ in range(60):
            reads.hear("1")
            await clock.sleep(0.5)
        await clock.sleep(30)
        assert reads.done == [("1", 10.0), ("1", 20.0), ("1", 30.0)]

    play(scene)


def test_a_record_that_nobody_types_in_waits_for_nobody_else() -> None:
    async def scene(typing: Typing, clock: VirtualClock) -> None:
        reads = Reads(typing, clock)
        for second in range(6):
            reads.hear("1")
            if second == 2:
                reads.hear("2")
            await clock.sleep(1)
        await clock.sleep(30)
        assert reads.done == [("2", 4.0), ("1", 7.0)]

    play(scene)


def test_the_side_that_asks_for_no_quiet_is_read_at_once() -> None:
    async def scene(typing: Typing, clock: VirtualClock) -> None:
        reads = Reads(typing, clock)
        reads.hear("1", Side.RIGHT)
        assert reads.done == [("1", 0.0)]

    play(scene)


@pytest.mark.parametrize("early", [0.0, 0.005])
def test_what_was_announced_before_a_restart_is_read_and_a_timer_may_be_a_little_early(early: float) -> None:
    async def scene(typing: Typing, clock: VirtualClock) -> None:
        assert typing.is_over(ref("from before"))
        typing.heard([ref("1")], lambda: None)
        await clock.sleep(2.0 - early)
        assert typing.is_over(ref("1"))

    play(scene)


def test_nothing_rings_after_the_end() -> None:
    async def scene(typing: Typing, clock: VirtualClock) -> None:
        reads = Reads(typing, clock)
        reads.hear("1")
        await typing.close()
        await clock.sleep(30)
        assert reads.done == []

    play(scene)

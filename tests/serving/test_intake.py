"""Announcements that come together share a transaction, and each sender learns what became of its own."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from accord.engine.intake import Intake
from accord.errors import StoreError
from accord.model.records import Hint, RecordRef, Side


class Desk:
    """A store whose calls wait for ``go``; ``calls``: how many events each of them kept; ``broken``: none can."""

    def __init__(self) -> None:
        self.go = asyncio.Event()
        self.calls: list[int] = []
        self.known: set[str | None] = set()
        self.broken = False

    async def keep(self, call: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        await self.go.wait()
        return call(*args, **kwargs)

    def hint(self, hints: Sequence[Hint], event: str | None = None) -> bool:
        return self.hint_all([(hints, event)])[0]

    def hint_all(self, events: Sequence[tuple[Sequence[Hint], str | None]]) -> Sequence[bool]:
        self.calls.append(len(events))
        if self.broken:
            raise StoreError("the disk is full")
        said = []
        for _, event in events:
            said.append(event is None or event not in self.known)
            self.known.add(event)
        return said


HINTS = [Hint(RecordRef(Side.LEFT, "Contact", "1"))]


def desk() -> tuple[Desk, Intake]:
    made = Desk()
    store: Any = made
    return made, Intake(made.keep, store)


async def settled() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


def test_one_alone_is_kept_at_once() -> None:
    async def scene() -> None:
        made, intake = desk()
        made.go.set()
        assert [await intake.take(HINTS, event) for event in ("a", "b", "a")] == [True, True, False]
        assert made.calls == [1, 1, 1]

    asyncio.run(scene())


def test_those_that_come_while_the_store_is_busy_share_one_transaction() -> None:
    async def scene() -> None:
        made, intake = desk()
        tasks = [asyncio.create_task(intake.take(HINTS, event)) for event in ("a", "b", "c", "a", None, None)]
        await settled()
        assert not any(task.done() for task in tasks), "nobody is answered before it is durable"
        made.go.set()
        assert await asyncio.gather(*tasks) == [True, True, True, False, True, True]
        assert made.calls == [1, 5]
        assert await intake.take(HINTS, "d"), "and then as before"
        assert made.calls == [1, 5, 1]

    asyncio.run(scene())


def test_what_cannot_be_kept_is_told_to_each_and_the_next_is_tried_again() -> None:
    async def scene() -> None:
        made, intake = desk()
        made.broken = True
        tasks = [asyncio.create_task(intake.take(HINTS, event)) for event in ("a", "b", "c")]
        await settled()
        made.go.set()
        said = await asyncio.gather(*tasks, return_exceptions=True)
        assert [type(each) for each in said] == [StoreError] * 3
        made.broken = False
        assert await intake.take(HINTS, "a")

    asyncio.run(scene())


@pytest.mark.parametrize("leaver", [0, 1])
def test_who_does_not_wait_any_longer_holds_nobody_up(leaver: int) -> None:
    async def scene() -> None:
        made, intake = desk()
        tasks = [asyncio.create_task(intake.take(HINTS, event)) for event in ("a", "b", "c")]
        await settled()
        tasks[leaver].cancel()
        await settled()
        made.go.set()
        said = await asyncio.gather(*tasks, return_exceptions=True)
        assert [each for each in said if each is True] == [True, True]
        assert await intake.take(HINTS, "d")

    asyncio.run(scene())

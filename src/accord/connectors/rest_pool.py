"""Several at once, but never more than a bound: one task per worker, not one per item.

Owns: workers and the order of results. Does not own: the work.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from typing import TypeVar

Thing = TypeVar("Thing")
Result = TypeVar("Result")


async def as_they_end(things: Sequence[Thing], work: Callable[[Thing], Awaitable[Result]], width: int) -> AsyncGenerator[Result, None]:
    """Each result once, in the order of ending. What ``work`` raises is raised here, after the other workers have been stopped."""
    if len(things) == 1:
        yield await work(things[0])
        return
    waiting = iter(things)
    ended: asyncio.Queue[Result | _End] = asyncio.Queue()

    async def worker() -> None:
        try:
            for thing in waiting:
                ended.put_nowait(await work(thing))
        finally:
            ended.put_nowait(_END)

    workers = [asyncio.create_task(worker()) for _ in range(min(width, len(things)))]
    running = len(workers)
    try:
        while running:
            result = await ended.get()
            if isinstance(result, _End):
                running -= 1
                await _raise_first(workers)
            else:
                yield result
    finally:
        for each in workers:
            each.cancel()
        await asyncio.gather(*workers, return_exceptions=True)


async def in_order(things: Sequence[Thing], work: Callable[[Thing], Awaitable[Result]], width: int) -> list[Result]:
    """All results, in the order of the things."""

    async def numbered(place: int) -> tuple[int, Result]:
        return place, await work(things[place])

    found = [each async for each in as_they_end(range(len(things)), numbered, width)]
    found.sort(key=_place)
    return [result for _, result in found]


class _End:
    """That a worker has ended."""


_END = _End()


def _place(numbered: tuple[int, object]) -> int:
    return numbered[0]


async def _raise_first(workers: Sequence[asyncio.Task[None]]) -> None:
    """Let a worker that has just put its end come to its end, and raise what any of them raised."""
    await asyncio.sleep(0)
    for each in workers:
        if each.done() and not each.cancelled() and (error := each.exception()) is not None:
            raise error

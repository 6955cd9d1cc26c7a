"""Several at once: results once each, failures raised, nobody left running."""

import asyncio

import pytest
from rigs import run

from accord.connectors.rest_pool import as_they_end, in_order


def test_results_keep_the_order_of_the_things_whatever_ends_first() -> None:
    async def work(number: int) -> int:
        for _ in range(10 - number):
            await asyncio.sleep(0)
        return number * number

    assert run(in_order(range(10), work, 4)) == [number * number for number in range(10)]


@pytest.mark.parametrize("count", [1, 2, 50])
def test_what_the_work_raises_is_raised_and_the_others_are_stopped(count: int) -> None:
    running: set[int] = set()

    async def work(number: int) -> int:
        if number == 0:
            raise LookupError("no")
        running.add(number)
        try:
            await asyncio.Event().wait()
        finally:
            running.discard(number)
        return number

    async def scenario() -> None:
        with pytest.raises(LookupError):
            await in_order(range(count), work, 8)
        assert running == set()
        assert len(asyncio.all_tasks()) <= 2

    run(scenario())


def test_leaving_early_stops_the_workers() -> None:
    begun: list[int] = []

    async def work(number: int) -> int:
        begun.append(number)
        await asyncio.sleep(0)
        return number

    async def scenario() -> None:
        results = as_they_end(range(1000), work, 3)
        async for _ in results:
            break
        await results.aclose()

    run(scenario())
    assert len(begun) < 20


def test_nothing_to_do_is_nothing_done() -> None:
    async def work(number: int) -> int:
        raise AssertionError

    assert run(in_order([], work, 3)) == []

"""What the machine gives: its clock, fresh ids, a thread for the store, the event loop.

Owns: the only places where time and randomness are made. Does not own: what they are used for.
"""

import asyncio
import concurrent.futures
import gc
import random
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class RealClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """The current instant in UTC."""
        return datetime.now(UTC)

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await asyncio.sleep(seconds)

    def monotonic(self) -> float:
        """Seconds that never go back."""
        return time.monotonic()


class RandomIds:
    """Ids sortable by time of making: milliseconds, a counter, and a part that no other process shares."""

    def __init__(self) -> None:
        self._own = f"{random.SystemRandom().getrandbits(40):010x}"
        self._count = 0

    def new(self) -> str:
        """A fresh id."""
        self._count += 1
        return f"{time.time_ns() // 1_000_000:012x}{self._count:06x}{self._own}"


class StoreThread:
    """One thread for all store calls: writes are serialised, the loop never waits."""

    def __init__(self) -> None:
        self._pool = concurrent.futures.ThreadPoolExecutor(1, thread_name_prefix="store")

    def __call__(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> Awaitable[T]:
        """Run a call there."""
        return asyncio.get_running_loop().run_in_executor(self._pool, lambda: call(*args, **kwargs))

    def close(self) -> None:
        """Wait for the call in hand and end the thread."""
        self._pool.shutdown()


def start(work: "Awaitable[T]") -> T:
    """Run a coroutine on the fastest loop there is, without looking for cycles of garbage among what was loaded to begin with."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)  # records come and go by the thousand and hold no cycles
    try:
        import uvloop
    except ImportError:
        return asyncio.run(work)  # type: ignore[arg-type]  # every caller hands over a coroutine
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(work)  # type: ignore[arg-type]  # as above

"""An event loop on which time passes only when nothing is left to do: a simulated hour takes milliseconds and is the same every time.

Owns: VirtualLoop, VirtualClock, CountedIds. Does not own: what runs on it.
"""

import asyncio
import heapq
from collections.abc import Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

T = TypeVar("T")

BEGINNING = datetime(2026, 1, 1, tzinfo=UTC)


class Stuck(RuntimeError):
    """Everything waits and no timer is set: a deadlock in what is simulated."""


class VirtualLoop(asyncio.SelectorEventLoop):
    """An asyncio loop whose clock only moves while everything waits. ``passed``: seconds since it was made.

    What asyncio does in every round for files, for signals and for slow callbacks is left out: a history has thousands of rounds.
    """

    def __init__(self) -> None:
        self.passed = 0.0
        super().__init__()

    def time(self) -> float:
        """Virtual seconds."""
        return self.passed

    def _run_once(self) -> None:
        """One round: what is ready; if nothing is, time passes to the next timer. Raises Stuck if there is none.

        Overrides the loop's own round, which has had this meaning, and these two queues, since there is asyncio.
        """
        ready, timers = self._ready, self._scheduled  # type: ignore[attr-defined]  # the queues of asyncio.base_events
        while timers and timers[0]._cancelled:
            heapq.heappop(timers)._scheduled = False
        if not ready and not self._stopping:  # type: ignore[attr-defined]  # as above
            if not timers:
                raise Stuck("nothing is left to do, and nothing is awaited that will come")
            self.passed = max(self.passed, timers[0]._when)
        while timers and timers[0]._when <= self.passed:
            timer = heapq.heappop(timers)
            timer._scheduled = False
            ready.append(timer)
        for _ in range(len(ready)):
            handle = ready.popleft()
            if not handle._cancelled:
                handle._run()


def run_virtually(work: Coroutine[Any, Any, T], loop: VirtualLoop | None = None) -> T:
    """Run a coroutine to its end on virtual time. A loop of one's own goes on from where it stands, and is not closed."""
    own = loop or VirtualLoop()
    try:
        return own.run_until_complete(work)
    finally:
        if loop is None:
            own.close()


class VirtualClock:
    """The clock of a virtual loop. ``ahead``: seconds that this clock is ahead of the loop's (a system whose clock is off)."""

    def __init__(self, loop: VirtualLoop, ahead: float = 0.0) -> None:
        self._loop = loop
        self.ahead = ahead

    def now(self) -> datetime:
        """The instant."""
        return BEGINNING + timedelta(seconds=self._loop.passed + self.ahead)

    async def sleep(self, seconds: float) -> None:
        """Let virtual time pass."""
        await asyncio.sleep(seconds)

    def monotonic(self) -> float:
        """Virtual seconds."""
        return self._loop.passed


class CountedIds:
    """Ids that count up: the same in every run of the same seed."""

    def __init__(self) -> None:
        self._count = 0

    def new(self) -> str:
        """The next one."""
        self._count += 1
        return f"{self._count:010d}"

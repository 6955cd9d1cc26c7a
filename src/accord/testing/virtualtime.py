"""An event loop on which time passes only when nothing is left to do: a simulated hour takes milliseconds and is the same every time.

Owns: VirtualLoop, VirtualClock, CountedIds. Does not own: what runs on it.
"""

import asyncio
import selectors
from collections.abc import Coroutine, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

T = TypeVar("T")

BEGINNING = datetime(2026, 1, 1, tzinfo=UTC)


class Stuck(RuntimeError):
    """Everything waits and no timer is set: a deadlock in what is simulated."""


class _Selector(selectors.BaseSelector):
    """Never waits: a wait moves the loop's time instead."""

    def __init__(self) -> None:
        self._inner = selectors.DefaultSelector()
        self.loop: VirtualLoop | None = None

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        """As every selector does."""
        return self._inner.register(fileobj, events, data)

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:
        """As every selector does."""
        return self._inner.unregister(fileobj)

    def get_map(self) -> Mapping[Any, selectors.SelectorKey]:
        """As every selector does."""
        return self._inner.get_map()

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Pass the time that the loop would wait. Raises Stuck if it would wait for ever."""
        if timeout is None:
            raise Stuck("nothing is left to do, and nothing is awaited that will come")
        if timeout > 0 and self.loop is not None:
            self.loop.passed += timeout
        return []

    def close(self) -> None:
        """Let go."""
        self._inner.close()


class VirtualLoop(asyncio.SelectorEventLoop):
    """An asyncio loop whose clock only moves while everything waits. ``passed``: seconds since it was made."""

    def __init__(self) -> None:
        self.passed = 0.0
        selector = _Selector()
        super().__init__(selector)
        selector.loop = self

    def time(self) -> float:
        """Virtual seconds."""
        return self.passed


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

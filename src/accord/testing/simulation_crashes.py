"""Lives of an engine, and how they end: a crash at any store call and at any step of any call to a system.

Owns: Crash, Life. A life that has crashed does nothing more, as a process that was killed: whatever is still on its way in it, in other
batches too, fails at its next step. Does not own: what happens afterwards (simulation.py).
"""

import random
from collections.abc import Awaitable, Callable

from accord.errors import StoreError


class Crash(BaseException):
    """The process is dead. Not an Exception, so that nothing in the engine can take it for a fault that it may handle."""


class Life:
    """One life of the engine. ``probability``: of dying at any one point; ``told``: called with the point in words.

    The points are before and after each store call, and before and after each request's effect.
    """

    def __init__(
        self,
        rng: random.Random,
        probability: float,
        told: Callable[[str], None],
        sleep: Callable[[float], Awaitable[None]],
    ) -> None:
        self._rng = rng
        self._probability = probability
        self._told = told
        self._sleep = sleep
        self.over = False

    def before(self, name: str) -> None:
        """Before a store call: nothing of it has happened. Raises Crash; StoreError when the disk is full, which ends a life as well."""
        self._may_end(f"before {name}")
        if self._probability and self._rng.random() < self._probability / 4:
            self.over = True
            self._told(f"disk full: {name}")
            raise StoreError("no space left on the disk", "Make room and run it again.")

    def after(self, name: str) -> None:
        """After a store call: it is durable. Raises Crash."""
        self._may_end(f"after {name}")

    async def travel(self, seconds: float) -> None:
        """The way of a request to a system, or of its answer back. Raises Crash."""
        self._may_end("before a request or its answer")
        await self._sleep(seconds)
        self._may_end("after a request or its answer")

    def end(self) -> None:
        """Whatever is left of this life does nothing more."""
        self.over = True

    def _may_end(self, point: str) -> None:
        if self.over:
            raise Crash("dead already")
        if self._probability and self._rng.random() < self._probability:
            self.over = True
            self._told(f"crash: {point}")
            raise Crash(point)

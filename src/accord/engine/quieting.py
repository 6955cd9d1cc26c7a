"""A record in which somebody is still typing is left alone for a moment: several announcements become one read.

Owns: which announced records may be read yet, and when to look again. Does not own: keeping announcements (they are durable before), the
reading. Nothing here outlives the process: after a restart everything that was announced is read.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from accord.model.records import RecordRef, Side
from accord.ports import Clock

_EARLY = 0.01  # seconds: a timer may fire a little before its time, and would not be set again


@dataclass(frozen=True, slots=True)
class Quiet:
    """``seconds`` without an announcement, but at most ``at_most`` seconds after the first one."""

    seconds: float
    at_most: float


class Typing:
    """The announced records of those systems that ask for quiet."""

    def __init__(self, quiet: Mapping[Side, Quiet], clock: Clock) -> None:
        self._quiet = quiet
        self._clock = clock
        self._heard: dict[RecordRef, tuple[float, float]] = {}
        self._waits: set[asyncio.Task[None]] = set()

    def heard(self, refs: Iterable[RecordRef], ring: Callable[[], None]) -> None:
        """Note announcements; ``ring`` is called when one of the records may be read: at once, or when its quiet is over."""
        now, waits = self._clock.monotonic(), set[float]()
        for ref in refs:
            quiet = self._quiet.get(ref.side)
            if quiet is None:
                waits.add(0.0)
                continue
            first, _ = self._heard.get(ref, (now, now))
            self._heard[ref] = (first, now)
            waits.add(max(0.0, min(quiet.seconds, first + quiet.at_most - now)))
        for seconds in waits:
            if not seconds:
                ring()
                continue
            wait = asyncio.create_task(self._ring_after(seconds, ring))
            self._waits.add(wait)
            wait.add_done_callback(self._waits.discard)

    def is_over(self, ref: RecordRef) -> bool:
        """Whether the record may be read. One that was announced before this process began may."""
        times, quiet = self._heard.get(ref), self._quiet.get(ref.side)
        if times is None or quiet is None:
            return True
        now, (first, last) = self._clock.monotonic() + _EARLY, times
        return now - last >= quiet.seconds or now - first >= quiet.at_most

    def begun(self, refs: Iterable[RecordRef]) -> None:
        """These are read now: the next announcement is a first one again."""
        for ref in refs:
            self._heard.pop(ref, None)

    async def close(self) -> None:
        """Ring no more."""
        for wait in tuple(self._waits):
            wait.cancel()
        await asyncio.gather(*self._waits, return_exceptions=True)

    async def _ring_after(self, seconds: float, ring: Callable[[], None]) -> None:
        await self._clock.sleep(seconds)
        ring()

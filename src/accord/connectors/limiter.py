"""What one host bears, shared by all calls to it in this process: a rate, and pauses that hold everybody.

Owns: when the next call may start. Does not own: making it, or how often to try again (rest_calls.py).
"""

from accord.ports import Clock

_RELAX_AFTER = 20  # calls in a row without a complaint before the pace is raised again
_FIRST_GAP = 0.02  # seconds between two starts after the first complaint
_WIDEST_GAP = 2.0


class HostLimiter:
    """A token bucket of one second, a pause for all after "too many requests", and a gap between starts that grows with complaints.

    Use: ``await limiter.turn()`` before a call, ``pause(seconds)`` after a 429, ``went_well()`` after an answer.
    """

    def __init__(self, clock: Clock, per_second: float = 0.0) -> None:
        """``per_second``: calls started in a second; 0 means that only the host's complaints slow us."""
        self._clock = clock
        self._rate_gap = 1.0 / per_second if per_second > 0 else 0.0
        self._burst = 1.0 if per_second > 0 else 0.0
        self._gap = 0.0
        self._next = 0.0
        self._until = 0.0
        self._quiet = 0

    @property
    def busy(self) -> bool:
        """Whether there is a rate, a pause or a gap to keep; otherwise nobody need wait for a turn."""
        return bool(self._rate_gap or self._gap or self._until)

    async def turn(self) -> None:
        """Wait until a call may start."""
        while (now := self._clock.monotonic()) < self._until:
            await self._clock.sleep(self._until - now)
        self._until = 0.0
        gap = max(self._rate_gap, self._gap)
        if not gap:
            return
        burst = self._burst if gap == self._rate_gap else 0.0
        start = max(self._next, now - burst)
        self._next = start + gap
        if start > now:
            await self._clock.sleep(start - now)

    def pause(self, seconds: float) -> None:
        """Hold all calls for this long, and keep a wider gap between them afterwards."""
        now = self._clock.monotonic()
        if now >= self._until:  # one complaint, however many calls in flight it hits
            self._gap = min(_WIDEST_GAP, max(_FIRST_GAP, self._gap * 2))
        self._until = max(self._until, now + seconds)
        self._next = max(self._next, self._until)
        self._quiet = 0

    def went_well(self) -> None:
        """Note an answer that was no complaint; after enough of them the pace is raised."""
        if not self._gap:
            return
        self._quiet += 1
        if self._quiet >= _RELAX_AFTER:
            self._quiet = 0
            self._gap = 0.0 if self._gap <= _FIRST_GAP else self._gap / 2

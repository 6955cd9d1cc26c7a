"""Nothing is sent by an engine that does not hold its state any more.

Owns: when to ask whether the state is still ours, and how long the answer is believed. Does not own: the answer (ports.Store.hold).

An engine may be paused in the middle of a batch, by its host or by a person, while another takes its state over and finishes its work. When
it wakes it commits nothing; but the calls that it had still to make would be made by two, and a record created by both would be there twice
(P7, P21). Whoever takes over creates nothing again before the system has settled (Limits.settles_seconds). An answer is believed here for
less than that, so there is no moment at which both send.
"""

from collections.abc import Awaitable, Callable
from typing import Final

from accord.errors import StoreBusy
from accord.ports import Clock

BELIEVED_SECONDS: Final = 1.0
"""So long an answer is good enough for the next call to begin."""

LATEST_SECONDS: Final = 5.0
"""So long it is good enough for what has begun to be sent: a connection may have had to be made first."""

TRIES: Final = 3
"""A store that is slow to answer is asked again; one that always is must not keep everything from being sent."""


class Hold:
    """Whether this engine still holds its state. ``ask``: raises StoreBusy if it does not."""

    def __init__(self, ask: Callable[[], Awaitable[None]], clock: Clock) -> None:
        self._ask = ask
        self._clock = clock
        self._asked = clock.monotonic() - 2 * LATEST_SECONDS

    async def make_sure(self) -> None:
        """Before a call that may change something begins. Raises StoreBusy."""
        for _ in range(TRIES):
            now = self._clock.monotonic()
            if now - self._asked <= BELIEVED_SECONDS:
                return  # also looked at after having asked: the pause may have been just then
            await self._ask()
            self._asked = now

    def look(self) -> None:
        """Just before the first byte is sent. Raises StoreBusy if it has been too long."""
        if self._clock.monotonic() - self._asked > LATEST_SECONDS:
            raise StoreBusy("this engine was paused: it cannot be sure that it still holds the state", "Nothing was sent; run it again.")

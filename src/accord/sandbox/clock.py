"""The clock of a stand-in server: times as integers, and how they are written.

Owns: microseconds and seconds since 1970 (UTC) and their texts. Does not own: who may see which time.
"""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import lru_cache

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
SECOND = 1_000_000

Now = Callable[[], int]
"""The present as microseconds since 1970."""


def system_now() -> int:
    """The machine's time, in microseconds since 1970."""
    return time.time_ns() // 1000


@lru_cache(maxsize=4096)
def naive(seconds: int) -> str:
    """ "2026-01-31T12:00:00": seconds since 1970 as a time without zone (it is UTC)."""
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))


def instant(microseconds: int) -> str:
    """ "2026-01-31T12:00:00.123456Z"."""
    seconds, rest = divmod(microseconds, SECOND)
    return f"{naive(seconds)}.{rest:06d}Z"


def microseconds_of(text: str) -> int:
    """Read a time; one without zone is UTC. A blank in place of an unescaped plus sign is forgiven. Raises ValueError."""
    moment = datetime.fromisoformat(text.strip().replace(" ", "+"))
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return (moment - EPOCH) // MICROSECOND

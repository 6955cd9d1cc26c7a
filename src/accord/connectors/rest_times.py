"""How a system tells time: its texts to instants and back.

Owns: zones, naive times, the HTTP date, Retry-After. Does not own: the current time, which is passed in. Pure.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, tzinfo
from email.utils import parsedate_to_datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from accord.model.manifest import SystemClock

_USUAL = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{3})?)[0-9]*Z")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NO_TIME = 10**8
_NO_SECONDS = 10**11
_LONGEST_BELIEVABLE_WAIT = 86_400.0  # seconds; what asks for more is taken for a mistake


@lru_cache(maxsize=64)
def zone(name: str) -> tzinfo:
    """A zone by its name. Raises ZoneInfoNotFoundError."""
    return UTC if name == "UTC" else ZoneInfo(name)


def instant(text: object, naive_zone: tzinfo) -> datetime | None:
    """The instant behind an ISO text or a number of (milli)seconds since 1970, in UTC; None for what is none."""
    if isinstance(text, int) and not isinstance(text, bool):
        return _counted(text)
    if not isinstance(text, str):
        return None
    try:
        moment = datetime.fromisoformat(text)
        return (moment.replace(tzinfo=naive_zone) if moment.tzinfo is None else moment).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _counted(number: int) -> datetime | None:
    """A number that would be after the year 5000 as seconds is taken for milliseconds; one that is before 1973 for no time."""
    if number < _NO_TIME:
        return None
    try:
        return _EPOCH + (timedelta(milliseconds=number) if number >= _NO_SECONDS else timedelta(seconds=number))
    except OverflowError:
        return None


def normal(text: object, naive_zone: tzinfo) -> str | None:
    """ "YYYY-MM-DDTHH:MM:SS[.fff]Z" in UTC, or None for what is no time."""
    usual = _USUAL.fullmatch(text) if isinstance(text, str) else None
    if usual is not None:  # nothing to work out, which is most of a listing's time otherwise
        return f"{usual[1]}Z"
    moment = instant(text, naive_zone)
    return None if moment is None else spell(moment)


def spell(moment: datetime) -> str:
    """An aware instant in UTC, with milliseconds where there are any."""
    text = moment.astimezone(UTC).isoformat(timespec="milliseconds")[:23]
    return (text[:-4] if text.endswith(".000") else text) + "Z"


def say(moment: datetime, clock: SystemClock) -> str:
    """An instant as the system writes it: zoned, naive in its own zone, or counted; in whole seconds where it knows no finer ones."""
    if clock.format in ("seconds", "milliseconds"):
        return str((moment - _EPOCH) // (timedelta(seconds=1) if clock.format == "seconds" else timedelta(milliseconds=1)))
    fine = "milliseconds" if clock.granularity_seconds < 1 else "seconds"
    if clock.format == "naive":
        return moment.astimezone(zone(clock.zone)).replace(tzinfo=None).isoformat(timespec=fine)
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec=fine) + "Z"


@lru_cache(maxsize=256)
def http_date(text: str) -> datetime | None:
    """The instant in a Date header; None for what is none. Remembered, as a busy second brings the same text many times."""
    try:
        moment = parsedate_to_datetime(text)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError, TypeError):
        return None


def answered_at(headers: Mapping[str, str]) -> datetime | None:
    """When the server says that it answered."""
    text = headers.get("Date")
    return http_date(text) if text else None


def retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """How many seconds the server asks us to wait, from seconds or a date; None if it says nothing that can be believed."""
    text = headers.get("Retry-After", "").strip()
    if not text:
        return None
    if text.isascii() and text.isdigit():
        seconds = float(text[:12])
    else:
        moment = http_date(text)
        if moment is None:
            return None
        seconds = (moment - (answered_at(headers) or now)) / timedelta(seconds=1)
    return seconds if 0 < seconds <= _LONGEST_BELIEVABLE_WAIT else None

"""Dates and instants: raw -> canonical and back.

Owns: dates as written, instants in UTC, naive times in a zone. Does not own: which zone or precision (core/mapping_forms.py).

A date never passes through a zone. A naive time that the zone's clocks skip (a gap) is read with the offset from before it, so it lies
as far behind the gap as it was written into it. A naive time that they show twice (a fold) is read as the first one; an instant of the
second pass is written as the same local time, and so comes back an hour earlier: naive times cannot say more.
"""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from accord.core.wording import Unfit, describe
from accord.model.values import Raw, Scalar

_OFFSET: Final = r"(?:Z|[+-][0-9]{2}:?[0-9]{2})?"
_DATE: Final = re.compile(rf"([0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}})(?:[T ]00:00(?::00(?:\.0+)?)?{_OFFSET})?")
_INSTANT: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:[.,][0-9]{1,9})?)?" + _OFFSET)


def date_reader(raw: Raw) -> Scalar:
    """ "YYYY-MM-DD", also with a midnight behind it, whose zone does not matter. Raises Unfit for any other time of day."""
    if raw is None or (type(raw) is str and raw == ""):
        return raw
    found = _DATE.fullmatch(raw) if type(raw) is str else None
    if found is None:
        raise Unfit(f"{describe(raw)} where a date is expected")
    text = found[1]
    try:
        date.fromisoformat(text)
    except ValueError:
        raise Unfit("a date that is in no calendar") from None
    return text


def date_writer(midnight: bool) -> Callable[[Scalar], Raw]:
    """Write as it is, or with the midnight that some systems want."""
    return (lambda value: f"{value}T00:00:00") if midnight else (lambda value: value)


def instant_reader(zone: str, precision: int) -> Callable[[Raw], Scalar]:
    """Read "YYYY-MM-DDTHH:MM[:SS[.fff]][offset]"; without an offset in ``zone``; cut off to ``precision`` milliseconds, in UTC."""
    local = ZoneInfo(zone)

    def read(raw: Raw) -> Scalar:
        if raw is None or (type(raw) is str and raw == ""):
            return raw
        if type(raw) is not str or not _INSTANT.fullmatch(raw):
            raise Unfit(f"{describe(raw)} where a time is expected")
        try:
            moment = datetime.fromisoformat(raw)
            zoned = moment.replace(tzinfo=local) if moment.tzinfo is None else moment
            return canonical(zoned.astimezone(UTC), precision)
        except (ValueError, OverflowError):
            raise Unfit("a time that is in no calendar") from None

    return read


def canonical(moment: datetime, precision: int) -> str:
    """The canonical text of an instant in UTC, cut off to ``precision`` milliseconds (a divisor of an hour)."""
    if precision < 1000:
        kept = moment.microsecond // 1000 // precision * precision
        return moment.replace(microsecond=kept * 1000).isoformat(timespec="milliseconds")[:23] + "Z"
    seconds = moment.minute * 60 + moment.second
    cut = moment - timedelta(seconds=seconds % (precision // 1000), microseconds=moment.microsecond)
    return cut.isoformat(timespec="seconds")[:19] + "Z"


def instant_writer(zone: str, precision: int) -> Callable[[Scalar], Raw]:
    """Write as naive local time. Raises Unfit where the zone's year leaves the calendar."""
    local = ZoneInfo(zone)
    spec = "seconds" if precision >= 1000 else "milliseconds"

    def write(value: Scalar) -> Raw:
        try:
            return datetime.fromisoformat(str(value)).astimezone(local).replace(tzinfo=None).isoformat(timespec=spec)
        except (ValueError, OverflowError):
            raise Unfit("a time that is in no calendar of the other side") from None

    return write

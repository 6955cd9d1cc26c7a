"""A column's value to a property's raw value, and back: compiled once per column.

Owns: what a driver hands out and takes for each type of property and of column. Does not own: which column (sql_catalogue.py). Pure.

Instants are always given in UTC; a column without a zone holds them in the zone of the manifest's clock. SQLite has neither times, dates
nor exact decimals of its own: there they are texts, and numbers go in as the text that spells them, which its columns take without loss.
A value that its type cannot hold is handed to the driver as it is, so that the database refuses it with words of its own.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from accord.connectors.rest_times import instant, spell
from accord.model.manifest import PropertyType
from accord.model.sqlfacts import ColumnKind
from accord.model.values import Raw


@dataclass(frozen=True, slots=True)
class Codec:
    """``read``: what the driver hands out -> raw. ``bind``: raw -> what the driver takes."""

    read: Callable[[Any], Raw]
    bind: Callable[[Raw], Any]


def codec(type: PropertyType, kind: ColumnKind, textual: bool, zone: tzinfo) -> Codec:  # noqa: A002  the word of the manifest
    """``textual``: the database holds decimals, dates and times as texts (SQLite)."""
    match type:
        case "boolean":
            return Codec(_boolean, lambda raw: _to_boolean(raw, kind))
        case "integer":
            return Codec(_whole, lambda raw: str(raw) if kind == "text" and type_is(raw, int) else raw)
        case "decimal":
            return Codec(_decimal, lambda raw: _to_decimal(raw, textual or kind == "text"))
        case "date":
            return Codec(_date, lambda raw: _to_date(raw, kind, textual))
        case "instant":
            return Codec(lambda held: _instant(held, zone), lambda raw: _to_instant(raw, kind, textual, zone))
    return Codec(_text, lambda raw: _to_text(raw, kind))


def type_is(value: object, kind: type) -> bool:
    """Of this very type: a truth value is no number here."""
    return type(value) is kind


def _text(held: Any) -> Raw:
    if held is None or isinstance(held, str | bool | list | dict):
        return held
    if isinstance(held, bytes | memoryview):
        return bytes(held).hex()
    if isinstance(held, timedelta):  # as which a driver of MySQL hands a time of day out
        hours, seconds = divmod(held - timedelta(microseconds=held.microseconds), timedelta(hours=1))
        fraction = f".{held.microseconds:06}".rstrip("0") if held.microseconds else ""
        return f"{hours:02}:{seconds.seconds // 60:02}:{seconds.seconds % 60:02}{fraction}"
    return held.isoformat() if isinstance(held, date) else str(held)


def _to_text(raw: Raw, kind: ColumnKind) -> Any:
    if not isinstance(raw, str):
        return raw
    if kind == "whole" and raw.lstrip("-").isascii() and raw.lstrip("-").isdigit():
        return int(raw)
    if kind == "uuid":
        with suppress(ValueError):
            return UUID(raw)
    return raw


def _boolean(held: Any) -> Raw:
    if isinstance(held, int) and held in (0, 1):
        return bool(held)
    return {"t": True, "true": True, "f": False, "false": False}.get(held, held) if isinstance(held, str) else held


def _to_boolean(raw: Raw, kind: ColumnKind) -> Any:
    return int(raw) if isinstance(raw, bool) and kind in ("whole", "number") else raw


def _whole(held: Any) -> Raw:
    if isinstance(held, Decimal | float) and held == held.__trunc__():
        return int(held)
    if isinstance(held, str):
        with suppress(ValueError):
            return int(held)
    return held


def _decimal(held: Any) -> Raw:
    """Exact; a float by its shortest spelling, and without the zeros that only fill the column's scale up."""
    if held is None or isinstance(held, bool):
        return held
    try:
        number = Decimal(repr(held) if isinstance(held, float) else str(held))
    except InvalidOperation:
        return held
    return number if not number.is_finite() or number.as_tuple().exponent == 0 else Decimal(format(number.normalize(), "f"))


def _to_decimal(raw: Raw, as_text: bool) -> Any:
    if raw is None or isinstance(raw, bool | str):
        return raw
    number = Decimal(repr(raw) if isinstance(raw, float) else str(raw))
    return format(number, "f") if as_text else number


def _date(held: Any) -> Raw:
    if isinstance(held, date):  # a datetime is one as well
        return held.isoformat()[:10]
    return held[:10] if isinstance(held, str) else held


def _to_date(raw: Raw, kind: ColumnKind, textual: bool) -> Any:
    if not isinstance(raw, str) or not raw:
        return raw
    if textual or kind == "text":
        return f"{raw} 00:00:00.000000" if kind in ("time", "zoned") else raw
    with suppress(ValueError):
        day = date.fromisoformat(raw)
        return datetime(day.year, day.month, day.day) if kind == "time" else day  # noqa: DTZ001  the column has no zone
    return raw


def _instant(held: Any, zone: tzinfo) -> Raw:
    moment = moment_of(held, zone)
    return held if moment is None else spell(moment)


def moment_of(held: Any, zone: tzinfo) -> datetime | None:
    """The instant that a column holds, in UTC; None for what is none."""
    if isinstance(held, datetime):
        return (held.replace(tzinfo=zone) if held.tzinfo is None else held).astimezone(UTC)
    return instant(held, zone)


def _to_instant(raw: Raw, kind: ColumnKind, textual: bool, zone: tzinfo) -> Any:
    moment = instant(raw, UTC) if isinstance(raw, str) else None
    return raw if moment is None else bound_moment(moment, kind, textual, zone)


def bound_moment(moment: datetime, kind: ColumnKind, textual: bool, zone: tzinfo) -> Any:
    """An instant as the driver takes it for a column of this kind."""
    if textual or kind == "text":
        return moment.astimezone(zone).replace(tzinfo=None).isoformat(" ", timespec="microseconds")
    return moment if kind == "zoned" else moment.astimezone(zone).replace(tzinfo=None)

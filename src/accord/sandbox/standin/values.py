"""What the properties of a stand-in take, by their types in the manifest, and values for records to start with.

Owns: checking one value, making one up. Does not own: records (shelf.py).
"""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from accord.model.manifest import Property
from accord.sandbox.web import Refusal

LONGEST_NUMBER = 28
"""Digits of a number, and places of its first one from the point; more is refused, as systems do that keep exact numbers."""

_FIRST_DAY = date(2025, 1, 1)


def check(where: str, one: Property, value: Any) -> None:
    """Let a value pass that the property can hold. Raises Refusal(422) in words. ``where``: its member, for the words."""
    if value is None:
        return
    if not _fits(where, one, value):
        raise Refusal(422, f"{where}: {value!r:.60} is not of type {one.type}.", "invalid", where)
    if one.options is not None and value not in one.options:
        raise Refusal(422, f"{where}: must be one of {', '.join(map(str, one.options))}.", "invalid", where)
    if one.max_length is not None and len(str(value)) > one.max_length:
        raise Refusal(422, f"{where}: is longer than {one.max_length}.", "invalid", where)


def _fits(where: str, one: Property, value: Any) -> bool:
    if one.type in ("integer", "decimal"):
        return _is_number(one, value)
    if one.type == "boolean":
        return isinstance(value, bool)
    if one.type == "list":
        return isinstance(value, list) and all(_item_fits(where, one, item) for item in value)
    if not isinstance(value, str):
        return False
    return one.type == "string" or _is_time(one, value)


def _is_number(one: Property, value: Any) -> bool:
    if one.format == "text":
        try:
            value = Decimal(value) if isinstance(value, str) else None
        except ArithmeticError:
            return False
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return False
    exact = Decimal(value)
    if not exact.is_finite() or (exact and abs(exact.adjusted()) >= LONGEST_NUMBER) or len(exact.as_tuple().digits) > LONGEST_NUMBER:
        return False
    scale = 0 if one.type == "integer" else one.scale
    exponent = exact.normalize().as_tuple().exponent
    return isinstance(exponent, int) and (scale is None or -exponent <= scale)


def _is_time(one: Property, text: str) -> bool:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return False
    if one.type == "date" and one.format != "midnight":
        return len(text) == len("2026-01-31")
    return one.type == "date" or (moment.tzinfo is None) == (one.format == "naive")


def _item_fits(where: str, one: Property, item: Any) -> bool:
    if not one.items:
        return True
    if not isinstance(item, dict):
        return False
    members = {inner.path or name: inner for name, inner in one.items.items()}
    for name, value in item.items():
        if name not in members:
            raise Refusal(422, f"{where}: an item has no {name}.", "invalid", where)
        check(f"{where}.{name}", members[name], value)
    return True


def made_up(name: str, one: Property, number: int) -> Any:
    """A value for the record of this number, unlike those of other numbers where the type allows for it."""
    if one.options:
        return one.options[number % len(one.options)]
    if one.type == "string":
        return f"{name} {number}"[-(one.max_length or 200) :]
    if one.type == "boolean":
        return number % 2 == 0
    if one.type == "list":
        return list(_items(one, number))
    if one.type in ("integer", "decimal"):
        exact = Decimal(number) + (Decimal(1).scaleb(-one.scale) if one.type == "decimal" and one.scale else 0)
        return str(exact) if one.format == "text" else int(exact) if one.type == "integer" else exact
    day = (_FIRST_DAY + timedelta(days=number % 20_000)).isoformat()
    if one.type == "date":
        return f"{day}T00:00:00" if one.format == "midnight" else day
    return f"{day}T12:00:00" + ("" if one.format == "naive" else "Z")


def _items(one: Property, number: int) -> Iterator[dict[str, Any]]:
    for place in (1, 2) if one.items else ():
        yield {inner.path or name: made_up(name, inner, 10 * number + place) for name, inner in one.items.items() if inner.compute is None}

"""Canonical values: a raw value of a known data type -> common text or number, and back into a side's format.

Owns: texts, numbers, booleans and references; what is refused, and in which words; options, lengths and clearing when a value is put.
Does not own: dates and instants (core/values_time.py), what a transform makes of a value (core/transforms.py), the four states.

Null and empty text pass every reader unchanged. A reader raises Unfit for anything that the data type cannot hold; the message says what
kind of thing it was and how large, never the value itself, since it is shown and logged.
"""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Any, Final, TypeAlias

from accord.core.values_time import date_reader, date_writer, instant_reader, instant_writer
from accord.core.wording import Unfit, describe
from accord.model.values import DataType, Raw, Scalar

Read: TypeAlias = Callable[[Raw], Scalar]
"""Raw -> canonical; raises Unfit."""

Write: TypeAlias = Callable[[Scalar], Raw]
"""Canonical -> raw, in the side's format; raises Unfit."""


@dataclass(frozen=True, slots=True)
class Form:
    """What a property holds on one side of one mapping.

    ``scale``: digits after the point of a DECIMAL. ``precision``: milliseconds of an INSTANT, a divisor of an hour, the coarser of both
    sides. ``zone``: of naive times. ``whole``: the property takes whole numbers only, also where the mapping is DECIMAL or REFERENCE.
    """

    type: DataType
    format: str | None = None
    scale: int = 0
    precision: int = 1000
    zone: str = "UTC"
    whole: bool = False
    max_length: int | None = None
    options: tuple[Any, ...] | None = None
    clearing: str = "null"

    @property
    def limits(self) -> bool:
        """Whether the writer refuses some values that the reader of another side accepts."""
        naive = self.type is DataType.INSTANT and self.format == "naive"
        return self.max_length is not None or self.options is not None or self.whole or naive


def reader(form: Form) -> Read:
    """The way from raw to canonical."""
    match form.type:
        case DataType.STRING:
            return read_text
        case DataType.REFERENCE:
            return _read_reference
        case DataType.INTEGER:
            return _integer_reader(form.format == "text")
        case DataType.DECIMAL:
            return _decimal_reader(form.scale, form.format == "text")
        case DataType.BOOLEAN:
            return _read_boolean
        case DataType.DATE:
            return date_reader
        case DataType.INSTANT:
            return instant_reader(form.zone, form.precision)
    raise ValueError(f"{form.type} has no canonical scalar")


def writer(form: Form) -> Write:
    """The way from canonical to raw: null and empty text become what empties the property; options and lengths are held."""
    plain = _plain_writer(form)
    cleared = "" if form.clearing == "empty" else None
    options, longest = form.options, form.max_length

    def write(value: Scalar) -> Raw:
        return cleared if value is None or value == "" else plain(value)

    def limited(value: Scalar) -> Raw:
        if value is None or value == "":
            return cleared
        raw = plain(value)
        if longest is not None and type(raw) is str and len(raw) > longest:
            raise Unfit(f"{describe(raw)} is longer than the {longest} that the other side takes")
        if options is not None and raw not in options:
            raise Unfit(f"{describe(raw)} is none of the {len(options)} options of the other side")
        return raw

    return write if options is None and longest is None else limited


def _plain_writer(form: Form) -> Write:
    as_text = form.format == "text"
    match form.type:
        case DataType.STRING | DataType.BOOLEAN:
            return _same
        case DataType.DATE:
            return date_writer(form.format == "midnight")
        case DataType.INSTANT:
            return instant_writer(form.zone, form.precision) if form.format == "naive" else _same
        case DataType.DECIMAL if form.whole:
            return lambda value: str(_to_whole(value)) if as_text else _to_whole(value)
        case DataType.DECIMAL:
            return _same if as_text else lambda value: Decimal(str(value))
        case DataType.REFERENCE:
            return _to_number_id if form.whole else _same
    return str if as_text else _same


def _same(value: Scalar) -> Raw:
    return value


# Texts

_UNSAYABLE: Final = re.compile("[\x00\ud800-\udfff]")


def sayable(text: str) -> str:
    """The text itself. Raises Unfit for NUL and lone surrogates, which no JSON or database carries safely."""
    if _UNSAYABLE.search(text):
        raise Unfit(f"{describe(text)} holds a NUL or half a character")
    return text


def read_text(raw: Raw) -> Scalar:
    """Text in NFC."""
    if raw is None:
        return None
    if type(raw) is not str:
        raise Unfit(f"{describe(raw)} where a text is expected")
    if raw.isascii() and "\x00" not in raw:
        return raw
    return unicodedata.normalize("NFC", sayable(raw))


_NUMBER_ID: Final = re.compile(r"0|-?[1-9][0-9]{0,18}")


def _read_reference(raw: Raw) -> Scalar:
    """An id, byte-exact; a number as decimal text."""
    if raw is None:
        return None
    if type(raw) is int:
        if not _MIN <= raw <= _MAX:
            raise Unfit("a whole number beyond 64 bits where an id is expected")
        return str(raw)
    if type(raw) is not str:
        raise Unfit(f"{describe(raw)} where an id is expected")
    return sayable(raw)


def _to_number_id(value: Scalar) -> Raw:
    if type(value) is not str or not _NUMBER_ID.fullmatch(value):
        raise Unfit(f"{describe(value)} where the other side's ids are whole numbers")
    return int(value)


# Booleans


def _read_boolean(raw: Raw) -> Scalar:
    if raw is None or raw is True or raw is False or (type(raw) is str and raw == ""):
        return raw
    raise Unfit(f"{describe(raw)} where true or false is expected")


# Numbers

_MIN: Final = -(2**63)
_MAX: Final = 2**63 - 1
_LARGEST_EXPONENT: Final = 24
_TOO_LARGE: Final = 10 ** (_LARGEST_EXPONENT + 1)
_CONTEXT: Final = Context(prec=80, rounding=ROUND_HALF_UP)
_NUMBER: Final = re.compile(r"[+-]?[0-9]{1,40}(\.[0-9]{1,40})?")


def exact(raw: Raw, text: bool = False) -> Decimal:
    """A number without loss; a float by its shortest text. ``text``: numbers come as text. Raises Unfit, also for NaN, infinity, 1e400."""
    kind = type(raw)
    if kind is Decimal:
        number = raw
    elif kind is int:
        if abs(raw) >= _TOO_LARGE:
            raise Unfit("a number too large")
        return Decimal(raw)
    elif kind is float:
        number = Decimal(repr(raw))
    elif kind is str and text and _NUMBER.fullmatch(raw):
        number = Decimal(raw)
    else:
        raise Unfit(f"{describe(raw)} where a number is expected")
    if not number.is_finite():
        raise Unfit("a number that is not finite")
    if number and number.adjusted() > _LARGEST_EXPONENT:
        raise Unfit("a number too large")
    return Decimal(number)


def plain(number: Decimal, scale: int) -> str:
    """Plain notation with exactly ``scale`` digits after the point, half rounded up (away from zero); no minus zero."""
    return _plain(number, Decimal(1).scaleb(-scale))


def _plain(number: Decimal, step: Decimal) -> str:
    rounded = number.quantize(step, context=_CONTEXT) if number else step * 0
    if not rounded:
        return format(rounded.copy_abs(), "f")
    if rounded.adjusted() > _LARGEST_EXPONENT:  # rounded up to it
        raise Unfit("a number too large")
    return format(rounded, "f")


def _decimal_reader(scale: int, text: bool) -> Read:
    step = Decimal(1).scaleb(-scale)

    def read(raw: Raw) -> Scalar:
        if raw is None or (type(raw) is str and raw == ""):
            return raw
        return _plain(exact(raw, text), step)

    return read


def _integer_reader(text: bool) -> Read:
    def read(raw: Raw) -> Scalar:
        if raw is None or (type(raw) is str and raw == ""):
            return raw
        number = raw if type(raw) is int else _whole(exact(raw, text))
        if not _MIN <= number <= _MAX:
            raise Unfit("a whole number beyond 64 bits")
        return number

    return read


def _whole(number: Decimal) -> int:
    if number != number.to_integral_value(context=_CONTEXT):
        raise Unfit("a number with decimals where a whole number is expected")
    return int(number)


def _to_whole(value: Scalar) -> int:
    return _whole(Decimal(str(value)))

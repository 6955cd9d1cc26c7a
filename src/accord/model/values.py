"""The values of properties: raw, as a system says them, and common, as the core compares them.

Owns: the data types, the four states of a value, the shape of the common form.
Does not own: how a raw value becomes a common one (core/values.py, core/mapping.py).

A value has four states. *Absent*: the key is not in the mapping. *Null*: ``None``. *Empty*: ``""``, or ``{}`` for a
list. *Present*: anything else. Absent is never the same as empty: what a response left out says nothing.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, TypeAlias

Raw: TypeAlias = Any
"""A value in a system's own words: what its JSON decodes to (str, int, float, Decimal, bool, None, list, dict)."""

RawValues: TypeAlias = Mapping[str, Raw]
"""The wanted properties of one record, keyed by the manifest's property name; a missing key means absent."""

Scalar: TypeAlias = None | bool | int | str
"""A common value that is no list. Every data type but boolean and integer is a canonical text (see DataType)."""

Item: TypeAlias = Mapping[str, Scalar]
"""One item of a list in common form: item property name -> scalar."""

Value: TypeAlias = Scalar | Mapping[str, Item]
"""A common value: a scalar, or for lists item key -> item. Two values correspond if and only if they are equal (==)."""

Values: TypeAlias = Mapping[str, Value]
"""A mapped record: property mapping name -> common value; a missing key means absent."""


class DataType(StrEnum):
    """The data type of a property mapping; decides the canonical text, and by that what *equal* means.

    STRING: text in NFC. INTEGER: int. BOOLEAN: bool.
    DECIMAL: plain notation with exactly ``scale`` digits after the point, no exponent, no minus zero ("12.50").
    DATE: "YYYY-MM-DD"; never passes through a zone.
    INSTANT: "YYYY-MM-DDTHH:MM:SS[.fff]Z" in UTC, at the coarser precision of both sides.
    REFERENCE: the id of the *left* record that the referenced link names ("CU-17"), the same text from either side.
    LIST: items by key.
    """

    STRING = "string"
    INTEGER = "integer"
    DECIMAL = "decimal"
    BOOLEAN = "boolean"
    DATE = "date"
    INSTANT = "instant"
    REFERENCE = "reference"
    LIST = "list"


def is_empty(value: Value) -> bool:
    """Whether a common value holds nothing: null, empty text or a list without items."""
    return value is None or value == "" or value == {}

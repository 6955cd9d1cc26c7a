"""How a value that does not fit is spoken of: its kind and size, never its content.

Owns: Unfit and the words for kinds of raw values. Does not own: when something is unfit.
"""

from decimal import Decimal

from accord.model.values import Raw


class Unfit(ValueError):
    """A value outside the domain of its property. The message carries no personal data."""


def describe(raw: Raw) -> str:
    """The kind and size of a raw value, such as "a text of 12 characters"."""
    if isinstance(raw, str):
        return f"a text of {len(raw)} character{'' if len(raw) == 1 else 's'}"
    if raw is None:
        return "null"
    if isinstance(raw, bool):
        return "true or false"
    if isinstance(raw, int):
        return "a whole number"
    if isinstance(raw, float | Decimal):
        return "a number"
    if isinstance(raw, list | tuple):
        return f"a list of {len(raw)}"
    return "an object" if isinstance(raw, dict) else f"a {type(raw).__name__}"

"""Normal forms for match keys: what two systems may write differently and still mean the same.

Owns: the forms by name. Does not own: which properties make a key (dataflow) or how keys are compared (store: as text).
None means that there is no key: an empty or invalid value identifies nothing.
"""

import unicodedata
from collections.abc import Callable
from typing import Final, TypeAlias

from accord.core import standards
from accord.core.values import exact, sayable
from accord.core.wording import Unfit
from accord.model.values import Scalar

Normal: TypeAlias = Callable[[str], str | None]


def text(value: str) -> str | None:
    """Compatibility characters unified, upper and lower case the same, white space collapsed, invisible characters dropped."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", value).casefold())
    if not folded.isascii():
        folded = "".join(c for c in folded if unicodedata.category(c) != "Cf")
        folded = unicodedata.normalize("NFKC", folded)
    return " ".join(folded.split()) or None


def name(value: str) -> str | None:
    """As text, without punctuation and symbols; letters stay what they are: å is not a."""
    folded = text(value) or ""
    kept = "".join(" " if unicodedata.category(c)[0] in "PS" else c for c in folded)
    return " ".join(unicodedata.normalize("NFKC", kept).split()) or None


def email(value: str) -> str | None:
    """The address with both parts in one case: nobody tells apart two mailboxes by it."""
    address = standards.email(unicodedata.normalize("NFC", value))
    key = text(address) if address is not None else None
    return key if key is not None and standards.email(key) is not None else None  # a lone accent, say, becomes a space with one


def organisation_number(value: str) -> str | None:
    """The digits, if the check digit is right."""
    return standards.organisation_number(value)


def number(value: str) -> str | None:
    """Plain notation without trailing zeros: 1.0 is 1."""
    try:
        plain = format(exact(value.strip(), text=True), "f")
    except Unfit:
        return None
    bare = plain.rstrip("0").rstrip(".") if "." in plain else plain
    return "0" if bare in ("-0", "") else bare


def verbatim(value: str) -> str | None:
    """Every character counts."""
    return value or None


def phone(region: str | None) -> Normal:
    """E.164; ``region`` for numbers without a country code."""
    return lambda value: standards.e164(value, region)


NAMES: Final = ("text", "name", "email", "phone", "organisation_number", "number", "exact")
_PLAIN: Final[dict[str, Normal]] = {
    "text": text,
    "name": name,
    "email": email,
    "organisation_number": organisation_number,
    "number": number,
    "exact": verbatim,
}


def normal_form(wanted: str, region: str | None = None) -> Normal | None:
    """The normal form of that name, None if there is none. "phone:NO" names the region itself; plain "phone" takes ``region``."""
    kind, _, given = wanted.partition(":")
    if kind != "phone":
        return _PLAIN.get(wanted)
    if given and given not in standards.regions():
        return None
    return phone(given or region)


def key_part(normal: Normal, value: Scalar) -> str | None:
    """The normal form of one canonical value, or None where it identifies nothing."""
    if value is None or value == "":
        return None
    said = ("true" if value else "false") if isinstance(value, bool) else str(value)
    try:
        return normal(sayable(said))
    except Unfit:
        return None

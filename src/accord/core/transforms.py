"""Transforms: named rules that take a value from a side's canonical form to the common form and back.

Owns: the registry, what a transform is, and the rules for single values. Does not own: canonical values (core/values.py), rules for
several properties (core/transforms_parts.py), compiling a mapping (core/mapping.py).

The scheme is the same for all: the common form is the *left* property's canonical form, unless the transform's description says otherwise
(phone, email, url, country_code, trim, upper and lower normalise both sides; the text transforms unify white space). A transform is a lens
per side: ``get`` takes the side's canonical value to the common one, ``put`` takes it back. On the declared domain
``get(put(v)) == v`` holds on both sides, and what ``get`` accepts it maps into the domain; so a value that crossed and came back is the
same value. What lies outside makes ``get`` or ``put`` raise Unfit. Null and empty text pass by unless a face says that it sees them.
"""

import re
import unicodedata
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from accord.core import standards
from accord.core.transforms_kinds import (
    NUMBERS,
    TEXT,
    UNCHANGED,
    Example,
    Face,
    Lens,
    Parameter,
    Setting,
    Transform,
    chosen,
    same_on_both,
)
from accord.core.transforms_parts import JOIN_WORDS, SPLIT_WORDS, STREET
from accord.core.transforms_tables import DEFAULT, ENUM
from accord.core.values import exact, plain
from accord.core.wording import Unfit, describe
from accord.model.manifest import Property
from accord.model.values import DataType, Scalar

__all__ = ["TRANSFORMS", "Example", "Face", "Lens", "Parameter", "Setting", "Transform"]


def _any(_: Scalar) -> bool:
    return True


def _identity(_: Setting) -> Lens:
    return Lens(UNCHANGED, UNCHANGED, _any)


# Normalised texts


def _email(_: Setting) -> Lens:
    def get(value: Any) -> Scalar:
        found = standards.email(value)
        if found is None:
            raise Unfit(f"{describe(value)} is no e-mail address")
        return found

    return same_on_both(get)


def _phone(setting: Setting) -> Lens:
    region = setting.text("region")

    def get(value: Any) -> Scalar:
        found = standards.e164(value, region)
        if found is None:
            raise Unfit(f"{describe(value)} is no phone number" + ("" if region else " with a country code"))
        return found

    return same_on_both(get)


def _region(value: object) -> str | None:
    return None if value in standards.regions() else "must be a region in two capital letters, such as NO"


_URL: Final = re.compile(r"(?:(https?)://)?([\w.\-]+\.\w+|localhost)(:[0-9]{1,5})?((?:[/?#]\S*)?)", re.IGNORECASE)


def _address(value: Any) -> str:
    found = _URL.fullmatch(value.strip())
    if found is None:
        raise Unfit(f"{describe(value)} is no web address")
    scheme, host, port, rest = found.groups(default="")
    start = f"{scheme.lower()}://" if scheme else ""
    return f"{start}{host.lower()}{port}{'' if rest == '/' else rest}"


def _url(_: Setting) -> Lens:
    def get(value: Any) -> Scalar:
        once = nfc(_address(value))
        return nfc(_address(once))  # in lower case a name may be none any more

    return same_on_both(get)


def nfc(text: str) -> str:
    """The text with composed characters."""
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def _changed_by(rule: Any) -> Any:
    """A rule for texts that changes nothing when it is done twice; its result is NFC."""
    return lambda _: same_on_both(lambda value: nfc(rule(value)))


def _country(setting: Setting) -> Lens:
    def get(value: Any) -> Scalar:
        found = standards.country_code(value)
        if found is None:
            raise Unfit(f"{describe(value)} is no country")
        return found

    def put_name(value: Any) -> Any:
        found = standards.country_name(value)
        if found is None:
            raise Unfit(f"{describe(value)} is no country code")
        return found

    def face(side: str) -> Face:
        return Face(get, put_name if setting.text(side) == "name" else get)

    return Lens(
        face("left"), face("right"), lambda value: isinstance(value, str) and standards.country_name(value) is not None, ("NO", "KR")
    )


# Numbers and booleans


def _invert(_: Setting) -> Lens:
    inverse = Face(lambda value: not value, lambda value: not value)
    return Lens(UNCHANGED, inverse, lambda value: isinstance(value, bool), (True, False))


def _number_text(setting: Setting) -> Lens:
    point = setting.text("point") or "."
    whole = setting.type is DataType.INTEGER
    scale = 0 if whole else setting.scale

    def get(value: Any) -> Scalar:
        text = value.strip()
        if point == ",":
            if "." in text:
                raise Unfit(f"{describe(value)} is no number with a decimal comma")
            text = text.replace(",", ".")
        number = exact(text, text=True)
        if whole and (number != number.to_integral_value() or abs(number) >= 2**63):
            raise Unfit(f"{describe(value)} is no whole number")
        return int(number) if whole else plain(number, scale)

    def face(one: Property) -> Face:
        return Face(get, lambda value: str(value).replace(".", point)) if one.type == "string" else UNCHANGED

    samples: tuple[Scalar, ...] = (0, -7, 2**53 + 1) if whole else tuple(plain(exact(n), scale) for n in (0, 1, -12))
    return Lens(face(setting.left[0]), face(setting.right[0]), _any, samples)


_ALL: Final = (
    Transform(
        name="identity",
        description="The value crosses as it is.",
        build=_identity,
        examples=(Example(("Ås",), ("Ås",)),),
    ),
    Transform(
        name="email",
        description="Outer space goes, the domain is in lower case; this normal form is the common form.",
        build=_email,
        domain="one address with one @",
        left_types=TEXT,
        right_types=TEXT,
        types=frozenset({DataType.STRING}),
        examples=(Example(("Kari@Example.ORG ",), ("Kari@example.org",)),),
    ),
    Transform(
        name="phone",
        description="Both sides are read into E.164, which is the common form and what is written.",
        build=_phone,
        domain="numbers of a possible length, without extension; without a country code only where a region is given",
        left_types=TEXT,
        right_types=TEXT,
        types=frozenset({DataType.STRING}),
        parameters=(Parameter("region", "region of numbers without a country code, such as NO", _region),),
        examples=(Example(("22 12 34 56",), ("+4722123456",), {"region": "NO"}),),
    ),
    Transform(
        name="url",
        description="Scheme and host in lower case, a lone slash at the end dropped; this normal form is the common form.",
        build=_url,
        domain="http and https addresses, with or without the scheme",
        left_types=TEXT,
        right_types=TEXT,
        types=frozenset({DataType.STRING}),
        examples=(Example(("HTTPS://Example.org/",), ("https://example.org",)),),
    ),
    Transform(
        name="country_code",
        description="English name, alpha-2 or alpha-3 <-> ISO 3166 alpha-2, which is the common form; the left is written as name or code.",
        build=_country,
        domain="countries of ISO 3166",
        left_types=TEXT,
        right_types=TEXT,
        types=frozenset({DataType.STRING}),
        parameters=(
            Parameter("left", "what the left is written as: name or alpha2", chosen("name", "alpha2"), default="name"),
            Parameter("right", "what the right is written as: name or alpha2", chosen("name", "alpha2"), default="alpha2"),
        ),
        examples=(Example(("Norway",), ("NO",)),),
    ),
    ENUM,
    DEFAULT,
    Transform(
        name="boolean_invert",
        description="True on the left is false on the right.",
        build=_invert,
        left_types=frozenset({"boolean"}),
        right_types=frozenset({"boolean"}),
        types=frozenset({DataType.BOOLEAN}),
        examples=(Example((True,), (False,), type=DataType.BOOLEAN, property_types=("boolean", "boolean")),),
    ),
    Transform(
        name="number_text",
        description="A number that one side keeps in a property of type string; the common form is the number.",
        build=_number_text,
        domain="digits with a sign and a decimal point; leading zeros and spare decimals are not kept",
        left_types=NUMBERS | TEXT,
        right_types=NUMBERS | TEXT,
        types=frozenset({DataType.INTEGER, DataType.DECIMAL}),
        parameters=(Parameter("point", 'the decimal sign in the text: "." or ","', chosen(".", ","), default="."),),
        examples=(Example((42,), ("42",), type=DataType.INTEGER, property_types=("integer", "string")),),
    ),
    SPLIT_WORDS,
    JOIN_WORDS,
    STREET,
    Transform(
        name="trim",
        description="Space at both ends does not count and is not written.",
        build=_changed_by(str.strip),
        left_types=TEXT,
        right_types=TEXT,
        types=frozenset({DataType.STRING}),
        examples=(Example((" Oslo ",), ("Oslo",)),),
    ),
    Transform(
        name="upper",
        description="Both sides are read and written in upper case.",
        build=_changed_by(str.upper),
        loses="whether a letter was lower case",
        left_types=TEXT,
        right_types=TEXT,
        types=frozenset({DataType.STRING}),
        examples=(Example(("Oslo",), ("OSLO",)),),
    ),
    Transform(
        name="lower",
        description="Both sides are read and written in lower case.",
        build=_changed_by(str.lower),
        loses="whether a letter was upper case",
        left_types=TEXT,
        right_types=TEXT,
        types=frozenset({DataType.STRING}),
        examples=(Example(("Oslo",), ("oslo",)),),
    ),
)

TRANSFORMS: Final[Mapping[str, Transform]] = MappingProxyType({one.name: one for one in _ALL})
"""Every transform by name, in the order in which the reference lists them."""

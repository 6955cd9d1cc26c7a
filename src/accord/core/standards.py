"""Phone numbers, e-mail addresses, countries and organisation numbers, by the standard libraries.

Owns: which standard says what these are. Does not own: what happens to a value that is none.
The libraries are loaded on first use, since importing all three costs more than starting a command; results are remembered, since a
run sees the same numbers and countries again and again.
"""

import re
import unicodedata
from functools import cache, lru_cache
from importlib import import_module
from typing import Any, Final

_REMEMBERED: Final = 65536


@cache
def _library(name: str) -> Any:
    return import_module(name)


@lru_cache(_REMEMBERED)
def e164(text: str, region: str | None) -> str | None:
    """The number in E.164 ("+4722123456"), or None if it is none. ``region``: ISO alpha-2, for numbers without a country code.

    A number with an extension is none: E.164 cannot say it, and it must not be lost.
    """
    phonenumbers = _library("phonenumbers")
    try:
        number = phonenumbers.parse(text, region)
        if number.extension or not phonenumbers.is_possible_number(number):
            return None
        said = str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))
        again = number if said == text else phonenumbers.parse(said, None)
        same = phonenumbers.format_number(again, phonenumbers.PhoneNumberFormat.E164) == said
    except phonenumbers.NumberParseException:
        return None
    return said if same and re.fullmatch(r"\+[0-9]{4,17}", said) else None


@cache
def regions() -> frozenset[str]:
    """The regions that phone numbers can have, ISO alpha-2."""
    return frozenset(_library("phonenumbers").SUPPORTED_REGIONS)


_EMAIL: Final = re.compile(r"[^\s@<>,;\x00-\x1f\x7f]+@[^\s@<>,;:\x00-\x1f\x7f]+")


@lru_cache(_REMEMBERED)
def email(text: str) -> str | None:
    """The address without outer space, its domain in lower case; None if it is none. The part before the @ is the owner's business."""
    bare = text.strip()
    if not _EMAIL.fullmatch(bare):
        return None
    local, _, domain = bare.rpartition("@")
    said = unicodedata.normalize("NFC", f"{local}@{domain.lower()}")
    return said if _EMAIL.fullmatch(said) else None


_ALSO_SAID: Final = {
    "uk": "GB",
    "great britain": "GB",
    "usa": "US",
    "united states of america": "US",
    "czech republic": "CZ",
    "turkey": "TR",
    "russia": "RU",
    "south korea": "KR",
    "north korea": "KP",
    "ivory coast": "CI",
    "cape verde": "CV",
    "swaziland": "SZ",
    "macedonia": "MK",
    "holland": "NL",
}


@cache
def _countries() -> tuple[dict[str, str], dict[str, str]]:
    """Name in lower case -> alpha-2, and alpha-2 -> English name."""
    codes = dict(_ALSO_SAID)
    names = {}
    for country in _library("pycountry").countries:
        common = getattr(country, "common_name", country.name)
        names[country.alpha_2] = common
        for said in (country.alpha_2, country.alpha_3, country.name, common, getattr(country, "official_name", country.name)):
            codes[unicodedata.normalize("NFC", said).casefold()] = country.alpha_2
    return codes, names


@lru_cache(4096)
def country_code(text: str) -> str | None:
    """ISO alpha-2 of an English name, alpha-2 or alpha-3 in any case; None for anything else."""
    return _countries()[0].get(" ".join(text.split()).casefold())


def country_name(code: str) -> str | None:
    """The English name of an alpha-2 code."""
    return _countries()[1].get(code)


_ORGANISATION: Final = re.compile(r"(NO|SE|DK)?([0-9]{8,12})(MVA)?")


@lru_cache(_REMEMBERED)
def organisation_number(text: str) -> str | None:
    """The digits of a Norwegian (9), Swedish (10) or Danish (8) organisation number with a right check digit; else None."""
    found = _ORGANISATION.fullmatch(re.sub(r"[\s.\-]", "", text).upper())
    if found is None:
        return None
    digits = found[2]
    if found[1] == "SE" and len(digits) == 12 and digits.endswith("01"):
        digits = digits[:10]
    module = {9: "stdnum.no.orgnr", 10: "stdnum.se.orgnr", 8: "stdnum.dk.cvr"}.get(len(digits))
    return digits if module is not None and _library(module).is_valid(digits) else None

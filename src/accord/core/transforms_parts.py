"""Transforms between one property and several: words and street addresses.

Owns: splitting and joining. Does not own: the registry (core/transforms.py); keeping the parts that a side holds while their joined value
has not changed (core/mapping_puts.py), which is what makes splitting lawful: "Anna Maria | Berg Hansen" is only split anew after an edit.
"""

import re
from collections.abc import Callable
from typing import Any, Final

from accord.core.transforms_kinds import TEXT, Example, Face, Lens, Parameter, Setting, Transform, chosen
from accord.model.values import DataType, Scalar


def _words(value: Scalar) -> str:
    """The text with single spaces; "" for null."""
    return " ".join(value.split()) if isinstance(value, str) else ""


def _join(parts: tuple[Scalar, ...]) -> str:
    return " ".join(filter(None, map(_words, parts)))


def _split_at(place: str | None) -> Callable[[Any], tuple[str, str]]:
    def split(value: Any) -> tuple[str, str]:
        words = _words(value).split(" ")
        at = 1 if place == "first" or len(words) == 1 else len(words) - 1
        return " ".join(words[:at]), " ".join(words[at:])

    return split


def _is_words(value: Scalar) -> bool:
    return isinstance(value, str) and _words(value) == value


def _whole_and_parts(setting: Setting) -> tuple[Face, Face]:
    return Face(_words, _words), Face(_join, _split_at(setting.text("at")))


def _split_words(setting: Setting) -> Lens:
    whole, parts = _whole_and_parts(setting)
    return Lens(whole, parts, _is_words, _NAMES)


def _join_words(setting: Setting) -> Lens:
    whole, parts = _whole_and_parts(setting)
    return Lens(parts, whole, _is_words, _NAMES)


_NAMES: Final = ("Åse Lien", "Anna Maria Berg", "Cher")
_AT: Final = (Parameter("at", "which word of a new text is split off: the last or the first", chosen("last", "first"), default="last"),)
_LOSES: Final = "where a text of three or more words was divided, once the joined text is edited; and double spaces"

SPLIT_WORDS: Final = Transform(
    name="split_words",
    description="One property on the left, two on the right; the common form is the left text with single spaces.",
    build=_split_words,
    domain="texts",
    right_paths=2,
    left_types=TEXT,
    right_types=TEXT,
    types=frozenset({DataType.STRING}),
    parameters=_AT,
    loses=_LOSES,
    examples=(Example(("Åse Lien",), ("Åse", "Lien")), Example(("Cher",), ("Cher", None))),
)

JOIN_WORDS: Final = Transform(
    name="join_words",
    description="Two properties on the left, one on the right; the common form is the joined text with single spaces.",
    build=_join_words,
    domain="texts",
    left_paths=2,
    left_types=TEXT,
    right_types=TEXT,
    types=frozenset({DataType.STRING}),
    parameters=_AT,
    loses=_LOSES,
    examples=(Example(("Åse", "Lien"), ("Åse Lien",)),),
)

_STREET: Final = re.compile(r"(.*?\S) ([0-9]+(?:[-/][0-9]+)?) ?([A-Za-zÆØÅÄÖæøåäö])?")


def _parse_street(value: Any) -> tuple[str, str, str]:
    text = _words(value)
    found = _STREET.fullmatch(text)
    return (found[1], found[2], found[3] or "") if found else (text, "", "")


def _one_line(value: Any) -> str:
    return _join(_parse_street(value))


def _street(_: Setting) -> Lens:
    return Lens(
        Face(_one_line, _one_line),
        Face(lambda parts: _one_line(_join(parts)), _parse_street),
        lambda value: isinstance(value, str) and _one_line(value) == value,
        ("Storgata 14 B", "Storgata 14", "Postboks", "Gate 3-5"),
    )


STREET: Final = Transform(
    name="street",
    description='"Storgata 14 B" on the left; street, number and letter on the right; the common form is the left text, evenly spaced.',
    build=_street,
    domain="texts; what does not end in a house number goes whole into the street",
    right_paths=3,
    left_types=TEXT,
    right_types=TEXT,
    types=frozenset({DataType.STRING}),
    examples=(Example(("Storgata 14 B",), ("Storgata", "14", "B")), Example(("Postboks",), ("Postboks", None, None))),
)

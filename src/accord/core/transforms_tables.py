"""Transforms that look a value up: enum and default.

Owns: these two. Does not own: the registry (core/transforms.py).
"""

from collections.abc import Mapping
from typing import Any, Final

from accord.core.transforms_kinds import UNCHANGED, Example, Face, Lens, Parameter, Setting, Transform
from accord.core.values import Form, reader
from accord.core.wording import Unfit, describe
from accord.model.manifest import Property
from accord.model.values import DataType, Scalar

_WORDS: Final = frozenset({"string", "integer", "boolean"})


def _is_table(value: object) -> str | None:
    if not isinstance(value, Mapping) or not value:
        return "must be a mapping from the left's words to the right's"
    return None


def _canonical(words: list[object], one: Property) -> list[Scalar]:
    read = reader(Form(DataType(one.type), format=one.format))
    return [read(word) for word in words]


def _pairs(setting: Setting) -> list[tuple[Scalar, Scalar]]:
    """The table in canonical form. Raises Unfit for words that are not of their property's type."""
    table = setting.parameters["values"]
    assert isinstance(table, Mapping)
    return list(zip(_canonical(list(table), setting.left[0]), _canonical(list(table.values()), setting.right[0]), strict=True))


def _table_fault(setting: Setting) -> str | None:
    try:
        pairs = _pairs(setting)
    except Unfit as unfit:
        return f"holds {unfit}"
    for side, words, one in (("left", [a for a, _ in pairs], setting.left[0]), ("right", [b for _, b in pairs], setting.right[0])):
        if len(set(words)) < len(words):
            return f"must be reversible, but two entries have the same {side} word"
        strange = [word for word in words if one.options is not None and word not in ("", None) and word not in one.options]
        if strange:
            return f"holds {strange[0]!r}, which is none of the {side} property's options"
    return None


def _face(words: Mapping[Scalar, Scalar], back: Mapping[Scalar, Scalar]) -> Face:
    def get(value: Any) -> Scalar:
        if value in words:
            return words[value]
        if value is None or value == "":
            return None
        raise Unfit(f"{describe(value)} is none of the {len(words)} words of the enum")

    def put(value: Any) -> Any:
        if value in back:
            return back[value]
        if value is None or value == "":
            return None
        raise Unfit(f"{describe(value)} is none of the {len(back)} words of the enum")

    return Face(get, put, empties=any(word in words or word in back for word in (None, "")))


def _enum(setting: Setting) -> Lens:
    pairs = _pairs(setting)
    lefts = {left: left for left, _ in pairs}
    return Lens(
        _face(lefts, lefts),
        _face({right: left for left, right in pairs}, dict(pairs)),
        lambda value: value in lefts,
        tuple(lefts),
    )


ENUM: Final = Transform(
    name="enum",
    description="A table from the left's words to the right's, read both ways; the common form is the left word.",
    build=_enum,
    domain="the words of the table",
    left_types=_WORDS,
    right_types=_WORDS,
    types=frozenset({DataType.STRING, DataType.INTEGER, DataType.BOOLEAN}),
    parameters=(Parameter("values", "left word: right word, for each", _is_table, required=True),),
    fault=_table_fault,
    examples=(Example(("female",), (2,), {"values": {"male": 1, "female": 2}}, property_types=("string", "integer")),),
)


def _constant(_: object) -> str | None:
    return None


def constants(setting: Setting) -> tuple[Scalar, Scalar]:
    """What the left and the right are given in place of an empty value, in canonical form; None for nothing. Raises Unfit."""
    read = reader(Form(setting.type, scale=setting.scale))
    return read(setting.parameters["left"]), read(setting.parameters["right"])


def _constants_fault(setting: Setting) -> str | None:
    try:
        left, right = constants(setting)
    except Unfit as unfit:
        return f"left or right is {unfit}"
    return "needs left or right, the value to write in place of an empty one" if left is None and right is None else None


def _default(setting: Setting) -> Lens:
    def face(constant: Scalar) -> Face:
        return Face(UNCHANGED.get, lambda value: constant if value is None or value == "" else value, empties=True)

    left, right = constants(setting)
    return Lens(face(left), face(right), lambda _: True, tuple(one for one in (left, right) if one is not None), (left, right))


DEFAULT: Final = Transform(
    name="default",
    description="A constant per side, written there in place of an empty value; every other value crosses as it is.",
    build=_default,
    domain="every value but the empty one",
    parameters=(
        Parameter("left", "written to the left in place of an empty value", _constant),
        Parameter("right", "written to the right in place of an empty value", _constant),
    ),
    fault=_constants_fault,
    examples=(Example(("NOK",), ("NOK",), {"right": "NOK"}),),
)

"""Worked examples: what becomes of a value on its way and on its way back, by the compiled mapping that a run uses.

Owns: which values are tried. Does not own: transforms (core/transforms.py), which work all of it out. Pure.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from accord.core.mapping import CompiledFlow, compile_flow
from accord.core.transforms import TRANSFORMS
from accord.core.values import exact, plain
from accord.core.wording import Unfit
from accord.model.dataflow import PropertyMapping, Where
from accord.model.manifest import Manifest
from accord.model.records import Side
from accord.model.values import DataType, Raw, Scalar

MOST: Final = 8
"""Examples of one mapping."""
_COMMON: Final[Mapping[DataType, tuple[Scalar, ...]]] = {
    DataType.INTEGER: (42,),
    DataType.BOOLEAN: (True,),
    DataType.DATE: ("2026-03-01",),
    DataType.INSTANT: ("2026-03-01T12:00:00Z",),
}


@dataclass(frozen=True, slots=True)
class Worked:
    """One value: what the left holds, what the right is then given, and what the left would be given back; one each per property."""

    left: tuple[Raw, ...]
    right: tuple[Raw, ...]
    back: tuple[Raw, ...]


def items_of(compiled: CompiledFlow, mapping: PropertyMapping, manifests: Mapping[Side, Manifest]) -> CompiledFlow:
    """The properties of a list's items as if they were a flow of their own."""
    flow = replace(compiled.flow, properties=mapping.properties, match=(), where=Where())
    left, right = (manifests[side].datatypes[flow.datatype(side)] for side in Side)
    return compile_flow(
        flow,
        replace(left, properties=left.properties[mapping.left[0]].items),
        replace(right, properties=right.properties[mapping.right[0]].items),
        manifests[Side.LEFT].clock.zone,
        manifests[Side.RIGHT].clock.zone,
    )


def worked(compiled: CompiledFlow, mapping: PropertyMapping) -> tuple[Worked, ...]:
    """The examples of one mapping; none for what crosses as it is, for lists and for references."""
    if mapping.name not in compiled.crossings or mapping.type is DataType.LIST:
        return ()
    found = dict.fromkeys((*_from_left(compiled, mapping), *_from_common(compiled, mapping)))
    return tuple(one for one in found if mapping.transform is not None or one.left != one.right)[:MOST]


def _from_left(compiled: CompiledFlow, mapping: PropertyMapping) -> Iterator[Worked]:
    """By the examples of the transform itself, as far as this mapping takes them."""
    if mapping.transform is None:
        return
    for example in TRANSFORMS[mapping.transform.name].examples:
        if len(example.left) == len(mapping.left):
            raw = dict(zip(mapping.left, example.left, strict=True))
            value = compiled.common(Side.LEFT, raw, {}).values.get(mapping.name)
            if value is not None:
                yield from _crossed(compiled, mapping, value, example.left)


def _from_common(compiled: CompiledFlow, mapping: PropertyMapping) -> Iterator[Worked]:
    """By the words of a table, or by one value of the data type."""
    lens = compiled.crossings[mapping.name].lens
    samples = lens.samples if lens is not None and mapping.transform is not None and mapping.transform.name == "enum" else ()
    if mapping.transform is None:
        samples = (
            (plain(exact("12.5", text=True), mapping.scale or 0),) if mapping.type is DataType.DECIMAL else _COMMON.get(mapping.type, ())
        )
    for value in samples:
        yield from _crossed(compiled, mapping, value, None)


def _crossed(compiled: CompiledFlow, mapping: PropertyMapping, value: object, left: tuple[Raw, ...] | None) -> Iterator[Worked]:
    """A common value, in the words of both sides and back. ``left``: what it was read from, None for what is written there."""
    name = mapping.name
    try:
        there = compiled.words(Side.RIGHT, {name: value}, None, {})  # type: ignore[dict-item]  # a scalar, as common gave it
        again = compiled.common(Side.RIGHT, there, {}).values[name]
        back = compiled.words(Side.LEFT, {name: again}, None, {})
    except (Unfit, KeyError):
        return  # the right cannot hold it
    home = tuple(back.get(each) for each in mapping.left)
    yield Worked(home if left is None else left, tuple(there.get(each) for each in mapping.right), home)

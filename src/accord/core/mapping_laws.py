"""The mapping laws as a gate: what crosses must come back as it was, or the mapping is refused with the counterexample (P15).

Owns: the two laws for one mapping, the values that they are tried on. Does not own: the laws' proof on many values (tests/laws).

    get(put(v)) == v            what is written to a side is read from it as the same common value
    get(put(get(s), s)) == get(s)   writing back what was read changes nothing

Values outside a mapping's domain, which are faults when a record is mapped, are not tried; one kind of empty corresponds to the other.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from accord.core.mapping import CompiledFlow
from accord.core.mapping_compile import Crossing
from accord.core.mapping_sides import MISSING, Items, SideMap
from accord.core.transforms import TRANSFORMS
from accord.core.wording import Unfit
from accord.model.dataflow import Direction, PropertyMapping
from accord.model.records import Side
from accord.model.values import Raw, RawValues, Scalar, Value, is_empty

CORNERS: Final[tuple[Raw, ...]] = (
    *(
        None,
        "",
        "a",
        "Åse Lien",
        "A\u030ase",
        " x  y ",
        "ı İ ß ﬁ",
        "עברית",
        "👩\u200d👧",
        "a\u0301\u0323",
        "7",
        "-1",
        "0.5",
        "Storgata 14 B",
    ),
    *(0, 1, -1, 7, 2**53 + 1, 2**63 - 1, 1.0, 0.1, -0.0, 2.675, Decimal("2.675"), Decimal("-0.0001"), Decimal("1E+3"), True, False),
    *("0001-01-01", "2024-02-29", "2026-01-31T00:00:00", "2026-03-29T02:30:00", "2026-06-30T23:59:59.999Z", "2026-12-31T23:59:59+14:00"),
    *("1969-12-31T23:59:59.001Z", "kari@example.org", "+4722123456", "NO", "https://example.org/a"),
)
"""Raw values of every kind; a mapping's domain picks those that are its own."""


@dataclass(frozen=True, slots=True)
class _Trial:
    """One mapping, or one item property of a list, with the values to try on it."""

    name: str
    sides: dict[Side, SideMap]
    samples: dict[Side, tuple[tuple[Raw, ...], ...]]
    commons: tuple[Scalar, ...]
    replaces_empty: bool


def check_laws(compiled: CompiledFlow) -> list[str]:
    """One sentence with a counterexample for each two-way property, and side, on which a law does not hold. Empty when all do."""
    found: list[str] = []
    for crossing in compiled.crossings.values():
        if crossing.mapping.direction is Direction.BOTH:
            for trial in _trials(crossing):
                found += (sentence for side in Side if (sentence := _counterexample(trial, side)) is not None)
    return found


def _trials(crossing: Crossing) -> Iterator[_Trial]:
    left, right = crossing.left, crossing.right
    if not isinstance(left, Items) or not isinstance(right, Items):
        commons = crossing.lens.samples if crossing.lens is not None else ()
        replaces = any(crossing.instead(side) is not None for side in Side)
        yield _Trial(crossing.mapping.name, {Side.LEFT: left, Side.RIGHT: right}, _examples(crossing.mapping), commons, replaces)
        return
    yield _Trial(f"key of {crossing.mapping.name}", {Side.LEFT: left.key, Side.RIGHT: right.key}, {}, (), False)
    for mapping, one, other in zip(crossing.mapping.properties, left.items, right.items, strict=True):
        if mapping.direction is Direction.BOTH:
            replaces = one.default is not None or other.default is not None
            sides: dict[Side, SideMap] = {Side.LEFT: one.single, Side.RIGHT: other.single}
            yield _Trial(f"{crossing.mapping.name}.{mapping.name}", sides, _examples(mapping), (), replaces)


def _examples(mapping: PropertyMapping) -> dict[Side, tuple[tuple[Raw, ...], ...]]:
    examples = TRANSFORMS[mapping.transform.name if mapping.transform is not None else "identity"].examples
    return {Side.LEFT: tuple(one.left for one in examples), Side.RIGHT: tuple(one.right for one in examples)}


def _counterexample(trial: _Trial, side: Side) -> str | None:
    return next((found for raw in _records(trial, side) if (found := _broken(trial, side, raw)) is not None), None)


def _records(trial: _Trial, side: Side) -> Iterator[RawValues]:
    """Records of that side: the transform's examples and samples, and corner values, shifted against each other where there are parts."""
    here = trial.sides[side]
    paths = here.paths
    for example in trial.samples.get(side, ()):
        yield dict(zip(paths, example, strict=True))
    for common in trial.commons:
        yield here.put(common, None)
    for shift in range(3 if len(paths) > 1 else 1):
        for index in range(len(CORNERS)):
            yield {path: CORNERS[(index + shift * place) % len(CORNERS)] for place, path in enumerate(paths)}


def _broken(trial: _Trial, side: Side, raw: RawValues) -> str | None:
    here, there = trial.sides[side], trial.sides[side.other]
    try:
        value = here.get(raw)
        if value is MISSING or (trial.replaces_empty and is_empty(value)):
            return None
        there.check(value)
    except Unfit:
        return None
    written = there.put(value, None)
    if not _reads_as(there, written, value):
        return (
            f"{trial.name}: {side} {_shown(raw)} is written to the {side.other} as {_shown(written)}, which is not read as {value!r} again"
        )
    back = here.put(value, raw)
    if not _reads_as(here, back, value):
        return f"{trial.name}: {side} {_shown(raw)} is written back as {_shown(back)}, which is not read as {value!r} again"
    return None


def _reads_as(side: SideMap, raw: RawValues, value: Value) -> bool:
    try:
        again = side.get(raw)
    except Unfit:
        return False
    return again == value or (again is not MISSING and is_empty(again) and is_empty(value))


def _shown(raw: RawValues) -> str:
    return " | ".join(repr(value) for value in raw.values())

"""Whether two linked records are in step, value by value.

Owns: what counts as a mapped value and as the same. Does not own: reading them (engine/census.py).
"""

from collections.abc import Mapping
from dataclasses import dataclass

from accord.model.dataflow import Direction, Flow
from accord.model.values import Value, Values, is_empty


@dataclass(frozen=True, slots=True)
class Comparison:
    """How many mapped values were compared (an item property of a list counts by itself), and the names of those that differ."""

    values: int
    differing: tuple[str, ...]


def compare(flow: Flow, left: Values, right: Values) -> Comparison:
    """Compare the two-way properties of one pair. A property that one side does not show counts as differing."""
    count, differing = 0, list[str]()
    for mapping in flow.properties:
        if mapping.direction is not Direction.BOTH:
            continue
        values, names = _compare(mapping.name, left.get(mapping.name), right.get(mapping.name))
        count += values
        differing += names
    return Comparison(count, tuple(differing))


def _compare(name: str, left: Value, right: Value) -> tuple[int, list[str]]:
    if not isinstance(left, Mapping) or not isinstance(right, Mapping):
        same = left == right or (is_empty(left) and is_empty(right))
        return 1, [] if same else [name]
    count, differing = 0, list[str]()
    for key in {**left, **right}:
        one, other = left.get(key), right.get(key)
        names = {**(one or {}), **(other or {})}
        count += len(names)
        if one is None or other is None:
            differing += [f"{name}[{key}]"] * len(names)
        else:
            differing += [f"{name}[{key}].{n}" for n in names if one.get(n) != other.get(n)]
    return count, differing

"""Whether two linked records are in step, value by value.

Owns: what counts as a mapped value and as the same. Does not own: reading them (engine/census.py).
"""

from collections.abc import Mapping
from dataclasses import dataclass

from accord.model.dataflow import Direction, Flow, PropertyMapping
from accord.model.values import Item, Value, Values, is_empty


@dataclass(frozen=True, slots=True)
class Comparison:
    """How many mapped values were compared (an item property of a list counts by itself), and the names of those that differ."""

    values: int
    differing: tuple[str, ...]


def compare(flow: Flow, left: Values, right: Values) -> Comparison:
    """Compare the two-way properties of one pair, and of lists the two-way properties of their items."""
    count, differing = 0, list[str]()
    for mapping in flow.properties:
        if mapping.direction is not Direction.BOTH:
            continue
        values, names = _compare(mapping, left.get(mapping.name), right.get(mapping.name))
        count += values
        differing += names
    return Comparison(count, tuple(differing))


def _compare(mapping: PropertyMapping, left: Value, right: Value) -> tuple[int, list[str]]:
    if not isinstance(left, Mapping) or not isinstance(right, Mapping):
        return 1, [] if _same(left, right) else [mapping.name]
    one_way = {item.name for item in mapping.properties if item.direction is not Direction.BOTH}
    count, differing = 0, list[str]()
    for key in {**left, **right}:
        values, names = _compare_items(f"{mapping.name}[{key}]", left.get(key), right.get(key), one_way)
        count += values
        differing += names
    return count, differing


def _compare_items(name: str, left: Item | None, right: Item | None, one_way: set[str]) -> tuple[int, list[str]]:
    shown = [one for one in {**(left or {}), **(right or {})} if one not in one_way]
    if left is None or right is None:
        return len(shown), [name] * len(shown)
    return len(shown), [f"{name}.{one}" for one in shown if not _same(left.get(one), right.get(one))]


def _same(left: Value, right: Value) -> bool:
    return left == right or (is_empty(left) and is_empty(right))

"""Values for properties of which nothing is known but the manifest and the mapping: what the mapping takes is used, all else thrown away.

Owns: making values up: for one property, for lists, for keys, for filters. Does not own: who types them (simulation_own.py).
"""

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import product
from typing import Any, TypeAlias

from accord.core.filters import Comparison, leaves, parse
from accord.core.mapping import CompiledFlow
from accord.model.dataflow import Direction, Flow, PropertyMapping
from accord.model.manifest import Datatype, Property
from accord.model.records import Side
from accord.model.values import DataType, Raw
from accord.testing.oracle import token
from accord.testing.simulation_subject import Desk
from accord.testing.simulation_typing import text_with, typed_value

Invent: TypeAlias = Callable[[Desk, Raw], Raw]
"""Makes a value up, given what a user sees."""

SAMPLES = 12
"""So many values of a kind must be taken by the mapping before the kind is used."""

_COUNTRIES = ("Norway", "Sweden", "Denmark", "NO", "SE", "DK", "NOR", "SWE")


class _Sample:
    """A desk at which nothing happens: values are only tried."""

    def __init__(self) -> None:
        self.rng = random.Random(1)
        self._count = 0

    def count(self) -> int:
        self._count += 1
        return self._count

    def text(self) -> str:
        return text_with(self, self.count())

    def living(self, side: Side, datatype: str) -> Sequence[str]:  # noqa: ARG002  # as Desk has it
        return ()


def invented(compiled: CompiledFlow, mapping: PropertyMapping, side: Side, path: str, shape: Property) -> Invent | None:
    """How values of a property are made up; None if the mapping takes none of the kinds that are known."""

    def taken(value: Raw) -> bool:
        mapped = compiled.common(side, {path: value}, {})
        if mapping.name not in mapped.values or mapped.faults:
            return False
        try:
            compiled.words(side.other, {mapping.name: mapped.values[mapping.name]}, None, {})
        except (ValueError, KeyError):
            return False
        return True

    return _first(_kinds(shape, mapping, side), taken)


def line_values(compiled: CompiledFlow, mapping: PropertyMapping, side: Side, path: str, shape: Property) -> Invent | None:
    """The same for a list: one item is added, changed or removed."""
    assert mapping.item_key is not None
    key = mapping.item_key.left if side is Side.LEFT else mapping.item_key.right
    number = shape.items[key].type in ("integer", "decimal")

    def new_key(desk: Desk) -> Raw:
        return desk.count() if number else f"L{desk.count()}"

    inventors: dict[str, Invent] = {}
    for one in mapping.properties:
        name = (one.left if side is Side.LEFT else one.right)[0]
        kinds = _kinds(shape.items[name], one, side)
        taken = _taken_in_item(compiled, mapping, side, (path, key, name), 1 if number else "L1")
        inventor = None if name == key else _first(kinds, taken)
        if inventor is not None:
            inventors[name] = inventor

    def invent(desk: Desk, held: Raw) -> Raw:
        lines: list[dict[str, Any]] = [dict(one) for one in held or ()]
        what = desk.rng.random()
        if not lines or what < 0.4:
            lines.append({key: new_key(desk), **{name: make(desk, None) for name, make in inventors.items()}})
        elif what < 0.85 and inventors:
            line, name = desk.rng.choice(lines), desk.rng.choice(sorted(inventors))
            line[name] = inventors[name](desk, line.get(name))
        else:
            del lines[desk.rng.randrange(len(lines))]
        return lines

    return invent


def _taken_in_item(
    compiled: CompiledFlow, mapping: PropertyMapping, side: Side, names: tuple[str, str, str], first: Raw
) -> Callable[[Raw], bool]:
    path, key, name = names
    return lambda value: not compiled.common(side, {path: [{key: first, name: value}]}, {}).faults and mapping.name in compiled.names


def filter_values(flow: Flow, side: Side, shape: Datatype) -> Mapping[str, Invent]:
    """What the side's filter asks for, and now and then something else."""
    text = flow.where.left if side is Side.LEFT else flow.where.right
    found: dict[str, list[Raw]] = {}
    for leaf in leaves(parse(text)) if text else ():
        if isinstance(leaf, Comparison):
            found.setdefault(leaf.name, []).extend(leaf.literals)
    for name, values in found.items():
        values += [one for one in shape.properties[name].options or () if one not in values][:1]
    return {name: _choice(tuple(values)) for name, values in found.items()}


NO_TEXT = "it maps no plain text both ways, by which a record could be told from another"


def key_values(compiled: CompiledFlow, number: int) -> Mapping[Side, Mapping[str, Raw]]:
    """By side, the properties of the first criterion, filled so that both sides match, and no other number does.

    Without a criterion it is the first text that crosses both ways. Raises ValueError if none of the kinds that are known suits.
    """
    flow = compiled.flow
    if not flow.match:
        text = told_apart(flow)
        if text is None:
            raise ValueError(f"{flow.name}: {NO_TEXT}")
        return {Side.LEFT: {text.left[0]: f"N{number}"}, Side.RIGHT: {text.right[0]: f"N{number}"}}
    parts = flow.match[0]
    for values in product(_unique(number), repeat=len(parts)):
        left = {part.left: value for part, value in zip(parts, values, strict=True)}
        right = {part.right: _on_the_right(compiled, part.left, part.right, value) for part, value in zip(parts, values, strict=True)}
        keys = {side: dict(compiled.keys(side, raw)).get(0) for side, raw in ((Side.LEFT, left), (Side.RIGHT, right))}
        faults = [compiled.common(Side.LEFT, left, {}).faults, compiled.common(Side.RIGHT, right, {}).faults]
        if keys[Side.LEFT] is not None and keys[Side.LEFT] == keys[Side.RIGHT] and not any(faults):
            return {Side.LEFT: left, Side.RIGHT: right}
    raise ValueError(f"{flow.name}: no values could be made up that match by {', '.join(f'{part.left} = {part.right}' for part in parts)}")


def told_apart(flow: Flow) -> PropertyMapping | None:
    """The first plain text that crosses both ways, by which a record can be told from another where there is no criterion."""
    for one in flow.properties:
        plain = one.transform is None and one.type is DataType.STRING and one.direction is Direction.BOTH
        if plain and len(one.left) == len(one.right) == 1:
            return one
    return None


def _on_the_right(compiled: CompiledFlow, left: str, right: str, value: Raw) -> Raw:
    """A left value as the right writes it, if the two properties are mapped to each other."""
    mapping = next((one for one in compiled.flow.properties if one.left == (left,) and one.right == (right,)), None)
    if mapping is None:
        return value
    mapped = compiled.common(Side.LEFT, {left: value}, {}).values
    return compiled.words(Side.RIGHT, {mapping.name: mapped[mapping.name]}, None, {}).get(right) if mapping.name in mapped else value


def _unique(number: int) -> Iterator[Raw]:
    """Values that only this number gives."""
    yield from (f"k{number}@sim.example", f"N{number}", number, Decimal(number))
    yield from (_organisation(number), f"{80_000_000 + number}", f"+474{number:07d}")


def _organisation(number: int) -> str:
    """A number with a check digit, as registers of organisations give it (modulo 11)."""
    for digits in (f"{80_000_000 + 2 * number + more}" for more in (0, 1)):
        rest = sum(int(digit) * weight for digit, weight in zip(digits, (3, 2, 7, 6, 5, 4, 3, 2), strict=True)) % 11
        if rest != 1:  # there is no digit for it, and the next number has another rest
            return f"{digits}{-rest % 11}"
    raise AssertionError(number)


# --- kinds --------------------------------------------------------------------------------------------------------------------------


def _first(kinds: Sequence[Invent], taken: Callable[[Raw], bool]) -> Invent | None:
    """The first kind of which every sample is taken."""
    return next((kind for kind in kinds if all(taken(kind(desk, None)) for desk in [_Sample()] for _ in range(SAMPLES))), None)


def _choice(values: Sequence[Raw]) -> Invent:
    return lambda desk, _held: desk.rng.choice(values)


def _kinds(shape: Property, mapping: PropertyMapping, side: Side) -> Sequence[Invent]:
    """What a property may hold, the most telling first."""
    table = mapping.transform.parameters.get("values") if mapping.transform is not None else None
    if isinstance(table, Mapping):
        return [_choice(tuple(table if side is Side.LEFT else table.values()))]
    if shape.options:
        return [_choice(tuple(one for one in shape.options if one is not None))]
    if shape.type == "string":
        return _texts(shape.max_length)
    kind = DataType(shape.type)
    plain: Invent = lambda desk, _held: _fitting(shape, typed_value(desk, kind))  # noqa: E731  # as its neighbours
    small: Invent = lambda desk, _held: desk.rng.randint(0, 25)  # noqa: E731
    return [plain, small]


def _texts(longest: int | None) -> Sequence[Invent]:
    plain: list[Invent] = [
        lambda desk, _held: desk.text(),
        lambda desk, _held: f"Ada {token(desk.count())}",
        lambda desk, _held: f"{desk.count()}"[-(longest or 4) :],
        lambda desk, _held: f"a{desk.count()}@sim.example",
        lambda desk, _held: f"+474{desk.count():07d}",
        lambda desk, _held: f"https://sim.example/{desk.count()}",
        lambda desk, _held: f"Storgata {desk.count()}",
        *(_choice((name,)) for name in _COUNTRIES),
    ]
    return plain[1:] if longest is not None and longest < 400 else plain


def _fitting(shape: Property, value: Raw) -> Raw:
    """As the system writes a date, a time or a number."""
    if shape.type == "date" and shape.format == "midnight":
        return f"{value}T00:00:00"
    if shape.type == "instant" and shape.format == "naive":
        return str(value).removesuffix("Z")
    if shape.type == "decimal" and shape.scale is not None:
        value = round(Decimal(value), shape.scale)
    if shape.type == "integer":
        value = int(value) % 100
    return str(value) if shape.format == "text" else value

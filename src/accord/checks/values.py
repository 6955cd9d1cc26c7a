"""Values for test records: from the types and the mapping, from a seed, each with a number of its own that is found wherever it goes.

Owns: which values a test record gets, and the edits of them; values at the limits of a type. Does not own: what a mapping takes (core/),
the kinds of plain values (testing/simulation_inventing.py, which are used here too).
"""

import random
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import chain
from typing import Any

from accord.checks.questions import Place
from accord.core.flowrules import names_on
from accord.core.mapping import CompiledFlow
from accord.model.dataflow import PropertyMapping
from accord.model.manifest import Datatype, Property
from accord.model.records import Side
from accord.model.values import DataType, Raw, RawValues, Value
from accord.testing.simulation_inventing import Invent, invented

FIRST, LAST = 1_000_000, 9_000_000
"""Numbers of seven digits: long enough to be found again, short enough for a phone number or a street."""

TRIES = 40
"""So often another value is made up until it differs from the one that is there."""


@dataclass(slots=True)
class NumberedDesk:
    """Where test values come from: chance, and numbers that are given once. ``given``: the numbers since it was last asked.

    ``taken``: numbers that other records hold, such as those of an earlier run that could not be removed: they are passed over.
    """

    rng: random.Random
    _next: int = 0
    given: list[int] = field(default_factory=list)
    taken: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._next = self.rng.randrange(FIRST, LAST)

    def count(self) -> int:
        """A number that was not given before."""
        self._next += 1
        while str(self._next) in self.taken:
            self._next += 1
        self.given.append(self._next)
        return self._next

    def text(self) -> str:
        """A text that says what it is, with a number of its own."""
        return f"Accord trial {self.count()}"

    def living(self, side: Side, datatype: str) -> Sequence[str]:  # noqa: ARG002  # a desk of the simulation has it
        """References are chosen among the test records, not here."""
        return ()


def each_once(held: Iterable[Any], mapping: PropertyMapping, side: Side) -> list[dict[str, Any]]:
    """The items of a list; of those with one key the first: what a system has doubled, nobody writes back like that."""
    assert mapping.item_key is not None
    key = mapping.item_key.left if side is Side.LEFT else mapping.item_key.right
    items = [dict(one) for one in held if isinstance(one, Mapping)]
    return list({one.get(key): one for one in reversed(items)}.values())[::-1]


class Unmade(ValueError):
    """No value could be made up for a property: the mapping takes none of the kinds that are known."""


@dataclass(slots=True)
class Inventor:
    """Makes values up for one flow. ``shapes``: the two datatypes as the manifests describe them."""

    compiled: CompiledFlow
    shapes: Mapping[Side, Datatype]
    desk: NumberedDesk
    _kinds: dict[tuple[str, Side], Invent | None] = field(default_factory=dict)

    def plain(self, mapping: PropertyMapping, side: Side, held: RawValues, not_these: Sequence[RawValues] = ()) -> dict[str, Raw]:
        """An ordinary value in that side's words, other than the one held and than these. Not for references. Raises Unmade."""
        before = self._common(mapping, side, held)
        tried = (self._one(mapping, side, held) for _ in range(TRIES))
        for raw in chain(tried, self.special(Place(mapping.name, mapping), side)):
            if (value := self._common(mapping, side, raw)) is not None and value != before:
                own = self._own(mapping, side, raw)
                if own not in not_these:
                    return own
        raise Unmade(f"no other value could be made up for {', '.join(names_on(mapping, side))} that the mapping takes")

    def special(self, place: Place, side: Side) -> list[dict[str, Raw]]:
        """Values at the limits of a property's type that the mapping takes, in that side's words; of a list's items, as in an item."""
        mapping = place.innermost
        inner = self._inner(place, side)
        kept: dict[str, dict[str, Raw]] = {}
        for candidate in _limits(mapping, side, inner, self.desk, self._derived(place)):
            raw = self._in_words(place, side, candidate)
            if raw is not None and place.item is None:
                own = self._own(mapping, side, raw)
                kept.setdefault(repr(own), own)
            if raw is not None:
                kept.setdefault(repr(raw), raw)
        return list(kept.values())

    # --- one value -------------------------------------------------------------------------------------------------------------------

    def _one(self, mapping: PropertyMapping, side: Side, held: RawValues) -> dict[str, Raw]:
        if mapping.type is DataType.LIST:
            return self._list(mapping, side, held)
        if (raw := self._modest(mapping, side)) is not None:
            return raw
        if len(names_on(mapping, side)) == 1:
            name = names_on(mapping, side)[0]
            return {name: self._invent(mapping, side)(self.desk, held.get(name))}
        other = names_on(mapping, side.other)
        if len(other) != 1:
            raise Unmade(f"several properties on both sides ({mapping.name}): no values can be made up")
        value = self._common(mapping, side.other, {other[0]: self._invent(mapping, side.other)(self.desk, None)})
        return self.compiled.words(side, {mapping.name: value}, None, {})

    def _modest(self, mapping: PropertyMapping, side: Side) -> dict[str, Raw] | None:
        """A small number, which most systems take; None for what is no plain number, or is not taken by the mapping."""
        name = names_on(mapping, side)[0]
        shape = self.shapes[side].properties[name]
        if len(names_on(mapping, side)) > 1 or shape.type not in ("integer", "decimal") or shape.options or _table(mapping, side):
            return None
        scale = min(mapping.scale or 0, 9 if shape.scale is None else shape.scale)
        number = Decimal(self.desk.rng.randint(100, 2500)).scaleb(-2).quantize(Decimal(1).scaleb(-scale))
        return self._in_words(Place(mapping.name, mapping), side, _number(shape, number))

    def _invent(self, mapping: PropertyMapping, side: Side) -> Invent:
        key = (mapping.name, side)
        if key not in self._kinds:
            name = names_on(mapping, side)[0]
            self._kinds[key] = invented(self.compiled, mapping, side, name, self.shapes[side].properties[name])
        found = self._kinds[key]
        if found is None:
            raise Unmade(f"the mapping of {mapping.name} takes none of the kinds of values that are known")
        return found

    def _own(self, mapping: PropertyMapping, side: Side, raw: dict[str, Raw]) -> dict[str, Raw]:
        """The value as that side itself writes it: not every system takes what the mapping reads ("Norway" for NO)."""
        if mapping.type is DataType.LIST:
            return raw
        return self.compiled.words(side, {mapping.name: self._common(mapping, side, raw)}, None, {})

    def _common(self, mapping: PropertyMapping, side: Side, raw: RawValues) -> Value:
        return self.compiled.common(side, raw, {}).values.get(mapping.name)

    # --- lists -----------------------------------------------------------------------------------------------------------------------

    def _list(self, mapping: PropertyMapping, side: Side, held: RawValues) -> dict[str, Raw]:
        """The list with one item more, or two items to begin with; the last item goes where there are more than three."""
        name = names_on(mapping, side)[0]
        items = each_once(held.get(name) or (), mapping, side)
        before = items.pop() if len(items) > 3 else {}
        for _ in range(1 if items else 2):
            items.append(self.item(mapping, side, items, before))
        return {name: items}

    def item(self, mapping: PropertyMapping, side: Side, beside: Sequence[Mapping[str, Raw]], before: Mapping[str, Raw]) -> dict[str, Raw]:
        """A new item, with a key that none of those beside it has, and nothing in it as in the one before, whose key it may get."""
        assert mapping.item_key is not None
        key = mapping.item_key.left if side is Side.LEFT else mapping.item_key.right
        shape = self.shapes[side].properties[names_on(mapping, side)[0]]
        number = shape.items[key].type in ("integer", "decimal")
        taken = [one[key] for one in beside if isinstance(one.get(key), int | float | Decimal)]
        made: dict[str, Raw] = {key: int(max(taken, default=0)) + 1 if number else f"L{self.desk.count()}"}
        for one in mapping.properties:
            name = names_on(one, side)[0]
            if name != key:
                made[name] = self.member(mapping, one, side, before.get(name))
        return made

    def member(self, mapping: PropertyMapping, one: PropertyMapping, side: Side, held: Raw) -> Raw:
        """A value for a property of an item, other than the one held. Raises Unmade."""
        shape = self.shapes[side].properties[names_on(mapping, side)[0]].items[names_on(one, side)[0]]
        place = Place(f"{mapping.name}.{one.name}", mapping, one)
        for candidate in _plain_members(shape, one, side, self.desk):
            if candidate != held and self._in_words(place, side, candidate) is not None:
                return candidate
        raise Unmade(f"no value could be made up for {place.shown(side)} that the mapping takes")

    # --- limits ----------------------------------------------------------------------------------------------------------------------

    def _derived(self, place: Place) -> bool:
        """Whether a system works out values of this list's items from others of theirs."""
        if place.item is None:
            return False
        shapes = [self.shapes[side].properties[names_on(place.mapping, side)[0]] for side in Side]
        return any(one.compute is not None for shape in shapes for one in shape.items.values())

    def _inner(self, place: Place, side: Side) -> Property:
        outer = self.shapes[side].properties[names_on(place.mapping, side)[0]]
        return outer if place.item is None else outer.items[names_on(place.item, side)[0]]

    def _in_words(self, place: Place, side: Side, candidate: Raw) -> dict[str, Raw] | None:
        """The candidate in that side's words, if it survives the way to the other side and back as the mapping describes it."""
        if place.item is not None:
            return self._item_in_words(place, place.item, side, candidate)
        mapping = place.mapping
        here = names_on(mapping, side)
        if len(here) > 1:
            value = self._common(mapping, side.other, {names_on(mapping, side.other)[0]: candidate})
            raw = {} if value is None else self.compiled.words(side, {mapping.name: value}, None, {})
        else:
            raw = {here[0]: candidate}
        return raw if raw and self._crosses(mapping, side, raw) else None

    def _item_in_words(self, place: Place, item: PropertyMapping, side: Side, candidate: Raw) -> dict[str, Raw] | None:
        mapping = place.mapping
        assert mapping.item_key is not None
        key = mapping.item_key.left if side is Side.LEFT else mapping.item_key.right
        number = self.shapes[side].properties[names_on(mapping, side)[0]].items[key].type in ("integer", "decimal")
        name = names_on(item, side)[0]
        whole = {names_on(mapping, side)[0]: [{key: 1 if number else "L1", name: candidate}]}
        return {name: candidate} if self._crosses(mapping, side, whole) else None

    def _crosses(self, mapping: PropertyMapping, side: Side, raw: RawValues) -> bool:
        mapped = self.compiled.common(side, raw, {})
        if mapping.name not in mapped.values or mapped.faults:
            return False
        value = mapped.values[mapping.name]
        there = self.compiled.common(side.other, self.compiled.words(side.other, {mapping.name: value}, None, {}), {})
        return not there.faults and _alike(there.values.get(mapping.name), value)


def _alike(there: Value, here: Value) -> bool:
    """Equal, but for what an item does not carry to the other side."""
    if isinstance(there, Mapping) and isinstance(here, Mapping):
        return there.keys() == here.keys() and all(there[key].items() <= here[key].items() for key in there)
    return there == here


def _plain_members(shape: Property, mapping: PropertyMapping, side: Side, desk: NumberedDesk) -> Iterator[Raw]:
    table = _table(mapping, side) or [one for one in shape.options or () if one is not None]
    for _ in range(TRIES):
        if table:
            yield desk.rng.choice(table)
        elif shape.type == "string":
            yield desk.text()
        elif shape.type == "boolean":
            yield desk.rng.random() < 0.5
        elif shape.type in ("date", "instant"):
            yield _day(shape, f"{desk.rng.randint(1990, 2030)}-{desk.rng.randint(1, 12):02d}-{desk.rng.randint(1, 28):02d}")
        else:
            yield _number(shape, Decimal(desk.rng.randint(1, 25)))


def _table(mapping: PropertyMapping, side: Side) -> list[Raw]:
    table = mapping.transform.parameters.get("values") if mapping.transform is not None else None
    return list(table if side is Side.LEFT else table.values()) if isinstance(table, Mapping) else []


def _number(shape: Property, value: Decimal) -> Raw:
    if shape.type == "integer":
        value = int(value)  # type: ignore[assignment]  # either is a number to the system
    return str(value) if shape.format == "text" else value


def _day(shape: Property, day: str, time: str = "00:00:00") -> str:
    if shape.type == "instant":
        return f"{day}T{time}{'' if shape.format == 'naive' else 'Z'}"
    return f"{day}T00:00:00" if shape.format == "midnight" else day


# --- the limits of each type ------------------------------------------------------------------------------------------------------------

_NAMES = ("Åse Ødegård", "O'Brien; -- <b>&amp;", "A\u030ase", "👩\u200d👩\u200d👧", "one\ntwo", "عمر", "李小龍", '"=1+1"', "Straße İnci")
"""Blanks at the ends, letters beyond ASCII, in one piece and in two, signs that programs read, lines, other directions of writing."""

_MAILS = ("a+b-{0}@sim.example", "ASE.{0}@Sim.Example", "a.{0}@sub.sim.example")
_PHONES = ("+47 22 {0:.2} {0:.2} {0:.2}", "+46 8 123 456 {0:.2}", "+1 202 555 01{0:.2}")
_ADDRESSES = ("https://sim.example/{0}?a=1&b=%C3%A5", "http://sub.sim.example:8080/{0}")
_STREETS = ("Storgata 12 B {0}", "Storgata {0}B", "Øvre Slottsgate {0}")
_LAND = ("Norway", "Sweden", "Denmark", "Iceland", "Côte d'Ivoire", "NO", "IS", "CI")
_DAYS = ("2024-02-29", "1999-12-31", "2000-01-01", "1970-01-01", "1930-06-01", "2038-01-20", "2026-03-29", "2026-10-25")
_TIMES = (
    ("2026-03-29", "00:59:59"),
    ("2026-03-29", "01:00:00"),
    ("2026-10-25", "00:30:00"),
    ("2026-10-25", "01:00:00"),
    ("2025-12-31", "23:59:59"),
)


def _limits(mapping: PropertyMapping, side: Side, shape: Property, desk: NumberedDesk, derived: bool) -> Iterator[Raw]:
    """Candidates, the most telling first; what the mapping does not take is left out by the caller."""
    if table := _table(mapping, side) or list(shape.options or ()):
        yield from (one for one in table if one is not None)
    elif shape.type == "string":
        yield from _texts(shape, desk)
    elif shape.type == "date":
        yield from (_day(shape, day) for day in _DAYS)
    elif shape.type == "instant":
        yield from (_day(shape, *each) for each in _TIMES)
    elif shape.type == "integer":
        yield from (_number(shape, Decimal(one)) for one in (0, -1, 2**31 - 1, 2**53 - 1))
    elif shape.type == "decimal":
        yield from _decimals(mapping, shape, derived)


def _texts(shape: Property, desk: NumberedDesk) -> Iterator[str]:
    longest = shape.max_length or 200
    number = str(desk.count())
    plain = [f" {number} ", *(f"{name} {number}" for name in _NAMES[:5]), (f"{number} " + "x" * longest)[: min(longest, 200)]]
    plain += [f"{name} {number}" for name in _NAMES[5:]]
    shaped = [one.format(number) for one in (*_MAILS, *_PHONES, *_ADDRESSES, *_STREETS)]
    fits: Callable[[str], bool] = lambda text: len(text) <= longest  # noqa: E731  # one line says it
    yield from filter(fits, [*plain, *shaped, *_LAND, number[-4:], f"0{number[-3:]}"])


def _decimals(mapping: PropertyMapping, shape: Property, derived: bool) -> Iterator[Raw]:
    """``derived``: a system works other values out of these, and cannot out of nothing, or nearly nothing."""
    scale = min(mapping.scale or 0, shape.scale if shape.scale is not None else 9)
    step = Decimal(1).scaleb(-scale)
    for value in (10 - step, Decimal(0), step, Decimal("99.5"), Decimal(1000) - step, Decimal(-1), 100_000 - step):
        if value >= 1 or not derived:
            yield _number(shape, value.quantize(step))

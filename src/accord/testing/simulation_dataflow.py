"""The dataflow that the simulation keeps in step: up to six flows between two small systems, of the shapes that real ones have.

Owns: the datatypes, the flows, what users type into them, what counts as the same value from outside. Does not own: what a seed may choose
(simulation_choices.py), the schedule (simulation.py). The shapes: plain records; records with a reference to either of two kinds and with
lines; three flows that share one datatype of the right; filters; a property that crosses one way.
"""

import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cached_property, lru_cache
from typing import Any

from accord.connectors.memory import MemoryDatatype, MemorySystem
from accord.core.mapping import CompiledFlow
from accord.model.dataflow import (
    ClearPolicy,
    Creation,
    Dataflow,
    Direction,
    Flow,
    ItemKey,
    MatchPart,
    Onboarding,
    PropertyMapping,
    SystemEntry,
    Where,
)
from accord.model.manifest import Datatype, Listing, Property
from accord.model.records import Side
from accord.model.values import DataType, Raw
from accord.testing.memoryengine import compile_all
from accord.testing.simulation_choices import Oddities, Rules
from accord.testing.simulation_subject import SYSTEMS, Desk, Thing, used_again
from accord.testing.simulation_typing import LINES, typed_lines, typed_value

__all__ = ["COMPANY", "DATATYPES", "FLOWS", "PERSON", "PREFIXES", "SALE", "SYSTEMS", "Rules", "ShippedSubject", "dataflow_of"]

PERSON, COMPANY, SALE = "Contact to Persons", "Customer to Companies", "Order to Invoices"
PRODUCT, QUOTE, USER = "Product to Products", "Quote to Invoices", "User to Invoices"
FLOWS = (PERSON, COMPANY, PRODUCT, SALE, QUOTE, USER)
"""What is referred to comes first; the dataflow has them the other way round, since the order of the file must not matter."""

CLASSIC = (SALE, PERSON, COMPANY)
KINDS = {name: dict(zip(Side, name.split(" to "), strict=True)) for name in FLOWS}
KEYS = {
    PERSON: ("Email", "email"),
    COMPANY: ("Number", "number"),
    PRODUCT: ("Code", "code"),
    SALE: ("Number", "number"),
    QUOTE: ("Code", "quote"),
    USER: ("Email", "contact"),
}
PREFIXES = {
    "Contact": "C-",
    "Customer": "K-",
    "Order": "O-",
    "Product": "P-",
    "Quote": "Q-",
    "User": "U-",
    "Persons": "p",
    "Companies": "c",
    "Invoices": "i",
    "Products": "a",
}
"""Contacts and customers are told apart by their ids: an order names either."""

_SALE = (("Payer", "payer", DataType.REFERENCE), ("Remark", "remark", DataType.STRING), ("Lines", "rows", DataType.LIST))
PROPERTIES: Mapping[str, Sequence[tuple[str, str, DataType]]] = {
    PERSON: (
        ("Name", "name", DataType.STRING),
        ("City", "town", DataType.STRING),
        ("Age", "age", DataType.INTEGER),
        ("Balance", "balance", DataType.DECIMAL),
        ("Born", "born", DataType.DATE),
        ("Member", "isMember", DataType.BOOLEAN),
    ),
    COMPANY: (("Name", "name", DataType.STRING), ("Founded", "founded", DataType.INSTANT)),
    PRODUCT: (("Title", "title", DataType.STRING), ("Price", "price", DataType.DECIMAL), ("Active", "active", DataType.BOOLEAN)),
    SALE: _SALE,
    QUOTE: _SALE,
    USER: (("Name", "attention", DataType.STRING),),
}
_LINE = (("Text", "text", DataType.STRING), ("Quantity", "count", DataType.DECIMAL))
ONE_WAY = {"Price"}
FIXED = frozenset({"Payer", "payer", "Status"})
"""Properties that users replace, but never empty."""


# --- the dataflow -------------------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=2048)
def dataflow_of(rules: Rules) -> tuple[Dataflow, dict[str, CompiledFlow]]:
    """The dataflow with a seed's rules, and its flows compiled."""
    names = _complete(rules.flows) or CLASSIC
    left, right = (SystemEntry(system=SYSTEMS[side], manifest="") for side in Side)
    dataflow = Dataflow(left=left, right=right, flows=tuple(_flow(name, names, rules) for name in names))
    return dataflow, compile_all(dataflow, DATATYPES)


def _complete(chosen: Sequence[str]) -> tuple[str, ...]:
    """The flows with what they refer to, parents last."""
    lonely = {SALE, QUOTE} & set(chosen) and not {PERSON, COMPANY} & set(chosen)
    return tuple(name for name in reversed(FLOWS) if name in chosen or (lonely and name == COMPANY))


def _flow(name: str, names: Sequence[str], rules: Rules) -> Flow:
    (left, right), key = KINDS[name].values(), KEYS[name]
    filtered = rules.filtered and name in (SALE, QUOTE)
    shared = sum(KINDS[other][Side.RIGHT] == right for other in names) > 1
    payers = tuple(one for one in (COMPANY, PERSON) if one in names)
    return Flow(
        name=name,
        left=left,
        right=right,
        properties=tuple(_mapping(*one, payers) for one in ((*key, DataType.STRING), *PROPERTIES[name])),
        match=((MatchPart(left=key[0], right=key[1], normal="email" if key[0] == "Email" else "text"),),),
        where=Where(left="Status = 'won'" if filtered else None),
        create=Creation.LEFT_TO_RIGHT if filtered or shared else rules.create,
        conflict=rules.conflict,
        fallback=rules.fallback,
        deletes=rules.deletes,
        clear=rules.clear,
        onboarding=Onboarding.CREATE,
    )


def _mapping(left: str, right: str, kind: DataType, payers: tuple[str, ...] = ()) -> PropertyMapping:
    reference, is_list = kind is DataType.REFERENCE, kind is DataType.LIST
    return PropertyMapping(
        left=(left,),
        right=(right,),
        name=left,
        type=kind,
        scale={"Balance": 2, "Price": 2, "Quantity": 3}.get(left),
        direction=Direction.LEFT_TO_RIGHT if left in ONE_WAY else Direction.BOTH,
        refers_to=payers if reference else (),
        required=reference,
        item_key=ItemKey(left="Id", right="ref") if is_list else None,
        properties=tuple(_mapping(*one) for one in _LINE) if is_list else (),
    )


def _datatype(side: Side, flows: Sequence[str], extra: Sequence[str] = ()) -> Datatype:
    place = 0 if side is Side.LEFT else 1
    found: dict[str, Property] = {KEYS[name][place]: Property() for name in flows} | {name: Property() for name in extra}
    for name in flows:
        found |= {one[place]: _property(one[place], one[2]) for one in PROPERTIES[name]}
    return Datatype(id="Id", list=Listing(path=""), properties=found)


def _property(name: str, kind: DataType) -> Property:
    if kind is DataType.LIST:
        key, text, number = LINES[name]
        return Property(type="list", items={key: Property(), text: Property(), number: Property(type="decimal", scale=3)})
    if kind is DataType.REFERENCE:
        return Property()
    return Property(type=kind.value, scale=2 if kind is DataType.DECIMAL else None)  # type: ignore[arg-type]  # the names of these data types are the same


DATATYPES: Mapping[Side, Mapping[str, Datatype]] = {
    Side.LEFT: {
        KINDS[name][Side.LEFT]: _datatype(Side.LEFT, [name], ["Status"] if name in (SALE, QUOTE) else []) for name in (*FLOWS, SALE)
    },
    Side.RIGHT: {
        kind: _datatype(Side.RIGHT, [name for name in FLOWS if KINDS[name][Side.RIGHT] == kind])
        for kind in ("Persons", "Companies", "Invoices", "Products")
    },
}


# --- as users and the oracle see it -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ShippedSubject:
    """See Subject."""

    rules: Rules

    @cached_property
    def dataflow(self) -> Dataflow:
        """See Subject."""
        return dataflow_of(self.rules)[0]

    @cached_property
    def compiled(self) -> Mapping[str, CompiledFlow]:
        """See Subject."""
        return dataflow_of(self.rules)[1]

    @cached_property
    def datatypes(self) -> Mapping[Side, Mapping[str, Datatype]]:
        """See Subject."""
        used = {side: {flow.datatype(side) for flow in self.dataflow.flows} for side in Side}
        return {side: {name: shape for name, shape in DATATYPES[side].items() if name in used[side]} for side in Side}

    @cached_property
    def things(self) -> tuple[Thing, ...]:
        """See Subject."""
        return tuple(_thing(flow) for flow in reversed(self.dataflow.flows))

    @property
    def oddities(self) -> Oddities:
        """See Subject."""
        return ODDITIES

    def able(self, side: Side, name: str, chosen: MemoryDatatype) -> MemoryDatatype:
        """See Subject."""
        return replace(chosen, prefix=PREFIXES[name], always=frozenset(DATATYPES[side][name].properties))

    def key(self, thing: Thing, number: int) -> Mapping[Side, Mapping[str, Raw]]:
        """See Subject."""
        text = f"k{number}@sim.example" if thing.flow.name in (PERSON, USER) else f"N{number}"
        return {side: {name: text} for side, name in thing.keys.items()}

    def typed(self, desk: Desk, side: Side, thing: Thing, name: str, held: Raw) -> Raw:
        """See Subject."""
        if name in ("Payer", "payer"):
            parents = [KINDS[one][side] for one in (PERSON, COMPANY) if one in self.compiled]
            payers = [id for kind in parents for id in desk.living(side, kind)]
            return desk.rng.choice(payers) if payers else held
        if name in LINES:
            return typed_lines(desk, LINES[name], held or [])
        if name == "Status":
            return desk.rng.choice(("won", "won", "lost"))
        kind = next(one[2] for one in PROPERTIES[thing.flow.name] if name in one[:2])
        return typed_value(desk, kind)

    def emptied(self, desk: Desk, name: str) -> Raw:
        """See Subject."""
        if name in LINES:
            return []
        return desk.rng.choice((None, "")) if name in ODDITIES.trims | ODDITIES.upper_cases else None

    def alike(self, worlds: Mapping[Side, MemorySystem], thing: Thing) -> Mapping[str, Callable[[Raw, Raw], bool]]:
        """See Subject."""
        specs = {side: world.datatypes[thing.flow.datatype(side)] for side, world in worlds.items()}
        doubt = Decimal("0.06") if any(spec.rounds for spec in specs.values()) else Decimal(0)
        ignored = frozenset[str]().union(*(spec.ignores for spec in specs.values()))
        exact: dict[str, Callable[[Any, Any], bool]] = {
            "Balance": lambda one, other: abs(Decimal(str(one)) - Decimal(str(other))) <= doubt,
            "Lines": lambda one, other: _lines(one, "Lines") == _lines(other, "rows"),
            "Payer": lambda one, other: (
                used_again(worlds, one, other) or _one_person(_whose(worlds[Side.LEFT], one), _whose(worlds[Side.RIGHT], other))
            ),
        }
        clears = thing.flow.clear is ClearPolicy.PROPAGATE
        return {
            name: (lambda _one, _other: True) if ignored.intersection(sides.values()) else _but_for_empty(exact.get(name, _same), clears)
            for name, sides in thing.shown.items()
        }


ODDITIES = Oddities(
    trims=frozenset({"Name", "name", "Remark", "remark"}),
    upper_cases=frozenset({"City", "town"}),
    rounds={"Balance": 1, "balance": 1},
    ignores=(frozenset({"Age", "age"}), frozenset({"Member", "isMember", "Active", "active"})),
    refuses={"Age": (13,), "age": (13,), "Name": ("no",), "attention": ("no",)},
    reorders=frozenset(LINES),
    unique=frozenset(name for names in KEYS.values() for name in names),
)


def _thing(flow: Flow) -> Thing:
    extra = {Side.LEFT: ("Status",) if flow.name in (SALE, QUOTE) else (), Side.RIGHT: ()}
    names = {side: (*(one[place] for one in PROPERTIES[flow.name]), *extra[side]) for place, side in enumerate(Side)}
    shown = {one[0]: dict(zip(Side, one[:2], strict=True)) for one in PROPERTIES[flow.name] if one[0] not in ONE_WAY}
    return Thing(flow, dict(zip(Side, KEYS[flow.name], strict=True)), names, FIXED, shown)


def _but_for_empty(same: Callable[[Any, Any], bool], clears: bool) -> Callable[[Raw, Raw], bool]:
    """One kind of empty is another; where emptying does not cross, one side may be empty."""

    def compare(one: Raw, other: Raw) -> bool:
        empty = (one in (None, "", []), other in (None, "", []))
        return (not clears or all(empty)) if any(empty) else same(one, other)

    return compare


def _same(one: Any, other: Any) -> bool:
    return bool(_plain(one) == _plain(other))


def _plain(value: Any) -> Any:
    return unicodedata.normalize("NFC", value.strip().upper()) if isinstance(value, str) else value


def _lines(rows: Any, name: str) -> dict[str, tuple[Any, Any]]:
    key, text, number = LINES[name]
    return {row[key]: (_plain(row.get(text)) or None, Decimal(str(row[number])) if row.get(number) is not None else None) for row in rows}


NOBODY = object()
"""A payer that is not there."""


def _one_person(left: object, right: object) -> bool:
    """Whether two payers are the same; a copy that lacks its key as yet, since its system refuses it, may be anybody's."""
    return left == right or (None in (left, right) and NOBODY not in (left, right))


def _whose(world: MemorySystem, id: str) -> object:
    """What a payer is, whichever datatype it is of: its key, or NOBODY."""
    places = [(KINDS[name][side], KEYS[name][place]) for name in (PERSON, COMPANY) for place, side in enumerate(Side)]
    found = [(world.state(kind, id), key) for kind, key in places if kind in world.datatypes]
    return next((state.values.get(key) for state, key in found if state is not None), NOBODY)

"""The dataflow that the simulation keeps in step: three flows between two small systems, and how the oracle looks at them.

Owns: the datatypes, the flows, what a seed may choose of both (Choices), and what counts as the same value from outside. Does not own: what
users do with them (simulation_users.py), the schedule (simulation.py).
"""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from decimal import Decimal
from functools import lru_cache
from typing import Any

from accord.connectors.memory import MemoryDatatype, MemorySystem
from accord.core.mapping import CompiledFlow
from accord.model.capabilities import ChangeCapture, Finding
from accord.model.dataflow import (
    ClearPolicy,
    ConflictPolicy,
    Creation,
    Dataflow,
    DeletePolicy,
    Flow,
    ItemKey,
    MatchPart,
    Onboarding,
    PropertyMapping,
    SystemEntry,
)
from accord.model.manifest import Datatype, Listing, Property
from accord.model.records import Side
from accord.model.values import DataType, Raw
from accord.testing.memoryengine import compile_all
from accord.testing.oracle import View

SYSTEMS = {Side.LEFT: "crm", Side.RIGHT: "register"}
PERSON, COMPANY, SALE = "Contact to Persons", "Customer to Companies", "Order to Invoices"
KEYS = {"Contact": "Email", "Persons": "email", "Customer": "Number", "Companies": "number", "Order": "Number", "Invoices": "number"}
PREFIXES = {"Contact": "C-", "Customer": "K-", "Order": "O-", "Persons": "p", "Companies": "c", "Invoices": "i"}
"""Contacts and customers are told apart by their ids: an order names either."""

PEOPLE = (
    ("Name", "name", DataType.STRING),
    ("City", "town", DataType.STRING),
    ("Age", "age", DataType.INTEGER),
    ("Balance", "balance", DataType.DECIMAL),
    ("Born", "born", DataType.DATE),
    ("Member", "isMember", DataType.BOOLEAN),
)
FIRMS = (("Name", "name", DataType.STRING), ("Founded", "founded", DataType.INSTANT))


@dataclass(frozen=True, slots=True)
class Rules:
    """What a seed chooses of the dataflow; the same for all flows."""

    conflict: ConflictPolicy = ConflictPolicy.LATEST
    fallback: Side = Side.LEFT
    clear: ClearPolicy = ClearPolicy.PROPAGATE
    deletes: DeletePolicy = DeletePolicy.REPORT
    create: Creation = Creation.LEFT_TO_RIGHT


@dataclass(frozen=True, slots=True)
class Choices:
    """What a seed chooses before anything happens. ``ahead``: seconds that each system's clock is off."""

    rules: Rules
    datatypes: Mapping[Side, MemoryDatatype]
    ahead: Mapping[Side, float]

    def __str__(self) -> str:
        """In words that are the same in every process."""
        usual = MemoryDatatype()
        able = {
            side: {name: value for name, value in _said(one).items() if value != _said(usual)[name]} for side, one in self.datatypes.items()
        }
        return f"{_said(self.rules)}, " + ", ".join(f"{side}: clock {self.ahead[side]:+} {told}" for side, told in able.items())


def _said(one: Any) -> dict[str, Any]:
    found = {each.name: getattr(one, each.name) for each in fields(one)}
    return {name: sorted(value) if isinstance(value, frozenset) else str(value) for name, value in found.items()}


def choose(rng: random.Random) -> Choices:
    """Choose everything that one history is made of."""
    rules = Rules(
        rng.choice(
            (ConflictPolicy.LATEST, ConflictPolicy.LATEST, ConflictPolicy.LEFT, ConflictPolicy.RIGHT, ConflictPolicy.KEEP_NON_EMPTY)
        ),
        rng.choice(tuple(Side)),
        rng.choice((ClearPolicy.PROPAGATE, ClearPolicy.PROPAGATE, ClearPolicy.IGNORE)),
        rng.choice((DeletePolicy.REPORT, DeletePolicy.UNLINK, DeletePolicy.DELETE)),
        rng.choice((Creation.LEFT_TO_RIGHT, Creation.BOTH)),
    )
    ahead = {side: rng.choice((0.0, 0.0, -2.0, 1.5)) for side in Side}
    return Choices(rules, {side: _abilities(rng) for side in Side}, ahead)


def _abilities(rng: random.Random) -> MemoryDatatype:
    """What one of the systems can do. A listing that lags is only bearable where the records say when they changed."""
    changes = rng.choice((ChangeCapture.SINCE, ChangeCapture.SINCE, ChangeCapture.FEED, ChangeCapture.LISTING))
    granularity = rng.choice((0.001, 0.001, 1.0, 60.0))
    modified_time = granularity > 0.001 or rng.random() < 0.8
    fine = modified_time and granularity <= 0.001
    return MemoryDatatype(
        conditional_write=rng.random() < 0.5,
        idempotency_key=rng.random() < 0.5,
        finding=rng.choice((Finding.CERTAIN, Finding.CERTAIN, Finding.LAGGING, Finding.NONE)),
        find_lag=rng.choice((0.0, 2.0, 20.0)),
        changes=changes,
        sees_deletes=rng.random() < 0.8,
        modified_time=modified_time,
        versions=rng.choice(("number", "time", "none") if modified_time else ("number", "none")),
        granularity=granularity,
        commit_lag=rng.choice((0.0, 3.0)) if fine else 0.0,
        page_size=rng.choice((1, 2, 5, 100)),
        shifting=rng.random() < 0.2,
        trims=frozenset({"Name", "name", "Remark", "remark"}) if rng.random() < 0.4 else frozenset(),
        upper_cases=frozenset({"City", "town"}) if rng.random() < 0.3 else frozenset(),
        rounds={"Balance": 1, "balance": 1} if rng.random() < 0.3 else {},
    )


# --- the dataflow -------------------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=128)
def dataflow_of(rules: Rules) -> tuple[Dataflow, dict[str, CompiledFlow]]:
    """The dataflow with a seed's rules, and its flows compiled."""
    people = tuple(_mapping(left, right, kind) for left, right, kind in PEOPLE)
    firms = tuple(_mapping(left, right, kind) for left, right, kind in FIRMS)
    line = (_mapping("Text", "text", DataType.STRING), _mapping("Quantity", "count", DataType.DECIMAL))
    sale = (
        PropertyMapping(
            left=("Payer",), right=("payer",), name="Payer", type=DataType.REFERENCE, refers_to=(COMPANY, PERSON), required=True
        ),
        _mapping("Remark", "remark", DataType.STRING),
        PropertyMapping(
            left=("Lines",), right=("rows",), name="Lines", type=DataType.LIST, item_key=ItemKey(left="Id", right="ref"), properties=line
        ),
    )
    flows = (
        _flow(SALE, ("Order", "Invoices"), sale, rules),  # before its parents on purpose: the order of the file must not matter
        _flow(PERSON, ("Contact", "Persons"), people, rules),
        _flow(COMPANY, ("Customer", "Companies"), firms, rules),
    )
    left, right = (SystemEntry(system=SYSTEMS[side], manifest="") for side in Side)
    dataflow = Dataflow(left=left, right=right, flows=flows)
    return dataflow, compile_all(dataflow, DATATYPES)


def _flow(name: str, datatypes: tuple[str, str], properties: tuple[PropertyMapping, ...], rules: Rules) -> Flow:
    left, right = datatypes
    key = _mapping(KEYS[left], KEYS[right], DataType.STRING)
    return Flow(
        name=name,
        left=left,
        right=right,
        properties=(key, *properties),
        match=((MatchPart(left=KEYS[left], right=KEYS[right], normal="email" if name == PERSON else "text"),),),
        create=rules.create,
        conflict=rules.conflict,
        fallback=rules.fallback,
        deletes=rules.deletes,
        clear=rules.clear,
        onboarding=Onboarding.CREATE,
    )


def _mapping(left: str, right: str, kind: DataType) -> PropertyMapping:
    scale = {"Balance": 2, "Quantity": 3}.get(left)
    return PropertyMapping(left=(left,), right=(right,), name=left, type=kind, scale=scale)


def _datatype(*properties: tuple[str, DataType], lines: tuple[str, ...] = ()) -> Datatype:
    items = {name: Property(type="decimal", scale=3) if name in ("Quantity", "count") else Property() for name in lines[1:]}
    wide = {lines[0]: Property(type="list", items=items)} if lines else {}
    plain = {name: Property(type=kind.value, scale=2 if kind is DataType.DECIMAL else None) for name, kind in properties}  # type: ignore[arg-type]  # the names of these data types are the same
    return Datatype(id="Id", list=Listing(path=""), properties={**plain, **wide})


_TEXT = DataType.STRING
DATATYPES: Mapping[Side, Mapping[str, Datatype]] = {
    Side.LEFT: {
        "Contact": _datatype(("Email", _TEXT), *((left, kind) for left, _, kind in PEOPLE)),
        "Customer": _datatype(("Number", _TEXT), *((left, kind) for left, _, kind in FIRMS)),
        "Order": _datatype(("Number", _TEXT), ("Payer", _TEXT), ("Remark", _TEXT), lines=("Lines", "Id", "Text", "Quantity")),
    },
    Side.RIGHT: {
        "Persons": _datatype(("email", _TEXT), *((right, kind) for _, right, kind in PEOPLE)),
        "Companies": _datatype(("number", _TEXT), *((right, kind) for _, right, kind in FIRMS)),
        "Invoices": _datatype(("number", _TEXT), ("payer", _TEXT), ("remark", _TEXT), lines=("rows", "ref", "text", "count")),
    },
}


# --- as the oracle sees it ----------------------------------------------------------------------------------------------------------


def views(worlds: Mapping[Side, MemorySystem], flow: Flow) -> dict[Side, View]:
    """Both sides of a flow; a right record may be alone where the flow does not create to the left."""
    found = {}
    for side in Side:
        names = {one.name: (one.left if side is Side.LEFT else one.right)[0] for one in flow.properties}
        alone = side is Side.RIGHT and flow.create is Creation.LEFT_TO_RIGHT
        datatype = flow.datatype(side)
        found[side] = View(worlds[side], side, datatype, KEYS[datatype], names, alone)
    return found


def alike(worlds: Mapping[Side, MemorySystem], flow: Flow) -> dict[str, Callable[[Raw, Raw], bool]]:
    """By mapping name, whether a left and a right raw value are the same thing, whatever the systems trim, upper-case or round."""
    rounded = any(world.datatypes[flow.datatype(side)].rounds for side, world in worlds.items())
    exact: dict[str, Callable[[Any, Any], bool]] = {
        "Balance": lambda one, other: _near(one, other, Decimal("0.06") if rounded else Decimal(0)),
        "Lines": lambda one, other: _lines(one, "Id", "Text", "Quantity") == _lines(other, "ref", "text", "count"),
        "Payer": lambda one, other: _thing(worlds[Side.LEFT], one) == _thing(worlds[Side.RIGHT], other),
    }
    ignored = flow.clear is ClearPolicy.IGNORE
    return {one.name: _but_for_empty(exact.get(one.name, _same_text), ignored) for one in flow.properties}


def _but_for_empty(same: Callable[[Any, Any], bool], ignored: bool) -> Callable[[Raw, Raw], bool]:
    """One kind of empty is another; where emptying does not cross, one side may be empty."""

    def compare(one: Raw, other: Raw) -> bool:
        empty = (one in (None, "", []), other in (None, "", []))
        return (ignored or all(empty)) if any(empty) else same(one, other)

    return compare


def _same_text(one: Any, other: Any) -> bool:
    return bool(_plain(one) == _plain(other))


def _plain(value: Any) -> Any:
    return value.strip().upper() if isinstance(value, str) else value


def _near(one: Any, other: Any, doubt: Decimal) -> bool:
    return abs(Decimal(str(one)) - Decimal(str(other))) <= doubt


def _lines(rows: Any, key: str, text: str, number: str) -> dict[str, tuple[Any, Any]]:
    return {row[key]: (_plain(row.get(text)) or None, Decimal(str(row[number])) if row.get(number) is not None else None) for row in rows}


def _thing(world: MemorySystem, id: str) -> Raw:
    """What a payer is, whichever datatype it is of."""
    found = [(datatype, world.state(datatype, id)) for datatype in world.datatypes if datatype not in ("Order", "Invoices")]
    return next((state.values.get(KEYS[datatype]) for datatype, state in found if state is not None), None)

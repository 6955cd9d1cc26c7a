"""What the plan step works with: a pair of records as it is now, and all that holds for one flow in one run.

Owns: halves, pairs, FlowRules. Does not own: what follows from them (core/planning.py).
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from accord.core.mapping import CompiledFlow, Mapped
from accord.core.merging import PropertyRule
from accord.model.capabilities import Capabilities
from accord.model.dataflow import Direction, Flow, PropertyMapping
from accord.model.links import Link
from accord.model.records import RecordRef, Side
from accord.model.values import DataType, RawValues, Values


@dataclass(frozen=True, slots=True)
class Half:
    """One side of a pair as it is now. ``raw``: None when only the mapped values are known (nothing has moved since the base)."""

    ref: RecordRef
    mapped: Mapped
    raw: RawValues | None
    version: str | None
    fingerprint: bytes
    modified: str | None
    gone: bool = False
    in_scope: bool = True


@dataclass(frozen=True, slots=True)
class Pair:
    """A link with both halves, a fresh match (``link`` without id), or one half alone (``link`` None)."""

    left: Half | None
    right: Half | None
    link: Link | None = None

    def half(self, side: Side) -> Half | None:
        """The half on that side."""
        return self.left if side is Side.LEFT else self.right


@dataclass(frozen=True)
class FlowRules:
    """All that holds for one flow in one run.

    ``systems``: name per side, for references. ``go_ahead``: creating is allowed although the flow only links so far.
    ``onboarded``: when the flow was onboarded. ``unknown``: records whose earlier create has no certain outcome.
    ``kinds``: the datatypes of each flow, by its name. ``deletes_held``: why no delete may run, "" if they may.
    """

    compiled: CompiledFlow
    properties: tuple[PropertyRule, ...]
    capabilities: Mapping[Side, Capabilities]
    systems: Mapping[Side, str]
    kinds: Mapping[str, Mapping[Side, str]]
    go_ahead: bool = False
    onboarded: str | None = None
    unknown: Collection[RecordRef] = field(default_factory=frozenset)
    deletes_held: str = ""

    @property
    def flow(self) -> Flow:
        """The flow."""
        return self.compiled.flow

    @cached_property
    def needs_current(self) -> bool:
        """Whether a write needs the target's raw record: lists are written whole, several properties that make one value together."""
        return any(m.properties or len(m.left) > 1 or len(m.right) > 1 for m in self.flow.properties)

    @cached_property
    def required(self) -> Mapping[Side, tuple[str, ...]]:
        """Names of the properties without which nothing is created on that side; what a create does not carry cannot be missing."""
        needed = {mapping.name for mapping in self.flow.properties if mapping.required}
        return {side: tuple(name for name in self.creatable[side] if name in needed) for side in Side}

    @cached_property
    def creatable(self) -> Mapping[Side, tuple[str, ...]]:
        """Names of the properties that a create on that side carries: the other side sends them, and this one can take them."""
        return {side: tuple(self._creatable(side)) for side in Side}

    @cached_property
    def defaults(self) -> Mapping[Side, Values]:
        """What a create on that side carries in place of an empty value, of the properties that it can carry."""
        return {side: {k: v for k, v in self.compiled.defaults(side).items() if k in self.creatable[side]} for side in Side}

    def _creatable(self, target: Side) -> Iterator[str]:
        barred = self.capabilities[target].read_only
        receives = Direction.RIGHT_TO_LEFT if target is Side.RIGHT else Direction.LEFT_TO_RIGHT
        for mapping in self.flow.properties:
            if mapping.direction is not receives and not barred.intersection(names_on(mapping, target)):
                yield mapping.name


def property_rules(flow: Flow) -> tuple[PropertyRule, ...]:
    """What the dataflow says about each property, with the flow's defaults filled in."""
    return tuple(_rule(flow, mapping) for mapping in flow.properties)


def _rule(flow: Flow, mapping: PropertyMapping) -> PropertyRule:
    """The rule of one property; what an item property of a list does not say, its list says, then the flow."""
    conflict, clear = mapping.conflict or flow.conflict, mapping.clear or flow.clear
    inherited = replace(flow, conflict=conflict, clear=clear)
    items = {item.name: _rule(inherited, item) for item in mapping.properties} if mapping.type is DataType.LIST else None
    return PropertyRule(mapping.name, mapping.direction, conflict, flow.fallback, clear, items)


def names_on(mapping: PropertyMapping, side: Side) -> tuple[str, ...]:
    """Names of the properties of a mapping on that side."""
    return mapping.left if side is Side.LEFT else mapping.right


def shared(flow: Flow, side: Side) -> bool:
    """Whether Accord may write to the flow's datatype on that side."""
    return flow.share.left if side is Side.LEFT else flow.share.right

"""The map step: a record in a system's words -> common form, and back.

Owns: the compiled flow, through which matching, planning and the engine see records. Does not own: canonical values (core/values.py),
transforms (core/transforms.py), compiling (core/mapping_compile.py), what is done with a fault or a wait (core/planning.py).

Everything is compiled once per flow; per record there is no path to split and nothing to look up but the record's own values.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final, TypeAlias

from accord.core.mapping_compile import Compiled, Crossing, KeyPart, ReferenceCrossing, compile_all, sends
from accord.core.mapping_forms import MappingProblem, Place
from accord.core.mapping_sides import MISSING, Get, Missing, Single
from accord.core.normal import key_part
from accord.core.referring import rivals_of
from accord.core.wording import Unfit
from accord.model.dataflow import Flow, PropertyMapping
from accord.model.links import Doubtful, WaitsFor
from accord.model.manifest import Datatype
from accord.model.records import Side
from accord.model.values import Raw, RawValues, Value, Values

__all__ = ["CompiledFlow", "Mapped", "MappingProblem", "UnresolvedReference", "compile_flow", "problems"]

Resolved: TypeAlias = Mapping[WaitsFor, str]
"""The id on the other side of each link that was looked up and is there."""


class UnresolvedReference(KeyError):
    """``words`` was asked for a reference whose link was not looked up, or is not there: see ``reference_lookups``."""


@dataclass(frozen=True, slots=True)
class Mapped:
    """A record in common form.

    ``values``: by property mapping name; what is absent, waits or is faulty is not in it. ``waits``: references without a link, with the
    links of which one must exist. ``faults``: properties whose value is outside the domain, and why, without the value itself.
    ``doubts``: references whose id several records have, with the links between which the choice is; one that is as it was agreed has its
    value nevertheless, as nobody has changed it.
    """

    values: Values
    waits: Mapping[str, tuple[WaitsFor, ...]]
    faults: Mapping[str, str]
    doubts: Mapping[str, tuple[WaitsFor, ...]] = field(default_factory=dict)

    @property
    def shown(self) -> frozenset[str]:
        """What the record showed, whatever became of it."""
        return frozenset((*self.values, *self.waits, *self.faults, *self.doubts))


@dataclass(frozen=True, slots=True)
class _Way:
    """All mappings of one side. ``plain``: (name, property, read, check by the other side) of those that hold one property."""

    plain: tuple[tuple[str, str, Get, Callable[[Value], object] | None], ...]
    wide: tuple[tuple[str, Callable[[RawValues], Value | Missing], Callable[[Value], object] | None], ...]


@dataclass(frozen=True, slots=True)
class CompiledFlow:
    """A flow that can map. Made by ``compile_flow``. ``names``: the property mappings in the order of the flow."""

    flow: Flow
    names: tuple[str, ...]
    crossings: Mapping[str, Crossing]
    reference_crossings: Mapping[str, ReferenceCrossing]
    _mappings: Mapping[str, PropertyMapping]
    _ways: Mapping[Side, _Way]
    _compiled: Compiled

    def mapping(self, name: str) -> PropertyMapping:
        """The property mapping of that name. Raises KeyError."""
        return self._mappings[name]

    def wanted(self, side: Side) -> frozenset[str]:
        """Names of the properties that are needed on that side: mapped, filtered by, or matched by."""
        mapped = {name for one in self._mappings.values() for name in (one.left if side is Side.LEFT else one.right)}
        keys = {part.path for parts in self._compiled.criteria[side] for part in parts}
        return frozenset(mapped | keys | self._compiled.filtered[side])

    def in_scope(self, side: Side, raw: RawValues) -> bool:
        """Whether the side's filter lets the record in."""
        holds = self._compiled.scopes[side]
        return holds is None or holds(raw)

    def keys(self, side: Side, raw: RawValues) -> tuple[tuple[int, str], ...]:
        """The record's match keys as (index of the criterion, text). A criterion with an empty or invalid part yields none."""
        found = ((index, _key(parts, raw)) for index, parts in enumerate(self._compiled.criteria[side]))
        return tuple((index, key) for index, key in found if key is not None)

    def references(self, side: Side, raw: RawValues) -> tuple[WaitsFor, ...]:
        """Every link that ``common`` may need for this record."""
        found: list[WaitsFor] = []
        for one in self.reference_crossings.values():
            reference = one.side(side)
            try:
                id = reference.id(raw)
            except Unfit:
                continue
            if isinstance(id, str) and id:
                found += (WaitsFor(flow, side, id) for flow in reference.flows)
        return tuple(found)

    def common(self, side: Side, raw: RawValues, resolved: Resolved, agreed: Values = MappingProxyType({})) -> Mapped:
        """Map a record. A value that crosses, but that the other side cannot hold, is a fault as well.

        ``agreed``: what the record was agreed to hold, or was sent: what a doubtful reference is taken for if it may still mean that.
        """
        values: dict[str, Value] = {}
        faults: dict[str, str] = {}
        way = self._ways[side]
        for name, path, read, check in way.plain:
            if path in raw:
                try:
                    value = read(raw[path])
                    if check is not None:
                        check(value)
                    values[name] = value
                except Unfit as unfit:
                    faults[name] = str(unfit)
        for name, get, check in way.wide:
            try:
                shown = get(raw)
                if shown is MISSING:
                    continue
                if check is not None:
                    check(shown)
                values[name] = shown
            except Unfit as unfit:
                faults[name] = str(unfit)
        mapped = Mapped(values, {}, faults)
        return self._translate(side, raw, resolved, agreed, mapped) if self.reference_crossings else mapped

    def _translate(self, side: Side, raw: RawValues, resolved: Resolved, agreed: Values, mapped: Mapped) -> Mapped:
        """The same with its references."""
        values, faults = dict(mapped.values), dict(mapped.faults)
        waits: dict[str, tuple[WaitsFor, ...]] = {}
        doubts: dict[str, tuple[WaitsFor, ...]] = {}
        for name, one in self.reference_crossings.items():
            reference = one.side(side)
            try:
                id = reference.id(raw)
            except Unfit as unfit:
                faults[name] = str(unfit)
                continue
            if id is MISSING:
                continue
            if id is None or id == "":
                values[name] = id
                continue
            alternatives = tuple(WaitsFor(flow, side, id) for flow in reference.flows)
            found = [resolved[each] for each in alternatives if each in resolved]
            meant = [id] if side is Side.LEFT else [str(each) for each in found]
            if not found:
                waits[name] = alternatives
            elif not (rivals := _rivals(found, reference.flows)):
                values[name] = meant[0]
            else:
                doubts[name] = tuple(each for each in alternatives if each in resolved or each.flow in rivals)
                if (before := agreed.get(name)) in meant:
                    values[name] = before
        return Mapped(values, waits, faults, doubts)

    def words(self, side: Side, values: Values, current: RawValues | None, resolved: Resolved) -> dict[str, Raw]:
        """These common values, and only these, in that side's words. ``current``: the record as it is on that side.

        ``current`` keeps what is not mapped: how a side divides a text, unmapped members of list items. Raises UnresolvedReference, and
        KeyError for a name that the flow does not map.
        """
        said: dict[str, Raw] = {}
        for name, value in values.items():
            crossing = self.crossings.get(name)
            if crossing is not None:
                said |= crossing.side(side).put(value, current)
            else:
                said |= self._said_reference(self.reference_crossings[name], side, value, resolved)
        return said

    def _said_reference(self, one: ReferenceCrossing, side: Side, value: Value, resolved: Resolved) -> dict[str, Raw]:
        reference = one.side(side)
        if side is Side.LEFT or not isinstance(value, str) or value == "":
            return reference.single.put(value, None)
        lookups = (WaitsFor(flow, Side.LEFT, value) for flow in reference.flows)
        found = [resolved[each] for each in lookups if each in resolved]
        if not found or _rivals(found, reference.flows):
            raise UnresolvedReference(f"{one.mapping.name} of {self.flow.name} refers to a record without a known link")
        return reference.single.put(str(found[0]), None)

    def reference_lookups(self, values: Values) -> tuple[WaitsFor, ...]:
        """Every link that ``words`` to the right may need for these values."""
        return tuple(
            WaitsFor(flow, Side.LEFT, value)
            for name, one in self.reference_crossings.items()
            if isinstance(value := values.get(name), str) and value
            for flow in one.right.flows
        )

    def rivals(self) -> Mapping[str, frozenset[str]]:
        """By flow, the other flows that a reference which may refer to it may refer to instead."""
        return rivals_of([one.left.flows for one in self.reference_crossings.values()])

    def defaults(self, side: Side) -> Values:
        """By property mapping name, the common value that a create on that side carries in place of an empty one."""
        found = {name: one.instead(side) for name, one in self.crossings.items()}
        return {name: value for name, value in found.items() if value is not None}


def _rivals(found: Sequence[str], flows: Sequence[str]) -> frozenset[str]:
    """Of the flows that a reference may refer to, those that make it doubtful which of the links found is meant."""
    return frozenset(flow for each in found if isinstance(each, Doubtful) for flow in each.rivals if flow in flows)


def _key(parts: tuple[KeyPart, ...], raw: RawValues) -> str | None:
    texts: list[str] = []
    for part in parts:
        try:
            text = key_part(part.normal, part.read(raw.get(part.path)))
        except Unfit:
            return None
        if text is None:
            return None
        texts.append(text)
    return SEPARATOR.join(texts) if texts else None


SEPARATOR: Final = "\x1f"
"""Between the parts of a match key; normal forms collapse white space, of which this is one, so no part holds it."""


def compile_flow(flow: Flow, left: Datatype, right: Datatype, left_zone: str, right_zone: str) -> CompiledFlow:
    """Compile a flow for two datatypes. ``left_zone``, ``right_zone``: of naive times. Raises MappingProblem, the first of ``problems``."""
    compiled = compile_all(flow, Place(Side.LEFT, flow.left, left.properties, left_zone), _right(flow, right, right_zone))
    if compiled.problems:
        raise compiled.problems[0]
    return CompiledFlow(
        flow=flow,
        names=tuple(one.name for one in flow.properties),
        crossings={one.mapping.name: one for one in compiled.crossings},
        reference_crossings={one.mapping.name: one for one in compiled.references},
        _mappings={one.name: one for one in flow.properties},
        _ways={side: _way(compiled, side) for side in Side},
        _compiled=compiled,
    )


def problems(flow: Flow, left: Datatype, right: Datatype) -> list[MappingProblem]:
    """Everything that keeps a flow from being compiled, but for zones that do not exist."""
    place = Place(Side.LEFT, flow.left, left.properties, "UTC")
    return list(compile_all(flow, place, _right(flow, right, "UTC")).problems)


def _right(flow: Flow, datatype: Datatype, zone: str) -> Place:
    return Place(Side.RIGHT, flow.right, datatype.properties, zone)


def _way(compiled: Compiled, side: Side) -> _Way:
    plain, wide = [], []
    for one in compiled.crossings:
        here, there = one.side(side), one.side(side.other)
        check = there.check if there.limits and sends(one.mapping.direction, side.other) else None
        if isinstance(here, Single):
            plain.append((one.mapping.name, here.path, here.read, check))
        else:
            wide.append((one.mapping.name, here.get, check))
    return _Way(tuple(plain), tuple(wide))

"""A user's own dataflow as the subject of the simulation: values are made up from the datatypes of the manifests.

Owns: which properties users type, values that the mappings take, what counts as the same value. Does not own: reading the files (config/).
What is compared are the values as the flows themselves map them; that the mappings are sound is shown by their laws (core/mapping_laws.py).

Every flow may create, and takes old records too; all else is as the file says. A flow of which nothing
could be typed, told apart or compared is left out, and said to be. Users type where one property faces one, and on the
side that has one where it faces several. The properties of the first criterion are the key of a record: nobody edits them.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from accord.connectors.memory import MemoryDatatype, MemorySystem
from accord.core.mapping import CompiledFlow, compile_flow
from accord.core.ordering import parents_first
from accord.model.dataflow import ClearPolicy, Creation, Dataflow, Direction, Flow, Onboarding, PropertyMapping
from accord.model.manifest import Datatype, Manifest
from accord.model.records import Side
from accord.model.values import DataType, Raw, is_empty
from accord.testing.simulation_choices import Oddities
from accord.testing.simulation_inventing import NO_TEXT, Invent, filter_values, invented, key_values, line_values, told_apart
from accord.testing.simulation_subject import Desk, Thing, used_again


@dataclass(frozen=True)
class OwnSubject:
    """See Subject. Raises ValueError, when it is first used, for a flow to whose criteria no values could be made up."""

    file: Dataflow
    manifests: Mapping[Side, Manifest]

    @cached_property
    def left_out(self) -> Mapping[str, str]:
        """Why flows are not simulated, by their names: nothing of them could be typed, told apart or compared."""
        found: dict[str, str] = {}
        for position, flow in enumerate(self.file.flows):
            first = next((one for one in self.file.flows[:position] if _takes_all(one, flow) and one.name not in found), None)
            if not flow.properties:
                found[flow.name] = "it maps no property"
            elif not flow.match and told_apart(flow) is None:
                found[flow.name] = NO_TEXT
            elif first is not None:
                found[flow.name] = f"a {flow.left} has its one counterpart in {first.name}"
        while referring := [one for one in self.file.flows if one.name not in found and _refers_to(one) & found.keys()]:
            found |= {one.name: f"it refers to {min(_refers_to(one) & found.keys())}" for one in referring}
        return found

    @cached_property
    def dataflow(self) -> Dataflow:
        """See Subject. Raises ValueError when nothing is left."""
        kept = [one for one in self.file.flows if one.name not in self.left_out]
        if not kept:
            raise ValueError("; ".join(f"{name}: {why}" for name, why in self.left_out.items()))
        return replace(self.file, flows=tuple(replace(one, onboarding=Onboarding.CREATE, full_sync=True) for one in kept))

    @cached_property
    def compiled(self) -> Mapping[str, CompiledFlow]:
        """See Subject."""
        left, right = (self.manifests[side] for side in Side)
        return {
            flow.name: compile_flow(flow, left.datatypes[flow.left], right.datatypes[flow.right], left.clock.zone, right.clock.zone)
            for flow in self.dataflow.flows
        }

    @cached_property
    def datatypes(self) -> Mapping[Side, Mapping[str, Datatype]]:
        """See Subject."""
        return {side: {flow.datatype(side): self._shape(side, flow) for flow in self.dataflow.flows} for side in Side}

    @cached_property
    def things(self) -> tuple[Thing, ...]:
        """See Subject."""
        return tuple(self._thing(flow) for flow in parents_first(self.dataflow.flows))

    @cached_property
    def _inventors(self) -> Mapping[str, Mapping[Side, Mapping[str, Invent]]]:
        """By flow, side and property, how its values are made up."""
        return {flow.name: {side: self._inventors_of(flow, side) for side in Side} for flow in self.dataflow.flows}

    @property
    def oddities(self) -> Oddities:
        """See Subject."""
        return Oddities(unique=frozenset(name for thing in self.things for name in thing.keys.values()))

    def able(self, side: Side, name: str, chosen: MemoryDatatype) -> MemoryDatatype:
        """See Subject: what the manifest says that cannot be written, cannot be written."""
        shape = self.datatypes[side][name]
        read_only = frozenset(path for path, one in shape.properties.items() if one.create is False and one.update is False)
        create_only = frozenset(path for path, one in shape.properties.items() if one.update is False) - read_only
        place = sorted(self.datatypes[side]).index(name)
        return replace(
            chosen,
            prefix=f"{name[:3].upper()}{place}-",
            always=frozenset(shape.properties),
            update=shape.update is not None,
            delete=shape.delete is not None,
            read_only=read_only,
            create_only=create_only,
        )

    def key(self, thing: Thing, number: int) -> Mapping[Side, Mapping[str, Raw]]:
        """See Subject."""
        return key_values(self.compiled[thing.flow.name], number)

    def typed(self, desk: Desk, side: Side, thing: Thing, name: str, held: Raw) -> Raw:
        """See Subject."""
        mapping = _mapping_of(thing.flow, side, name)
        if mapping is not None and mapping.type is DataType.REFERENCE:
            kinds = {flow.datatype(side) for flow in self.dataflow.flows if flow.name in mapping.refers_to}
            parents = [id for kind in sorted(kinds) for id in desk.living(side, kind)]
            return desk.rng.choice(parents) if parents else held
        return self._inventors[thing.flow.name][side][name](desk, held)

    def emptied(self, desk: Desk, name: str) -> Raw:
        """See Subject."""
        lists = {path for side in Side for shape in self.datatypes[side].values() for path, one in shape.properties.items() if one.items}
        return [] if name in lists else desk.rng.choice((None, None))

    def alike(self, worlds: Mapping[Side, MemorySystem], thing: Thing) -> Mapping[str, Callable[[Raw, Raw], bool]]:
        """See Subject."""
        by_name = {one.name: one for one in thing.flow.properties}
        return {name: self._comparison(worlds, thing, by_name[name]) for name in thing.shown}

    # --- within ---------------------------------------------------------------------------------------------------------------------

    def _shape(self, side: Side, flow: Flow) -> Datatype:
        return self.manifests[side].datatypes[flow.datatype(side)]

    def _thing(self, flow: Flow) -> Thing:
        keys = key_values(self.compiled[flow.name], 1)
        required = {path for one in flow.properties if one.required for side in Side for path in _paths(one, side)}
        names = {}
        for side in Side:
            references = [_paths(one, side)[0] for one in flow.properties if one.type is DataType.REFERENCE]
            names[side] = [*references, *(name for name in self._inventors[flow.name][side] if name not in keys[side])]
        shown = {one.name: {side: _paths(one, side)[0] for side in Side} for one in flow.properties if self._is_shown(flow, one)}
        fixed = frozenset(required & {name for side in Side for name in names[side]})
        return Thing(flow, {side: next(iter(keys[side])) for side in Side}, names, fixed, shown)

    def _is_shown(self, flow: Flow, mapping: PropertyMapping) -> bool:
        """Whether the two sides of a mapping can be held against each other: both can be written, one property faces one."""
        if mapping.direction is not Direction.BOTH or not (flow.share.left and flow.share.right):
            return False
        paths = {side: _paths(mapping, side) for side in Side}
        ends = [self._shape(side, flow).properties[paths[side][0]] for side in Side]
        closed = any(one.compute or one.create is False or one.update is False for one in ends)
        return not closed and all(len(one) == 1 for one in paths.values())

    def _inventors_of(self, flow: Flow, side: Side) -> dict[str, Invent]:
        compiled, shape, found = self.compiled[flow.name], self._shape(side, flow), {}
        for mapping in flow.properties:
            paths = _paths(mapping, side)
            if len(paths) == 1 and mapping.type is not DataType.REFERENCE and not shape.properties[paths[0]].compute:
                make = line_values if mapping.type is DataType.LIST else invented
                inventor = make(compiled, mapping, side, paths[0], shape.properties[paths[0]])
                if inventor is not None:
                    found[paths[0]] = inventor
        return {**found, **filter_values(flow, side, shape)}

    def _comparison(self, worlds: Mapping[Side, MemorySystem], thing: Thing, mapping: PropertyMapping) -> Callable[[Raw, Raw], bool]:
        compiled = self.compiled[thing.flow.name]
        clears = (mapping.clear or thing.flow.clear) is ClearPolicy.PROPAGATE and mapping.default is None

        def shown(side: Side, raw: Raw) -> Any:
            if mapping.type is DataType.REFERENCE:
                return None if raw in (None, "") else self._whose(worlds, side, mapping, raw)
            mapped = compiled.common(side, {_paths(mapping, side)[0]: raw}, {})
            return mapped.values.get(mapping.name)

        def compare(left: Raw, right: Raw) -> bool:
            if mapping.type is DataType.REFERENCE and used_again(worlds, left, right):
                return True
            one, other = shown(Side.LEFT, left), shown(Side.RIGHT, right)
            empty = (is_empty(one), is_empty(other))
            return (not clears or all(empty)) if any(empty) else bool(one == other)

        return compare

    def _whose(self, worlds: Mapping[Side, MemorySystem], side: Side, mapping: PropertyMapping, id: str) -> object:
        """What is referred to, by the property that nobody ever edits: a deleted record may have missed edits of the others."""
        for thing in self.things:
            state = worlds[side].state(thing.flow.datatype(side), id) if thing.flow.name in mapping.refers_to else None
            if state is not None:
                return thing.flow.name, state.values.get(thing.keys[side])
        return None


def _takes_all(flow: Flow, later: Flow) -> bool:
    """Whether a flow leaves a later one of the same left datatype no record."""
    return flow.left == later.left and flow.where.left is None and flow.create is not Creation.NONE


def _refers_to(flow: Flow) -> set[str]:
    return {name for one in flow.properties for name in one.refers_to}


def _paths(mapping: PropertyMapping, side: Side) -> tuple[str, ...]:
    return mapping.left if side is Side.LEFT else mapping.right


def _mapping_of(flow: Flow, side: Side, path: str) -> PropertyMapping | None:
    return next((one for one in flow.properties if _paths(one, side) == (path,)), None)

"""Which lines the checklist of a dataflow has: every statement of its document as a question, and why one does not apply.

Owns: the questions, their ids and sentences, the reasons for "not applicable". Does not own: answering them (running.py). Pure.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from accord.checks.report import Kind
from accord.core.flowrules import names_on, shared
from accord.core.mapping_compile import sends
from accord.model.capabilities import Capabilities
from accord.model.dataflow import ClearPolicy, Creation, Dataflow, DeletePolicy, Direction, Flow, PropertyMapping
from accord.model.records import Side
from accord.model.values import DataType

WAYS: Mapping[Side, Direction] = {Side.LEFT: Direction.LEFT_TO_RIGHT, Side.RIGHT: Direction.RIGHT_TO_LEFT}
"""The direction of what begins on a side."""


@dataclass(frozen=True, slots=True)
class Question:
    """One line before it is answered. ``unless``: why it does not apply, "" if it does. ``property`` as in Line."""

    id: str
    flow: str
    kind: Kind
    direction: Direction
    sentence: str
    property: str | None = None
    unless: str = ""


Abilities = Mapping[Side, Capabilities]
"""What the systems can do with the two datatypes of a flow."""


def questions_of(dataflow: Dataflow, flow: Flow, able: Abilities) -> tuple[Question, ...]:
    """The lines of one flow, in the order of a run."""
    return tuple(_Asking(dataflow, flow, able).all())


@dataclass(frozen=True, slots=True)
class Place:
    """One mapped property on both sides, or one property of a list's items. ``name``: as in Line; ``fixed``: it identifies the item."""

    name: str
    mapping: PropertyMapping
    item: PropertyMapping | None = None
    fixed: bool = False

    @property
    def innermost(self) -> PropertyMapping:
        """The mapping of the value itself."""
        return self.item or self.mapping

    def shown(self, side: Side) -> str:
        """What that side calls it."""
        outer = ", ".join(names_on(self.mapping, side))
        return outer if self.item is None else f"{outer}.{names_on(self.item, side)[0]}"

    def sends(self, to: Side) -> bool:
        """Whether it crosses to that side."""
        return sends(self.mapping.direction, to) and (self.item is None or sends(self.item.direction, to))


def places_of(flow: Flow) -> tuple[Place, ...]:
    """Every mapped property of a flow in the order of the file, after each list the properties of its items."""
    found: list[Place] = []
    for mapping in flow.properties:
        found.append(Place(mapping.name, mapping))
        for item in mapping.properties:
            key = mapping.item_key is not None and item.left == (mapping.item_key.left,)
            found.append(Place(f"{mapping.name}.{item.name}", mapping, item, key))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class _Asking:
    dataflow: Dataflow
    flow: Flow
    able: Abilities

    def all(self) -> Iterator[Question]:
        places = places_of(self.flow)
        for side in Side:
            yield self._created(side)
            yield self._filtered(side)
        yield self._matched()
        for side in Side:
            yield from (self._arrives(side, place) for place in places)
        yield self._question(Kind.SILENT, Direction.BOTH, "Does a second run, with nothing changed, write nothing?", self._no_pair())
        for side in Side:
            yield from (self._edited(side, place) for place in places if not place.fixed)
        for side in Side:
            yield from (self._special(side, place) for place in places if place.mapping.type is not DataType.LIST or place.item)
        for side in Side:
            yield from (self._cleared(side, place) for place in places if place.item is None)
        yield from (self._conflict(place) for place in places if place.item is None)
        for side in Side:
            yield self._deleted(side)

    # --- the lines -------------------------------------------------------------------------------------------------------------------

    def _created(self, side: Side) -> Question:
        sentence = f"Does a new {self._kind(side)} get one {self._kind(side.other)}, and one only?"
        return self._question(Kind.CREATED, WAYS[side], sentence, self._no_creating(side))

    def _filtered(self, side: Side) -> Question:
        sentence = f"Does a {self._kind(side)} that the filter leaves out get no {self._kind(side.other)}?"
        unless = self._no_creating(side) or ("" if self._filter(side) else "the flow has no filter on this side")
        return self._question(Kind.FILTERED, WAYS[side], sentence, unless)

    def _matched(self) -> Question:
        sentence = f"Is a {self._kind(Side.LEFT)} linked with the {self._kind(Side.RIGHT)} that is the same thing, and none created?"
        unless = "" if self.flow.match else "the flow has no match criteria"
        unless = unless or next((reason for side in Side if (reason := self._no_hand(side))), "")
        if not unless and any(self._unwritable(part, side) for part in self.flow.match[0] for side in Side):
            unless = "a property of the first match criterion cannot be given to a test record"
        return self._question(Kind.MATCHED, Direction.BOTH, sentence, unless)

    def _unwritable(self, part: object, side: Side) -> bool:
        return getattr(part, side.value) in self.able[side].read_only

    def _arrives(self, side: Side, place: Place) -> Question:
        there = place.shown(side.other)
        sentence = f"Does {place.shown(side)} of a new {self._kind(side)} arrive as {there}, of the right type and value?"
        unless = self._no_creating(side) or self._no_crossing(side, place)
        barred = self.able[side.other].read_only.intersection(names_on(place.mapping, side.other))
        if not unless and barred:
            unless = f"{self._kind(side.other)} cannot be given {', '.join(sorted(barred))} through the API"
        return self._question(Kind.ARRIVES, WAYS[side], sentence, unless or self._no_value(side, place), place.name)

    def _edited(self, side: Side, place: Place) -> Question:
        sentence = f"Is a change of {place.shown(side)} in a {self._kind(side)} carried to {place.shown(side.other)}, and to nothing else?"
        return self._question(Kind.EDITED, WAYS[side], sentence, self._no_edit(side, place), place.name)

    def _special(self, side: Side, place: Place) -> Question:
        there = f"{self._kind(side.other)}, {place.shown(side.other)}"
        sentence = f"Do values at the limits of {place.shown(side)} in a {self._kind(side)} arrive unchanged in {there}?"
        unless = self._no_edit(side, place) or ("it identifies the item, and is never changed" if place.fixed else "")
        if not unless and place.innermost.type in (DataType.BOOLEAN, DataType.REFERENCE):
            unless = f"a {place.innermost.type} has no special values"
        return self._question(Kind.SPECIAL, WAYS[side], sentence, unless, place.name)

    def _cleared(self, side: Side, place: Place) -> Question:
        crosses = (place.mapping.clear or self.flow.clear) is ClearPolicy.PROPAGATE
        what = "empty" if crosses else "leave as it is"
        sentence = f"Does emptying {place.shown(side)} in a {self._kind(side)} {what} {place.shown(side.other)}?"
        unless = self._no_edit(side, place)
        if not unless and place.mapping.required:
            unless = "the property is required, and is never emptied"
        if not unless and place.mapping.type is DataType.BOOLEAN:
            unless = "a boolean is true or false, and is never emptied"
        return self._question(Kind.CLEARED, WAYS[side], sentence, unless, place.name)

    def _conflict(self, place: Place) -> Question:
        policy = place.mapping.conflict or self.flow.conflict
        sentence = (
            f"Where {place.shown(Side.LEFT)} and {place.shown(Side.RIGHT)} were both changed, does the conflict rule ({policy}) decide?"
        )
        unless = self._no_edit(Side.LEFT, place) or self._no_edit(Side.RIGHT, place)
        if not unless and place.mapping.type is DataType.BOOLEAN:
            unless = "of two values one is the agreed one, so there are not two different changes"
        return self._question(Kind.CONFLICT, Direction.BOTH, sentence, unless, place.name)

    def _deleted(self, side: Side) -> Question:
        then = {
            DeletePolicy.REPORT: f"reported, and the {self._kind(side.other)} left as it is",
            DeletePolicy.ARCHIVE: f"reported, and the {self._kind(side.other)} left as it is",
            DeletePolicy.UNLINK: f"followed by the end of the link, and the {self._kind(side.other)} left as it is",
            DeletePolicy.DELETE: f"followed by the deletion of the {self._kind(side.other)}",
        }[self.flow.deletes]
        unless = self._no_pair()
        if not unless and not self.able[side].delete:
            unless = f"a {self._kind(side)} cannot be deleted through the API"
        return self._question(Kind.DELETED, WAYS[side], f"Is the deletion of a {self._kind(side)} {then}?", unless)

    # --- why not ---------------------------------------------------------------------------------------------------------------------

    def _no_hand(self, side: Side) -> str:
        return "" if self.able[side].create else f"no test record can be made: a {self._kind(side)} cannot be created through the API"

    def _no_creating(self, side: Side) -> str:
        create = self.flow.create
        if not create.into:
            return "the flow creates nothing, and links what both sides have"
        if side is Side.RIGHT and create is Creation.LEFT_TO_RIGHT:
            return "the flow creates from left to right only"
        if not shared(self.flow, side.other):
            return f"writing to {self._kind(side.other)} is switched off (share)"
        if not self.able[side.other].create:
            return f"a {self._kind(side.other)} cannot be created through the API"
        return self._no_hand(side)

    def _no_pair(self) -> str:
        """Why no pair of test records can come to be."""
        creating = self._no_creating(Side.LEFT)
        return creating if self._matched().unless else ""

    def _no_crossing(self, side: Side, place: Place) -> str:
        if place.sends(side.other):
            return ""
        return f"the property crosses from {'right to left' if side is Side.LEFT else 'left to right'} only"

    def _no_value(self, side: Side, place: Place) -> str:
        barred = self.able[side].read_only.intersection(names_on(place.mapping, side))
        return f"a test record cannot be given {', '.join(sorted(barred))} in {self._kind(side)}" if barred else ""

    def _no_edit(self, side: Side, place: Place) -> str:
        """Why an edit made on that side cannot be tried, or does not cross."""
        return (
            self._no_pair()
            or self._no_crossing(side, place)
            or ("" if shared(self.flow, side.other) else f"writing to {self._kind(side.other)} is switched off (share)")
            or self._unchangeable(side.other, place)
            or self._unchangeable(side, place)
        )

    def _unchangeable(self, side: Side, place: Place) -> str:
        able = self.able[side]
        if not able.update:
            return f"a {self._kind(side)} cannot be changed through the API"
        barred = (able.read_only | able.create_only).intersection(names_on(place.mapping, side))
        return f"{', '.join(sorted(barred))} of a {self._kind(side)} cannot be changed once it is made" if barred else ""

    # --- words -----------------------------------------------------------------------------------------------------------------------

    def _kind(self, side: Side) -> str:
        return f"{self.dataflow.entry(side).system} {self.flow.datatype(side)}"

    def _filter(self, side: Side) -> str | None:
        return self.flow.where.left if side is Side.LEFT else self.flow.where.right

    def _question(self, kind: Kind, way: Direction, sentence: str, unless: str, place: str | None = None) -> Question:
        parts = [slug(self.flow.name), kind.value, way.value.replace("_", "-"), *([place] if place else [])]
        return Question("/".join(parts), self.flow.name, kind, way, sentence, place, unless)


def slug(text: str) -> str:
    """A name as it stands in an id."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")

"""What a row of a document becomes: a property mapping that two manifests bear, with the reasons for what the row leaves open.

Owns: types, transforms, directions, references and match criteria that are proposed. Does not own: the flows (documents/configured.py).
Whether a proposal can be carried out is not guessed: it is compiled as in a run. Pure.
"""

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from accord.config.checking import by_path
from accord.config.dialect import is_id, refers_to
from accord.config.drafting_names import plain
from accord.config.shape import nearest
from accord.core.mapping import compile_flow, problems
from accord.core.mapping_laws import check_laws
from accord.model.dataflow import Direction, Flow, ItemKey, PropertyMapping, TransformUse
from accord.model.manifest import Datatype, Property
from accord.model.records import Side
from accord.model.values import DataType

SCALE: Final = 2
"""Digits after the point where nobody says how many."""

_EMAIL = re.compile(r"e?mail(address)?$")
_PLAIN_EMAIL = frozenset({"email", "mail", "emailaddress", "mailaddress"})
_REFERENCE = re.compile(r"(?<=.)([._ -](id|ref)|I[dD]|Ref)$")
_ORGANISATION = re.compile(r"(org(ani[sz]ation)?s?(number|nr|no|id)|companynumber|companyregistrationnumber)$")
_KEY = re.compile(r"(number|nr|no|code|isbn|sku|ean|(external|foreign|member|customer|person|personal|national)id)$")
_NO_KEY = re.compile(r"phone|mobile|fax|street|house|address|line|item|count|^id$|originalid$|wdq\d")
_PARTED = ("street", "split_words", "join_words")


@dataclass(frozen=True, slots=True)
class Proposed:
    """A mapping, and for keys of it the reason why they are so."""

    mapping: PropertyMapping
    why: Mapping[str, str] = field(default_factory=dict)


class Unmapped(Exception):
    """Nothing can be made of a row; in words, why."""


@dataclass(slots=True)
class Proposer:
    """Makes the mappings of one flow, one after another. ``references``: for (side, datatype) the flows that link it.

    ``written``: the properties of each side that a mapping writes already; a second one may only read there.
    """

    flow: Flow
    datatypes: Mapping[Side, Datatype]
    references: Mapping[tuple[Side, str], Sequence[str]]
    written: set[tuple[Side, str]] = field(default_factory=set)
    names: set[str] = field(default_factory=set)

    def mapping(self, left: str, right: str) -> Proposed:
        """The mapping of a row. Raises Unmapped."""
        base = self.started(left, right)
        for found in self._ways(base):
            if self.holds(found.mapping):
                return self.taken(found)
        sides = ((Side.LEFT, base.left), (Side.RIGHT, base.right))
        one, other = (" and ".join(_kind(self._property(side, name)) for name in names) for side, names in sides)
        raise Unmapped(f"nothing is known that turns {one} into {other} and back: name a transform")

    def started(self, left: str, right: str) -> PropertyMapping:
        """A mapping of the properties that two cells name, in the directions in which it may cross. Raises Unmapped."""
        lefts, rights = self._named(Side.LEFT, left), self._named(Side.RIGHT, right)
        base = PropertyMapping(left=lefts, right=rights, name=self._name("+".join(lefts)))
        return replace(base, direction=self._direction(base)[0])

    def taken(self, found: Proposed) -> Proposed:
        """A mapping is used: what it writes is written, its name is taken. With the reason for its direction."""
        mapping = found.mapping
        _, why = self._direction(mapping)
        for side, names in ((Side.LEFT, mapping.left), (Side.RIGHT, mapping.right)):
            if mapping.direction is not _out_of(side):
                self.written.update((side, name) for name in names)
        self.names.add(mapping.name)
        return Proposed(mapping, {**found.why, **({"direction": why} if why else {})})

    def holds(self, mapping: PropertyMapping) -> bool:
        """Whether a run would take this mapping, and its laws hold."""
        flow, left, right = replace(self.flow, properties=(mapping,)), self.datatypes[Side.LEFT], self.datatypes[Side.RIGHT]
        return not problems(flow, left, right) and not check_laws(compile_flow(flow, left, right, "UTC", "UTC"))

    def _property(self, side: Side, name: str) -> Property:
        return self.datatypes[side].properties[name]

    def _named(self, side: Side, cell: str) -> tuple[str, ...]:
        """The properties that a cell names, by name or by path."""
        found = named(self.datatypes[side], cell)
        if found is None:
            near = nearest(cell, self.datatypes[side].properties)
            hint = f", perhaps {near}" if near else ""
            raise Unmapped(f"the manifest knows no property {cell} of {self.flow.datatype(side)}{hint}")
        return found

    def _name(self, wanted: str) -> str:
        names = itertools.chain([wanted], (f"{wanted} ({number})" for number in itertools.count(2)))
        return next(name for name in names if name not in self.names)

    def _direction(self, mapping: PropertyMapping) -> tuple[Direction, str]:
        """Which ways a value may cross, and why not both. Raises Unmapped when it may not cross at all."""
        why = {side: self._unwritten(side, names) for side, names in ((Side.LEFT, mapping.left), (Side.RIGHT, mapping.right))}
        if why[Side.LEFT] and why[Side.RIGHT]:
            raise Unmapped(f"{why[Side.LEFT]}; {why[Side.RIGHT]}")
        if not why[Side.LEFT] and not why[Side.RIGHT]:
            return Direction.BOTH, ""
        side = Side.LEFT if why[Side.LEFT] else Side.RIGHT
        return _out_of(side), f"proposal: {why[side]}"

    def _unwritten(self, side: Side, names: Sequence[str]) -> str:
        for name in names:
            one = self._property(side, name)
            if one.create is False and one.update is False:
                return f"{name} cannot be written in {self.flow.datatype(side)}"
            if (side, name) in self.written:
                return f"{name} of {self.flow.datatype(side)} is written by another row"
        return ""

    # --- ways of carrying a value, the plainest first -----------------------------------------------------------------------------------

    def _ways(self, base: PropertyMapping) -> Iterator[Proposed]:
        if len(base.left) != 1 or len(base.right) != 1:
            for name in _PARTED:
                yield Proposed(replace(base, transform=TransformUse(name=name)), {"transform": "proposal: by the number of properties"})
            return
        left, right = self._property(Side.LEFT, base.left[0]), self._property(Side.RIGHT, base.right[0])
        yield from self._references(base)
        if left.type == right.type == "list":
            yield from _lists(base, left, right)
        else:
            yield from typed_ways(base, left, right)

    def _references(self, base: PropertyMapping) -> Iterator[Proposed]:
        flows: list[Sequence[str]] = []
        for side, name in ((Side.LEFT, base.left[0]), (Side.RIGHT, base.right[0])):
            target = refers_to(name, [datatype for known, datatype in self.references if known is side])
            if target is not None and _REFERENCE.search(name):
                flows.append(self.references[side, target])
        shared = [name for name in flows[0] if all(name in each for each in flows)] if flows else []
        if shared:
            why = "proposal: its name says that it is the id of another record, which is another one in the other system"
            reference = replace(base, type=DataType.REFERENCE, refers_to=tuple(shared), required=False)
            yield Proposed(reference, {"refers_to": why})


def named(datatype: Datatype, cell: str) -> tuple[str, ...] | None:
    """The properties of a datatype that a document's cell names, by name or by path; None for none."""
    known, paths = datatype.properties, by_path(datatype)
    found = []
    for name in (cell,) if cell in known or cell in paths else cell.split(", "):
        name = name if name in known else paths.get(name, name)
        if name not in known:
            return None
        found.append(name)
    return tuple(found)


def key_of(left: str, right: str) -> str | None:
    """The normal form in which two properties of these names identify a record; None where their names do not say that they do."""
    one, other = (plain(re.split(r"[.\s]", cell)[-1]) for cell in (left, right))
    if _EMAIL.search(one) and _EMAIL.search(other):  # one of both the plain one: that for invoices, say, is often shared
        return "email" if one in _PLAIN_EMAIL or other in _PLAIN_EMAIL else None
    if any(_NO_KEY.search(plain(cell)) for cell in (left, right)):
        return None
    for pattern, form in ((_ORGANISATION, "organisation_number"), (_KEY, "text")):
        if pattern.search(one) and pattern.search(other):
            return form
    return None


def typed_ways(base: PropertyMapping, left: Property, right: Property) -> Iterator[Proposed]:
    """How a value may cross between two properties that are no lists, the plainest way first."""
    if left.type == right.type:
        yield from _typed(base, DataType(left.type), left, right, "")
    else:
        yield from _across(base, left, right)


def may_refer(name: str) -> bool:
    """Whether a property of this name is likely to hold the id of another record, as PayerId does, and not one by which people go."""
    return _REFERENCE.search(name) is not None and not _KEY.search(plain(name)) and not is_id(name)


def _kind(one: Property) -> str:
    """A property's type, and the values that it may have."""
    return f"{one.type} ({', '.join(map(str, one.options))})" if one.options else one.type


def _out_of(side: Side) -> Direction:
    return Direction.LEFT_TO_RIGHT if side is Side.LEFT else Direction.RIGHT_TO_LEFT


def _typed(base: PropertyMapping, kind: DataType, left: Property, right: Property, why: str) -> Iterator[Proposed]:
    if kind is not DataType.DECIMAL:
        yield Proposed(replace(base, type=kind), {"type": why} if why else {})
        return
    declared = [one.scale for one in (left, right) if one.scale is not None]
    reasons = {"type": why} if why else {}
    if not declared:
        reasons["scale"] = "proposal: nobody says how many digits there are after the point"
    yield Proposed(replace(base, type=kind, scale=min(declared, default=SCALE)), reasons)


def _across(base: PropertyMapping, left: Property, right: Property) -> Iterator[Proposed]:
    """As one of the two types, or as a number that the other side holds as text. Which options stand for each other nobody can tell."""
    if left.options or right.options:
        return
    why = f"proposal: {left.type} on the left, {right.type} on the right"
    kinds = [DataType(one.type) for one in (right, left) if one.type != "list"]
    for kind in kinds:
        yield from _typed(base, kind, left, right, why)
    for kind in (kind for kind in kinds if kind in (DataType.INTEGER, DataType.DECIMAL)):
        for typed in _typed(replace(base, transform=TransformUse(name="number_text")), kind, left, right, why):
            yield Proposed(typed.mapping, {**typed.why, "transform": why})


def _lists(base: PropertyMapping, left: Property, right: Property) -> Iterator[Proposed]:
    """Lists whose items share names: the first text or whole number of both tells items apart."""
    shared = [name for name in left.items if name in right.items]
    keys = [name for name in shared if all(one.items[name].type in ("string", "integer") for one in (left, right))]
    for key in keys:
        inner = tuple(
            found.mapping
            for name in shared
            if name != key and left.items[name].type == right.items[name].type
            for found in _typed(
                PropertyMapping(left=(name,), right=(name,), name=name),
                DataType(left.items[name].type),
                left.items[name],
                right.items[name],
                "",
            )
        )
        item_key = ItemKey(left=key, right=key)
        yield Proposed(
            replace(base, type=DataType.LIST, item_key=item_key, properties=inner), {"item_key": "proposal: what tells items apart"}
        )

"""Compiling property mappings: the dataflow's words and two datatypes -> both sides of every mapping, or all problems.

Owns: putting forms, lenses and sides together; matching and filters of a flow. Does not own: what they do with a record (core/mapping.py).
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from accord.core.filters import FilterProblem, Predicate, compile_filter, leaves, parse
from accord.core.mapping_forms import MappingProblem, Place, find, form_of, lens_of, nearest, transform_of
from accord.core.mapping_sides import Get, Items, ItemSide, Parts, Reference, SideMap, Single, single
from accord.core.normal import NAMES, Normal, normal_form
from accord.core.transforms import Face, Lens, Transform
from accord.core.transforms_kinds import UNCHANGED
from accord.core.values import Form, reader
from accord.core.wording import Unfit
from accord.model.dataflow import Direction, Flow, MatchPart, PropertyMapping
from accord.model.manifest import Property
from accord.model.records import Side
from accord.model.values import DataType, Raw, Scalar


@dataclass(frozen=True, slots=True)
class Crossing:
    """One property mapping, compiled for both sides. ``lens`` is None for lists. ``default``: the mapping's, in common form."""

    mapping: PropertyMapping
    left: SideMap
    right: SideMap
    lens: Lens | None = None
    default: Scalar = None

    def side(self, side: Side) -> SideMap:
        """The mapping on that side."""
        return self.left if side is Side.LEFT else self.right

    def instead(self, side: Side) -> Scalar:
        """The common value that is written to that side in place of an empty one; None for none."""
        if self.default is not None or self.lens is None:
            return self.default
        return self.lens.instead[0 if side is Side.LEFT else 1]


@dataclass(frozen=True, slots=True)
class ReferenceCrossing:
    """One reference, compiled for both sides."""

    mapping: PropertyMapping
    left: Reference
    right: Reference

    def side(self, side: Side) -> Reference:
        """The reference on that side."""
        return self.left if side is Side.LEFT else self.right


@dataclass(frozen=True, slots=True)
class KeyPart:
    """One property of a match criterion on one side."""

    path: str
    read: Get
    normal: Normal


@dataclass(frozen=True, slots=True)
class Compiled:
    """Everything that could be compiled, and the problems of the rest."""

    crossings: tuple[Crossing, ...] = ()
    references: tuple[ReferenceCrossing, ...] = ()
    criteria: dict[Side, tuple[tuple[KeyPart, ...], ...]] = field(default_factory=dict)
    scopes: dict[Side, Predicate | None] = field(default_factory=dict)
    filtered: dict[Side, frozenset[str]] = field(default_factory=dict)
    problems: tuple[MappingProblem, ...] = ()


def sends(direction: Direction, to: Side) -> bool:
    """Whether a property crosses to that side."""
    return direction is not (Direction.RIGHT_TO_LEFT if to is Side.RIGHT else Direction.LEFT_TO_RIGHT)


def compile_all(flow: Flow, left: Place, right: Place) -> Compiled:
    """Compile what can be compiled and collect what cannot."""
    crossings: list[Crossing] = []
    references: list[ReferenceCrossing] = []
    problems: list[MappingProblem] = []
    seen: set[str] = set()
    for mapping in flow.properties:
        try:
            if mapping.name in seen:
                raise MappingProblem(mapping.name, "two property mappings have this name", "name: another one")
            seen.add(mapping.name)
            if mapping.type is DataType.REFERENCE:
                references.append(_reference(mapping, left, right))
            else:
                crossings.append(_list(mapping, left, right) if mapping.type is DataType.LIST else _scalar(mapping, left, right))
        except MappingProblem as problem:
            problems.append(problem)
    criteria = {side: tuple(_criteria(flow, crossings, place, problems)) for side, place in ((Side.LEFT, left), (Side.RIGHT, right))}
    scopes: dict[Side, Predicate | None] = {}
    filtered: dict[Side, frozenset[str]] = {}
    for place, text in ((left, flow.where.left), (right, flow.where.right)):
        scopes[place.side], filtered[place.side] = _scope(place, text, problems)
    return Compiled(tuple(crossings), tuple(references), criteria, scopes, filtered, tuple(problems))


# Scalars


def _scalar(mapping: PropertyMapping, left: Place, right: Place) -> Crossing:
    if mapping.properties or mapping.item_key is not None:
        raise MappingProblem(mapping.name, f"only a list has item properties, not type {mapping.type}", "type: list")
    if mapping.refers_to:
        raise MappingProblem(mapping.name, f"only a reference refers to flows, not type {mapping.type}", "type: reference")
    lefts = tuple(find(left, name, mapping.name) for name in mapping.left)
    rights = tuple(find(right, name, mapping.name) for name in mapping.right)
    transform = transform_of(mapping)
    forms = [
        [form_of(mapping, transform, one, place, lefts + rights) for one in properties]
        for place, properties in ((left, lefts), (right, rights))
    ]
    lens = lens_of(mapping, transform, lefts, rights)
    default = _default(mapping, transform, lens, forms[0][0])
    return Crossing(
        mapping,
        _side(mapping.left, forms[0], lens.left, default),
        _side(mapping.right, forms[1], lens.right, default),
        lens,
        default,
    )


def _side(names: tuple[str, ...], forms: list[Form], face: Face, default: Scalar) -> SideMap:
    if len(names) == 1:
        return single(names[0], forms[0], face, default)
    return Parts(tuple(single(name, form, UNCHANGED) for name, form in zip(names, forms, strict=True)), face, default)


def _default(mapping: PropertyMapping, transform: Transform, lens: Lens, left: Form) -> Scalar:
    """The mapping's default in common form. Raises MappingProblem when it is outside the domain."""
    if mapping.default is None:
        return None
    form = left if transform.left_types is not None and transform.name != "number_text" else replace(left, type=mapping.type)
    try:
        value = reader(replace(form, format=None))(mapping.default)
        fits = lens.domain(value)
    except Unfit:
        fits, value = False, None
    if not fits:
        raise MappingProblem(mapping.name, "the default is none of the values that this property can hold", "default: another value")
    return value


# References and lists


def _reference(mapping: PropertyMapping, left: Place, right: Place) -> ReferenceCrossing:
    if not mapping.refers_to:
        raise MappingProblem(mapping.name, "a reference needs the flows that it may refer to", 'refers_to: ["Contact to Persons"]')
    if mapping.transform is not None or mapping.default is not None:
        raise MappingProblem(mapping.name, "a reference is translated through links alone", "remove transform and default")
    transform = transform_of(mapping)
    sides = []
    both = find(left, mapping.left[0], mapping.name), find(right, mapping.right[0], mapping.name)
    for place, name, one in ((left, mapping.left[0], both[0]), (right, mapping.right[0], both[1])):
        form = form_of(mapping, transform, one, place, both)
        sides.append(Reference(single(name, form, UNCHANGED), mapping.refers_to))
    return ReferenceCrossing(mapping, *sides)


def _list(mapping: PropertyMapping, left: Place, right: Place) -> Crossing:
    if mapping.item_key is None:
        raise MappingProblem(mapping.name, "a list needs the item property that identifies an item", "item_key: {left: ..., right: ...}")
    if mapping.transform is not None or mapping.default is not None:
        raise MappingProblem(mapping.name, "a list has no transform and no default of its own", "put it on the item properties")
    if len(mapping.left) != 1 or len(mapping.right) != 1:
        raise MappingProblem(mapping.name, "a list is one property on each side", "name one property on each side")
    inner_left, inner_right = (_inside(place, name[0], mapping) for place, name in ((left, mapping.left), (right, mapping.right)))
    items = [_item(mapping, one, inner_left, inner_right) for one in mapping.properties]
    keys = _keys(mapping, inner_left, inner_right)
    sides = {
        side: Items(name, keys[side], tuple(_item_side(one, side) for one in items))
        for side, name in ((Side.LEFT, mapping.left[0]), (Side.RIGHT, mapping.right[0]))
    }
    return Crossing(mapping, sides[Side.LEFT], sides[Side.RIGHT])


def _item_side(one: Crossing, side: Side) -> ItemSide:
    side_map = one.side(side)
    assert isinstance(side_map, Single)  # _item has seen to it
    return ItemSide(one.mapping.name, side_map, sends(one.mapping.direction, side), one.instead(side))


def _inside(place: Place, name: str, mapping: PropertyMapping) -> Place:
    one = find(place, name, mapping.name)
    if one.type != "list":
        raise MappingProblem(mapping.name, f"the {place.side} property is of type {one.type}, not a list", f"type: {one.type}")
    return replace(place, datatype=f"{place.datatype} {name}", properties=one.items)


def _item(mapping: PropertyMapping, item: PropertyMapping, left: Place, right: Place) -> Crossing:
    where = f"{mapping.name}.{item.name}"
    if item.type in (DataType.LIST, DataType.REFERENCE) or len(item.left) != 1 or len(item.right) != 1:
        raise MappingProblem(where, "an item property is one scalar on each side", "map lists, references and parts outside of lists")
    try:
        return _scalar(item, left, right)
    except MappingProblem as problem:
        raise MappingProblem(where, problem.what, problem.remedy) from None


def _keys(mapping: PropertyMapping, left: Place, right: Place) -> dict[Side, Single]:
    """How both sides read and write an item's key, which is common as text; a whole number on one side is one on both."""
    assert mapping.item_key is not None
    properties = {
        Side.LEFT: find(left, mapping.item_key.left, mapping.name),
        Side.RIGHT: find(right, mapping.item_key.right, mapping.name),
    }
    for side, one in properties.items():
        if one.type not in ("string", "integer"):
            raise MappingProblem(mapping.name, f"the {side} item key is of type {one.type}", "item_key: a text or a whole number")
    whole = any(one.type == "integer" for one in properties.values())
    names = {Side.LEFT: mapping.item_key.left, Side.RIGHT: mapping.item_key.right}
    return {side: _key(names[side], one, whole) for side, one in properties.items()}


def _key(name: str, one: Property, whole: bool) -> Single:
    kind = DataType.STRING if one.type == "string" and not whole else DataType.INTEGER
    as_text = "text" if one.type == "string" or one.format == "text" else one.format
    form = Form(kind, format=as_text if whole else one.format, max_length=one.max_length)
    face = Face(str, int) if whole else UNCHANGED
    made = single(name, form, face)
    return replace(made, limits=made.limits or whole)


# Matching and filters


def _criteria(flow: Flow, crossings: list[Crossing], place: Place, problems: list[MappingProblem]) -> list[tuple[KeyPart, ...]]:
    criteria = []
    for alternative in flow.match:
        parts = []
        for part in alternative:
            try:
                parts.append(_key_part(flow, part, crossings, place))
            except MappingProblem as problem:
                problems.append(problem)
        criteria.append(tuple(parts))
    return criteria


def _key_part(flow: Flow, part: MatchPart, crossings: list[Crossing], place: Place) -> KeyPart:
    name = part.left if place.side is Side.LEFT else part.right
    one = find(place, name, "match")
    if one.type == "list":
        raise MappingProblem("match", f"{name} is a list, which identifies nothing", "match by a property with one value")
    normal = normal_form(part.normal, _region(flow, part.left))
    if normal is None:
        raise MappingProblem("match", f"there is no normal form {part.normal}", nearest(part.normal, NAMES))
    return KeyPart(name, _key_reader(part, crossings, place, one), normal)


def _key_reader(part: MatchPart, crossings: list[Crossing], place: Place, one: Property) -> Get:
    """By the mapping of the same two properties, where there is one, so that both sides speak of the same thing; else by type."""
    for crossing in crossings:
        side_map = crossing.side(place.side)
        if crossing.mapping.left == (part.left,) and crossing.mapping.right == (part.right,) and isinstance(side_map, Single):
            return side_map.read
    kind = DataType(one.type)
    read = reader(Form(kind, format=one.format, scale=12, zone=place.zone, precision=1))
    return _lenient(read) if kind is DataType.STRING else read


def _lenient(read: Callable[[Raw], Scalar]) -> Get:
    return lambda raw: read(str(raw) if type(raw) is int else raw)


def _region(flow: Flow, left: str) -> str | None:
    """The region that a phone number of this property has without a country code, by its mapping."""
    for mapping in flow.properties:
        if mapping.left == (left,) and mapping.transform is not None and mapping.transform.name == "phone":
            region = mapping.transform.parameters.get("region")
            return region if isinstance(region, str) else None
    return None


def _scope(place: Place, text: str | None, problems: list[MappingProblem]) -> tuple[Predicate | None, frozenset[str]]:
    if text is None:
        return None, frozenset()
    where = f"where.{place.side}"
    names: frozenset[str] = frozenset()
    try:
        node = parse(text)
        names = frozenset(leaf.name for leaf in leaves(node))
        return compile_filter(node, place.properties, place.zone), names
    except FilterProblem as problem:
        unknown = min(names - place.properties.keys(), default=None)
        remedy = nearest(unknown, place.properties) if unknown else "write it like: Status = 'won' and Total > 0"
        problems.append(MappingProblem(where, str(problem), remedy))
        return None, frozenset()

"""What a mapping's properties hold on each side, and what is wrong with a mapping.

Owns: which data types and properties go together, scale and precision of both sides, the problems and their remedies.
Does not own: the closures that do the mapping (core/mapping_sides.py).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final
from zoneinfo import ZoneInfo

from accord.core.transforms import TRANSFORMS, Lens, Setting, Transform
from accord.core.values import Form
from accord.model.dataflow import PropertyMapping
from accord.model.manifest import Property
from accord.model.records import Side
from accord.model.values import DataType


class MappingProblem(ValueError):
    """Why a flow cannot be compiled.

    ``where``: the property mapping's name, or "match", "where.left", "where.right". ``remedy``: what to write instead.
    """

    def __init__(self, where: str, what: str, remedy: str) -> None:
        super().__init__(f"{where}: {what}")
        self.where = where
        self.what = what
        self.remedy = remedy


@dataclass(frozen=True, slots=True)
class Place:
    """What is known of one side: its properties by name (of the datatype, or of a list's items), its zone, its name in sentences."""

    side: Side
    datatype: str
    properties: dict[str, Property]
    zone: str


SUITABLE: Final = {
    DataType.STRING: frozenset({"string"}),
    DataType.INTEGER: frozenset({"integer"}),
    DataType.DECIMAL: frozenset({"decimal", "integer"}),
    DataType.BOOLEAN: frozenset({"boolean"}),
    DataType.DATE: frozenset({"date"}),
    DataType.INSTANT: frozenset({"instant"}),
    DataType.REFERENCE: frozenset({"string", "integer"}),
    DataType.LIST: frozenset({"list"}),
}
"""Property types that hold a mapping's data type without a transform."""


def nearest(name: str, known: Iterable[str]) -> str:
    """A remedy for a name that is not known: the nearest one that is, or all."""
    names = list(known)
    folded = {one.casefold(): one for one in names}
    found = get_close_matches(name.casefold(), folded, n=1, cutoff=0.5)
    return f"did you mean {folded[found[0]]}?" if found else f"one of: {', '.join(names) or '(none)'}"


def find(place: Place, name: str, where: str) -> Property:
    """The property of that name. Raises MappingProblem."""
    if name not in place.properties:
        raise MappingProblem(where, f"{place.side} {place.datatype} has no property {name}", nearest(name, place.properties))
    return place.properties[name]


def transform_of(mapping: PropertyMapping) -> Transform:
    """The transform, identity where none is named. Raises MappingProblem for unknown ones, bad parameters, paths and directions."""
    use, where = mapping.transform, mapping.name
    name = use.name if use is not None else "identity"
    if name not in TRANSFORMS:
        raise MappingProblem(where, f"there is no transform {name}", nearest(name, TRANSFORMS))
    transform = TRANSFORMS[name]
    counts, wanted = (len(mapping.left), len(mapping.right)), (transform.left_paths, transform.right_paths)
    if counts != wanted:
        what = f"{name} takes {wanted[0]} on the left and {wanted[1]} on the right, not {counts[0]} and {counts[1]}"
        several = [one.name for one in TRANSFORMS.values() if (one.left_paths, one.right_paths) == counts]
        remedy = f"transform: {' or '.join(several)}" if several else "name as many properties as the transform takes"
        raise MappingProblem(where, what, remedy)
    if transform.types is not None and mapping.type not in transform.types:
        kinds = ", ".join(sorted(transform.types))
        raise MappingProblem(where, f"{name} does not work on type {mapping.type}", f"type: {kinds}")
    _check_parameters(mapping, transform)
    return transform


def _check_parameters(mapping: PropertyMapping, transform: Transform) -> None:
    given = mapping.transform.parameters if mapping.transform is not None else {}
    known = {one.name: one for one in transform.parameters}
    for name in given:
        if name not in known:
            raise MappingProblem(mapping.name, f"{transform.name} has no parameter {name}", nearest(name, known))
    for name, parameter in known.items():
        if name not in given:
            if parameter.required:
                raise MappingProblem(mapping.name, f"{transform.name} needs the parameter {name}", f"{name}: {parameter.description}")
        elif (wrong := parameter.check(given[name])) is not None:
            raise MappingProblem(mapping.name, f"the parameter {name} of {transform.name} {wrong}", f"{name}: {parameter.description}")


def lens_of(mapping: PropertyMapping, transform: Transform, left: tuple[Property, ...], right: tuple[Property, ...]) -> Lens:
    """The transform made ready for these properties. Raises MappingProblem."""
    given = mapping.transform.parameters if mapping.transform is not None else {}
    setting = Setting(transform.settled(given), mapping.type, scale_of(mapping, left + right), left, right)
    wrong = transform.fault(setting)
    if wrong is not None:
        raise MappingProblem(mapping.name, f"{transform.name} {wrong}", f"see the parameters of {transform.name}")
    return transform.build(setting)


def scale_of(mapping: PropertyMapping, properties: tuple[Property, ...]) -> int:
    """Digits after the point: as the mapping says, else the fewest that a side declares; never more than a side can hold."""
    if mapping.type is not DataType.DECIMAL:
        return 0
    declared = [one.scale for one in properties if one.scale is not None]
    if mapping.scale is None and not declared:
        raise MappingProblem(mapping.name, "a decimal needs a scale", "scale: 2, or how many digits after the point both sides keep")
    scale = min(declared) if mapping.scale is None else mapping.scale
    if not 0 <= scale <= 12:
        raise MappingProblem(mapping.name, f"a scale of {scale} is out of range", "scale: 0 to 12")
    if declared and scale > min(declared):
        raise MappingProblem(mapping.name, f"scale {scale} is finer than a side keeps", f"scale: {min(declared)}")
    return scale


def form_of(mapping: PropertyMapping, transform: Transform, one: Property, place: Place, both: tuple[Property, ...]) -> Form:
    """What one property holds on its side. ``both``: the properties of both sides. Raises MappingProblem."""
    allowed = transform.left_types if place.side is Side.LEFT else transform.right_types
    if allowed is None:
        allowed = SUITABLE[mapping.type]
    if one.type not in allowed:
        raise _unsuitable(mapping, transform, one, place, both)
    return Form(
        type=_held(mapping, transform, one),
        format=one.format,
        scale=scale_of(mapping, both),
        precision=_precision(mapping, both),
        zone=_zone(mapping, place),
        whole=one.type == "integer" and mapping.type in (DataType.DECIMAL, DataType.REFERENCE),
        max_length=one.max_length,
        options=one.options,
        clearing=one.clearing,
    )


def _held(mapping: PropertyMapping, transform: Transform, one: Property) -> DataType:
    if transform.left_types is None or (one.type in ("integer", "decimal") and mapping.type is DataType.DECIMAL):
        return mapping.type
    return DataType(one.type)


def _unsuitable(mapping: PropertyMapping, transform: Transform, one: Property, place: Place, both: tuple[Property, ...]) -> MappingProblem:
    kinds = {each.type for each in both}
    what = f"the {place.side} property is of type {one.type}, which "
    what += f"{transform.name} does not take" if transform.left_types is not None else f"does not suit type {mapping.type}"
    if transform.left_types is not None:
        remedy = "another transform, or another property"
    elif len(kinds) == 1:
        remedy = f"type: {one.type}"
    elif "string" in kinds and kinds & {"integer", "decimal"}:
        remedy = f"type: {min(kinds - {'string'})}, transform: number_text; or transform: enum for codes"
    elif kinds == {"date", "instant"}:
        remedy = "map a date to a date, a time to a time: a time has no date without a zone"
    else:
        remedy = f"no rule takes a {' to a '.join(sorted(kinds))}; map properties that say the same kind of thing"
    return MappingProblem(mapping.name, what, remedy)


def _precision(mapping: PropertyMapping, both: tuple[Property, ...]) -> int:
    """The coarser precision of both sides in milliseconds."""
    if mapping.type is not DataType.INSTANT:
        return 1000
    precision = max(1, round(1000 * max(one.precision_seconds for one in both)))
    if precision >= 1000 and (precision % 1000 or 3_600_000 % precision):
        raise MappingProblem(mapping.name, "a precision must divide an hour into whole seconds", "precision_seconds: 1, 60 or 3600")
    return precision


def _zone(mapping: PropertyMapping, place: Place) -> str:
    if mapping.type is DataType.INSTANT:
        try:
            ZoneInfo(place.zone)
        except (KeyError, ValueError, OSError):
            raise MappingProblem(mapping.name, f"there is no zone {place.zone}", "clock: {zone: Europe/Oslo} in the manifest") from None
    return place.zone

"""A manifest for a system of which a document is all that is known, so that a stand-in can be started in its place.

Owns: what a document's names and data type cells become as datatypes and properties. Does not own: the dialect (config/dialect.py), the
server (sandbox/standin/), what crosses (the dataflow file). Pure.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from accord.config.dialect import ID, VALUES, collection_of, datatype_data, environment_of, is_id, member_of, refers_to, system_data
from accord.config.drafting_names import is_about_people, is_personal
from accord.config.drafting_yaml import Inline, block, remark
from accord.model.manifest import PropertyType

__all__ = ["SCALE", "is_id", "manifest_text", "refers_to", "type_of"]

SCALE: Final = 6
"""Digits after the point that a stand-in's decimals hold."""

_TYPES: Mapping[str, PropertyType] = {
    **dict.fromkeys(("int", "integer", "long"), "integer"),
    **dict.fromkeys(("float", "decimal", "double", "number"), "decimal"),
    **dict.fromkeys(("bool", "boolean"), "boolean"),
    **dict.fromkeys(("list", "array"), "list"),
    "date": "date",
    **dict.fromkeys(("datetime", "instant", "timestamp"), "instant"),
}
_TEXTS = ("Label", "Remark", "Note")
_AMOUNT = "Amount"
_REFERENCE = "StandInReference"


def type_of(cell: str) -> PropertyType:
    """The type that a data type cell means; text for everything that names none, such as N/A or an expression."""
    return _TYPES.get(cell.strip().strip('"').strip().lower(), "string")


def manifest_text(system: str, datatypes: Mapping[str, Mapping[str, str]], environment: str | None = None) -> str:
    """The manifest (YAML) of a stand-in for ``system``: datatype -> property -> data type cell, all as the document writes them.

    Names may be anything; each is its own datatype or property. Every datatype also gets a reference of our own, and texts and an amount
    of the stand-in's own where the document names too few to try writing with. ``environment``: what the variables for address and key
    begin with, such as "CUSTOMCRM" for CUSTOMCRM_URL and CUSTOMCRM_KEY (the default is made from the name). A "list" is one of items
    with ``key`` and ``value``; a decimal holds SCALE digits after the point.
    """
    collections: dict[str, str] = {}
    for name in datatypes:
        collections[name] = collection_of(name, collections.values())
    data = system_data(
        system,
        environment or environment_of(system),
        {name: _datatype(name, collections[name], cells, datatypes) for name, cells in datatypes.items()},
    )
    head = f"# {remark(system)}, as far as a dataflow document tells. A stand-in serves this: accord sandbox --manifest THIS-FILE"
    return "\n".join((head, "", *block(data), ""))


def _datatype(name: str, collection: str, cells: Mapping[str, str], datatypes: Iterable[str]) -> dict[str, Any]:
    types: dict[str, PropertyType] = {each: type_of(cell) for each, cell in cells.items()}
    texts = sum(kind == "string" and not is_id(each) for each, kind in types.items())
    for own in _TEXTS[: max(0, len(_TEXTS) - texts)]:
        types[_unused(own, types)] = "string"
    if not any(kind == "decimal" and not is_id(each) for each, kind in types.items()):
        types[_unused(_AMOUNT, types)] = "decimal"
    members: dict[str, str] = {}
    for each in types:
        members[each] = member_of(each, members.values())
    people = is_about_people(name)
    properties = {
        each: _property(each, VALUES + members[each], kind, people, refers_to(each, datatypes) if each in cells else None)
        for each, kind in types.items()
    }
    return datatype_data(collection, _unused(_REFERENCE, types), properties)


def _unused(name: str, known: Iterable[str]) -> str:
    taken, found, number = frozenset(known), name, 1
    while found in taken:
        number += 1
        found = f"{name}{number}"
    return found


def _property(name: str, path: str, kind: PropertyType, people: bool, target: str | None) -> Inline:
    if is_id(name):
        return Inline(path=ID, create=False, update=False, note="the id, which the system gives")
    said = Inline(path=path)
    if kind != "string":
        said["type"] = kind
    if kind == "decimal":
        said["scale"] = SCALE
    if kind == "list":
        said["items"] = Inline(key=Inline(), value=Inline())
    if people and is_personal(name):
        said["personal"] = True
    if target is not None:
        said["note"] = f"perhaps the id of one of: {remark(target)}"
    return said

"""The properties of a datatype: from the schema of a record, and from those of the bodies that write it.

Owns: types, options, what can be written. Does not own: which property is the id, the version or the reference.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from accord.config import drafting_names as names
from accord.config.drafting_names import plain
from accord.config.drafting_schema import Description, Node, listed, whole_number
from accord.config.drafting_yaml import Guess, Inline

_DEEPEST = 2
_KEPT_BY_THE_SYSTEM = names.MODIFIED | names.CREATED | names.VERSIONS | names.DELETED_FLAGS | names.DELETED_TIMES


@dataclass(frozen=True, slots=True)
class Drafting:
    """A datatype whose properties are drafted. ``people``: its records are likely to be about people."""

    description: Description
    people: bool
    create: Node | None
    update: Node | None


def properties(drafting: Drafting, record: Node, id: str) -> tuple[dict[str, Any], list[str]]:
    """The properties by name, and the names of members that a property cannot hold."""
    found: dict[str, Any] = {}
    left: list[str] = []
    for name, schema, written in _members(drafting, record, (drafting.create, drafting.update), ()):
        if name == id or (names.leaf(name) in _KEPT_BY_THE_SYSTEM and name.rpartition(".")[0] in ("", *names.ATTRIBUTES)):
            continue
        made = _property(drafting, name, schema)
        if made is None:
            left.append(f"{name} (its members are not described: add those you need as {name}.NAME)" if _is_map(schema) else name)
        else:
            found[name] = _writable(made, name, written)
    return found, left


def _is_map(schema: Node) -> bool:
    return schema.get("type") == "object" and not schema.get("properties")


Written = tuple[str | None, str | None]
"""The name of a member in the body of a create and of an update; None where it is not there."""


def _members(
    drafting: Drafting, record: Node, bodies: tuple[Node | None, Node | None], at: tuple[str, ...]
) -> Iterator[tuple[str, Node, Written]]:
    """The members of a record by their dotted names, those of objects within it too."""
    description = drafting.description
    known = dict(description.properties(record))
    held = tuple(dict(description.properties(body)) if body is not None else {} for body in bodies)
    for name, schema in known.items():  # what is only written could not be compared with anything
        if "." in name:
            continue  # a path is dotted, so this member cannot be reached
        spelled = tuple(next((each for each in body if plain(each) == plain(name)), None) for body in held)
        written = (_under(at, spelled[0]), _under(at, spelled[1]))
        if schema.get("readOnly"):
            written = (None, None)
        if len(listed(schema.get("enum"))) == 1:  # a constant, which the routes add
            written = (None, None)
        if schema.get("properties") and len(at) < _DEEPEST:
            inner = tuple(body.get(each) if each else None for body, each in zip(held, spelled, strict=True))
            yield from _members(drafting, schema, (inner[0], inner[1]), (*at, name))
        else:
            yield ".".join((*at, name)), schema, written


def _under(at: tuple[str, ...], name: str | None) -> str | None:
    return None if name is None else ".".join((*at, name))


def _writable(made: dict[str, Any], name: str, written: Written) -> dict[str, Any]:
    for verb, spelled in zip(("create", "update"), written, strict=True):
        if spelled is None:
            made[verb] = False
        elif spelled != name:
            made[verb] = spelled
    return made


def _property(drafting: Drafting, name: str, schema: Node) -> dict[str, Any] | None:
    """One property; None for what none can hold."""
    made: dict[str, Any] = Inline(**_type(schema))
    if schema.get("type") == "array":
        items = _items(drafting, schema)
        if not items:
            return None
        return Inline(type="list", items=items)
    if schema.get("type") == "object":
        return None
    options = [each for each in listed(schema.get("enum")) if each is not None]
    if options:
        made["options"] = options
    if (longest := whole_number(schema.get("maxLength"))) is not None:
        made["max_length"] = longest
    if drafting.people and names.is_personal(name):
        made["personal"] = True
    return made


def _items(drafting: Drafting, schema: Node) -> dict[str, Any]:
    """The properties of a list's items; a list of plain values cannot be held."""
    item = drafting.description.schema(schema.get("items"))
    known = drafting.description.properties(item)
    return {name: Inline(**_type(each)) for name, each in known if "." not in name and each.get("type") not in ("array", "object")}


def _type(schema: Node) -> dict[str, Any]:
    """type, and what goes with it."""
    kind, form = schema.get("type"), schema.get("format")
    if kind == "string" or (kind is None and form):
        known: dict[str, dict[str, Any]] = {
            "date": {"type": "date"},
            "date-time": {"type": "instant"},
            "decimal": {"type": "decimal", "format": "text"},
        }
        return known.get(str(form), {})
    if kind == "integer":
        return {"type": "integer"}
    if kind == "number":
        return {"type": "decimal"} | _scale(schema.get("multipleOf"))
    if kind == "boolean":
        return {"type": "boolean"}
    values = [each for each in listed(schema.get("enum")) if each is not None]
    if kind is None and values and all(isinstance(each, int) and not isinstance(each, bool) for each in values):
        return {"type": "integer"}
    return {}


def _scale(step: Any) -> dict[str, int]:
    found = re.fullmatch(r"0?\.(0*1)", str(step))
    return {"scale": len(found[1])} if found else {}


def remarked(found: dict[str, Any], left: list[str]) -> Guess:
    """The properties, with what was assumed of them and what is not among them."""
    said = ["personal: by their names; look through them"] if any("personal" in each for each in found.values()) else []
    said += [f"left out, as no property holds such a thing: {', '.join(left)}"] if left else []
    return Guess(found, "; ".join(said))

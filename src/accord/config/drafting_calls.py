"""Which calls of a description belong to one kind of record: the collection, and one record of it.

Owns: recognising collections, envelopes, ids. Does not own: paging and the like (drafting_reading.py), writing (drafting_writing.py).
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from accord.config.drafting_names import ARRAYS, DELETED_PATHS, IDS, NO_RECORDS, datatype_name, plain
from accord.config.drafting_schema import Answer, Description, Node, mapping, name_of

_DEEPEST_ENVELOPE = 3


@dataclass(frozen=True, slots=True)
class Collection:
    """A collection: ``path`` lists, ``one`` (with {id}) is one record of it, ``raw_one`` as the description writes it.

    ``items``: where the array is in the answer. ``record``: the schema of an item. ``id``: the path of the id, and ``why``.
    """

    name: str
    path: str
    one: str
    raw_one: str
    list: Node
    answer: Answer
    items: tuple[str, ...]
    record: Node
    id: str
    why_id: str


def collections(description: Description) -> tuple[list[Collection], list[str]]:
    """All that is listed and can be read one by one; and the paths that are listed but cannot."""
    found: list[Collection] = []
    others: list[str] = []
    for path in description.paths:
        if "{" in path or last_step(path) in DELETED_PATHS | NO_RECORDS:
            continue
        listing = description.operation(path, "get")
        answer = description.answer(listing)
        items = array_in(description, answer.schema)
        if not listing or items is None:
            continue
        made = _collection(description, path, listing, answer, items)
        if made is None or any(each.name == made.name for each in found):
            others.append(path)
        else:
            found.append(made)
    return found, others


def _collection(description: Description, path: str, listing: Node, answer: Answer, items: tuple[str, ...]) -> Collection | None:
    raw_one = next((each for each in description.paths if _is_one_of(each, path) and description.operation(each, "get")), None)
    if raw_one is None:
        return None
    node = item_node(description, answer.schema, items)
    record = description.schema(node)
    before, _, rest = raw_one.rpartition("{")
    parameter, _, after = rest.partition("}")
    name = datatype_name(name_of(node), path)
    known = dict(description.properties(record))
    id, why = _id(known, parameter, name)
    if id is None:
        return None
    one = f"{before}{{id}}{after.rstrip('/')}"
    return Collection(name, path, one, raw_one, listing, answer, items, record, id, why)


def _is_one_of(path: str, collection: str) -> bool:
    """Whether a path is that of a collection and one placeholder: /things/{id}, or /things({id}) as OData has it."""
    if re.fullmatch(re.escape(collection.rstrip("/")) + r"\('?\{[^{}/]+\}'?\)", path):
        return True
    rest = path.removeprefix(f"{collection.rstrip('/')}/")
    return rest != path and rest.startswith("{") and rest.rstrip("/").endswith("}") and rest.count("{") == 1 and "/" not in rest.rstrip("/")


def _id(known: dict[str, Node], parameter: str, name: str) -> tuple[str | None, str]:
    """The property that holds the id, and why it is taken."""
    if parameter in known:
        return parameter, ""
    usual = (plain(parameter), *IDS, f"{plain(name)}id")
    for wanted in usual:
        found = next((each for each in known if plain(each) == wanted), None)
        if found is not None:
            return found, f"the path says {{{parameter}}}; this is its most likely property"
    return None, ""


def last_step(path: str) -> str:
    """The last part of a path, as names are compared."""
    return plain(path.rstrip("/").rpartition("/")[2])


def array_in(description: Description, schema: Node, depth: int = 0) -> tuple[str, ...] | None:
    """Where the array of objects is in an answer; () for the answer itself, None if there is none."""
    if schema.get("type") == "array":
        return () if "properties" in description.schema(schema.get("items")) else None
    if depth == _DEEPEST_ENVELOPE:
        return None
    members = sorted(description.properties(schema), key=lambda each: _rank(each[0]))
    for name, member in members:
        if "." in name:
            continue  # a path is dotted
        inner = array_in(description, member, depth + 1)
        if inner is not None and (depth or member.get("type") == "array" or inner):
            return (name, *inner)
    return None


def _rank(name: str) -> int:
    """The usual names of arrays first."""
    return ARRAYS.index(plain(name)) if plain(name) in ARRAYS else len(ARRAYS)


def item_node(description: Description, schema: Node, items: Sequence[str]) -> Node:
    """The schema of an item, as it is referred to, so that its name is kept."""
    node: Node = schema
    for name in items:
        node = mapping(mapping(description.schema(node).get("properties")).get(name))
    held = description.schema(node).get("items")
    return held if isinstance(held, dict) else {}


def members_of(
    description: Description, schema: Node, skip: tuple[str, ...], depth: int = 0, at: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], Node]]:
    """All members of an envelope by their path, but what is within the array."""
    for name, member in description.properties(schema):
        path = (*at, name)
        if path == skip or "." in name or member.get("type") == "array":
            continue
        yield path, member
        if depth < _DEEPEST_ENVELOPE:
            yield from members_of(description, member, skip, depth + 1, path)


def envelope_of(description: Description, schema: Node, record: Node) -> str | None:
    """Where the record is in an answer, or in a body: "" for itself, the name of the one member that holds it; None if it is not there."""
    wanted = {name for name, _ in description.properties(record)}
    own = dict(description.properties(schema))
    if not own:
        return None
    if len(wanted & own.keys()) >= max(1, len(wanted) // 4):
        return ""
    for name, member in own.items():
        inner = {each for each, _ in description.properties(member)}
        if "." not in name and inner and len(wanted & inner) >= max(1, min(len(wanted), len(inner)) // 4):
            return name
    return None

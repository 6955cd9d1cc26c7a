"""Rows that name the items of lists, such as Lines.Quantity, become one mapping of the list.

Owns: which rows belong to which two lists, and what tells their items apart. Does not own: a row by itself (documents/proposing.py). Pure.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace

from accord.config.checking import by_path
from accord.documents.proposing import Proposed, Proposer, Unmapped, named, typed_ways
from accord.model.dataflow import ItemKey, PropertyMapping
from accord.model.manifest import Datatype, Property
from accord.model.records import Side
from accord.model.values import DataType

Cells = tuple[str, str]
_KEY = re.compile(r"(number|no|nr|sequence|position|index|key|id)$", re.IGNORECASE)


def grouped(rows: Iterable[Cells], datatypes: Mapping[Side, Datatype]) -> dict[Cells, dict[Cells, Cells]]:
    """(left list, right list) -> the cells of a row -> (left item property, right item property)."""
    found: dict[Cells, dict[Cells, Cells]] = {}
    for cells in rows:
        if named(datatypes[Side.LEFT], cells[0]) and named(datatypes[Side.RIGHT], cells[1]):
            continue  # properties of the record itself
        left, right = _item(datatypes[Side.LEFT], cells[0]), _item(datatypes[Side.RIGHT], cells[1])
        if left is not None and right is not None:
            found.setdefault((left[0], right[0]), {})[cells] = (left[1], right[1])
    return found


def list_mapping(proposer: Proposer, lists: Cells, items: Mapping[Cells, Cells]) -> tuple[Proposed, frozenset[Cells]]:
    """The mapping of two lists, and the rows that it carries. Raises Unmapped."""
    left, right = (proposer.datatypes[side].properties[name] for side, name in zip((Side.LEFT, Side.RIGHT), lists, strict=True))
    key = next((pair for pair in items.values() if _tells_apart(pair, left, right)), None)
    if key is None:
        raise Unmapped(f"nothing says which property tells the items of {lists[0]} and {lists[1]} apart")
    base = replace(proposer.started(lists[0], lists[1]), type=DataType.LIST, item_key=ItemKey(left=key[0], right=key[1]), properties=())
    carried: dict[Cells, PropertyMapping] = {}
    for cells, (one, other) in items.items():
        inner = PropertyMapping(left=(one,), right=(other,), name=one)
        for way in typed_ways(inner, left.items[one], right.items[other]):
            tried = replace(base, properties=(*carried.values(), way.mapping))
            if proposer.holds(tried):
                carried[cells] = way.mapping
                break
    whole = Proposed(replace(base, properties=tuple(carried.values())), {"item_key": "proposal: what tells the items apart, by its name"})
    return proposer.taken(whole), frozenset(carried)


def _item(datatype: Datatype, cell: str) -> Cells | None:
    """The list and the property of its items that a dotted path names."""
    paths = by_path(datatype)
    for at in (place for place, letter in enumerate(cell) if letter == "."):
        before, rest = cell[:at], cell[at + 1 :]
        name = before if before in datatype.properties else paths.get(before)
        items = datatype.properties[name].items if name in datatype.properties else {}
        for item, one in items.items():
            if rest in (item, one.path):
                return str(name), item
    return None


def _tells_apart(pair: Cells, left: Property, right: Property) -> bool:
    one, other = left.items[pair[0]], right.items[pair[1]]
    plain = all(each.type in ("string", "integer") for each in (one, other))
    return plain and all(_KEY.search(name) for name in pair) and not any("product" in name.lower() for name in pair)

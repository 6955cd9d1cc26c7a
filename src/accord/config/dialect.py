"""The one dialect of REST in which a stand-in is spoken to: a manifest for a system that nobody here has.

Owns: the calls, the members of a record on the wire, and telling whether a manifest is written in this dialect. Does not own: which
datatypes and properties there are (documents/standin.py says so for a document), the server (sandbox/standin/). Pure.

A record is ``{"id", "version", "modified", "deleted", "reference", "values": {...}}``. Every property is one flat member of ``values``,
whatever its name: so ``a`` and ``a.b`` may stand beside each other.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

from accord.config.drafting_names import plain, singular
from accord.config.drafting_yaml import Inline
from accord.config.manifest import SHAPE
from accord.config.yamlfile import YamlFile
from accord.model.manifest import Datatype, Manifest, Property

BASE = "/api/v1"
VALUES = "values."
ID, REFERENCE = "id", "reference"
_OTHER_WORDS = frozenset({"api", "v1"})
"""What stands in every address, and so names no collection."""

_IDS = frozenset({"$original_id", "id", "_id"})
_REFERENCE_END = re.compile(r"(?:[._ -]?(?:id|ref|number|no))$", re.IGNORECASE)
_COLLECTION = re.compile(r"/([a-z0-9-]+)")
_MEMBER = re.compile(r"values\.([\w$-]+)")


@dataclass(frozen=True, slots=True)
class Wire:
    """One datatype as the server keeps it: its name, the word for it in addresses, and its properties by their member of ``values``.

    ``shown``: the names of the properties that show the id; nobody writes them. ``targets``: the collection that the property at a member
    refers to, as far as names tell.
    """

    name: str
    collection: str
    properties: Mapping[str, Property]
    shown: tuple[str, ...]
    targets: Mapping[str, str] = field(default_factory=dict)


def collection_of(name: str, taken: Iterable[str]) -> str:
    """The word for a datatype in addresses: its own, as far as an address can hold it, and unlike those taken."""
    return _free(re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "records", "-", {*taken, *_OTHER_WORDS})


def member_of(name: str, taken: Iterable[str]) -> str:
    """The member of ``values`` that holds a property: its name in letters, digits and underscores, unlike those taken."""
    return _free(re.sub(r"\W+", "_", name).strip("_") or "value", "_", taken)


def _free(word: str, joint: str, taken: Iterable[str]) -> str:
    known, number, found = frozenset(taken), 1, word
    while found in known:
        number += 1
        found = f"{word}{joint}{number}"
    return found


def is_id(name: str) -> bool:
    """Whether a property of this name shows the record's own id, which its own system gives and nobody writes."""
    return name.strip().lower() in _IDS


def refers_to(name: str, datatypes: Iterable[str]) -> str | None:
    """The datatype whose id a property holds, as far as its name tells: "customerId", "customer.id" -> "Customer"; None otherwise."""
    stem = _REFERENCE_END.sub("", name)
    if is_id(name) or stem == name:
        return None
    wanted = plain(singular(re.split(r"[.\s]", stem)[-1]))
    return next((each for each in datatypes if wanted and plain(singular(each.split(" (")[0])) == wanted), None)


def environment_of(system: str) -> str:
    """What the environment variables of a system begin with: "Custom CRM" -> "CUSTOM_CRM"."""
    word = re.sub(r"[^A-Z0-9]+", "_", system.upper()).strip("_")
    return word if word and not word[0].isdigit() else f"SYSTEM_{word}".rstrip("_")


def system_data(system: str, environment: str, datatypes: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """A manifest as data. ``environment``: what the variables ``..._URL`` and ``..._KEY`` begin with; ``datatypes``: see datatype_data."""
    return {
        "manifest": 1,
        "system": system,
        "origin": f"${{env:{environment}_URL}}",
        "base_path": BASE,
        "authentication": Inline(kind="bearer", value=f"${{env:{environment}_KEY}}"),
        "clock": Inline(format="zoned", granularity_seconds=0.001),
        "datatypes": dict(datatypes),
    }


def datatype_data(collection: str, reference: str, properties: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """A datatype as data. ``reference``: the name of the property that holds our reference; it is added to ``properties``."""
    path = f"/{collection}"
    paging = Inline(kind="cursor", parameter="cursor", next="next", size_parameter="limit", size=500)
    find = {"path": path, "query": Inline(reference="{reference}", deleted="true"), "items": "items", "compare": REFERENCE}
    return {
        "id": ID,
        "version": "version",
        "modified": "modified",
        "reference": reference,
        "list": {"path": path, "items": "items", "paging": paging},
        "changes": Inline(kind="since", parameter="since", clock="now", overlap_seconds=2),
        "deleted": {"id": ID, "parameter": "since", "listing": {"path": f"{path}/deleted", "items": "items", "paging": paging}},
        "gone_when": [Inline(path="deleted", equals=True)],
        "read": f"{path}/{{id}}",
        "create": [{"method": "POST", "path": path, "find": find}],
        "update": Inline(method="PATCH", path=f"{path}/{{id}}"),
        "delete": Inline(method="DELETE", path=f"{path}/{{id}}", answer=None),
        "conditional": Inline(header="If-Match", format='"{version}"'),
        "idempotency_header": "Idempotency-Key",
        "properties": {reference: Inline(path=REFERENCE, note="our own reference, for finding a record again"), **properties},
    }


def wires(manifest: Manifest) -> tuple[Wire, ...]:
    """The datatypes of a manifest in this dialect. Raises ValueError with the first thing that is not of it."""
    expected = _taken(system_data(manifest.system, "X", {}))
    for each in fields(Manifest):
        if each.name not in ("system", "origin", "authentication", "datatypes", "private_hosts", "limits", "webhooks"):
            _same(each.name, getattr(manifest, each.name), getattr(expected, each.name))
    _same("authentication.kind", manifest.authentication.kind, "bearer")
    found = tuple(_wire(name, datatype) for name, datatype in manifest.datatypes.items())
    _once("list.path", [each.collection for each in found])
    collections = {each.name: each.collection for each in found}
    return tuple(replace(each, targets=_targets(manifest.datatypes[each.name], collections)) for each in found)


def _targets(datatype: Datatype, collections: Mapping[str, str]) -> dict[str, str]:
    """Member -> the collection whose ids it holds."""
    named = {name: refers_to(name, collections) for name, one in datatype.properties.items() if one.type == "string"}
    return {(datatype.properties[name].path or "").removeprefix(VALUES): collections[found] for name, found in named.items() if found}


def _wire(name: str, datatype: Datatype) -> Wire:
    collection = _COLLECTION.fullmatch(datatype.list.path)
    if collection is None or datatype.reference is None:
        raise ValueError(f"{name}: its list.path is not one plain word, or it has no reference")
    raw = _taken(system_data("x", "X", {name: datatype_data(collection[1], datatype.reference, {})})).datatypes[name]
    expected = replace(raw, properties=datatype.properties, assumptions=datatype.assumptions)
    for each in fields(Datatype):
        _same(f"{name}: {each.name}", getattr(datatype, each.name), getattr(expected, each.name))
    _same(f"{name}: {datatype.reference}", datatype.properties[datatype.reference].path, REFERENCE)
    others = {each: one for each, one in datatype.properties.items() if each != datatype.reference}
    shown = tuple(each for each, one in others.items() if one.path == ID and one.create is False and one.update is False)
    members = {_member(name, each, one): one for each, one in others.items() if each not in shown}
    _once(f"{name}: properties", [one.path or "" for each, one in others.items() if each not in shown])
    return Wire(name, collection[1], members, shown)


def _member(datatype: str, name: str, one: Property) -> str:
    found = _MEMBER.fullmatch(one.path or name)
    plain = one.group is None and one.compute is None and one.create is True and one.update is True and one.clearing == "null"
    if found is None or not plain:
        raise ValueError(f"{datatype}: {name} is not a plain member of values")
    return found[1]


def _taken(data: dict[str, Any]) -> Manifest:
    return SHAPE.take(YamlFile("dialect", data, {}, {}))


def _same(what: str, found: object, expected: object) -> None:
    if found != expected:
        raise ValueError(f"{what} is not as in the dialect of a stand-in")


def _once(what: str, words: list[str]) -> None:
    for word in words:
        if words.count(word) > 1:
            raise ValueError(f"{what}: {word} stands twice")

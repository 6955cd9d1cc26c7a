"""How a collection is read: its pages, its changes, its deletions, its version.

Owns: what is concluded about reading. Does not own: which calls there are (drafting_calls.py). Every conclusion carries its reason.
"""

from collections.abc import Iterator
from typing import Any

from accord.config import drafting_names as names
from accord.config.drafting_calls import Collection, array_in, item_node, last_step, members_of
from accord.config.drafting_names import first, plain
from accord.config.drafting_schema import Description, Node, whole_number
from accord.config.drafting_yaml import Guess, Inline

_LARGEST_PAGE = 500
_USUAL_PAGE = 100


def listing(description: Description, path: str, operation: Node, id: str) -> dict[str, Any]:
    """The listing of a path: where the items are, and how pages follow each other. ``id``: that of an item."""
    answer = description.answer(operation)
    items = array_in(description, answer.schema) or ()
    found = paging(description, path, operation, items, id)
    query = description.parameters(path, operation, "query")
    more = Inline({name: "true" for name, each in query.items() if _includes_more(name, each)})
    asked = {"query": Guess(more, "by its name, so that a listing tells as much as reading one does")} if more else {}
    return {"path": path, **asked, **({"items": ".".join(items)} if items else {}), "paging": found}


def _includes_more(name: str, schema: Node) -> bool:
    return plain(name).startswith("include") and schema.get("type") == "boolean" and plain(name) not in names.WITH_DELETED


def paging(description: Description, path: str, operation: Node, items: tuple[str, ...], collection_id: str) -> Guess:
    """How the pages of a listing follow each other."""
    query = description.parameters(path, operation, "query")
    answer = description.answer(operation)
    envelope = list(members_of(description, answer.schema, items))
    sizes = _size(query)
    total = next((".".join(at) for at, each in envelope if plain(at[-1]) in names.TOTALS and each.get("type") == "integer"), None)
    counted = {"total": total} if total else {}
    headers = {plain(name) for name in answer.headers}
    if "link" in headers:
        return Guess(Inline(kind="link_header", **sizes), "the answer has a Link header")
    link = next((".".join(at) for at, each in envelope if _is_link(at, each, query)), None)
    if link:
        return Guess(Inline(kind="next_link", next=link, **counted, **sizes), f"{link} looks like the address of the next page")
    after = first(query, names.AFTER_PARAMETERS)
    if after:
        keys = Inline({after: collection_id})
        return Guess(Inline(kind="keyset", keys=keys, **counted, **sizes), f"{after} looks as if it takes the id of a page's last record")
    cursor = first(query, names.CURSOR_PARAMETERS)
    held = next((".".join(at) for at, each in envelope if _is_cursor(at, each)), None)
    if cursor and held:
        return Guess(Inline(kind="cursor", parameter=cursor, next=held, **counted, **sizes), f"{cursor} takes what {held} gives")
    page = first(query, names.PAGE_PARAMETERS)
    if page:
        start = _start(query[page])
        return Guess(Inline(kind="page", parameter=page, start=start, **counted, **sizes), f"{page} takes a number")
    offset = first(query, names.OFFSET_PARAMETERS)
    if offset:
        return Guess(Inline(kind="offset", parameter=offset, **counted, **sizes), f"{offset} takes a number of records")
    why = f"it takes {next(iter(sizes.values()))}, so there are further pages, but not how they are asked for: look it up" if sizes else ""
    return Guess(Inline(kind="none"), why or "nothing in the description tells of further pages; look whether that is so")


def _size(query: dict[str, Node]) -> dict[str, Any]:
    parameter = first(query, names.SIZE_PARAMETERS)
    if parameter is None:
        return {}
    largest = whole_number(query[parameter].get("maximum"))
    size = _USUAL_PAGE if largest is None else min(_LARGEST_PAGE, largest)
    return {"size_parameter": parameter, "size": max(1, size)}


def _start(schema: Node) -> int:
    told = whole_number(schema.get("default", schema.get("minimum")))
    return told if told in (0, 1) else 1


def _is_link(at: tuple[str, ...], schema: Node, query: dict[str, Node]) -> bool:
    """The address of the next page: by its name, or a `next` that is an address, or for which no parameter could take a cursor."""
    if schema.get("type") not in (None, "string"):
        return False
    leaf, within = plain(at[-1]), {plain(each) for each in at[:-1]}
    if leaf in names.LINK_MEMBERS or (leaf in ("href", "url", "link") and "next" in within):
        return True
    return leaf == "next" and (
        bool(within & {"links", "link"}) or schema.get("format") in ("uri", "url") or not first(query, names.CURSOR_PARAMETERS)
    )


def _is_cursor(at: tuple[str, ...], schema: Node) -> bool:
    return plain(at[-1]) in names.CURSOR_MEMBERS and schema.get("type") in (None, "string", "integer")


def of_all_records(known: dict[str, Node]) -> Iterator[tuple[str, Any]]:
    """version and modified of a datatype."""
    version = first(known, names.VERSIONS)
    modified = first(known, names.MODIFIED)
    if version:
        yield "version", Guess(version, "by its name; it must change with every change of the record")
    elif modified:
        yield "version", Guess(modified, "there is no better one: a time, which is believed once it is not young any more")
    if modified:
        yield "modified", Guess(modified, "by its name")


def gone_when(known: dict[str, Node]) -> Iterator[tuple[str, Any]]:
    """By what a record tells that it is deleted."""
    flag = next(
        (name for name, each in known.items() if plain(name) in names.DELETED_FLAGS and each.get("type") in ("boolean", None)), None
    )
    when = first(known, names.DELETED_TIMES)
    if flag:
        yield "gone_when", Guess([Inline(path=flag, equals=True)], "by its name")
    elif when:
        yield "gone_when", Guess([Inline(path=when, present=True)], "by its name")


def changes(description: Description, collection: Collection) -> Iterator[tuple[str, Any]]:
    """changes and deleted of a datatype."""
    query = description.parameters(collection.path, collection.list, "query")
    since = first(query, names.SINCE)
    if since is None:
        return
    envelope = members_of(description, collection.answer.schema, collection.items)
    clock = next((".".join(at) for at, _ in envelope if plain(at[-1]) in names.SERVER_TIMES), None)
    found = Inline(kind="since", parameter=since, **({"clock": clock} if clock else {}), overlap_seconds=5)
    yield "changes", Guess(found, f"{since} looks as if it takes a time")
    yield from _deleted(description, collection, since)


def _deleted(description: Description, collection: Collection, since: str) -> Iterator[tuple[str, Any]]:
    for path in description.paths:
        inside = path.removeprefix(f"{collection.path.rstrip('/')}/")
        operation = description.operation(path, "get")
        if inside == path or "/" in inside or last_step(path) not in names.DELETED_PATHS or not operation:
            continue
        schema = description.answer(operation).schema
        items = array_in(description, schema)
        if items is None:
            continue
        known = dict(description.properties(description.schema(item_node(description, schema, items))))
        id = collection.id if collection.id in known else first(known, names.IDS)
        parameter = first(description.parameters(path, operation, "query"), {*names.SINCE, plain(since), "deletedsince", "deletedafter"})
        if id is not None:
            found: dict[str, Any] = {"id": id, **({"parameter": parameter} if parameter else {})}
            yield "deleted", Guess({**found, "listing": listing(description, path, operation, id)}, "by its path")
            return

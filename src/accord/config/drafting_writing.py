"""How the records of a collection are written, and how a create is found again.

Owns: what is concluded about writing. Does not own: which properties there are (drafting_properties.py).
"""

from collections.abc import Iterator
from typing import Any

from accord.config.drafting_calls import Collection, array_in, envelope_of
from accord.config.drafting_names import REFERENCES, VERSIONS, WITH_DELETED, first, leaf, plain
from accord.config.drafting_schema import Description, Node, listed
from accord.config.drafting_yaml import Guess, Inline

_JSON_API = "application/vnd.api+json"
_PUT_REMARK = "PUT may replace the whole record, and Accord sends what changed: see with accord manifest probe --allow-writes-to"


class Bodies:
    """What the creating and the updating call of a collection take: the schemas of the records in them, None where there is no call."""

    def __init__(self, description: Description, collection: Collection) -> None:
        self._description = description
        self._collection = collection
        self.create_call = description.operation(collection.path, "post")
        methods = ("patch", "put", "post")
        self.update_method = next((method for method in methods if description.operation(collection.raw_one, method)), None)
        self.update_call = description.operation(collection.raw_one, self.update_method) if self.update_method else {}
        self.create, self.create_at = self._record(self.create_call)
        self.update, self.update_at = self._record(self.update_call)

    def _record(self, call: Node) -> tuple[Node | None, str]:
        """The record in a body, and where it is there."""
        if not call:
            return None, ""
        body = self._description.body(call)
        at = envelope_of(self._description, body, self._collection.record) or ""
        return (dict(self._description.properties(body)).get(at, {}) if at else body), at

    def constants(self, record: Node | None, *, with_id: bool = False) -> dict[str, Any]:
        """What a body must say that can be one thing only, such as the type that JSON:API wants; and there the id of an update."""
        within = dict(self._description.properties(record)) if record else {}
        choices = {name: listed(each.get("enum")) for name, each in within.items() if not each.get("readOnly") and "." not in name}
        said = {name: options[0] for name, options in choices.items() if len(options) == 1}
        if said and with_id and self._collection.answer.kind == _JSON_API and self._collection.id in within:
            said[self._collection.id] = "$id"
        return {"add": Guess(Inline(said), "the description allows nothing else there")} if said else {}

    def answered(self, call: Node) -> str | None:
        """Where the record is in the answer; None where the answer has none."""
        return envelope_of(self._description, self._description.answer(call).schema, self._collection.record)


def reference_of(bodies: Bodies, description: Description, known: dict[str, Node]) -> str | None:
    """The property that can carry our reference."""
    name = first(known, REFERENCES)
    carried = description.members(bodies.create) if bodies.create is not None else {}
    return name if name in carried else None


def reading_one(description: Description, collection: Collection) -> Iterator[tuple[str, Any]]:
    """read and record of a datatype."""
    yield "read", collection.one
    at = envelope_of(description, description.answer(description.operation(collection.raw_one, "get")).schema, collection.record)
    if at:
        yield "record", Guess(at, "the answer holds the record there")


def writing(description: Description, collection: Collection, bodies: Bodies, reference: str | None) -> Iterator[tuple[str, Any]]:
    """create, update, delete, conditional and idempotency_header of a datatype."""
    if bodies.create_call:
        route = _route("POST", collection.path, bodies.create_at, bodies.answered(bodies.create_call))
        route |= bodies.constants(bodies.create)
        found = _find(description, collection, reference) if reference else None
        yield "create", [route | {"find": found} if found else route]
    if bodies.update_method:
        route = _route(bodies.update_method.upper(), collection.one, bodies.update_at, bodies.answered(bodies.update_call))
        route |= bodies.constants(bodies.update, with_id=True)
        yield "update", Guess(route, _PUT_REMARK) if bodies.update_method == "put" else route
    if description.operation(collection.raw_one, "delete"):
        yield "delete", Inline(method="DELETE", path=collection.one, answer=None)
    headers = description.parameters(collection.raw_one, bodies.update_call, "header")
    known = description.members(collection.record)
    if any(plain(name) == "ifmatch" for name in headers) and first(known, VERSIONS):  # a time is no entity tag
        yield (
            "conditional",
            Guess(Inline(header="If-Match", format='"{version}"'), "the update takes If-Match"),
        )
    keys = description.parameters(collection.path, bodies.create_call, "header")
    key = next((name for name in keys if "idempoten" in name.lower()), None)
    if key:
        yield "idempotency_header", Guess(key, "the create takes it")


def _route(method: str, path: str, at: str, answer: str | None) -> dict[str, Any]:
    route: dict[str, Any] = Inline(method=method, path=path)
    if at:
        route["at"] = Guess(at, "the body holds the record there")
    if answer:
        route["answer"] = Guess(answer, "the answer holds the record there")
    if answer is None:
        route["answer"] = Guess(None, "the answer seems to hold no record, so it is read back")
    return route


def _find(description: Description, collection: Collection, reference: str) -> Guess | None:
    """Where a record is looked for by our reference: the listing with a parameter, or a search beside it."""
    for path in [collection.path, *(each for each in description.paths if each.startswith(f"{collection.path}/") and "{" not in each)]:
        operation = description.operation(path, "get")
        query = description.parameters(path, operation, "query")
        name = next((each for each in query if leaf(each) == leaf(reference)), None)
        if name is None:
            continue
        deleted = first(query, WITH_DELETED)
        asked = {name: "{reference}"} | ({deleted: "true"} if deleted else {})
        schema = description.answer(operation).schema
        items = array_in(description, schema)
        alone = envelope_of(description, schema, collection.record)  # a search may give the one record itself
        within = alone if alone is not None else ".".join(items or ())
        found = Inline(path=path, query=asked, **({"items": within} if within else {}), compare=reference)
        return Guess(found, f"{name} of this call looks for {reference}; by it an unanswered create is found again")
    return None

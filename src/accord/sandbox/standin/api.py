"""The calls of one datatype of a stand-in: the dialect of config/dialect.py, one method each.

Owns: statuses, paging, conditions, idempotency. Does not own: keeping records (shelf.py), what a property takes (values.py).
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import msgspec

from accord.config.dialect import BASE, REFERENCE
from accord.sandbox.clock import Now, instant, microseconds_of
from accord.sandbox.standin.shelf import Record, Shelf
from accord.sandbox.standin.values import check
from accord.sandbox.web import JSON, Answer, Refusal, Request, Route

PAGE = 200
LONGEST_PAGE = 1000
_DECODER = msgspec.json.Decoder(dict[str, Any], float_hook=Decimal)


@dataclass(slots=True)
class Collection:
    """The calls of one collection."""

    shelf: Shelf
    now: Now
    _made: dict[str, tuple[str, bytes]] = field(default_factory=dict)

    def routes(self) -> tuple[Route, ...]:
        """The routes."""
        path = f"{BASE}/{self.shelf.wire.collection}"
        one, name = f"{path}/{{id}}", self.shelf.wire.name
        return (
            Route("GET", path, self.listing, f"List {name} records"),
            Route("GET", f"{path}/deleted", self.deleted, "List deletions"),
            Route("GET", one, self.get, f"Read a {name}"),
            Route("POST", path, self.create, f"Create a {name}", status=201),
            Route("PATCH", one, self.change, f"Change a {name}"),
            Route("DELETE", one, self.delete, f"Delete a {name}", status=204),
        )

    def listing(self, request: Request) -> Answer:
        query = request.query
        with_deleted = query.get("deleted") == "true"
        if "reference" in query:
            found = [each for each in self.shelf.with_reference(query["reference"]) if with_deleted or not each.deleted]
            return self._page(found, [each.encoded() for each in found], len(found))
        return self._some(request, lambda each: with_deleted or not each.deleted, Record.encoded)

    def deleted(self, request: Request) -> Answer:
        return self._some(request, lambda each: each.deleted, lambda each: msgspec.json.encode({"id": each.id}))

    def _some(self, request: Request, wanted: Callable[[Record], bool], told: Callable[[Record], bytes]) -> Answer:
        limit, found = _limit(request), []
        for each in self.shelf.since(_start(request)):
            if wanted(each):
                found.append(each)
                if len(found) > limit:
                    break
        return self._page(found, [told(each) for each in found[:limit]], limit)

    def _page(self, found: list[Record], items: Iterable[bytes], limit: int) -> Answer:
        following = f'"{found[limit - 1].modified + 1}"' if len(found) > limit else "null"
        return Answer(body=b'{"items":[' + b",".join(items) + f'],"next":{following},"now":"{instant(self.now())}"}}'.encode())

    def get(self, request: Request) -> Answer:
        return _told(self._present(request))

    def create(self, request: Request) -> Answer:
        key = request.header(b"idempotency-key")
        made = self._made.get(key) if key else None
        if made is None:
            record = self.shelf.create(*self._given(request))
            made = record.id, record.encoded()
            if key:
                self._made[key] = made
        return Answer(201, made[1], (JSON, (b"etag", b'"1"')))

    def change(self, request: Request) -> Answer:
        record = self._present(request)
        reference, values = self._given(request, record.reference)
        self._match(request, record)
        return _told(self.shelf.change(record, values, reference=reference))

    def delete(self, request: Request) -> Answer:
        record = self._present(request)
        self._match(request, record)
        self.shelf.change(record, {}, deleted=True)
        return Answer(204, headers=())

    def _present(self, request: Request) -> Record:
        record = self.shelf.records.get(request.values[0])
        if record is None:
            raise Refusal(404, f"There is no {self.shelf.wire.name} {request.values[0]}.", "not_found")
        if record.deleted:
            raise Refusal(410, f"{self.shelf.wire.name} {record.id} was deleted.", "gone")
        return record

    def _match(self, request: Request, record: Record) -> None:
        wanted = request.header(b"if-match")
        if wanted not in (None, "*", f'"{record.version}"'):
            raise Refusal(412, f"{record.id} is at version {record.version}, not {wanted}.", "precondition_failed")

    def _given(self, request: Request, before: str | None = None) -> tuple[str | None, dict[str, Any]]:
        """Our reference and the values of a body, once they are known to be good. Raises Refusal(422)."""
        try:
            body = _DECODER.decode(request.body)
        except (msgspec.DecodeError, UnicodeDecodeError, ArithmeticError, RecursionError) as problem:
            raise Refusal(422, str(problem), "invalid") from problem
        reference, values = body.pop(REFERENCE, before), body.pop("values", {})
        if body or not isinstance(values, dict) or not isinstance(reference, str | None):
            raise Refusal(422, "A body holds reference, a text, and values, an object.", "invalid", next(iter(body), None))
        for name, value in values.items():
            one = self.shelf.wire.properties.get(name)
            if one is None:
                raise Refusal(422, f"{self.shelf.wire.name} has no {name}.", "invalid", name)
            check(name, one, value)
        return reference, values


def _told(record: Record) -> Answer:
    return Answer(body=record.encoded(), headers=(JSON, (b"etag", f'"{record.version}"'.encode())))


def _limit(request: Request) -> int:
    text = request.query.get("limit", str(PAGE))
    if not (text.isascii() and text.isdecimal()) or not 1 <= int(text) <= LONGEST_PAGE:
        raise Refusal(422, f"limit must be 1 to {LONGEST_PAGE}.", "invalid", "limit")
    return int(text)


def _start(request: Request) -> int:
    """The first time that a page may hold: the cursor, or what ``since`` says (inclusive), or the beginning."""
    cursor, since = request.query.get("cursor"), request.query.get("since")
    try:
        return int(cursor) if cursor else microseconds_of(since) if since else 0
    except ValueError as problem:
        raise Refusal(422, "cursor must be one of ours, and since a time.", "invalid", "since") from problem

"""Customcrm's calls: docs/reference/customcrm-api.md, one method each.

Owns: statuses, paging, conditions, idempotency. Does not own: keeping records (shelf.py), checking properties (properties.py).
"""

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from accord.sandbox.clock import Now, instant, microseconds_of
from accord.sandbox.customcrm.properties import Datatype
from accord.sandbox.customcrm.shelf import Shelf
from accord.sandbox.customcrm.webhooks import Event, Webhooks
from accord.sandbox.web import JSON, Answer, Parameter, Refusal, Request, Route

PAGE = 200
LONGEST_PAGE = 1000
KEYS_REMEMBERED = 200_000
_UNKNOWN = re.compile(r"unknown field `(\w+)`")
_PLACE = re.compile(r"at `\$\.(\w+)")


@dataclass(frozen=True, slots=True)
class Made:
    """The first answer to an Idempotency-Key."""

    id: str
    body: bytes


class Collection:
    """The calls of one collection."""

    def __init__(self, shelf: Shelf, webhooks: Webhooks, now: Now) -> None:
        self._shelf = shelf
        self._webhooks = webhooks
        self._now = now
        self._made: dict[str, Made] = {}
        self._path = f"/api/{shelf.datatype.collection}"
        self._body = msgspec.json.Decoder(shelf.datatype.body)

    def routes(self) -> tuple[Route, ...]:
        """The routes, with what describes them."""
        kind: Datatype = self._shelf.datatype
        page = msgspec.defstruct(
            f"{kind.name}Page",
            [("items", list[kind.record]), ("next_cursor", str | None), ("server_time", str)],  # type: ignore[name-defined]  # made from a table
        )
        window = (Parameter("limit", "integer"), Parameter("cursor"))
        searched = (*window, Parameter("updated_since"), Parameter("include_deleted", "boolean"), Parameter("external_id"))
        matched = (Parameter("If-Match", place="header"),)
        one = f"{self._path}/{{id}}"
        return (
            Route("GET", self._path, self.listing, f"List {kind.name} records", searched, answer=page),
            Route("GET", f"{self._path}/deleted", self.deleted, "List deletions", (*window, Parameter("since")), answer=DeletedPage),
            Route("GET", one, self.get, f"Read a {kind.name}", answer=kind.record),
            Route("POST", self._path, self.create, f"Create a {kind.name}", KEYED, kind.body, kind.record, 201),
            Route("PATCH", one, self.change, f"Change a {kind.name}", matched, kind.body, kind.record),
            Route("DELETE", one, self.delete, f"Delete a {kind.name}", matched, status=204),
        )

    def listing(self, request: Request) -> Answer:
        query = request.query
        limit, start = _limit(query), _start(query, "updated_since")
        deleted = query.get("include_deleted", "false").lower() == "true"
        if "external_id" in query:
            return self._page(self._with_external_id(query["external_id"], deleted=deleted), None)
        bodies: list[bytes] = []
        last = 0
        for at, body in self._shelf.since(start, deleted=deleted):
            if len(bodies) == limit:
                return self._page(bodies, last)
            bodies.append(body)
            last = at
        return self._page(bodies, None)

    def _with_external_id(self, external_id: str, *, deleted: bool) -> list[bytes]:
        identifiers = self._shelf.with_external_id(external_id)
        bodies = (self._shelf.get(each) for each in identifiers if deleted or not self._shelf.is_deleted(each))
        return [body for body in bodies if body is not None]

    def deleted(self, request: Request) -> Answer:
        limit, start = _limit(request.query), _start(request.query, "since")
        items: list[bytes] = []
        last = 0
        for at, identifier in self._shelf.deleted_since(start):
            if len(items) == limit:
                return self._page(items, last)
            items.append(msgspec.json.encode({"Id": identifier, "DeletedAt": instant(at)}))
            last = at
        return self._page(items, None)

    def _page(self, items: list[bytes], last: int | None) -> Answer:
        cursor = f'"{cursor_of(last)}"' if last is not None else "null"
        tail = f'],"next_cursor":{cursor},"server_time":"{instant(self._now())}"}}'
        return Answer(body=b'{"items":[' + b",".join(items) + tail.encode())

    def get(self, request: Request) -> Answer:
        identifier = self._present(request)
        body = self._shelf.get(identifier)
        assert body is not None  # _present has looked
        return Answer(body=body, headers=(JSON, self._etag(identifier)))

    def create(self, request: Request) -> Answer:
        key = request.header(b"idempotency-key")
        made = self._made.get(key) if key else None
        if made is None:
            made = Made(*self._shelf.create(self._given(request)))
            self._announce("created", made.id)
            if key:
                self._remember(key, made)
        location = (b"location", f"{self._path}/{made.id}".encode())
        return Answer(201, made.body, (JSON, (b"etag", b'"1"'), location))

    def _remember(self, key: str, made: Made) -> None:
        if len(self._made) >= KEYS_REMEMBERED:
            del self._made[next(iter(self._made))]
        self._made[key] = made

    def change(self, request: Request) -> Answer:
        identifier = self._present(request)
        given = self._given(request)
        self._match(request, identifier)
        body = self._shelf.change(identifier, given)
        self._announce("updated", identifier)
        return Answer(body=body, headers=(JSON, self._etag(identifier)))

    def delete(self, request: Request) -> Answer:
        identifier = self._present(request)
        self._match(request, identifier)
        self._shelf.delete(identifier)
        self._announce("deleted", identifier)
        return Answer(204, headers=())

    def _present(self, request: Request) -> str:
        identifier = request.values[0]
        if self._shelf.get(identifier) is None:
            raise Refusal(404, f"There is no {self._shelf.datatype.name} {identifier}.", "not_found")
        if self._shelf.is_deleted(identifier):
            raise Refusal(410, f"{self._shelf.datatype.name} {identifier} was deleted.", "gone")
        return identifier

    def _match(self, request: Request, identifier: str) -> None:
        wanted = request.header(b"if-match")
        if wanted in (None, "*"):
            return
        version = self._shelf.version(identifier)
        if wanted != f'"{version}"':
            raise Refusal(412, f"{identifier} is at version {version}, not {wanted}.", "precondition_failed")

    def _etag(self, identifier: str) -> tuple[bytes, bytes]:
        return (b"etag", f'"{self._shelf.version(identifier)}"'.encode())

    def _given(self, request: Request) -> dict[str, Any]:
        """The properties of a body, as written, once they are known to be good. Raises Refusal(422)."""
        try:
            checked = self._body.decode(request.body)
        except msgspec.DecodeError as problem:
            found = _UNKNOWN.search(str(problem)) or _PLACE.search(str(problem))
            raise Refusal(422, str(problem), "invalid", found and found.group(1)) from problem
        lines = getattr(checked, "lines", None) or ()
        if lines and len({line.line_number for line in lines}) != len(lines):
            raise Refusal(422, "LineNumber must be unique in the record.", "invalid", "Lines")
        given: dict[str, Any] = msgspec.json.decode(request.body)
        return given

    def _announce(self, what: str, identifier: str) -> None:
        datatype = self._shelf.datatype
        self._webhooks.publish(Event(f"{datatype.name.lower()}.{what}", datatype.collection, identifier, instant(self._now())))


class Deletion(msgspec.Struct, rename="pascal"):
    """One entry of the list of deletions."""

    id: str
    deleted_at: str


class DeletedPage(msgspec.Struct):
    """A page of deletions."""

    items: list[Deletion]
    next_cursor: str | None
    server_time: str


KEYED = (Parameter("Idempotency-Key", place="header"),)


def cursor_of(last: int) -> str:
    """Where the next page starts, as text that nobody should read anything into."""
    return base64.urlsafe_b64encode(b"after:%d" % last).decode()


def _limit(query: Mapping[str, str]) -> int:
    text = query.get("limit", str(PAGE))
    if not text.isdecimal() or not 1 <= int(text) <= LONGEST_PAGE:
        raise Refusal(422, f"limit must be 1 to {LONGEST_PAGE}.", "invalid", "limit")
    return int(text)


def _start(query: Mapping[str, str], parameter: str) -> int:
    """The first time that a page may hold: behind the cursor, or what ``parameter`` says (inclusive), or the beginning."""
    if query.get("cursor"):
        try:
            return int(base64.urlsafe_b64decode(query["cursor"]).removeprefix(b"after:")) + 1
        except ValueError as problem:
            raise Refusal(422, "This cursor was not given by this server.", "invalid", "cursor") from problem
    if not query.get(parameter):
        return 0
    try:
        return microseconds_of(query[parameter])
    except ValueError as problem:
        raise Refusal(422, f"{parameter} must be a time.", "invalid", parameter) from problem

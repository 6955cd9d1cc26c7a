"""Five small CRMs that nobody here has seen, each in the style of the description beside it, over real HTTP."""

import base64
import json
import threading
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

DESCRIPTIONS = Path(__file__).parent / "descriptions"
Query = Mapping[str, str]
Record = dict[str, Any]


class Refused(Exception):
    """A status other than 2xx."""


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")  # noqa: TID251  # a server has a clock of its own


@dataclass
class Crm:
    """A CRM: its records, and its style. ``calls``: method and path of each call."""

    file: str
    base: str
    secrets: Mapping[str, str]
    signed: Callable[[Mapping[str, str]], bool]
    style: "type[Style]"
    shelf: dict[str, dict[str, Record]] = field(default_factory=dict)
    once: dict[str, Record] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    numbers: int = 0
    origin: str = ""

    def blank(self, kind: str) -> Record:
        """A record in which nothing is filled in."""
        return document() if self.style is Osprey else blank(kind)

    def description(self) -> str:
        """As the system publishes it, for where it listens."""
        text = (DESCRIPTIONS / self.file).read_text("utf-8")
        for said in (
            "https://api.bluebird.example",
            "https://{tenant}.harbor.example",
            "https://pinecone.example",
            "https://{region}.osprey.example",
            "https://api.larch.example",
        ):
            text = text.replace(said, self.origin)
        return text


class Style:
    """What the three differ in."""

    id = "id"
    modified = "updated_at"

    def fresh(self, crm: Crm, kind: str) -> str:
        crm.numbers += 1  # an id is never given twice
        return str(crm.numbers)

    def listed(self, crm: Crm, kind: str, query: Query) -> tuple[Any, dict[str, str]]:
        raise NotImplementedError

    def wrapped(self, record: Record) -> Any:
        return record

    def unwrapped(self, body: Any) -> Record:
        return body

    def touch(self, record: Record) -> None:
        record[self.modified] = now()

    def merge(self, record: Record, body: Record) -> None:
        record.update(body)

    def remove(self, crm: Crm, kind: str, record: Record) -> None:
        del crm.shelf[kind][str(record[self.id])]


class Bluebird(Style):
    """Page numbers, {"data": ..., "meta": ...}, soft deletes."""

    def wrapped(self, record: Record) -> Any:
        return {"data": record}

    def remove(self, crm: Crm, kind: str, record: Record) -> None:
        record["deleted_at"] = now()
        self.touch(record)

    def listed(self, crm: Crm, kind: str, query: Query) -> tuple[Any, dict[str, str]]:
        since = query.get("updated_since", "")
        rows = [each for each in crm.shelf[kind].values() if (since or not each.get("deleted_at")) and each["updated_at"] >= since]
        page, size = int(query.get("page", "1")), min(50, int(query.get("per_page", "20")))
        return {"data": rows[(page - 1) * size : page * size], "meta": {"page": page, "total": len(rows)}}, {}


class Harbor(Style):
    """Cursors deep in the envelope, {"account": ...} around what is written and read, versions, keys for repeated creates, tombstones."""

    modified = "modified_at"

    def fresh(self, crm: Crm, kind: str) -> str:
        return str(uuid.UUID(int=int(super().fresh(crm, kind))))

    def wrapped(self, record: Record) -> Any:
        return {"account": record}

    def unwrapped(self, body: Any) -> Record:
        return body["account"]

    def touch(self, record: Record) -> None:
        super().touch(record)
        record["version"] = record.get("version", 0) + 1
        record.setdefault("deleted", False)

    def remove(self, crm: Crm, kind: str, record: Record) -> None:
        record["deleted"] = True
        self.touch(record)

    def listed(self, crm: Crm, kind: str, query: Query) -> tuple[Any, dict[str, str]]:
        since, after, size = query.get("modified_since", ""), query.get("after", ""), int(query.get("limit", "10"))
        rows = [each for each in crm.shelf[kind].values() if (since or not each["deleted"]) and each["modified_at"] >= since]
        if "external_id" in query:
            rows = [each for each in rows if each.get("external_id") == query["external_id"]]
        rows = sorted((each for each in rows if each["id"] > after), key=lambda each: each["id"])
        paging = {"next": {"after": rows[size - 1]["id"]}} if len(rows) > size else None
        return {"results": rows[:size], "server_time": now(), "paging": paging}, {}


class Pinecone(Style):
    """Bare arrays, a Link header, a list of deletions, PUT that answers nothing."""

    id = "personNo"
    modified = "lastModified"

    def __init__(self) -> None:
        self.gone: list[Record] = []

    def remove(self, crm: Crm, kind: str, record: Record) -> None:
        super().remove(crm, kind, record)
        self.gone.append({"personNo": record["personNo"], "when": now()})

    def listed(self, crm: Crm, kind: str, query: Query) -> tuple[Any, dict[str, str]]:
        since, start, size = query.get("since", ""), int(query.get("start", "0")), int(query.get("size", "10"))
        rows = [each for each in crm.shelf[kind].values() if each["lastModified"] >= since]
        more = {"Link": f'<{crm.base}/people?start={start + size}&size={size}>; rel="next"'} if start + size < len(rows) else {}
        return rows[start : start + size], more


class Osprey(Style):
    """JSON:API: the type must be said, all but the id is in attributes, the next page is an address; tokens by client credentials."""

    def wrapped(self, record: Record) -> Any:
        return {"data": record}

    def unwrapped(self, body: Any) -> Record:
        if body["data"].get("type") != "contacts" or body["data"].keys() - {"type", "id", "attributes"}:
            raise Refused(409)
        return {"attributes": body["data"].get("attributes", {})}

    def merge(self, record: Record, body: Record) -> None:
        record["attributes"] |= body["attributes"]

    def touch(self, record: Record) -> None:
        record["attributes"]["updatedAt"] = now()

    def listed(self, crm: Crm, kind: str, query: Query) -> tuple[Any, dict[str, str]]:
        since = query.get("filter[updatedSince]", "")
        rows = [each for each in crm.shelf[kind].values() if each["attributes"]["updatedAt"] >= since]
        page, size = int(query.get("page[number]", "1")), int(query.get("page[size]", "10"))
        more = f"{crm.origin}{crm.base}/contacts?" + urlencode({**query, "page[number]": page + 1}) if page * size < len(rows) else None
        return {"data": rows[(page - 1) * size : page * size], "links": {"next": more}, "meta": {"total": len(rows)}}, {}


class Larch(Style):
    """Pages begin after the last id of the one before, an update is a POST, nothing tells when a record changed."""

    def fresh(self, crm: Crm, kind: str) -> str:
        return f"cus_{int(super().fresh(crm, kind)):06}"

    def merge(self, record: Record, body: Record) -> None:
        address = (record["address"] or {}) | (body.get("address") or {})
        record.update(body | {"address": address})

    def touch(self, record: Record) -> None:
        pass

    def listed(self, crm: Crm, kind: str, query: Query) -> tuple[Any, dict[str, str]]:
        rows = [each for id, each in sorted(crm.shelf[kind].items()) if id > query.get("starting_after", "")]
        size = int(query.get("limit", "10"))
        return {"object": "list", "data": rows[:size], "has_more": len(rows) > size}, {}


class _Handler(BaseHTTPRequestHandler):
    crm: Crm
    style: Style
    lock: threading.Lock
    protocol_version = "HTTP/1.1"

    def log_request(self, *args: Any) -> None:
        pass

    def _serve(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        content = self.rfile.read(length)
        parts = urlsplit(self.path)
        form = parts.path == "/oauth/token"
        body = dict(parse_qsl(content.decode())) if form else json.loads(content) if content else None
        with self.lock:
            if not form:
                self.crm.calls.append(f"{self.command} {parts.path}")
            try:
                status, answer, headers = self._answer(parts.path, dict(parse_qsl(parts.query)), body)
            except Refused as refusal:
                status, answer, headers = int(str(refusal)), {"error": {"message": "no"}}, {}
        content = b"" if answer is None else json.dumps(answer).encode()
        self.send_response(status)
        for name, text in {"Content-Type": "application/json", "Content-Length": str(len(content)), **headers}.items():
            self.send_header(name, text)
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = _serve  # noqa: N815  # the names that http.server asks for

    def _answer(self, path: str, query: Query, body: Any) -> tuple[int, Any, dict[str, str]]:
        if path == "/oauth/token" and isinstance(self.style, Osprey):
            if not _client(self.headers) or body.get("grant_type") != "client_credentials":
                raise Refused(400)
            return 200, {"access_token": "osprey-token", "token_type": "Bearer", "expires_in": 3600}, {}
        if not self.crm.signed(self.headers):
            raise Refused(401)
        kind, _, id = path.removeprefix(self.crm.base).strip("/").partition("/")
        if not path.startswith(f"{self.crm.base}/") or kind not in self.crm.shelf:
            raise Refused(404)
        if id == "deleted" and isinstance(self.style, Pinecone):
            return 200, [each for each in self.style.gone if each["when"] >= query.get("since", "")], {}
        if not id:
            return self._collection(kind, query, body)
        record = self.crm.shelf[kind].get(id)
        if record is None or ((record.get("deleted") or record.get("deleted_at")) and self.command != "GET"):
            raise Refused(404)
        return self._one(kind, record, body)

    def _collection(self, kind: str, query: Query, body: Any) -> tuple[int, Any, dict[str, str]]:
        if self.command == "GET":
            return (200, *self.style.listed(self.crm, kind, query))
        key = self.headers.get("Idempotency-Key", "")
        record = self.crm.once.get(key)
        if record is None:
            id = self.style.fresh(self.crm, kind)
            said = self.style.unwrapped(body)
            record = self.crm.shelf[kind][id] = self.crm.blank(kind) | {self.style.id: int(id) if id.isdigit() else id}
            self.style.merge(record, said)
            self.style.touch(record)
            if key:
                self.crm.once[key] = record
        return 201, self.style.wrapped(record), {}

    def _one(self, kind: str, record: Record, body: Any) -> tuple[int, Any, dict[str, str]]:
        condition = self.headers.get("If-Match")
        if condition is not None and condition != f'"{record.get("version")}"':
            raise Refused(412)
        if self.command == "DELETE":
            self.style.remove(self.crm, kind, record)
            return 204, None, {}
        if self.command != "GET":
            self.style.merge(record, self.style.unwrapped(body))
            self.style.touch(record)
            if self.command == "PUT":
                return 204, None, {}
        return 200, self.style.wrapped(record), {}


def blank(kind: str) -> Record:
    """A record in which nothing is filled in."""
    return {
        "contacts": {
            "first_name": "",
            "last_name": "",
            "email": None,
            "status": "lead",
            "birth_date": None,
            "balance": 0,
            "newsletter": False,
        }
        | {"tags": [], "address": {"street": "", "city": ""}, "score": 0, "deleted_at": None},
        "organisations": {"name": ""},
        "accounts": {
            "external_id": None,
            "title": "",
            "remarks": None,
            "employees": None,
            "revenue": None,
            "kind": "customer",
            "branches": [],
        },
        "people": {"givenName": "", "familyName": "", "joined": "2020-01-01", "mail": ""},
        "customers": {
            "object": "customer",
            "name": "",
            "email": None,
            "balance": 0,
            "metadata": {},
            "address": {"line1": "", "city": None},
        },
    }[kind]


def document() -> Record:
    """The same of JSON:API."""
    names = ("firstName", "lastName", "email", "birthDate", "externalId")
    return {"type": "contacts", "attributes": {name: "" if name.endswith("Name") else None for name in names}}


def _basic(headers: Mapping[str, str]) -> bool:
    return headers.get("Authorization") == "Basic " + base64.b64encode(b"reader:pinecone-word").decode()


def _client(headers: Mapping[str, str]) -> bool:
    return headers.get("Authorization") == "Basic " + base64.b64encode(b"osprey-client:osprey-word").decode()


def crms() -> dict[str, Crm]:
    """All of them, with twelve records of each kind."""
    made = {
        "bluebird": Crm(
            "bluebird.json",
            "/v2",
            {"BLUEBIRD_KEY": "bluebird-key"},
            lambda headers: headers.get("Authorization") == "Bearer bluebird-key",
            Bluebird,
            {"contacts": {}, "organisations": {}},
        ),
        "harbor": Crm(
            "harbor.yaml", "/api", {"HARBOR_KEY": "harbor-key"}, lambda h: h.get("X-Api-Key") == "harbor-key", Harbor, {"accounts": {}}
        ),
        "pinecone": Crm(
            "pinecone.json", "/rest", {"PINECONE_USER": "reader", "PINECONE_PASSWORD": "pinecone-word"}, _basic, Pinecone, {"people": {}}
        ),
        "osprey": Crm(
            "osprey.yaml",
            "/api",
            {"OSPREY_CLIENT_ID": "osprey-client", "OSPREY_CLIENT_SECRET": "osprey-word"},
            lambda headers: headers.get("Authorization") == "Bearer osprey-token",
            Osprey,
            {"contacts": {}},
        ),
        "larch": Crm(
            "larch.yaml",
            "/v1",
            {"LARCH_KEY": "larch-key"},
            lambda headers: headers.get("Authorization") == "Bearer larch-key",
            Larch,
            {"customers": {}},
        ),
    }
    for crm in made.values():
        style = crm.style()
        for kind in crm.shelf:
            for number in range(12):
                id = style.fresh(crm, kind)
                record = crm.blank(kind) | {style.id: int(id) if id.isdigit() else id}
                record |= {name: f"{name} {number}" for name, value in record.items() if value == ""}
                style.touch(record)
                crm.shelf[kind][id] = record
    return made


@contextmanager
def serving(name: str) -> Iterator[Crm]:
    """One of them, listening on a free port of this machine."""
    crm = crms()[name]
    handler = type("Handler", (_Handler,), {"crm": crm, "style": crm.style(), "lock": threading.Lock()})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    crm.origin = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield crm
    finally:
        server.shutdown()
        server.server_close()
        thread.join()

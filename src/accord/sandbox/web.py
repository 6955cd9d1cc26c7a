"""A request becomes an answer: routes, signing in, counting, faults. A small ASGI application, because a sandbox must be fast.

Owns: Request, Answer, Refusal, Route, Application. Does not own: what any path means (customcrm/, membercare/, standin/), how a fault is
chosen (faults.py), what is lied about (lying.py), how routes are described (openapi.py).
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, MutableMapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Protocol, TypeAlias
from urllib.parse import parse_qsl

import msgspec

from accord.sandbox.faults import Calls, Faults, Strike

Scope: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send: TypeAlias = Callable[[MutableMapping[str, Any]], Awaitable[None]]
JSON = (b"content-type", b"application/json; charset=utf-8")
LINES = (b"content-type", b"application/x-ndjson")
READS = frozenset({"GET", "HEAD"})


@dataclass(slots=True)
class Request:
    """What a handler sees. ``values``: what stood in the place of each {name} of the path, in order."""

    method: str
    path: str
    values: tuple[str, ...]
    query_string: bytes
    headers: Sequence[tuple[bytes, bytes]]
    body: bytes
    _query: dict[str, str] | None = None

    @property
    def query(self) -> dict[str, str]:
        """The query's parameters; of several of one name the last."""
        if self._query is None:
            self._query = dict(parse_qsl(self.query_string.decode("latin-1"), keep_blank_values=True))
        return self._query

    def header(self, name: bytes) -> str | None:
        """A header by its name in lower case."""
        for key, value in self.headers:
            if key == name:
                return value.decode("latin-1")
        return None


@dataclass(frozen=True, slots=True)
class Answer:
    """What is sent back; ``chunks`` instead of a body for long ones."""

    status: int = 200
    body: bytes = b""
    headers: tuple[tuple[bytes, bytes], ...] = (JSON,)
    chunks: Iterable[bytes] | None = None


class Refusal(Exception):
    """An answer that is no success. ``code`` and ``member`` are told where the system's errors have a place for them."""

    def __init__(self, status: int, message: str, code: str = "", member: str | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.code = code
        self.member = member


Handler: TypeAlias = Callable[[Request], Answer]
Run: TypeAlias = Callable[[Request], Answer]
"""Finds the route of a request and handles it, honestly. Raises Refusal."""


class Liar(Protocol):
    """Stands between a request and its handler (lying.py)."""

    @property
    def on(self) -> bool:
        """Whether there is anything to lie about."""
        ...

    def answer(self, call: str, request: Request, run: Run) -> Answer:
        """Carry a call out, not quite. ``call``: as in the counts. Raises Refusal."""
        ...


@dataclass(frozen=True, slots=True)
class Parameter:
    """A query parameter or header, for the description only."""

    name: str
    type: str = "string"
    place: str = "query"


@dataclass(frozen=True, slots=True)
class Route:
    """One call. ``body`` and ``answer`` are types that msgspec can describe. ``open``: needs no signing in and is not counted as work."""

    method: str
    path: str
    handler: Handler
    summary: str = ""
    parameters: tuple[Parameter, ...] = ()
    body: Any = None
    answer: Any = None
    status: int = 200
    open: bool = False


@dataclass(slots=True)
class _Node:
    children: dict[str, "_Node"] = field(default_factory=dict)
    other: "_Node | None" = None
    routes: dict[str, tuple[Route, str]] = field(default_factory=dict)


def pretty(name: str) -> str:
    """How a call is named in counts and faults: without the base path, every {name} as {id}."""
    parts = [part for part in name.split("/") if part and part not in ("api", "v1")]
    return "/".join("{id}" if part.startswith("{") else part for part in parts)


def encoded(value: object, status: int = 200, headers: tuple[tuple[bytes, bytes], ...] = ()) -> Answer:
    """Any value as a JSON answer."""
    return Answer(status, msgspec.json.encode(value), (JSON, *headers))


class Application:
    """Routes behind one address. ``sign_in`` raises Refusal; ``refuse`` writes errors in the system's own shape."""

    def __init__(
        self,
        routes: Sequence[Route],
        sign_in: Callable[[Request], None],
        refuse: Callable[[Refusal], Answer],
        faults: Faults,
        calls: Calls,
        lies: Liar,
    ) -> None:
        self.routes = tuple(routes)
        self.calls = calls
        self.lies = lies
        self._sign_in = sign_in
        self._refuse = refuse
        self._faults = faults
        self._root = _Node()
        for route in routes:
            self._add(route)

    def _add(self, route: Route) -> None:
        node = self._root
        for part in route.path.strip("/").split("/"):
            if part.startswith("{"):
                node.other = node.other or _Node()
                node = node.other
            else:
                node = node.children.setdefault(part, _Node())
        node.routes[route.method] = (route, f"{route.method} {pretty(route.path)}")

    def _find(self, method: str, path: str) -> tuple[Route, str, tuple[str, ...]]:
        node, values = self._root, []
        for part in path.strip("/").split("/"):
            child = node.children.get(part)
            if child is None:
                child = node.other
                values.append(part)
            if child is None:
                raise Refusal(404, f"There is nothing at {path}.", "not_found")
            node = child
        found = node.routes.get(method)
        if found is None:
            status, code = (405, "method_not_allowed") if node.routes else (404, "not_found")
            raise Refusal(status, f"{method} is not possible at {path}.", code)
        return found[0], found[1], tuple(values)

    def _prepare(self, scope: Scope, body: bytes) -> tuple[Handler, Request, Strike]:
        """Find the route, sign in, count, and draw what goes wrong. Raises Refusal."""
        method, path = scope["method"], scope["path"]
        request = Request(method, path, (), scope["query_string"], scope["headers"], body)
        if not path.startswith("/_sandbox") and path != "/openapi.json":
            route, call, request.values = self._find_signed_in(request)
            self.calls.count(call, work=not route.open, write=method not in READS)
            handler = partial(self._lied, call) if self.lies.on and not route.open else route.handler
            return handler, request, self._faults.strike(call, write=method not in READS)
        route, _, request.values = self._find(method, path)
        return route.handler, request, Strike()

    def _lied(self, call: str, request: Request) -> Answer:
        return self.lies.answer(call, request, self._honest)

    def _honest(self, request: Request) -> Answer:
        route, _, values = self._find(request.method, request.path)
        return route.handler(replace(request, values=values))

    def _find_signed_in(self, request: Request) -> tuple[Route, str, tuple[str, ...]]:
        found = self._find(request.method, request.path)
        if not found[0].open:
            try:
                self._sign_in(request)
            except Refusal as refusal:
                if refusal.status != 401:
                    self.calls.count(found[1], work=True, write=request.method not in READS)
                raise
        return found

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        body = await _read(receive)
        try:
            handler, request, strike = self._prepare(scope, body)
        except Refusal as refusal:
            await _answer(send, self._refuse(refusal))
            return
        if strike.seconds:
            await asyncio.sleep(strike.seconds)
        if strike.lost_call:
            await _hang_up(scope, receive)
            return
        answer = self._refuse_by_fault(strike) if strike.refused else self._handle(handler, request)
        if strike.lost_answer:
            await _hang_up(scope, receive)
            return
        await _answer(send, answer)

    def _handle(self, handler: Handler, request: Request) -> Answer:
        try:
            return handler(request)
        except Refusal as refusal:
            return self._refuse(refusal)

    def _refuse_by_fault(self, strike: Strike) -> Answer:
        answer = self._refuse(Refusal(strike.refused, "A fault that was asked for.", "fault"))
        if not strike.retry_after:
            return answer
        return Answer(answer.status, answer.body, (*answer.headers, (b"retry-after", strike.retry_after.encode())))


async def _read(receive: Receive) -> bytes:
    message = await receive()
    body: bytes = message.get("body", b"")
    while message.get("more_body"):
        message = await receive()
        body += message.get("body", b"")
    return body


async def _answer(send: Send, answer: Answer) -> None:
    headers = list(answer.headers)
    if answer.chunks is None:
        if answer.status != 204:
            headers.append((b"content-length", str(len(answer.body)).encode()))
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        await send({"type": "http.response.body", "body": answer.body})
        return
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    for chunk in answer.chunks:
        await send({"type": "http.response.body", "body": chunk, "more_body": True})
    await send({"type": "http.response.body", "body": b""})


async def _hang_up(scope: Scope, receive: Receive) -> None:
    """Cut the connection without an answer (serving.py puts ``abort`` into the scope) and wait until the server has noticed."""
    scope["accord.abort"]()
    while (await receive())["type"] != "http.disconnect":
        pass

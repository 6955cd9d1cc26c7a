"""A plain client for the tests of the sandboxes: one call, one answer, nothing clever."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

from accord.sandbox.process import Running


@dataclass
class Reply:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Client:
    running: Running
    prefix: str
    headers: dict[str, str] = field(default_factory=dict)

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> Reply:
        """``path`` is relative to the prefix, or begins with "/", or is a whole address. Keywords are headers, "_" for "-"."""
        place = urlsplit(self.running.url)
        target = path if path.startswith("/") else path.removeprefix(self.running.url) if "://" in path else self.prefix + path
        connection = HTTPConnection(place.hostname or "", place.port, timeout=10)
        sent = {**self.headers, **{name.replace("_", "-"): value for name, value in headers.items()}}
        connection.request(method, target, None if body is None else json.dumps(body), sent)
        answer = connection.getresponse()
        reply = Reply(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())
        connection.close()
        return reply

    def get(self, path: str, **headers: str) -> Any:
        reply = self.call("GET", path, **headers)
        assert reply.status == 200, reply
        return reply.json

    def post(self, path: str, body: Any = None, **headers: str) -> Any:
        reply = self.call("POST", path, body, **headers)
        assert reply.status in (200, 201), reply
        return reply.json if reply.body else None

    def dump(self, collection: str) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.call("GET", f"/_sandbox/dump/{collection}").body.splitlines()]

    def cursor_pages(self, path: str) -> Iterator[list[dict[str, Any]]]:
        """Customcrm: page by page."""
        cursor: str | None = ""
        while cursor is not None:
            page = self.get(f"{path}{'&' if '?' in path else '?'}cursor={cursor}")
            yield page["items"]
            cursor = page["next_cursor"]

    def numbered_pages(self, path: str) -> Iterator[list[dict[str, Any]]]:
        """Membercare: page by page along nextPageUrl."""
        following: str | None = path
        while following:
            page = self.get(following)
            yield page["result"]
            following = page["nextPageUrl"]


def customcrm(running: Running) -> Client:
    return Client(running, "/api/", {"Authorization": f"Bearer {running.key}"})


def membercare(running: Running) -> Client:
    client = Client(running, "/api/v1/")
    token = client.post("token", {"clientApiKey": running.key, "personToImpersonate": "1"})
    client.headers["token"] = token["value"]
    return client

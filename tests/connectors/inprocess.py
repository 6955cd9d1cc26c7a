"""The sandboxes without sockets and processes: Http straight into the application, on a clock that only tests move."""

import json
import random
from collections.abc import Coroutine, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any
from urllib.parse import unquote, urlsplit

from rigs import KnownSecrets, PassingClock, shipped

from accord.connectors.http import Answer, NotSent
from accord.connectors.rest import RestConnector
from accord.model.manifest import Datatype, Listing, Manifest
from accord.model.records import Side
from accord.sandbox import customcrm, membercare
from accord.sandbox.faults import Faults
from accord.sandbox.web import Application

ORIGIN = "http://sandbox.test"
AFTER_THE_SEEDS = 2 * 365 * 86_400.0
"""Seconds: the seeded records are from 2025, which must be the past."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Caseless(dict[str, str]):
    """Headers, looked up by any spelling."""

    def get(self, name: str, default: Any = None) -> Any:
        return super().get(name.lower(), default)


class Hosted:
    """One sandbox, and the Http that leads to it. ``erased``: paths of records that are anonymised, which no call of the API can do."""

    def __init__(self, name: str, clock: PassingClock, *, size: int = 0, strict: bool = False) -> None:
        self.clock = clock
        clock.passed += AFTER_THE_SEEDS
        self.erased: set[str] = set()
        self.app: Application
        if name == "customcrm":
            self.app = customcrm.application(customcrm.Settings("key", size, 1), Faults(), self._now)
        else:
            self.app = membercare.application(membercare.Settings(ORIGIN, "key", "1", 600.0, strict, size, 1), Faults(), self._now)

    def _now(self) -> int:
        return (self.clock.now() - EPOCH) // timedelta(microseconds=1)

    async def request(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None = None) -> Answer:
        parts = urlsplit(url)
        if f"{parts.scheme}://{parts.netloc}" != ORIGIN:
            raise NotSent("another origin")
        sent: list[Mapping[str, Any]] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": body or b""}

        async def send(message: Mapping[str, Any]) -> None:
            sent.append(message)

        wire = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
        scope = {"type": "http", "method": method, "path": unquote(parts.path), "query_string": parts.query.encode(), "headers": wire}
        await self.app(scope, receive, send)
        given = Caseless({name.decode(): value.decode() for name, value in sent[0]["headers"]})
        given["date"] = format_datetime(self.clock.now().replace(microsecond=0), usegmt=True)
        whole = b"".join(message.get("body", b"") for message in sent[1:])
        return Answer(sent[0]["status"], given, self._with_erasures(whole) if self.erased and method == "GET" else whole)

    def _with_erasures(self, body: bytes) -> bytes:
        said = json.loads(body)
        for record in said.get("result", [said]) if isinstance(said, dict) else []:
            if record.get("debtorAccountNumber") in self.erased:
                record["anonymizedOn"] = "2024-09-10T00:00:00"
        return json.dumps(said).encode()

    async def close(self) -> None:
        pass

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """A user's call, from outside of any loop: the application never really waits."""
        answer = _drive(self.request(method, ORIGIN + path, headers, None if body is None else json.dumps(body, default=float).encode()))
        assert 200 <= answer.status < 300, answer
        return json.loads(answer.body) if answer.body else None


def _drive(work: Coroutine[Any, Any, Answer]) -> Answer:
    try:
        work.send(None)
    except StopIteration as end:
        answer: Answer = end.value
        return answer
    raise AssertionError("the sandbox waited for something")


def connect(hosted: Hosted, manifest: Manifest, wanted: Mapping[str, frozenset[str]], page_size: int | None = None) -> RestConnector:
    """A connector to a hosted sandbox."""
    if page_size is not None:
        datatypes = {name: _sized(each, page_size) for name, each in manifest.datatypes.items()}
        manifest = replace(manifest, datatypes=datatypes)
    secrets = KnownSecrets(CUSTOMCRM_URL=ORIGIN, CUSTOMCRM_KEY="key", MEMBERCARE_URL=ORIGIN, MEMBERCARE_KEY="key", MEMBERCARE_PERSON="1")
    return RestConnector(manifest, Side.RIGHT, wanted, hosted, secrets, hosted.clock, random.Random(3))


def _sized(datatype: Datatype, size: int) -> Datatype:
    changes = datatype.changes
    if changes is not None and changes.listing is not None:
        changes = replace(changes, listing=_page(changes.listing, size))
    return replace(datatype, list=_page(datatype.list, size), changes=changes)


def _page(listing: Listing, size: int) -> Listing:
    return replace(listing, paging=replace(listing.paging, size=size))


def every_property(manifest: Manifest) -> dict[str, frozenset[str]]:
    """All properties of all datatypes."""
    return {name: frozenset(each.properties) for name, each in manifest.datatypes.items()}


__all__ = ["Hosted", "connect", "every_property", "shipped"]

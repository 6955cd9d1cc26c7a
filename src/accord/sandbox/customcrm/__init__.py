"""Customcrm, the CRM that stands for whichever an organisation has: exactly docs/reference/customcrm-api.md.

Owns: joining the parts of this server, signing in, the rate limit, the webhook calls. Start with api.py.
"""

from dataclasses import dataclass
from functools import partial

import msgspec

from accord.sandbox.clock import SECOND, Now, system_now
from accord.sandbox.customcrm.api import Collection
from accord.sandbox.customcrm.properties import DATATYPES
from accord.sandbox.customcrm.shelf import Shelf
from accord.sandbox.customcrm.webhooks import Subscription, Wanted, Webhooks
from accord.sandbox.data import left_records
from accord.sandbox.desk import Desk
from accord.sandbox.faults import Calls, Faults
from accord.sandbox.openapi import describe
from accord.sandbox.web import Answer, Application, Refusal, Request, Route, encoded

ERROR = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["code", "message"],
            "properties": {"code": {"type": "string"}, "message": {"type": "string"}, "property": {"type": "string"}},
        }
    },
}
BEARER = {"type": "http", "scheme": "bearer"}


@dataclass(frozen=True, slots=True)
class Settings:
    """``key``: what callers sign in with. ``size``: seeded records. ``rate``: calls per second before 429, 0 for no limit."""

    key: str
    size: int
    seed: int
    rate: float = 0.0


class Gate:
    """Signing in, and the rate limit: up to one second's calls at once, then as they come in."""

    def __init__(self, key: str, rate: float, now: Now) -> None:
        self._expected = f"Bearer {key}"
        self._rate = rate
        self._now = now
        self._left = rate
        self._at = now()

    def __call__(self, request: Request) -> None:
        if request.header(b"authorization") != self._expected:
            raise Refusal(401, "Authorization: Bearer and a valid key are needed.", "unauthorized")
        if self._rate:
            at = self._now()
            self._left = min(self._rate, self._left + (at - self._at) / SECOND * self._rate)
            self._at = at
            if self._left < 1:
                raise Refusal(429, "Too many calls.", "too_many_requests")
            self._left -= 1


class Subscribers:
    """The calls under /api/webhooks."""

    def __init__(self, webhooks: Webhooks) -> None:
        self._webhooks = webhooks

    def routes(self) -> tuple[Route, ...]:
        one = "/api/webhooks/{id}"
        return (
            Route("POST", "/api/webhooks", self.add, "Subscribe", body=Wanted, answer=Subscription, status=201),
            Route("GET", "/api/webhooks", self.listing, "List subscribers", answer=list[Subscription]),
            Route("GET", one, self.get, "Read a subscriber", answer=Subscription),
            Route("DELETE", one, self.remove, "Unsubscribe", status=204),
        )

    def add(self, request: Request) -> Answer:
        try:
            wanted = msgspec.json.decode(request.body, type=Wanted)
        except msgspec.DecodeError as problem:
            raise Refusal(422, str(problem), "invalid") from problem
        unknown = set(wanted.collections) - {datatype.collection for datatype in DATATYPES}
        if unknown:
            raise Refusal(422, f"There is no collection {min(unknown)}.", "invalid", "collections")
        return encoded(self._webhooks.add(wanted), 201)

    def listing(self, _: Request) -> Answer:
        return encoded(self._webhooks.all())

    def get(self, request: Request) -> Answer:
        found = self._webhooks.get(request.values[0])
        if found is None:
            raise Refusal(404, f"There is no webhook {request.values[0]}.", "not_found")
        return encoded(found)

    def remove(self, request: Request) -> Answer:
        if not self._webhooks.remove(request.values[0]):
            raise Refusal(404, f"There is no webhook {request.values[0]}.", "not_found")
        return Answer(204, headers=())


def refuse(refusal: Refusal) -> Answer:
    """An error as Customcrm writes it."""
    error = {"code": refusal.code, "message": refusal.message}
    if refusal.member:
        error["property"] = refusal.member
    headers = ((b"retry-after", b"1"),) if refusal.status == 429 and refusal.code != "fault" else ()
    return encoded({"error": error}, refusal.status, headers)


def application(settings: Settings, faults: Faults, now: Now = system_now) -> Application:
    """The whole server, with its data."""
    webhooks, calls = Webhooks(now), Calls()
    shelves = {datatype.collection: Shelf(datatype, now) for datatype in DATATYPES}
    for collection, shelf in shelves.items():
        shelf.load(left_records(collection, settings.size, settings.seed))
    own = [route for shelf in shelves.values() for route in Collection(shelf, webhooks, now).routes()]
    own += Subscribers(webhooks).routes()
    desk = Desk(
        calls, faults, {name: shelf.live for name, shelf in shelves.items()}, partial(describe, "Customcrm sandbox", own, BEARER, ERROR)
    )
    return Application([*own, *desk.routes()], Gate(settings.key, settings.rate, now), refuse, faults, calls, desk.lies)

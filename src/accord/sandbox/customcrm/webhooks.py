"""Customcrm's webhooks: who wants to hear of what, and delivering it in the background, signed and with retries.

Owns: subscriptions and deliveries (docs/reference/customcrm-api.md). Does not own: what counts as a change (api.py).
"""

import asyncio
import base64
import hashlib
import hmac
import uuid
from collections import deque
from dataclasses import dataclass, replace

import aiohttp
import msgspec

from accord.sandbox.clock import SECOND, Now

RETRY_SECONDS = (0.1, 0.5, 2.0, 5.0, 15.0)
DEADLINE_SECONDS = 10.0
WORKERS = 4


class Wanted(msgspec.Struct, forbid_unknown_fields=True):
    """What a subscriber asks for: every change in these collections, told to ``url``."""

    url: str
    secret: str
    collections: list[str]


class Subscription(msgspec.Struct):
    """A subscriber as it is answered: without its secret."""

    id: str
    url: str
    collections: list[str]


class Event(msgspec.Struct):
    """What a subscriber is told."""

    type: str
    collection: str
    id: str
    at: str


@dataclass(frozen=True, slots=True)
class _Delivery:
    subscription: str
    id: str
    body: bytes
    attempt: int = 0


def signature(secret: str, identifier: str, timestamp: str, body: bytes) -> str:
    """The webhook-signature header: "v1," and the base64 of HMAC-SHA256 over id.timestamp.body."""
    signed = hmac.new(secret.encode(), f"{identifier}.{timestamp}.".encode() + body, hashlib.sha256)
    return "v1," + base64.b64encode(signed.digest()).decode()


class Webhooks:
    """All subscribers. Deliveries wait in memory; workers run only while there is something to deliver, and never wait for a retry."""

    def __init__(self, now: Now) -> None:
        self._now = now
        self._wanted: dict[str, Wanted] = {}
        self._waiting: deque[_Delivery] = deque()
        self._workers: set[asyncio.Task[None]] = set()

    def add(self, wanted: Wanted) -> Subscription:
        """Subscribe."""
        identifier = f"WH-{uuid.uuid4().hex[:12]}"
        self._wanted[identifier] = wanted
        return self._told(identifier)

    def remove(self, identifier: str) -> bool:
        """Unsubscribe; False if there is no such subscriber."""
        return self._wanted.pop(identifier, None) is not None

    def get(self, identifier: str) -> Subscription | None:
        """One subscriber."""
        return self._told(identifier) if identifier in self._wanted else None

    def all(self) -> list[Subscription]:
        """Every subscriber."""
        return [self._told(identifier) for identifier in self._wanted]

    def _told(self, identifier: str) -> Subscription:
        wanted = self._wanted[identifier]
        return Subscription(identifier, wanted.url, wanted.collections)

    def publish(self, event: Event) -> None:
        """Tell everybody who wants to know. Never waits."""
        if not self._wanted:
            return
        body = msgspec.json.encode(event)
        for identifier, wanted in self._wanted.items():
            if event.collection in wanted.collections:
                self._queue(_Delivery(identifier, f"msg_{uuid.uuid4().hex}", body))

    def _queue(self, delivery: _Delivery) -> None:
        self._waiting.append(delivery)
        self._staff()

    def _staff(self) -> None:
        if len(self._workers) < min(WORKERS, len(self._waiting)):
            worker = asyncio.get_running_loop().create_task(self._work())
            self._workers.add(worker)
            worker.add_done_callback(self._ended)

    def _ended(self, worker: asyncio.Task[None]) -> None:
        """A worker closes its connections when nothing waits; what came meanwhile needs another one."""
        self._workers.discard(worker)
        if not worker.cancelled():
            self._staff()

    async def _work(self) -> None:
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(DEADLINE_SECONDS)) as session:
            while self._waiting:
                await self._deliver(session, self._waiting.popleft())

    async def _deliver(self, session: aiohttp.ClientSession, delivery: _Delivery) -> None:
        """Try once; what is not taken comes again after a growing pause, until it is given up or no longer wanted."""
        wanted = self._wanted.get(delivery.subscription)
        if wanted is None or await self._post(session, wanted, delivery) or delivery.attempt == len(RETRY_SECONDS):
            return
        again = replace(delivery, attempt=delivery.attempt + 1)
        asyncio.get_running_loop().call_later(RETRY_SECONDS[delivery.attempt], self._queue, again)

    async def _post(self, session: aiohttp.ClientSession, wanted: Wanted, delivery: _Delivery) -> bool:
        timestamp = str(self._now() // SECOND)
        headers = {
            "content-type": "application/json",
            "webhook-id": delivery.id,
            "webhook-timestamp": timestamp,
            "webhook-signature": signature(wanted.secret, delivery.id, timestamp, delivery.body),
        }
        try:
            async with session.post(wanted.url, data=delivery.body, headers=headers) as answer:
                return answer.status < 300
        except (aiohttp.ClientError, TimeoutError, ValueError):
            return False  # ValueError: an address that is none

"""Webhooks over real HTTP on loopback: what is not theirs leaves no trace, what is theirs is durable before it is answered."""

import asyncio
import base64
import contextlib
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import aiohttp
import pytest

from accord.connectors.receiver import LARGEST_BODY, Receiver, listening, readers_of
from accord.connectors.webhooks import WebhookReader
from accord.errors import ConfigurationError, Problem, StoreError, UsageError
from accord.model.manifest import Datatype, Listing, Manifest, Property, Webhooks
from accord.model.records import Hint, RecordRef, Side

NOW = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)
SECRET = "a secret for tests"
WEBHOOKS = Webhooks(
    secret="${env:SECRET}", previous_secret="${env:PREVIOUS}", datatype="collection", id="id", datatypes={"contacts": "Contact"}
)
BODY = json.dumps({"type": "contact.updated", "collection": "contacts", "id": "CO-000001"}).encode()
CONTACT = Hint(RecordRef(Side.LEFT, "Contact", "CO-000001"))


class Secrets:
    """SECRET and PREVIOUS are there; nothing else is."""

    def get(self, reference: str) -> str:
        given = {"env:SECRET": SECRET, "env:PREVIOUS": "the secret before"}
        if reference not in given:
            raise ConfigurationError([Problem(".env", 0, 0, f"{reference} is not set")])
        return given[reference]


@dataclass(slots=True)
class Kept:
    """What was kept, by event; ``gate``: keeping waits for it; ``broken``: nothing can be kept."""

    events: dict[str, tuple[Hint, ...]] = field(default_factory=dict)
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    reached: asyncio.Event = field(default_factory=asyncio.Event)
    broken: bool = False

    async def keep(self, hints: Sequence[Hint], event: str | None) -> bool:
        self.reached.set()
        await self.gate.wait()
        if self.broken:
            raise StoreError("the disk is full")
        event = event or f"without an id {len(self.events)}"
        if event in self.events:
            return False
        self.events[event] = tuple(hints)
        return True


@dataclass(slots=True)
class Caller:
    """Sends deliveries as Customcrm signs them, and anything else."""

    origin: str
    session: aiohttp.ClientSession
    kept: Kept

    async def send(
        self, body: bytes = BODY, *, event: str = "msg_1", at: datetime = NOW, secret: str = SECRET, system: str = "customcrm"
    ) -> int:
        """The status of the answer to a signed delivery."""
        stamp = str(int(at.timestamp()))
        digest = hmac.new(secret.encode(), f"{event}.{stamp}.".encode() + body, hashlib.sha256).digest()
        signature = "v1," + base64.b64encode(digest).decode()
        return await self.post(body, {"webhook-id": event, "webhook-timestamp": stamp, "webhook-signature": signature}, system)

    async def post(self, body: Any, headers: Mapping[str, str], system: str = "customcrm") -> int:
        async with self.session.post(f"/webhooks/{system}", data=body, headers=headers) as answer:
            await answer.read()
            return answer.status


@contextlib.asynccontextmanager
async def receiving(health: Mapping[str, object] | None = None, rules: Webhooks = WEBHOOKS) -> AsyncIterator[Caller]:
    kept = Kept()
    kept.gate.set()
    readers = {"customcrm": WebhookReader("customcrm", Side.LEFT, rules, Secrets())}
    receiver = Receiver(readers, kept.keep, lambda: NOW, lambda: health or {})
    async with listening(receiver.application(), "127.0.0.1", 0) as origin, aiohttp.ClientSession(origin) as session:
        yield Caller(origin, session, kept)


def run(work: Coroutine[Any, Any, None]) -> None:
    asyncio.run(work)


def test_a_signed_delivery_is_kept_as_a_hint_and_answered_with_202() -> None:
    async def work() -> None:
        async with receiving() as caller:
            assert await caller.send() == 202
            assert caller.kept.events == {"customcrm:msg_1": (CONTACT,)}

    run(work())


def test_the_previous_secret_is_taken_while_it_is_being_replaced() -> None:
    async def work() -> None:
        async with receiving() as caller:
            assert await caller.send(secret="the secret before") == 202
            assert caller.kept.events == {"customcrm:msg_1": (CONTACT,)}

    run(work())


def test_a_repeated_delivery_is_answered_with_2xx_and_kept_once() -> None:
    async def work() -> None:
        async with receiving() as caller:
            assert [await caller.send() for _ in range(3)] == [202, 202, 202]
            assert len(caller.kept.events) == 1

    run(work())


def test_two_edits_announced_in_the_same_words_without_an_id_are_both_kept() -> None:
    async def work() -> None:
        plain = Webhooks(kind="hmac", header="X-Sign", secret="${env:SECRET}", datatype="collection", id="id", datatypes=WEBHOOKS.datatypes)
        async with receiving(rules=plain) as caller:
            signed = {"X-Sign": hmac.new(SECRET.encode(), BODY, hashlib.sha256).hexdigest()}
            assert [await caller.post(BODY, signed) for _ in range(2)] == [202, 202]
            assert await caller.post(BODY + b" ", signed) == 401
            assert list(caller.kept.events.values()) == [(CONTACT,)] * 2

    run(work())


@pytest.mark.parametrize("secret", ["another secret", ""])
def test_a_forged_delivery_is_refused_and_leaves_no_hint(secret: str) -> None:
    async def work() -> None:
        async with receiving() as caller:
            assert await caller.send(secret=secret) == 401
            assert not caller.kept.reached.is_set()

    run(work())


@pytest.mark.parametrize("headers", [{}, {"webhook-id": "1", "webhook-timestamp": "x", "webhook-signature": "v1,"}])
def test_a_delivery_without_a_signature_is_refused(headers: Mapping[str, str]) -> None:
    async def work() -> None:
        async with receiving() as caller:
            assert await caller.post(BODY, headers) == 401
            assert not caller.kept.reached.is_set()

    run(work())


@pytest.mark.parametrize("seconds", [-301, 301])
def test_a_replay_from_outside_five_minutes_is_refused_and_leaves_no_hint(seconds: int) -> None:
    async def work() -> None:
        async with receiving() as caller:
            at = datetime.fromtimestamp(NOW.timestamp() + seconds, UTC)
            assert await caller.send(at=at) == 401
            assert not caller.kept.reached.is_set()
            assert await caller.send(at=datetime.fromtimestamp(NOW.timestamp() + seconds * 299 / 301, UTC)) == 202

    run(work())


def test_a_huge_delivery_is_refused_by_its_announced_size_even_if_it_is_signed() -> None:
    async def work() -> None:
        async with receiving() as caller:
            assert await caller.send(b"x" * (LARGEST_BODY + 1)) == 413
            assert not caller.kept.reached.is_set()

    run(work())


def test_a_huge_delivery_of_unannounced_size_is_cut_off() -> None:
    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield b"x" * 16_384

    async def work() -> None:
        async with receiving() as caller:
            with contextlib.suppress(aiohttp.ClientConnectionError):  # closed before all of it was sent, which is as good
                assert await caller.post(endless(), {}) == 413
            assert not caller.kept.reached.is_set()

    run(work())


def test_a_body_that_does_not_come_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    async def work() -> None:
        async with receiving() as caller:
            arrives = asyncio.Event()

            async def never() -> AsyncIterator[bytes]:
                yield b"{"
                await arrives.wait()

            assert await caller.post(never(), {}) == 408

    monkeypatch.setattr("accord.connectors.receiver.BODY_SECONDS", 0.01)
    run(work())


def test_hints_are_durable_before_the_answer() -> None:
    async def work() -> None:
        async with receiving() as caller:
            caller.kept.gate.clear()
            answer = asyncio.create_task(caller.send())
            await caller.kept.reached.wait()
            async with caller.session.get("/health") as other:  # a whole exchange later there is still no answer
                await other.read()
            assert not answer.done()
            caller.kept.gate.set()
            assert await answer == 202

    run(work())


def test_what_cannot_be_kept_is_not_taken_so_that_the_sender_tries_again() -> None:
    async def work() -> None:
        async with receiving() as caller:
            caller.kept.broken = True
            assert await caller.send() == 503
            caller.kept.broken = False
            assert await caller.send() == 202
            assert len(caller.kept.events) == 1

    run(work())


@pytest.mark.parametrize(
    ("body", "status"),
    [(b'{"collection": "invoices", "id": "1"}', 202), (b"{", 400), (b"[]", 400), (b'{"collection": "contacts", "id": null}', 400)],
)
def test_a_signed_delivery_that_hints_at_nothing_of_ours_leaves_no_hint(body: bytes, status: int) -> None:
    async def work() -> None:
        async with receiving() as caller:
            assert await caller.send(body) == status
            assert not caller.kept.reached.is_set()

    run(work())


def test_a_system_without_a_secret_has_no_route() -> None:
    async def work() -> None:
        async with receiving() as caller:
            assert await caller.send(system="membercare") == 404
            assert not caller.kept.reached.is_set()

    run(work())


def test_health_says_how_the_cycles_fare_and_what_became_of_deliveries() -> None:
    async def work() -> None:
        async with receiving({"ok": True, "last_cycle": None}) as caller:
            await caller.send()
            await caller.send()
            await caller.send(secret="another")
            async with caller.session.get("/health") as answer:
                said = {"ok": True, "last_cycle": None, "webhooks": {"kept": 1, "ignored": 1, "refused": 1}}
                assert await answer.json() == said

    run(work())


def test_an_address_that_is_taken_is_said_with_a_remedy() -> None:
    async def work() -> None:
        async with receiving() as caller:
            port = int(caller.origin.rpartition(":")[2])
            with pytest.raises(UsageError, match=f"cannot listen on 127.0.0.1:{port}") as found:
                async with listening(None, "127.0.0.1", port):
                    pass
            assert "--listen" in found.value.remedy

    run(work())


def manifest(system: str, secret: str | None) -> Manifest:
    webhooks = Webhooks(secret=secret, datatype="type", id="id", datatypes={"one": "One"}) if secret else None
    datatype = Datatype(id="id", list=Listing(path="/one"), properties={"id": Property()})
    return Manifest(manifest=1, system=system, origin="https://example.org", webhooks=webhooks, datatypes={"One": datatype})


def test_only_a_system_with_webhooks_and_a_secret_that_is_there_has_a_reader() -> None:
    readers, without = readers_of({Side.LEFT: manifest("one", "${env:SECRET}"), Side.RIGHT: manifest("two", None)}, Secrets())
    assert (list(readers), without) == (["one"], [])
    readers, without = readers_of({Side.LEFT: manifest("one", "${env:NONE}"), Side.RIGHT: manifest("two", None)}, Secrets())
    assert (list(readers), without) == ([], ["one: .env: env:NONE is not set"])

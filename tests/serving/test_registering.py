"""Systems are asked to announce their changes: registered once, renewed in time, taken back when our address changes."""

import asyncio
import json
import random
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pydantic
import pytest
from aiohttp import web

from accord.app.announcing import addresses, keep_registered, stopped
from accord.connectors.registering import LOOKS_AFTER_SECONDS, Notebook, Registrar
from accord.connectors.rest import open_rest
from accord.engine.serving import Failed, Rhythm
from accord.errors import SystemRefused
from accord.model.manifest import Manifest
from accord.model.records import Side
from accord.testing.virtualtime import BEGINNING

OURS = "https://accord.example.org/webhooks/shed"
REGISTRATION: dict[str, Any] = {
    "create": {"path": "/hooks", "body": {"url": "{url}", "secret": "{secret}", "of": ["things", "{id} as it stands"], "until": "{ends}"}},
    "id": "data.id",
    "expires": "data.ends",
    "lifetime_seconds": 3600,
    "renew": {"method": "PATCH", "path": "/hooks/{id}", "body": {"until": "{ends}"}},
    "remove": {"method": "DELETE", "path": "/hooks/{id}"},
}


class Clock:
    """Time that a test moves, and that a wait moves."""

    def __init__(self) -> None:
        self.passed = 0.0
        self.slept: list[float] = []

    def now(self) -> datetime:
        return BEGINNING + timedelta(seconds=self.passed)

    def monotonic(self) -> float:
        return self.passed

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.passed += seconds
        await asyncio.sleep(0)


class Shed:
    """A system that can be registered with. ``status``: what it answers, if not success; ``forgotten``: it knows none of ours."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, str, Any]] = []
        self.status = 0
        self.forgotten = False
        self.fifth = asyncio.Event()
        self.says: Any = {"data": {"id": 7, "ends": "2026-01-01T02:00:00Z"}}

    async def answer(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        self.calls.append((request.method, request.path, json.loads(body) if body else None))
        if len(self.calls) == 5:
            self.fifth.set()
        headers = {"Date": "Thu, 01 Jan 2026 01:00:00 GMT"}  # an hour ahead of our clock
        return web.json_response(
            self.says, status=404 if self.forgotten and request.method == "PATCH" else self.status or 200, headers=headers
        )

    @property
    def made(self) -> list[str]:
        return [f"{method} {path}" for method, path, _ in self.calls]


def play(scene: Callable[[Shed, Registrar, Clock], Awaitable[None]], **rules: Any) -> None:
    async def work() -> None:
        shed, clock, kept = Shed(), Clock(), dict[str, str]()
        server = web.Server(shed.answer)
        runner = web.ServerRunner(server)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        port = runner.addresses[0][1]

        class Secrets:
            def get(self, reference: str) -> str:
                return {"env:URL": f"http://127.0.0.1:{port}", "env:SECRET": "canary"}[reference]

        registration = {name: value for name, value in {**REGISTRATION, **rules}.items() if value is not None}
        hooks = {"secret": "${env:SECRET}", "datatype": "of", "id": "id", "datatypes": {}, "registration": registration}
        described = {"manifest": 1, "system": "shed", "origin": "${env:URL}", "webhooks": hooks, "datatypes": {}, "limits": {"retries": 0}}
        manifest = pydantic.TypeAdapter(Manifest).validate_python(described)
        connector = open_rest(manifest, Side.LEFT, {}, Secrets(), clock, random.Random(1))

        async def read(name: str) -> str | None:
            return kept.get(name)

        async def write(name: str, value: str) -> None:
            kept[name] = value

        registrar = connector.registrar(Notebook(read, write))
        assert registrar is not None
        try:
            await scene(shed, registrar, clock)
        finally:
            assert "canary" not in str(kept), "what is remembered holds no secret"
            await connector.close()
            await runner.cleanup()

    asyncio.run(asyncio.wait_for(work(), 20))


def test_a_system_is_registered_with_once_and_told_the_secret_and_the_end() -> None:
    async def scene(shed: Shed, registrar: Registrar, clock: Clock) -> None:
        assert await registrar.ensure(OURS) == pytest.approx(2400)  # two thirds of the hour, by the server's own clock
        clock.passed = 2000
        assert await registrar.ensure(OURS) == pytest.approx(400)
        body = {"url": OURS, "secret": "canary", "of": ["things", "{id} as it stands"], "until": "2026-01-01T01:00:00Z"}
        assert shed.calls == [("POST", "/hooks", body)]

    play(scene)


def test_it_is_renewed_after_two_thirds_of_its_life() -> None:
    async def scene(shed: Shed, registrar: Registrar, clock: Clock) -> None:
        await registrar.ensure(OURS)
        clock.passed = 2400
        shed.says = {"data": {"ends": "2026-01-01T04:00:00Z"}}
        assert await registrar.ensure(OURS) == pytest.approx(7200)
        assert shed.calls[1:] == [("PATCH", "/hooks/7", {"until": "2026-01-01T01:40:00Z"})]

    play(scene)


@pytest.mark.parametrize("renew", [None, REGISTRATION["renew"]])
def test_what_cannot_be_renewed_is_made_anew_before_the_old_one_is_taken_back(renew: Any) -> None:
    async def scene(shed: Shed, registrar: Registrar, clock: Clock) -> None:
        await registrar.ensure(OURS)
        clock.passed = 3000
        shed.forgotten = renew is not None
        await registrar.ensure(OURS)
        assert shed.made[-2:] == ["POST /hooks", "DELETE /hooks/7"]

    play(scene, renew=renew)


def test_another_address_of_ours_is_registered_and_the_old_one_taken_back() -> None:
    async def scene(shed: Shed, registrar: Registrar, clock: Clock) -> None:
        await registrar.ensure(OURS)
        await registrar.ensure("https://elsewhere.example.org/webhooks/shed")
        assert shed.made == ["POST /hooks", "POST /hooks", "DELETE /hooks/7"]

    play(scene)


def test_a_secret_that_is_replaced_is_told_in_a_new_registration() -> None:
    async def scene(shed: Shed, registrar: Registrar, clock: Clock) -> None:
        await registrar.ensure(OURS)
        await replace(registrar, secret="another").ensure(OURS)
        assert shed.made == ["POST /hooks", "POST /hooks", "DELETE /hooks/7"]
        assert shed.calls[1][2]["secret"] == "another"

    play(scene)


def test_a_registration_without_an_end_is_looked_at_once_a_day() -> None:
    async def scene(shed: Shed, registrar: Registrar, clock: Clock) -> None:
        assert await registrar.ensure(OURS) == LOOKS_AFTER_SECONDS
        clock.passed = 10 * LOOKS_AFTER_SECONDS
        assert await registrar.ensure(OURS) == LOOKS_AFTER_SECONDS
        assert shed.made == ["POST /hooks"]

    play(scene, expires=None, lifetime_seconds=None)


def test_a_refusal_says_why_without_the_secret() -> None:
    async def scene(shed: Shed, registrar: Registrar, clock: Clock) -> None:
        shed.status, shed.says = 422, {"error": {"message": "canary is too short"}}
        with pytest.raises(SystemRefused, match=r"does not register us for webhooks: 422 \*\*\* is too short"):
            await registrar.ensure(OURS)
        shed.status, shed.says = 200, {"data": {}}
        with pytest.raises(SystemRefused, match="no id"):
            await registrar.ensure(OURS)

    play(scene)


def test_problems_are_told_and_tried_again_ever_more_slowly() -> None:
    async def scene(shed: Shed, registrar: Registrar, clock: Clock) -> None:
        shed.status = 500
        told: list[Failed] = []

        def tell(failed: Failed) -> None:
            told.append(failed)
            if len(told) == 3:
                shed.status = 0

        keeping = asyncio.create_task(keep_registered(registrar, OURS, clock, Rhythm(), lambda: 1.0, tell))
        await shed.fifth.wait()  # three that fail, one that does not, and a renewal
        await stopped([keeping])
        assert [each.again for each in told] == [2.0, 4.0, 8.0]
        assert {type(each.problem) for each in told} == {SystemRefused}
        assert clock.slept[3] == pytest.approx(2400)

    play(scene)


def test_our_addresses_as_they_are_reached_from_outside() -> None:
    urls = {"shed": "http://127.0.0.1:8484/webhooks/shed"}
    assert addresses("https://accord.example.org/", "http://127.0.0.1:8484", urls) == {"shed": OURS}

"""Signing in by OAuth 2.0, and by a key in the address."""

import asyncio
import base64
import json
import logging
import random
import stat
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest
from rigs import KnownSecrets, PassingClock, create, rig, run, system
from scripted import Handler, Reply, Request, Scripted

from accord.connectors.rest import RestConnector, open_rest
from accord.connectors.rest_tokens import Chain, TokenFile
from accord.errors import ConfigurationError, SystemRefused
from accord.model.plans import OutcomeKind
from accord.model.records import Seen, Side, Unreadable

CLIENT = {"kind": "oauth", "path": "/oauth/token", "client_id": "us", "client_secret": "${env:SECRET}"}
REFRESH = {**CLIENT, "grant": "refresh_token", "refresh_token": "${env:REFRESH}"}


@dataclass
class Keeping(KnownSecrets):
    """Secrets with a place for tokens."""

    tokens: Path
    known: dict[str, str]


@dataclass
class Office:
    """A token endpoint with rotating refresh tokens; the newest access token alone is taken at /things."""

    rotating: bool = True
    life: Any = 3600
    refresh: str = "r0"
    asked: list[tuple[dict[str, str], dict[str, str]]] = field(default_factory=list)
    given: int = 0
    before: Callable[[], None] = lambda: None
    refused: bool = False

    def __call__(self, request: Request) -> Reply:
        if request.path != "/oauth/token":
            good = request.headers.get("authorization") == f"Bearer access-{self.given}" and not self.refused
            return Reply(json={"id": request.path.rsplit("/", 1)[1]}) if good else Reply(401)
        form = dict(parse_qsl(request.body.decode()))
        self.asked.append((form, request.headers))
        self.before()
        if form["grant_type"] == "refresh_token" and form["refresh_token"] != self.refresh:
            return Reply(400, json={"error": "invalid_grant", "error_description": f"{form['refresh_token']} is spent"})
        self.given += 1
        said: dict[str, Any] = {"access_token": f"access-{self.given}", "token_type": "Bearer", "expires_in": self.life}
        if self.rotating and form["grant_type"] == "refresh_token":
            said["refresh_token"] = self.refresh = f"r{self.given}"
        return Reply(json=said)


def connect(url: str, folder: Path, rules: dict[str, Any], clock: PassingClock, seed: str = "r0", **more: Any) -> RestConnector:
    from rigs import manifest

    made = manifest(system({}, authentication=rules, **more))
    secrets = Keeping(folder, {"URL": url, "SECRET": "s/1 &", "REFRESH": seed, "OFFICE": url})
    return open_rest(made, Side.RIGHT, {"Thing": frozenset({"name"})}, secrets, clock, random.Random(7))


def test_client_credentials_go_into_a_header_and_the_form(tmp_path: Path) -> None:
    office = Office()

    async def scenario() -> None:
        async with Scripted(office) as server:
            one = connect(server.url, tmp_path, {**CLIENT, "scope": "a b", "body": {"audience": "crm"}}, PassingClock())
            assert [type(each) for each in await one.read("Thing", ["1", "2", "3"])] == [Seen] * 3
            await one.close()

    run(scenario())
    ((form, headers),) = office.asked
    assert form == {"grant_type": "client_credentials", "scope": "a b", "audience": "crm"}
    assert headers["content-type"] == "application/x-www-form-urlencoded"
    assert base64.b64decode(headers["authorization"].removeprefix("Basic ")) == b"us:s%2F1+%26"
    assert not list(tmp_path.iterdir()), "client credentials leave nothing behind"


def test_the_client_may_be_named_in_the_body(tmp_path: Path) -> None:
    office = Office()

    async def scenario() -> None:
        async with Scripted(office) as server:
            one = connect(server.url, tmp_path, {**CLIENT, "client": "body"}, PassingClock())
            await one.read("Thing", ["1"])
            await one.close()

    run(scenario())
    ((form, headers),) = office.asked
    assert form == {"grant_type": "client_credentials", "client_id": "us", "client_secret": "s/1 &"}
    assert "authorization" not in headers


@pytest.mark.parametrize(("life", "after", "times"), [(3600, 3530, 1), (3600, 3550, 2), ("3600", 3550, 2), (None, 200, 1), (-1, 241, 2)])
def test_an_access_token_is_fetched_anew_before_it_ends(tmp_path: Path, life: Any, after: float, times: int) -> None:
    office = Office(life=life)

    async def scenario() -> None:
        async with Scripted(office) as server:
            clock = PassingClock()
            one = connect(server.url, tmp_path, CLIENT, clock)
            await one.read("Thing", ["1"])
            clock.passed += after
            await one.read("Thing", ["1"])
            await one.close()

    run(scenario())
    assert office.given == times


def test_a_401_brings_one_new_token_and_one_more_try(tmp_path: Path) -> None:
    office = Office()

    async def scenario() -> tuple[int, int]:
        async with Scripted(office) as server:
            one = connect(server.url, tmp_path, REFRESH, PassingClock())
            await one.read("Thing", ["1"])
            office.given += 1  # what we hold is not taken any more
            office.refresh = "r1"
            assert {type(each) for each in await one.read("Thing", [str(number) for number in range(20)])} == {Seen}
            once = len(office.asked)
            office.refused = True
            with pytest.raises(SystemRefused, match="401"):
                await one.read("Thing", ["1"])
            await one.close()
            return once, len(office.asked)

    assert run(scenario()) == (2, 3)


def test_a_new_refresh_token_is_on_disk_before_it_is_used_and_a_restart_goes_on_with_it(tmp_path: Path) -> None:
    office = Office()
    seen: list[str] = []

    def handler(request: Request) -> Reply:
        if request.path != "/oauth/token":
            seen.append(json.loads((tmp_path / "shed.tokens").read_text())["refresh"])
        return office(request)

    async def scenario() -> None:
        async with Scripted(handler) as server:
            clock = PassingClock()
            for _ in range(3):  # each is a process of its own
                one = connect(server.url, tmp_path, REFRESH, clock)
                assert isinstance((await one.read("Thing", ["1"]))[0], Seen)
                await one.close()
                clock.passed += 3700

    run(scenario())
    assert [form["refresh_token"] for form, _ in office.asked] == ["r0", "r1", "r2"]
    assert seen == ["r1", "r2", "r3"]
    assert stat.S_IMODE((tmp_path / "shed.tokens").stat().st_mode) == 0o600


def test_a_token_that_still_holds_is_taken_from_the_file_by_whoever_comes_next(tmp_path: Path) -> None:
    office = Office()

    async def scenario() -> None:
        async with Scripted(office) as server:
            clock = PassingClock()
            each = [connect(server.url, tmp_path, REFRESH, clock) for _ in range(4)]
            await asyncio.gather(*(one.read("Thing", [str(number)]) for number, one in enumerate(each)))
            for one in each:
                await one.close()

    run(scenario())
    assert len(office.asked) == 1, "two at once do not refresh twice"


def test_a_chain_ends_when_a_person_sets_another_token(tmp_path: Path) -> None:
    office = Office()

    async def scenario() -> None:
        async with Scripted(office) as server:
            clock = PassingClock()
            first = connect(server.url, tmp_path, REFRESH, clock)
            await first.read("Thing", ["1"])
            await first.close()
            office.refresh = "set by a person"
            second = connect(server.url, tmp_path, REFRESH, clock, "set by a person")
            assert isinstance((await second.read("Thing", ["1"]))[0], Seen)
            await second.close()

    run(scenario())
    assert [form["refresh_token"] for form, _ in office.asked] == ["r0", "set by a person"]


def test_a_refresh_token_that_stays_the_same_is_used_again(tmp_path: Path) -> None:
    office = Office(rotating=False)

    async def scenario() -> None:
        async with Scripted(office) as server:
            clock = PassingClock()
            one = connect(server.url, tmp_path, REFRESH, clock)
            await one.read("Thing", ["1"])
            clock.passed += 3700
            assert isinstance((await one.read("Thing", ["1"]))[0], Seen)
            await one.close()

    run(scenario())
    assert [form["refresh_token"] for form, _ in office.asked] == ["r0", "r0"]


def test_a_spent_refresh_token_is_a_refusal_with_a_remedy_and_is_not_shown(tmp_path: Path) -> None:
    async def scenario() -> SystemRefused:
        async with Scripted(Office(refresh="another")) as server:
            one = connect(server.url, tmp_path, REFRESH, PassingClock())
            with pytest.raises(SystemRefused) as caught:
                await one.read("Thing", ["1"])
            outcome = await anext(one.write("Thing", [create(name="n")]))
            assert (outcome.kind, outcome.fatal) == (OutcomeKind.FAILED, True)
            await one.close()
            return caught.value

    problem = run(scenario())
    assert "400 invalid_grant" in problem.message
    assert "refresh_token" in problem.remedy
    assert "r0" not in problem.message


def test_what_cannot_be_kept_is_not_used(tmp_path: Path) -> None:
    office = Office()
    things: list[str] = []

    def full() -> None:
        (tmp_path / "shed.tokens").mkdir(exist_ok=True)  # nothing can take the place of a folder

    def handler(request: Request) -> Reply:
        if request.path != "/oauth/token":
            things.append(request.path)
        return office(request)

    office.before = full

    async def scenario() -> None:
        async with Scripted(handler) as server:
            one = connect(server.url, tmp_path, REFRESH, PassingClock())
            with pytest.raises(SystemRefused, match="cannot be kept"):
                await one.read("Thing", ["1"])
            await one.close()

    run(scenario())
    assert things == []


def test_a_stop_while_a_token_is_on_its_way_does_not_lose_it(tmp_path: Path) -> None:
    arrived, go = asyncio.Event(), asyncio.Event()
    office = Office(before=arrived.set)

    def handler(request: Request) -> Reply:
        reply = office(request)
        return Reply(reply.status, reply.json, wait=go) if request.path == "/oauth/token" else reply

    async def scenario() -> None:
        async with Scripted(handler) as server:
            one = connect(server.url, tmp_path, REFRESH, PassingClock())
            reading = asyncio.create_task(one.read("Thing", ["1"]))
            await arrived.wait()
            reading.cancel()
            asyncio.get_running_loop().call_soon(go.set)
            with pytest.raises(asyncio.CancelledError):
                await reading
            await one.close()

    run(scenario())
    assert json.loads((tmp_path / "shed.tokens").read_text())["refresh"] == "r1"


def test_a_file_that_is_damaged_is_said_and_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "shed.tokens").write_text("{")
    with pytest.raises(SystemRefused, match="cannot be read"):
        TokenFile("shed", tmp_path, "r0", PassingClock()).read()
    assert (tmp_path / "shed.tokens").read_text() == "{"


def test_what_was_kept_is_read_again(tmp_path: Path) -> None:
    clock = PassingClock()
    TokenFile("shed", tmp_path, "r0", clock).keep(Chain("r1", "a1", 5.0))
    assert TokenFile("shed", tmp_path, "r0", clock).read() == Chain("r1", "a1", 5.0)
    assert TokenFile("shed", tmp_path, "r9", clock).read() == Chain("r9")


def test_an_office_elsewhere_gets_the_form_and_no_header_of_the_system(tmp_path: Path) -> None:
    office, at_system = Office(), list[str]()

    def systems(request: Request) -> Reply:
        at_system.append(request.call)
        return office(request)

    async def scenario() -> dict[str, str]:
        async with Scripted(office) as door, Scripted(systems) as server:
            rules = {**CLIENT, "origin": door.url}
            one = connect(server.url, tmp_path, rules, PassingClock(), headers={"X-Tenant": "${env:SECRET}"})
            assert isinstance((await one.read("Thing", ["1"]))[0], Seen)
            await one.close()
            assert server.requests[0].headers["x-tenant"] == "s/1 &"
            return door.requests[0].headers

    headers = run(scenario())
    assert "x-tenant" not in headers
    assert at_system == ["GET /things/1"]


def test_the_office_elsewhere_is_called_for_tokens_alone(tmp_path: Path) -> None:
    office = Office()

    async def scenario() -> int:
        async with Scripted(office) as door:

            def systems(request: Request) -> Reply:
                return Reply(307, headers={"Location": f"{door.url}/oauth/token"})

            async with Scripted(systems) as server:
                one = connect(server.url, tmp_path, {**CLIENT, "origin": door.url}, PassingClock())
                assert isinstance((await one.read("Thing", ["1"]))[0], Unreadable)
                await one.close()
                return len(door.requests)

    assert run(scenario()) == 1


def test_refresh_tokens_without_a_place_for_them_are_a_matter_of_configuration() -> None:
    async def scenario() -> None:
        async with rig(lambda request: Reply(), system({}, authentication=REFRESH), SECRET="s", REFRESH="r"):
            raise AssertionError("connected")

    with pytest.raises(ConfigurationError, match="no place"):
        run(scenario())


KEY = {"kind": "query", "parameter": "api key", "value": "${env:KEY}"}


def test_a_key_goes_into_every_address_and_an_older_one_is_replaced() -> None:
    def handler(request: Request) -> Reply:
        first = "after" not in request.query
        link = "/things?after=1&api%20key=an%20older%20one"
        return Reply(json={"items": [{"id": 1 if first else 2}], "next": link if first else None})

    async def scenario() -> list[dict[str, str]]:
        paging = {"kind": "next_link", "next": "next"}
        thing = {"list": {"path": "/things", "items": "items", "paging": paging}}
        async with rig(handler, system(thing, authentication=KEY), KEY="k&1") as made:
            _ = [page async for page in made.connector.list("Thing")]
            await made.connector.read("Thing", ["1"])
            await made.one(create(name="n"))
            return [request.query for request in made.server.requests]

    assert run(scenario()) == [{"api key": "k&1"}, {"after": "1", "api key": "k&1"}, {"api key": "k&1"}, {"api key": "k&1"}]


def lies(request: Request) -> Reply:
    return Reply(400, json={"message": f"bad key in /things?api%20key={request.query['api key']} or canary%2Fkey"})


def bounces(request: Request) -> Reply:
    return Reply(302, headers={"Location": f"http://10.9.9.9/{request.query['api key']}"})


@pytest.mark.parametrize(
    "handler", [lies, bounces, lambda request: Reply(reset=True), lambda request: Reply(500), lambda request: Reply(401)]
)
def test_P26_a_key_in_an_address_is_in_nothing_that_a_person_reads(handler: Handler, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)

    async def scenario() -> str:
        async with rig(handler, system({}, authentication=KEY), KEY="canary/key") as made:
            said = [(await made.one(create(name="n"))).message]
            for call in (made.connector.read("Thing", ["1"]), anext(made.connector.list("Thing"))):
                try:
                    said.append(repr(await call))
                except Exception as error:  # noqa: BLE001  # whatever it is, its words are what is looked at
                    said += [str(error), repr(error), repr(error.__cause__)]
            return " ".join(said)

    said = run(scenario()) + caplog.text
    assert len(said) > 50
    assert "canary" not in said

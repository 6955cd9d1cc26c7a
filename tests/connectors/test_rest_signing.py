"""Signing in, and being told to slow down."""

import asyncio
import itertools
from typing import Any

import pytest
from rigs import create, rig, run, system
from scripted import Handler, Reply, Request

from accord.errors import ConfigurationError, SystemRefused, SystemUnavailable
from accord.model.plans import OutcomeKind
from accord.model.records import Gone, Seen, Unreadable

TOKEN = {
    "kind": "token",
    "path": "/token",
    "body": {"key": "${env:KEY}"},
    "token": "value",
    "expires": "until",
    "header": "token",
    "prefix": "T ",
    "renew_seconds": 60,
}


class Office:
    """Hands out tokens; knows the last ``lasting`` ones, or none. ``until``: what it says of their life."""

    def __init__(self, until: Any = "2024-09-10T13:00:00", lasting: int = 1) -> None:
        self.until = until
        self.lasting = lasting
        self.given: list[str] = []
        self.status = 200

    def __call__(self, request: Request) -> Reply:
        if request.path == "/token":
            self.given.append(f"t{len(self.given) + 1}")
            return Reply(self.status, json={"value": self.given[-1], "until": self.until})
        known = [f"T {token}" for token in self.given[-self.lasting :]] if self.lasting else []
        if request.headers.get("token") not in known:
            return Reply(401)
        return Reply(json={"id": request.path.rsplit("/", 1)[1]})


async def _headers(authentication: dict[str, Any], **secrets: str) -> dict[str, str]:
    async with rig(lambda request: Reply(404), system({}, authentication=authentication), **secrets) as made:
        await made.connector.read("Thing", ["1"])
        return made.server.requests[-1].headers


@pytest.mark.parametrize(
    ("authentication", "header", "value"),
    [
        ({"kind": "bearer", "value": "${env:KEY}"}, "authorization", "Bearer k1"),
        ({"kind": "header", "header": "X-Key", "prefix": "Key ", "value": "${env:KEY}"}, "x-key", "Key k1"),
        ({"kind": "basic", "user": "me", "password": "${env:KEY}"}, "authorization", "Basic bWU6azE="),
        ({"kind": "none"}, "accept", "application/json"),
    ],
)
def test_fixed_ways_of_signing_in(authentication: dict[str, Any], header: str, value: str) -> None:
    assert run(_headers(authentication, KEY="k1"))[header] == value


def test_a_token_is_fetched_once_however_many_ask_for_it() -> None:
    office = Office()

    async def scenario() -> Request:
        async with rig(office, system({}, authentication=TOKEN), KEY="k1") as made:
            await made.connector.read("Thing", [str(number) for number in range(50)])
            return made.server.requests[0]

    request = run(scenario())
    assert (request.call, request.json, "token" in request.headers) == ("POST /token", {"key": "k1"}, False)
    assert office.given == ["t1"]


def test_a_token_may_be_fetched_by_query() -> None:
    async def scenario() -> Request:
        asking = {**TOKEN, "method": "GET", "body": {}, "query": {"clientKey": "${env:KEY}"}}
        async with rig(Office(), system({}, authentication=asking), KEY="k&1") as made:
            await made.connector.read("Thing", ["1"])
            return made.server.requests[0]

    request = run(scenario())
    assert (request.call, request.query, request.body) == ("GET /token", {"clientKey": "k&1"}, b"")


@pytest.mark.parametrize(
    ("until", "after", "renewed"),
    [
        ("2024-09-10T13:00:00Z", 3530, False),
        ("2024-09-10T13:00:00Z", 3550, True),  # a minute early
        ("2024-09-10T14:00:00+02:00", 10, True),  # over already: used for a while, then again
        ("2024-09-10T15:00:00", 3550, True),  # naive: in Oslo it is an hour, in UTC three; the shorter holds
        ("2024-09-10T12:30:00", 1750, True),  # naive: in Oslo it would be over, so it is UTC
        ("2024-09-10T12:00:30Z", 10, False),  # shorter than the minute: half of it
        ("2024-09-10T12:00:30Z", 16, True),
        ("soon", 200, False),
        ("soon", 241, True),
        (None, 241, True),
        (600, 530, False),
        (600, 550, True),
    ],
)
def test_a_token_is_renewed_early_and_a_doubtful_life_is_a_short_one(until: Any, after: float, renewed: bool) -> None:
    office = Office(until, lasting=9)

    async def scenario() -> None:
        described = system({}, authentication=TOKEN, clock={"zone": "Europe/Oslo"})
        async with rig(office, described, KEY="k1") as made:
            await made.connector.read("Thing", ["1"])
            made.clock.passed += after
            await made.connector.read("Thing", ["1"])

    if until == "2024-09-10T14:00:00+02:00":
        after = 241
    run(scenario())
    assert len(office.given) == (2 if renewed else 1)


def test_a_lost_token_is_renewed_once_for_everybody() -> None:
    office = Office(lasting=1)

    async def scenario() -> list[type]:
        async with rig(office, system({}, authentication=TOKEN, limits={"concurrency": 8}), KEY="k1") as made:
            await made.connector.read("Thing", ["1"])
            office.given.append("revoked elsewhere")
            seen = await made.connector.read("Thing", [str(number) for number in range(30)])
            return [type(each) for each in seen]

    assert set(run(scenario())) == {Seen}
    assert office.given == ["t1", "revoked elsewhere", "t3"]


def test_a_second_401_is_a_refusal_and_no_third_try() -> None:
    office = Office(lasting=0)

    async def scenario() -> tuple[int, OutcomeKind, bool]:
        async with rig(office, system({}, authentication=TOKEN), KEY="k1") as made:
            with pytest.raises(SystemRefused, match="401"):
                await made.connector.read("Thing", ["1"])
            calls = len(made.server.requests)
            outcome = await made.one(create())
            return calls, outcome.kind, outcome.fatal

    assert run(scenario()) == (4, OutcomeKind.FAILED, True)


def test_a_403_about_one_record_costs_one_renewal_in_all() -> None:
    office = Office(lasting=9)

    def handler(request: Request) -> Reply:
        return office(request) if request.path == "/token" else Reply(403)

    async def scenario() -> list[type]:
        async with rig(handler, system({}, authentication=TOKEN), KEY="k1") as made:
            return [type((await made.connector.read("Thing", [str(number)]))[0]) for number in range(5)]

    assert set(run(scenario())) == {Unreadable}
    assert len(office.given) == 2


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (Reply(400, json="no such key canary"), SystemRefused),
        (Reply(401), SystemRefused),
        (Reply(200, json={"value": None}), SystemRefused),
        (Reply(200, body=b"<html>"), SystemRefused),
        (Reply(500), SystemUnavailable),
    ],
)
def test_a_sign_in_that_fails_stops_us_without_telling_the_secret(reply: Reply, expected: type[Exception]) -> None:
    async def scenario() -> str:
        async with rig(lambda request: reply, system({}, authentication=TOKEN), KEY="canary") as made:
            with pytest.raises(expected) as caught:
                await made.connector.read("Thing", ["1"])
            outcome = await made.one(create())
            assert outcome.kind is OutcomeKind.FAILED
            return str(caught.value) + outcome.message

    assert "canary" not in run(scenario())


@pytest.mark.parametrize("origin", ["http://10.1.2.3", "http://crm.example.org", "https://192.168.7.8"])
def test_an_origin_that_may_not_be_spoken_to_is_a_matter_of_configuration(origin: str) -> None:
    async def scenario() -> None:
        async with rig(lambda request: Reply(), system({}, private_hosts=False, origin=origin)):
            raise AssertionError("connected")

    with pytest.raises(ConfigurationError, match="private_hosts"):
        run(scenario())


async def _told(*headers: dict[str, str], limits: dict[str, Any] | None = None, write: bool = False) -> tuple[Any, float, int]:
    replies = [Reply(429, headers=each) for each in headers]

    def handler(request: Request) -> Reply:
        return replies.pop(0) if replies else Reply(201 if write else 200, json={"id": 1})

    async with rig(handler, system({}, limits={"longest_wait_seconds": 60, **(limits or {})})) as made:
        ended = await made.one(create()) if write else (await made.connector.read("Thing", ["1"]))[0]
        return ended, made.clock.passed, len(made.server.requests)


@pytest.mark.parametrize(
    ("text", "least", "most"),
    [
        ("7", 7, 7.1),
        ("Tue, 10 Sep 2024 12:00:09 GMT", 9, 9.1),
        ("600", 60, 60.1),  # capped
        ("99999999", 0.1, 0.4),  # absurd: as if nothing had been said
        ("-5", 0.1, 0.4),
        ("0", 0.1, 0.4),
        ("later", 0.1, 0.4),
        ("Mon, 01 Jan 1990 00:00:00 GMT", 0.1, 0.4),
        ("", 0.1, 0.4),
    ],
)
@pytest.mark.parametrize("write", [False, True])
def test_too_many_requests_are_waited_out_as_long_as_we_are_told(text: str, least: float, most: float, write: bool) -> None:
    ended, waited, requests = run(_told({"Retry-After": text}, write=write))
    assert requests == 2
    assert least <= waited <= most
    assert isinstance(ended, Seen) or ended.kind is OutcomeKind.DONE


def test_patience_ends_with_nothing_written() -> None:
    told = [{"Retry-After": "25"}] * 9
    ended, waited, requests = run(_told(*told, write=True))
    assert (ended.kind, ended.fatal) == (OutcomeKind.FAILED, False)
    assert requests == 4
    assert 60 <= waited <= 61


def test_one_complaint_slows_the_whole_host_and_it_recovers() -> None:
    async def scenario() -> tuple[list[float], int]:
        complaints = [Reply(429, headers={"Retry-After": "30"})]
        starts: list[float] = []

        def handler(request: Request) -> Reply:
            starts.append(made.clock.passed)
            return complaints.pop() if complaints else Reply(404)

        async with rig(handler, system({}, limits={"concurrency": 4})) as made:
            seen = await made.connector.read("Thing", [str(number) for number in range(60)])
            assert all(isinstance(each, Gone) for each in seen)
            return starts, len(complaints)

    starts, _ = run(scenario())
    held = [start for start in starts if 0 < start < 30]
    assert held == []
    assert sum(start == 0 for start in starts) <= 4
    gaps = [later - earlier for earlier, later in itertools.pairwise(starts) if earlier >= 30]
    assert any(gap > 0 for gap in gaps), "starts are spread after a complaint"
    assert gaps[-1] == 0, "and no longer once nobody complains"


def test_a_rate_of_the_manifest_is_kept() -> None:
    async def scenario() -> float:
        async with rig(lambda request: Reply(404), system({}, limits={"per_second": 10, "concurrency": 1})) as made:
            await made.connector.read("Thing", [str(number) for number in range(51)])
            return made.clock.passed

    assert 3.9 <= run(scenario()) <= 5.1


def test_callers_that_wait_for_a_token_share_its_failure_not_a_lock() -> None:
    handler: Handler = lambda request: Reply(401)  # noqa: E731  # one line says it

    async def scenario() -> list[Any]:
        async with rig(handler, system({}, authentication=TOKEN), KEY="k1") as made:
            reads = [made.connector.read("Thing", ["1"]) for _ in range(3)]
            return await asyncio.gather(*reads, return_exceptions=True)

    assert {type(each) for each in run(scenario())} == {SystemRefused}

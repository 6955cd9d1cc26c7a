"""Servers that mean no good: whatever is asked of them, it ends in a named error, within the deadline, and credentials stay here."""

import asyncio
import gzip
from dataclasses import replace
from typing import Any

import pytest
from rigs import create, rig, run, system, update
from scripted import Handler, Reply, Request, Scripted

from accord.connectors.rest import RestConnector
from accord.errors import SystemProblem
from accord.model.plans import OutcomeKind
from accord.model.records import Unreadable

HEAD = b"HTTP/1.1 200 X\r\nContent-Type: application/json\r\n"
BOMB = gzip.compress(b'{"items": [' + b" " * 4_000_000 + b"]}")
LIMITS = {"retries": 0, "deadline_seconds": 0.5, "body_megabytes": 1, "longest_wait_seconds": 1}

WAYS: dict[str, Reply] = {
    "a bomb": Reply(body=BOMB, headers={"Content-Encoding": "gzip"}),
    "an endless body": Reply(raw=HEAD + b"\r\n", drip=b" " * 65536),
    "an endless body in chunks": Reply(raw=HEAD + b"Transfer-Encoding: chunked\r\n\r\n", drip=b"1000\r\n" + b" " * 4096 + b"\r\n"),
    "an endless head": Reply(raw=b"HTTP/1.1 200 X\r\n", drip=b"X-More: " + b"x" * 1000 + b"\r\n"),
    "a body of which nothing comes": Reply(raw=HEAD + b"Content-Length: 1000\r\n\r\n{"),
    "a body that announces too much": Reply(raw=HEAD + b"Content-Length: 99999999999\r\n\r\n{"),
    "a page for people": Reply(body=b"<!doctype html><title>Sign in</title>", headers={"Content-Type": "text/html"}),
    "another kind of body": Reply(json=[[]]),
    "nesting without end": Reply(body=b'{"items":' * 100_000),
    "no protocol at all": Reply(raw=b"\x00\xff\r\n\r\n"),
    "nothing": Reply(reset=True),
    "silence": Reply(),  # and a wait that does not end
    "a redirect elsewhere": Reply(302, headers={"Location": "http://10.9.9.9/"}),
    "a redirect to itself": Reply(302, headers={"Location": "/things"}),
    "too many requests for ever": Reply(429, headers={"Retry-After": "99999"}),
}


def doing(way: str) -> Handler:
    """A server that does this and nothing else."""
    return lambda request: replace(WAYS[way], wait=asyncio.Event() if way == "silence" else None)


async def _asked(connector: RestConnector, how: str) -> Any:
    if how == "list":
        return [page async for page in connector.list("Thing")]
    if how == "changes":
        return [page async for page in connector.changes("Thing", "2024-09-10T10:00:00.000Z")]
    return (await connector.read("Thing", ["1"]))[0]


async def _ending(handler: Handler, how: str, **more: Any) -> Any:
    async with rig(handler, system({}, limits=LIMITS, **more), KEY="canary") as made:
        try:
            return await asyncio.wait_for(_asked(made.connector, how), 5)
        except SystemProblem as problem:
            return problem


@pytest.mark.parametrize("how", ["list", "changes", "read"])
@pytest.mark.parametrize("way", WAYS)
def test_P26_whatever_a_server_does_a_read_ends_in_a_named_error_in_time(way: str, how: str) -> None:
    ended = run(_ending(doing(way), how))
    assert isinstance(ended, SystemProblem | Unreadable), ended
    said = ended.cause if isinstance(ended, Unreadable) else ended.message
    assert said
    assert "Error(" not in said, "words for people"


@pytest.mark.parametrize("way", WAYS)
def test_P26_whatever_a_server_does_a_write_is_not_said_to_be_done(way: str) -> None:
    async def scenario() -> set[OutcomeKind]:
        async with rig(doing(way), system({}, limits=LIMITS)) as made:
            ended = await asyncio.wait_for(made.write(create("c", name="n"), update("1", "u", name="n")), 8)
            return {outcome.kind for outcome in ended.values()}

    assert OutcomeKind.DONE not in run(scenario())


@pytest.mark.parametrize("kind", ["oauth", "token"])
@pytest.mark.parametrize("way", WAYS)
def test_P26_whatever_a_token_office_does_signing_in_ends_in_a_named_error_in_time(way: str, kind: str) -> None:
    rules = {"kind": "oauth", "path": "/token", "client_id": "us", "client_secret": "${env:KEY}"}
    if kind == "token":
        rules = {"kind": "token", "path": "/token", "body": {"key": "${env:KEY}"}, "token": "value"}
    ended = run(_ending(doing(way), "read", authentication=rules))
    assert isinstance(ended, SystemProblem), ended
    assert "canary" not in str(ended)


@pytest.mark.parametrize("kind", ["bearer", "query"])
@pytest.mark.parametrize("lead", ["next link", "redirect"])
def test_P26_who_leads_elsewhere_gets_no_credentials(lead: str, kind: str) -> None:
    rules = {"kind": kind, "parameter": "key", "value": "${env:KEY}"}

    async def scenario() -> list[Request]:
        async with Scripted(lambda request: Reply(json={"items": [], "next": None})) as elsewhere:
            away = f"{elsewhere.url}/things"
            reply = Reply(json={"items": [], "next": away}) if lead == "next link" else Reply(302, headers={"Location": away})
            described = system({"list": {"path": "/things", "items": "items", "paging": {"kind": "next_link", "next": "next"}}})
            async with rig(lambda request: reply, {**described, "authentication": rules}, KEY="canary") as made:
                with pytest.raises(SystemProblem) as caught:
                    await _asked(made.connector, "list")
                assert "canary" not in str(caught.value)
                return elsewhere.requests

    assert run(scenario()) == [], "not even asked"

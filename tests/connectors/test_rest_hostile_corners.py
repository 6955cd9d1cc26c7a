"""Servers that mean no good, in every corner: searches, deletions, sub-resources, registrations, and the commands that try a manifest."""

import asyncio
import sys
import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from rigs import Rig, create, rig, run, system, update
from scripted import Handler, Reply, Request, Scripted
from test_rest_hostile import LIMITS, WAYS, doing

from accord.connectors.registering import Notebook
from accord.errors import SystemProblem
from accord.model.plans import Outcome, OutcomeKind

LOOP = Reply(json={"items": [{"id": 1}], "next": "on and on"})
TURNS = {**WAYS, "pages that lead in a circle": LOOP}
AN_ANSWER = ("pages that lead in a circle", "another kind of body")
"""As good as any other to a call that writes: its status says that it was done."""

HOOKS = {
    "secret": "${env:HOOK}",
    "datatype": "of",
    "id": "id",
    "datatypes": {},
    "registration": {"create": {"path": "/hooks", "body": {"url": "{url}", "secret": "{secret}"}}, "id": "id", "lifetime_seconds": 60},
}
PHONES = {"name": {}, "phone": {"group": "phones", "path": "number"}}
GROUP = {"phones": {"list": "phones", "where": {"kind": "home"}, "write": {"path": "/things/{id}/phones"}, "add": {"kind": "home"}}}
KINDS: dict[str, dict[str, Any]] = {
    "bearer": {"kind": "bearer", "value": "${env:KEY}"},
    "header": {"kind": "header", "header": "X-Key", "value": "${env:KEY}"},
    "basic": {"kind": "basic", "user": "us", "password": "${env:KEY}"},
    "query": {"kind": "query", "parameter": "key", "value": "${env:KEY}"},
}


async def _found(made: Rig) -> Any:
    return (await made.connector.find("Thing", [create("c", name="n")]))[0]


async def _deleted(made: Rig) -> Any:
    return [page async for page in made.connector.changes("Thing", "2024-09-10T10:00:00.000Z")]


async def _registered(made: Rig) -> Any:
    async def read(_: str) -> None:
        return None

    async def write(_: str, __: str) -> None:
        return None

    registrar = made.connector.registrar(Notebook(read, write))
    assert registrar is not None
    return await registrar.ensure("https://accord.example.org/webhooks/shed")


async def _grouped(made: Rig) -> Any:
    return await made.write(update("1", "u", phone="1"), create("c", name="n", phone="1"))


CORNERS: dict[str, Callable[[Rig], Awaitable[Any]]] = {
    "a search for our reference": _found,
    "a list of deletions": _deleted,
    "a sub-resource": _grouped,
    "a registration": _registered,
}


def described(**more: Any) -> dict[str, Any]:
    paging = {"kind": "cursor", "parameter": "after", "next": "next"}
    find = {"path": "/things", "query": {"mark": "{reference}"}, "items": "items", "compare": "mark", "paging": paging}
    thing = {
        "create": [{"path": "/things", "find": find}],
        "groups": GROUP,
        "properties": PHONES | {"mark": {}},
        "deleted": {"listing": {"path": "/deleted", "items": "items", "paging": paging}, "id": "id"},
    }
    return system(thing, limits=LIMITS, webhooks=HOOKS, **more)


def _whole(ended: dict[str, Outcome]) -> set[str]:
    """The writes that are said to be done with all that belongs to them."""
    return {key for key, each in ended.items() if each.kind is OutcomeKind.DONE and each.rest is None}


def only(path: str, reply: Handler) -> Handler:
    """A server that does well but for one path."""

    def answer(request: Request) -> Reply:
        if request.path.endswith(path) and (path != "/things" or "mark" in request.query):
            return reply(request)
        if request.path == "/things" and request.method == "GET":
            return Reply(json={"items": [], "next": None})
        return Reply(json={"id": 1, "name": "n", "phones": []})

    return answer


PLACES = dict(zip(CORNERS, ("/things", "/deleted", "/phones", "/hooks"), strict=True))


@pytest.mark.parametrize("corner", CORNERS)
@pytest.mark.parametrize("way", TURNS)
def test_P26_in_every_corner_it_ends_in_a_named_error_in_time(way: str, corner: str) -> None:
    def turn(request: Request) -> Reply:
        if way == "a redirect to itself":
            return Reply(302, headers={"Location": f"{request.path}?mark={request.query.get('mark', '')}"})
        return replace(TURNS[way], wait=asyncio.Event() if way == "silence" else None)

    async def scenario() -> Any:
        async with rig(only(PLACES[corner], turn), described(authentication=KINDS["bearer"]), KEY="canary", HOOK="canary") as made:
            try:
                return await asyncio.wait_for(CORNERS[corner](made), 8)
            except SystemProblem as problem:
                return problem

    ended = run(scenario())
    if isinstance(ended, SystemProblem):
        said = [ended.message, ended.remedy]
    elif corner == "a search for our reference":
        assert not ended.certain and not ended.records, ended
        said = [ended.message]
    elif corner == "a sub-resource":
        assert way in AN_ANSWER or not _whole(ended), ended
        said = [each.message for each in ended.values()] if not _whole(ended) else ["done"]
    else:
        assert way in AN_ANSWER, ended
        said = ["registered"]
    assert all(said[:1])
    assert "canary" not in str(said)
    assert "Error(" not in str(said), "words for people"


ASKED: dict[str, Callable[[Rig], Awaitable[Any]]] = {
    **CORNERS,
    "a create": lambda made: made.write(create("c", name="n")),
    "an update": lambda made: made.write(update("1", "u", name="n")),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("asked", ASKED)
def test_P26_nobody_is_followed_elsewhere_with_or_without_credentials(asked: str, status: int, kind: str) -> None:
    async def scenario() -> tuple[list[Request], Any]:
        async with Scripted(lambda request: Reply(json={"items": [], "id": 1, "next": None})) as elsewhere:

            def lead(request: Request) -> Reply:
                return Reply(status, headers={"Location": f"{elsewhere.url}{request.path}"})

            handler = only(PLACES[asked], lead) if asked in PLACES else lead
            async with rig(handler, described(authentication=KINDS[kind]), KEY="canary", HOOK="canary-hook") as made:
                try:
                    ended = await asyncio.wait_for(ASKED[asked](made), 8)
                except SystemProblem as problem:
                    ended = problem
                return elsewhere.requests, ended

    requests, ended = run(scenario())
    assert requests == [], "not even asked"
    assert "canary" not in str(ended)
    if isinstance(ended, dict):
        assert not _whole(ended)


@pytest.mark.parametrize("status", [302, 307, 308])
@pytest.mark.parametrize("kind", ["oauth", "token"])
def test_P26_a_token_office_that_leads_elsewhere_gives_no_secret_away(kind: str, status: int) -> None:
    rules = {"kind": "oauth", "path": "/token", "client_id": "us", "client_secret": "${env:KEY}"}
    if kind == "token":
        rules = {"kind": "token", "path": "/token", "body": {"key": "${env:KEY}"}, "token": "value"}

    async def scenario() -> tuple[list[Request], str]:
        async with Scripted(lambda request: Reply(json={"access_token": "t", "value": "t", "expires_in": 60})) as elsewhere:
            away = Reply(status, headers={"Location": f"{elsewhere.url}/token"})
            async with rig(lambda request: away, system(authentication=rules, limits=LIMITS), KEY="canary") as made:
                with pytest.raises(SystemProblem) as caught:
                    await made.connector.read("Thing", ["1"])
                return elsewhere.requests, str(caught.value)

    requests, said = run(scenario())
    assert requests == [], "not even asked"
    assert "canary" not in said


# --- the commands that try a manifest -----------------------------------------------------------------------------------------------

MANIFEST = """manifest: 1
system: shed
origin: ${env:SHED_URL}
authentication: {kind: bearer, value: "${env:SHED_KEY}"}
limits: {retries: 0, deadline_seconds: 0.5, body_megabytes: 1, longest_wait_seconds: 1}
datatypes:
  Thing:
    id: id
    version: version
    modified: changed
    reference: mark
    list: {path: /things, items: items, paging: {kind: cursor, parameter: after, next: next}}
    changes: {kind: since, parameter: since, overlap_seconds: 3}
    read: "/things/{id}"
    create: [{path: /things, find: {path: /things, query: {mark: "{reference}"}, items: items, compare: mark}}]
    update: {path: "/things/{id}", method: PATCH}
    delete: {path: "/things/{id}", method: DELETE, answer: null}
    properties: {name: {}, note: {}, mark: {}}
"""
COMMANDS = {
    "probe": ["probe", "MANIFEST"],
    "probe that writes": ["probe", "MANIFEST", "--allow-writes-to", "shed"],
    "conform": ["conform", "MANIFEST", "--allow-writes-to", "shed"],
}


async def _process(words: list[str], folder: Path) -> tuple[int, str]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "accord.cli.main", "manifest", *words),
        cwd=folder,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    out, _ = await asyncio.wait_for(process.communicate(), 60)
    return process.returncode or 0, out.decode()


@pytest.mark.slow
@pytest.mark.parametrize("command", COMMANDS)
def test_P26_a_command_that_tries_a_manifest_ends_in_time_with_words(command: str) -> None:
    at_once = asyncio.Semaphore(3)

    async def one(way: str) -> tuple[int, str]:
        async with at_once, Scripted(doing(way) if way in WAYS else lambda request: LOOP) as server:
            with tempfile.TemporaryDirectory() as named:
                folder = Path(named)
                (folder / "shed.yaml").write_text(MANIFEST)
                (folder / ".env").write_text(f"SHED_URL={server.url}\nSHED_KEY=canary-key\n")
                return await _process([str(folder / "shed.yaml") if each == "MANIFEST" else each for each in COMMANDS[command]], folder)

    async def all_ways() -> dict[str, tuple[int, str]]:
        return dict(zip(TURNS, await asyncio.gather(*map(one, TURNS)), strict=True))

    ended = asyncio.run(asyncio.wait_for(all_ways(), 300))
    assert {way for way, (code, _) in ended.items() if code not in (2, 3, 4)} == set()
    said = "".join(text for _, text in ended.values())
    assert "canary" not in said
    assert "Traceback" not in said
    assert min(len(text) for _, text in ended.values()) > 40

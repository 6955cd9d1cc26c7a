"""No command says a secret, whatever the servers answer: each is run as a process between two that say everything back."""

import asyncio
import itertools
import json
import sys
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote, unquote_plus

import pytest
from scripted import Reply, Request, Scripted

pytestmark = pytest.mark.slow

KEY, CLIENT, REFRESH, HOOK = "canary/key-1", "canary/client-2", "canary/refresh-3", "canary/hook-4"
FILES = {
    "dataflow.yaml": """accord: 1
left: {system: crm, manifest: crm.yaml}
right: {system: care, manifest: care.yaml}
defaults: {onboarding: create}
flows:
  - left: Contact
    right: Persons
    properties: [{left: FirstName, right: first}]
""",
    "crm.yaml": """manifest: 1
system: crm
origin: ${env:CRM_URL}
limits: {retries: 1, longest_wait_seconds: 1, deadline_seconds: 2}
authentication: {kind: query, parameter: key, value: "${env:CRM_KEY}"}
webhooks:
  {secret: "${env:CRM_HOOK}", datatype: of, id: id, datatypes: {contacts: Contact},
   registration: {create: {path: /hooks, body: {url: "{url}", secret: "{secret}"}}}}
datatypes:
  Contact:
    id: Id
    list: {path: /contacts, items: items, paging: {kind: next_link, next: next}}
    read: "/contacts/{id}"
    create: [{path: /contacts}]
    update: {path: "/contacts/{id}", method: PATCH}
    properties: {FirstName: {}}
""",
    "care.yaml": """manifest: 1
system: care
origin: ${env:CARE_URL}
limits: {retries: 1, longest_wait_seconds: 1, deadline_seconds: 2}
authentication:
  {kind: oauth, path: /token, grant: refresh_token, client_id: us, client_secret: "${env:CARE_CLIENT}",
   refresh_token: "${env:CARE_REFRESH}"}
datatypes:
  Persons:
    id: no
    list: {path: /persons, items: items}
    read: "/persons/{id}"
    create: [{path: /persons}]
    update: {path: "/persons/{id}"}
    properties: {first: {}}
""",
}
COMMANDS = (
    ["check", "-d", "FLOW"],
    ["plan", "-d", "FLOW"],
    ["sync", "-d", "FLOW"],
    ["sync", "-d", "FLOW", "--json"],
    ["census", "-d", "FLOW"],
    ["status", "-d", "FLOW"],
    ["links", "-d", "FLOW"],
    ["why", "C1", "-d", "FLOW"],
    ["document", "write", "-d", "FLOW"],
    ["manifest", "probe", "CRM"],
    ["manifest", "probe", "CARE"],
    ["manifest", "probe", "CRM", "--allow-writes-to", "crm"],
    ["manifest", "conform", "CARE", "--allow-writes-to", "care"],
    ["document", "run", "-d", "FLOW", "--allow-writes-to", "crm", "--allow-writes-to", "care"],
)


class Parrot:
    """Says back all that it was sent, in another wrong way each time; now and then it answers well, so that there is something to do."""

    def __init__(self, good: Callable[[Request], Reply]) -> None:
        self.good = good
        self.turn = itertools.count()
        self.heard = ""

    def __call__(self, request: Request) -> Reply:
        sent = f"{unquote_plus(str(request.query))} {request.headers} {unquote_plus(request.body.decode())}"
        self.heard += sent
        query = "&".join(f"{name}={quote(value, safe='')}" for name, value in request.query.items())
        wire = f"{request.path}?{query} {request.body.decode()}"
        said = {"message": f"{sent} {wire}", "errors": [{"field": sent, "message": wire}]}
        ways = (
            lambda: self.good(request),
            lambda: Reply(400, json=said),
            lambda: self.good(request),
            lambda: Reply(403, json=said),
            lambda: Reply(302, headers={"Location": f"http://10.9.9.9/{quote(sent)}"}),
            lambda: self.good(request),
            lambda: Reply(500, json=said),
            lambda: Reply(200, body=f"<html>{sent}".encode()),
            lambda: Reply(200, json={"items": [], "next": f"http://10.9.9.9/?{wire}"}),
            lambda: Reply(raw=f"HTTP/1.1 {sent}\r\n\r\n".encode()),
            lambda: Reply(reset=True),
        )
        return ways[next(self.turn) % len(ways)]()


def contacts(request: Request) -> Reply:
    one = {"Id": "C1", "FirstName": "Ann"}
    return Reply(json={"items": [one], "next": None} if request.path == "/contacts" else one)


class Office:
    """Persons, and tokens that are canaries themselves."""

    def __init__(self) -> None:
        self.given = 0

    def __call__(self, request: Request) -> Reply:
        if request.path == "/token":
            self.given += 1
            said = {"access_token": f"canary/access-{self.given}", "refresh_token": f"canary/next-{self.given}", "expires_in": 120}
            return Reply(json=said)
        return Reply(json={"items": []} if request.method == "GET" else {"no": 1, "first": "Ann"})


async def said_by(words: list[str], folder: Path) -> str:
    names = {"FLOW": "dataflow.yaml", "CRM": "crm.yaml", "CARE": "care.yaml"}
    given = [str(folder / names[word]) if word in names else word for word in words]
    environ = {"PYTHONASYNCIODEBUG": "1", "PYTHONDEVMODE": "1", "PATH": "/usr/bin:/bin"}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "accord.cli.main", *given),
        cwd=folder,
        env=environ,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    assert process.returncode in (0, 1, 2, 3, 4), (words, process.returncode)
    return (out + err).decode()


async def all_of_them(folder: Path) -> dict[str, str]:
    shown: dict[str, str] = {}
    office = Office()
    left, right = Parrot(contacts), Parrot(office)

    def door(request: Request) -> Reply:
        """It signs us in at first, so that there are calls to get wrong."""
        return office(request) if request.path == "/token" and office.given < 3 else right(request)

    async with Scripted(left) as crm, Scripted(door) as care:
        lines = {"CRM_URL": crm.url, "CARE_URL": care.url, "CRM_KEY": KEY, "CARE_CLIENT": CLIENT, "CARE_REFRESH": REFRESH, "CRM_HOOK": HOOK}
        (folder / ".env").write_text("".join(f"{name}={value}\n" for name, value in lines.items()))
        for words in COMMANDS:
            shown[" ".join(words)] = await said_by(words, folder)
    assert KEY in left.heard
    assert "canary/access" in right.heard
    return shown


def leaks(text: str) -> bool:
    return "canary" in text.casefold()


def test_P26_no_command_says_a_secret_whatever_it_is_answered(tmp_path: Path) -> None:
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    shown = asyncio.run(asyncio.wait_for(all_of_them(tmp_path), 240))
    assert {name for name, text in shown.items() if leaks(text)} == set()
    assert sum(map(bool, shown.values())) >= len(COMMANDS) - 2, "but for what there is nothing to list of"
    assert "Traceback" not in "".join(shown.values())
    kept = {each.name for each in tmp_path.rglob("*") if each.is_file() and leaks(each.read_bytes().decode(errors="replace"))}
    assert kept <= {".env", "care.tokens"}, "the state and the documents hold no secret"
    assert json.loads((tmp_path / ".accord" / "care.tokens").read_text())["refresh"].startswith("canary/")

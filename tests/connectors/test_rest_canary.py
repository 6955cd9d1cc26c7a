"""What a server says back, canaries all of it, from the wire to everything that a person reads: journal, status, health, errors, logs."""

import json
import logging
from pathlib import Path

import pytest
from click.testing import CliRunner
from rigs import run
from scripted import Reply, Request, Scripted

from accord import app
from accord.cli.looking import status_command, why_command
from accord.engine.serving import Failed, Health
from accord.errors import ListingFailed, SystemProblem
from accord.model.journal import IntentState

KEY, TOKENS = "canary-key-5f1", ("canary-token-one", "canary-token-two")
PERSON = {
    "FirstName": "Canarina",
    "LastName": "Canaryson",
    "Email": "canary@nest.example",
    "Mobile": "+47 900 11 223",
    "Born": "1980-02-03",
}
SAID = (*TOKENS, KEY, "Canarina", "canaryson", "CANARY@NEST", "nest.example", "900 11 223", "90011223", "1980-02-03")
FILES = {
    "dataflow.yaml": """accord: 1
left: {system: crm, manifest: crm.yaml}
right: {system: care, manifest: care.yaml}
defaults: {onboarding: create}
flows:
  - left: Contact
    right: Persons
    properties:
      - {left: FirstName, right: first, personal: true}
      - {left: LastName, right: last}
      - {left: Email, right: email}
      - {left: Mobile, right: mobile}
      - {left: Born, right: born, type: date}
""",
    "crm.yaml": """manifest: 1
system: crm
origin: ${env:CRM_URL}
datatypes:
  Contact:
    id: Id
    list: {path: /contacts, items: items}
    read: "/contacts/{id}"
    properties: {FirstName: {}, LastName: {}, Email: {}, Mobile: {}, Born: {type: date}}
""",
    "care.yaml": """manifest: 1
system: care
origin: ${env:CARE_URL}
limits: {retries: 0}
authentication: {kind: token, path: /token, body: {key: "${env:CARE_KEY}"}, token: value, header: token}
datatypes:
  Persons:
    id: no
    list: {path: /persons, items: items}
    read: "/persons/{id}"
    create: [{path: /persons}]
    update: {path: "/persons/{id}"}
    properties: {first: {}, last: {personal: true}, email: {}, mobile: {}, born: {type: date, personal: true}}
""",
}


class Care:
    """Lets its first token read and not write, and refuses every write with all that it was ever sent. ``broken``: refuses to list, too."""

    def __init__(self) -> None:
        self.given = iter(TOKENS)
        self.broken = False
        self.said = ""

    def __call__(self, request: Request) -> Reply:
        if request.path == "/token":
            return Reply(json={"value": next(self.given)})
        self.said += request.headers["token"] + KEY + request.body.decode()
        if request.headers["token"] == TOKENS[0] and request.method == "POST":
            return Reply(401)
        if request.method == "GET":
            words = f"{request.headers['token']} of {KEY} may not see {PERSON['Email']} ({PERSON['Mobile']}, 90011223)"
            return Reply(400, json=words) if self.broken else Reply(json={"items": []})
        words = f"no: {', '.join(PERSON.values())} (90011223) CANARYSON Canarin; {self.said[:600]}"
        return Reply(400, json={"message": words, "property": "first"})


async def sync(folder: Path, care: Care, broken: bool) -> SystemProblem | None:
    contact = {"Id": "C1", **PERSON}
    async with Scripted(lambda request: Reply(json={"items": [contact]})) as left, Scripted(care) as right:
        (folder / ".env").write_text(f"CRM_URL={left.url}\nCARE_URL={right.url}\nCARE_KEY={KEY}\n")
        care.broken = broken
        async with app.session(app.load(folder / "dataflow.yaml")) as opened:
            try:
                await app.run_once(opened, "sync")
            except SystemProblem as problem:
                return problem
    return None


def leaks(text: str) -> list[str]:
    return [one for one in SAID if one.casefold() in text.casefold()]


def test_P26_what_a_server_says_back_is_in_nothing_that_a_person_reads(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    care = Care()
    assert run(sync(tmp_path, care, broken=False)) is None
    assert set(SAID) - set(leaks(care.said)) == {"90011223"}, "the server was told all of it"
    setup = app.load(tmp_path / "dataflow.yaml")
    with app.looking(setup) as store:
        (intent,) = store.intents(tuple(IntentState), 10)
        (waiting,) = store.list_pending()
    assert (intent.state, waiting.state) == (IntentState.REFUSED, "quarantined")
    assert "400" in intent.message and "***" in intent.message
    care.given = iter(TOKENS)
    problem = run(sync(tmp_path, care, broken=True))
    assert isinstance(problem, ListingFailed)
    assert "/persons: 400" in str(problem)
    health = Health(lambda _: None)
    health.note(Failed(problem, 1.0))
    shown = [intent.message, waiting.cause, str(problem), problem.remedy, json.dumps(health.said()), caplog.text]
    for command, words in ((status_command, ["--json"]), (status_command, []), (why_command, ["C1", "--json"]), (why_command, ["C1"])):
        printed = CliRunner().invoke(command, ["--dataflow", str(tmp_path / "dataflow.yaml"), *words], standalone_mode=False)
        assert not printed.exception, printed.exception
        assert "400" in printed.output
        shown.append(printed.output)
    assert [leaks(text) for text in shown] == [[]] * len(shown)

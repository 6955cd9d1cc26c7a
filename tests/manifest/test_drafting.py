"""`accord manifest new --openapi`: a draft that works once the credentials are filled in, with a reason beside every guess."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from foreign import DESCRIPTIONS, serving
from hypothesis import given, settings
from hypothesis import strategies as st
from structural import misfits

from accord.cli.advice import ended
from accord.cli.main import accord
from accord.config.drafting import draft_from_openapi
from accord.config.drafting_yaml import Guess, Inline, block, flow
from accord.config.manifest import manifest_of
from accord.config.manifest_schema import manifest_schema
from accord.config.yamlfile import parse_yaml
from accord.errors import ConfigurationError
from accord.model.manifest import Authentication, Manifest, Paging
from accord.sandbox.process import start

ACCORD = [sys.executable, "-m", "accord.cli.main", "manifest"]
FOREIGN = ("bluebird", "harbor", "pinecone", "osprey", "larch")
READ = {"list", "sign-in", "paging", "ids and properties", "read by id"}
TOLD = {"modified", "changes"}


def command(*words: str) -> int:
    return ended(lambda: accord.main(["manifest", *words], "accord", standalone_mode=False), json_wanted=False)


def drafted(folder: Path, description: dict[str, Any] | str, name: str | None = None) -> tuple[Manifest, str]:
    """A draft as a manifest, checked as every manifest is, and its text."""
    file = folder / "description.json"
    file.write_text(description if isinstance(description, str) else json.dumps(description), "utf-8")
    text = draft_from_openapi(file, "manifest.yaml", name).text
    source = parse_yaml(text.encode(), "manifest.yaml")
    assert misfits(manifest_schema(), source.data) == []
    return manifest_of(source), text


def shipped(folder: Path, name: str) -> tuple[Manifest, str]:
    (file,) = DESCRIPTIONS.glob(f"{name}.*")
    return drafted(folder, file.read_text("utf-8"))


# --- on the live systems ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", FOREIGN)
def test_a_draft_passes_probe_after_only_the_credentials_are_filled_in(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    manifest = str(tmp_path / "manifest.yaml")
    with serving(name) as crm:
        (tmp_path / crm.file).write_text(crm.description(), "utf-8")
        assert command("new", "--openapi", str(tmp_path / crm.file), "-o", manifest, "--json") == 0
        said = json.loads(capsys.readouterr().out)
        assert said["secrets"] == list(crm.secrets)
        assert (tmp_path / "manifest.schema.json").exists()
        (tmp_path / ".env").write_text("".join(f"{key}={value}\n" for key, value in crm.secrets.items()))
        assert command("probe", manifest, "--json") == 0
        probes = json.loads(capsys.readouterr().out)["probes"]
        first = [each for each in probes if each["datatype"] == said["datatypes"][0]]
        assert {each["capability"] for each in first if each["verdict"] == "works"} >= READ
        assert {call.split()[0] for call in crm.calls} == {"GET"}
        if name != "larch":  # which tells of no change at all
            assert {each["capability"] for each in first if each["verdict"] == "works"} >= TOLD
            (fine,) = [each["evidence"] for each in first if each["capability"] == "modified"]
            assert fine.endswith("granularity_seconds: 0.001 saves waiting")
        assert command("probe", manifest, "--json", "--allow-writes-to", name) == 0
        probes = json.loads(capsys.readouterr().out)["probes"]
        assert {each["capability"] for each in probes if each["verdict"] == "works"} >= READ | {"create", "update", "delete"}
        if name == "harbor":
            assert {each["capability"] for each in probes if each["verdict"] == "works"} >= {
                "conditional write",
                "idempotency key",
                "finding",
            }


@pytest.mark.slow
@pytest.mark.parametrize("name", FOREIGN)
def test_the_commands_do_so_as_processes_of_their_own(name: str, tmp_path: Path) -> None:
    def process(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([*ACCORD, *words], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)

    with serving(name) as crm:
        (tmp_path / crm.file).write_text(crm.description(), "utf-8")
        drafted = process("new", "--openapi", crm.file)
        assert drafted.returncode == 0, drafted.stderr
        text = (tmp_path / "manifest.yaml").read_text("utf-8")
        (tmp_path / ".env").write_text("".join(f"{key}={value}\n" for key, value in crm.secrets.items()))
        probe = process("probe", "manifest.yaml")
    assert probe.returncode == 0, probe.stdout + probe.stderr
    assert (tmp_path / "manifest.yaml").read_text("utf-8") == text  # only credentials were filled in
    said = [line for line in probe.stdout.splitlines() if line.startswith(("  works ", "  cannot tell "))]
    assert len(said) >= 8, probe.stdout  # one line a capability
    assert "0 do not" in probe.stdout
    assert not [value for value in crm.secrets.values() if value in probe.stdout + probe.stderr]


@pytest.mark.slow
@pytest.mark.parametrize("name", FOREIGN)
def test_most_of_what_conform_asks_holds_of_a_draft(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    manifest = tmp_path / "manifest.yaml"
    with serving(name) as crm:
        (tmp_path / crm.file).write_text(crm.description(), "utf-8")
        assert command("new", "--openapi", str(tmp_path / crm.file), "-o", str(manifest)) == 0
        manifest.write_text(manifest.read_text("utf-8").replace("granularity_seconds: 1, lag_seconds: 1", "granularity_seconds: 0.001"))
        (tmp_path / ".env").write_text("".join(f"{key}={value}\n" for key, value in crm.secrets.items()))
        datatype = {"bluebird": "Contact", "harbor": "Account", "pinecone": "Person", "osprey": "Contact", "larch": "Customer"}[name]
        capsys.readouterr()
        command("conform", str(manifest), "--datatype", datatype, "--allow-writes-to", name, "--json")
        (result,) = json.loads(capsys.readouterr().out)["datatypes"]
    assert [each for each in result["checks"] if each["verdict"] == "does not hold"] == []
    assert result["left"] == []


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "datatypes"), [("customcrm", {"Contact", "Order", "Quote"}), ("membercare", {"Person", "Company", "Invoice", "Product"})]
)
def test_the_sandboxes_own_descriptions_give_drafts_that_work(
    name: Any, datatypes: set[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import urllib.request

    manifest = str(tmp_path / "manifest.yaml")
    with start(name, 200) as running:
        description = urllib.request.urlopen(f"{running.url}/openapi.json", timeout=10).read()
        (tmp_path / "openapi.json").write_bytes(description)
        assert command("new", "--openapi", str(tmp_path / "openapi.json"), "-o", manifest, "--json") == 0
        said = json.loads(capsys.readouterr().out)
        assert datatypes <= set(said["datatypes"])
        known = {"CUSTOMCRM_KEY": running.key, "MEMBERCARE_CLIENT_API_KEY": running.key, "MEMBERCARE_PERSON_TO_IMPERSONATE": "1"}
        known[f"{name.upper()}_ORIGIN"] = running.url
        (tmp_path / ".env").write_text("".join(f"{key}={known[key]}\n" for key in said["secrets"]))
        text = Path(manifest).read_text("utf-8")
        Path(manifest).write_text(text.replace("base_path:", "private_hosts: true\nbase_path:", 1))
        wanted = [word for each in sorted(datatypes) for word in ("--datatype", each)]
        assert command("probe", manifest, "--json", *wanted) == 0
        probes = json.loads(capsys.readouterr().out)["probes"]
        for datatype in datatypes:
            working = {each["capability"] for each in probes if each["datatype"] == datatype and each["verdict"] == "works"}
            assert working >= {"list", "sign-in", "read by id"}


# --- what is concluded ------------------------------------------------------------------------------------------------------------


def test_page_numbers_an_envelope_and_soft_deletes(tmp_path: Path) -> None:
    made, text = shipped(tmp_path, "bluebird")
    contact = made.datatypes["Contact"]
    assert (made.system, made.origin, made.base_path, made.private_hosts) == ("bluebird", "https://api.bluebird.example", "/v2", False)
    assert contact.list.items == "data"
    assert contact.list.paging == Paging(kind="page", parameter="page", start=1, total="meta.total", size_parameter="per_page", size=50)
    assert (contact.record, contact.create[0].answer, contact.changes and contact.changes.parameter) == ("data", "data", "updated_since")
    assert [each.path for each in contact.gone_when] == ["deleted_at"]
    properties = contact.properties
    assert properties["status"].options == ("lead", "active", "lost")
    assert (properties["balance"].type, properties["balance"].scale, properties["birth_date"].type) == ("decimal", 2, "date")
    assert (properties["first_name"].max_length, properties["newsletter"].type) == (80, "boolean")
    assert (properties["score"].create, properties["score"].update) == (False, False)
    assert properties["address.city"].personal
    assert not properties.keys() & {"id", "updated_at", "created_at", "deleted_at", "tags"}
    assert "left out, as no property holds such a thing: tags" in text
    assert "#   /countries" in text
    assert made.datatypes["Organisation"].create == ()


def test_a_cursor_deep_in_the_envelope_a_body_in_another_and_a_version(tmp_path: Path) -> None:
    made, _ = shipped(tmp_path, "harbor")
    account = made.datatypes["Account"]
    assert (made.origin, made.base_path) == ("https://eu.harbor.example", "/api")
    assert made.authentication == Authentication(kind="header", header="X-Api-Key", value="${env:HARBOR_KEY}")
    assert account.list.paging == Paging(kind="cursor", parameter="after", next="paging.next.after", size_parameter="limit", size=200)
    assert account.changes is not None and account.changes.clock == "server_time"
    (route,) = account.create
    assert (route.at, route.answer, account.record, account.version) == ("account", "account", "account", "version")
    assert route.find is not None and route.find.query == {"external_id": "{reference}"}
    assert (account.reference, account.idempotency_header) == ("external_id", "Idempotency-Key")
    assert account.conditional is not None
    assert set(account.properties["branches"].items) == {"city", "staff"}
    assert (account.properties["revenue"].type, account.properties["revenue"].format) == ("decimal", "text")
    assert set(made.datatypes) == {"Account"}


def test_bare_arrays_a_link_header_and_a_list_of_deletions(tmp_path: Path) -> None:
    made, text = shipped(tmp_path, "pinecone")
    person = made.datatypes["Person"]
    assert made.base_path == "/rest"
    assert (made.authentication.kind, person.id, person.list.items, person.list.paging.kind) == ("basic", "personNo", "", "link_header")
    assert person.deleted is not None and (person.deleted.listing.path, person.deleted.parameter) == ("/people/deleted", "since")
    assert person.update is not None and (person.update.method, person.update.answer) == ("PUT", None)
    assert "PUT may replace the whole record" in text


@pytest.mark.parametrize("name", FOREIGN)
def test_every_guess_carries_its_reason_and_no_secret_is_written(name: str, tmp_path: Path) -> None:
    _, text = shipped(tmp_path, name)
    lines = text.splitlines()
    for key in ("paging", "changes", "version", "modified", "gone_when", "deleted", "authentication", "clock", "limits", "record"):
        for position, line in enumerate(lines):
            if re.match(rf"\s*{key}:", line):
                assert "#" in line or lines[position - 1].lstrip().startswith("#"), line
    assert lines[0] == "# yaml-language-server: $schema=manifest.schema.json"
    assert max(map(len, lines)) <= 140


def crm(**more: Any) -> dict[str, Any]:
    """A small description; ``more`` replaces parts of it."""
    record = {"type": "object", "properties": {"id": {"type": "integer"}, "name": {"type": "string"}}}
    parts: dict[str, Any] = {"query": [], "answer": {"type": "array", "items": record}, "record": record, "headers": {}, "whole": {}} | more
    parameters = [{"name": name, "in": "query", "schema": schema} for name, schema in parts["query"]]
    listing = {"description": "", "headers": parts["headers"], "content": {"application/json": {"schema": parts["answer"]}}}
    one = {"description": "", "content": {"application/json": {"schema": parts["record"]}}}
    return {
        "openapi": "3.0.0",
        "info": {"title": "The Shed API", "version": "1"},
        "paths": {
            "/things": {"get": {"parameters": parameters, "responses": {"200": listing}}},
            "/things/{id}": {"get": {"responses": {"200": one}}},
        },
    } | parts["whole"]


def envelope(**members: Any) -> dict[str, Any]:
    record = {"type": "object", "properties": {"id": {"type": "integer"}, "name": {"type": "string"}}}
    return {"type": "object", "properties": {"items": {"type": "array", "items": record}, **members}}


TEXT, NUMBER = {"type": "string"}, {"type": "integer"}


@pytest.mark.parametrize(
    ("described", "paging"),
    [
        ({}, Paging()),
        ({"query": [("offset", NUMBER), ("limit", NUMBER)]}, Paging(kind="offset", parameter="offset", size_parameter="limit", size=100)),
        ({"query": [("pageIndex", {"type": "integer", "minimum": 0})]}, Paging(kind="page", parameter="pageIndex", start=0)),
        ({"answer": envelope(next=TEXT)}, Paging(kind="next_link", next="next")),
        (
            {"answer": envelope(next={"type": "string", "format": "uri"}), "query": [("cursor", TEXT)]},
            Paging(kind="next_link", next="next"),
        ),
        ({"answer": envelope(next=TEXT), "query": [("cursor", TEXT)]}, Paging(kind="cursor", parameter="cursor", next="next")),
        (
            {"answer": envelope(_links={"type": "object", "properties": {"next": {"type": "object", "properties": {"href": TEXT}}}})},
            Paging(kind="next_link", next="_links.next.href"),
        ),
        ({"answer": envelope(nextPageUrl=TEXT, totalCount=NUMBER)}, Paging(kind="next_link", next="nextPageUrl", total="totalCount")),
        (
            {"answer": envelope(nextPageToken=TEXT), "query": [("pageToken", TEXT)]},
            Paging(kind="cursor", parameter="pageToken", next="nextPageToken"),
        ),
        ({"headers": {"link": {"schema": TEXT}}, "query": [("page", NUMBER)]}, Paging(kind="link_header")),
    ],
)
def test_paging_is_recognised(described: dict[str, Any], paging: Paging, tmp_path: Path) -> None:
    made, _ = drafted(tmp_path, crm(**described))
    assert made.datatypes["Thing"].list.paging == paging


def test_a_listing_is_asked_for_all_that_it_can_include_but_not_for_what_was_deleted(tmp_path: Path) -> None:
    yes = {"type": "boolean"}
    made, _ = drafted(tmp_path, crm(query=[("includeAddress", yes), ("include_deleted", yes), ("include", TEXT)]))
    assert made.datatypes["Thing"].list.query == {"includeAddress": "true"}


def schemes(scheme: dict[str, Any]) -> dict[str, Any]:
    return crm(whole={"components": {"securitySchemes": {"it": scheme}}, "security": [{"it": []}]})


OAUTH = {"type": "oauth2", "flows": {"clientCredentials": {"tokenUrl": "/oauth/token", "scopes": {}}}}

ELSEWHERE = {"type": "oauth2", "flows": {"clientCredentials": {"tokenUrl": "https://login.shed.example/oauth/token", "scopes": {}}}}


@pytest.mark.parametrize(
    ("scheme", "kind", "words"),
    [
        ({"type": "http", "scheme": "Bearer"}, "bearer", "${env:SHED_KEY}"),
        ({"type": "http", "scheme": "basic"}, "basic", "${env:SHED_PASSWORD}"),
        ({"type": "apiKey", "in": "header", "name": "X-Key"}, "header", "X-Key"),
        ({"type": "apiKey", "in": "query", "name": "key"}, "query", "addresses end up in logs"),
        ({"type": "apiKey", "in": "cookie", "name": "key"}, "none", "ask for a header"),
        (OAUTH, "oauth", "${env:SHED_CLIENT_SECRET}"),
        (ELSEWHERE, "oauth", "https://login.shed.example"),
        ({"type": "openIdConnect", "openIdConnectUrl": "https://id.example"}, "bearer", "${env:SHED_KEY}"),
        ({}, "none", "nothing of signing in"),
    ],
)
def test_signing_in_is_recognised_with_references_for_secrets(scheme: dict[str, Any], kind: str, words: str, tmp_path: Path) -> None:
    made, text = drafted(tmp_path, schemes(scheme) if scheme else crm())
    assert made.authentication.kind == kind
    assert words in text


@pytest.mark.parametrize(
    ("url", "private"),
    [
        ("https://crm.example.org/v1", False),
        ("http://crm.example.org", False),
        ("https://8.8.8.8", False),
        ("https://crm", False),
        ("http://localhost:8080", True),
        ("http://127.0.0.1:8080", True),
        ("https://10.1.2.3", True),
        ("http://192.168.1.5", True),
        ("http://[::1]:8080", True),
        ("http://[fd00::5]", True),
        ("/v1", False),
    ],
)
def test_private_hosts_is_drafted_for_a_server_in_a_private_network_alone(url: str, private: bool, tmp_path: Path) -> None:
    made, text = drafted(tmp_path, crm(whole={"servers": [{"url": url}]}))
    assert (made.private_hosts, "private_hosts" in text) == (private, private)


def test_without_a_server_the_origin_is_asked_for(tmp_path: Path) -> None:
    made, text = drafted(tmp_path, crm())
    assert (made.system, made.origin) == ("shed", "${env:SHED_ORIGIN}")
    assert "does not say where the system is" in text
    named, _ = drafted(tmp_path, crm(), name="garden")
    assert (named.system, named.origin) == ("garden", "${env:GARDEN_ORIGIN}")


@pytest.mark.parametrize(
    ("example", "form"), [("2026-01-31T12:00:00", "naive"), ("2026-01-31T12:00:00Z", "zoned"), ("2026-01-31T12:00:00+01:00", "zoned")]
)
def test_the_clock_goes_by_the_examples(example: str, form: str, tmp_path: Path) -> None:
    record = {"type": "object", "properties": {"id": NUMBER, "updatedAt": {"type": "string", "example": example}}}
    made, _ = drafted(tmp_path, crm(answer={"type": "array", "items": record}, record=record))
    assert made.clock.format == form
    assert made.datatypes["Thing"].modified == "updatedAt"


def test_references_may_go_round_in_circles_or_lead_nowhere(tmp_path: Path) -> None:
    whole = {
        "components": {
            "schemas": {
                "Thing": {"type": "object", "properties": {"id": NUMBER, "parent": {"$ref": "#/components/schemas/Thing"}}},
                "Loop": {"allOf": [{"$ref": "#/components/schemas/Loop"}, {"$ref": "#/components/schemas/Lost"}]},
            }
        }
    }
    record = {
        "allOf": [
            {"$ref": "#/components/schemas/Thing"},
            {"$ref": "other.json#/Thing"},
            {"properties": {"loop": {"$ref": "#/components/schemas/Loop"}}},
        ]
    }
    made, _ = drafted(tmp_path, crm(answer={"type": "array", "items": record}, record=record, whole=whole))
    assert set(made.datatypes["Thing"].properties) >= {"parent.id"}


def test_schemas_that_refer_to_each_other_again_and_again_are_read_once(tmp_path: Path) -> None:
    again = {f"A{n}": {"properties": {"id": NUMBER}, "allOf": [{"$ref": f"#/components/schemas/A{n + 1}"}] * 3} for n in range(25)}
    record = {"$ref": "#/components/schemas/A0"}
    whole = {"components": {"schemas": {**again, "A25": {"properties": {"name": TEXT}}}}}
    made, _ = drafted(tmp_path, crm(answer={"type": "array", "items": record}, record=record, whole=whole))
    assert set(made.datatypes["A0"].properties) == {"name"}


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("{", "neither JSON nor YAML"),
        ('{"swagger": "2.0"}', "no OpenAPI 3 description"),
        ("[]", "no OpenAPI 3 description"),
        ('{"openapi": "3.0.0", "paths": {"/x": {"get": {}}}}', "nothing is described that is listed"),
        ('{"openapi": "3.0.0", "paths": 3}', "nothing is described that is listed"),
    ],
)
def test_what_is_no_description_of_records_is_refused_with_words(text: str, what: str, tmp_path: Path) -> None:
    file = tmp_path / "description.json"
    file.write_text(text)
    with pytest.raises(ConfigurationError, match=what) as caught:
        draft_from_openapi(file, "manifest.yaml")
    assert caught.value.problems[0].remedy


JUNK = st.sampled_from([None, 3, "x", "a\nb: c", "\u2028", [], {}, [None], {"$ref": "#/nowhere"}, {"$ref": 3}, True, [{"x": []}], {"": {}}])


def places(node: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Where everything in a description is."""
    inner = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    return [at, *(place for key, each in inner for place in places(each, (*at, key)))]


def put(node: Any, place: tuple[Any, ...], junk: Any) -> None:
    """Put junk at a place, if it is still there."""
    step, *rest = place
    if not (step in node if isinstance(node, dict) else isinstance(node, list) and isinstance(step, int) and step < len(node)):
        return
    if rest:
        put(node[step], tuple(rest), junk)
    else:
        node[step] = junk


BLUEBIRD = json.loads((DESCRIPTIONS / "bluebird.json").read_text("utf-8"))
PLACES = places(BLUEBIRD)[1:]


@settings(deadline=None)  # what is tested is what comes of it, not how fast
@given(st.lists(st.tuples(st.sampled_from(PLACES), JUNK), min_size=1, max_size=3))
def test_a_damaged_description_gives_a_draft_that_holds_or_words(tmp_path_factory: pytest.TempPathFactory, damage: Any) -> None:
    described = json.loads(json.dumps(BLUEBIRD))
    for place, junk in damage:
        put(described, place, junk)
    try:
        drafted(tmp_path_factory.getbasetemp(), described)
    except ConfigurationError as error:
        assert error.problems[0].file.endswith("description.json")


def test_credentials_in_a_servers_address_are_not_taken_over(tmp_path: Path) -> None:
    made, text = drafted(tmp_path, crm(whole={"servers": [{"url": "https://me:canary@crm.example:8443/v1"}]}))
    assert made.origin == "https://crm.example:8443"
    assert "canary" not in text


def test_what_a_description_says_stays_a_remark(tmp_path: Path) -> None:
    made, _ = drafted(
        tmp_path, crm(whole={"info": {"title": "Shed\norigin: https://elsewhere.example\u2028system: other\x00", "version": "1"}})
    )
    assert (made.system, made.origin) == ("shed", "${env:SHED_ORIGIN}")


def test_a_draft_never_overwrites(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / "manifest.yaml"
    target.write_text("mine")
    assert command("new", "--openapi", str(DESCRIPTIONS / "harbor.yaml"), "-o", str(target)) == 3
    assert target.read_text() == "mine"
    assert command("new", "--openapi", str(tmp_path / "none.json"), "-o", str(tmp_path / "new.yaml")) == 3
    assert "none.json: cannot be read" in capsys.readouterr().err


# --- how it is written ------------------------------------------------------------------------------------------------------------

SCALARS = st.none() | st.booleans() | st.integers(-(10**12), 10**12) | st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=20)
DATA = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab-.:#'\" {}", max_size=6), inner, max_size=3),
    max_leaves=12,
)


@settings(deadline=None)
@given(st.dictionaries(st.text("abc1.e", min_size=1, max_size=4), DATA, min_size=1, max_size=4))
def test_what_is_written_is_read_as_it_was(data: dict[str, Any]) -> None:
    wrapped = {key: Guess(Inline(value) if isinstance(value, dict) else value, "why: # it is") for key, value in data.items()}
    for written in (data, wrapped):
        text = "\n".join(block(written)) + "\n"
        assert parse_yaml(text.encode(), "data.yaml").data == data
        assert yaml.safe_load(text) is not None
    assert parse_yaml(flow(data).encode(), "data.yaml").data == data

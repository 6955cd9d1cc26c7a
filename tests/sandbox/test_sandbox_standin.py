"""The stand-in for any system: it serves what a manifest in its dialect says, as strictly as a real system would."""

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sandbox_client import Client
from served import Served

from accord.config.dialect import Wire, wires
from accord.config.manifest import read_manifest
from accord.documents.standin import manifest_text
from accord.errors import ConfigurationError
from accord.sandbox.faults import Faults
from accord.sandbox.process import Running, SandboxFailed, start
from accord.sandbox.standin import Settings, application, served, variables

CELLS = {"name": '"string"', "a": '"integer"', "a.b": '"float"', "on": '"boolean"', "when": "date", "at": "datetime", "list": '"list"'}


@pytest.fixture(scope="module")
def manifest_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("standin") / "crm.yaml"
    path.write_text(manifest_text("Some CRM", {"Contact": CELLS, "Contacts (human data)": {}}), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def running(manifest_file: Path) -> Iterator[Running]:
    with start("standin", 3, options=[f"--manifest={manifest_file}"]) as server:
        yield server


@pytest.fixture
def standin(running: Running) -> Client:
    return Client(running, "/api/v1/", {"Authorization": f"Bearer {running.key}"})


def contact(**values: Any) -> dict[str, Any]:
    return {"values": values}


@pytest.mark.slow
def test_a_record_is_shown_as_it_was_written_each_path_for_itself(standin: Client) -> None:
    values = {"name": "Åse 😀", "a": 3, "a_b": 0.1, "on": True, "when": "2026-01-31", "at": "2026-01-31T12:00:00Z"}
    values["list"] = [{"key": "1", "value": "x"}]
    made = standin.post("contact", contact(**values))
    assert {name: made["values"][name] for name in values} == values
    assert standin.get(f"contact/{made['id']}") == made
    assert (made["version"], made["deleted"], made["reference"]) == (1, False, None)


@pytest.mark.slow
@pytest.mark.parametrize(
    "values",
    [
        *({"a": "3"}, {"a": True}, {"a_b": "x"}, {"a_b": 0.1234567}, {"on": "yes"}, {"when": "soon"}, {"at": "2026-01-31T12:00:00"}),
        *({"list": "x"}, {"list": [{"odd": 1}]}, {"name": 1}, {"unknown": "x"}),
    ],
)
def test_a_value_of_another_type_is_refused_with_the_property(standin: Client, values: dict[str, Any]) -> None:
    before = standin.dump("contact")
    refused = standin.call("POST", "contact", contact(**values))
    assert (refused.status, refused.json["error"]["property"]) == (422, next(iter(values)))
    assert standin.dump("contact") == before


@pytest.mark.slow
def test_a_write_that_states_an_old_version_is_refused(standin: Client) -> None:
    path = f"contact/{standin.post('contact', contact(name='one'))['id']}"
    assert standin.call("PATCH", path, contact(name="two"), If_Match='"1"').status == 200
    assert standin.call("PATCH", path, contact(name="three"), If_Match='"1"').status == 412
    assert standin.call("DELETE", path, If_Match='"1"').status == 412
    assert standin.get(path)["values"]["name"] == "two"


@pytest.mark.slow
def test_a_create_with_a_known_key_makes_nothing_more(standin: Client) -> None:
    first, again = (standin.post("contact", {"reference": "r-1", "values": {}}, Idempotency_Key="k-1") for _ in range(2))
    assert first == again
    assert [each["id"] for each in standin.get("contact?reference=r-1")["items"]] == [first["id"]]


@pytest.mark.slow
def test_what_was_deleted_is_gone_listed_as_deleted_and_found_by_its_reference_where_asked(standin: Client) -> None:
    made = standin.post("contact", {"reference": "r-2", "values": {}})
    assert standin.call("DELETE", f"contact/{made['id']}").status == 204
    assert standin.call("GET", f"contact/{made['id']}").status == 410
    assert standin.get(f"contact/deleted?since={made['modified']}")["items"][-1] == {"id": made["id"]}
    assert standin.get("contact?reference=r-2")["items"] == []
    assert standin.get("contact?reference=r-2&deleted=true")["items"][0]["deleted"] is True
    assert made["id"] not in [each["id"] for each in standin.get("contact?limit=1000")["items"]]


@pytest.mark.slow
def test_pages_follow_each_other_without_a_gap_and_since_is_inclusive(standin: Client) -> None:
    whole = standin.get("contact?limit=1000")["items"]
    found, cursor = [], ""
    while cursor is not None:
        page = standin.get(f"contact?limit=1&cursor={cursor}")
        found += page["items"]
        cursor = page["next"]
    assert found == whole
    assert standin.get(f"contact?since={whole[-1]['modified']}")["items"] == whole[-1:]


@pytest.mark.slow
def test_calls_are_counted_and_faults_strike_as_in_the_other_sandboxes(standin: Client) -> None:
    standin.post("/_sandbox/calls/reset")
    standin.post("/_sandbox/faults", {"kind": "error", "status": 503, "times": 1, "call": "GET contacts-human-data"})
    assert [standin.call("GET", "contacts-human-data").status for _ in range(2)] == [503, 200]
    assert standin.get("/_sandbox/calls")["by_call"] == {"GET contacts-human-data": 2}
    assert standin.call("GET", "contact", Authorization="Bearer other").status == 401


@pytest.mark.slow
def test_another_manifest_ends_the_process_with_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "other.yaml"
    path.write_text(manifest_text("S", {"A": {}}).replace("next: next", "next: following"))
    ended = subprocess.run(
        [sys.executable, "-m", "accord.sandbox", "standin", f"--manifest={path}"], capture_output=True, text=True, check=False
    )
    assert ended.returncode == 1
    assert ended.stderr.count("no stand-in can serve this manifest") == 1
    assert "Traceback" not in ended.stderr
    with pytest.raises(SandboxFailed):
        start("standin", options=[f"--manifest={path}"])


def test_the_variables_that_lead_to_it_are_those_that_the_manifest_names(manifest_file: Path) -> None:
    manifest, datatypes = served(manifest_file)
    assert variables(manifest, "http://here", "secret") == {"SOME_CRM_URL": "http://here", "SOME_CRM_KEY": "secret"}
    assert [each.collection for each in datatypes] == ["contact", "contacts-human-data"]


def first(manifest_file: Path) -> Wire:
    return wires(read_manifest(manifest_file))[0]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("overlap_seconds: 2", "overlap_seconds: 3"),
        ("kind: bearer", "kind: header"),
        ("path: values.a_b,", "path: values.a,"),
        ("path: values.a,", "path: elsewhere.a,"),
        ("path: /contacts-human-data", "path: /contact"),
        ("method: PATCH", "method: PUT"),
        ("idempotency_header: Idempotency-Key", "idempotency_header: Key"),
    ],
)
def test_every_departure_from_the_dialect_is_refused(manifest_file: Path, tmp_path: Path, old: str, new: str) -> None:
    text = manifest_file.read_text(encoding="utf-8")
    assert old in text
    other = tmp_path / "other.yaml"
    other.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(ConfigurationError, match="no stand-in can serve"):
        served(other)


def test_what_people_add_to_a_property_is_obeyed(manifest_file: Path) -> None:
    manifest = read_manifest(manifest_file)
    contact_type = manifest.datatypes["Contact"]
    short = replace(contact_type.properties["name"], max_length=3, personal=True, note="short")
    changed = replace(manifest, datatypes={"Contact": replace(contact_type, properties={**contact_type.properties, "name": short})})
    assert wires(changed)[0].properties["name"].max_length == 3
    assert first(manifest_file).properties["name"].max_length is None


@pytest.mark.slow
def test_accord_sandbox_starts_one_for_each_manifest_and_says_how_it_is_reached(manifest_file: Path) -> None:
    words = [sys.executable, "-m", "accord.cli.main", "sandbox", "--json", "--port", "0", "--manifest", str(manifest_file)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        lines = []
        while not lines or not lines[-1].startswith("}"):
            lines.append(process.stdout.readline())
        process.terminate()
    told = json.loads("".join(lines))
    assert sorted(told) == ["SOME_CRM_KEY", "SOME_CRM_URL"]
    assert process.returncode == 0


HOSTILE = [
    *(b"", b"null", b"[]", b'"x"', b"{", b"\xff", b"[" * 100_000, b'{"values":' * 5_000 + b"1" + b"}" * 5_000),
    *(
        b'{"values":null}',
        b'{"values":[]}',
        b'{"reference":5}',
        b'{"id":"x"}',
        b'{"values":{"name":"\\ud800"}}',
        b'{"values":{"name":"\xff"}}',
    ),
    *(b'{"values":{"a":1e400}}', b'{"values":{"a":%d}}' % 10**40, b'{"values":{"a_b":1e999999999999}}', b'{"values":{"a_b":1e-400}}'),
    *(b'{"values":{"list":[1,null]}}', b'{"values":{"list":[{"key":[]}]}}', b'{"values":{"at":"2026-01-31T12:00:00+99:99"}}'),
]


@pytest.mark.parametrize("body", HOSTILE, ids=range(len(HOSTILE)))
def test_whatever_is_no_good_body_is_refused_and_changes_nothing(manifest_file: Path, body: bytes) -> None:
    app = application(served(manifest_file)[1], Settings("key", 1), Faults())
    server = Served(app, "/api/v1/", authorization="Bearer key")
    before = server.done("GET", "contact")["items"]
    for method, path in (("POST", "contact"), ("PATCH", f"contact/{before[0]['id']}")):
        assert server.raw(method, path, body)[0] == 422
    assert server.done("GET", "contact")["items"] == before


@given(st.binary(max_size=40) | st.text('{}[]":,0123456789.eE-+ntfals values', max_size=60).map(str.encode))
def test_no_bytes_at_all_end_a_stand_in(manifest_file: Path, body: bytes) -> None:
    app = application(served(manifest_file)[1], Settings("key", 1), Faults())
    assert Served(app, "/api/v1/", authorization="Bearer key").raw("POST", "contact", body)[0] in (201, 422)

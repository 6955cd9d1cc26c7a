"""Lies on demand: each does what its words say, to the property it is about and to nothing else."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
import pytest
import sandbox_client
from served import Served

from accord.config.dialect import wires
from accord.config.manifest import manifest_of, read_manifest
from accord.config.yamlfile import parse_yaml
from accord.documents.standin import manifest_text
from accord.model.manifest import Manifest
from accord.sandbox import customcrm, membercare, standin
from accord.sandbox.faults import Faults
from accord.sandbox.lies import KEPT, KINDS, PAIR_LIES, RECORD_LIES, SHOWN, Lie, lie_about
from accord.sandbox.people import lie
from accord.sandbox.process import SandboxFailed, start

CELLS = {
    "name": "x",
    "city": "x",
    "a.n": '"integer"',
    "sum": '"decimal"',
    "on": '"boolean"',
    "day": "date",
    "at": "datetime",
    "rows": '"list"',
}
MADE = manifest_of(parse_yaml(manifest_text("S", {"Contact": CELLS, "Other": CELLS}).encode(), "s.yaml"))
SHIPPED = Path(standin.__file__).parents[2] / "connectors" / "manifests"


def stand_in() -> Served:
    app = standin.application(wires(MADE), standin.Settings("key", 3), Faults())
    return Served(app, "/api/v1/", authorization="Bearer key")


def kept(kind: str, name: str, *values: Any, other: str = "") -> Any:
    """What is kept of a property that is created with the first value and updated with the others."""
    served = stand_in()
    served.lie(lie_about(MADE, "Contact", name, kind, other=other))
    member = name.replace(".", "_")
    made = served.done("POST", "contact", {"values": {member: values[0], "city": "Bodø"}})
    for value in values[1:]:
        served.done("PATCH", f"contact/{made['id']}", {"values": {member: value}})
    served.lie(Lie(kind="none"))
    record = served.done("GET", f"contact/{made['id']}")["values"]
    assert record["city"] == "Bodø" or name == "city"
    return record[member]


ITEMS = [{"key": "1", "value": "a"}, {"key": "2", "value": "b"}]

EXAMPLES = [
    ("trimmed", "name", " x ", "x"),
    ("truncated", "name", "abcdef", "abc"),
    ("upper_cased", "name", "Åse", "ÅSE"),
    ("lower_cased", "name", "Åse", "åse"),
    ("unicode_stripped", "name", "Åse Bodø", "Ase Bod"),
    ("decomposed", "name", "Å", "A\u030a"),
    ("escaped", "name", "a & <b>", "a &amp; &lt;b&gt;"),
    ("one_line", "name", "a\nb", "a b"),
    ("rounded", "sum", 12.5, 13),
    ("rounded", "a.n", 17, 20),
    ("negated", "sum", 0.1, -0.1),
    ("hour_off", "at", "2026-01-31T23:30:00Z", "2026-02-01T00:30:00Z"),
    ("hour_off", "day", "2026-01-31", "2026-01-31"),
    ("day_off", "day", "2026-01-31", "2026-02-01"),
    ("boolean_inverted", "on", True, False),
    ("neighbours_value", "name", "mine", "name 1000001"),
    ("enumeration_shifted", "name", "mine", "name 1000001"),
    ("ignored", "name", "x", None),
    ("ignored_on_create", "name", "x", None),
    ("ignored_on_update", "name", "x", "x"),
    ("emptied_not_cleared", "name", None, ""),
    ("cleared", "name", "x", None),
    ("default_filled", "name", None, "unknown"),
    ("list_item_lost", "rows", ITEMS, ITEMS[:1]),
    ("list_item_doubled", "rows", ITEMS, [ITEMS[0], *ITEMS]),
    ("list_shuffled", "rows", ITEMS, [ITEMS[1], ITEMS[0]]),
]


@pytest.mark.parametrize(("kind", "name", "given", "expected"), EXAMPLES, ids=[f"{kind} {name}" for kind, name, *_ in EXAMPLES])
def test_what_is_kept_of_a_create_is_what_the_lie_makes_of_it(kind: str, name: str, given: Any, expected: Any) -> None:
    assert kept(kind, name, given) == expected


def test_every_lie_about_a_value_has_an_example() -> None:
    assert KEPT.keys() - {kind for kind, *_ in EXAMPLES} == {"clear_ignored"}
    assert set(KINDS) == {*KEPT, *SHOWN, *PAIR_LIES, *RECORD_LIES}


@pytest.mark.parametrize(
    ("kind", "values", "expected"),
    [
        ("ignored_on_update", ("x", "y"), "x"),
        ("ignored_on_create", ("x", "y"), "y"),
        ("clear_ignored", ("x", None), "x"),
        ("clear_ignored", ("x", "y"), "y"),
        ("trimmed", ("x", " y "), "y"),
        ("default_filled", ("x", None), None),
    ],
)
def test_updates_are_lied_about_as_creates_are(kind: str, values: tuple[Any, ...], expected: Any) -> None:
    assert kept(kind, "name", *values) == expected


def test_a_default_is_filled_in_where_a_create_says_nothing() -> None:
    served = stand_in()
    served.lie(lie_about(MADE, "Contact", "name", "default_filled", value="N/A"))
    assert served.done("POST", "contact", {"values": {"city": "x"}})["values"]["name"] == "N/A"


def test_an_item_of_a_list_can_be_lied_about_by_its_name() -> None:
    served = stand_in()
    served.lie(lie_about(MADE, "Contact", "rows.value", "upper_cased"))
    assert served.done("POST", "contact", {"values": {"rows": ITEMS}})["values"]["rows"] == [
        {"key": "1", "value": "A"},
        {"key": "2", "value": "B"},
    ]


@pytest.mark.parametrize(
    ("kind", "given", "expected"),
    [
        ("swapped", {"name": "N", "city": "C"}, {"name": "C", "city": "N"}),
        ("swapped", {"name": "N"}, {"name": None, "city": "N"}),
        ("other_cleared", {"name": "N", "city": "C"}, {"name": "N", "city": None}),
        ("other_overwritten", {"name": "N"}, {"name": "N", "city": "N"}),
        ("other_overwritten", {"city": "C"}, {"name": None, "city": "C"}),
    ],
)
def test_two_properties_are_mixed_up(kind: str, given: dict[str, Any], expected: dict[str, Any]) -> None:
    served = stand_in()
    served.lie(lie_about(MADE, "Contact", "name", kind, other="city"))
    made = served.done("POST", "contact", {"values": given})["values"]
    assert {name: made[name] for name in expected} == expected


@pytest.mark.parametrize(("kind", "expected"), [("number_as_text", "7"), ("shown_empty", None), ("hidden", "absent")])
def test_what_is_shown_is_lied_about_and_what_is_kept_is_not(kind: str, expected: Any) -> None:
    served = stand_in()
    served.lie(lie_about(MADE, "Contact", "a.n", kind))
    made = served.done("POST", "contact", {"values": {"a_n": 7}})
    shown = served.done("GET", f"contact/{made['id']}"), served.done("GET", "contact")["items"][-1], made
    assert [each["values"].get("a_n", "absent") for each in shown] == [expected] * 3
    served.lie(Lie(kind="none"))
    assert served.done("GET", f"contact/{made['id']}")["values"]["a_n"] == 7


# --- whole records


def two(kind: str) -> tuple[Served, dict[str, Any], dict[str, Any]]:
    """A server with two records of one's own, the lie on."""
    served = stand_in()
    first, second = (served.done("POST", "contact", {"values": {"name": name}}) for name in ("one", "two"))
    served.lie(lie_about(MADE, "Contact", "", kind))
    return served, first, second


def name_of(served: Served, record: Mapping[str, Any]) -> Any:
    served.lie(Lie(kind="none"))
    return served.done("GET", f"contact/{record['id']}")["values"]["name"]


def test_an_update_goes_to_another_record_and_the_answer_is_about_the_one_that_was_meant() -> None:
    served, first, second = two("wrong_record")
    answer = served.done("PATCH", f"contact/{first['id']}", {"values": {"name": "new"}}, if_match='"1"')
    assert (answer["id"], answer["values"]["name"]) == (first["id"], "one")
    assert (name_of(served, first), name_of(served, second)) == ("one", "new")


def test_an_update_is_answered_as_done_and_nothing_is_kept() -> None:
    served, first, _ = two("update_ignored")
    assert served.done("PATCH", f"contact/{first['id']}", {"values": {"name": "new"}})["values"]["name"] == "new"
    assert name_of(served, first) == "one"


def test_a_create_makes_two() -> None:
    served, _, _ = two("duplicated")
    served.done("POST", "contact", {"reference": "r", "values": {}}, idempotency_key="k")
    assert len(served.done("GET", "contact?reference=r")["items"]) == 2


def test_what_was_made_vanishes() -> None:
    served, _, _ = two("vanishes")
    made = served.done("POST", "contact", {"values": {"name": "x"}})
    assert served.call("GET", f"contact/{made['id']}")[0] == 410


@pytest.mark.parametrize(("kind", "statuses"), [("delete_ignored", (200, 200)), ("deletes_another", (200, 410))])
def test_a_delete_does_nothing_or_takes_another(kind: str, statuses: tuple[int, int]) -> None:
    served, first, second = two(kind)
    assert served.call("DELETE", f"contact/{first['id']}", if_match='"1"')[0] == 204
    assert tuple(served.call("GET", f"contact/{each['id']}")[0] for each in (first, second)) == statuses


def test_a_read_shows_the_state_before_the_last_write() -> None:
    served, first, _ = two("stale")
    served.done("PATCH", f"contact/{first['id']}", {"values": {"name": "new"}})
    assert served.done("GET", f"contact/{first['id']}") == first
    assert first in served.done("GET", "contact")["items"]
    assert name_of(served, first) == "new"


@pytest.mark.parametrize(("kind", "in_full", "in_changes"), [("unlisted", False, False), ("changes_untold", True, False)])
def test_listings_do_not_tell_of_what_was_written(kind: str, in_full: bool, in_changes: bool) -> None:
    served, first, second = two(kind)
    served.done("PATCH", f"contact/{first['id']}", {"values": {"name": "new"}})
    full = [each["id"] for each in served.done("GET", "contact")["items"]]
    since = [each["id"] for each in served.done("GET", f"contact?since={first['modified']}")["items"]]
    assert (first["id"] in full, first["id"] in since) == (in_full, in_changes)
    assert second["id"] in full
    assert second["id"] in since


def test_deletions_are_not_told() -> None:
    served, first, _ = two("deletes_untold")
    served.done("DELETE", f"contact/{first['id']}")
    assert served.done("GET", "contact/deleted")["items"] == []


# --- switching on and off


def test_a_lie_is_about_its_collection_alone_and_ends_when_it_is_used_up() -> None:
    served = stand_in()
    served.lie(lie_about(MADE, "Contact", "name", "cleared", times=2))
    names = [served.done("POST", path, {"values": {"name": "x"}})["values"]["name"] for path in ("other", "contact", "contact", "contact")]
    assert names == ["x", None, None, "x"]


def test_none_switches_all_off_and_an_unknown_one_is_refused() -> None:
    served = stand_in()
    served.lie(lie_about(MADE, "Contact", "name", "cleared"))
    served.lie(Lie(kind="none"))
    assert served.done("POST", "contact", {"values": {"name": "x"}})["values"]["name"] == "x"
    with pytest.raises(ValueError, match="There is no lie white"):
        served.lie(Lie(kind="white"))


# --- in the words of the other two systems


def shipped(name: str) -> Manifest:
    return read_manifest(SHIPPED / f"{name}.yaml")


def test_customcrm_lies_in_the_words_of_its_manifest() -> None:
    served = Served(customcrm.application(customcrm.Settings("key", 0, 1), Faults()), "/api/", authorization="Bearer key")
    crm = shipped("customcrm")
    served.lie(lie_about(crm, "Order", "Status", "enumeration_shifted"))
    served.lie(lie_about(crm, "Order", "Lines.Description", "truncated"))
    served.lie(lie_about(crm, "Contact", "FirstName", "swapped", other="LastName"))
    order = served.done("POST", "orders", {"Status": "won", "Lines": [{"LineNumber": 1, "Description": "abcd"}]})
    assert (order["Status"], order["Lines"][0]["Description"]) == ("lost", "ab")
    contact = served.done("POST", "contacts", {"FirstName": "Kari"})
    assert (contact["FirstName"], contact["LastName"]) == (None, "Kari")


def test_membercare_lies_about_what_stands_in_lists_and_under_other_names() -> None:
    app = membercare.application(membercare.Settings("http://here", "key", "1", 600.0, False, 20, 1), Faults())
    served = Served(app, "/api/v1/")
    token = served.done("POST", "token", {"clientApiKey": "key", "personToImpersonate": "1"})["value"]
    served = Served(app, "/api/v1/", token=token)
    care = shipped("membercare")
    person = served.done("GET", "persons?pageSize=1")["result"][0]["debtorAccountNumber"]
    served.lie(lie_about(care, "Persons", "email", "upper_cased"))
    served.lie(lie_about(care, "Persons", "firstname", "truncated"))
    now = "2026-01-31T12:00:00"
    contacts = [{"type": 1, "value": "a@example.org", "start": now}, {"type": 5, "value": "+47 a", "start": now}]
    served.done("POST", f"persons/{person}/contacts", contacts)
    served.done("PATCH", f"persons/{person}", {"firstName": "Marianne"})
    read = served.done("GET", f"persons/{person}")
    assert read["firstname"] == "Mari"
    assert {each["value"] for each in read["contacts"]} >= {"A@EXAMPLE.ORG", "+47 a"}


@pytest.mark.slow
def test_a_lie_is_switched_on_by_a_request() -> None:
    with start("customcrm", 5) as running:
        lie(running.url, lie_about(shipped("customcrm"), "Contact", "City", "upper_cased"))
        crm = sandbox_client.customcrm(running)
        assert crm.post("contacts", {"City": "Bodø"})["City"] == "BODØ"
        told = crm.get("/_sandbox/lies")
        assert [(each["kind"], each["struck"]) for each in told] == [("upper_cased", 1)]
        assert crm.call("POST", "/_sandbox/lies", {"kind": "white"}).status == 422


@pytest.mark.slow
def test_a_server_may_be_started_with_a_lie() -> None:
    about = lie_about(shipped("customcrm"), "Contact", "City", "upper_cased")
    with start("customcrm", 0, options=[f"--lie={msgspec.json.encode(about).decode()}"]) as running:
        assert sandbox_client.customcrm(running).post("contacts", {"City": "Bodø"})["City"] == "BODØ"
    with pytest.raises(SandboxFailed):
        start("customcrm", 0, options=['--lie={"kind":"white"}'])


def test_the_reference_names_every_lie_in_its_words() -> None:
    page = (Path(__file__).parents[2] / "docs" / "reference" / "stand-in.md").read_text(encoding="utf-8")
    rows = [line for line in page.split("| Kind | What goes wrong |")[1].splitlines() if line.startswith("| `")]
    assert rows == [f"| `{kind}` | {words} |" for kind, words in KINDS.items()]

"""A manifest holds together, and no secret stands in it."""

from importlib.resources import files

import pytest

from accord.config.manifest import manifest_of, read_manifest
from accord.config.yamlfile import parse_yaml
from accord.errors import ConfigurationError, Problem
from accord.model.manifest import Manifest

GOOD = """manifest: 1
system: care
origin: https://care.example.org
authentication: {kind: bearer, value: "${env:CARE_KEY}"}
datatypes:
  Persons:
    id: no
    list: {path: /persons}
    properties: {email: {}}
"""


def read(text: str) -> Manifest:
    return manifest_of(parse_yaml(text.encode(), "care.yaml"))


def refused(text: str) -> tuple[Problem, ...]:
    with pytest.raises(ConfigurationError) as caught:
        read(text)
    return caught.value.problems


@pytest.mark.parametrize("name", ["customcrm", "membercare"])
def test_the_shipped_manifests_hold(name: str) -> None:
    assert read_manifest(str(files("accord") / "connectors" / "manifests" / f"{name}.yaml")).system == name


def test_an_id_named_no_stays_text() -> None:
    assert read(GOOD).datatypes["Persons"].id == "no"


SLOW = """clock: {granularity_seconds: 1, lag_seconds: 2}
datatypes:
  Persons:
    id: no
    changes: {overlap_seconds: 2.5}
"""


@pytest.mark.parametrize("key", ["id: no", "list: {path: /persons}"])
def test_a_datatype_needs_id_and_list(key: str) -> None:
    (problem,) = refused(GOOD.replace(f"    {key}\n", ""))
    assert problem.what == f"datatypes, Persons: the key {key.split(':')[0]} is missing"
    assert problem.line == 7


@pytest.mark.parametrize(
    ("old", "new", "what", "line"),
    [
        ("https://care.example.org", "care.example.org", "is no address", 3),
        ("https://care.example.org", "ftp://care.example.org", "is no address", 3),
        ("https://care.example.org", "https://care.example.org/api", "more than scheme, host and port", 3),
        ("https://care.example.org", "https://me:canary-5f1@care.example.org", "carries a user", 3),
        ('"${env:CARE_KEY}"', "canary-5f1", "a secret stands here literally", 4),
        ('"${env:CARE_KEY}"', "51151151", "must be text, not a number", 4),
        ('"${env:CARE_KEY}"', '"${canary-5f1}"', "a secret stands here literally", 4),
        ("{kind: bearer", "{kind: basic", "needs user", 4),
        ("{kind: bearer", "{kind: token, token: t, path: /t, body: {key: canary-5f1}", "authentication.body.key", 4),
        ("{kind: bearer", "{kind: token, token: t", "needs path", 4),
        ("{kind: bearer, value:", "{kind: bearer, prefix:", "needs value", 4),
        ("datatypes:\n", "headers: {X-Api-Key: canary-5f1}\ndatatypes:\n", "headers.X-Api-Key", 5),
        ("datatypes:\n", "clock: {zone: Europe/Olso}\ndatatypes:\n", "unknown zone", 5),
        ("datatypes:\n", "webhooks: {secret: canary-5f1, datatype: d, id: i, datatypes: {}}\ndatatypes:\n", "webhooks.secret", 5),
        ("datatypes:\n", 'webhooks: {secret: "${env:S}", datatype: d, id: i, datatypes: {p: Person}}\ndatatypes:\n', "no datatype", 5),
        ("/persons}", "persons}", "starts with /", 8),
        ("/persons}", "/persons, paging: {kind: cursor}}", "needs next", 8),
        ("/persons}", "/persons, paging: {kind: next_link}}", "needs next", 8),
        ("/persons}", "/persons, paging: {size: 0}}", "size of 0", 8),
        ("/persons}", '/persons, query: {a: "${ENV:X}"}}', "is no reference", 8),
        ("    id: no\n", "    id: no\n    changes: {kind: feed}\n", "a feed needs listing and id", 8),
        ("    id: no\n", "    id: no\n    changes: {overlap_seconds: 0}\n", "overlap_seconds: 0 is less than", 8),
        ("datatypes:\n  Persons:\n    id: no\n", SLOW, "overlap_seconds: 2.5 is less than", 9),
        ("    id: no\n", "    id: no\n    reference: emial\n", "reference emial is no property", 8),
        ("    id: no\n", "    id: no\n    create: [{path: /persons, requires: [emial]}]\n", "requires names emial", 8),
        ("    id: no\n", "    id: no\n    gone_when: [{path: a}]\n", "must say equals or present", 8),
        ("    id: no\n", "    id: no\n    groups: {g: {where: {type: 1}}}\n", "exactly one of list and object", 8),
        ("{email: {}}", "{email: {group: contcat}}", "unknown group", 9),
        ("{email: {}}", "{email: {format: zoned}}", "does not fit the type string", 9),
        ("{email: {}}", "{email: {items: {a: {}}}}", "only a list has items", 9),
        ("{email: {}}", "{email: {compute: {scale: 1}}}", "exactly one of multiply and percent", 9),
        ("{email: {}}", "{email: {typ: string}}", "unknown key typ", 9),
    ],
)
def test_what_does_not_hold_is_refused_with_its_line(old: str, new: str, what: str, line: int) -> None:
    assert old in GOOD
    found = [problem for problem in refused(GOOD.replace(old, new, 1)) if what in problem.what]
    assert [problem.line for problem in found] == [line]
    assert found[0].remedy


def test_a_literal_secret_is_not_repeated_by_its_refusal() -> None:
    text = GOOD.replace('"${env:CARE_KEY}"', "canary-5f1") + "headers: {Authorization: canary-5f1, token: 5115}\n"
    for problem in refused(text):
        assert "canary-5f1" not in f"{problem} {problem.remedy}"
        assert "5115" not in f"{problem} {problem.remedy}"


def test_a_plain_header_may_be_literal() -> None:
    assert read(GOOD + "headers: {Accept: application/json}\n").headers == {"Accept": "application/json"}


def test_P18_an_overlap_of_granularity_and_lag_is_enough() -> None:
    enough = SLOW.replace("2.5", "3")
    assert read(GOOD.replace("datatypes:\n  Persons:\n    id: no\n", enough)).datatypes["Persons"].changes is not None


def test_a_condition_may_ask_for_null() -> None:
    held = read(GOOD.replace("    id: no\n", "    id: no\n    gone_when: [{path: a, equals: null}, {path: b, present: true}]\n"))
    assert len(held.datatypes["Persons"].gone_when) == 2


OAUTH = 'authentication: {kind: oauth, path: /token, client_id: us, client_secret: "${env:SECRET}"'
BEARER = 'authentication: {kind: bearer, value: "${env:CARE_KEY}"}'


@pytest.mark.parametrize(
    ("rules", "what"),
    [
        ("{kind: oauth, path: /token, client_id: us}", "grant client_credentials needs client_secret"),
        ("{kind: oauth, path: /token, client_id: us, grant: refresh_token}", "grant refresh_token needs refresh_token"),
        ('{kind: oauth, path: /token, client_secret: "${env:SECRET}"}', "kind oauth needs client_id"),
        ('{kind: query, value: "${env:SECRET}"}', "kind query needs parameter"),
        ("{kind: query, parameter: key, value: abc}", "a secret stands here literally"),
        ("{kind: oauth, path: /token, client_id: us, client_secret: abc}", "a secret stands here literally"),
        ("{kind: oauth, path: /token, client_id: us, grant: refresh_token, refresh_token: abc}", "a secret stands here literally"),
        (OAUTH.partition(": ")[2] + ", origin: login.example.org}", "is no address"),
        (OAUTH.partition(": ")[2] + ", origin: https://login.example.org/v2}", "holds more than scheme, host and port"),
    ],
)
def test_signing_in_by_oauth_or_by_query_is_said_completely_and_by_references(rules: str, what: str) -> None:
    (problem,) = refused(GOOD.replace(BEARER, f"authentication: {rules}"))
    assert what in problem.what
    assert "abc" not in problem.what


def test_oauth_as_it_should_be_said() -> None:
    made = read(GOOD.replace(BEARER, f'{OAUTH}, origin: "https://login.example.org"}}'))
    assert (made.authentication.kind, made.authentication.origin) == ("oauth", "https://login.example.org")


HOOKS = "datatype: a, id: b, datatypes: {persons: Persons}"


@pytest.mark.parametrize(
    ("rules", "what"),
    [
        ("{" + HOOKS + "}", "kind standard needs secret"),
        ("{kind: none, " + HOOKS + "}", "kind none needs accept_unsigned"),
        ('{kind: hmac, secret: "${env:S}", ' + HOOKS + "}", "kind hmac needs header"),
        ('{kind: secret, secret: "${env:S}", ' + HOOKS + "}", "kind secret needs header"),
        ("{kind: secret, secret: abc, header: X, " + HOOKS + "}", "a secret stands here literally"),
        ('{secret: "${env:S}", id: b, datatypes: {persons: Persons}}', "nothing says the datatype"),
        ('{kind: hmac, secret: "${env:S}", header: X, signs: "{time}", time_header: T, ' + HOOKS + "}", "lacks {body}"),
        ('{kind: hmac, secret: "${env:S}", header: X, signs: "{time}{body}", ' + HOOKS + "}", "no header carries it"),
        ('{kind: hmac, secret: "${env:S}", header: X, time_header: T, ' + HOOKS + "}", "proves nothing"),
        ('{secret: "${env:S}", datatype: a, id: b, datatypes: {persons: Person}}', "Person is no datatype"),
        ('{secret: "${env:S}", registration: {create: {path: hooks}}, ' + HOOKS + "}", "hooks: a path starts with /"),
    ],
)
def test_webhooks_say_completely_how_it_is_known_who_sends(rules: str, what: str) -> None:
    (problem,) = refused(GOOD.replace("datatypes:", f"webhooks: {rules}\ndatatypes:", 1))
    assert what in problem.what
    assert "abc" not in problem.what


def test_unsigned_webhooks_are_granted_in_so_many_words() -> None:
    made = read(GOOD.replace("datatypes:", "webhooks: {kind: none, accept_unsigned: true, " + HOOKS + "}\ndatatypes:", 1))
    assert made.webhooks is not None
    assert made.webhooks.accept_unsigned

"""Foreign words are shown without secrets, without what was sent about a person, without addresses and numbers of people."""

import pytest

from accord.connectors.redacting import masked, personal_values, without_mail
from accord.model.manifest import Property


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("ada.lovelace+x@care.example.org is taken", "*** is taken"),
        ("<Ada@Care.Example> and {'mail': 'b@c'}", "<***> and {'mail': '***'}"),
        ("GET /search?email=ada%40care.example", "GET /search?email=***"),
        ("call +47 900 11 223, 0047 90011223 or (22) 33-44-55.", "call ***, *** or ***."),
        ("number 01018012345 exists", "number *** exists"),
        ("invoice 123456 of 2024-09-10T12:00:00Z, line 3", "invoice 123456 of 2024-09-10T12:00:00Z, line 3"),
        ("422 CO-000123: Status 'wonn' is none of new, won", "422 CO-000123: Status 'wonn' is none of new, won"),
        ("@everybody at 12:30", "@everybody at 12:30"),
    ],
)
def test_what_looks_like_an_address_or_a_number_of_a_person_is_masked_and_the_rest_is_not(line: str, shown: str) -> None:
    assert masked(line) == shown


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("Åse Lovelace lives at Storgata 5 B, 0123 OSLO", "*** *** lives at ***, *** ***"),
        ("LastName 'LOVELACE' is known", "LastName '***' is known"),
        ("LastName 'Lovela…' is too long", "LastName '***…' is too long"),
        ('said {\\"FirstName\\": \\"\\u00c5se\\"}', 'said {\\"FirstName\\": \\"***\\"}'),
        ("Storgata is no street of Oslo", "*** is no street of ***"),
        ("born 1980-02-03T00:00:00", "born ***T00:00:00"),
        ("Bo is short, Bob is another", "*** is short, Bob is another"),
        ("nothing of it", "nothing of it"),
    ],
)
def test_what_was_sent_about_a_person_is_masked_also_in_part_and_in_other_spellings(line: str, shown: str) -> None:
    values = ("Åse", "Lovelace", "Storgata 5 B", "0123", "Oslo", "1980-02-03", "Bo", "")
    assert masked(line, values=values) == shown


def test_secrets_are_masked_as_they_are_and_as_they_stand_in_an_address() -> None:
    assert masked("key a+b/c== or a%2Bb%2Fc%3D%3D, abc", ["a+b/c==", "abc", ""]) == "key *** or ***, abc"


def test_an_e_mail_address_within_a_path_is_masked_and_an_id_is_not() -> None:
    assert without_mail("/persons/by-email/ada%40care.example") == "/persons/by-email/***"
    assert without_mail("/persons/12345678") == "/persons/12345678"


def test_only_values_that_say_something_about_a_person_are_taken() -> None:
    properties = {
        "name": Property(personal=True),
        "status": Property(),
        "gender": Property(type="integer", personal=True),
        "number": Property(type="integer", personal=True),
        "agreed": Property(type="boolean", personal=True),
        "lines": Property(type="list", items={"who": Property(personal=True), "what": Property()}),
        "notes": Property(type="list", personal=True, items={"text": Property()}),
    }
    values = {
        "name": "Ada",
        "status": "won",
        "gender": 1,
        "number": 10180,
        "agreed": True,
        "lines": [{"who": "Bo", "what": "tea"}, {"who": None}],
        "notes": [{"text": "tall", "more": "dark"}, "plain"],
        "unknown": "x",
    }
    assert personal_values(values, properties) == ("Ada", "10180", "Bo", "tall", "dark", "plain")

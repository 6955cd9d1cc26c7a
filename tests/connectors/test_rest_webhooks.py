"""Webhooks: theirs, fresh, then a hint."""

import base64
import hashlib
import hmac
from datetime import timedelta
from typing import Any

import pytest
from rigs import NOW, KnownSecrets

from accord.connectors.webhooks import Event, WebhookForged, WebhookMalformed, WebhookReader, WebhookStale
from accord.model.manifest import Webhooks
from accord.model.records import Hint, RecordRef, Side

RULES = Webhooks(secret="${env:NEW}", previous_secret="${env:OLD}", datatype="collection", id="id", datatypes={"contacts": "Contact"})
BODY = b'{"type": "contact.updated", "collection": "contacts", "id": "CO-1", "at": "2024-09-10T12:00:00Z"}'
AT = str(int(NOW.timestamp()))


def _signature(secret: bytes, body: bytes = BODY, stamp: str = AT, event: str = "e1") -> str:
    signed = b".".join((event.encode(), stamp.encode(), body))
    return "v1," + base64.b64encode(hmac.new(secret, signed, hashlib.sha256).digest()).decode()


def _read(signature: str, body: bytes = BODY, stamp: str = AT, event: str = "e1", rules: Webhooks = RULES, **known: str) -> Event:
    secrets = KnownSecrets(**{"NEW": "new-secret", "OLD": "old-secret", **known})
    headers = {"webhook-id": event, "webhook-timestamp": stamp, "webhook-signature": signature}
    return WebhookReader("customcrm", Side.LEFT, rules, secrets).read(headers, body, NOW)


HINTED = Event("e1", (Hint(RecordRef(Side.LEFT, "Contact", "CO-1")),))


def test_a_signed_event_is_a_hint() -> None:
    assert _read(_signature(b"new-secret")) == HINTED


def test_the_secret_before_the_last_is_taken_while_it_is_being_replaced() -> None:
    assert _read(_signature(b"old-secret")) == HINTED
    assert _read(f"v2,xx v1,AAAA {_signature(b'new-secret')}") == HINTED


def test_a_secret_may_be_given_in_the_standard_spelling() -> None:
    raw = bytes(range(24))
    assert _read(_signature(raw), NEW="whsec_" + base64.b64encode(raw).decode()) == HINTED


@pytest.mark.parametrize(
    "given",
    [
        {"signature": ""},
        {"signature": "v1,"},
        {"signature": "v1,not base64"},
        {"signature": _signature(b"other")},
        {"signature": _signature(b"new-secret").removeprefix("v1,")},
        {"signature": _signature(b"new-secret"), "body": BODY + b" "},
        {"signature": _signature(b"new-secret"), "event": "e2"},
        {"signature": _signature(b"new-secret"), "stamp": str(int(AT) + 1)},
        {"signature": _signature(b"new-secret", event=""), "event": ""},
        {"signature": _signature(b"new-secret", stamp="now"), "stamp": "now"},
        {"signature": _signature(b"new-secret", stamp="-1"), "stamp": "-1"},
        {"signature": _signature(b"new-secret", event="e" * 999), "event": "e" * 999},
    ],
)
def test_anything_else_is_forged(given: dict[str, Any]) -> None:
    with pytest.raises(WebhookForged):
        _read(**given)


def test_an_empty_secret_signs_for_nobody() -> None:
    with pytest.raises(WebhookForged):
        _read(_signature(b""), NEW="", OLD="")


@pytest.mark.parametrize(("seconds", "fresh"), [(-300, True), (-301, False), (300, True), (301, False)])
def test_five_minutes_either_way(seconds: int, fresh: bool) -> None:
    stamp = str(int((NOW + timedelta(seconds=seconds)).timestamp()))
    signature = _signature(b"new-secret", stamp=stamp)
    if fresh:
        assert _read(signature, stamp=stamp) == HINTED
    else:
        with pytest.raises(WebhookStale):
            _read(signature, stamp=stamp)


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"{}", b'{"collection": 3, "id": "x"}', b'{"collection": "contacts"}', b'{"collection": "contacts", "id": ""}'],
)
def test_what_is_signed_but_no_event_is_malformed(body: bytes) -> None:
    with pytest.raises(WebhookMalformed):
        _read(_signature(b"new-secret", body), body)


def test_an_event_of_a_word_that_is_not_ours_hints_at_nothing() -> None:
    body = b'{"collection": "invoices", "id": "1"}'
    assert _read(_signature(b"new-secret", body), body) == Event("e1", ())


# --- other ways to show who sends -------------------------------------------------------------------------------------------------

HMAC: dict[str, Any] = {"kind": "hmac", "header": "X-Signature", "datatype": "collection", "id": "id", "datatypes": {"contacts": "Contact"}}


def _reader(**rules: Any) -> WebhookReader:
    given = {"secret": "${env:NEW}", "previous_secret": "${env:OLD}", **rules}
    made = Webhooks(**{name: value for name, value in given.items() if value is not None})
    return WebhookReader("customcrm", Side.LEFT, made, KnownSecrets(NEW="new-secret", OLD="old-secret"))


def _hmac(key: str, text: bytes, algorithm: str = "sha256", encoding: str = "hex") -> str:
    digest = hmac.new(key.encode(), text, algorithm).digest()
    return digest.hex() if encoding == "hex" else base64.b64encode(digest).decode()


@pytest.mark.parametrize("algorithm", ["sha1", "sha256", "sha512"])
@pytest.mark.parametrize("encoding", ["hex", "base64"])
@pytest.mark.parametrize("prefix", ["", "sha=", "v0:"])
@pytest.mark.parametrize("key", ["new-secret", "old-secret"])
def test_a_plain_signature_in_a_header(algorithm: str, encoding: str, prefix: str, key: str) -> None:
    reader = _reader(**HMAC, algorithm=algorithm, encoding=encoding, prefix=prefix)
    good = prefix + _hmac(key, BODY, algorithm, encoding)
    event = reader.read({"x-signature": good}, BODY, NOW)
    assert event == Event("", HINTED.hints), "without an id nothing is taken for a repeat"
    assert reader.read({"x-signature": f"{prefix}00 {good}"}, BODY, NOW) == event, "one of several"
    bad = [good + "00", prefix + _hmac("other", BODY, algorithm, encoding), prefix, "", f"x{good}", good[:-2]]
    for text in bad:
        with pytest.raises(WebhookForged):
            reader.read({"x-signature": text}, BODY, NOW)
    with pytest.raises(WebhookForged):
        reader.read({"x-signature": good}, BODY + b" ", NOW)
    with pytest.raises(WebhookForged):
        reader.read({}, BODY, NOW)


@pytest.mark.parametrize(
    ("stamp", "problem"),
    [
        (AT, None),
        (AT + "000", None),
        ("2024-09-10T12:04:59Z", None),
        ("2024-09-10T12:00:00", None),
        ("2024-09-10T12:05:02Z", WebhookStale),
        (str(int(AT) - 301), WebhookStale),
        ("0", WebhookStale),
        ("9" * 15, WebhookStale),
        ("9" * 16, WebhookForged),
        ("soon", WebhookForged),
        ("", WebhookForged),
    ],
)
def test_a_signed_time_must_be_near_ours(stamp: str, problem: type[Exception] | None) -> None:
    reader = _reader(**HMAC, signs="v0:{time}:{body}", time_header="X-Time", id_header="X-Id")
    headers = {"x-signature": _hmac("new-secret", b"v0:" + stamp.encode() + b":" + BODY), "x-time": stamp, "x-id": "e1"}
    if problem is None:
        assert reader.read(headers, BODY, NOW) == HINTED
        with pytest.raises(WebhookForged):
            reader.read({**headers, "x-time": str(int(AT) + 1)}, BODY, NOW)
    else:
        with pytest.raises(problem):
            reader.read(headers, BODY, NOW)


def test_what_stands_in_a_body_or_an_id_is_never_taken_for_a_part_of_the_signed_text() -> None:
    body = BODY.replace(b"contact.updated", b"{id}{time}{body}")
    reader = _reader(**HMAC, signs="{id}|{body}", id_header="X-Id")
    headers = {"x-signature": _hmac("new-secret", b"{body}|" + body), "x-id": "{body}"}
    assert reader.read(headers, body, NOW) == Event("{body}", HINTED.hints)


def test_a_shared_secret_in_a_header() -> None:
    reader = _reader(**{**HMAC, "kind": "secret", "header": "Authorization"}, prefix="Bearer ")
    for good in ("Bearer new-secret", "Bearer old-secret"):
        assert reader.read({"authorization": good}, BODY, NOW).hints == HINTED.hints
    for bad in ("new-secret", "Bearer", "Bearer ", "Bearer new-secre", "", "bearer new-secret"):
        with pytest.raises(WebhookForged):
            reader.read({"authorization": bad}, BODY, NOW)


@pytest.mark.parametrize("granted", [True, False])
def test_unsigned_announcements_are_taken_where_the_manifest_grants_it_alone(granted: bool) -> None:
    reader = _reader(**{**HMAC, "kind": "none"}, secret=None, previous_secret=None, accept_unsigned=granted)
    if granted:
        assert reader.read({}, BODY, NOW).hints == HINTED.hints
    else:
        with pytest.raises(WebhookForged):
            reader.read({}, BODY, NOW)


def _many(body: bytes, **rules: Any) -> list[str]:
    reader = _reader(**{**HMAC, "datatype": None, **rules})
    event = reader.read({"x-signature": _hmac("new-secret", body), "x-topic": "contacts"}, body, NOW)
    return [hint.ref.id for hint in event.hints]


def test_a_delivery_may_hold_many_events_and_a_bad_one_costs_itself_alone() -> None:
    whole = {"datatype": "kind", "items": ""}
    text = b'[{"kind": "contacts", "id": 1}, {"kind": "deals", "id": 2}, {"kind": "contacts"}, 5, {"kind": "contacts", "id": 1}]'
    assert _many(text, **whole) == ["1"]
    assert _many(b'{"of": {"events": [{"kind": "contacts", "id": "a"}]}}', datatype="kind", items="of.events") == ["a"]
    assert _many(b"[]", **whole) == []
    for bad in (b"{}", b'[{"kind": "contacts"}]'):
        with pytest.raises(WebhookMalformed):
            _many(bad, **whole)


def test_the_word_for_the_datatype_may_stand_in_a_header() -> None:
    assert _many(b'{"id": 7}', datatype_header="X-Topic") == ["7"]
    with pytest.raises(WebhookMalformed):
        _many(b'{"id": 7}', datatype_header="X-Other")

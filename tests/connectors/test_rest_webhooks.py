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

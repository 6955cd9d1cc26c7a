"""Webhooks that come in: is it theirs, is it fresh, what does it hint at.

Owns: the signature over id.timestamp.body, the window of time, the translation to hints. Does not own: receiving it and capping its
size (receiver.py), remembering its id (Store.hint). A hint is never a fact: the record is read.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from accord.connectors.rest_answers import Malformed, decode
from accord.connectors.rest_paths import fill_secrets, look, steps
from accord.errors import SystemProblem
from accord.model.manifest import Webhooks
from accord.model.records import Hint, RecordRef, Side
from accord.ports import Secrets

WINDOW_SECONDS = 300
"""How far the time in a webhook may be from ours, either way. Ids must be remembered for longer than twice this."""

_LONGEST_ID = 200


class WebhookForged(SystemProblem):
    """No signature, or none of ours: to be answered with 401, and nothing is read."""


class WebhookStale(SystemProblem):
    """Signed, but at another time: a repeat from long ago, or a clock that is off. To be answered with 401."""


class WebhookMalformed(SystemProblem):
    """Signed and fresh, but not an event. To be answered with 400."""


@dataclass(frozen=True, slots=True)
class Event:
    """A webhook that holds. ``id``: the sender's, the same for every delivery of it; ``hints``: none for an event that is not ours."""

    id: str
    hints: tuple[Hint, ...]


class WebhookReader:
    """Reads the webhooks of one system on one side."""

    def __init__(self, system: str, side: Side, webhooks: Webhooks, secrets: Secrets) -> None:
        """Raises ConfigurationError for a secret that is not there."""
        self._system = system
        self._side = side
        self._words = dict(webhooks.datatypes)
        self._datatype = steps(webhooks.datatype)
        self._id = steps(webhooks.id)
        given = (webhooks.secret, webhooks.previous_secret)
        filled = [fill_secrets(each, secrets.get) for each in given if each]
        self._keys = tuple(_key(each) for each in filled if each)  # an empty key would let anybody sign

    def read(self, headers: Mapping[str, str], body: bytes, now: datetime) -> Event:
        """The event behind a delivery. ``headers``: names in lower case; ``body``: as received, byte for byte.

        Raises WebhookForged, WebhookStale, WebhookMalformed, in this order of looking.
        """
        event_id = self._verify(headers, body, now)
        try:
            said = decode(body)
        except Malformed as error:
            raise WebhookMalformed(self._system, f"a webhook: {error}") from error
        word, record_id = look(said, self._datatype), look(said, self._id)
        if not isinstance(word, str):
            raise WebhookMalformed(self._system, "a webhook that names no datatype")
        datatype = self._words.get(word)
        if datatype is None:
            return Event(event_id, ())
        if isinstance(record_id, bool) or not isinstance(record_id, str | int) or record_id == "":
            raise WebhookMalformed(self._system, "a webhook that names no record")
        return Event(event_id, (Hint(RecordRef(self._side, datatype, str(record_id))),))

    def _verify(self, headers: Mapping[str, str], body: bytes, now: datetime) -> str:
        event_id, stamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
        signatures = headers.get("webhook-signature", "").split()
        if not event_id or len(event_id) > _LONGEST_ID or not (stamp.isascii() and stamp.isdigit()) or len(stamp) > 12:
            raise WebhookForged(self._system, "a webhook without id or time")
        if not matches(self._keys, signatures, event_id, stamp, body):
            raise WebhookForged(self._system, "a webhook whose signature is not ours", "compare the secret here and there")
        if abs(now.timestamp() - int(stamp)) > WINDOW_SECONDS:
            raise WebhookStale(self._system, "a webhook of another time", "look at the clocks of both machines")
        return event_id


def matches(keys: Sequence[bytes], signatures: Sequence[str], event_id: str, stamp: str, body: bytes) -> bool:
    """Whether one of the signatures is by one of the keys. Every pair is compared, in constant time, whatever the first ones gave."""
    signed = b".".join((event_id.encode("utf-8", "surrogateescape"), stamp.encode("ascii"), body))
    given = [_bytes(text[3:]) for text in signatures[:8] if text.startswith("v1,")]
    found = False
    for key in keys:
        expected = hmac.new(key, signed, hashlib.sha256).digest()
        for each in given:
            found |= hmac.compare_digest(expected, each)
    return found


def _key(secret: str) -> bytes:
    """A secret that starts with "whsec_" is base64 behind that; any other is itself, as UTF-8."""
    if secret.startswith("whsec_"):
        return _bytes(secret.removeprefix("whsec_")) or secret.encode()
    return secret.encode()


def _bytes(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b""

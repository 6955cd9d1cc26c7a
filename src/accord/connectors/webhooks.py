"""Webhooks that come in: is it theirs, is it fresh, what does it hint at.

Owns: the signature, the window of time, the translation to hints. Does not own: receiving it and capping its size (receiver.py),
remembering its id (Store.hint). A hint is never a fact: the record is read, so an announcement that is repeated costs a read at most.
"""

import base64
import binascii
import hmac
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Protocol

from accord.connectors.rest_answers import Malformed, decode
from accord.connectors.rest_paths import fill_secrets, look, steps
from accord.errors import SystemProblem
from accord.model.manifest import Webhooks
from accord.model.records import Hint, RecordRef, Side
from accord.ports import Secrets

WINDOW_SECONDS = 300
"""How far the time in a webhook may be from ours, either way. Ids must be remembered for longer than twice this."""

_LONGEST_ID = 200
_LONGEST_STAMP = 40
_LONGEST_NUMBER = 15
_MOST_SIGNATURES = 8
_AFTER_THE_YEAR_5000 = 95_617_584_000
_PARTS = re.compile(rb"(\{(?:body|id|time)\})")
_STANDARD: dict[str, Any] = {
    "header": "webhook-signature",
    "prefix": "v1,",
    "algorithm": "sha256",
    "encoding": "base64",
    "signs": "{id}.{time}.{body}",
    "id_header": "webhook-id",
    "time_header": "webhook-timestamp",
}


class WebhookForged(SystemProblem):
    """No signature, or none of ours: to be answered with 401, and nothing is read."""


class WebhookStale(SystemProblem):
    """Signed, but at another time: a repeat from long ago, or a clock that is off. To be answered with 401."""


class WebhookMalformed(SystemProblem):
    """Signed and fresh, but not an event. To be answered with 400."""


@dataclass(frozen=True, slots=True)
class Event:
    """A webhook that holds. ``id``: the sender's, the same for every delivery of it, "" where it gives none; ``hints``: none for an event
    that is not ours."""

    id: str
    hints: tuple[Hint, ...]


class WebhookReader:
    """Reads the webhooks of one system on one side."""

    def __init__(self, system: str, side: Side, webhooks: Webhooks, secrets: Secrets) -> None:
        """Raises ConfigurationError for a secret that is not there."""
        self._system = system
        self._side = side
        self._words = dict(webhooks.datatypes)
        self._items = None if webhooks.items is None else steps(webhooks.items)
        self._datatype = steps(webhooks.datatype or "")
        self._datatype_header = (webhooks.datatype_header or "").lower()
        self._id = steps(webhooks.id)
        given = (webhooks.secret, webhooks.previous_secret)
        filled = [fill_secrets(each, secrets.get) for each in given if each]
        self._proof = _proof(webhooks, [each for each in filled if each])  # an empty key would let anybody sign

    def read(self, headers: Mapping[str, str], body: bytes, now: datetime) -> Event:
        """The event behind a delivery. ``headers``: names in lower case; ``body``: as received, byte for byte.

        Raises WebhookForged, WebhookStale, WebhookMalformed, in this order of looking.
        """
        sent = self._proof.told(headers)
        if not self._proof.holds(sent, headers, body):
            raise WebhookForged(self._system, "a webhook whose signature is not ours", "compare the secret here and there")
        if sent.moment is not None and abs(now.timestamp() - sent.moment) > WINDOW_SECONDS:
            raise WebhookStale(self._system, "a webhook of another time", "look at the clocks of both machines")
        try:
            said = decode(body)
        except Malformed as error:
            raise WebhookMalformed(self._system, f"a webhook: {error}") from error
        return Event(sent.id, self._hints(said, headers.get(self._datatype_header) if self._datatype_header else None))

    def _hints(self, said: Any, word: str | None) -> tuple[Hint, ...]:
        """What all its events hint at. Of several one that cannot be read costs only itself; it is found when changes are asked for."""
        if self._items is None:
            return self._hint(said, word)
        events = look(said, self._items)
        if not isinstance(events, list):
            raise WebhookMalformed(self._system, "a webhook without its list of events")
        hints: list[Hint] = []
        problem: WebhookMalformed | None = None
        for one in events:
            try:
                hints += self._hint(one, word)
            except WebhookMalformed as error:
                problem = error
        if problem is not None and not hints:
            raise problem
        return tuple(dict.fromkeys(hints))

    def _hint(self, event: Any, word: str | None) -> tuple[Hint, ...]:
        word, record_id = word or look(event, self._datatype), look(event, self._id)
        if not isinstance(word, str):
            raise WebhookMalformed(self._system, "a webhook that names no datatype")
        datatype = self._words.get(word)
        if datatype is None:
            return ()
        if isinstance(record_id, bool) or not isinstance(record_id, str | int) or record_id == "":
            raise WebhookMalformed(self._system, "a webhook that names no record")
        return (Hint(RecordRef(self._side, datatype, str(record_id))),)


@dataclass(frozen=True, slots=True)
class _Sent:
    """What a delivery tells of itself. ``moment``: seconds since 1970; None where none is told."""

    id: str
    stamp: str
    moment: float | None


class _Proof(Protocol):
    """By what a delivery is known to be theirs."""

    def told(self, headers: Mapping[str, str]) -> _Sent:
        """Id and time."""
        ...

    def holds(self, sent: _Sent, headers: Mapping[str, str], body: bytes) -> bool:
        """Whether it is theirs."""
        ...


@dataclass(frozen=True, slots=True)
class _Signed:
    """A signature over a text of body, id and time."""

    rules: Webhooks
    keys: tuple[bytes, ...]

    def told(self, headers: Mapping[str, str]) -> _Sent:
        """See _Proof."""
        stamp = headers.get(self.rules.time_header.lower(), "") if self.rules.time_header else ""
        moment = _moment(stamp) if self.rules.time_header else None
        return _Sent(headers.get(self.rules.id_header.lower(), "") if self.rules.id_header else "", stamp, moment)

    def holds(self, sent: _Sent, headers: Mapping[str, str], body: bytes) -> bool:
        """See _Proof. Every signature is compared with every key, in constant time, whatever the first ones gave."""
        lacking = (self.rules.id_header and not sent.id) or (self.rules.time_header and sent.moment is None)
        if lacking or len(sent.id) > _LONGEST_ID or len(sent.stamp) > _LONGEST_STAMP:
            return False
        text = self.rules.signs.encode()
        parts = {b"{id}": sent.id.encode("utf-8", "surrogateescape"), b"{time}": sent.stamp.encode("utf-8", "surrogateescape")}
        signed = b"".join(body if each == b"{body}" else parts.get(each, each) for each in _PARTS.split(text))
        given = [self._decoded(each) for each in headers.get((self.rules.header or "").lower(), "").split()[:_MOST_SIGNATURES]]
        found = False
        for key in self.keys:
            expected = hmac.new(key, signed, self.rules.algorithm).digest()
            for each in given:
                found |= hmac.compare_digest(expected, each)
        return found

    def _decoded(self, text: str) -> bytes:
        """A signature; one without the prefix is none."""
        if not text.startswith(self.rules.prefix):
            return b""
        text = text.removeprefix(self.rules.prefix)
        if self.rules.encoding == "base64":
            return _bytes(text)
        try:
            return bytes.fromhex(text)
        except ValueError:
            return b""


@dataclass(frozen=True, slots=True)
class _Shared:
    """The secret itself in a header, or nothing at all where the manifest grants that."""

    rules: Webhooks
    values: tuple[bytes, ...]

    def told(self, headers: Mapping[str, str]) -> _Sent:
        """See _Proof. A time that nobody signed proves nothing, and is not asked for."""
        event_id = headers.get(self.rules.id_header.lower(), "") if self.rules.id_header else ""
        return _Sent(event_id if len(event_id) <= _LONGEST_ID else "", "", None)

    def holds(self, _sent: _Sent, headers: Mapping[str, str], _body: bytes) -> bool:
        """See _Proof."""
        if self.rules.kind == "none":
            return self.rules.accept_unsigned
        given = headers.get((self.rules.header or "").lower(), "").encode("utf-8", "surrogateescape")
        found = False
        for each in self.values:
            found |= hmac.compare_digest(each, given)
        return found


def _proof(rules: Webhooks, secrets: Sequence[str]) -> _Proof:
    if rules.kind == "standard":
        standard = replace(rules, **_STANDARD)
        return _Signed(standard, tuple(_key(each) for each in secrets))
    if rules.kind == "hmac":
        return _Signed(rules, tuple(each.encode() for each in secrets))
    return _Shared(rules, tuple(f"{rules.prefix}{each}".encode() for each in secrets))


def _moment(stamp: str) -> float | None:
    """Seconds since 1970 of a time as text or number; None for what is no time."""
    if stamp.isascii() and stamp.isdigit() and len(stamp) <= _LONGEST_NUMBER:
        number = int(stamp)
        return number / 1000.0 if number > _AFTER_THE_YEAR_5000 else float(number)
    try:
        moment = datetime.fromisoformat(stamp)
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


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

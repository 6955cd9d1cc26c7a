"""What an answer says: JSON decoded exactly, and the server's words where it refuses.

Owns: decoding, the shapes that errors come in, words that are fit to be shown. Does not own: what follows from them. Pure.
"""

import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, NoReturn

import msgspec

from accord.connectors.redacting import masked

_LONGEST_MESSAGE = 300
_MESSAGES = ("message", "detail", "title", "description", "reason", "Message", "ExceptionMessage", "error_description")
_MEMBERS = ("property", "field", "member", "propertyPath", "propertyName", "target", "pointer", "name")
_DETAILS = ("errors", "details", "invalid-params", "invalidParams", "violations")
_LONGEST_LOOKED_AT = 4_000  # characters of what a server says
_decoder = msgspec.json.Decoder(float_hook=Decimal)
_encoder = msgspec.json.Encoder(decimal_format="number")


class Malformed(Exception):
    """A body that is not the JSON it should be."""


@dataclass(frozen=True, slots=True)
class Complaint:
    """The server's words, and the wire's name of what it complains of."""

    message: str
    member: str | None = None


def encode(body: Any) -> bytes:
    """A body as JSON; a Decimal as the number it is. Raises ValueError for text that cannot be sent (a lone surrogate)."""
    return _encoder.encode(body)


def decode(body: bytes) -> Any:
    """The JSON of a body; numbers with a point as Decimal, never float. Raises Malformed."""
    try:
        return _decoder.decode(body)
    except (msgspec.DecodeError, InvalidOperation, RecursionError, ValueError):
        return _decode_patiently(body)


def _decode_patiently(body: bytes) -> Any:
    """Again with a decoder that takes lone surrogates, so that one odd text does not cost a whole page."""
    head = body[:200].lstrip().lower()
    if not head:
        raise Malformed("the answer is empty")
    if head.startswith(b"<"):
        raise Malformed("the answer is a web page, not JSON")
    try:
        return json.loads(body, parse_float=Decimal, parse_constant=_no_constant)
    except (ValueError, RecursionError, InvalidOperation) as error:
        raise Malformed("the answer is not JSON, or cut short") from error


def _no_constant(word: str) -> NoReturn:
    raise ValueError(f"{word} is no JSON")


class Showing:
    """Makes foreign text fit to be shown: masked (redacting.py), control characters escaped, cut. ``secrets`` may grow meanwhile."""

    def __init__(self, secrets: Iterable[str]) -> None:
        self._secrets = secrets

    def text(self, words: object, values: Collection[str] = ()) -> str:
        """A short line. ``values``: what was sent about a person."""
        line = masked(str(words)[:_LONGEST_LOOKED_AT], self._secrets, values)[: 4 * _LONGEST_MESSAGE]
        line = "".join(each if each.isprintable() else each.encode("unicode_escape").decode("ascii") for each in line)
        return line if len(line) <= _LONGEST_MESSAGE else line[: _LONGEST_MESSAGE - 1] + "…"

    def complaint(self, status: int, body: bytes, values: Collection[str] = ()) -> Complaint:
        """The server's words from a plain JSON string, problem details, {"error": {...}}, or else the status alone."""
        try:
            said = decode(body) if body else None
        except Malformed:
            said = None
        message, member = _words(said)
        return Complaint(self.text(f"{status} {message}".strip(), values), member)


def _words(said: Any) -> tuple[str, str | None]:
    """Message and member out of the shapes that errors are known to come in."""
    if isinstance(said, str):
        return said, None
    if isinstance(said, list) and said and isinstance(said[0], dict | str):
        return _words(said[0])  # of several complaints the first; it is sent again whole, and then the next one shows
    if not isinstance(said, dict):
        return "", None
    inner = said.get("error")
    if isinstance(inner, dict):
        return _words(inner)
    if isinstance(inner, str):
        return inner, None
    errors = said.get("errors")  # validation details: member -> messages
    if isinstance(errors, dict) and errors:
        member, messages = next(iter(errors.items()))
        first = messages[0] if isinstance(messages, list) and messages else messages
        return f"{member}: {first}", str(member)
    message, member = _text(said, _MESSAGES) or "", _member(said)
    for details in (said.get(key) for key in _DETAILS):
        if member is None and isinstance(details, list) and details:
            within, member = _words(details)
            message = f"{message}: {within}" if message and within and within != message else message or within
    return message, member


def _text(said: dict[str, Any], keys: Iterable[str]) -> str | None:
    """The first of these members that is a text."""
    return next((said[key] for key in keys if isinstance(said.get(key), str)), None)


def _member(said: dict[str, Any]) -> str | None:
    """The member that is complained of: named, or by a JSON pointer into what was sent."""
    fields, source = said.get("fields"), said.get("source")
    if isinstance(fields, list) and fields and isinstance(fields[0], str):
        return fields[0]
    named = _text(said, _MEMBERS)
    if named is None and isinstance(source, dict):
        named = _text(source, ("pointer", "parameter"))
    if named is None or not named.startswith(("/", "#/")):
        return named
    return named.lstrip("#/").removeprefix("data/").removeprefix("attributes/").replace("/", ".")

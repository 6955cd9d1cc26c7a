"""What went over the wire in a checklist, noted for the evidence, without secrets and without anything about people.

Owns: noting calls, masking them. Does not own: making them (connectors/http.py), to which line they belong (running.py).

A value that the checklist made up is nobody's and is shown; every other text of an answer is masked, whether or not its property is known
to be personal: it may be somebody's. Headers and sign-in calls are never noted.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from accord.checks.report import Call
from accord.connectors.http import Answer, Http, TransportProblem
from accord.connectors.redacting import MASK, masked
from accord.ports import Clock

LONGEST = 4000
"""Characters of a body that are kept as evidence."""

LARGEST = 100_000
"""Bytes of an answer that is kept until it is known whether it concerns a test record; a longer one is a listing."""

_NUMBER = re.compile(r"\d{7,}")
_GROUPED = re.compile(r"(?<=\d)[ ./-](?=\d)")
_PLAIN = re.compile(r"-?\d{1,7}(\.\d+)?|\d{4}-\d\d-\d\d(T[\d:.]+(Z|[+-]\d\d:\d\d)?)?")


def numbers_in(text: str) -> Iterator[str]:
    """Every seven digits in a row, be they grouped by blanks or signs."""
    for found in _NUMBER.findall(_GROUPED.sub("", text)):
        yield from (found[start : start + 7] for start in range(len(found) - 6))


@dataclass(slots=True)
class Ours:
    """The texts and numbers that the checklist made up. ``marks``: how the references begin that test records carry."""

    marks: tuple[str, ...]
    texts: set[str] = field(default_factory=set)
    numbers: set[str] = field(default_factory=set)

    def learn(self, value: Any) -> None:
        """Remember every text in a value."""
        if isinstance(value, str):
            self.texts.add(value)
        elif isinstance(value, Mapping):
            for one in value.values():
                self.learn(one)
        elif isinstance(value, list | tuple):
            for one in value:
                self.learn(one)

    def number_in(self, text: str) -> str | None:
        """The first number of ours in a text, be it grouped by blanks."""
        return next((number for number in numbers_in(text) if number in self.numbers), None)

    def __contains__(self, text: str) -> bool:
        if text in self.texts or text.startswith(self.marks) or self.number_in(text):
            return True
        return len(text) >= 4 and any(text in one for one in self.texts)  # cut, or trimmed


@dataclass(frozen=True, slots=True)
class Noted:
    """A call as it was made."""

    by: str
    system: str
    method: str
    url: str
    at: str
    sent: bytes
    status: int
    answer: bytes

    def concerns(self, ids: Iterable[str], numbers: Iterable[bytes]) -> bool:
        """Whether it wrote or read one of these records, or created one with one of these numbers in it."""
        parts = set(urlsplit(self.url).path.split("/"))
        return not parts.isdisjoint(ids) or (self.method == "POST" and any(number in self.sent for number in numbers))


@dataclass(slots=True)
class NotedHttp:
    """Http that notes every call but those of signing in. ``by``: who calls. ``silent``: the path of signing in."""

    inner: Http
    by: str
    system: str
    silent: str
    clock: Clock
    calls: list[Noted]

    async def request(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None = None) -> Answer:
        """Make the call and note it; see Http."""
        at = self.clock.now().strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
        try:
            answer = await self.inner.request(method, url, headers, body)
        except TransportProblem:
            self._note(method, url, at, body, 0, b"")
            raise
        self._note(method, url, at, body, answer.status, answer.body)
        return answer

    async def close(self) -> None:
        """Let go of the connections."""
        await self.inner.close()

    def _note(self, method: str, url: str, at: str, body: bytes | None, status: int, answer: bytes) -> None:
        if self.silent and urlsplit(url).path.endswith(self.silent):
            return
        kept = answer if len(answer) <= LARGEST else b""
        self.calls.append(Noted(self.by, self.system, method, url, at, body or b"", status, kept))


def call_of(noted: Noted, ours: Ours, secrets: Iterable[str]) -> Call:
    """A call as the report shows it."""
    parts = urlsplit(noted.url)
    query = f"?{parts.query}" if parts.query else ""
    failed = noted.status >= 400
    answer = noted.answer.decode(errors="replace")
    return Call(
        by=noted.by,
        system=noted.system,
        method=noted.method,
        path=masked(f"{parts.path}{query}", secrets),
        at=noted.at,
        sent=_body(noted.sent, ours),
        status=noted.status,
        answer=masked(answer[:LONGEST], secrets) if failed else _body(noted.answer, ours),
    )


def _body(body: bytes, ours: Ours) -> str:
    if not body:
        return ""
    try:
        value = json.loads(body)
    except ValueError:
        return MASK
    return json.dumps(shown(value, ours), ensure_ascii=False)[:LONGEST]


def shown(value: Any, ours: Ours) -> Any:
    """A value in which every text that is not of our making is masked; numbers of up to seven digits and dates say little alone."""
    if isinstance(value, str):
        return value if value == "" or _PLAIN.fullmatch(value) or value in ours else MASK
    if isinstance(value, Mapping):
        return {name: shown(one, ours) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [shown(one, ours) for one in value]
    return value

"""What a checklist found: the report, its lines, its digest, as frozen data that goes to JSON and back unchanged.

Owns: Report, Line, Evidence of a line (what both sides held, which calls were made), coverage, the digest that shows a changed report.
Does not own: finding out (running.py), showing it (pages.py, junit.py).
"""

import builtins
import hashlib
import hmac
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

import msgspec

from accord.errors import ConfigurationError, Problem
from accord.model.dataflow import Direction
from accord.model.records import Side

VERSION = 1
MASKED = "(personal)"
"""What stands in the place of a value that a report must not show."""


class Verdict(StrEnum):
    """How a line ended. BLOCKED: it could not be tried, because something before it failed or a system did not bear it."""

    PASS = "pass"
    FAIL = "fail"
    NOT_APPLICABLE = "not applicable"
    BLOCKED = "blocked"


class Kind(StrEnum):
    """What a line asks. The order is that of a run."""

    CREATED = "created"  # a new record gets a counterpart, one only
    FILTERED = "filtered"  # what the filter leaves out gets none
    MATCHED = "matched"  # a record whose counterpart is there already is linked with it
    ARRIVES = "arrives"  # each property is there in the new counterpart, of the right type and value
    SILENT = "silent"  # nothing has changed, so nothing is written
    EDITED = "edited"  # a change crosses, and nothing else changes by it
    SPECIAL = "special"  # values at the limits of the type cross unchanged
    CLEARED = "cleared"  # emptying crosses, or stays, as the dataflow says
    CONFLICT = "conflict"  # both sides were changed: the conflict rule decides
    DELETED = "deleted"  # what follows from a deletion


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What the test record of one side held before and after, by property name of its manifest, as text; masked where it is personal.

    A name that is missing was absent; None was null. ``id``: the record's id, "" where there was none.
    """

    id: str = ""
    before: dict[str, str | None] = field(default_factory=dict)
    after: dict[str, str | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call as it went over the wire, without secrets and with what is personal masked.

    ``by``: "checklist" (a person's part) or "engine". ``path``: without the origin. ``status``: 0 where no answer came. ``at``: UTC text.
    """

    by: str
    system: str
    method: str
    path: str
    at: str
    sent: str = ""
    status: int = 0
    answer: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of the checklist: a question of one flow, and how it ended.

    ``id``: stable for the same dataflow ("contact-to-persons/edited/left-to-right/Email"). ``flow``: its name in the dataflow file.
    ``property``: the property mapping's name, None where the line is about the record. ``question``: one sentence. ``reason``: why it does
    not apply, is blocked or failed, "" for a pass. ``expected``, ``observed``: as text, masked where personal, with what differs still
    told. ``left``, ``right``: what the records held. ``rules``: ids of the rules by which the engine acted. ``started``, ``ended``: UTC
    text, "" for what was not tried.
    """

    id: str
    flow: str
    kind: Kind
    direction: Direction
    question: str
    property: str | None = None
    verdict: Verdict = Verdict.BLOCKED
    reason: str = ""
    expected: str = ""
    observed: str = ""
    left: Shown = field(default_factory=Shown)
    right: Shown = field(default_factory=Shown)
    calls: tuple[Call, ...] = ()
    rules: tuple[str, ...] = ()
    started: str = ""
    ended: str = ""

    @builtins.property  # a field of this class has that name
    def applicable(self) -> bool:
        """Whether it had to be proven."""
        return self.verdict is not Verdict.NOT_APPLICABLE


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemUnderTest:
    """One of the two systems: its side, its name, where it was reached, whether it is one of our stand-ins."""

    side: Side
    name: str
    origin: str
    sandbox: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """Of one flow and direction: lines stated, those that apply, those proven."""

    flow: str
    direction: Direction
    stated: int
    applicable: int
    proven: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A checklist that was run. ``title``: of the dataflow document it was run from; ``document``: its SHA-256, without "Generated:".

    ``flows``: names of the flows in the document's order. ``left_behind``: test records that could not be removed ("membercare Persons
    17: ..."); ``staying``: those that stay with leave, as a system has no way to delete them. ``digest``: "sha256:..." or, made with a
    key, "hmac-sha256:..." over the canonical JSON of all else.
    """

    title: str
    document: str
    seed: int
    started: str
    ended: str
    systems: tuple[SystemUnderTest, ...]
    flows: tuple[str, ...]
    lines: tuple[Line, ...]
    left_behind: tuple[str, ...] = ()
    staying: tuple[str, ...] = ()
    version: int = VERSION
    digest: str = ""

    @property
    def proven(self) -> bool:
        """Whether every line that applies is proven, and nothing was left behind."""
        return not self.left_behind and all(line.verdict is Verdict.PASS for line in self.lines if line.applicable)

    def count(self, verdict: Verdict, flow: str | None = None) -> int:
        """Lines with a verdict, of one flow or of all."""
        return sum(line.verdict is verdict and flow in (None, line.flow) for line in self.lines)

    def coverage(self) -> tuple[Coverage, ...]:
        """Per flow and direction, in the order of the document; directions without a line are left out."""
        return tuple(_coverage(flow, way, some) for flow in self.flows for way in Direction if (some := self._of(flow, way)))

    def _of(self, flow: str, way: Direction) -> list[Line]:
        return [line for line in self.lines if line.flow == flow and line.direction is way]


def _coverage(flow: str, way: Direction, lines: Iterable[Line]) -> Coverage:
    some = list(lines)
    return Coverage(
        flow=flow,
        direction=way,
        stated=len(some),
        applicable=sum(line.applicable for line in some),
        proven=sum(line.verdict is Verdict.PASS for line in some),
    )


def sealed(report: Report, key: bytes | None = None) -> Report:
    """The report with its digest: SHA-256, or with a key HMAC-SHA-256, so that only who has the key can make a digest that holds."""
    return replace(report, digest=_digest(to_builtins(report), key))


def holds(data: Mapping[str, object], key: bytes | None = None) -> bool:
    """Whether a report, as decoded from JSON, still has the digest it was given. A keyed digest does not hold without its key."""
    return hmac.compare_digest(str(data.get("digest", "")).encode(), _digest(data, key).encode())


def _digest(data: Mapping[str, object], key: bytes | None) -> str:
    body = msgspec.json.encode({name: value for name, value in data.items() if name != "digest"}, order="deterministic")
    if key is None:
        return f"sha256:{hashlib.sha256(body).hexdigest()}"
    return f"hmac-sha256:{hmac.new(key, body, hashlib.sha256).hexdigest()}"


def to_builtins(report: Report) -> dict[str, object]:
    """The report as plain data, with the coverage beside the lines, for readers that do not count."""
    data: dict[str, object] = msgspec.to_builtins(report)
    data["proven"] = report.proven
    data["coverage"] = msgspec.to_builtins(report.coverage())
    return data


def to_json(report: Report) -> bytes:
    """The report as JSON, indented, keys in a fixed order."""
    return msgspec.json.format(msgspec.json.encode(to_builtins(report), order="deterministic"), indent=2) + b"\n"


def read_json(data: bytes, path: str) -> tuple[Report, dict[str, object]]:
    """A report from its JSON, and the plain data that ``holds`` judges. Raises ConfigurationError for what is none."""
    try:
        plain: dict[str, object] = msgspec.json.decode(data, type=dict[str, object])
        return msgspec.convert({k: v for k, v in plain.items() if k not in ("proven", "coverage")}, Report), plain
    except (msgspec.DecodeError, msgspec.ValidationError, UnicodeDecodeError) as error:
        remedy = "Give the file that accord document run --json wrote."
        raise ConfigurationError([Problem(path, 0, 0, f"is no report of a checklist: {error}", remedy)]) from None

"""What is going to be written, and why: operations with preconditions and reasons, before any call.

Owns: operations, changes, writes, outcomes. Does not own: deciding them (core/planning.py), making them (engine/writing.py).
"""

from dataclasses import dataclass, field
from enum import StrEnum

from accord.model.records import RecordRef, Seen, Side
from accord.model.values import RawValues, Value


class OperationKind(StrEnum):
    """What an operation does to the target system."""

    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"


@dataclass(frozen=True, slots=True)
class Reason:
    """Why: a stable rule id ("MERGE-03") that is also in journal, console, document and tests, and a sentence. Never steers."""

    rule: str
    text: str


@dataclass(frozen=True, slots=True)
class Change:
    """One property that an operation carries: the new common value, what it replaces on the target, and by which rule.

    ``replaced_absent``: the target did not hold the property at all. ``loser``: the replaced value is an edit that lost a conflict.
    """

    name: str
    value: Value
    replaced: Value
    rule: str
    replaced_absent: bool = False
    loser: bool = False


@dataclass(frozen=True, slots=True)
class Precondition:
    """What must still hold when the operation runs: the version and the content it was planned against (P5)."""

    version: str | None
    fingerprint: bytes


@dataclass(frozen=True, slots=True)
class Operation:
    """One intended write.

    ``key``: unique, given from outside (P12). ``source``: the record on the other side that caused it. ``target``: id "" for a create.
    ``payload``: the changed properties in the target's words. ``reference``: our external reference of the source record, the same for
    every attempt, by which a copy that an unanswered create made is found again.
    """

    key: str
    flow: str
    kind: OperationKind
    source: RecordRef
    target: RecordRef
    changes: tuple[Change, ...]
    payload: RawValues
    reasons: tuple[Reason, ...]
    reference: str
    precondition: Precondition | None = None
    link: int = 0

    @property
    def side(self) -> Side:
        """The side that is written."""
        return self.target.side


@dataclass(frozen=True, slots=True)
class Write:
    """An operation as a connector sees it. ``key`` comes back in the outcome; ``idempotency``: equal for attempts at the same create."""

    key: str
    kind: OperationKind
    ref: RecordRef
    values: RawValues
    reference: str
    precondition: Precondition | None = None
    idempotency: str = ""


class OutcomeKind(StrEnum):
    """How a write ended. Only what the answer proves: anything else is UNKNOWN (P26)."""

    DONE = "done"
    MOVED = "moved"  # the precondition did not hold; nothing was written
    GONE = "gone"  # the target is not there; nothing was written
    REFUSED = "refused"  # the system said no to this record; nothing was written
    FAILED = "failed"  # certainly nothing was written; may be tried again
    UNKNOWN = "unknown"  # may or may not have happened


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one write ended.

    ``observation``: DONE: the record as the system answered, or as read back; MOVED: as it is now, if it could be read.
    ``message``: the system's own words, control characters escaped, cut. ``property``: the one it complained of.
    ``fatal``: the system as a whole refuses (401, out of quota): the rest of the batch was not sent either.
    ``rest``: DONE only in part: how a later call of the same write ended; what the observation does not hold was not written.
    """

    key: str
    kind: OutcomeKind
    observation: Seen | None = None
    message: str = ""
    property: str | None = None
    fatal: bool = False
    rest: OutcomeKind | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """What looking for an earlier create yielded. ``certain``: that finding none proves that there is none."""

    key: str
    records: tuple[Seen, ...] = field(default_factory=tuple)
    certain: bool = False
    message: str = ""

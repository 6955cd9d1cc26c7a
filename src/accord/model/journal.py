"""What was tried and how it ended.

Owns: the states of a journaled operation and the batches that the record step hands to the store in one transaction.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from accord.model.links import Link, Pending
from accord.model.plans import Operation
from accord.model.records import Gone, Known, RecordRef, Seen, Side


class IntentState(StrEnum):
    """Where a journaled operation stands. OPEN may have been sent: after a restart its outcome is unknown."""

    OPEN = "open"
    DONE = "done"
    MOVED = "moved"
    REFUSED = "refused"
    FAILED = "failed"
    UNKNOWN = "unknown"
    ADOPTED = "adopted"  # recovery found that it had happened
    ABANDONED = "abandoned"  # recovery found that it had not happened, or left it to a new merge


@dataclass(frozen=True, slots=True)
class Intent:
    """A journaled operation. ``closed``: when its outcome was known, be it that it is unknown; "" before."""

    operation: Operation
    run: str
    state: IntentState
    at: str
    message: str = ""
    closed: str = ""


@dataclass(frozen=True, slots=True)
class Closed:
    """The end of one intent: state, the system's words, the id of the target (known only now for a create)."""

    key: str
    state: IntentState
    at: str
    message: str = ""
    target: str = ""


@dataclass(frozen=True, slots=True)
class MatchKey:
    """The normal form of one record's properties for one criterion of one flow."""

    flow: str
    side: Side
    id: str
    criterion: int
    key: str


@dataclass(frozen=True, slots=True)
class Candidate:
    """A record on the other side that shares a match key.

    ``taken``: it has a live link already, or another flow that excludes this one has. ``rivals``: how many *other* unlinked records on the
    asking side share the same key.
    """

    id: str
    criterion: int
    taken: bool
    rivals: int


@dataclass(frozen=True, slots=True)
class Absorb:
    """One page of observations to be made durable in one transaction (the read step).

    ``seen``: records whose content is new. ``versions``: records whose content is as known, with their newest version. ``gone``: deletions.
    ``keys``: match keys of the seen ones; they replace all earlier keys of the same flow and
    record. ``flows``: whose pending list the seen and
    gone ones join. ``cursor``: the datatype's new cursor, with the last page only.
    """

    side: Side
    datatype: str
    seen: Sequence[Seen] = ()
    versions: Sequence[Known] = ()
    gone: Sequence[Gone] = ()
    keys: Sequence[MatchKey] = ()
    flows: Sequence[str] = ()
    cursor: str | None = None


@dataclass(frozen=True, slots=True)
class Closing:
    """What the record step makes durable in one transaction.

    ``links``: new (id 0) or with new bases (id known). ``unlinked``: ids of links to end; the tombstone stays. ``records``: as the systems
    answered. ``settled``: records whose content equals the bases: their values are dropped. ``finished``: pending rows that are done, by
    (flow, ref). ``pending``: rows that stay, with their new state. ``closed``: intents that ended.
    """

    run: str
    at: str
    links: Sequence[Link] = ()
    unlinked: Sequence[int] = ()
    records: Sequence[Seen] = ()
    settled: Sequence[RecordRef] = ()
    finished: Sequence[tuple[str, RecordRef]] = ()
    pending: Sequence[Pending] = ()
    closed: Sequence[Closed] = ()


@dataclass(frozen=True, slots=True)
class Moved:
    """Of the pending rows that are new: how many records have a live link, and how many live links lost a record."""

    linked: int = 0
    deleted: int = 0


@dataclass(frozen=True, slots=True)
class Totals:
    """What the store amounts to for one flow: live links and pending rows by state."""

    flow: str
    links: int
    pending: dict[str, int] = field(default_factory=dict)

"""What a read yields: records seen, gone or unreadable: three different values, never one with flags.

Owns: sides, record refs, observations, pages. Does not own: how they are fetched (connectors) or judged (core).
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

import msgspec

from accord.model.values import RawValues


class Side(StrEnum):
    """Left or right in a flow; an argument, never the reason for twin methods."""

    LEFT = "left"
    RIGHT = "right"

    @property
    def other(self) -> "Side":
        """The opposite side."""
        return Side.RIGHT if self is Side.LEFT else Side.LEFT


@dataclass(frozen=True, slots=True)
class RecordRef:
    """Which record: side + datatype + id. The id is byte-exact, as the system gives it; numbers as decimal text."""

    side: Side
    datatype: str
    id: str

    def __str__(self) -> str:
        return f"{self.datatype} {self.id}"


_canonical = msgspec.json.Encoder(order="deterministic", decimal_format="string")


def fingerprint(values: RawValues) -> bytes:
    """Identify the content of a record: 16 bytes, equal if and only if the wanted raw values are equal.

    Property order does not count; item order within lists does.
    """
    return hashlib.blake2b(_canonical.encode(values), digest_size=16).digest()


class Evidence(StrEnum):
    """What a deletion was concluded from (P9). A refusal, an error or an empty list is never one of these."""

    TOMBSTONE = "tombstone"  # the system lists it as deleted
    SOFT_DELETED = "soft_deleted"  # the record itself says so
    NOT_FOUND = "not_found"  # 404/410 on reading the record itself: evidence only together with absence
    ABSENT = "absent"  # missing from two complete listings, and not found when asked for by id


@dataclass(frozen=True, slots=True)
class Seen:
    """A record that was read.

    ``version``: the system's own mark of change, opaque; None when the answer carried none that can be trusted: a time that is
    not older than the system's granularity may stand for two contents.
    ``modified``: last change in UTC ("YYYY-MM-DDTHH:MM:SS[.fff]Z"), None when the system does not say.
    ``values``: the wanted properties only. ``fingerprint``: of ``values``.
    """

    ref: RecordRef
    version: str | None
    modified: str | None
    values: RawValues
    fingerprint: bytes

    @classmethod
    def of(cls, ref: RecordRef, values: RawValues, version: str | None = None, modified: str | None = None) -> "Seen":
        """Build one with its fingerprint."""
        return cls(ref, version, modified, values, fingerprint(values))


@dataclass(frozen=True, slots=True)
class Gone:
    """A record that is known not to be there any more, and by what evidence."""

    ref: RecordRef
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A record that could not be looked at: nothing may be concluded from it. ``lasting``: nor would it be at another time."""

    ref: RecordRef
    cause: str
    lasting: bool = False


Observation: TypeAlias = Seen | Gone | Unreadable


@dataclass(frozen=True, slots=True)
class Hint:
    """That a record may have changed, without its content: a webhook, or an item of a feed of another datatype.

    ``version`` as in Seen, or None. A hint is never a fact: the record is read.
    """

    ref: RecordRef
    version: str | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a listing or of changes.

    ``cursor``: only on the last page: where the next ``changes`` call starts; opaque; from the server's clock or
    token, already moved back by the overlap that the system needs (P18). ``last``: the listing ended properly; a listing
    that does not end with such a page has failed, and nothing may be concluded from what it left out. ``doubt``: on the last page, why the
    system's time is not believed, so that the cursor stays where it was.
    """

    observations: tuple[Observation, ...] = ()
    hints: tuple[Hint, ...] = ()
    last: bool = False
    cursor: str | None = None
    doubt: str = ""


@dataclass(frozen=True, slots=True)
class Known:
    """What the store remembers of a record: enough to tell an echo from a change without its content.

    ``version``: None when the last one could not be trusted; then only the content tells. ``gone``: a tombstone is kept. ``modified``: as
    in Seen.
    """

    id: str
    version: str | None
    fingerprint: bytes
    gone: bool = False
    modified: str | None = None


Identified: TypeAlias = Mapping[str, Known]
"""Known records by id."""


@dataclass(frozen=True, slots=True)
class Stored:
    """What the store holds of a record. ``values``: None when nothing has moved since its link was last closed: then the base holds."""

    id: str
    version: str | None
    modified: str | None
    fingerprint: bytes
    values: RawValues | None
    gone: bool = False

"""What a connector can really do with a datatype in this system; a difference here is stated, never hidden.

Owns: the words for capabilities. Printed by `accord check`, in the document, and used by core/planning.py.
"""

from dataclasses import dataclass, field
from enum import StrEnum


class ChangeCapture(StrEnum):
    """How changes are seen."""

    SINCE = "since"  # the listing filters by time or token
    FEED = "feed"  # another listing names what changed; each record is then read
    LISTING = "listing"  # a full listing, compared by fingerprint


class Finding(StrEnum):
    """How the copy that an earlier, unanswered create may have made can be found (P7)."""

    CERTAIN = "certain"  # finding none proves there is none
    LAGGING = "lagging"  # finding none proves nothing yet
    NONE = "none"  # cannot be looked for: an unknown create is parked for a person


@dataclass(frozen=True, slots=True)
class Capabilities:
    """The abilities of one datatype. ``granularity`` and ``settles`` are seconds.

    ``create_only``: properties that a create may carry and an update may not. ``read_only``: neither may.
    ``stable_listing``: no record is skipped because others change while pages are read.
    ``settles``: so long after it was given up a create may still happen. ``reference``: the property that shows our reference of a record.
    ``assumptions``: sentences that hold until a person has confirmed them against the live system.
    """

    create: bool = True
    update: bool = True
    delete: bool = False
    conditional_write: bool = False
    idempotency_key: bool = False
    finding: Finding = Finding.NONE
    changes: ChangeCapture = ChangeCapture.LISTING
    sees_deletes: bool = False
    stable_listing: bool = True
    modified_time: bool = False
    granularity: float = 0.0
    settles: float = 0.0
    reference: str | None = None
    create_only: frozenset[str] = field(default_factory=frozenset)
    read_only: frozenset[str] = field(default_factory=frozenset)
    assumptions: tuple[str, ...] = ()

    def sentence(self) -> str:
        """All of it in words, for `accord check` and the document."""
        verbs = [name for name, can in (("create", self.create), ("update", self.update), ("delete", self.delete)) if can]
        writes = f"can {', '.join(verbs)}" if verbs else "read only"
        guard = "a write states its version" if self.conditional_write else "read again just before a write (a gap remains)"
        seen = {
            ChangeCapture.SINCE: "changes by time",
            ChangeCapture.FEED: "changes by a feed that names them",
            ChangeCapture.LISTING: "changes by a full listing",
        }[self.changes]
        looked = {
            Finding.CERTAIN: "an unanswered create can be looked for",
            Finding.LAGGING: "an unanswered create can be looked for, with delay",
            Finding.NONE: "an unanswered create waits for a person",
        }[self.finding]
        deletes = "deletes are seen" if self.sees_deletes else "deletes are not seen"
        return "; ".join((writes, guard, seen, deletes, looked))

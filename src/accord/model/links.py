"""What is one thing: links, their bases, and what keeps a record from being in step.

Owns: Link, PendingState, Pending, Doubtful. Does not own: how a counterpart is found (core/matching.py) or kept (store/).
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from accord.model.records import RecordRef, Side
from accord.model.values import Values


@dataclass(frozen=True, slots=True)
class Link:
    """The durable fact that a left and a right record are one thing, within one flow.

    ``left_base``, ``right_base``: the mapped values of each side as last agreed, by property mapping name; a missing key means that nothing
    has been agreed for this property yet.
    """

    flow: str
    left: str
    right: str
    left_base: Values = field(default_factory=dict)
    right_base: Values = field(default_factory=dict)
    id: int = 0

    def record(self, side: Side) -> str:
        """The record id on that side."""
        return self.left if side is Side.LEFT else self.right

    def base(self, side: Side) -> Values:
        """The base on that side."""
        return self.left_base if side is Side.LEFT else self.right_base


class PendingState(StrEnum):
    """Why a record of a flow is not in step yet. The one enum that store, commands and console use."""

    NEW = "new"  # observed, not worked on yet
    WAITING = "waiting"  # for a record that it refers to
    REVIEW = "review"  # a person must choose the counterpart, or settle a conflict
    HELD = "held"  # a switch, a guard or the onboarding holds it
    QUARANTINED = "quarantined"  # the system refuses it; the cause is kept
    UNKNOWN = "unknown"  # a write without a certain outcome; looked for in every cycle


@dataclass(frozen=True, slots=True)
class Pending:
    """One record that one flow still has to deal with.

    ``rule``: the stable rule id. ``cause``: one sentence. ``wait``: refs it waits for. ``candidates``: ids on the other side.
    ``row``: the store's order of arrival, which a page of pending ones is read by. ``tries``: how often it was worked on.
    """

    flow: str
    ref: RecordRef
    state: PendingState = PendingState.NEW
    rule: str = ""
    cause: str = ""
    wait: tuple["WaitsFor", ...] = ()
    candidates: tuple[str, ...] = ()
    row: int = 0
    tries: int = 0
    since: str = ""


class Doubtful(str):
    """The id on the other side of a link, of which it is not certain that it is the one that was meant.

    ``rivals``: flows between other datatypes in which there is a record of the same id as the one that was looked up.
    """

    rivals: frozenset[str]

    def __new__(cls, id: str, rivals: Iterable[str]) -> "Doubtful":
        self = super().__new__(cls, id)
        self.rivals = frozenset(rivals)
        return self


@dataclass(frozen=True, slots=True)
class WaitsFor:
    """That a link of ``flow`` for this record must exist first."""

    flow: str
    side: Side
    id: str

    @property
    def key(self) -> str:
        """The text under which the store wakes the waiting ones."""
        return f"{self.flow}\x1f{self.side}\x1f{self.id}"

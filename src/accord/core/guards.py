"""Limits that hold a suspicious plan: small, named, together.

Owns: the delete budget, the change breaker, what counts as much after the configuration changed, the empty-listing guard, when a value goes
back and forth. Does not own: what counts as a delete (core/deletes.py), counting (engine/guarding.py).
"""

from collections.abc import Sequence
from dataclasses import dataclass

from accord.model.dataflow import Guards
from accord.model.values import Value

CAREFUL_NUMBER = 10
CAREFUL_PERCENT = 1.0
"""After the configuration changed, a run that would write more than both waits until a person has looked at the plan (P22)."""

ROUNDS = 5
"""So often may Accord write one and the same value into a property within a day; beyond that something else keeps changing it back."""


@dataclass(frozen=True, slots=True)
class Amount:
    """What a run would write in one flow. ``changes``: updates and deletes of linked records; ``all``: creates and first meetings too."""

    changes: int = 0
    all: int = 0


def deletes_allowed(guards: Guards, wanted: int, done: int, links: int) -> bool:
    """Whether all of these deletes may run; if not, none does (P10). ``done``: within the last 24 hours."""
    return wanted + done <= min(guards.deletes, max(1, int(links * guards.deletes_percent / 100)))


def changes_allowed(guards: Guards, amount: Amount, links: int) -> bool:
    """Whether this many linked records may change at once, all by the same cause."""
    return amount.changes <= guards.changes or amount.changes <= links * guards.changes_percent / 100


def careful(amount: Amount, links: int) -> bool:
    """Whether a run after a changed configuration writes little enough to go on by itself (P22)."""
    return amount.all <= CAREFUL_NUMBER or amount.all <= links * CAREFUL_PERCENT / 100


def suspiciously_many(missing: int, known: int) -> bool:
    """Whether so many known records are missing from a full listing that the listing is to be doubted, not the records."""
    return missing > CAREFUL_NUMBER and missing * 2 > known


def suspiciously_empty(listed: int, known: int) -> bool:
    """Whether a full listing that yielded ``listed`` records cannot be believed, since ``known`` live ones were there before."""
    return listed == 0 and known > 0


def goes_back_and_forth(written: Sequence[Value], wanted: Value) -> bool:
    """Whether a value has been written, and changed away again, so often that two parties seem to disagree.

    ``written``: what Accord wrote into the property within the last day. It writes only what the other side does not hold already.
    """
    return sum(value == wanted for value in written) >= ROUNDS

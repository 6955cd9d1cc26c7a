"""Limits that hold a suspicious plan: small, named, together.

Owns: the delete budget and the empty-listing guard. Does not own: what counts as a delete (core/deletes.py).
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DeleteBudget:
    """How many deletes one run may carry out in a flow: the smaller of a number and a share of the live links (P10)."""

    absolute: int = 10
    percent: float = 1.0

    def allows(self, deletes: int, links: int) -> bool:
        """Whether all of these deletes may run; if not, none does."""
        return deletes <= min(self.absolute, max(1, int(links * self.percent / 100)))


def suspiciously_empty(listed: int, known: int) -> bool:
    """Whether a full listing that yielded ``listed`` records cannot be believed, since ``known`` live ones were there before."""
    return listed == 0 and known > 0

"""What follows from looking for an unanswered create.

Owns: adopt, try again, wait or choose. Does not own: the looking (connectors, engine/recovery.py).
"""

from dataclasses import dataclass

from accord.model.plans import Found
from accord.model.records import Seen, Side


@dataclass(frozen=True, slots=True)
class Adopt:
    """It happened: this is the record."""

    record: Seen


@dataclass(frozen=True, slots=True)
class Again:
    """It certainly did not happen."""


@dataclass(frozen=True, slots=True)
class Wait:
    """It cannot be told yet: neither sent again nor given up."""


@dataclass(frozen=True, slots=True)
class Choose:
    """Several records carry our reference."""

    candidates: tuple[str, ...]


def told(side: Side, found: Found, settled: bool) -> Adopt | Again | Wait | Choose:
    """Decide from what was found on that side (P7).

    ``settled``: so much time has passed that what has not happened will not happen any more, or sending it again cannot make a second one.
    """
    records = {record.ref.id: record for record in found.records if record.ref.side is side}
    if len(records) > 1:
        return Choose(tuple(sorted(records)))
    if records:
        return Adopt(next(iter(records.values())))
    return Again() if found.certain and settled else Wait()

"""Who wins when both sides changed a property differently.

Owns: the policies of PROMISES section 5. Does not own: noticing a conflict (core/merging.py).
"""

from dataclasses import dataclass
from datetime import datetime

from accord.model.dataflow import ConflictPolicy
from accord.model.records import Side
from accord.model.values import Value, is_empty


@dataclass(frozen=True, slots=True)
class Times:
    """When each side's record was last changed, and how far apart that must be to tell (seconds: skew plus granularity)."""

    left: str | None = None
    right: str | None = None
    doubt: float = 5.0


@dataclass(frozen=True, slots=True)
class Resolution:
    """How a conflict ended. ``winner``: None when a person decides."""

    rule: str
    winner: Side | None


def resolve(policy: ConflictPolicy, fallback: Side, left: Value, right: Value, times: Times) -> Resolution:
    """Settle one conflict. ``fallback``: who wins where the policy cannot tell. Swapping all sides swaps the result (P12).

    UNION is about items, which core/merging.py keeps; a value by itself has none, so the fallback wins.
    """
    match policy:
        case ConflictPolicy.MANUAL:
            return Resolution("CONFLICT-04", None)
        case ConflictPolicy.LEFT | ConflictPolicy.RIGHT:
            return Resolution("CONFLICT-03", Side(policy.value))
        case ConflictPolicy.KEEP_NON_EMPTY if is_empty(left) is not is_empty(right):
            return Resolution("CONFLICT-05", Side.RIGHT if is_empty(left) else Side.LEFT)
        case ConflictPolicy.LATEST:
            later = latest(times)
            if later is not None:
                return Resolution("CONFLICT-01", later)
    return Resolution("CONFLICT-02", fallback)


def latest(times: Times) -> Side | None:
    """The side that changed later, or None when the times are missing or too close to tell."""
    if times.left is None or times.right is None:
        return None
    apart = (instant(times.left) - instant(times.right)).total_seconds()
    if abs(apart) <= times.doubt:
        return None
    return Side.LEFT if apart > 0 else Side.RIGHT


def instant(text: str) -> datetime:
    """Read a canonical instant ("YYYY-MM-DDTHH:MM:SS[.fff]Z")."""
    return datetime.fromisoformat(text)

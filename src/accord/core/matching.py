"""The match step: an unlinked record and the records that share a criterion with it -> linked, alone, or ambiguous.

Owns: what counts as one certain candidate. Does not own: normal forms (core/normal.py), looking candidates up (store).

The decision looks at all criteria together and at both sides, so it does not depend on which record is looked at first (P12): a link is
formed only where exactly one record on each side shares a criterion. Criteria are used once, to form a
link; after that only the link counts.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from accord.model.journal import Candidate


@dataclass(frozen=True, slots=True)
class Counterpart:
    """One certain counterpart."""

    id: str
    rule: str = "MATCH-01"


@dataclass(frozen=True, slots=True)
class Alone:
    """Nothing on the other side shares a criterion."""

    rule: str = "MATCH-03"


@dataclass(frozen=True, slots=True)
class Ambiguous:
    """A person must choose. ``candidates``: ids on the other side, in order."""

    rule: str
    candidates: tuple[str, ...] = ()


def match(candidates: Sequence[Candidate], invalid: Collection[str] = ()) -> Counterpart | Alone | Ambiguous:
    """Decide for one unlinked record.

    ``candidates``: of all criteria. ``invalid``: names of criterion properties whose value has no normal form; they do not stop a
    certain match, but a record that carries one is never taken for new (a mistyped key would become a duplicate).
    """
    free = {candidate.id for candidate in candidates if not candidate.taken}
    everyone = tuple(sorted({candidate.id for candidate in candidates}))
    if not everyone:
        return Ambiguous("MATCH-05") if invalid else Alone()
    if not free:
        return Ambiguous("MATCH-04", everyone)
    if len(everyone) == 1 and not any(candidate.rivals for candidate in candidates):
        return Counterpart(everyone[0])
    return Ambiguous("MATCH-02", everyone)

"""The match step: an unlinked record and the records that share a criterion with it -> linked, alone, or ambiguous.

Owns: what counts as one certain candidate. Does not own: normal forms (core/normal.py), looking candidates up (store).

The decision looks at all criteria together and at both sides, so it does not depend on which record is looked at first (P12): a link is
formed only where exactly one record on each side shares a criterion. Criteria are used once, to form a
link; after that only the link counts.

Before all criteria comes our own reference: a record that Accord made carries the name of the one it was made for. So a counterpart is
known again even when the state was lost, or is an older copy (P25), and whatever has become of the properties that the criteria look at.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from accord.model.journal import Candidate
from accord.model.records import RecordRef, Side

REFERENCES: Final = {Side.LEFT: -1, Side.RIGHT: -2}
"""The criterion "carries our reference of a record of that side"; the criteria of a flow count from 0."""


@dataclass(frozen=True, slots=True)
class Counterpart:
    """One certain counterpart. ``made``: by Accord, as our reference on it says."""

    id: str
    made: bool = False

    @property
    def rule(self) -> str:
        """The rule that found it."""
        return "MATCH-06" if self.made else "MATCH-01"


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
    made = [candidate for candidate in candidates if candidate.criterion in REFERENCES.values()]
    if len({candidate.id for candidate in made}) == 1 and not any(candidate.taken or candidate.rivals for candidate in made):
        return Counterpart(made[0].id, made=True)
    free = {candidate.id for candidate in candidates if not candidate.taken}
    everyone = tuple(sorted({candidate.id for candidate in candidates}))
    if not everyone:
        return Ambiguous("MATCH-05") if invalid else Alone()
    if not free:
        return Ambiguous("MATCH-04", everyone)
    if len(everyone) == 1 and not any(candidate.rivals for candidate in candidates):
        return Counterpart(everyone[0])
    return Ambiguous("MATCH-02", everyone)


def mutual(id: str, found: Counterpart, back: Sequence[Candidate]) -> Counterpart | Ambiguous:
    """What is left of a counterpart once it was asked itself: it may share another criterion with another record (P8, P12).

    ``id``: of the record that it was found for; ``back``: the candidates of the counterpart. Our own reference needs no second opinion.
    """
    others = any(one.id != id and not one.taken for one in back)
    return Ambiguous("MATCH-02", (found.id,)) if others and not found.made else found


def without_references(candidates: Sequence[Candidate]) -> Sequence[Candidate]:
    """The candidates by the flow's own criteria. An id that had a counterpart before may be used again for something else."""
    return [candidate for candidate in candidates if candidate.criterion not in REFERENCES.values()]


def reference(system: str, ref: RecordRef) -> str:
    """Our external reference of a source record: the same for every attempt, and after the state was lost (P7, P25)."""
    return f"{system}:{ref.datatype}:{ref.id}"

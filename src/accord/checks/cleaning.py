"""Removing the test records: at the end of a run, after an error, and after a run that was killed.

Owns: what is removed, in which order, and what is told of the rest. Does not own: the roll (roll.py), deleting (hands.py).
"""

from dataclasses import dataclass, field

from accord.checks.hands import Hands
from accord.checks.roll import Roll, unfinished
from accord.errors import SystemProblem
from accord.model.plans import OperationKind, Write
from accord.model.records import RecordRef


@dataclass(slots=True)
class Cleaned:
    """What came of the test records: how many are gone; ``left``: still there, and why; ``staying``: cannot be deleted by anybody."""

    gone: int = 0
    left: list[str] = field(default_factory=list)
    staying: list[str] = field(default_factory=list)


async def clean_up(hands: Hands, roll: Roll) -> Cleaned:
    """Remove every record of the roll, the youngest first."""
    cleaned = Cleaned()
    for ref in reversed([one for one in roll.made if one not in roll.removed]):
        await _remove(hands, roll, ref, cleaned)
    return cleaned


async def clean_unfinished(hands: Hands, roll: Roll) -> Cleaned:
    """Remove what an interrupted run left; what it may have made is looked for by its marks."""
    cleaned = Cleaned()
    for entry in reversed(unfinished(roll.path)):
        refs = [entry.ref] if entry.id else await _made_under(hands, entry.ref, entry.mark, entry.values)
        for ref in refs:
            roll.add(ref, entry.mark)
            await _remove(hands, roll, ref, cleaned)
        if not refs:
            roll.gone(entry.ref, entry.mark)
    return cleaned


async def _made_under(hands: Hands, place: RecordRef, mark: str, values: dict[str, object]) -> list[RecordRef]:
    write = Write(mark, OperationKind.CREATE, place, values, mark)
    (found,) = await hands.sides[place.side].inner.find(place.datatype, [write])
    return [one.ref for one in found.records]


async def _remove(hands: Hands, roll: Roll, ref: RecordRef, into: Cleaned) -> None:
    side = hands.sides[ref.side]
    place = f"{side.system} {ref}"
    if not side.capabilities(ref.datatype).delete:
        roll.gone(ref)  # nothing more can be done about it: it is told, and stays
        into.staying.append(f"{place}, marked {roll.made[ref]}")
        return
    try:
        problem = await hands.remove(ref)
    except SystemProblem as error:
        problem = error.message
    if problem:
        into.left.append(f"{place}: {problem}")
    else:
        roll.gone(ref)
        into.gone += 1

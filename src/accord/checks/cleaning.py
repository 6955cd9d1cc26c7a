"""Removing the test records: at the end of a run, after an error, and after a run that was killed.

Owns: what is removed, in which order, and what is told of the rest. Does not own: the roll (roll.py), deleting (hands.py).
"""

from collections.abc import Sequence

from accord.checks.hands import Hands
from accord.checks.roll import Roll, unfinished
from accord.errors import SystemProblem
from accord.model.plans import OperationKind, Write
from accord.model.records import RecordRef


async def clean_up(hands: Hands, roll: Roll) -> Sequence[str]:
    """Remove every record of the roll, the youngest first; give those that are still there, and why."""
    left: list[str] = []
    for ref in reversed([one for one in roll.made if one not in roll.removed]):
        if problem := await _removed(hands, roll, ref):
            left.append(problem)
    return left


async def clean_unfinished(hands: Hands, roll: Roll) -> tuple[int, Sequence[str]]:
    """Remove what an interrupted run left, looking for what it may have made by its marks: how many are gone, and what is still there."""
    gone, left = 0, list[str]()
    for entry in reversed(unfinished(roll.path)):
        refs = [entry.ref] if entry.id else await _made_under(hands, entry.ref, entry.mark, entry.values)
        for ref in refs:
            roll.add(ref, entry.mark)
            problem = await _removed(hands, roll, ref)
            gone += not problem
            left += [problem] if problem else []
        if not refs:
            roll.gone(entry.ref, entry.mark)
    return gone, left


async def _made_under(hands: Hands, place: RecordRef, mark: str, values: dict[str, object]) -> list[RecordRef]:
    write = Write(mark, OperationKind.CREATE, place, values, mark)
    (found,) = await hands.sides[place.side].inner.find(place.datatype, [write])
    return [one.ref for one in found.records]


async def _removed(hands: Hands, roll: Roll, ref: RecordRef) -> str:
    """Remove one; "" or what is still there, and why."""
    side = hands.sides[ref.side]
    place = f"{side.system} {ref}"
    if not side.capabilities(ref.datatype).delete:
        roll.gone(ref)  # nothing more can be done about it: it is told, and stays
        return f"{place}: cannot be deleted through the API; marked {roll.made[ref]}"
    try:
        problem = await hands.remove(ref)
    except SystemProblem as error:
        problem = error.message
    if problem:
        return f"{place}: {problem}"
    roll.gone(ref)
    return ""

"""Removing the test records: at the end of a run, after an error, and after a run that was killed.

Owns: what is removed, in which order, and what is told of the rest. Does not own: the roll (roll.py), deleting (hands.py).
"""

from dataclasses import dataclass, field

from accord.checks.hands import Hands
from accord.checks.roll import Entry, Roll, unfinished
from accord.errors import SystemProblem
from accord.model.plans import OperationKind, Write
from accord.model.records import RecordRef


@dataclass(slots=True)
class Cleaned:
    """What came of the test records: how many are gone; ``left``: still there, and why; ``staying``: cannot be deleted by anybody."""

    gone: int = 0
    left: list[str] = field(default_factory=list)
    staying: list[str] = field(default_factory=list)


async def clean_up(hands: Hands, roll: Roll, into: Cleaned | None = None) -> Cleaned:
    """Remove every record of the roll, the youngest first; what calls without an answer may have made is looked for by its mark.

    ``into``: is told as it goes, for a caller that may be interrupted.
    """
    cleaned = into if into is not None else Cleaned()
    for entry in reversed(unfinished(roll.path)):
        refs = [entry.ref] if entry.id else await _made_under(hands, entry, cleaned)
        for ref in refs or ():
            if roll.add(ref, entry.mark):
                await _remove(hands, roll, ref, cleaned)
        if refs == []:
            roll.gone(entry.ref, entry.mark)
    return cleaned


async def _made_under(hands: Hands, entry: Entry, into: Cleaned) -> list[RecordRef] | None:
    """What a call without an answer made; None where that cannot be told now."""
    write = Write(entry.mark, OperationKind.CREATE, entry.ref, entry.values, entry.mark)
    try:
        (found,) = await hands.sides[entry.side].inner.find(entry.datatype, [write])
        doubt = found.message
    except SystemProblem as problem:
        found, doubt = None, problem.message
    if found is not None and (found.records or not doubt):
        return [one.ref for one in found.records]
    into.left.append(f"{hands.sides[entry.side].system} {entry.datatype} marked {entry.mark}, if it came to be: {doubt}")
    return None


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

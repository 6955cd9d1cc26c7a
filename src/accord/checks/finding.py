"""Finding what came of the test records, in the systems themselves: by the numbers in their values, and by the reference that they carry.

Owns: finding counterparts, and values of ours in records that are none of ours. Does not own: judging.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from accord.checks.course import Course
from accord.checks.subjects import Subject
from accord.core.matching import reference
from accord.model.records import RecordRef, Seen, Side

LONG_ENOUGH = 9
"""Characters of a text that nobody else has by chance."""


async def find_counterparts(course: Course) -> Mapping[int, Sequence[RecordRef]]:
    """By subject, the new records on the other side that hold its values or its reference; one without counterpart gets the first of them.

    Records that are equal twins on both sides are found on both; only the right one counts.
    """
    found: dict[int, list[RecordRef]] = {}
    wanted = [one for one in course.subjects if id(one) in course.typed]
    for side in Side:
        for datatype in dict.fromkeys(one.flow.datatype(side) for one in wanted):
            async for seen in course.bench.hands.listed(side, datatype):
                if seen.ref in course.bench.roll.before:
                    continue
                for subject in wanted:
                    if _looked_for(subject, side) and subject.flow.datatype(side) == datatype and _is_of(course, subject, seen):
                        found.setdefault(id(subject), []).append(seen.ref)
    for subject in wanted:
        for ref in found.get(id(subject), ()):
            course.bench.roll.add(ref, f"found:{ref.id}")
            subject.refs.setdefault(ref.side, ref)
    return found


def _looked_for(subject: Subject, side: Side) -> bool:
    """Whether counterparts are looked for there: not where the subject was made; of twins, on the right."""
    return side not in subject.refs or (len(subject.refs) == 2 and side is Side.RIGHT)


def _is_of(course: Course, subject: Subject, seen: Seen) -> bool:
    """Whether a record came of this subject. Without a mapped property it holds no value of it, and is known by its reference."""
    side = seen.ref.side
    name = course.bench.engine.connectors[side].capabilities(seen.ref.datatype).reference
    own, carried = subject.refs.get(side.other), seen.values.get(name) if name is not None else None
    referred = own is not None and carried == reference(course.bench.engine.dataflow.entry(side.other).system, own)
    return referred or _holds(course, subject, seen.values)


def _holds(course: Course, subject: Subject, values: Mapping[str, Any]) -> bool:
    """Whether one of the values holds a number that was made up for this subject."""
    return any(
        number is not None and course.numbers.get(number, (None, ""))[0] is subject
        for text in texts_in(values)
        for number in (course.ours.number_in(text),)
    )


async def sweep(course: Course) -> list[tuple[Subject, str, RecordRef]]:
    """Every value of ours in a record that is not on the roll: of which subject and property, and where it is."""
    found: list[tuple[Subject, str, RecordRef]] = []
    roll = course.bench.roll
    for side in Side:
        for datatype in dict.fromkeys(flow.datatype(side) for flow in course.flows):
            async for seen in course.bench.hands.listed(side, datatype):
                if seen.ref in roll:
                    continue
                for text in texts_in(seen.values):
                    if len(text) >= LONG_ENOUGH and text in course.ours.texts and (number := course.ours.number_in(text)):
                        found.append((*course.numbers[number], seen.ref))
    return found


def texts_in(value: Any) -> list[str]:
    """All texts in a value, at whatever depth."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, Mapping):
        return [text for one in value.values() for text in texts_in(one)]
    return [text for one in value for text in texts_in(one)] if isinstance(value, list | tuple) else []

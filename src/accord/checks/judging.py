"""Judging the test records after a phase: what both systems really hold, read afresh, against what each record has to hold.

Owns: which lines an observation answers, and how. Does not own: what has to be held (subjects.py), when it is looked at (running.py).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from accord.checks.answers import Answer, Moment
from accord.checks.course import Course
from accord.checks.probing import fits
from accord.checks.questions import WAYS, Place, Question, places_of
from accord.checks.report import Call, Kind, Verdict
from accord.checks.subjects import Role, Subject, same
from accord.checks.wire import Noted, call_of
from accord.core.flowrules import names_on
from accord.model.dataflow import Direction, PropertyMapping
from accord.model.journal import IntentState
from accord.model.records import Side
from accord.model.values import Value

Values: TypeAlias = tuple[object, object]
"""What is expected and what was observed."""

CALLS_KEPT = 30
ALL_STATES = tuple(IntentState)


@dataclass(slots=True)
class Phase:
    """One step of a checklist. ``typed``: by subject, the places that were given a value in it. ``trouble``: why the engine's run ended."""

    kind: Kind
    way: Direction
    started: str
    first_call: int
    typed: dict[int, set[str]] = field(default_factory=dict)
    trouble: str = ""

    def types(self, subject: Subject, *places: str) -> None:
        """Note that a value was typed there."""
        self.typed.setdefault(id(subject), set()).update(places)


@dataclass(frozen=True, slots=True)
class Wrong:
    """A value that is not what it has to be: where, on which side, and both in common form. ``fault``: why it cannot be read."""

    subject: Subject
    place: Place
    side: Side
    due: Value
    held: Value
    fault: str = ""


def wrongs(course: Course, subjects: Sequence[Subject], sides: Sequence[Side] = tuple(Side)) -> list[Wrong]:
    """Every value of these records that is not what it has to be."""
    resolved = course.resolved
    found: list[Wrong] = []
    for subject in subjects:
        for side in sides:
            if side in subject.refs and side not in subject.gone:
                for mapping in subject.flow.properties:
                    if mapping.name in subject.due[side]:
                        held, fault = subject.holds(side, mapping, resolved)
                        found += _differing(subject, mapping, side, held, fault)
    return found


def _differing(subject: Subject, mapping: PropertyMapping, side: Side, held: Value, fault: str) -> Iterator[Wrong]:
    due = subject.due[side][mapping.name]
    places = [one for one in places_of(subject.flow) if one.mapping is mapping]
    if fault:
        yield from (Wrong(subject, one, side, due, held, fault) for one in places)
        return
    if same(due, held):
        return
    if not (isinstance(due, Mapping) and isinstance(held, Mapping)):
        yield Wrong(subject, places[0], side, due, held)
        return
    if due.keys() != held.keys():
        yield Wrong(subject, places[0], side, due, held)
    for one in places[1:]:
        name = one.innermost.name
        pairs = [(due[key].get(name), held[key].get(name)) for key in due if key in held and name in due[key]]
        odd = next((pair for pair in pairs if not same(*pair)), None)
        if odd is not None:
            yield Wrong(subject, one, side, *odd)


def adopt(course: Course, found: Sequence[Wrong]) -> None:
    """Take what is held for what has to be, so that one fault is told once and not in every phase after it."""
    resolved = course.resolved
    for one in found:
        held, fault = one.subject.holds(one.side, one.place.mapping, resolved)
        if fault:
            one.subject.due[one.side].pop(one.place.mapping.name, None)
        else:
            one.subject.due[one.side][one.place.mapping.name] = held


class Judge:
    """Gives the answers of one phase."""

    def __init__(self, course: Course, phase: Phase, rules: Mapping[tuple[str, str], Sequence[tuple[str, str]]]) -> None:
        """``rules``: by flow and id of a record, (property, rule) of what the engine did in this phase."""
        self._course = course
        self._phase = phase
        self._rules = rules
        self._ended = course.now()
        self._noted: dict[int, list[Noted]] = {}
        self._shown: dict[int, Call] = {}

    def judge(self, subjects: Sequence[Subject], found: Sequence[Wrong]) -> None:
        """Answer the lines of what was typed, and those of what changed although nobody typed it."""
        for one in found:
            self._wrong(one)
        for subject in subjects:
            failed = {(id(one.subject), one.place.name) for one in found}
            for place in places_of(subject.flow):
                if place.name in self._phase.typed.get(id(subject), ()) and (id(subject), place.name) not in failed:
                    self._right(subject, place)

    def say(self, question: Question | None, verdict: Verdict, reason: str = "", subject: Subject | None = None) -> None:
        """Answer a line about a record as a whole; nothing where it is not asked."""
        if question is not None:
            answer = Answer(verdict=verdict, reason=reason)
            self._course.answers.give(question, answer, self.moment(subject, question.property, verdict), subject)

    def question(self, subject: Subject, name: str | None) -> Question | None:
        """The line of this phase for a property of a subject; of one that is to be matched, that line."""
        answers, flow = self._course.answers, subject.flow.name
        if subject.role is Role.MATCHED:
            return answers.question(flow, Kind.MATCHED, Direction.BOTH)
        return answers.question(flow, self._phase.kind, self._phase.way, name)

    def moment(self, subject: Subject | None, name: str | None, verdict: Verdict) -> Moment:
        """The evidence of now: for what was proven only the calls that wrote."""
        noted = self._calls(subject) if subject is not None else ()
        told = [one for one in noted if verdict is not Verdict.PASS or one.method != "GET"]
        calls = [self._call(one) for one in told[:CALLS_KEPT]]
        return Moment(started=self._phase.started, ended=self._ended, calls=calls, rules=self._rules_of(subject, name))

    # --- one value -------------------------------------------------------------------------------------------------------------------

    def _right(self, subject: Subject, place: Place) -> None:
        question = self.question(subject, place.name)
        if question is None or subject.role is Role.MATCHED:
            return
        if odd := self._of_other_type(subject, place):
            self._give(question, Verdict.FAIL, odd, subject, place, (subject.due[Side.RIGHT].get(place.mapping.name), None))
            return
        side = Side.RIGHT if self._phase.way is not Direction.RIGHT_TO_LEFT else Side.LEFT
        due = subject.due[side].get(place.mapping.name)
        held, _ = subject.holds(side, place.mapping, self._course.resolved)
        self._give(question, Verdict.PASS, "", subject, place, (_part(due, place), _part(held, place)))

    def _wrong(self, one: Wrong) -> None:
        subject, place = one.subject, one.place
        typed = place.name in self._phase.typed.get(id(subject), ())
        system = self._course.bench.engine.dataflow.entry(one.side).system
        if one.fault:
            reason = f"{system}: {place.shown(one.side)}: {one.fault}"
        elif typed:
            reason = f"{system} {subject.flow.datatype(one.side)}: {place.shown(one.side)} is not what it has to be"
        else:
            reason = f"{system} {subject.flow.datatype(one.side)}: {place.shown(one.side)} changed although nobody changed it"
        if whose := self._whose(one):
            reason += f"; it holds {whose}"
        if self._phase.trouble:
            reason += f"; the run failed: {self._phase.trouble}"
        question = self.question(subject, place.name) or self.question(subject, place.mapping.name) or self._instead(subject, place)
        if question is not None:
            self._give(question, Verdict.FAIL, reason, subject, place, (one.due, one.held))

    def _instead(self, subject: Subject, place: Place) -> Question | None:
        """Where a line of this phase is not asked for a property that went wrong: any other line about it, or about its records."""
        answers, flow = self._course.answers, subject.flow.name
        kinds = (Kind.EDITED, Kind.ARRIVES, Kind.SPECIAL, Kind.CLEARED)
        ways = (self._phase.way, *WAYS.values())
        found = (answers.question(flow, kind, way, place.name) for kind in kinds for way in ways)
        return next((one for one in found if one), None) or next(iter(answers.of_flow(flow)), None)

    def _whose(self, one: Wrong) -> str:
        """That a value was made for another property or record, "" if it was not."""
        number = self._course.ours.number_in(str(one.held))
        subject, name = self._course.numbers.get(number or "", (one.subject, one.place.mapping.name))
        if subject is not one.subject:
            return f"a value that was made for {name} of another record ({subject.flow.name})"
        return f"a value that was made for {name}" if name != one.place.mapping.name else ""

    def _of_other_type(self, subject: Subject, place: Place) -> str:
        """What is wrong with the type of a value that is equal otherwise, "" if nothing is."""
        side = Side.LEFT if self._phase.way is Direction.RIGHT_TO_LEFT else Side.RIGHT
        shapes = self._course.inventors[subject.flow.name].shapes[side].properties
        for name in names_on(place.mapping, side):
            held, shape = subject.raw[side].get(name), shapes[name]
            values = [(held, shape)]
            if place.item is not None and isinstance(held, list):
                inner = names_on(place.item, side)[0]
                values = [(item.get(inner), shape.items[inner]) for item in held]
            for value, each in values:
                if not fits(each, value):
                    return f"{place.shown(side)} is not {each.type} as the manifest says, but {type(value).__name__}"
        return ""

    def _give(self, question: Question, verdict: Verdict, reason: str, subject: Subject, place: Place, values: Values) -> None:
        expected, observed = (self._course.answers.text(value) for value in values)
        answer = Answer(verdict=verdict, reason=reason, expected=expected, observed=observed)
        self._course.answers.give(question, answer, self.moment(subject, place.name, verdict), subject)

    # --- evidence --------------------------------------------------------------------------------------------------------------------

    def _calls(self, subject: Subject) -> Sequence[Noted]:
        if id(subject) not in self._noted:
            course = self._course
            ids = {ref.id for ref in subject.refs.values()}
            numbers = [number.encode() for number, (whose, _) in course.numbers.items() if whose is subject]
            self._noted[id(subject)] = [one for one in course.bench.calls[self._phase.first_call :] if one.concerns(ids, numbers)]
        return self._noted[id(subject)]

    def _call(self, noted: Noted) -> Call:
        """As the report shows it; a call is about many lines, and is put into words once."""
        if id(noted) not in self._shown:
            self._shown[id(noted)] = call_of(noted, self._course.ours, self._course.bench.secrets)
        return self._shown[id(noted)]

    def _rules_of(self, subject: Subject | None, name: str | None) -> tuple[str, ...]:
        if subject is None:
            return ()
        outer = name.split(".")[0] if name is not None else None
        found = [pair for ref in subject.refs.values() for pair in self._rules.get((subject.flow.name, ref.id), ())]
        return tuple(dict.fromkeys(rule for one, rule in found if outer is None or one in (outer, name)))


def _part(value: Value, place: Place) -> object:
    """Of a list the members that a place is about, by item."""
    if place.item is None or not isinstance(value, Mapping):
        return value
    return {key: item.get(place.item.name) for key, item in value.items()}

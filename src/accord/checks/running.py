"""The document run as a checklist: test records are made, edited and deleted in both systems, the engine runs, every line is judged.

Owns: what all phases have in common, the silent run, edits. Does not own: the other phases (making.py, limits.py) and their order
(phases.py), the questions (questions.py), what may be touched (seam.py: only the test records are seen,
written and created for), values (values.py), what has to follow (subjects.py), judging (judging.py), removing the records (cleaning.py).

The engine is the real one, with the real connectors, on a fresh state of its own. What has to be held is worked out from what was typed and
from the mapping; it is compared with what both systems answer when they are read afresh, never with the engine's books.
"""

from collections.abc import Mapping, Sequence

from accord.checks.course import Course
from accord.checks.finding import sweep, texts_in
from accord.checks.hands import Refusal
from accord.checks.judging import ALL_STATES, Judge, Phase, Wrong, adopt, wrongs
from accord.checks.questions import WAYS, places_of
from accord.checks.report import Kind, Verdict
from accord.checks.subjects import Role, Subject
from accord.checks.values import each_once
from accord.checks.wire import numbers_in
from accord.core.flowrules import names_on
from accord.core.matching import reference
from accord.engine.parts import Depth
from accord.errors import AccordError, SystemProblem
from accord.model.dataflow import Direction, PropertyMapping
from accord.model.records import Side
from accord.model.values import DataType, Raw

MARGIN_SECONDS = 0.2


class Running:
    """One run of a checklist, phase by phase."""

    def __init__(self, course: Course) -> None:
        self.course = course
        self.bench = course.bench
        self.rules: dict[tuple[str, str], list[tuple[str, str]]] = {}
        self.hopeless: set[tuple[int, Side, str]] = set()
        self.troubles = {""}

    async def note_what_is_there(self) -> None:
        """Before anything is made: the ids of all records of the datatypes concerned; none of these ever counts as a test record."""
        self.bench.tell("looking at what is there")
        for side in Side:
            for datatype in dict.fromkeys(flow.datatype(side) for flow in self.course.flows):
                async for one in self.bench.hands.listed(side, datatype):
                    self.bench.roll.before.add(one.ref)
                    self.course.desk.taken.update(number for text in texts_in(one.values) for number in numbers_in(text))

    # --- edits -----------------------------------------------------------------------------------------------------------------------

    async def silent(self) -> None:
        """A run in which nothing has changed."""
        self.bench.tell("a run in which nothing has changed")
        phase = self._phase(Kind.SILENT, Direction.BOTH)
        before = {side: len(seam.writes) for side, seam in self.bench.seams.items()}
        found = await self._settle(phase)
        judge = Judge(self.course, phase, self.rules)
        flows = self._flows_of_references()
        told = {flows.get(write.reference, "") for side, seam in self.bench.seams.items() for write in seam.writes[before[side] :]}
        for flow in self.course.flows:
            verdict = Verdict.FAIL if flow.name in told or phase.trouble else Verdict.PASS
            subject = next((one for one in self.course.subjects if one.flow is flow and one.paired), None)
            if subject is not None:
                reason = phase.trouble or ("the second run wrote again" if verdict is Verdict.FAIL else "")
                judge.say(self.course.answers.question(flow.name, Kind.SILENT, Direction.BOTH), verdict, reason, subject)
        judge.judge([], found)
        adopt(self.course, found)

    async def edit(self, side: Side) -> None:
        """Every property is changed on one side: every other one first, then the rest, so that what is not changed is seen to stay."""
        for half in (0, 1):
            self.bench.tell(f"changes on the {side}, {('first', 'second')[half]} half")
            phase = self._phase(Kind.EDITED, WAYS[side])
            for subject in self.course.of(Role.MAIN, Role.MATCHED):
                if subject.paired and (subject.role is Role.MAIN or half == 0):
                    await self._type_all(phase, subject, side, self._edits(phase, subject, side, half))
            await self._finish(phase, side)

    def _edits(self, phase: Phase, subject: Subject, side: Side, half: int) -> dict[str, dict[str, Raw]]:
        edits: dict[str, dict[str, Raw]] = {}
        for position, mapping in enumerate(subject.flow.properties):
            if mapping.type is DataType.LIST and half == 0:
                raw = self._members(subject, mapping, side)
            else:
                mine = position % 2 == half or mapping.type is DataType.LIST
                raw = self._invent(phase, subject, mapping, side) if mine else None
            if raw is not None and self._stays_in_scope(subject, side, raw):
                edits[mapping.name] = raw
        return edits

    def _invent(
        self, phase: Phase, subject: Subject, mapping: PropertyMapping, side: Side, *not_these: Mapping[str, Raw]
    ) -> dict[str, Raw] | None:
        """Another value for a property; where none can be made up, the line about it says so."""
        raw = self.course.invent(subject, mapping, side, not_these)
        question = self.course.answers.question(subject.flow.name, phase.kind, phase.way, mapping.name)
        if raw is None and question is not None:
            self.course.answers.why[question.id] = self.course.unmade[subject.flow.name, mapping.name]
        return raw

    def _members(self, subject: Subject, mapping: PropertyMapping, side: Side) -> dict[str, Raw] | None:
        """The list with every property of its first item changed but the key."""
        name, inventor = names_on(mapping, side)[0], self.course.inventors[subject.flow.name]
        items = each_once(subject.raw[side].get(name) or (), mapping, side)
        if not items:
            return None
        for place in places_of(subject.flow):
            if place.mapping is mapping and place.item is not None and not place.fixed:
                member = names_on(place.item, side)[0]
                items[0][member] = inventor.member(mapping, place.item, side, items[0].get(member))
        self.course.learn(subject, mapping.name, items)
        return {name: items}

    def _stays_in_scope(self, subject: Subject, side: Side, raw: Mapping[str, Raw]) -> bool:
        return subject.compiled.in_scope(side, {**subject.raw[side], **raw})

    async def _type_all(self, phase: Phase, subject: Subject, side: Side, edits: Mapping[str, dict[str, Raw]]) -> None:
        """A person changes these properties; a change that the person's own system refuses blocks its line."""
        asked = {name: raw for name, raw in edits.items() if self._is_asked(phase, subject, name)}
        refused = await self.bench.hands.edit(subject, side, asked)
        self._refused(phase, subject, side, refused)
        self._type(phase, subject, side, {name: raw for name, raw in asked.items() if name not in refused})

    def _refused(self, phase: Phase, subject: Subject, side: Side, refused: Mapping[str, Refusal]) -> None:
        """A person's own system did not take a value. Where it never takes an empty one, nobody can empty it there: that does not apply.

        Of the values at the limits it need not take all; otherwise the line is blocked.
        """
        judge, system = Judge(self.course, phase, self.rules), self.bench.engine.dataflow.entry(side).system
        for name, refusal in refused.items():
            reason = f"{system} refused the change: {refusal.message}"
            for place in (one.name for one in places_of(subject.flow) if one.mapping.name == name):
                question = judge.question(subject, place)
                if question is not None and phase.kind is Kind.SPECIAL:
                    self.course.answers.why[question.id] = reason
                elif phase.kind is Kind.CLEARED and refusal.for_good:
                    judge.say(question, Verdict.NOT_APPLICABLE, f"{system} takes no empty value: {refusal.message}", subject)
                else:
                    judge.say(question, Verdict.BLOCKED, reason, subject)

    def _is_asked(self, phase: Phase, subject: Subject, name: str) -> bool:
        """Whether a line is about it; what is not asked for is left alone, as it may not cross, or not be changed."""
        answers, flow = self.course.answers, subject.flow.name
        kind = Kind.EDITED if subject.role is Role.MATCHED else phase.kind
        places = [place.name for place in places_of(subject.flow) if place.mapping.name == name]
        return not self.course.asked(subject.flow) or any(answers.question(flow, kind, phase.way, one) for one in places)

    def _type(self, phase: Phase, subject: Subject, side: Side, edits: Mapping[str, dict[str, Raw]]) -> None:
        for name, raw in edits.items():
            mapping = subject.compiled.mapping(name)
            try:
                subject.typed(side, mapping, raw, self.course.resolved)
            except (ValueError, KeyError):
                continue  # it refers to a record that has no counterpart, of which its own lines tell
            phase.types(subject, *(place.name for place in places_of(subject.flow) if place.mapping is mapping))

    # --- one step --------------------------------------------------------------------------------------------------------------------

    def _phase(self, kind: Kind, way: Direction) -> Phase:
        self.rules.clear()
        return Phase(kind, way, self.course.now(), len(self.bench.calls))

    async def _finish(self, phase: Phase, side: Side) -> None:
        """After the edits of a phase: are they there, do they cross, does all else stay?"""
        unheld = await self._unheld((side,))
        Judge(self.course, phase, self.rules).judge([], unheld)
        self._take_as_typed(unheld)
        found = await self._settle(phase)
        Judge(self.course, phase, self.rules).judge(self.course.subjects, found)
        adopt(self.course, found)

    async def _unheld(self, sides: Sequence[Side]) -> list[Wrong]:
        """What a system does not hold as it was typed there a moment ago, also when it is looked at again: its clock may lag."""
        await self.bench.hands.look(self.course.subjects)
        found = wrongs(self.course, self.course.subjects, sides)
        if self._may_come(found):
            await self.bench.engine.clock.sleep(self._lag())
            await self.bench.hands.look(self.course.subjects)
            found = wrongs(self.course, self.course.subjects, sides)
            self._give_up(found)
        return found

    def _may_come(self, found: Sequence[Wrong]) -> bool:
        """Whether waiting may help: not for a value at a place where it has not helped before."""
        return any((id(one.subject), one.side, one.place.name) not in self.hopeless for one in found)

    def _give_up(self, found: Sequence[Wrong]) -> None:
        self.hopeless.update((id(one.subject), one.side, one.place.name) for one in found)

    def _take_as_typed(self, unheld: Sequence[Wrong]) -> None:
        """A system that holds something else than it was given: that is what has to cross."""
        adopt(self.course, unheld)
        for one in unheld:
            held, fault = one.subject.holds(one.side, one.place.mapping, self.course.resolved)
            if not fault and one.subject.paired:
                crossed = one.subject.crossed(one.side, one.place.mapping, held, self.course.resolved)
                one.subject.due[one.side.other][one.place.mapping.name] = crossed

    async def _settle(self, phase: Phase) -> list[Wrong]:
        """Run the engine, and once more if not every record holds what it has to; what is wrong then."""
        found = await self._after_a_run(phase)
        if self._may_come(found) or phase.trouble not in self.troubles:
            await self.bench.engine.clock.sleep(self._lag())
            found = await self._after_a_run(phase)
            self._give_up(found)
            self.troubles.add(phase.trouble)
        return found

    async def _after_a_run(self, phase: Phase) -> list[Wrong]:
        await self._run(phase)
        await self.bench.hands.look(self.course.subjects)
        return wrongs(self.course, self.course.subjects)

    async def _run(self, phase: Phase, depth: Depth = Depth.CHANGES) -> None:
        phase.trouble = ""
        try:
            run = await self.bench.cycle(depth)
        except AccordError as error:
            phase.trouble = str(error)
            return
        for intent in await self.bench.engine.keep(self.bench.engine.store.intents, ALL_STATES, 100_000):
            if intent.run == run.id:
                operation = intent.operation
                pairs = [(change.name, change.rule) for change in operation.changes] + [("", each.rule) for each in operation.reasons]
                for ref in (operation.source, operation.target):
                    self.rules.setdefault((operation.flow, ref.id), []).extend(pairs)

    def _lag(self) -> float:
        clocks = [manifest.clock for manifest in self.bench.manifests.values()]
        return max(clock.granularity_seconds + clock.lag_seconds for clock in clocks) + MARGIN_SECONDS

    def _writes(self) -> int:
        return sum(len(seam.writes) for seam in self.bench.seams.values())

    def _flows_of_references(self) -> Mapping[str, str]:
        """By the reference of a write, the flow of the record that caused it."""
        dataflow = self.bench.engine.dataflow
        return {
            reference(dataflow.entry(side).system, ref): one.flow.name for one in self.course.subjects for side, ref in one.refs.items()
        }

    async def sweep(self) -> None:
        """Look at every record of both systems: no other one holds a value of ours."""
        self.bench.tell("looking for our values in other records")
        phase = self._phase(Kind.CREATED, Direction.LEFT_TO_RIGHT)
        judge = Judge(self.course, phase, self.rules)
        try:
            misplaced = await sweep(self.course)
        except SystemProblem as problem:
            for flow in self.course.flows:
                judge.say(self.course.answers.question(flow.name, phase.kind, phase.way), Verdict.FAIL, str(problem))
            return
        for subject, name, where in misplaced:
            answers = self.course.answers
            found = [answers.question(subject.flow.name, kind, way, name) for kind in (Kind.EDITED, Kind.ARRIVES) for way in WAYS.values()]
            judge.say(next((one for one in found if one), None), Verdict.FAIL, f"its value is in {where}, another record", subject)

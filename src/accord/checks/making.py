"""The first phase of a checklist: test records are made, and what came of them is looked for.

Owns: which records are made, on which side, and how many counterparts each has to get. Does not own: what all phases have in common
(running.py), the values (course.py, values.py), where counterparts are found (finding.py).
"""

from collections.abc import Mapping, Sequence

from accord.checks.course import merged
from accord.checks.finding import find_counterparts
from accord.checks.judging import Judge, Phase, adopt, wrongs
from accord.checks.questions import WAYS
from accord.checks.report import Kind, Verdict
from accord.checks.running import Running
from accord.checks.subjects import Role, Subject
from accord.core.flowrules import shared
from accord.core.mapping_compile import sends
from accord.errors import SystemProblem
from accord.model.dataflow import Creation, Direction, Flow
from accord.model.links import PendingState
from accord.model.records import RecordRef, Side
from accord.model.values import Raw

QUIET = 4
"""Runs at most until the new records are settled."""


class Making(Running):
    """The phase in which test records come to be."""

    async def create(self) -> None:
        """New records on the left, and what has to come of them; then on the right, and those that are on both sides already."""
        self.bench.tell("new records")
        phase = self._phase(Kind.ARRIVES, Direction.LEFT_TO_RIGHT)
        if not all(flow.full_sync for flow in self.course.flows):
            await self._run(phase)  # such a flow wants records that are newer than its onboarding
            await self.bench.engine.clock.sleep(self._lag())
        for flow in self.course.flows:
            if self._creates(flow):
                await self._new(Subject(self.bench.engine.compiled[flow.name], Role.MAIN), Side.LEFT, wanted=True)
                if not flow.match:
                    await self._new(Subject(self.bench.engine.compiled[flow.name], Role.SPARE), Side.LEFT, wanted=True)
                if flow.where.left:
                    await self._new(Subject(self.bench.engine.compiled[flow.name], Role.LEFT_OUT), Side.LEFT, wanted=False)
        await self._created(phase)
        phase = self._phase(Kind.ARRIVES, Direction.RIGHT_TO_LEFT)
        for flow in self.course.flows:
            compiled = self.bench.engine.compiled[flow.name]
            if flow.create is Creation.BOTH:
                await self._new(Subject(compiled, Role.RIGHT_MADE), Side.RIGHT, wanted=True)
                if flow.where.right:
                    await self._new(Subject(compiled, Role.RIGHT_OUT), Side.RIGHT, wanted=False)
            if flow.match:
                await self._twins(Subject(compiled, Role.MATCHED))
            if flow.match and not self._creates(flow):
                await self._twins(Subject(compiled, Role.MAIN))  # the only pairs that this flow ever has
        await self._created(phase)

    def _creates(self, flow: Flow) -> bool:
        """Whether a new record on the left gets a counterpart; otherwise the only pairs are those that were matched."""
        able = self.bench.engine.connectors[Side.RIGHT].capabilities(flow.right)
        return Side.RIGHT in flow.create.into and shared(flow, Side.RIGHT) and able.create

    async def _new(self, subject: Subject, side: Side, wanted: bool) -> None:
        """One record on one side, inside the filter or outside of it."""
        given = self.course.fill(subject, side)
        added = self.course.scoped(subject, side, merged(given.values()), wanted)
        if added is None:
            subject.missing = f"no record could be made up that the filter {'lets in' if wanted else 'leaves out'}"
        else:
            subject.missing = await self._make(subject, side, given, added)
        self.course.typed[id(subject)] = given
        self.course.subjects.append(subject)

    async def _make(self, subject: Subject, side: Side, given: dict[str, dict[str, Raw]], added: Mapping[str, Raw]) -> str:
        """Make the record; where that is refused, with the least, and the rest after: a value that is not taken hides no other."""
        refusal = await self.bench.hands.create(subject, side, {**merged(given.values()), **added})
        paths = {getattr(part, side.value) for parts in subject.flow.match for part in parts}
        least = {name for name in given if subject.compiled.mapping(name).required or paths.intersection(given[name])}
        if not refusal or least == given.keys():
            return refusal
        if await self.bench.hands.create(subject, side, {**merged(given[name] for name in least), **added}):
            return refusal
        system = self.bench.engine.dataflow.entry(side).system
        for name, one in (await self.bench.hands.edit(subject, side, {n: raw for n, raw in given.items() if n not in least})).items():
            given.pop(name)
            question = self.course.answers.question(subject.flow.name, Kind.ARRIVES, WAYS[side], name)
            if question is not None:
                self.course.answers.why[question.id] = f"{system} refused the value: {one.message}"
        return ""

    async def _twins(self, subject: Subject) -> None:
        """One record on each side, equal in all that is mapped, so that they match."""
        given = self.course.fill(subject, Side.LEFT)
        left = merged(given.values())
        added = [self.course.scoped(subject, side, left if side is Side.LEFT else {}, wanted=True) for side in Side]
        barred = self.bench.engine.connectors[Side.RIGHT].capabilities(subject.flow.right).read_only
        resolved = self.course.resolved
        common = subject.compiled.common(Side.LEFT, left, resolved).values
        said = subject.compiled.words(Side.RIGHT, common, None, resolved)
        right = {name: value for name, value in said.items() if name not in barred}
        self.course.ours.learn(right)
        subject.missing = await self.bench.hands.create(subject, Side.LEFT, {**left, **(added[0] or {})})
        if not subject.missing:
            subject.missing = await self.bench.hands.create(subject, Side.RIGHT, {**right, **(added[1] or {})})
        self.course.typed[id(subject)] = given
        self.course.subjects.append(subject)

    async def _created(self, phase: Phase) -> None:
        for _ in range(QUIET):
            before = self._writes()
            await self._run(phase)
            if self._writes() == before:
                break
        try:
            copies = await find_counterparts(self.course)
        except SystemProblem as problem:
            copies, phase.trouble = {}, str(problem)
        judge = Judge(self.course, phase, self.rules)
        for subject in self.course.subjects:
            if id(subject) in self.course.typed:
                await self._answer_created(judge, subject, copies.get(id(subject), ()), phase.trouble)
        await self.bench.hands.look(self.course.subjects)
        for subject in self.course.subjects:
            side = Side.RIGHT if subject.role in (Role.RIGHT_MADE, Role.RIGHT_OUT) else Side.LEFT
            for name, raw in self.course.typed.pop(id(subject), {}).items():
                self._type(phase, subject, side, {name: raw})
                if not sends(subject.compiled.mapping(name).direction, side.other):
                    subject.due[side].pop(name, None)  # what the other side begins with may come back, whatever it is
        found = wrongs(self.course, self.course.subjects)
        judge.judge(self.course.subjects, found)
        adopt(self.course, found)

    async def _answer_created(self, judge: Judge, subject: Subject, copies: Sequence[RecordRef], trouble: str) -> None:
        """How many counterparts a new record has got, against how many it has to get."""
        answers, flow = self.course.answers, subject.flow.name
        kind = {Role.LEFT_OUT: Kind.FILTERED, Role.RIGHT_OUT: Kind.FILTERED, Role.MATCHED: Kind.MATCHED}.get(subject.role, Kind.CREATED)
        side = Side.RIGHT if subject.role in (Role.RIGHT_MADE, Role.RIGHT_OUT) else Side.LEFT
        question = answers.question(flow, kind, Direction.BOTH if kind is Kind.MATCHED else WAYS[side])
        due = 0 if kind is Kind.FILTERED else 1
        if subject.missing:
            judge.say(question, Verdict.BLOCKED, f"the test record could not be made: {subject.missing}", subject)
        elif len(copies) == due:
            judge.say(question, Verdict.PASS, "", subject)
        else:
            system = self.bench.engine.dataflow.entry(side.other).system
            named = f": {', '.join(map(str, copies))}" if copies else ""
            reason = trouble or f"{system} holds {len(copies)} {subject.flow.datatype(side.other)} of it, and has to hold {due}{named}"
            judge.say(question, Verdict.FAIL, reason + await self._said_of(subject), subject)

    async def _said_of(self, subject: Subject) -> str:
        """What the engine says of a record that has no counterpart: for the reader, never for the verdict."""
        engine = self.bench.engine
        for state in PendingState:
            for row in await engine.keep(engine.store.pending, subject.flow.name, state):
                if row.ref in subject.refs.values():
                    return f"; the engine says: {row.cause}"
        return ""

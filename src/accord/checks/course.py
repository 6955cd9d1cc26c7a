"""The state of a checklist on its way: its parts, its test records, what they refer to, what it has found out so far.

Owns: Bench, Course, what one test record gets. Does not own: the phases (running.py), judging (judging.py).
"""

import random
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Any

from accord.checks.answers import Answers
from accord.checks.hands import Hands
from accord.checks.questions import questions_of
from accord.checks.roll import Roll
from accord.checks.seam import TestRecordsOnly
from accord.checks.subjects import Role, Subject
from accord.checks.values import Inventor, NumberedDesk, Unmade
from accord.checks.wire import Noted, Ours
from accord.core.filters import Comparison, leaves, parse
from accord.core.flowrules import names_on
from accord.core.mapping import Resolved
from accord.core.mapping_compile import sends
from accord.core.ordering import parents_first
from accord.engine.parts import Depth, Engine, instant_text
from accord.model.capabilities import Capabilities
from accord.model.dataflow import Flow, PropertyMapping
from accord.model.links import WaitsFor
from accord.model.manifest import Manifest
from accord.model.records import Side
from accord.model.runs import Run
from accord.model.values import DataType, Raw, RawValues


@dataclass(frozen=True, slots=True)
class Bench:
    """What a checklist is run with, joined by app. ``names``: the flows asked for; ``cycle``: one run of the engine on its own fresh state.

    ``seams``: the engine's connectors; ``hands``: the checklist's own; ``calls``: grows with every call of either. ``secrets``: to be
    masked. ``tell``: is told what is being done.
    """

    engine: Engine
    manifests: Mapping[Side, Manifest]
    names: Sequence[str]
    seams: Mapping[Side, TestRecordsOnly]
    hands: Hands
    roll: Roll
    calls: list[Noted]
    cycle: Callable[[Depth], Awaitable[Run]]
    secrets: Sequence[str]
    seed: int
    tell: Callable[[str], None]


@dataclass(slots=True)
class Course:
    """A checklist on its way. ``numbers``: by number made up, whose it is. ``unmade``: values that could not be made up, and why."""

    bench: Bench
    flows: tuple[Flow, ...]
    answers: Answers
    inventors: Mapping[str, Inventor]
    ours: Ours
    desk: NumberedDesk
    subjects: list[Subject] = field(default_factory=list)
    numbers: dict[str, tuple[Subject, str]] = field(default_factory=dict)
    unmade: dict[tuple[str, str], str] = field(default_factory=dict)
    typed: dict[int, dict[str, dict[str, Raw]]] = field(default_factory=dict)

    def now(self) -> str:
        """The current instant as text."""
        return instant_text(self.bench.engine.clock.now())

    def of(self, *roles: Role) -> list[Subject]:
        """The subjects in these roles."""
        return [one for one in self.subjects if one.role in roles]

    def asked(self, flow: Flow) -> bool:
        """Whether the flow's lines are wanted; another one is there because a wanted one refers to its records."""
        return not self.bench.names or flow.name in self.bench.names

    @property
    def resolved(self) -> Resolved:
        """Which record is which on the other side, by the pairs that were found, not by the engine's links."""
        found: dict[WaitsFor, str] = {}
        for one in self.subjects:
            if len(one.refs) == 2:
                for side in Side:
                    found[WaitsFor(one.flow.name, side, one.refs[side].id)] = one.refs[side.other].id
        return found

    # --- values ----------------------------------------------------------------------------------------------------------------------

    def fill(self, subject: Subject, side: Side) -> dict[str, dict[str, Raw]]:
        """Values for a new record: by property mapping, in that side's words. What cannot be made up is left out, and noted."""
        barred = self.bench.engine.connectors[side].capabilities(subject.flow.datatype(side)).read_only
        given: dict[str, dict[str, Raw]] = {}
        for mapping in subject.flow.properties:
            if not barred.intersection(names_on(mapping, side)) and not self._given(subject, mapping, side.other):
                raw = self.invent(subject, mapping, side)
                if raw is not None:
                    given[mapping.name] = raw
        return given

    def _given(self, subject: Subject, mapping: PropertyMapping, side: Side) -> bool:
        """Whether a system gives the value itself and it crosses from there: then nobody types it on the other side."""
        barred = self.bench.engine.connectors[side].capabilities(subject.flow.datatype(side)).read_only
        return not sends(mapping.direction, side) and bool(barred.intersection(names_on(mapping, side)))

    def invent(self, subject: Subject, mapping: PropertyMapping, side: Side, not_these: Sequence[RawValues] = ()) -> dict[str, Raw] | None:
        """Another value for a property of a record than it holds, None if none could be made up; its numbers are remembered."""
        inventor = self.inventors[subject.flow.name]
        inventor.desk.given.clear()
        try:
            if mapping.type is DataType.REFERENCE:
                raw: dict[str, Raw] = self._refer(subject, mapping, side, not_these)
            else:
                raw = inventor.plain(mapping, side, subject.raw[side], not_these)
        except Unmade as unmade:
            self.unmade[subject.flow.name, mapping.name] = str(unmade)
            return None
        self.learn(subject, mapping.name, raw)
        return raw

    def learn(self, subject: Subject, name: str, raw: Any) -> None:
        """Remember the texts and numbers of a value, and whose they are."""
        self.ours.learn(raw)
        for number in map(str, self.inventors[subject.flow.name].desk.given):
            self.ours.numbers.add(number)
            self.numbers.setdefault(number, (subject, name))
        self.inventors[subject.flow.name].desk.given.clear()

    def _refer(self, subject: Subject, mapping: PropertyMapping, side: Side, not_these: Sequence[RawValues]) -> dict[str, Raw]:
        name = names_on(mapping, side)[0]
        number = self.inventors[subject.flow.name].shapes[side].properties[name].type == "integer"
        for one in self.of(Role.MAIN, Role.MATCHED, Role.RIGHT_MADE):
            if one.flow.name in mapping.refers_to and side in one.refs:
                raw = {name: int(one.refs[side].id) if number else one.refs[side].id}
                if raw[name] != subject.raw[side].get(name) and raw not in not_these:
                    return raw
        raise Unmade(f"there is no other test record that {name} could refer to")

    def scoped(self, subject: Subject, side: Side, raw: Mapping[str, Raw], wanted: bool) -> dict[str, Raw] | None:
        """What has to be added so that the side's filter lets the record in, or leaves it out; None if nothing was found that does."""
        text = subject.flow.where.left if side is Side.LEFT else subject.flow.where.right
        if not text:
            return {} if wanted else None
        shape = self.inventors[subject.flow.name].shapes[side]
        choices: dict[str, list[Raw]] = {}
        for leaf in leaves(parse(text)):
            found = choices.setdefault(leaf.name, [])
            found += leaf.literals if isinstance(leaf, Comparison) else [None]
            found += [*(shape.properties[leaf.name].options or ()), None]
        for values in product(*choices.values()):
            added = {name: value for name, value in zip(choices, values, strict=True) if value is not None}
            if subject.compiled.in_scope(side, {**raw, **added}) is wanted:
                return added
        return None


def course_of(bench: Bench) -> Course:
    """A checklist at its beginning: all questions of the flows that are asked for, and of those that they refer to."""
    dataflow = bench.engine.dataflow
    needed = {flow.name for flow in dataflow.flows if not bench.names or flow.name in bench.names}
    while more := {name for flow in dataflow.flows if flow.name in needed for one in flow.properties for name in one.refers_to} - needed:
        needed |= more
    flows = parents_first(tuple(flow for flow in dataflow.flows if flow.name in needed))
    ours = Ours(("accord-trial:", *(f"{dataflow.entry(side).system}:" for side in Side)))
    asked = [flow for flow in dataflow.flows if not bench.names or flow.name in bench.names]
    questions = [question for flow in asked for question in questions_of(dataflow, flow, _able(bench, flow))]
    desk = NumberedDesk(random.Random(bench.seed))
    inventors = {flow.name: _inventor(bench, flow, desk) for flow in flows}
    for inventor in inventors.values():
        for shape in inventor.shapes.values():
            for one in shape.properties.values():
                ours.learn(list(one.options or ()))  # a word of a fixed list says nothing about whose it is
    return Course(bench, flows, Answers(questions, ours), inventors, ours, desk)


def _able(bench: Bench, flow: Flow) -> Mapping[Side, Capabilities]:
    return {side: bench.engine.connectors[side].capabilities(flow.datatype(side)) for side in Side}


def _inventor(bench: Bench, flow: Flow, desk: NumberedDesk) -> Inventor:
    shapes = {side: bench.manifests[side].datatypes[flow.datatype(side)] for side in Side}
    return Inventor(bench.engine.compiled[flow.name], shapes, desk)


def merged(parts: Iterable[Mapping[str, Raw]]) -> dict[str, Raw]:
    """Several parts of a record as one."""
    return {name: value for part in parts for name, value in part.items()}

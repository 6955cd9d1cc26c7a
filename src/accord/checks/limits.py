"""The later phases of a checklist: values at the limits of their types, emptying, both sides changed, deletions.

Owns: these phases. Does not own: the first ones and what all have in common (running.py), the values (values.py).
"""

from collections.abc import Mapping
from typing import Any, TypeAlias

from accord.checks.judging import Judge, Phase, adopt, wrongs
from accord.checks.making import Making
from accord.checks.questions import WAYS, Place, places_of
from accord.checks.report import Kind, Verdict
from accord.checks.subjects import Role, Subject, winner
from accord.checks.values import each_once
from accord.core.flowrules import names_on, shared
from accord.engine.parts import Depth
from accord.model.dataflow import DeletePolicy, Direction, PropertyMapping
from accord.model.links import PendingState
from accord.model.records import Side
from accord.model.values import DataType, Raw, RawValues, is_empty

ROUNDS = 10
"""Special values of one property at most: one run each."""

Specials: TypeAlias = list[tuple[Place, list[dict[str, Raw]]]]
"""By place, the special values that it is asked for with."""


class Limits(Making):
    """The phases that follow once every property has crossed both ways."""

    # --- special values --------------------------------------------------------------------------------------------------------------

    async def special(self, side: Side) -> None:
        """Values at the limits, one per property and run."""
        await self._refill(Kind.SPECIAL, side)
        values = {id(one): self._specials(one, side) for one in self.course.of(Role.MAIN) if one.paired}
        rounds = max((len(some) for each in values.values() for _, some in each), default=0)
        for turn in range(min(rounds, ROUNDS)):
            self.bench.tell(f"values at the limits, on the {side}: {turn + 1} of {min(rounds, ROUNDS)}")
            phase = self._phase(Kind.SPECIAL, WAYS[side])
            for subject in self.course.of(Role.MAIN):
                if subject.paired:
                    await self._type_all(phase, subject, side, self._turn(subject, side, values[id(subject)], turn))
            await self._finish(phase, side)

    def _specials(self, subject: Subject, side: Side) -> Specials:
        """What every place of a subject is asked for with."""
        inventor, answers = self.course.inventors[subject.flow.name], self.course.answers
        found: Specials = []
        for place in places_of(subject.flow):
            if answers.question(subject.flow.name, Kind.SPECIAL, WAYS[side], place.name) is not None:
                values = inventor.special(place, side)
                self.course.learn(subject, place.mapping.name, values)
                found.append((place, values))
        return found

    def _turn(self, subject: Subject, side: Side, values: Specials, turn: int) -> dict[str, dict[str, Raw]]:
        """What is typed in one round; of a list, the properties of its first item."""
        edits: dict[str, dict[str, Raw]] = {}
        for place, some in values:
            if turn >= len(some):
                continue
            if place.item is None:
                raw = some[turn]
            else:
                name = names_on(place.mapping, side)[0]
                items = edits.get(place.mapping.name, {}).get(name) or each_once(subject.raw[side].get(name) or (), place.mapping, side)
                if not items:
                    continue
                items[0] = {**items[0], **some[turn]}
                raw = {name: items}
            if self._stays_in_scope(subject, side, raw):
                edits[place.mapping.name] = raw
        return edits

    # --- emptying --------------------------------------------------------------------------------------------------------------------

    async def clear(self, side: Side) -> None:
        """Every property is emptied, every other one first. What is empty already is filled before."""
        await self._refill(Kind.CLEARED, side)
        for half in (0, 1):
            self.bench.tell(f"emptying on the {side}, {('first', 'second')[half]} half")
            phase = self._phase(Kind.CLEARED, WAYS[side])
            for subject in self.course.of(Role.MAIN):
                if subject.paired:
                    some = [mapping for place, mapping in enumerate(subject.flow.properties) if place % 2 == half]
                    edits = {one.name: _emptied(one, side) for one in some if self._stays_in_scope(subject, side, _emptied(one, side))}
                    await self._type_all(phase, subject, side, edits)
            await self._finish(phase, side)
            await self._restore_lists(side)

    async def _restore_lists(self, side: Side) -> None:
        """Where the emptying of a list does not cross, the other side's items are typed again: the two have gone different ways."""
        phase = self._phase(Kind.CLEARED, WAYS[side])
        for subject in self.course.of(Role.MAIN):
            resolved = self.course.resolved
            lists = [one for one in subject.flow.properties if one.type is DataType.LIST and subject.paired]
            apart = [one.name for one in lists if is_empty(subject.due[side].get(one.name)) and subject.due[side.other].get(one.name)]
            edits = {name: subject.compiled.words(side, {name: subject.due[side.other][name]}, None, resolved) for name in apart}
            if edits:
                await self._type_all(phase, subject, side, edits)
        if phase.typed:
            phase.typed.clear()  # that is not what the phase is about
            await self._finish(phase, side)

    async def _refill(self, kind: Kind, side: Side) -> None:
        """Give a value to every property that a phase is about and that holds none, and let it cross."""
        phase = self._phase(kind, WAYS[side])
        filled = False
        for subject in self.course.of(Role.MAIN):
            lacking = [one for one in subject.flow.properties if subject.paired and is_empty(subject.due[side].get(one.name))]
            edits = {one.name: raw for one in lacking if (raw := self.course.invent(subject, one, side)) is not None}
            if edits:
                await self._type_all(phase, subject, side, edits)
                filled = True
        phase.typed.clear()  # that is not what the phase is about
        if filled:
            await self._finish(phase, side)

    # --- both sides ------------------------------------------------------------------------------------------------------------------

    async def conflict(self) -> None:
        """Every property is given one value on the left and, after a time that tells them apart, another one on the right."""
        self.bench.tell("changes on both sides")
        phase = self._phase(Kind.CONFLICT, Direction.BOTH)
        edits = {id(one): self._both(phase, one) for one in self.course.of(Role.MAIN) if one.paired}
        for side in Side:
            for subject in self.course.of(Role.MAIN):
                if subject.paired:
                    each = {name: both[side] for name, both in edits[id(subject)].items()}
                    asked = {name: raw for name, raw in each.items() if self._is_asked(phase, subject, name)}
                    refused = await self.bench.hands.edit(subject, side, asked)
                    self._refused(phase, subject, side, refused)
                    for name in refused.keys() & asked.keys() if side is Side.RIGHT else ():
                        subject.typed(Side.LEFT, subject.compiled.mapping(name), edits[id(subject)][name][Side.LEFT], self.course.resolved)
                    edits[id(subject)] = {name: edits[id(subject)][name] for name in asked if name not in refused}
            if side is Side.LEFT and any(edits.values()):
                await self.bench.engine.clock.sleep(max(self._doubt(one) for one in self.course.of(Role.MAIN)) + self._lag())
        for subject in self.course.of(Role.MAIN):
            for name, both in edits.get(id(subject), {}).items():
                for side in Side:
                    subject.due[side][name] = subject.compiled.common(side, both[side], self.course.resolved).values.get(name)
        unheld = await self._unheld(tuple(Side))
        Judge(self.course, phase, self.rules).judge([], unheld)
        for subject in self.course.of(Role.MAIN):
            for name, both in edits.get(id(subject), {}).items():
                self._due_after_both(phase, subject, name, both)
        found = await self._settle(phase)
        Judge(self.course, phase, self.rules).judge(self.course.subjects, found)
        adopt(self.course, found)

    def _both(self, phase: Phase, subject: Subject) -> dict[str, dict[Side, dict[str, Raw]]]:
        """By property, a value for each side, different from each other and from what is held."""
        found: dict[str, dict[Side, dict[str, Raw]]] = {}
        resolved = self.course.resolved
        for mapping in subject.flow.properties:
            left = self._invent(phase, subject, mapping, Side.LEFT)
            if left is None:
                continue
            there = subject.compiled.words(Side.RIGHT, subject.compiled.common(Side.LEFT, left, resolved).values, None, resolved)
            right = self._invent(phase, subject, mapping, Side.RIGHT, there)
            if right is not None:
                _same_items(mapping, right, there)
                found[mapping.name] = {Side.LEFT: left, Side.RIGHT: right}
        return found

    def _due_after_both(self, phase: Phase, subject: Subject, name: str, both: Mapping[Side, dict[str, Raw]]) -> None:
        mapping = subject.compiled.mapping(name)
        won = winner(subject.flow, mapping, subject.modified, self._doubt(subject))
        if won is not None:
            self._type(phase, subject, won, {name: both[won]})
            return
        for side in Side:
            subject.due[side][name] = subject.compiled.common(side, both[side], self.course.resolved).values.get(name)
        phase.types(subject, *(place.name for place in places_of(subject.flow) if place.mapping is mapping))

    def _doubt(self, subject: Subject) -> float:
        """Seconds within which the times of two changes do not tell which was later."""
        able = [self.bench.engine.connectors[side].capabilities(subject.flow.datatype(side)) for side in Side]
        return subject.flow.skew_seconds + max(one.granularity for one in able)

    # --- deletions -------------------------------------------------------------------------------------------------------------------

    async def delete(self, side: Side) -> None:
        """One record of each flow is deleted on one side."""
        self.bench.tell(f"deletions on the {side}")
        phase = self._phase(Kind.DELETED, WAYS[side])
        roles = (Role.MAIN,) if side is Side.LEFT else (Role.MATCHED, Role.SPARE)
        chosen = [one for one in reversed(self.course.of(*roles)) if one.paired and self._delete_asked(one, side)]
        judge = Judge(self.course, phase, self.rules)
        done: list[Subject] = []
        for subject in chosen:
            if refusal := await self.bench.hands.delete(subject, side):
                question = self.course.answers.question(subject.flow.name, Kind.DELETED, WAYS[side])
                judge.say(question, Verdict.FAIL, f"the record is there after its deletion, which was answered with: {refusal}", subject)
            else:
                subject.gone.add(side)
                done.append(subject)
        self.bench.engine.approve = True  # the guards hold deletions for a person; here somebody has looked
        for _ in range(2):
            await self._run(phase, Depth.FULL)
        self.bench.engine.approve = False
        await self.bench.hands.look(self.course.subjects)
        found = wrongs(self.course, [one for one in self.course.subjects if one not in done])
        Judge(self.course, phase, self.rules).judge([], found)
        adopt(self.course, found)
        for subject in done:
            await self._answer_deleted(phase, subject, side)

    def _delete_asked(self, subject: Subject, side: Side) -> bool:
        return self.course.answers.question(subject.flow.name, Kind.DELETED, WAYS[side]) is not None

    async def _answer_deleted(self, phase: Phase, subject: Subject, side: Side) -> None:
        there, engine = side.other, self.bench.engine
        able = engine.connectors[there].capabilities(subject.flow.datatype(there))
        follows = subject.flow.deletes is DeletePolicy.DELETE and able.delete and shared(subject.flow, there)
        place = f"{engine.dataflow.entry(there).system} {subject.refs[there]}"
        odd = wrongs(self.course, [subject], (there,))
        reason = "" if follows else await self._untold(subject, side)
        if side not in subject.gone:
            reason = f"{engine.dataflow.entry(side).system} {subject.refs[side]} is there again"
        elif follows and there not in subject.gone:
            reason = f"{place} is still there"
        elif not follows and there in subject.gone:
            reason = f"{place} was deleted as well"
        elif odd:
            reason = f"{place} was changed: {odd[0].place.shown(there)}"
        elif phase.trouble:
            reason = f"the run failed: {phase.trouble}"
        question = self.course.answers.question(subject.flow.name, Kind.DELETED, WAYS[side])
        Judge(self.course, phase, self.rules).say(question, Verdict.FAIL if reason else Verdict.PASS, reason, subject)

    async def _untold(self, subject: Subject, side: Side) -> str:
        """What the engine owes a person who reads its report: that it has noticed the deletion, or that the link has ended."""
        engine, flow, ref = self.bench.engine, subject.flow, subject.refs[side]
        if flow.deletes is DeletePolicy.UNLINK:
            links = await engine.keep(engine.store.links, flow.name, side, [ref.id])
            return f"the link of {ref} has not ended" if links else ""
        held = await engine.keep(engine.store.pending, flow.name, PendingState.HELD)
        return "" if any(row.ref == ref for row in held) else f"the deletion of {ref} was not reported"


def _same_items(mapping: PropertyMapping, right: Mapping[str, Raw], there: RawValues) -> None:
    """Give the items of a list the keys that they have on the other side: only of the same item can both sides say different things."""
    if mapping.item_key is None:
        return
    name, key = mapping.right[0], mapping.item_key.right
    for item, other in zip(right[name] or (), there.get(name) or (), strict=False):
        item[key] = other[key]


def _emptied(mapping: PropertyMapping, side: Side) -> dict[str, Any]:
    """What a person leaves in a property that they empty."""
    return {name: [] if mapping.type is DataType.LIST else None for name in names_on(mapping, side)}

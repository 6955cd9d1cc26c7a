"""Crash enumeration: a scene is lived through once undisturbed, and then once for every point at which something can go wrong.

Owns: what a point is, what can go wrong at one, what a history came to, and whether that is what it should have come to. Does not own: what
happens in a scene (enumeration_scenes.py), which points are tried by whom (tests/crash, enumeration_many.py).

A point is a moment just before or just after the commit of a transaction, a moment on the way of a request or of its answer, or one write.
At a point the process dies (CRASH), a call comes to nothing or its answer is lost (TIMEOUT, on either leg), the system fails before it has
done what it was asked (ERROR) or after (LATE_ERROR), or asks for patience (BUSY). Afterwards there is a new engine on the same state, and
nothing goes wrong any more.
"""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, TypeAlias

from accord.connectors.memory import CallKind, MemoryConnector, Who
from accord.errors import AccordError, SystemProblem, SystemUnavailable
from accord.model.journal import IntentState
from accord.model.links import PendingState
from accord.model.plans import Outcome, OutcomeKind, Write
from accord.model.records import Side
from accord.ports import Connector
from accord.store.database import Database
from accord.store.sqlite import SqliteStore
from accord.testing.enumeration_scenes import Scene
from accord.testing.memoryengine import KeepHere, one_run, wanted
from accord.testing.simulation_crashes import Crash
from accord.testing.stage import Stage, stage
from accord.testing.virtualtime import run_virtually

SETTLING = 5
"""Cycles within which all must be in step once nothing goes wrong any more (P1)."""

TRIES = 4
"""Cycles that a scene waits for at most before it goes on."""

LATENCY = 0.05


class Trouble(StrEnum):
    """What can go wrong at a point."""

    CRASH = "crash"
    TIMEOUT = "timeout"
    ERROR = "500"
    LATE_ERROR = "500 after the effect"
    BUSY = "429"


POSSIBLE: Mapping[str, tuple[Trouble, ...]] = {
    "commit": (Trouble.CRASH,),
    "wire": (Trouble.CRASH, Trouble.TIMEOUT),
    "write": (Trouble.ERROR, Trouble.LATE_ERROR, Trouble.BUSY),
}

Plan: TypeAlias = Sequence[tuple[int, Trouble]]
"""At which points, counted from 1, what goes wrong; the first one first."""


@dataclass(slots=True)
class Points:
    """The points of one history, counted as they come. ``life``: the number of the engine's life that still counts."""

    plan: list[tuple[int, Trouble]]
    kinds: list[str] = field(default_factory=list)
    life: int = 0

    def alive(self, life: int) -> None:
        """A life that is over dies at its next step, whatever it is still about. Raises Crash."""
        if life != self.life:
            raise Crash("dead already")

    def here(self, kind: str) -> Trouble | None:
        """Count a point; what goes wrong at it. What cannot go wrong at this kind of point is a crash instead. Raises Crash."""
        self.kinds.append(kind)
        if not self.plan or self.plan[0][0] != len(self.kinds):
            return None
        _, trouble = self.plan.pop(0)
        if trouble is Trouble.CRASH or trouble not in POSSIBLE[kind]:
            self.life += 1
            raise Crash(f"point {len(self.kinds)}")
        return trouble


class PointedDatabase(Database):
    """A database with a point before and after each commit."""

    def __init__(self, inner: Database, points: Points) -> None:
        super().__init__(inner._connection, inner.place, inner._fence)
        self.points = points

    def commit(self) -> None:
        """See Database."""
        self.points.here("commit")
        super().commit()
        self.points.here("commit")


class PointedConnector:
    """A connector at whose writes something can go wrong that the system says; and in whose writes a user may come in between."""

    def __init__(self, inner: MemoryConnector, points: Points, scene: Scene, s: Stage) -> None:
        self._inner, self._points, self._scene, self._stage = inner, points, scene, s

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    async def write(self, datatype: str, writes: Sequence[Write]) -> AsyncIterator[Outcome]:
        """One by one, a point each."""
        for one in writes:
            trouble = self._points.here("write")
            if trouble is Trouble.ERROR:
                yield Outcome(one.key, OutcomeKind.UNKNOWN, message="answered 500")
            elif trouble is Trouble.BUSY:
                yield Outcome(one.key, OutcomeKind.FAILED, message="answered 429 for too long")
            else:
                if self._scene.meanwhile is not None:
                    self._scene.meanwhile(self._stage, one)
                async for outcome in self._inner.write(datatype, [one]):
                    yield Outcome(one.key, OutcomeKind.UNKNOWN, message="answered 500") if trouble is Trouble.LATE_ERROR else outcome


@dataclass(frozen=True)
class Lived:
    """What a history came to.

    ``left``, ``right``: the records that are there, by datatype; ``links``: by what is linked; ``waiting``: what stays behind, by flow,
    state and rule; ``losers``: values that lost a conflict, as the journal kept them; ``points``: kinds of points that were passed;
    ``states``: every state that an operation or a pending row was in between two cycles; ``wrong``: what is wrong whatever was expected.
    """

    left: Mapping[str, Counter[str]]
    right: Mapping[str, Counter[str]]
    links: Counter[str]
    waiting: Counter[tuple[str, str, str]]
    losers: frozenset[str]
    points: Sequence[str]
    states: frozenset[IntentState | PendingState]
    wrong: Sequence[str] = ()


def live(scene: Scene, plan: Plan = ()) -> Lived:
    """Live through a scene with what goes wrong in it, let it settle, and see what is there."""
    with stage(scene.rules, scene.flows, left=scene.left, right=scene.right, quotes=scene.quotes, wide=scene.wide) as s:
        return _Life(scene, s, Points(list(plan))).live()


def compare(scene: Scene, expected: Lived, plan: Plan) -> tuple[Lived, list[str]]:
    """Live through a scene with what goes wrong in it; what it came to, and how that is not what it should have come to."""
    told = f"{scene.name}, " + ", ".join(f"{trouble} at point {number} of {len(expected.points)}" for number, trouble in plan)
    try:
        found = live(scene, plan)
    except AccordError as error:
        return expected, [f"{told}: {type(error).__name__}: {error}"]
    wrong = [f"{told}: {what}" for what in found.wrong]
    for name in ("left", "right", "links", "waiting"):
        now, then = getattr(found, name), getattr(expected, name)
        if now != then:
            wrong.append(f"{told}: {name}: {now}\n  instead of {then}")
    if lost := expected.losers - found.losers:
        wrong.append(f"{told}: nowhere kept any more (P4): {sorted(lost)}")
    return found, wrong


def singles(points: Sequence[str]) -> list[tuple[int, Trouble]]:
    """Every single thing that can go wrong in a history with these points."""
    return [(number, trouble) for number, kind in enumerate(points, 1) for trouble in POSSIBLE[kind]]


def sample_pairs(points: Sequence[str], rng: random.Random, count: int) -> list[Plan]:
    """Two things that go wrong one after the other, the second mostly while the first is being recovered from."""
    first = singles(points)
    found: list[Plan] = []
    for _ in range(count):
        number, trouble = rng.choice(first)
        second = rng.choice((Trouble.CRASH, Trouble.CRASH, *Trouble))
        found.append([(number, trouble), (number + rng.randint(1, 40), second)])
    return found


class _Life:
    """One history while it is lived through, which may take several lives of the engine."""

    def __init__(self, scene: Scene, s: Stage, points: Points) -> None:
        self.scene, self.s, self.points = scene, s, points
        self.states: set[IntentState | PendingState] = set()
        s.store = SqliteStore(PointedDatabase(s.store._file, points), s.dataflow.flows, None)

    def live(self) -> Lived:
        """All of it."""
        wrong: list[str] = []
        for _ in self.scene.act(self.s):
            for _ in range(TRIES):
                if self._cycle():
                    break
        seen, self.points.plan = list(self.points.kinds), []
        for _ in range(SETTLING):
            before = len(self.s.writes())
            if not self._cycle():
                wrong.append("a cycle failed although nothing goes wrong any more (P16)")
            if len(self.s.writes()) == before and not self._open():
                break
        before = len(self.s.writes())
        self._cycle()
        if more := self.s.writes()[before:]:
            wrong.append(f"still writing although all has settled (P1): {more}")
        if left := self._open():
            wrong.append(f"still open although all has settled (P1): {left}")
        return self._seen(seen, wrong + self._twice())

    def _open(self) -> list[object]:
        """What is not at its end."""
        intents = [one.operation.key for one in self.s.journal() if one.state in (IntentState.OPEN, IntentState.UNKNOWN)]
        return [*intents, *(one.ref for one in self.s.waiting() if one.state is PendingState.NEW)]

    def _twice(self) -> list[str]:
        made = Counter(call.reference for call in self.s.writes() if call.kind is CallKind.CREATE and call.effect)
        return [f"{reference} was made {times} times (P7)" for reference, times in made.items() if times > 1]

    def _cycle(self) -> bool:
        """One cycle of a new engine; whether it came to its end."""
        s, points, life = self.s, self.points, self.points.life
        s.later()
        engine = s.engine_with(self._connectors(life), KeepHere(lambda _: points.alive(life)))
        try:
            run_virtually(one_run(engine, self.scene.full), s.loop)
        except (Crash, SystemProblem):
            points.life = life + 1  # whatever is left of this life does nothing more
            return False
        finally:
            self.states |= {one.state for one in s.journal()} | {one.state for one in s.waiting()}
        return True

    def _connectors(self, life: int) -> dict[Side, Connector]:
        s, points = self.s, self.points

        async def travel(seconds: float) -> None:
            points.alive(life)
            if points.here("wire") is not None:
                raise SystemUnavailable("system", "no answer in time", "try again later")
            await asyncio.sleep(seconds)
            points.alive(life)

        found: dict[Side, Connector] = {}
        for side, world in s.worlds.items():
            honest = MemoryConnector(world, side, wanted(s.dataflow, s.compiled, side), travel, LATENCY)
            found[side] = PointedConnector(honest, points, self.scene, s)
        return found

    def _seen(self, points: Sequence[str], wrong: Sequence[str]) -> Lived:
        s = self.s
        names = {
            (side, id): str(next(values[key] for key in ("Email", "email", "Number", "number") if key in values))
            for side, world in s.worlds.items()
            for datatype in world.datatypes
            for id, values in world.live(datatype).items()
        }
        here, there = (
            {
                datatype: Counter(_told(names, side, values) for values in s.worlds[side].live(datatype).values())
                for datatype in s.worlds[side].datatypes
            }
            for side in Side
        )
        links = Counter(f"{one.flow}: {names.get((Side.LEFT, one.left))} {names.get((Side.RIGHT, one.right))}" for one in s.links_of_all())
        waiting = Counter((one.flow, one.state.value, one.rule) for one in s.waiting())
        losers = frozenset(repr(change.replaced) for one in s.journal() for change in one.operation.changes if change.loser)
        wrong = [*wrong, *(f"not ours: {call}" for call in s.writes() if call.who is not Who.ACCORD)]
        return Lived(here, there, links, waiting, losers, points, frozenset(self.states), wrong)


def _told(names: Mapping[tuple[Side, str], str], side: Side, values: Mapping[str, Any]) -> str:
    """A record in words that do not hang on ids: those that come later in another order are others."""
    told = {name: value for name, value in values.items() if name != "ExternalId"}
    for name in ("Payer", "payer"):
        if name in told:
            told[name] = names.get((side, str(told[name])), told[name])
    return repr(sorted(told.items(), key=lambda one: one[0]))

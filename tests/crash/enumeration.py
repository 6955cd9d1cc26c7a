"""Crash enumeration: a scene is lived through once undisturbed, and then once for every point at which something can go wrong.

A point is a moment before or after a store call, a moment on the way of a request or of its answer, or one write. At a point the process
dies (CRASH), a call comes to nothing or its answer is lost (TIMEOUT, on either leg), the system fails (ERROR) or asks for patience (BUSY).
Afterwards there is a new engine on the same state, and nothing goes wrong any more.
"""

import random
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from engine_stage import Stage, stage
from scenes import Scene

from accord.connectors.memory import CallKind, MemoryConnector, Who
from accord.errors import SystemProblem, SystemUnavailable
from accord.model.plans import Outcome, OutcomeKind, Write
from accord.model.records import Side
from accord.ports import Connector
from accord.testing.memoryengine import KeepHere, one_run, wanted
from accord.testing.simulation_crashes import Crash
from accord.testing.virtualtime import run_virtually

SETTLING = 5
LATENCY = 0.05


class Trouble(StrEnum):
    """What can go wrong at a point."""

    CRASH = "crash"
    TIMEOUT = "timeout"
    ERROR = "500"
    BUSY = "429"


POSSIBLE: Mapping[str, tuple[Trouble, ...]] = {
    "store": (Trouble.CRASH,),
    "wire": (Trouble.CRASH, Trouble.TIMEOUT),
    "write": (Trouble.ERROR, Trouble.BUSY),
}


@dataclass(slots=True)
class Points:
    """The points of one history, counted as they come. ``plan``: at which of them what goes wrong, the first one first."""

    plan: list[tuple[int, Trouble]]
    kinds: list[str] = field(default_factory=list)
    life: int = 0

    def here(self, kind: str, life: int) -> Trouble | None:
        """Count a point; what goes wrong at it. A life that is over dies at its next point, whatever it is still about."""
        if life != self.life:
            raise Crash("dead already")
        self.kinds.append(kind)
        if self.plan and self.plan[0][0] == len(self.kinds):
            return self.plan.pop(0)[1]
        return None

    def moment(self, kind: str, life: int) -> None:
        """A point in the engine's own process, or on the wire. Raises Crash or SystemUnavailable."""
        trouble = self.here(kind, life)
        if trouble is Trouble.CRASH:
            self.life += 1
            raise Crash(f"point {len(self.kinds)}")
        if trouble is not None:
            raise SystemUnavailable("system", "no answer in time", "try again later")


class Pointed:
    """A connector at whose writes something can go wrong that the system says."""

    def __init__(self, inner: MemoryConnector, points: Points, life: int) -> None:
        self._inner, self._points, self._life = inner, points, life

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    async def write(self, datatype: str, writes: Sequence[Write]) -> AsyncIterator[Outcome]:
        for one in writes:
            trouble = self._points.here("write", self._life)
            if trouble is not None:
                kind = OutcomeKind.FAILED if trouble is Trouble.BUSY else OutcomeKind.UNKNOWN
                yield Outcome(one.key, kind, message=f"answered {trouble}")
                continue
            async for outcome in self._inner.write(datatype, [one]):
                yield outcome


@dataclass(frozen=True)
class Lived:
    """What a history came to. ``left``, ``right``: by datatype, the records that are there; ``waiting``: what stays behind, by rule."""

    left: Mapping[str, Counter[str]]
    right: Mapping[str, Counter[str]]
    waiting: Counter[tuple[str, str, str]]
    links: Counter[str]
    points: Sequence[str]
    states: frozenset[str]


def live(scene: Scene, plan: Sequence[tuple[int, Trouble]] = ()) -> Lived:
    """Live through a scene with what goes wrong in it, settle, and see what is there. Raises AssertionError for what is wrong at once."""
    points = Points(list(plan))
    with stage(scene.rules, scene.flows, left=scene.left, right=scene.right, quotes=scene.quotes) as s:
        for _ in scene.act(s):
            for _ in range(4):
                if _cycle(s, points):
                    break
        seen = list(points.kinds)
        quiet = Points([])
        for _ in range(SETTLING):
            assert _cycle(s, quiet), "a cycle failed although nothing goes wrong any more"
        before = len(s.writes())
        assert _cycle(s, quiet)
        assert len(s.writes()) == before, f"still writing after {SETTLING} settled cycles (P1): {s.writes()[before:]}"
        made = Counter(call.reference for call in s.writes() if call.kind is CallKind.CREATE and call.effect)
        assert not [reference for reference, times in made.items() if times > 1], f"made twice (P7): {made}"
        return _seen(s, seen)


def _cycle(s: Stage, points: Points) -> bool:
    """One cycle of a new engine; whether it came to its end."""
    s.later()
    life = points.life
    keep = KeepHere(lambda _: points.moment("store", life), lambda _: points.moment("store", life))
    engine = s.engine_with(_connectors(s, points, life), keep)
    try:
        run_virtually(one_run(engine), s.loop)
    except (Crash, SystemProblem):
        points.life = life + 1  # whatever is left of this life does nothing more
        return False
    return True


def _connectors(s: Stage, points: Points, life: int) -> dict[Side, Connector]:
    async def travel(seconds: float) -> None:
        import asyncio

        points.moment("wire", life)
        await asyncio.sleep(seconds)

    return {
        side: Pointed(MemoryConnector(world, side, wanted(s.dataflow, s.compiled, side), travel, LATENCY), points, life)  # type: ignore[misc]  # the rest is the inner connector's
        for side, world in s.worlds.items()
    }


def _seen(s: Stage, points: Sequence[str]) -> Lived:
    keys = {
        (side, id): str(values.get("Email") or values.get("email") or values.get("Number") or values.get("number"))
        for side, world in s.worlds.items()
        for datatype in world.datatypes
        for id, values in world.live(datatype).items()
    }

    def said(side: Side, values: Mapping[str, Any]) -> str:
        told = {name: value for name, value in values.items() if name != "ExternalId"}
        for name in ("Payer", "payer"):
            if name in told:
                told[name] = keys.get((side, str(told[name])), told[name])
        return repr(sorted(told.items(), key=lambda one: one[0]))

    def there(side: Side) -> dict[str, Counter[str]]:
        world = s.worlds[side]
        return {datatype: Counter(said(side, values) for values in world.live(datatype).values()) for datatype in world.datatypes}

    waiting = Counter((one.flow, one.state.value, one.rule) for one in s.waiting())
    links = Counter(f"{link.flow}: {keys.get((Side.LEFT, link.left))} {keys.get((Side.RIGHT, link.right))}" for link in s.links_of_all())
    states = frozenset(intent.state.value for intent in s.journal())
    assert all(call.who is Who.ACCORD for call in s.writes())
    return Lived(there(Side.LEFT), there(Side.RIGHT), waiting, links, points, states)


def singles(points: Sequence[str]) -> list[tuple[int, Trouble]]:
    """Every single thing that can go wrong in a history with these points."""
    return [(number, trouble) for number, kind in enumerate(points, 1) for trouble in POSSIBLE[kind]]


def pairs(points: Sequence[str], seed: int, count: int) -> list[list[tuple[int, Trouble]]]:
    """Two things that go wrong one after the other, the second mostly while the first is being recovered from."""
    rng = random.Random(seed)
    first = singles(points)
    found = []
    for _ in range(count):
        number, trouble = rng.choice(first)
        found.append([(number, trouble), (number + rng.randint(1, 40), Trouble.CRASH)])
    return found

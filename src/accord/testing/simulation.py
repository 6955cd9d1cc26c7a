"""The simulation: one seed is one whole history of two systems, their users, faults and crashes, judged at its end by the oracle.

Owns: the phases of a history: agitate, heal, settle, check, run again. The core, the engine and the SQLite store are the real ones; the
systems are in memory and time is virtual. The same seed gives the same history everywhere. Does not own: what is simulated
(simulation_dataflow.py, simulation_users.py, simulation_crashes.py), what counts as a broken promise (oracle.py, simulation_judge.py).
"""

import asyncio
import hashlib
import random
import traceback
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, fields, replace

import msgspec

from accord.connectors.hostile import Fault, FaultPlan, HostileConnector
from accord.connectors.memory import Call, MemoryConnector, MemorySystem
from accord.engine.parts import Engine
from accord.errors import SystemProblem
from accord.model.links import Pending, PendingState
from accord.model.records import Side
from accord.store.sqlite import SqliteStore
from accord.testing.memoryengine import KeepHere, engine_of, fresh_store, one_run, wanted
from accord.testing.oracle import Violation
from accord.testing.simulation_crashes import Crash, Life
from accord.testing.simulation_dataflow import DATATYPES, PREFIXES, SYSTEMS, choose, dataflow_of
from accord.testing.simulation_judge import ALL, Scene, changed_while_idle, judge, snapshot
from accord.testing.simulation_users import Users
from accord.testing.virtualtime import CountedIds, VirtualClock, VirtualLoop, run_virtually

SETTLING = 5
"""Cycles within which all must be in step once nobody disturbs any more (P1)."""

QUIET = 300.0
"""Virtual seconds after the last edit: longer than every lag, granularity and clock difference that a seed may choose."""

LATENCY = 0.05


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one seed. ``trace``: what happened, a line each; ``digest``: of the trace, equal for equal histories."""

    seed: int
    violations: tuple[Violation, ...]
    digest: str
    trace: tuple[str, ...]
    cycles: int
    crashes: int
    writes: int
    faults: Counter[str]

    @property
    def replay(self) -> str:
        """The command that shows this history again."""
        return f"accord simulate --first-seed {self.seed} --seeds 1 --verbose"


def simulate(seed: int, traces: bool = True) -> Verdict:
    """Live through the history of one seed and judge it. ``traces``: tell what happened also where every promise was kept."""
    loop = VirtualLoop()
    loop.set_exception_handler(lambda _loop, _context: None)  # what a dead life leaves behind is nobody's concern any more
    asyncio.set_event_loop(loop)
    try:
        with fresh_store(dataflow_of(choose(random.Random(seed)).rules)[0].flows) as store:
            history = _History(seed, loop, store, traces)
            run_virtually(history.live(), loop)
            return history.verdict()
    finally:
        asyncio.set_event_loop(None)
        loop.close()


@dataclass(slots=True)
class _History:
    """One history while it is lived through. Each kind of chance has a generator of its own, so that one does not shift another."""

    seed: int
    loop: VirtualLoop
    store: SqliteStore
    traced: bool
    trace: list[str | tuple[str, Call | Pending]] = field(default_factory=list)
    violations: list[Violation] = field(default_factory=list)
    injected: Counter[str] = field(default_factory=Counter)
    cycles: int = 0
    crashes: int = 0
    ids: CountedIds = field(default_factory=CountedIds)
    chances: dict[str, random.Random] = field(init=False)
    scene: Scene = field(init=False)
    users: Users = field(init=False)
    faults: FaultPlan = field(init=False)

    def __post_init__(self) -> None:
        choices = choose(random.Random(self.seed))
        names = ("users", "schedule", "crashes", *(side.value for side in Side))
        self.chances = {name: random.Random(f"{self.seed}:{name}") for name in names}
        worlds = {
            side: MemorySystem(
                SYSTEMS[side],
                VirtualClock(self.loop, choices.ahead[side]).now,
                {
                    name: replace(choices.datatypes[side], prefix=PREFIXES[name], always=frozenset(shape.properties))
                    for name, shape in DATATYPES[side].items()
                },
            )
            for side in Side
        }
        dataflow, compiled = dataflow_of(choices.rules)
        self.scene = Scene(dataflow, compiled, worlds, self.store)
        self.users = Users(worlds, self.chances["users"], self.tell, self.scene.tells_deletes, self.scene.met)
        self.faults = _plan(self.chances["schedule"], all(one.modified_time and one.granularity < 1 for one in choices.datatypes.values()))
        self.tell(f"{choices}")

    def tell(self, what: str) -> None:
        """A line of the trace."""
        self.trace.append(f"{self.loop.passed:9.3f} {what}")

    # --- the phases -----------------------------------------------------------------------------------------------------------------

    async def live(self) -> None:
        """All phases. An error of the engine's own ends the history: it is a violation by itself."""
        try:
            self.users.populate()
            await asyncio.sleep(QUIET)  # so that the first listings show all of it
            await self._agitate()
            await self._heal()
            if await self._settle():
                self.violations += judge(self.scene)
                await self._again()
        except Exception as error:  # noqa: BLE001  # whatever the engine raises here is what is looked for
            self.tell(traceback.format_exc())
            self.violations.append(Violation("P16", "engine", f"{type(error).__name__}: {error}"))

    async def _agitate(self) -> None:
        rng = self.chances["schedule"]
        risk = rng.choice((0.0, 0.0, 0.003, 0.01))
        busy = asyncio.create_task(self._work(rng.choice((0.5, 2.0, 10.0)), rng.choice((10, 25, 60))))
        engine = self._begin(Life(self.chances["crashes"], risk, self.tell, asyncio.sleep))
        for _ in range(rng.randint(3, 6)):
            try:
                await self._cycle(engine, full=rng.random() < 0.15)
            except Crash:
                self.crashes += 1
                engine = self._begin(Life(self.chances["crashes"], risk, self.tell, asyncio.sleep))
            except SystemProblem as problem:
                self.tell(f"problem: {problem}")
            await asyncio.sleep(rng.choice((0.0, 1.0, 20.0, 90.0)))
        busy.cancel()
        await asyncio.gather(busy, return_exceptions=True)

    async def _work(self, pause: float, times: int) -> None:
        """Users at work, so many times. ``pause``: virtual seconds between two actions, on average; some come at once.

        A history with many actions finds hardly more than one with few, and takes as long as many of those.
        """
        rng = self.chances["users"]
        for _ in range(times):
            await asyncio.sleep(rng.expovariate(1 / pause))
            for _ in range(rng.choice((1, 1, 1, 3))):
                self.users.act()

    async def _heal(self) -> None:
        """Nobody edits, nothing fails, time passes, and a person sets free what is held or was refused."""
        self.tell("heal")
        self.faults = FaultPlan.none()
        await asyncio.sleep(QUIET)
        for flow in self.scene.dataflow.flows:
            self.store.release(flow.name, (PendingState.QUARANTINED, PendingState.HELD))

    async def _settle(self) -> bool:
        """Full cycles until one writes nothing; False, and a violation, if they do not come to rest."""
        engine = self._begin(Life(self.chances["crashes"], 0.0, self.tell, asyncio.sleep))
        for _ in range(SETTLING + 1):
            before = self.scene.writes()
            await self._cycle(engine, full=True)
            if self.scene.writes() == before:
                return True
            await asyncio.sleep(QUIET)
        self.violations.append(Violation("P1", "both", f"still writing after {SETTLING} settled cycles"))
        return False

    async def _again(self) -> None:
        """P2: cycles that have nothing to do leave no trace, in the systems or in the state."""
        engine = self._begin(Life(self.chances["crashes"], 0.0, self.tell, asyncio.sleep))
        before, calls = snapshot(self.scene), {side: len(world.calls) for side, world in self.scene.worlds.items()}
        for full in (False, True):
            await self._cycle(engine, full)
            await asyncio.sleep(QUIET)
        self.violations += changed_while_idle(self.scene, before, calls)

    # --- the engine -----------------------------------------------------------------------------------------------------------------

    def _begin(self, life: Life) -> Engine:
        """A new engine over the same state, as after a restart."""
        dataflow, compiled = self.scene.dataflow, self.scene.compiled
        connectors = {}
        for side, world in self.scene.worlds.items():
            honest = MemoryConnector(world, side, wanted(dataflow, compiled, side), life.travel, LATENCY)
            connectors[side] = HostileConnector(honest, self.chances[side.value], self.faults, self._edits(side), life.travel)
            connectors[side].injected = _Tally(self.injected, side)
        return engine_of(dataflow, compiled, connectors, self.store, VirtualClock(self.loop), self.ids, KeepHere(life.before, life.after))

    def _edits(self, side: Side) -> Callable[[str, str], None]:
        return lambda datatype, id: self.users.edit(side, datatype, id)

    async def _cycle(self, engine: Engine, full: bool) -> None:
        self.cycles += 1
        self.tell(f"cycle {'full' if full else 'of changes'}")
        for side, connector in engine.connectors.items():
            assert isinstance(connector, HostileConnector)
            connector.faults = self.faults if self._listed(side) else replace(self.faults, empty=0.0, shifted=0.0, forbidden=0.0)
        before = {side: len(world.calls) for side, world in self.scene.worlds.items()}
        try:
            await one_run(engine, full)
        finally:
            for side, world in self.scene.worlds.items():
                self.trace += [(f"{world.name} saw", call) for call in world.calls[before[side] :]]
            self.trace += [("pending", one) for one in self.store.list_pending(limit=ALL)]

    def _listed(self, side: Side) -> bool:
        """Whether all of a side has been listed once. A first listing that leaves records out cannot be told from a true one."""
        return all(self.store.cursor(side, datatype) is not None for datatype in DATATYPES[side])

    def verdict(self) -> Verdict:
        """What became of it."""
        digest = hashlib.blake2b(msgspec.json.encode(self.trace), digest_size=12).hexdigest()
        violations = tuple(self.violations)
        wanted = self.traced or bool(violations)
        trace = tuple(one if isinstance(one, str) else f"  {one[0]} {one[1]}" for one in self.trace) if wanted else ()
        return Verdict(self.seed, violations, digest, trace, self.cycles, self.crashes, self.scene.writes(), self.injected)


class _Tally(Counter[Fault]):
    """Counts the faults of one connector into those of the history."""

    def __init__(self, history: Counter[str], side: Side) -> None:
        super().__init__()
        self._history, self._side = history, side

    def __setitem__(self, fault: Fault, count: int) -> None:
        self._history[fault.value] += count - self.get(fault, 0)
        super().__setitem__(fault, count)


def _plan(rng: random.Random, tells_times: bool) -> FaultPlan:
    """How hostile both systems are. ``tells_times``: an earlier content can be told by its time; otherwise none is ever given."""
    scale = rng.choice((0.0, 0.01, 0.04, 0.1))
    plan = FaultPlan(**{one.name: scale * rng.choice((0.0, 0.0, 1.0, 1.0, 3.0)) for one in fields(FaultPlan)})
    return plan if tells_times else replace(plan, stale=0.0)

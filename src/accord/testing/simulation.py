"""The simulation: one seed is one whole history of two systems, their users, faults and crashes, judged at its end by the oracle.

Owns: the phases of a history: agitate, heal, settle, check, run again. The core, the engine and the SQLite store are the real ones; the
systems are in memory and time is virtual. The same seed gives the same history everywhere. Does not own: what is simulated
(simulation_subject.py), what a seed may choose (simulation_choices.py), the users (simulation_users.py), the faults
(simulation_faults.py, simulation_crashes.py), what counts as a broken promise (oracle.py, simulation_judge.py).
"""

import asyncio
import hashlib
import random
import traceback
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

import msgspec

from accord.connectors.hostile import FaultPlan, HostileConnector
from accord.connectors.memory import Call, MemoryConnector, MemorySystem
from accord.engine.parts import Depth, Engine
from accord.engine.serving import Bell, announce
from accord.errors import StoreError, SystemProblem
from accord.model.capabilities import Finding
from accord.model.journal import IntentState
from accord.model.links import Pending, PendingState
from accord.model.plans import Write
from accord.model.records import Side
from accord.store.sqlite import SqliteStore
from accord.testing.memoryengine import Backup, KeepHere, engine_of, fresh_store, one_run, wanted
from accord.testing.oracle import Violation
from accord.testing.simulation_choices import LONGEST_LAG, Choices, choose_rules, choose_systems
from accord.testing.simulation_crashes import Crash, Life
from accord.testing.simulation_dataflow import FLOWS, ShippedSubject
from accord.testing.simulation_faults import DOWN, Announcements, Tally, choose_faults, for_first_listing
from accord.testing.simulation_judge import ALL, Scene, changed_while_idle, judge, snapshot
from accord.testing.simulation_subject import SYSTEMS, Subject
from accord.testing.simulation_users import Users
from accord.testing.virtualtime import CountedIds, VirtualClock, VirtualLoop, run_virtually

SETTLING = 5
"""Cycles within which all must be in step once nobody disturbs any more (P1)."""

LATENCY = 0.05

GRACE = 10.0
"""Seconds in which an engine that is told to stop must have ended what is in hand."""


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


def simulate(seed: int, traces: bool = True, own: Subject | None = None) -> Verdict:
    """Live through the history of one seed and judge it. ``traces``: tell what happened also where every promise was kept.

    ``own``: what it is about, instead of the shipped dataflow with the rules that the seed chooses.
    """
    rng = random.Random(seed)
    rules = choose_rules(rng, FLOWS)
    subject = own or ShippedSubject(rules)
    choices = choose_systems(rng, rules, subject.oddities)
    loop = VirtualLoop()
    loop.set_exception_handler(lambda _loop, _context: None)  # what a dead life leaves behind is nobody's concern any more
    asyncio.set_event_loop(loop)
    try:
        with fresh_store(subject.dataflow.flows) as store:
            history = _History(seed, loop, store, subject, choices)
            run_virtually(history.live(), loop)
            return history.verdict(traces)
    finally:
        asyncio.set_event_loop(None)
        loop.close()


@dataclass(slots=True)
class _History:
    """One history while it is lived through. Each kind of chance has a generator of its own, so that one does not shift another."""

    seed: int
    loop: VirtualLoop
    store: SqliteStore
    subject: Subject
    choices: Choices
    trace: list[str | tuple[str, Call | Pending]] = field(default_factory=list)
    violations: list[Violation] = field(default_factory=list)
    injected: Counter[str] = field(default_factory=Counter)
    cycles: int = 0
    crashes: int = 0
    risk: float = 0.0
    healed: bool = False
    down: dict[Side, int] = field(default_factory=lambda: dict.fromkeys(Side, 0))
    backup: Backup | None = None
    ids: CountedIds = field(default_factory=CountedIds)
    chances: dict[str, random.Random] = field(init=False)
    scene: Scene = field(init=False)
    users: Users = field(init=False)
    faults: FaultPlan = field(init=False)
    webhooks: Announcements = field(init=False)

    def __post_init__(self) -> None:
        names = ("users", "schedule", "crashes", "webhooks", "restoring", *(side.value for side in Side))
        self.chances = {name: random.Random(f"{self.seed}:{name}") for name in names}
        worlds = {
            side: MemorySystem(
                SYSTEMS[side],
                VirtualClock(self.loop, self.choices.ahead[side]).now,
                {name: self.subject.able(side, name, self.choices.datatypes[side]) for name in self.subject.datatypes[side]},
            )
            for side in Side
        }
        self.scene = Scene(self.subject, worlds, self.store)
        self.users = Users(self.subject, worlds, self.chances["users"], self.tell, self.scene.met)
        self.faults = choose_faults(self.chances["schedule"], self.choices.tells_times)
        self.webhooks = Announcements(worlds, self.chances["webhooks"], self.injected)
        self.tell(f"{self.choices}")

    def tell(self, what: str) -> None:
        """A line of the trace."""
        self.trace.append(f"{self.loop.passed:9.3f} {what}")

    # --- the phases -----------------------------------------------------------------------------------------------------------------

    async def live(self) -> None:
        """All phases. An error of the engine's own ends the history: it is a violation by itself."""
        try:
            self.users.populate()
            await asyncio.sleep(self.choices.quiet)  # so that the first listings show all of it
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
        self.risk = rng.choice((0.0, 0.0, 0.003, 0.01))
        busy = asyncio.create_task(self._work(rng.choice((0.5, 2.0, 10.0)), rng.choice((10, 25, 60))))
        engine = self._begin(self.risk)
        for _ in range(rng.randint(3, 6)):
            self._misfortune()
            try:
                await self._announce(engine)
                depth = rng.choice((Depth.CHANGES,) * 6 + (Depth.FULL,) + (Depth.QUICK,) * 2)
                if rng.random() < 0.08:
                    await self._stopped(engine, depth)
                    engine = self._begin(self.risk)
                else:
                    await self._cycle(engine, depth)
            except (Crash, StoreError) as end:
                self.crashes += isinstance(end, Crash)
                self.injected["store_failed"] += isinstance(end, StoreError)
                engine = self._begin(self.risk)
            except SystemProblem as problem:
                self.tell(f"problem: {problem}")
            if self._to_be_restored():
                await asyncio.sleep(LONGEST_LAG)  # nobody puts a state back while calls of the engine that it replaces are on their way
                self._restore()
                engine = self._begin(self.risk)
            await asyncio.sleep(rng.choice((0.0, 1.0, 20.0, 90.0)))
        busy.cancel()
        await asyncio.gather(busy, return_exceptions=True)

    def _to_be_restored(self) -> bool:
        """Seldom somebody copies the state, and later puts the copy back."""
        rng = self.chances["restoring"]
        if self.backup is None:
            self.backup = Backup(self.store) if rng.random() < 0.05 else None
            return False
        return rng.random() < 0.5 and not self.choices.shifts  # what a listing skips then cannot be known, as in a first one

    def _restore(self) -> None:
        assert self.backup is not None
        self.scene.restored(self.backup)
        self.backup = None
        self.injected["restored"] += 1
        self.tell("an older state is put back")

    async def _work(self, pause: float, times: int) -> None:
        """Users at work, so many times. ``pause``: virtual seconds between two actions, on average; some come at once.

        A history with many actions finds hardly more than one with few, and takes as long as many of those.
        """
        rng = self.chances["users"]
        for _ in range(times):
            await asyncio.sleep(rng.expovariate(1 / pause))
            if self.choices.shifts and not all(map(self._listed, Side)):
                continue  # what a first listing skips again and again cannot be known
            for _ in range(rng.choice((1, 1, 1, 3))):
                self.users.act()

    def _misfortune(self) -> None:
        """Seldom a system is down for a while, or a program of the users changes everything at once."""
        rng = self.chances["schedule"]
        for side in Side:
            self.down[side] = max(0, self.down[side] - 1)
        if self.faults != FaultPlan.none() and rng.random() < 0.08:
            side = rng.choice(tuple(Side))
            self.down[side] = rng.randint(1, 2)
            self.injected["down"] += 1
            self.tell(f"{SYSTEMS[side]} is down")
        if rng.random() < 0.03:
            self.injected["mass_edit"] += 1
            self.users.everybody()

    async def _heal(self) -> None:
        """Nobody edits, nothing fails, time passes, and a person sets free what is held or was refused."""
        self.tell("heal")
        self.healed = True
        self.faults, self.down = FaultPlan.none(), dict.fromkeys(Side, 0)
        await asyncio.sleep(self.choices.quiet)
        for flow in self.subject.dataflow.flows:
            self.store.release(flow.name, (PendingState.QUARANTINED, PendingState.HELD))

    async def _settle(self) -> bool:
        """Full cycles until one writes nothing; False, and a violation, if they do not come to rest."""
        engine = self._begin(0.0)
        engine.approve = self.chances["schedule"].random() < 0.5  # a person has looked at what the guards held
        for _ in range(SETTLING + 1):
            before = self.scene.writes()
            await self._cycle(engine, Depth.FULL)
            engine.approve = False
            if self.scene.writes() == before and not self._to_be_told():
                return True
            await asyncio.sleep(self.choices.quiet)
        self.violations.append(Violation("P1", "both", f"still writing after {SETTLING} settled cycles"))
        return False

    def _to_be_told(self) -> bool:
        """Whether a create is still looked for that can be told: some time after it was looked for in vain, it counts as not made."""
        unknown = self.store.intents((IntentState.UNKNOWN,), ALL)
        finding = {side: self.choices.datatypes[side].capabilities().finding for side in Side}
        return any(finding[one.operation.side] is Finding.CERTAIN for one in unknown)

    async def _again(self) -> None:
        """P2: cycles that have nothing to do leave no trace, in the systems or in the state; and every webhook comes once more."""
        engine = self._begin(0.0)
        before, calls = snapshot(self.scene), {side: len(world.calls) for side, world in self.scene.worlds.items()}
        await self._announce(engine)
        for depth in (Depth.CHANGES, Depth.FULL):
            await self._cycle(engine, depth)
            await asyncio.sleep(self.choices.quiet)
        self.violations += changed_while_idle(self.scene, before, calls)

    # --- the engine -----------------------------------------------------------------------------------------------------------------

    def _begin(self, risk: float) -> Engine:
        """A new engine over the same state, as after a restart."""
        subject, life = self.subject, Life(self.chances["crashes"], risk, self.tell, asyncio.sleep)
        connectors = {}
        for side, world in self.scene.worlds.items():
            honest = MemoryConnector(world, side, wanted(subject.dataflow, subject.compiled, side), life.travel, LATENCY)
            hooks = self._edits(side), life.travel, self._later(side)
            connectors[side] = HostileConnector(honest, self.chances[side.value], self.faults, *hooks)
            connectors[side].injected = Tally(self.injected)
        keep = KeepHere(life.before, life.after)
        engine = engine_of(subject.dataflow, subject.compiled, connectors, self.store, VirtualClock(self.loop), self.ids, keep)
        if self.healed:  # a person looks at what is not believed
            engine.believed = frozenset((side, name) for side, kinds in subject.datatypes.items() for name in kinds)
        return engine

    def _edits(self, side: Side) -> Callable[[str, str], None]:
        return lambda datatype, id: self.users.edit(side, datatype, id)

    def _later(self, side: Side) -> Callable[[float, str, Write], None]:
        """What a system carries out after its caller has given up; whether the caller still lives does not matter to it."""
        subject = self.subject
        there = MemoryConnector(self.scene.worlds[side], side, wanted(subject.dataflow, subject.compiled, side))

        def carry_out(datatype: str, write: Write) -> None:
            self.tell(f"late: {there.system} {write.kind} {write.key}: {there.carry_out(datatype, write).kind}")

        def later(seconds: float, datatype: str, write: Write) -> None:
            self.loop.call_later(seconds, carry_out, datatype, write)

        return later

    async def _announce(self, engine: Engine) -> None:
        """Webhooks arrive, before a cycle."""
        for event, hint in self.webhooks.due():
            self.tell(f"webhook {event}: {hint.ref}")
            await announce(engine, Bell(), [hint], event)

    async def _cycle(self, engine: Engine, depth: Depth) -> None:
        self.cycles += 1
        self.tell(f"cycle {depth}")
        for side, connector in engine.connectors.items():
            assert isinstance(connector, HostileConnector)
            new = not self._listed(side) or (self.scene.earlier and not self._caught_up(engine, side))
            faults = for_first_listing(self.faults) if new else self.faults
            connector.faults = DOWN if self.down[side] else faults
        before = {side: len(world.calls) for side, world in self.scene.worlds.items()}
        try:
            await one_run(engine, depth=depth)
        finally:
            for side, world in self.scene.worlds.items():
                self.trace += [(f"{world.name} saw", call) for call in world.calls[before[side] :]]
            self.trace += [("pending", one) for one in self.store.list_pending(limit=ALL)]

    async def _stopped(self, engine: Engine, depth: Depth) -> None:
        """A cycle in which the engine is told to stop: what is in hand ends, the rest is cancelled. Raises as the cycle does."""
        task = asyncio.create_task(self._cycle(engine, depth))
        await asyncio.wait({task}, timeout=self.chances["schedule"].uniform(0.0, 1.5))
        if not task.done():
            self.injected["stopped"] += 1
            self.tell("told to stop")
            closing = asyncio.create_task(engine.in_hand.close())
            await asyncio.wait({task, closing}, timeout=GRACE, return_when=asyncio.FIRST_COMPLETED)
            closing.cancel()
        task.cancel()
        await asyncio.wait({task})
        if not task.cancelled():
            task.result()

    def _listed(self, side: Side) -> bool:
        """Whether all of a side has been listed once."""
        return all(self.store.cursor(side, datatype) is not None for datatype in self.subject.datatypes[side])

    def _caught_up(self, engine: Engine, side: Side) -> bool:
        """Whether the engine has read all that changed on a side since its state was made."""
        return all((side, datatype) in engine.caught_up for datatype in self.subject.datatypes[side])

    def verdict(self, traces: bool) -> Verdict:
        """What became of it."""
        self.injected["duplicate"] += sum(world.requests["duplicate"] for world in self.scene.worlds.values())
        digest = hashlib.blake2b(msgspec.json.encode(self.trace), digest_size=12).hexdigest()
        told = self.trace if traces or self.violations else []
        trace = tuple(one if isinstance(one, str) else f"  {one[0]} {one[1]}" for one in told)
        injected = Counter({name: count for name, count in self.injected.items() if count})
        return Verdict(self.seed, tuple(self.violations), digest, trace, self.cycles, self.crashes, self.scene.writes(), injected)

"""A stop in the middle of a first load, with the real engine and store between two systems in memory, on virtual time (P7, P16)."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from accord.connectors.memory import MemoryConnector, MemoryDatatype, MemorySystem, Who
from accord.engine.cycle import cycle
from accord.engine.parts import Depth, Engine
from accord.engine.serving import Bell, Service, serve
from accord.model.dataflow import Dataflow, Flow, MatchPart, Onboarding, PropertyMapping, SystemEntry
from accord.model.journal import IntentState
from accord.model.manifest import Datatype, Listing, Property
from accord.model.records import Side
from accord.model.runs import Run
from accord.store.sqlite import SqliteStore
from accord.testing.memoryengine import compile_all, engine_of, wanted
from accord.testing.virtualtime import CountedIds, VirtualClock, VirtualLoop, run_virtually

KINDS = {Side.LEFT: "Contact", Side.RIGHT: "Persons"}
FLOW = Flow(
    name="Contact to Persons",
    left="Contact",
    right="Persons",
    properties=(PropertyMapping(left=("Name",), right=("Name",), name="Name"),),
    match=((MatchPart(left="Name", right="Name"),),),
    onboarding=Onboarding.CREATE,
)
DATAFLOW = Dataflow(
    left=SystemEntry(system="customcrm", manifest="customcrm.yaml"),
    right=SystemEntry(system="membercare", manifest="membercare.yaml"),
    flows=(FLOW,),
)
DATATYPE = Datatype(id="Id", list=Listing(path="/"), properties={"Name": Property()})
RECORDS = 60


@dataclass(slots=True)
class Rig:
    """Two worlds of which the left one has all the records; each call takes ``latency`` seconds there and again back."""

    latency: float
    loop: VirtualLoop = field(default_factory=VirtualLoop)
    ids: CountedIds = field(default_factory=CountedIds)
    store: SqliteStore = field(default_factory=lambda: SqliteStore.open(":memory:", DATAFLOW.flows))
    worlds: dict[Side, MemorySystem] = field(default_factory=dict)

    def __enter__(self) -> "Rig":
        now = VirtualClock(self.loop).now
        self.worlds = {side: MemorySystem(side.value, now, {kind: MemoryDatatype()}) for side, kind in KINDS.items()}
        for number in range(RECORDS):
            self.worlds[Side.LEFT].user_create("Contact", {"Name": f"Name {number}"})
        return self

    def __exit__(self, *_: object) -> None:
        self.store.close_store()
        self.loop.close()

    def engine(self) -> Engine:
        clock = VirtualClock(self.loop)
        compiled = compile_all(DATAFLOW, {side: {kind: DATATYPE} for side, kind in KINDS.items()})
        connectors = {
            side: MemoryConnector(world, side, wanted(DATAFLOW, compiled, side), clock.sleep, self.latency)
            for side, world in self.worlds.items()
        }
        return engine_of(DATAFLOW, compiled, connectors, self.store, clock, self.ids)

    def serve_until(self, stop_at: float) -> float:
        """A service of its own that is told to stop; the seconds that it then took."""
        engine, bell = self.engine(), Bell()

        async def work(cause: str, names: Sequence[str], depth: Depth) -> Run:
            run = Run(engine.ids.new(), cause, engine.now())
            await cycle(engine, run, names, depth)
            return run

        async def served() -> float:
            self.loop.call_at(self.loop.passed + stop_at, bell.stop)
            began = self.loop.passed
            service = Service(work, bell, engine.in_hand, engine.clock, lambda: 0.5, lambda _: None)
            await serve(service, 86_400.0)
            return self.loop.passed - began - stop_at

        return run_virtually(served(), self.loop)

    @property
    def created(self) -> Counter[object]:
        return Counter(values["Name"] for values in self.worlds[Side.RIGHT].live("Persons").values())

    @property
    def writes(self) -> int:
        return sum(call.who is Who.ACCORD for world in self.worlds.values() for call in world.calls)

    def open(self) -> int:
        return len(self.store.intents((IntentState.OPEN, IntentState.UNKNOWN), 1000))

    def linked(self) -> int:
        return self.store.totals([FLOW.name])[0].links


@pytest.mark.parametrize("stop_at", [0.0, 0.15, 0.45, 0.75, 1.05, 1.5, 1.95, 2.2])
def test_a_stop_finishes_and_records_what_is_in_hand_and_begins_no_more(stop_at: float) -> None:
    with Rig(latency=0.1) as rig:
        took = rig.serve_until(stop_at)
        assert took < 2.0  # three batches of five, at once, each call 0.2 s
        assert rig.open() == 0
        assert rig.linked() == rig.writes == len(rig.created)
        assert rig.writes < RECORDS
        rig.serve_until(100.0)
        assert rig.created == Counter(f"Name {number}" for number in range(RECORDS))
        assert (rig.writes, rig.linked(), rig.open()) == (RECORDS, RECORDS, 0)


@pytest.mark.parametrize("stop_at", [5.0, 12.0, 26.0, 45.0])
def test_P07_P16_a_stop_that_could_not_wait_any_longer_leaves_nothing_twice_and_nothing_missing(stop_at: float) -> None:
    with Rig(latency=4.0) as rig:
        assert rig.serve_until(stop_at) < 10.0
        rig.serve_until(2000.0)
        assert rig.created == Counter(f"Name {number}" for number in range(RECORDS))
        assert (rig.writes, rig.linked(), rig.open()) == (RECORDS, RECORDS, 0)

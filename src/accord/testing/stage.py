"""A small stage for scenarios: the simulation's dataflow between a CRM and a register in memory, on virtual time, and no faults by itself.

Owns: Stage: what users do, one run at a time, what came of it. Does not own: the dataflow (simulation_dataflow.py), what is tried on the
stage (tests/scenarios, enumeration_scenes.py).
"""

import asyncio
import random
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from accord.connectors.hostile import FaultPlan, HostileConnector
from accord.connectors.memory import Call, MemoryConnector, MemoryDatatype, MemorySystem
from accord.engine.census import FlowCensus, census
from accord.engine.parts import Engine
from accord.engine.preview import PretendedWrites
from accord.model.dataflow import Dataflow, Direction, Flow
from accord.model.journal import Intent, IntentState
from accord.model.links import Link, Pending
from accord.model.plans import Write
from accord.model.records import Side, Stored
from accord.model.runs import Run
from accord.ports import Connector
from accord.store.sqlite import SqliteStore
from accord.testing.memoryengine import KeepHere, compile_all, engine_of, fresh_store, one_run, wanted
from accord.testing.simulation_dataflow import COMPANY, DATATYPES, PREFIXES, SALE, SYSTEMS, Rules, dataflow_of
from accord.testing.virtualtime import CountedIds, VirtualClock, VirtualLoop, run_virtually

QUOTE, PRODUCT, USER = "Quote to Invoices", "Product to Articles", "User to Staff"
KINDS = {
    Side.LEFT: {
        **DATATYPES[Side.LEFT],
        "Quote": DATATYPES[Side.LEFT]["Order"],
        "Product": DATATYPES[Side.LEFT]["Customer"],
        "User": DATATYPES[Side.LEFT]["Customer"],
    },
    Side.RIGHT: {**DATATYPES[Side.RIGHT], "Articles": DATATYPES[Side.RIGHT]["Companies"], "Staff": DATATYPES[Side.RIGHT]["Companies"]},
}
OTHER_PREFIXES = {"Quote": "Q-", "Product": "A-", "User": "U-", "Articles": "a", "Staff": "s"}


class Stage:
    """Two systems, one engine at a time.

    ``go_ahead``, ``approve``: what a person has given for the next runs; ``faults``: what the systems do to the next runs' calls.
    """

    def __init__(
        self,
        store: SqliteStore,
        loop: VirtualLoop,
        dataflow: Dataflow,
        left: MemoryDatatype,
        right: MemoryDatatype,
    ) -> None:
        self.store, self.loop, self.dataflow = store, loop, dataflow
        self.ids = CountedIds()
        self.compiled = compile_all(dataflow, KINDS)
        clock = VirtualClock(loop)
        self.worlds = {
            side: MemorySystem(
                SYSTEMS[side],
                clock.now,
                {
                    name: replace(base, prefix=(PREFIXES | OTHER_PREFIXES)[name], always=frozenset(shape.properties))
                    for name, shape in KINDS[side].items()
                },
            )
            for side, base in ((Side.LEFT, left), (Side.RIGHT, right))
        }
        self.crm, self.register = self.worlds[Side.LEFT], self.worlds[Side.RIGHT]
        self.faults = {side: FaultPlan.none() for side in Side}
        self.go_ahead = self.approve = False
        self.believed: frozenset[tuple[Side, str]] = frozenset()

    # --- users --------------------------------------------------------------------------------------------------------------------

    def contact(self, email: str, **values: Any) -> str:
        return self._make(Side.LEFT, "Contact", {"Email": email, **values})

    def person(self, email: str, **values: Any) -> str:
        return self._make(Side.RIGHT, "Persons", {"email": email, **values})

    def customer(self, number: str, **values: Any) -> str:
        return self._make(Side.LEFT, "Customer", {"Number": number, **values})

    def order(self, number: str, payer: str, **values: Any) -> str:
        return self._make(Side.LEFT, "Order", {"Number": number, "Payer": payer, **values})

    def quote(self, number: str, payer: str, **values: Any) -> str:
        return self._make(Side.LEFT, "Quote", {"Number": number, "Payer": payer, **values})

    def invoice(self, number: str, payer: str, **values: Any) -> str:
        return self._make(Side.RIGHT, "Invoices", {"number": number, "payer": payer, **values})

    def _make(self, side: Side, datatype: str, values: Mapping[str, Any]) -> str:
        self.later()
        return self.worlds[side].user_create(datatype, values)

    def product(self, number: str, **values: Any) -> str:
        return self._make(Side.LEFT, "Product", {"Number": number, **values})

    def user(self, number: str, **values: Any) -> str:
        return self._make(Side.LEFT, "User", {"Number": number, **values})

    def later(self, seconds: float = 60.0) -> None:
        """Let time pass, so that it is plain which of two edits came later."""
        self.loop.passed += seconds

    def configure(self, dataflow: Dataflow) -> None:
        """A person edits the dataflow file; the next run reads it."""
        self.dataflow, self.compiled = dataflow, compile_all(dataflow, KINDS)

    # --- the engine ---------------------------------------------------------------------------------------------------------------

    def run(self, full: bool = False) -> Run:
        """One run; a new engine each time, as after a restart."""
        self.later()
        return run_virtually(one_run(self._engine(self.store, self._connectors()), full), self.loop)

    def runs(self, count: int = 3) -> None:
        for _ in range(count):
            self.run()

    def run_despite(self, error: type[Exception]) -> None:
        """One run that must end with this error, and must have done what it does not concern."""
        try:
            self.run()
        except error:
            return
        raise AssertionError(f"the run should have ended with {error.__name__}")

    def census(self) -> list[FlowCensus]:
        """What a census of this moment says."""
        return run_virtually(census(self._engine(self.store, self._connectors())), self.loop)

    def preview(self, folder: Path) -> list[Write]:
        """What a plan lists: the writes that a run on a copy of the state pretends to make."""
        self.store.copy_to(folder / "copy.db")
        with SqliteStore.open(folder / "copy.db", self.dataflow.flows) as copy:

            async def held(side: Side, datatype: str, ids: Sequence[str]) -> Mapping[str, Stored]:
                return copy.records(side, datatype, ids)

            pretended = {side: PretendedWrites(one, held) for side, one in self._connectors().items()}
            run_virtually(one_run(self._engine(copy, pretended)), self.loop)
        return [write for side in Side for write in pretended[side].pretended]

    def _connectors(self) -> dict[Side, Connector]:
        return {
            side: HostileConnector(
                MemoryConnector(world, side, wanted(self.dataflow, self.compiled, side), asyncio.sleep, 0.05),
                random.Random(1),
                self.faults[side],
            )
            for side, world in self.worlds.items()
        }

    def engine_with(self, connectors: Mapping[Side, Connector], keep: KeepHere) -> Engine:
        """An engine of one's own making, on this stage's state."""
        return self._engine(self.store, connectors, keep)

    def _engine(self, store: SqliteStore, connectors: Mapping[Side, Connector], keep: KeepHere | None = None) -> Engine:
        engine = engine_of(self.dataflow, self.compiled, connectors, store, VirtualClock(self.loop), self.ids, keep)
        engine.go_ahead, engine.approve, engine.believed = self.go_ahead, self.approve, self.believed
        return engine

    # --- what came of it ----------------------------------------------------------------------------------------------------------

    def writes(self) -> list[Call]:
        """All that the systems saw of Accord so far."""
        return sorted((call for world in self.worlds.values() for call in world.writes()), key=lambda call: call.at)

    def pairs(self, flow: str) -> list[tuple[str, str]]:
        return [(link.left, link.right) for link in self.links(flow)]

    def links(self, flow: str) -> list[Link]:
        return list(self.store.list_links(flow))

    def links_of_all(self) -> list[Link]:
        return list(self.store.list_links(limit=1000))

    def waiting(self) -> list[Pending]:
        return list(self.store.list_pending())

    def journal(self) -> list[Intent]:
        return list(self.store.intents(tuple(IntentState), 1000))

    def left(self, datatype: str, id: str) -> Mapping[str, Any]:
        return self.crm.live(datatype)[id]

    def right(self, datatype: str, id: str) -> Mapping[str, Any]:
        return self.register.live(datatype)[id]


@contextmanager
def stage(
    rules: Rules | None = None,
    flows: Mapping[str, Mapping[str, Any]] | None = None,
    *,
    left: MemoryDatatype | None = None,
    right: MemoryDatatype | None = None,
    quotes: bool = False,
    wide: bool = False,
) -> Iterator[Stage]:
    """Set the stage, and clear it away.

    ``rules``: for all flows; ``flows``: what is special about one, by its name; ``left``, ``right``: what the systems can do; ``quotes``:
    quotes become invoices as orders do; ``wide``: products that go both ways and users that go one way.
    """
    dataflow, _ = dataflow_of(rules or Rules())
    chosen = list(dataflow.flows)
    if quotes:
        chosen.append(replace(_named(chosen, SALE), name=QUOTE, left="Quote"))
    if wide:
        firms = _named(chosen, COMPANY)
        one_way = tuple(replace(one, direction=Direction.LEFT_TO_RIGHT) for one in firms.properties)
        chosen.append(replace(firms, name=PRODUCT, left="Product", right="Articles"))
        chosen.append(replace(firms, name=USER, left="User", right="Staff", properties=one_way))
    chosen = [replace(flow, **(flows or {}).get(flow.name, {})) for flow in chosen]
    loop = VirtualLoop()
    try:
        with fresh_store(chosen) as store:
            yield Stage(store, loop, replace(dataflow, flows=tuple(chosen)), left or MemoryDatatype(), right or MemoryDatatype())
        loop.run_until_complete(asyncio.sleep(1))
        loop.run_until_complete(loop.shutdown_asyncgens())
    finally:
        loop.close()


def _named(flows: Sequence[Flow], name: str) -> Flow:
    return next(flow for flow in flows if flow.name == name)

"""The end of a simulated history: both worlds, the journal and the state, put before the oracle.

Owns: Scene, which records count as accounted for, what may not change while nothing happens. Does not own: what each promise asks for
(oracle.py).
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from accord.connectors.memory import MemorySystem
from accord.core.mapping import CompiledFlow
from accord.model.dataflow import Dataflow
from accord.model.journal import Intent, IntentState
from accord.model.links import Link, Pending, PendingState
from accord.model.records import RecordRef, Side
from accord.model.values import Value
from accord.store.sqlite import SqliteStore
from accord.testing.oracle import Violation, corresponds, duplicates, idle_writes, lost_edits, missing, noise
from accord.testing.simulation_dataflow import alike, views

ALL = 1_000_000


@dataclass(frozen=True, slots=True)
class Scene:
    """Everything that a history is judged by."""

    dataflow: Dataflow
    compiled: Mapping[str, CompiledFlow]
    worlds: Mapping[Side, MemorySystem]
    store: SqliteStore

    def writes(self) -> int:
        """Accord's calls that the systems saw."""
        return sum(len(world.writes()) for world in self.worlds.values())

    def tells_deletes(self, side: Side, datatype: str) -> bool:
        """Whether a deletion is told: the system does, and the datatype has been listed once to its end."""
        able = self.worlds[side].datatypes[datatype].capabilities()
        return able.sees_deletes and self.store.cursor(side, datatype) is not None

    def met(self, side: Side, datatype: str, id: str) -> bool:
        """Whether a record has a link, or had one."""
        flow = next(one.name for one in self.dataflow.flows if one.datatype(side) == datatype)
        return id in self.store.links(flow, side, [id]) or id in self.store.parted(flow, side, [id])

    def intents(self) -> list[Intent]:
        """The whole journal."""
        return list(self.store.intents(tuple(IntentState), ALL))


@dataclass(frozen=True, slots=True)
class State:
    """What a cycle without anything to do must leave as it is."""

    links: tuple[Link, ...]
    pending: tuple[Pending, ...]
    intents: int


def snapshot(scene: Scene) -> State:
    """The state as it is."""
    pending = sorted(scene.store.list_pending(limit=ALL), key=lambda one: one.row)
    return State(tuple(scene.store.list_links(limit=ALL)), tuple(pending), len(scene.intents()))


def judge(scene: Scene) -> list[Violation]:
    """All promises that can be judged once everything has come to rest."""
    found: list[Violation] = []
    losers = [value for intent in scene.intents() for value in _losers(intent)]
    pending = scene.store.list_pending(limit=ALL)
    for flow in scene.dataflow.flows:
        sides = views(scene.worlds, flow)
        left, right = sides[Side.LEFT], sides[Side.RIGHT]
        waiting = {one.ref for one in pending if one.flow == flow.name} | _parted(scene, flow.name)
        for view in (left, right):
            found += duplicates(view) + idle_writes(view)
        found += missing(left, right, waiting)
        if not right.alone:
            found += missing(right, left, waiting)
        found += corresponds(left, right, waiting, alike(scene.worlds, flow))
        found += lost_edits(left, right, losers, waiting)
    return found + _exclusive(scene.store.list_links(limit=ALL)) + _left_over(pending)


def changed_while_idle(scene: Scene, before: State, calls: Mapping[Side, int]) -> list[Violation]:
    """P2: what the systems saw, and what changed in the state, although nothing had happened. ``calls``: seen by then."""
    found = [one for side, world in scene.worlds.items() for one in noise(world, calls[side])]
    after = snapshot(scene)
    found += [Violation("P2", str(link), "changed while idle") for link in after.links if link not in before.links]
    if after.intents != before.intents:
        found.append(Violation("P2", "journal", f"{after.intents - before.intents} intents while idle"))
    return found


def _losers(intent: Intent) -> list[Value]:
    return [change.replaced for change in intent.operation.changes if change.loser]


def _parted(scene: Scene, flow: str) -> set[RecordRef]:
    """Records whose link has ended: a deletion was noticed and dealt with as the flow says."""
    left, right = next((one.left, one.right) for one in scene.dataflow.flows if one.name == flow)
    kinds = {Side.LEFT: left, Side.RIGHT: right}
    found = set()
    for side, world in scene.worlds.items():
        ids = list(world.order(kinds[side]))
        found |= {RecordRef(side, kinds[side], id) for id in scene.store.parted(flow, side, ids)}
    return found


def _exclusive(links: Sequence[Link]) -> list[Violation]:
    """P8: no record has two live links in one flow."""
    ends = Counter((link.flow, side, link.record(side)) for link in links for side in Side)
    return [Violation("P8", f"{flow} {side} {id}", f"has {count} live links") for (flow, side, id), count in ends.items() if count > 1]


def _left_over(pending: Sequence[Pending]) -> list[Violation]:
    """P1: what settled cycles never got to."""
    rows = [one for one in pending if one.state is PendingState.NEW]
    return [Violation("P1", f"{one.flow} {one.ref}", f"is still to be worked on: {one.cause}") for one in rows]

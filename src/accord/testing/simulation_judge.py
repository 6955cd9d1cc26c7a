"""The end of a simulated history: both worlds, the journal and the state, put before the oracle.

Owns: Scene, which records count as accounted for, what may not change while nothing happens. Does not own: what each promise asks for
(oracle.py).
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from accord.connectors.memory import MemorySystem
from accord.model.journal import Intent, IntentState
from accord.model.links import Link, Pending, PendingState
from accord.model.records import RecordRef, Side
from accord.model.values import Value
from accord.store.sqlite import SqliteStore
from accord.testing.memoryengine import Backup
from accord.testing.oracle import Violation, corresponds, duplicates, idle_writes, lost_edits, missing, noise
from accord.testing.simulation_subject import Subject, Thing, views

ALL = 1_000_000


@dataclass(frozen=True, slots=True)
class Scene:
    """Everything that a history is judged by. ``earlier``: the journals of states that were replaced by older ones."""

    subject: Subject
    worlds: Mapping[Side, MemorySystem]
    store: SqliteStore
    earlier: list[Sequence[Intent]] = field(default_factory=list)

    def restored(self, backup: Backup) -> None:
        """An older state takes the place of the present one; so much later that no system repeats an answer that it gave before."""
        self.earlier.append(self.intents())
        backup.put_back(self.store)
        for world in self.worlds.values():
            world.forget_answers()

    def writes(self) -> int:
        """Accord's calls that had an effect."""
        return sum(call.effect for world in self.worlds.values() for call in world.writes())

    def met(self, side: Side, datatype: str, id: str) -> bool:
        """Whether a record has a link, or had one."""
        flows = [one.name for one in self.subject.dataflow.flows if one.datatype(side) == datatype]
        return any(id in self.store.links(flow, side, [id]) or id in self.store.parted(flow, side, [id]) for flow in flows)

    def intents(self) -> list[Intent]:
        """The whole journal."""
        return list(self.store.intents(tuple(IntentState), ALL))


@dataclass(frozen=True, slots=True)
class State:
    """What a cycle without anything to do must leave as it is."""

    links: tuple[Link, ...]
    intents: int


def snapshot(scene: Scene) -> State:
    """The state as it is."""
    quarantined = scene.store.list_pending(states=(PendingState.QUARANTINED,), limit=ALL)
    intents = scene.intents()
    return State(tuple(scene.store.list_links(limit=ALL)), len(intents) - (sum(map(_refused, intents)) if quarantined else 0))


def judge(scene: Scene) -> list[Violation]:
    """All promises that can be judged once everything has come to rest."""
    found: list[Violation] = []
    losers = [value for intents in (scene.intents(), *scene.earlier) for intent in intents for value in _losers(intent)]
    pending = scene.store.list_pending(limit=ALL)
    for thing in scene.subject.things:
        sides = views(scene.worlds, thing)
        left, right = sides[Side.LEFT], sides[Side.RIGHT]
        again = _used_again(scene, thing)
        waiting = {one.ref for one in pending if one.flow == thing.flow.name} | _parted(scene, thing) | _outside(scene, thing) | again
        for view, other in ((left, right), (right, left)):
            found += duplicates(view, again, other, remade=bool(scene.earlier)) + idle_writes(view)
            found += [] if view.alone else missing(view, other, waiting)
        found += corresponds(left, right, waiting, scene.subject.alike(scene.worlds, thing))
        found += lost_edits(left, right, losers, waiting - _in_part(scene, thing, pending))
    return found + _exclusive(scene.store.list_links(limit=ALL)) + _left_over(pending)


def changed_while_idle(scene: Scene, before: State, calls: Mapping[Side, int]) -> list[Violation]:
    """P2: what the systems saw, and what changed in the state, although nothing had happened. ``calls``: seen by then."""
    quarantined = scene.store.list_pending(states=(PendingState.QUARANTINED,), limit=ALL)  # what was refused is tried again in full cycles
    found = [one for side, world in scene.worlds.items() for one in noise(world, calls[side], refused=not quarantined)]
    after = snapshot(scene)
    found += [Violation("P2", str(link), "changed while idle") for link in after.links if link not in before.links]
    if after.intents != before.intents:
        found.append(Violation("P2", "journal", f"{after.intents - before.intents} intents while idle"))
    return found


def _refused(intent: Intent) -> bool:
    return intent.state is IntentState.REFUSED


def _losers(intent: Intent) -> list[Value]:
    return [change.replaced for change in intent.operation.changes if change.loser]


IN_PART = ("WAIT-01", "REF-01", "REFUSED-02")
"""Rules by which a reference, or a value that cannot be mapped, stays behind, and all else of a linked record crosses."""


def _in_part(scene: Scene, thing: Thing, pending: Sequence[Pending]) -> set[RecordRef]:
    """Linked records of which only such a property is behind: they excuse no lost edit of another one (P13)."""
    refs = [row.ref for row in pending if row.flow == thing.flow.name and row.rule in IN_PART]
    return {ref for ref in refs if ref.id in scene.store.links(thing.flow.name, ref.side, [ref.id])}


def _parted(scene: Scene, thing: Thing) -> set[RecordRef]:
    """Records whose link has ended: a deletion was noticed and dealt with as the flow says."""
    found = set()
    for side, world in scene.worlds.items():
        kind = thing.flow.datatype(side)
        found |= {RecordRef(side, kind, id) for id in scene.store.parted(thing.flow.name, side, list(world.order(kind)))}
    return found


def _used_again(scene: Scene, thing: Thing) -> set[RecordRef]:
    """Records that got the id of a deleted one, what is linked with them, and copies made for an id that is another record's by now:
    Accord may hold them, or link them anew as they are.
    """
    found = set()
    for side, world in scene.worlds.items():
        kind, other = thing.flow.datatype(side), thing.flow.datatype(side.other)
        ids = sorted(id for datatype, id in world.reused if datatype == kind)
        found |= {RecordRef(side, kind, id) for id in ids}
        links = scene.store.links(thing.flow.name, side, ids)
        found |= {RecordRef(side.other, other, link.record(side.other)) for link in links.values()}
        sources = {f"{world.name}:{kind}:{id}" for id in ids}
        found |= {RecordRef(side.other, other, call.id) for call in scene.worlds[side.other].calls if call.reference in sources and call.id}
    return found


def _outside(scene: Scene, thing: Thing) -> set[RecordRef]:
    """Records that the flow's filter leaves out."""
    compiled, found = scene.subject.compiled[thing.flow.name], set()
    for side, world in scene.worlds.items():
        kind = thing.flow.datatype(side)
        found |= {RecordRef(side, kind, id) for id, values in world.live(kind).items() if not compiled.in_scope(side, values)}
    return found


def _exclusive(links: Sequence[Link]) -> list[Violation]:
    """P8: no record has two live links in one flow."""
    ends = Counter((link.flow, side, link.record(side)) for link in links for side in Side)
    return [Violation("P8", f"{flow} {side} {id}", f"has {count} live links") for (flow, side, id), count in ends.items() if count > 1]


def _left_over(pending: Sequence[Pending]) -> list[Violation]:
    """P1: what settled cycles never got to."""
    rows = [one for one in pending if one.state is PendingState.NEW]
    return [Violation("P1", f"{one.flow} {one.ref}", f"is still to be worked on: {one.cause}") for one in rows]

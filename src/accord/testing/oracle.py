"""The judge outside the engine: what two worlds and their call logs say about the promises, whatever the engine's books say.

Owns: one function per promise that can be judged from outside; each gives the violations it found, in a fixed order. Does not own: any
decision of the engine; nothing here imports it. The two things that only the engine can tell, values kept as losers and records still
pending, are passed in. Pure: reads the worlds, changes nothing.

A world is judged when it has settled. Every value a user types must hold a token of its own (``token``), so that an edit that is nowhere
any more is a fact and not an opinion (P4); a token survives trimming and a change of case, but not rounding.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from operator import eq

from accord.connectors.memory import Call, CallKind, MemorySystem, Who
from accord.model.records import RecordRef, Side
from accord.model.values import Raw, RawValues

_TOKEN = re.compile(r"~\d+~")


@dataclass(frozen=True, slots=True)
class Violation:
    """A broken promise ("P4"), where, and in what way."""

    promise: str
    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.promise} {self.where}: {self.what}"


@dataclass(frozen=True, slots=True)
class View:
    """One side of a flow.

    ``key``: the property that makes two records one thing: it crosses, and no user ever edits it; a record without one is none of this
    flow's. ``properties``: two-way property mappings, name -> this system's property. ``alone``: a record here may do without a counterpart
    (the flow does not create from here).
    """

    world: MemorySystem
    side: Side
    datatype: str
    key: str
    properties: Mapping[str, str]
    alone: bool = False

    def key_of(self, id: str) -> Raw:
        """What a record is, deleted or not; None if it never was."""
        state = self.world.state(self.datatype, id)
        return None if state is None else state.values.get(self.key)

    def live(self) -> dict[Raw, list[tuple[str, RawValues]]]:
        """Live records by key."""
        found: dict[Raw, list[tuple[str, RawValues]]] = defaultdict(list)
        for id, values in self.world.live(self.datatype).items():
            if values.get(self.key) is not None:
                found[values[self.key]].append((id, values))
        return found

    def calls(self, who: Who) -> Iterator[Call]:
        """Calls on this datatype that had an effect."""
        return (call for call in self.world.calls if call.who is who and call.effect and call.datatype == self.datatype)

    def where(self, id: str) -> str:
        """A record by name."""
        return f"{self.world.name} {self.datatype} {id}"


def token(number: int) -> str:
    """A text that no other edit holds. Put it into every value that a user types."""
    return f"~{number}~"


def tokens(value: object) -> set[str]:
    """The tokens in a value, at whatever depth."""
    if isinstance(value, str):
        return set(_TOKEN.findall(value))
    if isinstance(value, Mapping):
        return {one for member in value.values() for one in tokens(member)}
    return {one for item in value for one in tokens(item)} if isinstance(value, list | tuple | set | frozenset) else set()


def duplicates(view: View, pending: Collection[RecordRef] = (), other: View | None = None, *, remade: bool = False) -> list[Violation]:
    """P7: creates that took effect more than once for one source record, live or deleted since; and live records that are one thing.

    ``other``: where the sources are, if ids are used again there: then one id is not one source. ``remade``: an older state was put back,
    which knows nothing of copies that were made and deleted since: those do not count.
    """
    made, waiting = defaultdict(list), _keys(pending, view, *([other] if other else []))
    again_used = {id for datatype, id in other.world.reused if datatype == other.datatype} if other else set()
    for call in view.calls(Who.ACCORD):
        if call.kind is CallKind.CREATE and call.reference.rpartition(":")[2] not in again_used:
            made[call.reference].append(call.id)
    forgotten = {id for datatype, id in view.world.reused if datatype == view.datatype}  # nobody can tell any more that it was made
    live = view.world.live(view.datatype) if remade else ()
    for ids in made.values():
        ids[:] = [id for id in ids if id not in forgotten and (id in live or not remade)]
    again = [Violation("P7", view.where(ids[-1]), f"made for {ref} again, after {ids[:-1]}") for ref, ids in made.items() if len(ids) > 1]
    twins = [[id for id, _ in records] for key, records in view.live().items() if len(records) > 1 and key not in waiting]
    return again + [Violation("P7", view.where(ids[-1]), f"is the same thing as {ids[:-1]}") for ids in twins]


def missing(source: View, target: View, pending: Collection[RecordRef] = ()) -> list[Violation]:
    """P1: live records of the source without a live counterpart on the target, but for pending ones."""
    there, waiting = target.live(), _keys(pending, source, target)
    lacking = [(key, id) for key, records in source.live().items() if key not in there for id, _ in records]
    return [Violation("P1", source.where(id), "has no counterpart") for key, id in lacking if key not in waiting]


def corresponds(
    left: View, right: View, pending: Collection[RecordRef] = (), same: Mapping[str, Callable[[Raw, Raw], bool]] | None = None
) -> list[Violation]:
    """P1: live counterparts whose two-way properties differ, but for pending ones. ``same``: by mapping name; left out means ``==``."""
    found, others, waiting = [], right.live(), _keys(pending, left, right)
    for key, records in left.live().items():
        for id, values in records if key not in waiting else ():
            for other_id, other in others.get(key, ()):
                for name, here in left.properties.items():
                    one, two = values.get(here), other.get(right.properties[name])
                    alike: Callable[[Raw, Raw], bool] = (same or {}).get(name, eq)
                    if not alike(one, two):
                        found.append(Violation("P1", left.where(id), f"{name} is {one!r}, but {two!r} in {right.where(other_id)}"))
    return found


def lost_edits(left: View, right: View, losers: Iterable[object], pending: Collection[RecordRef] = ()) -> list[Violation]:
    """P4: tokens that users typed into two-way properties and that are nowhere any more.

    A token is accounted for if it is on both sides; was replaced, deleted or merged away by a user who had it before him; is among
    ``losers`` (values that the journal kept); or is on a thing with a pending row. Where a record may be alone and is, its side suffices.
    """
    views = (left, right)
    kept = {one for value in losers for one in tokens(value)}
    by_users = {one for view in views for call in view.calls(Who.USER) for one in tokens(call.replaced)}
    held = {view.side: _held(view) for view in views}
    lives = {view.side: view.live() for view in views}
    waiting = _keys(pending, left, right)
    found = []
    for view, other in ((left, right), (right, left)):
        for call, name, one in _typed(view):
            key = view.key_of(call.id)
            here, there = (key, name, one) in held[view.side], (key, name, one) in held[other.side]
            alone = view.alone and key not in lives[other.side]
            if not (one in kept or one in by_users or key in waiting or (here and (there or alone))):
                place = "only here" if here else "only on the other side" if there else "nowhere"
                found.append(Violation("P4", view.where(call.id), f"{name} {one}, typed in call {call.number}, is {place}"))
    return found


def echoes(view: View, other: View, slack: int = 0) -> list[Violation]:
    """P6: things that Accord updated more often than users touched them on the other side. ``slack``: more updates a thing may have."""
    caused = Counter(other.key_of(call.id) for call in other.calls(Who.USER))
    ours = Counter(view.key_of(call.id) for call in view.calls(Who.ACCORD) if call.kind is CallKind.UPDATE)
    return [
        Violation("P6", f"{view.world.name} {view.datatype} {key}", f"{count} updates for {caused[key]} edits on the other side")
        for key, count in ours.items()
        if count > caused[key] + slack
    ]


def idle_writes(view: View) -> list[Violation]:
    """P3: updates that sent nothing but what the record held already."""
    return [
        Violation("P3", view.where(call.id), f"call {call.number} changed nothing")
        for call in view.calls(Who.ACCORD)
        if call.kind is CallKind.UPDATE and all(name in call.replaced and call.replaced[name] == sent for name, sent in call.values.items())
    ]


def noise(world: MemorySystem, after: int, refused: bool = True) -> list[Violation]:
    """P2: mutating calls of Accord beyond a call number, that of the last one when all had settled. ``refused``: those, too."""
    calls = [call for call in world.writes(after) if call.effect or refused]
    return [Violation("P2", f"{world.name} {call.datatype} {call.id}", f"{call.kind} in call {call.number}") for call in calls]


def _keys(pending: Collection[RecordRef], *views: View) -> set[Raw]:
    """The things that some pending row is about, from either side."""
    places = {(view.side, view.datatype): view for view in views}
    found = ((places.get((ref.side, ref.datatype)), ref.id) for ref in pending)
    return {view.key_of(id) for view, id in found if view is not None}


def _held(view: View) -> set[tuple[Raw, str, str]]:
    """Key, mapping name and token of all that live records hold."""
    return {
        (key, name, one)
        for key, records in view.live().items()
        for _, values in records
        for name, here in view.properties.items()
        for one in tokens(values.get(here))
    }


def _typed(view: View) -> Iterator[tuple[Call, str, str]]:
    """What users typed into two-way properties: call, mapping name, token."""
    for call in view.calls(Who.USER):
        for name, here in view.properties.items() if view.key_of(call.id) is not None else ():
            for one in sorted(tokens(call.values.get(here))):
                yield call, name, one

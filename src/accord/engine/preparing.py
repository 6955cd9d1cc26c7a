"""The steps map, match, merge and plan over one batch: brings together what the core needs and calls it. Runs on the store's thread.

Owns: which records a batch needs, the look-ups for them, and that no record is worked on twice at once. Decides nothing: that is core/.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from accord.core.flowrules import FlowRules, Half, Pair
from accord.core.leaving import review
from accord.core.mapping import Mapped
from accord.core.matching import Alone, Ambiguous, Counterpart, match, mutual, without_references
from accord.core.planning import Planned, original, plan_create, plan_pair
from accord.core.referring import doubted, places_in_question
from accord.engine.parts import Engine
from accord.model.dataflow import Creation
from accord.model.journal import Candidate
from accord.model.links import Link, Pending, WaitsFor
from accord.model.records import Hint, RecordRef, Seen, Side, Stored


@dataclass(slots=True)
class Work:
    """One batch on its way: what was planned, and the pending rows it answers for.

    ``finished``: rows that need nothing. ``resolved``: references looked up, for reading the answers. ``claimed``: refs that no other
    batch may touch. ``kept``: rows that stay as they are said here.
    """

    planned: list[Planned] = field(default_factory=list)
    finished: set[RecordRef] = field(default_factory=set)
    resolved: dict[WaitsFor, str] = field(default_factory=dict)
    claimed: set[RecordRef] = field(default_factory=set)
    kept: list[Pending] = field(default_factory=list)


class Busy:
    """The records that batches in flight work on."""

    def __init__(self) -> None:
        self._refs: set[RecordRef] = set()

    def claim(self, work: Work, refs: Iterable[RecordRef]) -> bool:
        """Take records for a batch; False, and nothing taken, if one is taken already by this or another batch."""
        wanted = set(refs)
        if wanted & self._refs:
            return False
        self._refs |= wanted
        work.claimed |= wanted
        return True

    def release(self, work: Work) -> None:
        """Let a batch's records go."""
        self._refs -= work.claimed
        work.claimed.clear()


@dataclass(slots=True)
class _Batch:
    """What one batch looks at while it is prepared: stored records and links by id, per side."""

    engine: Engine
    rules: FlowRules
    work: Work
    busy: Busy
    stored: dict[Side, dict[str, Stored]] = field(default_factory=lambda: {side: {} for side in Side})
    parted: dict[Side, Collection[str]] = field(default_factory=dict)
    links: dict[Side, dict[str, Link]] = field(default_factory=lambda: {side: {} for side in Side})

    def claims(self, refs: Iterable[RecordRef]) -> bool:
        return self.busy.claim(self.work, refs)

    def ref(self, side: Side, id: str) -> RecordRef:
        return RecordRef(side, self.rules.flow.datatype(side), id)

    def load(self, side: Side, ids: Iterable[str]) -> None:
        """Fetch stored records not fetched yet, and the references that mapping them needs."""
        missing = [id for id in dict.fromkeys(ids) if id not in self.stored[side]]
        if not missing:
            return
        found = self.engine.store.records(side, self.rules.flow.datatype(side), missing)
        self.stored[side].update(found)
        compiled = self.rules.compiled
        wanted = {w for one in found.values() if one.values is not None for w in compiled.references(side, one.values)}
        self.resolve(wanted)

    def resolve(self, wanted: Iterable[WaitsFor]) -> None:
        """Look references up, and note them both ways: the answer to a write is read back with the inverse. Where other records have the
        same id, that is noted as well.
        """
        unknown = [one for one in wanted if one not in self.work.resolved]
        if not unknown:
            return
        found = dict(self.engine.store.resolve(unknown))
        found |= {WaitsFor(one.flow, one.side.other, id): one.id for one, id in found.items()}
        rivals, kinds = self.rules.compiled.rivals(), self.rules.kinds
        places = places_in_question(found, rivals, kinds) if rivals else {}
        known = {place: self.engine.store.known(*place, list(ids)) for place, ids in places.items()}
        self.work.resolved |= doubted(found, rivals, kinds, known) if known else found

    def half(self, side: Side, id: str, link: Link | None = None) -> Half | None:
        """The record as it is now: from its content, or from the base where nothing has moved; None when neither is known."""
        stored = self.stored[side].get(id)
        if stored is None:
            return None
        compiled, ref = self.rules.compiled, self.ref(side, id)
        if stored.values is not None:
            mapped = compiled.common(side, stored.values, self.work.resolved, link.base(side) if link is not None else {})
            in_scope = compiled.in_scope(side, stored.values)
        elif link is not None or stored.gone:
            mapped, in_scope = Mapped(link.base(side) if link else {}, {}, {}), True
        else:
            return None
        return Half(ref, mapped, stored.values, stored.version, stored.fingerprint, stored.modified, stored.gone, in_scope)


def references_of(engine: Engine, rules: FlowRules, records: Sequence[Seen]) -> Mapping[WaitsFor, str]:
    """The references that mapping these records needs, both ways. Runs on the store's thread."""
    batch = _Batch(engine, rules, Work(), Busy())
    batch.resolve({w for one in records for w in rules.compiled.references(one.ref.side, one.values)})
    return batch.work.resolved


def prepare(engine: Engine, rules: FlowRules, items: Sequence[Pending], busy: Busy) -> Work:
    """Turn pending rows into planned pairs. Rows whose records another batch holds are left for later."""
    batch = _Batch(engine, rules, Work(), busy)
    asked = {side: [item.ref.id for item in items if item.ref.side is side] for side in Side}
    for side in Side:
        batch.links[side] = dict(engine.store.links(rules.flow.name, side, asked[side])) if asked[side] else {}
    _linked(batch)
    lonely = {side: [id for id in asked[side] if id not in batch.links[side]] for side in Side}
    _unlinked(batch, {side: _free(batch, side, ids) for side, ids in lonely.items()})
    return batch.work


def _free(batch: _Batch, side: Side, ids: list[str]) -> list[str]:
    """Those that no other flow keeps in step: a record has one counterpart, whichever of the flows of its datatype found it (P8)."""
    owners = batch.engine.store.owners(side, batch.rules.flow.datatype(side), ids) if ids else {}
    batch.work.finished.update(batch.ref(side, id) for id in owners)
    return [id for id in ids if id not in owners]


def _linked(batch: _Batch) -> None:
    links = {link.id: link for side in Side for link in batch.links[side].values()}
    for side in Side:
        batch.load(side, [link.record(side) for link in links.values()])
    for link in links.values():
        _plan_link(batch, link)


def _plan_link(batch: _Batch, link: Link) -> None:
    refs = [batch.ref(side, link.record(side)) for side in Side]
    left, right = (batch.half(side, link.record(side), link) for side in Side)
    if left is None or right is None:
        batch.engine.store.hint([Hint(ref) for ref, half in zip(refs, (left, right), strict=True) if half is None])  # it is read first
        return
    if not batch.claims(refs):
        return
    batch.work.finished.update(refs)
    batch.work.planned.append(plan_pair(batch.rules, Pair(left, right, link), batch.work.resolved, batch.engine.ids.new()))


def _unlinked(batch: _Batch, lonely: Mapping[Side, list[str]]) -> None:
    """Match records without a link. The left decides, so that a pair is judged the same whichever side moved (P12)."""
    rules, store = batch.rules, batch.engine.store
    rights = store.candidates(rules.flow.name, Side.RIGHT, lonely[Side.RIGHT]) if lonely[Side.RIGHT] else {}
    near = {one.id for found in rights.values() for one in found if not one.taken}
    lefts = list(dict.fromkeys([*lonely[Side.LEFT], *sorted(near)]))
    batch.load(Side.LEFT, lefts)
    batch.load(Side.RIGHT, lonely[Side.RIGHT])
    candidates = store.candidates(rules.flow.name, Side.LEFT, lefts) if lefts else {}
    batch.load(Side.RIGHT, [one.id for found in candidates.values() for one in found])
    for side, ids in ((Side.LEFT, lefts), (Side.RIGHT, lonely[Side.RIGHT])):
        batch.parted[side] = store.parted(rules.flow.name, side, ids) if ids else ()
    lone = [one for id in lefts if (one := _look(batch, Side.LEFT, id, candidates.get(id, ()))) is not None]
    asked = [one.found.id for one in lone if isinstance(one.found, Counterpart)]
    back = store.candidates(rules.flow.name, Side.RIGHT, asked) if asked else {}
    for one in lone:
        found = mutual(one.half.ref.id, one.found, back.get(one.found.id, ())) if isinstance(one.found, Counterpart) else one.found
        _plan_lone(batch, replace(one, found=found))
    for id in lonely[Side.RIGHT]:
        ref = batch.ref(Side.RIGHT, id)
        if ref not in batch.work.claimed:
            _plan_right(batch, ref, rights.get(id, ()))


def _plan_right(batch: _Batch, ref: RecordRef, candidates: Sequence[Candidate]) -> None:
    """A right record without link: its free candidates decide for it; without any it may get a left counterpart."""
    free = {batch.ref(Side.LEFT, one.id) for one in candidates if not one.taken}
    if not free:
        if (lone := _look(batch, Side.RIGHT, ref.id, candidates)) is not None:
            _plan_lone(batch, lone)
    elif free.intersection([*batch.work.finished, *(one.ref for one in batch.work.kept)]):
        batch.work.finished.add(ref)  # otherwise another batch has them in hand, and this one looks again


@dataclass(frozen=True, slots=True)
class _Lone:
    """A record without a link, and what was found for it. ``invalid``: mappings of match properties whose value could not be mapped."""

    half: Half
    found: Counterpart | Alone | Ambiguous
    invalid: Sequence[str]


def _look(batch: _Batch, side: Side, id: str, candidates: Sequence[Candidate]) -> _Lone | None:
    """Match one record; None, and finished, where there is none any more."""
    half = batch.half(side, id)
    if half is None or half.gone:
        batch.work.finished.add(batch.ref(side, id))
        return None
    invalid = _invalid(batch.rules, side, half)
    believed = without_references(candidates) if id in batch.parted[side] else candidates
    return _Lone(half, match(believed, invalid) if half.in_scope else Alone(), invalid)


def _plan_lone(batch: _Batch, lone: _Lone) -> None:
    half, found, ref = lone.half, lone.found, lone.half.ref
    if isinstance(found, Counterpart):
        _plan_fresh(batch, half, found)
    elif not batch.claims([ref]):
        return
    elif isinstance(found, Alone):
        batch.work.finished.add(ref)
        parted = ref.id in batch.parted[ref.side]
        if not parted and (maker := original(batch.rules, half)) is not None:
            batch.engine.store.hint([Hint(maker)])  # it may be there, and not have been read: the state may be an older one
        batch.work.planned.append(plan_create(batch.rules, half, batch.work.resolved, batch.engine.ids.new(), parted))
    elif ref.side is Side.LEFT or batch.rules.flow.create is Creation.BOTH:
        doubts = [f"{name} ({half.mapped.faults[name]})" for name in lone.invalid]
        batch.work.kept.append(review(batch.rules, ref, found, doubts))
    else:
        batch.work.finished.add(ref)


def _plan_fresh(batch: _Batch, half: Half, found: Counterpart) -> None:
    other = batch.half(half.ref.side.other, found.id)
    if other is None or not batch.claims([half.ref, other.ref]):
        return
    halves = {half.ref.side: half, other.ref.side: other}
    left, right = halves[Side.LEFT], halves[Side.RIGHT]
    link = Link(batch.rules.flow.name, left.ref.id, right.ref.id)
    batch.work.finished.update((left.ref, right.ref))
    batch.work.planned.append(plan_pair(batch.rules, Pair(left, right, link), batch.work.resolved, batch.engine.ids.new()))


def _invalid(rules: FlowRules, side: Side, half: Half) -> list[str]:
    """Names of mappings of match properties whose value could not be mapped."""
    parts = {part.left if side is Side.LEFT else part.right for entry in rules.flow.match for part in entry}
    mappings = (rules.compiled.mapping(name) for name in half.mapped.faults)
    return [one.name for one in mappings if parts.intersection(one.left if side is Side.LEFT else one.right)]

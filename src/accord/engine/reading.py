"""The read step: what changed on both sides since the cursors -> durable records, match keys and pending rows.

Owns: one reader per datatype, shared by all flows that use it; when a full listing is cheaper than many single reads. Does not own: paging
(connectors), what counts as the same content (model/records.py fingerprint).
"""

import asyncio
from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TypeAlias

from accord.core.conflicts import instant
from accord.core.guards import suspiciously_empty, suspiciously_many
from accord.core.matching import REFERENCES, reference
from accord.engine.alike import note_alike
from accord.engine.onboarding import shape
from accord.engine.parts import Depth, Engine
from accord.errors import ListingFailed, SystemProblem
from accord.model.capabilities import ChangeCapture
from accord.model.dataflow import Creation, Flow
from accord.model.journal import Absorb, MatchKey
from accord.model.links import PendingState
from accord.model.records import Evidence, Gone, Hint, Known, Observation, Page, RecordRef, Seen, Side, Unreadable
from accord.model.runs import Run

READS_BEFORE_LISTING = 1000
"""So many single reads at most; beyond that one full listing takes fewer calls."""

HINTS_AT_ONCE = 500

LISTINGS_TO_BE_SURE = 3

LONGEST_LAG = timedelta(minutes=15)
"""What a system knew for longer than this, all its listings and replicas know."""

Failures: TypeAlias = Mapping[tuple[Side, str], SystemProblem]
"""Why a side's datatype could not be read."""


async def read(engine: Engine, run: Run, flows: Sequence[Flow], depth: Depth) -> Failures:
    """Read every datatype that the flows use, both sides at once. Gives what could not be read; raises any other error at the end.

    Hints of a datatype that has never been listed wait for its first listing.
    """
    places = list(dict.fromkeys((side, flow.datatype(side)) for flow in flows for side in Side))
    results = await asyncio.gather(*(_read_datatype(engine, run, *place, depth) for place in places), return_exceptions=True)
    for result in results:
        if isinstance(result, BaseException) and not isinstance(result, SystemProblem):
            raise result
    return {place: result for place, result in zip(places, results, strict=True) if isinstance(result, SystemProblem)}


async def _read_datatype(engine: Engine, run: Run, side: Side, datatype: str, depth: Depth) -> None:
    reader = _Reader(engine, run, side, datatype, full=depth is Depth.FULL)
    connector, store = engine.connectors[side], engine.store
    left_off = await engine.keep(_left_off, engine, side, datatype)
    cursor, looked, hints = left_off.cursor, left_off.looked, left_off.hints
    looks = shape(engine, side, datatype)
    if depth is Depth.FULL:
        engine.unlisted.clear()
    if depth is not Depth.QUICK:
        engine.unreadable.clear()
    reader.anew = cursor is not None and looked != looks and depth is not Depth.QUICK
    caught_up = (side, datatype) in engine.caught_up
    if depth is Depth.QUICK and (cursor is None or caught_up):
        await _read_hinted(reader, _most_urgent(engine, left_off))
        return
    if cursor is None or connector.capabilities(datatype).changes is ChangeCapture.LISTING:
        end = await _list(reader, first=cursor is None)
    else:
        end = await reader.follow(connector.changes(datatype, cursor))  # also before a full listing: only changes tell of deletions
        if depth is Depth.FULL or reader.anew or left_off.unsure or len(reader.unread) > READS_BEFORE_LISTING:
            await _list(reader, unsure=left_off.unsure)
    if depth is Depth.FULL:
        await _look_at_older(reader)
    await _read_hinted(reader, _most_urgent(engine, left_off) if caught_up else hints[:READS_BEFORE_LISTING])
    await reader.read_hints(await _not_put_off(reader, caught_up))
    await engine.keep(store.absorb, Absorb(side, datatype, cursor=end))
    if left_off.unsure:
        await engine.keep(store.set, unsure_of(side, datatype), "")
    engine.caught_up.add((side, datatype))
    if looked != looks:
        await engine.keep(store.set, f"shape:{side}:{datatype}", looks)


@dataclass(frozen=True, slots=True)
class _LeftOff:
    """Where reading was left off: the cursor, what shape records were read in, and what was announced since.

    ``new``: ids of hinted records that are not known yet. ``unsure``: what was found by the way may have been deleted before anybody read
    changes, so that no change tells of it.
    """

    cursor: str | None
    looked: str | None
    hints: Sequence[Hint]
    new: Collection[str]
    unsure: bool


def _left_off(engine: Engine, side: Side, datatype: str) -> _LeftOff:
    """Runs on the store's thread."""
    store = engine.store
    cursor = store.cursor(side, datatype)
    hints = () if cursor is None else _hints(engine, side, datatype)
    puts_off = hints and (engine.typing is not None or engine.portion is not None)
    new = _new(engine, side, datatype, hints) if puts_off else ()
    unsure = bool(store.setting(unsure_of(side, datatype)))
    return _LeftOff(cursor, store.setting(f"shape:{side}:{datatype}"), hints, new, unsure)


def _hints(engine: Engine, side: Side, datatype: str) -> Sequence[Hint]:
    """Hints in the store's order, as many as one cycle can use; what was announced lately is always among them."""
    hints = engine.store.hints(side, datatype, 2 * READS_BEFORE_LISTING)
    if len(hints) < 2 * READS_BEFORE_LISTING:
        return hints
    here = {hint.ref for hint in hints}
    heard = [Hint(ref) for ref in engine.heard if (ref.side, ref.datatype) == (side, datatype) and ref not in here]
    return [*heard, *hints]


def unsure_of(side: Side, datatype: str) -> str:
    """The setting that says that known records of a datatype may have been deleted without a change that tells of it."""
    return f"unsure:{side}:{datatype}"


def _new(engine: Engine, side: Side, datatype: str, hints: Iterable[Hint]) -> Collection[str]:
    """Ids of the hinted records that are not known: each may be the counterpart of what is about to be created. On the store's thread."""
    ids = [hint.ref.id for hint in hints]
    return set(ids) - engine.store.known(side, datatype, ids).keys()


def _most_urgent(engine: Engine, left_off: _LeftOff) -> list[Hint]:
    """What a quick cycle reads: all that was announced since, but for what is being typed in, and of the rest a portion.

    A record that is not known yet is never put off: it may be the counterpart that another one is about to be given.
    """
    typing, portion, new = engine.typing, engine.portion, left_off.new
    ready = [hint for hint in left_off.hints if typing is None or hint.ref.id in new or typing.is_over(hint.ref)]
    if portion is None:
        return ready
    announced = [hint for hint in ready if hint.ref in engine.heard or (hint.ref.id in new and hint.ref not in engine.unreadable)]
    others = [hint for hint in ready if hint.ref not in engine.heard and hint.ref.id not in new and hint.ref not in engine.unreadable]
    engine.left = engine.left or len(others) > portion
    return announced + others[:portion]


async def _not_put_off(reader: "_Reader", caught_up: bool) -> Sequence[Hint]:
    """What a feed named and is read at once. In a service most of it is our own writes, and can wait, hinted, for the quick cycles.

    Not so before everything has been read once: then nobody knows yet what happened meanwhile. Nor what is not known yet.
    """
    engine, unread = reader.engine, list(reader.unread.values())
    if engine.portion is None or not caught_up or len(unread) <= engine.portion:
        return unread
    new = await engine.keep(_new, engine, reader.side, reader.datatype, unread)
    unread.sort(key=lambda hint: hint.ref.id not in new)
    many = max(engine.portion, len(new))
    await engine.keep(engine.store.hint, unread[many:])
    engine.left = engine.left or len(unread) > many
    return unread[:many]


async def _read_hinted(reader: "_Reader", hints: Sequence[Hint]) -> None:
    """Read what was hinted at and drop those hints; what could not be looked at, or was announced meanwhile, stays hinted."""
    engine = reader.engine
    engine.heard.difference_update(hint.ref for hint in hints)
    if engine.typing is not None:
        engine.typing.begun(hint.ref for hint in hints)
    unreadable = await reader.read_hints(hints)
    engine.unreadable.update(hint.ref for hint in hints if hint.ref.id in unreadable)
    if done := [hint for hint in hints if hint.ref.id not in unreadable and hint.ref not in engine.heard]:
        await engine.keep(engine.store.unhint, done)


async def _list(reader: "_Reader", first: bool = False, unsure: bool = False) -> str | None:
    """List everything; a listing that is suddenly empty is not believed. Where a system does not tell of deletions, see what is missing.

    ``first``: nothing is known yet, or what a first listing that broke off showed, and what this one skipped would be made a second time.
    Where pages may shift while they are read, it is listed until a listing shows nothing new. ``unsure``: see _LeftOff.
    """
    engine, side, datatype = reader.engine, reader.side, reader.datatype
    listed, end = await reader.list()
    if first and not engine.connectors[side].capabilities(datatype).stable_listing:
        for _ in range(LISTINGS_TO_BE_SURE):
            again, _ = await reader.list()
            if again <= listed:
                break
            listed |= again
    if not listed and suspiciously_empty(0, await engine.keep(engine.store.count, side, datatype)):
        _doubt(reader, "the listing is empty, although records were there before")
    if first or unsure or not engine.connectors[side].capabilities(datatype).sees_deletes:
        await _look_for_missing(reader, listed)
    return end


async def _look_at_older(reader: "_Reader") -> None:
    """Records that a full cycle saw as they were before what is known: each is read, and if that shows it too, it is believed.

    The clock of the system may have been put back, or a backup of it: then what is new there looks old, and would never be taken in.
    """
    engine, side, datatype = reader.engine, reader.side, reader.datatype
    older = sorted(reader.older)
    for start in range(0, len(older), HINTS_AT_ONCE):
        found = await engine.connectors[side].read(datatype, older[start : start + HINTS_AT_ONCE])
        await engine.keep(absorb, engine, side, datatype, found, (), False, True)


def _older(engine: Engine, side: Side, datatype: str, observations: Sequence[Observation]) -> set[str]:
    """Ids of records that are shown as they were before what is known, though that is so old that no listing lags as much.

    Runs on the store's thread.
    """
    seen = [one for one in observations if isinstance(one, Seen) and one.modified is not None]
    known = engine.store.known(side, datatype, [one.ref.id for one in seen])
    doubt, since = engine.connectors[side].capabilities(datatype).granularity, engine.clock.now() - LONGEST_LAG
    return {one.ref.id for one in seen if outdated(one.modified, old := known.get(one.ref.id), doubt) and _before(old, since)}


def _before(known: Known | None, moment: datetime) -> bool:
    return known is not None and known.modified is not None and instant(known.modified) < moment


async def _look_for_missing(reader: "_Reader", listed: frozenset[int]) -> None:
    """Known records that the listing does not show: each is asked for; what is not found has to be missing from a second listing too (P9).

    One that is there, though no listing shows it, is not asked for again before the next full cycle.
    """
    engine, side, datatype = reader.engine, reader.side, reader.datatype
    missing = [id for id in await _missing(reader, listed) if (side, datatype, id) not in engine.unlisted]
    if not missing:
        return
    gone: list[str] = []
    for start in range(0, len(missing), HINTS_AT_ONCE):
        found = await engine.connectors[side].read(datatype, missing[start : start + HINTS_AT_ONCE])
        gone += [one.ref.id for one in found if isinstance(one, Gone)]
        engine.unlisted.update((side, datatype, one.ref.id) for one in found if isinstance(one, Seen))
        await reader.absorb(found, ())
    if gone:
        again, _ = await reader.list()
        absent = [Gone(RecordRef(side, datatype, id), Evidence.ABSENT) for id in gone if hash(id) not in again]
        await engine.keep(absorb, engine, side, datatype, absent)


async def _missing(reader: "_Reader", listed: frozenset[int]) -> list[str]:
    """Ids of known records that were not listed. Raises ListingFailed if they are so many that it is the listing that must be doubted."""
    engine, side, datatype = reader.engine, reader.side, reader.datatype
    known = await engine.keep(engine.store.count, side, datatype)
    if len(listed) >= known:
        return []
    missing: list[str] = []
    after = ""
    while ids := await engine.keep(engine.store.live, side, datatype, after, HINTS_AT_ONCE):
        after = ids[-1]
        missing += [id for id in ids if hash(id) not in listed]
    if suspiciously_many(len(missing), known):
        _doubt(reader, f"{len(missing)} of {known} known records are missing from the listing")
    return missing


def _doubt(reader: "_Reader", why: str) -> None:
    """Raise ListingFailed, unless a person has looked into the system and says that it is so."""
    engine, datatype = reader.engine, reader.datatype
    if (reader.side, datatype) in engine.believed:
        return
    system = engine.connectors[reader.side].system
    remedy = f"Nothing was concluded from it. If they were really removed: accord sync --believe {system}:{datatype}"
    raise ListingFailed(system, f"{datatype}: {why} (GUARD-02)", remedy)


@dataclass(slots=True)
class _Reader:
    """One reading of one datatype. ``unread``: hints by id whose version is not the known one. ``anew``: known content counts as new, since
    the configuration looks at it otherwise than when it was read. ``older``: what looks older than it is known, noted where ``full``.
    """

    engine: Engine
    run: Run
    side: Side
    datatype: str
    unread: dict[str, Hint] = field(default_factory=dict)
    anew: bool = False
    full: bool = False
    shown: set[int] | None = None
    older: set[str] = field(default_factory=set)

    async def list(self) -> tuple[frozenset[int], str | None]:
        """A full listing: hashes of the ids that it showed, which take less room than the ids, and the cursor."""
        shown = self.shown = set[int]()
        try:
            end = await self.follow(self.engine.connectors[self.side].list(self.datatype))
        finally:
            self.shown = None
        return frozenset(shown), end

    async def follow(self, pages: AsyncIterator[Page]) -> str | None:
        """Absorb page after page; give the cursor of the last one."""
        end: Page | None = None
        async for page in pages:
            if self.shown is not None:
                self.shown.update(hash(one.ref.id) for one in page.observations)
            await self.absorb(page.observations, page.hints)
            if page.doubt:
                self.run.doubt(page.doubt)
            end = page
        if end is not None and end.last:
            return end.cursor
        raise ListingFailed(self.engine.connectors[self.side].system, f"{self.datatype}: the listing broke off")

    async def read_hints(self, hints: Iterable[Hint]) -> set[str]:
        """Read hinted records; gives the ids of those that could not be looked at, which are hinted again."""
        unreadable: set[str] = set()
        asked = {hint.ref.id: hint for hint in hints}
        ids = list(asked)
        for start in range(0, len(ids), HINTS_AT_ONCE):
            found = await self.engine.connectors[self.side].read(self.datatype, ids[start : start + HINTS_AT_ONCE])
            behind = await self.engine.keep(_behind, self.engine, self.side, self.datatype, found, asked)
            self.engine.unreadable.update(asked[id].ref for id in behind)
            unreadable |= behind
            await self.absorb(found, ())
            unreadable.update(one.ref.id for one in found if isinstance(one, Unreadable) and not one.lasting)
        return unreadable

    async def absorb(self, observations: Sequence[Observation], hints: Sequence[Hint]) -> None:
        """Make one page durable; what it only hints at is kept for reading."""
        self.run.read += len(observations)
        if self.full:
            self.older |= await self.engine.keep(_older, self.engine, self.side, self.datatype, observations)
        for one in observations:
            self.unread.pop(one.ref.id, None)  # a listing shows it, so it need not be read; what a listing leaves out still has to be
        self.unread.update(await self.engine.keep(absorb, self.engine, self.side, self.datatype, observations, hints, self.anew))


def _behind(engine: Engine, side: Side, datatype: str, found: Sequence[Observation], hints: Mapping[str, Hint]) -> set[str]:
    """Ids of records that are shown as they are known, though a feed names another version: a replica is behind, and they stay hinted.

    Once, and without the version: a feed may number versions in another way than its records do. Runs on the store's thread.
    """
    told = [one for one in found if hints[one.ref.id].version is not None]
    known = engine.store.known(side, datatype, [one.ref.id for one in told]) if told else {}
    behind = [one.ref for one in told if _still(one, known.get(one.ref.id), hints[one.ref.id].version)]
    engine.store.hint([Hint(ref) for ref in behind])
    return {ref.id for ref in behind}


def _still(shown: Observation, known: Known | None, told: str | None) -> bool:
    if isinstance(shown, Gone):
        return known is None and shown.evidence is Evidence.NOT_FOUND
    return isinstance(shown, Seen) and known is not None and shown.version == known.version != told and not known.gone


def absorb(
    engine: Engine,
    side: Side,
    datatype: str,
    observations: Sequence[Observation],
    hints: Sequence[Hint] = (),
    force: bool = False,
    older: bool = False,
) -> dict[str, Hint]:
    """Sort a page into new content, new versions of known content, and deletions; keep it in one transaction.

    Runs on the store's thread. ``force``: content counts as new even if it is the known one. Gives the hints that have to be read.
    What is clearly older than what is known already, from a listing or an index that lags, says nothing, unless ``older`` says that it
    is believed.
    """
    gone = {one.ref.id: one for one in observations if isinstance(one, Gone)}
    known = engine.store.known(side, datatype, [*(one.ref.id for one in observations), *(hint.ref.id for hint in hints)])
    doubt = engine.connectors[side].capabilities(datatype).granularity
    shown = [one for one in observations if isinstance(one, Seen)]
    seen = {one.ref.id: one for one in shown if older or not outdated(one.modified, known.get(one.ref.id), doubt)}
    fresh = [one for one in seen.values() if force or _is_new(one, known.get(one.ref.id))]
    versions = [
        Known(id, one.version, one.fingerprint)
        for id, one in seen.items()
        if (old := known.get(id)) and not _is_new(one, old) and old.version != one.version
    ]
    lost = [one for id, one in gone.items() if id in known and not known[id].gone and one.evidence is not Evidence.NOT_FOUND]
    flows = engine.interested(side, datatype)
    unreadable = [Hint(one.ref) for one in observations if isinstance(one, Unreadable) and not one.lasting]
    if fresh or lost:
        for flow in flows:
            engine.store.release(flow.name, (PendingState.REVIEW,))  # what was doubtful may be plain now
    if fresh or versions or lost:
        whole = _with_what_was_shown(engine, side, datatype, fresh, known)
        keys = [key for flow in flows for one in whole for key in _keys(engine, flow, side, one)]
        engine.store.absorb(Absorb(side, datatype, fresh, versions, lost, keys, [flow.name for flow in flows]))
    note_alike(engine, side, datatype, [one.ref.id for one in fresh])
    if unreadable:
        engine.store.hint(unreadable)
    return {hint.ref.id: hint for hint in hints if _unread(hint, known.get(hint.ref.id))}


def _with_what_was_shown(engine: Engine, side: Side, datatype: str, fresh: Sequence[Seen], known: Mapping[str, Known]) -> Sequence[Seen]:
    """The records with properties that they do not show any more as they were: absent is not empty, and costs nobody a counterpart."""
    wanted = {name for flow in engine.interested(side, datatype) for name in engine.compiled[flow.name].wanted(side)}
    lacking = [one.ref.id for one in fresh if one.ref.id in known and not wanted <= one.values.keys()]
    before = engine.store.records(side, datatype, lacking) if lacking else {}
    shown = {id: stored.values for id, stored in before.items() if stored.values is not None}
    return [replace(one, values={**shown[one.ref.id], **one.values}) if one.ref.id in shown else one for one in fresh]


def keep_keys(engine: Engine, records: Sequence[Seen]) -> None:
    """Keep the match keys of records as the systems answered them: what Accord made is somebody's candidate as well.

    Runs on the store's thread.
    """
    for side, datatype in dict.fromkeys((one.ref.side, one.ref.datatype) for one in records):
        mine = [one for one in records if (one.ref.side, one.ref.datatype) == (side, datatype)]
        keys = [key for flow in engine.interested(side, datatype) for one in mine for key in _keys(engine, flow, side, one)]
        engine.store.absorb(Absorb(side, datatype, keys=keys))


def outdated(modified: str | None, known: Known | None, doubt: float) -> bool:
    """Whether an observation is from before the known one. ``doubt``: seconds within which times do not tell."""
    if modified is None or known is None or known.modified is None:
        return False
    return (instant(known.modified) - instant(modified)).total_seconds() > doubt


def _is_new(seen: Seen, known: Known | None) -> bool:
    return known is None or known.gone or known.fingerprint != seen.fingerprint


def _unread(hint: Hint, known: Known | None) -> bool:
    return known is None or known.gone or hint.version is None or known.version != hint.version


def _keys(engine: Engine, flow: Flow, side: Side, seen: Seen) -> Iterable[MatchKey]:
    compiled = engine.compiled[flow.name]
    if not compiled.in_scope(side, seen.values):
        return
    for criterion, key in compiled.keys(side, seen.values):
        yield MatchKey(flow.name, side, seen.ref.id, criterion, key)
    for maker in (Side.LEFT, Side.RIGHT) if flow.create is Creation.BOTH else (Side.LEFT,):
        carries = engine.connectors[maker.other].capabilities(flow.datatype(maker.other)).reference
        if carries is None:
            continue
        if side is maker:
            yield MatchKey(flow.name, side, seen.ref.id, REFERENCES[maker], reference(engine.dataflow.entry(side).system, seen.ref))
        elif isinstance(mark := seen.values.get(carries), str) and mark:
            yield MatchKey(flow.name, side, seen.ref.id, REFERENCES[maker], mark)

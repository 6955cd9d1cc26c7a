"""Probing: what a manifest says that a system can do, tried on the live system (`accord manifest probe`). Only reads.

Owns: the probes of reading, their verdicts and evidence. Does not own: probes that write (probing_writes.py), the laws of a connector
(testing/), what a command prints. Evidence names properties and counts, never a value: it may be about a person.
"""

from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from functools import partial
from itertools import pairwise

from accord.connectors.live import SIDE, Live, absent_like
from accord.connectors.rest_times import instant, spell
from accord.errors import ListingFailed, SystemRefused
from accord.model.capabilities import ChangeCapture
from accord.model.manifest import Authentication, Datatype, Property
from accord.model.plans import OperationKind, Write
from accord.model.records import Gone, Page, RecordRef, Seen
from accord.model.values import Raw
from accord.ports import Connector

MOST_PAGES = 20
"""How much of a listing is read: enough to see how it pages, not a whole system."""

_SOME = 5
_ACCURATE_SECONDS = 5.0
_ENOUGH_TO_JUDGE = 10


class Verdict(StrEnum):
    """What came of a probe."""

    WORKS = "works"
    DOES_NOT = "does not"
    CANNOT_TELL = "cannot tell"


@dataclass(frozen=True, slots=True)
class Probed:
    """A capability, and whether the system has it. ``evidence``: what was asked and seen."""

    datatype: str
    capability: str
    verdict: Verdict
    evidence: str


Answer = tuple[Verdict, str]
Probe = Callable[[], Awaitable[Answer]]
Tell = Callable[[Probed], None]


@dataclass(slots=True)
class Sight:
    """What a first listing of a datatype showed. ``whole``: it was read to its end. ``cursor``: where changes start from then on."""

    pages: list[Page] = field(default_factory=list)
    whole: bool = False

    @property
    def seen(self) -> list[Seen]:
        """The records."""
        return [one for page in self.pages for one in page.observations if isinstance(one, Seen)]

    @property
    def cursor(self) -> str | None:
        """Of the last page, if it was reached."""
        return self.pages[-1].cursor if self.whole else None


async def probe_reading(live: Live, datatype: str, tell: Tell) -> Sight | None:
    """Probe all that a datatype's manifest says of reading; None when it cannot be listed at all. Raises SystemUnavailable."""
    described = live.manifest.datatypes[datatype]
    connector = live.connect({datatype: frozenset(described.properties)})

    def told(capability: str, answer: Answer) -> None:
        tell(Probed(datatype, capability, *answer))

    try:
        try:
            sight = await _listed(connector, datatype)
        except (ListingFailed, SystemRefused) as error:
            told("list", (Verdict.DOES_NOT, error.message))
            return None
        told("list", _listing(sight))
        if sight.cursor is not None and live.over_http:  # what another cursor is made of is not for us to know
            told("clock", _clock(live, described, sight.cursor))
        told("sign-in", await _sign_in(live, datatype))
        told("paging", await _paging(live, datatype, sight))
        told("ids and properties", _properties(described, sight.seen))
        for capability, probe in _probes(live, connector, datatype, sight):
            told(capability, await probe())
    finally:
        await connector.close()
    return sight


def probe_system(live: Live, tell: Tell) -> None:
    """Say of what belongs to no datatype what cannot be tried from here."""
    if live.manifest.webhooks is not None:
        what = "events are sent to us: start accord run --listen, have them sent to the address that it prints, and edit a record"
        tell(Probed(live.manifest.system, "webhooks", Verdict.CANNOT_TELL, what))


def _probes(live: Live, connector: Connector, datatype: str, sight: Sight) -> Iterator[tuple[str, Probe]]:
    """The capabilities that the manifest claims, each with its probe."""
    described, seen = live.manifest.datatypes[datatype], sight.seen
    if described.version is not None:
        yield "version", partial(_version, live, described, seen)
    elif not live.over_http and any(one.version is not None for one in seen):
        yield "version", partial(_of_all, "version", seen)
    else:
        yield "version", partial(_not_said, "a record is read again just before it is written, and compared as a whole")
    if described.modified is not None:
        yield "modified", partial(_modified, live, seen)
    if described.read is not None:
        yield "read by id", partial(_read, connector, datatype, seen)
    if described.changes is not None:
        yield "changes", partial(_changes, live, connector, datatype, sight)
        if described.deleted is not None:
            yield "deletions", partial(_deletions, live, connector, datatype)
    if not live.over_http and connector.capabilities(datatype).changes is not ChangeCapture.LISTING:
        yield "changes", partial(_followed, connector, datatype, sight)
    elif described.changes is None:
        yield "changes", partial(_not_said, "each run reads all records and compares them")
    if any(route.find for route in described.create):
        yield "finding", partial(_finding, live, connector, datatype, seen)


async def _listed(connector: Connector, datatype: str, most: int = MOST_PAGES) -> Sight:
    sight = Sight()
    async for page in connector.list(datatype):
        sight.pages.append(page)
        if len(sight.pages) == most:
            break
    sight.whole = sight.pages[-1].last
    return sight


def _listing(sight: Sight) -> Answer:
    ids = [one.ref.id for one in sight.seen]
    read = f"{_count(len(ids), 'record')} in {_count(len(sight.pages), 'page')}"
    if len(ids) != len(set(ids)):
        return Verdict.DOES_NOT, f"{read}, {len(ids) - len(set(ids))} of them twice"
    if not sight.whole:
        return Verdict.WORKS, f"{read}; the rest was not asked for"
    if not ids:
        return Verdict.CANNOT_TELL, "it answered and ended properly, but there is no record; make one and probe again"
    return Verdict.WORKS, f"{read}; it ended properly"


def _clock(live: Live, described: Datatype, cursor: str) -> Answer:
    """The server's time, which the cursor was made of, beside ours."""
    told = instant(cursor, UTC)
    overlap = described.changes.overlap_seconds if described.changes is not None else 0.0
    if told is None:
        return Verdict.DOES_NOT, "the server's time cannot be read"
    ahead = (told + timedelta(seconds=overlap) - live.clock.now()).total_seconds()
    where = f"{abs(ahead):.0f} s {'ahead of' if ahead > 0 else 'behind'} ours"
    if abs(ahead) <= _ACCURATE_SECONDS:
        return Verdict.WORKS, "the server tells its time, which is ours"
    return Verdict.CANNOT_TELL, f"the server tells its time, which is {where}; one of the two clocks is wrong"


async def _sign_in(live: Live, datatype: str) -> Answer:
    """Signed in, it was listed already; without, it must not be."""
    if not live.over_http:
        return Verdict.CANNOT_TELL, "how it is signed in is the connector's own"
    if live.manifest.authentication.kind == "none" and not live.manifest.headers:
        return Verdict.CANNOT_TELL, "the manifest asks for none"
    stranger = replace(live, manifest=replace(live.manifest, authentication=Authentication(), headers={}))
    connector = stranger.connect({datatype: frozenset()})
    try:
        await _listed(connector, datatype, most=1)
    except (SystemRefused, ListingFailed):
        return Verdict.WORKS, "listed with it, refused without it"
    finally:
        await connector.close()
    return Verdict.CANNOT_TELL, "the same is answered without it"


async def _paging(live: Live, datatype: str, sight: Sight) -> Answer:
    """Pages of a third of what was seen, so that there are several."""
    listing = live.manifest.datatypes[datatype].list
    count = len(sight.seen)
    if not live.over_http and count >= 3:
        return await _small_pages(live, datatype, count)
    if listing.paging.kind == "none":
        asked = " although the manifest knows no further ones" if count and count % 10 == 0 else ""
        return Verdict.CANNOT_TELL, f"all {_count(count, 'record')} came in one page{asked}"
    if listing.paging.size_parameter is None and len(sight.pages) > 1:
        return Verdict.WORKS, f"{len(sight.pages)} pages followed each other"
    if count < 3 or listing.paging.size_parameter is None:
        return Verdict.CANNOT_TELL, f"{_count(count, 'record')} came in one page"
    return await _small_pages(live, datatype, count)


async def _small_pages(live: Live, datatype: str, count: int) -> Answer:
    size = max(1, min(count // 3, 100))
    connector = live.connect({datatype: frozenset()}, page_size=size)
    try:
        small = await _listed(connector, datatype, most=3)
    except ListingFailed as error:
        return Verdict.DOES_NOT, f"in pages of {size}: {error.message}"
    finally:
        await connector.close()
    return _pages_differ(small, size)


def _pages_differ(small: Sight, size: int) -> Answer:
    lengths = [len(page.observations) for page in small.pages]
    if max(lengths) > size:
        return Verdict.DOES_NOT, f"pages of {size} were asked for, pages of {max(lengths)} came"
    if len(small.pages) < 2:
        return Verdict.DOES_NOT, f"pages of {size} were asked for, and after the first there was no other"
    ids = [{one.ref.id for one in page.observations} for page in small.pages]
    if any(one & other for one, other in pairwise(ids)):
        return Verdict.DOES_NOT, f"in pages of {size} the same records came again"
    return Verdict.WORKS, f"asked for pages of {size}: {', '.join(map(str, lengths))} records, all different"


def _properties(described: Datatype, seen: Sequence[Seen]) -> Answer:
    """Every property in some record, and values of the type that the manifest gives it."""
    if not seen:
        return Verdict.CANNOT_TELL, "there is no record"
    misfits = []
    for name, each in described.properties.items():
        wrong = [one for one in seen if not fits(each, one.values.get(name))]
        if wrong:
            held = type(wrong[0].values[name]).__name__
            misfits.append(
                f"{name} is no {each.type if not _is_of_type(each, wrong[0].values[name]) else 'option'} in {len(wrong)} ({held})"
            )
    if misfits:
        return Verdict.DOES_NOT, f"of {_count(len(seen), 'record')}: {'; '.join(misfits)}"
    never = [name for name in described.properties if not any(name in one.values for one in seen)]
    if never:
        return Verdict.CANNOT_TELL, f"never there in {_count(len(seen), 'record')}: {', '.join(never)}"
    return Verdict.WORKS, f"{len(described.properties)} properties in {_count(len(seen), 'record')}, all of their types"


def fits(each: Property, value: Raw) -> bool:
    """Whether a raw value is of the type, and one of the options, that the manifest gives its property; nothing at all always is."""
    if value is None or value == "":
        return True
    return _is_of_type(each, value) and (each.options is None or value in each.options)


def _is_of_type(each: Property, value: Raw) -> bool:
    kinds: dict[str, tuple[type, ...]] = {
        "string": (str,),
        "integer": (int,),
        "decimal": (int, Decimal, float),
        "boolean": (bool,),
        "date": (str,),
        "instant": (str, int),
        "list": (list,),
    }
    allowed = (*kinds[each.type], str) if each.format == "text" else kinds[each.type]
    if not isinstance(value, allowed) or (isinstance(value, bool) and each.type != "boolean"):
        return False
    return each.type not in ("date", "instant") or not isinstance(value, str) or instant(value, UTC) is not None


async def _of_all(member: str, seen: Sequence[Seen]) -> Answer:
    told = sum(getattr(one, member) is not None for one in seen)
    if not seen:
        return Verdict.CANNOT_TELL, "there is no record"
    evidence = f"in {told} of {_count(len(seen), 'record')}"
    return (Verdict.WORKS if told == len(seen) else Verdict.DOES_NOT if not told else Verdict.CANNOT_TELL), evidence


async def _not_said(instead: str) -> Answer:
    return Verdict.CANNOT_TELL, f"the manifest names none, which is no fault: {instead}"


async def _version(live: Live, described: Datatype, seen: Sequence[Seen]) -> Answer:
    a_time = described.version == described.modified and not described.unique_version
    young = sum(one.version is None and one.modified is not None for one in seen)
    if a_time and young:
        wait = live.manifest.clock.granularity_seconds + live.manifest.clock.lag_seconds
        what = f"{described.version} is a time, which stands for a version once it is {wait:g} s old"
        return Verdict.CANNOT_TELL, f"{what}; {_count(young, 'record')} changed more lately: probe again in {wait + 1:.0f} s"
    return await _of_all("version", seen)


async def _modified(live: Live, seen: Sequence[Seen]) -> Answer:
    verdict, evidence = await _of_all("modified", seen)
    whole = [one.modified for one in seen if one.modified is not None and "." not in one.modified]
    if verdict is Verdict.WORKS and len(whole) == len(seen) >= _ENOUGH_TO_JUDGE and live.manifest.clock.granularity_seconds < 1:
        return Verdict.CANNOT_TELL, f"{evidence}, all in whole seconds; clock: granularity_seconds: 1 is the careful choice"
    if verdict is Verdict.WORKS and len(whole) < len(seen) and live.manifest.clock.granularity_seconds >= 1:
        return verdict, f"{evidence}, finer than the manifest's clock says; granularity_seconds: 0.001 saves waiting"
    return verdict, evidence


async def _read(connector: Connector, datatype: str, seen: Sequence[Seen]) -> Answer:
    if not seen:
        return Verdict.CANNOT_TELL, "there is no record"
    some = {one.ref.id: one for one in seen[:_SOME]}
    absent = absent_like([one.ref.id for one in seen])
    *found, none = await connector.read(datatype, [*some, absent])
    for one in found:
        if not isinstance(one, Seen):
            return Verdict.DOES_NOT, f"a record that was listed cannot be read: {getattr(one, 'cause', 'it is not there')}"
        if one.fingerprint != some[one.ref.id].fingerprint:
            listed = some[one.ref.id].values
            differ = [name for name in {**listed, **one.values} if listed.get(name, ...) != one.values.get(name, ...)]
            return Verdict.DOES_NOT, f"read and listed differ in {', '.join(differ)}"
    if not isinstance(none, Gone):
        return Verdict.DOES_NOT, f"an id that no record has is not answered with 404: {getattr(none, 'cause', 'a record came')}"
    return Verdict.WORKS, f"{len(some)} were read as they were listed; an unknown id is answered with 404"


async def _changes(live: Live, connector: Connector, datatype: str, sight: Sight) -> Answer:
    """Inclusive from the newest change, and nothing from a time to come."""
    now = live.clock.now()
    times = sorted((moment, one.ref.id) for one in sight.seen if (moment := instant(one.modified, UTC)) is not None)
    if sight.whole and sight.cursor is None:
        return Verdict.DOES_NOT, "the server tells no time (no Date header, nothing at changes.clock)"
    future = await _moved(connector, datatype, max([now, *(moment for moment, _ in times)]) + timedelta(days=1))
    if isinstance(future, str):
        return Verdict.DOES_NOT, future
    if future:
        return Verdict.DOES_NOT, f"since tomorrow {len(future)} changes came: the parameter is not obeyed"
    if not times:
        return Verdict.CANNOT_TELL, "since tomorrow nothing came; no record tells when it changed, to ask for"
    newest, id = times[-1]
    rules = live.manifest.datatypes[datatype].changes
    since = await _moved(connector, datatype, newest - timedelta(seconds=rules.overlap_seconds if rules else 0))
    if isinstance(since, str):
        return Verdict.DOES_NOT, since
    if id not in since:
        return Verdict.DOES_NOT, "since just before the newest change that change does not come"
    return Verdict.WORKS, f"since the newest change {_count(len(since), 'change')} came, with that one; since tomorrow none"


async def _followed(connector: Connector, datatype: str, sight: Sight) -> Answer:
    """The changes since the listing, whatever its cursor is made of."""
    if sight.cursor is None:
        return Verdict.CANNOT_TELL, "the listing was not read to its end, where its cursor is"
    try:
        pages = [page async for page in connector.changes(datatype, sight.cursor)]
    except ListingFailed as error:
        return Verdict.DOES_NOT, error.message
    if not pages or not pages[-1].last or pages[-1].cursor is None:
        return Verdict.DOES_NOT, "since the listing, the changes do not end with a last page and its cursor"
    return (
        Verdict.WORKS,
        f"since the listing {_count(sum(len(p.observations) + len(p.hints) for p in pages), 'change')} came, ended properly",
    )


async def _moved(connector: Connector, datatype: str, since: datetime) -> set[str] | str:
    """The ids that changed since then, deletions left out; or why they cannot be told."""
    moved: set[str] = set()
    try:
        async for page in connector.changes(datatype, spell(since)):
            moved |= {one.ref.id for one in (*page.observations, *page.hints) if not isinstance(one, Gone)}
            if len(moved) > 10_000:
                break
    except ListingFailed as error:
        return error.message
    return moved


async def _deletions(live: Live, connector: Connector, datatype: str) -> Answer:
    gone = 0
    try:
        async for page in connector.changes(datatype, spell(live.clock.now() - timedelta(days=30))):
            gone += sum(isinstance(one, Gone) for one in page.observations)
    except ListingFailed as error:
        return Verdict.DOES_NOT, error.message
    if not gone:
        return Verdict.CANNOT_TELL, "it answers; nothing was deleted within the last 30 days"
    return Verdict.WORKS, f"{_count(gone, 'deletion')} within the last 30 days"


async def _finding(live: Live, connector: Connector, datatype: str, seen: Sequence[Seen]) -> Answer:
    """None for a reference that cannot be there, and a record by the reference that it has."""
    reference = live.manifest.datatypes[datatype].reference
    marked = next((one for one in seen if reference and one.values.get(reference)), None)
    names = [f"accord-trial:{live.run}:never", *([str(marked.values[reference])] if marked and reference else [])]
    known = (marked or seen[0]).values if seen else {}  # some systems are searched by another property first
    writes = [Write(name, OperationKind.CREATE, RecordRef(SIDE, datatype, ""), known, name) for name in names]
    none, *some = await connector.find(datatype, writes)
    if none.records or none.message:
        return Verdict.DOES_NOT, none.message or "a reference that no record has was found"
    if marked is None or not some:
        return Verdict.CANNOT_TELL, "a reference that no record has is not found; no record has one that could be"
    if marked.ref.id not in [one.ref.id for one in some[0].records]:
        return Verdict.DOES_NOT, some[0].message or f"a record with a {reference} is not found by it"
    return Verdict.WORKS, f"a record is found by its {reference}, and none by one that no record has"


def _count(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}".replace(",", " ")

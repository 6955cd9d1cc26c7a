"""Listing, changes, reading by id, and looking for what an earlier create may have made.

Owns: the read half of the connector for one datatype. Does not own: paging, extraction, writing.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from accord.connectors.http import Answer
from accord.connectors.redacting import personal_values
from accord.connectors.rest_answers import Complaint, Malformed, Showing, decode
from accord.connectors.rest_bodies import BodyBuilder
from accord.connectors.rest_calls import Caller
from accord.connectors.rest_paging import Flights, Pager, RawPage
from accord.connectors.rest_paths import every, fill_path, fill_query, look, steps
from accord.connectors.rest_records import Holds, RecordReader
from accord.connectors.rest_times import answered_at, instant, say, spell
from accord.errors import ListingFailed
from accord.model.manifest import Changes, Condition, Datatype, Find, Listing, SystemClock
from accord.model.plans import Found, Write
from accord.model.records import Evidence, Gone, Hint, Observation, Page, RecordRef, Seen, Unreadable
from accord.ports import Clock

BELIEVABLE_SKEW = 900.0
"""Seconds that a system's clock may be ahead of ours before what it says moves no cursor any more."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What the read and the write half of one datatype share. ``flights``: common to all datatypes of the system."""

    base: str
    datatype: Datatype
    system_clock: SystemClock
    caller: Caller
    clock: Clock
    showing: Showing
    flights: Flights
    records: RecordReader
    bodies: BodyBuilder

    def complaint(self, answer: Answer, write: Write) -> Complaint:
        """The server's words about a write, without what the write says about a person."""
        return self.showing.complaint(answer.status, answer.body, personal_values(write.values, self.datatype.properties))


class ReadHalf:
    """The reading calls of one datatype."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._records = parts.records
        self._caller = parts.caller
        self._record = steps(parts.datatype.record)

    async def list(self) -> AsyncIterator[Page]:
        """See Connector.list."""
        changes, ours = self._parts.datatype.changes, self._parts.clock.now()
        async for page, began in self._walk(self._parts.datatype.list, {}, changes.clock if changes else ""):
            observations = self._observe(page, self._parts.datatype.list)
            cursor, doubt = self._onward(began, ours, None) if page.last else _STAYS
            yield Page(observations, last=page.last, cursor=cursor, doubt=doubt)

    async def changes(self, cursor: str) -> AsyncIterator[Page]:
        """See Connector.changes. Deletions come after the changes, and the cursor with the last of all."""
        rules = self._parts.datatype.changes
        since = instant(cursor, self._records.zone)
        if rules is None or since is None:
            raise self._failed("the cursor cannot be read, or changes cannot be asked for; a full listing is needed")
        listing, ours = rules.listing or self._parts.datatype.list, self._parts.clock.now()
        query = {rules.parameter: say(since, self._parts.system_clock)}
        deleted = self._parts.datatype.deleted
        end = _STAYS
        async for page, began in self._walk(listing, query, rules.clock):
            end = self._onward(began, ours, since) if page.last else end
            last = page.last and deleted is None
            seen, hints = self._named(page, rules, listing) if rules.kind == "feed" else (self._observe(page, listing), ())
            yield _page(seen, hints, last, end)
        if deleted is None:
            return
        id_path = steps(deleted.id)
        query = {deleted.parameter: query[rules.parameter]} if deleted.parameter else {}
        async for page, _ in self._walk(deleted.listing, query, ""):
            gone = tuple(Gone(self._ref(each, id_path, deleted.listing), Evidence.TOMBSTONE) for each in page.items)
            yield _page(gone, (), page.last, end)

    async def _walk(self, listing: Listing, query: dict[str, str], clock_path: str) -> AsyncIterator[tuple[RawPage, datetime | None]]:
        parts = self._parts
        pager = Pager(parts.caller, parts.clock, parts.showing, parts.flights, listing, parts.base, clock_path)
        began: datetime | None = None
        pages = pager.pages(query)
        try:
            async for page in pages:
                began = began or page.began
                yield page, began
        finally:
            await pages.aclose()

    def _observe(self, page: RawPage, listing: Listing) -> tuple[Observation, ...]:
        try:
            seen = [self._records.observe(item, page.answered) for item in page.items]
        except LookupError as error:
            raise self._failed(f"{listing.path}: {error}") from error
        return tuple(each for each in seen if each is not None)

    def _named(self, page: RawPage, rules: Changes, listing: Listing) -> tuple[tuple[Gone, ...], tuple[Hint, ...]]:
        """Whom a page of a feed names: as gone where its item already says so, otherwise as a hint."""
        where = [Holds(Condition(path=path, equals=value)) for path, value in rules.where.items()]
        over = [Holds(each) for each in self._parts.datatype.gone_when]
        id_path = steps(rules.id or self._parts.datatype.id)
        version = steps(rules.version) if rules.version else None
        gone: list[Gone] = []
        hints: list[Hint] = []
        for item in page.items:
            if not all(holds(item) for holds in where):
                continue
            ref = self._ref(item, id_path, listing)
            if any(holds(item) for holds in over):
                gone.append(Gone(ref, Evidence.SOFT_DELETED))
            else:
                hints.append(Hint(ref, self._records.mark(look(item, version), page.answered) if version else None))
        return tuple(gone), tuple(hints)

    def _ref(self, item: Any, path: tuple[str, ...], listing: Listing) -> RecordRef:
        value = look(item, path)
        if isinstance(value, bool) or not isinstance(value, str | int) or value == "":
            raise self._failed(f"{listing.path}: an item without {'.'.join(path)}")
        return RecordRef(self._records.side, self._records.name, str(value))

    def _onward(self, began: datetime | None, ours: datetime, since: datetime | None) -> tuple[str | None, str]:
        """The next cursor and what is doubtful about it: from the server's clock, moved back by the overlap, never back behind ``since``.

        None if the server does not tell its time: then the next read is a full one. A clock that jumps ahead would skip all changes until
        real time catches up; so the earlier of the two clocks counts, and a server far ahead of ``ours`` moves nothing.
        """
        changes = self._parts.datatype.changes
        if began is None:
            return _STAYS
        if changes is None:
            return spell(began), ""
        stays = None if since is None else spell(since)
        ahead = (began - ours).total_seconds()
        if ahead > BELIEVABLE_SKEW:
            what = f"{self._records.name}: the clock of {self._caller.system} is {ahead / 60:.0f} minutes ahead of ours"
            return stays, f"{what}; what changed is read from where it was read from before"
        moment = min(began, ours) - timedelta(seconds=changes.overlap_seconds)
        return (stays if since is not None and moment < since else spell(moment)), ""

    def _failed(self, what: str) -> ListingFailed:
        return ListingFailed(self._caller.system, f"{self._records.name}: {what}", "nothing was concluded from it")

    async def one(self, record_id: str) -> Observation:
        """One record by its id. Raises SystemUnavailable, SystemRefused."""
        observation, _ = await self.one_raw(record_id)
        return observation

    async def one_raw(self, record_id: str) -> tuple[Observation, Any]:
        """One record by its id, with what was decoded where it was seen."""
        ref = RecordRef(self._records.side, self._records.name, record_id)
        if self._parts.datatype.read is None:
            return Unreadable(ref, "this datatype cannot be read by id"), None
        try:
            url = self._parts.base + fill_path(self._parts.datatype.read, {"id": record_id})
        except ValueError as error:
            return Unreadable(ref, str(error)), None
        answer = await self._caller.read(url)
        if answer.status in (404, 410):
            return Gone(ref, Evidence.NOT_FOUND), None
        return self.understand(ref, answer)

    def understand(self, ref: RecordRef, answer: Answer) -> tuple[Observation, Any]:
        """What an answer to reading this very record says."""
        if not 200 <= answer.status < 300:
            return Unreadable(ref, self._parts.showing.complaint(answer.status, answer.body).message), None
        try:
            record = look(decode(answer.body), self._record)
        except Malformed as error:
            return Unreadable(ref, str(error)), None
        if not isinstance(record, dict):
            return Unreadable(ref, f"there is no record at {'.'.join(self._record) or 'the body'}"), None
        return self.interpret(ref, record, answered_at(answer.headers)), record

    def interpret(self, ref: RecordRef, record: Any, answered: datetime | None) -> Observation:
        """What a decoded record says, if it is the one that was asked for."""
        try:
            observation = self._records.observe(record, answered)
        except LookupError as error:
            return Unreadable(ref, str(error))
        if observation is None:
            return Unreadable(ref, "the manifest asks to ignore this record", lasting=True)
        if observation.ref.id != ref.id:
            return Unreadable(ref, f"asked for {ref.id}, answered with {observation.ref.id}")
        return observation

    async def find(self, write: Write) -> Found:
        """See Connector.find."""
        plan = self._parts.bodies.create(write.values)
        rules = plan.route.find if plan is not None else None
        if rules is None or not write.reference:
            return Found(write.key, message="this system cannot be searched for it")
        try:
            items = await self._search(rules, write)
        except KeyError as error:
            return Found(write.key, message=f"cannot be searched for without {error.args[0]}")
        except ValueError as error:
            return Found(write.key, message=str(error))
        except ListingFailed as error:
            return Found(write.key, message=error.message)
        records: dict[str, Seen] = {}
        for item, answered in items:
            if write.reference not in (str(each) for each in every(item, steps(rules.compare)) if each is not None):
                continue
            seen = await self._in_full(item, answered)
            if seen is None:
                return Found(write.key, message="something was found that cannot be read")
            records[seen.ref.id] = seen
        return Found(write.key, tuple(records.values()), certain=rules.certain)

    async def _search(self, rules: Find, write: Write) -> Sequence[tuple[Any, datetime | None]]:
        """Items that may be it. Raises KeyError for a value that is not given, ListingFailed when the search did not end properly."""
        values: Mapping[str, Any] = {**write.values, "reference": write.reference}
        path = fill_path(rules.path, values)
        query = fill_query(rules.query, values)
        if rules.paging.kind != "none":
            listing = Listing(path=path, items=rules.items, paging=rules.paging)
            pages = [page async for page, _ in self._walk(listing, _pairs(rules.query, values), "")]
            return [(item, page.answered) for page in pages for item in page.items]
        answer = await self._caller.read(f"{self._parts.base}{path}" + (f"?{query}" if query else ""))
        if answer.status in (404, 410):
            return []
        if not 200 <= answer.status < 300:
            raise self._failed(self._parts.complaint(answer, write).message)
        try:
            found = look(decode(answer.body), steps(rules.items)) if answer.body else []
        except Malformed as error:
            raise self._failed(str(error)) from error
        if isinstance(found, dict):
            found = [found]
        if not isinstance(found, list):
            raise self._failed("the search gave no list")
        return [(item, answered_at(answer.headers)) for item in found]

    async def _in_full(self, item: Any, answered: datetime | None) -> Seen | None:
        """The record that was found. One that is deleted by now counts as found too, so that it does not come back."""
        record_id = self._records.id(item)
        if record_id is None:
            return None
        observation = await self.one(record_id)
        if isinstance(observation, Gone):
            ref = RecordRef(self._records.side, self._records.name, record_id)
            return Seen.of(ref, self._records.values(item, answered))
        return observation if isinstance(observation, Seen) else None


_STAYS: tuple[str | None, str] = (None, "")


def _page(seen: tuple[Observation, ...], hints: tuple[Hint, ...], last: bool, end: tuple[str | None, str]) -> Page:
    """A page of changes; the last one carries where the next call starts, and what is doubtful about that."""
    cursor, doubt = end if last else _STAYS
    return Page(seen, hints, last, cursor, doubt)


def _pairs(query: Mapping[str, str], values: Mapping[str, Any]) -> dict[str, str]:
    """A query's texts with their placeholders filled in, not quoted."""
    filled = dict(query)
    for name, text in query.items():
        for key, value in values.items():
            filled[name] = text = text.replace("{" + key + "}", str(value))
    return filled

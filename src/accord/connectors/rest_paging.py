"""Pages of raw items, one after the other, until the listing has properly ended.

Owns: how pages follow each other, every reason to say that a listing failed, and that a page on its way is not asked for a second time.
Does not own: what the items are (rest_records.py).
"""

import asyncio
import re
from collections.abc import AsyncGenerator, Callable, Coroutine
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote, urljoin

from accord.connectors.http import Answer, Origin
from accord.connectors.rest_answers import Malformed, Showing, decode, encode
from accord.connectors.rest_calls import Caller, place
from accord.connectors.rest_paths import ABSENT, fill_query, look, steps
from accord.connectors.rest_times import answered_at, instant
from accord.errors import ListingFailed, SystemRefused
from accord.model.manifest import Listing
from accord.ports import Clock

_MOST_PAGES = 100_000
_REPEATS = 5  # of a page: a feed of small pages may name the same record again
_LINK = re.compile(r"<([^>]*)>([^,<]*)")


@dataclass(frozen=True, slots=True)
class RawPage:
    """Items as decoded. ``answered``: by the Date header. ``began``: on the first page, the server's time when it was asked."""

    items: list[Any]
    body: Any
    answer: Answer
    answered: datetime | None
    began: datetime | None
    last: bool = False


@dataclass(slots=True)
class _Walk:
    """How far a listing has come."""

    url: str
    number: int
    count: int = 0
    totals: list[int] = field(default_factory=list)
    visited: set[str] = field(default_factory=set)
    first_item: Any = ABSENT
    keys: tuple[Any, ...] = ()
    shown: set[int] = field(default_factory=set)
    repeats: int = 0


@dataclass(slots=True)
class _Flight:
    """A fetch on its way, and how many wait for it."""

    task: asyncio.Task[RawPage]
    waiting: int = 0


class Flights:
    """The pages that are on their way. Two datatypes that share a change feed ask for it together, and it is fetched once.

    Only what is still on its way is shared, and the server's time with it: whoever joins counts from when it was asked, not from joining.
    """

    def __init__(self) -> None:
        self._flights: dict[tuple[object, ...], _Flight] = {}

    async def page(self, key: tuple[object, ...], fetch: Callable[[], Coroutine[Any, Any, RawPage]]) -> RawPage:
        """The page that ``fetch`` gives, or gives to somebody else just now; a fetch that nobody waits for any more is broken off."""
        flight = self._flights.get(key)
        if flight is None or flight.task.done():
            flight = self._flights[key] = _Flight(asyncio.create_task(fetch()))
        flight.waiting += 1
        try:
            return await asyncio.shield(flight.task)
        finally:
            flight.waiting -= 1
            if not flight.waiting:
                flight.task.cancel()
                if self._flights.get(key) is flight:
                    del self._flights[key]


class Pager:
    """One listing of one system. ``clock_path``: where the body tells the server's time, "" for the Date header only."""

    def __init__(
        self, caller: Caller, clock: Clock, showing: Showing, flights: Flights, listing: Listing, base: str, clock_path: str = ""
    ) -> None:
        self._caller = caller
        self._clock = clock
        self._showing = showing
        self._flights = flights
        self._paging = listing.paging
        self._items = steps(listing.items)
        self._next = steps(listing.paging.next or "")
        self._total = steps(listing.paging.total) if listing.paging.total else None
        self._server_time = steps(clock_path)
        self._keys = {name: steps(path) for name, path in listing.paging.keys.items()}
        self._path = base + listing.path
        self._query = dict(listing.query)
        if listing.paging.size_parameter:
            self._query[listing.paging.size_parameter] = str(listing.paging.size)
        if listing.paging.kind == "offset":
            self._query[listing.paging.parameter] = "0"
        if listing.paging.kind == "page":
            self._query[listing.paging.parameter] = str(listing.paging.start)

    async def pages(self, extra: dict[str, str]) -> AsyncGenerator[RawPage, None]:
        """All pages; the next one is fetched while the last is worked on. ``extra``: further query.

        Raises ListingFailed, SystemRefused, SystemUnavailable; then nothing may be concluded from what came.
        """
        query = fill_query(self._query | extra, {})
        walk = _Walk(f"{self._path}?{query}" if query else self._path, self._paging.start)
        walk.visited.add(walk.url)
        page = await self._shared(walk.url, first=True)
        ahead: asyncio.Task[RawPage] | None = None
        try:
            while True:
                onward = self._onward(page, walk)
                if onward is None:
                    self._check_total(walk)
                    yield RawPage(page.items, page.body, page.answer, page.answered, page.began, last=True)
                    return
                ahead = asyncio.create_task(self._shared(onward, first=False))
                yield page
                page = await ahead
        finally:
            if ahead is not None:
                ahead.cancel()
                await asyncio.gather(ahead, return_exceptions=True)

    async def _shared(self, url: str, *, first: bool) -> RawPage:
        key = (url, first, self._items, self._server_time)
        return await self._flights.page(key, lambda: self._fetch(url, first=first))

    async def _fetch(self, url: str, *, first: bool) -> RawPage:
        asked = self._clock.monotonic()
        answer = await self._caller.read(url)
        if answer.status == 403:
            raise SystemRefused(self._caller.system, f"{place(url)}: may not be listed (403)", "ask for the right to read it")
        if not 200 <= answer.status < 300:
            raise self._failed(url, self._showing.complaint(answer.status, answer.body).message)
        try:
            body = decode(answer.body)
        except Malformed as error:
            raise self._failed(url, str(error)) from error
        items = look(body, self._items)
        if not isinstance(items, list):
            raise self._failed(url, f"there is no list at {'.'.join(self._items) or 'the body'}")
        answered = answered_at(answer.headers)
        began = self._began(body, answered, self._clock.monotonic() - asked) if first else None
        return RawPage(items, body, answer, answered, began)

    def _began(self, body: Any, answered: datetime | None, elapsed: float) -> datetime | None:
        """The server's time when the first page was asked for: what was committed while it was being made is read again."""
        told = instant(look(body, self._server_time), UTC) if self._server_time else None
        moment = told or answered
        return None if moment is None else moment - timedelta(seconds=elapsed)

    def _onward(self, page: RawPage, walk: _Walk) -> str | None:
        """Where the next page is; None after the last."""
        walk.count += len(page.items)
        self._check_progress(page, walk)
        total = look(page.body, self._total) if self._total is not None else None
        if isinstance(total, int):
            walk.totals.append(total)
        kind = self._paging.kind
        if kind in ("page", "offset"):
            return self._by_number(page, walk)
        if kind == "cursor":
            return self._by_cursor(page, walk)
        if kind == "keyset":
            return self._by_keys(page, walk)
        if kind in ("next_link", "link_header"):
            link = look(page.body, self._next) if kind == "next_link" else _linked(page.answer, self._paging.next)
            return self._by_link(link, walk)
        return None

    def _by_number(self, page: RawPage, walk: _Walk) -> str | None:
        if not page.items or (walk.totals and walk.count >= walk.totals[-1]):
            return None
        if page.items[0] == walk.first_item:
            raise self._failed(walk.url, f"page {walk.number} is the same as the one before")
        walk.first_item = page.items[0]
        walk.number += 1
        return self._with(self._paging.parameter, str(walk.number if self._paging.kind == "page" else walk.count), walk)

    def _by_keys(self, page: RawPage, walk: _Walk) -> str | None:
        """After the last record of the page. One that includes the record it starts after is at its end when it shows nothing else."""
        if not page.items or (walk.totals and walk.count >= walk.totals[-1]):
            return None
        keys = tuple(look(page.items[-1], path) for path in self._keys.values())
        if any(key is ABSENT or key is None or isinstance(key, dict | list) for key in keys):
            raise self._failed(walk.url, "the last record of a page lacks what the next page starts after")
        if keys == walk.keys:
            if self._paging.size_parameter and len(page.items) < self._paging.size:
                return None
            raise self._failed(walk.url, "a page ends where it started; more records have the same keys than a page holds")
        walk.keys = keys
        onward = walk.url
        for name, key in zip(self._keys, keys, strict=True):
            onward = _set(onward, name, str(key))
        return onward

    def _check_progress(self, page: RawPage, walk: _Walk) -> None:
        """A server may lead on for ever, by ever new cursors: to what was shown already, or to page after page without end."""
        if not page.items or self._paging.kind in ("none", "page", "offset"):
            return
        shown = _mark(page.items)
        walk.repeats += shown in walk.shown
        if walk.repeats > _REPEATS:
            raise self._failed(walk.url, "page after page shows just what earlier ones have shown: a loop")
        walk.shown.add(shown)
        if len(walk.shown) > _MOST_PAGES:
            raise self._failed(walk.url, f"there are more than {_MOST_PAGES} pages")

    def _by_cursor(self, page: RawPage, walk: _Walk) -> str | None:
        value = look(page.body, self._next)
        if value is ABSENT:
            raise self._failed(walk.url, f"the page lacks {'.'.join(self._next)}")
        if value is None or value == "":
            return None
        return self._visit(self._with(self._paging.parameter, str(value), walk), walk)

    def _by_link(self, link: Any, walk: _Walk) -> str | None:
        if link is ABSENT or link is None or link == "":
            return None
        try:
            onward = urljoin(walk.url, str(link))
            elsewhere = Origin.of(onward) != Origin.of(walk.url)
        except ValueError:
            elsewhere = True
        if elsewhere:
            raise self._failed(walk.url, "the link to the next page leads to another origin; it was not followed")
        walk.url = onward
        return self._visit(onward, walk)

    def _visit(self, onward: str, walk: _Walk) -> str:
        if onward in walk.visited:
            raise self._failed(onward, "the next page is one that has been read already: a loop")
        walk.visited.add(onward)
        return onward

    def _with(self, parameter: str, value: str, walk: _Walk) -> str:
        """The first address with one parameter set."""
        return _set(walk.url, parameter, value)

    def _check_total(self, walk: _Walk) -> None:
        """What came must be what was announced; while records come and go, somewhere between the totals of the pages."""
        if walk.totals and not min(walk.totals) <= walk.count <= max(walk.totals):
            raise self._failed(walk.url, f"{walk.totals[-1]} records were announced, {walk.count} came")

    def _failed(self, url: str, what: str) -> ListingFailed:
        return ListingFailed(self._caller.system, f"{place(url)}: {what}", "nothing was concluded from it; it will be read again")


def _mark(items: list[Any]) -> int:
    """By which a page is known again."""
    try:
        return hash(encode(items))
    except ValueError:  # half a character, which came and cannot be sent
        return hash(repr(items))


def _set(url: str, parameter: str, value: str) -> str:
    """An address with one parameter of its query set."""
    path, _, query = url.partition("?")
    name = quote(parameter, safe="")
    kept = [each for each in query.split("&") if each and each.partition("=")[0] != name]
    return path + "?" + "&".join([*kept, f"{name}={quote(value, safe='')}"])


def _linked(answer: Answer, name: str | None) -> str | None:
    """The address in the header of this name; without one, that with rel=next of the Link headers."""
    if name:
        return answer.headers.get(name)
    getall = getattr(answer.headers, "getall", None)
    headers = getall("Link", []) if getall else [answer.headers.get("Link", "")]
    for target, parameters in _LINK.findall(",".join(headers)):
        if re.search(r"""\brel\s*=\s*["']?[^"';]*\bnext\b""", parameters, re.IGNORECASE):
            return str(target)
    return None

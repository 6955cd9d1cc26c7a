"""The laws of paging, sizes and resumption notice each planted bug: a law that nothing can break proves nothing."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace

import pytest
from memory_case import BASE, MemoryWorld, subject_of

from accord.connectors.memory import MemoryConnector
from accord.errors import ListingFailed
from accord.model.plans import Outcome, OutcomeKind, Write
from accord.model.records import Observation, Page, Seen, Side
from accord.testing.connector_contract import Bench, Connect, ConnectorContract

LAWS = ConnectorContract()
Law = Callable[[Bench, Connect], object]


class TakesPagesByOffset(MemoryConnector):
    """Of what is there just then, so that a record that goes pulls the others forward; and says that it does not."""

    async def list(self, datatype: str) -> AsyncIterator[Page]:
        offset, last = 0, False
        while not last:
            whole = [page async for page in super().list(datatype)]
            found, size = [one for page in whole for one in page.observations], self.world.datatypes[datatype].page_size
            part, last = tuple(found[offset : offset + size]), offset + size >= len(found)
            offset += size
            yield Page(part, last=last, cursor=whole[-1].cursor if last else None)


class OrdersByTimeOfChange(MemoryConnector):
    async def list(self, datatype: str) -> AsyncIterator[Page]:
        kept = self.world.datatypes[datatype]
        self.world.datatypes[datatype] = replace(kept, shifting=True)
        try:
            async for page in super().list(datatype):
                yield page
        finally:
            self.world.datatypes[datatype] = kept

    def capabilities(self, datatype):
        return replace(super().capabilities(datatype), stable_listing=True)


class StopsAtTheCountOfTheBeginning(MemoryConnector):
    """Newest first, so that what is made meanwhile pushes back what was to come."""

    async def list(self, datatype: str) -> AsyncIterator[Page]:
        size, count, offset, cursor = self.world.datatypes[datatype].page_size, len(self.world.order(datatype)), 0, ""
        while offset < count:
            whole = [page async for page in super().list(datatype)]
            newest, cursor = [one for page in whole for one in page.observations][::-1], cursor or whole[-1].cursor
            part = tuple(newest[offset : offset + size])
            offset += size
            last = offset >= count
            yield Page(part, last=last, cursor=cursor if last else None)


class TakesTheCursorOfChangesAtTheirEnd(MemoryConnector):
    async def changes(self, datatype: str, cursor: str) -> AsyncIterator[Page]:
        async for page in super().changes(datatype, cursor):
            yield replace(page, cursor="2026-12-31T00:00:00Z") if page.last else page


class EndsTwiceOnAFullPage(MemoryConnector):
    async def list(self, datatype: str) -> AsyncIterator[Page]:
        async for page in super().list(datatype):
            yield page
            if page.last and len(page.observations) == self.world.datatypes[datatype].page_size:
                yield replace(page, observations=())


class ReadsAHundredAtMost(MemoryConnector):
    async def read(self, datatype: str, ids: Sequence[str]) -> Sequence[Observation]:
        return await super().read(datatype, ids[:100])


class WritesAFewAtATime(MemoryConnector):
    async def write(self, datatype: str, writes: Sequence[Write]) -> AsyncIterator[Outcome]:
        async for outcome in super().write(datatype, writes[:32]):
            yield outcome


class CutsTexts(MemoryConnector):
    """And answers as if it had not."""

    async def write(self, datatype: str, writes: Sequence[Write]) -> AsyncIterator[Outcome]:
        sent = {write.key: write for write in writes}
        cut = [replace(w, values={n: v[:255].split("\x00")[0].replace("\x01", "").replace("\r", "") if isinstance(v, str) else v
                                  for n, v in w.values.items()}) for w in writes]  # fmt: skip
        async for outcome in super().write(datatype, cut):
            seen = outcome.observation
            yield (
                outcome
                if seen is None
                else replace(
                    outcome, observation=Seen.of(seen.ref, {**seen.values, **sent[outcome.key].values}, seen.version, seen.modified)
                )
            )


class GoesOnWhereSomebodyGaveUp(MemoryConnector):
    """A listing's place is kept in the connector."""

    def __init__(self, *args: object) -> None:
        super().__init__(*args)
        self._given = set()

    async def list(self, datatype: str) -> AsyncIterator[Page]:
        async for page in super().list(datatype):
            fresh = tuple(one for one in page.observations if one.ref not in self._given)
            self._given |= {one.ref for one in fresh}
            yield replace(page, observations=fresh)


class TellsEachChangeOnce(MemoryConnector):
    def __init__(self, *args: object) -> None:
        super().__init__(*args)
        self._told = set()

    async def changes(self, datatype: str, cursor: str) -> AsyncIterator[Page]:
        async for page in super().changes(datatype, cursor):
            fresh = tuple(one for one in page.observations if (one.ref, one.version) not in self._told)
            self._told |= {(one.ref, one.version) for one in fresh}
            yield replace(page, observations=fresh)


class TakesAnyCursorForNow(MemoryConnector):
    async def changes(self, datatype: str, cursor: str) -> AsyncIterator[Page]:
        try:
            async for page in super().changes(datatype, cursor):
                yield page
        except ListingFailed:
            yield Page(last=True, cursor="2026-12-31T00:00:00Z")


class BreaksWhenClosedTwice(MemoryConnector):
    _closed = False

    async def close(self) -> None:
        assert not self._closed
        self._closed = True


class PassesOnWhateverIsSaid(MemoryConnector):
    async def write(self, datatype: str, writes: Sequence[Write]) -> AsyncIterator[Outcome]:
        async for outcome in super().write(datatype, writes):
            yield replace(outcome, message=f"\x1b[31m{outcome.message}") if outcome.kind is OutcomeKind.REFUSED else outcome


class QuotesWholePages(MemoryConnector):
    async def write(self, datatype: str, writes: Sequence[Write]) -> AsyncIterator[Outcome]:
        async for outcome in super().write(datatype, writes):
            yield replace(outcome, message=outcome.message * 1000) if outcome.kind is OutcomeKind.REFUSED else outcome


def alone(law: Callable[[Bench], object]) -> Law:
    return lambda bench, _connect: law(bench)


def hard(text: str) -> Law:
    return lambda bench, _connect: LAWS.test_a_text_that_is_hard_to_hold_is_refused_or_held_as_it_is_answered(bench, text)


def of_size(size: int) -> Law:
    return lambda bench, connect: LAWS.test_a_listing_ends_with_one_last_page_wherever_the_pages_end(bench, connect, size)


PLANTED: list[tuple[type[MemoryConnector], Law]] = [
    (TakesPagesByOffset, LAWS.test_a_record_removed_between_two_pages_hides_no_other),
    (OrdersByTimeOfChange, LAWS.test_an_edit_between_two_pages_hides_no_other),
    (StopsAtTheCountOfTheBeginning, LAWS.test_records_made_between_two_pages_hide_no_other),
    (TakesTheCursorOfChangesAtTheirEnd, LAWS.test_P18_an_edit_while_changes_are_read_is_told_by_the_next),
    (EndsTwiceOnAFullPage, of_size(1)),
    (EndsTwiceOnAFullPage, of_size(4)),
    (ReadsAHundredAtMost, alone(LAWS.test_many_ids_are_read_at_once_in_their_order)),
    (WritesAFewAtATime, alone(LAWS.test_many_writes_at_once_have_an_outcome_each)),
    (CutsTexts, alone(LAWS.test_a_text_that_is_too_long_is_refused_or_held_as_it_is_answered)),
    (CutsTexts, hard("a\x00b")),
    (CutsTexts, hard("a\x01\x1b\x7fb")),
    (CutsTexts, hard("a\r\nb\rc")),
    (GoesOnWhereSomebodyGaveUp, LAWS.test_a_listing_given_up_halfway_can_be_begun_again),
    (TellsEachChangeOnce, LAWS.test_P18_changes_given_up_halfway_are_all_told_again),
    (TellsEachChangeOnce, alone(LAWS.test_P18_an_older_cursor_still_tells_what_newer_ones_have_told)),
    (TakesAnyCursorForNow, alone(LAWS.test_P18_a_cursor_that_is_none_fails_instead_of_telling_that_nothing_changed)),
    (BreaksWhenClosedTwice, LAWS.test_a_connector_may_be_closed_twice),
    (PassesOnWhateverIsSaid, alone(LAWS.test_P19_the_words_of_a_refusal_are_fit_to_be_shown)),
    (QuotesWholePages, alone(LAWS.test_P19_the_words_of_a_refusal_are_fit_to_be_shown)),
]


@pytest.mark.parametrize(("planted", "law"), PLANTED)
def test_each_planted_bug_is_noticed(planted: type[MemoryConnector], law: Law) -> None:
    with asyncio.Runner() as runner:
        for kind, honest in ((MemoryConnector, True), (planted, False)):
            world = MemoryWorld(BASE)

            def connect(size: int | None, kind=kind, world=world) -> MemoryConnector:
                if size is not None:
                    world.system.datatypes["Contact"] = replace(world.system.datatypes["Contact"], page_size=size)
                return kind(world.system, Side.LEFT, {"Contact": ("Name", "Email", "Amount")})

            bench = Bench(runner.run, connect(None), world, subject_of(BASE))
            if honest:
                law(bench, connect)
                continue
            with pytest.raises(AssertionError):
                law(bench, connect)

"""The contract notices each planted bug: a law that nothing can break proves nothing."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace

import pytest
from memory_case import BASE, MemoryWorld, subject_of

from accord.connectors.memory import MemoryConnector
from accord.model.plans import Found, Outcome, OutcomeKind, Write
from accord.model.records import Evidence, Gone, Observation, Page, Seen, Side
from accord.testing.connector_contract import Bench, ConnectorContract

LAWS = ConnectorContract()


class ForgetsTheLastPage(MemoryConnector):
    async def list(self, datatype: str) -> AsyncIterator[Page]:
        async for page in super().list(datatype):
            yield replace(page, last=False)


class RepeatsPages(MemoryConnector):
    async def list(self, datatype: str) -> AsyncIterator[Page]:
        async for page in super().list(datatype):
            yield replace(page, last=False, cursor=None)
            yield page


class TakesTheCursorAtTheEnd(MemoryConnector):
    async def list(self, datatype: str) -> AsyncIterator[Page]:
        async for page in super().list(datatype):
            yield replace(page, cursor="2026-12-31T00:00:00Z") if page.last else page


class SortsWhatItReads(MemoryConnector):
    async def read(self, datatype: str, ids: Sequence[str]) -> Sequence[Observation]:
        return await super().read(datatype, sorted(ids))


class TakesEverySilenceForADeletion(MemoryConnector):
    async def read(self, datatype: str, ids: Sequence[str]) -> Sequence[Observation]:
        found = await super().read(datatype, ids)
        return [Gone(one.ref, Evidence.TOMBSTONE) if isinstance(one, Gone) else one for one in found]


class IgnoresPreconditions(MemoryConnector):
    async def write(self, datatype: str, writes: Sequence[Write]) -> AsyncIterator[Outcome]:
        async for outcome in super().write(datatype, [replace(write, precondition=None) for write in writes]):
            yield outcome


class AnswersWithWhatItSent(MemoryConnector):
    async def write(self, datatype: str, writes: Sequence[Write]) -> AsyncIterator[Outcome]:
        sent = {write.key: write for write in writes}
        async for outcome in super().write(datatype, writes):
            seen = outcome.observation
            yield outcome if seen is None else replace(outcome, observation=Seen.of(seen.ref, sent[outcome.key].values))


class CallsRefusalsFailures(MemoryConnector):
    async def write(self, datatype: str, writes: Sequence[Write]) -> AsyncIterator[Outcome]:
        async for outcome in super().write(datatype, writes):
            yield replace(outcome, kind=OutcomeKind.FAILED) if outcome.kind is OutcomeKind.REFUSED else outcome


class LosesAnOutcome(MemoryConnector):
    async def write(self, datatype: str, writes: Sequence[Write]) -> AsyncIterator[Outcome]:
        for outcome in [one async for one in super().write(datatype, writes)][1:]:
            yield outcome


class SendsNoReference(MemoryConnector):
    async def write(self, datatype: str, writes: Sequence[Write]) -> AsyncIterator[Outcome]:
        async for outcome in super().write(datatype, [replace(write, reference="", idempotency="") for write in writes]):
            yield outcome


class IsNeverCertain(MemoryConnector):
    async def find(self, datatype: str, writes: Sequence[Write]) -> Sequence[Found]:
        return [replace(one, certain=False) for one in await super().find(datatype, writes)]


PLANTED: list[tuple[type[MemoryConnector], Callable[[Bench], object]]] = [
    (ForgetsTheLastPage, LAWS.test_P18_only_the_last_page_says_last_and_carries_a_cursor),
    (RepeatsPages, LAWS.test_list_yields_every_record_exactly_once),
    (TakesTheCursorAtTheEnd, LAWS.test_P18_an_edit_during_the_listing_is_seen_afterwards),
    (SortsWhatItReads, LAWS.test_read_answers_each_id_in_its_order),
    (TakesEverySilenceForADeletion, LAWS.test_P9_a_record_that_is_not_there_is_gone_and_no_error),
    (IgnoresPreconditions, lambda bench: LAWS.test_P5_an_update_on_a_record_that_moved_writes_nothing(bench, versioned=True)),
    (IgnoresPreconditions, LAWS.test_P5_of_two_writes_that_were_planned_alike_the_second_writes_nothing),
    (IgnoresPreconditions, LAWS.test_P11_a_delete_of_a_record_that_moved_deletes_nothing),
    (AnswersWithWhatItSent, LAWS.test_P3_an_update_changes_the_given_properties_only),
    (CallsRefusalsFailures, LAWS.test_P19_refused_values_are_refused_with_words_and_nothing_is_written),
    (LosesAnOutcome, LAWS.test_each_write_of_a_batch_has_exactly_one_outcome),
    (SendsNoReference, LAWS.test_P7_what_a_create_made_is_found_by_its_reference),
    (SendsNoReference, LAWS.test_P7_a_repeated_create_makes_nothing_where_the_system_knows_the_key),
    (IsNeverCertain, LAWS.test_P7_finding_none_is_certain_only_where_the_capability_says_so),
]


@pytest.mark.parametrize(("planted", "law"), PLANTED)
def test_each_planted_bug_is_noticed(planted: type[MemoryConnector], law: Callable[[Bench], object]) -> None:
    with asyncio.Runner() as runner:
        for connector, honest in ((MemoryConnector, True), (planted, False)):
            world = MemoryWorld(BASE)
            bench = Bench(runner.run, connector(world.system, Side.LEFT, {"Contact": ("Name", "Email", "Amount")}), world, subject_of(BASE))
            if honest:
                law(bench)
                continue
            with pytest.raises(AssertionError):
                law(bench)

"""The laws of interruptions notice each planted bug. The connector is the example's, which keeps them (examples/cardbox/tests)."""

import asyncio
import contextlib
import random
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "examples" / "cardbox" / "src"))
sys.path.insert(0, str(Path(__file__).parents[2] / "examples" / "cardbox" / "tests"))

import accord_cardbox
import test_cardbox as example
from accord_cardbox import Cardbox
from accord_cardbox.server import Server

from accord.app.machine import RealClock
from accord.errors import SystemProblem
from accord.model.plans import Found, Outcome, OutcomeKind, Write
from accord.model.records import Evidence, Gone, Observation, Page, RecordRef, Side
from accord.ports import Services
from accord.testing.bench import Bench, Between, Connect, Subject
from accord.testing.contract_interruption import InterruptionContract
from accord.testing.relay import Relay

LAWS = InterruptionContract()
Law = Callable[[Bench, Connect, Between], object]
SUBJECT = Subject(side=Side.LEFT, datatype="Contact", text="Name", other="Note")


class TriesAgain(Cardbox):
    """Whatever was lost, as if it could not have arrived."""

    async def write(self, datatype: str, writes: Sequence[Write]) -> AsyncIterator[Outcome]:
        async for outcome in super().write(datatype, writes):
            yield replace(outcome, kind=OutcomeKind.FAILED) if outcome.kind is OutcomeKind.UNKNOWN else outcome


class CallsTroubleARefusal(Cardbox):
    async def write(self, datatype: str, writes: Sequence[Write]) -> AsyncIterator[Outcome]:
        async for outcome in super().write(datatype, writes):
            trouble = outcome.kind in (OutcomeKind.UNKNOWN, OutcomeKind.FAILED)
            yield replace(outcome, kind=OutcomeKind.REFUSED) if trouble else outcome


class EndsWhereItBreaks(Cardbox):
    async def list(self, datatype: str) -> AsyncIterator[Page]:
        try:
            async for page in super().list(datatype):
                yield page
        except SystemProblem:
            yield Page(last=True, cursor="0")

    async def changes(self, datatype: str, cursor: str) -> AsyncIterator[Page]:
        try:
            async for page in super().changes(datatype, cursor):
                yield page
        except SystemProblem:
            yield Page(last=True, cursor=cursor)


class TakesSilenceForADeletion(Cardbox):
    async def read(self, datatype: str, ids: Sequence[str]) -> Sequence[Observation]:
        try:
            return await super().read(datatype, ids)
        except SystemProblem:
            return [Gone(RecordRef(Side.LEFT, datatype, id), Evidence.NOT_FOUND) for id in ids]


class TakesSilenceForNothingFound(Cardbox):
    async def find(self, datatype: str, writes: Sequence[Write]) -> Sequence[Found]:
        try:
            return await super().find(datatype, writes)
        except SystemProblem:
            return [Found(write.key, certain=True) for write in writes]


class KeepsABrokenConnection(Cardbox):
    _broken: SystemProblem | None = None

    async def list(self, datatype: str) -> AsyncIterator[Page]:
        if self._broken is not None:
            raise self._broken
        try:
            async for page in super().list(datatype):
                yield page
        except SystemProblem as problem:
            self._broken = problem
            raise

    async def changes(self, datatype: str, cursor: str) -> AsyncIterator[Page]:
        if self._broken is not None:
            raise self._broken
        async for page in super().changes(datatype, cursor):
            yield page


def by(way: str, law: Callable[[Bench, Between, str], object]) -> Law:
    return lambda bench, _connect, between: law(bench, between, way)


PLANTED: list[tuple[type[Cardbox], Law]] = [
    (TriesAgain, by("lose_answers", LAWS.test_P7_a_create_that_was_interrupted_is_called_what_it_is)),
    (TriesAgain, by("lose_answers", LAWS.test_P26_an_update_that_was_interrupted_is_called_what_it_is)),
    (TriesAgain, by("lose_answers", LAWS.test_P26_a_delete_that_was_interrupted_is_called_what_it_is)),
    (CallsTroubleARefusal, by("cut_off", LAWS.test_P7_a_create_that_was_interrupted_is_called_what_it_is)),
    (CallsTroubleARefusal, by("cut_off", LAWS.test_P26_an_update_that_was_interrupted_is_called_what_it_is)),
    (CallsTroubleARefusal, by("cut_off", LAWS.test_P26_a_delete_that_was_interrupted_is_called_what_it_is)),
    (EndsWhereItBreaks, by("cut_off", LAWS.test_P9_a_listing_that_was_interrupted_has_failed)),
    (EndsWhereItBreaks, by("lose_answers", LAWS.test_P18_changes_that_were_interrupted_have_failed)),
    (EndsWhereItBreaks, LAWS.test_P9_a_listing_that_breaks_between_two_pages_has_failed_or_is_whole),
    (TakesSilenceForADeletion, by("cut_off", LAWS.test_P9_a_record_that_cannot_be_asked_for_is_not_gone)),
    (TakesSilenceForNothingFound, by("lose_answers", LAWS.test_P7_a_search_that_was_interrupted_proves_nothing)),
    (KeepsABrokenConnection, lambda bench, _, between: LAWS.test_after_an_interruption_the_same_connector_goes_on(bench, between)),
]


@pytest.fixture
def server() -> Iterator[Server]:
    with Server(0, "secret") as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(("planted", "law"), PLANTED)
def test_each_planted_bug_is_noticed(planted: type[Cardbox], law: Law, server: Server) -> None:
    with contextlib.closing(Relay("127.0.0.1", server.server_address[1])) as relay, asyncio.Runner() as runner:
        wanted = {"Contact": frozenset({"Name", "Note"})}
        for kind, honest in ((accord_cardbox.Cardbox, True), (planted, False)):

            def connect(size: int | None, kind=kind) -> Cardbox:
                services = Services(
                    side=Side.LEFT, wanted=wanted, secrets=example.NoSecrets(), clock=RealClock(), rng=random.Random(1), page_size=size
                )
                return kind(example.manifest_to(relay.port), services)

            bench = Bench(runner.run, connect(None), example.Users(server), replace(SUBJECT, salt=f"{honest}:"))
            try:
                if honest:
                    law(bench, connect, relay)
                else:
                    with pytest.raises((AssertionError, SystemProblem)):
                        law(bench, connect, relay)
            finally:
                runner.run(bench.connector.close())

"""The laws of interruptions: the way to the system is cut off, or nothing comes back on it. For connectors of any protocol.

Owns: these laws. Does not own: how the way is interrupted (bench.Between; relay.py for TCP, contract_transport.py for HTTP). What was
written in the meantime is asked of the system itself, afterwards. Faults within HTTP have laws of their own (contract_transport.py).
"""

# ruff: noqa: N802  (tests are named after the promises that they defend)

from collections.abc import Callable
from typing import TypeVar

from accord.errors import SystemProblem
from accord.model.capabilities import ChangeCapture, Finding
from accord.model.plans import OutcomeKind
from accord.model.records import Gone, Seen, Unreadable
from accord.testing.bench import Bench, Between, Connect, Listed, done, refused
from accord.testing.laws import CannotTell, cases

T = TypeVar("T")

WAYS = {"cut off": "cut_off", "answers lost": "lose_answers"}
"""The case -> the method of Between."""

PROVES_NOTHING = (OutcomeKind.UNKNOWN, OutcomeKind.FAILED)


class InterruptionContract:
    """What becomes of calls when the way breaks. ``between``: the way of the bench's connector, and of all that ``connect`` makes."""

    @cases("way", WAYS)
    def test_P7_a_create_that_was_interrupted_is_called_what_it_is(self, bench: Bench, between: Between, way: str) -> None:
        if bench.able.create:
            _must_find(bench)
        outcome = _interrupted(between, way, lambda: bench.create(bench.subject.sample(1), "left:Thing:interrupted"))
        if not bench.able.create:
            refused(outcome)
            return
        assert outcome.kind in PROVES_NOTHING, f"{outcome.kind.value}: {outcome.message}"
        assert outcome.message
        bench.world.settle()
        made = len(bench.find("left:Thing:interrupted")[0].records)
        assert made <= (0 if way == "cut_off" or outcome.kind is OutcomeKind.FAILED else 1)

    @cases("way", WAYS)
    def test_P26_an_update_that_was_interrupted_is_called_what_it_is(self, bench: Bench, between: Between, way: str) -> None:
        id = bench.make()
        before, expected = bench.seen(id), bench.expecting(id)
        outcome = _interrupted(between, way, lambda: bench.update(id, {bench.subject.text: "Ours"}, expected))
        if not bench.able.update:
            refused(outcome)
            return
        assert outcome.kind in PROVES_NOTHING, f"{outcome.kind.value}: {outcome.message}"
        after = bench.seen(id)
        if way == "cut_off" or outcome.kind is OutcomeKind.FAILED:
            assert after.fingerprint == before.fingerprint
        else:
            assert after.values in (before.values, {**before.values, bench.subject.text: "Ours"})

    @cases("way", WAYS)
    def test_P26_a_delete_that_was_interrupted_is_called_what_it_is(self, bench: Bench, between: Between, way: str) -> None:
        id = bench.make()
        expected = bench.expecting(id)
        outcome = _interrupted(between, way, lambda: bench.delete(id, expected))
        if not bench.able.delete:
            refused(outcome)
            return
        assert outcome.kind in PROVES_NOTHING, f"{outcome.kind.value}: {outcome.message}"
        if way == "cut_off" or outcome.kind is OutcomeKind.FAILED:
            assert isinstance(bench.read(id)[0], Seen)

    @cases("way", WAYS)
    def test_P9_a_listing_that_was_interrupted_has_failed(self, bench: Bench, between: Between, way: str) -> None:
        bench.make()
        bench.read(bench.subject.absent)
        _must_fail(between, way, lambda: bench.listed())

    @cases("way", WAYS)
    def test_P18_changes_that_were_interrupted_have_failed(self, bench: Bench, between: Between, way: str) -> None:
        start = bench.listed()
        bench.make()
        listing = bench.able.changes is ChangeCapture.LISTING
        _must_fail(between, way, lambda: bench.listed() if listing else bench.changed(start.cursor))

    def test_P9_a_listing_that_breaks_between_two_pages_has_failed_or_is_whole(
        self, bench: Bench, connect: Connect, between: Between
    ) -> None:
        ids = {bench.make(number) for number in range(4)}
        sized = Bench(bench.run, connect(1), bench.world, bench.subject)
        try:
            listed = sized.listed(meanwhile=between.cut_off)
        except SystemProblem:
            return
        finally:
            between.clear()
            bench.run(sized.connector.close())
        assert ids <= {one.ref.id for one in listed.seen}, "it ended as if that had been all"

    @cases("way", WAYS)
    def test_P9_a_record_that_cannot_be_asked_for_is_not_gone(self, bench: Bench, between: Between, way: str) -> None:
        id = bench.make()
        bench.seen(id)
        try:
            (found,) = _interrupted(between, way, lambda: bench.read(id))
        except SystemProblem as problem:
            assert problem.system == bench.connector.system
            assert problem.message
            return
        assert not isinstance(found, Gone), "silence was taken for a deletion"
        assert isinstance(found, Unreadable)

    @cases("way", WAYS)
    def test_P7_a_search_that_was_interrupted_proves_nothing(self, bench: Bench, between: Between, way: str) -> None:
        bench.read(bench.subject.absent)
        try:
            (found,) = _interrupted(between, way, lambda: bench.find("left:Thing:none"))
        except SystemProblem:
            return
        assert not found.certain, "what could not be asked for was taken for not being there"

    def test_after_an_interruption_the_same_connector_goes_on(self, bench: Bench, between: Between) -> None:
        id = bench.make()
        start = bench.listed()
        for way in WAYS.values():
            _must_fail(between, way, lambda: bench.listed())
        bench.edit(id, {bench.subject.text: "Edited"})
        again = bench.listed() if bench.able.changes is ChangeCapture.LISTING else bench.changed(start.cursor)
        assert id in again.moved
        outcome = bench.update(id, {bench.subject.text: "Ours"}, bench.expecting(id))
        if not bench.able.update:
            refused(outcome)
            return
        assert done(outcome).values[bench.subject.text] == "Ours"


def _must_find(bench: Bench) -> None:
    """Raise CannotTell where a record that an interrupted create made could not be found, to be removed."""
    outcome = bench.create(bench.subject.sample(1), "left:Thing:findable")
    bench.world.settle()
    if bench.able.finding is Finding.NONE or done(outcome).ref not in [one.ref for one in bench.find("left:Thing:findable")[0].records]:
        raise CannotTell("what it makes could not be found again, to be removed")


def _interrupted(between: Between, way: str, call: Callable[[], T]) -> T:
    """What a call answers while the way is interrupted."""
    getattr(between, way)()
    try:
        return call()
    finally:
        between.clear()


def _must_fail(between: Between, way: str, call: Callable[[], Listed]) -> None:
    try:
        _interrupted(between, way, call)
    except SystemProblem as problem:
        assert problem.message
        return
    raise AssertionError("it was taken for a listing that ended")

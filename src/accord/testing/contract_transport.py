"""The laws of what lies between: answers that are lost, cut short or no answers at all. Tried by `accord manifest conform`.

Owns: these laws, and the Line that makes the faults on our own side of the wire. The system itself is asked what really happened.
Does not own: how the connector recovers (connectors/rest_calls.py, rest_writing.py).
"""

# ruff: noqa: N802  (tests are named after the promises that they defend)

from collections.abc import Awaitable, Callable, Mapping
from typing import TypeAlias

from accord.connectors.http import Answer, Http, Lost, NotSent
from accord.errors import ListingFailed, SystemRefused
from accord.model.capabilities import Finding
from accord.model.plans import OutcomeKind
from accord.model.records import Unreadable
from accord.testing.bench import Bench, done, refused
from accord.testing.laws import CannotTell, cases

Carry: TypeAlias = Callable[[], Awaitable[Answer]]
Fault: TypeAlias = Callable[[Carry], Awaitable[Answer]]
"""What becomes of a call; it may carry the call to the system first."""

_ALL = 1_000_000

NO_LISTINGS = {
    "a web page": b"<!doctype html><title>Please sign in</title>",
    "cut short": b'{"items": [{"id": ',
    "nothing": b"",
    "another shape": b'"soon"',
}


async def lose_the_answer(carry: Carry) -> Answer:
    """The system gets the call; we get nothing."""
    await carry()
    raise Lost("the answer was lost on purpose")


async def do_not_send(_carry: Carry) -> Answer:
    """The system gets nothing."""
    raise NotSent("the call was held back on purpose")


def answer(status: int, body: bytes = b"", **headers: str) -> Fault:
    """The system gets nothing; we get this."""

    async def fault(_carry: Carry) -> Answer:
        named = {name.replace("_", "-"): text for name, text in headers.items()}
        return Answer(status, named, body)

    return fault


class Line:
    """An Http that can be told what to do with the next calls. ``sent``: how many calls that write were made since then."""

    def __init__(self, http: Http) -> None:
        self._http = http
        self._fault: Fault | None = None
        self._of = ""
        self._left = 0
        self.sent = 0

    def spoil(self, fault: Fault, of: str = "all", times: int = 1) -> None:
        """Let a fault befall the next calls. ``of``: "reads", "writes" or "all"."""
        self._fault, self._of, self._left, self.sent = fault, of, times, 0

    async def request(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None = None) -> Answer:
        """See Http."""
        kind = "reads" if method == "GET" else "writes"
        self.sent += kind == "writes"
        if self._fault is None or not self._left or self._of not in ("all", kind):
            return await self._http.request(method, url, headers, body)
        self._left -= 1
        return await self._fault(lambda: self._http.request(method, url, headers, body))

    async def close(self) -> None:
        """See Http."""
        await self._http.close()


class Lines:
    """All lines of one trial, a connector each; see bench.Between. ``dial``: makes the connections of one."""

    def __init__(self, dial: Callable[[], Http]) -> None:
        self._dial = dial
        self.all: list[Line] = []

    def another(self) -> Line:
        """One more."""
        self.all.append(Line(self._dial()))
        return self.all[-1]

    def cut_off(self) -> None:
        """See bench.Between."""
        for line in self.all:
            line.spoil(do_not_send, times=_ALL)

    def lose_answers(self) -> None:
        """See bench.Between."""
        for line in self.all:
            line.spoil(lose_the_answer, times=_ALL)

    def clear(self) -> None:
        """See bench.Between."""
        for line in self.all:
            line.spoil(do_not_send, times=0)


class TransportContract:
    """Faults between us and the system. ``line``: what the bench's connector speaks through."""

    def test_P7_a_create_whose_answer_is_lost_is_made_at_most_once_and_found(self, bench: Bench, line: Line) -> None:
        if bench.able.create and bench.able.finding is Finding.NONE:
            raise CannotTell("what it makes could not be found again, to be removed")
        bench.read(bench.subject.absent)  # signed in from here on
        line.spoil(lose_the_answer, "writes")
        outcome = bench.create(bench.subject.sample(1), "left:Thing:lost")
        if not bench.able.create:
            refused(outcome)
            return
        assert outcome.kind is OutcomeKind.UNKNOWN or (outcome.kind is OutcomeKind.DONE and bench.able.idempotency_key)
        bench.world.settle()
        found = bench.find("left:Thing:lost")[0].records
        assert len(found) == 1 or (not found and bench.able.finding is Finding.LAGGING)

    def test_P26_a_create_that_was_not_sent_has_failed_and_made_nothing(self, bench: Bench, line: Line) -> None:
        bench.read(bench.subject.absent)
        line.spoil(do_not_send, "writes")
        outcome = bench.create(bench.subject.sample(1), "left:Thing:unsent")
        if not bench.able.create:
            refused(outcome)
            return
        assert outcome.kind is OutcomeKind.FAILED
        assert bench.find("left:Thing:unsent")[0].records == ()

    def test_P26_an_update_whose_answer_is_lost_is_unknown_and_not_repeated(self, bench: Bench, line: Line) -> None:
        id = bench.make()
        expected = bench.expecting(id)
        line.spoil(lose_the_answer, "writes")
        outcome = bench.update(id, {bench.subject.text: "Ours"}, expected)
        if not bench.able.update:
            refused(outcome)
            return
        assert outcome.kind is OutcomeKind.UNKNOWN
        assert line.sent == 1
        assert bench.seen(id).values[bench.subject.text] == "Ours"

    def test_P26_a_delete_whose_answer_is_lost_is_unknown_and_not_repeated(self, bench: Bench, line: Line) -> None:
        id = bench.make()
        bench.seen(id)
        line.spoil(lose_the_answer, "writes")
        outcome = bench.delete(id)
        if not bench.able.delete:
            refused(outcome)
            return
        assert outcome.kind is OutcomeKind.UNKNOWN
        assert line.sent == 1

    @cases("body", NO_LISTINGS)
    def test_P9_an_answer_that_is_no_listing_fails_the_listing(self, bench: Bench, line: Line, body: bytes) -> None:
        bench.make()
        bench.read(bench.subject.absent)
        line.spoil(answer(200, body), "reads")
        try:
            bench.listed()
        except ListingFailed:
            return
        raise AssertionError("it was taken for a listing that ended")

    def test_P9_a_record_answered_with_a_web_page_is_unreadable_and_not_gone(self, bench: Bench, line: Line) -> None:
        id = bench.make()
        bench.seen(id)
        line.spoil(answer(200, NO_LISTINGS["a web page"]), "reads")
        (found,) = bench.read(id)
        assert isinstance(found, Unreadable)

    def test_a_read_that_is_told_to_slow_down_is_made_again(self, bench: Bench, line: Line) -> None:
        id = bench.make()
        bench.seen(id)
        line.spoil(answer(429, Retry_After="1"), "reads")
        assert bench.seen(id).ref.id == id

    def test_a_write_that_is_told_to_slow_down_is_made_once(self, bench: Bench, line: Line) -> None:
        id = bench.make()
        expected = bench.expecting(id)
        line.spoil(answer(429, Retry_After="1"), "writes")
        outcome = bench.update(id, {bench.subject.text: "Ours"}, expected)
        if not bench.able.update:
            refused(outcome)
            return
        assert done(outcome).values[bench.subject.text] == "Ours"

    def test_a_refused_sign_in_stops_reading_and_writing_as_a_whole(self, bench: Bench, line: Line) -> None:
        bench.read(bench.subject.absent)
        line.spoil(answer(401), times=1000)
        try:
            bench.listed()
        except SystemRefused:
            pass
        else:
            raise AssertionError("a listing went on without being signed in")
        outcome = bench.create(bench.subject.sample(1))
        if bench.able.create:
            assert outcome.kind is OutcomeKind.FAILED
            assert outcome.fatal

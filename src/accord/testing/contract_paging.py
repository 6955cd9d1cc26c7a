"""The laws of what moves while it is read, of how much there is, and of going on. Owns them; inherit from testing/connector_contract.py.

Drift: records come, go and change between two pages. Sizes: pages that end just where the records do, many ids and writes at once.
Resumption: what was given up halfway is begun again, and an old cursor is as good as it was.
"""

# ruff: noqa: N802  (tests are named after the promises that they defend)

from collections.abc import AsyncIterator, Callable

from accord.errors import ListingFailed
from accord.model.capabilities import ChangeCapture
from accord.model.plans import OperationKind, OutcomeKind
from accord.model.records import Gone, Page, Seen
from accord.testing.bench import Bench, Connect, Listed, done, refused
from accord.testing.laws import cases, needs

SIZES = {"pages of one": 1, "a page too few": 3, "just the records": 4, "a page too many": 5}
MANY = 40
LONG = "0123456789" * 10_001
"""Longer than any field of a form; not so long that a body is refused for its size before it is looked at."""

HARD = {"a null character": "a\x00b", "control characters": "a\x01\x1b\x7fb", "line ends": "a\r\nb\rc"}


class PagingContract:
    """Drift, sizes, resumption."""

    # --- drift ----------------------------------------------------------------------------------------------------------------------

    def test_a_record_removed_between_two_pages_hides_no_other(self, bench: Bench, connect: Connect) -> None:
        ids = [bench.make(number) for number in range(5)]
        seen = _while_paging(bench, connect, lambda: bench.world.remove(ids[0]))
        assert set(ids[1:]) <= seen

    def test_an_edit_between_two_pages_hides_no_other(self, bench: Bench, connect: Connect) -> None:
        ids = [bench.make(number) for number in range(5)]

        def edits() -> None:
            for id in (ids[0], ids[4]):
                bench.world.edit(id, {bench.subject.text: "Edited"})

        assert set(ids) <= _while_paging(bench, connect, edits)

    def test_records_made_between_two_pages_hide_no_other(self, bench: Bench, connect: Connect) -> None:
        ids = [bench.make(number) for number in range(5)]
        seen = _while_paging(bench, connect, lambda: [bench.world.make(bench.subject.sample(number)) for number in (6, 7)])
        assert set(ids) <= seen

    def test_P18_an_edit_while_changes_are_read_is_told_by_the_next(self, bench: Bench, connect: Connect) -> None:
        start = bench.listed()
        ids = [bench.make(number) for number in range(4)]
        sized = Bench(bench.run, connect(1), bench.world, bench.subject)

        def edit() -> None:
            bench.world.edit(ids[0], {bench.subject.text: "Edited"})

        first = _changed(sized, start, edit)
        bench.world.settle()
        second = _changed(sized, first)
        bench.run(sized.connector.close())
        assert set(ids[1:]) <= first.moved  # the edited one may have moved to a page that had been read already
        assert ids[0] in second.moved

    # --- sizes ----------------------------------------------------------------------------------------------------------------------

    @cases("size", SIZES)
    def test_a_listing_ends_with_one_last_page_wherever_the_pages_end(self, bench: Bench, connect: Connect, size: int) -> None:
        ids = {bench.make(number) for number in range(4)}
        sized = Bench(bench.run, connect(size), bench.world, bench.subject)
        listed = sized.listed()
        bench.run(sized.connector.close())
        assert [page.last for page in listed.pages] == [False] * (len(listed.pages) - 1) + [True]
        assert sorted(one.ref.id for one in listed.seen if one.ref.id in ids) == sorted(ids)

    def test_many_ids_are_read_at_once_in_their_order(self, bench: Bench) -> None:
        asked = [*(bench.make(number) for number in range(3)), bench.subject.absent] * MANY
        found = bench.read(*asked)
        assert [one.ref.id for one in found] == asked
        assert [type(one) for one in found] == [Seen, Seen, Seen, Gone] * MANY

    def test_many_writes_at_once_have_an_outcome_each(self, bench: Bench) -> None:
        creates = [bench.intent(OperationKind.CREATE, values=bench.subject.sample(number)) for number in range(MANY)]
        outcomes = bench.write(*creates)  # which sees to it that each has one
        if not bench.able.create:
            assert {one.kind for one in outcomes} == {OutcomeKind.REFUSED}
            return
        texts = [done(one).values[bench.subject.text] for one in outcomes]
        assert texts == [bench.subject.sample(number)[bench.subject.text] for number in range(MANY)]
        assert len({done(one).ref.id for one in outcomes}) == MANY

    def test_a_text_that_is_too_long_is_refused_or_held_as_it_is_answered(self, bench: Bench) -> None:
        _refused_or_held(bench, LONG)

    @cases("text", HARD)
    def test_a_text_that_is_hard_to_hold_is_refused_or_held_as_it_is_answered(self, bench: Bench, text: str) -> None:
        _refused_or_held(bench, text)

    # --- resumption -----------------------------------------------------------------------------------------------------------------

    def test_a_listing_given_up_halfway_can_be_begun_again(self, bench: Bench, connect: Connect) -> None:
        ids = {bench.make(number) for number in range(3)}
        sized = Bench(bench.run, connect(1), bench.world, bench.subject)
        bench.run(_first_of(sized.connector.list(bench.subject.datatype)))
        again = {one.ref.id for one in sized.listed().seen}
        bench.run(sized.connector.close())
        assert ids <= again

    def test_P18_changes_given_up_halfway_are_all_told_again(self, bench: Bench, connect: Connect) -> None:
        start = bench.listed()
        ids = {bench.make(number) for number in range(3)}
        sized = Bench(bench.run, connect(1), bench.world, bench.subject)
        if bench.able.changes is not ChangeCapture.LISTING:
            bench.run(_first_of(sized.connector.changes(bench.subject.datatype, start.cursor)))
        again = _changed(sized, start)
        bench.run(sized.connector.close())
        assert ids <= again.moved

    def test_P18_an_older_cursor_still_tells_what_newer_ones_have_told(self, bench: Bench) -> None:
        first, second = bench.make(1), bench.make(2)
        start = bench.listed()
        bench.edit(first, {bench.subject.text: "Edited"})
        between = _changed(bench, start)
        bench.edit(second, {bench.subject.text: "Edited"})
        assert second in _changed(bench, between).moved
        assert {first, second} <= _changed(bench, start).moved

    def test_P18_a_cursor_that_is_none_fails_instead_of_telling_that_nothing_changed(self, bench: Bench) -> None:
        bench.make()
        try:
            told = bench.changed("no cursor of this system's")
        except ListingFailed:
            return
        raise AssertionError(f"it told {len(told.moved)} changes")

    def test_a_connector_may_be_closed_twice(self, bench: Bench, connect: Connect) -> None:
        other = Bench(bench.run, connect(None), bench.world, bench.subject)
        other.read(bench.subject.absent)
        for _ in range(2):
            bench.run(other.connector.close())

    # --- words ----------------------------------------------------------------------------------------------------------------------

    @needs("refused", "say what the system says no to: --refused NAME=VALUE")
    def test_P19_the_words_of_a_refusal_are_fit_to_be_shown(self, bench: Bench) -> None:
        if bench.subject.refused is None:
            assert isinstance(bench.read(bench.subject.absent)[0], Gone)  # a system that takes everything has no such words
            return
        outcome = bench.create({**bench.subject.sample(1), **bench.subject.refused})
        refused(outcome)
        assert outcome.message.isprintable(), "control characters are escaped"
        assert len(outcome.message) <= 1000, "long words are cut"


def _while_paging(bench: Bench, connect: Connect, meanwhile: Callable[[], object]) -> set[str]:
    """Ids of a listing in small pages, during which something happens. Where listings are not stable, another one is what counts.

    A record that is edited meanwhile may well come twice.
    """
    sized = Bench(bench.run, connect(2), bench.world, bench.subject)
    listed = sized.listed(meanwhile)
    if not bench.able.stable_listing:
        bench.world.settle()
        listed = sized.listed()
    bench.run(sized.connector.close())
    return {one.ref.id for one in listed.seen}


def _changed(bench: Bench, since: Listed, meanwhile: Callable[[], object] | None = None) -> Listed:
    """The changes since a listing or since changes; another listing where that is how they are seen."""
    if bench.able.changes is ChangeCapture.LISTING:
        return bench.listed(meanwhile)
    return bench.changed(since.cursor, meanwhile)


async def _first_of(pages: AsyncIterator[Page]) -> Page:
    """The first page; then nobody asks for another."""
    async for page in pages:
        closing = getattr(pages, "aclose", None)
        if closing is not None:
            await closing()
        return page
    raise AssertionError("not one page came")


def _refused_or_held(bench: Bench, text: str) -> None:
    """Never cut, dropped or changed behind our back: what is answered is what is read then."""
    id = bench.make()
    before = bench.seen(id)
    outcome = bench.update(id, {bench.subject.text: text}, bench.expecting(id))
    if outcome.kind is OutcomeKind.REFUSED:
        refused(outcome)
        assert bench.seen(id).fingerprint == before.fingerprint
        return
    assert bench.seen(id).values[bench.subject.text] == done(outcome).values[bench.subject.text]

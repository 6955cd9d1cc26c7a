"""The laws of reading: listing, changes, reading by id. Owns them; inherit from testing/connector_contract.py."""

# ruff: noqa: N802  (tests are named after the promises that they defend)

import re
from typing import Any

from accord.model.capabilities import ChangeCapture
from accord.model.records import Evidence, Gone, Unreadable, fingerprint
from accord.testing.bench import Bench, Connect

INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?Z")


class ReadingContract:
    """Listing, changes, reading by id."""

    def test_list_yields_every_record_exactly_once(self, bench: Bench) -> None:
        made = [bench.make(number) for number in range(5)]
        ids = [one.ref.id for one in bench.listed().seen]
        assert len(ids) == len(set(ids))
        assert set(made) <= set(ids)

    def test_P18_only_the_last_page_says_last_and_carries_a_cursor(self, bench: Bench) -> None:
        for number in range(5):
            bench.make(number)
        pages = bench.listed().pages
        assert [page.last for page in pages] == [False] * (len(pages) - 1) + [True]
        assert all(page.cursor is None for page in pages[:-1])

    def test_pages_of_one_yield_what_pages_of_a_thousand_yield(self, bench: Bench, connect: Connect) -> None:
        made = {bench.make(number) for number in range(5)}
        listings = []
        for size in (1, 1000):
            sized = Bench(bench.run, connect(size), bench.world, bench.subject)
            listings.append(
                {one.ref: one.fingerprint for one in sized.listed().seen if one.ref.id in made}
            )  # others may be edited meanwhile
            bench.run(sized.connector.close())
        assert len(listings[0]) == len(made)
        assert listings[0] == listings[1]

    def test_P18_an_edit_during_the_listing_is_seen_afterwards(self, bench: Bench) -> None:
        ids = [bench.make(number) for number in range(3)]
        listing = bench.listed(meanwhile=lambda: bench.world.edit(ids[0], {bench.subject.text: "Edited"}))
        bench.world.settle()
        if bench.able.changes is ChangeCapture.LISTING:
            assert {one.ref.id: one.values[bench.subject.text] for one in bench.listed().seen}[ids[0]] == "Edited"
        else:
            assert ids[0] in bench.changed(listing.cursor).moved

    def test_P18_a_record_made_during_the_listing_is_seen_afterwards(self, bench: Bench) -> None:
        bench.make()
        made: list[str] = []
        listing = bench.listed(meanwhile=lambda: made.append(bench.world.make(bench.subject.sample(2))))
        bench.world.settle()
        again = bench.listed() if bench.able.changes is ChangeCapture.LISTING else bench.changed(listing.cursor)
        assert made[0] in again.moved

    def test_P18_changes_are_inclusive_and_may_be_asked_for_again(self, bench: Bench) -> None:
        id = bench.make()
        start = bench.listed()
        bench.edit(id, {bench.subject.text: "Edited"})
        if bench.able.changes is ChangeCapture.LISTING:
            assert id in bench.listed().moved
            return
        first, second = bench.changed(start.cursor), bench.changed(start.cursor)
        assert id in first.moved
        assert first.moved == second.moved

    def test_P18_changes_end_with_one_last_page_and_a_cursor_from_which_nothing_is_lost(self, bench: Bench) -> None:
        id = bench.make()
        following = bench.listed()
        for turn in range(3):
            bench.edit(id, {bench.subject.text: f"Edited {turn}"})
            following = bench.listed() if bench.able.changes is ChangeCapture.LISTING else bench.changed(following.cursor)
            assert [page.last for page in following.pages].count(True) == 1
            assert following.pages[-1].last
            assert id in following.moved

    def test_P18_a_cursor_outlives_the_connector_that_gave_it(self, bench: Bench, connect: Connect) -> None:
        id = bench.make()
        start = bench.listed()
        bench.edit(id, {bench.subject.text: "Edited"})
        later = Bench(bench.run, connect(None), bench.world, bench.subject)
        again = later.listed() if bench.able.changes is ChangeCapture.LISTING else later.changed(start.cursor)
        bench.run(later.connector.close())
        assert id in again.moved

    def test_P9_a_deletion_is_seen_with_evidence(self, bench: Bench) -> None:
        gone, stays = bench.make(1), bench.make(2)
        start = bench.listed()
        bench.world.remove(gone)
        bench.world.settle()
        if bench.able.sees_deletes and bench.able.changes is not ChangeCapture.LISTING:
            deleted = [one for one in bench.changed(start.cursor).observations if one.ref.id == gone]
            assert len(deleted) == 1
            assert isinstance(deleted[0], Gone)
            assert deleted[0].evidence is not Evidence.NOT_FOUND
        ids = {one.ref.id for one in bench.listed().seen}
        assert stays in ids
        assert gone not in ids
        assert isinstance(bench.read(gone)[0], Gone)

    def test_observations_carry_only_the_wanted_properties(self, bench: Bench) -> None:
        more: dict[str, Any] = {} if bench.subject.unwanted is None else {bench.subject.unwanted: "not asked for"}
        id = bench.world.make(bench.subject.sample(1, **more))
        bench.world.settle()
        listed = next(one for one in bench.listed().seen if one.ref.id == id)
        for seen in (listed, bench.seen(id)):
            assert seen.values[bench.subject.text] == bench.subject.sample(1)[bench.subject.text]
            assert bench.subject.unwanted not in seen.values

    def test_a_record_is_the_same_listed_and_read(self, bench: Bench) -> None:
        id = bench.make()
        listed = next(one for one in bench.listed().seen if one.ref.id == id)
        read = bench.seen(id)
        assert (listed.ref, listed.values, listed.fingerprint) == (read.ref, read.values, read.fingerprint)
        assert listed.ref == bench.subject.ref(id)

    def test_P2_a_fingerprint_tells_content_and_nothing_else(self, bench: Bench) -> None:
        one, same, other = (bench.seen(bench.make(number)) for number in (1, 1, 2))
        assert one.fingerprint == fingerprint(one.values)
        assert one.fingerprint == same.fingerprint
        assert one.fingerprint != other.fingerprint

    def test_a_version_stays_while_nothing_changes_and_moves_when_something_does(self, bench: Bench) -> None:
        id = bench.make()
        first, second = bench.seen(id), bench.seen(id)
        assert first.version == second.version
        bench.edit(id, {bench.subject.text: "Edited"})
        third = bench.seen(id)
        assert third.fingerprint != first.fingerprint
        assert third.version is None or third.version != first.version

    def test_modified_is_an_instant_in_utc_where_the_system_tells_it(self, bench: Bench) -> None:
        modified = bench.seen(bench.make()).modified
        if bench.able.modified_time:
            assert modified is not None
            assert INSTANT.fullmatch(modified)
        else:
            assert modified is None

    def test_read_answers_each_id_in_its_order(self, bench: Bench) -> None:
        ids = [bench.make(number) for number in range(4)]
        asked = [ids[2], bench.subject.absent, ids[0], ids[2], ids[3]]
        assert [one.ref.id for one in bench.read(*asked)] == asked

    def test_read_of_nothing_is_nothing(self, bench: Bench) -> None:
        assert list(bench.read()) == []

    def test_P9_a_record_that_is_not_there_is_gone_and_no_error(self, bench: Bench) -> None:
        removed = bench.make()
        bench.world.remove(removed)
        never, was = bench.read(bench.subject.absent, removed)
        assert never == Gone(bench.subject.ref(bench.subject.absent), Evidence.NOT_FOUND)
        assert isinstance(was, Gone)

    def test_ids_are_byte_exact(self, bench: Bench) -> None:
        id = bench.make()
        for odd in (f"{id} ", f" {id}", f"0{id}", f"{id}/", f"{id}?a=b", f"{id}#", f"../{id}", "%00", "å", "a/b"):
            (found,) = bench.read(odd)
            assert found.ref.id == odd
            assert isinstance(found, Gone | Unreadable), f"{odd!r} is not {id!r}"

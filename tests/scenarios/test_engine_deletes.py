"""Deletions need evidence: a tombstone, or absence that has been looked into twice. Nothing else ever deletes or unlinks anything."""

from collections.abc import AsyncIterator, Callable, Collection
from dataclasses import replace
from typing import Any

import pytest
from engine_stage import Stage, stage

from accord.connectors.memory import MemoryConnector, MemoryDatatype
from accord.errors import ListingFailed
from accord.model.capabilities import ChangeCapture
from accord.model.dataflow import DeletePolicy
from accord.model.records import Gone, Page, Side, Unreadable
from accord.testing.simulation_dataflow import PERSON, Rules

SILENT = MemoryDatatype(changes=ChangeCapture.LISTING, sees_deletes=False)
UNLINK = Rules(deletes=DeletePolicy.UNLINK)
LIST, READ = MemoryConnector.list, MemoryConnector.read


def people(s: Stage, count: int) -> list[tuple[str, str]]:
    for number in range(count):
        s.contact(f"p{number}@sim.example", Name=f"Name {number}")
    s.runs()
    return s.pairs(PERSON)


def leave_out(monkeypatch: pytest.MonkeyPatch, ids: Callable[[], Collection[str]]) -> None:
    """The register's listing leaves records out, asked anew for each listing."""

    async def listing(self: MemoryConnector, datatype: str) -> AsyncIterator[Page]:
        hidden = ids() if self.side is Side.RIGHT else ()
        async for page in LIST(self, datatype):
            yield replace(page, observations=[one for one in page.observations if one.ref.id not in hidden])

    monkeypatch.setattr(MemoryConnector, "list", listing)


def test_P9_what_is_missing_from_two_listings_and_not_found_is_deleted() -> None:
    """Systems that tell nothing of deletions kept their dead links for ever."""
    with stage(UNLINK, right=SILENT) as s:
        pairs = people(s, 4)
        s.register.user_delete("Persons", pairs[0][1])
        s.run()
        assert s.pairs(PERSON) == pairs[1:]
        assert s.left("Contact", pairs[0][0])["Name"] == "Name 0"


def test_P9_what_a_listing_does_not_show_but_can_be_read_is_not_deleted(monkeypatch: pytest.MonkeyPatch) -> None:
    with stage(UNLINK, right=SILENT) as s:
        pairs = people(s, 4)
        leave_out(monkeypatch, lambda: {pairs[0][1]})
        s.runs()
        assert s.pairs(PERSON) == pairs
        s.register.user_edit("Persons", pairs[0][1], {"name": "edited where no listing shows it"})
        s.run(full=True)
        assert s.pairs(PERSON) == pairs


def test_P9_what_the_second_listing_shows_again_is_not_deleted(monkeypatch: pytest.MonkeyPatch) -> None:
    with stage(UNLINK, right=SILENT) as s:
        pairs = people(s, 4)
        answers = [{pairs[0][1]}]

        async def read(self: MemoryConnector, datatype: str, ids: Any) -> Any:
            found = await READ(self, datatype, ids)
            return [Gone(one.ref, evidence) for one in found] if self.side is Side.RIGHT else found

        from accord.model.records import Evidence

        evidence = Evidence.NOT_FOUND
        leave_out(monkeypatch, lambda: answers.pop() if answers else ())
        monkeypatch.setattr(MemoryConnector, "read", read)
        s.run()
        assert s.pairs(PERSON) == pairs


def test_P9_a_refusal_is_no_evidence(monkeypatch: pytest.MonkeyPatch) -> None:
    with stage(UNLINK, right=SILENT) as s:
        pairs = people(s, 4)

        async def read(self: MemoryConnector, datatype: str, ids: Any) -> Any:
            found = await READ(self, datatype, ids)
            return [Unreadable(one.ref, "403 not for you") for one in found] if self.side is Side.RIGHT else found

        leave_out(monkeypatch, lambda: {pairs[0][1]})
        monkeypatch.setattr(MemoryConnector, "read", read)
        s.runs()
        assert s.pairs(PERSON) == pairs


def test_GUARD_02_a_listing_that_lacks_most_of_what_was_there_is_not_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    with stage(UNLINK, right=SILENT) as s:
        pairs = people(s, 20)
        for _, right in pairs[:15]:
            s.register.user_delete("Persons", right)
        with pytest.raises(ListingFailed, match="15 of 20 known records are missing"):
            s.run()
        assert s.pairs(PERSON) == pairs


def test_GUARD_02_what_a_person_has_looked_at_is_believed_and_still_held_to_the_budget() -> None:
    deletes = Rules(deletes=DeletePolicy.DELETE)
    with stage(deletes, right=SILENT) as s:
        pairs = people(s, 20)
        for _, right in pairs:
            s.register.user_delete("Persons", right)
        with pytest.raises(ListingFailed, match="the listing is empty"):
            s.run()
        s.believed = frozenset({(Side.RIGHT, "Persons")})
        s.run()
        assert len(s.crm.live("Contact")) == 20, "the budget of deletes holds them"
        assert {row.rule for row in s.waiting()} == {"GUARD-01"}
        s.believed = frozenset()
        s.approve = True
        s.run(full=True)
        assert not s.crm.live("Contact")


def test_P8_an_id_that_the_target_gives_again_ends_the_link_of_the_record_that_had_it() -> None:
    """The link of what was deleted and only reported stood against the new one, and every later run failed."""
    with stage(right=replace(SILENT, reuses_ids=True)) as s:
        gone, stays = people(s, 2)
        s.register.user_delete("Persons", gone[1])
        new = s.contact("new@sim.example", Name="New")
        s.run()
        s.runs()
        pairs = dict(s.pairs(PERSON))
        assert pairs[new] == gone[1], "the register gave the id again"
        assert pairs[stays[0]] == stays[1]
        assert gone[0] not in pairs
        assert [row.rule for row in s.waiting()] == ["DELETE-05"]
        assert s.right("Persons", gone[1])["name"] == "New"

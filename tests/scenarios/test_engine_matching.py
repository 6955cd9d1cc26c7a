"""First meetings: what is one thing is linked, what is new is created, what is doubtful waits for a person."""

import pytest
from engine_stage import QUOTE, stage

from accord.connectors.hostile import Fault, FaultPlan
from accord.connectors.memory import MemoryDatatype
from accord.errors import ListingFailed
from accord.model.dataflow import Creation, MatchPart, Onboarding
from accord.model.links import PendingState
from accord.model.records import Side
from accord.testing.simulation_dataflow import PERSON, SALE, Rules


def test_MATCH_01_the_first_run_links_what_is_there_on_both_sides_and_makes_no_duplicates() -> None:
    with stage() as s:
        left, right = s.contact("ada@sim.example", Name="Ada"), s.person("ADA@sim.example", name="Ada")
        run = s.run()
        assert s.pairs(PERSON) == [(left, right)]
        assert run.flows[PERSON].matched == 1
        assert not [call for call in s.writes() if call.kind == "create"]


def test_MERGE_07_08_a_first_meeting_fills_gaps_both_ways_and_overwrites_nothing_with_emptiness() -> None:
    with stage() as s:
        left, right = s.contact("ada@sim.example", Name="Ada"), s.person("ada@sim.example", town="Oslo")
        s.runs()
        assert (s.left("Contact", left)["Name"], s.left("Contact", left)["City"]) == ("Ada", "Oslo")
        assert (s.right("Persons", right)["name"], s.right("Persons", right)["town"]) == ("Ada", "Oslo")


def test_MATCH_02_two_candidates_go_to_review_and_are_linked_when_one_goes_away() -> None:
    with stage() as s:
        left = s.contact("ada@sim.example")
        first, second = s.person("ada@sim.example"), s.person("ada@sim.example")
        s.run()
        (row,) = s.waiting()
        assert (row.state, row.rule, row.candidates) == (PendingState.REVIEW, "MATCH-02", (first, second))
        assert s.writes() == []
        s.register.user_delete("Persons", first)
        s.runs()
        assert s.pairs(PERSON) == [(left, second)]
        assert s.waiting() == []


def test_MATCH_02_two_records_that_share_one_candidate_are_not_guessed_at() -> None:
    with stage() as s:
        s.contact("ada@sim.example"), s.contact("ada@sim.example"), s.person("ada@sim.example")
        s.run()
        assert [row.rule for row in s.waiting()] == ["MATCH-02", "MATCH-02"]
        assert s.pairs(PERSON) == []
        assert s.writes() == []


def test_MATCH_02_two_records_that_share_one_candidate_by_different_criteria_are_not_guessed_at_whichever_comes_first() -> None:
    criteria = ((MatchPart(left="Email", right="email", normal="email"),), (MatchPart(left="Name", right="name"),))
    for first, second in ((("ada@sim.example", "Ada"), ("bo@sim.example", "Bo")), (("bo@sim.example", "Bo"), ("ada@sim.example", "Ada"))):
        with stage(flows={PERSON: {"match": criteria}}) as s:
            ids = {email: s.contact(email, Name=name) for email, name in (first, second)}
            person = s.person("ada@sim.example", name="Bo")
            s.runs()
            assert s.pairs(PERSON) == [] and s.writes() == []
            assert [(row.rule, row.candidates) for row in s.waiting()] == [("MATCH-02", (person,))] * 2
            s.crm.user_edit("Contact", ids["bo@sim.example"], {"Name": "Kari"})
            s.runs()
            assert (ids["ada@sim.example"], person) in s.pairs(PERSON)


def test_MATCH_04_a_twin_of_a_record_that_accord_made_a_counterpart_for_is_not_created_again() -> None:
    with stage() as s:
        s.contact("ada@sim.example")
        s.run()
        s.contact("ada@sim.example", Name="Twin")
        s.runs()
        assert len(s.register.live("Persons")) == 1
        assert [(row.state, row.rule) for row in s.waiting()] == [(PendingState.REVIEW, "MATCH-04")]


def test_P8_a_second_flow_never_claims_another_flows_invoice() -> None:
    with stage(quotes=True) as s:
        payer = s.contact("ada@sim.example")
        order = s.order("N1", payer)
        s.runs()
        quote = s._make(Side.LEFT, "Quote", {"Number": "N1", "Payer": payer})
        s.runs()
        assert [left for left, _ in s.pairs(SALE)] == [order]
        assert s.pairs(QUOTE) == []
        assert [(row.flow, row.ref.id, row.rule) for row in s.waiting()] == [(QUOTE, quote, "MATCH-04")]


def test_ONBOARD_01_link_only_matches_and_holds_creates_until_the_go_ahead() -> None:
    with stage(flows={PERSON: {"onboarding": Onboarding.LINK_ONLY}}) as s:
        known, right = s.contact("ada@sim.example"), s.person("ada@sim.example")
        new = s.contact("bo@sim.example")
        s.runs()
        assert s.pairs(PERSON) == [(known, right)]
        assert [(row.ref.id, row.state, row.rule) for row in s.waiting()] == [(new, PendingState.HELD, "ONBOARD-01")]
        s.go_ahead = True
        s.run()
        s.go_ahead = False
        s.runs()
        assert len(s.register.live("Persons")) == 2
        assert s.waiting() == []


def test_CREATE_01_only_in_the_directions_of_the_flow() -> None:
    with stage() as s:
        s.person("ada@sim.example")
        s.runs()
        assert s.crm.live("Contact") == {}
        assert s.waiting() == []
    with stage(Rules(create=Creation.BOTH)) as s:
        right = s.person("ada@sim.example", name="Ada")
        s.runs()
        ((left, linked),) = s.pairs(PERSON)
        assert (linked, s.left("Contact", left)["Name"]) == (right, "Ada")


def test_MATCH_04_a_right_record_whose_double_is_linked_waits_for_a_person_and_is_made_once_the_criterion_is_free() -> None:
    with stage(Rules(create=Creation.BOTH)) as s:
        left, first = s.contact("ada@sim.example", Name="Ada"), s.person("ada@sim.example", name="Ada")
        s.runs()
        second = s.person("ada@sim.example", name="The other Ada")
        s.runs()
        assert [(row.ref.id, row.rule) for row in s.waiting()] == [(second, "MATCH-04")]
        s.register.user_edit("Persons", first, {"email": "ada.berg@sim.example"})
        s.runs()
        assert s.left("Contact", left)["Email"] == "ada.berg@sim.example"
        assert not s.waiting()
        assert second in [right for _, right in s.pairs(PERSON)]


def test_P9_a_listing_that_is_suddenly_empty_creates_and_deletes_nothing() -> None:
    with stage() as s:
        s.contact("ada@sim.example")
        s.runs()
        before = s.writes()
        s.faults[Side.RIGHT] = FaultPlan.only(Fault.EMPTY)
        with pytest.raises(ListingFailed, match="the listing is empty"):
            s.run(full=True)
        assert s.writes() == before
        assert len(s.pairs(PERSON)) == 1


def test_ONBOARD_02_without_full_sync_a_record_that_tells_no_time_counts_as_old_and_is_told() -> None:
    quiet = MemoryDatatype(modified_time=False)
    with stage(Rules(create=Creation.BOTH), flows={PERSON: {"full_sync": False}}, left=quiet, right=quiet) as s:
        s.contact("old@sim.example", Name="old")
        s.runs()
        assert not s.register.live("Persons")
        assert [(one.state, one.rule) for one in s.waiting()] == [(PendingState.HELD, "ONBOARD-02")]


def test_ONBOARD_02_without_full_sync_only_what_came_after_the_onboarding_is_created() -> None:
    with stage(flows={PERSON: {"full_sync": False}}) as s:
        s.contact("old@sim.example", Name="old")
        s.runs()
        s.contact("new@sim.example", Name="new")
        s.runs()
        assert [one["name"] for one in s.register.live("Persons").values()] == ["new"]
        assert not s.waiting()


def test_P7_what_the_first_listing_skipped_is_not_made_a_second_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """A record that slipped through while pages shifted was taken for one that is not there."""
    from collections.abc import AsyncIterator
    from dataclasses import replace

    from accord.connectors.memory import MemoryConnector, MemoryDatatype
    from accord.model.records import Page

    skipping = [True]
    inner = MemoryConnector.list

    async def listing(self: MemoryConnector, datatype: str) -> AsyncIterator[Page]:
        skips = datatype == "Persons" and skipping and skipping.pop()
        async for page in inner(self, datatype):
            yield replace(page, observations=page.observations[1:]) if skips else page

    with stage(right=MemoryDatatype(shifting=True)) as s:
        left, right = s.contact("ada@sim.example"), s.person("ada@sim.example")
        s.person("bo@sim.example")
        monkeypatch.setattr(MemoryConnector, "list", listing)
        s.runs()
        assert s.pairs(PERSON) == [(left, right)]
        assert len(s.register.live("Persons")) == 2

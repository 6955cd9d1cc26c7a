"""Envelopes, counted times, offsets and next pages in a header: shapes that APIs come in."""

from datetime import UTC, datetime
from typing import Any

import pytest
from rigs import create, rig, run, system, update
from scripted import Reply, Request

from accord.connectors.rest_times import instant, normal, say
from accord.errors import ListingFailed
from accord.model.manifest import SystemClock
from accord.model.plans import OutcomeKind
from accord.model.records import Seen, Unreadable

ENVELOPE = {
    "record": "data",
    "read": "/things/{id}",
    "create": [{"path": "/things", "at": "data", "answer": "data"}],
    "update": {"path": "/things/{id}", "method": "PATCH", "at": "data", "answer": "data"},
}
MOMENT = datetime(2024, 9, 10, 12, 0, 0, 250_000, tzinfo=UTC)


def test_what_is_sent_goes_into_the_envelope_and_the_answer_comes_out_of_it() -> None:
    held: dict[str, Any] = {"id": 7, "name": "before"}

    def handler(request: Request) -> Reply:
        if request.method != "GET":
            assert request.json.keys() == {"data"}
            held.update(request.json["data"])
        return Reply(json={"data": held})

    async def scenario() -> None:
        async with rig(handler, system(ENVELOPE)) as made:
            outcome = await made.one(create(name="made"))
            assert outcome.observation is not None
            assert (outcome.observation.ref.id, outcome.observation.values["name"]) == ("7", "made")
            outcome = await made.one(update("7", name="changed"))
            assert outcome.observation is not None
            assert outcome.observation.values["name"] == "changed"
            assert (await made.seen("7")).values["name"] == "changed"

    run(scenario())


@pytest.mark.parametrize("body", [{"id": 7, "name": "bare"}, {"data": [{"id": 7}]}, {"data": None}, [1]])
def test_a_record_that_is_not_where_it_should_be_is_unreadable(body: Any) -> None:
    async def scenario() -> None:
        async with rig(lambda _request: Reply(json=body), system(ENVELOPE)) as made:
            (found,) = await made.connector.read("Thing", ["7"])
            assert found == Unreadable(found.ref, "there is no record at data")

    run(scenario())


def test_offsets_count_what_came_and_end_with_the_total_or_an_empty_page() -> None:
    def pages(total: int | None) -> list[dict[str, str]]:
        def handler(request: Request) -> Reply:
            offset = int(request.query["offset"])
            items = [{"id": number} for number in range(offset, min(offset + 2, 5))]
            return Reply(json={"items": items} if total is None else {"items": items, "total": total})

        async def scenario() -> list[dict[str, str]]:
            paging = {"kind": "offset", "parameter": "offset", "size_parameter": "limit", "size": 2, "total": "total"}
            async with rig(handler, system({"list": {"path": "/things", "items": "items", "paging": paging}})) as made:
                seen = [one.ref.id async for page in made.connector.list("Thing") for one in page.observations]
                assert seen == ["0", "1", "2", "3", "4"]
                return [request.query for request in made.server.requests]

        return run(scenario())

    assert [query["offset"] for query in pages(5)] == ["0", "2", "4"]
    assert [query["offset"] for query in pages(None)] == ["0", "2", "4", "5"]


def test_a_server_that_ignores_the_offset_is_a_failed_listing() -> None:
    async def scenario() -> None:
        described = system({"list": {"path": "/things", "items": "", "paging": {"kind": "offset", "parameter": "skip"}}})
        async with rig(lambda _request: Reply(json=[{"id": 1}]), described) as made:
            with pytest.raises(ListingFailed, match="same as the one before"):
                _ = [page async for page in made.connector.list("Thing")]

    run(scenario())


@pytest.mark.parametrize("elsewhere", [False, True])
def test_a_header_of_its_own_may_hold_the_address_of_the_next_page(elsewhere: bool) -> None:
    def handler(request: Request) -> Reply:
        onward = "http://elsewhere.example" if elsewhere else f"http://{request.headers['host']}"
        if "_token" in request.query:
            return Reply(json=[{"id": 2}])
        return Reply(json=[{"id": 1}], headers={"Next-Page": f"{onward}/things?_token=2"})

    async def scenario() -> list[str]:
        described = system({"list": {"path": "/things", "paging": {"kind": "link_header", "next": "Next-Page"}}})
        async with rig(handler, described) as made:
            return [one.ref.id async for page in made.connector.list("Thing") for one in page.observations]

    if elsewhere:
        with pytest.raises(ListingFailed, match="another origin"):
            run(scenario())
    else:
        assert run(scenario()) == ["1", "2"]


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (1725969600, "2024-09-10T12:00:00Z"),
        (1725969600250, "2024-09-10T12:00:00.250Z"),
        (0, None),
        (17, None),
        (10**25, None),
        (True, None),
    ],
)
def test_a_time_may_be_a_number_of_seconds_or_milliseconds(number: int, text: str | None) -> None:
    assert normal(number, UTC) == text
    assert (instant(number, UTC) is None) == (text is None)


@pytest.mark.parametrize(
    ("form", "text"), [("seconds", "1725969600"), ("milliseconds", "1725969600250"), ("zoned", "2024-09-10T12:00:00.250Z")]
)
def test_a_system_is_asked_for_a_time_in_its_own_form(form: Any, text: str) -> None:
    assert say(MOMENT, SystemClock(format=form)) == text


@pytest.mark.parametrize("unique", [False, True])
def test_a_young_time_is_a_version_only_where_no_two_changes_have_the_same(unique: bool) -> None:
    young = int(MOMENT.timestamp() * 1000)  # the scripted server answers within the same second

    def handler(request: Request) -> Reply:
        if request.method == "PATCH":
            assert request.headers.get("if-match") == (f'"{young}"' if unique else None)
        return Reply(json={"id": 1, "name": "n", "changed": young})

    async def scenario() -> None:
        thing = {"version": "changed", "modified": "changed", "unique_version": unique, "conditional": {"header": "If-Match"}}
        async with rig(handler, system(thing)) as made:
            seen = await made.seen("1")
            assert seen.version == (str(young) if unique else None)
            assert seen.modified == "2024-09-10T12:00:00.250Z"
            outcome = await made.one(update(seen, name="n"))
            assert outcome.kind is OutcomeKind.DONE
            assert isinstance(outcome.observation, Seen)

    run(scenario())

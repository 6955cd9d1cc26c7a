"""Observations: what is taken from a record, which version is believed, what counts as gone, changes, feeds, finding."""

import asyncio
from decimal import Decimal
from typing import Any

import pytest
from rigs import create, manifest, rig, run, system
from scripted import Handler, Reply, Request

from accord.connectors.rest_records import RecordReader
from accord.connectors.rest_times import http_date
from accord.errors import ListingFailed, SystemRefused, SystemUnavailable
from accord.model.plans import Found, Write
from accord.model.records import Evidence, Gone, Hint, Observation, Page, RecordRef, Seen, Side, Unreadable

ANSWERED = http_date("Tue, 10 Sep 2024 12:00:00 GMT")
EARLY, LATE = "2023-02-01T00:00:00", "2024-02-01T00:00:00"
GROUPED: dict[str, Any] = {
    "groups": {
        "email": {"list": "contacts", "where": {"type": 1}, "current": "end", "started": "start"},
        "house": {"object": "house"},
    },
    "properties": {
        "email": {"group": "email", "path": "value"},
        "city": {"group": "house", "path": "post.city"},
        "lines": {
            "type": "list",
            "path": "items",
            "items": {"text": {}, "code": {"path": "dim.one"}, "vat": {"compute": {"percent": ["tax", "total"], "scale": 1}}},
        },
    },
}


def _reader(thing: dict[str, Any], wanted: set[str] | None = None, **clock: Any) -> RecordReader:
    made = manifest(system(thing, clock=clock))
    datatype = made.datatypes["Thing"]
    names = frozenset(datatype.properties) if wanted is None else frozenset(wanted)
    return RecordReader(Side.RIGHT, "Thing", datatype, names, made.clock)


def _seen(record: dict[str, Any], thing: dict[str, Any] | None = None, wanted: set[str] | None = None, **clock: Any) -> Seen:
    seen = _reader(thing or {}, wanted, **clock).observe(record, ANSWERED)
    assert isinstance(seen, Seen), seen
    return seen


async def _read(handler: Handler, *ids: str, **thing: Any) -> list[Observation]:
    async with rig(handler, system(thing)) as made:
        return list(await made.connector.read("Thing", ids))


def test_only_wanted_properties_are_taken_and_absent_is_not_null() -> None:
    record = {"id": 7, "name": "x", "about": {"note": None}, "secret": "s"}
    assert _seen(record).values == {"name": "x", "note": None}
    assert _seen(record, wanted={"name"}).values == {"name": "x"}
    assert _seen({"id": 7, "about": None}).values == {"note": None}
    assert _seen({"id": 7, "about": {}}).values == {}


def test_numbers_are_exact_and_ids_are_text_as_given() -> None:
    reply = Reply(body=b'{"id": 9007199254740993, "Size": 0, "size": 1.10, "name": 1e400}')
    (seen,) = run(_read(lambda request: reply, "9007199254740993"))
    assert isinstance(seen, Seen)
    assert seen.values == {"size": Decimal("1.10"), "name": Decimal("1e400")}
    assert seen.ref.id == "9007199254740993"


def test_a_lone_surrogate_costs_one_record_not_the_page() -> None:
    body = rb'{"items": [{"id": 1, "name": "a"}, {"id": 2, "name": "\ud800"}, {"id": 3, "name": "c"}], "next": null}'

    async def scenario() -> Page:
        async with rig(lambda request: Reply(body=body)) as made:
            return [page async for page in made.connector.list("Thing")][-1]

    kinds = [type(each) for each in run(scenario()).observations]
    assert kinds == [Seen, Unreadable, Seen]


@pytest.mark.parametrize(
    ("contacts", "expected"),
    [
        ([], None),
        (None, None),
        ([{"type": 2, "value": "other"}], None),
        ([{"type": 1, "value": "a", "end": "2024-09-10T11:59:59"}], None),
        ([{"type": 1, "value": "a", "end": "2024-09-10T12:00:01"}], "a"),
        ([{"type": 1, "value": "new", "start": "2024-02-01T00:00:00"}, {"type": 1, "value": "old", "start": "2023-02-01T00:00:00"}], "new"),
        ([{"type": 1, "value": "old"}, {"type": 1, "value": "new", "start": "2023-02-01T00:00:00"}], "new"),
        (
            [{"type": 1, "value": "first", "start": "2023-02-01T00:00:00"}, {"type": 1, "value": "last", "start": "2023-02-01T00:00:00"}],
            "last",
        ),
    ],
)
def test_a_group_is_the_item_that_has_not_ended_and_started_last(contacts: Any, expected: str | None) -> None:
    assert _seen({"id": 1, "contacts": contacts}, GROUPED, {"email"}).values == {"email": expected}


def test_a_list_that_was_left_out_says_nothing() -> None:
    assert _seen({"id": 1}, GROUPED, {"email", "city", "lines"}).values == {}


def test_groups_may_be_objects() -> None:
    assert _seen({"id": 1, "house": {"post": {"city": "Oslo"}}}, GROUPED, {"city"}).values == {"city": "Oslo"}
    assert _seen({"id": 1, "house": None}, GROUPED, {"city"}).values == {"city": None}


@pytest.mark.parametrize(
    ("tax", "total", "expected"),
    [(25, 100, "25.0"), (Decimal("0.05"), Decimal("0.40"), "12.5"), (1, 3, "33.3"), (Decimal("62.25"), 500, "12.5"), (-25, -100, "25.0")],
)
def test_percents_are_computed_exactly_and_rounded_half_up(tax: Any, total: Any, expected: str) -> None:
    values = _seen({"id": 1, "items": [{"text": "a", "dim": {"one": "B"}, "tax": tax, "total": total}]}, GROUPED, {"lines"}).values
    assert values == {"lines": [{"text": "a", "code": "B", "vat": Decimal(expected)}]}


@pytest.mark.parametrize("total", [0, None, "much", True])
def test_a_percent_of_nothing_is_left_out(total: Any) -> None:
    values = _seen({"id": 1, "items": [{"tax": 1, "total": total}]}, GROUPED, {"lines"}).values
    assert values == {"lines": [{}]}


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ("2024-01-31T12:00:00.123Z", "2024-01-31T12:00:00.123Z"),
        ("2024-01-31T12:00:00", "2024-01-31T11:00:00Z"),
        ("2024-07-31T12:00:00.5", "2024-07-31T10:00:00.500Z"),
        ("2024-01-31T12:00:00+02:00", "2024-01-31T10:00:00Z"),
        ("yesterday", None),
        (None, None),
        (17, None),
        ("0001-01-01T00:00:00", None),
    ],
)
def test_modified_is_in_utc_whatever_the_system_writes(changed: Any, expected: str | None) -> None:
    assert _seen({"id": 1, "changed": changed}, format="naive", zone="Europe/Oslo").modified == expected


@pytest.mark.parametrize(
    ("changed", "trusted"), [("2024-09-10T11:59:56", True), ("2024-09-10T11:59:57", False), ("2024-09-10T12:00:05", False)]
)
def test_a_version_that_is_a_young_time_is_not_believed(changed: str, trusted: bool) -> None:
    thing = {"version": "changed"}
    seen = _seen({"id": 1, "changed": changed}, thing, granularity_seconds=1, lag_seconds=2)
    assert seen.version == (changed if trusted else None)


def test_a_version_that_is_a_number_is() -> None:
    assert _seen({"id": 1, "version": 3, "changed": "2024-09-10T12:00:00Z"}).version == "3"


def test_a_time_as_version_is_not_believed_when_the_server_hides_its_clock() -> None:
    seen = _reader({"version": "changed"}).observe({"id": 1, "changed": "2020-01-01T00:00:00Z"}, None)
    assert isinstance(seen, Seen)
    assert seen.version is None


def test_P09_a_record_that_says_it_is_deleted_is_gone_and_an_ignored_one_is_not_mentioned() -> None:
    reader = _reader({"gone_when": [{"path": "anon", "present": True}], "ignore_when": [{"path": "robot", "equals": True}]})
    assert reader.observe({"id": 1, "anon": "2024-01-01"}, ANSWERED) == Gone(RecordRef(Side.RIGHT, "Thing", "1"), Evidence.SOFT_DELETED)
    assert isinstance(reader.observe({"id": 1, "anon": None}, ANSWERED), Seen)
    assert reader.observe({"id": 1, "robot": True}, ANSWERED) is None


def test_reading_keeps_the_order_and_takes_only_404_and_410_for_not_there() -> None:
    replies = {
        "1": Reply(json={"id": 1, "name": "a"}),
        "2": Reply(404, json="no"),
        "3": Reply(410),
        "4": Reply(403, json="not yours"),
        "5": Reply(body=b"<html>", headers={"Content-Type": "text/html"}),
        "6": Reply(json={"id": 66}),
        "7": Reply(json={}),
        "8": Reply(400, json={"title": "Bad", "detail": "odd id"}),
    }
    seen = run(_read(lambda request: replies[request.path.rsplit("/", 1)[1]], *replies))
    assert [each.ref.id for each in seen] == list(replies)
    assert [type(each) for each in seen] == [Seen, Gone, Gone, *[Unreadable] * 5]
    assert {each.evidence for each in seen if isinstance(each, Gone)} == {Evidence.NOT_FOUND}
    causes = [each.cause for each in seen if isinstance(each, Unreadable)]
    assert causes[0] == "403 not yours"
    assert "web page" in causes[1]
    assert causes[2] == "asked for 6, answered with 66"
    assert causes[4] == "400 odd id"


@pytest.mark.parametrize("odd", [".", "..", ""])
def test_an_id_that_would_lead_elsewhere_is_not_asked_for(odd: str) -> None:
    (seen,) = run(_read(lambda request: Reply(json={"id": 1}), odd))
    assert isinstance(seen, Unreadable)


def test_an_id_is_quoted_as_one_segment() -> None:
    async def scenario() -> str:
        async with rig(lambda request: Reply(404)) as made:
            await made.connector.read("Thing", ["a/../b?c=d#é"])
            return made.server.requests[0].path

    assert run(scenario()) == "/things/a%2F..%2Fb%3Fc%3Dd%23%C3%A9"


def test_reads_run_at_once_up_to_the_hosts_bound() -> None:
    async def scenario() -> tuple[int, list[str]]:
        three, arrived = asyncio.Event(), []

        def handler(request: Request) -> Reply:
            arrived.append(request)
            if len(arrived) == 3:
                three.set()
            return Reply(json={"id": int(request.path.rsplit("/", 1)[1])}, wait=three)

        async with rig(handler, system({}, limits={"concurrency": 3})) as made:
            seen = await made.connector.read("Thing", [str(number) for number in range(20)])
            return made.server.most_at_once, [each.ref.id for each in seen]

    most, ids = run(scenario())
    assert most == 3
    assert ids == [str(number) for number in range(20)]


def test_a_host_that_fails_makes_reading_unavailable_and_one_that_does_not_know_us_refused() -> None:
    with pytest.raises(SystemUnavailable):
        run(_read(lambda request: Reply(502), "1", "2"))
    with pytest.raises(SystemRefused):
        run(_read(lambda request: Reply(401), "1", "2"))


async def _changes(handler: Handler, cursor: str, thing: dict[str, Any], **rest: Any) -> tuple[list[Page], list[Request]]:
    async with rig(handler, system(thing, **rest)) as made:
        return [page async for page in made.connector.changes("Thing", cursor)], made.server.requests


def test_P18_changes_are_asked_for_since_the_cursor_in_the_systems_own_way() -> None:
    handler: Handler = lambda request: Reply(json={"items": [{"id": 1}], "next": None})  # noqa: E731  # one line says it
    pages, requests = run(_changes(handler, "2024-07-01T10:00:00.250Z", {}))
    assert requests[0].query == {"since": "2024-07-01T10:00:00.250Z"}
    assert [(page.last, page.cursor) for page in pages] == [(True, "2024-09-10T11:59:57Z")]
    naive = {"format": "naive", "zone": "Europe/Oslo", "granularity_seconds": 1}
    _, requests = run(_changes(handler, "2024-07-01T10:00:00.250Z", {}, clock=naive))
    assert requests[0].query == {"since": "2024-07-01T12:00:00"}


def test_deleted_records_follow_the_changes_and_the_cursor_comes_with_the_last_page_of_all() -> None:
    def handler(request: Request) -> Reply:
        if request.path == "/things/deleted":
            return Reply(json={"items": [{"Id": "9"}]}, headers={"Date": "Tue, 10 Sep 2024 12:30:00 GMT"})
        return Reply(json={"items": [{"id": 1}], "next": None})

    deleted = {"id": "Id", "parameter": "from", "listing": {"path": "/things/deleted", "items": "items"}}
    pages, requests = run(_changes(handler, "2024-07-01T10:00:00Z", {"deleted": deleted}))
    assert requests[1].query == {"from": "2024-07-01T10:00:00.000Z"}
    assert pages[1].observations == (Gone(RecordRef(Side.RIGHT, "Thing", "9"), Evidence.TOMBSTONE),)
    assert [(page.last, page.cursor) for page in pages] == [(False, None), (True, "2024-09-10T11:59:57Z")]


FEED = {
    "version": "changed",
    "changes": {
        "kind": "feed",
        "parameter": "after",
        "id": "number",
        "version": "last",
        "where": {"kind": 1},
        "listing": {"path": "/feed", "items": "result"},
    },
}


def test_a_feed_of_another_datatype_gives_hints_with_the_version_where_it_can_be_believed() -> None:
    items = [
        {"number": "1", "kind": 1, "last": "2024-09-01T00:00:00Z"},
        {"number": "2", "kind": 2, "last": "2024-09-01T00:00:00Z"},
        {"number": 3, "kind": 1, "last": "2024-09-10T12:00:00Z"},
    ]
    pages, requests = run(_changes(lambda request: Reply(json={"result": items}), "2024-09-01T00:00:00Z", FEED))
    assert requests[0].call == "GET /feed"
    assert pages[0].observations == ()
    assert pages[0].hints == (
        Hint(RecordRef(Side.RIGHT, "Thing", "1"), "2024-09-01T00:00:00Z"),
        Hint(RecordRef(Side.RIGHT, "Thing", "3"), None),
    )


def test_P09_an_item_of_a_feed_that_says_so_is_gone() -> None:
    items = [{"number": "1", "kind": 1, "anon": "2024-09-01"}, {"number": "2", "kind": 2, "anon": "2024-09-01"}]
    thing = {**FEED, "gone_when": [{"path": "anon", "present": True}]}
    pages, _ = run(_changes(lambda request: Reply(json={"result": items}), "2024-09-01T00:00:00Z", thing))
    assert pages[0].observations == (Gone(RecordRef(Side.RIGHT, "Thing", "1"), Evidence.SOFT_DELETED),)
    assert pages[0].hints == ()


def test_a_feed_that_names_nobody_has_failed() -> None:
    with pytest.raises(ListingFailed, match="without number"):
        run(_changes(lambda request: Reply(json={"result": [{"kind": 1}]}), "2024-09-01T00:00:00Z", FEED))


BEFORE = "2024-09-10T11:50:00Z"


@pytest.mark.parametrize("deleted", [False, True])
@pytest.mark.parametrize(
    ("told", "cursor", "doubt"),
    [
        ("12:00:00", "2024-09-10T11:59:57Z", ""),
        ("12:10:00", "2024-09-10T11:59:57Z", ""),  # ahead, but believable: the earlier of both clocks counts
        ("17:00:00", BEFORE, "Thing: the clock of shed is 300 minutes ahead of ours"),
        ("11:50:01", BEFORE, ""),  # within the overlap
        ("09:00:00", BEFORE, ""),  # it went back: no change from before is new
    ],
)
def test_P18_the_cursor_never_moves_back_and_never_ahead_of_our_own_clock(told: str, cursor: str, doubt: str, deleted: bool) -> None:
    reply = Reply(json={"items": [], "next": None}, headers={"Date": f"Tue, 10 Sep 2024 {told} GMT"})
    thing = {"deleted": {"id": "Id", "listing": {"path": "/things/deleted", "items": "items"}}} if deleted else {}
    pages, _ = run(_changes(lambda request: reply, BEFORE, thing))
    assert pages[-1].cursor == cursor
    assert pages[-1].doubt.startswith(doubt)
    assert bool(pages[-1].doubt) == bool(doubt)
    assert all(page.cursor is None and not page.doubt for page in pages[:-1])


def test_P18_a_clock_that_jumps_ahead_once_skips_no_change() -> None:
    dates = iter(["17:00:00", "12:00:00"])

    def handler(request: Request) -> Reply:
        return Reply(json={"items": [], "next": None}, headers={"Date": f"Tue, 10 Sep 2024 {next(dates)} GMT"})

    async def scenario() -> list[str]:
        async with rig(handler, system({})) as made:
            cursor: str | None = BEFORE
            for _ in range(2):
                assert cursor is not None
                (page,) = [page async for page in made.connector.changes("Thing", cursor)]
                cursor = page.cursor
            return [request.query["since"] for request in made.server.requests]

    assert run(scenario()) == ["2024-09-10T11:50:00.000Z"] * 2


def test_a_cursor_that_is_none_of_ours_asks_for_a_full_listing() -> None:
    with pytest.raises(ListingFailed, match="full listing"):
        run(_changes(lambda request: Reply(json={"items": []}), "page 7", {}))


async def _find(handler: Handler, write: Write, **thing: Any) -> tuple[Found, list[str]]:
    async with rig(handler, system(thing)) as made:
        (found,) = await made.connector.find("Thing", [write])
        return found, made.server.calls


def test_P07_an_earlier_create_is_found_by_our_reference_and_read_in_full() -> None:
    def handler(request: Request) -> Reply:
        if request.path == "/things":
            assert request.query == {"mark": "left-1"}
            return Reply(json={"items": [{"id": 4, "mark": "left-11"}, {"id": 5, "mark": "left-1"}]})
        return Reply(json={"id": 5, "mark": "left-1", "name": "whole"})

    found, calls = run(_find(handler, create()))
    assert [each.values["name"] for each in found.records] == ["whole"]
    assert found.certain
    assert calls == ["GET /things", "GET /things/5"]


def test_P07_a_copy_that_was_deleted_meanwhile_counts_as_found() -> None:
    def handler(request: Request) -> Reply:
        return Reply(json={"items": [{"id": 5, "mark": "left-1"}]}) if request.path == "/things" else Reply(410)

    found, _ = run(_find(handler, create()))
    assert [each.ref.id for each in found.records] == ["5"]


@pytest.mark.parametrize("reply", [Reply(json={"items": []}), Reply(404, json="none")])
def test_finding_none_is_certain_where_the_manifest_says_so(reply: Reply) -> None:
    found, _ = run(_find(lambda request: reply, create()))
    assert (found.records, found.certain) == ((), True)


@pytest.mark.parametrize("reply", [Reply(400), Reply(403), Reply(body=b"<html>"), Reply(json={"items": "none"})])
def test_P07_a_search_that_failed_proves_nothing(reply: Reply) -> None:
    found, _ = run(_find(lambda request: reply, create()))
    assert (found.records, found.certain) == ((), False)
    assert found.message


def test_finding_uses_the_route_of_the_create_pages_and_crosses_lists() -> None:
    routes = [
        {
            "path": "/buy",
            "requires": ["name"],
            "find": {
                "path": "/by/{name}",
                "query": {"newest": "{reference}"},
                "items": "items",
                "paging": {"kind": "next_link", "next": "next"},
                "compare": "lines.dims.five",
            },
        },
        {"path": "/things"},
    ]

    def handler(request: Request) -> Reply:
        if request.path == "/things/2":
            return Reply(json={"id": 2})
        if request.query.get("page") == "2":
            return Reply(json={"items": [{"id": 2, "lines": [{"dims": {"five": "x"}}, {"dims": {"five": "left-1"}}]}]})
        assert request.path == "/by/a%2Fb"
        assert request.query == {"newest": "left-1"}
        return Reply(json={"items": [{"id": 1, "lines": None}], "next": "/by/a%2Fb?page=2"})

    found, _ = run(_find(handler, create(name="a/b"), create=routes))
    assert [each.ref.id for each in found.records] == ["2"]
    found, calls = run(_find(handler, create(note="x"), create=routes))
    assert (found.certain, calls) == (False, [])

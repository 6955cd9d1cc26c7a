"""How pages follow each other, and every reason to say that a listing failed."""

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest
from rigs import Rig, rig, run, system
from scripted import DATE, Handler, Reply, Request, Scripted

from accord.errors import ListingFailed, SystemRefused, SystemUnavailable
from accord.model.records import Page

CURSOR = {"kind": "cursor", "parameter": "after", "next": "next"}
LINKED = {"kind": "next_link", "next": "next", "total": "total"}


def _thing(number: int, **more: Any) -> dict[str, Any]:
    return {"id": number, "name": f"n{number}", **more}


def _listing(paging: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    return system({"list": {"path": "/things", "items": "items", "paging": paging, **more}})


async def _pages(rig: Rig) -> list[Page]:
    return [page async for page in rig.connector.list("Thing")]


async def _list(handler: Handler, paging: Mapping[str, Any], **more: Any) -> tuple[list[Page], Scripted]:
    async with rig(handler, _listing(paging, **more)) as made:
        return await _pages(made), made.server


def _ids(pages: list[Page]) -> list[str]:
    return [each.ref.id for page in pages for each in page.observations]


def test_page_numbers_go_on_until_a_page_is_empty_even_if_the_server_gives_less_than_asked() -> None:
    def handler(request: Request) -> Reply:
        page = int(request.query["page"])
        return Reply(json={"items": [_thing(page * 10), _thing(page * 10 + 1)] if page < 3 else []})

    pages, server = run(_list(handler, {"kind": "page", "size_parameter": "size", "size": 50}))
    assert _ids(pages) == ["10", "11", "20", "21"]
    assert [page.last for page in pages] == [False, False, True]
    assert [request.query for request in server.requests] == [{"size": "50", "page": str(n)} for n in (1, 2, 3)]


def test_page_numbers_end_at_the_total() -> None:
    pages, server = run(_list(lambda request: Reply(json={"items": [_thing(1)], "total": 1}), {"kind": "page", "total": "total"}))
    assert _ids(pages) == ["1"]
    assert len(server.requests) == 1


def test_a_server_that_ignores_page_numbers_is_a_failed_listing() -> None:
    with pytest.raises(ListingFailed, match="same as the one before"):
        run(_list(lambda request: Reply(json={"items": [_thing(1)]}), {"kind": "page"}))


def test_cursors_are_followed_and_quoted() -> None:
    def handler(request: Request) -> Reply:
        return Reply(json={"items": [_thing(2)], "next": None} if "after" in request.query else {"items": [_thing(1)], "next": "a&b= c"})

    pages, server = run(_list(handler, CURSOR, query={"all": "yes"}))
    assert _ids(pages) == ["1", "2"]
    assert server.requests[1].query == {"all": "yes", "after": "a&b= c"}


def test_a_cursor_that_comes_again_is_a_loop() -> None:
    with pytest.raises(ListingFailed, match="loop"):
        run(_list(lambda request: Reply(json={"items": [_thing(1)], "next": "x"}), CURSOR))


@pytest.mark.parametrize("paging", [CURSOR, {"kind": "next_link", "next": "next"}])
def test_ever_new_cursors_to_the_same_pages_are_a_loop(paging: dict[str, Any]) -> None:
    def handler(request: Request) -> Reply:
        number = int(request.query.get("after", "0"))
        onward = str(number + 1) if paging["kind"] == "cursor" else f"/things?after={number + 1}"
        return Reply(json={"items": [_thing(number % 2), _thing(7)], "next": onward})

    with pytest.raises(ListingFailed, match="a loop"):
        run(_list(handler, paging))


def test_pages_without_end_are_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("accord.connectors.rest_paging._MOST_PAGES", 20)

    def handler(request: Request) -> Reply:
        number = int(request.query.get("after", "0"))
        return Reply(json={"items": [_thing(number)], "next": str(number + 1)})

    with pytest.raises(ListingFailed, match="more than 20 pages"):
        run(_list(handler, CURSOR))


KEYSET = {"kind": "keyset", "keys": {"since": "changed", "after id": "id"}, "size_parameter": "size", "size": 3}


def _keyset(inclusive: bool, records: list[tuple[str, int]], size: int = 3) -> Handler:
    def handler(request: Request) -> Reply:
        assert ("since" in request.query) == ("after id" in request.query)
        start = (request.query.get("since", ""), int(request.query.get("after id", "-1")))
        later = [one for one in sorted(records) if (one >= start if inclusive else one > start)]
        return Reply(json={"items": [_thing(id, changed=changed) for changed, id in later[:size]]})

    return handler


@pytest.mark.parametrize("inclusive", [False, True])
@pytest.mark.parametrize("count", [0, 1, 2, 3, 4, 7, 8, 9])
def test_a_keyset_goes_on_after_the_last_record_of_each_page(inclusive: bool, count: int) -> None:
    records = [(f"2024-09-1{number // 4}T00:00:00Z", number) for number in range(count)]
    pages, _ = run(_list(_keyset(inclusive, records), KEYSET))
    assert sorted(set(_ids(pages))) == [str(number) for number in range(count)]
    assert [page.last for page in pages] == [False] * (len(pages) - 1) + [True]


def test_a_keyset_that_makes_no_progress_is_a_failed_listing() -> None:
    def handler(request: Request) -> Reply:  # more of the same time than a page holds, and no second key
        return Reply(json={"items": [_thing(number, changed="2024-09-10T00:00:00Z") for number in range(3)]})

    with pytest.raises(ListingFailed, match="ends where it started"):
        run(_list(handler, {**KEYSET, "keys": {"since": "changed"}}))


def test_a_keyset_needs_its_keys_in_the_last_record() -> None:
    with pytest.raises(ListingFailed, match="lacks what the next page starts after"):
        run(_list(lambda request: Reply(json={"items": [_thing(1)]}), KEYSET))


def test_a_page_without_the_cursors_member_is_no_end() -> None:
    with pytest.raises(ListingFailed, match="lacks next"):
        run(_list(lambda request: Reply(json={"items": [_thing(1)]}), CURSOR))


@pytest.mark.parametrize("end", [{}, {"next": None}, {"next": ""}])
def test_links_in_the_body_are_followed_until_there_is_none(end: dict[str, Any]) -> None:
    def handler(request: Request) -> Reply:
        if "page" in request.query:
            return Reply(json={"items": [_thing(2)], "total": 2, **end})
        return Reply(json={"items": [_thing(1)], "total": 2, "next": "/things?page=2&secret=x"})

    pages, _ = run(_list(handler, LINKED))
    assert _ids(pages) == ["1", "2"]


def test_link_headers_are_followed() -> None:
    def handler(request: Request) -> Reply:
        last = request.query.get("p") == "2"
        links = '</things?p=1>; rel="prev"' if last else '</things?p=0>; rel="first", </things?p=2>; title="x"; rel="next"'
        return Reply(json={"items": [_thing(2 if last else 1)]}, headers={"Link": links})

    pages, _ = run(_list(handler, {"kind": "link_header"}))
    assert _ids(pages) == ["1", "2"]


@pytest.mark.parametrize(
    "spelling", ["http://localhost:{port}/things?page=2", "//127.0.0.1:{other}/x", "https://127.0.0.1:{port}/x", "ftp://x/"]
)
def test_a_link_to_another_origin_is_refused_and_gets_no_credentials(spelling: str) -> None:
    async def scenario() -> None:
        async with Scripted(lambda request: Reply(json={"items": []})) as theirs:

            def handler(request: Request) -> Reply:
                port = request.headers["host"].partition(":")[2]
                return Reply(json={"items": [_thing(1)], "next": spelling.format(port=port, other=theirs.port)})

            described = _listing({"kind": "next_link", "next": "next"}) | {"authentication": {"kind": "bearer", "value": "${env:KEY}"}}
            async with rig(handler, described, KEY="canary") as made:
                with pytest.raises(ListingFailed, match="another origin"):
                    await _pages(made)
                assert len(made.server.requests) == 1
            assert theirs.requests == []

    run(scenario())


def test_a_link_that_was_visited_is_a_loop() -> None:
    def handler(request: Request) -> Reply:
        return Reply(json={"items": [_thing(1)], "next": "/things?page=2"})

    with pytest.raises(ListingFailed, match="loop"):
        run(_list(handler, {"kind": "next_link", "next": "next"}))


@pytest.mark.parametrize("total", [0, 1, 3])
def test_a_total_that_disagrees_is_a_failed_listing(total: int) -> None:
    with pytest.raises(ListingFailed, match=f"{total} records were announced, 2 came"):
        run(_list(lambda request: Reply(json={"items": [_thing(1), _thing(2)], "total": total}), LINKED))


def test_a_total_may_move_while_records_come_and_go() -> None:
    def handler(request: Request) -> Reply:
        if "page" in request.query:
            return Reply(json={"items": [_thing(2)], "total": 3})
        return Reply(json={"items": [_thing(1)], "total": 2, "next": "/things?page=2"})

    pages, _ = run(_list(handler, LINKED))
    assert _ids(pages) == ["1", "2"]


def test_P09_nothing_is_the_last_page_of_a_listing_that_breaks_off() -> None:
    def handler(request: Request) -> Reply:
        if "page" in request.query:
            return Reply(404, json="no such page")
        return Reply(json={"items": [_thing(1)], "next": "/things?page=2"})

    async def scenario() -> list[Page]:
        got: list[Page] = []
        async with rig(handler, _listing({"kind": "next_link", "next": "next"})) as made:
            with pytest.raises(ListingFailed, match="404 no such page"):
                async for page in made.connector.list("Thing"):
                    got.append(page)
        return got

    assert [page.last for page in run(scenario())] == [False]


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (Reply(body=b"<html>Sign in</html>", headers={"Content-Type": "text/html"}), "web page"),
        (Reply(body=b'{"items": [{"id": 1}'), "cut short"),
        (Reply(body=b""), "empty"),
        (Reply(json={"results": []}), "no list at items"),
        (Reply(json={"items": None}), "no list at items"),
        (Reply(json={"items": [{"name": "x"}]}), "without id"),
        (Reply(json={"items": [{"id": None}]}), "without id"),
        (Reply(json={"items": [{"id": True}]}), "without id"),
        (Reply(json={"items": ["x"]}), "without id"),
        (Reply(302, headers={"Location": "https://example.org/"}), "302"),
        (Reply(400, json={"error": {"message": "bad page"}}), "bad page"),
    ],
)
def test_P26_what_is_not_a_page_is_a_failed_listing(reply: Reply, words: str) -> None:
    with pytest.raises(ListingFailed, match=words):
        run(_list(lambda request: reply, {"kind": "none"}))


def test_a_listing_that_may_not_be_read_is_a_refusal() -> None:
    with pytest.raises(SystemRefused, match="403"):
        run(_list(lambda request: Reply(403), {"kind": "none"}))


def test_redirects_within_the_origin_are_followed_when_reading() -> None:
    def handler(request: Request) -> Reply:
        return Reply(308, headers={"Location": "/moved"}) if request.path == "/things" else Reply(json={"items": [_thing(1)]})

    pages, server = run(_list(handler, {"kind": "none"}))
    assert (_ids(pages), server.calls) == (["1"], ["GET /things", "GET /moved"])


def test_redirects_without_end_are_not() -> None:
    with pytest.raises(ListingFailed):
        run(_list(lambda request: Reply(302, headers={"Location": "/things"}), {"kind": "none"}))


def test_reads_are_tried_again_with_growing_jittered_waits_and_then_the_system_is_unavailable() -> None:
    async def scenario() -> tuple[list[float], int]:
        async with rig(lambda request: Reply(503), _listing({"kind": "none"})) as made:
            with pytest.raises(SystemUnavailable, match="503"):
                await _pages(made)
            return made.clock.slept, len(made.server.requests)

    slept, requests = run(scenario())
    assert requests == 3
    assert 0.125 <= slept[0] <= 0.25 <= slept[1] <= 0.5


def test_a_read_that_fails_once_goes_on() -> None:
    replies = [Reply(reset=True), Reply(500), Reply(json={"items": [_thing(1)]})]
    pages, _ = run(_list(lambda request: replies.pop(0), {"kind": "none"}))
    assert _ids(pages) == ["1"]


@pytest.mark.parametrize("clock", ["", "time"])
def test_P18_the_cursor_is_the_servers_time_at_the_first_request_moved_back(clock: str) -> None:
    def handler(request: Request) -> Reply:
        second = "after" in request.query
        date = "Tue, 10 Sep 2024 13:30:00 GMT" if second else DATE
        time = "2024-09-10T13:30:00Z" if second else "2024-09-10T11:59:59.500Z"
        return Reply(json={"items": [_thing(1)], "next": None if second else "x", "time": time}, headers={"Date": date})

    async def scenario() -> list[Page]:
        changes = {"kind": "since", "parameter": "since", "overlap_seconds": 3, "clock": clock}
        async with rig(handler, system({"changes": changes})) as made:
            return await _pages(made)

    pages = run(scenario())
    assert [page.cursor for page in pages] == [None, "2024-09-10T11:59:56.500Z" if clock else "2024-09-10T11:59:57Z"]


def test_P18_a_server_that_does_not_tell_its_time_gives_no_cursor() -> None:
    pages, _ = run(_list(lambda request: Reply(json={"items": []}, headers={"Date": None}), {"kind": "none"}))  # type: ignore[dict-item]
    assert pages == [Page(last=True)]


def test_P18_a_first_listing_of_a_server_whose_clock_is_far_ahead_gives_no_cursor_and_says_so() -> None:
    late = {"Date": "Tue, 10 Sep 2024 15:00:00 GMT"}
    (page,), _ = run(_list(lambda request: Reply(json={"items": []}, headers=late), {"kind": "none"}))
    assert (page.last, page.cursor) == (True, None)
    assert "180 minutes ahead of ours" in page.doubt


def test_one_page_is_fetched_ahead_and_not_more() -> None:
    def handler(request: Request) -> Reply:
        page = int(request.query.get("after", "0"))
        return Reply(json={"items": [_thing(page)], "next": str(page + 1)})

    async def scenario() -> int:
        async with rig(handler) as made:
            pages = made.connector.list("Thing")
            async for _ in pages:
                break
            await pages.aclose()  # type: ignore[attr-defined]
            return len(made.server.requests)

    assert run(scenario()) <= 2


def _slow(asked: asyncio.Event, gate: asyncio.Event) -> Handler:
    """Says when it is asked, and answers when it is let."""

    def handler(_: Request) -> Reply:
        asked.set()
        return Reply(json={"items": [_thing(1)]}, wait=gate)

    return handler


def test_a_page_on_its_way_is_asked_for_once_whoever_wants_it() -> None:
    """Persons and Companies of a register share one change feed: an idle cycle asks for it once."""

    async def scenario() -> tuple[list[Page], list[Page], int, int]:
        asked, gate = asyncio.Event(), asyncio.Event()
        async with rig(_slow(asked, gate), _listing({"kind": "none"})) as made:
            both = asyncio.gather(_pages(made), _pages(made))
            await asked.wait()
            gate.set()
            first, second = await both
            together = len(made.server.requests)
            await _pages(made)
            return first, second, together, len(made.server.requests)

    first, second, together, afterwards = run(scenario())
    assert first == second
    assert (together, afterwards) == (1, 2)


def test_whoever_leaves_does_not_take_a_shared_page_from_the_others() -> None:
    async def scenario() -> list[Page]:
        asked, gate = asyncio.Event(), asyncio.Event()
        async with rig(_slow(asked, gate), _listing({"kind": "none"})) as made:
            leaving, staying = asyncio.create_task(_pages(made)), asyncio.create_task(_pages(made))
            await asked.wait()
            leaving.cancel()
            await asyncio.gather(leaving, return_exceptions=True)
            gate.set()
            return await staying

    assert _ids(run(scenario())) == ["1"]

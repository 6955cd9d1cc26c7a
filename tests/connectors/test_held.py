"""P21: an engine that has lost its state sends nothing any more, also what it had begun before it was paused."""

import asyncio
from collections.abc import Callable

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from accord.connectors.held import BELIEVED_SECONDS, LATEST_SECONDS, TRIES, Hold
from accord.connectors.http import AioHttp, HttpSettings, Lost, Origin
from accord.errors import StoreBusy


class Rig:
    """A clock that is set by hand, and a state that may be lost. ``slow``: seconds that each question takes."""

    def __init__(self, slow: float = 0.0) -> None:
        self.time, self.slow, self.asked, self.lost = 1000.0, slow, 0, False
        self.hold = Hold(self.ask, self)  # type: ignore[arg-type]  # it only reads the time

    def monotonic(self) -> float:
        return self.time

    async def ask(self) -> None:
        self.asked += 1
        self.time += self.slow
        if self.lost:
            raise StoreBusy("another engine has taken this state over")


def test_P21_an_answer_is_believed_for_a_while_and_then_asked_for_again() -> None:
    rig = Rig()
    for _ in range(3):
        asyncio.run(rig.hold.make_sure())
    assert rig.asked == 1
    rig.lost = True
    asyncio.run(rig.hold.make_sure())
    rig.time += 1.5 * BELIEVED_SECONDS
    rig.hold.look()  # what has begun may still be sent
    with pytest.raises(StoreBusy):
        asyncio.run(rig.hold.make_sure())
    rig.time += LATEST_SECONDS
    with pytest.raises(StoreBusy) as caught:
        rig.hold.look()
    assert caught.value.remedy


def test_P21_before_it_was_ever_asked_nothing_is_ours() -> None:
    with pytest.raises(StoreBusy):
        Rig().hold.look()


def test_P21_an_answer_that_comes_too_late_to_be_believed_is_asked_for_again_but_not_for_ever() -> None:
    """The pause may have been between the question and the call."""
    rig = Rig(slow=2 * BELIEVED_SECONDS)
    asyncio.run(rig.hold.make_sure())
    assert rig.asked == TRIES


async def calls(rig: Rig, between: Callable[[], None]) -> list[str]:
    """What a server sees of a GET, a POST, and, after something has happened, another of each."""
    seen: list[str] = []

    async def answer(request: web.Request) -> web.Response:
        seen.append(f"{request.method} {await request.text()}")
        return web.json_response({})

    application = web.Application()
    application.router.add_route("*", "/", answer)
    async with TestServer(application) as server:
        http = AioHttp(HttpSettings(Origin.of(str(server.make_url("/"))), private_hosts=True), rig.hold)
        try:
            for body in (b"one", b"two"):
                await http.request("GET", str(server.make_url("/")), {})
                await http.request("POST", str(server.make_url("/")), {}, body)
                between()
        finally:
            await http.close()
            seen.append("closed")
            rig.seen = seen  # type: ignore[attr-defined]
    return seen


def test_P21_only_calls_that_may_change_something_are_asked_about() -> None:
    rig = Rig()
    assert asyncio.run(calls(rig, lambda: None)) == ["GET ", "POST one", "GET ", "POST two", "closed"]
    assert rig.asked == 1


def test_P21_a_call_after_the_state_was_lost_is_not_made() -> None:
    rig = Rig()

    def lose() -> None:
        rig.lost, rig.time = True, rig.time + 60.0

    with pytest.raises(StoreBusy):
        asyncio.run(calls(rig, lose))
    assert rig.seen == ["GET ", "POST one", "GET ", "closed"]  # type: ignore[attr-defined]


def test_P21_a_call_that_was_begun_before_a_pause_is_not_sent_after_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Between the question and the first byte there is a connection to be made."""
    rig = Rig()

    async def paused_afterwards() -> None:
        rig.time += 60.0

    monkeypatch.setattr(rig.hold, "make_sure", paused_afterwards)
    with pytest.raises(Lost):
        asyncio.run(calls(rig, lambda: None))
    assert rig.seen == ["GET ", "closed"]  # type: ignore[attr-defined]

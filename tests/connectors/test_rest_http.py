"""The seam to HTTP: one origin, a deadline, a cap, and words that tell nothing secret."""

import asyncio
import gzip
import socket
from typing import Any

import aiohttp
import pytest
from rigs import run
from scripted import Handler, Reply, Request, Scripted

from accord.connectors.http import AioHttp, Answer, HttpSettings, Lost, NotSent, Origin, is_public


async def _ask(handler: Handler, method: str = "GET", path: str = "/x?key=canary", deadline: float = 5.0, cap: int = 10_000) -> Answer:
    async with Scripted(handler) as server:
        http = AioHttp(HttpSettings(Origin.of(server.url), deadline=deadline, body_bytes=cap, private_hosts=True))
        try:
            return await http.request(method, server.url + path, {"Authorization": "canary"})
        finally:
            await http.close()


def _always(reply: Reply) -> Handler:
    return lambda request: reply


def test_an_answer_comes_with_status_headers_and_unpacked_body() -> None:
    body = gzip.compress(b'{"a": 1}')
    answer = run(_ask(_always(Reply(201, body=body, headers={"Content-Encoding": "gzip"}))))
    assert (answer.status, answer.headers["content-type"], answer.body) == (201, "application/json", b'{"a": 1}')


def test_a_refused_connection_is_certainly_not_sent() -> None:
    async def scenario() -> None:
        async with Scripted(_always(Reply())) as server:
            url = server.url
        http = AioHttp(HttpSettings(Origin.of(url), private_hosts=True))
        try:
            with pytest.raises(NotSent):
                await http.request("POST", f"{url}/x", {})
        finally:
            await http.close()

    run(scenario())


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
def test_P26_a_connection_that_breaks_is_lost_and_the_call_is_not_made_twice(method: str) -> None:
    async def scenario() -> None:
        async with Scripted(lambda request: Reply(json={}) if request.path == "/first" else Reply(reset=True)) as server:
            http = AioHttp(HttpSettings(Origin.of(server.url), private_hosts=True))
            try:
                await http.request("GET", f"{server.url}/first", {})  # so that the broken connection is a kept one
                with pytest.raises(Lost):
                    await http.request(method, f"{server.url}/second", {})
                assert server.calls == ["GET /first", f"{method} /second"]
            finally:
                await http.close()

    run(scenario())


def test_P26_a_body_cut_short_is_lost() -> None:
    with pytest.raises(Lost):
        run(_ask(_always(Reply(raw=b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{"))))


def test_an_endless_body_is_given_up_at_the_cap() -> None:
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    with pytest.raises(Lost, match="larger than"):
        run(_ask(_endless(head, b"400\r\n" + b"a" * 1024 + b"\r\n")))


def test_a_body_that_announces_too_much_is_not_read() -> None:
    with pytest.raises(Lost, match="larger than"):
        run(_ask(_always(Reply(raw=b"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n"))))


def test_a_gzip_bomb_counts_unpacked() -> None:
    bomb = gzip.compress(b"0" * 5_000_000)
    with pytest.raises(Lost, match="larger than"):
        run(_ask(_always(Reply(body=bomb, headers={"Content-Encoding": "gzip"})), cap=100_000))


def test_a_slow_body_ends_at_the_deadline() -> None:
    async def scenario() -> None:
        await _ask(_always(Reply(wait=asyncio.Event())), deadline=0.05)

    with pytest.raises(Lost, match="deadline"):
        run(scenario())


def test_a_redirect_is_an_answer_and_is_not_followed() -> None:
    answer = run(_ask(_always(Reply(307, headers={"Location": "/elsewhere"})), method="POST"))
    assert answer.status == 307


def test_another_origin_is_never_called() -> None:
    async def scenario() -> None:
        async with Scripted(_always(Reply())) as ours, Scripted(_always(Reply())) as theirs:
            http = AioHttp(HttpSettings(Origin.of(ours.url), private_hosts=True))
            try:
                for url in (theirs.url + "/x", ours.url + "@127.0.0.1:" + str(theirs.port) + "/x", "https://127.0.0.1:1/x"):
                    with pytest.raises(NotSent):
                        await http.request("GET", url, {"Authorization": "canary"})
                assert theirs.requests == ours.requests == []
            finally:
                await http.close()

    run(scenario())


def test_cookies_are_not_kept() -> None:
    async def scenario() -> list[Request]:
        async with Scripted(_always(Reply(json={}, headers={"Set-Cookie": "a=b"}))) as server:
            http = AioHttp(HttpSettings(Origin.of(server.url), private_hosts=True))
            try:
                await http.request("GET", f"{server.url}/x", {})
                await http.request("GET", f"{server.url}/x", {})
                return server.requests
            finally:
                await http.close()

    assert all("cookie" not in request.headers for request in run(scenario()))


def test_a_proxy_in_the_environment_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    assert run(_ask(_always(Reply(json={})))).status == 200


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (Reply(reset=True), Lost),
        (Reply(raw=b"no http at all\r\n\r\n"), Lost),
        (Reply(raw=b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"), Lost),
    ],
)
def test_errors_hold_neither_query_nor_header(reply: Reply, expected: type[Exception]) -> None:
    with pytest.raises(expected) as caught:
        run(_ask(_always(reply)))
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize(
    "origin", ["https://10.1.2.3", "http://10.1.2.3", "https://[fd00::1]", "https://169.254.169.254", "http://crm", "http://example.org"]
)
def test_private_and_unprotected_hosts_need_the_manifests_word(origin: str) -> None:
    with pytest.raises(ValueError, match="private"):
        AioHttp(HttpSettings(Origin.of(origin)))


@pytest.mark.parametrize("origin", ["http://93.184.215.14", "http://[2606:2800:21f:cb07:6820:80da:af6b:8b2c]", "http://169.254.169.254"])
@pytest.mark.parametrize("private_hosts", [False, True])
def test_P26_no_manifest_lets_a_key_go_unencrypted_to_a_public_address(origin: str, private_hosts: bool) -> None:
    with pytest.raises(ValueError, match="only https"):
        AioHttp(HttpSettings(Origin.of(origin), private_hosts=private_hosts))


@pytest.mark.parametrize(
    "origin", ["http://127.0.0.1:8701", "http://127.1.2.3", "http://[::1]:8701", "http://localhost:8701", "https://[::1]"]
)
def test_this_machine_needs_no_switch_where_the_origin_names_it(origin: str) -> None:
    AioHttp(HttpSettings(Origin.of(origin)))


@pytest.mark.parametrize("origin", ["http://10.1.2.3", "http://192.168.7.8", "http://[fd00::1]", "http://crm:8701", "https://10.1.2.3"])
def test_a_private_network_may_be_called_when_the_manifest_says_so(origin: str) -> None:
    AioHttp(HttpSettings(Origin.of(origin), private_hosts=True))


class Names:
    """A resolver that leads every name to one address of this machine's own choosing, and never asks anybody."""

    def __init__(self, address: str) -> None:
        self.address = address

    def __call__(self) -> "Names":
        return self

    async def resolve(self, host: str, port: int, family: int) -> list[dict[str, Any]]:
        return [{"hostname": host, "host": self.address, "port": port, "family": socket.AF_INET, "proto": 0, "flags": 0}]

    async def close(self) -> None:
        return


@pytest.mark.parametrize(
    ("origin", "address", "private_hosts", "why"),
    [
        ("https://crm.example.org", "127.0.0.1", False, "private address"),
        ("https://crm.example.org", "10.0.0.7", False, "private address"),
        ("http://crm.example.org", "93.184.215.14", True, "only https"),
        ("http://localhost", "93.184.215.14", True, "only https"),
        ("http://localhost", "10.0.0.7", True, "localhost does not lead to this machine"),
    ],
)
def test_P26_a_name_is_judged_by_the_address_that_it_leads_to(
    origin: str, address: str, private_hosts: bool, why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(aiohttp, "DefaultResolver", Names(address))

    async def scenario() -> None:
        http = AioHttp(HttpSettings(Origin.of(origin), private_hosts=private_hosts, deadline=0.2))
        try:
            with pytest.raises(NotSent, match=why):
                await http.request("GET", f"{origin}/x", {"Authorization": "canary"})
        finally:
            await http.close()

    run(scenario())


@pytest.mark.parametrize(("host", "private_hosts"), [("localhost", False), ("crm.example.org", True)])
def test_a_name_that_leads_where_it_may_is_connected_to(host: str, private_hosts: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aiohttp, "DefaultResolver", Names("127.0.0.1"))

    async def scenario() -> Answer:
        async with Scripted(_always(Reply(json={}))) as server:
            url = f"http://{host}:{server.port}"
            http = AioHttp(HttpSettings(Origin.of(url), private_hosts=private_hosts))
            try:
                return await http.request("GET", f"{url}/x", {})
            finally:
                await http.close()

    assert run(scenario()).status == 200


@pytest.mark.parametrize("address", ["::ffff:127.0.0.1", "fe80::1%eth0", "0.0.0.0", "192.168.0.1", "100.64.0.1"])
def test_addresses_that_are_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("text", ["ftp://example.org", "example.org", "https://", "https://user:word@example.org"])
def test_what_is_no_origin_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="address"):
        Origin.of(text)


def test_origins_are_equal_whatever_their_spelling() -> None:
    assert Origin.of("https://Example.org/x") == Origin.of("https://example.org.:443")
    assert Origin.of("https://example.org") != Origin.of("http://example.org:443")


def _endless(head: bytes, chunk: bytes) -> Handler:
    return _always(Reply(raw=head, drip=chunk))

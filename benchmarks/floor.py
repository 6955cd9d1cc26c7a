"""The least client there can be: requests as ready bytes, an asyncio protocol, answers looked at by httptools and thrown away.

Owns: send_all. No pool, no retry, no deadline, no decoding: what it takes is what the servers and the wire take. Nobody should sync
with it; it is there to be compared with.
"""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from typing import cast
from urllib.parse import urlsplit

import httptools


class Wire(asyncio.Protocol):
    """One connection: sends the next request of a shared iterator as soon as an answer has come; ``done`` when there is none left."""

    def __init__(self, left: Iterator[bytes]) -> None:
        self._left = left
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._parser = httptools.HttpResponseParser(self)
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is one without being a subclass
        self._next()

    def data_received(self, data: bytes) -> None:
        """Let the parser look."""
        try:
            self._parser.feed_data(data)
        except Exception as error:  # noqa: BLE001  # a callback of the parser or the parser itself: the measurement is void
            self._fail(error)

    def on_message_complete(self) -> None:
        """An answer is there; it must be a success."""
        status = self._parser.get_status_code()
        if status >= 300:
            self._fail(RuntimeError(f"answered with {status}"))
            return
        self._parser = httptools.HttpResponseParser(self)
        self._next()

    def connection_lost(self, exc: Exception | None) -> None:
        """That is an error unless all is done."""
        self._fail(exc or ConnectionError("the server closed the connection"))

    def _next(self) -> None:
        request = next(self._left, None)
        assert self._transport is not None
        if request is not None:
            self._transport.write(request)
        elif not self.done.done():
            self.done.set_result(None)
            self._transport.close()

    def _fail(self, error: Exception) -> None:
        if not self.done.done():
            self.done.set_exception(error)


def request(method: str, path: str, host: str, headers: Mapping[str, str], body: bytes | None) -> bytes:
    """A request as it goes over the wire."""
    lines = [f"{method} {path} HTTP/1.1", f"Host: {host}", *(f"{name}: {value}" for name, value in headers.items())]
    if body is not None or method in ("POST", "PUT", "PATCH"):
        lines.append(f"Content-Length: {len(body or b'')}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + (body or b"")


async def send_all(url: str, requests: Sequence[bytes], at_once: int) -> None:
    """Send these, so many at once; raises if one is not answered with success."""
    host, port = urlsplit(url).netloc.split(":")
    left = iter(requests)
    loop = asyncio.get_running_loop()
    opened = [loop.create_connection(lambda: Wire(left), host, int(port)) for _ in range(min(at_once, len(requests)))]
    wires = [wire for _, wire in await asyncio.gather(*opened)]
    await asyncio.gather(*(wire.done for wire in wires))

"""A small HTTP server that says exactly what a test wants, also what no proper server would say."""

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

DATE = "Tue, 10 Sep 2024 12:00:00 GMT"


@dataclass(frozen=True)
class Request:
    """What was asked."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes

    @property
    def call(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Reply:
    """What is answered. ``raw``: these bytes and an end; ``reset``: nothing but an end; ``drip``: goes on until the client leaves."""

    status: int = 200
    json: Any = None
    body: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    raw: bytes | None = None
    reset: bool = False
    drip: bytes = b""
    wait: asyncio.Event | None = None

    def head_and_body(self) -> bytes:
        body = self.body if self.body is not None else b"" if self.json is None else json.dumps(self.json).encode()
        headers = {"Content-Type": "application/json", "Date": DATE, "Content-Length": str(len(body)), **self.headers}
        lines = [f"HTTP/1.1 {self.status} X", *(f"{name}: {value}" for name, value in headers.items() if value is not None)]
        return ("\r\n".join(lines) + "\r\n\r\n").encode() + body


Handler = Callable[[Request], Reply]


class Scripted:
    """``async with Scripted(handler) as server``: listens on a free port of this machine and notes every request."""

    def __init__(self, handler: Handler) -> None:
        self.handler = handler
        self.requests: list[Request] = []
        self.most_at_once = 0
        self._now = 0
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def calls(self) -> list[str]:
        return [request.call for request in self.requests]

    async def __aenter__(self) -> "Scripted":
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            while await self._exchange(reader, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            writer.close()
            self._tasks.discard(task)

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        method, target, _ = head[0].split(" ")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:] if line)}
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        parts = urlsplit(target)
        request = Request(method, parts.path, dict(parse_qsl(parts.query, keep_blank_values=True)), headers, body)
        self.requests.append(request)
        self._now += 1
        self.most_at_once = max(self.most_at_once, self._now)
        try:
            return await self._answer(self.handler(request), writer)
        finally:
            self._now -= 1

    async def _answer(self, reply: Reply, writer: asyncio.StreamWriter) -> bool:
        if reply.wait is not None:
            await reply.wait.wait()
        if reply.reset:
            writer.transport.abort()
            return False
        writer.write(reply.raw if reply.raw is not None else reply.head_and_body())
        await writer.drain()
        while reply.drip:
            writer.write(reply.drip)
            await writer.drain()
        return reply.raw is None

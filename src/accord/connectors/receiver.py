"""Where systems announce changes: POST /webhooks/{system}, and GET /health.

Owns: the size and time that a delivery may take, the order of checks, the answers, the server. Does not own: what is theirs and fresh
(webhooks.py), where hints are kept and what follows (handed in). A delivery is answered with 2xx only once its hints are durable.
"""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from accord.connectors.webhooks import WebhookForged, WebhookMalformed, WebhookReader, WebhookStale
from accord.errors import ConfigurationError, StoreError, UsageError
from accord.model.manifest import Manifest
from accord.model.records import Hint, Side
from accord.ports import Secrets

LARGEST_BODY = 64 * 1024
"""Bytes. A webhook that only names a record has a few hundred."""

BODY_SECONDS = 5.0
AT_ONCE = 256
"""Connections. Who comes beyond that is answered with 503, and sends again."""
ENDS_WITHIN_SECONDS = 1


class _TooLarge(Exception):
    """The body is larger than a webhook can be."""


@dataclass(slots=True)
class Receiver:
    """Receives the webhooks of some systems.

    ``readers``: by system; a system without one has no route. ``keep``: makes hints of an event durable, None for one without an id;
    False for a repeated event, or when none of them is of use; raises StoreError. ``health``: what is said of the cycles. ``counts``:
    deliveries by what became of them.
    """

    readers: Mapping[str, WebhookReader]
    keep: Callable[[Sequence[Hint], str | None], Awaitable[bool]]
    now: Callable[[], datetime]
    health: Callable[[], Mapping[str, object]]
    counts: dict[str, int] = field(default_factory=lambda: {"kept": 0, "ignored": 0, "refused": 0})

    def application(self) -> Starlette:
        """The ASGI application."""
        return Starlette(routes=[Route("/webhooks/{system}", self._webhook, methods=["POST"]), Route("/health", self._health)])

    async def _health(self, _request: Request) -> JSONResponse:
        return JSONResponse({**self.health(), "webhooks": self.counts})

    async def _webhook(self, request: Request) -> JSONResponse:
        system = request.path_params["system"]
        reader = self.readers.get(system)
        if reader is None:
            return self._refuse(404, "no webhooks are taken here")
        try:
            body = await _body(request)
        except _TooLarge:
            return self._refuse(413, f"more than {LARGEST_BODY} bytes")
        except TimeoutError:
            return self._refuse(408, f"not here within {BODY_SECONDS:g} seconds")
        except ClientDisconnect:
            return self._refuse(400, "broken off")
        return await self._take(system, reader, request, body)

    async def _take(self, system: str, reader: WebhookReader, request: Request, body: bytes) -> JSONResponse:
        try:
            event = reader.read(request.headers, body, self.now())
        except (WebhookForged, WebhookStale) as problem:
            return self._refuse(401, problem.message)
        except WebhookMalformed as problem:
            return self._refuse(400, problem.message)
        try:
            kept = bool(event.hints) and await self.keep(event.hints, f"{system}:{event.id}" if event.id else None)
        except StoreError:
            return self._refuse(503, "cannot be kept now; send it again")
        said = "kept" if kept else "ignored"
        self.counts[said] += 1
        return JSONResponse({"result": said}, 202)

    def _refuse(self, status: int, message: str) -> JSONResponse:
        self.counts["refused"] += 1
        # Closed, so that the rest of a body that is not wanted is not read.
        return JSONResponse({"error": message}, status, {"connection": "close"})


async def _body(request: Request) -> bytes:
    """The body, of which never more than the limit is taken in. Raises _TooLarge, TimeoutError, ClientDisconnect."""
    announced = request.headers.get("content-length", "0")
    if len(announced) > len(str(LARGEST_BODY)) or int(announced) > LARGEST_BODY:  # the server lets nothing but digits through
        raise _TooLarge
    body = bytearray()
    async with asyncio.timeout(BODY_SECONDS):
        async for part in request.stream():
            body += part
            if len(body) > LARGEST_BODY:
                raise _TooLarge
    return bytes(body)


def readers_of(manifests: Mapping[Side, Manifest], secrets: Secrets) -> tuple[dict[str, WebhookReader], list[str]]:
    """A reader for each system whose manifest says how it announces changes, and the reason where its secret is not there."""
    readers, without = {}, []
    for side, manifest in manifests.items():
        if manifest.webhooks is not None:
            try:
                readers[manifest.system] = WebhookReader(manifest.system, side, manifest.webhooks, secrets)
            except ConfigurationError as error:
                without.append(f"{manifest.system}: {error.message}")
    return readers, without


class _Server(uvicorn.Server):
    """A server inside somebody else's event loop: it takes no signals and says when it listens."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.up = asyncio.Event()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Signals are for the process, not for its server."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen."""
        await super().startup(sockets)
        self.up.set()


@contextlib.asynccontextmanager
async def listening(application: Any, host: str, port: int) -> AsyncIterator[str]:
    """Serve an ASGI application, such as "http://127.0.0.1:8484"; port 0 takes a free one. Raises UsageError if it cannot listen."""
    try:
        listener = socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    except OSError as error:
        raise UsageError(
            f"cannot listen on {host}:{port}: {error.strerror or error}", "Choose another address with --listen, or use --no-webhooks."
        ) from error
    config = uvicorn.Config(
        application,
        ws="none",
        lifespan="off",
        access_log=False,
        log_config=None,
        log_level="error",  # that somebody was told to come again is no news
        server_header=False,
        proxy_headers=False,
        limit_concurrency=AT_ONCE,
        timeout_graceful_shutdown=ENDS_WITHIN_SECONDS,
    )
    server = _Server(config)
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    serving.add_done_callback(lambda _: server.up.set())  # a server that could not start is not waited for
    try:
        await server.up.wait()
        shown = f"[{host}]" if ":" in host else host
        yield f"http://{shown}:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        await serving
        listener.close()

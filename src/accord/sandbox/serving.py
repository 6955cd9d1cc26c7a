"""A stand-in server as a process: it listens, says that it is ready, and ends when told or when its parent is gone.

Owns: socket, ready line, ending. Does not own: what is answered (web.py).
"""

import contextlib
import gc
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable
from typing import Any

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from accord.sandbox.web import Application

ENDS_WITHIN_SECONDS = 1


class _Protocol(HttpToolsProtocol):
    """Puts into each request's scope a way to cut its connection, for the faults that leave no answer."""

    def on_message_begin(self) -> None:
        super().on_message_begin()
        scope: Any = self.scope  # uvicorn types it as a closed dictionary
        scope["accord.abort"] = self.transport.abort


class _Server(uvicorn.Server):
    """Says "ready" when it listens."""

    origin = ""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        sys.stdout.write(f"ready {self.origin}\n")
        sys.stdout.flush()


def serve(make: Callable[[str], Application], port: int, *, die_with_parent: bool) -> None:
    """Listen on 127.0.0.1 until SIGTERM. ``make`` builds the application for the address it gets; ``port`` 0 takes a free one."""
    if die_with_parent:
        threading.Thread(target=_end_when_stdin_closes, daemon=True).start()
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    origin = f"http://127.0.0.1:{listener.getsockname()[1]}"
    gc.disable()  # building makes nothing but data that stays
    application = make(origin)
    gc.freeze()
    gc.enable()
    config = uvicorn.Config(
        application,
        http=_Protocol,
        ws="none",
        lifespan="off",
        interface="asgi3",
        access_log=False,
        log_level="error",
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=ENDS_WITHIN_SECONDS,
    )
    server = _Server(config)
    server.origin = origin
    with contextlib.suppress(KeyboardInterrupt):
        server.run(sockets=[listener])


def _end_when_stdin_closes() -> None:
    while os.read(0, 4096):
        pass
    os.kill(os.getpid(), signal.SIGTERM)

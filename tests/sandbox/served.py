"""A sandbox's application without a socket."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from accord.sandbox.lies import Lie
from accord.sandbox.web import Application


class Served:
    """An application without a socket: one call, one answer."""

    def __init__(self, app: Application, prefix: str, **headers: str) -> None:
        self.app = app
        self._prefix = prefix
        self._headers = headers

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        return self.raw(method, path, b"" if body is None else json.dumps(body).encode(), **headers)

    def raw(self, method: str, path: str, body: bytes, **headers: str) -> tuple[int, Any]:
        """The same with whatever bytes as a body."""
        sent: list[Mapping[str, Any]] = []
        wire = [(name.replace("_", "-").encode(), value.encode()) for name, value in {**self._headers, **headers}.items()]
        path, _, query = (self._prefix + path).partition("?")
        scope = {"type": "http", "method": method, "path": path, "query_string": query.encode(), "headers": wire}

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": body}

        async def send(message: Mapping[str, Any]) -> None:
            sent.append(message)

        with pytest.raises(StopIteration):
            self.app(scope, receive, send).__await__().send(None)
        whole = b"".join(message.get("body", b"") for message in sent[1:])
        return sent[0]["status"], json.loads(whole) if whole else None

    def done(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        status, answer = self.call(method, path, body, **headers)
        assert status < 300, answer
        return answer

    def lie(self, about: Lie) -> None:
        self.app.lies.arm(about)

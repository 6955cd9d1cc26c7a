"""One request and its answer over a socket. Where no answer came, it knows whether the request can have arrived."""

import asyncio
import json
from typing import Any

DEADLINE_SECONDS = 10.0
LONGEST_LINE = 64 * 1024 * 1024


class NotSent(Exception):
    """The system cannot have got it."""


class Lost(Exception):
    """It may have got it; no answer came, or none that is one."""


class Wire:
    """One connection, made when it is needed, made anew after it broke."""

    def __init__(self, address: str, token: str) -> None:
        self._host, _, self._port = address.rpartition(":")
        self._token = token
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self._one_at_a_time = asyncio.Lock()

    async def read(self, **asked: Any) -> dict[str, Any]:
        """The answer to a request that changes nothing; a connection that had gone stale is made anew, once. Raises NotSent, Lost."""
        try:
            return await self.ask(**asked)
        except Lost:
            return await self.ask(**asked)

    async def ask(self, **asked: Any) -> dict[str, Any]:
        """The answer to a request that is sent once. Raises NotSent, Lost."""
        line = json.dumps({**asked, "token": self._token}).encode() + b"\n"
        async with self._one_at_a_time:
            try:
                async with asyncio.timeout(DEADLINE_SECONDS):
                    reader, writer = self._streams or await self._connected()
            except (OSError, TimeoutError) as error:
                raise NotSent(str(error) or type(error).__name__) from None
            try:
                async with asyncio.timeout(DEADLINE_SECONDS):
                    writer.write(line)
                    await writer.drain()
                    answer = json.loads(await reader.readline())
            except (OSError, TimeoutError, ValueError) as error:
                self._drop()
                raise Lost(f"no answer: {error or type(error).__name__}") from None
            except asyncio.CancelledError:  # the answer that comes now would be taken for the next one's
                self._drop()
                raise
        if not isinstance(answer, dict):
            raise Lost("an answer of another form")
        return answer

    async def _connected(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        self._streams = await asyncio.open_connection(self._host, int(self._port), limit=LONGEST_LINE)
        return self._streams

    def _drop(self) -> None:
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None

    async def close(self) -> None:
        """Let go of the connection."""
        self._drop()

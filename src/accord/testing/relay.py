"""A relay on this machine that a connector speaks through, so that a trial can interrupt the way to its system.

Owns: carrying bytes to one address and back, and not doing so; which option of a manifest holds that address. Does not own: the laws
(contract_interruption.py). Bytes are carried as they are: a system that is spoken to by TLS would be taken for another, and is not tried.
"""

import asyncio
import contextlib
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from accord.connectors.live import Live
from accord.model.plugged import PluggedSystem
from accord.testing.conformance_world import OwnLoop

_ADDRESS = re.compile(r"(?P<before>(?:http://|tcp://)?)(?P<host>\[[^\]]+\]|[^/:@\[\]]+):(?P<port>\d{1,5})(?P<after>(?:/.*)?)")
_MOST = 1 << 16
Dial: TypeAlias = Callable[[str, int], Awaitable[tuple[asyncio.StreamReader, asyncio.StreamWriter]]]


class Relay:
    """See bench.Between. ``port``: of 127.0.0.1, where what is sent goes on to ``host`` and ``to_port``; ``dial``: connects to these."""

    def __init__(self, host: str, to_port: int, dial: Dial = asyncio.open_connection) -> None:
        self._to = (host, to_port)
        self._dial = dial
        self._deaf = False
        self._talks: set[asyncio.Task[Any]] = set()
        self._writers: set[asyncio.StreamWriter] = set()
        self._loop = OwnLoop()
        self._server = self._loop(asyncio.start_server(self._talk, "127.0.0.1", 0))
        self.port: int = self._server.sockets[0].getsockname()[1]

    def cut_off(self) -> None:
        """See bench.Between: connections break, and new ones are refused."""
        self._loop(self._stop())

    def lose_answers(self) -> None:
        """See bench.Between: a connection breaks as soon as the system has answered on it."""
        self._deaf = True

    def clear(self) -> None:
        """See bench.Between."""
        self._deaf = False
        if not self._server.is_serving():
            self._server = self._loop(asyncio.start_server(self._talk, "127.0.0.1", self.port))

    def close(self) -> None:
        """End it."""
        self._loop(self._stop())
        self._loop.close()

    async def _stop(self) -> None:
        self._server.close()
        for writer in self._writers:
            writer.close()
        await asyncio.gather(*self._talks, return_exceptions=True)

    async def _talk(self, here: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._talks.add(task)
        self._writers.add(back)
        try:
            there, onward = await self._dial(*self._to)
            self._writers.add(onward)
            await asyncio.gather(self._carry(here, onward, False), self._carry(there, back, True))
            self._writers.discard(onward)
        except OSError:
            back.close()  # the system itself is not there
        finally:
            self._writers.discard(back)
            self._talks.discard(task)

    async def _carry(self, source: asyncio.StreamReader, target: asyncio.StreamWriter, answers: bool) -> None:
        """Bytes as they come, until either end has enough; then the other end is told."""
        with contextlib.suppress(OSError):
            while data := await source.read(_MOST):
                if answers and self._deaf:
                    break
                target.write(data)
                await target.drain()
        target.close()


@dataclass(frozen=True, slots=True)
class Way:
    """Where the connectors of a live system go: host and port, within the text of one option."""

    live: Live
    option: str
    address: re.Match[str]

    def relay(self) -> Relay:
        """A relay to it."""
        return Relay(self.address["host"].strip("[]"), int(self.address["port"]))

    def through(self, relay: Relay) -> Live:
        """The same system, by way of a relay."""
        text = f"{self.address['before']}127.0.0.1:{relay.port}{self.address['after']}"
        manifest = self.live.manifest
        assert isinstance(manifest, PluggedSystem)
        plugged = replace(manifest.plugged, options={**manifest.plugged.options, self.option: text})
        return replace(self.live, manifest=replace(manifest, plugged=plugged))


def way_of(live: Live) -> Way | str:
    """The way to a live system, if its plug-in says which option holds it; otherwise why it cannot be interrupted."""
    manifest = live.manifest
    if not isinstance(manifest, PluggedSystem):
        return "the way to a database is not interrupted here"
    option = getattr(manifest.plugin, "ADDRESS", None)
    if not isinstance(option, str):
        return f"the plug-in {manifest.kind} does not say which option is the ADDRESS, so the way there cannot be interrupted"
    opened = live.opened(str(manifest.plugged.options.get(option, "")))
    found = _ADDRESS.fullmatch(opened)
    return Way(live, option, found) if found else f"{option}: is no HOST:PORT, so the way there cannot be interrupted"

"""Having systems announce their changes to a running service.

Owns: which systems are asked to, and asking again in time. Does not own: the calls (connectors/registering.py), receiving.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from accord.connectors.registering import Registrar
    from accord.engine.parts import Engine
    from accord.engine.serving import Failed, Rhythm
    from accord.ports import Clock


def registrars_of(engine: "Engine") -> "list[Registrar]":
    """What keeps the systems announcing whose manifest says how. Raises ConfigurationError for a secret that is not there."""
    from accord.connectors.registering import Notebook
    from accord.connectors.rest import RestConnector

    async def read(name: str) -> str | None:
        return await engine.keep(engine.store.setting, name)

    async def write(name: str, value: str) -> None:
        await engine.keep(engine.store.set, name, value)

    real = [one for one in engine.connectors.values() if isinstance(one, RestConnector)]
    return [made for one in real if (made := one.registrar(Notebook(read, write))) is not None]


def addresses(public_url: str, origin: str, urls: Mapping[str, str]) -> dict[str, str]:
    """Where each system shall send its events: our own addresses, as they are reached from outside."""
    return {system: public_url.rstrip("/") + url.removeprefix(origin) for system, url in urls.items()}


async def keep_registered(
    registrar: "Registrar", url: str, clock: "Clock", rhythm: "Rhythm", chance: Callable[[], float], tell: "Callable[[Failed], None]"
) -> None:
    """Have one system announce its changes to ``url`` for ever. A problem is told and tried again; changes are polled for meanwhile."""
    from accord.engine.serving import Failed, pause
    from accord.errors import SystemProblem

    failures = 0
    while True:
        try:
            wait = await registrar.ensure(url)
            failures = 0
        except SystemProblem as problem:
            failures += 1
            wait = pause(rhythm, failures, chance())
            tell(Failed(problem, wait))
        await clock.sleep(wait)


async def stopped(tasks: "Sequence[asyncio.Task[None]]") -> None:
    """End these. What is registered stays so: the next start goes on with it."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)

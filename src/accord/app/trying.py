"""Trying systems without a run: is each reached, what can it do, how does its manifest hold.

Owns: which parts take part. Does not own: the trials (checks/, testing/).
"""

import os
import random
from pathlib import Path
from typing import TYPE_CHECKING, Any

from accord.app import Setup, connector, require_secrets
from accord.app.machine import RandomIds, RealClock

if TYPE_CHECKING:
    from accord.connectors.live import Live


def live(path: Path) -> "Live":
    """A system as trials reach it, by its manifest alone and the .env beside it. Raises ConfigurationError with every problem."""
    from accord.config.checking import missing_secrets
    from accord.config.manifest import read_manifest
    from accord.config.secrets import EnvironmentSecrets, read_dotenv
    from accord.config.yamlfile import read_yaml
    from accord.connectors.live import Live
    from accord.connectors.rest import open_http
    from accord.errors import ConfigurationError

    manifest = read_manifest(path)
    secrets = EnvironmentSecrets(os.environ, read_dotenv(path.resolve().parent / ".env"))
    if problems := missing_secrets(path, manifest, secrets):
        raise ConfigurationError(problems)
    problem = read_yaml(path).problem
    return Live(manifest, secrets, RealClock(), lambda: open_http(manifest, secrets), random.SystemRandom(), RandomIds().new(), problem)


async def reach(setup: Setup) -> "list[dict[str, Any]]":
    """Look for the state and at one page of each datatype in both systems; what each can do. Raises what store and connectors raise."""
    from accord.model.records import Side
    from accord.store.states import there_is

    require_secrets(setup)
    there_is(setup.state)
    said: list[dict[str, Any]] = []
    for side in Side:
        wanted = {flow.datatype(side): frozenset[str]() for flow in setup.dataflow.flows}
        one = connector(setup, side, wanted)
        try:
            rows = []
            for name in wanted:
                async for _page in one.list(name):
                    break
                rows.append({"name": name, "abilities": one.capabilities(name).sentence()})
            said.append({"system": one.system, "datatypes": rows})
        finally:
            await one.close()
    return said

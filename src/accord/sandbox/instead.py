"""Which stand-in takes the place of a system, and how it is started in it.

Owns: the choice. Does not own: the servers, what a run does with them.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

from accord.config.dialect import wires
from accord.errors import UsageError
from accord.model.manifest import Manifest
from accord.sandbox.process import MEMBERCARE_PERSON, Name, Running, start
from accord.sandbox.standin import variables


def stand_in_of(manifest: Manifest) -> Name:
    """The server that can serve a manifest. Raises UsageError where none can."""
    try:
        wires(manifest)
    except ValueError as problem:
        if manifest.system in ("customcrm", "membercare"):
            return manifest.system  # type: ignore[return-value]  # mypy does not narrow a text to a literal
        raise UsageError(
            f"there is no stand-in for {manifest.system}", "Run it on a test system; only a manifest made from a document has a stand-in."
        ) from problem
    return "standin"


def start_instead(manifest: Manifest, file: Path, size: int, seed: int, options: Sequence[str] = ()) -> tuple[Running, Mapping[str, str]]:
    """Start a server in the place of a system; with the values of the variables that its manifest names.

    ``file``: where the manifest stands. ``size``: as process.start has it. Raises UsageError, SandboxFailed.
    """
    name = stand_in_of(manifest)
    running = start(name, size, seed, options=[*([f"--manifest={file}"] if name == "standin" else []), *options])
    if name == "customcrm":
        return running, {"CUSTOMCRM_URL": running.url, "CUSTOMCRM_KEY": running.key, "CUSTOMCRM_WEBHOOK_SECRET": "whsec_c2FuZGJveA=="}
    if name == "membercare":
        return running, {"MEMBERCARE_URL": running.url, "MEMBERCARE_KEY": running.key, "MEMBERCARE_PERSON": MEMBERCARE_PERSON}
    return running, variables(manifest, running.url, running.key)

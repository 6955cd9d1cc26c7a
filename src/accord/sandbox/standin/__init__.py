"""A stand-in for any system: it serves whichever datatypes a manifest describes, if that is written in the dialect of config/dialect.py.

Owns: joining the parts of this server, signing in, refusing other manifests. Start with api.py.
"""

from dataclasses import dataclass
from functools import partial
from pathlib import Path

from accord.config.dialect import Wire, wires
from accord.config.manifest import read_manifest
from accord.config.secrets import references
from accord.errors import ConfigurationError, Problem
from accord.model.manifest import Manifest
from accord.sandbox.clock import Now, system_now
from accord.sandbox.customcrm import BEARER, ERROR, Gate, refuse
from accord.sandbox.desk import Desk
from accord.sandbox.faults import Calls, Faults
from accord.sandbox.openapi import describe
from accord.sandbox.standin.api import Collection
from accord.sandbox.standin.shelf import Shelf
from accord.sandbox.web import Application

_REMEDY = "Have one written from the document: only a manifest in its dialect can be served. A system that is there needs no stand-in."


@dataclass(frozen=True, slots=True)
class Settings:
    """``key``: what callers sign in with. ``size``: made-up records of each datatype to start with."""

    key: str
    size: int = 0
    seed: int = 1


def served(path: str | Path) -> tuple[Manifest, tuple[Wire, ...]]:
    """A manifest and what a stand-in serves of it. Raises ConfigurationError when it is none, or in another dialect."""
    manifest = read_manifest(path)
    try:
        return manifest, wires(manifest)
    except ValueError as problem:
        raise ConfigurationError([Problem(str(path), 1, 1, f"no stand-in can serve this manifest: {problem}", _REMEDY)]) from problem


def variables(manifest: Manifest, url: str, key: str) -> dict[str, str]:
    """What the .env beside a dataflow must say so that ``manifest`` leads to the stand-in at ``url``."""
    texts = ((manifest.origin, url), (manifest.authentication.value or "", key))
    return {name.removeprefix("env:"): value for text, value in texts for name in references(text) if name.startswith("env:")}


def application(datatypes: tuple[Wire, ...], settings: Settings, faults: Faults, now: Now = system_now) -> Application:
    """The whole server, with its data."""
    calls = Calls()
    shelves = {wire.collection: Shelf(wire, now) for wire in datatypes}
    for shelf in shelves.values():
        shelf.fill(settings.size, settings.seed)
    own = [route for shelf in shelves.values() for route in Collection(shelf, now).routes()]
    dumps = {name: shelf.live for name, shelf in shelves.items()}
    desk = Desk(calls, faults, dumps, partial(describe, "A stand-in", own, BEARER, ERROR))
    return Application([*own, *desk.routes()], Gate(settings.key, 0.0, now), refuse, faults, calls, desk.lies)

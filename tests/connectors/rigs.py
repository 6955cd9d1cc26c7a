"""What the tests of the REST connector share: a clock that nobody waits for, a small system, and ways to make writes."""

import asyncio
import random
from collections.abc import AsyncIterator, Coroutine, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import pydantic
import yaml
from scripted import Handler, Scripted

from accord.connectors.rest import RestConnector, open_rest
from accord.model.manifest import Manifest
from accord.model.plans import OperationKind, Outcome, Precondition, Write
from accord.model.records import RecordRef, Seen, Side

T = TypeVar("T")
NOW = datetime(2024, 9, 10, 12, 0, 0, tzinfo=UTC)
MANIFESTS = Path(__file__).parents[2] / "src" / "accord" / "connectors" / "manifests"


def run(scenario: Coroutine[Any, Any, T]) -> T:
    """Run one scenario; a deadlock ends as a failure."""
    return asyncio.run(asyncio.wait_for(scenario, 20))


class PassingClock:
    """Time that passes only by sleeping, at once. ``slept``: every wait that was asked for, in seconds."""

    def __init__(self) -> None:
        self.passed = 0.0
        self.slept: list[float] = []

    def now(self) -> datetime:
        return NOW + timedelta(seconds=self.passed)

    def monotonic(self) -> float:
        return self.passed

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.passed += seconds
        await asyncio.sleep(0)


class KnownSecrets:
    """Secrets by reference."""

    def __init__(self, **known: str) -> None:
        self.known = known

    def get(self, reference: str) -> str:
        return self.known[reference.removeprefix("env:")]


def manifest(described: Mapping[str, Any]) -> Manifest:
    """A manifest from what a file would say."""
    return pydantic.TypeAdapter(Manifest).validate_python(described)


def shipped(name: str) -> Manifest:
    """One of the manifests that are shipped."""
    return manifest(yaml.safe_load((MANIFESTS / f"{name}.yaml").read_text()))


THING: dict[str, Any] = {
    "id": "id",
    "version": "version",
    "modified": "changed",
    "reference": "mark",
    "list": {"path": "/things", "items": "items", "paging": {"kind": "cursor", "parameter": "after", "next": "next"}},
    "changes": {"kind": "since", "parameter": "since", "overlap_seconds": 3},
    "read": "/things/{id}",
    "create": [{"path": "/things", "find": {"path": "/things", "query": {"mark": "{reference}"}, "items": "items", "compare": "mark"}}],
    "update": {"path": "/things/{id}", "method": "PATCH"},
    "delete": {"path": "/things/{id}", "method": "DELETE", "answer": None},
    "properties": {"name": {}, "note": {"path": "about.note"}, "size": {"type": "decimal", "create": "Size", "update": "Size"}, "mark": {}},
}


def system(thing: Mapping[str, Any] = {}, **rest: Any) -> dict[str, Any]:  # never changed
    """A small system with one datatype, Thing; ``thing`` and ``rest`` change what is said of it."""
    return {
        "manifest": 1,
        "system": "shed",
        "origin": "${env:URL}",
        "private_hosts": True,
        "limits": {"retries": 2, "longest_wait_seconds": 60, "deadline_seconds": 5},
        "datatypes": {"Thing": {**THING, **thing}},
        **rest,
    }


class Rig:
    """A connector in front of a scripted server."""

    def __init__(self, server: Scripted, connector: RestConnector, clock: PassingClock) -> None:
        self.server = server
        self.connector = connector
        self.clock = clock

    async def write(self, *writes: Write, datatype: str = "Thing") -> dict[str, Outcome]:
        outcomes = [each async for each in self.connector.write(datatype, writes)]
        assert sorted(each.key for each in outcomes) == sorted(each.key for each in writes), "each outcome exactly once"
        return {each.key: each for each in outcomes}

    async def one(self, write: Write, datatype: str = "Thing") -> Outcome:
        return (await self.write(write, datatype=datatype))[write.key]

    async def seen(self, record_id: str, datatype: str = "Thing") -> Seen:
        (observation,) = await self.connector.read(datatype, [record_id])
        assert isinstance(observation, Seen), observation
        return observation


@asynccontextmanager
async def rig(handler: Handler, described: Manifest | Mapping[str, Any] | None = None, **secrets: str) -> AsyncIterator[Rig]:
    """A server and a connector that wants every property."""
    async with Scripted(handler) as server:
        made = described if isinstance(described, Manifest) else manifest(described or system())
        wanted = {name: frozenset(each.properties) for name, each in made.datatypes.items()}
        clock = PassingClock()
        connector = open_rest(made, Side.RIGHT, wanted, KnownSecrets(URL=server.url, **secrets), clock, random.Random(7))
        try:
            yield Rig(server, connector, clock)
        finally:
            await connector.close()


def create(key: str = "c1", datatype: str = "Thing", idempotency: str = "", reference: str = "left-1", **values: Any) -> Write:
    """A create of ``values``; a name with a dot is written with two underscores."""
    named = {name.replace("__", "."): value for name, value in values.items()}
    return Write(key, OperationKind.CREATE, RecordRef(Side.RIGHT, datatype, ""), named, reference, None, idempotency)


def update(seen: Seen | str, key: str = "u1", datatype: str = "Thing", **values: Any) -> Write:
    """An update, planned against what was seen."""
    named = {name.replace("__", "."): value for name, value in values.items()}
    if isinstance(seen, str):
        return Write(key, OperationKind.UPDATE, RecordRef(Side.RIGHT, datatype, seen), named, "left-1")
    return Write(key, OperationKind.UPDATE, seen.ref, named, "left-1", Precondition(seen.version, seen.fingerprint))


def delete(seen: Seen, key: str = "d1") -> Write:
    """A delete, planned against what was seen."""
    return Write(key, OperationKind.DELETE, seen.ref, {}, "left-1", Precondition(seen.version, seen.fingerprint))

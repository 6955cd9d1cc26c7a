"""The REST connector with the shipped manifest keeps the contract against the Customcrm sandbox, over real HTTP."""

import asyncio
import contextlib
import json
import random
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

import accord.connectors
from accord.app.machine import RealClock
from accord.config.manifest import read_manifest
from accord.connectors.rest import RestConnector, open_rest
from accord.model.manifest import Manifest
from accord.model.records import Side
from accord.model.values import RawValues
from accord.sandbox.process import CUSTOMCRM_KEY, start
from accord.testing.connector_contract import Connect, RemoteConnectorContract, Subject
from accord.testing.relay import Relay

pytestmark = pytest.mark.slow


class ImpatientClock(RealClock):
    """Ours goes with the server's, which is a process of its own; but nothing is waited for."""

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(0)

    def monotonic(self) -> float:
        return 0.0


class Known:
    """Where the sandbox is, and its key."""

    def __init__(self, origin: str) -> None:
        self._known = {"env:CUSTOMCRM_URL": origin, "env:CUSTOMCRM_KEY": CUSTOMCRM_KEY}

    def get(self, reference: str) -> str:
        return self._known[reference]


class CustomcrmUsers:
    """Users of the sandbox, by plain calls."""

    def __init__(self, origin: str) -> None:
        self._origin = origin

    def _call(self, method: str, path: str, body: RawValues | None = None) -> dict[str, object]:
        headers = {"Authorization": f"Bearer {CUSTOMCRM_KEY}", "Content-Type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self._origin}/api/products{path}", data, headers, method=method)
        with urllib.request.urlopen(request, timeout=10) as answer:
            content = answer.read()
        return json.loads(content) if content else {}

    def make(self, values: RawValues) -> str:
        return str(self._call("POST", "", values)["Id"])

    def edit(self, id: str, values: RawValues) -> None:
        self._call("PATCH", f"/{id}", values)

    def remove(self, id: str) -> None:
        self._call("DELETE", f"/{id}")

    def settle(self) -> None:
        """A change shows at once, and no two have the same time."""


def with_pages(manifest: Manifest, size: int) -> Manifest:
    product = manifest.datatypes["Product"]
    listing = replace(product.list, paging=replace(product.list.paging, size=size))
    return replace(manifest, datatypes={"Product": replace(product, list=listing)})


@pytest.fixture(scope="module")
def origin() -> Iterator[str]:
    with start("customcrm", 0) as running:
        yield running.url


class TestRestKeepsTheContract(RemoteConnectorContract):
    @pytest.fixture
    def subject(self, request: pytest.FixtureRequest) -> Subject:
        return Subject(
            side=Side.LEFT,
            datatype="Product",
            text="Name",
            other="Number",
            amount="Price",
            unwanted="ExternalId",
            refused={"Active": "perhaps"},
            salt=f"{request.node.name}:",
        )

    @pytest.fixture
    def world(self, origin: str) -> CustomcrmUsers:
        return CustomcrmUsers(origin)

    @pytest.fixture
    def between(self, origin: str) -> Iterator[Relay]:
        with contextlib.closing(Relay("127.0.0.1", int(origin.rpartition(":")[2]))) as relay:
            yield relay

    @pytest.fixture
    def connect(self, between: Relay) -> Connect:
        shipped = read_manifest(Path(accord.connectors.__file__).parent / "manifests" / "customcrm.yaml")

        def connect(size: int | None) -> RestConnector:
            manifest = shipped if size is None else with_pages(shipped, size)
            wanted = {"Product": frozenset({"Name", "Number", "Price", "Active"})}
            return open_rest(manifest, Side.LEFT, wanted, Known(f"http://127.0.0.1:{between.port}"), ImpatientClock(), random.Random(1))

        return connect

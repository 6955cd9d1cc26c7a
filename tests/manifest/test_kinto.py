"""Kinto as a Customcrm: the shipped manifest keeps the contract on a real server, and the six flows of the demo run on it unchanged."""

import json
import random
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from kinto_server import PASSWORD, USER, Kinto, kinto
from rigs import MANIFESTS, KnownSecrets

from accord.app.machine import RealClock
from accord.cli.advice import ended
from accord.cli.main import accord
from accord.config.manifest import read_manifest
from accord.connectors.rest import RestConnector, open_rest
from accord.model.manifest import Listing
from accord.model.records import Side
from accord.model.values import RawValues
from accord.testing.connector_contract import Connect, ConnectorContract, Subject

pytestmark = pytest.mark.slow

MANIFEST = MANIFESTS / "kinto.yaml"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kinto]:
    with kinto(tmp_path_factory.mktemp("kinto")) as running:
        yield running


class KintoUsers:
    """Users of a collection, by plain calls."""

    def __init__(self, server: Kinto) -> None:
        self._server = server

    def make(self, values: RawValues) -> str:
        made: str = self._server.ask("POST", "/collections/products/records", values)["id"]
        return made

    def edit(self, id: str, values: RawValues) -> None:
        self._server.ask("PATCH", f"/collections/products/records/{id}", values)

    def remove(self, id: str) -> None:
        self._server.ask("DELETE", f"/collections/products/records/{id}")

    def settle(self) -> None:
        """A change shows at once, and the next one has another time."""


def page(listing: Listing, size: int) -> Listing:
    return replace(listing, paging=replace(listing.paging, size=size))


class TestKintoKeepsTheContract(ConnectorContract):
    @pytest.fixture
    def subject(self, request: pytest.FixtureRequest) -> Subject:
        needs = {"Price": Decimal(1)}
        return Subject(side=Side.LEFT, datatype="Product", text="Name", other="Number", amount="Price", needs=needs, salt=request.node.name)

    @pytest.fixture
    def world(self, server: Kinto) -> KintoUsers:
        server.ask("DELETE", "/collections/products/records")
        return KintoUsers(server)

    @pytest.fixture
    def connect(self, server: Kinto) -> Connect:
        def connect(size: int | None) -> RestConnector:
            manifest = read_manifest(MANIFEST)
            product = manifest.datatypes["Product"]
            if size is not None and product.changes is not None and product.changes.listing is not None:
                changes = replace(product.changes, listing=page(product.changes.listing, size))
                manifest = replace(manifest, datatypes={"Product": replace(product, list=page(product.list, size), changes=changes)})
            secrets = KnownSecrets(KINTO_URL=server.origin, KINTO_USER=USER, KINTO_PASSWORD=PASSWORD)
            return open_rest(
                manifest, Side.LEFT, {"Product": frozenset({"Name", "Number", "Price"})}, secrets, RealClock(), random.Random(1)
            )

        return connect


def command(*words: str) -> int:
    return ended(lambda: accord.main(list(words), "accord", standalone_mode=False), json_wanted=False)


@pytest.fixture
def described(server: Kinto, tmp_path: Path) -> Path:
    (tmp_path / "kinto.yaml").write_bytes(MANIFEST.read_bytes())
    (tmp_path / ".env").write_text(server.env())
    return tmp_path / "kinto.yaml"


def test_conform_finds_nothing_that_does_not_hold(described: Path, server: Kinto, capsys: pytest.CaptureFixture[str]) -> None:
    assert command("manifest", "conform", str(described), "--datatype", "Contact", "--allow-writes-to", "kinto", "--json") == 0
    (contact,) = json.loads(capsys.readouterr().out)["datatypes"]
    assert {each["verdict"] for each in contact["checks"]} == {"holds", "cannot tell"}
    assert contact["removed"] > 40
    assert server.ask("GET", "/collections/contacts/records") == []


def test_probe_says_what_works(described: Path, server: Kinto, capsys: pytest.CaptureFixture[str]) -> None:
    for number in range(6):
        server.ask("POST", "/collections/customers/records", {"Name": f"Customer {number}", "ExternalId": f"mark {number}"})
    words = ("manifest", "probe", str(described), "--datatype", "Customer", "--allow-writes-to", "kinto", "--json")
    assert command(*words) == 0
    probes = json.loads(capsys.readouterr().out)["probes"]
    working = {each["capability"] for each in probes if each["verdict"] == "works"}
    assert working >= {"list", "sign-in", "paging", "version", "modified", "read by id", "changes", "finding"}
    assert working >= {"create", "update", "conditional write", "delete"}
    server.ask("DELETE", "/collections/customers/records")


def test_a_wrong_password_is_exit_4(described: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = (described.parent / ".env").read_text().replace(PASSWORD, "wrong")
    (described.parent / ".env").write_text(text)
    assert command("manifest", "conform", str(described), "--allow-writes-to", "kinto") == 4
    said = capsys.readouterr().err
    assert "kinto" in said
    assert "wrong" not in said

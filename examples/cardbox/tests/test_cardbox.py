"""The laws that every connector keeps, tried on this one: pytest, in an environment that has accord and accord-cardbox."""

import asyncio
import contextlib
import random
import threading
from collections.abc import Iterator
from dataclasses import replace

import pytest
from accord_cardbox import check, connect
from accord_cardbox.server import Server

from accord.app.machine import RealClock
from accord.errors import ConfigurationError, SystemRefused
from accord.model.plans import OperationKind, Outcome, OutcomeKind, Write
from accord.model.plugged import PluggedDatatype, PluggedManifest, PluggedProperty
from accord.model.records import RecordRef, Side
from accord.model.values import RawValues
from accord.ports import Connector, Services
from accord.testing.connector_contract import Connect, RemoteConnectorContract, Subject
from accord.testing.relay import Relay

PROPERTIES = {
    "Name": PluggedProperty(path="last"),
    "Note": PluggedProperty(path="note"),
    "Email": PluggedProperty(path="mail"),
    "Other": PluggedProperty(path="other"),
    "Reference": PluggedProperty(path="ref", create=False, update=False),
}


def manifest_to(port: int) -> PluggedManifest:
    people = PluggedDatatype(options={"box": "people"}, delete=True, reference="Reference", properties=PROPERTIES)
    options = {"address": f"127.0.0.1:{port}", "token": "secret"}
    return PluggedManifest(manifest=1, kind="cardbox", system="office", options=options, datatypes={"Contact": people})


class Users:
    """What people do in the system, by another way than the connector."""

    def __init__(self, server: Server) -> None:
        self._ask = server.boxes.answer

    def _done(self, **asked: object) -> dict[str, str]:
        answer = self._ask({"token": "secret", "box": "people", "seq": None, **asked})
        assert "error" not in answer, answer
        card: dict[str, str] = answer.get("card", {})
        return card

    def _values(self, values: RawValues) -> RawValues:
        return {str(PROPERTIES[name].path): value for name, value in values.items()}

    def make(self, values: RawValues) -> str:
        return self._done(do="add", values=self._values(values), ref=None)["id"]

    def edit(self, id: str, values: RawValues) -> None:
        self._done(do="set", id=id, values=self._values(values))

    def remove(self, id: str) -> None:
        self._done(do="drop", id=id)

    def settle(self) -> None:
        """A change shows at once, and has a number of its own."""


@pytest.fixture
def server() -> Iterator[Server]:
    with Server(0, "secret") as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


class TestCardboxKeepsTheLaws(RemoteConnectorContract):
    @pytest.fixture
    def subject(self) -> Subject:
        return Subject(side=Side.LEFT, datatype="Contact", text="Name", other="Note", unwanted="Other", refused={"Email": "nobody"})

    @pytest.fixture
    def world(self, server: Server) -> Users:
        return Users(server)

    @pytest.fixture
    def between(self, server: Server) -> Iterator[Relay]:
        with contextlib.closing(Relay("127.0.0.1", server.server_address[1])) as relay:
            yield relay

    @pytest.fixture
    def connect(self, between: Relay) -> Connect:
        manifest = manifest_to(between.port)
        wanted = {"Contact": frozenset({"Name", "Note", "Email", "Reference"})}

        def opened(page_size: int | None) -> Connector:
            services = Services(
                side=Side.LEFT, wanted=wanted, secrets=NoSecrets(), clock=RealClock(), rng=random.Random(1), page_size=page_size
            )
            return connect(manifest, services)

        return opened


class NoSecrets:
    """They stand in the manifest already."""

    def get(self, reference: str) -> str:
        raise LookupError(reference)


def services() -> Services:
    return Services(side=Side.LEFT, wanted={"Contact": frozenset({"Name"})}, secrets=NoSecrets(), clock=RealClock(), rng=random.Random(1))


def test_a_token_that_is_not_known_stops_reading_and_writing_as_a_whole(server: Server) -> None:
    manifest = manifest_to(server.server_address[1])
    connector = connect(replace(manifest, options={**manifest.options, "token": "stolen"}), services())
    creates = [Write(key, OperationKind.CREATE, RecordRef(Side.LEFT, "Contact", ""), {"Name": key}, key) for key in ("1", "2")]

    async def course() -> list[Outcome]:
        with pytest.raises(SystemRefused):
            await connector.read("Contact", ["C00000001"])
        outcomes = [outcome async for outcome in connector.write("Contact", creates)]
        await connector.close()
        return outcomes

    assert [(outcome.kind, outcome.fatal) for outcome in asyncio.run(course())] == [(OutcomeKind.FAILED, True), (OutcomeKind.FAILED, False)]


def test_an_address_that_is_none_is_told_before_anything_is_called() -> None:
    manifest = manifest_to(1)
    with pytest.raises(ConfigurationError, match="address: is no HOST:PORT"):
        connect(replace(manifest, options={**manifest.options, "address": "here"}), services())


def test_what_the_manifest_lacks_is_said_with_its_place() -> None:
    wrong = {"Born": PluggedProperty(type="date")}
    manifest = PluggedManifest(
        manifest=1, kind="cardbox", system="office", options={"adress": "x"}, datatypes={"Contact": PluggedDatatype(properties=wrong)}
    )
    assert [misfit.path for misfit in check(manifest)] == [
        ("options", "adress"),
        ("options",),
        ("options",),
        ("datatypes", "Contact"),
        ("datatypes", "Contact", "properties", "Born", "type"),
    ]

"""The shipped contract, kept by the REST connector with the shipped manifests in front of both sandboxes."""

from decimal import Decimal
from typing import Any

import pytest
from inprocess import Hosted, connect
from rigs import PassingClock, shipped

from accord.model.records import Side
from accord.model.values import RawValues
from accord.testing.connector_contract import Connect, ConnectorContract, Subject

RENAMED = {"firstname": "firstName", "lastname": "lastName"}


class _World:
    """Users of a sandbox, by its own API."""

    def __init__(self, hosted: Hosted, collection: str) -> None:
        self.hosted = hosted
        self.collection = collection

    def settle(self) -> None:
        self.hosted.clock.passed += 5.0


class _CrmWorld(_World):
    def ask(self, method: str, path: str = "", values: RawValues | None = None) -> Any:
        return self.hosted.ask(method, f"/api/{self.collection}{path}", values, authorization="Bearer key")

    def make(self, values: RawValues) -> str:
        return str(self.ask("POST", "", values)["Id"])

    def edit(self, id: str, values: RawValues) -> None:  # the contract's word
        self.ask("PATCH", f"/{id}", values)

    def remove(self, id: str) -> None:  # the contract's word
        self.ask("DELETE", f"/{id}")


class _MemberWorld(_World):
    """Members; removing one is anonymising it."""

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        token = self.hosted.ask("POST", "/api/v1/token", {"clientApiKey": "key", "personToImpersonate": "1"})["value"]
        return self.hosted.ask(method, f"/api/v1/{self.collection}{path}", body, token=token)

    def make(self, values: RawValues) -> str:
        contacts, own = _split(values)
        made = str(self.ask("POST", "", own)["debtorAccountNumber"])
        if contacts:
            self.ask("POST", f"/{made}/contacts", contacts)
        return made

    def edit(self, id: str, values: RawValues) -> None:  # the contract's word
        contacts, own = _split(values)
        if contacts:
            self.ask("POST", f"/{id}/contacts", contacts)
        if own:
            renamed = {RENAMED.get(name, name): value for name, value in own.items()} if self.collection == "persons" else own
            self.ask("PATCH", f"/{id}", renamed)

    def remove(self, id: str) -> None:  # the contract's word
        self.ask("PATCH", f"/{id}", {"einvoiceEan": "0"})  # so that it shows in the feed
        self.hosted.erased.add(id)


def _split(values: RawValues) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    contacts = [{"type": 1, "value": values["email"]}] if "email" in values else []
    return contacts, {name: value for name, value in values.items() if name != "email"}


class RestContract(ConnectorContract):
    """What the four classes below share."""

    system = "customcrm"
    collection = "contacts"
    wanted: frozenset[str] = frozenset()
    world_of: type[_World] = _CrmWorld

    @pytest.fixture
    def world(self) -> Any:
        return self.world_of(Hosted(self.system, PassingClock()), self.collection)

    @pytest.fixture
    def connect(self, world: _World, subject: Subject) -> Connect:
        return lambda size: connect(world.hosted, shipped(self.system), {subject.datatype: self.wanted}, size)


class TestContact(RestContract):
    wanted = frozenset({"FirstName", "LastName", "Email", "Country"})

    @pytest.fixture
    def subject(self) -> Subject:
        return Subject(side=Side.RIGHT, datatype="Contact", text="FirstName", other="LastName", unwanted="City", refused={"Email": 17})


class TestProduct(RestContract):
    collection = "products"
    wanted = frozenset({"Name", "Number", "Price"})

    @pytest.fixture
    def subject(self) -> Subject:
        return Subject(
            side=Side.RIGHT,
            datatype="Product",
            text="Name",
            other="Number",
            amount="Price",
            refused={"Price": "much"},
            needs={"Price": Decimal(1)},
        )


class TestPersons(RestContract):
    system = "membercare"
    collection = "persons"
    world_of = _MemberWorld
    wanted = frozenset({"firstname", "lastname", "email", "address.city"})

    @pytest.fixture
    def subject(self) -> Subject:
        return Subject(side=Side.RIGHT, datatype="Persons", text="firstname", other="lastname", refused={"gender": 17})


class TestCompanies(RestContract):
    system = "membercare"
    collection = "companies"
    world_of = _MemberWorld
    wanted = frozenset({"companyName", "email", "organisationNumber"})

    @pytest.fixture
    def subject(self) -> Subject:
        return Subject(
            side=Side.RIGHT, datatype="Companies", text="companyName", other="email", refused={"einvoiceEmail": 17}, empties=False
        )

"""The REST connector over real sockets, in front of the sandboxes as processes."""

import asyncio
import os
import random
import time
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from inprocess import every_property
from rigs import KnownSecrets, create, run, shipped, update

from accord.connectors.rest import RestConnector, open_rest
from accord.model.plans import OutcomeKind
from accord.model.records import Gone, Seen, Side
from accord.sandbox.process import Running, start

pytestmark = pytest.mark.slow


class RealClock:
    """The machine's own."""

    def now(self) -> datetime:
        return datetime.now(UTC)  # noqa: TID251  # a real server has a real clock

    def monotonic(self) -> float:
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


@pytest.fixture(scope="module")
def crm() -> Iterator[Running]:
    with start("customcrm", 300) as running:
        yield running


@pytest.fixture(scope="module")
def members() -> Iterator[Running]:
    with start("membercare", 300) as running:
        yield running


def _connector(running: Running) -> RestConnector:
    name = running.name.upper()
    secrets = KnownSecrets(**{f"{name}_URL": running.url, f"{name}_KEY": running.key, "MEMBERCARE_PERSON": "1"})
    made = shipped(running.name)
    return open_rest(made, Side.RIGHT, every_property(made), secrets, RealClock(), random.Random(os.getpid()))


@pytest.mark.parametrize("name", ["customcrm", "membercare"])
def test_every_datatype_is_listed_in_full_and_read_the_same(name: str, request: pytest.FixtureRequest) -> None:
    running: Running = request.getfixturevalue("crm" if name == "customcrm" else "members")

    async def scenario() -> None:
        connector = _connector(running)
        try:
            for datatype in shipped(name).datatypes:
                pages = [page async for page in connector.list(datatype)]
                listed = {each.ref.id: each for page in pages for each in page.observations if isinstance(each, Seen)}
                assert pages[-1].last
                assert pages[-1].cursor
                some = list(listed)[:40]
                read = await connector.read(datatype, some)
                assert [each.fingerprint for each in read if isinstance(each, Seen)] == [listed[each].fingerprint for each in some]
        finally:
            await connector.close()

    run(scenario())


def test_two_hundred_contacts_are_made_changed_and_deleted(crm: Running) -> None:
    async def scenario() -> None:
        connector = _connector(crm)
        try:
            writes = [create(str(n), "Contact", f"idem-{n}", f"ref-{n}", FirstName=f"F{n}") for n in range(200)]
            made = [each async for each in connector.write("Contact", writes)]
            assert {each.kind for each in made} == {OutcomeKind.DONE}
            found = await connector.find("Contact", writes[:20])
            assert all(len(each.records) == 1 for each in found)
            seen = [each.observation for each in made if each.observation]
            changes = [update(each, str(n), "Contact", LastName="L") for n, each in enumerate(seen)]
            assert {each.kind async for each in connector.write("Contact", changes)} == {OutcomeKind.DONE}
            assert {each.kind async for each in connector.write("Contact", changes)} == {OutcomeKind.MOVED}
            assert [type(each) for each in await connector.read("Contact", ["CO-999999"])] == [Gone]
        finally:
            await connector.close()

    run(scenario())


def test_fifty_persons_with_contacts_and_addresses(members: Running) -> None:
    async def scenario() -> None:
        connector = _connector(members)
        try:
            values = {"firstname": "A", "email": "a@example.org", "address__street": "S", "address__country": "NO"}
            writes = [create(str(n), "Persons", "", f"ref-{n}", **values) for n in range(50)]
            made = [each async for each in connector.write("Persons", writes)]
            assert {each.kind for each in made} == {OutcomeKind.DONE}
            seen = [each.observation for each in made if each.observation]
            changes = [update(each, str(n), "Persons", email="b@example.org") for n, each in enumerate(seen)]
            after = [each async for each in connector.write("Persons", changes)]
            assert {each.observation.values["email"] for each in after if each.observation} == {"b@example.org"}
        finally:
            await connector.close()

    run(scenario())

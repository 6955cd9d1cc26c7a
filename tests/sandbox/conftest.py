"""One server of each kind for all tests here; a test that changes how a server behaves starts its own."""

from collections.abc import Iterator

import pytest
import sandbox_client
from sandbox_client import Client

from accord.sandbox.process import start


@pytest.fixture(scope="session")
def crm() -> Iterator[Client]:
    with start("customcrm", 200) as running:
        yield sandbox_client.customcrm(running)


@pytest.fixture(scope="session")
def care() -> Iterator[Client]:
    with start("membercare", 200) as running:
        yield sandbox_client.membercare(running)


@pytest.fixture(scope="session")
def strict() -> Iterator[Client]:
    with start("membercare", 20, options=["--strict"]) as running:
        yield sandbox_client.membercare(running)

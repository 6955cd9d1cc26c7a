"""The SQL connector keeps the contract on a real PostgreSQL, in every way in which a table can tell its changes."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from sql_case import VARIANTS, SqlWorld, connector, postgres_world, subject_of, system_of

from accord.testing.connector_contract import Connect, ConnectorContract, Subject

sys.path.insert(0, str(Path(__file__).parent.parent / "store_postgres"))  # the server comes from there

from postgres_server import Server

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    running = Server()
    yield running.address
    running.stop()


class TestPostgresKeepsTheContract(ConnectorContract):
    @pytest.fixture(params=VARIANTS)
    def variant(self, request: pytest.FixtureRequest) -> str:
        return request.param

    @pytest.fixture
    def subject(self, variant: str) -> Subject:
        return subject_of(variant)

    @pytest.fixture
    def world(self, server: str, variant: str) -> SqlWorld:
        return postgres_world(server, variant)

    @pytest.fixture
    def connect(self, world: SqlWorld, server: str, variant: str, tmp_path: Path) -> Connect:
        described = system_of(variant, tmp_path)
        return lambda size: connector(described, server, size)

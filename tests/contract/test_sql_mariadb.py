"""The SQL connector keeps the contract on a real MariaDB, in every way in which a table can tell its changes."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from mariadb_server import mariadb
from sql_case import VARIANTS, SqlWorld, connector, mariadb_world, subject_of, system_of

from accord.testing.connector_contract import Connect, ConnectorContract, Subject

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with mariadb() as running:
        yield running.address


class TestMariadbKeepsTheContract(ConnectorContract):
    @pytest.fixture(params=VARIANTS)
    def variant(self, request: pytest.FixtureRequest) -> str:
        return request.param

    @pytest.fixture
    def subject(self, variant: str) -> Subject:
        return subject_of(variant)

    @pytest.fixture
    def world(self, server: str, variant: str) -> SqlWorld:
        return mariadb_world(server, variant)

    @pytest.fixture
    def connect(self, world: SqlWorld, server: str, variant: str, tmp_path: Path) -> Connect:
        described = system_of(variant, tmp_path)
        return lambda size: connector(described, server, size)

"""The SQL connector keeps the contract on SQLite, in every way in which a table can tell its changes."""

from pathlib import Path

import pytest
from sql_case import VARIANTS, SqlWorld, connector, sqlite_world, subject_of, system_of

from accord.testing.connector_contract import Connect, ConnectorContract, Subject


class TestSqliteKeepsTheContract(ConnectorContract):
    @pytest.fixture(params=VARIANTS)
    def variant(self, request: pytest.FixtureRequest) -> str:
        return request.param

    @pytest.fixture
    def subject(self, variant: str) -> Subject:
        return subject_of(variant)

    @pytest.fixture
    def world(self, variant: str, tmp_path: Path) -> SqlWorld:
        return sqlite_world(tmp_path / "shop.db", variant)

    @pytest.fixture
    def connect(self, world: SqlWorld, variant: str, tmp_path: Path) -> Connect:
        described = system_of(variant, tmp_path)
        return lambda size: connector(described, f"sqlite:///{tmp_path / 'shop.db'}", size)

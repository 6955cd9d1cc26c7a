"""The file connector keeps the contract on CSV, in the ways in which programs write it."""

from pathlib import Path

import pytest
from files_case import VARIANTS, FilesWorld, connector, subject_of, system_of, world_of

from accord.testing.connector_contract import Connect, ConnectorContract, Subject


class TestCsvKeepsTheContract(ConnectorContract):
    @pytest.fixture(params=[name for name in VARIANTS if name.startswith("csv")])
    def variant(self, request: pytest.FixtureRequest) -> str:
        return request.param

    @pytest.fixture
    def subject(self, variant: str) -> Subject:
        return subject_of(variant)

    @pytest.fixture
    def world(self, variant: str, tmp_path: Path) -> FilesWorld:
        return world_of(variant, tmp_path)

    @pytest.fixture
    def connect(self, world: FilesWorld, variant: str, tmp_path: Path) -> Connect:
        described = system_of(variant, tmp_path)
        return lambda size: connector(described, size)

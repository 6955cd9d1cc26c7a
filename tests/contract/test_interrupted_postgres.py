"""The SQL connector over a way that breaks: PostgreSQL behind a relay."""

import asyncio
import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from sql_case import VARIANTS, SqlWorld, connector, postgres_world, subject_of, system_of
from sqlalchemy.engine import make_url

from accord.testing.connector_contract import Connect, ContractFixtures, Subject
from accord.testing.contract_interruption import InterruptionContract
from accord.testing.relay import Relay

sys.path.insert(0, str(Path(__file__).parent.parent / "store_postgres"))  # the server comes from there

from postgres_server import Server

pytestmark = pytest.mark.slow
VARIANT = next(iter(VARIANTS))


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    running = Server()
    yield running.address
    running.stop()


async def dial(socket: str, _port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """The server listens in a folder only."""
    return await asyncio.open_unix_connection(socket)


class TestPostgresIsInterrupted(InterruptionContract, ContractFixtures):
    @pytest.fixture
    def subject(self) -> Subject:
        return subject_of(VARIANT)

    @pytest.fixture
    def world(self, server: str) -> SqlWorld:
        return postgres_world(server, VARIANT)

    @pytest.fixture
    def between(self, server: str) -> Iterator[Relay]:
        (socket,) = (each for each in Path(str(make_url(server).query["host"])).glob(".s.PGSQL.*") if each.suffix != ".lock")
        with contextlib.closing(Relay(str(socket), 0, dial)) as relay:
            yield relay

    @pytest.fixture
    def connect(self, world: SqlWorld, server: str, between: Relay, tmp_path: Path) -> Connect:
        described = system_of(VARIANT, tmp_path)
        address = make_url(server).set(query={}, host="127.0.0.1", port=between.port)
        return lambda size: connector(described, address.render_as_string(hide_password=False), size)

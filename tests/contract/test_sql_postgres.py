"""The SQL connector keeps the contract on a real PostgreSQL, in every way in which a table can tell its changes."""

import asyncio
import sys
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sql_case import VARIANTS, SqlWorld, connector, postgres_world, subject_of, system_of
from sqlalchemy.engine import make_url

from accord.app.databases import trigger_statements
from accord.connectors.sql import SqlConnector
from accord.model.plans import OperationKind, OutcomeKind, Write
from accord.model.records import Evidence, Gone, Observation, RecordRef, Side
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


MORE = "    key: [id]\n    changes: {kind: table, table: changed_products}\n    reference: ExternalId\n"


@pytest.fixture
def noted(server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SqlConnector:
    """A connector to products whose changes a table tells, by the triggers that the command writes."""
    postgres_world(server, "only listings")
    monkeypatch.setitem(VARIANTS, "noted", MORE)
    monkeypatch.setenv("SHOP_DATABASE", server)
    described = system_of("noted", tmp_path)
    with psycopg.connect(server, autocommit=True) as owner:
        for statement in [*trigger_statements(tmp_path / "shop.yaml"), *trigger_statements(tmp_path / "shop.yaml")]:  # twice does no harm
            owner.execute(statement.encode())
    return connector(described, server)


def test_P18_what_began_before_the_look_and_is_committed_after_it_is_seen(server: str, noted: SqlConnector) -> None:
    async def changed(cursor: str) -> tuple[dict[str, Observation], str]:
        pages = [page async for page in noted.changes("Product", cursor)]
        assert pages[-1].cursor is not None
        return {one.ref.id: one for page in pages for one in page.observations}, pages[-1].cursor

    async def course() -> None:
        pages = [page async for page in noted.list("Product")]
        cursor = pages[-1].cursor
        assert cursor is not None
        with psycopg.connect(server) as slow, psycopg.connect(server, autocommit=True) as quick:
            slow.execute("INSERT INTO products (name) VALUES ('slow')")
            quick.execute("INSERT INTO products (name) VALUES ('quick')")
            first, cursor = await changed(cursor)
            assert len(first) == 1
            slow.commit()
            both, cursor = await changed(cursor)
            assert len(both) == 2  # the late one, and what is read again with it
            quick.execute("DELETE FROM products WHERE name = 'quick'")
            third, cursor = await changed(cursor)
            (gone,) = first
            assert third[gone] == Gone(RecordRef(Side.LEFT, "Product", gone), Evidence.TOMBSTONE)
            fourth, _ = await changed(cursor)
            assert fourth == {}  # nothing is open any more, so nothing is read twice
        await noted.close()

    asyncio.run(course())


@pytest.mark.parametrize(
    ("values", "name"),
    [
        ({"Name": "a", "ExternalId": "taken"}, "ExternalId"),
        ({"Name": None}, "Name"),
        ({"Name": "a", "Price": Decimal(-1_000_001)}, "Price"),
    ],
)
def test_P19_a_refusal_names_the_property_and_repeats_no_value(server: str, noted: SqlConnector, values: dict[str, Any], name: str) -> None:
    async def course() -> None:
        writes = [
            Write(key, OperationKind.CREATE, RecordRef(Side.LEFT, "Product", ""), said, "")
            for key, said in (("1", {"Name": "b", "ExternalId": "taken"}), ("2", values))
        ]
        outcomes = []
        for write in writes:
            outcomes += [each async for each in noted.write("Product", [write])]
        assert outcomes[0].kind is OutcomeKind.DONE
        assert (outcomes[1].kind, outcomes[1].property) == (OutcomeKind.REFUSED, name)
        assert "taken" not in outcomes[1].message
        await noted.close()

    asyncio.run(course())


def test_a_user_who_may_only_read_is_refused_as_a_whole(server: str, noted: SqlConnector, tmp_path: Path) -> None:
    with psycopg.connect(server, autocommit=True) as owner:
        owner.execute("DROP ROLE IF EXISTS reader")
        owner.execute("CREATE ROLE reader LOGIN PASSWORD 'hunter2'; GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader")
        owner.execute("GRANT USAGE ON SCHEMA public TO reader")
    address = str(make_url(server).set(username="reader", password="hunter2").render_as_string(hide_password=False))
    one = connector(system_of("noted", tmp_path), address)

    async def course() -> None:
        assert [page async for page in one.list("Product")]
        writes = [Write(key, OperationKind.CREATE, RecordRef(Side.LEFT, "Product", ""), {"Name": "a"}, key) for key in ("1", "2")]
        outcomes = [each async for each in one.write("Product", writes)]
        assert [(each.kind, each.fatal) for each in outcomes] == [(OutcomeKind.FAILED, True)] * 2
        await one.close()
        await noted.close()

    asyncio.run(course())
    with psycopg.connect(server, autocommit=True) as owner:
        owner.execute("DROP OWNED BY reader; DROP ROLE reader")


def test_a_statement_that_takes_too_long_is_given_up_and_writes_nothing(server: str, noted: SqlConnector, tmp_path: Path) -> None:
    described = system_of("noted", tmp_path)
    limits = replace(described.sql.limits, deadline_seconds=0.2)
    hasty = connector(replace(described, sql=replace(described.sql, limits=limits)), server)

    async def course() -> None:
        with psycopg.connect(server) as other:
            other.execute("LOCK TABLE products IN EXCLUSIVE MODE")
            write = Write("1", OperationKind.CREATE, RecordRef(Side.LEFT, "Product", ""), {"Name": "a"}, "1")
            outcomes = [each async for each in hasty.write("Product", [write])]
            assert [(each.kind, each.fatal) for each in outcomes] == [(OutcomeKind.FAILED, False)]
        await hasty.close()
        await noted.close()

    asyncio.run(course())

"""Addresses of states: read without repeating a password, and a schema of its own for each dataflow."""

from pathlib import Path

import pytest

from accord.errors import StoreError, UsageError
from accord.store.places import LONGEST, DatabasePlace, database_place, is_database, schema_of
from accord.store.postgres_session import connect
from accord.store.states import place_of

NAMES = [
    "dataflow",
    "Dataflow",
    "data-flow",
    "data_flow",
    "data flow",
    "ø",
    "",
    "x" * 80,
    "x" * 81,
    "a" * 57,
    "7",
    "select",
    "accord_dataflow",
]


def test_every_name_has_a_schema_of_its_own_and_a_plain_one_stays_readable() -> None:
    schemas = [schema_of(name) for name in NAMES]
    assert len(set(schemas)) == len(NAMES)
    assert all(len(schema) <= LONGEST and schema.startswith("accord_") for schema in schemas)
    assert schema_of("dataflow") == "accord_dataflow"


def test_an_address_names_its_schema_and_the_driver_does_not_see_that() -> None:
    place = database_place("postgresql://accord:s%40cret@db.example:5433/crm?sslmode=verify-full&schema=tenant_a", "dataflow")
    assert place.schema == "tenant_a"
    assert place.address == "postgresql://accord:s%40cret@db.example:5433/crm?connect_timeout=10&sslmode=verify-full"
    assert str(place) == "postgresql://db.example:5433/crm (schema tenant_a)"
    assert "cret" not in repr(place)


@pytest.mark.parametrize(
    "state",
    [
        "postgresql://accord:hush@[db.example/crm",
        "postgresql://accord:hush@db.example/crm?schema=Tenant",
        "postgresql://accord:hush@db.example/crm?schema=pg_toast",
        "postgresql://accord:hush@db.example/crm?schema=a;drop",
        "postgresql://accord:hush@db.example/crm?schema=" + "a" * 64,
        "postgresql://accord:hush@db.example/crm?schema",
    ],
)
def test_a_bad_address_is_refused_and_its_password_not_repeated(state: str) -> None:
    with pytest.raises(UsageError) as caught:
        database_place(state, "dataflow")
    assert caught.value.remedy
    assert "hush" not in str(caught.value) + caught.value.remedy


@pytest.mark.parametrize(
    "address",
    [
        "postgresql://accord:hush@127.0.0.1:1/crm",
        "postgresql://accord:hush@127.0.0.1:1,127.0.0.1:2/crm",
        "postgresql://accord:hush@127.0.0.1:1/crm?nonsense=1",
        "postgresql://accord:hush@127.0.0.1:port/crm",
        "postgresql://accord:hush:hush@127.0.0.1/crm",
    ],
)
def test_a_server_that_cannot_be_reached_or_asked_is_told_without_the_password(address: str) -> None:
    with pytest.raises(StoreError) as caught:
        connect(database_place(address, "dataflow"))
    assert caught.value.remedy
    assert "hush" not in str(caught.value) + caught.value.remedy


def test_anything_else_is_a_file_beside_the_dataflow(tmp_path: Path) -> None:
    assert place_of(".accord/dataflow.db", tmp_path, "dataflow") == tmp_path / ".accord" / "dataflow.db"
    assert place_of("/var/lib/accord/state.db", tmp_path, "dataflow") == Path("/var/lib/accord/state.db")
    assert isinstance(place_of("postgres://db/crm", tmp_path, "dataflow"), DatabasePlace)
    assert not is_database("state.db")

"""A real PostgreSQL for these tests: it comes as a wheel, starts in a second and is gone afterwards."""

import sys
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import psycopg
import pytest
from postgres_server import Server

from accord.store.places import DatabasePlace, database_place

pytest.register_assert_rewrite("accord.testing")
sys.path.insert(0, str(Path(__file__).parent.parent / "store"))  # the process that is killed is the same for both databases

_numbers = count()


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """The address of a server for as long as the tests run."""
    running = Server()
    yield running.address
    running.stop()


@pytest.fixture
def own_server() -> Iterator[Server]:
    """A server for one test, which may crash it."""
    running = Server()
    yield running
    running.stop()


@pytest.fixture
def new_place(server: str) -> Iterator[Callable[[], DatabasePlace]]:
    """Schemas that do not exist yet; they are gone after the test."""
    made: list[DatabasePlace] = []

    def make() -> DatabasePlace:
        made.append(database_place(f"{server}&schema=test_{next(_numbers)}", "test"))
        return made[-1]

    yield make
    with psycopg.connect(server, autocommit=True) as connection:
        for place in made:
            connection.execute(f"DROP SCHEMA IF EXISTS {place.schema} CASCADE")


@pytest.fixture
def place(new_place: Callable[[], DatabasePlace]) -> DatabasePlace:
    """One of them."""
    return new_place()

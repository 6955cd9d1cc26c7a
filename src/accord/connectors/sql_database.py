"""Connections to one database, used in threads: the loop never waits for a driver.

Owns: the engine, its threads, deadlines, how a transaction begins in each dialect, what time it is there. Does not own: statements.
"""

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, TypeVar
from urllib.parse import quote

import sqlalchemy as sa
from sqlalchemy import event, exc
from sqlalchemy.engine import URL, make_url

from accord.connectors.sql_mysql import BACKENDS, session
from accord.errors import ConfigurationError, Problem
from accord.model.sql import SqlLimits

T = TypeVar("T")

_DRIVERS: Final = {
    "postgresql": "postgresql+psycopg",
    "postgres": "postgresql+psycopg",
}
_NOW: Final = {
    "sqlite": "SELECT strftime('%Y-%m-%dT%H:%M:%fZ', 'now')",
    "postgresql": "SELECT clock_timestamp()",
    "mysql": "SELECT UTC_TIMESTAMP(6)",
}


def address(text: str, system: str, folder: Path) -> URL:
    """An address with the driver that we speak to it through. Raises ConfigurationError, which does not repeat it.

    ``folder``: where a SQLite file is looked for that is named without one. It must be there: none is made.
    """
    remedy = "Write an address such as postgresql://user:password@host/database or sqlite:////folder/file.db."
    try:
        url = make_url(text)
    except (exc.ArgumentError, ValueError):
        raise ConfigurationError([Problem(f"manifest of {system}", 0, 0, "url: this is no address of a database", remedy)]) from None
    kind = url.get_backend_name()
    if kind in BACKENDS:
        return url.set(drivername="mysql+pymysql")
    if _DRIVERS.get(kind, kind).partition("+")[0] not in _NOW:
        what = f"url: {kind} is no database that Accord knows"
        raise ConfigurationError([Problem(f"manifest of {system}", 0, 0, what, f"Known are: {', '.join(_NOW)}.")])
    if kind == "sqlite" and url.database and url.database != ":memory:" and not url.database.startswith("file:"):
        file = f"file:{quote(str(folder / url.database))}"
        return url.set(database=file).update_query_dict({"mode": "rw", "uri": "true"})
    return url.set(drivername=_DRIVERS.get(url.drivername, url.drivername))


class Database:
    """One engine and as many threads as connections. Made outside or inside of a loop, used in one."""

    def __init__(self, url: URL, limits: SqlLimits, system: str, zone: str = "UTC") -> None:
        """``zone``: in which the database's times without one are."""
        self.dialect = url.get_backend_name()
        try:
            self.engine = sa.create_engine(url, **_options(url, limits, zone))
        except (exc.NoSuchModuleError, ModuleNotFoundError, exc.ArgumentError) as error:
            what = f"url: no driver for {self.dialect}: {error}"
            raise ConfigurationError([Problem(f"manifest of {system}", 0, 0, what, "Install accord[sql], and the driver.")]) from None
        if self.dialect == "sqlite":
            event.listen(self.engine, "connect", _begin_ourselves)
            event.listen(self.engine, "begin", _begin)
        self._threads = ThreadPoolExecutor(limits.concurrency, thread_name_prefix=f"sql-{system}")

    async def run(self, work: Callable[[], T]) -> T:
        """Do something in a thread."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """A transaction that sees one moment."""
        options = {} if self.dialect == "sqlite" else {"isolation_level": "REPEATABLE READ"}
        with self.engine.connect().execution_options(**options) as connection, connection.begin():
            yield connection

    @contextmanager
    def reading_open(self) -> Iterator[sa.Connection]:
        """A transaction that also sees what others have not committed; on MySQL, where it tells what may still come."""
        with self.engine.connect().execution_options(isolation_level="READ UNCOMMITTED") as connection, connection.begin():
            yield connection

    def writing(self) -> sa.Connection:
        """A connection whose transaction may write; on SQLite it holds the database from the start.

        Everywhere each statement of it sees what is committed by then, so that what is read again after a lock is never an old picture.
        """
        options = {"isolation_level": "READ COMMITTED"} if self.dialect == "mysql" else {}
        return self.engine.connect().execution_options(accord_writes=True, **options)

    def now(self, connection: sa.Connection) -> datetime:
        """What time it is in the database."""
        held = connection.execute(sa.text(_NOW[self.dialect])).scalar_one()
        moment = datetime.fromisoformat(held) if isinstance(held, str) else held
        return (moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment).astimezone(UTC)

    async def close(self) -> None:
        """Wait for what is under way, and let go of the connections."""
        await asyncio.get_running_loop().run_in_executor(None, self.shut)

    def shut(self) -> None:
        """The same, without a loop."""
        self._threads.shutdown(wait=True)
        self.engine.dispose()


def _options(url: URL, limits: SqlLimits, zone: str) -> dict[str, Any]:
    """Deadlines and the size of the pool, in each driver's words."""
    seconds = limits.deadline_seconds
    options: dict[str, Any] = {"hide_parameters": True}
    if url.get_backend_name() == "sqlite":
        return options | {"connect_args": {"timeout": seconds, "check_same_thread": False}}
    options |= {"pool_size": limits.concurrency, "max_overflow": 0, "pool_pre_ping": True, "pool_timeout": seconds}
    if url.get_backend_name() == "postgresql":
        told = f"-c statement_timeout={int(seconds * 1000)} -c lock_timeout={int(seconds * 1000)} -c timezone=UTC"
        options["connect_args"] = {"connect_timeout": max(2, int(seconds)), "options": told}
    else:
        wait = max(1, int(seconds))
        options["connect_args"] = {"connect_timeout": wait, "read_timeout": wait + 1, "write_timeout": wait + 1}  # the server is first
        options["connect_args"]["init_command"] = session(zone, seconds)
    return options


def _begin_ourselves(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # or a transaction would begin with the first change, after what it was decided on


def _begin(connection: sa.Connection) -> None:
    writes = connection.get_execution_options().get("accord_writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

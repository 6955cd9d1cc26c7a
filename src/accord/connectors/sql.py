"""The SQL connector: ports.Connector for the tables and views of a database that a manifest describes.

Owns: putting the parts together, threads beside the loop, what a datatype can really do. Does not own: the parts (sql_catalogue, sql_rows,
sql_reading, sql_writing, sql_errors), or a word about any particular database.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from pathlib import Path
from typing import TypeVar

from sqlalchemy import exc

from accord.connectors.held import Hold
from accord.connectors.rest_pool import as_they_end
from accord.connectors.rest_times import zone
from accord.connectors.sql_capabilities import sql_capabilities
from accord.connectors.sql_catalogue import Catalogue, Complain, Place
from accord.connectors.sql_database import Database, address
from accord.connectors.sql_errors import problem_of
from accord.connectors.sql_reading import Parts, Position, SqlReading
from accord.connectors.sql_rows import Rows
from accord.connectors.sql_writing import SqlWriting
from accord.errors import ConfigurationError, Problem, SystemProblem
from accord.model.capabilities import Capabilities
from accord.model.plans import Found, Outcome, OutcomeKind, Write
from accord.model.records import Observation, Page, Side
from accord.model.sql import SqlSystem
from accord.ports import Clock, Secrets

T = TypeVar("T")
Halves = tuple[SqlReading, SqlWriting]


class SqlConnector:
    """See ports.Connector. One per system and side; made outside or inside of a loop, used in one.

    The catalogue is asked when a datatype is first used; a name of the manifest that it does not know is then a ConfigurationError.
    """

    def __init__(
        self,
        described: SqlSystem,
        side: Side,
        wanted: Mapping[str, frozenset[str]],
        database: Database,
        complain: Complain | None = None,
        hold: Hold | None = None,
    ) -> None:
        """``wanted``: datatype -> the properties that are read. ``complain``: says where in the manifest's file something stands."""
        self._described = described
        self._manifest = described.sql
        self._side = side
        self._wanted = wanted
        self._database = database
        self._hold = hold
        self._catalogue = Catalogue(database.engine, zone(self._manifest.clock.zone), complain or self._nowhere)
        self._halves: dict[str, Halves] = {}
        self._looking = asyncio.Lock()

    @property
    def system(self) -> str:
        """The system's name."""
        return self._manifest.system

    def capabilities(self, datatype: str) -> Capabilities:
        """See ports.Connector."""
        if datatype not in self._manifest.datatypes:
            raise ConfigurationError([self._nowhere((), f"there is no datatype {datatype}", "")])
        return sql_capabilities(self._described, datatype)

    async def list(self, datatype: str) -> AsyncIterator[Page]:
        """See ports.Connector."""
        reading, _ = await self._both(datatype)
        position, last = Position(None, None), False
        while not last:
            here = position
            page, position = await self._run(lambda: reading.page(here), f"listing {datatype}")  # noqa: B023  it is awaited within the turn
            last = page.last
            yield page

    async def changes(self, datatype: str, cursor: str) -> AsyncIterator[Page]:
        """See ports.Connector. Raises ListingFailed for a cursor that this system did not give."""
        reading, _ = await self._both(datatype)
        position, last = Position(None, None), False
        while not last:
            here = position
            page, position = await self._run(lambda: reading.changed(cursor, here), f"changes of {datatype}")  # noqa: B023  as above
            last = page.last
            yield page

    async def read(self, datatype: str, ids: Sequence[str]) -> Sequence[Observation]:
        """See ports.Connector."""
        if not ids:
            return []
        reading, _ = await self._both(datatype)
        return await self._run(lambda: reading.read(ids), f"reading {datatype}")

    async def find(self, datatype: str, writes: Sequence[Write]) -> Sequence[Found]:
        """See ports.Connector."""
        if not writes:
            return []
        reading, _ = await self._both(datatype)
        return await self._run(lambda: reading.find(writes), f"looking for references of {datatype}")

    async def write(self, datatype: str, writes: Sequence[Write]) -> AsyncIterator[Outcome]:
        """See ports.Connector. Once the database refuses us as a whole, what has not been sent yet is not sent."""
        if not writes:
            return
        _, writing = await self._both(datatype)
        refusal: Outcome | None = None

        async def one(write: Write) -> Outcome:
            nonlocal refusal
            if refusal is not None:
                return Outcome(write.key, OutcomeKind.FAILED, message=refusal.message, fatal=True)
            if self._hold is not None:
                await self._hold.make_sure()
            outcome = await self._database.run(lambda: writing.write(write, self._hold.look if self._hold else _nothing))
            if outcome.fatal:
                refusal = refusal or outcome
            return outcome

        width = 1 if self._database.dialect == "sqlite" else self._manifest.limits.concurrency
        async with aclosing(as_they_end(writes, one, width)) as outcomes:
            async for outcome in outcomes:
                yield outcome

    async def close(self) -> None:
        """See ports.Connector."""
        await self._database.close()

    async def _both(self, datatype: str) -> Halves:
        """The two halves of a datatype, found in the catalogue when it is first used."""
        async with self._looking:
            if datatype not in self._halves:
                able = self.capabilities(datatype)
                self._halves[datatype] = await self._run(lambda: self._found(datatype, able), "asking for the catalogue")
            return self._halves[datatype]

    def _found(self, datatype: str, able: Capabilities) -> Halves:
        manifest = self._manifest
        where = zone(manifest.clock.zone)
        bound = self._catalogue.bind(datatype, manifest.datatypes[datatype])
        rows = Rows(bound, self._side, datatype, self._wanted.get(datatype, frozenset()), where)
        parts = Parts(self.system, self._database, rows, where, manifest.limits.page)
        return SqlReading(parts), SqlWriting(parts, able)

    async def _run(self, work: Callable[[], T], doing: str) -> T:
        """In a thread; a driver's error comes out as one of ours."""
        problem: SystemProblem
        try:
            return await self._database.run(work)
        except exc.SQLAlchemyError as error:
            problem = problem_of(error, self.system, doing)
        raise problem

    def _nowhere(self, _place: Place, what: str, remedy: str) -> Problem:
        return Problem(f"manifest of {self._manifest.system}", 0, 0, what, remedy)


def _nothing() -> None:
    """There is nothing to make sure of."""


_REFERENCE = re.compile(r"\$\{([^}]+)\}")


def open_sql(
    described: SqlSystem,
    side: Side,
    wanted: Mapping[str, frozenset[str]],
    secrets: Secrets,
    clock: Clock,
    complain: Complain | None = None,
    hold: Callable[[], Awaitable[None]] | None = None,
) -> SqlConnector:
    """A connector to the database behind the manifest's url. Raises ConfigurationError for an address that is none.

    ``hold``: raises when nothing may be sent any more, since another engine has taken the state over.
    """
    text = _REFERENCE.sub(lambda found: secrets.get(found[1]), described.sql.url)
    where = address(text, described.system, Path(described.file).resolve().parent)
    database = Database(where, described.sql.limits, described.system, described.clock.zone)
    return SqlConnector(described, side, wanted, database, complain, Hold(hold, clock) if hold else None)

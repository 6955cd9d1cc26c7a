"""A whole engine on in-memory systems: the real core, engine and store, without a network, for tests and the simulation.

Owns: putting the parts together as app/ does, with everything passed in. Does not own: the parts.
"""

from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import ParamSpec, TypeVar

import apsw

from accord.connectors.memory_datatype import REFERENCE
from accord.core.mapping import CompiledFlow, compile_flow
from accord.engine.cycle import cycle
from accord.engine.parts import Depth, Engine
from accord.model.dataflow import Dataflow, Flow
from accord.model.manifest import Datatype
from accord.model.records import Side
from accord.model.runs import Run
from accord.ports import Clock, Connector, Ids, Store
from accord.store.database import Database
from accord.store.opening import MEMORY, open_to_write
from accord.store.sqlite import SqliteStore
from accord.store.sqlstore import keep_datatypes

P = ParamSpec("P")
T = TypeVar("T")


class KeepHere:
    """Store calls at once, on the caller's thread. ``before``, ``after``: told the call's name, to crash there."""

    def __init__(self, before: Callable[[str], None] | None = None, after: Callable[[str], None] | None = None) -> None:
        self._before, self._after = before, after

    def __call__(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> Awaitable[T]:
        """Run it when awaited."""
        return self._run(call, *args, **kwargs)

    async def _run(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        name = getattr(call, "__name__", "call")
        if self._before:
            self._before(name)
        result = call(*args, **kwargs)
        if self._after:
            self._after(name)
        return result


@contextmanager
def fresh_store(flows: Sequence[Flow]) -> Iterator[SqliteStore]:
    """An empty SQLite store in memory. One connection is used again and again: making its schema and preparing its statements takes longer
    than a whole history; so there is one at a time in a process.
    """
    if not _FREE:
        database, _ = open_to_write(Path(MEMORY), ())
        _FREE.append((database, _emptying(database._connection)))
    database, emptying = _FREE.pop()
    for statement in emptying:
        database._connection.execute(statement)
    keep_datatypes(database, flows)
    yield SqliteStore(database, flows, None)
    _FREE.append((database, emptying))  # not after an error: nobody knows what state it is in then


class Backup:
    """A copy of a state as it was when this was made."""

    def __init__(self, store: SqliteStore) -> None:
        self._copy = apsw.Connection(MEMORY)
        database_of(store).copy_to(self._copy)

    def put_back(self, store: SqliteStore) -> None:
        """The state is again as it was."""
        with database_of(store)._connection.backup("main", self._copy, "main") as backup:
            backup.step()
        self._copy.close()


def database_of(store: SqliteStore) -> Database:
    """The database of a state."""
    database = store._db
    assert isinstance(database, Database)
    return database


_FREE: list[tuple[Database, list[str]]] = []


def _emptying(connection: apsw.Connection) -> list[str]:
    """Statements that remove all rows of all tables, but for the number of the engine that may write."""
    tables = connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table' AND name <> 'engine' ORDER BY name").fetchall()
    return [f'DELETE FROM "{name}"' for (name,) in tables]


def compile_all(dataflow: Dataflow, datatypes: Mapping[Side, Mapping[str, Datatype]]) -> dict[str, CompiledFlow]:
    """Compile every flow; naive times are UTC."""
    return {
        flow.name: compile_flow(flow, datatypes[Side.LEFT][flow.left], datatypes[Side.RIGHT][flow.right], "UTC", "UTC")
        for flow in dataflow.flows
    }


def wanted(dataflow: Dataflow, compiled: Mapping[str, CompiledFlow], side: Side) -> dict[str, Collection[str]]:
    """The properties that the flows need, and our reference, by datatype of one side."""
    names: dict[str, set[str]] = {}
    for flow in dataflow.flows:
        names.setdefault(flow.datatype(side), {REFERENCE}).update(compiled[flow.name].wanted(side))
    return dict(names)


def engine_of(
    dataflow: Dataflow,
    compiled: Mapping[str, CompiledFlow],
    connectors: Mapping[Side, Connector],
    store: Store,
    clock: Clock,
    ids: Ids,
    keep: KeepHere | None = None,
) -> Engine:
    """An engine with small batches, so that several are in flight even with few records."""
    return Engine(dataflow, compiled, connectors, store, keep or KeepHere(), clock, ids, batch=5)


async def one_run(engine: Engine, full: bool = False, depth: Depth | None = None) -> Run:
    """One run of one cycle, noted in the store. ``depth``: instead of ``full``."""
    run = Run(engine.ids.new(), "test", engine.now())
    engine.store.begin(run)
    await cycle(engine, run, (), depth or (Depth.FULL if full else Depth.CHANGES))
    run.ended, run.result = engine.now(), "done"
    engine.store.end(run)
    return run

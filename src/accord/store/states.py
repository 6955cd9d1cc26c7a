"""Opening a state wherever it is.

Owns: which store belongs to which kind of place, and the copy that a plan works on. Does not own: how an address is read (places.py), any
store. The PostgreSQL driver is imported only where it is needed; it need not be there.
"""

import contextlib
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import ModuleType
from typing import TypeAlias

from accord.errors import StoreError
from accord.model.dataflow import Flow
from accord.store.moving import Moved, move
from accord.store.places import DatabasePlace, database_place, is_database
from accord.store.sqlite import SqliteStore
from accord.store.sqlstore import SqlStore

Place: TypeAlias = Path | DatabasePlace

MOVING_SECONDS = 3600
"""While a large state is read back at one end, the other one is silent."""


def place_of(state: str, folder: Path, name: str) -> Place:
    """Where a state is. ``folder``: what a file is relative to; ``name``: of the dataflow. Raises UsageError for a bad address."""
    return database_place(state, name) if is_database(state) else folder / state


def open_state(place: Place, flows: Sequence[Flow]) -> SqlStore:
    """Open a state for the one engine that may write, making it if need be. Raises StoreBusy, StoreError."""
    if isinstance(place, Path):
        return SqliteStore.open(place, flows)
    store: SqlStore = _driven().PostgresStore.open(place, flows)
    return store


def look_at(place: Place, flows: Sequence[Flow]) -> SqlStore:
    """Open a state to look at only, beside an engine that runs. Raises StoreError, also if there is none."""
    if not there_is(place):
        raise StoreError(f"{place}: there is no state yet", "Run accord sync first.")
    if isinstance(place, Path):
        return SqliteStore.open(place, flows, read_only=True)
    store: SqlStore = _driven().PostgresStore.open(place, flows, read_only=True)
    return store


@contextlib.contextmanager
def working_copy(place: Place, flows: Sequence[Flow]) -> Iterator[SqlStore]:
    """A copy of a state to work on, in a file that is gone afterwards; an empty one where there is no state. Raises StoreError."""
    with tempfile.TemporaryDirectory(prefix="accord-plan-") as folder:
        copy = Path(folder) / "state.db"
        if there_is(place):
            with look_at(place, flows) as store:
                store.copy_to(copy)
        with SqliteStore.open(copy, flows) as store:
            yield store


def move_between(source: Place, target: Place) -> Sequence[Moved]:
    """Move a state to an empty place and prove it; what of each table arrived. Raises StoreBusy if an engine runs on either, StoreError."""
    if not there_is(source):
        raise StoreError(f"{source}: there is no state", "Give the place of the state first, then where it goes.")
    with _open_to_move(source) as out, _open_to_move(target) as into:
        return move(out, into, str(target))


def _open_to_move(place: Place) -> SqlStore:
    if isinstance(place, Path):
        return SqliteStore.open(place, ())
    store: SqlStore = _driven().PostgresStore.open(place, (), lease_seconds=MOVING_SECONDS)
    return store


def there_is(place: Place) -> bool:
    """Whether there is a state. Raises StoreError if the database cannot be asked."""
    return place.exists() if isinstance(place, Path) else bool(_driven().there_is(place))


def _driven() -> ModuleType:
    try:
        from accord.store import postgres  # noqa: PLC0415  # an extra
    except ImportError:
        raise StoreError("a state in PostgreSQL needs the driver psycopg", "Install it: pip install 'accord[postgres]'") from None
    return postgres

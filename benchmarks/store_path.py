"""What the store costs on the first-load path: microseconds per record and step, and bytes per link.

    python benchmarks/store_path.py [records] [batch] [rounds]

Every record goes the whole way on a real file: absorb with match keys -> pending, records, links, candidates -> intend -> close with its
new link. ``known`` is what a later listing asks. The last lines compare one flushed commit with an unflushed one, and apsw with sqlite3.
"""

import sqlite3
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import TypeVar

import apsw

from accord.model.dataflow import Flow
from accord.model.journal import Absorb, Closed, Closing, IntentState, MatchKey
from accord.model.links import Link, PendingState
from accord.model.plans import Change, Operation, OperationKind, Reason
from accord.model.records import RecordRef, Seen, Side
from accord.store.sqlite import SqliteStore
from accord.store.sqlstore import SqlStore
from rows import Row, tell

T = TypeVar("T")

FLOW = Flow(name="Contact to Persons", left="Contact", right="Persons")
AT = "2026-01-31T12:00:00Z"
ROW = "INSERT INTO t VALUES (?, ?, ?, ?)"
WRITES = ("absorb", "intend", "close")
STEPS = ("absorb", "pending", "records", "links", "candidates", "intend", "close")


def seen(side: Side, number: int) -> Seen:
    """A record of some 450 bytes, as a contact with an address has."""
    values = {
        "FirstName": f"Ingrid {number}",
        "LastName": f"Solbakken-{number % 977}",
        "Email": f"ingrid.{number}@example.org",
        "Phone": f"+47 9{number:07d}",
        "Address": {"Street": f"Storgata {number % 300}", "Zip": f"{number % 9999:04d}", "City": "Trondheim", "Country": "NO"},
        "Birth": "1980-02-29",
        "Balance": Decimal(number) / 100,
        "Note": "Member of the board since the annual meeting, prefers letters to calls. " * 2,
    }
    ref = RecordRef(side, FLOW.datatype(side), f"{'CO' if side is Side.LEFT else 'P'}-{number}")
    return Seen.of(ref, values, str(number), AT)


def create(one: Seen) -> Operation:
    """The create that follows from a record without counterpart."""
    changes = tuple(Change(name, str(value), None, "CREATE-01", True) for name, value in one.values.items() if name != "Address")
    target = RecordRef(Side.RIGHT, FLOW.right, "")
    reasons = (Reason("CREATE-01", "no counterpart, the flow creates to the right"),)
    key, reference = f"k{one.ref.id}", f"customcrm:Contact:{one.ref.id}"
    return Operation(key, FLOW.name, OperationKind.CREATE, one.ref, target, changes, one.values, reasons, reference)


def closing(sources: list[Seen], answers: list[Seen]) -> Closing:
    """The record step of a batch of creates."""
    base = {"name": "Ingrid Solbakken", "email": "ingrid@example.org", "phone": "+4791234567", "city": "Trondheim", "balance": "12.50"}
    pairs = list(zip(sources, answers, strict=True))
    return Closing(
        run="r1",
        at=AT,
        links=[Link(FLOW.name, one.ref.id, made.ref.id, base, base) for one, made in pairs],
        records=answers,
        settled=[ref for one, made in pairs for ref in (one.ref, made.ref)],
        finished=[(FLOW.name, one.ref) for one, _ in pairs],
        closed=[Closed(f"k{one.ref.id}", IntentState.DONE, AT, "", made.ref.id) for one, made in pairs],
    )


class Watch:
    """Adds up the seconds of each step."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = defaultdict(float)

    def __call__(self, step: str, call: Callable[[], T]) -> T:
        """Run one call and add its time."""
        start = time.perf_counter()
        result = call()
        self.seconds[step] += time.perf_counter() - start
        return result


def batches(records: int, batch: int) -> Iterator[range]:
    """Numbers in batches."""
    return (range(start, min(start + batch, records)) for start in range(0, records, batch))


def first_load(store: SqlStore, records: int, batch: int) -> Watch:
    """Take all records the whole way."""
    watch = Watch()
    for numbers in batches(records, batch):
        page = [seen(Side.LEFT, number) for number in numbers]
        keys = [MatchKey(FLOW.name, Side.LEFT, one.ref.id, 0, one.values["Email"]) for one in page]
        keys += [MatchKey(FLOW.name, Side.LEFT, one.ref.id, 1, one.values["Phone"]) for one in page]
        absorb = Absorb(Side.LEFT, FLOW.left, page, keys=keys, flows=[FLOW.name])
        watch("absorb", lambda absorb=absorb: store.absorb(absorb))
    for _ in batches(records, batch):
        rows = watch("pending", lambda: store.pending(FLOW.name, PendingState.NEW, 0, batch))
        ids = [row.ref.id for row in rows]
        watch("records", lambda ids=ids: store.records(Side.LEFT, FLOW.left, ids))
        watch("links", lambda ids=ids: store.links(FLOW.name, Side.LEFT, ids))
        watch("candidates", lambda ids=ids: store.candidates(FLOW.name, Side.LEFT, ids))
        sources = [seen(Side.LEFT, int(id[3:])) for id in ids]
        operations = [create(one) for one in sources]
        watch("intend", lambda operations=operations: store.intend("r1", AT, operations))
        end = closing(sources, [seen(Side.RIGHT, int(id[3:])) for id in ids])
        watch("close", lambda end=end: store.close(end))
    for numbers in batches(records, batch):
        ids = [f"CO-{number}" for number in numbers]
        watch("known", lambda ids=ids: store.known(Side.LEFT, FLOW.left, ids))
    return watch


def commits(folder: Path, level: str, times: int = 50, rows: int = 500) -> float:
    """Milliseconds of one commit of so many rows, with a PRAGMA synchronous level."""
    database = apsw.Connection(str(folder / f"{level}.db"))
    list(database.execute(f"PRAGMA journal_mode = WAL; PRAGMA synchronous = {level}; CREATE TABLE t (a INTEGER PRIMARY KEY, b, c, d)"))
    start = time.perf_counter()
    for turn in range(times):
        with database:
            database.executemany(ROW, [(turn * rows + n, f"id-{n}", b"x" * 400, AT) for n in range(rows)])
    spent = time.perf_counter() - start
    database.close()
    return spent / times * 1e3


def insert_speed(folder: Path, rows: int = 100_000) -> tuple[float, float]:
    """Microseconds per row of executemany: apsw, sqlite3; the same statement, rows and settings."""
    content = [(n, f"id-{n}", b"x" * 400, AT) for n in range(rows)]
    table = "CREATE TABLE t (a INTEGER PRIMARY KEY, b, c, d)"
    spent = []
    for name in ("apsw", "sqlite3"):
        file = str(folder / f"{name}.insert")
        one = apsw.Connection(file) if name == "apsw" else sqlite3.connect(file, isolation_level=None)
        one.execute("PRAGMA journal_mode = WAL")
        one.execute(table)
        start = time.perf_counter()
        for batch in range(0, rows, 500):
            one.execute("BEGIN")
            one.executemany(ROW, content[batch : batch + 500])
            one.execute("COMMIT")
        spent.append((time.perf_counter() - start) / rows * 1e6)
        one.close()
    return spent[0], spent[1]


def bare_rows(folder: Path, records: int, batch: int) -> float:
    """Seconds of inserting one row of 450 bytes for each record and nothing else, in durable batches."""
    database = apsw.Connection(str(folder / "bare.db"))
    list(database.execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE t (a INTEGER PRIMARY KEY, b, c, d)"))
    start = time.perf_counter()
    for numbers in batches(records, batch):
        with database:
            database.executemany(ROW, [(number, f"id-{number}", b"x" * 400, AT) for number in numbers])
    spent = time.perf_counter() - start
    database.close()
    return spent


def tell_rows(records: int, batch: int, turns: Sequence[tuple[Watch, float, float]]) -> None:
    """The durable writes of a first load beside bare inserts; ``turns``: steps, seconds of the inserts, bytes."""
    group, size = "The store alone", f"{records:,} links"
    for name, steps in (("absorb, journal and record", WRITES), ("the store's whole share of a first load", STEPS)):
        ours = [sum(watch.seconds[step] for step in steps) / records * 1e6 for watch, *_ in turns]
        bare = [seconds / records * 1e6 for _, seconds, _ in turns]
        note = f"{1e6 / sorted(ours)[len(ours) // 2]:,.0f} links a second; a link is two records, two match keys, an intent, two bases"
        what = f"SQLite: {name}, batches of {batch} as the engine commits them"
        tell(Row(group, what, size, ours, "µs each", "one bare row of 450 bytes, flushed", bare, note))
    note = "with both records' contents, match keys and the journaled create"
    tell(Row(group, "SQLite: state file per link", size, [taken / records for *_, taken in turns], "bytes", note=note))


def main() -> None:
    """Measure and print."""
    records = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    batch = int(sys.argv[2]) if len(sys.argv) > 2 else 500
    rounds = int(sys.argv[3]) if len(sys.argv) > 3 else 3
    turns = []
    with tempfile.TemporaryDirectory(prefix="accord-store-") as name:
        folder = Path(name)
        for number in range(rounds):
            own = folder / str(number)
            own.mkdir()
            with SqliteStore.open(own / "state.db", [FLOW]) as store:
                watch = first_load(store, records, batch)
            turns.append((watch, bare_rows(own, records, batch), (own / "state.db").stat().st_size))
        print(f"{records} records in batches of {batch}; microseconds per record, of the last round")
        for step, seconds in watch.seconds.items():
            print(f"  {step:<12}{seconds / records * 1e6:8.1f}")
        tell_rows(records, batch, turns)
        full, normal = commits(folder, "FULL"), commits(folder, "NORMAL")
        print(f"one commit of 500 rows: FULL {full:.2f} ms, NORMAL {normal:.2f} ms")
        ours, theirs = insert_speed(folder, min(100_000, 10 * records))
        print(f"inserts: apsw {apsw.sqlitelibversion()} {ours:.2f} us per row, sqlite3 {sqlite3.sqlite_version} {theirs:.2f} us per row")


if __name__ == "__main__":
    main()

"""The state file: who may read it, what becomes of bad ones, what is on the disk when a call returns, and looking beside an engine."""

import os
import re
import stat
import threading
from dataclasses import replace
from pathlib import Path

import apsw
import pytest
from faulty_disk import faulty_disk

from accord.errors import StoreBusy, StoreError
from accord.model.dataflow import Flow
from accord.model.journal import Absorb, Closing, IntentState
from accord.model.links import Link, Pending, PendingState
from accord.model.records import Side
from accord.model.runs import Run
from accord.store import migrating, sqlstore
from accord.store.sqlite import SqliteStore
from accord.store.sqlstore import IDLE_RUNS_KEPT
from accord.testing.store_bench import (
    AT,
    FLOWS,
    LATER,
    ORDERS,
    PERSONS,
    QUOTES,
    done,
    everything,
    hint,
    link,
    operation,
    park,
    ref,
    seen,
    take,
    unlink,
)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def fill(store: SqliteStore) -> None:
    take(store, PERSONS, Side.LEFT, "C1", "C2", key="k")
    link(store, PERSONS, "C1", "P1")
    store.intend("r1", AT, [operation("k1")])
    park(store, Pending(PERSONS.name, ref(PERSONS, Side.LEFT, "C2"), PendingState.HELD, "GUARD-01", "held"))


def test_state_files_are_private_in_private_folders(tmp_path: Path) -> None:
    path = tmp_path / "one" / "two" / "state.db"
    before = os.umask(0)
    try:
        with SqliteStore.open(path, FLOWS) as store:
            fill(store)
            store.copy_to(path.with_name("copy.db"))
            files = list(path.parent.iterdir())
            assert {file.name for file in files} >= {"state.db", "state.db-wal", "state.db.lock", "copy.db"}
            assert {mode(file) for file in files} == {0o600}
            assert mode(path.parent) == mode(path.parent.parent) == 0o700
    finally:
        os.umask(before)


def test_a_second_engine_is_told_who_holds_the_state(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    with SqliteStore.open(path, FLOWS) as first:
        with pytest.raises(StoreBusy, match=f"process {os.getpid()}") as caught:
            SqliteStore.open(path, FLOWS)
        assert caught.value.remedy
        fill(first)
    with SqliteStore.open(path, FLOWS) as second:
        assert len(second.list_links()) == 1


def test_P21_an_engine_that_was_overtaken_commits_nothing(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    with SqliteStore.open(path, FLOWS) as stale:
        fill(stale)
        path.with_name("state.db.lock").unlink()
        with SqliteStore.open(path, FLOWS) as current:
            before = everything(current)
            current.hold()
            one = seen(PERSONS, Side.LEFT, "C9")
            for call in (
                stale.hold,
                lambda: stale.absorb(Absorb(Side.LEFT, "Contact", [one], flows=[PERSONS.name])),
                lambda: stale.intend("r1", AT, [operation("k2")]),
                lambda: stale.close(Closing("r1", AT, links=[Link(PERSONS.name, "C9", "P9")])),
                lambda: stale.hint([hint(PERSONS, Side.LEFT, "C1")]),
                lambda: stale.release(PERSONS.name, [PendingState.HELD]),
                lambda: stale.set("a", "b"),
                lambda: stale.begin(Run("r9", "sync", AT)),
            ):
                with pytest.raises(StoreBusy, match="taken this state over"):
                    call()
            assert everything(current) == before
            link(current, PERSONS, "C2", "P2")


def test_looking_works_beside_an_engine_and_never_writes(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    with SqliteStore.open(path, FLOWS) as engine, SqliteStore.open(path, FLOWS, read_only=True) as looking:
        fill(engine)
        assert everything(looking) == everything(engine)
        with pytest.raises(StoreError):
            looking.set("a", "b")
        link(engine, PERSONS, "C2", "P2")
        assert len(looking.list_links()) == 2


def test_a_state_that_is_not_there_is_no_state_to_look_at(tmp_path: Path) -> None:
    for path in (tmp_path / "none.db", tmp_path / "no folder" / "none.db"):
        with pytest.raises(StoreError) as caught:
            SqliteStore.open(path, FLOWS, read_only=True)
        assert caught.value.remedy
        assert not path.exists()


def test_a_folder_in_the_place_of_the_state_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("a file, no folder")
    for path in (tmp_path, tmp_path / "file" / "state.db"):
        with pytest.raises(StoreError) as caught:
            SqliteStore.open(path, FLOWS)
        assert caught.value.remedy


@pytest.mark.parametrize("content", [b"this is no database, but a letter\n" * 100, b"SQLite format 3\x00" + b"\xff" * 8000])
def test_a_file_that_is_no_state_is_refused_left_alone_and_not_locked(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "state.db"
    path.write_bytes(content)
    for read_only in (False, True):
        with pytest.raises(StoreError) as caught:
            SqliteStore.open(path, FLOWS, read_only=read_only)
        assert caught.value.remedy
    assert path.read_bytes() == content
    path.unlink()
    SqliteStore.open(path, FLOWS).close_store()


def test_a_damaged_page_is_told_when_it_is_met(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    with SqliteStore.open(path, FLOWS) as store:
        take(store, PERSONS, Side.LEFT, *(f"C{number}" for number in range(2000)))
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(size // 2)
        file.write(b"\xa5" * (size // 4))
    with SqliteStore.open(path, FLOWS) as store:
        with pytest.raises(StoreError, match="damaged") as caught:
            store.pending(PERSONS.name, PendingState.NEW, limit=5000)
            store.records(Side.LEFT, "Contact", [f"C{number}" for number in range(2000)])
        assert "backup" in caught.value.remedy


def test_what_accord_did_not_write_is_told_and_not_taken_for_content(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    with SqliteStore.open(path, FLOWS) as store:
        take(store, PERSONS, Side.LEFT, "C1")
    other = apsw.Connection(str(path))
    other.execute("UPDATE record SET content = '[NaN'")
    other.close()
    with SqliteStore.open(path, FLOWS) as store, pytest.raises(StoreError, match="did not write") as caught:
        store.records(Side.LEFT, "Contact", ["C1"])
    assert caught.value.remedy


def test_a_link_that_the_state_contradicts_is_told(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    with SqliteStore.open(path, FLOWS) as store:
        link(store, PERSONS, "C1", "P1")
    other = apsw.Connection(str(path))
    other.execute("DELETE FROM link")
    other.close()
    with SqliteStore.open(path, FLOWS) as store, pytest.raises(StoreError, match="damaged"):
        link(store, PERSONS, "C1", "P2")


def test_a_text_that_is_no_unicode_is_refused_with_its_whole_page(tmp_path: Path) -> None:
    with SqliteStore.open(tmp_path / "state.db", FLOWS) as store:
        good, bad = seen(PERSONS, Side.LEFT, "C1"), replace(seen(PERSONS, Side.LEFT, "C2"), values={"Name": "\ud800"})
        with pytest.raises(StoreError, match="no Unicode"):
            store.absorb(Absorb(Side.LEFT, "Contact", [good, bad]))
        assert store.known(Side.LEFT, "Contact", ["C1", "C2"]) == {}
        store.absorb(Absorb(Side.LEFT, "Contact", [good]))


def test_another_program_that_writes_is_told_as_such(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "state.db"
    monkeypatch.setattr("accord.store.opening.BUSY_MILLISECONDS", 1)
    with SqliteStore.open(path, FLOWS) as store:
        other = apsw.Connection(str(path))
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreBusy, match="another program"):
            store.set("a", "b")
        other.execute("ROLLBACK")
        other.close()
        store.set("a", "b")


def test_a_full_disk_stops_before_the_call_and_loses_nothing(tmp_path: Path) -> None:
    with faulty_disk() as disk, SqliteStore.open(tmp_path / "state.db", FLOWS) as store:
        fill(store)
        before = everything(store)
        disk.full = True
        with pytest.raises(StoreError, match="no space left") as caught:
            store.intend("r1", AT, [operation("k2")])
        assert caught.value.remedy
        with pytest.raises(StoreError, match="no space left"):
            store.close(Closing("r1", AT, links=[Link(PERSONS.name, "C2", "P2")], closed=[done("k1", "P1")]))
        assert everything(store) == before
        disk.full = False
        store.intend("r1", AT, [operation("k2")])
        assert len(store.intents([IntentState.OPEN])) == 2


def test_P07_intents_closings_and_hints_are_on_the_disk_when_the_call_returns(tmp_path: Path) -> None:
    with faulty_disk() as disk, SqliteStore.open(tmp_path / "state.db", FLOWS) as store:
        fill(store)
        for call in (
            lambda: store.intend("r1", AT, [operation("k2")]),
            lambda: store.close(Closing("r1", AT, links=[Link(PERSONS.name, "C2", "P2")])),
            lambda: store.hint([hint(PERSONS, Side.LEFT, "C1")], event="e1"),
            lambda: store.set("onboarded:x", AT),
        ):
            store.absorb(Absorb(Side.LEFT, "Contact", [seen(PERSONS, Side.LEFT, "C3", version=str(disk.flushes))]))
            assert disk.unflushed, "the disk notes nothing: this test proves nothing"
            call()
            assert not disk.unflushed


def test_a_page_of_observations_costs_no_flush(tmp_path: Path) -> None:
    with faulty_disk() as disk, SqliteStore.open(tmp_path / "state.db", FLOWS) as store:
        fill(store)
        flushes = disk.flushes
        take(store, PERSONS, Side.LEFT, "C3", "C4")
        assert disk.flushes == flushes


def test_a_copy_holds_everything_and_lives_apart(tmp_path: Path) -> None:
    with SqliteStore.open(tmp_path / "state.db", FLOWS) as store:
        fill(store)
        store.copy_to(tmp_path / "copies" / "copy.db")
        with SqliteStore.open(tmp_path / "copies" / "copy.db", FLOWS) as copy:
            assert everything(copy) == everything(store)
            link(copy, PERSONS, "C2", "P2")
            assert len(store.list_links()) == 1


def test_a_copy_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    with SqliteStore.open(tmp_path / "state.db", FLOWS) as store, pytest.raises(StoreError) as caught:
        store.copy_to(tmp_path)
    assert caught.value.remedy


def test_a_closed_store_says_so_and_may_be_closed_again(tmp_path: Path) -> None:
    store = SqliteStore.open(tmp_path / "state.db", FLOWS)
    store.close_store()
    store.close_store()
    with pytest.raises(StoreError):
        store.cursor(Side.LEFT, "Contact")


def test_the_engines_thread_need_not_be_the_openers(tmp_path: Path) -> None:
    with SqliteStore.open(tmp_path / "state.db", FLOWS) as store:
        thread = threading.Thread(target=fill, args=(store,))
        thread.start()
        thread.join()
        assert store.links(PERSONS.name, Side.LEFT, ["C1"])["C1"].right == "P1"


def test_views_come_a_page_at_a_time(tmp_path: Path) -> None:
    with SqliteStore.open(tmp_path / "state.db", FLOWS) as store:
        for number in range(5):
            link(store, PERSONS if number % 2 else ORDERS, f"L{number}", f"R{number}")
        unlink(store, PERSONS, "L1")
        first = store.list_links(limit=2)
        assert [one.left for one in [*first, *store.list_links(after=first[-1].id)]] == ["L0", "L2", "L3", "L4"]
        assert [one.left for one in store.list_links(flow=PERSONS.name)] == ["L3"]
        states = [PendingState.HELD, PendingState.NEW, PendingState.REVIEW]
        park(store, *(Pending(PERSONS.name, ref(PERSONS, Side.LEFT, f"C{n}"), state) for n, state in enumerate(states)))
        park(store, Pending(ORDERS.name, ref(ORDERS, Side.LEFT, "O1"), PendingState.HELD))
        page = store.list_pending(limit=2)
        assert [row.ref.id for row in [*page, *store.list_pending(after=page[-1].row)]] == ["C0", "C1", "C2", "O1"]
        assert [row.ref.id for row in store.list_pending(PERSONS.name, ["held", "review"])] == ["C0", "C2"]
        found = store.pending_of(PERSONS.name, ref(PERSONS, Side.LEFT, "C2"))
        assert found is not None
        assert found.state is PendingState.REVIEW
        assert store.pending_of(ORDERS.name, ref(ORDERS, Side.LEFT, "O9")) is None


def test_history_and_runs_tell_the_newest_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("accord.store.views.INTENTS_AT_ONCE", 1)
    with SqliteStore.open(tmp_path / "state.db", FLOWS) as store:
        create, update = operation("k1"), replace(operation("k2"), source=ref(PERSONS, Side.LEFT, "C-k1"))
        for number, one in enumerate((create, update, operation("k3"))):
            run = Run(f"r{number}", "sync", AT, LATER, "done")
            run.counts(PERSONS.name).created_right = number
            store.begin(run)
            store.intend("r0" if number < 2 else "r2", AT, [one])
            store.end(run)
        store.close(Closing("r0", AT, closed=[done("k1", "P1")]))
        assert [one.operation.key for one in store.history(PERSONS.name, Side.LEFT, "C-k1")] == ["k2", "k1"]
        assert [one.operation.key for one in store.history(PERSONS.name, Side.RIGHT, "P1")] == ["k1"]
        assert store.history(PERSONS.name, Side.LEFT, "P1") == []
        assert [one.operation.key for one in store.of_run("r0")] == ["k1", "k2"]
        assert [(one.id, one.counts(PERSONS.name).created_right) for one in store.runs(2)] == [("r2", 2), ("r1", 1)]


def test_P8_a_flow_that_comes_later_is_excluded_by_links_made_before_it(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    with SqliteStore.open(path, [ORDERS]) as store:
        link(store, ORDERS, "O1", "I1")
    with SqliteStore.open(path, FLOWS) as store, pytest.raises(StoreError, match="linked by Order to Invoices"):
        link(store, QUOTES, "Q1", "I1")


def test_P22_a_flow_whose_datatype_changed_is_refused_where_another_holds_its_records(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    bills = Flow(name=QUOTES.name, left="Quote", right="Bills")
    with SqliteStore.open(path, [ORDERS, bills]) as store:
        link(store, ORDERS, "O1", "7")
        link(store, bills, "Q1", "7")
    with pytest.raises(StoreError, match=QUOTES.name) as caught:
        SqliteStore.open(path, [ORDERS, QUOTES])
    assert caught.value.remedy
    with SqliteStore.open(path, [ORDERS, bills]) as store:
        unlink(store, ORDERS, "O1")
    with SqliteStore.open(path, [ORDERS, QUOTES]) as store:
        assert store.links(QUOTES.name, Side.RIGHT, ["7"])["7"].left == "Q1"


def test_a_flow_that_the_store_was_not_told_of_is_refused(tmp_path: Path) -> None:
    with SqliteStore.open(tmp_path / "state.db", [ORDERS]) as store, pytest.raises(StoreError, match=PERSONS.name):
        link(store, PERSONS, "C1", "P1")


def test_old_announcements_are_forgotten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlstore, "EVENTS_KEPT", 3)
    with SqliteStore.open(tmp_path / "state.db", FLOWS) as store:
        assert [store.hint([], event=f"e{number}") for number in range(5)] == [True] * 5
        assert [store.hint([], event=f"e{number}") for number in (2, 3, 4)] == [False] * 3
        assert store.hint([], event="e0")


def test_a_key_that_thousands_share_costs_their_number_not_its_square(tmp_path: Path) -> None:
    ids = [f"C{number}" for number in range(3000)]
    with SqliteStore.open(tmp_path / "state.db", FLOWS) as store:
        take(store, PERSONS, Side.LEFT, *ids, key="info@example.org")
        take(store, PERSONS, Side.RIGHT, "P1", key="info@example.org")
        steps = counted(store, lambda: store.candidates(PERSONS.name, Side.LEFT, ids))
        assert store.candidates(PERSONS.name, Side.LEFT, ["C1"])["C1"][0].rivals == 2999
    assert steps < 500 * len(ids)


def counted(store: SqliteStore, call: object) -> int:
    """How many steps SQLite's machine takes, in thousands rounded down."""
    connection: apsw.Connection = store._db._connection
    ticks = [0]

    def tick() -> bool:
        ticks[0] += 1
        return False

    connection.set_progress_handler(tick, 1000)
    call()  # type: ignore[operator]  # a lambda without arguments
    connection.set_progress_handler(None)
    return ticks[0] * 1000


def test_every_statement_has_a_name_and_says_what_it_is_for(monkeypatch: pytest.MonkeyPatch) -> None:
    queries = migrating.load_queries()
    assert len(queries) > 40
    database = apsw.Connection(":memory:")
    migrating.bring_up_to_date(database, "memory")
    for statement in queries.values():
        database.execute(f"EXPLAIN {statement}", [None] * statement_parameters(statement)).fetchall()

    class Odd:
        def joinpath(self, _: str) -> "Odd":
            return self

        def read_text(self, _: str) -> str:
            return "-- name: one\nSELECT 1;\n"

    monkeypatch.setattr(migrating.resources, "files", lambda _: Odd())
    with pytest.raises(ValueError, match="lacks its name or its description"):
        migrating.load_queries()


def statement_parameters(statement: str) -> int:
    return max((int(number) for number in re.findall(r"\?(\d+)", statement)), default=0)


def test_runs_that_did_something_are_kept_and_idle_ones_do_not_pile_up(tmp_path: Path) -> None:
    with SqliteStore.open(tmp_path / "state.db", FLOWS) as store:
        eventful = Run("r0000", "sync", "then", result="done")
        eventful.counts(FLOWS[0].name).created_right = 1
        store.end(eventful)
        store.end(Run("r0001", "sync", "then", result="failed"))
        for number in range(2, IDLE_RUNS_KEPT + 1002):
            store.end(Run(f"r{number:04}", "poll", "then", result="done"))
        kept = [run.id for run in store.runs(5000)]
        assert kept[0] == f"r{IDLE_RUNS_KEPT + 1001:04}"
        assert {"r0000", "r0001"} <= set(kept)
        assert len(kept) == IDLE_RUNS_KEPT + 2

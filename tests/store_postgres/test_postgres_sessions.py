"""Sessions of the PostgreSQL store: who holds the lease, what becomes of one that ends, looking beside an engine, others' schemas."""

import threading
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from accord.errors import StoreBusy, StoreError
from accord.model.journal import Absorb
from accord.model.records import Side
from accord.store import postgres, postgres_session, states
from accord.store.migrating import migrations
from accord.store.places import DatabasePlace, database_place
from accord.store.postgres import PostgresStore
from accord.store.postgres_database import QUERIES, Connection
from accord.store.postgres_session import FOLDER, LEASE_SECONDS, come_back, connect, lease_key
from accord.store.sqlite import SqliteStore
from accord.store.statements import Durable
from accord.testing.store_bench import AT, FLOWS, PERSONS, everything, link, operation, take

NewPlace = Callable[[], DatabasePlace]


def end_sessions(place: DatabasePlace) -> None:
    """The server ends every engine's session, and says when it has."""
    with psycopg.connect(place.address, autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE application_name LIKE 'accord engine %'")


def test_P21_an_engine_that_was_overtaken_commits_nothing_and_says_so(place: DatabasePlace) -> None:
    with PostgresStore.open(place, FLOWS) as old:
        take(old, PERSONS, Side.LEFT, "C1")
        end_sessions(place)
        with PostgresStore.open(place, FLOWS) as new:
            before = everything(new)
            for call in (
                lambda: take(old, PERSONS, Side.LEFT, "C2"),
                lambda: old.intend("r", AT, [operation()]),
                lambda: old.set("a", "b"),
            ):
                with pytest.raises(StoreBusy) as caught:
                    call()
                assert caught.value.remedy
            assert everything(new) == before
        with pytest.raises(StoreBusy, match="another engine has taken this state over"):
            old.set("a", "b")


def test_a_session_that_ended_while_it_was_idle_is_opened_again_under_the_same_fence(place: DatabasePlace) -> None:
    with PostgresStore.open(place, FLOWS) as store:
        take(store, PERSONS, Side.LEFT, "C1")
        end_sessions(place)
        assert store.count(Side.LEFT, "Contact") == 1
        end_sessions(place)
        take(store, PERSONS, Side.LEFT, "C2")
        with pytest.raises(StoreBusy):
            PostgresStore.open(place, FLOWS)
    with PostgresStore.open(place, FLOWS) as store:
        assert store.count(Side.LEFT, "Contact") == 2


def test_a_session_that_ends_within_a_call_is_told_and_nothing_of_the_call_is_kept(place: DatabasePlace) -> None:
    with PostgresStore.open(place, FLOWS) as store:
        with pytest.raises(StoreError, match="cannot be reached, or ended the connection"), store.database.writing():
            store.database.rows("setting_put", "a", "b")
            end_sessions(place)
            store.database.rows("setting_put", "c", "d")
        assert (store.setting("a"), store.setting("c")) == (None, None)
        store.set("a", "e")
        assert store.setting("a") == "e"


def test_a_session_that_ends_at_the_commit_leaves_it_open_whether_it_was_kept_and_says_so(place: DatabasePlace) -> None:
    with PostgresStore.open(place, FLOWS) as store:
        with pytest.raises(StoreError, match="it is not known whether it was") as caught, store.database.writing():
            store.database.rows("setting_put", "a", "b")
            end_sessions(place)
        assert "looks first" in caught.value.remedy
        store.set("a", "c")


def test_a_server_that_is_gone_is_told_with_what_to_do(place: DatabasePlace) -> None:
    with PostgresStore.open(place, FLOWS) as store:

        def gone(_: int) -> Connection:
            return connect(database_place("postgresql://accord:hush@127.0.0.1:1/accord", "x"))

        store.database._reopen = gone
        end_sessions(place)
        with pytest.raises(StoreError, match="cannot be reached") as caught:
            store.set("a", "b")
        assert caught.value.remedy
        assert "hush" not in str(caught.value)


def test_P18_a_server_that_comes_back_without_the_last_transactions_is_told_before_anything_goes_on(place: DatabasePlace) -> None:
    with PostgresStore.open(place, FLOWS) as store:
        take(store, PERSONS, Side.LEFT, "C1")
        with psycopg.connect(place.address, autocommit=True) as other:
            other.execute(f"DELETE FROM {place.schema}.record; UPDATE {place.schema}.engine SET step = step - 1")
        end_sessions(place)
        with pytest.raises(StoreError, match="without what was recorded last") as caught:
            store.absorb(Absorb(Side.LEFT, "Contact", cursor="beyond C1"))
        assert "read again" in caught.value.remedy
        assert store.cursor(Side.LEFT, "Contact") is None
        take(store, PERSONS, Side.LEFT, "C1")
        end_sessions(place)
        assert store.count(Side.LEFT, "Contact") == 1


def test_the_engines_own_session_that_lives_on_in_the_server_is_ended_and_not_taken_for_another_engine(place: DatabasePlace) -> None:
    with PostgresStore.open(place, FLOWS) as store:
        fence = store.database.one("fence")
        with come_back(place, LEASE_SECONDS, fence) as again:
            assert again.execute(QUERIES["fence"]).fetchall() == [(fence,)]
            with pytest.raises(StoreBusy):
                PostgresStore.open(place, FLOWS)
        store.set("a", "b")


def test_an_engine_that_is_alive_keeps_its_lease_however_long_nothing_is_asked_of_it(place: DatabasePlace) -> None:
    with (
        PostgresStore.open(place, FLOWS, lease_seconds=0.3) as store,
        psycopg.connect(place.address, autocommit=True) as waiting,
    ):
        waiting.execute("SET lock_timeout = '1500ms'")
        with pytest.raises(psycopg.errors.LockNotAvailable):
            waiting.execute("SELECT pg_advisory_lock(%s)", (lease_key(place.schema),))
        take(store, PERSONS, Side.LEFT, "C1")


def test_a_sign_of_life_waits_for_nobody_and_disturbs_no_transaction(place: DatabasePlace) -> None:
    with PostgresStore.open(place, FLOWS) as store:
        with store.database.writing():
            store.database.rows("setting_put", "a", "b")
            beat = threading.Thread(target=store.database.sign_of_life)
            beat.start()
            beat.join(5)
            assert not beat.is_alive()
        assert store.setting("a") == "b"
        end_sessions(place)
        store.database.sign_of_life()
        assert store.setting("a") == "b"


def test_looking_works_beside_an_engine_and_never_writes(place: DatabasePlace, tmp_path: Path) -> None:
    with PostgresStore.open(place, FLOWS) as engine, PostgresStore.open(place, FLOWS, read_only=True) as looking:
        take(engine, PERSONS, Side.LEFT, "C1")
        link(engine, PERSONS, "C1", "P1")
        assert len(looking.list_links()) == 1
        end_of = everything(engine)
        for call in (lambda: take(looking, PERSONS, Side.LEFT, "C2"), lambda: looking.set("a", "b")):
            with pytest.raises(StoreError, match="looked at only"):
                call()
        assert everything(looking) == end_of
        looking.copy_to(tmp_path / "copy.db")
        link(engine, PERSONS, "C2", "P2")
    with SqliteStore.open(tmp_path / "copy.db", FLOWS) as copy:
        assert everything(copy) == end_of
        take(copy, PERSONS, Side.LEFT, "C5")


def test_there_is_no_state_before_the_first_engine(place: DatabasePlace) -> None:
    assert not states.there_is(place)
    for look in (lambda: PostgresStore.open(place, FLOWS, read_only=True), lambda: states.look_at(place, FLOWS)):
        with pytest.raises(StoreError, match="no state yet"):
            look()
    with states.working_copy(place, FLOWS) as copy:
        take(copy, PERSONS, Side.LEFT, "C1")
    assert not states.there_is(place)
    with psycopg.connect(place.address) as connection:
        assert connection.execute("SELECT to_regnamespace(%s)", (place.schema,)).fetchone() == (None,)
    states.open_state(place, FLOWS).close_store()
    assert states.there_is(place)


def test_P22_another_programs_schema_is_refused_and_left_alone(place: DatabasePlace) -> None:
    with psycopg.connect(place.address, autocommit=True) as other:
        other.execute(f"CREATE SCHEMA {place.schema}; CREATE TABLE {place.schema}.engine (horses integer)")
        for read_only in (False, True):
            with pytest.raises(StoreError, match="belongs to another program"):
                PostgresStore.open(place, FLOWS, read_only=read_only)
        tables = other.execute("SELECT tablename FROM pg_tables WHERE schemaname = %s", (place.schema,)).fetchall()
        assert tables == [("engine",)]


@pytest.mark.parametrize("read_only", [False, True])
def test_P22_a_state_of_a_newer_version_is_refused(place: DatabasePlace, read_only: bool) -> None:
    PostgresStore.open(place, FLOWS).close_store()
    with psycopg.connect(place.address, autocommit=True) as other:
        other.execute(f"UPDATE {place.schema}.engine SET version = 99")
    with pytest.raises(StoreError, match="newer version") as caught:
        PostgresStore.open(place, FLOWS, read_only=read_only)
    assert caught.value.remedy


def test_P22_a_state_of_an_older_version_is_not_looked_at_but_brought_up_to_date_by_an_engine(
    place: DatabasePlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    PostgresStore.open(place, FLOWS).close_store()
    later = [*migrations(FOLDER), (99, "CREATE TABLE later (one integer)")]
    for module in (postgres, postgres_session):
        monkeypatch.setattr(module, "migrations", lambda _: later)
    with pytest.raises(StoreError, match="older than this version") as caught:
        PostgresStore.open(place, FLOWS, read_only=True)
    assert caught.value.remedy
    PostgresStore.open(place, FLOWS).close_store()
    PostgresStore.open(place, FLOWS, read_only=True).close_store()


def test_tenants_in_one_database_see_nothing_of_each_other(new_place: NewPlace) -> None:
    with PostgresStore.open(new_place(), FLOWS) as one, PostgresStore.open(new_place(), FLOWS) as other:
        link(one, PERSONS, "C1", "P1")
        link(other, PERSONS, "C1", "P2")
        assert (one.list_links()[0].right, other.list_links()[0].right) == ("P1", "P2")


def test_a_closed_store_says_so_and_may_be_closed_again(place: DatabasePlace) -> None:
    store = PostgresStore.open(place, FLOWS)
    store.close_store()
    store.close_store()
    with pytest.raises(StoreError):
        store.setting("a")


def test_P07_what_is_flushed_waits_for_the_disk_whatever_the_server_is_set_to(place: DatabasePlace) -> None:
    with psycopg.connect(place.address, autocommit=True) as other:
        other.execute("ALTER ROLE CURRENT_USER SET synchronous_commit = off")
    try:
        with PostgresStore.open(place, FLOWS) as store:
            for durable, waits in ((Durable.FLUSHED, "on"), (Durable.ORDERED, "off"), (Durable.FLUSHED, "on")):
                with store.database.writing(durable):
                    assert store.database._connection.execute("SHOW synchronous_commit").fetchone() == (waits,)
    finally:
        with psycopg.connect(place.address, autocommit=True) as other:
            other.execute("ALTER ROLE CURRENT_USER RESET synchronous_commit")


def test_the_lease_ends_with_the_silence_of_the_engine_by_the_servers_own_clock(place: DatabasePlace) -> None:
    with PostgresStore.open(place, FLOWS) as store:
        asked = {name: store.database._connection.execute(f"SHOW {name}").fetchone() for name in ("idle_session_timeout", "lock_timeout")}
        assert asked == {"idle_session_timeout": (f"{LEASE_SECONDS}s",), "lock_timeout": ("10s",)}


def test_no_driver_is_told_as_such(place: DatabasePlace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "accord.store.postgres", None)
    monkeypatch.delattr("accord.store.postgres", raising=False)
    with pytest.raises(StoreError, match="psycopg") as caught:
        states.open_state(place, FLOWS)
    assert "accord[postgres]" in caught.value.remedy

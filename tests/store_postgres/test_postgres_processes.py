"""Real processes on a real server: kill -9 in the middle of transactions, two engines, one that was only paused."""

import signal

import psycopg
import pytest
from crashing import BATCH, start, whatever_returned_is_there

from accord.errors import StoreBusy
from accord.model.records import Side
from accord.store.places import DatabasePlace
from accord.store.postgres import PostgresStore
from accord.store.postgres_session import lease_key
from accord.testing.store_bench import FLOWS

pytestmark = pytest.mark.slow

KILLS = 8


def address(place: DatabasePlace) -> str:
    return f"{place.address}&schema={place.schema}"


def test_P16_P17_whatever_returned_is_there_after_kill_9_and_nothing_is_there_by_half(place: DatabasePlace) -> None:
    whatever_returned_is_there(address(place), lambda: PostgresStore.open(place, FLOWS), KILLS)


def test_P21_two_engines_on_one_state_the_second_is_refused_and_the_killed_one_frees_it(place: DatabasePlace) -> None:
    with start(address(place), 0) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "absorbed 0\n"
        with pytest.raises(StoreBusy, match="accord engine 1") as caught:
            PostgresStore.open(place, FLOWS)
        assert caught.value.remedy
        with PostgresStore.open(place, FLOWS, read_only=True) as looking:
            assert looking.count(Side.LEFT, "Contact") >= BATCH
        process.send_signal(signal.SIGKILL)
        process.stdout.read()
    with PostgresStore.open(place, FLOWS) as store:
        assert store.count(Side.LEFT, "Contact") >= BATCH


def test_P21_a_paused_engine_loses_its_lease_and_commits_nothing_when_it_wakes(place: DatabasePlace) -> None:
    with start(address(place), 0, "0.5") as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.send_signal(signal.SIGSTOP)
        with psycopg.connect(place.address, autocommit=True) as waiting:  # the server itself says when the lease has ended
            waiting.execute("SELECT pg_advisory_lock(%s)", (lease_key(place.schema),))
        with PostgresStore.open(place, FLOWS) as store:
            before = store.count(Side.LEFT, "Contact")
            assert before % BATCH == 0
            process.send_signal(signal.SIGCONT)
            process.stdout.read()
            assert process.wait() != 0
            assert store.count(Side.LEFT, "Contact") == before
            store.set("a", "b")

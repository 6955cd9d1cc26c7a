"""The seeded liar: without faults it is the connector that it wraps; each fault can be produced, is counted, and keeps to the port."""

import asyncio
import os
import random
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import fields, replace
from pathlib import Path

import pytest
from memory_case import BASE, VARIANTS, MemoryWorld, subject_of

from accord.connectors.hostile import Fault, FaultPlan, HostileConnector
from accord.connectors.memory import MemoryDatatype
from accord.errors import SystemRefused, SystemUnavailable
from accord.model.capabilities import ChangeCapture
from accord.model.plans import OperationKind, Outcome, OutcomeKind, Write
from accord.model.records import Unreadable
from accord.testing.bench import done
from accord.testing.connector_contract import Bench, Connect, ConnectorContract, Subject


class TestHostileWithoutFaultsKeepsTheContract(ConnectorContract):
    @pytest.fixture(params=["plain", "a feed of changes", "no conditional write"])
    def datatype(self, request: pytest.FixtureRequest) -> MemoryDatatype:
        return VARIANTS[request.param]

    @pytest.fixture
    def subject(self, datatype: MemoryDatatype) -> Subject:
        return subject_of(datatype)

    @pytest.fixture
    def world(self, datatype: MemoryDatatype) -> MemoryWorld:
        return MemoryWorld(datatype)

    @pytest.fixture
    def connect(self, world: MemoryWorld) -> Connect:
        return lambda size: HostileConnector(world.connect(size), random.Random(1), FaultPlan.none())


class Liar:
    """A bench whose connector can be made to fail."""

    def __init__(self, runner: asyncio.Runner, datatype: MemoryDatatype, seed: int = 7) -> None:
        self.world = MemoryWorld(datatype)
        self.slept: list[float] = []
        self.connector = HostileConnector(self.world.connect(), random.Random(seed), FaultPlan.none(), self._edit, self._sleep)
        self.bench = Bench(runner.run, self.connector, self.world, subject_of(datatype))

    def _edit(self, datatype: str, id: str) -> None:
        self.world.edit(id, {"Name": "A user's"})

    async def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)

    def only(self, fault: Fault) -> Bench:
        """From now on this fault always strikes."""
        self.connector.faults = FaultPlan.only(fault)
        return self.bench

    def writes(self) -> int:
        """Effects of Accord's writes on the world."""
        return sum(call.effect for call in self.world.system.writes())


@pytest.fixture
def runner() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as runner:
        yield runner


@pytest.fixture
def liar(runner: asyncio.Runner) -> Liar:
    return Liar(runner, BASE)


def test_a_plan_has_one_probability_per_fault() -> None:
    assert [field.name for field in fields(FaultPlan)] == [fault.value for fault in Fault]


@pytest.mark.parametrize("fault", [Fault.NOT_REACHED, Fault.TIMED_OUT_BEFORE, Fault.SERVER_ERROR])
def test_reads_that_break_down_say_that_the_system_is_unavailable(liar: Liar, fault: Fault) -> None:
    id = liar.bench.make()
    bench = liar.only(fault)
    for call in (bench.listed, lambda: bench.read(id), lambda: bench.find("ours:1"), lambda: bench.changed("2026-01-01T00:00:00Z")):
        with pytest.raises(SystemUnavailable):
            call()
    assert liar.connector.injected == {fault: 4}


@pytest.mark.parametrize("fault", [Fault.NOT_REACHED, Fault.TIMED_OUT_BEFORE])
def test_writes_that_never_arrive_are_failed_without_effect(liar: Liar, fault: Fault) -> None:
    assert liar.only(fault).create({"Name": "a"}).kind is OutcomeKind.FAILED
    assert liar.writes() == 0
    assert liar.connector.injected == {fault: 1}


@pytest.mark.parametrize("fault", [Fault.TIMED_OUT_AFTER, Fault.NO_ID])
def test_P7_creates_whose_answer_is_lost_are_unknown_and_were_made(liar: Liar, fault: Fault) -> None:
    assert liar.only(fault).create({"Name": "a"}, "ours:1").kind is OutcomeKind.UNKNOWN
    assert liar.writes() == 1
    assert liar.connector.injected == {fault: 1}
    liar.connector.heal()
    assert len(liar.bench.find("ours:1")[0].records) == 1


def test_P7_a_create_that_was_given_up_is_made_later_and_only_where_the_system_says_that_this_can_be(runner: asyncio.Runner) -> None:
    liar = Liar(runner, replace(BASE, settles=60.0))
    late: list[tuple[float, str, Write]] = []
    liar.connector = HostileConnector(
        liar.world.connect(), random.Random(7), FaultPlan.only(Fault.LATE), later=lambda *one: late.append(one)
    )
    bench = Bench(runner.run, liar.connector, liar.world, subject_of(BASE))
    assert bench.create({"Name": "a"}, "ours:1").kind is OutcomeKind.UNKNOWN
    assert liar.writes() == 0
    ((seconds, datatype, write),) = late
    assert 0 < seconds < 60.0
    assert liar.world.connect().carry_out(datatype, write).kind is OutcomeKind.DONE
    assert liar.writes() == 1
    prompt = Liar(runner, BASE)
    prompt.connector = HostileConnector(
        prompt.world.connect(), random.Random(7), FaultPlan.only(Fault.LATE), later=lambda *one: late.append(one)
    )
    assert Bench(runner.run, prompt.connector, prompt.world, subject_of(BASE)).create({"Name": "a"}).kind is OutcomeKind.DONE


def test_P26_a_server_error_on_a_write_is_unknown_whether_it_had_an_effect_or_not(liar: Liar) -> None:
    bench = liar.only(Fault.SERVER_ERROR)
    effects = set()
    for _ in range(20):
        before = liar.writes()
        assert bench.create({"Name": "a"}).kind is OutcomeKind.UNKNOWN
        effects.add(liar.writes() - before)
    assert effects == {0, 1}
    assert liar.connector.injected == {Fault.SERVER_ERROR: 20}


def test_calls_that_are_told_to_slow_down_wait_and_are_done(liar: Liar) -> None:
    bench = liar.only(Fault.SLOWED_DOWN)
    assert done(bench.create({"Name": "a"})).values == {"Name": "a"}
    bench.listed()
    assert len(liar.slept) == liar.connector.injected[Fault.SLOWED_DOWN] == 2


def test_a_refused_sign_in_ends_a_read_and_stops_the_rest_of_a_batch(liar: Liar) -> None:
    bench = liar.only(Fault.SIGNED_OUT)
    with pytest.raises(SystemRefused):
        bench.listed()
    outcomes = bench.write(*(bench.intent(OperationKind.CREATE, values={"Name": "a"}) for _ in range(3)))
    assert [(one.kind, one.fatal) for one in outcomes] == [(OutcomeKind.FAILED, True)] * 3
    assert liar.writes() == 0
    assert liar.connector.injected == {Fault.SIGNED_OUT: 2}


def test_P9_a_forbidden_record_is_unreadable_and_not_gone(liar: Liar) -> None:
    id = liar.bench.make()
    bench = liar.only(Fault.FORBIDDEN)
    assert isinstance(bench.read(id)[0], Unreadable)
    assert [type(one) for one in bench.listed().observations] == [Unreadable]
    assert liar.connector.injected == {Fault.FORBIDDEN: 2}


def test_P18_a_truncated_listing_has_no_last_page(liar: Liar) -> None:
    for number in range(5):
        liar.bench.make(number)
    pages = liar.only(Fault.TRUNCATED).listed().pages
    assert not any(page.last or page.cursor for page in pages)
    assert liar.connector.injected == {Fault.TRUNCATED: 1}


def test_P9_an_empty_listing_looks_proper_and_hides_everything(liar: Liar) -> None:
    liar.bench.make()
    listing = liar.only(Fault.EMPTY).listed()
    assert [page.last for page in listing.pages] == [True]
    assert listing.observations == []
    assert listing.cursor
    assert liar.connector.injected == {Fault.EMPTY: 1}


def test_shifted_pages_repeat_records_and_skip_some_of_a_full_listing(liar: Liar) -> None:
    made = [liar.bench.make(number) for number in range(6)]
    bench = liar.only(Fault.SHIFTED)
    ids = [one.ref.id for one in bench.listed().seen]
    assert len(ids) > len(set(ids)) or set(ids) < set(made)
    assert set(ids) < set(made)
    changed = [one.ref.id for one in bench.changed("2026-01-01T00:00:00Z").seen]
    assert set(changed) == set(made)
    assert len(changed) == 9
    assert liar.connector.injected == {Fault.SHIFTED: 6}


def test_a_stale_read_gives_the_content_before(liar: Liar) -> None:
    id = liar.bench.make()
    before = liar.bench.seen(id)
    done(liar.bench.update(id, {"Name": "Ours"}))
    assert liar.only(Fault.STALE).seen(id) == before
    assert liar.connector.injected == {Fault.STALE: 1}
    liar.connector.heal()
    assert liar.bench.seen(id).values["Name"] == "Ours"


def test_P7_a_search_that_lags_finds_nothing_and_is_not_certain(liar: Liar) -> None:
    done(liar.bench.create({"Name": "a"}, "ours:1"))
    (found,) = liar.only(Fault.FIND_LAGS).find("ours:1")
    assert (found.records, found.certain) == ((), False)
    assert liar.connector.injected == {Fault.FIND_LAGS: 1}


@pytest.mark.parametrize("variant", ["plain", "no conditional write"])
def test_P5_an_edit_between_look_and_write_is_noticed(runner: asyncio.Runner, variant: str) -> None:
    liar = Liar(runner, VARIANTS[variant])
    id = liar.bench.make()
    expected = liar.bench.expecting(id)
    outcome = liar.only(Fault.MOVED).update(id, {"Name": "Ours"}, expected)
    assert outcome.kind is OutcomeKind.MOVED
    assert liar.bench.seen(id).values["Name"] == "A user's"
    assert liar.connector.injected == {Fault.MOVED: 1}


def test_P19_a_refused_record_is_refused_without_effect(liar: Liar) -> None:
    outcome = liar.only(Fault.REFUSED_RECORD).create({"Name": "a"})
    assert outcome.kind is OutcomeKind.REFUSED
    assert outcome.message
    assert liar.writes() == 0
    assert liar.connector.injected == {Fault.REFUSED_RECORD: 1}


def test_outcomes_may_come_in_another_order_and_none_is_missing(runner: asyncio.Runner, liar: Liar) -> None:
    bench = liar.only(Fault.DISORDERED)
    writes = [bench.intent(OperationKind.CREATE, values={"Name": "a"}) for _ in range(10)]

    async def keys() -> list[str]:
        return [outcome.key async for outcome in liar.connector.write("Contact", writes)]

    came = runner.run(keys())
    assert sorted(came) == sorted(one.key for one in writes)
    assert came != [one.key for one in writes]
    assert liar.connector.injected == {Fault.DISORDERED: 1}


def test_hints_may_come_twice(runner: asyncio.Runner) -> None:
    liar = Liar(runner, replace(BASE, changes=ChangeCapture.FEED))
    id = liar.bench.make()
    hints = liar.only(Fault.REPEATED_HINTS).changed("2026-01-01T00:00:00Z").hints
    assert [hint.ref.id for hint in hints] == [id, id]
    assert liar.connector.injected == {Fault.REPEATED_HINTS: 1}


def history(seed: int) -> str:
    """What an hour among liars looks like, as text."""
    with asyncio.Runner() as runner:
        liar = Liar(runner, BASE, seed)
        ids = [liar.bench.make(number) for number in range(4)]
        liar.connector.faults = FaultPlan.every(0.2)
        told: list[object] = []
        for turn in range(30):
            told += [_tried(liar.bench, ids, turn)]
    return repr((told, sorted(liar.connector.injected.items()), liar.world.system.calls))


def _tried(bench: Bench, ids: list[str], turn: int) -> object:
    try:
        told: list[Outcome] = [bench.create({"Name": f"made {turn}"}), bench.update(ids[turn % 4], {"Name": f"{turn}"})]
        return told, bench.listed(), bench.read(*ids), bench.find("ours:1")
    except (SystemUnavailable, SystemRefused) as problem:
        return problem.message


def test_P12_the_same_seed_gives_the_same_faults() -> None:
    assert history(1) == history(1)
    assert history(1) != history(2)


@pytest.mark.slow
def test_P12_the_same_seed_gives_the_same_faults_whatever_the_hash_seed() -> None:
    told = set()
    for hash_seed in ("0", "1", "4711"):
        environment = {**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": str(Path(__file__).parent)}
        code = "import test_hostile; print(test_hostile.history(3))"
        told.add(subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, check=True, timeout=60).stdout)
    assert len(told) == 1
    assert len(told.pop()) > 1000

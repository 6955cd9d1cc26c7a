"""The honest fake keeps the connector contract in every variant, and its world behaves as it says."""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from memory_case import BASE, VARIANTS, MemoryWorld, subject_of

from accord.connectors.memory import CallKind, MemoryConnector, MemoryDatatype, Who
from accord.errors import ListingFailed
from accord.model.capabilities import ChangeCapture, Finding
from accord.model.plans import OperationKind, OutcomeKind
from accord.model.records import Gone, Seen, Side
from accord.testing.connector_contract import Bench, Connect, ConnectorContract, Subject

Prepare = Callable[[MemoryDatatype], Bench]


class TestMemoryKeepsTheContract(ConnectorContract):
    @pytest.fixture(params=VARIANTS.values(), ids=VARIANTS.keys())
    def datatype(self, request: pytest.FixtureRequest) -> MemoryDatatype:
        return request.param

    @pytest.fixture
    def subject(self, datatype: MemoryDatatype) -> Subject:
        return subject_of(datatype)

    @pytest.fixture
    def world(self, datatype: MemoryDatatype) -> MemoryWorld:
        return MemoryWorld(datatype)

    @pytest.fixture
    def connect(self, world: MemoryWorld) -> Connect:
        return world.connect


@pytest.fixture
def bench_of() -> Iterable[Prepare]:
    with asyncio.Runner() as runner:

        def prepare(datatype: MemoryDatatype) -> Bench:
            world = MemoryWorld(datatype)
            return Bench(runner.run, world.connect(), world, subject_of(datatype))

        yield prepare


def system_of(bench: Bench):
    return bench.world.system


def test_P9_evidence_is_never_made_up_by_a_feed_that_hides_deletes(bench_of: Prepare) -> None:
    bench = bench_of(VARIANTS["a feed that hides deletes"])
    id, start = bench.make(), bench.listed()
    bench.world.remove(id)
    assert bench.changed(start.cursor).moved == set()


def test_a_feed_names_what_changed_without_its_content(bench_of: Prepare) -> None:
    bench = bench_of(VARIANTS["a feed of changes"])
    id, start = bench.make(), bench.listed()
    bench.edit(id, {"Name": "Edited"})
    changes = bench.changed(start.cursor)
    assert changes.observations == []
    assert [(hint.ref.id, hint.version) for hint in changes.hints] == [(id, "2")]


def test_changes_of_a_system_that_only_lists_and_an_odd_cursor_are_failed_listings(bench_of: Prepare) -> None:
    with pytest.raises(ListingFailed):
        bench_of(replace(BASE, changes=ChangeCapture.LISTING)).changed("2026-01-01T00:00:00Z")
    with pytest.raises(ListingFailed):
        bench_of(BASE).changed("somewhere")


def test_P18_a_cursor_never_moves_back(bench_of: Prepare) -> None:
    bench = bench_of(replace(BASE, commit_lag=3.0))
    ahead = "2027-01-01T00:00:00Z"
    assert bench.changed(ahead).cursor == ahead


def test_a_version_that_is_a_time_is_withheld_until_it_can_stand_for_one_content_only(bench_of: Prepare) -> None:
    bench = bench_of(replace(BASE, versions="time", granularity=60.0))
    id = bench.world.make({"Name": "a"})
    assert bench.seen(id).version is None
    bench.world.clock.pass_time(61)
    assert bench.seen(id).version == "2026-01-31T12:00:00Z"


def test_a_change_shows_in_listings_after_the_commit_lag_and_by_id_at_once(bench_of: Prepare) -> None:
    bench = bench_of(replace(BASE, commit_lag=30.0))
    id = bench.world.make({"Name": "a"})
    assert bench.listed().seen == []
    assert bench.seen(id).values == {"Name": "a"}
    bench.world.settle()
    bench.world.edit(id, {"Name": "b"})
    assert [one.values["Name"] for one in bench.listed().seen] == ["a"]
    bench.world.settle()
    assert [one.values["Name"] for one in bench.listed().seen] == ["b"]


def test_pages_that_shift_skip_a_record_when_another_is_edited_meanwhile(bench_of: Prepare) -> None:
    bench = bench_of(replace(BASE, shifting=True, page_size=1))
    first, second, third = (bench.make(number) for number in range(3))
    listing = bench.listed(meanwhile=lambda: bench.world.edit(first, {"Name": "moved"}))
    assert [one.ref.id for one in listing.seen] == [first, third, first]
    assert second not in listing.moved


def test_the_system_rewrites_what_it_is_given_and_answers_with_that(bench_of: Prepare) -> None:
    habits = replace(BASE, trims=frozenset({"Name"}), upper_cases=frozenset({"Kind"}), rounds={"Amount": 1}, ignores=frozenset({"Email"}))
    bench = bench_of(habits)
    id = bench.make()
    answer = bench.update(id, {"Name": " n ", "Kind": "k", "Amount": Decimal("1.25"), "Email": "ignored"}).observation
    assert answer is not None
    assert dict(answer.values) == {"Name": "n", "Kind": "K", "Amount": Decimal("1.2"), "Email": "Other 1"}


def test_P7_finding_that_lags_sees_a_new_record_later(bench_of: Prepare) -> None:
    bench = bench_of(replace(BASE, finding=Finding.LAGGING, find_lag=5.0))
    bench.create({"Name": "a"}, "left:Thing:1")
    assert bench.find("left:Thing:1")[0].records == ()
    bench.world.settle()
    assert len(bench.find("left:Thing:1")[0].records) == 1


def test_P7_a_copy_that_a_user_has_deleted_since_is_still_found(bench_of: Prepare) -> None:
    bench = bench_of(BASE)
    id = bench.create({"Name": "a"}, "left:Thing:1").observation.ref.id
    bench.world.remove(id)
    assert [one.ref.id for one in bench.find("left:Thing:1")[0].records] == [id]
    assert isinstance(bench.read(id)[0], Gone)


def test_without_idempotency_keys_a_repeated_create_makes_a_second_record(bench_of: Prepare) -> None:
    bench = bench_of(replace(BASE, idempotency_key=False))
    for _ in range(2):
        bench.create({"Name": "a"}, "left:Thing:1")
    assert len(system_of(bench).live("Contact")) == 2


def test_the_call_log_tells_who_did_what_and_whether_it_had_an_effect(bench_of: Prepare) -> None:
    bench = bench_of(BASE)
    id = bench.make()
    bench.update(id, {"Name": "Ours"})
    bench.update(id, {"Email": "nobody"})
    bench.delete(id)
    bench.delete(id)
    calls = [(call.number, call.who, call.kind, call.effect) for call in system_of(bench).calls]
    assert calls == [
        (1, Who.USER, CallKind.CREATE, True),
        (2, Who.ACCORD, CallKind.UPDATE, True),
        (3, Who.ACCORD, CallKind.UPDATE, False),
        (4, Who.ACCORD, CallKind.DELETE, True),
        (5, Who.ACCORD, CallKind.DELETE, False),
    ]
    assert system_of(bench).calls[1].replaced == {"Name": "Text 1"}
    assert [call.number for call in system_of(bench).writes(after=2)] == [3, 4, 5]


def test_a_merge_by_a_user_keeps_one_id_and_fills_what_it_lacked(bench_of: Prepare) -> None:
    system = system_of(bench_of(BASE))
    stays = system.user_create("Contact", {"Name": "a", "Email": ""}, reference="ours:1")
    goes = system.user_create("Contact", {"Name": "b", "Email": "e", "Kind": "k"}, reference="ours:2")
    system.user_merge("Contact", stays, goes)
    assert system.live("Contact") == {stays: {"ExternalId": "ours:1", "Name": "a", "Email": "e", "Kind": "k"}}
    system.user_restore("Contact", goes)
    assert set(system.live("Contact")) == {stays, goes}


def test_users_cannot_edit_what_is_not_there(bench_of: Prepare) -> None:
    system = system_of(bench_of(BASE))
    with pytest.raises(KeyError):
        system.user_edit("Contact", "R-000001", {"Name": "a"})
    assert system.calls == []


def test_nobody_can_reach_into_the_world_through_what_it_handed_out(bench_of: Prepare) -> None:
    bench = bench_of(BASE)
    lines = [{"Number": 1}]
    id = bench.make()
    bench.world.edit(id, {"Kind": lines})
    lines[0]["Number"] = 2
    bench.seen(id).values["Kind"][0]["Number"] = 3
    assert bench.seen(id).values["Kind"] == [{"Number": 1}]


def test_time_that_stands_still_or_goes_back_keeps_changes_in_order(bench_of: Prepare) -> None:
    bench = bench_of(BASE)
    first, start = bench.make(1), bench.listed()
    bench.world.clock.moment -= timedelta(days=1)
    second = bench.world.make({"Name": "b"})
    bench.world.clock.pass_time(200_000)
    assert bench.changed(start.cursor).moved == {second}
    assert {one.ref.id for one in bench.listed().seen} == {first, second}


def test_on_a_virtual_loop_other_things_happen_between_two_calls() -> None:
    world, slept = MemoryWorld(BASE), []
    id = world.make({"Name": "a"})

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        if len(slept) == 1:
            world.edit(id, {"Name": "b"})

    connector = MemoryConnector(world.system, Side.LEFT, {"Contact": ("Name",)}, sleep, latency=0.25)
    (found,) = asyncio.run(connector.read("Contact", [id]))
    assert isinstance(found, Seen)
    assert found.values == {"Name": "b"}
    assert slept == [0.25, 0.25]
    assert world.system.requests["read"] == 1


def test_a_property_that_only_a_create_may_carry_is_taken_by_a_create(bench_of: Prepare) -> None:
    bench = bench_of(VARIANTS["some properties are closed"])
    made = bench.create({"Name": "a", "Kind": "k"})
    assert made.kind is OutcomeKind.DONE
    refused = bench.write(bench.intent(OperationKind.CREATE, values={"Name": "a", "Number": 1}))[0]
    assert (refused.kind, refused.property) == (OutcomeKind.REFUSED, "Number")


def test_a_value_that_only_one_live_record_may_hold_is_refused_to_a_second() -> None:
    world = MemoryWorld(replace(BASE, unique=frozenset({"Email"})))
    bench = Bench(asyncio.run, world.connect(), world, subject_of(BASE))
    first = bench.create({"Email": "ada@sim.example"})
    again = bench.create({"Email": "ada@sim.example"})
    assert (again.kind, again.property) == (OutcomeKind.REFUSED, "Email")
    assert first.observation is not None
    world.system.user_delete("Contact", first.observation.ref.id)
    assert bench.create({"Email": "ada@sim.example"}).kind is OutcomeKind.DONE
    assert world.system.requests["duplicate"] == 1

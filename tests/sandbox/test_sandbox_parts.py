"""The parts that need no process: the order of changes, faults, counts, the data's keepers."""

from accord.sandbox.clock import instant, microseconds_of
from accord.sandbox.customcrm.properties import DATATYPES
from accord.sandbox.customcrm.shelf import Shelf
from accord.sandbox.faults import Calls, Fault, Faults
from accord.sandbox.timeline import Timeline
from accord.sandbox.web import pretty


def test_a_timeline_tells_each_key_once_at_its_last_change_inclusive() -> None:
    timeline: Timeline[str] = Timeline()
    for stamp, key in ((1, "a"), (2, "b"), (3, "a"), (3, "c")):
        timeline.touch(key, stamp)
    assert list(timeline.since(0)) == [(2, "b"), (3, "a"), (3, "c")]
    assert list(timeline.since(3)) == [(3, "a"), (3, "c")]
    assert list(timeline.since(4)) == []


def test_a_timeline_keeps_its_order_when_holes_are_swept_out() -> None:
    timeline: Timeline[int] = Timeline()
    for stamp in range(10_000):
        timeline.touch(stamp % 7, stamp)
    assert [key for _, key in timeline.since(0)] == [stamp % 7 for stamp in range(9_993, 10_000)]


def test_a_timeline_never_goes_back() -> None:
    timeline: Timeline[str] = Timeline()
    timeline.touch("a", 10)
    timeline.touch("b", 5)
    assert list(timeline.since(10)) == [(10, "a"), (10, "b")]


def test_two_changes_never_have_the_same_time_even_on_a_clock_that_stands_still() -> None:
    shelf = Shelf(DATATYPES[0], lambda: 1_000)
    for _ in range(5):
        shelf.create({})
    shelf.change("CO-000001", {"City": "Bodø"})
    times = [at for at, _ in shelf.since(0, deleted=True)]
    assert len(set(times)) == len(times) == 5


def test_times_are_read_as_they_are_written() -> None:
    assert microseconds_of(instant(1_769_860_800_123_456)) == 1_769_860_800_123_456
    assert microseconds_of("2026-01-31T13:00:00 01:00") == microseconds_of("2026-01-31T12:00:00")


def test_a_fault_strikes_every_nth_matching_call_and_stops_when_used_up() -> None:
    faults = Faults()
    faults.arm(Fault(kind="error", every=2, times=2, only="writes", call="POST contacts"))
    calls = [("POST contacts", True), ("GET contacts", False), ("POST users", True)] * 8
    struck = [index for index, (call, write) in enumerate(calls) if faults.strike(call, write=write).refused]
    assert struck == [3, 9]


def test_delays_add_up_and_none_switches_all_off() -> None:
    faults = Faults()
    faults.arm(Fault(kind="slow", milliseconds=5))
    faults.arm(Fault(kind="slow", milliseconds=10))
    assert faults.strike("GET contacts", write=False).seconds == 0.015
    faults.arm(Fault(kind="none"))
    assert faults.strike("GET contacts", write=False).seconds == 0
    assert faults.told() == []


def test_signing_in_is_neither_a_read_nor_a_write() -> None:
    calls = Calls()
    calls.count("POST token", work=False, write=True)
    calls.count("POST persons", work=True, write=True)
    assert calls.told() == {"reads": 0, "writes": 1, "by_call": {"POST persons": 1, "POST token": 1}}


def test_calls_are_named_without_base_path_and_ids() -> None:
    assert pretty("/api/v1/persons/{debtorAccountNumber}/contacts") == "persons/{id}/contacts"
    assert pretty("/api/contacts/{id}") == "contacts/{id}"

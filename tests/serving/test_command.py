"""What `accord run` prints, and which words it takes."""

import json

import pytest

from accord.app import Started
from accord.cli.serving import JsonScreen, Screen, address
from accord.engine.parts import Depth
from accord.engine.serving import Failed, Passed
from accord.errors import SystemUnavailable, UsageError
from accord.model.runs import FlowCounts, Run

FLOW = "Contact to Persons"


def passed(depth: Depth = Depth.CHANGES, read: int = 0, **counts: int) -> Passed:
    cause = "webhook" if depth is Depth.QUICK else "poll"
    run = Run("r1", cause, "2026-01-01T00:00:00.000Z", "2026-01-01T00:00:01.000Z", "done", read=read)
    run.flows[FLOW] = FlowCounts(FLOW, **counts)
    return Passed(run, depth)


@pytest.mark.parametrize(
    ("text", "place"),
    [("127.0.0.1:8484", ("127.0.0.1", 8484)), ("localhost:0", ("localhost", 0)), ("[::1]:65535", ("::1", 65535))],
)
def test_an_address_is_host_and_port(text: str, place: tuple[str, int]) -> None:
    assert address(text) == place


@pytest.mark.parametrize("text", ["8484", ":8484", "localhost:", "localhost:x", "localhost:65536", "localhost:-1", "localhost:٣"])
def test_anything_else_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(UsageError) as found:
        address(text)
    assert "127.0.0.1:8484" in found.value.remedy


def test_a_cycle_that_did_something_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    Screen().tell(passed(Depth.QUICK, read=1, updated_right=1))
    assert capsys.readouterr().out == "2026-01-01T00:00:01.000Z webhook: Contact to Persons: 1 updated right; 1 read\n"


def test_a_cycle_that_did_nothing_is_silent(capsys: pytest.CaptureFixture[str]) -> None:
    Screen().tell(passed(read=3, unchanged=3))
    assert capsys.readouterr().out == ""


def test_what_waits_is_told_when_it_changes_and_not_in_every_cycle(capsys: pytest.CaptureFixture[str]) -> None:
    screen = Screen()
    for waiting in (0, 2, 2, 2, 1, 0, 0):
        screen.tell(passed(waiting=waiting))
    said = capsys.readouterr().out.splitlines()
    assert [line.partition("poll: ")[2] for line in said] == [
        "Contact to Persons: 2 waiting; 0 read",
        "Contact to Persons: 1 waiting; 0 read",
        "0 read",
    ]


def test_a_problem_is_one_line_on_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    Screen().tell(Failed(SystemUnavailable("membercare", "does not answer", "Is it up?"), 6.2))
    said = capsys.readouterr()
    assert (said.out, said.err) == ("", "membercare: does not answer (Is it up?); again in 6 s\n")


def test_the_first_line_says_where_webhooks_are_taken_and_why_some_are_not(capsys: pytest.CaptureFixture[str]) -> None:
    screen = Screen(opening="customcrm <-> membercare: 6 flows")
    screen.tell(Started({"customcrm": "http://127.0.0.1:8484/webhooks/customcrm"}, ["membercare: SECRET is not set"]))
    screen.tell(Started({}, []))
    said = capsys.readouterr()
    assert said.out.splitlines() == [
        "customcrm <-> membercare: 6 flows; webhooks at http://127.0.0.1:8484/webhooks/customcrm",
        "customcrm <-> membercare: 6 flows; no webhooks",
    ]
    assert said.err == "no webhooks of membercare: SECRET is not set\n"


def test_json_is_one_object_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    screen = JsonScreen()
    screen.tell(Started({"customcrm": "http://127.0.0.1:1/webhooks/customcrm"}, []))
    screen.tell(passed(read=3))
    screen.tell(passed(Depth.QUICK, read=1, updated_right=1))
    screen.tell(Failed(SystemUnavailable("membercare", "does not answer"), 2.0))
    screen.stopped()
    started, cycle, problem, stopped = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    assert started["webhooks"] == {"customcrm": "http://127.0.0.1:1/webhooks/customcrm"}
    assert (cycle["event"], cycle["cause"], cycle["depth"], cycle["read"]) == ("cycle", "webhook", "quick", 1)
    assert cycle["flows"][0]["updated_right"] == 1
    said = {"system": "membercare", "message": "membercare: does not answer", "remedy": "", "again_seconds": 2.0}
    assert problem == {"event": "problem", **said}
    assert stopped == {"event": "stopped"}

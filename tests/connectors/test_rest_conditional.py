"""P5 for writes of which the calls state no version themselves: what others wrote meanwhile is looked for just before."""

from typing import Any

import pytest
from rigs import rig, run, system, update
from scripted import Reply, Request

from accord.model.plans import Outcome, OutcomeKind
from accord.model.records import Seen

BY_HEADER = {"header": "If-Match", "format": '"{version}"'}
IN_BODY = {"property": "version", "written": "number"}
GROUPS = {"mail": {"object": "mail", "whole": False, "write": {"path": "/things/{id}/mail"}}}
PROPERTIES = {"name": {}, "email": {"group": "mail", "path": "value"}}


def _thing(version: int, mail: str) -> Reply:
    return Reply(json={"id": 1, "version": version, "name": "a", "mail": {"value": mail}})


async def _written(conditional: dict[str, str], gets: list[Reply], **values: Any) -> tuple[Outcome, list[Request]]:
    """An update of ``values`` planned against the first of ``gets``; the requests that followed its reading."""

    def handler(request: Request) -> Reply:
        return gets.pop(0) if request.method == "GET" else Reply(json={"id": 1, "version": 9, "name": "b"})

    described = system({"groups": GROUPS, "properties": PROPERTIES, "reference": None, "conditional": conditional})
    async with rig(handler, described) as made:
        outcome = await made.one(update(await made.seen("1"), **values))
        return outcome, made.server.requests[1:]


@pytest.mark.parametrize("conditional", [BY_HEADER, IN_BODY])
def test_P05_a_write_by_group_calls_alone_looks_before_and_leaves_what_others_wrote(conditional: dict[str, str]) -> None:
    outcome, requests = run(_written(conditional, [_thing(3, "old"), _thing(4, "theirs"), _thing(5, "ours")], email="ours"))
    assert [request.call for request in requests] == ["GET /things/1"]
    assert outcome.kind is OutcomeKind.MOVED
    assert isinstance(outcome.observation, Seen)
    assert outcome.observation.values == {"name": "a", "email": "theirs"}


@pytest.mark.parametrize("conditional", [BY_HEADER, IN_BODY])
def test_P05_and_is_made_where_nobody_wrote(conditional: dict[str, str]) -> None:
    outcome, requests = run(_written(conditional, [_thing(3, "old"), _thing(3, "old"), _thing(4, "ours")], email="ours"))
    assert [request.call for request in requests] == ["GET /things/1", "POST /things/1/mail", "GET /things/1"]
    assert requests[1].json == {"value": "ours"}
    assert outcome.kind is OutcomeKind.DONE


def test_P05_a_write_with_a_call_on_the_record_itself_states_its_version_there_and_needs_no_look() -> None:
    outcome, requests = run(_written(BY_HEADER, [_thing(3, "old"), _thing(5, "ours")], name="b", email="ours"))
    assert [request.call for request in requests] == ["PATCH /things/1", "POST /things/1/mail", "GET /things/1"]
    assert requests[0].headers["if-match"] == '"3"'
    assert outcome.kind is OutcomeKind.DONE

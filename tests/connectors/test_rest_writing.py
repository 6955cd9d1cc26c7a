"""Writes: what is sent, and that an outcome says no more than the answers prove."""

import asyncio
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from rigs import Rig, create, delete, rig, run, system, update
from scripted import Handler, Reply, Request, Scripted

from accord.model.plans import Outcome, OutcomeKind, Write
from accord.model.records import Seen

CONDITIONAL = {"conditional": {"header": "If-Match", "format": '"{version}"'}}
HTML = Reply(200, body=b"<html>Sign in</html>", headers={"Content-Type": "text/html"})


def _answers(**replies: Reply | list[Reply]) -> Handler:
    """A handler by method; a list is used up one by one."""

    def handler(request: Request) -> Reply:
        reply = replies[request.method]
        return reply.pop(0) if isinstance(reply, list) else reply

    return handler


def _thing(number: int = 1, **more: Any) -> dict[str, Any]:
    return {"id": number, "version": 1, **more}


async def _create(handler: Handler, write: Write | None = None, **thing: Any) -> tuple[Outcome, Scripted]:
    async with rig(handler, system(thing)) as made:
        return await made.one(write or create(name="x")), made.server


async def _update(made: Rig, **values: Any) -> Outcome:
    return await made.one(update(await made.seen("1"), **values))


def test_a_create_sends_its_values_and_our_reference_and_observes_the_answer() -> None:
    handler = _answers(POST=Reply(201, json=_thing(5, name="X", about={"note": "n"}, mark="left-1")))
    outcome, server = run(_create(handler, create(name="x", note="n", size=Decimal("1.10"), mark=None)))
    assert server.requests[0].body == b'{"name":"x","about":{"note":"n"},"Size":1.10,"mark":"left-1"}'
    assert server.requests[0].headers["content-type"] == "application/json"
    assert (outcome.kind, len(server.requests)) == (OutcomeKind.DONE, 1)
    assert outcome.observation is not None
    assert outcome.observation.ref.id == "5"
    assert outcome.observation.values == {"name": "X", "note": "n", "mark": "left-1"}


@pytest.mark.parametrize(
    "reply",
    [
        Reply(201, json={"version": 1}),
        Reply(201, json={"id": None}),
        Reply(201, json={"id": ""}),
        Reply(201, json=[]),
        Reply(201, json="done"),
        Reply(201),
        Reply(204),
        HTML,
        Reply(201, body=b'{"id": 1'),
        Reply(500, json="oops"),
        Reply(503),
        Reply(408),
        Reply(303, headers={"Location": "/things/1"}),
        Reply(reset=True),
        Reply(raw=b"HTTP/1.1 201 Created\r\nContent-Length: 50\r\n\r\n{"),
    ],
)
def test_P26_a_create_that_cannot_be_told_is_unknown_and_not_sent_again(reply: Reply) -> None:
    outcome, server = run(_create(_answers(POST=reply)))
    assert (outcome.kind, outcome.observation) == (OutcomeKind.UNKNOWN, None)
    assert server.calls == ["POST /things"]


def test_P07_with_an_idempotency_key_an_unanswered_create_is_repeated_once_under_the_same_key() -> None:
    handler = _answers(POST=[Reply(reset=True), Reply(201, json=_thing(5))])
    outcome, server = run(_create(handler, create(idempotency="k1"), idempotency_header="Idempotency-Key"))
    assert (outcome.kind, outcome.observation and outcome.observation.ref.id) == (OutcomeKind.DONE, "5")
    assert [request.headers["idempotency-key"] for request in server.requests] == ["k1", "k1"]


@pytest.mark.parametrize("second", [Reply(502), Reply(reset=True), Reply(401)])
def test_P07_and_never_a_second_time(second: Reply) -> None:
    outcome, server = run(_create(_answers(POST=[Reply(500), second]), create(idempotency="k"), idempotency_header="Idempotency-Key"))
    assert outcome.kind is OutcomeKind.UNKNOWN
    assert len(server.requests) == 2


def test_a_refused_connection_is_a_failure_and_nothing_else() -> None:
    async def scenario() -> dict[str, Outcome]:
        async with rig(_answers()) as made:
            made.server._server.close()
            await made.server._server.wait_closed()
            return await made.write(create("a"), create("b"))

    assert {each.kind for each in run(scenario()).values()} == {OutcomeKind.FAILED}


@pytest.mark.parametrize(
    ("reply", "message", "name"),
    [
        (Reply(400, json="E-mail taken"), "400 E-mail taken", None),
        (Reply(422, json={"error": {"message": "bad", "property": "Size"}}), "422 bad", "size"),
        (Reply(422, json={"error": {"message": "bad", "property": "about.note"}}), "422 bad", "note"),
        (Reply(422, json={"error": {"message": "bad", "property": "other"}}), "422 bad", None),
        (Reply(400, json={"type": "x", "title": "Invalid", "detail": "no name", "status": 400}), "400 no name", None),
        (Reply(400, json={"title": "One or more", "errors": {"$.name": ["too long"]}}), "400 $.name: too long", "name"),
        (Reply(422, json={"errors": [{"title": "Invalid", "source": {"pointer": "/data/attributes/name"}}]}), "422 Invalid", "name"),
        (Reply(422, json={"errors": [{"detail": "no", "source": {"pointer": "/about/note"}}]}), "422 no", "note"),
        (Reply(400, json={"title": "Bad", "invalid-params": [{"name": "Size", "reason": "too big"}]}), "400 Bad: too big", "size"),
        (Reply(400, json={"message": "Bad", "violations": [{"propertyPath": "name", "message": "empty"}]}), "400 Bad: empty", "name"),
        (Reply(400, json={"error": {"message": "m", "details": [{"target": "name", "message": "m"}]}}), "400 m", "name"),
        (Reply(400, json=[{"errorCode": "X", "message": "bad", "fields": ["name", "Size"]}]), "400 bad", "name"),
        (Reply(400, json={"errors": ["first", "second"]}), "400 first", None),
        (Reply(400, json={"errors": [5]}), "400", None),
        (Reply(400, json={"errors": []}), "400", None),
        (Reply(400, body=b"<html>"), "400", None),
        (Reply(400), "400", None),
        (Reply(403, json="not yours"), "403 not yours", None),
        (Reply(404), "404", None),
        (Reply(405), "405", None),
        (Reply(409, json="duplicate"), "409 duplicate", None),
        (Reply(400, json="a\x1b[31m\nb\u202e"), "400 a\\x1b[31m\\nb\\u202e", None),
    ],
)
def test_P19_a_refused_record_carries_the_servers_words(reply: Reply, message: str, name: str | None) -> None:
    write = create(name="x", size=1, note="y")
    outcome, _ = run(_create(_answers(POST=reply), write))
    assert (outcome.kind, outcome.message, outcome.property) == (OutcomeKind.REFUSED, message, name)
    assert not outcome.fatal


def test_words_are_cut_and_never_repeat_a_secret() -> None:
    async def scenario() -> str:
        described = system({}, authentication={"kind": "bearer", "value": "${env:KEY}"})
        async with rig(_answers(POST=Reply(400, json="bad key canary-1 " + "x" * 9999)), described, KEY="canary-1") as made:
            return (await made.one(create())).message

    message = run(scenario())
    assert message.startswith("400 bad key *** xxx")
    assert len(message) == 300


def test_a_value_that_cannot_be_sent_is_refused_by_itself() -> None:
    async def scenario() -> tuple[dict[str, Outcome], int]:
        async with rig(_answers(POST=Reply(201, json=_thing()))) as made:
            return await made.write(create("odd", name="\ud800"), create("good", name="x")), len(made.server.requests)

    outcomes, requests = run(scenario())
    assert (outcomes["odd"].kind, outcomes["good"].kind, requests) == (OutcomeKind.REFUSED, OutcomeKind.DONE, 1)


def test_the_first_route_whose_required_properties_are_given_is_taken() -> None:
    routes = [{"path": "/special", "requires": ["size", "name"]}, {"path": "/things", "requires": ["name"]}]

    async def scenario() -> tuple[list[str], Outcome]:
        async with rig(_answers(POST=Reply(201, json=_thing())), system({"create": routes})) as made:
            await made.one(create(name="x", size=1))
            await made.one(create(name="x", size=None))
            refused = await made.one(create(size=1))
            return made.server.calls, refused

    calls, refused = run(scenario())
    assert calls == ["POST /special", "POST /things"]
    assert refused.kind is OutcomeKind.REFUSED


NARROW = [{"path": "/buy", "only_names": True, "names": {"name": "who"}, "answer": "made"}]


def test_what_a_create_cannot_carry_follows_by_an_update() -> None:
    handler = _answers(POST=Reply(200, json={"made": _thing(5)}), PATCH=Reply(json=_thing(5, name="x", version=2)))
    outcome, server = run(_create(handler, create(name="x", note="n", size=None), create=NARROW))
    assert [(request.call, request.json) for request in server.requests] == [
        ("POST /buy", {"who": "x"}),
        ("PATCH /things/5", {"about": {"note": "n"}}),
    ]
    assert outcome.observation is not None
    assert outcome.observation.version == "2"


def test_P26_a_create_of_which_a_later_call_is_refused_is_done_with_what_is_really_there() -> None:
    handler = _answers(
        POST=Reply(200, json={"made": _thing(5)}),
        PATCH=Reply(422, json={"error": {"message": "no", "property": "note"}}),
        GET=Reply(json=_thing(5, name="x")),
    )
    outcome, server = run(_create(handler, create(name="x", note="n"), create=NARROW))
    assert (outcome.kind, outcome.message, outcome.property) == (OutcomeKind.DONE, "done in part: 422 no", "note")
    assert outcome.observation is not None
    assert outcome.observation.values == {"name": "x"}
    assert server.calls[-1] == "GET /things/5"


@pytest.mark.parametrize("later", [Reply(400), Reply(500), Reply(reset=True), HTML])
def test_P26_and_unknown_if_that_cannot_be_told(later: Reply) -> None:
    handler = _answers(POST=Reply(200, json={"made": _thing(5)}), PATCH=later, GET=Reply(500))
    outcome, _ = run(_create(handler, create(name="x", note="n"), create=NARROW))
    assert (outcome.kind, outcome.observation) == (OutcomeKind.UNKNOWN, None)


def test_P05_an_update_states_the_version_it_was_planned_against() -> None:
    async def scenario() -> tuple[Outcome, list[Request]]:
        handler = _answers(GET=Reply(json=_thing(version=3)), PATCH=Reply(json=_thing(version=4, name="y")))
        async with rig(handler, system(CONDITIONAL)) as made:
            return await _update(made, name="y"), made.server.requests

    outcome, requests = run(scenario())
    assert [request.call for request in requests] == ["GET /things/1", "PATCH /things/1"]
    assert requests[1].headers["if-match"] == '"3"'
    assert requests[1].json == {"name": "y"}
    assert outcome.observation is not None
    assert (outcome.kind, outcome.observation.version) == (OutcomeKind.DONE, "4")


@pytest.mark.parametrize("status", [409, 412])
def test_P05_a_record_that_moved_is_read_again_and_not_written(status: int) -> None:
    async def scenario() -> Outcome:
        handler = _answers(GET=[Reply(json=_thing(version=3)), Reply(json=_thing(version=9, name="theirs"))], PATCH=Reply(status))
        async with rig(handler, system(CONDITIONAL)) as made:
            return await _update(made, name="y")

    outcome = run(scenario())
    assert outcome.kind is OutcomeKind.MOVED
    assert isinstance(outcome.observation, Seen)
    assert outcome.observation.values == {"name": "theirs"}


def test_P05_where_the_system_has_no_condition_the_record_is_read_just_before() -> None:
    async def scenario() -> tuple[Outcome, Outcome, list[str]]:
        gets = [Reply(json=_thing(name="a")), Reply(json=_thing(name="a")), Reply(json=_thing(name="b"))]
        async with rig(_answers(GET=gets, PATCH=Reply(json=_thing(name="y")))) as made:
            seen = await made.seen("1")
            done = await made.one(update(seen, name="y"))
            moved = await made.one(update(seen, name="z"))
            return done, moved, made.server.calls

    done, moved, calls = run(scenario())
    assert (done.kind, moved.kind) == (OutcomeKind.DONE, OutcomeKind.MOVED)
    assert moved.observation is not None
    assert moved.observation.values == {"name": "b"}
    assert calls == ["GET /things/1", "GET /things/1", "PATCH /things/1", "GET /things/1"]


def test_P05_a_version_that_could_not_be_believed_is_replaced_by_reading() -> None:
    async def scenario() -> tuple[Outcome, list[Request]]:
        young = {"id": 1, "changed": "2024-09-10T12:00:00Z", "name": "a"}
        old = {**young, "changed": "2024-09-10T11:00:00Z"}
        handler = _answers(GET=[Reply(json=young), Reply(json=old)], PATCH=Reply(json=old))
        async with rig(handler, system({**CONDITIONAL, "version": "changed"})) as made:
            return await _update(made, name="y"), made.server.requests

    outcome, requests = run(scenario())
    assert outcome.kind is OutcomeKind.DONE
    assert requests[-1].headers["if-match"] == '"2024-09-10T11:00:00Z"'


@pytest.mark.parametrize("status", [404, 410])
def test_an_update_of_a_record_that_is_not_there_is_gone(status: int) -> None:
    async def scenario() -> list[OutcomeKind]:
        handler = _answers(GET=[Reply(json=_thing()), Reply(status), Reply(status)], PATCH=Reply(status))
        async with rig(handler, system(CONDITIONAL)) as made:
            seen = await made.seen("1")
            conditional = await made.one(update(seen, name="y"))
        async with rig(_answers(GET=Reply(status))) as made:
            read_first = await made.one(update(seen, name="y"))
        return [conditional.kind, read_first.kind]

    assert run(scenario()) == [OutcomeKind.GONE, OutcomeKind.GONE]


def test_a_call_that_is_not_there_on_a_record_that_is_is_a_refusal() -> None:
    async def scenario() -> Outcome:
        async with rig(_answers(GET=Reply(json=_thing()), PATCH=Reply(404, json="no such call"))) as made:
            return await _update(made, name="y")

    outcome = run(scenario())
    assert (outcome.kind, outcome.message) == (OutcomeKind.REFUSED, "404 no such call")


@pytest.mark.parametrize(
    ("before", "kind"),
    [
        (Reply(500), OutcomeKind.FAILED),
        (Reply(403), OutcomeKind.FAILED),
        (HTML, OutcomeKind.FAILED),
        (Reply(reset=True), OutcomeKind.FAILED),
    ],
)
def test_an_update_whose_record_cannot_be_read_first_is_not_sent(before: Reply, kind: OutcomeKind) -> None:
    async def scenario() -> tuple[Outcome, list[str]]:
        gets = [Reply(json=_thing()), before, before, before]
        async with rig(_answers(GET=gets)) as made:
            outcome = await _update(made, name="y")
            return outcome, made.server.calls

    outcome, calls = run(scenario())
    assert outcome.kind is OutcomeKind.FAILED
    assert not any(call.startswith("PATCH") for call in calls)


@pytest.mark.parametrize("reply", [HTML, Reply(json={"id": 2}), Reply(json={}), Reply(json="ok"), Reply(500), Reply(reset=True)])
def test_P26_an_update_that_cannot_be_told_is_unknown(reply: Reply) -> None:
    async def scenario() -> Outcome:
        async with rig(_answers(GET=Reply(json=_thing()), PATCH=reply)) as made:
            return await _update(made, name="y")

    assert run(scenario()).kind is OutcomeKind.UNKNOWN


def test_an_answer_without_a_record_is_followed_by_reading_it_back() -> None:
    async def scenario() -> Outcome:
        gets = [Reply(json=_thing()), Reply(json=_thing()), Reply(json=_thing(name="Y"))]
        described = system({"update": {"path": "/things/{id}", "method": "PATCH", "answer": None}})
        async with rig(_answers(GET=gets, PATCH=Reply(200)), described) as made:
            return await _update(made, name="y")

    outcome = run(scenario())
    assert outcome.kind is OutcomeKind.DONE
    assert outcome.observation is not None
    assert outcome.observation.values == {"name": "Y"}


def test_clearing_sends_null_or_empty_as_the_manifest_says() -> None:
    async def scenario() -> Any:
        properties = {"name": {"clearing": "empty"}, "note": {}, "tags": {"type": "list", "clearing": "empty"}}
        async with rig(
            _answers(GET=Reply(json=_thing()), PATCH=Reply(json=_thing())), system({"properties": properties, "reference": None})
        ) as made:
            await _update(made, name=None, note=None, tags=None)
            return made.server.requests[-1].json

    assert run(scenario()) == {"name": "", "note": None, "tags": []}


def test_deletes_are_conditional_and_only_where_there_is_a_route() -> None:
    async def scenario() -> tuple[Outcome, Outcome, list[Request]]:
        handler = _answers(GET=Reply(json=_thing(version=3)), DELETE=Reply(204))
        async with rig(handler, system(CONDITIONAL)) as made:
            seen = await made.seen("1")
            done = await made.one(delete(seen))
            requests = made.server.requests
        async with rig(handler, system({"delete": None})) as made:
            refused = await made.one(delete(seen))
        return done, refused, requests

    done, refused, requests = run(scenario())
    assert (done.kind, done.observation, refused.kind) == (OutcomeKind.DONE, None, OutcomeKind.REFUSED)
    assert requests[-1].call == "DELETE /things/1"
    assert requests[-1].headers["if-match"] == '"3"'


@pytest.mark.parametrize(
    ("reply", "kind"),
    [(Reply(404), OutcomeKind.GONE), (Reply(500), OutcomeKind.UNKNOWN), (HTML, OutcomeKind.UNKNOWN), (Reply(409), OutcomeKind.MOVED)],
)
def test_what_a_deletes_answer_means(reply: Reply, kind: OutcomeKind) -> None:
    async def scenario() -> Outcome:
        gets = [Reply(json=_thing()), Reply(json=_thing()), Reply(404) if reply.status == 404 else Reply(json=_thing())]
        async with rig(_answers(GET=gets, DELETE=reply)) as made:
            return await made.one(delete(await made.seen("1")))

    assert run(scenario()).kind is kind


def test_outcomes_come_once_each_in_the_order_of_ending_and_within_the_hosts_bound() -> None:
    async def scenario() -> tuple[list[str], int]:
        gate, arrived = asyncio.Event(), []

        def handler(request: Request) -> Reply:
            arrived.append(request)
            first = request.json["name"] == "0"
            if len(arrived) == 30:
                gate.set()
            return Reply(201, json=_thing(len(arrived)), wait=gate if first else None)

        async with rig(handler, system({}, limits={"concurrency": 4})) as made:
            writes = [create(str(number), name=str(number)) for number in range(30)]
            keys = [each.key async for each in made.connector.write("Thing", writes)]
            return keys, made.server.most_at_once

    keys, most = run(scenario())
    assert keys[-1] == "0"
    assert sorted(keys, key=int) == [str(number) for number in range(30)]
    assert most <= 4


def test_a_system_that_refuses_us_gets_none_of_the_rest() -> None:
    async def scenario() -> tuple[dict[str, Outcome], int]:
        async with rig(_answers(POST=Reply(401)), system({}, limits={"concurrency": 2})) as made:
            return await made.write(*(create(str(number)) for number in range(20))), len(made.server.requests)

    outcomes, requests = run(scenario())
    assert {(each.kind, each.fatal) for each in outcomes.values()} == {(OutcomeKind.FAILED, True)}
    assert requests <= 2


def test_no_writes_are_no_calls() -> None:
    async def scenario() -> list[Outcome]:
        async with rig(_answers()) as made:
            return [each async for each in made.connector.write("Thing", [])]

    assert run(scenario()) == []


def test_nothing_is_dropped_in_silence_what_no_call_can_carry_refuses_the_write() -> None:
    async def scenario() -> tuple[list[Outcome], list[str]]:
        properties = {"name": {}, "note": {"update": False}, "size": {"create": False, "update": False}}
        async with rig(_answers(GET=Reply(json=_thing()), POST=Reply(201, json=_thing())), system({"properties": properties})) as made:
            seen = await made.seen("1")
            writes = [update(seen, name="y", note="n"), update(seen, name="y", other="z"), create(name="x", size=1), create(note="x")]
            return [await made.one(write) for write in writes], made.server.calls

    outcomes, calls = run(scenario())
    assert [(each.kind, each.property) for each in outcomes] == [
        (OutcomeKind.REFUSED, "note"),
        (OutcomeKind.REFUSED, "other"),
        (OutcomeKind.REFUSED, "size"),
        (OutcomeKind.DONE, None),
    ]
    assert calls == ["GET /things/1", "POST /things"]


def test_an_update_of_nothing_is_refused() -> None:
    async def scenario() -> Outcome:
        async with rig(_answers(GET=Reply(json=_thing()))) as made:
            return await _update(made)

    assert run(scenario()).kind is OutcomeKind.REFUSED


def test_an_item_that_exists_is_replaced_by_its_own_call_and_a_new_one_is_posted() -> None:
    groups = {
        "mail": {
            "list": "contacts",
            "where": {"type": 1},
            "add": {"start": "$now"},
            "write": {"path": "/things/{id}/contacts"},
            "replace": {"path": "/things/{id}/contacts/{item.key}", "method": "PUT"},
        }
    }
    properties = {"email": {"group": "mail", "path": "value"}, "kind": {"group": "mail", "path": "label"}}

    async def scenario() -> list[tuple[str, Any]]:
        contacts = [{"type": 1, "key": "k/7", "value": "old", "label": "home"}]
        gets = [Reply(json=_thing(contacts=each)) for each in (contacts, contacts, contacts, [], [], [])]
        handler = _answers(GET=gets, PUT=Reply(json={}), POST=Reply(json={}))
        async with rig(handler, system({"groups": groups, "properties": properties, "reference": None})) as made:
            await _update(made, email="new")
            await _update(made, email="new")
            return [(request.call, request.json) for request in made.server.requests if request.method != "GET"]

    now = "2024-09-10T12:00:00.000Z"
    assert run(scenario()) == [
        ("PUT /things/1/contacts/k%2F7", {"value": "new", "label": "home", "type": 1, "start": now}),
        ("POST /things/1/contacts", {"value": "new", "type": 1, "start": now}),
    ]


@pytest.mark.parametrize("later", [Reply(422, json="no"), Reply(reset=True)])
def test_P26_an_update_that_was_made_in_part_is_done_with_what_is_really_there(later: Reply) -> None:
    groups = {"mail": {"object": "mail", "write": {"path": "/things/{id}/mail"}}}
    properties = {"name": {}, "email": {"group": "mail", "path": "value"}}

    async def scenario() -> Outcome:
        gets = [Reply(json=_thing(name="a")), Reply(json=_thing(name="a")), Reply(json=_thing(name="b", mail={"value": "old"}))]
        handler = _answers(GET=gets, PATCH=Reply(json=_thing(name="b")), POST=later)
        async with rig(handler, system({"groups": groups, "properties": properties, "reference": None})) as made:
            return await _update(made, name="b", email="new")

    outcome = run(scenario())
    assert outcome.kind is OutcomeKind.DONE
    assert outcome.message.startswith("done in part")
    assert outcome.observation is not None
    assert outcome.observation.values == {"name": "b", "email": "old"}


@pytest.mark.parametrize(("written", "sent"), [("number", 3), ("text", "3")])
def test_a_version_may_be_stated_in_the_body_and_a_delete_then_looks_before(written: str, sent: Any) -> None:
    def handler(request: Request) -> Reply:
        if request.method == "PATCH" and request.json.get("meta", {}).get("version") != sent:
            return Reply(409, json="somebody else was there")
        return Reply(204) if request.method == "DELETE" else Reply(json={"id": 1, "name": "x", "version": 3})

    async def scenario() -> tuple[list[OutcomeKind], list[str]]:
        rules = {"conditional": {"property": "meta.version", "written": written}}
        async with rig(handler, system(rules)) as made:
            seen = await made.seen("1")
            kinds = [(await made.one(each)).kind for each in (update(seen, name="y"), delete(seen))]
            older = replace(seen, version="2")
            return [*kinds, (await made.one(update(older, name="y"))).kind], made.server.calls

    kinds, calls = run(scenario())
    assert kinds == [OutcomeKind.DONE, OutcomeKind.DONE, OutcomeKind.MOVED]
    assert calls[1:4] == ["PATCH /things/1", "GET /things/1", "DELETE /things/1"]

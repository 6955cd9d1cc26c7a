"""Creating, updating, deleting one record, and saying no more about it than the answers prove.

Owns: the order of calls within one write, what each answer means for its outcome. Does not own: bodies, retries, which writes there are.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Never

from accord.connectors.http import Answer, Lost, NotSent, TransportProblem
from accord.connectors.rest_answers import Malformed, decode, encode
from accord.connectors.rest_bodies import Filling, GroupCall, Plan
from accord.connectors.rest_paths import ABSENT, Steps, fill_path, fill_query, look, put, steps
from accord.connectors.rest_reading import Parts, ReadHalf
from accord.connectors.rest_times import answered_at
from accord.errors import SystemProblem, SystemRefused
from accord.model.manifest import Conditional, Route
from accord.model.plans import OperationKind, Outcome, OutcomeKind, Write
from accord.model.records import Gone, RecordRef, Seen

_UNCHANGED: Mapping[str, str] = {}


class _Ended(Exception):
    """A call that did not do what it should, as the outcome that it means for a write of which it is the first call."""

    def __init__(self, kind: OutcomeKind, message: str = "", seen: Seen | None = None, name: str | None = None) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.seen = seen
        self.name = name


@dataclass(frozen=True, slots=True)
class _Reply:
    """An answer that says it was done. ``record``: what it carries, or None."""

    record: Any
    answered: datetime | None


@dataclass(frozen=True, slots=True)
class _Stated:
    """The version that a write was planned against: in ``headers``, or as ``version`` at the path ``member`` of the body."""

    headers: Mapping[str, str]
    member: str = ""
    version: str | int | None = None


_NOTHING_STATED = _Stated(_UNCHANGED)


class WriteHalf:
    """The writing calls of one datatype."""

    def __init__(self, parts: Parts, reading: ReadHalf) -> None:
        self._parts = parts
        self._datatype = parts.datatype
        self._bodies = parts.bodies
        self._reading = reading

    async def write(self, write: Write) -> Outcome:
        """Make one write. Never raises what the system or the network did: the outcome says it."""
        try:
            if write.kind is OperationKind.CREATE:
                return await self._create(write)
            if write.kind is OperationKind.UPDATE:
                return await self._update(write)
            return await self._delete(write)
        except _Ended as end:
            return Outcome(write.key, end.kind, end.seen, end.message, end.name)
        except SystemRefused as error:
            return Outcome(write.key, OutcomeKind.FAILED, message=error.message, fatal=True)
        except SystemProblem as error:
            return Outcome(write.key, OutcomeKind.FAILED, message=error.message)

    # --- create -----------------------------------------------------------------------------------------------------------------

    async def _create(self, write: Write) -> Outcome:
        plan = self._bodies.create(write.values)
        if plan is None:
            raise _Ended(OutcomeKind.REFUSED, "the manifest has no way to create it with these properties")
        self._refuse_homeless(plan, write)
        filling = Filling(write.reference, self._parts.clock.now())
        body, carried = self._bodies.body(plan, write.values, filling)
        headers = self._idempotency(write)
        reply = await self._send(plan.route, body, write, filling, headers, repeatable=bool(headers))
        record_id = self._parts.records.id(reply.record) if isinstance(reply.record, dict) else None
        if record_id is None:
            raise _Ended(OutcomeKind.UNKNOWN, f"created, but the answer carries no {self._datatype.id}")
        ref = RecordRef(write.ref.side, write.ref.datatype, record_id)
        left = {name: value for name, value in write.values.items() if name not in carried and value is not None}
        try:
            record = reply.record
            if left:
                record = await self._complete(write, Filling(filling.reference, filling.now, record_id), record, left)
        except (_Ended, SystemProblem) as error:
            return await self._partly_done(write, ref, error)
        observation = None if record is None else self._reading.interpret(ref, record, reply.answered)
        if isinstance(observation, Seen):
            return Outcome(write.key, OutcomeKind.DONE, observation)
        return await self._read_back(write, ref)

    def _refuse_homeless(self, plan: Plan | None, write: Write) -> None:
        """Nothing is dropped in silence: what no call can carry refuses the write before it is sent."""
        name = self._bodies.homeless(plan, write.values)
        if name is not None:
            raise _Ended(OutcomeKind.REFUSED, f"the manifest has no way to {write.kind} {name}", name=name)

    def _idempotency(self, write: Write) -> Mapping[str, str]:
        header = self._datatype.idempotency_header
        return {header: write.idempotency} if header and write.idempotency else _UNCHANGED

    async def _complete(self, write: Write, filling: Filling, record: Any, left: Mapping[str, Any]) -> Any:
        """Send what the create could not carry. Gives the record as the answers describe it; None if it must be read back."""
        plan = self._bodies.update
        if plan is not None:
            body, carried = self._bodies.body(plan, left, filling, record)
            if carried:
                record = (await self._send(plan.route, body, write, filling, _UNCHANGED)).record
        for call in self._bodies.group_calls("create", left, filling):
            reply = await self._send_group(call, write, filling)
            record = _with_items(record, call, reply)
        return record

    # --- update -----------------------------------------------------------------------------------------------------------------

    async def _update(self, write: Write) -> Outcome:
        plan = self._bodies.update
        self._refuse_homeless(plan, write)
        filling = Filling(write.reference, self._parts.clock.now(), write.ref.id)
        stated, record = await self._before(write, self._must_look(plan, write, filling))
        body: dict[str, Any] = {}
        if plan is not None:
            body, _ = self._bodies.body(plan, write.values, filling, record)
        if body and stated.version is not None:
            put(body, steps(stated.member), stated.version)
        calls = self._bodies.group_calls("update", write.values, filling, record)
        if not body and not calls:
            raise _Ended(OutcomeKind.REFUSED, "there is nothing to write")
        reply: _Reply | None = None
        if body and plan is not None:
            reply = await self._send(plan.route, body, write, filling, stated.headers)
        effects = 1 if reply is not None else 0
        try:
            for call in calls:
                await self._send_group(call, write, filling)
                effects += 1
        except (_Ended, SystemProblem) as error:
            if not effects:
                raise
            return await self._partly_done(write, write.ref, error)
        if reply is None or reply.record is None or calls:
            return await self._read_back(write, write.ref)
        observation = self._reading.interpret(write.ref, reply.record, reply.answered)
        if not isinstance(observation, Seen):
            raise _Ended(OutcomeKind.UNKNOWN, "the answer is not the record that was written")
        return Outcome(write.key, OutcomeKind.DONE, observation)

    def _must_look(self, plan: Plan | None, write: Write, filling: Filling) -> bool:
        """Whether an update needs the record as it is now: to fill its bodies, or because no call of it can state a version.

        Calls for groups state none, so a write made by them alone would overwrite unseen. Left is the time between look and call.
        """
        if plan is None or self._bodies.needs_record(write.values):
            return True
        body, _ = self._bodies.body(plan, write.values, filling)
        return not body

    async def _before(self, write: Write, needs_record: bool) -> tuple[_Stated, Any]:
        """See that the precondition holds: what makes the system do it itself, or else the record, read just now.

        Raises _Ended with MOVED, GONE or FAILED.
        """
        conditional, planned = self._datatype.conditional, write.precondition
        by_call = conditional is not None and not (conditional.property and write.kind is OperationKind.DELETE)  # a delete has no body
        if conditional is not None and by_call and planned is not None and planned.version is not None and not needs_record:
            return _stated(conditional, planned.version), None
        if planned is None and not needs_record:
            return _NOTHING_STATED, None
        seen, record = await self._reading.one_raw(write.ref.id)
        if isinstance(seen, Gone):
            raise _Ended(OutcomeKind.GONE, "it is not there any more")
        if not isinstance(seen, Seen):
            raise _Ended(OutcomeKind.FAILED, f"it could not be read just before: {seen.cause}")
        if planned is not None and seen.fingerprint != planned.fingerprint:
            raise _Ended(OutcomeKind.MOVED, "it has changed since", seen)
        if conditional is None or not by_call or seen.version is None:
            return _NOTHING_STATED, record
        return _stated(conditional, seen.version), record

    # --- delete -----------------------------------------------------------------------------------------------------------------

    async def _delete(self, write: Write) -> Outcome:
        route = self._datatype.delete
        if route is None:
            raise _Ended(OutcomeKind.REFUSED, "the manifest has no way to delete it")
        stated, _ = await self._before(write, needs_record=False)
        filling = Filling(write.reference, self._parts.clock.now(), write.ref.id)
        body: dict[str, Any] = {}
        self._bodies.constants(body, route.add, filling)
        await self._send(replace(route, answer=None), body or None, write, filling, stated.headers)
        return Outcome(write.key, OutcomeKind.DONE)

    # --- afterwards -------------------------------------------------------------------------------------------------------------

    async def _read_back(self, write: Write, ref: RecordRef, message: str = "", name: str | None = None) -> Outcome:
        """DONE with what is there now; UNKNOWN if that cannot be told."""
        try:
            seen = await self._reading.one(ref.id)
        except SystemProblem as error:
            fatal = isinstance(error, SystemRefused)
            return Outcome(write.key, OutcomeKind.UNKNOWN, None, message or f"written, not read back: {error.message}", name, fatal)
        if isinstance(seen, Seen):
            return Outcome(write.key, OutcomeKind.DONE, seen, message, name)
        return Outcome(write.key, OutcomeKind.UNKNOWN, None, message or "written, but it cannot be read back", name)

    async def _partly_done(self, write: Write, ref: RecordRef, error: "_Ended | SystemProblem") -> Outcome:
        """A later call of a write failed: what is there now is the truth, whatever was intended."""
        name = error.name if isinstance(error, _Ended) else None
        outcome = await self._read_back(write, ref, f"done in part: {error.message}", name)
        rest = error.kind if isinstance(error, _Ended) else OutcomeKind.FAILED
        return replace(outcome, fatal=outcome.fatal or isinstance(error, SystemRefused), rest=rest)

    # --- one call ---------------------------------------------------------------------------------------------------------------

    async def _send(
        self, route: Route, body: Any, write: Write, filling: Filling, headers: Mapping[str, str], *, repeatable: bool = False
    ) -> _Reply:
        """One call on the record itself."""
        answer = await self._call(route, body, filling, headers, None, repeatable)
        if not 200 <= answer.status < 300:
            await self._raise_for(answer, write, set(write.values))
        return self._reply(answer, route.answer)

    async def _send_group(self, call: GroupCall, write: Write, filling: Filling) -> Any:
        """One call for groups; gives the items as answered, ABSENT where the answer tells none."""
        answer = await self._call(call.route, call.body, filling, _UNCHANGED, call.item)
        if not 200 <= answer.status < 300:
            await self._raise_for(answer, write, set(write.values))
        return ABSENT if call.answer is None or not answer.body else look(_json(answer), steps(call.answer))

    async def _call(
        self, route: Route, body: Any, filling: Filling, headers: Mapping[str, str], item: Any, repeatable: bool = False
    ) -> Answer:
        names = {"id": filling.id, "reference": filling.reference} | ({f"item.{key}": value for key, value in item.items()} if item else {})
        try:
            url = self._parts.base + fill_path(route.path, names)
            query = fill_query(route.query, names)
            content = None if body is None else encode(_under(steps(route.at), body))
        except (ValueError, KeyError) as error:
            raise _Ended(OutcomeKind.REFUSED, f"it cannot be sent: {error}") from error
        url = f"{url}?{query}" if query else url
        try:
            answer = await self._parts.caller.send(route.method, url, content, headers)
        except NotSent as error:
            raise _Ended(OutcomeKind.FAILED, str(error)) from error
        except Lost as error:
            if not repeatable:
                raise _Ended(OutcomeKind.UNKNOWN, str(error)) from error
        else:
            if answer.status < 500 or not repeatable:
                return answer
        return await self._once_more(route.method, url, content, headers)

    async def _once_more(self, method: str, url: str, content: bytes | None, headers: Mapping[str, str]) -> Answer:
        """Repeat a create under the same key, which the system takes for the same create. Whatever fails now leaves it unknown."""
        try:
            return await self._parts.caller.send(method, url, content, headers)
        except TransportProblem as error:
            raise _Ended(OutcomeKind.UNKNOWN, str(error)) from error
        except SystemProblem as error:
            raise _Ended(OutcomeKind.UNKNOWN, error.message) from error

    def _reply(self, answer: Answer, path: str | None) -> _Reply:
        """What an answer carries. Raises _Ended with UNKNOWN for one that is not of the shape it should be."""
        if not answer.body:
            return _Reply(None, answered_at(answer.headers))
        said = _json(answer)
        if path is None:
            return _Reply(None, answered_at(answer.headers))
        record = look(said, steps(path))
        if not isinstance(record, dict):
            raise _Ended(OutcomeKind.UNKNOWN, f"answered {answer.status}, but not with a record")
        return _Reply(record, answered_at(answer.headers))

    async def _raise_for(self, answer: Answer, write: Write, names: set[str]) -> Never:
        """Raise what an answer other than 2xx means."""
        complaint = self._parts.complaint(answer, write)
        status = answer.status
        if status < 400 or status >= 500 or status == 408:
            raise _Ended(OutcomeKind.UNKNOWN, complaint.message)
        if write.kind is not OperationKind.CREATE and status in (404, 409, 410, 412):
            await self._raise_for_moved(complaint.message, write, looked_for=status in (404, 410))
        raise _Ended(OutcomeKind.REFUSED, complaint.message, name=self._property(complaint.member, names))

    async def _raise_for_moved(self, message: str, write: Write, *, looked_for: bool) -> None:
        """Look again: moved, or gone; but a call that is not there (404) on a record that is, is a refusal."""
        try:
            seen = await self._reading.one(write.ref.id)
        except SystemProblem:
            raise _Ended(OutcomeKind.GONE if looked_for else OutcomeKind.MOVED, message) from None
        if isinstance(seen, Gone):
            raise _Ended(OutcomeKind.GONE, message)
        if not looked_for:
            raise _Ended(OutcomeKind.MOVED, message, seen if isinstance(seen, Seen) else None)

    def _property(self, member: str | None, names: set[str]) -> str | None:
        """Which of our properties the server means; it may say the name, or the path at which it was sent."""
        if member is None:
            return None
        wanted = member.removeprefix("$.").lower()
        for name in sorted(names):
            each = self._datatype.properties.get(name)
            spellings = {name, each.path, each.create, each.update} if each is not None else {name}
            if wanted in {str(each).lower() for each in spellings}:
                return name
        return None


def _stated(conditional: Conditional, version: str) -> _Stated:
    if conditional.property is None:
        return _Stated({conditional.header: conditional.format.format(version=version)})
    number = conditional.written == "number" and version.isascii() and version.isdigit()
    return _Stated(_UNCHANGED, conditional.property, int(version) if number else version)


def _under(path: Steps, body: Any) -> Any:
    """A body within the objects that it has to be in."""
    for step in reversed(path):
        body = {step: body}
    return body


def _json(answer: Answer) -> Any:
    try:
        return decode(answer.body)
    except Malformed as error:
        raise _Ended(OutcomeKind.UNKNOWN, f"answered {answer.status}, but {error}") from error


def _with_items(record: Any, call: GroupCall, items: Any) -> Any:
    """The record with the items that a group's call answered with; None if they were not told."""
    if not isinstance(record, dict) or call.list is None or not isinstance(items, list):
        return None
    before = record.get(call.list)
    return {**record, call.list: [*(before if isinstance(before, list) else ()), *items]}

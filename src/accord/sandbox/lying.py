"""Lies carried out: between a request and its handler, and between that and the answer.

Owns: Lies (which are on), what each does to a call. Does not own: what there is to get wrong (lies.py), who asks (desk.py, web.py).
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import partial
from typing import Any, TypeAlias

import msgspec

from accord.connectors.rest_paths import ABSENT, look, put, steps
from accord.sandbox.lies import GONE, KEPT, KINDS, PAIR_LIES, SHOWN, Lie, Told
from accord.sandbox.web import Answer, Request, Run, encoded

Dump: TypeAlias = Callable[[], Iterable[bytes]]
_IDS = ("debtorAccountNumber", "Id", "id")
_ARRAYS = ("items", "result")
_SINCE = frozenset({"since", "updated_since", "changedAfter"})
_DECODER = msgspec.json.Decoder(Any, float_hook=Decimal)
_ENCODER = msgspec.json.Encoder(decimal_format="number")


@dataclass(slots=True)
class _Armed:
    lie: Lie
    struck: int = 0

    @property
    def left(self) -> bool:
        return not self.lie.times or self.struck < self.lie.times


@dataclass(slots=True)
class Lies:
    """All lies that are on. ``dumps``: collection -> its live records, encoded."""

    dumps: Mapping[str, Dump]
    _armed: list[_Armed] = field(default_factory=list)
    _before: dict[str, Any] = field(default_factory=dict)
    _written: set[str] = field(default_factory=set)

    @property
    def on(self) -> bool:
        """Whether there is anything to lie about."""
        return bool(self._armed)

    def arm(self, lie: Lie) -> None:
        """Switch one on beside the others; "none" switches all off. Raises ValueError for a kind that is not known."""
        if lie.kind == "none":
            self._armed.clear()
            self._before.clear()
            self._written.clear()
        elif lie.kind not in KINDS:
            raise ValueError(f"There is no lie {lie.kind}; known are: {', '.join(KINDS)}.")
        else:
            self._armed.append(_Armed(lie))

    def told(self) -> list[dict[str, object]]:
        """What is switched on, and how often it struck."""
        return [{**msgspec.to_builtins(armed.lie), "struck": armed.struck} for armed in self._armed]

    def answer(self, call: str, request: Request, run: Run) -> Answer:
        """Carry a call out, with every lie that is about it. ``run``: the honest way."""
        method, _, path = call.partition(" ")
        collection = path.split("/")[0]
        lies = [armed for armed in self._armed if armed.left and armed.lie.collection == collection]
        if method in ("GET", "HEAD"):
            return self._shown(request, lies, run(request), path)
        request = self._kept(request, lies, collection)
        identifier = request.values[0] if request.values else None
        if identifier is not None and lies:
            self._before[identifier] = self._record(collection, identifier)
        answer = self._carried_out(_Call(call, collection, request, run), lies)
        identifier = identifier or _id(_decoded(answer.body))
        self._written |= {identifier} if identifier is not None else set()
        return self._shown(request, lies, answer, path)

    # --- what is kept -----------------------------------------------------------------------------------------------------------------

    def _kept(self, request: Request, lies: list[_Armed], collection: str) -> Request:
        """The request with what the lies make of its body."""
        body = _decoded(request.body) if lies else None
        if not isinstance(body, dict | list):
            return request
        creating = request.method == "POST" and not request.values
        for armed in lies:
            if armed.lie.kind in KEPT:
                others = partial(self._elsewhere, collection, armed.lie)
                armed.struck += _change(body, armed.lie, KEPT[armed.lie.kind][1], creating=creating, elsewhere=others)
            elif armed.lie.kind in PAIR_LIES:
                armed.struck += _pair(body, armed.lie)
        return replace(request, body=_ENCODER.encode(body))

    def _carried_out(self, call: "_Call", lies: list[_Armed]) -> Answer:
        """The call, as the first lie about whole records has it."""
        for armed in lies:
            instead = _INSTEAD.get((call.shape, armed.lie.kind))
            answer = instead(self, call) if instead is not None else None
            if answer is not None:
                armed.struck += 1
                return answer
        return call.run(call.request)

    def _to_another(self, call: "_Call") -> Answer | None:
        """The same write on another record; None where there is none. The answer is about the one that was meant."""
        meant = call.request.values[0]
        other = next((each for each in reversed([_id(one) for one in self._records(call.collection)]) if each not in (meant, None)), None)
        if other is None:
            return None
        path = call.request.path.replace(f"/{meant}", f"/{other}", 1)
        headers = [(name, value) for name, value in call.request.headers if name != b"if-match"]
        answer = call.run(replace(call.request, path=path, headers=headers))
        return answer if call.request.method == "DELETE" else self._as_it_is(call)

    def _as_it_is(self, call: "_Call") -> Answer:
        return encoded_exactly(self._record(call.collection, call.request.values[0]))

    def _nothing(self, call: "_Call") -> Answer | None:
        """An answer as if the update had been kept; None for a record that is not there."""
        record = self._record(call.collection, call.request.values[0])
        return encoded_exactly(_merged(record, _decoded(call.request.body))) if record is not None else None

    def _not_deleted(self, call: "_Call") -> Answer | None:
        return Answer(204, headers=()) if self._record(call.collection, call.request.values[0]) is not None else None

    def _twice(self, call: "_Call") -> Answer:
        answer = call.run(call.request)
        headers = [(name, value) for name, value in call.request.headers if name != b"idempotency-key"]
        call.run(replace(call.request, headers=headers))
        return answer

    def _and_deleted(self, call: "_Call") -> Answer:
        answer = call.run(call.request)
        path = f"{call.request.path}/{_id(_decoded(answer.body))}"
        call.run(replace(call.request, method="DELETE", path=path, body=b"", headers=()))
        return answer

    # --- what is shown ----------------------------------------------------------------------------------------------------------------

    def _shown(self, request: Request, lies: list[_Armed], answer: Answer, path: str) -> Answer:
        """The answer with what the lies make of it. Only what is about this collection's records is touched."""
        body = _decoded(answer.body) if lies and answer.status < 300 else None
        if not isinstance(body, dict | list):
            return answer
        reading = request.method == "GET"
        for armed in lies:
            kind = armed.lie.kind
            if kind in SHOWN:
                armed.struck += sum(_change(one, armed.lie, SHOWN[kind][1]) for one in _records_in(body))
            elif kind == "stale" and reading:
                armed.struck += self._put_back(body)
            elif kind == "deletes_untold" and path.endswith("/deleted"):
                armed.struck += _thin(body, lambda _: False)
            elif kind == "unlisted" or (kind == "changes_untold" and not _SINCE.isdisjoint(request.query)):
                armed.struck += _thin(body, lambda one: _id(one) not in self._written) if reading else 0
        return replace(answer, body=_ENCODER.encode(body))

    def _put_back(self, body: Any) -> int:
        """Show every record that was written as it was before."""
        struck = 0
        for one in _records_in(body):
            before = self._before.get(_id(one) or "")
            if before is not None and before != one:
                one.clear()
                one.update(before)
                struck += 1
        return struck

    # --- the records as they are --------------------------------------------------------------------------------------------------------

    def _records(self, collection: str) -> list[Any]:
        dump = self.dumps.get(collection)
        return [_decoded(each) for each in dump()] if dump is not None else []

    def _elsewhere(self, collection: str, lie: Lie) -> Iterator[Any]:
        return (value for record in self._records(collection) for value in _values(record, lie))

    def _record(self, collection: str, identifier: str) -> Any:
        return next((each for each in self._records(collection) if _id(each) == identifier), None)


@dataclass(frozen=True, slots=True)
class _Call:
    """A writing call. ``call``: as in the counts."""

    call: str
    collection: str
    request: Request
    run: Run

    @property
    def shape(self) -> str:
        """ "POST" of a new record, "PATCH" or "DELETE" of one, "" for calls about a part of one."""
        parts = self.call.count("/")
        return self.request.method if parts == (0 if self.request.method == "POST" else 1) else ""


_INSTEAD: Mapping[tuple[str, str], Callable[[Lies, _Call], Answer | None]] = {
    ("PATCH", "wrong_record"): Lies._to_another,
    ("PATCH", "update_ignored"): Lies._nothing,
    ("POST", "duplicated"): Lies._twice,
    ("POST", "vanishes"): Lies._and_deleted,
    ("DELETE", "delete_ignored"): Lies._not_deleted,
    ("DELETE", "deletes_another"): Lies._to_another,
}


def encoded_exactly(value: object) -> Answer:
    """Any value as a JSON answer, its numbers as exact as they came."""
    return replace(encoded(None), body=_ENCODER.encode(value))


def _decoded(body: bytes) -> Any:
    """What a body holds; None for none, and for what is no JSON: that is for the server to refuse."""
    try:
        return _DECODER.decode(body) if body else None
    except (msgspec.DecodeError, UnicodeDecodeError, ArithmeticError, RecursionError):
        return None


def _id(record: Any) -> str | None:
    found = next((record[name] for name in _IDS if name in record), None) if isinstance(record, dict) else None
    return None if found is None else str(found)


def _records_in(body: Any) -> list[dict[str, Any]]:
    """The records of an answer: the items of a listing, or the body itself."""
    if isinstance(body, dict):
        listed = next((body[name] for name in _ARRAYS if isinstance(body.get(name), list)), None)
        body = [body] if listed is None else listed
    return [each for each in body if isinstance(each, dict)]


def _thin(body: Any, stays: Callable[[dict[str, Any]], bool]) -> int:
    """Leave items out of a listing; how many."""
    listed = next((body[name] for name in _ARRAYS if isinstance(body.get(name), list)), None) if isinstance(body, dict) else body
    if listed is None:
        return 0
    before = len(listed)
    listed[:] = [each for each in listed if stays(each)]
    return before - len(listed)


def _holders(thing: Any, lie: Lie) -> Iterator[dict[str, Any]]:
    """The objects that the property may stand in: the record or body itself, each of an array, and the items at ``at``."""
    for one in thing if isinstance(thing, list) else [thing]:
        if not isinstance(one, dict):
            continue
        if not lie.at or lie.where or lie.paths[0] in one:
            yield one
        inner = look(one, steps(lie.at)) if lie.at else None
        yield from (each for each in (inner if isinstance(inner, list) else [inner]) if isinstance(each, dict))


def _fits(holder: dict[str, Any], lie: Lie) -> bool:
    return all(look(holder, steps(path)) == value for path, value in lie.where.items())


def _values(record: Any, lie: Lie) -> Iterator[Any]:
    for holder in _holders(record, lie):
        if _fits(holder, lie):
            yield from (value for path in lie.paths if (value := look(holder, steps(path))) is not ABSENT)


def _change(thing: Any, lie: Lie, change: Any, *, creating: bool = False, elsewhere: Callable[[], Iterable[Any]] = tuple) -> int:
    """Change a property wherever it stands in a body or a record; how often that made a difference."""
    struck = 0
    for holder in _holders(thing, lie):
        if not _fits(holder, lie):
            continue
        there = [path for path in lie.paths if look(holder, steps(path)) is not ABSENT]
        if not there and creating and lie.kind == "default_filled" and not lie.at:
            put(holder, steps(lie.paths[0]), None)  # what was left out of a create is as good as null
            there = lie.paths[:1]
        for path in there:
            before = look(holder, steps(path))
            after = change(Told(before, creating, lie, elsewhere))
            if after is GONE:
                _remove(holder, path)
            elif after is not before:
                put(holder, steps(path), after)
            struck += after is GONE or after != before or type(after) is not type(before)
    return struck


def _remove(holder: dict[str, Any], path: str) -> None:
    *way, last = steps(path)
    inner = look(holder, tuple(way))
    if isinstance(inner, dict):
        inner.pop(last, None)


def _pair(body: Any, lie: Lie) -> int:
    """Do to a body what a lie about two properties does; how often."""
    struck = 0
    for one in body if isinstance(body, list) else [body]:
        for path, other in _together(lie):
            first, second = look(one, steps(path)), look(one, steps(other))
            if lie.kind == "swapped" and first is not second:
                _set(one, path, second)
                _set(one, other, first)
            elif lie.kind != "swapped" and first is not ABSENT:
                put(one, steps(other), None if lie.kind == "other_cleared" else first)
            else:
                continue
            struck += 1
            break
    return struck


def _together(lie: Lie) -> list[tuple[str, str]]:
    """Path and other path, by each name that a call may know them by."""
    last, other_last = len(lie.paths) - 1, len(lie.others) - 1
    return [(lie.paths[min(place, last)], lie.others[min(place, other_last)]) for place in range(max(last, other_last) + 1)]


def _set(holder: dict[str, Any], path: str, value: Any) -> None:
    if value is ABSENT:
        _remove(holder, path)
    else:
        put(holder, steps(path), value)


def _merged(record: Any, body: Any) -> Any:
    """A record with what a body says put into it, object by object."""
    if not isinstance(record, dict) or not isinstance(body, dict):
        return body
    return {**record, **{name: _merged(record.get(name), value) for name, value in body.items()}}

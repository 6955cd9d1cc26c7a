"""The world behind the honest fake: a system that lives in memory, with users of its own and a log of what it was asked.

Owns: records and their history, versions, ids, references, idempotency keys, deletions, the call log, the users' own edits. Does not
own: what this kind of system can and cannot do (connectors/memory_datatype.py), the connector's way of asking (connectors/memory.py),
faults (connectors/hostile.py).

Deterministic: ids count up, time comes from the callable that is passed in.
"""

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import lru_cache

from accord.connectors.memory_datatype import EPOCH, MemoryDatatype, copied
from accord.model.capabilities import Finding
from accord.model.plans import OutcomeKind
from accord.model.values import Raw, RawValues


class Who(StrEnum):
    """Whose call it was."""

    ACCORD = "accord"
    USER = "user"


class CallKind(StrEnum):
    """What a mutating call was meant to do."""

    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"
    MERGE = "merge"  # by users only: ``id`` stays, ``other`` goes
    RESTORE = "restore"  # by users only


@dataclass(frozen=True, slots=True)
class Call:
    """One mutating call that the system saw.

    ``effect``: whether it changed anything. ``values``: as sent. ``replaced``: what the record held of these properties before; a missing
    key means that it held none. ``reference``: our external reference, for a create. ``other``: see CallKind. ``number`` (from 1) and
    ``at`` are given by the log.
    """

    who: Who
    kind: CallKind
    datatype: str
    id: str
    effect: bool
    values: RawValues = field(default_factory=dict)
    replaced: RawValues = field(default_factory=dict)
    reference: str = ""
    other: str = ""
    number: int = 0
    at: datetime = EPOCH


@dataclass(frozen=True, slots=True)
class State:
    """What a record held from ``modified`` on. ``number`` is its version number."""

    number: int
    modified: datetime
    values: RawValues
    deleted: bool = False


class Declined(Exception):
    """The system did nothing: GONE, MOVED or REFUSED, in its own words."""

    def __init__(self, kind: OutcomeKind, message: str, name: str | None = None) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.property = name


@dataclass(slots=True)
class _Table:
    """All records of one datatype, deleted ones too. ``moments`` and ``touched`` are one list of changes in the order of time."""

    states: dict[str, list[State]] = field(default_factory=dict)
    order: list[str] = field(default_factory=list)
    moments: list[datetime] = field(default_factory=list)
    touched: list[str] = field(default_factory=list)
    references: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    answers: dict[str, tuple[str, State]] = field(default_factory=dict)


class MemorySystem:
    """One system as a whole. Users act by the ``user_`` methods, Accord by ``create``, ``update`` and ``delete`` through its connector.

    ``calls``: every mutating call that the system saw, in order. ``requests``: how many reading calls, by kind. ``reused``: datatype and id
    of records that got the id of an earlier one.
    """

    def __init__(self, name: str, now: Callable[[], datetime], datatypes: Mapping[str, MemoryDatatype]) -> None:
        self.name = name
        self._clock = now
        self._latest = EPOCH
        self.datatypes = dict(datatypes)
        self.calls: list[Call] = []
        self.requests: Counter[str] = Counter()
        self.reused: set[tuple[str, str]] = set()
        self._tables = {datatype: _Table() for datatype in datatypes}

    def now(self) -> datetime:
        """The system's time, which never goes back."""
        self._latest = max(self._latest, self._clock())
        return self._latest

    # --- looking -----------------------------------------------------------------------------------------------------------------

    def live(self, datatype: str) -> dict[str, RawValues]:
        """All records that are not deleted, by id, with all properties; to look at, not to change."""
        latest = ((id, states[-1]) for id, states in self._tables[datatype].states.items())
        return {id: state.values for id, state in latest if not state.deleted}

    def order(self, datatype: str) -> Sequence[str]:
        """All ids that ever were, in the order of their making."""
        return self._tables[datatype].order

    def state(self, datatype: str, id: str) -> State | None:
        """What a record holds now; deleted ones too."""
        states = self._tables[datatype].states.get(id)
        return states[-1] if states else None

    def history(self, datatype: str, id: str) -> Sequence[State]:
        """All that a record ever held, oldest first."""
        return tuple(self._tables[datatype].states.get(id, ()))

    def shown(self, datatype: str, id: str) -> State | None:
        """What listings show of a record: its last state that is older than the commit lag."""
        states = self._tables[datatype].states.get(id, ())
        if not self.datatypes[datatype].commit_lag:
            return states[-1] if states else None
        lately = self.now() - timedelta(seconds=self.datatypes[datatype].commit_lag)
        return next((state for state in reversed(states) if state.modified <= lately), None)

    def changed(self, datatype: str, since: datetime) -> list[str]:
        """Ids that listings show as changed at or after a moment, in the order of their first such change."""
        table, lag = self._tables[datatype], timedelta(seconds=self.datatypes[datatype].commit_lag)
        start = bisect_left(table.moments, since)
        recent = zip(table.moments[start:], table.touched[start:], strict=True)
        return list(dict.fromkeys(id for moment, id in recent if moment + lag <= self.now()))

    def made_for(self, datatype: str, reference: str) -> Iterator[tuple[str, State]]:
        """Records that carry a reference and are old enough to be found; deleted ones with what they last held."""
        spec, table = self.datatypes[datatype], self._tables[datatype]
        lag = timedelta(seconds=spec.find_lag if spec.finding is Finding.LAGGING else 0.0)
        for id in table.references.get(reference, ()):
            latest = table.states[id][-1]
            if table.states[id][0].modified + lag <= self.now() and latest.values.get(spec.reference or "") == reference:
                yield id, latest

    def holder(self, datatype: str, name: str, value: Raw) -> str | None:
        """The live record that holds a value, which is not empty."""
        live = ((id, states[-1]) for id, states in self._tables[datatype].states.items() if not states[-1].deleted)
        return next((id for id, state in live if value and state.values.get(name) == value), None)

    def mark(self, datatype: str, state: State) -> str | None:
        """The system's own mark of change."""
        spec = self.datatypes[datatype]
        if spec.versions == "none":
            return None
        return str(state.number) if spec.versions == "number" else spell(spec.floor(state.modified))

    def writes(self, after: int = 0) -> list[Call]:
        """Accord's calls beyond the given call number: W(run) of the promises."""
        return [call for call in self.calls[after:] if call.who is Who.ACCORD]

    # --- Accord's calls ------------------------------------------------------------------------------------------------------------

    def create(self, datatype: str, values: RawValues, reference: str, idempotency: str) -> tuple[str, State]:
        """Make a record; a repeated idempotency key gives the first answer again and makes nothing. Raises Declined (REFUSED)."""
        spec, table = self.datatypes[datatype], self._tables[datatype]
        if spec.idempotency_key and idempotency and idempotency in table.answers:
            id, answer = table.answers[idempotency]
            self._log(Call(Who.ACCORD, CallKind.CREATE, datatype, id, effect=False, values=values, reference=reference))
            return id, answer
        try:
            self._check(spec, values, spec.create, spec.read_only)
            self._check_unique(datatype, values)
        except Declined:
            self._log(Call(Who.ACCORD, CallKind.CREATE, datatype, "", effect=False, values=values, reference=reference))
            raise
        taken = {name: value for name, value in values.items() if name not in spec.ignores}
        id = self._make(datatype, taken, reference)
        self._log(Call(Who.ACCORD, CallKind.CREATE, datatype, id, effect=True, values=values, reference=reference))
        if idempotency:
            table.answers[idempotency] = id, table.states[id][-1]
        return id, table.states[id][-1]

    def forget_answers(self) -> None:
        """Idempotency keys that were used are as good as new, as they are everywhere after a day or so."""
        for table in self._tables.values():
            table.answers.clear()

    def update(self, datatype: str, id: str, values: RawValues, if_version: str | None) -> State:
        """Change the given properties, if the version is the given one (None: whatever it is). Raises Declined."""
        spec = self.datatypes[datatype]
        state = self._allowed(CallKind.UPDATE, datatype, id, values, if_version)
        replaced = {name: state.values[name] for name in values if name in state.values}
        taken = {name: value for name, value in values.items() if name not in spec.ignores}
        after = self._change(datatype, id, taken)
        self._log(Call(Who.ACCORD, CallKind.UPDATE, datatype, id, effect=True, values=values, replaced=replaced))
        return after

    def delete(self, datatype: str, id: str, if_version: str | None) -> None:
        """Delete, if the version is the given one (None: whatever it is). Raises Declined."""
        state = self._allowed(CallKind.DELETE, datatype, id, {}, if_version)
        self._change(datatype, id, {}, deleted=True)
        self._log(Call(Who.ACCORD, CallKind.DELETE, datatype, id, effect=True, replaced=state.values))

    # --- the users' own ------------------------------------------------------------------------------------------------------------

    def user_create(self, datatype: str, values: RawValues, reference: str = "") -> str:
        """A user makes a record. Gives its id."""
        id = self._make(datatype, values, reference)
        self._log(Call(Who.USER, CallKind.CREATE, datatype, id, effect=True, values=values, reference=reference))
        return id

    def user_edit(self, datatype: str, id: str, values: RawValues, quietly: bool = False) -> None:
        """A user changes properties; with none given, only version and time move. Raises KeyError for a record that is not there.

        ``quietly``: in a way that leaves the modified time where it was, so that no listing by time shows it.
        """
        state = self._there(datatype, id)
        replaced = {name: state.values[name] for name in values if name in state.values}
        self._change(datatype, id, values, quietly=quietly)
        self._log(Call(Who.USER, CallKind.UPDATE, datatype, id, effect=True, values=values, replaced=replaced))

    def user_delete(self, datatype: str, id: str) -> None:
        """A user deletes a record. Raises KeyError for a record that is not there."""
        state = self._there(datatype, id)
        self._change(datatype, id, {}, deleted=True)
        self._log(Call(Who.USER, CallKind.DELETE, datatype, id, effect=True, replaced=state.values))

    def user_restore(self, datatype: str, id: str) -> None:
        """A user takes a deletion back: the same id is live again."""
        self._change(datatype, id, {})
        self._log(Call(Who.USER, CallKind.RESTORE, datatype, id, effect=True))

    def user_merge(self, datatype: str, stays: str, goes: str) -> None:
        """A user merges two records: one stays and takes what it lacks from the other, which is deleted. Raises KeyError."""
        kept, lost = self._there(datatype, stays), self._there(datatype, goes)
        reference = self.datatypes[datatype].reference
        lacking = {name for name in lost.values if kept.values.get(name) in (None, "", []) and name != reference}
        self._change(datatype, stays, {name: lost.values[name] for name in sorted(lacking)})
        self._change(datatype, goes, {}, deleted=True)
        self._log(Call(Who.USER, CallKind.MERGE, datatype, stays, effect=True, replaced=lost.values, other=goes))

    # --- within ---------------------------------------------------------------------------------------------------------------------

    def _there(self, datatype: str, id: str) -> State:
        state = self.state(datatype, id)
        if state is None or state.deleted:
            raise KeyError(f"{datatype} {id} is not there")
        return state

    def _allowed(self, kind: CallKind, datatype: str, id: str, values: RawValues, if_version: str | None) -> State:
        """The state that a call may go on with. Raises Declined after logging it."""
        spec, state = self.datatypes[datatype], self.state(datatype, id)
        try:
            if state is None or state.deleted:
                raise Declined(OutcomeKind.GONE, f"404 {datatype} {id} was not found")
            if if_version is not None and self.mark(datatype, state) != if_version:
                raise Declined(OutcomeKind.MOVED, "412 the version is another")
            switch = spec.update if kind is CallKind.UPDATE else spec.delete
            self._check(spec, values, switch, spec.read_only | spec.create_only)
            self._check_unique(datatype, values, id)
        except Declined:
            self._log(Call(Who.ACCORD, kind, datatype, id, effect=False, values=values))
            raise
        return state

    def _check(self, spec: MemoryDatatype, values: RawValues, switch: bool, closed: frozenset[str]) -> None:
        if not switch:
            raise Declined(OutcomeKind.REFUSED, "405 this is not possible here")
        for name, value in values.items():
            if name in closed:
                raise Declined(OutcomeKind.REFUSED, f"422 {name} cannot be written", name)
            if value in spec.refuses.get(name, ()):
                raise Declined(OutcomeKind.REFUSED, f"422 {name}: this value is not allowed", name)

    def _check_unique(self, datatype: str, values: RawValues, id: str | None = None) -> None:
        for name in sorted(self.datatypes[datatype].unique.intersection(values)):
            if self.holder(datatype, name, values[name]) not in (None, id):
                self.requests["duplicate"] += 1
                raise Declined(OutcomeKind.REFUSED, f"409 {name}: there is a record with this value", name)

    def _make(self, datatype: str, values: RawValues, reference: str) -> str:
        spec, table = self.datatypes[datatype], self._tables[datatype]
        id = self._id(datatype)
        mark = {spec.reference: reference or None} if spec.reference else {}
        self._change(datatype, id, {**dict.fromkeys(sorted(spec.always)), **mark, **values})
        held = table.states[id][-1].values.get(spec.reference) if spec.reference else None
        if held:
            table.references[held].append(id)
        return id

    def _id(self, datatype: str) -> str:
        """A new id, or that of a deleted record of which nothing but the id is left."""
        spec, table = self.datatypes[datatype], self._tables[datatype]
        free = next((one for one in table.order if table.states[one][-1].deleted), None) if spec.reuses_ids else None
        if free is not None:
            table.states[free].append(replace(table.states[free][-1], values={}))
            self.reused.add((datatype, free))
            return free
        count = len(table.order) + 1
        id = str(count) if spec.id_style == "int" else f"{spec.prefix}{count:06d}"
        table.order.append(id)
        table.states[id] = []
        return id

    def _change(self, datatype: str, id: str, values: RawValues, deleted: bool = False, quietly: bool = False) -> State:
        spec, table = self.datatypes[datatype], self._tables[datatype]
        states = table.states[id]
        moment = states[-1].modified if quietly else self.now()
        held = {name: spec.held(name, value) for name, value in values.items()}
        before = states[-1].values if states else {}
        states.append(State(len(states) + 1, moment, {**before, **held}, deleted))
        if not quietly:
            table.moments.append(moment)
            table.touched.append(id)
        return states[-1]

    def _log(self, call: Call) -> None:
        """Note a call, with its number and time; what it carried is copied, so that nobody can change it afterwards."""
        values, replaced = copied(call.values), copied(call.replaced)
        self.calls.append(replace(call, values=values, replaced=replaced, number=len(self.calls) + 1, at=self.now()))


@lru_cache(maxsize=4096)
def spell(moment: datetime) -> str:
    """A moment as the model writes it: "YYYY-MM-DDTHH:MM:SS[.fff]Z", cut to milliseconds."""
    text = moment.astimezone(UTC).isoformat(timespec="milliseconds")[:23]
    return text.removesuffix(".000") + "Z"

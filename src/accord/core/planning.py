"""The plan step: a matched and merged pair -> the least set of operations, or the reason why there is none.

Owns: switches, onboarding, capabilities, waiting by name, payloads, preconditions, reasons. Does not own: who wins (core/merging.py), the
order of flows (core/ordering.py), budgets over a whole run (core/guards.py).
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import cast

from accord.core.conflicts import Times
from accord.core.deletes import AfterDelete, after_delete
from accord.core.mapping import CompiledFlow, Mapped
from accord.core.matching import Ambiguous, reference
from accord.core.merging import ABSENT, Merged, PropertyRule, Sides, edited, merge
from accord.core.rules import RULES, reason
from accord.model.capabilities import Capabilities
from accord.model.dataflow import Creation, DeletePolicy, Direction, Flow, Onboarding, PropertyMapping
from accord.model.links import Link, Pending, PendingState, WaitsFor
from accord.model.plans import Change, Operation, OperationKind, Precondition
from accord.model.records import RecordRef, Side
from accord.model.values import DataType, RawValues, Value, Values, is_empty


@dataclass(frozen=True, slots=True)
class Half:
    """One side of a pair as it is now. ``raw``: None when only the mapped values are known (nothing has moved since the base)."""

    ref: RecordRef
    mapped: Mapped
    raw: RawValues | None
    version: str | None
    fingerprint: bytes
    modified: str | None
    gone: bool = False
    in_scope: bool = True


@dataclass(frozen=True, slots=True)
class Pair:
    """A link with both halves, a fresh match (``link`` without id), or one half alone (``link`` None)."""

    left: Half | None
    right: Half | None
    link: Link | None = None

    def half(self, side: Side) -> Half | None:
        """The half on that side."""
        return self.left if side is Side.LEFT else self.right


@dataclass(frozen=True)
class FlowRules:
    """All that holds for one flow in one run.

    ``systems``: name per side, for references. ``go_ahead``: creating is allowed although the flow only links so far.
    ``onboarded``: when the flow was onboarded. ``unknown``: records whose earlier create has no certain outcome.
    ``kinds``: the datatypes of each flow, by its name. ``deletes_held``: why no delete may run, "" if they may.
    """

    compiled: CompiledFlow
    properties: tuple[PropertyRule, ...]
    capabilities: Mapping[Side, Capabilities]
    systems: Mapping[Side, str]
    kinds: Mapping[str, Mapping[Side, str]]
    go_ahead: bool = False
    onboarded: str | None = None
    unknown: Collection[RecordRef] = field(default_factory=frozenset)
    deletes_held: str = ""

    @property
    def flow(self) -> Flow:
        """The flow."""
        return self.compiled.flow

    @cached_property
    def needs_current(self) -> bool:
        """Whether a write needs the target's raw record: lists are written whole, several properties that make one value together."""
        return any(m.properties or len(m.left) > 1 or len(m.right) > 1 for m in self.flow.properties)

    @cached_property
    def required(self) -> tuple[str, ...]:
        """Names of the properties without which nothing is created."""
        return tuple(mapping.name for mapping in self.flow.properties if mapping.required)

    @cached_property
    def creatable(self) -> Mapping[Side, tuple[str, ...]]:
        """Names of the properties that a create on that side carries: the other side sends them, and this one can take them."""
        return {side: tuple(self._creatable(side)) for side in Side}

    @cached_property
    def defaults(self) -> Mapping[Side, Values]:
        """What a create on that side carries in place of an empty value, of the properties that it can carry."""
        return {side: {k: v for k, v in self.compiled.defaults(side).items() if k in self.creatable[side]} for side in Side}

    def _creatable(self, target: Side) -> Iterator[str]:
        barred = self.capabilities[target].read_only
        receives = Direction.RIGHT_TO_LEFT if target is Side.RIGHT else Direction.LEFT_TO_RIGHT
        for mapping in self.flow.properties:
            if mapping.direction is not receives and not barred.intersection(_names(mapping, target)):
                yield mapping.name


@dataclass(frozen=True, slots=True)
class Planned:
    """What follows for one pair.

    ``link``: as it may be recorded at once: with the bases of the properties that both sides already agree on; None when it is as the
    store has it. ``pending``: what stays behind, with its cause. ``unlink``: the link ends. ``merged``: the decisions.
    """

    pair: Pair
    operations: tuple[Operation, ...] = ()
    link: Link | None = None
    pending: Pending | None = None
    unlink: bool = False
    merged: tuple[Merged, ...] = ()

    @property
    def conflicts(self) -> int:
        """Properties in conflict."""
        return sum(one.conflict for one in self.merged)


def property_rules(flow: Flow) -> tuple[PropertyRule, ...]:
    """What the dataflow says about each property, with the flow's defaults filled in."""
    return tuple(_rule(flow, mapping) for mapping in flow.properties)


def _rule(flow: Flow, mapping: PropertyMapping) -> PropertyRule:
    """The rule of one property; what an item property of a list does not say, its list says, then the flow."""
    conflict, clear = mapping.conflict or flow.conflict, mapping.clear or flow.clear
    inherited = replace(flow, conflict=conflict, clear=clear)
    items = {item.name: _rule(inherited, item) for item in mapping.properties} if mapping.type is DataType.LIST else None
    return PropertyRule(mapping.name, mapping.direction, conflict, flow.fallback, clear, items)


def plan_create(rules: FlowRules, source: Half, resolved: Mapping[WaitsFor, str], key: str, parted: bool = False) -> Planned:
    """Plan a counterpart for a record that has none, or say what holds it.

    ``key``: of the operation, given from outside. ``parted``: it had a counterpart, which was deleted: another one never comes by itself.
    """
    target = source.ref.side.other
    pair = Pair(source, None) if target is Side.RIGHT else Pair(None, source)
    stop = _create_stopped(rules, source, target, parted)
    if stop is not None:
        return Planned(pair, pending=_pending(rules, source.ref, stop.state, stop.rule, stop.detail) if stop.told else None)
    values = source.mapped.values
    instead = {
        name: value for name, value in rules.defaults[target].items() if is_empty(values.get(name)) and name not in source.mapped.faults
    }
    missing = [name for name in rules.required if is_empty(values.get(name)) and name not in instead]
    waiting = _waiting(rules, source)
    if waiting is not None and any(name in source.mapped.waits for name in missing):
        return Planned(pair, pending=waiting)
    broken = [name for name in missing if name not in source.mapped.waits]
    if broken:
        detail = ", ".join(f"{name} ({source.mapped.faults.get(name, 'is required and empty')})" for name in broken)
        return Planned(pair, pending=_pending(rules, source.ref, PendingState.QUARANTINED, "REFUSED-02", detail))
    given = {name: value for name, value in values.items() if not is_empty(value)} | instead
    sent = {name: given[name] for name in rules.creatable[target] if name in given}
    operation = Operation(
        key=key,
        flow=rules.flow.name,
        kind=OperationKind.CREATE,
        source=source.ref,
        target=RecordRef(target, rules.flow.datatype(target), ""),
        changes=tuple(
            Change(name, value, None, "CREATE-02" if name in instead else "CREATE-01", replaced_absent=True) for name, value in sent.items()
        ),
        payload=rules.compiled.words(target, sent, None, resolved),
        reasons=(reason("CREATE-01", str(source.ref)),),
        reference=reference(rules.systems[source.ref.side], source.ref),
    )
    return Planned(pair, (operation,), pending=waiting or _faulty(rules, source))


def plan_pair(rules: FlowRules, pair: Pair, resolved: Mapping[WaitsFor, str], key: str) -> Planned:
    """Plan what a linked, or freshly matched, pair needs: at most one update per side."""
    left, right, link = pair.left, pair.right, pair.link
    assert left is not None and right is not None and link is not None
    if not (left.in_scope and right.in_scope):
        return Planned(pair, link=link if link.id == 0 else None, unlink=left.gone or right.gone)
    if left.gone or right.gone:
        return _plan_deleted(rules, pair, key)
    sides = Sides(left.mapped.values, right.mapped.values, link.left_base, link.right_base)
    merged = merge(rules.properties, sides, _times(rules, left, right))
    operations: list[Operation] = []
    undecided = [(one.rule, one.name) for one in merged if one.held]
    blocked: list[tuple[str, str]] = []
    for side in Side:
        operation, stopped = _update(rules, pair, merged, side, resolved, f"{key}{side.value[0]}")
        blocked += stopped
        if operation is not None:
            operations.append(operation)
    pending = (
        _waiting(rules, left)
        or _waiting(rules, right)
        or _left_behind(rules, left.ref, PendingState.REVIEW, undecided)
        or _left_behind(rules, left.ref, PendingState.HELD, blocked)
        or _faulty(rules, left)
        or _faulty(rules, right)
    )
    return Planned(pair, tuple(operations), _with_agreed(link, merged, sides), pending, merged=merged)


def _plan_deleted(rules: FlowRules, pair: Pair, key: str) -> Planned:
    left, right, link = pair.left, pair.right, pair.link
    assert left is not None and right is not None and link is not None
    survivor = right if left.gone else left
    changed = survivor.raw is not None and edited(survivor.mapped.values, link.base(survivor.ref.side))
    then, rule = after_delete(rules.flow.deletes, changed, left.gone and right.gone)
    if then is AfterDelete.UNLINK:
        return Planned(pair, unlink=True)
    if then is AfterDelete.KEEP:
        return Planned(pair, pending=_pending(rules, survivor.ref, PendingState.HELD, rule), unlink=True)
    side = survivor.ref.side
    gone = left if left.gone else right
    stopped = rule if then is AfterDelete.REPORT else _delete_stopped(rules, side)
    if stopped is not None:
        return Planned(pair, pending=_pending(rules, gone.ref, PendingState.HELD, stopped, str(survivor.ref)))
    if rules.deletes_held:
        return Planned(pair, pending=_pending(rules, gone.ref, PendingState.HELD, "GUARD-01", f"{survivor.ref}; {rules.deletes_held}"))
    operation = Operation(
        key=key,
        flow=rules.flow.name,
        kind=OperationKind.DELETE,
        source=gone.ref,
        target=survivor.ref,
        changes=(),
        payload={},
        reasons=(reason(rule, str(gone.ref)),),
        reference=reference(rules.systems[gone.ref.side], gone.ref),
        precondition=Precondition(survivor.version, survivor.fingerprint),
        link=link.id,
    )
    return Planned(pair, (operation,))


def _delete_stopped(rules: FlowRules, side: Side) -> str | None:
    if not _shared(rules.flow, side):
        return "SWITCH-01"
    return None if rules.capabilities[side].delete else "CAP-03"


@dataclass(frozen=True, slots=True)
class _Stop:
    """Why nothing is created. ``told``: a person is told one by one; a record that is simply not Accord's is not listed."""

    rule: str
    detail: str = ""
    told: bool = True
    state: PendingState = PendingState.HELD


def hold(rules: FlowRules, planned: Planned, rule: str, detail: str) -> Planned:
    """The pair as it is, with nothing written: a person has to look at it."""
    ref = next(half.ref for half in (planned.pair.left, planned.pair.right) if half is not None)
    return Planned(planned.pair, pending=_pending(rules, ref, PendingState.HELD, rule, detail))


def _create_stopped(rules: FlowRules, source: Half, target: Side, parted: bool) -> _Stop | None:
    flow = rules.flow
    place = f"{rules.systems[target]} {flow.datatype(target)}"
    no_way = flow.create is Creation.NONE or (flow.create is Creation.LEFT_TO_RIGHT and target is Side.LEFT)
    if no_way or not source.in_scope:
        return _Stop("SCOPE-01", told=False)
    if source.ref in rules.unknown:
        return _Stop("UNKNOWN-01", state=PendingState.UNKNOWN)
    if parted:
        return _Stop("DELETE-05", told=flow.deletes is not DeletePolicy.UNLINK)
    if not rules.capabilities[target].create:
        return _Stop("CAP-01", place)
    if not _shared(flow, target):
        return _Stop("SWITCH-01", place)
    if not flow.full_sync and rules.onboarded and (source.modified is None or source.modified < rules.onboarded):
        return _Stop("ONBOARD-02", "it tells no time of change" if source.modified is None else "", told=source.modified is None)
    if flow.onboarding is Onboarding.LINK_ONLY and not rules.go_ahead:
        return _Stop("ONBOARD-01", "accord sync --create")
    return None


def _update(
    rules: FlowRules, pair: Pair, merged: tuple[Merged, ...], side: Side, resolved: Mapping[WaitsFor, str], key: str
) -> tuple[Operation | None, list[tuple[str, str]]]:
    """The update that one side needs, and what of it is blocked, as (rule, property)."""
    half, source = pair.half(side), pair.half(side.other)
    assert half is not None and source is not None and pair.link is not None
    wanted = [one for one in merged if one.to(side) is not ABSENT]
    if not wanted:
        return None, []
    if not _shared(rules.flow, side):
        return None, [("SWITCH-01", one.name) for one in wanted]
    allowed, blocked = _changeable(rules, wanted, side)
    if not allowed:
        return None, blocked
    values = {one.name: cast(Value, one.to(side)) for one in allowed}
    changes = tuple(_change(one, side, half.mapped.values) for one in allowed)
    operation = Operation(
        key=key,
        flow=rules.flow.name,
        kind=OperationKind.UPDATE,
        source=source.ref,
        target=half.ref,
        changes=changes,
        payload=rules.compiled.words(side, values, half.raw, resolved),
        reasons=tuple(
            reason(rule, ", ".join(c.name for c in changes if c.rule == rule)) for rule in dict.fromkeys(c.rule for c in changes)
        ),
        reference=reference(rules.systems[source.ref.side], source.ref),
        precondition=Precondition(half.version, half.fingerprint),
        link=pair.link.id,
    )
    return operation, blocked


def _changeable(rules: FlowRules, wanted: list[Merged], side: Side) -> tuple[list[Merged], list[tuple[str, str]]]:
    abilities = rules.capabilities[side]
    if not abilities.update:
        return [], [("CAP-02", one.name) for one in wanted]
    barred = abilities.read_only | abilities.create_only
    allowed = [one for one in wanted if not barred.intersection(_names(rules.compiled.mapping(one.name), side))]
    return allowed, [("CAP-02", one.name) for one in wanted if one not in allowed]


def _change(one: Merged, side: Side, held: Values) -> Change:
    replaced = held.get(one.name, ABSENT)
    value = cast(Value, one.to(side))
    if replaced is ABSENT:
        return Change(one.name, value, None, one.rule, replaced_absent=True)
    return Change(one.name, value, replaced, one.rule, loser=side in one.losers)


def _with_agreed(link: Link, merged: tuple[Merged, ...], sides: Sides) -> Link | None:
    """The link with the bases that are proven already; None when it is as the store has it."""
    left_base, right_base = dict(link.left_base), dict(link.right_base)
    for one in merged:
        if one.agreed and one.name in sides.left:
            left_base[one.name] = sides.left[one.name]
        if one.agreed and one.name in sides.right:
            right_base[one.name] = sides.right[one.name]
    if link.id and left_base == link.left_base and right_base == link.right_base:
        return None
    return Link(link.flow, link.left, link.right, left_base, right_base, link.id)


def _names(mapping: PropertyMapping, side: Side) -> tuple[str, ...]:
    return mapping.left if side is Side.LEFT else mapping.right


def _shared(flow: Flow, side: Side) -> bool:
    return flow.share.left if side is Side.LEFT else flow.share.right


def _times(rules: FlowRules, left: Half, right: Half) -> Times:
    granularity = max(rules.capabilities[side].granularity for side in Side)
    return Times(left.modified, right.modified, rules.flow.skew_seconds + granularity)


def _pending(
    rules: FlowRules,
    ref: RecordRef,
    state: PendingState,
    rule: str,
    detail: str = "",
    *,
    wait: tuple[WaitsFor, ...] = (),
) -> Pending:
    cause = f"{RULES[rule]}: {detail}" if detail else RULES[rule]
    return Pending(rules.flow.name, ref, state, rule, cause, wait)


def review(rules: FlowRules, ref: RecordRef, found: Ambiguous, doubts: Sequence[str] = ()) -> Pending:
    """A record whose counterpart a person must choose. ``doubts``: criterion properties that are not valid, each with what is wrong."""
    kind = rules.flow.datatype(ref.side.other)
    named = f"{kind} {', '.join(found.candidates[:5])}" if found.candidates else ", ".join(doubts)
    cause = f"{RULES[found.rule]}: {named}" if named else RULES[found.rule]
    return Pending(rules.flow.name, ref, PendingState.REVIEW, found.rule, cause, (), found.candidates)


def _waiting(rules: FlowRules, half: Half) -> Pending | None:
    waits = half.mapped.waits
    if not waits:
        return None
    named = []
    for alternatives in waits.values():
        kinds = dict.fromkeys(rules.kinds[one.flow][one.side] for one in alternatives if one.flow in rules.kinds)
        named.append(f"{' or '.join(kinds)} {alternatives[0].id}")
    wait = tuple(one for alternatives in waits.values() for one in alternatives)
    return _pending(rules, half.ref, PendingState.WAITING, "WAIT-01", ", ".join(named), wait=wait)


def _left_behind(rules: FlowRules, ref: RecordRef, state: PendingState, said: list[tuple[str, str]]) -> Pending | None:
    """What is not written of a pair, as (rule, property)."""
    return _pending(rules, ref, state, said[0][0], ", ".join(name for _, name in said)) if said else None


def _faulty(rules: FlowRules, half: Half) -> Pending | None:
    """Properties whose value cannot be mapped are parked by name; the rest of the record goes on (P19)."""
    if not half.mapped.faults:
        return None
    detail = ", ".join(f"{name} ({what})" for name, what in half.mapped.faults.items())
    return _pending(rules, half.ref, PendingState.QUARANTINED, "REFUSED-02", detail)

"""The plan step: a matched and merged pair -> the least set of operations, or the reason why there is none.

Owns: switches, onboarding, capabilities, waiting by name, payloads, preconditions, reasons. Does not own: who wins (core/merging.py), the
order of flows (core/ordering.py), budgets over a whole run (core/guards.py).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from accord.core.conflicts import Times
from accord.core.deletes import AfterDelete, after_delete
from accord.core.flowrules import FlowRules, Half, Pair, names_on, shared
from accord.core.leaving import pending_faults, pending_for, pending_parts, pending_references
from accord.core.matching import reference
from accord.core.merging import ABSENT, Merged, Sides, edited, merge
from accord.core.rules import reason
from accord.model.dataflow import Creation, DeletePolicy, Onboarding
from accord.model.links import Link, Pending, PendingState, WaitsFor
from accord.model.plans import Change, Operation, OperationKind, Precondition
from accord.model.records import RecordRef, Side
from accord.model.values import Value, Values, is_empty


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


def plan_create(rules: FlowRules, source: Half, resolved: Mapping[WaitsFor, str], key: str, parted: bool = False) -> Planned:
    """Plan a counterpart for a record that has none, or say what holds it.

    ``key``: of the operation, given from outside. ``parted``: it had a counterpart, which was deleted: another one never comes by itself.
    """
    target = source.ref.side.other
    pair = Pair(source, None) if target is Side.RIGHT else Pair(None, source)
    stop = _create_stopped(rules, source, target, parted)
    if stop is not None:
        return Planned(pair, pending=pending_for(rules, source.ref, stop.state, stop.rule, stop.detail) if stop.told else None)
    values = source.mapped.values
    instead = {
        name: value for name, value in rules.defaults[target].items() if is_empty(values.get(name)) and name not in source.mapped.faults
    }
    missing = [name for name in rules.required[target] if is_empty(values.get(name)) and name not in instead]
    unresolved = pending_references(rules, source)
    if any(name in source.mapped.waits or name in source.mapped.doubts for name in missing):
        return Planned(pair, pending=unresolved)
    broken = [name for name in missing if name not in source.mapped.waits]
    if broken:
        detail = ", ".join(f"{name} ({source.mapped.faults.get(name, 'is required and empty')})" for name in broken)
        return Planned(pair, pending=pending_for(rules, source.ref, PendingState.QUARANTINED, "REFUSED-02", detail))
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
    return Planned(pair, (operation,), pending=unresolved or pending_faults(rules, source))


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
        pending_references(rules, left)
        or pending_references(rules, right)
        or pending_parts(rules, left.ref, PendingState.REVIEW, undecided)
        or pending_parts(rules, left.ref, PendingState.HELD, blocked)
        or pending_faults(rules, left)
        or pending_faults(rules, right)
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
        return Planned(pair, pending=pending_for(rules, survivor.ref, PendingState.HELD, rule), unlink=True)
    side = survivor.ref.side
    gone = left if left.gone else right
    stopped = rule if then is AfterDelete.REPORT else _delete_stopped(rules, side)
    if stopped is not None:
        return Planned(pair, pending=pending_for(rules, gone.ref, PendingState.HELD, stopped, str(survivor.ref)))
    if rules.deletes_held:
        return Planned(pair, pending=pending_for(rules, gone.ref, PendingState.HELD, "GUARD-01", f"{survivor.ref}; {rules.deletes_held}"))
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
    if not shared(rules.flow, side):
        return "SWITCH-01"
    return None if rules.capabilities[side].delete else "CAP-03"


def original(rules: FlowRules, half: Half) -> RecordRef | None:
    """The record of the other side that this one was made for by Accord, as our reference on it says; None for one that users made."""
    other, carries = half.ref.side.other, rules.capabilities[half.ref.side].reference
    mark = (half.raw or {}).get(carries) if carries is not None else None
    prefix = reference(rules.systems[other], RecordRef(other, rules.flow.datatype(other), ""))
    if not isinstance(mark, str) or not mark.startswith(prefix) or mark == prefix:
        return None
    return RecordRef(other, rules.flow.datatype(other), mark.removeprefix(prefix))


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
    return Planned(planned.pair, pending=pending_for(rules, ref, PendingState.HELD, rule, detail))


def _create_stopped(rules: FlowRules, source: Half, target: Side, parted: bool) -> _Stop | None:
    flow = rules.flow
    place = f"{rules.systems[target]} {flow.datatype(target)}"
    by_hand = flow.create is Creation.BY_HAND and target is Side.RIGHT
    if not (by_hand or target in flow.create.into) or not source.in_scope:
        return _Stop("SCOPE-01", told=False)
    if source.ref in rules.unknown:
        return _Stop("UNKNOWN-01", state=PendingState.UNKNOWN)
    if parted:
        return _Stop("DELETE-05", told=flow.deletes is not DeletePolicy.UNLINK)
    if (maker := original(rules, source)) is not None:
        return _Stop("CREATE-03", str(maker))
    if not (by_hand or rules.capabilities[target].create):
        return _Stop("CAP-01", place)
    if not (by_hand or shared(flow, target)):
        return _Stop("SWITCH-01", place)
    if not flow.full_sync and rules.onboarded and (source.modified is None or source.modified < rules.onboarded):
        return _Stop("ONBOARD-02", "it tells no time of change", told=source.modified is None)
    if by_hand:
        return _Stop("CREATE-04", f"{place}, by {' or '.join('+'.join(part.left for part in entry) for entry in flow.match)}")
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
    if not shared(rules.flow, side):
        return None, [("SWITCH-01", one.name) for one in wanted]
    allowed, blocked = _changeable(rules, wanted, source, side)
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


def _changeable(rules: FlowRules, wanted: list[Merged], source: Half, side: Side) -> tuple[list[Merged], list[tuple[str, str]]]:
    abilities = rules.capabilities[side]
    if not abilities.update:
        return [], [("CAP-02", one.name) for one in wanted]
    unclear = [one for one in wanted if one.name in source.mapped.doubts and side is Side.RIGHT]
    barred = abilities.read_only | abilities.create_only
    allowed = [one for one in wanted if not barred.intersection(names_on(rules.compiled.mapping(one.name), side))]
    blocked = [("CAP-02", one.name) for one in wanted if one not in allowed]
    return [one for one in allowed if one not in unclear], [*blocked, *(("REF-01", one.name) for one in unclear)]


def _change(one: Merged, side: Side, held: Values) -> Change:
    """What an update carries of one property; a side that does not show it is never given one (MERGE-10)."""
    return Change(one.name, cast(Value, one.to(side)), held[one.name], one.rule, loser=side in one.losers)


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


def _times(rules: FlowRules, left: Half, right: Half) -> Times:
    granularity = max(rules.capabilities[side].granularity for side in Side)
    return Times(left.modified, right.modified, rules.flow.skew_seconds + granularity)

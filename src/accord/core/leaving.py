"""What stays behind of a record or a pair, with its rule and its cause in one sentence.

Owns: the words of pending rows. Does not own: when something stays behind (core/planning.py, core/matching.py).
"""

from collections.abc import Sequence

from accord.core.flowrules import FlowRules, Half
from accord.core.matching import Ambiguous
from accord.core.rules import RULES
from accord.model.links import Pending, PendingState, WaitsFor
from accord.model.records import RecordRef


def pending_for(
    rules: FlowRules,
    ref: RecordRef,
    state: PendingState,
    rule: str,
    detail: str = "",
    *,
    wait: tuple[WaitsFor, ...] = (),
) -> Pending:
    """A record that stays behind. ``detail``: behind the rule's own sentence; ``wait``: what must be linked first."""
    cause = f"{RULES[rule]}: {detail}" if detail else RULES[rule]
    return Pending(rules.flow.name, ref, state, rule, cause, wait)


def review(rules: FlowRules, ref: RecordRef, found: Ambiguous, doubts: Sequence[str] = ()) -> Pending:
    """A record whose counterpart a person must choose. ``doubts``: criterion properties that are not valid, each with what is wrong."""
    kind = rules.flow.datatype(ref.side.other)
    named = f"{kind} {', '.join(found.candidates[:5])}" if found.candidates else ", ".join(doubts)
    cause = f"{RULES[found.rule]}: {named}" if named else RULES[found.rule]
    return Pending(rules.flow.name, ref, PendingState.REVIEW, found.rule, cause, (), found.candidates)


def pending_references(rules: FlowRules, half: Half) -> Pending | None:
    """A record with references that wait for others, each by its name, or that cannot be told; None if it has none."""
    mapped = half.mapped
    if mapped.waits:
        named = [f"{_kinds(rules, several)} {several[0].id}" for several in mapped.waits.values()]
        wait = tuple(one for several in mapped.waits.values() for one in several)
        return pending_for(rules, half.ref, PendingState.WAITING, "WAIT-01", ", ".join(named), wait=wait)
    doubtful = [(name, several) for name, several in mapped.doubts.items() if name not in mapped.values]
    if doubtful:
        detail = ", ".join(f"{name} {several[0].id} ({_kinds(rules, several)})" for name, several in doubtful)
        return pending_for(rules, half.ref, PendingState.REVIEW, "REF-01", detail)
    return None


def _kinds(rules: FlowRules, several: Sequence[WaitsFor]) -> str:
    return " or ".join(dict.fromkeys(rules.kinds[one.flow][one.side] for one in several if one.flow in rules.kinds))


def pending_parts(rules: FlowRules, ref: RecordRef, state: PendingState, said: list[tuple[str, str]]) -> Pending | None:
    """What is not written of a pair, as (rule, property)."""
    return pending_for(rules, ref, state, said[0][0], ", ".join(name for _, name in said)) if said else None


def pending_faults(rules: FlowRules, half: Half) -> Pending | None:
    """Properties whose value cannot be mapped are parked by name; the rest of the record goes on (P19)."""
    if not half.mapped.faults:
        return None
    detail = ", ".join(f"{name} ({what})" for name, what in half.mapped.faults.items())
    return pending_for(rules, half.ref, PendingState.QUARANTINED, "REFUSED-02", detail)

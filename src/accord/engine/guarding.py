"""Before a flow works anything off: does it look like something that a person should see first?

Owns: counting what a run would do, the settings `rules:` and `held:` of each flow. Decides nothing: the limits are in core/guards.py.

A held flow writes nothing at all. It is judged again when its configuration changes, at a full cycle, and when a person approves
(`accord sync --approve`); what moves meanwhile stays pending.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import msgspec

from accord.core.flowrules import FlowRules
from accord.core.guards import Amount, careful, changes_allowed, deletes_allowed, goes_back_and_forth
from accord.core.planning import Planned, hold
from accord.core.rules import RULES
from accord.engine.onboarding import RELEASED_BY_CONFIGURATION, digest
from accord.engine.parts import Depth, Engine
from accord.engine.preparing import Busy, Work, prepare
from accord.model.dataflow import DeletePolicy
from accord.model.links import PendingState
from accord.model.plans import OperationKind
from accord.model.records import Side
from accord.model.runs import Run

REMEDY = "look at it with accord plan --approve; let it happen with accord sync --approve"


@dataclass(frozen=True, slots=True)
class Standing:
    """What holds a flow, and under which configuration."""

    digest: str
    said: str


async def guard(engine: Engine, run: Run, rules: FlowRules, depth: Depth) -> FlowRules | None:
    """The rules by which the flow may go on in this cycle, or None: it is held, and ``run`` says why."""
    said, guarded = await engine.keep(_guard, engine, rules, depth)
    run.counts(rules.flow.name).stopped = said
    return guarded


def _guard(engine: Engine, rules: FlowRules, depth: Depth) -> tuple[str, FlowRules | None]:
    store, name, standing = engine.store, rules.flow.name, digest(engine, rules.flow)
    if engine.approve:
        store.release(name, RELEASED_BY_CONFIGURATION)
        _let_go(engine, name, standing)
        return "", rules
    before = store.setting(f"rules:{name}")
    changed = before is not None and before != standing
    if changed and depth is Depth.QUICK:
        return RULES["GUARD-04"], None  # what the new configuration means for all records is read by the next cycle that reads changes
    held = held_of(store.setting(f"held:{name}"))
    if held is not None and held.digest == standing and depth is not Depth.FULL:
        return held.said, None
    said = _suspicious(engine, rules, changed)
    if said:
        store.set(f"held:{name}", msgspec.json.encode(Standing(standing, said)).decode())
        return said, None
    _let_go(engine, name, standing)
    return "", _with_budget(engine, rules)


def held_of(text: str | None) -> Standing | None:
    """What the setting `held:` says."""
    return msgspec.json.decode(text, type=Standing) if text else None


def _let_go(engine: Engine, name: str, standing: str) -> None:
    if engine.store.setting(f"held:{name}"):
        engine.store.set(f"held:{name}", "")
    engine.store.set(f"rules:{name}", standing)


def _suspicious(engine: Engine, rules: FlowRules, changed: bool) -> str:
    """Why the flow has to be held, "" if it has not. Only what could be much is counted, by planning all of it without doing any."""
    moved = Amount(engine.store.moved(rules.flow.name).linked)
    if not changed and changes_allowed(rules.flow.guards, moved, 0):
        return ""  # few are enough to know; counting the links takes the longer the more there are
    (total,) = engine.store.totals([rules.flow.name])
    if not changed and changes_allowed(rules.flow.guards, moved, total.links):
        return ""
    amount = _amount(engine, rules)
    if changed and not careful(amount, total.links):
        return f"{RULES['GUARD-04']}: {amount.all} writes, {total.links} links; {REMEDY}"
    if not changes_allowed(rules.flow.guards, amount, total.links):
        return f"{RULES['GUARD-03']}: {amount.changes} of {total.links}; {REMEDY}"
    return ""


def _amount(engine: Engine, rules: FlowRules) -> Amount:
    changes = everything = after = 0
    busy = Busy()  # never released, so that a pair counts once whichever side is pending
    while items := engine.store.pending(rules.flow.name, PendingState.NEW, after, engine.batch):
        after = items[-1].row
        for planned in prepare(engine, rules, items, busy).planned:
            everything += len(planned.operations)
            changes += len(planned.operations) if planned.pair.link is not None and planned.pair.link.id else 0
    return Amount(changes, everything)


def _with_budget(engine: Engine, rules: FlowRules) -> FlowRules:
    if rules.flow.deletes not in (DeletePolicy.DELETE, DeletePolicy.ARCHIVE):
        return rules
    name, guards = rules.flow.name, rules.flow.guards
    wanted = engine.store.moved(name).deleted
    if not wanted:
        return rules
    (total,) = engine.store.totals([name])
    done = engine.store.deleted(name, engine.day_ago())
    if deletes_allowed(guards, wanted, done, total.links):
        return rules
    earlier = f", {done} done within a day" if done else ""
    return replace(rules, deletes_held=f"{wanted} deletes of {total.links} links{earlier}; {REMEDY}")


def hold_oscillating(engine: Engine, rules: FlowRules, work: Work) -> None:
    """Hold pairs of which a value goes back and forth. Runs on the store's thread."""
    if engine.approve:
        return
    updates = [(one, operation) for one in work.planned for operation in one.operations if operation.kind is OperationKind.UPDATE]
    suspects: dict[int, str] = {}
    for side in Side:
        targets = {operation.target.id: (one, operation) for one, operation in updates if operation.side is side and operation.link}
        earlier = engine.store.written(rules.flow.name, side, list(targets), engine.day_ago()) if targets else {}
        for id, operations in earlier.items():
            one, operation = targets[id]
            names = [
                change.name
                for change in operation.changes
                if goes_back_and_forth([was.value for op in operations for was in op.changes if was.name == change.name], change.value)
            ]
            if names:
                suspects[id_of(one)] = ", ".join(names)
    if suspects:
        work.planned[:] = [hold(rules, one, "GUARD-05", suspects[id_of(one)]) if id_of(one) in suspects else one for one in work.planned]


def id_of(planned: Planned) -> int:
    """The link of a planned pair; 0 for none."""
    return planned.pair.link.id if planned.pair.link is not None else 0


__all__: Sequence[str] = ("Standing", "guard", "held_of", "hold_oscillating")

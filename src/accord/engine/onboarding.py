"""What a flow's run starts with: its onboarding, the go-ahead for creating, what a changed configuration sets free.

Owns: the settings `onboarded:`, `go-ahead:`, `rules:` of each flow. Does not own: what follows from them (core/planning.py).
"""

import hashlib

import msgspec

from accord.core.planning import FlowRules
from accord.engine.parts import Engine, flow_rules
from accord.model.dataflow import Flow
from accord.model.journal import IntentState
from accord.model.links import PendingState
from accord.model.plans import OperationKind
from accord.model.records import RecordRef

RELEASED_BY_CONFIGURATION = (PendingState.HELD, PendingState.QUARANTINED)


async def rules_for_run(engine: Engine, flow: Flow) -> FlowRules:
    """Bring together what holds for a flow now; the first call ever is its onboarding."""
    return await engine.keep(_rules_for_run, engine, flow, engine.now())


def _rules_for_run(engine: Engine, flow: Flow, now: str) -> FlowRules:
    store = engine.store
    onboarded = store.setting(f"onboarded:{flow.name}")
    if onboarded is None:
        onboarded = now
        store.set(f"onboarded:{flow.name}", onboarded)
    go_ahead = engine.go_ahead or store.setting(f"go-ahead:{flow.name}") is not None
    standing = digest(flow, go_ahead)
    if store.setting(f"rules:{flow.name}") != standing:
        store.release(flow.name, RELEASED_BY_CONFIGURATION)
        store.set(f"rules:{flow.name}", standing)
        if engine.go_ahead:
            store.set(f"go-ahead:{flow.name}", now)
    return flow_rules(engine, flow, _unknown(engine, flow), onboarded, go_ahead)


def digest(flow: Flow, go_ahead: bool) -> str:
    """Identify what a flow's records were judged by: a change sets held and quarantined ones free for another look."""
    return hashlib.blake2b(msgspec.json.encode((flow, go_ahead)), digest_size=12).hexdigest()


def _unknown(engine: Engine, flow: Flow) -> frozenset[RecordRef]:
    """Records that must not be created again before their earlier create is told."""
    found: set[RecordRef] = set()
    for intent in engine.store.intents((IntentState.OPEN, IntentState.UNKNOWN), 1_000_000):
        if intent.operation.flow == flow.name and intent.operation.kind is OperationKind.CREATE:
            found.add(intent.operation.source)
    return frozenset(found)

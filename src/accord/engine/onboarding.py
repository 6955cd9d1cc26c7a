"""What a flow's run starts with: its onboarding, the go-ahead for creating, what a changed configuration sets free.

Owns: the settings `onboarded:`, `go-ahead:`, `judged:` of each flow. Does not own: what follows from them (core/planning.py), whether the
flow may go on (engine/guarding.py).
"""

import hashlib
from dataclasses import replace

import msgspec

from accord.core.flowrules import FlowRules
from accord.engine.parts import Engine, flow_rules
from accord.model.dataflow import Flow, Guards, Onboarding
from accord.model.journal import IntentState
from accord.model.links import PendingState
from accord.model.plans import OperationKind
from accord.model.records import RecordRef, Side

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
    judged = f"{digest(engine, flow)} {flow.onboarding} {go_ahead}"
    if store.setting(f"judged:{flow.name}") != judged:
        store.release(flow.name, RELEASED_BY_CONFIGURATION)
        store.set(f"judged:{flow.name}", judged)
        if engine.go_ahead:
            store.set(f"go-ahead:{flow.name}", now)
    return flow_rules(engine, flow, _unknown(engine, flow), onboarded, go_ahead)


def digest(engine: Engine, flow: Flow) -> str:
    """Identify a flow's configuration: all that decides what is written, but not whether creating is allowed, nor the guards."""
    return engine.once(f"digest {flow.name}", lambda: _digest(replace(flow, onboarding=Onboarding.LINK_ONLY, guards=Guards())))


def shape(engine: Engine, side: Side, datatype: str) -> str:
    """Identify how the records of a datatype are looked at by the flows that use it: which properties, filters and criteria."""
    return engine.once(f"shape {side} {datatype}", lambda: _digest([_looks(flow) for flow in engine.interested(side, datatype)]))


def _looks(flow: Flow) -> tuple[object, ...]:
    return (flow.name, flow.left, flow.right, flow.properties, flow.match, flow.where, flow.create, flow.full_sync)


def _digest(what: object) -> str:
    return hashlib.blake2b(msgspec.json.encode(what), digest_size=12).hexdigest()


def _unknown(engine: Engine, flow: Flow) -> frozenset[RecordRef]:
    """Records that must not be created again before their earlier create is told."""
    found: set[RecordRef] = set()
    for intent in engine.store.intents((IntentState.OPEN, IntentState.UNKNOWN), 1_000_000):
        if intent.operation.flow == flow.name and intent.operation.kind is OperationKind.CREATE:
            found.add(intent.operation.source)
    return frozenset(found)

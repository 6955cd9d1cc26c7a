"""What an earlier run, or an unanswered call, left open: looked for, adopted, or set free.

Owns: the way from an open or unknown intent to a certain one. A create is looked for by our own reference and never sent again blindly
(P7): what was not answered may still be carried out, so that finding nothing counts only after a while. An update or a delete is left to a
fresh merge, since both sides are read again first.
"""

from collections import defaultdict
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from accord.core.agreeing import agree, crossed
from accord.core.conflicts import instant
from accord.core.flowrules import FlowRules
from accord.core.recovering import Adopt, Again, Choose, Wait, told
from accord.core.rules import RULES
from accord.engine.onboarding import rules_for_run
from accord.engine.parts import Engine
from accord.engine.preparing import references_of
from accord.engine.reading import absorb, keep_keys, unsure_of
from accord.engine.writing import as_write
from accord.errors import SystemProblem
from accord.model.dataflow import Flow
from accord.model.journal import Closed, Closing, Intent, IntentState
from accord.model.links import Link, Pending, PendingState
from accord.model.plans import Found, Operation, OperationKind
from accord.model.records import Gone, RecordRef, Seen, Side
from accord.model.runs import Run
from accord.model.values import Values, is_empty

AT_ONCE = 500
OPEN = (IntentState.OPEN, IntentState.UNKNOWN)


@dataclass(slots=True)
class Recovered:
    """How many intents found their end, and the flows of which a system could not be asked: their intents stay open."""

    ended: int = 0
    failed: dict[str, SystemProblem] = field(default_factory=dict)


async def recover(engine: Engine, run: Run) -> Recovered:
    """Settle what is open, flow by flow: one system that is down does not hold the flows of others up."""
    flows: dict[str, list[Intent]] = defaultdict(list)
    for one in await engine.keep(engine.store.intents, OPEN, 1_000_000):
        if _ours(engine, one.operation):  # nothing is asked for a flow that left the configuration: it waits until it is back
            flows[one.operation.flow].append(one)
    recovered = Recovered()
    for name, intents in flows.items():
        try:
            async for ended in _recover_flow(engine, run, name, intents):
                recovered.ended += ended
        except SystemProblem as problem:
            recovered.failed[name] = problem
    return recovered


def _ours(engine: Engine, operation: Operation) -> bool:
    """Whether the dataflow still has the operation's flow, between the same two datatypes."""
    refs = (operation.source, operation.target)
    return any(
        flow.name == operation.flow and all(flow.datatype(ref.side) == ref.datatype for ref in refs) for flow in engine.dataflow.flows
    )


async def _recover_flow(engine: Engine, run: Run, name: str, intents: Sequence[Intent]) -> AsyncIterator[int]:
    """Gives how many ended, part by part."""
    rest = [one for one in intents if one.operation.kind is not OperationKind.CREATE]
    for start in range(0, len(rest), AT_ONCE):
        part = rest[start : start + AT_ONCE]
        await _look_again(engine, run, part)
        yield len(part)
    creates: dict[tuple[Side, str], list[Intent]] = defaultdict(list)
    for one in intents:
        if one.operation.kind is OperationKind.CREATE:
            creates[one.operation.side, one.operation.target.datatype].append(one)
    for (side, datatype), group in creates.items():
        for start in range(0, len(group), AT_ONCE):
            part = group[start : start + AT_ONCE]
            found = await engine.connectors[side].find(datatype, [as_write(one.operation) for one in part])
            yield await _settle(engine, run, name, list(zip(part, found, strict=True)))


async def _look_again(engine: Engine, run: Run, intents: Sequence[Intent]) -> None:
    """Read both records of each open update or delete, and let the merge decide afresh."""
    wanted: dict[tuple[Side, str], dict[str, None]] = defaultdict(dict)
    now: dict[RecordRef, Seen] = {}
    for intent in intents:
        for ref in (intent.operation.source, intent.operation.target):
            wanted[ref.side, ref.datatype][ref.id] = None
    for (side, datatype), ids in wanted.items():
        observed = await engine.connectors[side].read(datatype, list(ids))
        await engine.keep(absorb, engine, side, datatype, observed, (), True)
        now.update((one.ref, one) for one in observed if isinstance(one, Seen))
    pending = [Pending(one.operation.flow, one.operation.source) for one in intents]
    closed = [Closed(one.operation.key, IntentState.ABANDONED, engine.now(), "left to a fresh merge") for one in intents]
    rules = await rules_for_run(engine, _flow(engine, intents[0].operation.flow))
    links = [link for one in intents if (link := await _proven(engine, rules, one.operation, now.get(one.operation.target))) is not None]
    await engine.keep(engine.store.close, Closing(run.id, engine.now(), links=links, pending=pending, closed=closed))


def _flow(engine: Engine, name: str) -> Flow:
    return next(one for one in engine.dataflow.flows if one.name == name)


async def _proven(engine: Engine, rules: FlowRules, operation: Operation, target: Seen | None) -> Link | None:
    """The link of an update with the bases of what the target holds as it was sent; so that what happened is not taken for an edit."""
    if target is None or operation.kind is not OperationKind.UPDATE:
        return None
    links = await engine.keep(engine.store.links, operation.flow, operation.side, [target.ref.id])
    link = links.get(target.ref.id)
    if link is None or link.id != operation.link:
        return None
    resolved = await engine.keep(references_of, engine, rules, [target])
    answer = rules.compiled.common(operation.side, target.values, resolved, _sent(operation)).values
    return agree(link, operation, crossed(operation), answer, whole=False)[0]


async def _settle(engine: Engine, run: Run, name: str, pairs: Sequence[tuple[Intent, Found]]) -> int:
    """End the creates of one flow that can be told. A source that was matched meanwhile needs no other counterpart."""
    rules = await rules_for_run(engine, _flow(engine, name))
    now = engine.clock.now()
    ends = {found.key: told(intent.operation.target.side, found, _settled(rules, intent, now)) for intent, found in pairs}
    found = [(intent, end.record) for intent, _ in pairs if isinstance(end := ends[intent.operation.key], Adopt)]
    records = [record for _, record in found]
    resolved = await engine.keep(references_of, engine, rules, records)
    intents = [intent for intent, _ in pairs]
    closing = _Adopting(engine, *await engine.keep(_linked, engine, rules.flow, intents, records))
    for intent, record in found:
        answer = rules.compiled.common(record.ref.side, record.values, resolved, _sent(intent.operation)).values
        closing.adopt(intent, record, answer)
    for intent in intents:
        end = ends[intent.operation.key]
        if isinstance(end, Again):
            closing.again(intent)
        elif isinstance(end, Choose):
            closing.choose(intent, end.candidates)
        elif isinstance(end, Wait):
            closing.wait(intent)
    places = {(record.ref.side, record.ref.datatype) for record in records}
    before = {place for place in places if await engine.keep(_doubt, engine, *place)}
    await engine.keep(closing.commit, run)
    sure = await _still_there(engine, records)
    for place in (places & sure) - before:
        await engine.keep(engine.store.set, unsure_of(*place), "")
    return sum(one.state is not IntentState.UNKNOWN for one in closing.closed)


def _sent(operation: Operation) -> Values:
    return {change.name: change.value for change in operation.changes}


def _settled(rules: FlowRules, intent: Intent, now: datetime) -> bool:
    """Whether what an unanswered create has not made by now it will never make, or a second one under the same key would be the first.

    When an open one was sent, before a crash, is not known: it counts from when it was first looked for.
    """
    abilities = rules.capabilities[intent.operation.side]
    if abilities.idempotency_key or not abilities.settles:
        return True
    return intent.state is IntentState.UNKNOWN and (now - instant(intent.closed or intent.at)).total_seconds() >= abilities.settles


def _linked(
    engine: Engine, flow: Flow, intents: Sequence[Intent], records: Sequence[Seen]
) -> tuple[Mapping[RecordRef, str], Collection[RecordRef]]:
    """The counterparts that the sources of creates have by now, and the found records that are somebody's. Runs on the store's thread."""
    found: dict[RecordRef, str] = {}
    for side in Side:
        refs = {one.operation.source.id: one.operation.source for one in intents if one.operation.source.side is side}
        links = engine.store.links(flow.name, side, list(refs)) if refs else {}
        found |= {refs[id]: link.record(side.other) for id, link in links.items()}
    taken: set[RecordRef] = set()
    for side in Side:
        made = {one.ref.id: one.ref for one in records if one.ref.side is side}
        taken.update(made[id] for id in (engine.store.owners(side, flow.datatype(side), list(made)) if made else ()))
    return found, taken


def _doubt(engine: Engine, side: Side, datatype: str) -> bool:
    """Note, before a record is linked, that it may be gone by now; whether that was in doubt already. Runs on the store's thread."""
    doubted = bool(engine.store.setting(unsure_of(side, datatype)))
    engine.store.set(unsure_of(side, datatype), "yes")
    return doubted


async def _still_there(engine: Engine, records: Sequence[Seen]) -> set[tuple[Side, str]]:
    """What was found may have been deleted since it was made, before anybody looked, so that no change will tell of it.

    Gives the datatypes of which all are there. Of the others a listing has to tell: that one read finds nothing proves nothing (P9).
    """
    sure: set[tuple[Side, str]] = set()
    for side, datatype in dict.fromkeys((one.ref.side, one.ref.datatype) for one in records):
        ids = [one.ref.id for one in records if (one.ref.side, one.ref.datatype) == (side, datatype)]
        now = await engine.connectors[side].read(datatype, ids)
        if all(isinstance(one, Seen) for one in now):
            sure.add((side, datatype))
        await engine.keep(absorb, engine, side, datatype, [one for one in now if isinstance(one, Gone)])
    return sure


class _Adopting:
    """The ends of one group of open creates, brought together for one transaction.

    ``linked``: counterparts that sources have already; ``taken``: found records that have a link.
    """

    def __init__(self, engine: Engine, linked: Mapping[RecordRef, str], taken: Collection[RecordRef]) -> None:
        self.engine = engine
        self.linked = linked
        self.taken = set(taken)
        self.links: list[Link] = []
        self.records: list[Seen] = []
        self.pending: list[Pending] = []
        self.closed: list[Closed] = []

    def adopt(self, intent: Intent, record: Seen, answer: Values) -> None:
        """The create had happened: link what it made.

        What was sent counts as both bases, whatever the record holds by now: a later edit on either side still looks changed. Only what it
        does not hold at all proves nothing, since a create of several calls may have stopped between them.
        """
        operation = intent.operation
        other = self.linked.get(operation.source)
        if other != record.ref.id and (other is not None or record.ref in self.taken):
            self.choose(intent, (record.ref.id,), "MATCH-04")
            return
        self.taken.add(record.ref)
        self._end(intent, IntentState.ADOPTED, record.ref.id)
        self.pending.append(Pending(operation.flow, operation.source))
        if other is None:
            ids = {operation.side: record.ref.id, operation.source.side: operation.source.id}
            link = Link(operation.flow, ids[Side.LEFT], ids[Side.RIGHT])
            sent = {change.name: change.value for change in operation.changes}
            shown = {name: sent[name] if name in sent and not is_empty(value) else value for name, value in answer.items()}
            self.links.append(agree(link, operation, sent, shown)[0])
            self.records.append(record)

    def again(self, intent: Intent) -> None:
        """It certainly had not happened: the source is new again."""
        self._end(intent, IntentState.ABANDONED, "")
        self.pending.append(Pending(intent.operation.flow, intent.operation.source))

    def wait(self, intent: Intent) -> None:
        """It cannot be told; but a source that has a counterpart by now waits for none."""
        if intent.operation.source in self.linked:
            self._end(intent, IntentState.ABANDONED, "")
        elif intent.state is IntentState.OPEN:
            self.closed.append(Closed(intent.operation.key, IntentState.UNKNOWN, self.engine.now(), RULES["UNKNOWN-01"]))

    def choose(self, intent: Intent, candidates: tuple[str, ...], rule: str = "MATCH-02") -> None:
        """Which record this one is cannot be told: a person must choose."""
        self._end(intent, IntentState.ABANDONED, "")
        cause = f"{RULES[rule]}: {', '.join(candidates[:5])}"
        source = intent.operation.source
        self.pending.append(Pending(intent.operation.flow, source, PendingState.REVIEW, rule, cause, (), candidates))

    def _end(self, intent: Intent, state: IntentState, target: str) -> None:
        self.closed.append(Closed(intent.operation.key, state, self.engine.now(), "found by our reference" if target else "", target))

    def commit(self, run: Run) -> None:
        """One transaction, and the match keys."""
        now = self.engine.now()
        self.engine.store.close(Closing(run.id, now, links=self.links, records=self.records, pending=self.pending, closed=self.closed))
        keep_keys(self.engine, self.records)

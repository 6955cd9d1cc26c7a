"""What an earlier run, or an unanswered call, left open: looked for, adopted, or set free.

Owns: the way from an open or unknown intent to a certain one. A create is looked for by our own reference and never sent again blindly
(P7); an update or a delete is left to a fresh merge, since both sides are read again first.
"""

from collections import defaultdict
from collections.abc import Sequence

from accord.core.agreeing import agree
from accord.core.recovering import Adopt, Again, Choose, told
from accord.core.rules import RULES
from accord.engine.onboarding import rules_for_run
from accord.engine.parts import Engine
from accord.engine.preparing import references_of
from accord.engine.reading import absorb
from accord.engine.writing import as_write
from accord.model.journal import Closed, Closing, Intent, IntentState
from accord.model.links import Link, Pending, PendingState
from accord.model.plans import Found, OperationKind
from accord.model.records import Seen, Side
from accord.model.runs import Run
from accord.model.values import Values

AT_ONCE = 500
OPEN = (IntentState.OPEN, IntentState.UNKNOWN)


async def recover(engine: Engine, run: Run) -> int:
    """Settle what is open. Gives how many intents found their end."""
    intents = await engine.keep(engine.store.intents, OPEN, 1_000_000)
    rest = [one for one in intents if one.operation.kind is not OperationKind.CREATE]
    for start in range(0, len(rest), AT_ONCE):
        await _look_again(engine, run, rest[start : start + AT_ONCE])
    ended = len(rest)
    creates: dict[tuple[str, Side, str], list[Intent]] = defaultdict(list)
    for one in intents:
        if one.operation.kind is OperationKind.CREATE:
            creates[one.operation.flow, one.operation.side, one.operation.target.datatype].append(one)
    for (flow, side, datatype), group in creates.items():
        for start in range(0, len(group), AT_ONCE):
            part = group[start : start + AT_ONCE]
            found = await engine.connectors[side].find(datatype, [as_write(one.operation) for one in part])
            ended += await _settle(engine, run, flow, list(zip(part, found, strict=True)))
    return ended


async def _look_again(engine: Engine, run: Run, intents: Sequence[Intent]) -> None:
    """Read both records of each open update or delete, and let the merge decide afresh."""
    wanted: dict[tuple[Side, str], dict[str, None]] = defaultdict(dict)
    for intent in intents:
        for ref in (intent.operation.source, intent.operation.target):
            wanted[ref.side, ref.datatype][ref.id] = None
    for (side, datatype), ids in wanted.items():
        observed = await engine.connectors[side].read(datatype, list(ids))
        await engine.keep(absorb, engine, side, datatype, observed, (), True)
    pending = [Pending(one.operation.flow, one.operation.source) for one in intents]
    closed = [Closed(one.operation.key, IntentState.ABANDONED, engine.now(), "left to a fresh merge") for one in intents]
    await engine.keep(engine.store.close, Closing(run.id, engine.now(), pending=pending, closed=closed))


async def _settle(engine: Engine, run: Run, name: str, pairs: Sequence[tuple[Intent, Found]]) -> int:
    flow = next((one for one in engine.dataflow.flows if one.name == name), None)
    if flow is None:
        return 0  # the flow left the configuration: its open creates wait until it is back
    rules = await rules_for_run(engine, flow)
    certain = {found.key: told(intent.operation.target.side, found) for intent, found in pairs}
    adopted = [(intent, end.record) for intent, _ in pairs if isinstance(end := certain[intent.operation.key], Adopt)]
    resolved = await engine.keep(references_of, engine, rules, [record for _, record in adopted])
    closing = _Adopting(engine)
    for intent, record in adopted:
        answer = rules.compiled.common(record.ref.side, record.values, resolved).values
        closing.adopt(intent, record, answer)
    for intent, _ in pairs:
        end = certain[intent.operation.key]
        if isinstance(end, Again):
            closing.again(intent)
        elif isinstance(end, Choose):
            closing.choose(intent, end.candidates)
    await engine.keep(closing.commit, run)
    return len(closing.closed)


class _Adopting:
    """The ends of one group of open creates, brought together for one transaction."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.links: list[Link] = []
        self.records: list[Seen] = []
        self.pending: list[Pending] = []
        self.closed: list[Closed] = []

    def adopt(self, intent: Intent, record: Seen, answer: Values) -> None:
        """The create had happened: link what it made. What was sent counts as the source's base, so a later edit still looks changed."""
        operation = intent.operation
        ids = {operation.side: record.ref.id, operation.source.side: operation.source.id}
        link = Link(operation.flow, ids[Side.LEFT], ids[Side.RIGHT])
        sent = {change.name: change.value for change in operation.changes}
        self.links.append(agree(link, operation, sent, answer)[0])
        self.records.append(record)
        self._end(intent, IntentState.ADOPTED, record.ref.id)
        self.pending.append(Pending(operation.flow, operation.source))

    def again(self, intent: Intent) -> None:
        """It certainly had not happened: the source is new again."""
        self._end(intent, IntentState.ABANDONED, "")
        self.pending.append(Pending(intent.operation.flow, intent.operation.source))

    def choose(self, intent: Intent, candidates: tuple[str, ...]) -> None:
        """Several carry our reference: a person must choose."""
        self._end(intent, IntentState.ABANDONED, "")
        cause = f"{RULES['MATCH-02']}: {', '.join(candidates[:5])}"
        source = intent.operation.source
        self.pending.append(Pending(intent.operation.flow, source, PendingState.REVIEW, "MATCH-02", cause, (), candidates))

    def _end(self, intent: Intent, state: IntentState, target: str) -> None:
        self.closed.append(Closed(intent.operation.key, state, self.engine.now(), "found by our reference" if target else "", target))

    def commit(self, run: Run) -> None:
        """One transaction."""
        now = self.engine.now()
        self.engine.store.close(Closing(run.id, now, links=self.links, records=self.records, pending=self.pending, closed=self.closed))

"""The record step: outcomes -> links, bases, records, pending rows, closed intents, in one transaction.

Owns: what a proven outcome makes durable. A base changes only here, and only to values that were seen (P17): what was
sent counts for the source, what the target answered for the target.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from accord.core.agreeing import agree, rewritten
from accord.core.flowrules import FlowRules, Half
from accord.core.mapping import Mapped
from accord.core.planning import Planned
from accord.core.rules import RULES
from accord.engine.parts import Engine
from accord.engine.preparing import Work
from accord.engine.reading import absorb, keep_keys
from accord.errors import SystemRefused
from accord.model.journal import Closed, Closing, IntentState
from accord.model.links import Link, Pending, PendingState
from accord.model.plans import Operation, OperationKind, Outcome, OutcomeKind
from accord.model.records import Evidence, Gone, Hint, RecordRef, Seen, Side
from accord.model.runs import Run

STATES = {
    OutcomeKind.DONE: IntentState.DONE,
    OutcomeKind.MOVED: IntentState.MOVED,
    OutcomeKind.GONE: IntentState.REFUSED,
    OutcomeKind.REFUSED: IntentState.REFUSED,
    OutcomeKind.FAILED: IntentState.FAILED,
    OutcomeKind.UNKNOWN: IntentState.UNKNOWN,
}


async def record(engine: Engine, run: Run, rules: FlowRules, work: Work, outcomes: Mapping[str, Outcome]) -> None:
    """Close a batch. Raises SystemRefused afterwards if a system refused us as a whole."""
    closing = _Closing(engine, run, rules, work, outcomes, now=engine.now())
    if suspects := closing.answered_otherwise():
        closing.replayed = await engine.keep(_given_up, engine, rules, suspects)
    for planned in work.planned:
        closing.add(planned)
    closing.pending += work.kept
    await engine.keep(closing.commit)
    for planned in work.planned:
        for operation in planned.operations:
            outcome = outcomes[operation.key]
            if outcome.fatal:
                system = engine.dataflow.entry(operation.side).system
                raise SystemRefused(system, outcome.message or "it refuses us", "Nothing was lost: what was not written stays pending.")


def _given_up(engine: Engine, rules: FlowRules, refs: Sequence[RecordRef]) -> set[RecordRef]:
    """Those of these sources for which a create was sent before. Runs on the store's thread."""
    asked = {side: {ref.id: ref for ref in refs if ref.side is side} for side in Side}
    return {ids[id] for side, ids in asked.items() if ids for id in engine.store.given_up(rules.flow.name, side, list(ids))}


@dataclass(slots=True)
class _Closing:
    """A batch while it is brought together for its one transaction."""

    engine: Engine
    run: Run
    rules: FlowRules
    work: Work
    outcomes: Mapping[str, Outcome]
    links: list[Link] = field(default_factory=list)
    unlinked: list[int] = field(default_factory=list)
    records: list[Seen] = field(default_factory=list)
    settled: list[RecordRef] = field(default_factory=list)
    pending: list[Pending] = field(default_factory=list)
    closed: list[Closed] = field(default_factory=list)
    moved: list[Seen] = field(default_factory=list)
    answers: dict[str, Mapped] = field(default_factory=dict)
    now: str = ""
    made: list[RecordRef] = field(default_factory=list)
    keyed: list[Seen] = field(default_factory=list)
    rekeyed: bool = False
    gone: list[Gone] = field(default_factory=list)
    forgotten: list[Hint] = field(default_factory=list)
    replayed: set[RecordRef] = field(default_factory=set)

    def answered_otherwise(self) -> list[RecordRef]:
        """Sources of creates whose answer is not what was sent, where a system gives a repeated create the answer to the first."""
        return [
            operation.source
            for planned in self.work.planned
            for operation in planned.operations
            if operation.kind is OperationKind.CREATE
            and self.rules.capabilities[operation.side].idempotency_key
            and self._said_otherwise(operation, self.outcomes[operation.key])
        ]

    def add(self, planned: Planned) -> None:
        """Take in one pair and the outcomes of its operations."""
        done: list[tuple[Operation, Seen]] = []
        trouble: list[Pending] = []
        for operation in planned.operations:
            outcome = self.outcomes[operation.key]
            self._close(operation, outcome)
            if outcome.kind is OutcomeKind.DONE and operation.kind is not OperationKind.DELETE:
                assert outcome.observation is not None
                done.append((operation, outcome.observation))
                if outcome.rest is not None:
                    trouble.append(self._trouble(operation, outcome))
            elif operation.kind is OperationKind.DELETE and outcome.kind in (OutcomeKind.DONE, OutcomeKind.GONE):
                self.unlinked.append(operation.link)
                self.gone.append(Gone(operation.target, Evidence.TOMBSTONE))
            else:
                trouble.append(self._trouble(operation, outcome))
        if planned.unlink and planned.pair.link is not None:
            self.unlinked.append(planned.pair.link.id)
            self._forget(planned)
        looks_again = self._link(planned, done, whole=not trouble)
        self._count(planned)
        self.pending += staying([*trouble, planned.pending, looks_again])

    def _forget(self, planned: Planned) -> None:
        """A record that is parted from its counterpart, and whose content stood in the bases alone, is read again."""
        for side in Side:
            half = planned.pair.half(side)
            if half is not None and half.raw is None and not half.gone:
                self._read_again(half.ref)

    def _read_again(self, ref: RecordRef) -> None:
        self.records.append(Seen(ref, None, None, {}, b""))
        self.forgotten.append(Hint(ref))

    def _close(self, operation: Operation, outcome: Outcome) -> None:
        target = outcome.observation.ref.id if outcome.observation is not None else operation.target.id
        state = STATES[outcome.kind]
        message = outcome.message or self._said_otherwise(operation, outcome)
        self.closed.append(Closed(operation.key, state, self.now, message, target))
        if outcome.kind is OutcomeKind.MOVED and outcome.observation is not None:
            self.moved.append(outcome.observation)

    def _answer(self, operation: Operation, seen: Seen) -> Mapped:
        """What the target holds now, in common form; mapped once."""
        known = self.answers.get(operation.key)
        if known is None:
            sent = {change.name: change.value for change in operation.changes}
            known = self.answers[operation.key] = self.rules.compiled.common(operation.side, seen.values, self.work.resolved, sent)
        return known

    def _said_otherwise(self, operation: Operation, outcome: Outcome) -> str:
        """The journal's note on a target that rewrote what it was sent."""
        if outcome.kind is not OutcomeKind.DONE or outcome.observation is None or not operation.changes:
            return ""
        names = rewritten(operation, self._answer(operation, outcome.observation).values)
        return f"{RULES['LOSSY-01']}: {', '.join(names)}" if names else ""

    def _trouble(self, operation: Operation, outcome: Outcome) -> Pending:
        """What stays behind of an operation that was not done."""
        flow, ref = operation.flow, operation.source
        match outcome.rest or outcome.kind:
            case OutcomeKind.REFUSED:
                cause = f"{RULES['REFUSED-01']}: {outcome.message}"
                return Pending(flow, ref, PendingState.QUARANTINED, "REFUSED-01", cause)
            case OutcomeKind.UNKNOWN if outcome.rest is None:
                return Pending(flow, ref, PendingState.UNKNOWN, "UNKNOWN-01", f"{RULES['UNKNOWN-01']}: {outcome.message}")
            case OutcomeKind.GONE:
                return Pending(flow, ref, PendingState.HELD, "DELETE-01", f"{RULES['DELETE-01']}: {operation.target} was not found")
            case OutcomeKind.MOVED:
                return Pending(flow, ref, PendingState.NEW, "MOVED-01", RULES["MOVED-01"])
        return Pending(flow, ref, PendingState.NEW, "", outcome.message)

    def _link(self, planned: Planned, done: Sequence[tuple[Operation, Seen]], whole: bool) -> Pending | None:
        """Set the bases that are proven. Gives a pending row when the answers leave something to look at again."""
        pair = planned.pair
        link = planned.link or pair.link
        halves: dict[Side, Half | None] = {side: pair.half(side) for side in Side}
        again: Pending | None = None
        for operation, seen in done:
            self.records.append(seen)
            if operation.kind is OperationKind.CREATE:
                self.made.append(seen.ref)
            rekeyed = bool(self._matched_by(operation.side).intersection(operation.payload))
            if operation.kind is OperationKind.CREATE or rekeyed:
                self.keyed.append(seen)
            self.rekeyed = self.rekeyed or (rekeyed and operation.kind is OperationKind.UPDATE)
            source = halves[operation.side.other]
            assert source is not None
            answered = self._answer(operation, seen)
            if link is None:
                ids = {operation.side: seen.ref.id, operation.side.other: source.ref.id}
                link = Link(self.rules.flow.name, ids[Side.LEFT], ids[Side.RIGHT])
            whole_write = self.outcomes[operation.key].rest is None
            replayed = source.ref in self.replayed
            link, open_ends = agree(link, operation, source.mapped.values, answered.values, whole=whole_write, replayed=replayed)
            target = halves[operation.side]
            if target is not None:  # what was not shown when this was planned, and is shown now, has not been merged yet
                open_ends += tuple(sorted(answered.shown - target.mapped.shown))
            if open_ends:
                again = Pending(self.rules.flow.name, source.ref, PendingState.NEW, "", ", ".join(open_ends))
        if link is not None and (done or planned.link is not None):
            self.links.append(link)
        if link is not None and whole and again is None and not planned.pending and not planned.unlink:
            self._settle(planned, link)
        return again

    def _settle(self, planned: Planned, link: Link) -> None:
        """Values that equal the bases need not be kept twice, where a merge can do without the raw record.

        Only what is known to be in step: a record that holds anything else than its base, or that is outside the filter, is kept as it was
        read, since its base would stand for it from then on.
        """
        if self.rules.needs_current or not all(self._in_step(link, planned, side) for side in Side):
            return
        for side in Side:
            datatype = self.rules.flow.datatype(side)
            if len(self.engine.interested(side, datatype)) == 1:
                self.settled.append(RecordRef(side, datatype, link.record(side)))

    def _in_step(self, link: Link, planned: Planned, side: Side) -> bool:
        """Whether a side, as it is by now, shows just what its base holds; what was written, or made, counts as it was answered."""
        half = planned.pair.half(side)
        if half is not None and (not half.in_scope or half.mapped.faults):
            return False
        written = next((one for one in planned.operations if one.side is side), None)
        mapped = self.answers.get(written.key) if written is not None else None
        if mapped is None and half is not None:
            mapped = half.mapped
        return mapped is not None and mapped.values == link.base(side)

    def _count(self, planned: Planned) -> None:
        counts = self.run.counts(self.rules.flow.name)
        counts.conflicts += planned.conflicts
        if planned.pair.link is not None and planned.pair.link.id == 0:
            counts.matched += 1
        for operation in planned.operations:
            if self.outcomes[operation.key].kind is OutcomeKind.DONE:
                counts.add(operation.kind.value, operation.side.value)
        if not planned.operations and not planned.pending and planned.link is None:
            counts.unchanged += 1

    def _matched_by(self, side: Side) -> set[str]:
        return {part.left if side is Side.LEFT else part.right for entry in self.rules.flow.match for part in entry}

    def commit(self) -> None:
        """One transaction; then what was learned by the way: keys, deletions, and the fresh content of records that had moved."""
        self._end_links_of_reused_ids()
        stays = {item.ref for item in self.pending}
        finished = [(self.rules.flow.name, ref) for ref in self.work.finished if ref not in stays]
        self.engine.store.close(
            Closing(
                run=self.run.id,
                at=self.now,
                links=self.links,
                unlinked=self.unlinked,
                records=self.records,
                settled=self._still_settled(),
                finished=finished,
                pending=[replace(item, since=self.now) for item in self.pending],
                closed=self.closed,
            )
        )
        keep_keys(self.engine, self.keyed)
        if self.rekeyed:
            self.engine.store.release(self.rules.flow.name, (PendingState.REVIEW,))  # what was doubtful may be plain now
        for gone in self.gone:
            absorb(self.engine, gone.ref.side, gone.ref.datatype, [gone])
        if self.forgotten:
            self.engine.store.hint(self.forgotten)
        for seen in self.moved:
            absorb(self.engine, seen.ref.side, seen.ref.datatype, [seen], force=True)

    def _end_links_of_reused_ids(self) -> None:
        """A system that gives a new record an id that is still linked has deleted the one that had it: that link is over."""
        store = self.engine.store
        for side, datatype in dict.fromkeys((ref.side, ref.datatype) for ref in self.made):
            ids = [ref.id for ref in self.made if (ref.side, ref.datatype) == (side, datatype)]
            for id, name in store.owners(side, datatype, ids).items():
                old, other = store.links(name, side, [id])[id], side.other
                kinds = next(flow.datatype(other) for flow in self.engine.dataflow.flows if flow.name == name)
                self.unlinked.append(old.id)
                self._read_again(RecordRef(other, kinds, old.record(other)))
        self.pending = [row for row in self.pending if row.ref not in self.made]  # it was about the record that had the id

    def _still_settled(self) -> list[RecordRef]:
        unsettled = {item.ref for item in self.pending} | {seen.ref for seen in self.moved}
        return [ref for ref in self.settled if ref not in unsettled]


def staying(rows: Iterable[Pending | None]) -> Collection[Pending]:
    """Of what stays behind of a pair one row for each record: the first, unless another says that it is to be looked at again.

    Then what waits for a person, or was refused, is found again in that look; the other way round an edit would wait with it.
    """
    kept: dict[RecordRef, Pending] = {}
    for row in rows:
        if row is None:
            continue
        first = kept.setdefault(row.ref, row)
        if row.state is PendingState.NEW and first.state is not PendingState.UNKNOWN:
            kept[row.ref] = row
    return kept.values()

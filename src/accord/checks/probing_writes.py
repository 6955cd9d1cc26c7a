"""Probing what writes: one marked record is made, changed, and removed again. Only with --allow-writes-to.

Owns: the probes of writing. Does not own: the laws of writing, all of which `accord manifest conform` tries.
"""

from collections.abc import Sequence

from accord.checks.probing import Answer, Probed, Tell, Verdict
from accord.connectors.live import MARK, SIDE, Live, plain_texts
from accord.model.capabilities import Finding
from accord.model.plans import OperationKind, Outcome, OutcomeKind, Precondition, Write
from accord.model.records import Gone, RecordRef, Seen
from accord.model.values import RawValues
from accord.ports import Connector

CLAIMS = ("create", "update", "conditional_write", "idempotency_key", "delete")


def not_tried(live: Live, datatype: str, tell: Tell, reason: str) -> None:
    """Say of everything that the manifest claims of writing that it was not tried, and why."""
    able = live.connect({datatype: frozenset()}).capabilities(datatype)
    for claim in CLAIMS:
        if getattr(able, claim):
            tell(Probed(datatype, claim.replace("_", " "), Verdict.CANNOT_TELL, reason))


async def probe_writing(live: Live, datatype: str, tell: Tell) -> list[str]:
    """Probe all that a datatype's manifest says of writing. Gives the ids of test records that could not be removed."""
    described = live.manifest.datatypes[datatype]
    connector = live.connect({datatype: frozenset(described.properties)})
    try:
        able = connector.capabilities(datatype)
        texts = plain_texts(described, able)
        if not able.create or not able.delete or not texts:
            what = "no way to create" if not able.create else "no way to remove a test record" if not able.delete else "no text to write"
            not_tried(live, datatype, tell, f"the manifest has {what}")
            return []
        return await _Writing(live, connector, datatype, texts[:2], tell).all()
    finally:
        await connector.close()


class _Writing:
    """One test record from its making to its removal."""

    def __init__(self, live: Live, connector: Connector, datatype: str, texts: Sequence[str], tell: Tell) -> None:
        self._connector = connector
        self._able = connector.capabilities(datatype)
        self._datatype = datatype
        self._text = texts[0]
        self._values = {name: f"{MARK}{name}" for name in texts}
        self._name = f"accord-trial:{live.run}:{datatype}"
        self._tell = tell
        self._made: dict[str, None] = {}
        self._count = 0

    async def all(self) -> list[str]:
        """All probes; the ids of what could not be removed."""
        try:
            seen = await self._create()
            if seen is not None:
                if self._able.idempotency_key:
                    self._told("idempotency key", await self._again(seen))
                if self._able.finding is not Finding.NONE:
                    self._told("finding", await self._find(seen))
                if self._able.update:
                    await self._update(seen)
        finally:
            left = [id for id in self._made if not await self._delete(id)]
        if self._made:
            answer = (
                (Verdict.DOES_NOT, f"still there: {', '.join(left)}") if left else (Verdict.WORKS, "the test record is not there any more")
            )
            self._told("delete", answer)
        return left

    def _told(self, capability: str, answer: Answer) -> None:
        self._tell(Probed(self._datatype, capability, *answer))

    async def _create(self) -> Seen | None:
        outcome = await self._write(OperationKind.CREATE, "", self._values, reference=self._name)
        if outcome.kind is not OutcomeKind.DONE or outcome.observation is None:
            self._told("create", (Verdict.DOES_NOT, f"{outcome.kind.value}: {outcome.message}"))
            return None
        seen = outcome.observation
        lost = [name for name, value in self._values.items() if seen.values.get(name) != value]
        if lost:
            self._told("create", (Verdict.DOES_NOT, f"made, but {', '.join(lost)} came back otherwise than sent"))
        else:
            self._told("create", (Verdict.WORKS, "made, and answered as it was sent"))
        return seen

    async def _again(self, seen: Seen) -> Answer:
        outcome = await self._write(OperationKind.CREATE, "", self._values, reference=self._name)
        if outcome.observation is not None and outcome.observation.ref == seen.ref:
            return Verdict.WORKS, "the same create, sent twice, made one record"
        return Verdict.DOES_NOT, "the same create, sent twice, made two records" if outcome.observation else outcome.message

    async def _find(self, seen: Seen) -> Answer:
        write = Write("find", OperationKind.CREATE, RecordRef(SIDE, self._datatype, ""), self._values, self._name)
        (found,) = await self._connector.find(self._datatype, [write])
        self._made.update(dict.fromkeys(one.ref.id for one in found.records))
        if seen.ref.id in [one.ref.id for one in found.records]:
            return Verdict.WORKS, "the record just made is found by its reference"
        if self._able.finding is Finding.LAGGING:
            return Verdict.CANNOT_TELL, "not found yet; the search may lag, as the manifest says"
        return Verdict.DOES_NOT, found.message or "the record just made is not found by its reference"

    async def _update(self, seen: Seen) -> None:
        stale = Precondition(seen.version, seen.fingerprint)
        outcome = await self._write(OperationKind.UPDATE, seen.ref.id, {self._text: f"{MARK}updated"}, stale)
        now = outcome.observation
        if outcome.kind is not OutcomeKind.DONE or now is None or now.values.get(self._text) != f"{MARK}updated":
            self._told("update", (Verdict.DOES_NOT, f"{outcome.kind.value}: {outcome.message or 'it came back otherwise than sent'}"))
            return
        lost = [name for name in self._values if name != self._text and now.values.get(name) != self._values[name]]
        if lost:
            self._told("update", (Verdict.DOES_NOT, f"changed, but what was not sent is lost: {', '.join(lost)}"))
            return
        self._told("update", (Verdict.WORKS, "changed, and answered as it was sent"))
        if self._able.conditional_write:
            again = await self._write(OperationKind.UPDATE, seen.ref.id, {self._text: f"{MARK}overwritten"}, stale)
            self._told("conditional write", self._condition(again, seen))

    def _condition(self, outcome: Outcome, seen: Seen) -> Answer:
        if seen.version is None:
            return Verdict.CANNOT_TELL, "the record's version is a time, and it was changed too lately for that to be believed"
        if outcome.kind is OutcomeKind.MOVED:
            return Verdict.WORKS, "an update that stated an older version was refused"
        return Verdict.DOES_NOT, f"an update that stated an older version was {outcome.kind.value}"

    async def _delete(self, id: str) -> bool:
        outcome = await self._write(OperationKind.DELETE, id, {})
        (found,) = await self._connector.read(self._datatype, [id])
        return outcome.kind in (OutcomeKind.DONE, OutcomeKind.GONE) and isinstance(found, Gone)

    async def _write(
        self, kind: OperationKind, id: str, values: RawValues, precondition: Precondition | None = None, reference: str = ""
    ) -> Outcome:
        self._count += 1
        name = reference or f"{self._name}:{self._count}"
        write = Write(f"{self._count}", kind, RecordRef(SIDE, self._datatype, id), values, name, precondition, reference)
        (outcome,) = [one async for one in self._connector.write(self._datatype, [write])]
        if kind is OperationKind.CREATE and outcome.observation is not None:
            self._made[outcome.observation.ref.id] = None
        return outcome

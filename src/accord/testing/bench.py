"""What the connector contract needs of you: a subject, a world beside the connector, and how it then asks the connector.

Owns: Subject, ContractWorld, Bench. Does not own: the laws (testing/contract_reading.py, contract_writing.py), the fixtures
(testing/connector_contract.py).
"""

from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias, TypeVar

from accord.model.capabilities import Capabilities
from accord.model.plans import Found, OperationKind, Outcome, OutcomeKind, Precondition, Write
from accord.model.records import Hint, Observation, Page, RecordRef, Seen, Side
from accord.model.values import Raw, RawValues
from accord.ports import Connector

Answer = TypeVar("Answer")

Connect: TypeAlias = Callable[[int | None], Connector]
"""Makes a connector with pages of the given size, or of its own choice. The contract closes what it has made."""


class Run(Protocol):
    """Runs a coroutine to its end on the one loop of a test."""

    def __call__(self, work: Coroutine[Any, Any, Answer], /) -> Answer:
        """Its answer."""
        ...


class ContractWorld(Protocol):
    """What users do in the system, by another way than the connector."""

    def make(self, values: RawValues) -> str:
        """Make a record; its id."""
        ...

    def edit(self, id: str, values: RawValues) -> None:
        """Change properties of a record."""
        ...

    def remove(self, id: str) -> None:
        """Delete a record."""
        ...

    def settle(self) -> None:
        """Let as much time pass as the system needs until a change shows and a new change gets another time."""
        ...


class Between(Protocol):
    """The way between a connector and its system, as a trial can interrupt it (relay.py does so for whatever speaks TCP)."""

    def cut_off(self) -> None:
        """Nothing gets there any more, and what was open breaks."""
        ...

    def lose_answers(self) -> None:
        """What is sent gets there; nothing comes back."""
        ...

    def clear(self) -> None:
        """The way is as it was."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """Which datatype is put to the test, and with which properties.

    ``text``, ``other``: two wanted, writable text properties. ``amount``: a wanted, writable decimal one. ``unwanted``: a writable one that
    the connector was not asked for. ``needs``: what every create needs besides. ``refused``: values that the system says no to, in a create
    and in an update. ``exact``: texts are held as they are sent. ``empties``: null and empty text are held apart. ``salt``: put before all
    references and keys; another one for each test where tests share a system. ``mark``: put before the texts of all samples. ``longest``:
    how many characters ``text`` holds, of those that are tried. ``absent``: an id that no record has. None: there is none.
    """

    side: Side
    datatype: str
    text: str
    other: str
    amount: str | None = None
    unwanted: str | None = None
    needs: RawValues = field(default_factory=dict)
    refused: RawValues | None = None
    exact: bool = True
    empties: bool = True
    salt: str = ""
    mark: str = ""
    longest: int = 10_000
    absent: str = "no-such-record"

    def ref(self, id: str = "") -> RecordRef:
        """A record of the datatype."""
        return RecordRef(self.side, self.datatype, id)

    def sample(self, number: int = 1, **more: Raw) -> dict[str, Raw]:
        """The values of a valid record, different for each number."""
        return {**self.needs, self.text: f"{self.mark}Text {number}", self.other: f"{self.mark}Other {number}", **more}


@dataclass(frozen=True, slots=True)
class Listed:
    """A listing, or changes, as a whole. ``moved``: the ids that are seen, gone or hinted at."""

    pages: Sequence[Page]

    @property
    def observations(self) -> Sequence[Observation]:
        """Of all pages."""
        return [one for page in self.pages for one in page.observations]

    @property
    def seen(self) -> Sequence[Seen]:
        """The records that are there."""
        return [one for one in self.observations if isinstance(one, Seen)]

    @property
    def hints(self) -> Sequence[Hint]:
        """Of all pages."""
        return [one for page in self.pages for one in page.hints]

    @property
    def moved(self) -> set[str]:
        """Ids that something is said of."""
        return {one.ref.id for one in (*self.observations, *self.hints)}

    @property
    def cursor(self) -> str:
        """Of the last page."""
        cursor = self.pages[-1].cursor
        assert cursor is not None, "the last page carries no cursor"
        return cursor


class Bench:
    """A connector under test beside its world."""

    def __init__(self, run: Run, connector: Connector, world: ContractWorld, subject: Subject) -> None:
        self.run = run
        self.connector = connector
        self.world = world
        self.subject = subject
        self._keys = 0

    @property
    def able(self) -> Capabilities:
        """What the connector says that it can do."""
        return self.connector.capabilities(self.subject.datatype)

    def make(self, number: int = 1) -> str:
        """A user makes a sample, and it shows."""
        id = self.world.make(self.subject.sample(number))
        self.world.settle()
        return id

    def edit(self, id: str, values: RawValues) -> None:
        """A user edits, and it shows."""
        self.world.edit(id, values)
        self.world.settle()

    def listed(self, meanwhile: Callable[[], object] | None = None) -> Listed:
        """A full listing. ``meanwhile``: done once, when the first page has come."""
        return self.run(self._collected(self.connector.list(self.subject.datatype), meanwhile))

    def changed(self, cursor: str, meanwhile: Callable[[], object] | None = None) -> Listed:
        """The changes since a cursor. ``meanwhile``: as for ``listed``."""
        return self.run(self._collected(self.connector.changes(self.subject.datatype, cursor), meanwhile))

    async def _collected(self, pages: Any, meanwhile: Callable[[], object] | None) -> Listed:
        found: list[Page] = []
        async for page in pages:
            found.append(page)
            if len(found) == 1 and meanwhile is not None:
                meanwhile()
        return Listed(found)

    def read(self, *ids: str) -> Sequence[Observation]:
        """One observation per id."""
        return self.run(self._read(ids))

    async def _read(self, ids: Sequence[str]) -> Sequence[Observation]:
        return await self.connector.read(self.subject.datatype, ids)

    def seen(self, id: str) -> Seen:
        """A record that must be there."""
        found = self.read(id)[0]
        assert isinstance(found, Seen), f"{id} cannot be seen: {found}"
        return found

    def expecting(self, id: str) -> Precondition:
        """That the record is as it is now."""
        seen = self.seen(id)
        return Precondition(seen.version, seen.fingerprint)

    def intent(
        self,
        kind: OperationKind,
        id: str = "",
        values: RawValues | None = None,
        precondition: Precondition | None = None,
        reference: str = "",
    ) -> Write:
        """A write with a key of its own; reference and idempotency key are the same for the same ``reference``."""
        self._keys += 1
        key = f"{self.subject.salt}key-{self._keys}"
        named = f"{self.subject.salt}{reference}" if reference else f"test:{key}"
        return Write(key, kind, self.subject.ref(id), values or {}, named, precondition, named)

    def write(self, *writes: Write) -> Sequence[Outcome]:
        """The outcomes in the order of the writes; each write has exactly one."""
        outcomes = self.run(self._written(writes))
        assert sorted(one.key for one in outcomes) == sorted(one.key for one in writes), "each write has exactly one outcome"
        by_key = {one.key: one for one in outcomes}
        return [by_key[one.key] for one in writes]

    async def _written(self, writes: Sequence[Write]) -> Sequence[Outcome]:
        return [outcome async for outcome in self.connector.write(self.subject.datatype, writes)]

    def create(self, values: RawValues, reference: str = "") -> Outcome:
        """Create one record."""
        return self.write(self.intent(OperationKind.CREATE, values=values, reference=reference))[0]

    def update(self, id: str, values: RawValues, precondition: Precondition | None = None) -> Outcome:
        """Update one record."""
        return self.write(self.intent(OperationKind.UPDATE, id, values, precondition))[0]

    def delete(self, id: str, precondition: Precondition | None = None) -> Outcome:
        """Delete one record."""
        return self.write(self.intent(OperationKind.DELETE, id, precondition=precondition))[0]

    def find(self, *references: str) -> Sequence[Found]:
        """Look for what creates with these references made."""
        creates = [self.intent(OperationKind.CREATE, values=self.subject.sample(), reference=reference) for reference in references]
        found = self.run(self._found(creates))
        assert [one.key for one in found] == [one.key for one in creates], "one answer per write, in the same order"
        return found

    async def _found(self, writes: Sequence[Write]) -> Sequence[Found]:
        return await self.connector.find(self.subject.datatype, writes)


def done(outcome: Outcome) -> Seen:
    """What the system answered to a write that must have been done."""
    assert outcome.kind is OutcomeKind.DONE, f"{outcome.kind.value}: {outcome.message}"
    assert outcome.observation is not None, "a create or update that was done carries the record"
    return outcome.observation


def refused(outcome: Outcome) -> None:
    """That a write was refused, with words, and was no breakdown of the system."""
    assert outcome.kind is OutcomeKind.REFUSED, f"{outcome.kind.value}, not refused: {outcome.message}"
    assert outcome.message, "a refusal carries the system's words"
    assert not outcome.fatal, "one refused record does not stop the rest"

"""What the store contract works with: flows that share datatypes, and short ways to fill a store and to look at all of it.

Owns: builders and a snapshot for tests. Does not own: the laws (store_contract.py).
"""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any, TypeAlias

from accord.model.dataflow import Flow
from accord.model.journal import Absorb, Closed, Closing, IntentState, MatchKey
from accord.model.links import Link, Pending, PendingState
from accord.model.plans import Change, Operation, OperationKind, Precondition, Reason
from accord.model.records import Evidence, Gone, Hint, RecordRef, Seen, Side
from accord.ports import Store

PERSONS = Flow(name="Contact to Persons", left="Contact", right="Persons")
ORDERS = Flow(name="Order to Invoices", left="Order", right="Invoices")
QUOTES = Flow(name="Quote to Invoices", left="Quote", right="Invoices")
FLOWS = (PERSONS, ORDERS, QUOTES)
"""Two flows share the right datatype Invoices; all else is apart."""

AT = "2026-01-31T12:00:00Z"
LATER = "2026-02-01T12:00:00Z"

MakeStore: TypeAlias = Callable[[Sequence[Flow]], Store]
"""An empty store for these flows."""


def ref(flow: Flow, side: Side, id: str) -> RecordRef:
    """A record of a flow's datatype."""
    return RecordRef(side, flow.datatype(side), id)


def seen(flow: Flow, side: Side, id: str, values: Mapping[str, Any] | None = None, version: str | None = "v1") -> Seen:
    """A record that was read."""
    return Seen.of(ref(flow, side, id), values or {"Name": id}, version, AT)


def take(store: Store, flow: Flow, side: Side, *ids: str, key: str | None = None, criterion: int = 0) -> None:
    """Absorb records for one flow, all with the same match key if one is given."""
    keys = [MatchKey(flow.name, side, id, criterion, key) for id in ids if key is not None]
    store.absorb(Absorb(side, flow.datatype(side), [seen(flow, side, id) for id in ids], keys=keys, flows=[flow.name]))


def lose(store: Store, flow: Flow, side: Side, *ids: str, flows: Sequence[str] = ()) -> None:
    """Absorb deletions."""
    gone = [Gone(ref(flow, side, id), Evidence.TOMBSTONE) for id in ids]
    store.absorb(Absorb(side, flow.datatype(side), gone=gone, flows=flows))


def link(store: Store, flow: Flow, left: str, right: str) -> Link:
    """Make a link and give it as kept."""
    store.close(Closing("r", AT, links=[Link(flow.name, left, right, {"name": left}, {"name": right})]))
    return store.links(flow.name, Side.LEFT, [left])[left]


def unlink(store: Store, flow: Flow, left: str) -> None:
    """End a link."""
    store.close(Closing("r", LATER, unlinked=[store.links(flow.name, Side.LEFT, [left])[left].id]))


def park(store: Store, *rows: Pending) -> None:
    """Let rows stay behind."""
    store.close(Closing("r", AT, pending=rows))


def states(store: Store, flow: Flow) -> dict[str, str]:
    """The state of every pending row of a flow by id."""
    return {row.ref.id: state.value for state in PendingState for row in store.pending(flow.name, state)}


def operation(key: str = "k1", kind: OperationKind = OperationKind.CREATE, target: str = "") -> Operation:
    """An operation with one of everything that has to survive the journal."""
    source = ref(PERSONS, Side.LEFT, f"C-{key}")
    payload = {
        "Name": 'Ødegård "O\'Neill"\x00\u202e',
        "Amount": Decimal("12.50"),
        "Tiny": Decimal("0.10000000000000000000000000000000000001"),
        "Huge": Decimal("1E+400"),
        "Number": 2**53 + 1,
        "Wide": 10**30,
        "Flag": True,
        "Nothing": None,
        "Empty": "",
        "Lines": [{"Quantity": Decimal("3.000"), "Tags": []}],
    }
    changes = (
        Change("name", "Ødegård", "Odegard", "MERGE-03", loser=True),
        Change("lines", {"1": {"quantity": "3.000", "count": 3}}, None, "CREATE-01", replaced_absent=True),
    )
    reasons = (Reason("MERGE-03", "left changed"), Reason("GUARD-01", "within limits"))
    wanted = None if kind is OperationKind.CREATE else Precondition("W/7", bytes(range(16)))
    place = RecordRef(Side.RIGHT, PERSONS.right, target)
    return Operation(key, PERSONS.name, kind, source, place, changes, payload, reasons, f"customcrm:Contact:{source.id}", wanted, 7)


def everything(store: Store) -> dict[str, Any]:
    """All that a store tells of the flows here, to see that nothing moved."""
    places = sorted({(side, flow.datatype(side)) for flow in FLOWS for side in Side})
    names = [f"{letter}{number}" for letter in "CPOIQ" for number in range(9)] + ["C-k1", "C-k2"]
    return {
        "records": {place: (store.records(*place, names), store.known(*place, names), store.cursor(*place)) for place in places},
        "hints": {place: list(store.hints(*place)) for place in places},
        "pending": [row for flow in FLOWS for state in PendingState for row in store.pending(flow.name, state)],
        "links": {(flow.name, side): store.links(flow.name, side, names) for flow in FLOWS for side in Side},
        "parted": {(flow.name, side): set(store.parted(flow.name, side, names)) for flow in FLOWS for side in Side},
        "candidates": {(flow.name, side): store.candidates(flow.name, side, names) for flow in FLOWS for side in Side},
        "intents": list(store.intents(list(IntentState))),
        "totals": list(store.totals([flow.name for flow in FLOWS])),
    }


def done(key: str, target: str = "") -> Closed:
    """The good end of an intent."""
    return Closed(key, IntentState.DONE, LATER, "", target)


def hint(flow: Flow, side: Side, id: str, version: str | None = None) -> Hint:
    """That a record may have changed."""
    return Hint(ref(flow, side, id), version)

"""A small flow for the tests of the plan step: orders on the left, invoices on the right, in their own words."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from accord.core.flowrules import FlowRules, Half, Pair, property_rules
from accord.core.mapping import CompiledFlow, compile_flow
from accord.model.capabilities import Capabilities
from accord.model.dataflow import Direction, Flow, Onboarding, PropertyMapping
from accord.model.links import Link, WaitsFor
from accord.model.manifest import Datatype, Listing, Property
from accord.model.records import RecordRef, Side, fingerprint
from accord.model.values import DataType

LEFT, RIGHT = Side.LEFT, Side.RIGHT
SALE, PERSON, COMPANY = "Order to Invoices", "Contact to Persons", "Customer to Companies"

PROPERTIES = (
    PropertyMapping(left=("Number",), right=("number",), name="Number"),
    PropertyMapping(left=("Payer",), right=("payer",), name="Payer", type=DataType.REFERENCE, refers_to=(COMPANY, PERSON), required=True),
    PropertyMapping(left=("Seller",), right=("seller",), name="Seller", type=DataType.REFERENCE, refers_to=(PERSON,)),
    PropertyMapping(left=("Paid",), right=("paid",), name="Paid", type=DataType.BOOLEAN),
    PropertyMapping(left=("Currency",), right=("currency",), name="Currency", required=True, default="NOK"),
    PropertyMapping(left=("Note",), right=("note",), name="Note", direction=Direction.LEFT_TO_RIGHT),
    PropertyMapping(left=("Settled",), right=("settled",), name="Settled", direction=Direction.RIGHT_TO_LEFT, required=True),
)
KINDS = {
    SALE: {LEFT: "Order", RIGHT: "Invoices"},
    PERSON: {LEFT: "Contact", RIGHT: "Persons"},
    COMPANY: {LEFT: "Customer", RIGHT: "Companies"},
}
PAYER = WaitsFor(PERSON, LEFT, "C-1")
RESOLVED = {PAYER: "p1", WaitsFor(PERSON, RIGHT, "p1"): "C-1"}
ABLE = {side: Capabilities(delete=True) for side in Side}


def flow(**more: Any) -> Flow:
    return Flow(**{"name": SALE, "left": "Order", "right": "Invoices", "properties": PROPERTIES, "onboarding": Onboarding.CREATE, **more})


def compiled(**more: Any) -> CompiledFlow:
    def datatype(side: Side) -> Datatype:
        kinds = {DataType.BOOLEAN: "boolean"}
        names = {(one.left if side is LEFT else one.right)[0]: Property(type=kinds.get(one.type, "string")) for one in PROPERTIES}
        return Datatype(id="id", list=Listing(path="records"), properties=names)

    return compile_flow(flow(**more), datatype(LEFT), datatype(RIGHT), "UTC", "UTC")


def rules(capabilities: Mapping[Side, Capabilities] = ABLE, *, run: Mapping[str, Any] | None = None, **more: Any) -> FlowRules:
    """The rules of a run. ``run``: fields of FlowRules; ``more``: of the flow."""
    made = compiled(**more)
    return FlowRules(made, property_rules(made.flow), capabilities, {LEFT: "crm", RIGHT: "register"}, KINDS, **(run or {}))


def order(id: str = "O-1", **values: Any) -> Half:
    return _half(RecordRef(LEFT, "Order", id), {"Number": "N1", "Payer": "C-1", **values})


def invoice(id: str = "i1", **values: Any) -> Half:
    return _half(RecordRef(RIGHT, "Invoices", id), {"number": "N1", "payer": "p1", **values})


def _half(ref: RecordRef, raw: dict[str, Any]) -> Half:
    shown = {name: value for name, value in raw.items() if value is not ...}
    return Half(ref, compiled().common(ref.side, shown, RESOLVED), shown, "v1", fingerprint(shown), None)


def linked(left: Half, right: Half, id: int = 7, **edits: Mapping[str, Any]) -> Pair:
    """Both halves under a link that agreed on what they hold; ``left`` and ``right`` say what was agreed instead, by property."""
    bases = {side: {**half.mapped.values, **edits.get(f"{side}_base", {})} for side, half in ((LEFT, left), (RIGHT, right))}
    return Pair(left, right, Link(SALE, left.ref.id, right.ref.id, bases[LEFT], bases[RIGHT], id))


def fresh(left: Half, right: Half) -> Pair:
    """Both halves, just matched."""
    return Pair(left, right, Link(SALE, left.ref.id, right.ref.id))


def gone(half: Half) -> Half:
    return replace(half, gone=True)


def at(half: Half, modified: str) -> Half:
    return replace(half, modified=modified)

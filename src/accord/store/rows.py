"""Rows to model and back.

Owns: how bases, operations and pending rows are written. Does not own: which rows there are (sqlite.py).

Numbers are kept digit for digit: an int as an int, anything with a point or an exponent as a Decimal, which is what connectors read. A
float comes back as the Decimal of its shortest text.
"""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any, TypeVar

import msgspec

from accord.errors import StoreError
from accord.model.journal import Intent, IntentState
from accord.model.links import Link, Pending, PendingState, WaitsFor
from accord.model.plans import Operation
from accord.model.records import RecordRef, Seen, Side, Stored
from accord.model.runs import Run
from accord.model.values import RawValues, Values

T = TypeVar("T")

packed = msgspec.json.Encoder(decimal_format="number").encode
"""A value as JSON; decimals as numbers, digit for digit."""

_content = msgspec.json.Decoder(dict[str, Any], float_hook=Decimal)
_base = msgspec.json.Decoder(dict[str, Any])
_operation = msgspec.json.Decoder(Operation, float_hook=Decimal)
_waits = msgspec.json.Decoder(tuple[WaitsFor, ...])
_names = msgspec.json.Decoder(tuple[str, ...])
_run = msgspec.json.Decoder(Run)


def _unpacked(decoder: msgspec.json.Decoder[T], data: bytes | str) -> T:
    try:
        return decoder.decode(data)
    except msgspec.MsgspecError as error:
        raise StoreError(f"the state holds what accord did not write ({error})", "Put a backup of the state back.") from error


def content_of(data: bytes | None) -> RawValues | None:
    """A record's raw values."""
    return None if data is None else _unpacked(_content, data)


def base_of(data: bytes) -> Values:
    """A link's base."""
    return _unpacked(_base, data)


def link_of(row: Sequence[Any]) -> Link:
    """(id, flow, left, right, left_base, right_base)"""
    return Link(row[1], row[2], row[3], base_of(row[4]), base_of(row[5]), row[0])


def stored_of(row: Sequence[Any]) -> Stored:
    """(id, version, modified, fingerprint, content, gone)"""
    return Stored(row[0], row[1], row[2], row[3], content_of(row[4]), bool(row[5]))


def record_row(one: Seen, content: bytes | None) -> tuple[Any, ...]:
    """(side, datatype, id, version, modified, fingerprint, content)"""
    ref = one.ref
    return (ref.side.value, ref.datatype, ref.id, one.version, one.modified, one.fingerprint, content)


def pending_of(row: Sequence[Any]) -> Pending:
    """(row, flow, side, datatype, id, state, rule, cause, waits, candidates, tries, since)"""
    return Pending(
        flow=row[1],
        ref=RecordRef(Side(row[2]), row[3], row[4]),
        state=PendingState(row[5]),
        rule=row[6],
        cause=row[7],
        wait=_unpacked(_waits, row[8]),
        candidates=_unpacked(_names, row[9]),
        row=row[0],
        tries=row[10],
        since=row[11],
    )


def pending_place(flow: str, ref: RecordRef) -> tuple[str, str, str, str]:
    """(flow, side, datatype, id)"""
    return (flow, ref.side.value, ref.datatype, ref.id)


def pending_row(one: Pending) -> tuple[Any, ...]:
    """(flow, side, datatype, id, state, rule, cause, waits, candidates, tries, since)"""
    said = (one.state.value, one.rule, one.cause, packed(one.wait), packed(one.candidates), one.tries, one.since)
    return pending_place(one.flow, one.ref) + said


def intent_of(row: Sequence[Any]) -> Intent:
    """(operation, run, state, at, message, target, closed); a created record's id is known only since the end."""
    operation = _unpacked(_operation, row[0])
    if not operation.target.id and row[5]:
        target = RecordRef(operation.target.side, operation.target.datatype, row[5])
        operation = replace(operation, target=target)
    return Intent(operation, row[1], IntentState(row[2]), row[3], row[4], row[6] or "")


def run_of(row: Sequence[Any]) -> Run:
    """(summary)"""
    return _unpacked(_run, row[0])

"""Rows to model and back.

Owns: how bases, operations and pending rows are written. Does not own: which rows there are (sqlite.py).
"""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

import msgspec

from accord.model.journal import Intent, IntentState
from accord.model.links import Link, Pending, PendingState, WaitsFor
from accord.model.plans import Operation
from accord.model.records import RecordRef, Side, Stored
from accord.model.values import RawValues, Values

_encode = msgspec.json.Encoder(decimal_format="number").encode
_any = msgspec.json.Decoder()
_operation = msgspec.json.Decoder(Operation, float_hook=Decimal)
_waits = msgspec.json.Decoder(tuple[WaitsFor, ...])
_names = msgspec.json.Decoder(tuple[str, ...])


def packed(value: object) -> bytes:
    """A value as JSON; decimals as numbers, digit for digit."""
    return _encode(value)


def content_of(data: bytes | None) -> RawValues | None:
    """A record's raw values."""
    if data is None:
        return None
    values: RawValues = _any.decode(data)
    return values


def base_of(data: bytes) -> Values:
    """A link's base."""
    base: Values = _any.decode(data)
    return base


def link_of(row: Sequence[Any]) -> Link:
    """(id, flow, left, right, left_base, right_base)"""
    return Link(row[1], row[2], row[3], base_of(row[4]), base_of(row[5]), row[0])


def stored_of(row: Sequence[Any]) -> Stored:
    """(id, version, modified, fingerprint, content, gone)"""
    return Stored(row[0], row[1], row[2], row[3], content_of(row[4]), bool(row[5]))


def pending_of(row: Sequence[Any]) -> Pending:
    """(row, flow, side, datatype, id, state, rule, cause, waits, candidates, tries, since)"""
    return Pending(
        flow=row[1],
        ref=RecordRef(Side(row[2]), row[3], row[4]),
        state=PendingState(row[5]),
        rule=row[6],
        cause=row[7],
        wait=_waits.decode(row[8]),
        candidates=_names.decode(row[9]),
        row=row[0],
        tries=row[10],
        since=row[11],
    )


def intent_of(row: Sequence[Any]) -> Intent:
    """(operation, run, state, at, message, target); a created record's id is known only since the end."""
    operation = _operation.decode(row[0])
    if not operation.target.id and row[5]:
        target = RecordRef(operation.target.side, operation.target.datatype, row[5])
        operation = replace(operation, target=target)
    return Intent(operation, row[1], IntentState(row[2]), row[3], row[4])

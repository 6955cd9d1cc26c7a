"""The test records, and what each of them has to hold: worked out from what was typed and from the mapping, never from what the engine did.

Owns: Subject, the books of expected values, what an edit has to lead to. Does not own: making the records and edits (running.py), values
(values.py), who wins a conflict: that is told here anew, from the policy's words, so that the engine's own rule is not its own judge. Pure.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from accord.core.flowrules import names_on
from accord.core.mapping import CompiledFlow, Resolved
from accord.core.mapping_compile import sends
from accord.model.dataflow import ClearPolicy, ConflictPolicy, Flow, PropertyMapping
from accord.model.records import RecordRef, Side
from accord.model.values import RawValues, Value, is_empty


class Role(StrEnum):
    """What a test record is for."""

    MAIN = "main"  # made on the left
    RIGHT_MADE = "right-made"
    MATCHED = "matched"  # made on both sides, to be linked
    SPARE = "spare"  # made on the left, where nothing is matched: to be deleted on the right
    LEFT_OUT = "left-out"  # the filter leaves it out
    RIGHT_OUT = "right-out"


@dataclass(slots=True)
class Subject:
    """A test record and its counterpart. ``due``: by side, what each mapped property has to hold, in common form.

    ``raw``: as both sides were last read; ``modified``: when they say they were changed; ``gone``: sides where there is no record any more.
    """

    compiled: CompiledFlow
    role: Role
    refs: dict[Side, RecordRef] = field(default_factory=dict)
    due: dict[Side, dict[str, Value]] = field(default_factory=lambda: {side: {} for side in Side})
    raw: dict[Side, dict[str, Any]] = field(default_factory=lambda: {side: {} for side in Side})
    before: dict[Side, dict[str, Any]] = field(default_factory=lambda: {side: {} for side in Side})
    modified: dict[Side, str | None] = field(default_factory=dict)
    gone: set[Side] = field(default_factory=set)
    missing: str = ""

    @property
    def flow(self) -> Flow:
        """Its flow."""
        return self.compiled.flow

    @property
    def paired(self) -> bool:
        """Whether both sides have a record."""
        return len(self.refs) == 2 and not self.gone

    def typed(self, side: Side, mapping: PropertyMapping, raw: RawValues, resolved: Resolved) -> None:
        """Note that somebody typed this value on that side, and what the other side has to hold once it has crossed.

        ``raw``: the mapping's properties only, in that side's words.
        """
        value = self._common(side, {**raw}, mapping, resolved)
        self.due[side][mapping.name] = value
        there = side.other
        if not sends(mapping.direction, there):
            return
        if is_empty(value) and (mapping.clear or self.flow.clear) is ClearPolicy.IGNORE:
            return
        self.due[there][mapping.name] = self.crossed(side, mapping, value, resolved)

    def crossed(self, side: Side, mapping: PropertyMapping, value: Value, resolved: Resolved) -> Value:
        """A common value of one side as the other side has to hold it: through that side's words and back."""
        there = side.other
        words = self.compiled.words(there, {mapping.name: value}, self.raw[there] or None, resolved)
        return self._common(there, words, mapping, resolved)

    def holds(self, side: Side, mapping: PropertyMapping, resolved: Resolved) -> tuple[Value, str]:
        """What the record holds now in common form, and what is wrong with it, "" if nothing is."""
        mapped = self.compiled.common(side, self.raw[side], resolved)
        if fault := mapped.faults.get(mapping.name):
            return None, fault
        if mapping.name in mapped.waits:
            return None, "it refers to a record that is none of the test records"
        if mapping.name not in mapped.values:
            return None, f"{', '.join(names_on(mapping, side))} is not shown"
        return mapped.values[mapping.name], ""

    def _common(self, side: Side, raw: RawValues, mapping: PropertyMapping, resolved: Resolved) -> Value:
        mapped = self.compiled.common(side, raw, resolved)
        if mapping.name not in mapped.values:
            raise ValueError(f"{mapping.name}: {mapped.faults.get(mapping.name, 'a value that the mapping does not take')}")
        return mapped.values[mapping.name]


def same(due: Value, held: Value) -> bool:
    """Whether what is held is what has to be; one kind of empty is as good as another; of an item only what has to be there counts."""
    if isinstance(due, Mapping) and isinstance(held, Mapping):
        return due.keys() == held.keys() and all(
            all(same(value, held[key].get(name)) for name, value in item.items()) for key, item in due.items()
        )
    return due == held or (is_empty(due) and is_empty(held))


def winner(flow: Flow, mapping: PropertyMapping, modified: Mapping[Side, str | None], doubt: float) -> Side | None:
    """Who has to win when both sides were given different values, neither of them empty; None if a person has to decide.

    ``doubt``: seconds within which times do not tell.
    """
    policy = mapping.conflict or flow.conflict
    if policy is ConflictPolicy.MANUAL:
        return None
    if policy in (ConflictPolicy.LEFT, ConflictPolicy.RIGHT):
        return Side.LEFT if policy is ConflictPolicy.LEFT else Side.RIGHT
    times = [modified.get(side) for side in Side]
    if policy is ConflictPolicy.LATEST and times[0] is not None and times[1] is not None:
        left, right = (datetime.fromisoformat(str(one)).timestamp() for one in times)
        if abs(left - right) > doubt:
            return Side.LEFT if left > right else Side.RIGHT
    return flow.fallback

"""The merge step: left, right and their bases -> what each side should get, per property.

Owns: the decision table below, and its application to scalars and lists. Does not own: who wins a conflict (core/conflicts.py), whether a
write is allowed (core/planning.py).

Each side is compared with **its own** base. So a value that the target rewrote when it was written (trimmed, rounded) does not look like an
edit, and an edit on one side is never taken for a difference made by the other.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum, StrEnum
from typing import Final, cast

from accord.core.conflicts import Times, resolve
from accord.model.dataflow import ClearPolicy, ConflictPolicy, Direction
from accord.model.records import Side
from accord.model.values import Item, Scalar, Value, Values, is_empty


class Nothing(Enum):
    """Absent: no value was shown, or nothing has been agreed. Never the same as empty."""

    ABSENT = "absent"


ABSENT: Final = Nothing.ABSENT


class Now(StrEnum):
    """How a side's value stands to what is known of it."""

    STILL = "still"  # equals its base
    MOVED = "moved"  # differs from its base
    EMPTY = "empty"  # no base yet, and no value
    VALUE = "value"  # no base yet, and a value
    ABSENT = "absent"  # not shown


class Then(StrEnum):
    """What follows for the pair."""

    KEEP = "keep"  # nothing
    AGREE = "agree"  # nothing is written, the bases become what both sides hold
    TO_RIGHT = "to_right"
    TO_LEFT = "to_left"
    CONFLICT = "conflict"


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the decision table. ``same``: whether both sides hold the same now; None where it does not matter."""

    rule: str
    left: Now | None
    right: Now | None
    same: bool | None
    then: Then

    def fits(self, left: Now, right: Now, same: bool) -> bool:
        """Whether this row is about such a pair."""
        return self.left in (None, left) and self.right in (None, right) and self.same in (None, same)


TABLE: Final = (
    Row("MERGE-10", Now.ABSENT, None, None, Then.KEEP),
    Row("MERGE-10", None, Now.ABSENT, None, Then.KEEP),
    Row("MERGE-01", Now.STILL, Now.STILL, None, Then.KEEP),
    Row("MERGE-04", Now.MOVED, Now.MOVED, True, Then.AGREE),
    Row("MERGE-04", Now.MOVED, Now.STILL, True, Then.AGREE),
    Row("MERGE-04", Now.STILL, Now.MOVED, True, Then.AGREE),
    Row("MERGE-02", Now.MOVED, Now.STILL, False, Then.TO_RIGHT),
    Row("MERGE-03", Now.STILL, Now.MOVED, False, Then.TO_LEFT),
    Row("MERGE-05", Now.MOVED, Now.MOVED, False, Then.CONFLICT),
    Row("MERGE-06", Now.EMPTY, Now.EMPTY, None, Then.AGREE),
    Row("MERGE-06", Now.VALUE, Now.VALUE, True, Then.AGREE),
    Row("MERGE-07", Now.EMPTY, Now.VALUE, None, Then.TO_LEFT),
    Row("MERGE-08", Now.VALUE, Now.EMPTY, None, Then.TO_RIGHT),
    Row("MERGE-09", Now.VALUE, Now.VALUE, False, Then.CONFLICT),
)
"""Read from the top; the first row that fits decides. Both bases exist or neither does: half a base counts as none. So one side never
meets for the first time while the other has a base: eight of the 25 pairs cannot come up."""

_DECISIONS: Final = {
    (left, right, same): row
    for left in Now
    for right in Now
    for same in (True, False)
    for row in reversed(TABLE)
    if row.fits(left, right, same)
}


@dataclass(frozen=True, slots=True)
class PropertyRule:
    """What the dataflow says about one property. ``items``: the rules of a list's item properties."""

    name: str
    direction: Direction = Direction.BOTH
    conflict: ConflictPolicy = ConflictPolicy.LATEST
    fallback: Side = Side.LEFT
    clear: ClearPolicy = ClearPolicy.PROPAGATE
    items: Mapping[str, "PropertyRule"] | None = None


@dataclass(frozen=True, slots=True)
class Merged:
    """The outcome for one property.

    ``left``, ``right``: what that side should get, ABSENT for nothing. ``agreed``: the bases may be set to what both sides hold now, be
    it the same, or an edit that does not cross and stays where it was made. ``losers``: the sides of which an edit is
    replaced: for a list it can be both, in different items.
    """

    name: str
    rule: str
    left: Value | Nothing = ABSENT
    right: Value | Nothing = ABSENT
    agreed: bool = False
    conflict: bool = False
    held: bool = False
    losers: frozenset[Side] = frozenset()

    def to(self, side: Side) -> Value | Nothing:
        """What that side should get."""
        return self.left if side is Side.LEFT else self.right


@dataclass(frozen=True, slots=True)
class Sides:
    """The four inputs of a merge of one record pair, in common form; a missing key is absent, or a base not agreed yet."""

    left: Values
    right: Values
    left_base: Values = field(default_factory=dict)
    right_base: Values = field(default_factory=dict)


def merge(rules: Iterable[PropertyRule], sides: Sides, times: Times) -> tuple[Merged, ...]:
    """Merge a record pair property by property; properties do not see each other (P13)."""
    return tuple(
        merge_property(
            rule,
            sides.left.get(rule.name, ABSENT),
            sides.right.get(rule.name, ABSENT),
            (sides.left_base.get(rule.name, ABSENT), sides.right_base.get(rule.name, ABSENT)),
            times,
        )
        for rule in rules
    )


def merge_property(
    rule: PropertyRule, left: Value | Nothing, right: Value | Nothing, bases: tuple[Value | Nothing, Value | Nothing], times: Times
) -> Merged:
    """Merge one property: the table, then direction, clearing and conflict policy. ``bases``: of the left and of the right."""
    if bases[0] is ABSENT or bases[1] is ABSENT:
        bases = (ABSENT, ABSENT)
    row = decide(left, right, bases)
    if row.then in (Then.KEEP, Then.AGREE):
        return Merged(rule.name, row.rule, agreed=row.then is Then.AGREE)
    assert left is not ABSENT and right is not ABSENT  # MERGE-10 comes first in the table
    if rule.items is not None and rule.direction is Direction.BOTH:
        return _merge_list(rule, row, (left, right), bases, times)
    if row.then is Then.CONFLICT:
        return _conflict(rule, left, right, times)
    source = Side.LEFT if row.then is Then.TO_RIGHT else Side.RIGHT
    return _cross(rule, row.rule, source, left if source is Side.LEFT else right)


def decide(left: Value | Nothing, right: Value | Nothing, bases: tuple[Value | Nothing, Value | Nothing]) -> Row:
    """The row of the table for one property; ``bases``: both or neither."""
    return _DECISIONS[standing(left, bases[0]), standing(right, bases[1]), _same(left, right)]


def _same(left: Value | Nothing, right: Value | Nothing) -> bool:
    """Whether both hold the same; one kind of empty corresponds to the other."""
    if left == right:
        return True
    return left is not ABSENT and right is not ABSENT and is_empty(left) and is_empty(right)


def standing(value: Value | Nothing, base: Value | Nothing) -> Now:
    """How a value stands to its base. From one kind of empty to another is no edit: emptying crosses only where there was a value."""
    if value is ABSENT:
        return Now.ABSENT
    if base is ABSENT:
        return Now.EMPTY if is_empty(value) else Now.VALUE
    return Now.STILL if _same(value, base) else Now.MOVED


def edited(values: Values, base: Values) -> bool:
    """Whether a side holds anything else than its base; what it does not show counts as edited, since it cannot be told (P11)."""
    return any(standing(values.get(name, ABSENT), base.get(name, ABSENT)) not in (Now.STILL, Now.EMPTY) for name in {**values, **base})


def _sends(direction: Direction, side: Side) -> bool:
    return direction is Direction.BOTH or (direction is Direction.LEFT_TO_RIGHT) is (side is Side.LEFT)


def _give(name: str, rule: str, target: Side, value: Value, loser: Side | None = None) -> Merged:
    losers = frozenset[Side]() if loser is None else frozenset((loser,))
    if target is Side.LEFT:
        return Merged(name, rule, left=value, conflict=bool(losers), losers=losers)
    return Merged(name, rule, right=value, conflict=bool(losers), losers=losers)


def _cross(rule: PropertyRule, table_rule: str, source: Side, value: Value) -> Merged:
    """One side has something for the other: it crosses unless it does not send, or emptying does not cross."""
    if not _sends(rule.direction, source):
        return Merged(rule.name, "MERGE-11")  # its base stays: should the property cross both ways one day, the edit is still an edit
    if is_empty(value) and rule.clear is ClearPolicy.IGNORE:
        return Merged(rule.name, "MERGE-13", agreed=True)
    return _give(rule.name, table_rule, source.other, value)


def _conflict(rule: PropertyRule, left: Value, right: Value, times: Times) -> Merged:
    """Both sides have something for the other. Where emptying does not cross, an emptied side never wins."""
    values = {Side.LEFT: left, Side.RIGHT: right}
    if rule.direction is not Direction.BOTH:
        source = Side.LEFT if rule.direction is Direction.LEFT_TO_RIGHT else Side.RIGHT
        if is_empty(values[source]) and rule.clear is ClearPolicy.IGNORE:
            return Merged(rule.name, "MERGE-13", agreed=True)
        return _give(rule.name, "MERGE-12", source.other, values[source], loser=source.other)
    ending = resolve(rule.conflict, rule.fallback, left, right, times)
    if ending.winner is None:
        return Merged(rule.name, ending.rule, conflict=True, held=True)
    if is_empty(values[ending.winner]) and rule.clear is ClearPolicy.IGNORE:
        ending = resolve(ConflictPolicy.KEEP_NON_EMPTY, rule.fallback, left, right, times)
    winner = cast(Side, ending.winner)
    return _give(rule.name, ending.rule, winner.other, values[winner], loser=winner.other)


def items_of(value: Value | Nothing) -> Mapping[str, Item]:
    """The items of a list; an empty list, of whatever kind, has none."""
    return value if isinstance(value, Mapping) else {}


def _merge_list(
    rule: PropertyRule, row: Row, values: tuple[Value, Value], bases: tuple[Value | Nothing, Value | Nothing], times: Times
) -> Merged:
    """Merge a list item by item, by key: an item added on one side is added on the other, one removed is removed unless it was changed.

    What does not cross stays on each side as it is there: a value that the other side trims or rounds, a property that goes one way.
    """
    left, right = items_of(values[0]), items_of(values[1])
    left_base, right_base = items_of(bases[0]), items_of(bases[1])
    union = row.then is Then.CONFLICT and rule.conflict is ConflictPolicy.UNION
    for_left: dict[str, Item] = {}
    for_right: dict[str, Item] = {}
    found: list[_MergedItem] = []
    for key in [*left, *(k for k in right if k not in left)]:
        item = _merge_item(rule, (left.get(key), right.get(key)), (left_base.get(key), right_base.get(key)), times)
        if item.held:
            return Merged(rule.name, "CONFLICT-04", conflict=True, held=True)
        if item.left is None and union:
            item = _kept(left.get(key), right.get(key))
        if item.left is not None and item.right is not None:
            for_left[key], for_right[key] = item.left, item.right
        found.append(item)
    if not for_left and rule.clear is ClearPolicy.IGNORE and not (left and right):
        return Merged(rule.name, "MERGE-13")  # the bases stay: once the list has items again, those that were removed are known
    quiet = for_left == left and for_right == right
    return Merged(
        rule.name,
        "CONFLICT-06" if any(item.union for item in found) else "LIST-01",
        left=ABSENT if for_left == left else for_left,
        right=ABSENT if for_right == right else for_right,
        agreed=quiet and all(item.shown for item in found),
        conflict=any(item.conflict for item in found),
        losers=frozenset[Side]().union(*(item.losers for item in found)),
    )


@dataclass(frozen=True, slots=True)
class _MergedItem:
    """One item as each side should hold it; None on both for one that goes.

    ``union``: one side removed it, and it is kept all the same. ``shown``: no side left out a property of it that it showed before.
    """

    left: Item | None
    right: Item | None
    conflict: bool = False
    held: bool = False
    losers: frozenset[Side] = frozenset()
    union: bool = False
    shown: bool = True


def _kept(left: Item | None, right: Item | None) -> _MergedItem:
    """An item that one side removed, kept by both."""
    item = right if left is None else left
    return _MergedItem(item, item, conflict=True, losers=frozenset((Side.LEFT if left is None else Side.RIGHT,)), union=True)


def _merge_item(
    rule: PropertyRule, items: tuple[Item | None, Item | None], bases: tuple[Item | None, Item | None], times: Times
) -> _MergedItem:
    left, right = items
    if left is None or right is None:
        only, base, other_base = (right, bases[1], bases[0]) if left is None else (left, bases[0], bases[1])
        removed = other_base is not None and base is not None  # it was agreed, so the other side took it away
        kept = None if removed and only == base else only
        return _MergedItem(kept, kept)
    results: tuple[dict[str, Scalar], dict[str, Scalar]] = ({}, {})
    before = (bases[0] or {}, bases[1] or {})
    conflict, held, losers = False, False, frozenset[Side]()
    for name, item_rule in (rule.items or {}).items():
        known = (before[0].get(name, ABSENT), before[1].get(name, ABSENT))
        one = merge_property(item_rule, left.get(name, ABSENT), right.get(name, ABSENT), known, times)
        conflict, held, losers = conflict or one.conflict, held or one.held, losers | one.losers
        for result, given, now in ((results[0], one.left, left), (results[1], one.right, right)):
            value = given if given is not ABSENT else now.get(name, ABSENT)
            if value is not ABSENT:
                result[name] = cast(Scalar, value)
    shown = before[0].keys() <= left.keys() and before[1].keys() <= right.keys()
    return _MergedItem(*results, conflict, held, losers, shown=shown)

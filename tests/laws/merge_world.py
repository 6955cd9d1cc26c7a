"""Two perfect, or rewriting, systems around the pure merge: what the laws of merging are tried on. No engine, no store, no time."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

from hypothesis import strategies as st

from accord.core.agreeing import agree
from accord.core.conflicts import Times
from accord.core.merging import ABSENT, Merged, PropertyRule, Sides, merge
from accord.model.dataflow import ClearPolicy, ConflictPolicy, Direction
from accord.model.links import Link
from accord.model.plans import Change, Operation, OperationKind
from accord.model.records import RecordRef, Side
from accord.model.values import Value, is_empty

Rewrite: TypeAlias = Callable[[str, Any], Any]
"""What a system makes of a value of a property that it is sent, or that a user types."""

LEFT, RIGHT = Side.LEFT, Side.RIGHT
OTHER_WAY = {Direction.LEFT_TO_RIGHT: Direction.RIGHT_TO_LEFT, Direction.RIGHT_TO_LEFT: Direction.LEFT_TO_RIGHT}
OTHER_SIDE = {ConflictPolicy.LEFT: ConflictPolicy.RIGHT, ConflictPolicy.RIGHT: ConflictPolicy.LEFT}
OTHER_RULE = {"MERGE-02": "MERGE-03", "MERGE-03": "MERGE-02", "MERGE-07": "MERGE-08", "MERGE-08": "MERGE-07"}


# --- what goes in -----------------------------------------------------------------------------------------------------------------------

TEXTS = st.sampled_from(["a", "b", "c", "", None])


def maybe(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return values | st.just(ABSENT)


_NUMBERS = st.integers(0, 2)
_WORDS = st.sampled_from(["x", "y", "", None])
FULL = st.none() | st.dictionaries(st.sampled_from("123"), st.fixed_dictionaries({"n": _NUMBERS, "t": _WORDS}), max_size=3)
LISTS = st.none() | st.dictionaries(st.sampled_from("123"), st.fixed_dictionaries({"n": _NUMBERS}, optional={"t": _WORDS}), max_size=3)
"""Lists that show every property of every item; lists that may leave one out."""


@st.composite
def quartets(draw: st.DrawFn, lists: st.SearchStrategy[Any] = LISTS, absent: bool = True) -> tuple[Any, Any, Any, Any]:
    """A list on both sides and both bases. Mostly edits of one list, so that sides change, add and remove the same items."""
    related = draw(st.integers(0, 3))
    if not related:
        return draw(st.tuples(*[maybe(lists) if absent else lists] * 4))
    base = draw(lists)
    left, right = (_edited(draw, base, lists) for _ in Side)
    return left, right, base, _edited(draw, base, lists) if related == 1 else base


def _edited(draw: st.DrawFn, base: Any, lists: st.SearchStrategy[Any]) -> Any:
    """The list with some of the items of another one, and without some of its own."""
    other = draw(lists) or {}
    removed = draw(st.sets(st.sampled_from("123"), max_size=1))
    return {key: item for key, item in {**(base or {}), **other}.items() if key not in removed}


INSTANTS = st.none() | st.integers(0, 20).map(lambda second: f"2026-03-01T12:00:{second:02d}Z")
TIMES = st.builds(Times, INSTANTS, INSTANTS)


def text_rules(name: str = "p") -> st.SearchStrategy[PropertyRule]:
    return st.builds(
        PropertyRule,
        st.just(name),
        st.sampled_from(Direction),
        st.sampled_from(ConflictPolicy),
        st.sampled_from(Side),
        st.sampled_from(ClearPolicy),
    )


def list_rules(name: str = "p") -> st.SearchStrategy[PropertyRule]:
    """Lists whose item properties follow the list's policy and fallback, as a dataflow makes them; each may go one way."""
    return st.builds(
        lambda rule, one, two: replace(
            rule, items={"n": replace(rule, name="n", direction=one), "t": replace(rule, name="t", direction=two)}
        ),
        text_rules(name),
        st.sampled_from(Direction),
        st.sampled_from(Direction),
    )


def list_rule(**more: Any) -> PropertyRule:
    """A list that crosses both ways, with its items."""
    rule = PropertyRule("p", **more)
    return replace(rule, items={"n": replace(rule, name="n"), "t": replace(rule, name="t")})


# --- the mirror -------------------------------------------------------------------------------------------------------------------------


def mirrored_rule(rule: PropertyRule) -> PropertyRule:
    return PropertyRule(
        rule.name,
        OTHER_WAY.get(rule.direction, rule.direction),
        OTHER_SIDE.get(rule.conflict, rule.conflict),
        rule.fallback.other,
        rule.clear,
        None if rule.items is None else {name: mirrored_rule(one) for name, one in rule.items.items()},
    )


def mirrored_times(times: Times) -> Times:
    return Times(times.right, times.left, times.doubt)


def mirrored(merged: Merged) -> Merged:
    return replace(
        merged,
        rule=OTHER_RULE.get(merged.rule, merged.rule),
        left=merged.right,
        right=merged.left,
        losers=frozenset(side.other for side in merged.losers),
    )


# --- the world --------------------------------------------------------------------------------------------------------------------------


def as_it_is(name: str, value: Any) -> Any:
    return value


def rewriting(scalar: Callable[[Any], Any]) -> Rewrite:
    """A system that makes something else of every scalar, also within items."""

    def rewrite(name: str, value: Any) -> Any:
        if isinstance(value, Mapping):
            return {key: {one: scalar(inner) for one, inner in item.items()} for key, item in value.items()}
        return scalar(value)

    return rewrite


@dataclass
class World:
    """A pair of linked records. ``fails``: called before each write with its side; True loses the write."""

    rules: Sequence[PropertyRule]
    left: dict[str, Value] = field(default_factory=dict)
    right: dict[str, Value] = field(default_factory=dict)
    rewrites: Mapping[Side, Rewrite] = field(default_factory=lambda: {LEFT: as_it_is, RIGHT: as_it_is})
    fails: Callable[[Side], bool] = lambda side: False
    link: Link = field(default_factory=lambda: Link("f", "L", "R", {}, {}, 1))
    writes: list[Operation] = field(default_factory=list)
    merged: tuple[Merged, ...] = ()

    def values(self, side: Side) -> dict[str, Value]:
        return self.left if side is LEFT else self.right

    def edit(self, side: Side, name: str, value: Value) -> None:
        """What a user types; the system may rewrite that too."""
        self.values(side)[name] = self.rewrites[side](name, value)

    def sync(self, times: Times | None = None) -> int:
        """One cycle: merge, write, agree. Gives the number of writes."""
        before = len(self.writes)
        seen = {side: dict(self.values(side)) for side in Side}
        sides = Sides(seen[LEFT], seen[RIGHT], self.link.left_base, self.link.right_base)
        self.merged = merge(self.rules, sides, times or Times())
        self._agree_at_once(seen)
        for side in Side:
            changes = [one for one in self.merged if one.to(side) is not ABSENT]
            if changes and not self.fails(side):
                self._write(side, changes, seen)
        return len(self.writes) - before

    def _agree_at_once(self, seen: Mapping[Side, dict[str, Value]]) -> None:
        bases = {side: dict(self.link.base(side)) for side in Side}
        for one in self.merged:
            for side in Side if one.agreed else ():
                bases[side][one.name] = seen[side][one.name]
        self.link = replace(self.link, left_base=bases[LEFT], right_base=bases[RIGHT])

    def _write(self, side: Side, changes: Sequence[Merged], seen: Mapping[Side, dict[str, Value]]) -> None:
        operation = update(side, {one.name: one.to(side) for one in changes}, seen[side])
        self.writes.append(operation)
        for change in operation.changes:
            self.values(side)[change.name] = self.rewrites[side](change.name, change.value)
        self.link, _ = agree(self.link, operation, seen[side.other], dict(self.values(side)))

    def settle(self, most: int = 5) -> int:
        """Cycles until nothing is written; gives the number of writes. Fails if there is no end to it."""
        total = 0
        for _ in range(most):
            if not (written := self.sync()):
                return total
            total += written
        raise AssertionError(f"no rest after {most} cycles")


def update(side: Side, sent: Mapping[str, Any], held: Mapping[str, Any], kind: OperationKind = OperationKind.UPDATE) -> Operation:
    """An operation that sends these values to a target that holds those."""
    changes = tuple(Change(name, value, held.get(name), "MERGE-02", replaced_absent=name not in held) for name, value in sent.items())
    refs = RecordRef(side.other, "D", "S"), RecordRef(side, "D", "T")
    return Operation("k", "f", kind, refs[0], refs[1], changes, {}, (), "x", None, 1)


def corresponds(one: Any, other: Any) -> bool:
    """Equal, or both empty; lists item by item."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(
            corresponds(one[key].get(name), other[key].get(name)) for key in one for name in {**one[key], **other[key]}
        )
    return one == other or (is_empty(one) and is_empty(other))

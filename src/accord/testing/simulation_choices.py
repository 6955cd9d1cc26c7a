"""What a seed chooses before anything happens: the rules of the dataflow, and what the two systems can and cannot do.

Owns: Rules, Choices, which oddities a system may have. Does not own: the flows (simulation_dataflow.py), the faults of a history
(simulation.py), how an oddity works (connectors/memory_world.py).
"""

import random
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

from accord.connectors.memory import MemoryDatatype
from accord.model.capabilities import ChangeCapture, Finding
from accord.model.dataflow import ClearPolicy, ConflictPolicy, Creation, DeletePolicy
from accord.model.records import Side
from accord.model.values import Raw

DAY = 86_400.0

LONGEST_LAG = 60.0
"""Seconds within which every lag of an ordinary system is over."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What a seed chooses of the dataflow; the same for all flows. ``flows``: their names; ``filtered``: some have a filter."""

    conflict: ConflictPolicy = ConflictPolicy.LATEST
    fallback: Side = Side.LEFT
    clear: ClearPolicy = ClearPolicy.PROPAGATE
    deletes: DeletePolicy = DeletePolicy.REPORT
    create: Creation = Creation.LEFT_TO_RIGHT
    flows: tuple[str, ...] = ()
    filtered: bool = False


@dataclass(frozen=True, slots=True)
class Oddities:
    """Properties, of either side, that a system may trim, upper-case, round (to so many digits), ignore when we write them, refuse when
    they hold a value, give back in another order, or take from one record only.
    """

    trims: frozenset[str] = frozenset()
    upper_cases: frozenset[str] = frozenset()
    rounds: Mapping[str, int] = field(default_factory=dict)
    ignores: Sequence[frozenset[str]] = ()
    refuses: Mapping[str, Collection[Raw]] = field(default_factory=dict)
    reorders: frozenset[str] = frozenset()
    unique: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Choices:
    """What a seed chooses before anything happens. ``ahead``: seconds that each system's clock is off."""

    rules: Rules
    datatypes: Mapping[Side, MemoryDatatype]
    ahead: Mapping[Side, float]

    @property
    def quiet(self) -> float:
        """Seconds after the last edit: longer than every lag, granularity and clock difference."""
        return 5 * max(LONGEST_LAG, *(one.granularity for one in self.datatypes.values()))

    @property
    def shifts(self) -> bool:
        """Whether an edit during a listing may make it skip records."""
        return any(one.shifting for one in self.datatypes.values())

    @property
    def tells_times(self) -> bool:
        """Whether an earlier content can be told by its time on both sides."""
        return all(one.modified_time and one.granularity < 1 for one in self.datatypes.values())

    def __str__(self) -> str:
        """In words that are the same in every process."""
        usual = _said(MemoryDatatype())
        able = {side: {name: value for name, value in _said(one).items() if value != usual[name]} for side, one in self.datatypes.items()}
        return f"{_said(self.rules)}, " + ", ".join(f"{side}: clock {self.ahead[side]:+} {told}" for side, told in able.items())


def _said(one: Any) -> dict[str, Any]:
    found = {each.name: getattr(one, each.name) for each in fields(one)}
    return {name: sorted(value) if isinstance(value, frozenset) else str(value) for name, value in found.items()}


def choose_rules(rng: random.Random, flows: Sequence[str]) -> Rules:
    """Choose the rules, and which of the flows there are; at least one, in the order given."""
    policies = (ConflictPolicy.LATEST, ConflictPolicy.LATEST, ConflictPolicy.LEFT, ConflictPolicy.RIGHT, ConflictPolicy.KEEP_NON_EMPTY)
    return Rules(
        rng.choice(policies),
        rng.choice(tuple(Side)),
        rng.choice((ClearPolicy.PROPAGATE, ClearPolicy.PROPAGATE, ClearPolicy.IGNORE)),
        rng.choice((DeletePolicy.REPORT, DeletePolicy.UNLINK, DeletePolicy.DELETE)),
        rng.choice((Creation.LEFT_TO_RIGHT, Creation.BOTH)),
        tuple(name for name in flows if rng.random() < 0.6) or (rng.choice(flows),),
        rng.random() < 0.3,
    )


def choose_systems(rng: random.Random, rules: Rules, odd: Oddities) -> Choices:
    """Choose what the systems can do."""
    ahead = {side: rng.choice((0.0, 0.0, -2.0, 1.5)) for side in Side}
    return Choices(rules, {side: _abilities(rng, odd) for side in Side}, ahead)


def _abilities(rng: random.Random, odd: Oddities) -> MemoryDatatype:
    """What one of the systems can do. A listing that lags is only bearable where the records say when they changed."""
    granularity = rng.choice((0.001, 0.001, 0.001, 1.0, 1.0, 60.0, DAY))
    modified_time = granularity > 0.001 or rng.random() < 0.8
    fine = modified_time and granularity <= 0.001

    def sometimes(share: float) -> bool:
        return rng.random() < share

    return MemoryDatatype(
        conditional_write=sometimes(0.5),
        idempotency_key=sometimes(0.5),
        finding=rng.choice((Finding.CERTAIN, Finding.CERTAIN, Finding.LAGGING, Finding.NONE)),
        find_lag=rng.choice((0.0, 2.0, 20.0)),
        changes=rng.choice((ChangeCapture.SINCE, ChangeCapture.SINCE, ChangeCapture.FEED, ChangeCapture.LISTING)),
        sees_deletes=sometimes(0.8),
        modified_time=modified_time,
        versions=rng.choice(("number", "time", "none") if modified_time else ("number", "none")),
        granularity=granularity,
        commit_lag=rng.choice((0.0, 3.0)) if fine else 0.0,
        page_size=rng.choice((1, 2, 5, 100)),
        shifting=sometimes(0.2),
        trims=odd.trims if sometimes(0.4) else frozenset(),
        upper_cases=odd.upper_cases if sometimes(0.3) else frozenset(),
        rounds=odd.rounds if sometimes(0.3) else {},
        ignores=rng.choice(odd.ignores) if odd.ignores and sometimes(0.15) else frozenset(),
        refuses=odd.refuses if sometimes(0.3) else {},
        reorders=odd.reorders if sometimes(0.3) else frozenset(),
        reuses_ids=sometimes(0.1),
        unique=odd.unique if sometimes(0.6) else frozenset(),
        settles=rng.choice((0.0, LONGEST_LAG)),
    )

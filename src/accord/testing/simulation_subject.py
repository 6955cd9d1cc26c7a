"""What a history is about: a dataflow, its things as users know them, and what users type.

Owns: Thing, Subject. Does not own: any particular dataflow (simulation_dataflow.py, simulation_own.py), when users type
(simulation_users.py).
"""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from accord.connectors.memory import MemoryDatatype, MemorySystem
from accord.core.mapping import CompiledFlow
from accord.model.dataflow import Creation, Dataflow, Flow
from accord.model.manifest import Datatype
from accord.model.records import Side
from accord.model.values import Raw
from accord.testing.oracle import View
from accord.testing.simulation_choices import Oddities

SYSTEMS = {Side.LEFT: "crm", Side.RIGHT: "register"}


@dataclass(frozen=True, slots=True)
class Thing:
    """What one flow keeps in step, as users know it.

    ``keys``: by side, the property that makes two records one thing: it crosses, and nobody ever edits it. A record without one is none of
    this flow's. ``names``: by side, what users type; ``fixed``: of those, what they never leave empty. ``shown``: by mapping name, the
    two-way properties of both sides that the oracle compares.
    """

    flow: Flow
    keys: Mapping[Side, str]
    names: Mapping[Side, Sequence[str]]
    fixed: frozenset[str]
    shown: Mapping[str, Mapping[Side, str]]


class Desk(Protocol):
    """Where a user sits: chance, the records that are there, and texts that nobody else ever types."""

    rng: random.Random

    def text(self) -> str:
        """A text with a token of its own."""
        ...

    def count(self) -> int:
        """A number that was never given before."""
        ...

    def living(self, side: Side, datatype: str) -> Sequence[str]:
        """Ids of what is not deleted."""
        ...


class Subject(Protocol):
    """A dataflow that can be simulated."""

    @property
    def dataflow(self) -> Dataflow:
        """The flows."""
        ...

    @property
    def compiled(self) -> Mapping[str, CompiledFlow]:
        """The flows, compiled."""
        ...

    @property
    def datatypes(self) -> Mapping[Side, Mapping[str, Datatype]]:
        """What both systems hold."""
        ...

    @property
    def things(self) -> Sequence[Thing]:
        """One per flow, in the order in which users make them: what is referred to comes first."""
        ...

    @property
    def oddities(self) -> Oddities:
        """What systems may do to the properties."""
        ...

    def able(self, side: Side, name: str, chosen: MemoryDatatype) -> MemoryDatatype:
        """What a datatype can do, given what the seed chose for its side."""
        ...

    def key(self, thing: Thing, number: int) -> Mapping[Side, Mapping[str, Raw]]:
        """What makes the records of a new thing one, as both sides write it; ``keys`` of the thing are among it."""
        ...

    def typed(self, desk: Desk, side: Side, thing: Thing, name: str, held: Raw) -> Raw:
        """A new value for a property of which a user sees ``held`` (None: a new record)."""
        ...

    def emptied(self, desk: Desk, name: str) -> Raw:
        """How a user empties a property."""
        ...

    def alike(self, worlds: Mapping[Side, MemorySystem], thing: Thing) -> Mapping[str, Callable[[Raw, Raw], bool]]:
        """By mapping name, whether a left and a right raw value are the same thing, whatever the systems do to it."""
        ...


def views(worlds: Mapping[Side, MemorySystem], thing: Thing) -> dict[Side, View]:
    """Both sides of a flow as the oracle looks at them; a right record may be alone where the flow does not create to the left."""
    flow, found = thing.flow, {}
    for side in Side:
        names = {name: sides[side] for name, sides in thing.shown.items()}
        made = flow.create is Creation.BOTH or (flow.create is Creation.LEFT_TO_RIGHT and side is Side.LEFT)
        alone = not made or not (flow.share.right if side is Side.LEFT else flow.share.left)
        found[side] = View(worlds[side], side, flow.datatype(side), thing.keys[side], names, alone)
    return found


def used_again(worlds: Mapping[Side, MemorySystem], *ids: Raw) -> bool:
    """Whether one of the ids may mean another record by now than when it was written."""
    return any(id in ids for world in worlds.values() for _, id in world.reused)

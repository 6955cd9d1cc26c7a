"""What goes wrong in a history beside crashes: faults of calls, systems that are down, announcements that are late, repeated or missing.

Owns: which faults a history has and how probable they are, webhooks, the counting. Does not own: how a fault of a call works
(connectors/hostile.py), crashes (simulation_crashes.py), when all this happens (simulation.py).
"""

import random
from collections import Counter
from collections.abc import Mapping
from dataclasses import fields, replace

from accord.connectors.hostile import Fault, FaultPlan
from accord.connectors.memory import MemorySystem, Who
from accord.model.records import Hint, RecordRef, Side

DOWN = FaultPlan.only(Fault.NOT_REACHED)
"""A system that is not there at all."""


class Tally(Counter[Fault]):
    """Counts the faults of one connector into those of the history."""

    def __init__(self, history: Counter[str]) -> None:
        super().__init__()
        self._history = history

    def __setitem__(self, fault: Fault, count: int) -> None:
        self._history[fault.value] += count - self.get(fault, 0)
        super().__setitem__(fault, count)


def choose_faults(rng: random.Random, tells_times: bool) -> FaultPlan:
    """How hostile both systems are. ``tells_times``: an earlier content can be told by its time; otherwise none is ever given."""
    scale = rng.choice((0.0, 0.01, 0.04, 0.1))
    plan = FaultPlan(**{one.name: scale * rng.choice((0.0, 0.0, 1.0, 1.0, 3.0)) for one in fields(FaultPlan)})
    return plan if tells_times else replace(plan, stale=0.0)


def for_first_listing(plan: FaultPlan) -> FaultPlan:
    """The same, as long as a system has not been listed once: a first listing that leaves anything out cannot be told from a true one."""
    return replace(plan, empty=0.0, shifted=0.0, forbidden=0.0, vanished=0.0)


class Announcements:
    """The systems' webhooks: what users changed, at once or late, once or more often, in any order, or never."""

    def __init__(self, worlds: Mapping[Side, MemorySystem], rng: random.Random, injected: Counter[str]) -> None:
        self._worlds = worlds
        self._rng = rng
        self._injected = injected
        self._seen = dict.fromkeys(worlds, 0)
        self._waiting: list[tuple[str, Hint]] = []

    def due(self) -> list[tuple[str, Hint]]:
        """What arrives now: the event's id, and the record that it names."""
        for side, world in self._worlds.items():
            for call in world.calls[self._seen[side] :]:
                if call.who is not Who.USER:
                    continue
                if self._rng.random() < 0.2:
                    self._injected["webhook_missing"] += 1
                else:
                    self._waiting.append((f"{side}{call.number}", Hint(RecordRef(side, call.datatype, call.id))))
            self._seen[side] = len(world.calls)
        arriving = [one for one in self._waiting if self._rng.random() < 0.8]
        again = [one for one in arriving if self._rng.random() < 0.2]
        self._injected["webhook_late"] += len(self._waiting) - len(arriving)
        self._injected["webhook_repeated"] += len(again)
        self._waiting = [one for one in self._waiting if one not in arriving] + again
        self._rng.shuffle(arriving)
        return arriving

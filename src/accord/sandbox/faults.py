"""What goes wrong on demand, and what was called.

Owns: Fault (a switch), Faults (drawing one per call), Calls (the counts a proof needs). Does not own: carrying a fault out (web.py).
"""

from collections import Counter
from dataclasses import dataclass, field
from typing import Literal

import msgspec

Kind = Literal["error", "busy", "lost_answer", "lost_call", "slow", "none"]
Only = Literal["all", "reads", "writes"]


class Fault(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A switch.

    error: ``status`` (500) instead of an effect; busy: 429 with Retry-After ``retry_after`` seconds; lost_answer: the effect happens, then
    the connection closes without an answer; lost_call: it closes before any effect; slow: ``milliseconds`` pass first; none: all off.
    ``every``: every n-th call that counts. ``times``: at most so often, 0 without end. ``only``: which calls count.
    ``call``: only this one, named as in the counts ("POST persons/{id}/contacts").
    """

    kind: Kind
    every: int = 1
    times: int = 0
    only: Only = "all"
    call: str | None = None
    status: int = 500
    retry_after: float = 1.0
    milliseconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Strike:
    """What goes wrong with one call: nothing, by default. ``refused`` is a status."""

    seconds: float = 0.0
    refused: int = 0
    retry_after: str = ""
    lost_answer: bool = False
    lost_call: bool = False


NOTHING = Strike()


@dataclass(slots=True)
class _Armed:
    fault: Fault
    seen: int = 0
    struck: int = 0

    def strikes(self, call: str, write: bool) -> bool:
        fault = self.fault
        if fault.call is not None and fault.call != call:
            return False
        if fault.only != "all" and (fault.only == "writes") != write:
            return False
        if fault.times and self.struck >= fault.times:
            return False
        self.seen += 1
        if self.seen % max(fault.every, 1):
            return False
        self.struck += 1
        return True


@dataclass(slots=True)
class Faults:
    """All switches that are on."""

    _armed: list[_Armed] = field(default_factory=list)

    def arm(self, fault: Fault) -> None:
        """Switch one on beside the others; "none" switches all off."""
        if fault.kind == "none":
            self._armed.clear()
        else:
            self._armed.append(_Armed(fault))

    def told(self) -> list[dict[str, object]]:
        """What is switched on, and how often it struck."""
        return [{**msgspec.to_builtins(armed.fault), "struck": armed.struck} for armed in self._armed]

    def strike(self, call: str, *, write: bool) -> Strike:
        """Draw for one call. Of several that refuse the first counts; delays add up."""
        if not self._armed:
            return NOTHING
        seconds, first = 0.0, None
        for armed in self._armed:
            if armed.strikes(call, write):
                if armed.fault.kind == "slow":
                    seconds += armed.fault.milliseconds / 1000
                else:
                    first = first or armed.fault
        return _strike(first, seconds)


def _strike(fault: Fault | None, seconds: float) -> Strike:
    if fault is None:
        return Strike(seconds)
    if fault.kind == "error":
        return Strike(seconds, fault.status)
    if fault.kind == "busy":
        return Strike(seconds, 429, f"{fault.retry_after:g}")
    return Strike(seconds, lost_answer=fault.kind == "lost_answer", lost_call=fault.kind == "lost_call")


@dataclass(slots=True)
class Calls:
    """Counts of signed-in calls. Signing in itself shows in ``by_call`` only."""

    reads: int = 0
    writes: int = 0
    by_call: Counter[str] = field(default_factory=Counter)

    def count(self, call: str, *, work: bool, write: bool) -> None:
        """Note one call."""
        self.by_call[call] += 1
        if work and write:
            self.writes += 1
        elif work:
            self.reads += 1

    def told(self) -> dict[str, object]:
        """The counts, as they are answered."""
        return {"reads": self.reads, "writes": self.writes, "by_call": dict(sorted(self.by_call.items()))}

    def reset(self) -> None:
        """Back to nothing."""
        self.reads = self.writes = 0
        self.by_call.clear()

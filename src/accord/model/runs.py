"""What a run amounts to: its cause, its result, and the counts that a person asks for.

Owns: Run, FlowCounts. The counts are told to people; the proof is always in the systems themselves.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(slots=True)
class FlowCounts:
    """What one run did in one flow. Counts of records, but ``conflicts``, which counts properties.

    ``stopped``: why the flow as a whole is held, "" if it is not.
    """

    flow: str
    matched: int = 0
    created_left: int = 0
    created_right: int = 0
    updated_left: int = 0
    updated_right: int = 0
    deleted_left: int = 0
    deleted_right: int = 0
    conflicts: int = 0
    waiting: int = 0
    held: int = 0
    review: int = 0
    quarantined: int = 0
    unknown: int = 0
    unchanged: int = 0
    stopped: str = ""

    def add(self, kind: str, side: str) -> None:
        """Count one operation done: "create", "update" or "delete", on a side."""
        name = f"{kind}d_{side}"
        setattr(self, name, getattr(self, name) + 1)

    def stand(self, pending: Mapping[str, int]) -> None:
        """Take over how many rows stay pending, by state."""
        self.waiting = pending.get("waiting", 0)
        self.held = pending.get("held", 0)
        self.review = pending.get("review", 0)
        self.quarantined = pending.get("quarantined", 0)
        self.unknown = pending.get("unknown", 0)

    @property
    def writes(self) -> int:
        """Operations done on either system."""
        return self.created_left + self.created_right + self.updated_left + self.updated_right + self.deleted_left + self.deleted_right


@dataclass(slots=True)
class Run:
    """Started work. ``cause``: "sync", "plan", "poll", "webhook", "demo". ``result``: "running", "done", "stopped", "failed".

    ``message``: why it failed, or what a person should know although it did not.
    """

    id: str
    cause: str
    started: str
    ended: str = ""
    result: str = "running"
    message: str = ""
    read: int = 0
    flows: dict[str, FlowCounts] = field(default_factory=dict)

    @property
    def idle(self) -> bool:
        """Whether it ended well and nothing happened in it."""
        return self.result == "done" and not any(flow.writes or flow.matched or flow.conflicts for flow in self.flows.values())

    def doubt(self, what: str) -> None:
        """Note, once, what a person should know although nothing failed."""
        if what not in self.message:
            self.message = f"{self.message}; {what}" if self.message else what

    def counts(self, flow: str) -> FlowCounts:
        """The counts of one flow, made on first use."""
        return self.flows.setdefault(flow, FlowCounts(flow))

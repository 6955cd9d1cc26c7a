"""What a person should look at in a dataflow file that was read from documents: proposals and warnings, told once beside what they are of.

Owns: the two kinds and their marks. Does not own: what is proposed (documents/proposing.py) or warned of (documents/carrying.py). Pure.
"""

from dataclasses import dataclass, field
from typing import Final

PROPOSAL: Final = "proposal: "
WARNING: Final = "warning: "


@dataclass(frozen=True, slots=True)
class Told:
    """Something that a person should look at. ``where``: the flow, and the row if there is one."""

    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what}"


@dataclass(slots=True)
class Notes:
    """What has been proposed and warned of so far."""

    proposals: list[Told] = field(default_factory=list)
    warnings: list[Told] = field(default_factory=list)

    def reason(self, where: str, why: str) -> str:
        """Note a reason as what it says it is."""
        for mark, kept in ((PROPOSAL, self.proposals), (WARNING, self.warnings)):
            if why.startswith(mark):
                kept.append(Told(where, why.removeprefix(mark)))
        return why

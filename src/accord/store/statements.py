"""What the store asks of a database: named statements, for one row or for many, in transactions that can end in only two ways.

Owns: Statements, how durable a transaction is, Taken. Does not own: any dialect.

FLUSHED is on the disk when it returns, also if the power fails: intents, since a call follows; closings, since they are the only proof of
what was written; hints, since a webhook is answered. ORDERED may be lost with the power, but only together with all that came after it:
pages of observations, which are then read again, since their cursor is lost with them. The next flushed commit puts both on the disk.
"""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from enum import StrEnum
from typing import Any, Protocol

from accord.errors import StoreError


class Durable(StrEnum):
    """What a commit survives beside a killed process, which both do: see the module."""

    FLUSHED = "flushed"
    ORDERED = "ordered"


class Taken(StoreError):
    """What was to be unique is there already. Told to people by whoever knows what it was."""


class Statements(Protocol):
    """One connection, and the fence number under which it may commit. Raises StoreError for every failure, Taken where unique is not."""

    def rows(self, name: str, *bindings: Any) -> list[tuple[Any, ...]]:
        """Run one named statement and give all its rows."""
        ...

    def one(self, name: str, *bindings: Any) -> Any:
        """The first value of the first row, or None."""
        ...

    def many(self, name: str, rows: Sequence[Sequence[Any]]) -> None:
        """Run one named statement for all these rows of bindings; of two rows with one key the later one holds."""
        ...

    def listed(self, values: Sequence[object]) -> Any:
        """Several values as one binding."""
        ...

    def writing(self, durable: Durable = Durable.FLUSHED) -> AbstractContextManager[None]:
        """One transaction: all of it or, if anything is raised, nothing. Raises StoreBusy if another engine has taken over (P21)."""
        ...

    def close(self) -> None:
        """Let go of it; may be called twice."""
        ...

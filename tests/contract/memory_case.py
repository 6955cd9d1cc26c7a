"""The honest fake as the subject of the contract, in every variant of what a system can do."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from accord.connectors.memory import MemoryConnector, MemoryDatatype, MemorySystem
from accord.model.capabilities import ChangeCapture, Finding
from accord.model.records import Side
from accord.model.values import Raw, RawValues
from accord.testing.connector_contract import Subject

BASE = MemoryDatatype(page_size=2, refuses={"Email": ("nobody",)})

VARIANTS: Mapping[str, MemoryDatatype] = {
    "plain": BASE,
    "integer ids": replace(BASE, id_style="int"),
    "no conditional write": replace(BASE, conditional_write=False),
    "no versions": replace(BASE, versions="none"),
    "versions are seconds": replace(BASE, versions="time", granularity=1.0),
    "versions are minutes, content compared": replace(BASE, versions="time", granularity=60.0, conditional_write=False),
    "no modified time": replace(BASE, modified_time=False),
    "finding lags": replace(BASE, finding=Finding.LAGGING, find_lag=5.0),
    "no finding": replace(BASE, finding=Finding.NONE),
    "no reference": replace(BASE, reference=None),
    "no idempotency keys": replace(BASE, idempotency_key=False),
    "a feed of changes": replace(BASE, changes=ChangeCapture.FEED),
    "a feed that hides deletes": replace(BASE, changes=ChangeCapture.FEED, sees_deletes=False),
    "only full listings": replace(BASE, changes=ChangeCapture.LISTING),
    "deletes are not seen": replace(BASE, sees_deletes=False),
    "changes show late": replace(BASE, commit_lag=3.0),
    "changes show late, seconds": replace(BASE, commit_lag=3.0, versions="time", granularity=1.0),
    "pages shift": replace(BASE, shifting=True),
    "pages of one": replace(BASE, page_size=1),
    "never creates": replace(BASE, create=False),
    "never updates": replace(BASE, update=False),
    "never deletes": replace(BASE, delete=False),
    "some properties are closed": replace(BASE, create_only=frozenset({"Kind"}), read_only=frozenset({"Number"})),
    "trims": replace(BASE, trims=frozenset({"Name", "Email"})),
    "upper-cases": replace(BASE, upper_cases=frozenset({"City"})),
    "takes everything": replace(BASE, refuses={}),
}


class Ticking:
    """A clock that moves by a millisecond whenever it is looked at, and by more when it is told to."""

    def __init__(self) -> None:
        self.moment = datetime(2026, 1, 31, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        """The next instant."""
        self.moment += timedelta(milliseconds=1)
        return self.moment

    def pass_time(self, seconds: float) -> None:
        """Let time pass."""
        self.moment += timedelta(seconds=seconds)


class MemoryWorld:
    """Users of the fake."""

    def __init__(self, datatype: MemoryDatatype) -> None:
        self.clock = Ticking()
        self.system = MemorySystem("fake", self.clock, {"Contact": datatype})

    def make(self, values: RawValues) -> str:
        """A user makes a record."""
        return self.system.user_create("Contact", values)

    def edit(self, id: str, values: RawValues) -> None:
        """A user edits."""
        self.system.user_edit("Contact", id, values)

    def remove(self, id: str) -> None:
        """A user deletes."""
        self.system.user_delete("Contact", id)

    def settle(self) -> None:
        """Beyond the longest lag and granularity of the variants."""
        self.clock.pass_time(120)

    def connect(self, page_size: int | None = None) -> MemoryConnector:
        """A connector to this world."""
        if page_size is not None:
            datatype = self.system.datatypes["Contact"]
            self.system.datatypes["Contact"] = replace(datatype, page_size=page_size)
        return MemoryConnector(self.system, Side.LEFT, {"Contact": ("Name", "Email", "Amount", "Kind", "Number")})


def subject_of(datatype: MemoryDatatype) -> Subject:
    """What the contract may expect of a variant."""
    needs: dict[str, Raw] = {"Amount": 1}
    return Subject(
        side=Side.LEFT,
        datatype="Contact",
        text="Name",
        other="Email",
        amount="Amount",
        unwanted="City",
        needs=needs,
        refused={"Email": "nobody"} if datatype.refuses else None,
        exact="Name" not in datatype.trims | datatype.upper_cases,
    )

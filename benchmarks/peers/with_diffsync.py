"""DiffSync: two adapters in memory, the right one made like the left.

It has no base: whatever differs is overwritten on the right, an edit there included. So only the left is edited. Each run loads both
adapters from the systems, as its documentation has it; here the systems are dictionaries.
"""

from common import EDITED, edited_left, given, require, tell, timed
from diffsync import Adapter, DiffSyncModel
from diffsync.logging import enable_console_logging


class Person(DiffSyncModel):
    """A record; what is done to the right is done to its system as well."""

    _modelname = "person"
    _identifiers = ("id",)
    _attributes = ("Email", "FirstName", "LastName", "Phone", "Street", "City", "Born", "Balance", "Member")

    id: str
    Email: str
    FirstName: str
    LastName: str
    Phone: str
    Street: str
    City: str
    Born: str
    Balance: str
    Member: bool

    @classmethod
    def create(cls, adapter, ids, attrs):  # type: ignore[no-untyped-def]  # as DiffSync has it
        """Write it."""
        adapter.system[ids["id"]] = {**ids, **attrs}
        return super().create(adapter, ids, attrs)

    def update(self, attrs):  # type: ignore[no-untyped-def]  # as above
        """Write what changed."""
        self.adapter.system[self.id].update(attrs)
        return super().update(attrs)


class Side(Adapter):
    """A system and its records."""

    person = Person
    top_level = ("person",)

    def __init__(self, system: dict[str, dict[str, object]]) -> None:
        super().__init__()
        self.system = system
        for record in system.values():
            self.add(Person(**record))


def main() -> None:
    """Measure."""
    enable_console_logging(verbosity=0)  # warnings alone: a line for each record would be most of its time
    records, _ = given()
    left = {str(one["id"]): dict(one) for one in records}
    right: dict[str, dict[str, object]] = {}

    def sync() -> None:
        Side(left).sync_to(Side(right))

    first = timed(sync)
    require(len(right) == len(left), "all records made")
    none = timed(sync)
    for number in edited_left(len(records)):
        left[str(records[number]["id"])]["FirstName"] = EDITED
    changed = timed(sync)
    require(left == right, "both sides the same")
    tell(first, none, changed)


if __name__ == "__main__":
    main()

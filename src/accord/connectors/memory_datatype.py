"""What a system in memory can and cannot do: one datatype of it, with its oddities.

Owns: MemoryDatatype, what it makes of a value that it is given. Does not own: the records (connectors/memory_world.py).
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Literal

from accord.model.capabilities import Capabilities, ChangeCapture, Finding
from accord.model.values import Raw

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

REFERENCE = "ExternalId"
"""The property in which our reference is kept, unless a datatype says otherwise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryDatatype:
    """What one kind of record can do in this system. Times are seconds.

    ``versions``: "number" counts up; "time" is the modified time at ``granularity``; "none". ``reference``: the property that carries our
    external reference; without one, ``finding`` is NONE. ``settles``: see Capabilities. ``find_lag``: how late LAGGING finding sees a new
    record. ``commit_lag``: how late listings and changes show a change; reading by id shows it at once. ``shifting``: pages are cut by
    offset from the records ordered by modified time, so that an edit during the listing repeats or skips some. ``trims``,
    ``upper_cases``, ``rounds`` (property -> digits after the point) hold for everybody; ``ignores`` (silently), ``refuses`` (property ->
    values), ``create_only``, ``read_only`` for us. ``always``: properties that every record shows, null where nobody has set them; others
    are absent until they are set. ``unique``: properties of which no two live records may hold the same value.
    ``reorders``: lists that are kept in another order than they were given. ``reuses_ids``: a new record may get the id of one that was
    deleted.
    """

    id_style: Literal["text", "int"] = "text"
    prefix: str = "R-"
    reference: str | None = REFERENCE
    settles: float = 0.0
    create: bool = True
    update: bool = True
    delete: bool = True
    conditional_write: bool = True
    idempotency_key: bool = True
    finding: Finding = Finding.CERTAIN
    find_lag: float = 0.0
    changes: ChangeCapture = ChangeCapture.SINCE
    sees_deletes: bool = True
    modified_time: bool = True
    versions: Literal["number", "time", "none"] = "number"
    granularity: float = 0.001
    commit_lag: float = 0.0
    page_size: int = 100
    shifting: bool = False
    trims: frozenset[str] = frozenset()
    upper_cases: frozenset[str] = frozenset()
    rounds: Mapping[str, int] = field(default_factory=dict)
    ignores: frozenset[str] = frozenset()
    refuses: Mapping[str, Collection[Raw]] = field(default_factory=dict)
    create_only: frozenset[str] = frozenset()
    read_only: frozenset[str] = frozenset()
    always: frozenset[str] = frozenset()
    unique: frozenset[str] = frozenset()
    reorders: frozenset[str] = frozenset()
    reuses_ids: bool = False

    def capabilities(self) -> Capabilities:
        """The same, in the words of the port."""
        return Capabilities(
            create=self.create,
            update=self.update,
            delete=self.delete,
            conditional_write=self.conditional_write and self.versions != "none",
            idempotency_key=self.idempotency_key,
            finding=self.finding if self.reference else Finding.NONE,
            changes=self.changes,
            sees_deletes=self.sees_deletes and self.changes is not ChangeCapture.LISTING,
            stable_listing=not self.shifting,
            modified_time=self.modified_time,
            granularity=self.granularity,
            settles=self.settles,
            reference=self.reference,
            create_only=self.create_only,
            read_only=self.read_only,
        )

    def floor(self, moment: datetime) -> datetime:
        """The moment as finely as this system tells time."""
        return _floor(moment, max(1, round(self.granularity * 1_000_000)))

    def held(self, name: str, value: Raw) -> Raw:
        """What the system makes of a value that it is given."""
        if name in self.trims and isinstance(value, str):
            value = value.strip()
        if name in self.upper_cases and isinstance(value, str):
            value = value.upper()
        if name in self.rounds and isinstance(value, _NUMBERS) and not isinstance(value, bool):
            value = Decimal(str(value)).quantize(Decimal(1).scaleb(-self.rounds[name]))
        if name in self.reorders and isinstance(value, _LISTS):
            value = value[::-1]
        return copied(value)


@lru_cache(maxsize=4096)
def _floor(moment: datetime, step: int) -> datetime:
    """``step``: microseconds."""
    return EPOCH + ((moment - EPOCH) // _MICROSECOND // step * step) * _MICROSECOND


def copied(value: Raw) -> Raw:
    """The same value, sharing no list or mapping with the original."""
    if type(value) in _PLAIN:
        return value
    if isinstance(value, Mapping):
        return {name: member if type(member) in _PLAIN else copied(member) for name, member in value.items()}
    return [copied(item) for item in value] if isinstance(value, _LISTS) else value


_PLAIN = frozenset((str, int, bool, Decimal, type(None)))
_LISTS = (list, tuple)
_NUMBERS = (Decimal, int, float)

"""The records of one datatype of a stand-in, as plain data.

Owns: records, the order in which they changed, who carries which reference. Does not own: what a request may ask (api.py).
Times are microseconds since 1970; no two changes in a collection have the same.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from accord.config.dialect import Wire
from accord.sandbox.clock import Now, instant
from accord.sandbox.data import moment
from accord.sandbox.standin.values import made_up
from accord.sandbox.timeline import Timeline

_ENCODER = msgspec.json.Encoder(decimal_format="number")


@dataclass(slots=True)
class Record:
    """One record. ``modified``: microseconds since 1970."""

    id: str
    version: int
    modified: int
    reference: str | None
    values: dict[str, Any]
    deleted: bool = False

    def encoded(self) -> bytes:
        """As it is answered."""
        told = {"id": self.id, "version": self.version, "modified": instant(self.modified), "deleted": self.deleted}
        return _ENCODER.encode({**told, "reference": self.reference, "values": self.values})


@dataclass(slots=True)
class Shelf:
    """One collection."""

    wire: Wire
    now: Now
    records: dict[str, Record] = field(default_factory=dict)
    _changes: Timeline[str] = field(default_factory=Timeline)
    _by_reference: dict[str, list[str]] = field(default_factory=dict)

    def fill(self, size: int, seed: int) -> None:
        """Put ``size`` made-up records in; those of another seed are others. Each refers to records that are there as well."""
        for index in range(size):
            number = seed * 1_000_000 + index + 1
            values = {name: made_up(name, one, number) for name, one in self.wire.properties.items()}
            values |= {name: _id(target, index + 1) for name, target in self.wire.targets.items()}
            self._keep(Record(self._next_id(), 1, 0, None, values), moment(index, size))

    def create(self, reference: str | None, values: Mapping[str, Any]) -> Record:
        """A new record."""
        blank = dict.fromkeys(self.wire.properties)
        return self._keep(Record(self._next_id(), 1, 0, reference, {**blank, **values}), self._stamp())

    def change(self, record: Record, values: Mapping[str, Any], **more: Any) -> Record:
        """Change a record; it gets the next version. ``more``: ``reference``, ``deleted``."""
        record.values |= values
        for name, value in more.items():
            setattr(record, name, value)
        record.version += 1
        return self._keep(record, self._stamp())

    def with_reference(self, reference: str) -> Iterator[Record]:
        """All records, deleted ones too, that carry this reference now."""
        for identifier in self._by_reference.get(reference, ()):
            if self.records[identifier].reference == reference:
                yield self.records[identifier]

    def since(self, stamp: int) -> Iterator[Record]:
        """All records, deleted ones too, that changed at ``stamp`` or later, in that order."""
        for _, identifier in self._changes.since(stamp):
            yield self.records[identifier]

    def live(self) -> Iterator[bytes]:
        """Every live record, encoded, as it is when its turn comes."""
        for identifier in list(self.records):
            if not self.records[identifier].deleted:
                yield self.records[identifier].encoded()

    def _next_id(self) -> str:
        return _id(self.wire.collection, len(self.records) + 1)

    def _stamp(self) -> int:
        return max(self.now(), self._changes.latest + 1)

    def _keep(self, record: Record, stamp: int) -> Record:
        record.modified = stamp
        self.records[record.id] = record
        self._changes.touch(record.id, stamp)
        if record.reference is not None:
            known = self._by_reference.setdefault(record.reference, [])
            if record.id not in known:
                known.append(record.id)
        return record


def _id(collection: str, number: int) -> str:
    return f"{collection}-{number:06d}"

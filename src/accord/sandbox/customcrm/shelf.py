"""The records of one collection, kept as encoded JSON: 100,000 of them stay small, and a page is bytes joined.

Owns: records, their order by time of change, the index by ExternalId, deletions. Does not own: what a request may ask (api.py).
Times are microseconds since 1970; no two changes in a collection have the same.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec

from accord.sandbox.clock import Now, instant
from accord.sandbox.customcrm.properties import Datatype
from accord.sandbox.timeline import Timeline

Fields = Mapping[str, Any]


class _Mark(msgspec.Struct, rename="pascal"):
    """What must be known of a record without decoding all of it."""

    external_id: str | None
    version: int
    deleted: bool


_MARK = msgspec.json.Decoder(_Mark)


class Shelf:
    """One collection."""

    def __init__(self, datatype: Datatype, now: Now) -> None:
        self.datatype = datatype
        self._now = now
        self._records: dict[str, bytes] = {}
        self._changes: Timeline[str] = Timeline()
        self._by_external_id: dict[str, tuple[str, ...]] = {}
        self._deleted: dict[str, int] = {}
        self._count = 0

    def load(self, records: Iterable[tuple[int, Fields]]) -> None:
        """Put seeded records in, each with the time of its last change, in the order of those times."""
        for stamp, own in records:
            identifier = self._next_id()
            head = {"Id": identifier, "ExternalId": None, "CreatedAt": instant(stamp), "UpdatedAt": instant(stamp), "Version": 1}
            self._keep(identifier, stamp, {**head, "Deleted": False, **own})

    def create(self, given: Fields) -> tuple[str, bytes]:
        """A new record of these properties: its id and itself."""
        identifier, stamp = self._next_id(), self._stamp()
        external_id = given.get("ExternalId")
        at = instant(stamp)
        head = {"Id": identifier, "ExternalId": external_id, "CreatedAt": at, "UpdatedAt": at, "Version": 1, "Deleted": False}
        body = self._keep(identifier, stamp, {**head, **self.datatype.blank, **given})
        if external_id:
            self._index(identifier, external_id)
        return identifier, body

    def change(self, identifier: str, given: Fields) -> bytes:
        """Change a live record; it gets the next version."""
        stamp = self._stamp()
        record: dict[str, Any] = msgspec.json.decode(self._records[identifier])
        before = record["ExternalId"]
        record |= given
        record |= {"UpdatedAt": instant(stamp), "Version": record["Version"] + 1}
        if before != record["ExternalId"]:
            self._unindex(identifier, before)
            self._index(identifier, record["ExternalId"])
        return self._keep(identifier, stamp, record)

    def delete(self, identifier: str) -> None:
        """Mark a live record as deleted; that is a change too."""
        self.change(identifier, {"Deleted": True})
        self._deleted[identifier] = self._changes.latest

    def get(self, identifier: str) -> bytes | None:
        """The record, live or deleted."""
        return self._records.get(identifier)

    def version(self, identifier: str) -> int:
        """The version of a record that is there."""
        return _MARK.decode(self._records[identifier]).version

    def is_deleted(self, identifier: str) -> bool:
        """Whether it was deleted."""
        return identifier in self._deleted

    def with_external_id(self, external_id: str) -> tuple[str, ...]:
        """The ids of the records that carry this external id, deleted ones included."""
        return self._by_external_id.get(external_id, ())

    def since(self, stamp: int, *, deleted: bool) -> Iterator[tuple[int, bytes]]:
        """(time, record) of what changed at ``stamp`` or later, by time; deleted ones only if asked for."""
        for at, identifier in self._changes.since(stamp):
            if deleted or identifier not in self._deleted:
                yield at, self._records[identifier]

    def deleted_since(self, stamp: int) -> Iterator[tuple[int, str]]:
        """(time, id) of the deletions at ``stamp`` or later, by time. A deleted record never changes again."""
        return ((at, identifier) for identifier, at in self._deleted.items() if at >= stamp)

    def live(self) -> Iterator[bytes]:
        """Every live record, as it is when its turn comes."""
        for identifier in list(self._records):
            if identifier not in self._deleted:
                yield self._records[identifier]

    def _next_id(self) -> str:
        self._count += 1
        return f"{self.datatype.prefix}-{self._count:06d}"

    def _stamp(self) -> int:
        return max(self._now(), self._changes.latest + 1)

    def _keep(self, identifier: str, stamp: int, record: Fields) -> bytes:
        body = self._records[identifier] = msgspec.json.encode(record)
        self._changes.touch(identifier, stamp)
        return body

    def _index(self, identifier: str, external_id: str | None) -> None:
        if external_id:
            self._by_external_id[external_id] = (*self._by_external_id.get(external_id, ()), identifier)

    def _unindex(self, identifier: str, external_id: str | None) -> None:
        if external_id:
            left = tuple(each for each in self._by_external_id[external_id] if each != identifier)
            self._by_external_id[external_id] = left

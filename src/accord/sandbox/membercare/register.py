"""Records of one kind by number, kept as encoded JSON and decoded only to change.

Owns: the records, their order by number, the index by externalId, which ones a plain listing leaves out. Does not own: what they mean.
"""

from bisect import insort
from collections.abc import Iterator, Sequence
from typing import Generic, TypeVar

import msgspec

Record = TypeVar("Record", bound=msgspec.Struct)


class _Reference(msgspec.Struct, rename="camel"):
    external_id: str | None = None


_REFERENCE = msgspec.json.Decoder(_Reference)


class Register(Generic[Record]):
    """One kind of record. ``kind`` is the type that is decoded and encoded."""

    def __init__(self, kind: type[Record]) -> None:
        self._decoder = msgspec.json.Decoder(kind)
        self._bodies: dict[int, bytes] = {}
        self._keys: list[int] = []
        self._by_external_id: dict[str, tuple[int, ...]] = {}
        self._hidden: set[int] = set()
        self._shown: list[int] | None = None

    def __contains__(self, key: int) -> bool:
        return key in self._bodies

    @property
    def keys(self) -> Sequence[int]:
        """All numbers, ascending."""
        return self._keys

    @property
    def shown(self) -> Sequence[int]:
        """The numbers that a plain listing shows, ascending."""
        if not self._hidden:
            return self._keys
        if self._shown is None:
            self._shown = [key for key in self._keys if key not in self._hidden]
        return self._shown

    def get(self, key: int) -> Record | None:
        """The record, decoded: a copy that may be changed and put back."""
        body = self._bodies.get(key)
        return None if body is None else self._decoder.decode(body)

    def body(self, key: int) -> bytes | None:
        """The record, encoded."""
        return self._bodies.get(key)

    def bodies(self, keys: Sequence[int]) -> Iterator[bytes]:
        """Records, encoded, in this order."""
        return (self._bodies[key] for key in keys)

    def all(self) -> Iterator[bytes]:
        """Every record, as it is when its turn comes."""
        return self.bodies(list(self._keys))

    def with_external_id(self, external_id: str) -> Sequence[int]:
        """The numbers of the records with this external id, ascending; nothing says that it is unique."""
        return self._by_external_id.get(external_id, ())

    def put(self, key: int, record: Record, *, hidden: bool = False) -> bytes:
        """Keep a record, new or changed. ``hidden``: a plain listing leaves it out."""
        before = self._bodies.get(key)
        body = self._bodies[key] = msgspec.json.encode(record)
        if before is None:
            insort(self._keys, key)
            self._shown = None
        if hidden != (key in self._hidden):
            self._hidden.symmetric_difference_update({key})
            self._shown = None
        self._index(key, before, _reference(body))
        return body

    def _index(self, key: int, before: bytes | None, external_id: str | None) -> None:
        old = None if before is None else _reference(before)
        if old == external_id:
            return
        if old:
            self._by_external_id[old] = tuple(each for each in self._by_external_id[old] if each != key)
        if external_id:
            self._by_external_id[external_id] = tuple(sorted((*self._by_external_id.get(external_id, ()), key)))


def _reference(body: bytes) -> str | None:
    return _REFERENCE.decode(body).external_id

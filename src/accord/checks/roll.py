"""The roll of test records: what a checklist made, durable before it is made, so that it is found and removed after any interruption.

Owns: the roll's file, which records are the checklist's. Does not own: making records (seam.py), removing them (cleaning.py).

The file holds one JSON object a line. "create": written and synced before the call that may make a record, with all that is needed to look
for it by its mark; "made": its id; "gone": it was removed. What has a "create" and neither is looked for by its mark when cleaning.
"""

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import msgspec

from accord.errors import StoreError
from accord.model.records import RecordRef, Side


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the file. ``mark``: our reference in the record. ``values``: what was sent, as some systems are searched by that."""

    what: str
    side: Side
    datatype: str
    mark: str = ""
    id: str = ""
    values: dict[str, Any] = {}

    @property
    def ref(self) -> RecordRef:
        """Which record; its id is "" before it is known."""
        return RecordRef(self.side, self.datatype, self.id)


@dataclass(slots=True)
class Roll:
    """Every record that this run made, by its mark; also those that it removed again (``removed``).

    ``before``: the records that were there already: none of them ever gets on the roll.
    """

    path: Path
    made: dict[RecordRef, str] = field(default_factory=dict)
    removed: set[RecordRef] = field(default_factory=set)
    before: set[RecordRef] = field(default_factory=set)
    _file: IO[bytes] | None = None

    def __contains__(self, ref: object) -> bool:
        return ref in self.made

    def creating(self, side: Side, datatype: str, mark: str, values: dict[str, Any]) -> None:
        """Note, durably, that a record may be made by the next call."""
        self._append(Entry(what="create", side=side, datatype=datatype, mark=mark, values=values))

    def add(self, ref: RecordRef, mark: str) -> bool:
        """Take a record on the roll that was made under this mark. False, and not taken, if it was there before the run."""
        if ref in self.before:
            return False
        if ref not in self.made:
            self._append(Entry(what="made", side=ref.side, datatype=ref.datatype, mark=mark, id=ref.id))
            self.made[ref] = mark
        return True

    def gone(self, ref: RecordRef, mark: str = "") -> None:
        """Note that a record is not there any more, or that under this mark none came to be."""
        self._append(Entry(what="gone", side=ref.side, datatype=ref.datatype, id=ref.id, mark=mark or self.made.get(ref, "")))
        self.removed.add(ref)

    def close(self, finished: bool) -> None:
        """Let go of the file; ``finished``: nothing is left to be removed, so it goes as well."""
        if self._file is not None:
            self._file.close()
            self._file = None
        if finished:
            self.path.unlink(missing_ok=True)

    def _append(self, entry: Entry) -> None:
        try:
            if self._file is None:
                self.path.parent.mkdir(parents=True, exist_ok=True)
                self._file = self.path.open("ab")
                if self._file.tell():
                    self._file.write(b"\n")  # the last line of an interrupted run may have been cut off
            self._file.write(msgspec.json.encode(entry) + b"\n")
            self._file.flush()
            os.fsync(self._file.fileno())
        except OSError as error:
            raise StoreError(
                f"{self.path}: cannot be written: {error.strerror}", "No record is made that could not be found again."
            ) from error


def entries(path: Path) -> list[Entry]:
    """The lines of a roll; one that an interruption cut off says nothing: its call was not made yet, or its record is found by its mark."""
    if not path.exists():
        return []
    return list(_whole(path.read_bytes().split(b"\n")))


def _whole(lines: list[bytes]) -> Iterator[Entry]:
    for line in lines:
        with contextlib.suppress(msgspec.DecodeError):
            yield msgspec.json.decode(line, type=Entry)


def unfinished(path: Path) -> list[Entry]:
    """What may still be there: creates of which nothing is known, and records that were made and are not gone."""
    open_: dict[tuple[Side, str, str], Entry] = {}
    made: dict[RecordRef, Entry] = {}
    for entry in entries(path):
        mark = (entry.side, entry.datatype, entry.mark)
        if entry.what == "create":
            open_[mark] = entry
        elif entry.what == "made":
            open_.pop(mark, None)
            made[entry.ref] = entry
        elif entry.id:
            made.pop(entry.ref, None)
        else:
            open_.pop(mark, None)
    return [*open_.values(), *made.values()]

"""A disk that notes what was flushed, runs full or loses power: SQLite's own file layer with a switch in between."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import apsw

NAME = "accord-faulty-disk"


@dataclass
class Disk:
    """``full``: no write succeeds any more. ``unflushed``: files written since their last flush."""

    full: bool = False
    unflushed: set[str] = field(default_factory=set)
    flushes: int = 0


class _File(apsw.VFSFile):
    def __init__(self, disk: Disk, name: "str | apsw.URIFilename | None", flags: list[int]) -> None:
        self._disk = disk
        self._name = name.filename() if isinstance(name, apsw.URIFilename) else str(name)
        super().__init__("unix", name, flags)

    def xWrite(self, data: bytes, offset: int) -> None:
        if self._disk.full:
            raise apsw.FullError("no room")
        self._disk.unflushed.add(self._name)
        super().xWrite(data, offset)

    def xSync(self, flags: int) -> None:
        self._disk.flushes += 1
        self._disk.unflushed.discard(self._name)
        super().xSync(flags)


class _Layer(apsw.VFS):
    def __init__(self, disk: Disk) -> None:
        self._disk = disk
        super().__init__(NAME, "unix", makedefault=True)

    def xOpen(self, name: "str | apsw.URIFilename | None", flags: list[int]) -> _File:
        return _File(self._disk, name, flags)


@contextmanager
def faulty_disk() -> Iterator[Disk]:
    """Every state opened within uses this disk."""
    disk = Disk()
    layer = _Layer(disk)
    try:
        yield disk
    finally:
        layer.unregister()

"""Where files are: the protocol, and folders of this machine.

Owns: reading, replacing as a whole, locks. Does not own: what is in a file, folders on a server (files_sftp.py).

A file is replaced, never written over: the new content goes to a file beside it, to the disk, and then takes its name in one step. Whoever
reads sees the old file or the new one. Two that write are kept apart by a lock; an editor that knows no lock is noticed, as the file is
looked at again just before the last step.
"""

import asyncio
import errno
import fcntl
import os
import secrets
import stat
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Protocol

from accord.errors import SystemProblem, SystemRefused, SystemUnavailable
from accord.ports import Clock

POLL_SECONDS = 0.1


class Overtaken(Exception):
    """That a file is not any more what it was when it was read; nothing was replaced."""


class Occupied(Exception):
    """That somebody else is writing or editing a file: whoever it is, and what to do."""


class Unanswered(Exception):
    """That nobody said whether a file was replaced."""


@dataclass(frozen=True, slots=True)
class Mark:
    """What tells without reading that a file may have changed. ``changed``: seconds since 1970, by the folder's own clock."""

    size: int
    changed: float
    node: int = 0


class Folder(Protocol):
    """A folder of files. Names may have parts (``out/people.csv``). Raises SystemUnavailable and SystemRefused."""

    @property
    def skew_seconds(self) -> float:
        """How far its clock may be from ours."""
        ...

    async def mark(self, name: str) -> Mark | None:
        """How a file is now; None: it is not there."""
        ...

    async def read(self, name: str) -> bytes:
        """All of it. Raises FileNotFoundError."""
        ...

    def locked(self, name: str) -> AbstractAsyncContextManager[None]:
        """While nobody else of us writes it. Raises Occupied."""
        ...

    async def replace(self, name: str, data: bytes, read: Mark, still_ours: Callable[[], None]) -> None:
        """Put other content in the place of a file that still is as it was when it was read. ``still_ours``: called just before.

        Raises Overtaken, Unanswered; OSError, and then certainly nothing was replaced.
        """
        ...

    async def close(self) -> None:
        """Let go of everything."""
        ...


def beside(name: str, before: str, behind: str = "") -> str:
    """A name in the same folder."""
    path = PurePosixPath(name)
    return str(path.with_name(f"{before}{path.name}{behind}"))


def open_elsewhere(name: str) -> tuple[tuple[str, str], ...]:
    """The files by which programs say that they have a file open, and which program."""
    return (beside(name, ".~lock.", "#"), "LibreOffice"), (beside(name, "~$"), "Excel")


class LocalFolder:
    """A folder of this machine, or one that is mounted here. See Folder."""

    skew_seconds = 0.0

    def __init__(self, path: Path, system: str, clock: Clock, deadline_seconds: float) -> None:
        self._path = path
        self._system = system
        self._clock = clock
        self._deadline = deadline_seconds

    async def mark(self, name: str) -> Mark | None:
        """See Folder."""
        return await asyncio.to_thread(self._mark, name)

    def _mark(self, name: str) -> Mark | None:
        try:
            found = (self._path / name).stat()
        except FileNotFoundError:
            if not self._path.is_dir():
                remedy = "Mount it, or mend folder: in the manifest."
                raise SystemUnavailable(self._system, f"the folder {self._path} is not there", remedy) from None
            return None
        except OSError as error:
            raise self._problem(name, error) from None
        return Mark(found.st_size, found.st_mtime_ns / 1e9, found.st_ino)

    async def read(self, name: str) -> bytes:
        """See Folder."""
        try:
            return await asyncio.to_thread((self._path / name).read_bytes)
        except FileNotFoundError:
            raise
        except OSError as error:
            raise self._problem(name, error) from None

    def _problem(self, name: str, error: OSError) -> SystemProblem:
        what = f"{name}: {error.strerror or error}"
        if error.errno in (errno.EACCES, errno.EPERM):
            return SystemRefused(self._system, what, "Give the user of Accord leave to read the file.")
        return SystemUnavailable(self._system, what, "Look whether the folder is mounted and the file is one.")

    @asynccontextmanager
    async def locked(self, name: str) -> AsyncIterator[None]:
        """See Folder. The lock belongs to the process: it is gone when that ends, however it ends."""
        for other, program in open_elsewhere(name):
            if (self._path / other).exists():
                raise Occupied(
                    f"{name} is open in {program}: what is written now would be lost; close it there, or remove {other} if it is not"
                )
        handle = os.open(self._path / beside(name, ".", ".accord-lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            await self._take(handle, name)
            yield
        finally:
            os.close(handle)

    async def _take(self, handle: int, name: str) -> None:
        until = self._clock.monotonic() + self._deadline
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return
            except OSError as error:
                if error.errno not in (errno.EWOULDBLOCK, errno.EACCES):
                    raise
            if self._clock.monotonic() >= until:
                raise Occupied(f"{name} is being written by another Accord")
            await self._clock.sleep(POLL_SECONDS)

    async def replace(self, name: str, data: bytes, read: Mark, still_ours: Callable[[], None]) -> None:
        """See Folder."""
        await asyncio.to_thread(self._replace, name, data, read, still_ours)

    def _replace(self, name: str, data: bytes, read: Mark, still_ours: Callable[[], None]) -> None:
        target = (self._path / name).resolve()  # a link stays one
        made = target.with_name(f".{target.name}.{secrets.token_hex(6)}.accord-new")
        try:
            self._fill(made, data, target)
            still_ours()
            if self._mark(name) != read:
                raise Overtaken
            made.replace(target)
        finally:
            with suppress(FileNotFoundError):
                made.unlink()
        with suppress(OSError):  # the file is replaced; some filesystems know no such call for a folder
            folder = os.open(target.parent, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)

    def _fill(self, made: Path, data: bytes, like: Path) -> None:
        """A new file on the disk, with the rights of the old one."""
        old = like.stat()
        with os.fdopen(os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "wb") as file:
            file.write(data)
            file.flush()
            with suppress(PermissionError):  # only its owner may give a file away
                os.fchown(file.fileno(), old.st_uid, old.st_gid)
            os.fchmod(file.fileno(), stat.S_IMODE(old.st_mode))
            os.fsync(file.fileno())

    async def close(self) -> None:
        """See Folder."""

"""Refresh tokens that change with each use, kept so that none is lost: a file for the owner alone, and one turn at a time.

Owns: the file, its lock, that what was given is durable before it is used. Does not own: how tokens are fetched (rest_oauth.py).

A system that gives a new refresh token with each access token takes the old one no more; if ours dies between the answer and the next
call, only what is on disk signs us in again. Two processes of one installation (a service and a plan) share the chain: whoever waits for
its turn finds what the other fetched. The chain belongs to the token that a person set: when another is set, it starts anew.
"""

import fcntl
import hashlib
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec

from accord.errors import SystemRefused, SystemUnavailable
from accord.ports import Clock

_PATIENCE = 120.0  # seconds for a turn: longer than another process needs for one sign-in
_GLANCE = 0.05


@dataclass(frozen=True, slots=True)
class Chain:
    """``refresh`` fetches the next; ``access`` is believed before ``until`` (seconds since 1970, by our clock)."""

    refresh: str
    access: str = ""
    until: float = 0.0


class _Kept(msgspec.Struct):
    """The file. ``seed``: a digest of the token that a person set."""

    seed: str
    refresh: str
    access: str
    until: float


class TokenFile:
    """The chain of one system. Use: ``async with file.turn(): file.read() ... file.keep(chain)``."""

    def __init__(self, system: str, folder: Path, seed: str, clock: Clock) -> None:
        """``seed``: the refresh token as the configuration has it."""
        self._system = system
        self._seed = seed
        self._digest = hashlib.sha256(seed.encode()).hexdigest()
        name = "".join(each if each.isalnum() or each in "-_" else "_" for each in system)
        self._path = folder / f"{name}.tokens"
        self._clock = clock

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Nobody else of this machine uses the chain meanwhile. Raises SystemUnavailable after two minutes, SystemRefused."""
        lock = self._open_lock()
        try:
            until = self._clock.monotonic() + _PATIENCE
            while not _locked(lock):
                if self._clock.monotonic() >= until:
                    raise SystemUnavailable(self._system, "another process has been signing in for two minutes", "look for it, and stop it")
                await self._clock.sleep(_GLANCE)
            yield
        finally:
            os.close(lock)

    def read(self) -> Chain:
        """What is kept, or the beginning of a chain. Raises SystemRefused for a file that cannot be read."""
        try:
            kept = msgspec.json.decode(self._path.read_bytes(), type=_Kept)
        except FileNotFoundError:
            return Chain(self._seed)
        except (OSError, msgspec.MsgspecError) as error:
            remedy = f"Set a new refresh token, and take {self._path.name} away."
            raise SystemRefused(self._system, f"the kept refresh token cannot be read ({type(error).__name__})", remedy) from error
        return Chain(kept.refresh, kept.access, kept.until) if kept.seed == self._digest else Chain(self._seed)

    def keep(self, chain: Chain) -> None:
        """Make it durable. Raises SystemRefused if that cannot be done: then it must not be used either."""
        packed = msgspec.json.encode(_Kept(self._digest, chain.refresh, chain.access, chain.until))
        fresh = self._path.with_suffix(".new")
        try:
            fresh.unlink(missing_ok=True)  # whoever may read an old one may not read this
            _write(fresh, packed)
            fresh.replace(self._path)
            _sync_folder(self._path.parent)
        except OSError as error:
            what = f"the new refresh token cannot be kept: {error.strerror}"
            raise SystemRefused(self._system, what, "Make room, or the folder .accord writable.") from error

    def _open_lock(self) -> int:
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            return os.open(self._path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            what = f"there is no place to keep the refresh token: {error.strerror}"
            raise SystemRefused(self._system, what, "Make the folder .accord writable.") from error


def _locked(lock: int) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _write(path: Path, data: bytes) -> None:
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        os.write(file, data)
        os.fsync(file)
    finally:
        os.close(file)


def _sync_folder(folder: Path) -> None:
    entry = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(entry)
    finally:
        os.close(entry)

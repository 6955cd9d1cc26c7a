"""A folder on a server, over SFTP.

Owns: the connection, locks by a file, replacing by a rename that takes the old file's place in one step (posix-rename@openssh.com), what
each of the server's refusals means. Does not own: what is in a file. The protocol is AsyncSSH's.

A lock here is a file that only one can make. It stays if its maker dies; one that is older than LOCK_SECONDS is taken over.
"""

import asyncio
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import TypeVar

import asyncssh

from accord.connectors.files_folder import POLL_SECONDS, Mark, Occupied, Overtaken, Unanswered, beside, open_elsewhere
from accord.errors import SystemProblem, SystemRefused, SystemUnavailable
from accord.ports import Clock

T = TypeVar("T")

LOCK_SECONDS = 900.0
"""Nobody holds a lock for so long: whoever made an older one is gone."""

_KEEP_ALIVE_SECONDS = 15.0
_BROKEN_OFF = (asyncssh.SFTPConnectionLost, asyncssh.SFTPNoConnection)


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where the folder is, and how to sign in. ``folder``: an absolute path, or one below where the server lets us in ("~/")."""

    host: str
    port: int
    user: str
    folder: str
    password: str | None = field(default=None, repr=False)
    key: Path | None = None
    known_hosts: Path | None = None


class SftpFolder:
    """See files_folder.Folder. Connects when it is first used, and again when the connection was lost."""

    skew_seconds = 600.0

    def __init__(self, address: Address, system: str, clock: Clock, deadline_seconds: float) -> None:
        self._address = address
        self._system = system
        self._clock = clock
        self._deadline = deadline_seconds
        self._connection: asyncssh.SSHClientConnection | None = None
        self._client: asyncssh.SFTPClient | None = None
        self._connecting = asyncio.Lock()

    async def mark(self, name: str) -> Mark | None:
        """See Folder."""
        try:
            found = await self._asked(name, lambda sftp: sftp.stat(self._path(name)))
        except FileNotFoundError:
            return None
        return Mark(found.size or 0, (found.mtime or 0) + (found.mtime_ns or 0) / 1e9)

    async def read(self, name: str) -> bytes:
        """See Folder."""
        return await self._asked(name, lambda sftp: self._content(sftp, self._path(name)))

    async def _content(self, sftp: asyncssh.SFTPClient, path: str) -> bytes:
        async with sftp.open(path, "rb") as file:
            data: bytes = await file.read()
        return data

    @asynccontextmanager
    async def locked(self, name: str) -> AsyncIterator[None]:
        """See Folder."""
        for other, program in open_elsewhere(name):
            if await self.mark(other) is not None:
                raise Occupied(
                    f"{name} is open in {program}: what is written now would be lost; close it there, or remove {other} if it is not"
                )
        lock, ours = beside(name, ".", ".accord-lock"), secrets.token_hex(8)
        until = self._clock.monotonic() + self._deadline
        while not await self._taken(lock, ours):
            if self._clock.monotonic() >= until:
                raise Occupied(f"{name} is being written by another Accord; if there is none, remove {lock} on the server")
            await self._clock.sleep(POLL_SECONDS)
        try:
            yield
        finally:
            with suppress(SystemProblem, FileNotFoundError):
                await self._asked(lock, lambda sftp: sftp.remove(self._path(lock)))

    async def _taken(self, lock: str, ours: str) -> bool:
        """Whether the lock is ours now."""
        try:
            await self._asked(lock, lambda sftp: self._write(sftp, self._path(lock), f"{self._clock.now().isoformat()} {ours}\n".encode()))
        except FileExistsError:
            with suppress(FileNotFoundError):
                await self._break(lock)
            return False
        return True

    async def _break(self, lock: str) -> None:
        """Take a lock away that nobody holds any more; put it back if it turns out to be another one by then."""
        said = await self.read(lock)
        try:
            age = (self._clock.now() - datetime.fromisoformat(said.decode().split(" ")[0])).total_seconds()
        except (ValueError, TypeError):  # it is just being written, or it is nobody's of ours
            return
        if age < LOCK_SECONDS:
            return
        aside = f"{lock}-{secrets.token_hex(6)}"
        await self._asked(lock, lambda sftp: sftp.posix_rename(self._path(lock), self._path(aside)))
        if await self.read(aside) != said:
            await self._asked(aside, lambda sftp: sftp.posix_rename(self._path(aside), self._path(lock)))
            return
        await self._asked(aside, lambda sftp: sftp.remove(self._path(aside)))

    async def replace(self, name: str, data: bytes, read: Mark, still_ours: Callable[[], None]) -> None:
        """See Folder."""
        made = beside(name, ".", f".{secrets.token_hex(6)}.accord-new")
        try:
            await self._asked(name, lambda sftp: self._fill(sftp, made, name, data))
            still_ours()
            if await self.mark(name) != read:
                raise Overtaken
            await self._rename(made, name)
        except BaseException:
            with suppress(SystemProblem, FileNotFoundError):
                await self._asked(made, lambda sftp: sftp.remove(self._path(made)))
            raise

    async def _fill(self, sftp: asyncssh.SFTPClient, made: str, like: str, data: bytes) -> None:
        rights = (await sftp.stat(self._path(like))).permissions
        await self._write(sftp, self._path(made), data)
        if rights is not None:
            await sftp.chmod(self._path(made), rights & 0o7777)

    async def _write(self, sftp: asyncssh.SFTPClient, path: str, data: bytes) -> None:
        """A new file, on the server's disk where the server can say so."""
        async with sftp.open(path, "xb") as file:
            await file.write(data)
            with suppress(asyncssh.SFTPOpUnsupported):
                await file.fsync()

    async def _rename(self, made: str, name: str) -> None:
        """The one step. Raises Unanswered where nobody says whether it was taken."""
        sftp = await self._connected()
        try:
            async with asyncio.timeout(self._deadline):
                await sftp.posix_rename(self._path(made), self._path(name))
        except asyncssh.SFTPOpUnsupported:
            remedy = "Use a server that knows posix-rename@openssh.com, such as OpenSSH."
            raise SystemRefused(self._system, "the server cannot replace a file in one step", remedy) from None
        except (asyncssh.Error, OSError) as error:
            if isinstance(error, asyncssh.SFTPError) and not isinstance(error, _BROKEN_OFF):  # the server said no
                raise self._problem(name, error) from None
            self._forget()
            raise Unanswered from None

    # --- the connection -------------------------------------------------------------------------------------------------------------

    def _path(self, name: str) -> str:
        folder = self._address.folder
        return str(PurePosixPath(folder.removeprefix("/~/") if folder.startswith("/~/") else folder) / name)

    async def _asked(self, name: str, ask: Callable[[asyncssh.SFTPClient], Awaitable[T]]) -> T:
        """An answer within the deadline. Raises FileNotFoundError, FileExistsError, SystemProblem."""
        sftp = await self._connected()
        try:
            async with asyncio.timeout(self._deadline):
                return await ask(sftp)
        except asyncssh.SFTPNoSuchFile:
            raise FileNotFoundError(name) from None
        except (asyncssh.SFTPFileAlreadyExists, asyncssh.SFTPFailure) as error:
            if isinstance(error, asyncssh.SFTPFailure) and "exist" not in error.reason.casefold() and not name.endswith(".accord-lock"):
                raise self._problem(name, error) from None
            raise FileExistsError(name) from None  # version 3 of the protocol has no word of its own for it
        except (asyncssh.Error, OSError) as error:
            if not isinstance(error, asyncssh.SFTPError) or isinstance(error, _BROKEN_OFF):
                self._forget()
            raise self._problem(name, error) from None

    async def _connected(self) -> asyncssh.SFTPClient:
        async with self._connecting:
            if self._client is None:
                try:
                    async with asyncio.timeout(self._deadline):
                        self._client = await self._connect()
                except (asyncssh.Error, OSError, ValueError) as error:
                    self._forget()
                    raise self._problem("signing in", error) from None
            return self._client

    async def _connect(self) -> asyncssh.SFTPClient:
        address = self._address
        options: dict[str, object] = {"keepalive_interval": _KEEP_ALIVE_SECONDS}
        if address.user:
            options["username"] = address.user
        if address.password is not None:
            options["password"] = str(address.password)
        if address.key is not None:
            options["client_keys"] = [str(address.key)]
        if address.known_hosts is not None:
            options["known_hosts"] = str(address.known_hosts)
        self._connection = await asyncssh.connect(address.host, address.port, **options)
        return await self._connection.start_sftp_client()

    def _problem(self, name: str, error: Exception) -> SystemProblem:
        """What an error means. The server's words are told; they hold no secret of ours."""
        if isinstance(error, asyncssh.HostKeyNotVerifiable):
            remedy = "Put the server's public key into the file of sftp: {known_hosts: ...}, once you know that it is that server's."
            return SystemRefused(self._system, "the server's key is not known here", remedy)
        if isinstance(error, asyncssh.PermissionDenied):
            return SystemRefused(self._system, "the server does not let us in", "Look at the user, and at password: or key: of sftp:.")
        if isinstance(error, asyncssh.SFTPPermissionDenied):
            return SystemRefused(
                self._system, f"{name}: the server refuses: {error.reason}", "Give that user leave to read and write there."
            )
        if isinstance(error, TimeoutError):
            return SystemUnavailable(self._system, f"{name}: no answer within {self._deadline:g} s", "Try again later.")
        return SystemUnavailable(self._system, f"{name}: {error}", "Try again later; look whether the server is reached.")

    def _forget(self) -> None:
        if self._connection is not None:
            self._connection.abort()
        self._client = self._connection = None

    async def close(self) -> None:
        """See Folder."""
        client, connection = self._client, self._connection
        self._client = self._connection = None
        if client is not None:
            client.exit()
        if connection is not None:
            connection.close()
            await connection.wait_closed()

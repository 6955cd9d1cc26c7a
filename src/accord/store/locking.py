"""One engine per state: a lock on a file beside it, which ends with the process, however it ends.

Owns: StateLock. Does not own: the fence, which stops a holder that was only paused (sqlite.py).
"""

import contextlib
import fcntl
import os
from pathlib import Path

from accord.errors import StoreBusy


class StateLock:
    """Held from ``take`` to ``release``, or until the process ends."""

    def __init__(self, state: Path) -> None:
        self._path = state.with_name(state.name + ".lock")
        self._file: int | None = None

    def take(self) -> None:
        """Raises StoreBusy when another process holds it, with its number."""
        file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            holder = os.read(file, 20).decode(errors="replace").strip() or "unknown"
            os.close(file)
            raise StoreBusy(
                f"another engine holds this state (process {holder})", "Wait until it has ended, or stop it; only one may write at a time."
            ) from None
        os.ftruncate(file, 0)
        os.pwrite(file, f"{os.getpid()}\n".encode(), 0)
        self._file = file

    def release(self) -> None:
        """Let go; may be called twice."""
        if self._file is not None:
            with contextlib.suppress(OSError):
                os.close(self._file)
            self._file = None

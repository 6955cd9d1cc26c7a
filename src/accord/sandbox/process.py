"""Starting a stand-in server as a process of its own, for the demo, tests and benchmarks.

Owns: start, Running. Does not own: the server (serving.py), its command line (__main__.py).
"""

import contextlib
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Name = Literal["customcrm", "membercare", "standin"]
CUSTOMCRM_KEY = "customcrm-demo-key"
MEMBERCARE_KEY = "membercare-demo-key"
MEMBERCARE_PERSON = "1"
STANDIN_KEY = "standin-demo-key"
_KEYS: Mapping[Name, str] = {"customcrm": CUSTOMCRM_KEY, "membercare": MEMBERCARE_KEY, "standin": STANDIN_KEY}
ENDING_SECONDS = 5.0


class SandboxFailed(RuntimeError):
    """The process ended before it was ready."""


@dataclass(frozen=True, slots=True)
class Running:
    """A server that listens. ``url``: scheme, host and port, without a slash at the end; ``key``: what it takes for signing in."""

    name: str
    url: str
    key: str
    process: subprocess.Popen[str]

    @property
    def pid(self) -> int:
        """The process id."""
        return self.process.pid

    def stop(self) -> None:
        """End it and wait; may be called twice."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(ENDING_SECONDS)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        for stream in (self.process.stdin, self.process.stdout):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()

    def rss_megabytes(self) -> float:
        """Resident memory in MB (10**6 bytes), 0 where /proc is not there to tell."""
        status = Path(f"/proc/{self.pid}/status")
        if not status.exists():
            return 0.0
        line = next((line for line in status.read_text().splitlines() if line.startswith("VmRSS:")), "VmRSS: 0 kB")
        return int(line.split()[1]) * 1024 / 1e6

    def __enter__(self) -> "Running":
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def start(name: Name, size: int = 200, seed: int = 1, *, port: int = 0, key: str | None = None, options: Sequence[str] = ()) -> Running:
    """Start a server with ``size`` seeded left records (a stand-in: of each datatype) and wait until it listens.

    ``options``: further flags of ``python -m accord.sandbox``, such as "--strict" or "--fault=slow:milliseconds=20"; "standin" needs
    "--manifest=FILE". The process ends with this one. Raises SandboxFailed.
    """
    taken = key or _KEYS[name]
    flags = ["--port", str(port), "--size", str(size), "--seed", str(seed), "--key", taken, "--die-with-parent", *options]
    process = subprocess.Popen(
        [sys.executable, "-m", "accord.sandbox", name, *flags],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        process_group=0,  # Ctrl-C in the terminal is for us alone: we end it in our own time, and it prints no traceback between our lines
    )
    assert process.stdout is not None  # a pipe was asked for
    line = process.stdout.readline().split()
    running = Running(name, line[1] if len(line) == 2 else "", taken, process)
    if not running.url:
        running.stop()
        raise SandboxFailed(f"The {name} sandbox ended with exit code {process.returncode} before it was ready.")
    return running

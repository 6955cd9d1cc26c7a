"""On what, with what and when figures were measured.

Owns: the lines that stand above the tables. Does not own: the figures.
"""

import importlib.metadata
import os
import platform
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import apsw

ROOT = Path(__file__).parents[1]
PACKAGES = ("aiohttp", "msgspec", "uvloop", "uvicorn", "psycopg")


def machine() -> str:
    """Processor, cores and memory."""
    cpu = Path("/proc/cpuinfo")
    lines = cpu.read_text().splitlines() if cpu.exists() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    memory = Path("/proc/meminfo")
    total = int(memory.read_text().split()[1]) / 1e6 if memory.exists() else 0.0
    return f"{names[0] if names else platform.machine()}, {os.cpu_count()} cores, {total:.0f} GB of memory, {platform.system()}"


def versions() -> str:
    """What ran."""
    found = [f"Python {platform.python_version()}", f"SQLite {apsw.sqlitelibversion()}"]
    return ", ".join([*found, *(f"{name} {importlib.metadata.version(name)}" for name in PACKAGES)])


def revision() -> str:
    """The commit, and whether files differ from it."""
    said = subprocess.run(["git", "describe", "--always", "--dirty"], cwd=ROOT, capture_output=True, text=True, check=False)
    return said.stdout.strip() or "unknown"


def load() -> str:
    """How much the machine did besides, when it began."""
    return f"{os.getloadavg()[0]:.1f}"


def heading(began: datetime, minutes: float, busy: str) -> list[str]:
    """Date, revision, machine, versions."""
    return [
        f"Measured on {began.astimezone(UTC):%Y-%m-%d %H:%M} UTC in {minutes:.0f} minutes, at revision `{revision()}`.",
        "",
        f"{machine()}; load average when it began {busy}. {versions()}.",
    ]

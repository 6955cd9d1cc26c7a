"""What every peer is given, and what it has to tell. Nothing here but the standard library: a peer has an environment of its own.

A peer is started with a file of records, JSON, a list of objects with ``id`` (a text) and nine more members, and an empty folder. It brings
them to an empty other side, does nothing, brings one per cent of edits across; proves each; and prints the seconds of each on one line.
"""

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

EDITED, MOVED = "Edited", "Moved"


def given() -> tuple[list[dict[str, object]], Path]:
    """The records, and the folder."""
    return json.loads(Path(sys.argv[1]).read_text("utf-8")), Path(sys.argv[2])


def edited_left(count: int) -> range:
    """Which records are edited on the left: one of a hundred."""
    return range(0, count, 100)


def edited_right(count: int) -> range:
    """Which records are edited on the right, where edits go both ways: others, as many."""
    return range(50, count, 100)


def timed(work: Callable[[], object]) -> float:
    """Seconds."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def require(holds: bool, what: str) -> None:
    """End with an error if a peer did not do what was measured."""
    if not holds:
        raise SystemExit(f"not what was to be measured: {what}")


def peak() -> float:
    """The most memory that this process has had resident (MB); not from getrusage, where the peak of the process before counts."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(one.split()[1]) for one in lines if one.startswith("VmHWM:")) * 1024 / 1e6


def tell(first: float, none: float, changed: float, **more: float) -> None:
    """Hand the seconds on, with the most memory that was resident, here or as ``peak`` of a program that was started (MB)."""
    print(json.dumps({"peak": peak(), "first": first, "none": none, "changed": changed, **more}))

"""What every peer is given, and what it has to tell. Nothing here but the standard library: a peer has an environment of its own.

A peer is started with a file of records, JSON, a list of objects with ``id`` (a text) and nine more members, and an empty folder. It brings
them to an empty other side, does nothing, brings one per cent of edits across; proves each; and prints the seconds of each on one line.
"""

import json
import resource
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


def tell(first: float, none: float, changed: float) -> None:
    """Hand the seconds on, with the most memory that was resident, here or in a program that was started (MB)."""
    most = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    print(json.dumps({"first": first, "none": none, "changed": changed, "peak": most * 1024 / 1e6}))

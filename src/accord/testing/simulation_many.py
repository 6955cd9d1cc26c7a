"""Many histories, on all cores.

Owns: which process lives through which seed, and that the verdicts come in the order of the seeds. Does not own: a history (simulation.py).
"""

import gc
import multiprocessing
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial

from accord.testing.simulation import Verdict, simulate

AT_ONCE = 8
"""Seeds that a process takes at a time."""

WORTH_A_PROCESS = 32
"""With fewer seeds than this, starting processes takes longer than it saves."""


def cores() -> int:
    """How many processes make sense on this machine."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def simulate_many(seeds: Sequence[int], jobs: int = 1, *, traces: bool = False) -> Iterator[Verdict]:
    """One verdict per seed, in their order. ``jobs``: processes; ``traces``: also of those that held."""
    live = partial(_live, traces=traces)
    if jobs == 1 or len(seeds) < WORTH_A_PROCESS:
        yield from map(live, seeds)
        return
    with ProcessPoolExecutor(jobs, multiprocessing.get_context("spawn"), initializer=_spare) as pool:
        yield from pool.map(live, seeds, chunksize=AT_ONCE)


def _spare() -> None:
    """Hardly anything in a history goes round in circles: looking for it that often is a tenth of the time."""
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


def _live(seed: int, traces: bool) -> Verdict:
    return simulate(seed, traces)

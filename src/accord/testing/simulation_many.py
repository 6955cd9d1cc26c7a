"""Many histories, on all cores.

Owns: which process lives through which seed, and that the verdicts come in the order of the seeds. Does not own: a history (simulation.py).
"""

import gc
import multiprocessing
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace

from accord.testing.simulation import Verdict, simulate
from accord.testing.simulation_own import OwnSubject

AT_ONCE = 8
"""Seeds that a process takes at a time."""

WORTH_A_PROCESS = 32
"""With fewer seeds than this, starting processes takes longer than it saves."""


def cores() -> int:
    """How many processes make sense on this machine."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def simulate_many(seeds: Sequence[int], jobs: int = 1, *, traces: bool = False, own: OwnSubject | None = None) -> Iterator[Verdict]:
    """One verdict per seed, in their order. ``jobs``: processes; ``traces``: also of those that held; ``own``: see ``simulate``."""
    if jobs == 1 or len(seeds) < WORTH_A_PROCESS:
        yield from (simulate(seed, traces, own) for seed in seeds)
        return
    plain = replace(own) if own is not None else None  # without what it has worked out: that cannot be sent
    with ProcessPoolExecutor(jobs, multiprocessing.get_context("spawn"), initializer=_begin, initargs=(traces, plain)) as pool:
        yield from pool.map(_live, seeds, chunksize=AT_ONCE)


_about: list[tuple[bool, OwnSubject | None]] = []


def _begin(traces: bool, own: OwnSubject | None) -> None:
    """A process begins. Hardly anything in a history goes round in circles: looking for it as often as usual is a tenth of the time."""
    _about.append((traces, own))
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


def _live(seed: int) -> Verdict:
    return simulate(seed, *_about[0])

"""Crash pairs by the thousand, on all cores: ``python -m accord.testing.enumeration_many --pairs 10000 --seed 1``.

Owns: which pairs of all scenes a seed stands for, and that they are tried. Does not own: what a pair is (enumeration.py).
"""

import argparse
import multiprocessing
import random
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import cache

from accord.testing.enumeration import Lived, Plan, compare, live, sample_pairs
from accord.testing.enumeration_scenes import SCENES
from accord.testing.simulation_many import cores

AT_ONCE = 50
"""Pairs that a process takes at a time."""


@cache
def undisturbed(number: int) -> Lived:
    """What a scene comes to when nothing goes wrong, by its place in SCENES."""
    return live(SCENES[number])


def try_pairs(seed: int, count: int, jobs: int = 1) -> Iterator[list[str]]:
    """Try so many pairs; what was wrong with each, one list per pair. The same seed gives the same pairs."""
    parts = [(f"{seed}:{start}", min(AT_ONCE, count - start)) for start in range(0, count, AT_ONCE)]
    if jobs == 1:
        for part in parts:
            yield from _try_part(part)
        return
    with ProcessPoolExecutor(jobs, multiprocessing.get_context("spawn")) as pool:
        for found in pool.map(_try_part, parts):
            yield from found


def pairs_of(seed: str, count: int) -> list[tuple[int, Plan]]:
    """Scenes, by their place in SCENES, each with one pair of what goes wrong in it."""
    rng = random.Random(seed)
    numbers = [rng.randrange(len(SCENES)) for _ in range(count)]
    return [(number, plan) for number in numbers for plan in sample_pairs(undisturbed(number).points, rng, 1)]


def _try_part(part: tuple[str, int]) -> list[list[str]]:
    return [compare(SCENES[number], undisturbed(number), plan)[1] for number, plan in pairs_of(*part)]


def main(words: Sequence[str] | None = None) -> int:
    """Exit 0 only if every pair ended as the undisturbed history did."""
    parser = argparse.ArgumentParser(prog="python -m accord.testing.enumeration_many", description=main.__doc__)
    parser.add_argument("--pairs", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=cores())
    chosen = parser.parse_args(words)
    tried = failed = 0
    for wrong in try_pairs(chosen.seed, chosen.pairs, chosen.jobs):
        tried += 1
        failed += bool(wrong)
        for line in wrong:
            sys.stdout.write(f"{line}\n")
    sys.stdout.write(f"{tried} crash pairs in {len(SCENES)} scenes, {failed} failed (seed {chosen.seed})\n")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

"""The same seed is the same history in every process, whatever the order of its sets and dictionaries."""

import os
import subprocess
import sys

import pytest

SEEDS = range(1, 7)
PROGRAM = """
import sys
from accord.testing.simulation import simulate
for seed in range(int(sys.argv[1]), int(sys.argv[2])):
    print(simulate(seed).digest)
"""


def digests(hash_seed: str) -> list[str]:
    command = [sys.executable, "-c", PROGRAM, str(SEEDS.start), str(SEEDS.stop)]
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout.split()


@pytest.mark.slow
def test_the_same_seed_gives_the_same_history_under_another_hash_seed() -> None:
    first, second = digests("1"), digests("4242")
    assert len(set(first)) == len(SEEDS)
    assert first == second

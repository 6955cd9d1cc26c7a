"""Makes the suites that have to find the planted bugs importable."""

import sys
from pathlib import Path

TESTS = Path(__file__).parents[1]
sys.path[:0] = [str(TESTS / folder) for folder in ("crash", "scenarios", "laws", "store", "planted")]

"""`make reliability`: many more histories, crash points and crash pairs than the tests take, a tenth of the mutants, and the page.

`python benchmarks/reliability.py [--seeds 150000] [--pairs 10000] [--first-seed N] [--minutes 60]`

Writes docs/explanation/reliability.md. Every figure on it was counted in this run, or by reading the tests. Exit 1 if anything failed.
"""

import argparse
import multiprocessing
import platform
import re
import subprocess
import sys
import time
from collections import Counter, defaultdict
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from accord.connectors.hostile import Fault
from accord.testing.enumeration import compare, singles
from accord.testing.enumeration_many import try_pairs, undisturbed
from accord.testing.enumeration_scenes import SCENES
from accord.testing.simulation_many import cores, simulate_many

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "explanation" / "reliability.md"
PROMISES = {
    1: "Convergence: when nobody edits, both sides come to correspond and stay so",
    2: "Silence when idle",
    3: "Every write has a reason",
    4: "No edit is lost",
    5: "No unseen overwrite",
    6: "No echo",
    7: "No duplicate create",
    8: "A record has one link",
    9: "Deletes need evidence",
    10: "Deletes have a budget",
    11: "An edit beats a delete",
    12: "Merging is a function: the same for the same input, from either side",
    13: "Properties do not see each other",
    14: "References are translated, or wait",
    15: "Mappings obey their laws",
    16: "Restarts change nothing",
    17: "A base only after proof; the loser is durable before it is overwritten",
    18: "Cursors never skip",
    19: "One bad record stays alone",
    20: "A full account of every write",
    21: "One writer",
    22: "A changed configuration does nothing drastic by itself",
    23: "The plan is true",
    24: "Work is bounded by what changed",
    25: "An older state is recognised in what it finds",
    26: "Answers are only half trusted",
}
BATCH = 500

FAULTS = {fault.value for fault in Fault} | {"crash", "down", "duplicate", "mass_edit", "restored", "stopped", "store_failed"}
FAULTS |= {"webhook_late", "webhook_missing", "webhook_repeated"}
"""What can go wrong in a history."""

OFTEN, FROM = 100, 20_000
"""So often at least each fault made a difference, in a run of so many histories; otherwise the run proves nothing about it, and fails."""


@dataclass(slots=True)
class Found:
    """What the long run came to."""

    histories: int = 0
    failed: list[str] = field(default_factory=list)
    sums: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0
    points: int = 0
    pairs: int = 0
    mutants: Counter[str] = field(default_factory=Counter)


def simulate(found: Found, first: int, seeds: int, until: float) -> None:
    """Fresh histories, as many as asked for or as there is time for."""
    began = time.monotonic()
    for start in range(first, first + seeds, BATCH):
        if time.monotonic() > until:
            break
        for verdict in simulate_many(range(start, min(start + BATCH, first + seeds)), cores()):
            found.histories += 1
            found.sums.update(cycles=verdict.cycles, writes=verdict.writes, crashes=verdict.crashes)
            found.faults.update(verdict.faults)
            found.failed += [f"{violation} ({verdict.replay})" for violation in verdict.violations]
        print(f"{found.histories} histories, {len(found.failed)} violations", flush=True)
    found.seconds = time.monotonic() - began
    found.faults["crash"] = found.sums["crashes"]
    if found.histories >= FROM:
        found.failed += [f"{name} struck {found.faults[name]} times only" for name in sorted(FAULTS) if found.faults[name] < OFTEN]


def enumerate_points(found: Found, pairs: int, seed: int) -> None:
    """Every single point of every scene; then pairs by chance."""
    with ProcessPoolExecutor(cores(), multiprocessing.get_context("spawn")) as pool:
        for points, wrong in pool.map(every_point, range(len(SCENES))):
            found.points += points
            found.failed += wrong
    print(f"{found.points} crash points in {len(SCENES)} scenes", flush=True)
    for wrong in try_pairs(seed, pairs, cores()):
        found.pairs += 1
        found.failed += wrong
    print(f"{found.pairs} crash pairs", flush=True)


def every_point(number: int) -> tuple[int, list[str]]:
    """How many points a scene has, and what was wrong."""
    expected = undisturbed(number)
    plans = singles(expected.points)
    return len(plans), [line for plan in plans for line in compare(SCENES[number], expected, [plan])[1]]


def tests_by_promise() -> dict[int, Counter[str]]:
    """How many tests of each suite are named after a promise."""
    found: dict[int, Counter[str]] = defaultdict(Counter)
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        suite = path.relative_to(ROOT / "tests").parts[0]
        for names in re.findall(r"def test_((?:P\d+_)+)", path.read_text("utf-8")):
            for number in re.findall(r"P(\d+)", names):
                found[int(number)][suite] += 1
    return found


def planted() -> dict[int, str]:
    """The suite that finds the bug planted for each promise."""
    text = (ROOT / "tests" / "planted" / "bugs.py").read_text("utf-8")
    return {int(number): suite for number, suite in re.findall(r'"P(\d+)": Bug\(\w+, "(\w+)"', text)}


def planted_hold() -> str:
    """The last line of the run of the planted bugs."""
    words = [sys.executable, "-m", "pytest", "-q", "-n", "auto", "tests/planted"]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    return "all found" if done.returncode == 0 else f"NOT all found: {done.stdout.strip().splitlines()[-1]}"


def try_mutants(found: Found, digit: int) -> None:
    """A tenth of the small faults that can be planted in the modules that decide; all of them take longer than the rest together."""
    words = [sys.executable, "tests/mutants/run.py", "--tenth", str(digit)]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    for line in re.findall(r"(?m)^\w+ +(\d+) +(\d+) +(\d+) +(\d+)$", done.stdout):
        found.mutants.update(dict(zip(("tried", "noticed", "explained", "survived"), map(int, line), strict=True)))
    if done.returncode != 0 or not found.mutants["tried"]:
        found.failed.append(f"mutants: {(done.stdout + done.stderr).strip()[-500:]}")
    print(f"{found.mutants['tried']} mutants, {found.mutants['survived']} survived", flush=True)


def page(found: Found, bugs: str) -> str:
    """The page, from what was counted."""
    tests, suites = tests_by_promise(), planted()
    revision = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False).stdout.strip()
    lines = [
        "# How well it holds",
        "",
        "Written by `make reliability`; every figure was counted in that run. What the promises mean exactly is said by their tests.",
        "",
        f"Run on {datetime.now(UTC):%Y-%m-%d}, at revision `{revision}`, Python {platform.python_version()}, {cores()} cores.",
        "",
        "| What | How much | Result |",
        "|---|---|---|",
        f"| random histories of whole systems (`accord simulate`) | {found.histories} histories with {found.sums['cycles']} cycles, "
        f"{found.sums['writes']} writes, {found.sums['crashes']} crashes, {found.faults.total() - found.sums['crashes']} other faults; "
        f"{found.histories / max(found.seconds, 0.001):.0f} a second | {_result(found, '(accord simulate')} |",
        f"| every point at which something can go wrong, in {len(SCENES)} scenes | {found.points} | {_result(found, None)} |",
        f"| two things going wrong, the second in the recovery from the first | {found.pairs} | {_result(found, None)} |",
        f"| one bug planted for each promise | {len(suites)} | {bugs} |",
        f"| small faults planted in the modules that decide (`make mutants`), a tenth of them | {found.mutants['tried']}, of which "
        f"{found.mutants['explained']} change nothing, as `tests/mutants/explained.toml` says | {found.mutants['survived']} survived |",
        "",
        "## Promise by promise",
        "",
        "The simulation judges P1 to P9, P11, P13, P14, P16 to P20 and P26 in every history; beside that there are tests of their own.",
        "",
        "| Promise | Tests named after it | The planted bug is found by |",
        "|---|---|---|",
    ]
    for number, words in PROMISES.items():
        named = ", ".join(f"{count} in {suite}" for suite, count in sorted(tests[number].items())) or "none"
        lines.append(f"| P{number} {words} | {named} | {suites.get(number, 'nothing')} |")
    lines += ["", "## Faults", "", "How often each made a difference in the random histories.", "", "| Fault | Times |", "|---|---|"]
    lines += [f"| {name.replace('_', ' ')} | {count} |" for name, count in sorted(found.faults.items())]
    return "\n".join(lines) + "\n"


def _result(found: Found, mark: str | None) -> str:
    bad = [one for one in found.failed if (mark in one if mark else "(accord simulate" not in one and not one.startswith("mutants"))]
    return f"{len(bad)} violations: {bad[0]}" if bad else "no violation"


def main() -> int:
    """Run it, write the page."""
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--seeds", type=int, default=150_000)
    words.add_argument("--first-seed", type=int, default=int(time.time()))
    words.add_argument("--pairs", type=int, default=10_000)
    words.add_argument("--minutes", type=float, default=60.0, help="the random histories end after this, however many they are")
    given = words.parse_args()
    found = Found()
    simulate(found, given.first_seed, given.seeds, time.monotonic() + given.minutes * 60)
    enumerate_points(found, given.pairs, given.first_seed)
    try_mutants(found, given.first_seed % 10)
    PAGE.write_text(page(found, planted_hold()), "utf-8")
    for one in found.failed[:20]:
        print(one)
    print(f"written: {PAGE.relative_to(ROOT)}")
    return 1 if found.failed else 0


if __name__ == "__main__":
    sys.exit(main())

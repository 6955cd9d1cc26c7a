"""`make bench`, `make bench-quick`: every measurement in a process of its own, one after the other, and the page of figures.

`python benchmarks/run.py [--quick] [--only NAMES] [--page FILE] [--peers no]`

Writes docs/reference/benchmarks.md from what the measurements told, and prints it. With ``--quick`` everything is small and the figures
mean nothing: it only shows that each measurement runs, and no page is written unless ``--page`` says where. Exit 1 if a measurement failed;
then no page is written either.
"""

import argparse
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from machine import heading, load
from rows import Row, tables, told

HERE = Path(__file__).parent
PAGE = HERE.parent / "docs" / "reference" / "benchmarks.md"
SECONDS = {"full": 1800, "quick": 300, "tiny": 60}
"""After so long a measurement is given up."""


@dataclass(frozen=True, slots=True)
class Measurement:
    """A program and its arguments at each scale. ``full`` is what the page is made of; ``tiny`` is for the test of all this.

    ``tiny`` None: the test has this program from another line.
    """

    name: str
    program: str
    full: str
    quick: str
    tiny: str | None

    def words(self, scale: str) -> list[str] | None:
        """The command line; None where there is none at this scale."""
        arguments = {"full": self.full, "quick": self.quick, "tiny": self.tiny}[scale]
        return None if arguments is None else [sys.executable, str(HERE / self.program), *arguments.split()]


MEASUREMENTS = (
    Measurement("load", "first_load.py", "--size 20000 --idle", "--size 500 --idle --rounds 2", "--size 20 --idle --rounds 1"),
    Measurement("load-slow", "first_load.py", "--size 2000 --latency 50", "--size 100 --latency 50", None),
    Measurement("load-large", "first_load.py", "--size 100000 --rounds 1", "--size 1000 --rounds 1", None),
    Measurement(
        "cycles",
        "cycles.py",
        "--sizes 1000,100000,1000000 --changes 1000",
        "--sizes 1000,5000,20000 --changes 50 --seeded 20000",
        "--sizes 100,300 --changes 1 --rounds 1 --seeded 300",
    ),
    Measurement("core", "deciding.py", "--size 1000000", "--size 20000", "--size 500 --rounds 1"),
    Measurement("store", "store_path.py", "100000 500 3", "5000 500 3", "300 100 1"),
    Measurement("stores", "store.py", "20000 500 3", "2000 500 2", "100 50 1"),
    Measurement(
        "webhooks",
        "webhook_latency.py",
        "--rates 1,50,500 --seconds 10 --rounds 3",
        "--rates 5,50 --seconds 4 --size 300 --every 2 --rounds 1",
        "--rates 100 --seconds 0.2 --size 40 --every 1 --rounds 1",
    ),
    Measurement("peers", "beside_peers.py", "--size 10000", "--size 1000 --rounds 2", "--size 200 --rounds 1"),
)

WORDS = """
How to read this: a time alone says little, as machines differ and are busy with other things. So each figure stands beside another that
was measured in the same run on the same machine, by turns, and the ratio of each round is what counts: what is measured by what stands
beside, below 1 if Accord takes less. Given are the median and, in brackets, the least and the greatest of the rounds. What is measured
proves itself: a cycle that wrote anything but what it should, a peer that lost a record, ends the run without a page.

Records that are "worked out in memory" (`benchmarks/scene.py`) cost no memory and no wire, so what is left is Accord with its durable
state in SQLite; the cost of making them is measured bare and stands beside. The state of the largest size is filled by the store's own
calls with what the engine would have left there; a test compares both, table by table. Figures over HTTP are between the two sandboxes,
each a process of its own; both share the cores with Accord. Where there was one round, it takes minutes, and nothing is said of its spread.

Others are set up as their own documentation has it, and none does the same as Accord: what each leaves out is said. Beside them Accord has
its systems in memory too, a durable state, a base of each side, and journals each write before it is made. Where another looks at
everything in each run, so does Accord beside it; in a service it asks for what changed.
"""


class Failed(RuntimeError):
    """A measurement ended badly."""


def run(name: str, words: Sequence[str], seconds: float) -> list[Row]:
    """Its rows. Raises Failed."""
    rows = []
    with subprocess.Popen(words, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True, start_new_session=True) as process:
        assert process.stdout is not None
        timer = threading.Timer(seconds, end, [process])
        timer.start()
        try:
            for line in process.stdout:
                row = told(line)
                if row is None:
                    print(f"   {line.rstrip()}", flush=True)
                else:
                    rows.append(row)
            process.wait()
        finally:
            timer.cancel()
            end(process)
    if process.returncode or not rows:
        raise Failed(f"{name} ended with {process.returncode} and {len(rows)} rows (it may take {seconds:.0f} s)")
    return rows


def end(process: subprocess.Popen[str]) -> None:
    """End a measurement that still runs, with all that it has started."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGTERM)


def page(rows: Sequence[Row], above: Sequence[str], scale: str) -> str:
    """The page as a whole."""
    made = "`make bench`" if scale == "full" else f"`python benchmarks/run.py`, small ({scale}): these figures mean nothing"
    lines = ["# Benchmarks", "", f"Written by {made}; never by hand.", "", *above, *WORDS.rstrip().splitlines(), *tables(rows)]
    return "\n".join(lines) + "\n"


def main() -> int:
    """Measure, print, write."""
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--quick", dest="scale", action="store_const", const="quick", default="full")
    words.add_argument("--scale", dest="scale", choices=tuple(SECONDS), help=argparse.SUPPRESS)
    words.add_argument("--only", default="", help=f"some of them: {', '.join(one.name for one in MEASUREMENTS)}")
    words.add_argument("--page", type=Path, help="where the page is written")
    words.add_argument("--empty", action="store_true", help="measure nothing and write the page without figures")
    words.add_argument("--peers", choices=("yes", "no"), default="yes", help="no: they are neither installed nor run")
    given = words.parse_args()
    if given.empty:
        (given.page or PAGE).write_text(page((), ["No figures yet: `make bench` writes them here, in half an hour."], "full"), "utf-8")
        return 0
    chosen = [one for one in MEASUREMENTS if not given.only or one.name in given.only.split(",")]
    more = {"peers": ["--left-out", "left out on request"]} if given.peers == "no" else {}
    began, clock, busy = datetime.now(UTC), time.monotonic(), load()
    rows, failed = measure(chosen, given.scale, more)
    text = page(rows, heading(began, (time.monotonic() - clock) / 60, busy), given.scale)
    print(text)
    for one in failed:
        print(f"FAILED: {one}")
    target = given.page or (PAGE if given.scale == "full" and not given.only else None)
    if target is not None and not failed:
        target.write_text(text, "utf-8")
        print(f"written: {os.path.relpath(target)}")
    return 1 if failed else 0


def measure(chosen: Sequence[Measurement], scale: str, more: Mapping[str, Sequence[str]]) -> tuple[list[Row], list[str]]:
    """All rows, and what failed; a failure does not keep the others from being measured."""
    rows, failed = list[Row](), list[str]()
    for one in chosen:
        if (words := one.words(scale)) is None:
            continue
        print(f"== {one.name}", flush=True)
        began = time.monotonic()
        try:
            rows += run(one.name, [*words, *more.get(one.name, ())], SECONDS[scale])
        except Failed as error:
            failed.append(str(error))
        print(f"   that took {time.monotonic() - began:.0f} s", flush=True)
    return rows, failed


if __name__ == "__main__":
    sys.exit(main())

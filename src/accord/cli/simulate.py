"""simulate: whole histories of two in-memory systems, random and repeatable, judged by the oracle.

Owns: what the command prints. Does not own: the histories (testing/simulation.py), who lives through which (testing/simulation_many.py).
"""

import shlex
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import click

from accord.cli.output import json_option, print_json, spaced

if TYPE_CHECKING:
    from collections.abc import Callable

    from accord.testing.simulation import Verdict
    from accord.testing.simulation_own import OwnSubject


@click.command("simulate")
@click.option("--seeds", default=50, show_default=True, type=click.IntRange(1), metavar="N", help="How many histories.")
@click.option("--first-seed", default=1, show_default=True, type=click.IntRange(0), metavar="K", help="The seed of the first one.")
@click.option("--jobs", default=0, type=click.IntRange(0), metavar="N", help="How many processes; as many as there are cores if not given.")
@click.option("--dataflow", "-d", "path", metavar="FILE", help="Your own dataflow, with values made up from its manifests.")
@json_option
@click.option("--verbose", is_flag=True, help="Print what happened in each history, step by step.")
def simulate_command(seeds: int, first_seed: int, jobs: int, path: str | None, as_json: bool, verbose: bool) -> int:
    """Random edits, faults and crashes on in-memory systems, judged by an oracle.

    One seed is one whole history: users on both sides, an engine that is disturbed and killed, and then peace. The core, the engine and the
    store are the real ones; time is virtual. The same seed is the same history everywhere. Exit 0: every promise held in every history. 2:
    not; each broken one is printed with the command that shows its history again.
    """
    import time

    from accord.testing.simulation_many import cores, simulate_many

    own = _own(path) if path is not None else None
    left_out = own.left_out if own is not None else {}
    for name, why in left_out.items():
        click.echo(f"not simulated: {name}: {why}", err=True)
    started, sums = time.perf_counter(), _Sums()
    with _bar(seeds, not as_json and not verbose) as advance:
        for verdict in simulate_many(range(first_seed, first_seed + seeds), jobs or cores(), traces=verbose, own=own):
            sums.add(verdict)
            advance(len(sums.failed))
            if not as_json:
                _tell(verdict, verbose, path)
    seconds = time.perf_counter() - started
    if as_json:
        known = {"seeds": seeds, "first_seed": first_seed, **sums.json(path), "per_second": round(seeds / seconds, 1)}
        print_json({**known, "not_simulated": left_out} if left_out else known)
    else:
        click.echo(f"{sums}; {seeds / seconds:.1f} seeds/s")
    return 2 if sums.failed else 0


@dataclass(slots=True)
class _Sums:
    """What all histories come to."""

    seeds: int = 0
    cycles: int = 0
    crashes: int = 0
    writes: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    failed: "list[Verdict]" = field(default_factory=list)

    def add(self, verdict: "Verdict") -> None:
        self.seeds += 1
        self.cycles += verdict.cycles
        self.crashes += verdict.crashes
        self.writes += verdict.writes
        self.faults.update(verdict.faults)
        if verdict.violations:
            self.failed.append(verdict)

    def json(self, path: str | None) -> dict[str, Any]:
        """``faults``: how often each struck."""
        return {
            "cycles": self.cycles,
            "crashes": self.crashes,
            "writes": self.writes,
            "faults": dict(sorted(self.faults.items())),
            "failed": [_said(one, path) for one in self.failed],
        }

    def __str__(self) -> str:
        what = {"cycles": self.cycles, "writes": self.writes, "faults": self.faults.total(), "crashes": self.crashes}
        counted = ", ".join(f"{spaced(count)} {name}" for name, count in what.items())
        return f"{self.seeds - len(self.failed)} of {self.seeds} histories kept every promise: {counted}"


@contextmanager
def _bar(seeds: int, wanted: bool) -> "Iterator[Callable[[int], None]]":
    """Histories lived through, on a terminal; nothing elsewhere."""
    if not wanted or not sys.stdout.isatty():
        yield lambda _failed: None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[failed]} failed"), TimeRemainingColumn())
    with Progress(*columns, transient=True) as bar:
        task = bar.add_task("", total=seeds, failed=0)
        yield lambda failed: bar.update(task, advance=1, failed=failed)


def _own(path: str) -> "OwnSubject":
    """The user's dataflow as a subject. Raises ConfigurationError for what is wrong there, UsageError if nothing can be made up."""
    from accord.app import compile_flows, load
    from accord.errors import UsageError
    from accord.testing.simulation_own import OwnSubject

    setup = load(path)
    compile_flows(setup)
    own = OwnSubject(setup.dataflow, setup.manifests)
    try:
        assert own.things
    except ValueError as problem:
        raise UsageError(f"{path}: {problem}", "Simulate the other flows, or give this one another criterion.") from problem
    return own


def _replay(verdict: "Verdict", path: str | None) -> str:
    return verdict.replay if path is None else f"{verdict.replay} --dataflow {shlex.quote(path)}"


def _tell(verdict: "Verdict", verbose: bool, path: str | None) -> None:
    """The history on wish; what it broke, and how to see it again, in any case."""
    if verbose:
        for line in verdict.trace:
            click.echo(line)
        click.echo(f"seed {verdict.seed}: {verdict.digest}")
    for violation in verdict.violations:
        click.echo(f"seed {verdict.seed}: {violation}")
    if verdict.violations and not verbose:
        click.echo(f"  {_replay(verdict, path)}")


def _said(verdict: "Verdict", path: str | None) -> dict[str, Any]:
    broken = [{"promise": one.promise, "where": one.where, "what": one.what} for one in verdict.violations]
    return {"seed": verdict.seed, "digest": verdict.digest, "violations": broken, "replay": _replay(verdict, path)}

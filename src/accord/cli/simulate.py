"""simulate: whole histories of two in-memory systems, random and repeatable, judged by the oracle.

Owns: what the command prints. Does not own: the histories (testing/simulation.py).
"""

from typing import TYPE_CHECKING, Any

import click

from accord.cli.output import json_option, print_json

if TYPE_CHECKING:
    from accord.testing.simulation import Verdict


@click.command("simulate")
@click.option("--seeds", default=50, show_default=True, type=click.IntRange(1), metavar="N", help="How many histories.")
@click.option("--first-seed", default=1, show_default=True, type=click.IntRange(0), metavar="K", help="The seed of the first one.")
@json_option
@click.option("--verbose", is_flag=True, help="Print what happened in each history, step by step.")
def simulate_command(seeds: int, first_seed: int, as_json: bool, verbose: bool) -> int:
    """Random edits, faults and crashes on in-memory systems, judged by an oracle.

    One seed is one whole history: users on both sides, an engine that is disturbed and killed, and then peace. The core, the engine and the
    store are the real ones; time is virtual. The same seed is the same history everywhere. Exit 0: every promise held in every history. 2:
    not; each broken one is printed with the command that shows its history again.
    """
    import time

    from accord.testing.simulation import simulate

    started = time.perf_counter()
    failed: list[Verdict] = []
    sums: dict[str, int] = dict.fromkeys(("cycles", "crashes", "writes", "faults"), 0)
    for seed in range(first_seed, first_seed + seeds):
        verdict = simulate(seed)
        _add(sums, verdict)
        if verdict.violations:
            failed.append(verdict)
        if not as_json:
            _tell(verdict, verbose)
    seconds = time.perf_counter() - started
    if as_json:
        print_json(
            {"seeds": seeds, "first_seed": first_seed, **sums, "per_second": seeds / seconds, "failed": [_said(one) for one in failed]}
        )
    else:
        held = f"{seeds - len(failed)} of {seeds} histories kept every promise"
        what = f"{sums['cycles']:,} cycles, {sums['writes']:,} writes, {sums['faults']:,} faults, {sums['crashes']:,} crashes".replace(
            ",", " "
        )
        click.echo(f"{held}: {what}; {seeds / seconds:.1f} seeds/s")
    return 2 if failed else 0


def _add(sums: dict[str, int], verdict: "Verdict") -> None:
    sums["cycles"] += verdict.cycles
    sums["crashes"] += verdict.crashes
    sums["writes"] += verdict.writes
    sums["faults"] += sum(verdict.faults.values())


def _tell(verdict: "Verdict", verbose: bool) -> None:
    """The history on wish; what it broke, and how to see it again, in any case."""
    if verbose:
        for line in verdict.trace:
            click.echo(line)
        click.echo(f"seed {verdict.seed}: {verdict.digest}")
    for violation in verdict.violations:
        click.echo(f"seed {verdict.seed}: {violation}")
    if verdict.violations and not verbose:
        click.echo(f"  {verdict.replay}")


def _said(verdict: "Verdict") -> dict[str, Any]:
    broken = [{"promise": one.promise, "where": one.where, "what": one.what} for one in verdict.violations]
    return {"seed": verdict.seed, "digest": verdict.digest, "violations": broken, "replay": verdict.replay}

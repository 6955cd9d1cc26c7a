"""plan, sync and census: one run, or what one run would do.

Owns: what these commands print. Does not own: the run (app/, engine/).
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from accord.cli.output import (
    console,
    counts_json,
    dataflow_option,
    flow_option,
    json_option,
    pending_json,
    print_json,
    print_pending,
    progress_bar,
    run_table,
    spaced,
)

if TYPE_CHECKING:
    from accord.app import Session
    from accord.engine.census import FlowCensus
    from accord.model.runs import Run

SHOWN = 20

STAYING = 5
"""So many of each flow that would stay behind are shown."""

believe_option = click.option(
    "--believe",
    multiple=True,
    metavar="SYSTEM:DATATYPE",
    help="Take it that what is missing from this listing was removed; you have looked. What is deleted on the other side stays limited.",
)


@click.command("sync")
@dataflow_option
@flow_option
@json_option
@click.option("--create", "go_ahead", is_flag=True, help="Give the go-ahead for creating records, from now on.")
@click.option("--full", is_flag=True, help="List everything instead of reading only what changed.")
@click.option("--approve", is_flag=True, help="Let happen once what the guards hold; look at it before: accord plan --approve.")
@believe_option
def sync_command(path: str, flows: Sequence[str], as_json: bool, full: bool, **leave: Any) -> int:
    """Bring both systems in step once.

    Exit 0: done. 5: done, but something is held, in review, quarantined or unknown and needs a person.
    """
    from accord import app
    from accord.engine.parts import Depth

    setup = app.load(path)
    names = known_flows(setup, flows)
    with progress_bar(not as_json) as progress:

        async def work() -> "Run":
            async with app.session(setup, progress=progress, **leave) as opened:
                return await app.run_once(opened, "sync", names, Depth.FULL if full else Depth.CHANGES)

        run = app.start(work())
    if as_json:
        print_json({"run": run.id, "result": run.result, "message": run.message, "read": run.read, "flows": counts_json(run.flows)})
    else:
        print_run(run, [flow.name for flow in setup.dataflow.flows if not names or flow.name in names], "")
    return 5 if any(row.review or row.held or row.quarantined or row.unknown or row.stopped for row in run.flows.values()) else 0


def print_run(run: "Run", flows: Sequence[str], title: str) -> None:
    """The table of a run and one line that says what it amounts to."""
    run_table(flows, run.flows, title)
    writes = sum(row.writes for row in run.flows.values())
    screen = console()
    screen.print(f"{spaced(run.read)} records read, {spaced(writes)} written")
    print_stopped(run)
    if run.message:
        screen.print(run.message, markup=False, soft_wrap=True, style="yellow")
    waiting = [row for row in run.flows.values() if row.review or row.held or row.quarantined or row.unknown or row.waiting]
    if waiting:
        screen.print("[yellow]Some records wait; see: accord status[/yellow]")


def print_stopped(run: "Run") -> None:
    """The flows that are held as a whole, each with its cause and what to do."""
    for row in run.flows.values():
        if row.stopped:
            console().print(f"held: {row.flow}: {row.stopped}", markup=False, soft_wrap=True, style="yellow")


@click.command("plan")
@dataflow_option
@flow_option
@json_option
@click.option("--create", "go_ahead", is_flag=True, help="As if the go-ahead for creating had been given.")
@click.option("--full", is_flag=True, help="List everything instead of reading only what changed.")
@click.option("--approve", is_flag=True, help="As if what the guards hold had been approved.")
@believe_option
def plan_command(path: str, flows: Sequence[str], as_json: bool, full: bool, **leave: Any) -> int:
    """Show what a sync would do, with the reason for each write; write nothing, anywhere.

    Exit 0: nothing to do. 2: there is something to do.
    """
    from accord import app
    from accord.engine.parts import Depth

    setup = app.load(path)
    names = known_flows(setup, flows)
    with progress_bar(not as_json) as progress:

        async def work() -> "tuple[Run, list[dict[str, Any]], list[dict[str, Any]]]":
            async with app.session(setup, preview=True, progress=progress, **leave) as opened:
                run = await app.run_once(opened, "plan", names, Depth.FULL if full else Depth.CHANGES)
                left = [one for name in run.flows for one in opened.store.list_pending(name, limit=1_000_000 if as_json else STAYING)]
                return run, planned_operations(opened, run), [pending_json(one) for one in left]

        run, operations, staying = app.start(work())
    if as_json:
        print_json({"flows": counts_json(run.flows), "operations": operations, "pending": staying})
        return 2 if operations or any(row.stopped for row in run.flows.values()) else 0
    run_table([flow.name for flow in setup.dataflow.flows if not names or flow.name in names], run.flows, "what a sync would do")
    print_pending(staying)
    print_operations(operations)
    print_stopped(run)
    return 2 if operations or any(row.stopped for row in run.flows.values()) else 0


def planned_operations(opened: "Session", run: "Run") -> list[dict[str, Any]]:
    """The pretended writes of a preview as data: what, to what, which properties, why."""
    rows = []
    for intent in opened.store.of_run(run.id):
        one = intent.operation
        rows.append(
            {
                "flow": one.flow,
                "kind": one.kind.value,
                "system": opened.setup.dataflow.entry(one.side).system,
                "datatype": one.target.datatype,
                "target": one.target.id or None,
                "source": str(one.source),
                "properties": [change.name for change in one.changes],
                "reasons": [{"rule": why.rule, "text": why.text} for why in one.reasons],
            }
        )
    return rows


def print_operations(operations: Sequence[dict[str, Any]]) -> None:
    """The first operations, one a line, and how many more there are."""
    screen = console()
    for one in operations[:SHOWN]:
        target = f"{one['datatype']} {one['target']}" if one["target"] else f"a {one['datatype']}"
        why = "; ".join(f"{reason['rule']} {reason['text']}" for reason in one["reasons"])
        screen.print(f"{one['kind']} {target} in {one['system']} ({', '.join(one['properties'])}): {why}", markup=False, soft_wrap=True)
    if len(operations) > SHOWN:
        screen.print(f"... and {len(operations) - SHOWN} more; all of them: accord plan --json")
    if any(one["kind"] == "create" for one in operations):
        screen.print("What a system fills in by itself when it creates a record may come back as a further update.")
    screen.print("nothing to do" if not operations else f"{len(operations)} writes; nothing has been written. Do it: accord sync")


@click.command("census")
@dataflow_option
@json_option
def census_command(path: str, as_json: bool) -> int:
    """Read both systems afresh and compare every mapped value of every linked record.

    Exit 0: all in step. 2: something is not.
    """
    from accord import app

    setup = app.load(path)

    async def work() -> "list[FlowCensus]":
        async with app.session(setup, preview=True) as opened:
            return await app.take_census(opened)

    found = app.start(work())
    if as_json:
        print_json(found)
    else:
        print_census(found)
    return 0 if all(flow.in_step for flow in found) else 2


def print_census(found: "Sequence[FlowCensus]") -> None:
    """The standing figure, and what differs."""
    screen = console()
    for flow in found:
        for difference in flow.differences[:SHOWN]:
            screen.print(f"differs: {flow.flow}: {difference}", markup=False, soft_wrap=True)
        if flow.missing:
            screen.print(f"missing: {flow.flow}: {flow.missing} linked records were not listed", markup=False, soft_wrap=True)
    equal, values = sum(flow.equal for flow in found), sum(flow.values for flow in found)
    screen.print(f"in step: {spaced(equal)} of {spaced(values)} mapped values", style="bold")


def known_flows(setup: Any, names: Sequence[str]) -> list[str]:
    """The chosen flow names. Raises UsageError for one that the dataflow does not have."""
    from accord.errors import UsageError

    known = [flow.name for flow in setup.dataflow.flows]
    for name in names:
        if name not in known:
            raise UsageError(f'there is no flow "{name}" in {setup.dataflow.path}', f"Flows: {', '.join(known)}")
    return list(names)

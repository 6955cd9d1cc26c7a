"""status, links and why: looking at the state, beside a running engine too.

Owns: what these commands print. They write nothing and reach no system.
"""

from collections.abc import Sequence
from typing import Any

import click

from accord.cli.output import console, dataflow_option, flow_option, json_option, pending_json, print_json, print_pending, spaced

LISTED = 50


@click.command("status")
@dataflow_option
@json_option
@click.option("--all", "everything", is_flag=True, help="Every record that waits, not only the first of each flow.")
def status_command(path: str, as_json: bool, everything: bool) -> int:
    """What is linked, what waits, and why.

    Exit 0: everything is in step as far as known. 2: something waits.
    """
    from accord import app
    from accord.engine.guarding import held_of

    setup = app.load(path)
    flows = [flow.name for flow in setup.dataflow.flows]
    with app.looking(setup) as store:
        totals = store.totals(flows)
        waiting = {name: store.list_pending(flow=name, limit=1_000_000 if everything else 5) for name in flows}
        runs = store.runs(1)
        held = {name: standing.said for name in flows if (standing := held_of(store.setting(f"held:{name}")))}
    pending = {name: [pending_json(one) for one in rows] for name, rows in waiting.items()}
    if as_json:
        print_json({"flows": totals, "held": held, "pending": pending, "last_run": runs[0] if runs else None})
    else:
        _print_status(totals, pending, runs)
        for name, said in held.items():
            console().print(f"held: {name}: {said}", markup=False, soft_wrap=True, style="yellow")
    return 2 if held or any(sum(total.pending.values()) for total in totals) else 0


def _print_status(totals: Sequence[Any], pending: dict[str, list[dict[str, Any]]], runs: Sequence[Any]) -> None:
    from rich import box
    from rich.table import Table

    screen = console()
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, padding=(0, 1, 0, 0), collapse_padding=True)
    states = ("new", "waiting", "review", "held", "quarantined", "unknown")
    for name in ("flow", "linked", *states):
        table.add_column(name, justify="left" if name == "flow" else "right", no_wrap=True)
    for total in totals:
        counts = [total.pending.get(state, 0) for state in states]
        table.add_row(total.flow, spaced(total.links), *(str(count) if count else "·" for count in counts))
    screen.print(table)
    for rows in pending.values():
        print_pending(rows)
    if runs:
        run = runs[0]
        screen.print(f"last run: {run.cause}, {run.result}, started {run.started}" + (f": {run.message}" if run.message else ""))


@click.command("links")
@dataflow_option
@flow_option
@json_option
@click.option("--limit", default=LISTED, show_default=True, help="How many at most.")
def links_command(path: str, flows: Sequence[str], as_json: bool, limit: int) -> int:
    """Which records are one thing."""
    from accord import app
    from accord.cli.syncing import known_flows

    setup = app.load(path)
    names = known_flows(setup, flows) or [flow.name for flow in setup.dataflow.flows]
    with app.looking(setup) as store:
        found = [link for name in names for link in store.list_links(flow=name, limit=limit)][:limit]
    if as_json:
        print_json([{"flow": link.flow, "left": link.left, "right": link.right} for link in found])
        return 0
    kinds = {flow.name: flow for flow in setup.dataflow.flows}
    for link in found:
        flow = kinds[link.flow]
        click.echo(f"{flow.left} {link.left}  <->  {flow.right} {link.right}")
    if len(found) == limit:
        click.echo(f"... the first {limit}; more with --limit")
    return 0


@click.command("why")
@dataflow_option
@json_option
@click.argument("record")
def why_command(path: str, as_json: bool, record: str) -> int:
    """Why RECORD (its id, such as CO-000001) is, or is not, in step, and what was done to it.

    Exit 0: known. 2: known, and something waits. 3: no such record.
    """
    from accord import app
    from accord.errors import UsageError

    setup = app.load(path)
    with app.looking(setup) as store:
        said = _about(setup, store, record)
    if not said:
        raise UsageError(f"no flow knows a record with the id {record}", "Ids are as the systems give them; see: accord links")
    if as_json:
        print_json(said)
    else:
        for part in said:
            _print_about(part)
    return 2 if any(part["pending"] for part in said) else 0


def _about(setup: Any, store: Any, record: str) -> list[dict[str, Any]]:
    from accord.model.records import RecordRef, Side

    parts = []
    for flow in setup.dataflow.flows:
        for side in Side:
            ref = RecordRef(side, flow.datatype(side), record)
            link = store.links(flow.name, side, [record]).get(record)
            pending = store.pending_of(flow.name, ref)
            history = [_intent(setup, intent) for intent in store.history(flow.name, side, record)]
            if link is None and pending is None and not history:
                continue
            other = RecordRef(side.other, flow.datatype(side.other), link.record(side.other)) if link else None
            parts.append(
                {
                    "flow": flow.name,
                    "record": str(ref),
                    "linked_to": str(other) if other else None,
                    "pending": pending_json(pending) if pending else None,
                    "history": history,
                }
            )
    return parts


def _intent(setup: Any, intent: Any) -> dict[str, Any]:
    one = intent.operation
    return {
        "at": intent.at,
        "run": intent.run,
        "kind": one.kind.value,
        "system": setup.dataflow.entry(one.side).system,
        "target": str(one.target),
        "state": intent.state.value,
        "message": intent.message,
        "reasons": [f"{why.rule} {why.text}" for why in one.reasons],
        "properties": [change.name for change in one.changes],
    }


def _print_about(part: dict[str, Any]) -> None:
    screen = console()
    screen.print(f"{part['record']} ({part['flow']})", style="bold", markup=False, soft_wrap=True)
    screen.print(f"  linked to {part['linked_to']}" if part["linked_to"] else "  not linked", markup=False, soft_wrap=True)
    if part["pending"]:
        screen.print(f"  {part['pending']['state']}: {part['pending']['cause'] or 'not worked on yet'}", markup=False, soft_wrap=True)
    for entry in part["history"]:
        what = ", ".join(entry["properties"])
        screen.print(
            f"  {entry['at']} {entry['kind']} {entry['target']} in {entry['system']}: {entry['state']} ({what})",
            markup=False,
            soft_wrap=True,
        )
        for why in entry["reasons"]:
            screen.print(f"      {why}", markup=False, soft_wrap=True)
        if entry["message"]:
            screen.print(f"      {entry['message']}", markup=False, soft_wrap=True)

"""init and check: a first set of files, and whether they hold.

Owns: what these commands print. Does not own: the rules for files (config/), the laws (core/transforms.py).
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from accord.cli.output import console, dataflow_option, json_option, print_json

if TYPE_CHECKING:
    from accord.app import Setup
    from accord.errors import Problem


@click.command("init")
@json_option
@click.argument("folder", default=".", type=click.Path(file_okay=False, path_type=Path))
@click.option("--strict", is_flag=True, help="Membercare as its API is known: for a real one, or accord sandbox --strict.")
def init_command(folder: Path, as_json: bool, strict: bool) -> int:
    """Write a dataflow, two manifests and an .env to fill in to FOLDER; never overwrites.

    Without --strict Membercare is described as the sandbox is: it can make and change products and every invoice, too.
    Exit 3 when one of the files is there already.
    """
    from accord.config.starter import write_starter

    written = write_starter(folder, strict=strict)
    if as_json:
        print_json({"written": [str(path) for path in written]})
        return 0
    for path in written:
        click.echo(f"wrote {path}")
    click.echo("\nNext: copy .env.example to .env, fill it in, then: accord check")
    return 0


@click.command("check")
@dataflow_option
@json_option
@click.option("--offline", is_flag=True, help="Only the files; reach no system.")
def check_command(path: str, as_json: bool, offline: bool) -> int:
    """Check configuration, mapping laws, credentials and capabilities: every problem with file, line and remedy; then what is assumed,
    and what is not as in the document that was last agreed on (document: approved).

    Exit 0: holds. 3: a file must be changed. 4: a system cannot be reached or refuses us.
    """
    from accord import app
    from accord.app.documents import unapproved
    from accord.app.trying import reach

    setup = app.load(path)
    differing, found = unapproved(setup), app.notices(setup)
    reached = [] if offline else app.start(reach(setup))
    if as_json:
        rows = [{"file": n.file, "line": n.line, "what": n.what} for n in (*differing, *found)]
        print_json({"flows": [flow.name for flow in setup.dataflow.flows], "systems": reached, "notices": rows})
        return 0
    _print_check(setup, reached, {"not as in the document that was approved": differing, "assumed until somebody has confirmed it": found})
    return 0


def _print_check(setup: "Setup", reached: list[dict[str, Any]], found: "dict[str, list[Problem]]") -> None:
    screen = console()
    flows = setup.dataflow.flows
    screen.print(
        f"{setup.dataflow.path}: {len(flows)} flows, {sum(len(flow.properties) for flow in flows)} property mappings: holds", markup=False
    )
    for system in reached:
        screen.print(f"{system['system']}: reached, signed in, {len(system['datatypes'])} datatypes read", markup=False, soft_wrap=True)
        for datatype in system["datatypes"]:
            screen.print(f"    {datatype['name']}: {datatype['abilities']}", markup=False, soft_wrap=True)
    for heading, notices in found.items():
        if notices:
            screen.print(f"\n{heading} ({len(notices)}):", style="yellow")
        for notice in notices:
            screen.print(f"  {notice}", markup=False, soft_wrap=True)

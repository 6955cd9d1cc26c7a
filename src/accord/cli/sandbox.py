"""sandbox: the stand-in servers alone, to play with or to test against.

Owns: what the command prints. Does not own: the servers (sandbox/).
"""

import signal
import threading
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import click

from accord.cli.output import json_option, print_json

if TYPE_CHECKING:
    from accord.sandbox.process import Running


@click.command("sandbox")
@json_option
@click.option("--size", type=int, help="Seeded records on the Customcrm side, or of each datatype of a manifest.  [default: 200, or 0]")
@click.option("--seed", default=1, show_default=True, help="The same seed gives the same records.")
@click.option("--customcrm-port", default=8701, show_default=True, help="0 takes a free one.")
@click.option("--membercare-port", default=8702, show_default=True, help="0 takes a free one.")
@click.option("--strict", is_flag=True, help="Membercare offers only the calls of the public API.")
@click.option(
    "--manifest",
    "manifests",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    multiple=True,
    help="Start a stand-in that serves this manifest instead, one made from a document; may be repeated.",
)
@click.option("--port", default=8703, show_default=True, help="Of the first manifest's stand-in, the next ones follow; 0 takes free ones.")
def sandbox_command(as_json: bool, size: int | None, seed: int, manifests: tuple[Path, ...], port: int, **pair: int) -> int:
    """Start Customcrm and Membercare on this machine, with seeded records, until Ctrl-C. They forget everything when they end.

    With --manifest it is stand-ins for other systems: whichever datatypes and properties a manifest made from a document names.
    """
    done = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: done.set())
    with ExitStack() as running:
        if manifests:
            values, lines = _standins(running, manifests, size or 0, seed, port)
        else:
            values, lines = _pair(running, 200 if size is None else size, seed, **pair)
        if as_json:
            print_json(values)
        else:
            for line in (*lines, "\nFor the .env beside a dataflow:\n", *(f"{name}={value}" for name, value in values.items())):
                click.echo(line)
            click.echo(f"\nCtrl-C ends {'them' if len(lines) > 2 else 'both' if len(lines) == 2 else 'it'}.")
        try:
            done.wait()
        except KeyboardInterrupt:
            click.echo()
    return 0


def _pair(
    stack: ExitStack, size: int, seed: int, customcrm_port: int, membercare_port: int, strict: int
) -> tuple[dict[str, str], list[str]]:
    """Start both; the variables that a dataflow needs, and a line of each."""
    from accord.sandbox.process import start

    crm = stack.enter_context(start("customcrm", size, seed, port=customcrm_port))
    care = stack.enter_context(start("membercare", size, seed, port=membercare_port, options=["--strict"] * strict))
    values = {
        "CUSTOMCRM_URL": crm.url,
        "CUSTOMCRM_KEY": crm.key,
        "MEMBERCARE_URL": care.url,
        "MEMBERCARE_KEY": care.key,
        "MEMBERCARE_PERSON": "1",
    }
    return values, [
        f"Customcrm   {crm.url}/api       {size} records; its API: {crm.url}/openapi.json",
        f"Membercare  {care.url}/api/v1    its API: {care.url}/openapi.json",
    ]


def _standins(stack: ExitStack, manifests: Sequence[Path], size: int, seed: int, port: int) -> tuple[dict[str, str], list[str]]:
    """Start one for each manifest; the variables that those name, and a line of each. Raises ConfigurationError."""
    from accord.sandbox.process import start
    from accord.sandbox.standin import served, variables

    known = [served(path) for path in manifests]  # all are read before one is started
    values: dict[str, str] = {}
    lines = []
    for number, (path, (manifest, datatypes)) in enumerate(zip(manifests, known, strict=True)):
        options = [f"--manifest={path}"]
        running: Running = stack.enter_context(start("standin", size, seed + number, port=port + number if port else 0, options=options))
        values |= variables(manifest, running.url, running.key)
        lines.append(
            f"{manifest.system}  {running.url}/api/v1    {len(datatypes)} datatypes of {size} records; its API: {running.url}/openapi.json"
        )
    return values, lines

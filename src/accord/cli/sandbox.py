"""sandbox: the stand-in servers alone, to play with or to test against.

Owns: what the command prints. Does not own: the servers (sandbox/).
"""

import signal
import threading

import click

from accord.cli.output import json_option, print_json


@click.command("sandbox")
@json_option
@click.option("--size", default=200, show_default=True, help="Seeded records on the Customcrm side.")
@click.option("--seed", default=1, show_default=True, help="The same seed gives the same records.")
@click.option("--customcrm-port", default=8701, show_default=True, help="0 takes a free one.")
@click.option("--membercare-port", default=8702, show_default=True, help="0 takes a free one.")
@click.option("--strict", is_flag=True, help="Membercare offers only the calls of the public API.")
def sandbox_command(as_json: bool, size: int, seed: int, customcrm_port: int, membercare_port: int, strict: bool) -> int:
    """Start Customcrm and Membercare on this machine, with seeded records, until Ctrl-C. They forget everything when they end."""
    from accord.sandbox.process import start

    done = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: done.set())
    with (
        start("customcrm", size, seed, port=customcrm_port) as crm,
        start("membercare", size, seed, port=membercare_port, options=["--strict"] if strict else []) as care,
    ):
        values = {
            "CUSTOMCRM_URL": crm.url,
            "CUSTOMCRM_KEY": crm.key,
            "MEMBERCARE_URL": care.url,
            "MEMBERCARE_KEY": care.key,
            "MEMBERCARE_PERSON": "1",
        }
        if as_json:
            print_json(values)
        else:
            click.echo(f"Customcrm   {crm.url}/api       {size} records; its API: {crm.url}/openapi.json")
            click.echo(f"Membercare  {care.url}/api/v1    its API: {care.url}/openapi.json")
            click.echo("\nFor the .env beside a dataflow:\n")
            for name, value in values.items():
                click.echo(f"{name}={value}")
            click.echo("\nCtrl-C ends both.")
        try:
            done.wait()
        except KeyboardInterrupt:
            click.echo()
    return 0

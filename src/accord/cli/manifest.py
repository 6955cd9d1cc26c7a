"""manifest: describe a system to Accord, and try the description on the live system.

Owns: what these commands print, and when they may write. Does not own: the schema (config/), what is tried (checks/, testing/).
"""

from pathlib import Path

import click

from accord.cli.output import json_option, print_json


@click.group("manifest")
def manifest_command() -> None:
    """Describe a system: the schema for your editor, a first draft, and trials of it on the live system."""


@manifest_command.command("schema")
@json_option
@click.option("--output", "-o", type=click.Path(dir_okay=False, path_type=Path), help="Write it to a file instead.", metavar="FILE")
def schema_command(output: Path | None, as_json: bool) -> int:
    """The JSON Schema of a manifest, from the models that read it, so that an editor completes and checks as you type.

    Begin a manifest with "# yaml-language-server: $schema=manifest.schema.json".
    """
    from accord.config.manifest_schema import schema_text

    if output is None:
        click.echo(schema_text(), nl=False)
        return 0
    output.write_text(schema_text(), "utf-8")
    if as_json:
        print_json({"written": [str(output)]})
    else:
        click.echo(f"wrote {output}")
    return 0

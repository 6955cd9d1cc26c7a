"""document write: the dataflow document.

Owns: the command's words. Does not own: the document's form (documents/).
"""

import sys
from pathlib import Path

import click

from accord.cli.output import dataflow_option


@click.group("document")
def document_command() -> None:
    """The dataflow document."""


@document_command.command("write")
@dataflow_option
@click.option("--format", "form", type=click.Choice(["rst"]), default="rst", show_default=True, help="The form of the document.")
@click.option("--output", "-o", type=click.Path(dir_okay=False, path_type=Path), help="The file to write (default: standard output).")
def write_document(path: str, form: str, output: Path | None) -> int:
    """Write the document of the configured flows: every flow, every mapped property, every data type."""
    from accord import app

    text = app.document_text(app.load(path), form)
    if output is None:
        sys.stdout.buffer.write(text)
        return 0
    output.write_bytes(text)
    click.echo(f"wrote {output}", err=True)
    return 0

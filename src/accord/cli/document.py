"""document write and compare: the dataflow document; read is in document_read.py, run and verify are in document_run.py.

Owns: the command's words. Does not own: the document's form (documents/).
"""

import sys
from pathlib import Path

import click

from accord.cli.document_read import read_document
from accord.cli.document_run import run_document, verify_report
from accord.cli.output import FileToWrite, dataflow_option, json_option, print_json


@click.group("document")
def document_command() -> None:
    """The dataflow document."""


@document_command.command("write")
@dataflow_option
@click.option(
    "--format",
    "form",
    type=click.Choice(["rst", "html", "markdown", "pdf"]),
    default="rst",
    show_default=True,
    help="The form of the document.",
)
@click.option("--output", "-o", type=FileToWrite(), help="The file to write (default: standard output).")
@click.option("--which", default=1, show_default=True, metavar="N", help="Of several documents of a dataflow, the N-th, in rst.")
def write_document(path: str, form: str, output: Path | None, which: int) -> int:
    """Write the document of the configured flows: every flow, every mapped property, every data type."""
    from accord.app import load
    from accord.app.documents import document_text
    from accord.errors import UsageError

    setup = load(path)
    if not 1 <= which <= len(setup.dataflow.documents):
        raise UsageError(f"--which {which}: the dataflow has {len(setup.dataflow.documents)}", "Name one by its place in documents.")
    text = document_text(setup, form, which - 1)
    if output is None:
        sys.stdout.buffer.write(text)
        return 0
    output.write_bytes(text)
    click.echo(f"wrote {output}", err=True)
    return 0


@document_command.command("compare")
@click.argument("old", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.argument("new", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@json_option
def compare_documents(old: Path, new: Path, as_json: bool) -> int:
    """What changed from OLD to NEW, two documents in .rst: flows, openings, match criteria, properties, data types.

    Exit 0: they say the same. 2: they do not. 3: one of them is no such document; it is said where.
    """
    from accord.app import documents

    found = documents.compare_documents(old, new)
    if as_json:
        print_json(found)
    else:
        for one in found:
            click.echo(str(one))
        click.echo(f"{len(found)} difference{'s' * (len(found) > 1)}" if found else "they say the same")
    return 2 if found else 0


document_command.add_command(read_document)
document_command.add_command(run_document)
document_command.add_command(verify_report)

"""document read: documents become a dataflow file.

Owns: the command's words. Does not own: what documents become (documents/), which files are written (app/reading_documents.py).
"""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from accord.cli.output import json_option, print_json

if TYPE_CHECKING:
    from accord.app.reading_documents import ReadIn


@click.command("read")
@click.argument("files", nargs=-1, required=True, metavar="FILE...", type=click.Path(exists=True, path_type=Path))
@click.option(
    "--output",
    "-o",
    default="dataflow.yaml",
    show_default=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="The dataflow file to write; manifests are beside it.",
)
@click.option("--sandbox", is_flag=True, help="Write manifests that stand-ins can serve: accord sandbox --manifest.")
@click.option("--force", is_flag=True, help="Replace files that are there.")
@json_option
def read_document(files: tuple[Path, ...], output: Path, sandbox: bool, force: bool, as_json: bool) -> int:
    """Read dataflow documents, FILE or a folder of .rst files, into a dataflow file that can be checked, run and written back.

    A document of the other direction joins the flows of the first. What a document leaves open is filled in with proposals, marked in the
    file with the reason. A manifest in the folder is used; for a system without one, one is written.

    Exit 0: written. 3: a document breaks the grammar, which is said with line and column, or a file is there already; nothing is written.
    """
    from accord.app.reading_documents import read_documents

    done = read_documents(files, output, sandbox=sandbox, force=force)
    if as_json:
        print_json(_summary(done))
        return 0
    made = done.configured
    for path in done.written:
        click.echo(f"wrote {path}", err=True)
    for path in done.used:
        click.echo(f"used {path}", err=True)
    counts = _summary(done)
    click.echo(
        f"{counts['flows']} flows, {counts['properties']} properties, {len(made.proposals)} proposals, {len(made.warnings)} warnings"
        + (f"; {made.text_alone} rows kept as text" if made.text_alone else "")
    )
    for told in made.proposals:
        click.echo(f"proposal: {told}")
    for told in made.warnings:
        click.secho(f"warning: {told}", fg="yellow")
    for problem in done.missing:
        click.secho(f"before it can run: {problem.what}. {problem.remedy}", fg="yellow")
    return 0


def _summary(done: "ReadIn") -> dict[str, object]:
    made = done.configured
    return {
        "documents": [str(path) for path in done.documents],
        "written": [str(path) for path in done.written],
        "used": [str(path) for path in done.used],
        "flows": len(made.dataflow.flows),
        "properties": sum(len(flow.properties) for flow in made.dataflow.flows),
        "proposals": [str(told) for told in made.proposals],
        "warnings": [str(told) for told in made.warnings],
        "missing": [f"{problem.what}. {problem.remedy}" for problem in done.missing],
        "text_alone": made.text_alone,
    }

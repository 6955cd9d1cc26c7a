"""document run and verify: the dataflow document as a checklist, and whether a report of it is as it was written.

Owns: the commands' words and tables. Does not own: the checklist (checks/), its pages (checks/pages.py).
"""

import asyncio
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from accord.cli.advice import INTERRUPTED
from accord.cli.output import FileToWrite, console, flow_option, json_option, print_json

if TYPE_CHECKING:
    from accord.app import Setup
    from accord.app.checking import Wanted
    from accord.checks.cleaning import Cleaned
    from accord.checks.report import Report

NOT_PROVEN = 2
KEY = "ACCORD_REPORT_KEY"
COLOURS = {"pass": "green", "fail": "red", "blocked": "yellow", "not applicable": "dim"}
FILE = click.Path(dir_okay=False, path_type=Path)
WRITTEN = FileToWrite()


@click.command("run")
@click.option(
    "--dataflow",
    "-d",
    "path",
    type=FILE,
    help="The dataflow file (default: dataflow.yaml; with --sandbox and without that file, the shipped one).",
)
@click.option("--sandbox", is_flag=True, help="Run it on both stand-ins, started for this and ended afterwards.")
@click.option("--seed", default=1, show_default=True, help="The same seed makes the same test records.")
@flow_option
@click.option(
    "--allow-writes-to", "allowed", multiple=True, metavar="NAME", help="Test records may be made in this system; for each of both."
)
@click.option("--leave-records", "leave", is_flag=True, help="Test records may stay where the system cannot delete.")
@click.option("--json", "json_file", type=WRITTEN, help="Write the report, with all evidence and its digest.")
@click.option("--junit", "junit_file", type=WRITTEN, help="Write JUnit XML.")
@click.option("--html", "html_file", type=WRITTEN, help="Write a page to read and to print.")
@click.option("--pdf", "pdf_file", type=WRITTEN, help="Write that page as PDF.")
@click.option("--rst", "rst_file", type=WRITTEN, help="Write the document with a tick for what is proven.")
@click.option("--clean", is_flag=True, help="Remove what an interrupted run left, and do nothing else.")
def run_document(path: Path | None, clean: bool, **said: Any) -> int:
    """Run the dataflow document as a checklist: every statement is tried with test records in both systems, which are removed afterwards.

    Only test records are seen by the engine, written and removed. The report is sealed with the key in ACCORD_REPORT_KEY, if there is one.
    Exit 0: every line that applies is proven. 2: some are not. 3: the words or files are off, or a system may not be written. 4: a system
    cannot be reached.
    """
    from accord import app
    from accord.app import checking

    sandbox = said["sandbox"]
    wanted = checking.Wanted(
        names=said["flows"],
        seed=said["seed"],
        allowed=said["allowed"],
        leave=said["leave"],
        sandbox=sandbox,
        key=_key(),
        tell=_teller(),
    )
    if clean and sandbox:
        raise click.UsageError("--clean with --sandbox: a run on stand-ins leaves nothing; give --clean alone.")
    if clean:
        return _clean(path or Path("dataflow.yaml"), wanted)
    if sandbox:
        path = path or _beside()
        wanted.tell(f"the dataflow: {path or 'the shipped one'}")
        with checking.sandboxes(path, seed=said["seed"]) as setup:
            report = _run(setup, wanted)
            _write(report, setup, said)
    else:
        setup = app.load(path or "dataflow.yaml")
        report = _run(setup, wanted)
        _write(report, setup, said)
    _print(report)
    return 0 if report.proven else NOT_PROVEN


def _beside() -> Path | None:
    """The dataflow of the folder that the user is in, if there is one."""
    here = Path("dataflow.yaml")
    return here if here.exists() else None


def _run(setup: "Setup", wanted: "Wanted") -> "Report":
    """The run; SIGTERM ends it as Ctrl-C does, and it is said what came of the test records."""
    from accord import app
    from accord.app import checking
    from accord.checks.cleaning import Cleaned

    cleaned = Cleaned()
    try:
        return app.start(checking.run_document(setup, wanted, cleaned))
    except (asyncio.CancelledError, KeyboardInterrupt):
        click.echo(f"stopped: no report is written; {_removed(cleaned)}", err=True)
        _told_left(cleaned.left, cleaned.staying)
        if not wanted.sandbox and checking.left_behind(setup):
            click.secho("test records are left; remove them: accord document run --clean", fg="red", err=True)
        raise click.exceptions.Exit(INTERRUPTED) from None


@click.command("verify")
@click.argument("path", metavar="REPORT", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@json_option
def verify_report(path: Path, as_json: bool) -> int:
    """Whether REPORT, as accord document run --json wrote it, is unchanged; a sealed one is judged with the key in ACCORD_REPORT_KEY.

    Exit 0: unchanged. 2: changed, sealed with another key, or not sealed although there is a key. 3: no such report.
    """
    from accord.checks.report import holds, read_json

    report, plain = read_json(path.read_bytes(), str(path))
    keyed = report.digest.startswith("hmac-")
    unchanged = holds(plain, _key())  # with a key at hand a plain digest does not do: anybody can make one
    if as_json:
        print_json({"unchanged": unchanged, "keyed": keyed, "proven": report.proven, "digest": report.digest})
    elif unchanged:
        seal = f"sealed with the key in {KEY}" if keyed else "not sealed with a key: whoever changed it could have made a new digest"
        click.echo(f"unchanged: {report.digest}\n{seal}")
    else:
        doubt = f", or it was not sealed with the key in {KEY}" if keyed or _key() else ""
        click.secho(f"changed: the digest does not hold{doubt}", fg="red", err=True)
    return 0 if unchanged else NOT_PROVEN


def _key() -> bytes | None:
    key = os.environ.get(KEY)
    return key.encode() if key else None


def _teller() -> Callable[[str], None]:
    return lambda text: click.echo(f"{text} ...", err=True)


def _clean(path: Path, wanted: "Wanted") -> int:
    from accord import app
    from accord.app import checking

    cleaned = app.start(checking.clean(app.load(path), wanted))
    nothing = not (cleaned.gone or cleaned.left or cleaned.staying)
    click.echo("nothing was left" if nothing else _removed(cleaned))
    _told_left(cleaned.left, cleaned.staying)
    return NOT_PROVEN if cleaned.left else 0


def _removed(cleaned: "Cleaned") -> str:
    return f"{cleaned.gone} test record{'' if cleaned.gone == 1 else 's'} removed"


def _told_left(left: Sequence[str], staying: Sequence[str]) -> None:
    """Test records that are still there, and those that nobody can delete through the API."""
    for one in left:
        click.secho(f"not removed: {one}", fg="red")
    for one in staying:
        click.secho(f"stays, as it cannot be deleted through the API: {one}", fg="yellow")


def _write(report: "Report", setup: "Setup", said: dict[str, Any]) -> None:
    from accord.app.documents import evidence_text
    from accord.checks.junit import to_junit
    from accord.checks.report import to_json

    html, rst = said["html_file"], said["rst_file"]
    evidence = os.path.relpath(html, rst.parent) if html and rst else "evidence.html"
    forms: dict[str, Callable[[], bytes]] = {
        "json_file": lambda: to_json(report),
        "junit_file": lambda: to_junit(report),
        "html_file": lambda: evidence_text(setup, report, "html"),
        "rst_file": lambda: evidence_text(setup, report, "rst", evidence),
        "pdf_file": lambda: evidence_text(setup, report, "pdf"),
    }
    for name, text in forms.items():
        if (path := said[name]) is not None:
            path.write_bytes(text())
            click.echo(f"wrote {path}", err=True)


def _print(report: "Report") -> None:
    from rich import box
    from rich.table import Table

    from accord.checks.report import Verdict

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, padding=(0, 1, 0, 0))
    table.add_column("flow", no_wrap=True)
    for verdict in ("passed", "failed", "blocked", "not applicable"):
        table.add_column(verdict, justify="right")
    order = (Verdict.PASS, Verdict.FAIL, Verdict.BLOCKED, Verdict.NOT_APPLICABLE)
    for flow in report.flows:
        table.add_row(flow, *(str(report.count(verdict, flow)) for verdict in order))
    table.add_section()
    table.add_row("all", *(str(report.count(verdict)) for verdict in order), style="bold")
    console().print(table)
    for line in report.lines:
        if line.verdict in (Verdict.FAIL, Verdict.BLOCKED):
            click.secho(f"{line.verdict.value}: {line.id}", fg=COLOURS[line.verdict.value], bold=True)
            click.echo(f"    {line.question}\n    {line.reason}")
            if line.expected or line.observed:
                click.echo(f"    expected: {line.expected}\n    observed: {line.observed}")
    _told_left(report.left_behind, report.staying)
    applicable = sum(line.applicable for line in report.lines)
    proven = report.count(Verdict.PASS)
    click.secho(f"proven: {proven} of {applicable} lines that apply", fg="green" if report.proven else "red", bold=True)

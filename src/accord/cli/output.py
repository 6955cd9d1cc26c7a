"""What commands share: options, JSON, the table of a run.

Owns: the look of tables and JSON. Does not own: what is in them.
"""

import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from rich.console import Console

    from accord.model.runs import FlowCounts

F = TypeVar("F", bound=Callable[..., Any])

COLUMNS = (
    ("mat-\nched", ("matched",)),
    ("crea-\nted →", ("created_right",)),
    ("crea-\nted ←", ("created_left",)),
    ("upda-\nted →", ("updated_right",)),
    ("upda-\nted ←", ("updated_left",)),
    ("de-\nleted", ("deleted_left", "deleted_right")),
    ("con-\nflicts", ("conflicts",)),
    ("wait-\ning", ("waiting",)),
    ("held", ("held",)),
    ("in re-\nview", ("review",)),
    ("quaran-\ntined", ("quarantined",)),
    ("un-\nknown", ("unknown",)),
)
"""Headings in two lines, so that the usual ones fit into 80 columns."""

SELDOM = {"crea-\nted ←", "de-\nleted", "held", "un-\nknown"}
"""Shown only where there is one; then the empty ones of SPARED make room for it."""

SPARED = {"con-\nflicts", "wait-\ning", "quaran-\ntined"}


class FileToWrite(click.Path):
    """A file that a command is to write: refused before anything is done, rather than after all of it, where it could not be written."""

    def __init__(self) -> None:
        super().__init__(dir_okay=False, writable=True, path_type=Path)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The path. Fails where its folder is none or may not be written to."""
        folder = Path(value).parent
        if not folder.is_dir():
            self.fail(f"there is no folder {str(folder)!r} for {str(value)!r}", param, ctx)
        if not os.access(folder, os.W_OK):
            self.fail(f"nothing may be written to the folder {str(folder)!r}", param, ctx)
        return super().convert(value, param, ctx)


def dataflow_option(command: F) -> F:
    """The file that says what is kept in step."""
    return click.option("--dataflow", "-d", "path", default="dataflow.yaml", show_default=True, help="The dataflow file.", metavar="FILE")(
        command
    )


def json_option(command: F) -> F:
    """Machine-readable output."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON.")(command)


def flow_option(command: F) -> F:
    """Only some flows."""
    return click.option(
        "--flow", "flows", multiple=True, metavar="NAME", help='Only this flow, such as "Contact to Persons"; may be repeated.'
    )(command)


def print_json(value: object) -> None:
    """One JSON document on standard output."""
    import msgspec

    click.echo(msgspec.json.format(msgspec.json.encode(value), indent=2).decode())


def console() -> "Console":
    """Where tables go."""
    from rich.console import Console

    return Console(highlight=False, soft_wrap=False)


def run_table(flows: Sequence[str], counts: "Mapping[str, FlowCounts]", title: str) -> None:
    """A row per flow, a column per thing that can happen to a record; nothing is printed as a dot."""
    from rich import box
    from rich.table import Table

    from accord.model.runs import FlowCounts

    if title:
        console().print(title, style="italic")
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, padding=(0, 1, 0, 0), collapse_padding=True)
    table.add_column("flow", no_wrap=True)
    told = {name for name, keys in COLUMNS if _sum(counts.values(), keys)}
    hidden = SELDOM | SPARED if told & SELDOM else SELDOM
    used = [(name, keys) for name, keys in COLUMNS if name not in hidden or name in told]
    for name, _ in used:
        table.add_column(name, justify="right", no_wrap=True)
    rows = [counts.get(flow) or FlowCounts(flow) for flow in flows]
    for row in rows:
        table.add_row(row.flow, *(_number(_sum([row], keys)) for _, keys in used))
    table.add_section()
    table.add_row("all", *(_number(_sum(rows, keys)) for _, keys in used), style="bold")
    console().print(table)


def _sum(rows: Any, keys: tuple[str, ...]) -> int:
    return sum(getattr(row, key) for row in rows for key in keys)


def spaced(value: int) -> str:
    """A number with a space between thousands."""
    return f"{value:,}".replace(",", " ")


def _number(value: int) -> str:
    return spaced(value) if value else "·"


def counts_json(counts: "Mapping[str, FlowCounts]") -> list[dict[str, Any]]:
    """The counts of a run as data."""
    return [asdict(row) for row in counts.values()]


@contextmanager
def progress_bar(wanted: bool) -> Iterator[Callable[[str, int, int], None] | None]:
    """A bar per flow on a terminal; nothing elsewhere."""
    screen = console()
    if not wanted or not sys.stdout.isatty():
        yield None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=screen, transient=True) as bar:
        tasks: dict[str, Any] = {}

        def tell(flow: str, done: int, left: int) -> None:
            if flow not in tasks:
                tasks[flow] = bar.add_task(flow, total=None)
            bar.update(tasks[flow], completed=done, total=done + left if left else None)

        yield tell


def pending_json(one: Any) -> dict[str, Any]:
    """A pending row as data."""
    return {
        "flow": one.flow,
        "record": str(one.ref),
        "side": one.ref.side.value,
        "state": one.state.value,
        "rule": one.rule,
        "cause": one.cause,
        "candidates": list(one.candidates),
        "since": one.since,
    }


def print_pending(rows: Sequence[dict[str, Any]]) -> None:
    """Pending rows, as ``pending_json`` gives them, one a line."""
    for row in rows:
        cause = row["cause"] or "not worked on yet"
        console().print(f"{row['state']}: {row['record']} ({row['flow']}): {cause}", markup=False, soft_wrap=True)

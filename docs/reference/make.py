"""Writes the generated pages of the reference: `make reference`. Each page comes from what the program itself reads.

Owns: which pages are generated, and commands.md. A test proves that the committed pages are what this gives.
"""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import click

from accord.cli.main import COMMANDS, accord
from accord.config.manifest_schema import reference_page, schema_text
from accord.core import tables

HERE = Path(__file__).parent


def commands() -> str:
    """Every command with its arguments and options, from the commands themselves."""
    context = click.Context(accord, info_name="accord")
    parts = [
        "# Commands",
        "",
        "Generated from the commands by `make reference`. All of them end with [documented exit codes](exit-codes.md).",
        "",
    ]
    for name in COMMANDS:
        command = accord.get_command(context, name)
        assert command is not None
        parts += _command(command, click.Context(command, info_name=name, parent=context), 2)
    return "\n".join(parts).rstrip() + "\n"


def _command(command: click.Command, context: click.Context, level: int) -> Iterator[str]:
    yield f"{'#' * level} {context.command_path}"
    yield ""
    yield f"    {' '.join([context.command_path, *command.collect_usage_pieces(context)])}"
    yield ""
    for paragraph in (command.help or "").split("\n\n"):
        yield " ".join(paragraph.replace("\b", "").split())
        yield ""
    options = [one for one in command.params if isinstance(one, click.Option)]
    rows = [row for one in options if (row := one.get_help_record(context)) is not None]
    if rows:
        yield "| Option | |"
        yield "|---|---|"
        for option, text in rows:
            yield f"| `{option.replace('|', chr(92) + '|')}` | {' '.join(text.split()).replace('|', chr(92) + '|')} |"
        yield ""
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            assert inner is not None
            yield from _command(inner, click.Context(inner, info_name=name, parent=context), level + 1)


PAGES: Mapping[str, Callable[[], str]] = {
    "commands.md": commands,
    "manifest.md": reference_page,
    "manifest.schema.json": schema_text,
    "merge-table.md": tables.page,
}
"""File name -> what it must hold."""


def main() -> None:
    """Write all pages."""
    for name, render in PAGES.items():
        (HERE / name).write_text(render(), "utf-8")


if __name__ == "__main__":
    main()

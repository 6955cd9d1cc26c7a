"""Writes the generated pages of the reference: `make reference`. Each page comes from what the program itself reads.

Owns: which pages are generated, commands.md and conformance.md. A test proves that the committed pages are what this gives.
"""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import click

from accord.cli.main import COMMANDS, accord
from accord.config.manifest_schema import reference_page, schema_text
from accord.core import tables
from accord.testing.conformance import CONTRACTS, trials
from accord.testing.laws import trials_of

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


_CONFORMANCE = """# What conforms

The {count} checks that every connector passes, shipped or from elsewhere. `accord manifest conform` tries them on a live system through its
manifest, and says of each: *holds*, *does not hold* with the assertion that failed, or *cannot tell* with the reason. It ends with 0 when
nothing was found that does not hold, with 2 when something does not, with 3 when the manifest or the words are off, and with 4 when the
system cannot be reached or refuses us. Where a law needs what the manifest does not claim, such as a delete, the documented alternative is
tried instead: the write is refused, with words.

What lies between us and the system is interrupted on our own side of it: over HTTP always; of a plug-in that says which option is its
address, by a relay on this machine.

In pytest the same laws are classes to inherit from, `ConnectorContract` and, with interruptions, `RemoteConnectorContract` in
`accord.testing.connector_contract`; see [writing a connector](../how-to/write-a-connector.md). A number such as P9 names the promise behind
a law.

Generated from the laws by `make reference`.
"""


def conformance() -> str:
    """Every law, in the order in which they are tried."""
    parts = [_CONFORMANCE.format(count=len(trials()))]
    for heading, contract in CONTRACTS.items():
        parts += [f"## {heading}", "", *(f"- {trial.sentence}" for trial in trials_of(contract)), ""]
    return "\n".join(parts).rstrip() + "\n"


PAGES: Mapping[str, Callable[[], str]] = {
    "commands.md": commands,
    "conformance.md": conformance,
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

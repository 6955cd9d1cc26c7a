"""The command `accord`: finds a command's file when it is called, so that `accord --help` starts at once.

Owns: the list of commands, the edge where errors become advice and exit codes. Does not own: what a command does.
"""

import importlib
import sys
from typing import Any

import click

COMMANDS = {
    "demo": ("demo", "Both sandboxes, the six flows, edits on both sides, and the proof."),
    "init": ("setup", "Write a dataflow, two manifests and an .env to fill in."),
    "manifest": ("manifest", "Describe a system: schema, first draft, and trials of it on the live system."),
    "check": ("setup", "Check configuration, mapping laws, credentials and capabilities."),
    "plan": ("syncing", "Show what a sync would do; write nothing. Exit 0 nothing to do, 2 something."),
    "sync": ("syncing", "Bring both systems in step once."),
    "run": ("serving", "Keep them in step: polling and webhooks, until stopped."),
    "census": ("syncing", "Read both systems afresh and compare every mapped value."),
    "status": ("looking", "What is linked, what waits, and why."),
    "links": ("looking", "Which records are one thing."),
    "why": ("looking", "Why a record is, or is not, in step; what was done to it."),
    "document": ("document", "The dataflow document: write, read or compare it; run it as a checklist."),
    "store": ("store", "Move the state to PostgreSQL, and back."),
    "sandbox": ("sandbox", "Start the stand-in servers alone."),
    "simulate": ("simulate", "Random edits, faults and crashes on in-memory systems, judged by an oracle."),
}


class Commands(click.Group):
    """A group whose commands live in files that are imported when they are called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All commands in the order a newcomer meets them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command's file, or give only its name and help when the list is printed."""
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"accord.cli.{COMMANDS[cmd_name][0]}")
        command: click.Command = getattr(module, f"{cmd_name}_command")
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Print the list without importing anything."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])


@click.command(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="accord", message="accord %(version)s")
def accord() -> None:
    """Keep two business systems in step, whichever side is edited.

    Every command but document write takes --json. Exit codes: 0 done or nothing to do; 1 unexpected; 2 there is something to do, or
    something is not in step; 3 configuration refused; 4 a system cannot be reached or refuses us; 5 held, a person must decide.
    """


def main(arguments: list[str] | None = None) -> None:
    """Run a command; every error that Accord raises on purpose becomes one screen of advice and its exit code."""
    from accord.cli.advice import ended

    words = sys.argv[1:] if arguments is None else arguments
    sys.exit(ended(lambda: _run(words), json_wanted="--json" in words))


def _run(words: list[str]) -> Any:
    return accord.main(args=words, prog_name="accord", standalone_mode=False)


if __name__ == "__main__":
    main()

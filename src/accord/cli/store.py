"""store: looking after a state as a whole.

Owns: what these commands print. Does not own: how a state is moved (store/moving.py).
"""

from pathlib import Path

import click

from accord.cli.output import console, json_option, print_json, spaced


@click.group("store")
def store_command() -> None:
    """Move a state between a SQLite file and PostgreSQL."""


@store_command.command("move")
@click.argument("source")
@click.argument("target")
@json_option
def move_command(source: str, target: str, as_json: bool) -> int:
    """Copy a state to an empty place, and prove every table of it by its rows and a digest.

    Either place is a file, such as .accord/dataflow.db, or postgresql://USER@HOST/DATABASE?schema=NAME. A password is given by reference:
    'postgresql://accord:${env:ACCORD_DB_PASSWORD}@db.example/accord'. The first state stays as it is: say the new place in the dataflow
    file (state:) before anything runs again.
    """
    from accord import app

    place, moved = app.move_state(source, target, Path.cwd())
    if as_json:
        print_json({"target": str(place), "tables": moved})
        return 0
    screen = console()
    for one in moved:
        screen.print(f"{one.table:12} {spaced(one.rows):>12} rows  {one.digest}", soft_wrap=True)
    screen.print(f"All of it is in {place}, read back and equal.", markup=False, soft_wrap=True)
    screen.print("Now say the new place in the dataflow file (state:), and put the old state out of the way.")
    return 0

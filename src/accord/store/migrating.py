"""The named SQL, and bringing a state file to this version's schema.

Owns: queries.sql as a mapping, the order of migrations. ``PRAGMA user_version`` is the number of the last one applied.
"""

import re
from collections.abc import Mapping
from importlib import resources

import apsw

from accord.errors import StoreError

_NAMED = re.compile(r"^-- name: (\w+)\n((?:--[^\n]*\n)+)(.*?)(?=^-- name: |\Z)", re.MULTILINE | re.DOTALL)


def load_queries() -> Mapping[str, str]:
    """The statements of queries.sql by name. Raises ValueError for one without name or description."""
    text = resources.files("accord.store").joinpath("queries.sql").read_text("utf-8")
    found = {name: statement.strip() for name, _, statement in _NAMED.findall(text)}
    if len(found) != text.count("-- name:"):
        raise ValueError("queries.sql: a statement lacks its name or its description, or has the name of another")
    return found


def migrations() -> list[tuple[int, str]]:
    """Number and text of every migration, in order."""
    folder = resources.files("accord.store").joinpath("migrations")
    files = sorted((entry for entry in folder.iterdir() if entry.name.endswith(".sql")), key=lambda entry: entry.name)
    return [(int(entry.name[:4]), entry.read_text("utf-8")) for entry in files]


def version_of(database: apsw.Connection) -> int:
    """The schema that the file has."""
    ((version,),) = database.execute("PRAGMA user_version")
    return int(version)


def bring_up_to_date(database: apsw.Connection, place: str) -> None:
    """Apply what is missing, each migration in a transaction of its own. Raises StoreError for a file of a newer version."""
    known = migrations()
    version = version_of(database)
    if version > known[-1][0]:
        raise StoreError(
            f"{place}: this state was made by a newer version of accord (schema {version})", "Use that version, or a newer one."
        )
    for number, text in known:
        if number > version:
            with database:
                database.execute(text)
                database.execute(f"PRAGMA user_version = {number}")

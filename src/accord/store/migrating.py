"""The named SQL, and bringing a state file to this version's schema.

Owns: queries.sql as a mapping, the order of migrations. ``PRAGMA user_version`` is the number of the last one applied. schema.sql is the
whole schema as it stands, for readers; a test proves that the migrations arrive there.
"""

import re
from collections.abc import Mapping, Sequence
from importlib import resources

import apsw

from accord.errors import StoreError

_NAMED = re.compile(r"^-- name: (\w+)\n((?:--[^\n]*\n)+)(.*?)(?=^-- name: |\Z)", re.MULTILINE | re.DOTALL)
_GIVEN = re.compile(r"^-- name: (\w+)\n-- given: ([^\n]+)$", re.MULTILINE)

APPLICATION = 1094927204
"""``PRAGMA application_id`` of a state, since version 2."""

Migrations = Sequence[tuple[int, str]]
"""Number and text of each, in order."""


def load_queries(path: str = "queries.sql") -> Mapping[str, str]:
    """The statements of a file by name. Raises ValueError for one without name or description."""
    text = resources.files("accord.store").joinpath(path).read_text("utf-8")
    found = {name: statement.strip() for name, _, statement in _NAMED.findall(text)}
    if len(found) != text.count("-- name:"):
        raise ValueError(f"{path}: a statement lacks its name or its description, or has the name of another")
    return found


def load_given(path: str) -> Mapping[str, str]:
    """The columns of the rows that statements of a file are run for, by the statement's name: "id bigint, name text"."""
    return dict(_GIVEN.findall(resources.files("accord.store").joinpath(path).read_text("utf-8")))


def migrations(path: str = "migrations") -> Migrations:
    """Number and text of every migration of a folder, in order."""
    folder = resources.files("accord.store").joinpath(path)
    files = sorted((entry for entry in folder.iterdir() if entry.name.endswith(".sql")), key=lambda entry: entry.name)
    return [(int(entry.name[:4]), entry.read_text("utf-8")) for entry in files]


def version_of(connection: apsw.Connection, place: str) -> int:
    """The schema that a file has; 0 for an empty one. Raises StoreError for a newer one, and for another program's database."""
    version, application = (int(connection.pragma(name)) for name in ("user_version", "application_id"))
    newest = migrations()[-1][0]
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchall()[0]
    if application not in (0, APPLICATION) or (version == 0 and tables):
        raise StoreError(f"{place}: this database belongs to another program", "Check the path, or move the file away.")
    if version > newest:
        raise StoreError(
            f"{place}: this state was made by a newer version of accord (schema {version}, this one knows {newest})",
            "Use that version of accord, or a newer one. Nothing was changed.",
        )
    return version


def bring_up_to_date(connection: apsw.Connection, place: str) -> None:
    """Apply what is missing, each migration in a transaction of its own. Raises as ``version_of``."""
    version = version_of(connection, place)
    for number, text in migrations():
        if number > version:
            with connection:
                connection.execute(text).fetchall()
                connection.pragma("user_version", number)

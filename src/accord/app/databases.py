"""What the commands ask of a database before it takes part: a first manifest of its tables, and triggers that tell its changes.

Owns: opening it for that. Does not own: the draft (config/drafting_sql.py), the statements (connectors/sql_triggers.py).
"""

import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from accord.config.drafting import Draft
    from accord.connectors.sql_database import Database
    from accord.model.sql import SqlSystem


def trigger_statements(path: Path, datatypes: Sequence[str] = ()) -> list[str]:
    """The statements that make the change tables of a manifest and keep them. Raises ConfigurationError, UsageError, SystemProblem."""
    from accord.connectors.sql_extra import require_sql

    require_sql()
    from sqlalchemy import exc

    from accord.config.yamlfile import read_yaml
    from accord.connectors.rest_times import zone
    from accord.connectors.sql_catalogue import Catalogue
    from accord.connectors.sql_errors import problem_of
    from accord.connectors.sql_triggers import triggers
    from accord.errors import UsageError

    described = _database_of(path)
    wanted = {name: each for name, each in described.sql.datatypes.items() if name in (datatypes or described.sql.datatypes)}
    tables = {name: each.changes.table for name, each in wanted.items() if each.changes is not None and each.changes.table is not None}
    if not tables:
        remedy = "Write changes: {kind: table, table: NAME} in the datatypes whose changes a table shall tell."
        raise UsageError(f"{path}: no datatype says that a table tells its changes", remedy)
    statements: list[str] = []
    with _opened(described, path) as database:
        catalogue = Catalogue(database.engine, zone(described.clock.zone), read_yaml(path).problem)
        try:
            for name, table in tables.items():
                bound = catalogue.bind(name, replace(wanted[name], changes=None))
                statements += triggers(bound, table, database.engine.dialect)
        except exc.SQLAlchemyError as error:
            raise problem_of(error, described.system, "asking for the catalogue") from None
        except ValueError as error:
            raise UsageError(f"{path}: {error}", "Tell changes by modified or version there.") from None
    return statements


def draft_database(url: str, target: str, name: str | None, folder: Path) -> "Draft":
    """A first manifest of a database's tables. ``url``: an address, or a reference to one; ``folder``: with .env, for references.

    Raises ConfigurationError for an address that is none and where there is nothing to draft, SystemProblem when nobody answers.
    """
    from accord.connectors.sql_extra import require_sql

    require_sql()
    from sqlalchemy import exc

    from accord.config.drafting_sql import draft_from_tables
    from accord.config.secrets import EnvironmentSecrets, expand, read_dotenv, references
    from accord.connectors.sql_database import Database, address
    from accord.connectors.sql_errors import problem_of
    from accord.connectors.sql_survey import survey
    from accord.model.sql import SqlLimits

    where = address(expand(url, EnvironmentSecrets(os.environ, read_dotenv(folder / ".env"))), "the database", folder)
    system = (
        name or re.sub(r"[^a-z0-9-]+", "-", Path((where.database or "database").replace("%20", " ")).stem.lower()).strip("-") or "database"
    )
    named = [each.removeprefix("env:") for each in references(url) if each.startswith("env:")]
    variable = named[0] if named else f"{re.sub(r'[^A-Z0-9]+', '_', system.upper())}_DATABASE"
    database = Database(where, SqlLimits(), system)
    try:
        tables = survey(database.engine)
    except exc.SQLAlchemyError as error:
        raise problem_of(error, system, "asking for the catalogue") from None
    finally:
        database.shut()
    return draft_from_tables(tables, target, system, variable)


def _database_of(path: Path) -> "SqlSystem":
    from accord.config.manifest import read_manifest
    from accord.errors import UsageError
    from accord.model.sql import SqlSystem

    described = read_manifest(path)
    if not isinstance(described, SqlSystem):
        raise UsageError(f"{path}: describes no database", "Name a manifest with kind: sql.")
    return described


@contextmanager
def _opened(described: "SqlSystem", path: Path) -> "Iterator[Database]":
    from accord.config.secrets import EnvironmentSecrets, expand, read_dotenv
    from accord.connectors.sql_database import Database, address

    secrets = EnvironmentSecrets(os.environ, read_dotenv(path.resolve().parent / ".env"))
    where = address(expand(described.sql.url, secrets), described.system, path.resolve().parent)
    database = Database(where, described.sql.limits, described.system, described.clock.zone)
    try:
        yield database
    finally:
        database.shut()

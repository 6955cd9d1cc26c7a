"""That the SQL connector can be used at all: it needs a package that Accord does without otherwise.

Owns: the words when it is missing. Imports nothing of it.
"""

import importlib

from accord.errors import ConfigurationError, Problem


def require_sql() -> None:
    """Raise ConfigurationError where SQLAlchemy is not installed."""
    try:
        importlib.import_module("sqlalchemy")
    except ModuleNotFoundError:
        what = "a manifest of kind sql needs SQLAlchemy, which is not installed"
        raise ConfigurationError([Problem("", 0, 0, what, "Install it: pip install 'accord[sql]'.")]) from None

"""That workbooks and folders on a server can be used at all: each needs a package that Accord does without otherwise.

Owns: the words when one is missing. Imports nothing of them.
"""

import importlib

from accord.errors import ConfigurationError, Problem


def require_openpyxl() -> None:
    """Raise ConfigurationError where openpyxl is not installed."""
    _require("openpyxl", "a file of format xlsx")


def require_asyncssh() -> None:
    """Raise ConfigurationError where AsyncSSH is not installed."""
    _require("asyncssh", "a folder at an address sftp://...")


def _require(package: str, who: str) -> None:
    try:
        importlib.import_module(package)
    except ModuleNotFoundError:
        what = f"{who} needs {package}, which is not installed"
        raise ConfigurationError([Problem("", 0, 0, what, "Install it: pip install 'accord[files]'.")]) from None

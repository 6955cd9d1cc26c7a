"""Secrets by reference: ``${env:NAME}``, ``${file:PATH}``, ``${keyring:NAME}``.

Owns: where a reference is looked up, the .env file, and that a secret is never shown by accident. Does not own: who needs one (manifests).
"""

import importlib
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from accord.errors import ConfigurationError, Problem
from accord.ports import Secrets

_REFERENCE = re.compile(r"\$\{((?:env|file|keyring):[^{}$]+)\}")
_ANY = re.compile(r"\$\{[^}]*\}?")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_SERVICE = "accord"


class Secret(str):
    """A text that does not show itself: its repr is masked. It is spelled out only where it is used as text."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "Secret('***')"


class Dotenv(dict[str, str]):
    """The values of a .env file, and its path for what is said about them."""

    def __init__(self, path: str, values: Mapping[str, str]) -> None:
        super().__init__(values)
        self.path = path

    def __repr__(self) -> str:
        return f"Dotenv({self.path!r}, names={sorted(self)!r})"


class EnvironmentSecrets:
    """Looks references up: in the environment, then in .env; in files, relative to the folder of .env; in the system's keyring."""

    def __init__(self, environ: Mapping[str, str], dotenv: Mapping[str, str] | None = None) -> None:
        self._environ = environ
        self._dotenv = {} if dotenv is None else dotenv
        self._file = dotenv.path if isinstance(dotenv, Dotenv) else ".env"

    def __repr__(self) -> str:
        return f"EnvironmentSecrets({self._file!r})"

    @property
    def tokens(self) -> Path:
        """Where tokens are kept that come to replace a secret: beside the state, in the folder of .env."""
        return Path(self._file).parent / ".accord"

    def get(self, reference: str) -> Secret:
        """The secret behind "env:NAME", "file:PATH" or "keyring:NAME". Raises ConfigurationError if there is none."""
        kind, _, name = reference.partition(":")
        if kind == "env":
            return self._from_environment(name)
        if kind == "file":
            return self._from_file(name)
        if kind == "keyring":
            return self._from_keyring(name)
        raise self._missing(f"{kind}: no such kind of reference", "Write ${env:NAME}, ${file:PATH} or ${keyring:NAME}.")

    def _from_environment(self, name: str) -> Secret:
        value = self._environ.get(name) or self._dotenv.get(name)
        if not value:
            raise self._missing(f"{name} is not set", f"Set {name} in the environment or in .env beside the dataflow file.")
        return Secret(value)

    def _from_file(self, name: str) -> Secret:
        path = Path(self._file).parent / name
        try:
            value = path.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError):
            raise self._missing(f"the secret file {path} cannot be read", "Create it, with the secret as its only line.") from None
        if not value:
            raise self._missing(f"the secret file {path} is empty", "Write the secret into it, as its only line.")
        return Secret(value)

    def _from_keyring(self, name: str) -> Secret:
        try:
            keyring: Any = importlib.import_module("keyring")
        except ImportError:
            raise self._missing(f"keyring:{name} needs the Python package keyring", "Install it, or use ${env:NAME} instead.") from None
        value = keyring.get_password(_SERVICE, name)
        if not value:
            raise self._missing(f"the keyring holds no {name}", f"Store it: keyring set {_SERVICE} {name}")
        return Secret(value)

    def _missing(self, what: str, remedy: str) -> ConfigurationError:
        return ConfigurationError([Problem(self._file, 0, 0, what, remedy)])


def expand(text: str, secrets: Secrets) -> str:
    """A text with its references replaced: a Secret if there were any. Raises ConfigurationError for one that has no value."""
    if not has_reference(text):
        return text
    return Secret(_REFERENCE.sub(lambda found: str(secrets.get(found[1])), text))


def references(text: str) -> Iterator[str]:
    """The references in a text, such as "env:MEMBERCARE_KEY"."""
    return (found[1] for found in _REFERENCE.finditer(text))


def has_reference(text: str) -> bool:
    """Whether a text refers to a secret."""
    return _REFERENCE.search(text) is not None


def malformed_references(text: str) -> list[str]:
    """What looks like a reference and is none."""
    return [found[0] for found in _ANY.finditer(text) if not _REFERENCE.fullmatch(found[0])]


def read_dotenv(path: str | Path) -> Dotenv:
    """The values of a .env file: NAME=value, quotes, comments. No file, no values. Raises ConfigurationError for other lines."""
    file = str(path)
    try:
        lines = Path(path).read_text(encoding="utf-8-sig").splitlines()
    except FileNotFoundError:
        return Dotenv(file, {})
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError([Problem(file, 0, 0, f"cannot be read: {error}", "Save it as UTF-8 text that you may read.")]) from None
    values: dict[str, str] = {}
    problems = []
    for number, line in enumerate(lines, 1):
        entry = line.strip().removeprefix("export ").strip()
        if not entry or entry.startswith("#"):
            continue
        name, equals, value = entry.partition("=")
        if not equals or not _NAME.fullmatch(name.strip()):  # the line is not repeated: it may hold a secret
            problems.append(Problem(file, number, 1, "not a line of the form NAME=value", "Write NAME=value, or start a comment with #."))
        else:
            values[name.strip()] = _unquoted(value.strip())
    if problems:
        raise ConfigurationError(problems)
    return Dotenv(file, values)


def _unquoted(value: str) -> str:
    """Without its quotes; a comment starts at a # after a space, outside quotes."""
    if value[:1] in ("'", '"') and (end := value.find(value[0], 1)) > 0:
        return value[1:end]
    return re.split(r"(?:^|\s)#", value, maxsplit=1)[0].strip()

"""The tree of errors, by what recovers them.

AccordError                       every error that Accord raises on purpose; carries remedy and exit code
├── ConfigurationError            exit 3   a file must be changed; carries every problem with file, line, column
├── SystemProblem                exit 4   something between us and one system
│   ├── SystemUnavailable                  it does not answer, or not in time; trying later may help
│   ├── SystemRefused                      it answers and refuses us (401, 403, quota); a person must act
│   └── ListingFailed                      a read did not end properly; nothing is concluded from it, the cursor stays
├── StoreError                    exit 1   the state cannot be used: damaged, of another schema, no space
│   └── StoreBusy                 exit 5   another engine holds this state
├── Held                          exit 5   a person must decide before anything goes on
└── UsageError                    exit 3   the command's words are off

Errors are raised once, at the depth that knows, and translated once, at the edge (cli/advice.py).
"""

from collections.abc import Sequence
from dataclasses import dataclass


class AccordError(Exception):
    """What happened, and what to do. ``exit_code`` as documented in docs/reference/exit-codes.md."""

    exit_code = 1

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong in a file. ``line`` and ``column`` count from 1; 0 where there is none."""

    file: str
    line: int
    column: int
    what: str
    remedy: str = ""

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        return f"{place}: {self.what}"


class ConfigurationError(AccordError):
    """The configuration is refused; all problems at once."""

    exit_code = 3

    def __init__(self, problems: Sequence[Problem]) -> None:
        first = problems[0] if problems else Problem("", 0, 0, "configuration refused")
        super().__init__(str(first), first.remedy)
        self.problems = tuple(problems)


class SystemProblem(AccordError):
    """Something is wrong between us and a system. ``system``: its name."""

    exit_code = 4

    def __init__(self, system: str, message: str, remedy: str = "") -> None:
        super().__init__(f"{system}: {message}", remedy)
        self.system = system


class SystemUnavailable(SystemProblem):
    """No answer, or none in time."""


class SystemRefused(SystemProblem):
    """An answer that refuses us as a whole."""


class ListingFailed(SystemProblem):
    """A listing that did not end properly."""


class StoreError(AccordError):
    """The state cannot be used."""


class StoreBusy(StoreError):
    """Another engine holds this state, or has taken it over."""

    exit_code = 5


class Held(AccordError):
    """A person must decide first."""

    exit_code = 5


class UsageError(AccordError):
    """The command's words are off."""

    exit_code = 3

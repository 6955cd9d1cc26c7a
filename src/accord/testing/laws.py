"""How a law of a contract is marked: the cases that it is tried with, and what it cannot be judged without.

Owns: the marks, and the names of laws in words. Does not own: any law, or who runs them: pytest (connector_contract.py) or
`accord manifest conform` (conformance.py). Needs nothing but Python, so that the laws are there where pytest is not.
"""

import inspect
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

Law = TypeVar("Law", bound=Callable[..., None])


class CannotTell(Exception):
    """A law cannot be judged here; the text says why."""


def cases(parameter: str, values: Mapping[str, Any]) -> Callable[[Law], Law]:
    """The law is tried with each of the values, one after another, as ``parameter``; the keys name the cases."""

    def mark(law: Law) -> Law:
        law.__dict__["cases"] = (parameter, dict(values))
        return law

    return mark


def needs(member: str, remedy: str) -> Callable[[Law], Law]:
    """Without this member of the subject the law holds of anything, so that outside of the contract it tells nothing."""

    def mark(law: Law) -> Law:
        law.__dict__["needs"] = (member, remedy)
        return law

    return mark


def cases_of(law: Callable[..., None]) -> tuple[str, Mapping[str, Any]] | None:
    """Parameter and cases by name, of a law that has any."""
    found: tuple[str, Mapping[str, Any]] | None = getattr(law, "cases", None)
    return found


@dataclass(frozen=True, slots=True)
class Trial:
    """One law with one of its cases. ``wants``: the names of what it is handed besides the case."""

    name: str
    law: Callable[..., None]
    wants: tuple[str, ...]
    case: Mapping[str, Any]
    needs: tuple[str, str] | None

    @property
    def sentence(self) -> str:
        """The law in words, such as "P9: a deletion is seen with evidence"."""
        words, _, case = self.name.removeprefix("test_").partition("[")
        said = re.sub(r"^(P\d+)_", r"\1: ", words).replace("_", " ")
        return f"{said} ({case.removesuffix(']')})" if case else said


def trials_of(contract: object) -> Iterator[Trial]:
    """All trials of a contract's laws, in the order in which they are written down."""
    found: dict[str, Callable[..., None]] = {}
    for kind in reversed(type(contract).__mro__):
        found.update({name: law for name, law in vars(kind).items() if name.startswith("test_")})
    for name in found:
        law = getattr(contract, name)
        given = cases_of(law)
        parameter, values = given if given is not None else ("", {"": None})
        wants = tuple(each for each in inspect.signature(law).parameters if each != parameter)
        for case, value in values.items():
            named = f"{name}[{case}]" if parameter else name
            yield Trial(named, law, wants, {parameter: value} if parameter else {}, getattr(law, "needs", None))

"""Plain data -> frozen dataclasses, with every misfit told in plain words at its line.

Owns: how strictly data is taken (no unknown key, no conversion between text and numbers) and how a misfit is worded.
Does not own: which keys there are; the dataclasses say so themselves.
"""

import dataclasses
import difflib
import json
import re
import types
import typing
from collections.abc import Iterable, Sequence
from typing import Annotated, Any, Generic, TypeVar, Union, get_args, get_origin

import pydantic
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from accord.config.words import PURPOSES
from accord.config.yamlfile import KeyPath, YamlFile
from accord.errors import ConfigurationError, Problem

T = TypeVar("T")

_EXPECTED = {
    "string_type": "text",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "tuple_type": "a list",
    "list_type": "a list",
    "dict_type": "a mapping of keys to values",
    "dataclass_type": "a mapping of keys to values",
    "none_required": "null",
}
_CONTAINERS = frozenset({"tuple_type", "list_type", "dict_type", "dataclass_type", "string_type"})


class Shape(Generic[T]):
    """Takes data in the shape of one dataclass."""

    def __init__(self, root: type[T]) -> None:
        self._root = root
        # Dataclasses within a tuple take its configuration; a dataclass on its own would have to carry it, and the model knows no pydantic.
        wrapped: Any = tuple[root]  # type: ignore[valid-type]  # a type made at run time
        self._adapter: pydantic.TypeAdapter[tuple[T]] = pydantic.TypeAdapter(
            wrapped, config=pydantic.ConfigDict(extra="forbid", strict=True)
        )

    def take(self, source: YamlFile) -> T:
        """The data as dataclasses. Raises ConfigurationError with every misfit."""
        try:
            # By way of JSON: there a list may become a tuple and a text an enum, while a number never becomes a text.
            return self._adapter.validate_json(json.dumps([source.data]))[0]
        except pydantic.ValidationError as error:
            raise ConfigurationError(self._problems(source, error.errors(include_url=False, include_input=False))) from None

    def schema(self) -> dict[str, Any]:
        """What is taken, as a JSON Schema: ``$defs`` holds one for each dataclass, by its name."""
        return {"$defs": self._adapter.json_schema()["$defs"]}

    def _problems(self, source: YamlFile, errors: Iterable[ErrorDetails]) -> list[Problem]:
        by_path: dict[KeyPath, list[ErrorDetails]] = {}
        for error in errors:
            by_path.setdefault(_path_in(source.data, error), []).append(error)
        deeper = {path[:end] for path in by_path for end in range(len(path))}
        problems = []
        for path, found in by_path.items():
            if path in deeper:  # of a choice of shapes the one that fits better tells what is wrong
                found = [error for error in found if error["type"] not in _CONTAINERS]
            if found:
                problems.append(self._worded(source, path, found))
        return sorted(problems, key=lambda problem: (problem.line, problem.column))

    def _worded(self, source: YamlFile, path: KeyPath, errors: Sequence[ErrorDetails]) -> Problem:
        kind = errors[0]["type"]
        owner = shape_at(self._root, path[:-1])
        if kind == "unexpected_keyword_argument":
            return _unknown_key(source, path, owner)
        if kind == "missing":
            name = str(path[-1])
            purpose = PURPOSES.get((owner.__name__ if owner else "", name), "")
            return source.problem(
                path[:-1], f"{_where(path[:-1])}the key {name} is missing", f"Add {name}: {purpose}." if purpose else f"Add {name}."
            )
        what = " or ".join(dict.fromkeys(_expectation(error) for error in errors))
        remedy = suggestion(str(source.at(path)), _choices_named(errors[0])) if kind in ("literal_error", "enum") else f"Write {what}."
        return source.problem(path, f"{_where(path)}must be {what}, not {_described(source.at(path), path)}", remedy)


def known_keys(shape: type) -> list[str]:
    """The keys that a mapping of this shape may have, as they stand in the file."""
    return list(_members(shape))


def shape_at(root: type, path: KeyPath) -> type | None:
    """The dataclass that describes the mapping at a path, or None where keys are free."""
    current: Any = root
    for step in path:
        inner = _inner(current, step)
        if inner is None:
            return None
        current = inner
    return _dataclass_in(current)


def known_shapes(root: type) -> dict[str, type]:
    """All dataclasses within one, itself included, by name."""
    found: dict[str, type] = {}
    queue: list[Any] = [root]
    while queue:
        hint = queue.pop()
        if dataclasses.is_dataclass(hint) and isinstance(hint, type):
            if hint.__name__ not in found:
                found[hint.__name__] = hint
                queue += _members(hint).values()
        else:
            queue += get_args(hint)
    return found


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that is most like this one, if any is like it."""
    by_lower = {each.lower(): each for each in known}
    found = difflib.get_close_matches(word.lower(), by_lower, n=1, cutoff=0.6)
    return by_lower[found[0]] if found else None


def suggestion(word: str, known: Iterable[str]) -> str:
    """A remedy for a word that is not known: the nearest one, or all of them."""
    words = list(known)
    if near := nearest(word, words):
        return f"Did you mean {near}?"
    return f"Known are: {', '.join(sorted(words))}." if words else ""


def _unknown_key(source: YamlFile, path: KeyPath, owner: type | None) -> Problem:
    remedy = suggestion(str(path[-1]), known_keys(owner) if owner else ())
    return source.problem_with_key(path, f"{_where(path[:-1])}unknown key {path[-1]}", remedy)


def _members(shape: type) -> dict[str, Any]:
    """Key in the file -> type, of a dataclass."""
    hints = typing.get_type_hints(shape, include_extras=True)
    members = {}
    for member in dataclasses.fields(shape):
        hint, name = hints[member.name], member.name
        if get_origin(hint) is Annotated:
            name = next((extra.alias for extra in get_args(hint)[1:] if isinstance(extra, FieldInfo) and extra.alias), name)
            hint = get_args(hint)[0]
        members[name] = hint
    return members


def _inner(hint: Any, step: str | int) -> Any:
    """The type one step further in, or None."""
    for choice in _choices(hint):
        origin, arguments = get_origin(choice), get_args(choice)
        if isinstance(step, int) and origin in (tuple, list):
            return arguments[0]
        if isinstance(step, str) and origin is dict:
            return arguments[1]
        if isinstance(step, str) and dataclasses.is_dataclass(choice):
            return _members(typing.cast(type, choice)).get(step)
    return None


def _choices(hint: Any) -> tuple[Any, ...]:
    return get_args(hint) if get_origin(hint) in (Union, types.UnionType) else (hint,)


def _dataclass_in(hint: Any) -> type | None:
    return next((choice for choice in _choices(hint) if dataclasses.is_dataclass(choice) and isinstance(choice, type)), None)


def _path_in(data: Any, error: ErrorDetails) -> KeyPath:
    """The error's path without the names that the validator puts between for a choice of shapes."""
    path: list[str | int] = []
    steps = error["loc"][1:]
    for position, step in enumerate(steps):
        named = error["type"] in ("missing", "unexpected_keyword_argument") and position == len(steps) - 1
        if _holds(data, step):
            data = data[step]
        elif not named:
            continue
        path.append(step)
    return tuple(path)


def _holds(data: Any, step: str | int) -> bool:
    return (isinstance(data, dict) and step in data) or (isinstance(data, list) and isinstance(step, int) and step < len(data))


def _where(path: KeyPath) -> str:
    return f"{spelled(path)}: " if path else ""


def spelled(path: KeyPath) -> str:
    """A path as people write it: flows[0].left is "flow 1, left"."""
    words: list[str] = []
    for step in path:
        if isinstance(step, int):
            noun = words.pop() if words and not words[-1][-1].isdigit() else "part"
            words.append(f"{_SINGULAR.get(noun, noun)} {step + 1}")
        else:
            words.append(step)
    return ", ".join(words)


_SECRETIVE = (("authentication",), ("headers",), ("webhooks",), ("state",))
"""Where a misfit is not quoted: it may be a secret in the wrong place."""

_SINGULAR = {"flows": "flow", "properties": "property", "items": "item"}


def _expectation(error: ErrorDetails) -> str:
    if error["type"] in ("literal_error", "enum"):
        return str(error.get("ctx", {}).get("expected", "one of the known words")).replace("'", "")
    return _EXPECTED.get(error["type"], error["msg"].removeprefix("Input should be ").lower())


def _choices_named(error: ErrorDetails) -> list[str]:
    return re.findall(r"[\w-]+", str(error.get("ctx", {}).get("expected", "")).replace(" or ", " "))


def _described(data: Any, path: KeyPath) -> str:
    if isinstance(data, dict | list):
        return "a mapping" if isinstance(data, dict) else "a list"
    if isinstance(data, bool) or data is None:
        return str(data).lower() if data is not None else "null"
    if path[:1] in _SECRETIVE:
        return "a text" if isinstance(data, str) else "a number"
    if isinstance(data, str):
        return f'the text "{data[:40]}"' if data else "an empty text"
    return f"the number {data}"

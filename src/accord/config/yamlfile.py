"""A YAML file as plain data that knows where each key and value stands.

Owns: which YAML is taken: one document of mappings with text keys, lists, text, numbers, true, false and null, with limits on size,
depth and aliases. Does not own: which keys there may be (config/shape.py).

Plain words follow the YAML 1.2 core schema, so ``region: NO``, ``generated: 2024-09-10`` and ``zip: 0150`` stay the text that they are.
"""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import yaml

from accord.errors import ConfigurationError, Problem

Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
KeyPath: TypeAlias = tuple[str | int, ...]
"""Where a value is in the data: keys and positions from the top, such as ("flows", 0, "left")."""

MAX_BYTES = 2 * 1024 * 1024
MAX_DEPTH = 40
MAX_VALUES = 200_000
"""How many values a file may amount to once its aliases are followed."""

_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]{0,17})")
_NUMBER = re.compile(r"(?=.*[.eE])[-+]?((0|[1-9][0-9]*)(\.[0-9]*)?|\.[0-9]+)([eE][-+]?[0-9]+)?")
_WORDS: dict[str, bool | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_PLAIN_TAGS = frozenset(f"tag:yaml.org,2002:{name}" for name in ("str", "seq", "map"))


class Place(NamedTuple):
    """A position in a file; both count from 1."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class YamlFile:
    """The data of a file, with the place of every key and every value by its path."""

    file: str
    data: Any
    keys: dict[KeyPath, Place]
    values: dict[KeyPath, Place]

    def at(self, path: KeyPath) -> Any:
        """The value at a path."""
        data = self.data
        for step in path:
            data = data[step]
        return data

    def place(self, path: KeyPath) -> Place:
        """Where a value stands, or the nearest that encloses it; 0, 0 where nothing is known."""
        for end in range(len(path), -1, -1):
            if found := self.values.get(path[:end]):
                return found
        return Place(0, 0)

    def problem(self, path: KeyPath, what: str, remedy: str = "") -> Problem:
        """A problem with a value."""
        return Problem(self.file, *self.place(path), what, remedy)

    def problem_with_key(self, path: KeyPath, what: str, remedy: str = "") -> Problem:
        """A problem with a key itself."""
        return Problem(self.file, *(self.keys.get(path) or self.place(path)), what, remedy)


def read_yaml(path: str | Path) -> YamlFile:
    """Read a file. Raises ConfigurationError with every problem found."""
    file = str(path)
    try:
        with Path(path).open("rb") as stream:
            content = stream.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise _refused(file, "there is no such file", "Give its path, or write a set of starter files with: accord init") from None
    except OSError as error:
        raise _refused(file, f"cannot be read: {error.strerror}", "Check its permissions.") from error
    return parse_yaml(content, file)


def parse_yaml(content: bytes, file: str) -> YamlFile:
    """Turn the bytes of a file into data. Raises ConfigurationError with every problem found."""
    if len(content) > MAX_BYTES:
        raise _refused(file, f"larger than {MAX_BYTES // 1024 // 1024} MiB", "Split it, or check that it is the right file.")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ConfigurationError([Problem(file, line, 1, "not UTF-8 text", "Save the file as UTF-8.")]) from None
    reader = _Reader(file, text)
    try:
        top = reader.document()
    except yaml.YAMLError as error:
        raise ConfigurationError([*reader.problems, _syntax(file, error)]) from None
    finished = _Unfolding(reader).unfold(top)
    if reader.problems:
        raise ConfigurationError(sorted(reader.problems, key=lambda problem: (problem.line, problem.column)))
    return finished


@dataclass(slots=True)
class _Node:
    """A value in the file. ``content``: a scalar, a list of nodes, or a list of (key, key's place, node)."""

    place: Place
    content: Any
    kind: str = "scalar"


@dataclass(slots=True)
class _Reader:
    """Builds nodes from parser events, so that limits hold before anything nests."""

    file: str
    text: str
    problems: list[Problem] = field(default_factory=list)
    _anchors: dict[str, _Node | None] = field(default_factory=dict)
    _events: Iterator[Any] = field(default_factory=lambda: iter(()))

    def document(self) -> _Node:
        self._events = iter(yaml.parse(self.text, Loader=Loader))
        next(self._events)
        start = next(self._events)
        if isinstance(start, yaml.StreamEndEvent):
            raise _refused(self.file, "the file is empty", "Write a set of starter files with: accord init")
        top = self._node(next(self._events), 1)
        next(self._events)
        after = next(self._events)
        if not isinstance(after, yaml.StreamEndEvent):
            self.report(_place(after), "a second document starts here", "Keep one document in the file; remove the line ---.")
        return top

    def report(self, place: Place, what: str, remedy: str) -> None:
        self.problems.append(Problem(self.file, *place, what, remedy))

    def _node(self, event: Any, depth: int) -> _Node:
        place = _place(event)
        if isinstance(event, yaml.AliasEvent):
            return self._alias(str(event.anchor), place)
        if depth > MAX_DEPTH:
            raise ConfigurationError([Problem(self.file, *place, f"nested more than {MAX_DEPTH} deep", "Check brackets and indentation.")])
        if event.tag is not None and event.tag not in _PLAIN_TAGS:
            self.report(place, f"the tag {_short(event.tag)} is not allowed", "Remove the tag.")
        if event.anchor is not None:
            self._anchors[event.anchor] = None
        node = self._content(event, place, depth)
        if event.anchor is not None:
            self._anchors[event.anchor] = node
        return node

    def _alias(self, name: str, place: Place) -> _Node:
        node = self._anchors.get(name)
        if node is None:
            known = "an alias of something that encloses it" if name in self._anchors else "an alias of nothing"
            self.report(place, f"*{name} is {known}", f"Define &{name} before it, or write the value out.")
            return _Node(place, None)
        return node

    def _content(self, event: Any, place: Place, depth: int) -> _Node:
        if isinstance(event, yaml.ScalarEvent):
            return _Node(place, _scalar(event.value) if event.implicit[0] else event.value)
        if isinstance(event, yaml.SequenceStartEvent):
            items = []
            while not isinstance(inner := next(self._events), yaml.SequenceEndEvent):
                items.append(self._node(inner, depth + 1))
            return _Node(place, items, "list")
        return _Node(place, self._members(depth), "mapping")

    def _members(self, depth: int) -> list[tuple[str, Place, _Node]]:
        members: dict[str, tuple[str, Place, _Node]] = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            key = self._node(event, depth + 1)
            place, name = _place(event), key.content
            value = self._node(next(self._events), depth + 1)
            if key.kind != "scalar" or not isinstance(name, str):
                self.report(
                    place, "a key must be text", f'Put it in quotes: "{name}".' if key.kind == "scalar" else "Use a word as the key."
                )
            elif name == "<<":
                self.report(place, "merging with << is not supported", "Write the keys out.")
            elif name in members:
                self.report(place, f"{_short(name)} is given twice; first in line {members[name][1].line}", "Remove one of the two.")
            else:
                members[name] = (name, place, value)
        return list(members.values())


@dataclass(slots=True)
class _Unfolding:
    """Follows aliases: nodes -> data, noting where everything stands."""

    reader: _Reader
    keys: dict[KeyPath, Place] = field(default_factory=dict)
    values: dict[KeyPath, Place] = field(default_factory=dict)

    def unfold(self, top: _Node) -> YamlFile:
        return YamlFile(self.reader.file, self._data(top, ()), self.keys, self.values)

    def _data(self, node: _Node, path: KeyPath) -> Any:
        if len(self.values) >= MAX_VALUES or len(path) > MAX_DEPTH:
            what = "the aliases amount to more values, or deeper nesting, than is allowed"
            raise ConfigurationError([Problem(self.reader.file, *node.place, what, "Use fewer aliases.")])
        self.values[path] = node.place
        if node.kind == "list":
            return [self._data(item, (*path, position)) for position, item in enumerate(node.content)]
        if node.kind == "mapping":
            self.keys.update({(*path, name): place for name, place, _ in node.content})
            return {name: self._data(value, (*path, name)) for name, _, value in node.content}
        return node.content


def _scalar(text: str) -> Any:
    """What a plain word means. What would not come out as it was written, such as 007 or a number of twenty digits, stays text."""
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    if len(text) < 18 and _NUMBER.fullmatch(text):
        number = float(text)
        return number if math.isfinite(number) else text
    return text


def _place(event: Any) -> Place:
    return Place(event.start_mark.line + 1, event.start_mark.column + 1)


def _short(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:57]}..."


def _refused(file: str, what: str, remedy: str) -> ConfigurationError:
    return ConfigurationError([Problem(file, 0, 0, what, remedy)])


def _syntax(file: str, error: yaml.YAMLError) -> Problem:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    line, column = (mark.line + 1, mark.column + 1) if mark else (0, 0)
    what = getattr(error, "problem", None) or getattr(error, "reason", None) or "unreadable"
    return Problem(file, line, column, f"not YAML: {what}", "Check indentation (no tabs), colons, quotes and brackets here.")

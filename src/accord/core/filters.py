"""Filters: the small fixed vocabulary of ``where``, compiled to a predicate over raw values.

Owns: the vocabulary, its errors with their column, what a comparison means. Does not own: what happens to a record out of scope.

    Status = 'won' and (Total >= 100.50 or not Country in ('NO', 'SE')) and ClosedAt is null

Comparisons are =, !=, <, <=, >, >=, in (...), is null, is not null; they are joined by ``not`` (binds tightest), ``and``, ``or`` and
parentheses; words may be in any case. A quote in a text is doubled. Texts are compared in NFC, numbers exactly, dates and times as such.
A comparison with a null, absent or unreadable property is false, whatever the operator; ``not`` turns that into true.
"""

import operator
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final, TypeAlias

from accord.core.values import Form, Read, exact, read_text, reader
from accord.core.wording import Unfit
from accord.model.manifest import Property
from accord.model.values import DataType, Raw, RawValues

LONGEST: Final = 2000
"""Characters of a filter."""
DEEPEST: Final = 20
"""Levels of parentheses and ``not``."""

Literal: TypeAlias = str | Decimal | bool
Predicate: TypeAlias = Callable[[RawValues], bool]


class FilterProblem(ValueError):
    """What is wrong with a filter. ``column`` counts characters from 1."""

    def __init__(self, column: int, what: str) -> None:
        super().__init__(f"column {column}: {what}")
        self.column = column
        self.what = what


@dataclass(frozen=True, slots=True)
class Comparison:
    """One property against literals: one, or for ``in`` at least one. ``operator``: as written, in lower case."""

    name: str
    operator: str
    literals: tuple[Literal, ...]
    column: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class IsNull:
    """Whether a property is null or absent, or (``negated``) neither."""

    name: str
    negated: bool
    column: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Not:
    """The opposite."""

    part: "Node"


@dataclass(frozen=True, slots=True)
class Joined:
    """Two or more parts joined by ``word``: "and" or "or"."""

    word: str
    parts: tuple["Node", ...]


Node: TypeAlias = Comparison | IsNull | Not | Joined

_OPERATORS: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_TOKEN: Final = re.compile(
    r"\s*(?:(?P<text>'(?:[^']|'')*')|(?P<number>[+-]?[0-9]{1,40}(?:\.[0-9]{1,40})?(?![\w.]))"
    r"|(?P<sign><=|>=|!=|=|<|>|\(|\)|,)|(?P<word>[^\W\d][\w$]*(?:[.\-][\w$]+)*|\$[\w$]+))"
)
_WORDS: Final = frozenset({"and", "or", "not", "in", "is", "null", "true", "false"})


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str  # text, number, sign, word (of the vocabulary), name, end
    said: str
    column: int


def _tokens(text: str) -> Iterator[_Token]:
    at = 0
    while text[at:].strip():
        found = _TOKEN.match(text, at)
        if found is None:
            start = at + len(text[at:]) - len(text[at:].lstrip())
            what = "a text is not closed" if text[start] == "'" else f"cannot read {text[start]!r}"
            raise FilterProblem(start + 1, what)
        kind = str(found.lastgroup)
        said, column = found[kind], found.start(kind) + 1
        if kind == "word":
            kind, said = ("word", said.lower()) if said.lower() in _WORDS else ("name", said)
        yield _Token(kind, said, column)
        at = found.end()
    yield _Token("end", "", len(text) + 1)


class _Parser:
    """Reads one filter from left to right."""

    def __init__(self, text: str) -> None:
        self._tokens = list(_tokens(text))
        self._at = 0
        self._depth = 0

    def whole(self) -> Node:
        node = self._joined("or")
        if self._next.kind != "end":
            raise FilterProblem(self._next.column, f"expected and, or, or the end, not {self._next.said!r}")
        return node

    @property
    def _next(self) -> _Token:
        return self._tokens[self._at]

    def _take(self) -> _Token:
        token = self._next
        self._at += 1
        return token

    def _accept(self, said: str) -> bool:
        if self._next.said != said or self._next.kind not in ("word", "sign"):
            return False
        self._at += 1
        return True

    def _expect(self, said: str) -> None:
        if not self._accept(said):
            raise FilterProblem(self._next.column, f"expected {said!r}, not {self._next.said or 'the end'!r}")

    def _joined(self, word: str) -> Node:
        parts = [self._joined("and") if word == "or" else self._single()]
        while self._accept(word):
            parts.append(self._joined("and") if word == "or" else self._single())
        return parts[0] if len(parts) == 1 else Joined(word, tuple(parts))

    def _single(self) -> Node:
        column = self._next.column
        for opening in ("not", "("):
            if self._accept(opening):
                self._depth += 1
                if self._depth > DEEPEST:
                    raise FilterProblem(column, f"nested deeper than {DEEPEST} levels")
                node = Not(self._single()) if opening == "not" else self._joined("or")
                if opening == "(":
                    self._expect(")")
                self._depth -= 1
                return node
        return self._comparison()

    def _comparison(self) -> Node:
        name = self._take()
        if name.kind != "name":
            raise FilterProblem(name.column, f"expected the name of a property, not {name.said or 'the end'!r}")
        if self._accept("is"):
            negated = self._accept("not")
            self._expect("null")
            return IsNull(name.said, negated, name.column)
        if self._accept("in"):
            return Comparison(name.said, "in", self._several(), name.column)
        sign = self._take()
        if sign.said not in _OPERATORS or sign.kind != "sign":
            raise FilterProblem(sign.column, f"expected a comparison, not {sign.said or 'the end'!r}")
        return Comparison(name.said, sign.said, (self._literal(),), name.column)

    def _several(self) -> tuple[Literal, ...]:
        self._expect("(")
        literals = [self._literal()]
        while self._accept(","):
            literals.append(self._literal())
        self._expect(")")
        return tuple(literals)

    def _literal(self) -> Literal:
        token = self._take()
        match token.kind, token.said:
            case "text", said:
                return said[1:-1].replace("''", "'")
            case "number", said:
                return Decimal(said)
            case "word", "true" | "false":
                return token.said == "true"
            case "word", "null":
                raise FilterProblem(token.column, "null is asked for with: is null, or: is not null")
        raise FilterProblem(token.column, f"expected 'text', a number, true or false, not {token.said or 'the end'!r}")


def parse(text: str) -> Node:
    """Read a filter. Raises FilterProblem."""
    if len(text) > LONGEST:
        raise FilterProblem(LONGEST + 1, f"longer than {LONGEST} characters")
    return _Parser(text).whole()


def show(node: Node) -> str:
    """The filter as text; parsing it gives an equal filter, but for columns."""
    match node:
        case Comparison(name, "in", literals):
            return f"{name} in ({', '.join(map(_shown, literals))})"
        case Comparison(name, sign, literals):
            return f"{name} {sign} {_shown(literals[0])}"
        case IsNull(name, negated):
            return f"{name} is not null" if negated else f"{name} is null"
        case Not(part):
            return f"not {_bracketed(part)}"
    return f" {node.word} ".join(map(_bracketed, node.parts))


def _bracketed(node: Node) -> str:
    return f"({show(node)})" if isinstance(node, Joined) else show(node)


def _shown(literal: Literal) -> str:
    if isinstance(literal, bool):
        return "true" if literal else "false"
    return f"{literal:f}" if isinstance(literal, Decimal) else "'" + literal.replace("'", "''") + "'"


def leaves(node: Node) -> Iterator[Comparison | IsNull]:
    """The comparisons of a filter, from left to right."""
    match node:
        case Not(part):
            yield from leaves(part)
        case Joined(_, parts):
            for part in parts:
                yield from leaves(part)
        case _:
            yield node


def compile_filter(node: Node, properties: Mapping[str, Property], zone: str = "UTC") -> Predicate:
    """The predicate over raw values. ``zone``: of naive times. Raises FilterProblem for unknown properties and literals of another type."""
    match node:
        case Not(part):
            inner = compile_filter(part, properties, zone)
            return lambda raw: not inner(raw)
        case Joined(word, parts):
            every = [compile_filter(part, properties, zone) for part in parts]
            if word == "and":
                return lambda raw: all(holds(raw) for holds in every)
            return lambda raw: any(holds(raw) for holds in every)
        case IsNull(name, negated, column):
            _property(name, properties, column)
            return lambda raw: (raw.get(name) is not None) is negated
    return _compared(node, properties, zone)


def _property(name: str, properties: Mapping[str, Property], column: int) -> Property:
    if name not in properties:
        raise FilterProblem(column, f"there is no property {name}")
    return properties[name]


def _compared(node: Comparison, properties: Mapping[str, Property], zone: str) -> Predicate:
    one = _property(node.name, properties, node.column)
    if one.type == "list" or (one.type == "boolean" and node.operator not in ("=", "!=", "in")):
        raise FilterProblem(node.column, f"{node.name} is of type {one.type}, which {node.operator} cannot compare")
    wanted = {"integer": Decimal, "decimal": Decimal, "boolean": bool}.get(one.type, str)
    read = _comparable(one, zone)
    literals = []
    for literal in node.literals:
        if type(literal) is not wanted:
            raise FilterProblem(node.column, f"{node.name} is of type {one.type}; {_shown(literal)} is not")
        try:
            literals.append(literal if wanted is Decimal else read(literal))
        except Unfit as unfit:
            raise FilterProblem(node.column, f"{node.name} is of type {one.type}; {_shown(literal)} is {unfit}") from None
    test: Callable[[Any], bool]
    if node.operator == "in":
        test = frozenset(literals).__contains__
    else:
        compare, literal = _OPERATORS[node.operator], literals[0]
        test = lambda value: compare(value, literal)  # noqa: E731  one of two ways to ask; a def would have to be named twice
    name = node.name

    def holds(raw: RawValues) -> bool:
        try:
            value = read(raw.get(name))
        except Unfit:
            return False
        return value is not None and test(value)

    return holds


def _comparable(one: Property, zone: str) -> Callable[[Raw], Any]:
    """Raw -> what can be ordered among its kind; None for null, and for an empty text that is no text property's."""
    if one.type == "string":
        return read_text
    if one.type in ("integer", "decimal"):
        as_text = one.format == "text"
        return lambda raw: None if raw is None or raw == "" else exact(raw, as_text)
    read: Read = reader(Form(DataType(one.type), precision=1, zone=zone))
    return lambda raw: None if raw == "" else read(raw)

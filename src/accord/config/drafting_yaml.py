"""Data as YAML that people read and go on writing: short things in one line, and beside a guess the reason for it.

Owns: the form. Does not own: what is written (drafting.py).
"""

import json
import re
import textwrap
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

_PLAIN = re.compile(r"[A-Za-z/][\w./-]*")
"""Texts that need no quotes, wherever they stand."""

_WORDS = frozenset({"true", "True", "TRUE", "false", "False", "FALSE", "null", "Null", "NULL"})
_NUMBER_LIKE = re.compile(r"[eE][-+]?[0-9]+")
_WIDTH = 140


class Guess(NamedTuple):
    """A value, and why it was taken."""

    value: Any
    why: str


class Inline(dict[str, Any]):
    """A mapping that is written in one line where it fits."""


def flow(value: Any) -> str:
    """A value in one line, as YAML."""
    if isinstance(value, Guess):
        return flow(value.value)
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{flow(key)}: {flow(one)}" for key, one in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(flow(one) for one in value) + "]"
    if isinstance(value, str) and _PLAIN.fullmatch(value) and value not in _WORDS and not _NUMBER_LIKE.fullmatch(value):
        return value
    return "".join(each if each.isprintable() else f"\\U{ord(each):08x}" for each in json.dumps(value, ensure_ascii=False))


def block(data: Mapping[str, Any], indent: int = 0) -> Iterator[str]:
    """A mapping as lines."""
    pad = " " * indent
    for key, held in data.items():
        value, why = held if isinstance(held, Guess) else (held, "")
        if isinstance(value, Mapping) and value and not _fits_inline(value, indent + len(key) + 2):
            yield from commented(f"{pad}{flow(key)}:", why)
            yield from block(value, indent + 2)
        elif _is_list_of_mappings(value):
            yield from commented(f"{pad}{flow(key)}:", why)
            for item in value:
                yield from _item(item, indent + 2)
        else:
            yield from commented(f"{pad}{flow(key)}: {flow(value)}", why)


def _fits_inline(value: Mapping[str, Any], column: int) -> bool:
    return isinstance(value, Inline) and column + len(flow(value)) <= _WIDTH and not any(_has_why(one) for one in value.values())


def _has_why(value: Any) -> bool:
    return isinstance(value, Guess) and bool(value.why)


def _is_list_of_mappings(value: Any) -> bool:
    return isinstance(value, list | tuple) and bool(value) and all(isinstance(one, Mapping) and one for one in value)


def _item(item: Mapping[str, Any], indent: int) -> Iterator[str]:
    """A mapping as an item of a list: its first line after a dash, where no comment stands before it."""
    if _fits_inline(item, indent + 2):
        yield f"{' ' * indent}- {flow(item)}"
        return
    lines = list(block(item, indent + 2))
    first = next(position for position, line in enumerate(lines) if not line.lstrip().startswith("#"))
    yield from (line[2:] for line in lines[:first])
    yield f"{' ' * indent}- {lines[first].lstrip()}"
    yield from lines[first + 1 :]


def remark(text: str) -> str:
    """A text in one line that can be printed."""
    return "".join(each for each in " ".join(text.split()) if each.isprintable())


def commented(line: str, why: str) -> Iterator[str]:
    """A line with a remark behind it, or before it where it would be too long. Whatever the remark quotes, it stays a remark."""
    why = remark(why)
    if not why:
        yield line
    elif len(line) + len(why) + 4 <= _WIDTH:
        yield f"{line}  # {why}"
    else:
        pad = " " * (len(line) - len(line.lstrip()))
        yield from textwrap.wrap(why, _WIDTH, initial_indent=f"{pad}# ", subsequent_indent=f"{pad}#   ")
        yield line

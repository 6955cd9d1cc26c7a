"""A page as a value: headings, sentences, facts, tables. What is on it is decided before; a writer only sets it.

Owns: the parts of a page, and how a sentence with `code` and *stress* becomes parts. Does not own: what a page says
(documents/explained.py, checks/pages.py), its form (documents/html.py, documents/markdown.py).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Code:
    """A name or a value as a system knows it."""

    text: str


@dataclass(frozen=True, slots=True)
class Stress:
    """Words that stand out."""

    text: str


@dataclass(frozen=True, slots=True)
class Link:
    """Words that lead to a section of the page by its id, or with ``file`` to one of a file beside it."""

    text: str
    to: str
    file: str = ""


class Tone(StrEnum):
    """What a mark says at a glance, beside its words."""

    PLAIN = "plain"
    GOOD = "good"
    BAD = "bad"
    WARN = "warn"
    PERSONAL = "personal"


@dataclass(frozen=True, slots=True)
class Mark:
    """One or two words set apart: a verdict, "personal". The words say all of it; the tone only helps the eye."""

    text: str
    tone: Tone = Tone.PLAIN


Part: TypeAlias = str | Code | Stress | Link | Mark
Words: TypeAlias = tuple[Part, ...]
"""A line of text."""


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A line that stands by itself. ``lead``: it opens its section."""

    words: Words
    lead: bool = False


@dataclass(frozen=True, slots=True)
class Listing:
    """Lines one below the other; ``numbered`` where the order matters."""

    items: tuple[Words, ...]
    numbered: bool = False


@dataclass(frozen=True, slots=True)
class Facts:
    """Names and what they are."""

    rows: tuple[tuple[str, Words], ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A table. ``caption``: what it shows. The first cell of a row names the row. ``marks``: rows by position with an id, to be led to."""

    caption: str
    head: tuple[str, ...]
    rows: tuple[tuple[Words, ...], ...]
    marks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Verbatim:
    """Text as it went over a wire. ``title``: what it is."""

    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Folded:
    """Blocks that are shown when somebody asks for them, and always in print. ``group``: what a filter of the page knows it by."""

    summary: Words
    blocks: "tuple[Block, ...]"
    id: str = ""
    group: str = ""
    open: bool = False


@dataclass(frozen=True, slots=True)
class Filter:
    """A choice among the groups of the folded blocks; the words and the group of each. "" is all of them."""

    question: str
    choices: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the page with a heading and an id, which is unique on the page."""

    id: str
    title: str
    blocks: "tuple[Block, ...]"


Block: TypeAlias = Paragraph | Listing | Facts | Table | Verbatim | Folded | Filter | Section


@dataclass(frozen=True, slots=True)
class Page:
    """A whole page. ``opening``: what stands before the contents. ``language``: of its words, as BCP 47."""

    title: str
    opening: tuple[Block, ...]
    sections: tuple[Section, ...]
    language: str = "en"


_MARKED = re.compile(r"`([^`]+)`|\*([^*]+)\*")


def words(text: str) -> Words:
    """A sentence of ours, with `names` and *stress* in it. Never for what others wrote: that is given as Code or as it is."""
    parts: list[Part] = []
    at = 0
    for found in _MARKED.finditer(text):
        if found.start() > at:
            parts.append(text[at : found.start()])
        parts.append(Code(found[1]) if found[1] is not None else Stress(found[2]))
        at = found.end()
    if at < len(text):
        parts.append(text[at:])
    return tuple(parts)


def joined(parts: Sequence[Part], by: str = ", ") -> Words:
    """Parts with a separator between them."""
    line: list[Part] = []
    for part in parts:
        line += [by, part] if line else [part]
    return tuple(line)


_UNSEEN = frozenset({0x200B, 0x200E, 0x200F, 0x061C, 0x2028, 0x2029, *range(0x202A, 0x202F), 0x2060, *range(0x2066, 0x206A), 0xFEFF})
"""Marks that turn the order of what follows around, end a line, or take no room. Joiners stay: words of some scripts need them."""


def visible(text: str) -> str:
    """The text with what no reader can see, or what would turn the order of letters around, shown as its number."""
    if text.isprintable() and text.isascii():
        return text
    return "".join(f"\\u{ord(each):04x}" if _hidden(each) else each for each in text)


def _hidden(character: str) -> bool:
    """A control character, half a pair, or one of the unseen marks."""
    code = ord(character)
    if code < 0x20:
        return character not in "\t\n"
    return 0x7F <= code < 0xA0 or 0xD800 <= code < 0xE000 or code in _UNSEEN

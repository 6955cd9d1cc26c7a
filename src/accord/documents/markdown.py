"""A page as Markdown: tables as in GitHub's dialect, readable as plain text too.

Owns: the marks of Markdown, and what must be escaped for them. Does not own: what the page says.
"""

import re
from collections.abc import Iterator

from accord.documents.page import (
    Block,
    Code,
    Facts,
    Filter,
    Folded,
    Link,
    Listing,
    Mark,
    Page,
    Paragraph,
    Part,
    Section,
    Stress,
    Table,
    Verbatim,
    Words,
    visible,
)

DEEPEST = 6
_BEGINNING = re.compile(r"^(\d*)([-+=.):])")
_MARKS = re.compile(r"([\\`*_{}\[\]<>#|~&!])")


def to_markdown(page: Page) -> bytes:
    """The page in UTF-8."""
    parts = [f"# {_text(page.title)}", *_blocks(page.opening, 2)]
    contents = "\n".join(f"- [{_text(section.title)}](#{section.id})" for section in page.sections)
    if contents:
        parts += [contents]
    parts += _blocks(page.sections, 2)
    return ("\n\n".join(parts) + "\n").encode()


def _blocks(blocks: tuple[Block, ...], level: int) -> Iterator[str]:
    for block in blocks:
        yield from _block(block, level)


def _block(block: Block, level: int) -> Iterator[str]:
    match block:
        case Section():
            yield f'{"#" * min(level, DEEPEST)} <a id="{block.id}"></a>{_line((block.title,))}'
            yield from _blocks(block.blocks, level + 1)
        case Paragraph():
            yield _line(block.words)
        case Listing():
            yield "\n".join(f"{f'{number}.' if block.numbered else '-'} {_line(item)}" for number, item in enumerate(block.items, 1))
        case Facts():
            yield "\n".join(f"- {_stressed(name)}: {_line(value)}" for name, value in block.rows)
        case Table():
            yield _stressed(block.caption, "*")
            yield "\n".join(_table(block))
        case Verbatim():
            yield _line((f"{block.title}:",))
            yield _fenced(block.text)
        case Folded():
            anchor = f'<a id="{block.id}"></a>' if block.id else ""
            yield anchor + _line(block.summary)
            yield from _blocks(block.blocks, level)
        case Filter():
            pass  # a text shows everything


def _table(table: Table) -> Iterator[str]:
    yield f"| {' | '.join(_text(each) for each in table.head)} |"
    yield "|" + "---|" * len(table.head)
    for row in table.rows:
        yield f"| {' | '.join(_line(cell) for cell in row)} |"


def _fenced(text: str) -> str:
    """A block that its own text cannot close."""
    fence = "`" * max(3, 1 + max((len(run) for run in re.findall(r"`+", text)), default=0))
    return f"{fence}text\n{visible(text)}\n{fence}"


# --- lines ------------------------------------------------------------------------------------------------------------------------------


def _line(line: Words) -> str:
    """Parts on one line, which begins nothing but itself: no list, no rule, no block of code."""
    return _BEGINNING.sub(r"\1\\\2", "".join(_part(each) for each in line).strip(" "))


def _part(part: Part) -> str:
    match part:
        case Code():
            return _code(part.text)
        case Stress():
            return _stressed(part.text)
        case Link():
            return f"[{_text(part.text)}]({part.file}#{part.to})"
        case Mark():
            return _stressed(part.text)
        case _:
            return _text(part)


def _stressed(text: str, mark: str = "**") -> str:
    """Marks only count directly beside what they stress."""
    bare = _text(text).strip()
    return f"{mark}{bare}{mark}" if bare else ""


def _code(text: str) -> str:
    """A code span on one line; a pipe would end the cell, so it is escaped, as tables have it."""
    flat = visible(text).replace("\n", " ").replace("\t", " ").replace("|", "\\|")
    if not flat.strip():
        return f"`{flat or ' '}`"
    ticks = "`" * (1 + max((len(run) for run in re.findall(r"`+", flat)), default=0))
    pad = " " if "`" in (flat[0], flat[-1]) or flat[0] == flat[-1] == " " else ""  # one space at both ends is taken off by readers
    return f"{ticks}{pad}{flat}{pad}{ticks}"


def _text(text: str) -> str:
    """Text in which nothing is markup, with single spaces."""
    return _MARKS.sub(r"\\\1", re.sub(r"[ \t\n]+", " ", visible(text)))

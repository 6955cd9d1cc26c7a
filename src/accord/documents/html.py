"""A page as HTML: one file that needs no other, no script and no host; to read, to listen to, and to print.

Owns: the elements. Does not own: what the page says (its values), how it looks (style.css beside this file).
"""

from collections.abc import Iterator
from functools import cache
from html import escape
from importlib.resources import files

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
"""The last level of headings that HTML has."""
LONGEST = 26
"""Letters of a word that still go in a column of a table."""
SHORTEST = 16
"""Letters of a name or value that stays on one line."""


def to_html(page: Page) -> bytes:
    """The page in UTF-8."""
    return "\n".join(_page(page)).encode() + b"\n"


@cache
def style() -> str:
    """The one style sheet of all pages."""
    return (files("accord.documents") / "style.css").read_text("utf-8")


def _page(page: Page) -> Iterator[str]:
    policy = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
    yield "<!DOCTYPE html>"
    yield f'<html lang="{escape(page.language)}">'
    yield "<head>"
    yield '<meta charset="utf-8">'
    yield f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield '<meta name="color-scheme" content="light dark">'
    yield '<meta name="generator" content="Accord">'
    yield f"<title>{_text(page.title)}</title>"
    yield f"<style>\n{style()}</style>"
    yield "</head>"
    yield "<body>"
    yield '<a class="skip" href="#content">Skip to the content</a>'
    yield "<header>"
    yield f'<h1 id="top" dir="auto">{_text(page.title)}</h1>'
    for block in page.opening:
        yield from _block(block, 2)
    yield "</header>"
    if page.sections:
        yield from _contents(page)
    yield '<main id="content" tabindex="-1">'
    for section in page.sections:
        yield from _block(section, 2)
    yield "</main>"
    yield '<footer><p><a href="#top">Back to the top</a></p></footer>'
    yield "</body>"
    yield "</html>"


def _contents(page: Page) -> Iterator[str]:
    yield '<nav aria-labelledby="contents">'
    yield '<h2 id="contents">Contents</h2>'
    yield "<ol>"
    for section in page.sections:
        yield f'<li><a href="#{escape(section.id)}" dir="auto">{_text(section.title)}</a></li>'
    yield "</ol>"
    yield "</nav>"


# --- blocks -----------------------------------------------------------------------------------------------------------------------------


def _block(block: Block, level: int) -> Iterator[str]:
    match block:
        case Section():
            yield from _section(block, level)
        case Paragraph():
            yield f"<p{' class=' + chr(34) + 'lead' + chr(34) if block.lead else ''}>{_line(block.words)}</p>"
        case Listing():
            kind = "ol" if block.numbered else "ul"
            yield f"<{kind}>"
            yield from (f"<li>{_line(item)}</li>" for item in block.items)
            yield f"</{kind}>"
        case Facts():
            yield '<dl class="facts">'
            yield from (f"<div><dt>{_text(name)}</dt><dd>{_line(value)}</dd></div>" for name, value in block.rows)
            yield "</dl>"
        case Table():
            yield from _table(block)
        case Verbatim():
            yield f'<figure class="wire"><figcaption>{_text(block.title)}</figcaption>'
            yield f'<pre tabindex="0" dir="auto">{_text(block.text)}</pre></figure>'
        case Folded():
            yield from _folded(block, level)
        case Filter():
            yield from _filter(block)


def _section(section: Section, level: int) -> Iterator[str]:
    heading, id = f"h{min(level, DEEPEST)}", escape(section.id)
    landmark = f' aria-labelledby="{id}"' if level == 2 else ""  # with a name it is one; those within would be too many
    yield f"<section{landmark}>"
    yield f'<{heading} id="{id}" dir="auto">{_text(section.title)}</{heading}>'
    for block in section.blocks:
        yield from _block(block, level + 1)
    yield "</section>"


def _table(table: Table) -> Iterator[str]:
    """A table in a box of its own that scrolls, also by keyboard. Where the window is narrow each row is shown as a card; the roles keep
    it a table for those who listen to it."""
    caption = _text(table.caption)
    yield f'<div class="wide" role="group" aria-label="{caption}" tabindex="0">'
    yield '<table role="table">'
    yield f"<caption>{caption}</caption>"
    heads = "".join(f'<th role="columnheader" scope="col">{_text(each)}</th>' for each in table.head)
    yield f'<thead role="rowgroup"><tr role="row">{heads}</tr></thead>'
    yield '<tbody role="rowgroup">'
    marks = (*table.marks, *("" for _ in table.rows[len(table.marks) :]))
    for row, mark in zip(table.rows, marks, strict=True):
        id = f' id="{escape(mark)}"' if mark else ""
        cells = "".join(
            f'<td role="cell" data-head="{_text(head)}"><div>{_line(each)}</div></td>'
            for head, each in zip(table.head[1:], row[1:], strict=True)
        )
        yield f'<tr role="row"{id}><th role="rowheader" scope="row" data-head="{_text(table.head[0])}">{_line(row[0])}</th>{cells}</tr>'
    yield "</tbody>"
    yield "</table>"
    yield "</div>"


def _folded(folded: Folded, level: int) -> Iterator[str]:
    """The id is inside, so that a link to it opens what is folded."""
    id = f' id="{escape(folded.id)}"' if folded.id else ""
    group = f' data-group="{escape(folded.group)}"' if folded.group else ""
    yield f"<details{group}{' open' if folded.open else ''}>"
    yield f"<summary>{_line(folded.summary)}</summary>"
    yield f'<div class="inside"{id}>'
    for block in folded.blocks:
        yield from _block(block, level)
    yield "</div>"
    yield "</details>"


def _filter(choice: Filter) -> Iterator[str]:
    """Radio buttons, which the style sheet heeds; without one that does, everything is shown."""
    yield '<fieldset class="filter">'
    yield f"<legend>{_text(choice.question)}</legend>"
    for label, group in choice.choices:
        checked = "" if group else " checked"
        yield f'<label><input type="radio" name="shown" value="{escape(group)}"{checked}> {_text(label)}</label>'
    yield "</fieldset>"


# --- lines ------------------------------------------------------------------------------------------------------------------------------


def _line(words: Words) -> str:
    return "".join(_part(each) for each in words)


def _part(part: Part) -> str:
    match part:
        case Code():
            return f"<code{_broken(part.text)}><bdi>{_text(part.text)}</bdi></code>"
        case Stress():
            return f"<strong>{_text(part.text)}</strong>"
        case Link():
            return f'<a href="{escape(part.file)}#{escape(part.to)}">{_text(part.text)}</a>'
        case Mark():
            return f'<span class="mark {part.tone.value}">{_text(part.text)}</span>'
        case _:
            long = any(len(word) > LONGEST for word in part.split())
            return f"<bdi{_broken(part) if long else ''}>{_text(part)}</bdi>" if long or not part.isascii() else _text(part)


def _broken(text: str) -> str:
    """How a line may break in it: within a word that is too long for a column, not within a text that is short."""
    if any(len(word) > LONGEST for word in text.split()):
        return ' class="long"'
    return ' class="short"' if len(text) <= SHORTEST else ""


def _text(text: str) -> str:
    """Text that cannot be taken for markup."""
    return escape(visible(text))

"""Whatever words are put on a page, each writer says those words, and nothing in them acts."""

from hypothesis import example, given
from hypothesis import strategies as st
from looking import check_nothing_from_outside, taken_apart
from markdown_it import MarkdownIt

from accord.documents.html import to_html
from accord.documents.markdown import to_markdown
from accord.documents.page import (
    Block,
    Code,
    Facts,
    Folded,
    Link,
    Listing,
    Mark,
    Page,
    Paragraph,
    Section,
    Stress,
    Table,
    Verbatim,
    joined,
    visible,
    words,
)

NASTY = (
    "<script>",
    "`",
    "``",
    "|",
    "\\",
    "*",
    "_",
    "- ",
    "+ ",
    "1. ",
    "# ",
    "> ",
    "---",
    "===",
    "    ",
    "](",
    "![",
    "&lt;",
    "\n",
    "\t",
    "\r",
    "~~~",
    ":",
    "\u202e",
    "\x00",
    "ß",
)
TEXT = st.one_of(st.text(max_size=30), st.lists(st.sampled_from(NASTY) | st.text(max_size=3), max_size=8).map("".join))


def shown(text: str) -> str:
    """What is left to compare: readers of either form make one space of several."""
    return " ".join(visible(text).split())


def rendered(page: Page) -> bytes:
    html: str = MarkdownIt("commonmark").enable("table").render(to_markdown(page).decode())
    return html.encode()


def page_with(text: str) -> Page:
    blocks: tuple[Block, ...] = (
        Paragraph((text,)),
        Paragraph(("before ", Code(text), " after")),
        Listing(((text,), (Stress(text),)), numbered=True),
        Facts(((text, (Mark(text),)),)),
        Table(text, ("One", text), (((Code(text),), (text,)),)),
        Verbatim(text, text),
        Folded((text,), (Paragraph((Link(text, "one"),)),)),
    )
    return Page(text, (), (Section("one", text, blocks),))


@given(TEXT)
@example("- x")
@example("1. x")
@example(" <img src=x onerror=alert(1)> ")
def test_html_says_the_words_and_nothing_acts(text: str) -> None:
    apart = taken_apart(to_html(page_with(text)))
    check_nothing_from_outside(apart)
    assert shown(apart.one("h1").text) == shown(text)
    assert [shown(each.text) for each in apart.one("tbody").all("th", "td")] == [shown(text)] * 2
    assert shown(apart.one("pre").text) == shown(text)
    assert [shown(each.text) for each in apart.one("main").one("ol").all("li")] == [shown(text)] * 2


@given(TEXT)
@example("- x")
@example("1. x")
@example("    x")
@example("---")
@example("a\n\n\n# b")
@example("a|b\\|c")
def test_markdown_says_the_words_and_nothing_acts(text: str) -> None:
    apart = taken_apart(rendered(page_with(text)))
    assert {each.tag for each in apart.all()} <= {
        "h1",
        "h2",
        "p",
        "ul",
        "ol",
        "li",
        "a",
        "code",
        "pre",
        "strong",
        "em",
        "table",
        "thead",
        "tbody",
        "tr",
        "th",
        "td",
    }
    assert all(each.attributes.get("href", "#").startswith("#") for each in apart.all("a"))
    assert len(list(apart.all("table"))) == 1
    assert [shown(each.text) for each in apart.one("tbody").all("td")] == [shown(text)] * 2
    assert len(list(apart.all("ol"))) == 1
    assert [shown(each.text) for each in apart.one("ol").all("li")] == [shown(text)] * 2
    assert shown(apart.one("pre").text) == shown(text)


def test_a_sentence_of_ours_becomes_parts() -> None:
    assert words("now `Oslo` and *empty*, no more") == ("now ", Code("Oslo"), " and ", Stress("empty"), ", no more")
    assert words("plain") == ("plain",)
    assert joined(["a", "b"], " or ") == ("a", " or ", "b")
    assert joined([]) == ()

"""An HTML page taken apart, for looking at its structure: elements with their attributes, text and place."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from itertools import pairwise

VOID = frozenset({"meta", "link", "input", "br", "hr", "img", "wbr", "source", "base"})


@dataclass
class Element:
    """One element. ``parts``: what it holds, texts and elements in order."""

    tag: str
    attributes: dict[str, str]
    parts: list["Element | str"] = field(default_factory=list)

    def all(self, *tags: str) -> Iterator["Element"]:
        """Elements within of these tags (of all, without), in the order of the page."""
        for part in self.parts:
            if isinstance(part, Element):
                if not tags or part.tag in tags:
                    yield part
                yield from part.all(*tags)

    def one(self, tag: str) -> "Element":
        """The only element of that tag."""
        (found,) = self.all(tag)
        return found

    @property
    def text(self) -> str:
        """All text within."""
        return "".join(part if isinstance(part, str) else part.text for part in self.parts)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Element("", {})
        self.open = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len({name for name, _ in attrs}) == len(attrs), f"an attribute twice in <{tag}>"
        element = Element(tag, {name: value or "" for name, value in attrs})
        self.open[-1].parts.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_endtag(self, tag: str) -> None:
        assert self.open[-1].tag == tag, f"</{tag}> closes <{self.open[-1].tag}>"
        self.open.pop()

    def handle_data(self, data: str) -> None:
        self.open[-1].parts.append(data)


def taken_apart(html: bytes) -> Element:
    """The page as elements; every one of them is closed where it has to be."""
    reader = _Reader()
    reader.feed(html.decode())
    reader.close()
    assert reader.open == [reader.root], "an element is not closed"
    return reader.root


def check_structure(page: Element) -> None:
    """What every page keeps: one title, headings without gaps, landmarks, named tables, links that lead somewhere, nothing from outside."""
    assert page.one("html").attributes["lang"] == "en"
    assert page.one("title").text
    levels = [int(each.tag[1]) for each in page.all("h1", "h2", "h3", "h4", "h5", "h6")]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    for landmark in ("header", "nav", "main", "footer"):
        page.one(landmark)
    ids = [each.attributes["id"] for each in page.all() if "id" in each.attributes]
    assert len(set(ids)) == len(ids)
    skip = next(page.one("body").all("a"))
    assert skip.attributes["href"] == f"#{page.one('main').attributes['id']}"
    for link in page.all("a"):
        assert link.attributes["href"].startswith("#")
        assert link.attributes["href"][1:] in ids, link.attributes["href"]
        assert link.text.strip()
    for table in page.all("table"):
        assert table.one("caption").text.strip()
        heads = list(table.one("thead").all("th"))
        assert all(each.attributes["scope"] == "col" and each.text.strip() for each in heads)
        for row in table.one("tbody").all("tr"):
            assert next(row.all("th")).attributes["scope"] == "row"
            assert len(list(row.all("th", "td"))) == len(heads)
    for section in page.one("main").parts:
        if isinstance(section, Element):
            assert section.attributes["aria-labelledby"] in ids
    check_nothing_from_outside(page)


def check_nothing_from_outside(page: Element) -> None:
    """No script, and nothing that a browser would fetch or run."""
    fetching = {"script", "link", "img", "iframe", "object", "embed", "form", "audio", "video", "base", "svg"}
    assert not [each.tag for each in page.all() if each.tag in fetching]
    for each in page.all():
        assert not [name for name in each.attributes if name.startswith("on") or name in ("src", "srcset", "action", "style", "background")]
    style = page.one("style").text
    assert "url(" not in style
    assert "@import" not in style
    policy = next(each for each in page.all("meta") if each.attributes.get("http-equiv") == "Content-Security-Policy")
    assert policy.attributes["content"].startswith("default-src 'none'")

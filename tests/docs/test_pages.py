"""The pages: generated ones are what the program says today, and no link leads nowhere."""

import importlib.util
import re
from pathlib import Path
from types import ModuleType
from urllib.parse import unquote

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)|!\[[^\]]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ +(.*)$", re.MULTILINE)


def generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("reference_make", ROOT / "docs" / "reference" / "make.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def without_code(text: str) -> str:
    return re.sub(r"`[^`\n]*`", "", re.sub(r"^(```|~~~).*?^\1", "", text, flags=re.MULTILINE | re.DOTALL))


def anchors(page: Path) -> set[str]:
    """What a heading is called in an address, as the usual viewers of Markdown do it."""
    said = (re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in HEADING.findall(page.read_text("utf-8")))
    return set(said)


@pytest.mark.parametrize("name", list(generator().PAGES))
def test_a_generated_page_is_what_the_program_says_today(name: str) -> None:
    written = (ROOT / "docs" / "reference" / name).read_text("utf-8")
    assert written == generator().PAGES[name](), f"docs/reference/{name} is out of date: make reference"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    broken = []
    for found in LINK.finditer(without_code(page.read_text("utf-8"))):
        target = unquote(found[1] or found[2])
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        place = (page.parent / path).resolve() if path else page
        if not place.exists() or (anchor and place.suffix == ".md" and anchor not in anchors(place)):
            broken.append(target)
    assert not broken


def test_every_page_can_be_reached_from_the_table_of_contents() -> None:
    seen, queue = set(), [ROOT / "docs" / "README.md", ROOT / "README.md"]
    while queue:
        page = queue.pop()
        if page in seen or page.suffix != ".md" or not page.exists():
            continue
        seen.add(page)
        links = (unquote(found[1] or found[2]).partition("#")[0] for found in LINK.finditer(page.read_text("utf-8")))
        queue += [(page.parent / link).resolve() for link in links if link and not re.match(r"[a-z]+:", link)]
    assert not set((ROOT / "docs").rglob("*.md")) - seen

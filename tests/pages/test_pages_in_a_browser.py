"""Both pages in a real browser: accessible in light, dark and print, quiet towards the network, usable without a script."""

import os
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from evidence import made_report
from playwright.sync_api import Browser, Page, sync_playwright

from accord.app import load
from accord.app.documents import document_text
from accord.checks.pages import to_html
from accord.config.starter import write_starter
from accord.documents.pdf import find_browser

pytestmark = pytest.mark.slow
AXE = (files("axe_playwright_python") / "axe.min.js").read_text("utf-8")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The Chromium of this machine; none is loaded."""
    found = find_browser(os.environ)
    assert found is not None, "these tests need Chromium: apt-get install chromium"
    with sync_playwright() as started:
        browser = started.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("pages")
    write_starter(folder / "starter", demo=False)
    (folder / "document.html").write_bytes(document_text(load(folder / "starter" / "dataflow.yaml"), "html"))
    (folder / "evidence.html").write_bytes(to_html(made_report(left_behind=("membercare Persons 17",))))
    return {"document": folder / "document.html", "evidence": folder / "evidence.html"}


def shown(browser: Browser, path: Path, width: int = 1280, **how: Any) -> Page:
    page = browser.new_page(viewport={"width": width, "height": 900}, **how)
    page.goto(path.as_uri())
    return page


def violations(page: Page, but: str = "") -> list[str]:
    page.evaluate(AXE)
    options = {
        "runOnly": {"type": "tag", "values": RULES},
        "rules": {but: {"enabled": False}} if but else {},
        "resultTypes": ["violations"],
    }
    found: dict[str, Any] = page.evaluate("options => axe.run(document, options)", options)
    assert len(found["passes"]) > 20  # it has looked
    return [f"{one['id']}: {node['target']} {node['failureSummary']}" for one in found["violations"] for node in one["nodes"][:3]]


@pytest.mark.parametrize("name", ["document", "evidence"])
@pytest.mark.parametrize(
    ("scheme", "media", "width"), [("light", "screen", 1280), ("dark", "screen", 1280), ("light", "screen", 390), ("light", "print", 1280)]
)
def test_axe_finds_no_violation(browser: Browser, pages: dict[str, Path], name: str, scheme: Any, media: Any, width: int) -> None:
    page = shown(browser, pages[name], width, color_scheme=scheme)
    page.emulate_media(media=media, color_scheme=scheme)
    page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")  # what is folded is looked at too
    assert violations(page, but="target-size" if media == "print" else "") == []  # nobody taps on paper
    page.close()


@pytest.mark.parametrize("name", ["document", "evidence"])
def test_nothing_is_asked_of_any_host(browser: Browser, pages: dict[str, Path], name: str) -> None:
    page = browser.new_page()
    asked: list[str] = []
    said: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: said.append(message.text))
    page.goto(pages[name].as_uri(), wait_until="networkidle")
    assert asked == [pages[name].as_uri()]
    assert said == []
    page.close()


@pytest.mark.parametrize("name", ["document", "evidence"])
@pytest.mark.parametrize("width", [320, 390, 800, 1280])
def test_no_page_scrolls_sideways(browser: Browser, pages: dict[str, Path], name: str, width: int) -> None:
    page = shown(browser, pages[name], width)
    page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.close()


def test_the_first_key_leads_to_the_content(browser: Browser, pages: dict[str, Path]) -> None:
    page = shown(browser, pages["document"])
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    assert page.locator(".skip").bounding_box()["x"] >= 0  # type: ignore[index]  # it is there, or this fails
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "content"
    page.close()


def test_lines_are_filtered_without_a_script(browser: Browser, pages: dict[str, Path]) -> None:
    page = shown(browser, pages["evidence"], java_script_enabled=False)
    folded = page.locator("main details[data-group]")
    everything = folded.count()
    assert everything == 7
    page.get_by_label("fail", exact=True).check()
    visible = [each for each in folded.all() if each.is_visible()]
    assert [each.get_attribute("data-group") for each in visible] == ["fail"]
    page.get_by_label("everything").check()
    assert all(each.is_visible() for each in folded.all())
    page.close()


def test_a_link_opens_what_is_folded(browser: Browser, pages: dict[str, Path]) -> None:
    page = shown(browser, pages["evidence"], java_script_enabled=False)
    held = page.get_by_text("What the records held").and_(page.locator("caption"))
    assert not any(each.is_visible() for each in held.all())
    page.locator("#not-proven ~ .wide a").first.click()
    assert sum(each.is_visible() for each in held.all()) == 1
    page.close()


def test_what_is_folded_is_printed(browser: Browser, pages: dict[str, Path]) -> None:
    page = shown(browser, pages["evidence"])
    page.emulate_media(media="print")
    heights = page.evaluate("[...document.querySelectorAll('details .inside')].map(each => each.getBoundingClientRect().height)")
    assert len(heights) > 7
    assert all(height > 0 for height in heights)
    assert page.locator(".filter").is_hidden()
    page.close()

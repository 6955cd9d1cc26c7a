"""A page as PDF: by what is there, without asking any host, or with words about what is missing."""

import builtins
import os
import re
import subprocess
import zlib
from typing import Any

import pytest

from accord.documents import pdf
from accord.documents.html import to_html
from accord.documents.page import Code, Folded, Page, Paragraph, Section
from accord.errors import UsageError

PAGE = Page(
    "A page",
    (Paragraph(("How it begins.",)),),
    (Section("one", "First part", (Folded(("Folded",), (Paragraph((Code("inside"),)),)),)), Section("two", "Second part", ())),
)


def test_weasyprint_makes_a_tagged_pdf_that_is_the_same_each_time() -> None:
    made = pdf.by_weasyprint(to_html(PAGE))
    assert made is not None, "this test needs Pango: apt-get install libpangoft2-1.0-0"
    assert made.startswith(b"%PDF-")
    inside = made + b"".join(
        zlib.decompress(each) for each in re.findall(rb"/FlateDecode[^>]*>>\s*stream\r?\n(.*?)endstream", made, re.DOTALL)
    )
    for tag in (b"/StructTreeRoot", b"/Lang", b"/Outlines", b"pdfuaid"):
        assert tag in inside, tag
    assert made == pdf.by_weasyprint(to_html(PAGE))


def test_weasyprint_fetches_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr("urllib.request.OpenerDirector.open", lambda self, request, *rest, **more: asked.append(str(request)))
    spoiled = to_html(PAGE).replace(
        b"</main>", b'<img src="http://127.0.0.1:9/x.png" alt="x"><link rel="stylesheet" href="file:///x.css"></main>'
    )
    made = pdf.by_weasyprint(spoiled)
    assert made is not None
    assert asked == []


@pytest.mark.slow
def test_a_browser_makes_one_where_weasyprint_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    found = pdf.find_browser(os.environ)
    assert found is not None, "this test needs Chromium: apt-get install chromium"
    monkeypatch.setattr(pdf, "by_weasyprint", lambda html: None)
    assert pdf.to_pdf(to_html(PAGE)).startswith(b"%PDF-")


def test_a_large_page_goes_to_the_browser_where_there_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf, "by_weasyprint", lambda html: b"by weasyprint")
    monkeypatch.setattr(pdf, "by_browser", lambda html, browser: b"by " + browser.encode())
    monkeypatch.setattr(pdf, "find_browser", lambda environment: "chromium")
    assert pdf.to_pdf(b" " * pdf.LARGE) == b"by weasyprint"
    assert pdf.to_pdf(b" " * (pdf.LARGE + 1)) == b"by chromium"
    monkeypatch.setattr(pdf, "find_browser", lambda environment: None)
    assert pdf.to_pdf(b" " * (pdf.LARGE + 1)) == b"by weasyprint"


@pytest.mark.parametrize("missing", [ImportError("no module"), OSError("cannot load library 'libpango-1.0-0'")])
def test_without_either_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch, missing: Exception) -> None:
    real = builtins.__import__

    def without(name: str, *rest: Any, **more: Any) -> Any:
        if name.startswith("weasyprint"):
            raise missing
        return real(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", without)
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("ACCORD_BROWSER", raising=False)
    with pytest.raises(UsageError) as refused:
        pdf.to_pdf(to_html(PAGE))
    assert "neither is here" in refused.value.message
    assert "accord[pdf]" in refused.value.remedy
    assert "libpangoft2-1.0-0" in refused.value.remedy


def test_a_browser_that_fails_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(command: list[str], **_: Any) -> None:
        raise subprocess.TimeoutExpired(command, pdf.LONGEST)

    monkeypatch.setattr(subprocess, "run", fails)
    with pytest.raises(UsageError, match="made no PDF: TimeoutExpired"):
        pdf.by_browser(to_html(PAGE), "chromium")
    monkeypatch.setattr(subprocess, "run", lambda command, **_: None)
    with pytest.raises(UsageError, match="made no PDF"):
        pdf.by_browser(to_html(PAGE), "chromium")


def test_the_environment_may_name_the_browser() -> None:
    assert pdf.find_browser({"PATH": "/nowhere"}) is None
    assert pdf.find_browser({"PATH": "/bin:/usr/bin", "ACCORD_BROWSER": "sh"}) in ("/bin/sh", "/usr/bin/sh")
    assert pdf.find_browser({"PATH": "/bin:/usr/bin", "ACCORD_BROWSER": "no-such-browser"}) is None

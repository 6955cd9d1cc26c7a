"""A page as PDF, laid out from its HTML: by WeasyPrint where it is installed, else by a Chromium that is there already.

Owns: which of the two, and what to do where neither is. WeasyPrint comes first: its result can be read aloud (PDF/UA-1), has page numbers
in its contents, is the same for the same page, and no browser is started. It needs Pango, which pip does not bring. A page of hundreds of
sheets, such as the evidence of a whole run, takes it minutes and more than a gigabyte, so there a Chromium comes first. Nothing is
fetched: the page needs no other file, and both are kept from asking for one. Does not own: the page.
"""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from accord.errors import UsageError

BROWSERS: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge")
"""Names under which a Chromium is found."""
LONGEST: Final = 120.0
"""Seconds that a browser is given."""
LARGE: Final = 600_000
"""Bytes of HTML above which WeasyPrint, at 15 to 20 kB a second, is left alone where a browser is there."""
_REMEDY: Final = (
    "Install one of them: pip install 'accord[pdf]', with Pango (on Debian: apt-get install libpangoft2-1.0-0 fonts-dejavu-core); or "
    "Chromium (apt-get install chromium). Or write --format html, and print it from any browser."
)


def to_pdf(html: bytes) -> bytes:
    """The PDF of a page that to_html wrote. Raises UsageError where nothing is installed that could do it, or it fails."""
    browser = find_browser(os.environ)
    if browser is not None and len(html) > LARGE:
        return by_browser(html, browser)
    made = by_weasyprint(html)
    if made is not None:
        return made
    if browser is None:
        raise UsageError("a PDF needs WeasyPrint with Pango, or Chromium; neither is here", _REMEDY)
    return by_browser(html, browser)


def by_weasyprint(html: bytes) -> bytes | None:
    """The PDF by WeasyPrint; None where it, or the library that it needs, is not installed."""
    try:
        from weasyprint import HTML  # type: ignore[import-untyped]  # noqa: PLC0415  (an extra, without stubs)
        from weasyprint.urls import URLFetcher  # type: ignore[import-untyped]  # noqa: PLC0415  (as above)
    except (ImportError, OSError):  # OSError: Pango is not there
        return None
    page = HTML(string=html.decode(), encoding="utf-8", base_url="about:blank", url_fetcher=URLFetcher(allowed_protocols=()))
    made = page.write_pdf(pdf_variant="pdf/ua-1")
    assert isinstance(made, bytes)  # without a target it gives the bytes
    return made


def find_browser(environment: Mapping[str, str]) -> str | None:
    """The Chromium on the path, or the one that the environment names in ACCORD_BROWSER; None for none."""
    named = environment.get("ACCORD_BROWSER")
    wanted = (named,) if named else BROWSERS
    return next((found for each in wanted if (found := shutil.which(each, path=environment.get("PATH"))) is not None), None)


def by_browser(html: bytes, browser: str) -> bytes:
    """The PDF by a headless Chromium, with a profile of its own that is gone afterwards and no name that it could resolve."""
    with tempfile.TemporaryDirectory(prefix="accord-pdf-") as folder:
        page, made = Path(folder) / "page.html", Path(folder) / "page.pdf"
        page.write_bytes(html)
        _run([browser, *_options(folder), f"--print-to-pdf={made}", page.as_uri()])
        if not made.exists():
            raise UsageError(f"{browser} made no PDF", _REMEDY)
        return made.read_bytes()


def _options(folder: str) -> list[str]:
    options = ["--headless", "--disable-gpu", "--no-first-run", "--disable-extensions", "--disable-background-networking"]
    options += ["--no-pdf-header-footer", "--generate-pdf-document-outline", "--host-resolver-rules=MAP * ~NOTFOUND"]
    options.append(f"--user-data-dir={folder}/profile")
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        options.append("--no-sandbox")  # Chromium refuses to start for root otherwise; the page is our own and holds no script
    return options


def _run(command: Sequence[str]) -> None:
    try:
        subprocess.run(command, check=True, capture_output=True, timeout=LONGEST)
    except (OSError, subprocess.SubprocessError) as error:
        raise UsageError(f"{command[0]} made no PDF: {error.__class__.__name__}", _REMEDY) from None

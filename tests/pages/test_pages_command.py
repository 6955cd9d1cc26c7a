"""accord document write in each of its forms."""

from pathlib import Path

import pytest

from accord.cli.main import accord
from accord.config.starter import write_starter
from accord.documents import pdf
from accord.errors import UsageError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_starter(tmp_path, demo=False)
    return tmp_path


def written(folder: Path, form: str) -> bytes:
    words = ["document", "write", "-d", str(folder / "dataflow.yaml"), "--format", form, "-o", str(folder / "out")]
    assert accord.main(words, prog_name="accord", standalone_mode=False) == 0
    return (folder / "out").read_bytes()


@pytest.mark.parametrize(
    ("form", "begins"),
    [("rst", b"====="), ("html", b"<!DOCTYPE html>\n"), ("markdown", b"# Customcrm to Membercare Dataflow\n"), ("pdf", b"%PDF-")],
)
def test_each_form_is_written(folder: Path, form: str, begins: bytes) -> None:
    assert written(folder, form).startswith(begins)


def test_the_notice_of_the_file_is_on_the_page(folder: Path) -> None:
    file = folder / "dataflow.yaml"
    file.write_text(file.read_text("utf-8") + '\ndocument: {notice: "What the Bird Society keeps in step."}\n', "utf-8")
    assert b'<p class="lead">What the Bird Society keeps in step.</p>' in written(folder, "html")
    assert b"\n\nWhat the Bird Society keeps in step.\n\n" in written(folder, "markdown")


def test_where_no_pdf_can_be_made_nothing_is_written(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf, "by_weasyprint", lambda html: None)
    monkeypatch.setattr(pdf, "find_browser", lambda environment: None)
    with pytest.raises(UsageError, match="neither is here"):
        written(folder, "pdf")
    assert not (folder / "out").exists()

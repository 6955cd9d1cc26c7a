"""The dataflow document, for commands and pages: put together from a configuration, read, compared.

Owns: which parts take part. Does not own: the document (documents/), what a command says (cli/).
"""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from accord.app import Setup, compile_flows, connector, notices, require_secrets
from accord.app.machine import RealClock

if TYPE_CHECKING:
    from accord.checks.report import Report
    from accord.documents.compare import Difference
    from accord.documents.explained import Explained
    from accord.documents.model import Document
    from accord.errors import Problem
    from accord.model.capabilities import Capabilities
    from accord.model.records import Side


def document_text(setup: Setup, form: str, which: int = 0) -> bytes:
    """The dataflow document of the configured flows. ``form``: "rst" (one of them, by its place), or in full: "html", "markdown", "pdf"."""
    from accord.documents.kept import document_of
    from accord.documents.write import to_rst

    if form == "rst":
        return to_rst(document_of(setup.dataflow, setup.manifests, _now(), which))
    page = explained(setup).page
    if form == "markdown":
        from accord.documents.markdown import to_markdown

        return to_markdown(page)
    from accord.documents.html import to_html

    if form == "html":
        return to_html(page)
    from accord.documents.pdf import to_pdf

    return to_pdf(to_html(page))


def evidence_text(setup: Setup, report: "Report", form: str, evidence: str = "evidence.html") -> bytes:
    """What a checklist found. ``form``: "html" or "pdf" for the evidence, "rst" for the document with ticks that lead to it.

    ``setup``: that of the run. ``evidence``: the file of the HTML, as seen from the .rst.
    """
    from accord.checks import pages
    from accord.checks.ticked import to_ticked

    if form == "rst":
        return to_ticked(report, _document(setup), setup.dataflow, evidence)
    return {"html": pages.to_html, "pdf": pages.to_pdf}[form](report)


def explained(setup: Setup) -> "Explained":
    """The dataflow document in full, as a value."""
    from accord.documents.explained import Subject, explain
    from accord.model.records import Side

    able = {side: _abilities(setup, side) for side in Side}
    said = tuple(notice.what for notice in notices(setup))
    return explain(Subject(setup.dataflow, _document(setup), setup.manifests, able, compile_flows(setup), said))


def _abilities(setup: Setup, side: "Side") -> "Mapping[str, Capabilities]":
    """By datatype, as the manifest says; a plug-in's connector says so itself, without a call."""
    from accord.connectors.kinds import claimed

    manifest = setup.manifests[side]
    known = claimed(manifest)
    if known is not None:
        return known
    require_secrets(setup)
    one = connector(setup, side, {name: frozenset() for name in manifest.datatypes})
    return {name: one.capabilities(name) for name in manifest.datatypes}  # nothing was opened yet that had to be closed


def _document(setup: Setup) -> "Document":
    from accord.documents.derived import from_dataflow

    return from_dataflow(setup.dataflow, setup.manifests, _now())


def _now() -> str:
    return RealClock().now().strftime("%Y-%m-%d %H:%M:%S")


def unapproved(setup: Setup) -> "list[Problem]":
    """What differs between the configuration and the documents that were last agreed on (document, approved), one by one.

    Raises ConfigurationError for an approved document that is not there, or is none.
    """
    from accord.config.yamlfile import read_yaml
    from accord.documents.compare import compare
    from accord.documents.kept import document_of
    from accord.documents.read import read_rst
    from accord.errors import ConfigurationError

    source, found = read_yaml(setup.dataflow.path), []
    for which, settings in enumerate(setup.dataflow.documents):
        if settings.approved is None:
            continue
        place = (*(("document",) if "document" in source.data else ("documents", which)), "approved")
        path = setup.folder / settings.approved
        try:
            approved = read_rst(path.read_bytes(), str(path))
        except OSError as error:
            remedy = "Write the document once it is agreed on: accord document write -o FILE."
            problem = source.problem(place, f"{settings.approved} cannot be read: {error.strerror}", remedy)
            raise ConfigurationError([problem]) from None
        remedy = "Have it agreed on and write it anew, or take the change back."
        for difference in compare(approved, document_of(setup.dataflow, setup.manifests, approved.generated, which)):
            found.append(source.problem(place, f"not as approved in {settings.approved}: {difference}", remedy))
    return found


def compare_documents(old: Path, new: Path) -> "list[Difference]":
    """What differs between two documents. Raises ConfigurationError for what is none."""
    from accord.documents.compare import compare
    from accord.documents.read import read_rst

    return compare(*(read_rst(path.read_bytes(), str(path)) for path in (old, new)))

"""The dataflow document, for commands and pages: put together from a configuration, read, compared.

Owns: which parts take part. Does not own: the document (documents/), what a command says (cli/).
"""

from pathlib import Path
from typing import TYPE_CHECKING

from accord.app import Setup
from accord.app.machine import RealClock

if TYPE_CHECKING:
    from accord.documents.compare import Difference


def document_text(setup: Setup, form: str) -> bytes:
    """The dataflow document of the configured flows. ``form``: "rst"."""
    from accord.documents.write import from_dataflow, to_rst

    generated = setup.dataflow.document.generated or RealClock().now().strftime("%Y-%m-%d %H:%M:%S")
    writers = {"rst": to_rst}
    return writers[form](from_dataflow(setup.dataflow, setup.manifests, generated))


def compare_documents(old: Path, new: Path) -> "list[Difference]":
    """What differs between two documents. Raises ConfigurationError for what is none."""
    from accord.documents.compare import compare
    from accord.documents.read import read_rst

    return compare(*(read_rst(path.read_bytes(), str(path)) for path in (old, new)))

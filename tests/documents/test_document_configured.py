"""A document read into a dataflow file: the file holds, and gives the document back byte for byte, whatever the document says."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from builders import documents
from hypothesis import given, settings
from hypothesis import strategies as st

from accord.app import compile_flows, load
from accord.app.documents import document_text
from accord.app.reading_documents import ReadIn, read_documents
from accord.documents.model import Document
from accord.documents.write import to_rst


def read_in(folder: Path, texts: Sequence[bytes], *, sandbox: bool = False) -> ReadIn:
    """Documents read into a folder."""
    paths = []
    for number, text in enumerate(texts):
        paths.append(folder / f"{number}.rst")
        paths[-1].write_bytes(text)
    return read_documents(paths, folder / "dataflow.yaml", sandbox=sandbox)


def given_back(folder: Path, texts: Sequence[bytes]) -> bool:
    setup = load(folder / "dataflow.yaml")
    compile_flows(setup)
    return [document_text(setup, "rst", place) for place in range(len(setup.dataflow.documents))] == list(texts)


@given(st.sampled_from((("Crm", "Care"), ("Crm", "Crm"), ("HubSpot", ""), ("Åse", "Ærlig to B"))).flatmap(lambda pair: documents(*pair)))
@settings(max_examples=40, deadline=None)
def test_any_document_becomes_a_file_that_holds_and_gives_it_back(tmp_path_factory: pytest.TempPathFactory, document: Document) -> None:
    folder, text = tmp_path_factory.mktemp("one"), to_rst(document)
    done = read_in(folder, [text])
    assert done.missing == ()
    assert given_back(folder, [text])


@given(st.tuples(documents("Crm", "Care"), documents("Care", "Crm"), documents("CRM", "care")))
@settings(max_examples=20, deadline=None)
def test_documents_of_both_directions_become_one_file_that_gives_each_back(
    tmp_path_factory: pytest.TempPathFactory, found: tuple[Document, ...]
) -> None:
    folder, texts = tmp_path_factory.mktemp("three"), [to_rst(each) for each in found]
    done = read_in(folder, texts)
    assert done.missing == ()
    assert given_back(folder, texts)

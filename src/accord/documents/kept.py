"""A document with what is peculiar to it: its order, its openings, its cells, as the dataflow file keeps them; the rest is derived.

Owns: how what is kept and what follows from the flows go together. Does not own: what follows (documents/derived.py), the keys
(model/dataflow.py). Pure.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from accord.documents.derived import Outlook, criteria_of, framed, labels_of, rows_of, section_of
from accord.documents.model import Document, Opening, Row, Section
from accord.model.dataflow import Creation, Dataflow, DocumentRow, DocumentSection, DocumentSettings, Flow
from accord.model.manifest import Manifest
from accord.model.records import Side


def document_of(dataflow: Dataflow, manifests: Mapping[Side, Manifest], generated: str, which: int = 0) -> Document:
    """One of the documents of a dataflow, by its place among them. ``generated`` and errors: as in documents/derived.py."""
    settings = dataflow.documents[which]
    outlook = Outlook(labels_of(dataflow, settings), settings.source, manifests)
    flows = {flow.name: flow for flow in dataflow.flows}
    sections = [kept_section(each, flows, outlook) for each in _stated(dataflow, settings)]
    return framed(dataflow, settings, generated, sections)


def _stated(dataflow: Dataflow, settings: DocumentSettings) -> Iterator[DocumentSection]:
    """The sections in order; a flow that no document knows of is new, and stands at the end of those in its direction."""
    known = {section.flow for each in dataflow.documents for section in each.sections or ()}
    yield from settings.sections or ()
    for flow in dataflow.flows:
        here = settings.source is Side.LEFT or flow.create is Creation.BOTH
        if here and (settings.sections is None or flow.name not in known):
            yield DocumentSection(flow=flow.name)


def kept_section(kept: DocumentSection, flows: Mapping[str, Flow], outlook: Outlook) -> Section:
    """A section as it is written."""
    flow = flows[kept.flow] if kept.flow is not None else None
    base = section_of(flow, outlook) if flow is not None else Section("", "", "")
    opening = Opening(kept.opening) if kept.opening is not None else base.opening
    left, right = base.left if kept.left is None else kept.left, base.right if kept.right is None else kept.right
    matches = base.matches
    if flow is not None and isinstance(kept.match, bool):
        matches = criteria_of(flow, outlook.source) if kept.match else ()
    elif kept.match is not None and not isinstance(kept.match, bool):
        matches = kept.match
    return replace(
        base,
        left=left,
        right=right,
        right_system=base.right_system if kept.types_of is None else kept.types_of,
        opening=opening,
        condition=kept.condition or "",
        offer=kept.offer,
        connect=kept.connect,
        matches=matches,
        rows=tuple(_rows(kept, flow, outlook)),
    )


def _rows(kept: DocumentSection, flow: Flow | None, outlook: Outlook) -> Iterator[Row]:
    mappings = {each.name: each for each in flow.properties if each.name not in kept.without} if flow is not None else {}
    derived = {name: list(rows_of(each, flow, outlook)) for name, each in mappings.items() if flow is not None}
    if kept.rows is None:
        rows = [row for found in derived.values() for row in found]
        yield from rows if kept.order == "file" else sorted(rows, key=lambda row: (row.left, row.right))
        return
    for one in kept.rows:
        yield from _cells(one, derived.pop(one.property, []) if one.property is not None else [])
    for found in derived.values():  # a mapping that is new since the document was read
        yield from found


def _cells(kept: DocumentRow, derived: list[Row]) -> Iterator[Row]:
    """The rows of one mapping, or the one that is kept for it."""
    if kept.left is None and kept.right is None and kept.type is None:
        yield from derived
        return
    base = derived[0] if derived else Row("", "", "")
    cells = zip((kept.left, kept.right, kept.type), (base.left, base.right, base.type), strict=True)
    left, right, type_cell = (there if here is None else here for here, there in cells)
    yield Row(left, right, type_cell)

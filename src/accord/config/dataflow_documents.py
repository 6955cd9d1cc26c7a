"""Whether what a dataflow file says of its documents fits its flows.

Owns: names under ``document`` and ``documents`` that must exist, and what a section must say for itself. Does not own: the keys
(model/dataflow.py), what is written (documents/).
"""

from collections.abc import Iterator, Sequence

from accord.config.shape import suggestion
from accord.config.yamlfile import KeyPath, YamlFile
from accord.errors import Problem
from accord.model.dataflow import DocumentSection, DocumentSettings, Flow


def documents_misfit(
    source: YamlFile, document: DocumentSettings | None, documents: Sequence[DocumentSettings] | None, flows: Sequence[Flow]
) -> Iterator[Problem]:
    """Every name that is not there, and every section without what it needs."""
    if documents is not None and (document is not None or not documents):
        what = "document and documents both stand here" if documents else "there are no documents"
        yield source.problem(("documents",), what, "Write document: {...} for one, or documents: [{...}, {...}] for several.")
    listed: list[tuple[KeyPath, DocumentSettings]] = [(("documents", position), each) for position, each in enumerate(documents or ())]
    for path, settings in [*([(("document",), document)] if document is not None else []), *listed]:
        for position, section in enumerate(settings.sections or ()):
            yield from _section(source, (*path, "sections", position), section, {flow.name: flow for flow in flows})


def _section(source: YamlFile, path: KeyPath, section: DocumentSection, flows: dict[str, Flow]) -> Iterator[Problem]:
    if (section.opening == "conditional") != (section.condition is not None):
        yield source.problem(path, "opening: conditional and condition go together", "Write both, or neither.")
    if section.offer and section.opening == "link_first":
        yield source.problem((*path, "offer"), "no offer stands with opening: link_first", "Remove offer, or write opening: every.")
    if section.connect is not None and section.opening not in (None, "link_first"):
        what = "a connection stands only with opening: link_first"
        yield source.problem((*path, "connect"), what, "Remove connect, or write opening: link_first.")
    if section.flow is None:
        needed = (section.left, section.right, section.opening, section.rows)
        if any(each is None for each in needed) or section.match is True:
            what = "a section without a flow is text alone, and says all of it"
            yield source.problem(path, what, "Add flow: the name of a flow, or left, right, opening and rows.")
        names: list[str] = []
    elif section.flow not in flows:
        what = f"a section of {section.flow}, which is no flow of this file"
        yield source.problem((*path, "flow"), what, suggestion(section.flow, flows))
        return
    else:
        names = [each.name for each in flows[section.flow].properties]
    for position, name in enumerate(section.without):
        if name not in names:
            yield source.problem(
                (*path, "without", position), f"there is no property mapping {name} in {section.flow}", suggestion(name, names)
            )
    for position, row in enumerate(section.rows or ()):
        place: KeyPath = (*path, "rows", position)
        if row.property is not None and row.property not in names:
            remedy = f"{suggestion(row.property, names)} Or remove the row.".lstrip()
            yield source.problem(place, f"a row of {row.property}, which is no property mapping of {section.flow}", remedy)
        if row.property is None and None in (row.left, row.right, row.type):
            remedy = "Add property: the name of a mapping, or left, right and type."
            yield source.problem(place, "a row without a property is text alone, and says all of it", remedy)

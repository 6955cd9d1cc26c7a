"""Reading the dataflow file: what is kept in step.

Owns: the keys of dataflow.yaml, its short forms and what holds where it says nothing. Does not own: whether it fits the two manifests
(config/checking.py).
"""

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field

from accord.config.dataflow_documents import documents_misfit
from accord.config.shape import Shape, suggestion
from accord.config.yamlfile import KeyPath, YamlFile, read_yaml
from accord.errors import ConfigurationError, Problem
from accord.model.dataflow import (
    ClearPolicy,
    ConflictPolicy,
    Creation,
    Dataflow,
    Defaults,
    DeletePolicy,
    Direction,
    DocumentSettings,
    Flow,
    Guards,
    ItemKey,
    MatchPart,
    Onboarding,
    PropertyMapping,
    Share,
    SystemEntry,
    TransformUse,
    Where,
)
from accord.model.records import Side
from accord.model.values import DataType, Scalar


@dataclass(frozen=True, kw_only=True)
class MatchFile:
    """One pair of properties that must agree. ``as``: the normal form in which they are compared."""

    left: str
    right: str
    normal: Annotated[str, Field(alias="as")] = "text"


@dataclass(frozen=True, kw_only=True)
class PropertyFile:
    """How one property crosses, as written. What is left out here is decided by the flow and by the type."""

    left: str | tuple[str, ...]
    right: str | tuple[str, ...]
    name: str | None = None
    type: DataType = DataType.STRING
    transform: str | dict[str, Any] | None = None
    direction: Direction = Direction.BOTH
    conflict: ConflictPolicy | None = None
    clear: ClearPolicy | None = None
    scale: int | None = None
    refers_to: str | tuple[str, ...] = ()
    required: bool | None = None
    item_key: ItemKey | None = None
    properties: tuple["PropertyFile", ...] = ()
    personal: bool = False
    default: Scalar = None
    document_type: str | None = None


@dataclass(frozen=True, kw_only=True)
class FlowFile:
    """One flow, as written. What is None here is taken from the file's defaults."""

    left: str
    right: str
    name: str | None = None
    create: Creation = Creation.LEFT_TO_RIGHT
    share: Share = field(default_factory=Share)
    full_sync: bool = True
    where: Where = field(default_factory=Where)
    match: tuple[MatchFile | tuple[MatchFile, ...], ...] = ()
    properties: tuple[PropertyFile, ...] = ()
    conflict: ConflictPolicy | None = None
    fallback: Side | None = None
    deletes: DeletePolicy | None = None
    clear: ClearPolicy | None = None
    onboarding: Onboarding | None = None
    skew_seconds: float | None = None
    guards: Guards | None = None


@dataclass(frozen=True, kw_only=True)
class DataflowFile:
    """The whole file. ``accord``: the version of this format. ``document`` or ``documents``: one or several of them."""

    accord: Literal[1]
    left: SystemEntry
    right: SystemEntry
    state: str | None = None
    document: DocumentSettings | None = None
    documents: tuple[DocumentSettings, ...] | None = None
    defaults: Defaults = field(default_factory=Defaults)
    flows: tuple[FlowFile, ...]


_SHAPE = Shape(DataflowFile)


def read_dataflow(path: str | Path) -> Dataflow:
    """Read a dataflow file. Raises ConfigurationError with every problem: file, line, column, remedy."""
    return dataflow_of(read_yaml(path))


def dataflow_of(source: YamlFile) -> Dataflow:
    """The dataflow that a YAML file says. Raises ConfigurationError with every problem."""
    written = _SHAPE.take(source)
    flows = tuple(_flow(flow, written.defaults) for flow in written.flows)
    if problems := [*_misfits(source, written, flows), *documents_misfit(source, written.document, written.documents, flows)]:
        raise ConfigurationError(problems)
    document, *further = written.documents or (written.document or DocumentSettings(),)
    return Dataflow(
        left=written.left,
        right=written.right,
        flows=flows,
        document=document,
        further=tuple(further),
        path=source.file,
        state=written.state,
    )


def _flow(written: FlowFile, defaults: Defaults) -> Flow:
    return Flow(
        name=written.name or f"{written.left} to {written.right}",
        left=written.left,
        right=written.right,
        properties=tuple(_property(each) for each in written.properties),
        match=tuple(_criterion(each) for each in written.match),
        create=written.create,
        share=written.share,
        full_sync=written.full_sync,
        where=written.where,
        conflict=written.conflict or defaults.conflict,
        fallback=written.fallback or defaults.fallback,
        deletes=written.deletes or defaults.deletes,
        clear=written.clear or defaults.clear,
        onboarding=written.onboarding or defaults.onboarding,
        skew_seconds=defaults.skew_seconds if written.skew_seconds is None else written.skew_seconds,
        guards=written.guards or defaults.guards,
    )


def _criterion(written: MatchFile | tuple[MatchFile, ...]) -> tuple[MatchPart, ...]:
    parts = written if isinstance(written, tuple) else (written,)
    return tuple(MatchPart(left=part.left, right=part.right, normal=part.normal) for part in parts)


def _property(written: PropertyFile) -> PropertyMapping:
    left = _names(written.left)
    return PropertyMapping(
        left=left,
        right=_names(written.right),
        name=written.name or "+".join(left),
        type=written.type,
        transform=_transform(written.transform),
        direction=written.direction,
        conflict=written.conflict,
        clear=written.clear,
        scale=written.scale,
        refers_to=_names(written.refers_to),
        required=written.type is DataType.REFERENCE if written.required is None else written.required,
        item_key=written.item_key,
        properties=tuple(_property(each) for each in written.properties),
        personal=written.personal,
        default=written.default,
        document_type=written.document_type,
    )


def _names(written: str | tuple[str, ...]) -> tuple[str, ...]:
    return (written,) if isinstance(written, str) else written


def _transform(written: str | dict[str, Any] | None) -> TransformUse | None:
    if written is None:
        return None
    if isinstance(written, str):
        return TransformUse(name=written)
    return TransformUse(name=str(written.get("name", "")), parameters={key: value for key, value in written.items() if key != "name"})


def _misfits(source: YamlFile, written: DataflowFile, flows: Sequence[Flow]) -> Iterator[Problem]:
    # A document may have sections that are text alone, or none at all, and still has to be written as it was read.
    if not flows and all(each.sections is None for each in written.documents or (written.document or DocumentSettings(),)):
        yield source.problem(("flows",), "there are no flows", "Add at least one: {left: Contact, right: Persons, properties: [...]}.")
    yield from _twice(source, ("flows",), [flow.name for flow in flows], "flow", "Give one of them another name: add name: to it.")
    for position, flow in enumerate(flows):
        path: KeyPath = ("flows", position)
        for index, criterion in enumerate(flow.match):
            if not criterion:
                yield source.problem(
                    (*path, "match", index), "a match criterion is empty", "Remove it, or say which properties must agree."
                )
        yield from _property_misfits(source, path, flow.properties, [each.name for each in flows])


def _property_misfits(source: YamlFile, path: KeyPath, mappings: Sequence[PropertyMapping], flows: Sequence[str]) -> Iterator[Problem]:
    names = [mapping.name for mapping in mappings]
    yield from _twice(
        source, (*path, "properties"), names, "property mapping", "Remove one, or give one of them another name: add name: to it."
    )
    for position, mapping in enumerate(mappings):
        here: KeyPath = (*path, "properties", position)
        yield from _one_property(source, here, mapping, flows)
        yield from _property_misfits(source, here, mapping.properties, flows)


def _one_property(source: YamlFile, here: KeyPath, mapping: PropertyMapping, flows: Sequence[str]) -> Iterator[Problem]:
    for side, names in ((Side.LEFT, mapping.left), (Side.RIGHT, mapping.right)):
        if not names:
            yield source.problem((*here, side.value), f"{mapping.name}: no property on the {side}", "Name at least one property.")
    for unknown in (name for name in mapping.refers_to if name not in flows):
        yield source.problem(
            (*here, "refers_to"), f"{mapping.name}: refers to {unknown}, which is no flow of this file", suggestion(unknown, flows)
        )
    written = source.at(here)
    if isinstance(written.get("transform"), dict) and not isinstance(written["transform"].get("name"), str):
        yield source.problem(
            (*here, "transform"), f"{mapping.name}: the transform has no name", "Write {name: phone, region: NO}, or just the name."
        )
    if (mapping.type is DataType.REFERENCE) != bool(mapping.refers_to):
        remedy = "Write type: reference and refers_to: [the flows whose links the ids are looked up in]."
        yield source.problem(here, f"{mapping.name}: type reference and refers_to go together", remedy)
    parts = (mapping.item_key is not None, bool(mapping.properties))
    if parts != ((True, True) if mapping.type is DataType.LIST else (False, False)):
        remedy = "Write type: list, item_key: {left: ..., right: ...} and properties: [...]."
        yield source.problem(here, f"{mapping.name}: type list, item_key and properties go together", remedy)
    if mapping.type is DataType.DECIMAL and mapping.scale is None:
        yield source.problem(here, f"{mapping.name}: a decimal needs its scale", "Add scale: the number of digits after the point.")
    if mapping.scale is not None and not 0 <= mapping.scale <= 12:
        yield source.problem((*here, "scale"), f"{mapping.name}: a scale of {mapping.scale} is not possible", "Give a number from 0 to 12.")


def _twice(source: YamlFile, path: KeyPath, names: Sequence[Hashable], noun: str, remedy: str) -> Iterator[Problem]:
    first: dict[Hashable, int] = {}
    for position, name in enumerate(names):
        if name in first:
            line = source.place((*path, first[name])).line
            yield source.problem((*path, position), f"a second {noun} named {name}; the first is in line {line}", remedy)
        first.setdefault(name, position)

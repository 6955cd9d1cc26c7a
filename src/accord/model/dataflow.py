"""What is kept in step: the dataflow file as frozen data.

Owns: the shape of a dataflow file. Does not own: reading it (config/), compiling its mappings (core/mapping.py).
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

from accord.model.records import Side
from accord.model.values import DataType, Scalar


class ConflictPolicy(StrEnum):
    """Who wins when both sides changed a property differently."""

    LATEST = "latest"
    LEFT = "left"
    RIGHT = "right"
    MANUAL = "manual"
    KEEP_NON_EMPTY = "keep_non_empty"
    UNION = "union"


class DeletePolicy(StrEnum):
    """What follows when one side deleted its record."""

    REPORT = "report"
    UNLINK = "unlink"
    ARCHIVE = "archive"
    DELETE = "delete"


class ClearPolicy(StrEnum):
    """Whether emptying a property crosses."""

    PROPAGATE = "propagate"
    IGNORE = "ignore"


class Onboarding(StrEnum):
    """Whether the first cycles may create, or only match and report."""

    LINK_ONLY = "link_only"
    CREATE = "create"


class Creation(StrEnum):
    """In which direction a record without counterpart gets one. By hand: somebody makes it in the right system, and Accord waits for it."""

    LEFT_TO_RIGHT = "left_to_right"
    BOTH = "both"
    BY_HAND = "by_hand"
    NONE = "none"

    @property
    def into(self) -> tuple[Side, ...]:
        """The sides on which Accord makes records."""
        return {Creation.LEFT_TO_RIGHT: (Side.RIGHT,), Creation.BOTH: (Side.RIGHT, Side.LEFT)}.get(self, ())


class Direction(StrEnum):
    """Which way a property crosses once the link exists."""

    BOTH = "both"
    LEFT_TO_RIGHT = "left_to_right"
    RIGHT_TO_LEFT = "right_to_left"


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemEntry:
    """One of the two systems: its name and its manifest file, relative to the dataflow file."""

    system: str
    manifest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentRow:
    """A row of a section's table. ``property``: the mapping that it states, None for text alone. ``left``, ``right``, ``type``: its cells.

    A cell that is None is as the mapping gives it.
    """

    property: str | None = None
    left: str | None = None
    right: str | None = None
    type: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentSection:
    """How a document states a flow, where that does not follow from the flow. ``flow``: its name, None for text alone.

    ``left``, ``right``: the whole labels, system and datatype. ``types_of``: the system that heads the data types. ``condition``: of a
    conditional opening. ``offer``: the sentences on merging with an existing one. ``connect``: what a record has to be connected to.
    ``match``: whether the match criteria stand there, or their table as text; None: where records are not created. ``rows``: every row;
    None: one for each property, but for those named by ``without``, sorted or in the order of the file.
    """

    flow: str | None = None
    left: str | None = None
    right: str | None = None
    types_of: str | None = None
    opening: Literal["every", "link_first", "conditional"] | None = None
    condition: str | None = None
    offer: bool = False
    connect: str | None = None
    match: bool | tuple[tuple[str, str], ...] | None = None
    rows: tuple[DocumentRow, ...] | None = None
    order: Literal["sorted", "file"] = "sorted"
    without: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentSettings:
    """What a written document says. ``notice``: the whole introduction, or None for our plain one. ``generated``: a fixed time.

    ``source``: the side that stands first in it. ``sections``: its flows in order, with what is peculiar to it; None for every flow.
    ``approved``: the file of the document as it was last agreed on, relative to the dataflow file.
    """

    title: str | None = None
    notice: str | None = None
    generated: str | None = None
    line_ends: Literal["lf", "crlf"] = "lf"
    heading: Literal["Introduction", "Introduction."] = "Introduction"
    left_label: str | None = None
    right_label: str | None = None
    source: Side = Side.LEFT
    sections: tuple[DocumentSection, ...] | None = None
    approved: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Guards:
    """How much a flow may do by itself; what goes beyond is held for a person.

    ``deletes``, ``deletes_percent``: within 24 hours, the smaller of a number and a share of the links. ``changes``, ``changes_percent``:
    linked records written in one run, when both the number and the share of the links are exceeded.
    """

    deletes: int = 10
    deletes_percent: float = 1.0
    changes: int = 100
    changes_percent: float = 50.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Defaults:
    """What holds for every flow and property that does not say otherwise. ``fallback``: who wins where latest cannot tell."""

    conflict: ConflictPolicy = ConflictPolicy.LATEST
    fallback: Side = Side.LEFT
    deletes: DeletePolicy = DeletePolicy.REPORT
    clear: ClearPolicy = ClearPolicy.PROPAGATE
    onboarding: Onboarding = Onboarding.LINK_ONLY
    skew_seconds: float = 5.0
    guards: Guards = field(default_factory=Guards)


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """Whether Accord may write to the datatype on that side."""

    left: bool = True
    right: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Where:
    """Filters per side, in the small fixed vocabulary of core/filters.py: "Status = 'won' and Total > 0"."""

    left: str | None = None
    right: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchPart:
    """One pair of properties that must agree in the normal form named by ``normal`` (YAML: ``as``)."""

    left: str
    right: str
    normal: str = "text"


@dataclass(frozen=True, slots=True, kw_only=True)
class TransformUse:
    """A transform by name with its parameters. In YAML: a name, or a mapping with ``name`` and the parameters beside it."""

    name: str
    parameters: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemKey:
    """The item property that identifies an item of a list, per side."""

    left: str
    right: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PropertyMapping:
    """How one property crosses.

    ``left``, ``right``: property names of the manifests; several for split and join. ``name``: unique in the flow (default: the left
    names joined by "+"). ``required``: a create waits until this has a value (default: true for references).
    ``conflict``, ``clear``: None means the flow's. ``default``: written where a required member would be null.
    """

    left: tuple[str, ...]
    right: tuple[str, ...]
    name: str
    type: DataType = DataType.STRING
    transform: TransformUse | None = None
    direction: Direction = Direction.BOTH
    conflict: ConflictPolicy | None = None
    clear: ClearPolicy | None = None
    scale: int | None = None
    refers_to: tuple[str, ...] = ()
    required: bool = False
    item_key: ItemKey | None = None
    properties: tuple["PropertyMapping", ...] = ()
    personal: bool = False
    default: Scalar = None
    document_type: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """One left datatype paired with one right datatype.

    ``name``: unique in the dataflow (default: "LEFT to RIGHT"); stable, since links are kept by it.
    ``full_sync``: also records older than the onboarding. ``match``: alternatives; all parts of one must agree.
    """

    name: str
    left: str
    right: str
    properties: tuple[PropertyMapping, ...] = ()
    match: tuple[tuple[MatchPart, ...], ...] = ()
    create: Creation = Creation.LEFT_TO_RIGHT
    share: Share = field(default_factory=Share)
    full_sync: bool = True
    where: Where = field(default_factory=Where)
    conflict: ConflictPolicy = ConflictPolicy.LATEST
    fallback: Side = Side.LEFT
    deletes: DeletePolicy = DeletePolicy.REPORT
    clear: ClearPolicy = ClearPolicy.PROPAGATE
    onboarding: Onboarding = Onboarding.LINK_ONLY
    skew_seconds: float = 5.0
    guards: Guards = field(default_factory=Guards)

    def datatype(self, side: Side) -> str:
        """The datatype on that side."""
        return self.left if side is Side.LEFT else self.right


@dataclass(frozen=True, slots=True, kw_only=True)
class Dataflow:
    """Two systems and their flows, in the order of the file.

    ``document``, ``further``: what the documents of it say, usually one. ``state``: where the state is kept: a file, or postgresql://...,
    with references to secrets; None for a file beside this one.
    """

    left: SystemEntry
    right: SystemEntry
    flows: tuple[Flow, ...]
    document: DocumentSettings = field(default_factory=DocumentSettings)
    further: tuple[DocumentSettings, ...] = ()
    path: str = "dataflow.yaml"
    state: str | None = None

    @property
    def documents(self) -> tuple[DocumentSettings, ...]:
        """The documents of it, in the order of the file."""
        return (self.document, *self.further)

    def entry(self, side: Side) -> SystemEntry:
        """The system on that side."""
        return self.left if side is Side.LEFT else self.right

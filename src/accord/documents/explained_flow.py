"""The section of one flow on the page of the dataflow document: what is created, matched, carried over, and what the systems bear.

Owns: the subject of the page, the words for a flow, its properties and the abilities behind it. Does not own: what holds for all flows
(documents/explained.py). Pure.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from accord.core.flowrules import names_on, shared
from accord.core.mapping import CompiledFlow
from accord.core.mapping_compile import sends
from accord.core.transforms import TRANSFORMS
from accord.documents.examples import Worked, items_of, worked
from accord.documents.explained_systems import system_blocks
from accord.documents.model import Document
from accord.documents.page import (
    Block,
    Code,
    Facts,
    Link,
    Listing,
    Mark,
    Paragraph,
    Part,
    Section,
    Stress,
    Table,
    Tone,
    Words,
    joined,
)
from accord.documents.write import offer, opening, sync_sentence
from accord.model.capabilities import Capabilities
from accord.model.dataflow import (
    ClearPolicy,
    ConflictPolicy,
    Creation,
    Dataflow,
    DeletePolicy,
    Flow,
    Onboarding,
    PropertyMapping,
)
from accord.model.manifest import Manifest
from accord.model.records import Side
from accord.model.values import DataType, Raw

ARROWS: Final[Mapping[frozenset[Side], str]] = {
    frozenset(Side): "↔\N{NO-BREAK SPACE}both\N{NO-BREAK SPACE}ways",
    frozenset({Side.RIGHT}): "→\N{NO-BREAK SPACE}rightwards",
    frozenset({Side.LEFT}): "←\N{NO-BREAK SPACE}leftwards",
    frozenset(): "does not cross",
}
"""By the sides that are written to."""


@dataclass(frozen=True)
class Subject:
    """What the page is about. ``able``: by side and datatype. ``notices``: what is assumed, sentences without places of a machine."""

    dataflow: Dataflow
    document: Document
    manifests: Mapping[Side, Manifest]
    able: Mapping[Side, Mapping[str, Capabilities]]
    compiled: Mapping[str, CompiledFlow]
    notices: tuple[str, ...] = ()

    @cached_property
    def labels(self) -> Mapping[Side, str]:
        """What the systems are called."""
        settings = self.dataflow.document
        given = {Side.LEFT: settings.left_label, Side.RIGHT: settings.right_label}
        return {side: given[side] or self.dataflow.entry(side).system.capitalize() for side in Side}

    @cached_property
    def ids(self) -> tuple[str, ...]:
        """The id of each flow's section."""
        return tuple(f"flow-{position}" for position in range(1, len(self.dataflow.flows) + 1))


@dataclass(frozen=True, slots=True)
class MappedRow:
    """One mapped property, or one of a list's items."""

    mapping: PropertyMapping
    outer: PropertyMapping | None = None

    def names(self, side: Side) -> tuple[str, ...]:
        """What that side calls it, in full."""
        before = f"{names_on(self.outer, side)[0]}." if self.outer is not None else ""
        return tuple(before + name for name in names_on(self.mapping, side))

    def written(self, flow: Flow) -> frozenset[Side]:
        """The sides that it is written to, by its direction, its list's, and the switches."""
        ways = [self.mapping.direction, *([self.outer.direction] if self.outer is not None else [])]
        return frozenset(side for side in Side if shared(flow, side) and all(sends(way, side) for way in ways))

    @property
    def identifies(self) -> bool:
        """Whether it tells the items of its list apart."""
        return self.outer is not None and self.outer.item_key is not None and self.mapping.left == (self.outer.item_key.left,)


def rows_of(flow: Flow) -> Iterator[MappedRow]:
    """Every mapped property in the order of the file, after each list the properties of its items."""
    for mapping in flow.properties:
        yield MappedRow(mapping)
        for item in mapping.properties:
            yield MappedRow(item, mapping)


def kind(subject: Subject, flow: Flow, side: Side) -> str:
    """System and datatype, as the document names them."""
    return f"{subject.labels[side]} {flow.datatype(side)}"


def count(number: int, one: str, several: str) -> str:
    """A number with its noun."""
    return f"{number} {one if number == 1 else several}"


def personal(subject: Subject, flow: Flow, row: MappedRow) -> bool:
    """Whether the property says something about a person, by the dataflow or by a manifest."""
    if row.mapping.personal:
        return True
    for side in Side:
        known = subject.manifests[side].datatypes[flow.datatype(side)].properties
        if row.outer is not None:
            outer = known.get(names_on(row.outer, side)[0])
            known = outer.items if outer is not None else {}
        if any(name in known and known[name].personal for name in names_on(row.mapping, side)):
            return True
    return False


def flow_section(subject: Subject, position: int) -> Section:
    """All about one flow."""
    flow, said, id = subject.dataflow.flows[position], subject.document.sections[position], subject.ids[position]
    blocks: list[Block] = [Paragraph((opening(said),), lead=True)]
    if flow.create.into and flow.match:
        blocks.append(Paragraph((" ".join(offer(said.left, said.right)),)))
    blocks.append(Paragraph((sync_sentence(said.left, said.right),)))
    blocks.append(Section(f"{id}-settings", "What it does", (Facts(tuple(_settings(subject, flow))),)))
    blocks.append(Section(f"{id}-match", "How a counterpart is found", (*_matching(subject, flow),)))
    blocks.append(Section(f"{id}-properties", "Properties", (*_properties(subject, flow),)))
    if examples := tuple(_examples(subject, flow)):
        blocks.append(Section(f"{id}-examples", "What becomes of a value", examples))
    blocks.append(Section(f"{id}-systems", "What the systems bear", tuple(_systems(subject, flow))))
    return Section(id, f"{said.left} to {said.right}", tuple(blocks))


# --- settings ---------------------------------------------------------------------------------------------------------------------------

_DELETES: Final = {
    DeletePolicy.REPORT: "it is told, and nothing else; link and other record stay",
    DeletePolicy.UNLINK: "the link ends; the other record stays as it is and gets no new counterpart",
    DeletePolicy.ARCHIVE: "it is told, as no system has a way to archive yet",
    DeletePolicy.DELETE: "the other record is deleted too, within the budget; one that was edited since is kept",
}
WINNERS: Final = {
    ConflictPolicy.LATEST: "the later change wins",
    ConflictPolicy.LEFT: "the left wins",
    ConflictPolicy.RIGHT: "the right wins",
    ConflictPolicy.MANUAL: "a person decides",
    ConflictPolicy.KEEP_NON_EMPTY: "the side that holds a value wins",
    ConflictPolicy.UNION: "the items of both sides are kept",
}


def _settings(subject: Subject, flow: Flow) -> Iterator[tuple[str, Words]]:
    labels, guards = subject.labels, flow.guards
    made = {
        Creation.LEFT_TO_RIGHT: f"a {kind(subject, flow, Side.LEFT)} without counterpart gets a new {kind(subject, flow, Side.RIGHT)}",
        Creation.BOTH: "a record without counterpart gets one, on either side",
        Creation.BY_HAND: f"nothing; a {kind(subject, flow, Side.LEFT)} waits for a {kind(subject, flow, Side.RIGHT)} that somebody makes",
        Creation.NONE: "nothing; only what both sides have is linked",
    }
    first = {
        Onboarding.LINK_ONLY: "at first it only matches and reports; creating waits for a go-ahead",
        Onboarding.CREATE: "it creates from the first run on",
    }
    yield "Creates", (made[flow.create],)
    if flow.create.into:
        yield "Onboarding", (first[flow.onboarding],)
    for side in Side:
        filtered = flow.where.left if side is Side.LEFT else flow.where.right
        yield f"Filter on {labels[side]}", ("only records with ", Code(filtered)) if filtered else ("all records",)
    for side in Side:
        yield f"Writing to {labels[side]}", ("on" if shared(flow, side) else Stress("switched off"),)
    yield (
        "Full sync",
        ("on, also for records older than the onboarding" if flow.full_sync else "off, only for records changed after the onboarding",),
    )
    wins = f"{WINNERS[flow.conflict]}"
    if flow.conflict not in (ConflictPolicy.LEFT, ConflictPolicy.RIGHT, ConflictPolicy.MANUAL):
        wins += f"; where that cannot tell, {labels[flow.fallback]} does"
    yield "Both sides changed it", (wins,)
    yield "Emptying a value", ("crosses" if flow.clear is ClearPolicy.PROPAGATE else "stays where it was emptied",)
    yield "Deletions", (Code(flow.deletes.value), f": {_DELETES[flow.deletes]}")
    if flow.deletes is DeletePolicy.DELETE:
        share = f"{guards.deletes_percent:g} % of the links"
        yield "Guard on deletions", (f"within a day no more than {guards.deletes} or {share}, whichever is less; more wait for a person",)
    yield (
        "Guard on changes",
        (f"more than {guards.changes} linked records and {guards.changes_percent:g} % of the links at once wait for a person",),
    )


_SHORT: Final = {
    ConflictPolicy.LATEST: "later\N{NO-BREAK SPACE}change",
    ConflictPolicy.MANUAL: "a person decides",
    ConflictPolicy.KEEP_NON_EMPTY: "who holds a value",
    ConflictPolicy.UNION: "both, item by item",
}
_FORMS: Final = {
    "text": "text, upper and lower case the same",
    "name": "a name, without punctuation",
    "email": "an e-mail address, upper and lower case the same",
    "phone": "a phone number with its country code",
    "organisation_number": "an organisation number with a right check digit",
    "number": "a number",
    "exact": "every character counts",
}


def _matching(subject: Subject, flow: Flow) -> Iterator[Block]:
    if not flow.match:
        yield Paragraph(("No criterion is given: a counterpart is known by our own reference alone.",))
        return
    yield Paragraph(
        ("Tried in this order; all parts of one must agree. Exactly one record on each side must, otherwise a person decides.",)
    )
    rows = tuple(
        (
            (str(number),),
            joined([Code(part.left) for part in each], " and "),
            joined([Code(part.right) for part in each], " and "),
            joined([_form(part.normal) for part in each], "; "),
        )
        for number, each in enumerate(flow.match, 1)
    )
    head = ("Try", *(kind(subject, flow, side) for side in Side), "Compared as")
    yield Table(f"Match criteria of {flow.name}", head, rows)


def _form(normal: str) -> str:
    form, _, region = normal.partition(":")
    return f"{_FORMS.get(form, form)}{f', {region} where it has none' if region else ''}"


# --- properties -------------------------------------------------------------------------------------------------------------------------


def _properties(subject: Subject, flow: Flow) -> Iterator[Block]:
    head = (*(subject.labels[side] for side in Side), "Direction", "Type", "How it crosses", "Wins", "Data")
    rows = tuple(_property_row(subject, flow, row) for row in rows_of(flow))
    if rows:
        yield Table(f"Properties of {flow.name}", head, rows)
    else:
        yield Paragraph(("No property is mapped: the records are linked, and nothing is carried over.",))


def _property_row(subject: Subject, flow: Flow, row: MappedRow) -> tuple[Words, ...]:
    ways = row.written(flow)
    return (
        joined([Code(name) for name in row.names(Side.LEFT)]),
        joined([Code(name) for name in row.names(Side.RIGHT)]),
        (ARROWS[ways],),
        (_type(row.mapping),),
        joined(list(_crossing(subject, flow, row)), "; ") or ("as it is",),
        (_winner(subject, flow, row, ways),),
        (Mark("personal", Tone.PERSONAL),) if personal(subject, flow, row) else ("–",),
    )


def _type(mapping: PropertyMapping) -> str:
    if mapping.type is DataType.DECIMAL and mapping.scale is not None:
        return f"decimal, {mapping.scale}\N{NO-BREAK SPACE}{'place' if mapping.scale == 1 else 'places'}"
    return mapping.type.value


def _crossing(subject: Subject, flow: Flow, row: MappedRow) -> Iterator[Part]:
    mapping = row.mapping
    if row.identifies:
        yield "tells the items apart"
    if mapping.transform is not None:
        yield Code(mapping.transform.name)
        if loses := TRANSFORMS[mapping.transform.name].loses:
            yield f"loses {loses}"
    if mapping.type is DataType.LIST:
        yield "item by item"
    if mapping.refers_to:
        yield f"the counterpart, by {' or '.join(mapping.refers_to)}"
    if mapping.required:
        yield "required"
    if mapping.default is not None:
        yield f"if empty, written as {_shown((mapping.default,))}"
    if mapping.clear is not None and mapping.clear is not flow.clear:
        yield "emptying crosses" if mapping.clear is ClearPolicy.PROPAGATE else "emptying does not cross"
    yield from _bounds(subject, flow, row)


def _bounds(subject: Subject, flow: Flow, row: MappedRow) -> Iterator[str]:
    """What a system does not take of it, although it is sent there."""
    outermost = row.outer or row.mapping
    for side in Side:
        if side in row.written(flow) and row.outer is None:
            able, names = subject.able[side][flow.datatype(side)], names_on(outermost, side)
            if able.read_only.intersection(names):
                yield f"{subject.labels[side]} does not let it be written"
            elif able.create_only.intersection(names):
                yield f"{subject.labels[side]} takes it with a new record only"


def _winner(subject: Subject, flow: Flow, row: MappedRow, ways: frozenset[Side]) -> str:
    if row.identifies:
        return "–"
    if len(ways) < len(Side):
        return subject.labels[next(iter(ways)).other] if ways else "–"
    policy = row.mapping.conflict or (row.outer.conflict if row.outer is not None else None) or flow.conflict
    sides = {ConflictPolicy.LEFT: Side.LEFT, ConflictPolicy.RIGHT: Side.RIGHT}
    return subject.labels[sides[policy]] if policy in sides else _SHORT[policy]


# --- examples ---------------------------------------------------------------------------------------------------------------------------


def _examples(subject: Subject, flow: Flow) -> Iterator[Block]:
    compiled = subject.compiled[flow.name]
    transforms: dict[str, str] = {}
    rows: list[tuple[Words, ...]] = []
    for row in rows_of(flow):
        inner = items_of(compiled, row.outer, subject.manifests) if row.outer is not None else compiled
        if row.mapping.transform is not None:
            use = TRANSFORMS[row.mapping.transform.name]
            transforms[use.name] = f"{use.description} It takes {use.domain}." + (f" It loses {use.loses}." if use.loses else "")
        rows += [_example_row(row, one) for one in worked(inner, row.mapping)]
    if transforms:
        yield Listing(tuple((Code(name), f": {text}") for name, text in transforms.items()))
    if rows:
        sides = (
            f"{subject.labels[Side.LEFT]} holds",
            f"{subject.labels[Side.RIGHT]} is given",
            f"{subject.labels[Side.LEFT]} would get back",
        )
        yield Table(f"Worked examples of {flow.name}, by the rules of a run", ("Property", *sides), tuple(rows))


def _example_row(row: MappedRow, one: Worked) -> tuple[Words, ...]:
    name = joined([Code(each) for each in row.names(Side.LEFT)])
    return (name, *(joined([_value(each) for each in values], " + ") for values in (one.left, one.right, one.back)))


def _value(raw: Raw) -> Part:
    return Stress("empty") if raw is None or raw == "" else Code(_shown((raw,)))


def _shown(raw: tuple[object, ...]) -> str:
    return ", ".join({True: "true", False: "false"}[each] if isinstance(each, bool) else str(each) for each in raw)


def _systems(subject: Subject, flow: Flow) -> Iterator[Block]:
    for side in Side:
        name = flow.datatype(side)
        yield from system_blocks(kind(subject, flow, side), subject.manifests[side].datatypes[name], subject.able[side][name])
    if subject.notices:
        yield Paragraph(("What is assumed until it is confirmed: ", Link("assumptions and limits", "assumptions"), "."))

"""Documents -> a dataflow file that keeps what they say, fills in what they leave open, and gives each of them back byte for byte.

Owns: the flows, and which proposals and warnings stand beside them. Does not own: what documents mean (documents/meant.py), what becomes of
a row (documents/proposing.py), what is kept of a document (documents/keeping.py). Pure.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from accord.config.checking import often_meant
from accord.config.dataflow import dataflow_of
from accord.config.drafting_yaml import Guess, Inline, block, remark
from accord.config.yamlfile import parse_yaml
from accord.core.mapping import problems
from accord.documents.derived import Outlook, cell_of
from accord.documents.keeping import StatedRow, document_data, section_data
from accord.documents.mapping_yaml import mapping_data
from accord.documents.meant import Meant, Pair, divided
from accord.documents.model import Opening, Section
from accord.documents.proposing import Proposer, Unmapped, key_of, named
from accord.model.dataflow import Creation, Dataflow, Flow, MatchPart, PropertyMapping
from accord.model.manifest import Datatype, Manifest
from accord.model.records import Side
from accord.model.values import DataType

_WORDS = frozenset({'"string"', '"integer"', '"float"', '"boolean"', '"list"'})
_PROPOSAL, _WARNING = "proposal: ", "warning: "


@dataclass(frozen=True, slots=True)
class Told:
    """Something that a person should look at. ``where``: the flow, and the row if there is one."""

    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what}"


@dataclass(frozen=True, slots=True)
class Configured:
    """A dataflow file, what it says, and what is to be looked at in it. ``text_alone``: rows that are kept, but carry nothing."""

    text: str
    dataflow: Dataflow
    proposals: tuple[Told, ...]
    warnings: tuple[Told, ...]
    text_alone: int


@dataclass(frozen=True, slots=True)
class Entry:
    """One of the two systems in the file: its name, and its manifest with the name of its file."""

    system: str
    file: str
    manifest: Manifest


@dataclass(slots=True)
class _Notes:
    """What has been proposed and warned of so far."""

    proposals: list[Told] = field(default_factory=list)
    warnings: list[Told] = field(default_factory=list)

    def reason(self, where: str, why: str) -> str:
        """Note a reason as what it says it is."""
        if why.startswith(_PROPOSAL):
            self.proposals.append(Told(where, why.removeprefix(_PROPOSAL)))
        elif why.startswith(_WARNING):
            self.warnings.append(Told(where, why.removeprefix(_WARNING)))
        return why


@dataclass(slots=True)
class _Made:
    """What became of a pair: the data of its flow, or None, and of each row of each section."""

    pair: Pair
    data: dict[str, Any] | None
    rows: dict[tuple[int, int], list[StatedRow]]
    mappings: list[PropertyMapping] = field(default_factory=list)


def configured(meant: Meant, entries: Mapping[Side, Entry], head: Sequence[str] = ()) -> Configured:
    """The dataflow file. ``head``: remarks at its beginning."""
    notes = _Notes()
    linked: dict[tuple[Side, str], list[str]] = {}
    known = [pair for pair in meant.pairs if not _unknown(pair, entries)]
    for pair in known:
        for side in Side:
            linked.setdefault((side, pair.datatype(side)), []).append(pair.name)
    made = [_Maker(pair, entries, linked, notes).made() for pair in meant.pairs]
    data: dict[str, Any] = {"accord": 1}
    data |= {side.value: Inline(system=entries[side].system, manifest=entries[side].file) for side in Side}
    flows = [each.data for each in made if each.data is not None]
    bare = _dataflow(data | {"document": {"sections": []}, "flows": flows}, head)
    documents = _documents(meant, made, bare, {side: entries[side].manifest for side in Side})
    keys = {"document": documents[0]} if len(documents) == 1 else {"documents": documents}
    text = _text(data | {"flows": flows} | keys, head)
    alone = sum(row.mapping is None for each in made for rows in each.rows.values() for row in rows)
    return Configured(text, dataflow_of(parse_yaml(text.encode(), "dataflow.yaml")), tuple(notes.proposals), tuple(notes.warnings), alone)


def _text(data: Mapping[str, Any], head: Sequence[str]) -> str:
    return "\n".join([*(f"# {remark(line)}" for line in head), "", *block(data), ""])


def _dataflow(data: Mapping[str, Any], head: Sequence[str]) -> Dataflow:
    return dataflow_of(parse_yaml(_text(data, head).encode(), "dataflow.yaml"))


def _unknown(pair: Pair, entries: Mapping[Side, Entry]) -> list[str]:
    """The datatypes of a pair that a manifest does not know, in words."""
    sides = [side for side in Side if pair.datatype(side) not in entries[side].manifest.datatypes]
    return [f"the manifest of {entries[side].system} knows no datatype {pair.datatype(side)}" for side in sides]


# --- documents ------------------------------------------------------------------------------------------------------------------------


def _documents(meant: Meant, made: Sequence[_Made], dataflow: Dataflow, manifests: Mapping[Side, Manifest]) -> list[dict[str, Any]]:
    flows = {flow.name: flow for flow in dataflow.flows}
    documents = []
    for place, document in enumerate(meant.documents):
        outlook = Outlook(meant.labels[place], meant.sources[place], manifests)
        data = document_data(document, dataflow, outlook.labels, outlook.source)
        about = {stated.place: each for each in made for stated in each.pair.stated}
        sections = []
        for at, section in enumerate(document.sections):
            one = about[place, at]
            flow = flows[one.pair.name] if one.data is not None else None
            sections.append(section_data(section, flow, one.rows[place, at], outlook))
        usual = outlook.source is Side.LEFT and flows and [dict(each) for each in sections] == [{"flow": name} for name in flows]
        documents.append(data if usual else data | {"sections": sections})
    return documents


# --- flows ----------------------------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Maker:
    """Makes one flow."""

    pair: Pair
    entries: Mapping[Side, Entry]
    linked: Mapping[tuple[Side, str], Sequence[str]]
    notes: _Notes

    def made(self) -> _Made:
        """The flow, and what became of every row."""
        pair = self.pair
        if unknown := _unknown(pair, self.entries):
            why = self.notes.reason(pair.name, f"{_WARNING}kept as text: {unknown[0]}")
            rows = {
                each.place: [StatedRow(row, None, "" if at else why) for at, row in enumerate(each.section.rows)] for each in pair.stated
            }
            return _Made(pair, None, rows)
        datatypes = {side: self.entries[side].manifest.datatypes[pair.datatype(side)] for side in Side}
        flow = Flow(name=pair.name, left=pair.left, right=pair.right)
        proposer = Proposer(flow, datatypes, self.linked)
        made = _Made(pair, {"left": pair.left, "right": pair.right}, {})
        properties = self._properties(made, proposer)
        data: dict[str, Any] = Inline(left=pair.left, right=pair.right)
        if pair.name != f"{pair.left} to {pair.right}":
            data["name"] = pair.name
        if create := self._create(datatypes):
            data["create"] = create
        if match := self._match(made, datatypes):
            data["match"] = match
        if properties:
            data = {**data, "properties": properties}
        made.data = data
        return made

    def _properties(self, made: _Made, proposer: Proposer) -> list[dict[str, Any]]:
        """The mappings, once for all documents that state a row; and by section what became of its rows."""
        known: dict[tuple[str, str], str | Unmapped] = {}
        properties = []
        for stated in self.pair.stated:
            used: set[str] = set()
            rows = made.rows[stated.place] = []
            for row in stated.section.rows:
                cells = stated.cells(row)
                where = f"{self.pair.name}: {cells[0]} <-> {cells[1]}"
                if cells not in known:
                    try:
                        found = proposer.mapping(*cells)
                    except Unmapped as unmapped:
                        known[cells] = unmapped
                    else:
                        known[cells] = found.mapping.name
                        cell = row.type if stated.source is Side.LEFT else None
                        mapping, why = self._with_type(found.mapping, cell), self._why(found.why, cells, row.type, found.mapping)
                        made.mappings.append(mapping)
                        properties.append(mapping_data(mapping, {key: self.notes.reason(where, each) for key, each in why.items()}))
                outcome = known[cells]
                if isinstance(outcome, Unmapped):
                    odd = next((said for said in map(often_meant, cells) if said), "")
                    why_not = f"{_WARNING}kept as text: {outcome}{f'. {odd}' if odd else ''}"
                    rows.append(StatedRow(row, None, self.notes.reason(where, why_not)))
                else:
                    rows.append(StatedRow(row, outcome if outcome not in used else None))
                    used.add(outcome)
        return properties

    def _with_type(self, mapping: PropertyMapping, cell: str | None) -> PropertyMapping:
        return mapping if cell is None or cell == self._target_cell(mapping) else replace(mapping, document_type=cell)

    def _target_cell(self, mapping: PropertyMapping) -> str:
        properties = self.entries[Side.RIGHT].manifest.datatypes[self.pair.right].properties
        return ", ".join(dict.fromkeys(cell_of(properties[name].type) for name in mapping.right))

    def _why(self, why: Mapping[str, str], cells: tuple[str, str], cell: str, mapping: PropertyMapping) -> dict[str, str]:
        """The reasons of a proposal, with what is odd about the row."""
        found = dict(why)
        for side, name in zip(("left", "right"), cells, strict=True):
            if (odd := often_meant(name)) and mapping.type is not DataType.REFERENCE:
                found[side] = f"{_WARNING}{odd}"
        usual = self._target_cell(mapping)
        if cell in _WORDS and usual in _WORDS and cell != usual:
            found.setdefault("right", f"{_WARNING}the document says {cell}, the manifest {usual}")
        return found

    def _create(self, datatypes: Mapping[Side, Datatype]) -> Any:
        """In which direction records are created, as the openings say; None for left to right, which need not be said."""
        into = {stated.source.other for stated in self.pair.stated if stated.section.opening is Opening.EVERY}
        unable = [side for side in Side if side in into and not datatypes[side].create]
        able = into - set(unable)
        if unable:
            why = f"{_WARNING}the manifest does not say how a {self.pair.datatype(unable[0])} is created"
        elif able == {Side.LEFT}:
            why = f"{_PROPOSAL}the document creates a {self.pair.left} from a {self.pair.right} and not the other way: none, or both"
        else:
            why = _PROPOSAL + said if (said := _open(self.pair.stated[0].section)) and not able else ""
        value = {frozenset({Side.RIGHT}): Creation.LEFT_TO_RIGHT, frozenset(Side): Creation.BOTH}.get(frozenset(able), Creation.NONE)
        why = self.notes.reason(self.pair.name, why)
        if value is Creation.LEFT_TO_RIGHT and not why:
            return None
        return Guess(value.value, why) if why else value.value

    def _match(self, made: _Made, datatypes: Mapping[Side, Datatype]) -> Any:
        """The criteria that the first document states, or those that names suggest."""
        said = next((stated.matches for stated in self.pair.stated if stated.matches), ())
        criteria, lost = [], []
        for left, right in said:
            cells = divided(left, right)
            found = _parts(cells, datatypes)
            if found and not self._refused(found, made.mappings, datatypes):
                criteria.append(found[0] if len(found) == 1 else found)
            else:
                lost.append(f"{left} = {right}")
        if lost:
            why = self.notes.reason(self.pair.name, f"{_WARNING}the manifests do not bear the match criteria {'; '.join(lost)}")
            return Guess(criteria, why) if criteria else None
        if said:
            return criteria
        proposed = [found for mapping in made.mappings for found in _proposed_key(mapping)]
        if not proposed:
            return None
        why = f"{_PROPOSAL}the document does not say how an existing record is recognised; by their names these may tell"
        return Guess(proposed, self.notes.reason(self.pair.name, why))

    def _refused(self, parts: Sequence[Mapping[str, Any]], mappings: Sequence[PropertyMapping], datatypes: Mapping[Side, Datatype]) -> bool:
        """Whether a criterion cannot be carried out."""
        criterion = tuple(MatchPart(left=part["left"], right=part["right"], normal=part.get("as", "text")) for part in parts)
        flow = Flow(name=self.pair.name, left=self.pair.left, right=self.pair.right, properties=tuple(mappings), match=(criterion,))
        return bool(problems(flow, datatypes[Side.LEFT], datatypes[Side.RIGHT]))


def _parts(cells: Sequence[tuple[str, str]], datatypes: Mapping[Side, Datatype]) -> list[dict[str, Any]]:
    """The parts of a criterion by the names of the manifests; none if one of them is not known there."""
    parts: list[dict[str, Any]] = []
    for left, right in cells:
        one, other = named(datatypes[Side.LEFT], left), named(datatypes[Side.RIGHT], right)
        if one is None or other is None or len(one) != 1 or len(other) != 1:
            return []
        parts.append(Inline(left=one[0], right=other[0], **_as(key_of(left, right))))
    return parts


def _proposed_key(mapping: PropertyMapping) -> Iterator[dict[str, Any]]:
    if mapping.type in (DataType.REFERENCE, DataType.LIST) or len(mapping.left) != 1 or len(mapping.right) != 1:
        return
    form = key_of(mapping.left[0], mapping.right[0])
    if form is not None:
        yield Inline(left=mapping.left[0], right=mapping.right[0], **_as(form))


def _as(form: str | None) -> dict[str, str]:
    return {"as": form} if form not in (None, "text") else {}


def _open(section: Section) -> str:
    """What a section leaves open that decides on creating; "" for nothing."""
    if section.opening is Opening.CONDITIONAL:
        return f'records are created on a condition: "{section.condition}". Say it under where:, and then create: left_to_right'
    if section.connect is not None:
        return f'records are created if connected to "{section.connect}". Say that under where:, and then create: left_to_right'
    return ""

"""Documents -> a dataflow file that keeps what they say, fills in what they leave open, and gives each of them back byte for byte.

Owns: the flows, and which proposals and warnings stand beside them. Does not own: what documents mean (documents/meant.py), what becomes of
a row (documents/proposing.py), what is kept of a document (documents/keeping.py). Pure.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from accord.config.dataflow import dataflow_of
from accord.config.drafting_yaml import Guess, Inline, block, remark
from accord.config.yamlfile import parse_yaml
from accord.core.mapping import problems
from accord.documents.carrying import Carried, as_text, carried
from accord.documents.derived import Outlook
from accord.documents.keeping import document_data, section_data
from accord.documents.meant import Meant, Pair, divided
from accord.documents.model import Opening, Section
from accord.documents.notes import PROPOSAL, WARNING, Notes, Told
from accord.documents.proposing import Proposer, key_of, named
from accord.model.dataflow import Creation, Dataflow, Flow, MatchPart, PropertyMapping
from accord.model.manifest import Datatype, Manifest
from accord.model.records import Side
from accord.model.values import DataType


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


@dataclass(frozen=True, slots=True)
class _Made:
    """What became of a pair: the data of its flow, or None, and of its rows."""

    pair: Pair
    data: dict[str, Any] | None
    carried: Carried


def configured(meant: Meant, entries: Mapping[Side, Entry], head: Sequence[str] = ()) -> Configured:
    """The dataflow file. ``head``: remarks at its beginning."""
    notes = Notes()
    linked: dict[tuple[Side, str], list[str]] = {}
    known = [pair for pair in meant.pairs if not _unknown(pair, entries)]
    for pair in known:
        for side in Side:
            linked.setdefault((side, pair.datatype(side)), []).append(pair.name)
    endless = _endless(known, entries)
    made = [_Maker(pair, entries, linked, notes, pair.name in endless).made() for pair in meant.pairs]
    data: dict[str, Any] = {"accord": 1}
    data |= {side.value: Inline(system=entries[side].system, manifest=entries[side].file) for side in Side}
    data["defaults"] = {"onboarding": Guess("link_only", "match and report, create nothing yet. When the report is right: create")}
    flows = [each.data for each in made if each.data is not None]
    bare = _dataflow(data | {"document": {"sections": []}, "flows": flows}, head)
    documents = _documents(meant, made, bare, {side: entries[side].manifest for side in Side})
    keys = {"document": documents[0]} if len(documents) == 1 else {"documents": documents}
    text = _text(data | {"flows": flows} | keys, head)
    alone = sum(row.mapping is None for each in made for rows in each.carried.rows.values() for row in rows)
    return Configured(text, dataflow_of(parse_yaml(text.encode(), "dataflow.yaml")), tuple(notes.proposals), tuple(notes.warnings), alone)


def _text(data: Mapping[str, Any], head: Sequence[str]) -> str:
    return "\n".join([*(f"# {remark(line)}" for line in head), "", *block(data), ""])


def _dataflow(data: Mapping[str, Any], head: Sequence[str]) -> Dataflow:
    return dataflow_of(parse_yaml(_text(data, head).encode(), "dataflow.yaml"))


def _unknown(pair: Pair, entries: Mapping[Side, Entry]) -> list[str]:
    """The datatypes of a pair that a manifest does not know, in words."""
    sides = [side for side in Side if pair.datatype(side) not in entries[side].manifest.datatypes]
    return [f"the manifest of {entries[side].system} knows no datatype {pair.datatype(side)}" for side in sides]


def _endless(pairs: Sequence[Pair], entries: Mapping[Side, Entry]) -> frozenset[str]:
    """The flows that would copy their own copies: between one and the same place, in a circle."""
    if entries[Side.LEFT].file != entries[Side.RIGHT].file:
        return frozenset()
    ways = {pair.name: (pair.left, pair.right) for pair in pairs}
    found = set()
    for name, (start, target) in ways.items():
        reached = {target}
        while onward := {end for begin, end in ways.values() if begin in reached} - reached:
            reached |= onward
        if start in reached:
            found.add(name)
    return frozenset(found)


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
            sections.append(section_data(section, flow, one.carried.rows[place, at], outlook))
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
    notes: Notes
    endless: bool

    def made(self) -> _Made:
        """The flow, and what became of every row."""
        pair = self.pair
        if unknown := _unknown(pair, self.entries):
            why = self.notes.reason(pair.name, f"{WARNING}kept as text: {unknown[0]}")
            return _Made(pair, None, as_text(pair, why))
        datatypes = {side: self.entries[side].manifest.datatypes[pair.datatype(side)] for side in Side}
        proposer = Proposer(Flow(name=pair.name, left=pair.left, right=pair.right), datatypes, self.linked)
        rows = carried(pair, proposer, self.notes)
        data: dict[str, Any] = Inline(left=pair.left, right=pair.right)
        if pair.name != f"{pair.left} to {pair.right}":
            data["name"] = pair.name
        if (create := self._create(datatypes)) is not None:
            data["create"] = create
        if (match := self._match(rows.mappings, datatypes)) is not None:
            data["match"] = match
        if rows.data:
            data = {**data, "properties": rows.data}
        return _Made(pair, data, rows)

    def _create(self, datatypes: Mapping[Side, Datatype]) -> Guess | None:
        """In which direction records are created, as the openings say; None for left to right, which need not be said."""
        into = {stated.source.other for stated in self.pair.stated if stated.section.opening is Opening.EVERY}
        unable = [side for side in Side if side in into and not datatypes[side].create]
        able = set() if self.endless else into - set(unable)
        if self.endless:
            why = f"{WARNING}both sides are the same place, where each new record would be copied again, without end"
        elif unable:
            why = f"{WARNING}the manifest does not say how a {self.pair.datatype(unable[0])} is created"
        elif able == {Side.LEFT}:
            only = f"the document creates a {self.pair.left} from a {self.pair.right} and not the other way"
            why = f"{PROPOSAL}{only}: none, or both; or read that document into a dataflow of its own"
        else:
            why = PROPOSAL + said if (said := _open(self.pair.stated[0].section)) and not able else ""
        value = {frozenset({Side.RIGHT}): Creation.LEFT_TO_RIGHT, frozenset(Side): Creation.BOTH}.get(frozenset(able), Creation.NONE)
        why = self.notes.reason(self.pair.name, why)
        if value is Creation.LEFT_TO_RIGHT and not why:
            return None
        return Guess(value.value, why)

    def _match(self, mappings: Sequence[PropertyMapping], datatypes: Mapping[Side, Datatype]) -> Guess | None:
        """The criteria that the first document states, or those that names suggest."""
        said = next((stated.matches for stated in self.pair.stated if stated.matches), ())
        criteria, lost = [], []
        for left, right in said:
            cells = divided(left, right)
            found = _parts(cells, datatypes)
            if found and not self._refused(found, mappings, datatypes):
                criteria.append(found[0] if len(found) == 1 else found)
            else:
                lost.append(f"{left} = {right}")
        if lost:
            why = self.notes.reason(self.pair.name, f"{WARNING}the manifests do not bear the match criteria {'; '.join(lost)}")
            return Guess(criteria, why)
        if said:
            return Guess(criteria, "")
        proposed = [found for mapping in mappings for found in _proposed_key(mapping)]
        if not proposed:
            return None
        why = f"{PROPOSAL}the document does not say how an existing record is recognised; by their names these may tell"
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
    if mapping.type not in (DataType.STRING, DataType.INTEGER) or len(mapping.left) != 1 or len(mapping.right) != 1:
        return
    form = key_of(mapping.left[0], mapping.right[0])
    if form is not None and (mapping.type is DataType.STRING or form != "email"):
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

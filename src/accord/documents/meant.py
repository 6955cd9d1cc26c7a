"""What documents mean: the two systems that they speak of, their datatypes, the pairs of these, and which section states which pair.

Owns: how a label is divided into system and datatype, and how documents of both directions are put together. Does not own: what becomes
of it (documents/configured.py). Pure.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from accord.config.drafting_names import plain
from accord.documents.model import Document, Row, Section
from accord.errors import UsageError
from accord.model.records import Side

UNNAMED = {Side.LEFT: "Source", Side.RIGHT: "Target"}
"""What a system is called that no document names."""


@dataclass(frozen=True, slots=True)
class Stated:
    """A section, with its place: the document among those read, and the section in it; and the side that stands first in it."""

    place: tuple[int, int]
    section: Section
    source: Side

    def cells(self, row: Row) -> tuple[str, str]:
        """The properties of a row: that of the left side, that of the right side."""
        return (row.left, row.right) if self.source is Side.LEFT else (row.right, row.left)

    @property
    def matches(self) -> tuple[tuple[str, str], ...]:
        """The match criteria, left side first."""
        return self.section.matches if self.source is Side.LEFT else tuple((right, left) for left, right in self.section.matches)


@dataclass(frozen=True, slots=True)
class Pair:
    """Two datatypes that belong together: a flow. ``stated``: every section that is about it, in the order of the documents."""

    name: str
    left: str
    right: str
    stated: tuple[Stated, ...]

    def datatype(self, side: Side) -> str:
        """The datatype on that side."""
        return self.left if side is Side.LEFT else self.right


@dataclass(frozen=True, slots=True)
class Meant:
    """What documents say together, of two systems by their names.

    ``labels``: what each document calls the systems, "" where its title leaves the place empty; ``sources``: the side that stands first.
    """

    systems: Mapping[Side, str]
    documents: tuple[Document, ...]
    labels: tuple[Mapping[Side, str], ...]
    sources: tuple[Side, ...]
    pairs: tuple[Pair, ...]

    def cells(self, side: Side) -> dict[str, dict[str, str]]:
        """Datatype -> property -> data type cell, as the documents have them. A cell speaks of its target; elsewhere it is taken over."""
        found: dict[str, dict[str, str]] = {pair.datatype(side): {} for pair in self.pairs}
        for target in (True, False):
            for pair in self.pairs:
                for stated in pair.stated:
                    if (stated.source is not side) is target:
                        for row in stated.section.rows:
                            found[pair.datatype(side)].setdefault(stated.cells(row)[0 if side is Side.LEFT else 1], row.type)
        for pair in self.pairs:
            for criterion in (each for stated in pair.stated for each in stated.matches):
                for part in divided(*criterion):
                    found[pair.datatype(side)].setdefault(part[0 if side is Side.LEFT else 1], "N/A")
        return found


def meant(documents: Sequence[tuple[str, Document]]) -> Meant:
    """What documents mean, each with the name of its file. Raises UsageError when they are of more than two systems."""
    named = [_systems(document) for _, document in documents]
    labels, sources = [], []
    first, second = next((_filled(*both, document) for both, (_, document) in zip(named, documents, strict=True) if all(both)), ("", ""))
    if not first:
        first, second = _filled(*named[0], documents[0][1])
    for (file, _), (one, other) in zip(documents, named, strict=True):
        if _same(one, first) and (_same(other, second) or not other):
            labels.append({Side.LEFT: one, Side.RIGHT: other})
            sources.append(Side.LEFT)
        elif _same(one, second) and (_same(other, first) or not other):
            labels.append({Side.LEFT: other, Side.RIGHT: one})
            sources.append(Side.RIGHT)
        else:
            what = f"{file} is about {one} and {other or 'no named system'}, the others about {first} and {second}"
            raise UsageError(what, "A dataflow is between two systems: read the documents of each two by themselves.")
    systems, texts = {Side.LEFT: first, Side.RIGHT: second}, tuple(document for _, document in documents)
    return Meant(systems, texts, tuple(labels), tuple(sources), tuple(_pairs(systems, texts, sources)))


def divided(left: str, right: str) -> tuple[tuple[str, str], ...]:
    """The pairs of properties in a row of match criteria: several, if both cells list as many, else the one."""
    lefts, rights = left.split(", "), right.split(", ")
    if len(lefts) == len(rights) and all(lefts) and all(rights):
        return tuple(zip(lefts, rights, strict=True))
    return ((left, right),)


def datatype_of(label: str, systems: Sequence[str]) -> str:
    """The datatype that a label names: what follows one of these names of the system, however it is spelled, or else the first word."""
    for system in systems:
        if label.startswith(f"{system} ") and label[len(system) + 1 :].strip():
            return label[len(system) + 1 :]
    words = label.split(" ")
    cuts = [cut for cut in range(1, len(words)) if any(_same(" ".join(words[:cut]), system) for system in systems)] or [1]
    rest = " ".join(words[cuts[0] :])
    return rest if rest.strip() else label


def _systems(document: Document) -> tuple[str, str]:
    """Both systems by the title; where that can be divided in several ways, as its sections are labelled."""
    parts = document.title.removesuffix(" Dataflow").split(" to ")
    ways = [(" to ".join(parts[:cut]), " to ".join(parts[cut:])) for cut in range(1, len(parts))]
    fits = [way for way in ways if all(_labelled(way, section) for section in document.sections)]
    return (fits or ways)[0]


def _labelled(way: tuple[str, str], section: Section) -> bool:
    return section.left.startswith(f"{way[0]} ") and section.right.startswith(f"{way[1]} ")


def _filled(one: str, other: str, document: Document) -> tuple[str, str]:
    """Both names; where the title leaves the target out, a section may name it."""
    heads = (section.right_system.strip() for section in document.sections)
    return one or UNNAMED[Side.LEFT], other or next(filter(None, heads), UNNAMED[Side.RIGHT])


def _same(one: str, other: str) -> bool:
    return one == other or (plain(one) == plain(other) != "")


def _pairs(systems: Mapping[Side, str], documents: Sequence[Document], sources: Sequence[Side]) -> Iterator[Pair]:
    """In the order in which they are first stated. A pair that a document states again is a flow of its own, each time."""
    found: dict[tuple[str, str, int], list[Stated]] = {}
    for position, (document, source) in enumerate(zip(documents, sources, strict=True)):
        times: Counter[tuple[str, str]] = Counter()
        for at, section in enumerate(document.sections):
            target = datatype_of(section.right, (systems[source.other], section.right_system))
            own = {source: datatype_of(section.left, (systems[source],)), source.other: target}
            both = own[Side.LEFT], own[Side.RIGHT]
            found.setdefault((*both, times[both]), []).append(Stated((position, at), section, source))
            times[both] += 1
    taken: set[str] = set()
    for (left, right, _), stated in found.items():
        name, number = f"{left} to {right}", 1
        while name in taken:
            number += 1
            name = f"{left} to {right} ({number})"
        taken.add(name)
        yield Pair(name, left, right, tuple(stated))

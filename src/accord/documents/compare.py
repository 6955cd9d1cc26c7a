"""What differs between two documents, in words that a reader of either understands.

Owns: which differences there are. Flows are known by their labels and, where a pair occurs several times, by their place among those.
Does not own: reading (documents/read.py), how it is shown. Pure.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from accord.documents.model import Document, Row, Section


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is not the same. ``flow``: "" for the document itself; ``old``, ``new``: "" where there is none."""

    flow: str
    what: str
    old: str
    new: str

    def __str__(self) -> str:
        where = f"{self.flow}: " if self.flow else ""
        if not self.old or not self.new:
            return f"{where}{self.what} {'added' if not self.old else 'removed'}: {self.old or self.new}"
        return f"{where}{self.what}: {self.old} -> {self.new}"


def compare(old: Document, new: Document) -> list[Difference]:
    """All differences but the time at which the documents were written; in the order of the new one, what was removed at the end."""
    found = [
        Difference("", what, one, other)
        for what, one, other in (
            ("title", old.title, new.title),
            ("heading of the introduction", old.heading, new.heading),
            ("introduction", old.introduction, new.introduction),
            ("line ends", old.line_ends, new.line_ends),
        )
        if one != other
    ]
    before, after = _named(old.sections), _named(new.sections)
    for name, section in after.items():
        found += _section(name, before[name], section) if name in before else [Difference("", "flow", "", name)]
    found += [Difference("", "flow", name, "") for name in before if name not in after]
    shared = [name for name in before if name in after], [name for name in after if name in before]
    if shared[0] != shared[1]:
        found.append(Difference("", "order of the flows", "; ".join(shared[0]), "; ".join(shared[1])))
    return found


def _named(sections: Sequence[Section]) -> dict[str, Section]:
    times: Counter[str] = Counter()
    found: dict[str, Section] = {}
    for section in sections:
        name = f"{section.left} to {section.right}"
        times[name] += 1
        found[name if times[name] == 1 else f"{name} ({times[name]})"] = section
    return found


def _section(name: str, old: Section, new: Section) -> Iterator[Difference]:
    for what, one, other in (
        ("opening", old.opening.value, new.opening.value),
        ("condition", old.condition, new.condition),
        ("merging with an existing one", _said(old.offer), _said(new.offer)),
        ("connected to", old.connect or "", new.connect or ""),
        ("match criteria", _pairs(old.matches), _pairs(new.matches)),
        ("system of the data types", old.right_system, new.right_system),
    ):
        if one != other:
            yield Difference(name, what, one, other)
    before, after = _rows(old.rows), _rows(new.rows)
    shared = [row for row in before if row in after], [row for row in after if row in before]
    if shared[0] != shared[1]:
        yield Difference(name, "order of the properties", "; ".join(shared[0]), "; ".join(shared[1]))
    for row, kind in after.items():
        if row not in before:
            yield Difference(name, "property", "", f"{row}, {kind}")
        elif before[row] != kind:
            yield Difference(name, f"data type of {row}", before[row] or "nothing", kind or "nothing")
    for row, kind in before.items():
        if row not in after:
            yield Difference(name, "property", f"{row}, {kind}", "")


def _said(stands: bool) -> str:
    return "said" if stands else "not said"


def _pairs(matches: Sequence[tuple[str, str]]) -> str:
    return "; ".join(f"{left} = {right}" for left, right in matches)


def _rows(rows: Sequence[Row]) -> Mapping[str, str]:
    """Data type by row. A row that stands there again is one of its own."""
    times: Counter[str] = Counter()
    found: dict[str, str] = {}
    for row in rows:
        pair = f"{row.left} <-> {row.right}"
        times[pair] += 1
        found[pair if times[pair] == 1 else f"{pair} ({times[pair]})"] = row.type
    return found

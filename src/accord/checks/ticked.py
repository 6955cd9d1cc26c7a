"""The document with a tick at each of its statements: its own text, and behind every row the lines that tried it.

Owns: which line of a report belongs to which row of the document, the marks and links. Does not own: the document's wording
(documents/write.py), the evidence that is linked to (pages.py). Pure.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

from accord.checks.pages import anchor
from accord.checks.questions import places_of
from accord.checks.report import Line, Report, Verdict
from accord.documents.model import Document, Row, Section
from accord.documents.write import beginning, property_header, table, to_rst
from accord.model.dataflow import Dataflow, Direction, Flow
from accord.model.records import Side

TICKS: Final[Mapping[Verdict, str]] = {Verdict.PASS: "✓", Verdict.FAIL: "✗", Verdict.BLOCKED: "?", Verdict.NOT_APPLICABLE: "–"}
ARROWS: Final[Mapping[Direction, str]] = {Direction.LEFT_TO_RIGHT: "→", Direction.RIGHT_TO_LEFT: "←", Direction.BOTH: "↔"}
_KEY: Final = "✓ proven, ✗ not so, ? could not be tried, – does not apply. → left to right, ← right to left, ↔ both."


def to_ticked(report: Report, document: Document, dataflow: Dataflow, evidence: str) -> bytes:
    """The document as .rst with its evidence. ``evidence``: the file of the evidence page, relative to this one.

    ``document``: that of the dataflow, its sections in the order of the flows.
    """
    plain = replace(document, sections=(), line_ends="lf")
    lines = [*to_rst(plain).decode().removesuffix("\n").split("\n"), "", _sum(report), "", _KEY]
    for flow, section in zip(dataflow.flows, document.sections, strict=True):
        ticked = _Ticking(evidence, [line for line in report.lines if line.flow == flow.name])
        lines += ["", *ticked.section(flow, section), ""]
    return ("\n".join(lines) + "\n").encode()


def _sum(report: Report) -> str:
    applicable = sum(line.applicable for line in report.lines)
    ended = f"Run as a checklist, {report.started} to {report.ended}"
    return f"{ended}: {report.count(Verdict.PASS)} of {applicable} lines that apply are proven. Digest of the report: {report.digest}"


class _Ticking:
    """The lines of one flow, and where their evidence is."""

    def __init__(self, evidence: str, lines: Sequence[Line]) -> None:
        self.evidence = evidence
        self.lines = lines

    def section(self, flow: Flow, section: Section) -> Iterator[str]:
        """A flow of the document: about the record below its sentences, about each property in its row."""
        *said, sentence, blank = beginning(section)
        yield from said
        if about := [line for line in self.lines if line.property is None]:
            yield from (f"* {self.link(line, line.question)}" for line in about)
            yield ""
        yield from (sentence, blank)
        names = {(place.shown(Side.LEFT), place.shown(Side.RIGHT)): place.name for place in places_of(flow)}
        rows = [(row.left, row.right, row.type, self.row(names, row)) for row in section.rows]
        yield from table((*property_header(section), "Evidence"), rows)
        lists = {mapping.name for mapping in flow.properties if mapping.properties}
        if whole := [line for line in self.lines if line.property in lists]:
            yield ""
            yield f"Lists as a whole: {self.ticks(whole)}"

    def row(self, names: Mapping[tuple[str, str], str], row: Row) -> str:
        """The ticks of one property."""
        name = names.get((row.left, row.right))
        return self.ticks([line for line in self.lines if line.property == name and name is not None]) or "not asked"

    def ticks(self, lines: Sequence[Line]) -> str:
        """How many lines are proven, and each with its verdict, leading to its evidence; those that do not apply at the end."""
        said = [(line.applicable, self.link(line, f"{line.kind.value}\N{NO-BREAK SPACE}{ARROWS[line.direction]}")) for line in lines]
        tried, others = [text for applies, text in said if applies], [text for applies, text in said if not applies]
        proven = sum(line.verdict is Verdict.PASS for line in lines)
        parts = [f"{_whole(lines)} {proven} of {len(tried)}: {', '.join(tried)}"] if tried else []
        if others:
            parts.append(f"does not apply: {', '.join(others)}")
        return "; ".join(parts)

    def link(self, line: Line, text: str) -> str:
        """A verdict, and the words that lead to its evidence."""
        place = re.sub(r"_$", r"\\_", f"{self.evidence}#{anchor(line)}")  # one that ends so would be a name, not an address
        return f"{TICKS[line.verdict]} `{_escaped(text)} <{place}>`__"


def _whole(lines: Iterable[Line]) -> str:
    """The mark of several lines: the worst of theirs."""
    verdicts = {line.verdict for line in lines}
    return TICKS[next(each for each in (Verdict.FAIL, Verdict.BLOCKED, Verdict.PASS) if each in verdicts)]


def _escaped(text: str) -> str:
    return re.sub(r"([\\`*_|<>])", r"\\\1", text)

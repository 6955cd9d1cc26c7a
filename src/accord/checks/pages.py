"""The evidence of a checklist as a page: to read, to filter, to print.

Owns: what the evidence page says. Does not own: finding out (running.py), the form of pages (documents/html.py, documents/pdf.py), the
document with ticks (ticked.py). Pure, but for PDF, which a program
of the machine may lay out.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final
from urllib.parse import quote

from accord.checks.report import Call, Coverage, Line, Report, Shown, Verdict
from accord.core.rules import RULES
from accord.documents.html import to_html as html_of
from accord.documents.page import (
    Block,
    Code,
    Facts,
    Filter,
    Folded,
    Link,
    Listing,
    Mark,
    Page,
    Paragraph,
    Section,
    Stress,
    Table,
    Tone,
    Verbatim,
    Words,
)
from accord.documents.pdf import to_pdf as pdf_of
from accord.model.dataflow import Direction
from accord.model.records import Side

TONES: Final[Mapping[Verdict, Tone]] = {
    Verdict.PASS: Tone.GOOD,
    Verdict.FAIL: Tone.BAD,
    Verdict.BLOCKED: Tone.WARN,
    Verdict.NOT_APPLICABLE: Tone.PLAIN,
}
_MEANS: Final[Mapping[Verdict, str]] = {
    Verdict.PASS: "it was tried on test records in both systems, and came out as the document says",
    Verdict.FAIL: "it was tried, and came out otherwise",
    Verdict.BLOCKED: "it could not be tried, because something before it failed or a system did not bear it",
    Verdict.NOT_APPLICABLE: "the document does not claim it, or a system cannot do it; the reason stands beside it",
}


def to_html(report: Report) -> bytes:
    """The evidence as one HTML file without scripts, which needs no other."""
    return html_of(page_of(report))


def to_pdf(report: Report) -> bytes:
    """The evidence as PDF. Raises UsageError where nothing is installed that could lay it out."""
    return pdf_of(to_html(report))


def page_of(report: Report) -> Page:
    """The evidence as a page."""
    sections: list[Section] = []
    if wrong := [line for line in report.lines if line.verdict in (Verdict.FAIL, Verdict.BLOCKED)]:
        sections.append(_wrong(wrong))
    sections.append(_coverage(report))
    sections.append(_reading())
    calls = _numbered(report)
    sections += [_flow(report, flow, calls) for flow in report.flows]
    if calls:
        sections.append(_calls_section(calls))
    return Page(f"Evidence: {report.title}", tuple(_opening(report)), tuple(sections))


def anchor(line: Line) -> str:
    """The id of a line on the page."""
    return f"line-{quote(line.id, safe='/')}"


# --- the whole --------------------------------------------------------------------------------------------------------------------------


def _opening(report: Report) -> Iterator[Block]:
    applicable, passed = sum(line.applicable for line in report.lines), report.count(Verdict.PASS)
    sentence = f"{passed} of {applicable} lines that apply are proven."
    yield Paragraph(
        (Mark("proven" if report.proven else "not proven", Tone.GOOD if report.proven else Tone.BAD), f" {sentence}"), lead=True
    )
    rows: list[tuple[str, Words]] = [("Document", (report.title,))]
    for system in report.systems:
        kind = "a stand-in of this run" if system.sandbox else "a system of its own"
        rows.append((f"The {system.side.value} system", (f"{system.name}, ", Code(system.origin), f", {kind}")))
    rows.append(("Run", (f"{report.started} to {report.ended}, with the seed {report.seed}",)))
    rows.append(("Digest of the document", (Code(report.document),)))
    rows.append(("Digest of this report", (Code(report.digest),) if report.digest else ("none: it is not sealed",)))
    yield Facts(tuple(rows))
    if report.left_behind:
        yield Paragraph((Stress("Test records that could not be removed:"),))
        yield Listing(tuple((Code(each),) for each in report.left_behind))


def _wrong(lines: Sequence[Line]) -> Section:
    rows = tuple(
        (
            (Link(line.question, anchor(line)),),
            (_verdict(line.verdict),),
            (line.expected or "–",),
            (line.observed or "–",),
            (line.reason or "–",),
        )
        for line in lines
    )
    table = Table("Lines that failed or could not be tried", ("Question", "Verdict", "Expected", "Observed", "Why"), rows)
    return Section("not-proven", "What is not proven", (table,))


def _coverage(report: Report) -> Section:
    rows = tuple(_covered(report, each) for each in report.coverage())
    head = ("Flow", "Direction", "Lines", "Apply", "Proven", "Verdict")
    verdicts = "; ".join(f"{report.count(verdict)} {verdict.value}" for verdict in Verdict)
    return Section("coverage", "Coverage", (Paragraph((f"{verdicts}.",)), Table("Lines by flow and direction", head, rows)))


def _covered(report: Report, one: Coverage) -> tuple[Words, ...]:
    if one.applicable == 0:
        verdict = Mark("nothing applies")
    elif one.proven == one.applicable:
        verdict = Mark("all proven", Tone.GOOD)
    else:
        verdict = Mark(f"{one.applicable - one.proven} not proven", Tone.BAD)
    way = _way(report, one.direction)
    return (
        (Link(one.flow, _flow_id(report, one.flow)),),
        (way,),
        (str(one.stated),),
        (str(one.applicable),),
        (str(one.proven),),
        (verdict,),
    )


def _reading() -> Section:
    facts = Facts(tuple((verdict.value, (_MEANS[verdict],)) for verdict in Verdict))
    choices = (("everything", ""), *((verdict.value, _group(verdict)) for verdict in Verdict))
    said = (
        "A line is one question about one flow. Inside are what was expected and observed, what both records held before and after, every "
        "call as it went over the wire, and the rules by which it was decided. Values that the checklist made up are shown; every other "
        "text, which may be somebody's, is masked."
    )
    return Section("lines", "The lines", (Paragraph((said,)), facts, Filter("Show lines with the verdict", choices)))


# --- a flow -----------------------------------------------------------------------------------------------------------------------------


Numbers = Mapping[Call, int]
"""Each call once, by its place among all: what went over the wire together belongs to several lines."""


def _numbered(report: Report) -> Numbers:
    found = sorted({call for line in report.lines for call in line.calls}, key=lambda call: (call.at, call.system, call.path))
    return {call: number for number, call in enumerate(found, 1)}


def _flow(report: Report, flow: str, calls: Numbers) -> Section:
    lines = [line for line in report.lines if line.flow == flow]
    blocks: list[Block] = [Paragraph((", ".join(f"{n} {v.value}" for v in Verdict if (n := report.count(v, flow))) + ".",))]
    blocks += [_line(report, line, calls) for line in lines if line.applicable]
    if others := [line for line in lines if not line.applicable]:
        rows = tuple(((line.question,), (line.reason,)) for line in others)
        table = Table(f"Lines of {flow} that do not apply", ("Question", "Why not"), rows, tuple(anchor(line) for line in others))
        noun = "line does" if len(others) == 1 else "lines do"
        summary: Words = (_verdict(Verdict.NOT_APPLICABLE), f" {len(others)} {noun} not apply")
        blocks.append(Folded(summary, (table,), group=_group(Verdict.NOT_APPLICABLE)))
    return Section(_flow_id(report, flow), flow, tuple(blocks))


def _line(report: Report, line: Line, calls: Numbers) -> Folded:
    blocks: list[Block] = [Facts(tuple(_facts(report, line, calls)))]
    if held := tuple(row for system in report.systems for row in _held(system.name, _shown(line, system.side))):
        blocks.append(Table("What the records held", ("Record", "Property", "Before", "After", "Change"), held))
    return Folded((_verdict(line.verdict), f" {line.question}"), tuple(blocks), anchor(line), _group(line.verdict))


def _facts(report: Report, line: Line, calls: Numbers) -> Iterator[tuple[str, Words]]:
    if line.expected or line.observed:
        yield "Expected", (line.expected or "–",)
        yield "Observed", (line.observed or "–",)
    if line.reason:
        yield "Why", (line.reason,)
    yield "Direction", (_way(report, line.direction),)
    if line.rules:
        yield (
            "Provenance",
            ("decided by " + "; ".join(f"{rule}, {RULES[rule]}" if rule in RULES else rule for rule in dict.fromkeys(line.rules)),),
        )
    if line.started:
        yield "Tried", (f"{line.started} to {line.ended}",)
    if line.calls:
        yield "Calls", tuple(part for call in dict.fromkeys(line.calls) for part in _led(call, calls[call]))
    yield "Line", (Code(line.id),)


def _shown(line: Line, side: Side) -> Shown:
    return line.left if side is Side.LEFT else line.right


def _held(system: str, shown: Shown) -> Iterator[tuple[Words, ...]]:
    """A row per property that was looked at on one side."""
    for name in dict.fromkeys((*shown.before, *shown.after)):
        before, after = _value(shown.before, name), _value(shown.after, name)
        change = "new" if name not in shown.before else "gone" if name not in shown.after else "changed" if before != after else ""
        yield (f"{system} {shown.id}".strip(),), (Code(name),), before, after, (Mark(change, Tone.WARN) if change else "–",)


def _value(held: Mapping[str, str | None], name: str) -> Words:
    if name not in held:
        return ("–",)
    value = held[name]
    return (Stress("null"),) if value is None else (Code(value),) if value else (Stress("empty"),)


def _led(call: Call, number: int) -> Words:
    """A call among others on one line."""
    return (
        Link(f"call\N{NO-BREAK SPACE}{number}", f"call-{number}"),
        f" {call.by}: ",
        Code(f"{call.method} {call.path}"),
        f" {_status(call)}. ",
    )


def _status(call: Call) -> str:
    return str(call.status) if call.status else "no answer"


def _calls_section(calls: Numbers) -> Section:
    said = (
        "Every call that one of the lines rests on, in the order of time, as it went over the wire: without secrets, and masked like "
        "the lines. One call may belong to several lines: a record is written once for all that was changed in it."
    )
    return Section("calls", "Calls", (Paragraph((said,)), *(_wire(call, number) for call, number in calls.items())))


def _wire(call: Call, number: int) -> Folded:
    bodies = [Verbatim(title, text) for title, text in (("Sent", call.sent), ("Answer", call.answer)) if text]
    said: Words = (
        f"call\N{NO-BREAK SPACE}{number}, {call.at}, {call.by} to {call.system}: ",
        Code(f"{call.method} {call.path}"),
        f" {_status(call)}",
    )
    return Folded(said, tuple(bodies) or (Paragraph(("Nothing was sent with it, and no words came back.",)),), f"call-{number}")


# --- words ------------------------------------------------------------------------------------------------------------------------------


def _verdict(verdict: Verdict) -> Mark:
    return Mark(verdict.value, TONES[verdict])


def _group(verdict: Verdict) -> str:
    return verdict.value.replace(" ", "-")


def _flow_id(report: Report, flow: str) -> str:
    return f"flow-{report.flows.index(flow) + 1}"


def _way(report: Report, direction: Direction) -> str:
    names = {system.side: system.name for system in report.systems}
    left, right = names.get(Side.LEFT, "left"), names.get(Side.RIGHT, "right")
    arrow = {Direction.LEFT_TO_RIGHT: "→", Direction.RIGHT_TO_LEFT: "←", Direction.BOTH: "↔"}[direction]
    return f"{left} {arrow} {right}"

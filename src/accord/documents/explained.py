"""The dataflow document in full: what the configuration says and what follows from it, as a page that people can read.

Owns: what the page says, once, for all its forms (documents/html.py, documents/markdown.py, documents/pdf.py). Decides nothing: sentences
of the document, examples and tables come from what writes, maps and merges in a run. Does not own: the section of a flow
(documents/explained_flow.py). Pure.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from accord.core import tables
from accord.core.rules import RULES
from accord.documents.explained_flow import Subject, count, flow_section, kind, personal, rows_of
from accord.documents.page import (
    Block,
    Code,
    Facts,
    Folded,
    Link,
    Listing,
    Mark,
    Page,
    Paragraph,
    Section,
    Table,
    Tone,
    Words,
    joined,
    words,
)
from accord.model.dataflow import ConflictPolicy, Creation
from accord.model.records import Side


@dataclass(frozen=True, slots=True)
class Explained:
    """The page, with what it was made from, so that it can be asked as well as read."""

    subject: Subject
    page: Page


def explain(subject: Subject) -> Explained:
    """The page of a dataflow; the same for the same files."""
    sections = [_glance(subject)]
    sections += [flow_section(subject, position) for position in range(len(subject.dataflow.flows))]
    sections += [_who_wins(subject), _deletions(subject), _personal(subject)]
    if subject.notices:
        sections.append(_assumed(subject))
    sections.append(_rules())
    return Explained(subject, Page(subject.document.title, tuple(_opening(subject)), tuple(sections)))


def _opening(subject: Subject) -> Iterator[Block]:
    document, flows = subject.document, subject.dataflow.flows
    left, right = subject.labels[Side.LEFT], subject.labels[Side.RIGHT]
    yield Paragraph((document.introduction,), lead=True)
    yield Facts(
        (
            ("Systems", (f"{left} (left) and {right} (right)",)),
            (
                "Flows",
                (f"{len(flows)}, with {count(sum(len(list(rows_of(flow))) for flow in flows), 'mapped property', 'mapped properties')}",),
            ),
            ("Generated", (document.generated,)),
        )
    )


def _glance(subject: Subject) -> Section:
    rows = tuple(_glance_row(subject, position) for position in range(len(subject.dataflow.flows)))
    left, right = subject.labels[Side.LEFT], subject.labels[Side.RIGHT]
    head = (left, right, "New counterparts", "Properties", "Deletions", "Personal data")
    return Section(
        "glance",
        "At a glance",
        (
            Paragraph(
                words("Every flow pairs one kind of record on the left with one on the right, links the two, and keeps them in step.")
            ),
            Table("The flows", head, rows),
        ),
    )


def _glance_row(subject: Subject, position: int) -> tuple[Words, ...]:
    flow = subject.dataflow.flows[position]
    mapped = list(rows_of(flow))
    private = sum(personal(subject, flow, row) for row in mapped)
    made = {
        Creation.LEFT_TO_RIGHT: f"in {subject.labels[Side.RIGHT]}",
        Creation.BOTH: "on both sides",
        Creation.BY_HAND: "by hand",
        Creation.NONE: "none",
    }[flow.create]
    return (
        (Link(flow.left, subject.ids[position]),),
        (flow.right,),
        (made,),
        (str(len(mapped)),),
        (Code(flow.deletes.value),),
        (Mark(count(private, "property", "properties"), Tone.PERSONAL),) if private else ("none",),
    )


_CONFLICT: Final = (
    "Where both sides were changed differently, the flow or the property says by its policy who wins. In the examples the left changed it "
    "three hours later than the right, unless it says otherwise."
)
_ASSUMED: Final = (
    "What holds but should be known, as `accord check` says it: what is assumed of a system until somebody has confirmed it, what cannot "
    "be changed once it is made, and what a transform loses."
)

# --- what holds for all flows -----------------------------------------------------------------------------------------------------------


def _who_wins(subject: Subject) -> Section:
    flows = subject.dataflow.flows
    used = {each.conflict or flow.conflict for flow in flows for each in flow.properties}
    used |= {item.conflict for flow in flows for each in flow.properties for item in each.properties if item.conflict is not None}
    policies = [case for case in tables.POLICIES if case[1].rule.conflict in used]
    blocks: list[Block] = [
        Paragraph(
            words("Each side is compared with what it held when both were last agreed: a system that trims or rounds does not look edited.")
        ),
        Paragraph(words("Read from the top; the first row that fits decides. The examples are about one property, a city.")),
        Table(
            "Who wins, for one property of two linked records",
            ("Left", "Right", "What follows", "Example", "Rule"),
            tuple(_ruled(row) for row in tables.decision_rows()),
        ),
        Paragraph(words(_CONFLICT)),
        _cases("Both sides changed it: the policies used here", policies),
        _cases("Direction and emptying", tables.CROSSINGS),
    ]
    if any(each.properties for flow in flows for each in flow.properties):
        lists = [case for case in tables.LISTS if case[1].rule.conflict in used | {ConflictPolicy.LATEST}]
        blocks.append(_cases("Lists, item by item", lists))
    return Section("who-wins", "Who wins", tuple(blocks))


def _cases(caption: str, cases: Sequence[tuple[str, tables.Case]]) -> Table:
    return Table(caption, ("When", "Example", "Rule"), tuple(_ruled(row) for row in tables.case_rows(cases)))


def _ruled(row: Sequence[str]) -> tuple[Words, ...]:
    """A row of sentences of ours, with a rule id at its end."""
    return (*(words(cell) for cell in row[:-1]), (Code(row[-1]),))


def _deletions(subject: Subject) -> Section:
    used = {flow.deletes for flow in subject.dataflow.flows}
    rows = tuple(_ruled(row) for row in tables.delete_rows(used))
    evidence = (
        "A deletion needs evidence: the system says so, or the record is missing from complete listings and asking for it gives "
        "*not found*. A refusal, an error or an empty answer is never evidence. A record that leaves the filter is not deleted for it."
    )
    table = Table("When one side is deleted", ("Policy", "The other record", "What follows", "Rule"), rows)
    return Section("deletions", "When one side is deleted", (Paragraph(words(evidence)), table))


def _personal(subject: Subject) -> Section:
    rows: list[tuple[Words, ...]] = []
    for position, flow in enumerate(subject.dataflow.flows):
        marked = [row for row in rows_of(flow) if personal(subject, flow, row)]
        if marked:
            sides = [joined([Code(name) for row in marked for name in row.names(side)]) for side in Side]
            rows.append(((Link(flow.name, subject.ids[position]),), *sides))
    head = ("Flow", *(subject.labels[side] for side in Side))
    said = "What says something about a person is kept out of logs and masked in reports."
    if not rows:
        return Section("personal-data", "Personal data", (Paragraph(words("No property is marked as personal.")),))
    return Section("personal-data", "Personal data", (Paragraph(words(said)), Table("Properties marked as personal", head, tuple(rows))))


def _assumed(subject: Subject) -> Section:
    said = _ASSUMED
    return Section("assumptions", "Assumptions and limits", (Paragraph(words(said)), Listing(tuple((each,) for each in subject.notices))))


def _rules() -> Section:
    table = Table("Every rule", ("Rule", "What it says"), tuple(((Code(rule),), (says,)) for rule, says in RULES.items()))
    said = "A rule id says why something happened; the same ids stand in the journal, in `accord why` and in this document."
    return Section("rules", "Rules", (Paragraph(words(said)), Folded((f"All {len(RULES)} rules",), (table,))))


__all__ = ["Explained", "Subject", "explain", "kind"]

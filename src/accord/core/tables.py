"""The decisions as a page that people can read: docs/reference/merge-table.md.

Owns: the words for the rows of the tables, and the examples. Decides nothing: each result on the page is worked out by the code that
decides in a run, so the page cannot say anything else than what happens. `make reference` writes it.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from accord.core.conflicts import Times
from accord.core.deletes import AfterDelete, after_delete
from accord.core.matching import REFERENCES, Alone, Counterpart, match, mutual
from accord.core.merging import ABSENT, TABLE, Merged, Nothing, Now, PropertyRule, Row, Then, merge_property
from accord.core.rules import RULES
from accord.model.dataflow import ClearPolicy, ConflictPolicy, DeletePolicy, Direction
from accord.model.journal import Candidate
from accord.model.records import Side
from accord.model.values import Value, is_empty

CITY: Final = PropertyRule("City")
UNTOLD: Final = Times()
LATER: Final = Times("2026-03-01T12:00:00Z", "2026-03-01T09:00:00Z")
CLOSE: Final = Times("2026-03-01T12:00:02Z", "2026-03-01T12:00:00Z")


@dataclass(frozen=True, slots=True)
class Case:
    """One property of one pair: what was agreed, and what each side holds now; ABSENT: nothing agreed, not shown."""

    left: Value | Nothing
    right: Value | Nothing
    left_base: Value | Nothing = ABSENT
    right_base: Value | Nothing = ABSENT
    rule: PropertyRule = CITY
    times: Times = UNTOLD

    def merged(self) -> Merged:
        """What the merge makes of it."""
        return merge_property(self.rule, self.left, self.right, (self.left_base, self.right_base), self.times)


ROWS: Final = (
    Case(ABSENT, "Bergen", "Oslo", "Oslo"),
    Case("Bergen", ABSENT, "Oslo", "Oslo"),
    Case("Oslo", "Oslo", "Oslo", "Oslo"),
    Case("Bergen", "Bergen", "Oslo", "Oslo"),
    Case("OSLO", "OSLO", "Oslo", "OSLO"),
    Case("OSLO", "OSLO", "OSLO", "Oslo"),
    Case("Bergen", "Oslo", "Oslo", "Oslo"),
    Case("Oslo", "Bergen", "Oslo", "Oslo"),
    Case("Bergen", "Bodø", "Oslo", "Oslo", times=LATER),
    Case("", None),
    Case("Oslo", "Oslo"),
    Case("", "Oslo"),
    Case("Oslo", ""),
    Case("Oslo", "Bergen", times=LATER),
)
"""One example for each row of the decision table, in its order."""

_STANDING: Final = {
    Now.STILL: "as agreed",
    Now.MOVED: "changed",
    Now.EMPTY: "nothing agreed yet, no value",
    Now.VALUE: "nothing agreed yet, a value",
    Now.ABSENT: "not shown",
    None: "anything",
}
_FOLLOWS: Final = {
    Then.KEEP: "nothing",
    Then.AGREE: "nothing is written; this is what is agreed from now on",
    Then.TO_RIGHT: "the left crosses to the right",
    Then.TO_LEFT: "the right crosses to the left",
    Then.CONFLICT: "a conflict: its policy decides",
}
_IN_SHORT: Final = {Then.KEEP: "–", Then.AGREE: "agreed", Then.TO_RIGHT: "→", Then.TO_LEFT: "←", Then.CONFLICT: "conflict"}

_SAME_WORDS: Final = {True: ", and both hold the same", False: ", and they differ", None: ""}


def page() -> str:
    """The whole page as Markdown."""
    parts = (_opening(), _glance(), _rows(), _crossing(), _conflicts(), _lists(), _matching(), _deletes(), _all_rules())
    return "\n\n".join("\n".join(part) for part in parts) + "\n"


def _opening() -> Iterator[str]:
    yield "# Who wins"
    yield ""
    yield "What Accord does with a property of two linked records, and why. `accord why` names the rule of each decision by its id;"
    yield "all ids stand at the end. This page is generated (`make reference`), and every result on it was worked out by the code"
    yield "that decides in a run."
    yield ""
    yield "Each side is compared with **its own base**: the value that it held when both were last agreed. A system that trims or"
    yield "rounds what it is sent holds another value than the other side, and that is no edit. A side that does not show a property"
    yield "says nothing about it; that is not the same as an empty one. One kind of empty (null, an empty text, a list without items)"
    yield "is as good as another."


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield "|" + "---|" * len(head)
    for row in rows:
        yield f"| {' | '.join(row)} |"


# --- the decision table -----------------------------------------------------------------------------------------------------------------


def fitting(left: Now, right: Now) -> list[Row]:
    """The rows that can decide for two standings; two where it matters whether both hold the same; none where it cannot come up."""
    found = [next((row for row in TABLE if row.fits(left, right, same)), None) for same in (True, False)]
    return list(dict.fromkeys(row for row in found if row is not None))


def _glance() -> Iterator[str]:
    yield "## The 25 cases at a glance"
    yield ""
    yield "Down: the left. Across: the right. → the left crosses, ← the right crosses, – nothing. Where two rules stand in a cell,"
    yield "the first is for sides that hold the same by now. Both sides have a base or neither has, so eight of the cases cannot come"
    yield "up."
    yield ""
    yield from _table(
        ("left ↓ right →", *(_STANDING[now] for now in Now)),
        [(f"**{_STANDING[left]}**", *(_cell(fitting(left, right)) for right in Now)) for left in Now],
    )


def _cell(rows: Sequence[Row]) -> str:
    return "; ".join(f"{_IN_SHORT[row.then]} {row.rule}" for row in rows)


def _rows() -> Iterator[str]:
    yield "## Row by row"
    yield ""
    yield "Read from the top; the first row that fits decides. The examples are about one property, a city, with the policy `latest`."
    yield ""
    led = ("its policy", "[its policy](#when-both-sides-changed-it)")
    rows = [(left, right, then.replace(*led), example, rule) for left, right, then, example, rule in decision_rows()]
    yield from _table(("Left", "Right", "What follows", "Example", "Rule"), rows)


def decision_rows() -> list[tuple[str, str, str, str, str]]:
    """The decision table in words: left, right, what follows, example, rule; `code` and *stress* as in Markdown."""
    return [
        (_STANDING[row.left], _STANDING[row.right] + _SAME_WORDS[row.same], _FOLLOWS[row.then], _example(case), row.rule)
        for row, case in zip(TABLE, ROWS, strict=True)
    ]


def _example(case: Case) -> str:
    return f"{_before(case)}{_now(case)} ⇒ {_result(case.merged())}"


def _before(case: Case) -> str:
    if case.left_base is ABSENT or case.right_base is ABSENT:
        return ""
    agreed = _said(case.left_base)
    return f"agreed {agreed}; " if case.left_base == case.right_base else f"agreed {agreed} and {_said(case.right_base)}; "


def _now(case: Case) -> str:
    return f"now {_said(case.left)} and {_said(case.right)}"


def _said(value: Value | Nothing) -> str:
    if value is ABSENT:
        return "*not shown*"
    if isinstance(value, dict) and value:
        return f"`{', '.join(f'{key} {quantity}' for key, item in value.items() for quantity in item.values())}`"
    return "*empty*" if is_empty(value) else f"`{value}`"


def _result(merged: Merged) -> str:
    if merged.held:
        return "nothing, until a person decides"
    gets = [f"the {side} gets {_said(merged.to(side))}" for side in Side if merged.to(side) is not ABSENT]
    if not gets:
        return "both stay as they are" + (", and that is agreed" if merged.agreed else "")
    lost = " and ".join(f"the {side}'s" for side in Side if side in merged.losers)
    return " and ".join(gets) + (f"; {lost} value is kept in the record" if lost else "")


# --- what else decides ------------------------------------------------------------------------------------------------------------------


def _one_way(policy: ConflictPolicy = ConflictPolicy.LATEST) -> PropertyRule:
    return PropertyRule("City", Direction.LEFT_TO_RIGHT, policy)


_STAYS: Final = PropertyRule("City", clear=ClearPolicy.IGNORE)

CROSSINGS: Final = (
    ("one way (`direction: left_to_right`), and only the right changed it", Case("Oslo", "Bergen", "Oslo", "Oslo", _one_way())),
    ("one way, and both changed it", Case("Bergen", "Bodø", "Oslo", "Oslo", _one_way())),
    ("one way, at the first meeting", Case("Oslo", "Bergen", rule=_one_way())),
    ("emptied, with `clear: propagate` (unless said otherwise)", Case("", "Oslo", "Oslo", "Oslo")),
    ("emptied, with `clear: ignore`", Case("", "Oslo", "Oslo", "Oslo", _STAYS)),
    ("emptied on one side and changed on the other, with `clear: ignore`", Case("", "Bergen", "Oslo", "Oslo", _STAYS, LATER)),
    (
        "one way and emptied, with `clear: ignore`",
        Case("", "Bergen", "Oslo", "Oslo", PropertyRule("City", Direction.LEFT_TO_RIGHT, clear=ClearPolicy.IGNORE)),
    ),
)
"""What direction and clearing make of it."""


def _crossing() -> Iterator[str]:
    yield "## Direction and clearing"
    yield ""
    yield "A change crosses unless the side does not send this property, or it was emptied and emptying does not cross. Such an edit"
    yield "stays where it was made."
    yield ""
    yield from _cases(CROSSINGS)


def _cases(cases: Sequence[tuple[str, Case]]) -> Iterator[str]:
    yield from _table(("When", "Example", "Rule"), case_rows(cases))


def case_rows(cases: Sequence[tuple[str, Case]]) -> list[tuple[str, str, str]]:
    """Cases in words: when, example, rule; `code` and *stress* as in Markdown."""
    return [(words, _example(case), case.merged().rule) for words, case in cases]


def _policy(policy: ConflictPolicy, left: Value = "Bergen", times: Times = LATER, fallback: Side = Side.LEFT) -> Case:
    return Case(left, "Bodø", "Oslo", "Oslo", PropertyRule("City", conflict=policy, fallback=fallback), times)


POLICIES: Final = (
    ("`latest`: the times are further apart than the clocks may be", _policy(ConflictPolicy.LATEST)),
    ("`latest`, two seconds apart, `fallback: right`", _policy(ConflictPolicy.LATEST, times=CLOSE, fallback=Side.RIGHT)),
    ("`latest`, one system tells no time, `fallback: left`", _policy(ConflictPolicy.LATEST, times=Times(right="2026-03-01T12:00:00Z"))),
    ("`left`", _policy(ConflictPolicy.LEFT)),
    ("`right`", _policy(ConflictPolicy.RIGHT)),
    ("`manual`", _policy(ConflictPolicy.MANUAL)),
    ("`keep_non_empty`, and the left emptied it", _policy(ConflictPolicy.KEEP_NON_EMPTY, "")),
    ("`keep_non_empty`, and both hold a value, `fallback: left`", _policy(ConflictPolicy.KEEP_NON_EMPTY)),
    ("`union`, for what is not a list: as if it could not tell, `fallback: left`", _policy(ConflictPolicy.UNION)),
)
"""What each conflict policy makes of a city that was changed on both sides; the left changed it three hours later."""


def _conflicts() -> Iterator[str]:
    yield "## When both sides changed it"
    yield ""
    yield "The `conflict` policy of the property, or of its flow, decides. `latest` believes the times only when they are further"
    yield "apart than `skew_seconds` and the coarser system's granularity together; otherwise the `fallback` side wins. The losing"
    yield "value is in the journal before it is overwritten. In the examples the left changed it three hours later than the right,"
    yield "unless it says otherwise."
    yield ""
    yield from _cases(POLICIES)


def _lines(**items: int) -> dict[str, dict[str, int]]:
    return {key: {"Quantity": quantity} for key, quantity in items.items()}


def _list(policy: ConflictPolicy = ConflictPolicy.LATEST, clear: ClearPolicy = ClearPolicy.PROPAGATE) -> PropertyRule:
    return PropertyRule("Lines", conflict=policy, clear=clear, items={"Quantity": PropertyRule("Quantity", conflict=policy)})


LISTS: Final = (
    ("different items changed", Case(_lines(A=1, B=5), _lines(A=7, B=2), _lines(A=1, B=2), _lines(A=1, B=2), _list())),
    ("one added on each side", Case(_lines(A=1, B=2), _lines(A=1, C=3), _lines(A=1), _lines(A=1), _list())),
    ("one removed", Case(_lines(A=1), _lines(A=1, B=2), _lines(A=1, B=2), _lines(A=1, B=2), _list())),
    ("one removed that the other side changed: it stays", Case(_lines(A=1), _lines(A=1, B=9), _lines(A=1, B=2), _lines(A=1, B=2), _list())),
    ("the same property of the same item changed", Case(_lines(A=5), _lines(A=9), _lines(A=1), _lines(A=1), _list(), LATER)),
    (
        "the same, with `manual`: the whole list waits",
        Case(_lines(A=5), _lines(A=9), _lines(A=1), _lines(A=1), _list(ConflictPolicy.MANUAL)),
    ),
    ("first meeting", Case(_lines(A=1), _lines(B=2), rule=_list())),
    (
        "one removed while the other side changed the list, with `union`",
        Case(_lines(A=1), _lines(A=3, B=2), _lines(A=1, B=2), _lines(A=1, B=2), _list(ConflictPolicy.UNION)),
    ),
    ("emptied, with `clear: ignore`", Case({}, _lines(A=1), _lines(A=1), _lines(A=1), _list(clear=ClearPolicy.IGNORE))),
)
"""What is made of lists: a key and a quantity per line."""


def _lists() -> Iterator[str]:
    yield "## Lists"
    yield ""
    yield "A list that crosses both ways is merged item by item, by its `item_key`, and each property of an item as in the table"
    yield "above; what an item property does not say about conflicts and clearing, its list says. A list that goes one way crosses as"
    yield "a whole."
    yield ""
    yield from _cases(LISTS)


# --- who is who -------------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Meeting:
    """A record "1" that has no counterpart yet, and the records on the other side that share a criterion with it.

    ``back``: what the one of them, asked itself, shares a criterion with.
    """

    words: str
    candidates: tuple[Candidate, ...] = ()
    invalid: tuple[str, ...] = ()
    back: tuple[Candidate, ...] = ()

    def decided(self) -> tuple[str, str]:
        """What follows, and the rule."""
        found = match(self.candidates, self.invalid)
        if isinstance(found, Counterpart):
            found = mutual("1", found, self.back)
        if isinstance(found, Counterpart):
            return "they are linked", found.rule
        return ("it is new" if isinstance(found, Alone) else "a person decides"), found.rule


ONE: Final = (Candidate("17", 0, False, 0),)
MEETINGS: Final = (
    Meeting(
        "one carries our reference of it, whoever shares a criterion",
        (Candidate("17", REFERENCES[Side.LEFT], False, 0), Candidate("18", 0, False, 0)),
    ),
    Meeting("exactly one record shares a criterion, and nobody else on this side does", ONE),
    Meeting("one shares the e-mail address and the same one the number", (Candidate("17", 0, False, 0), Candidate("17", 1, False, 0))),
    Meeting("one shares the e-mail address and another the number", (Candidate("17", 0, False, 0), Candidate("18", 1, False, 0))),
    Meeting("two share it", (Candidate("17", 0, False, 0), Candidate("18", 0, False, 0))),
    Meeting("one shares it, and so does another record on this side", (Candidate("17", 0, False, 1),)),
    Meeting("one shares it, and shares another criterion with another record on this side", ONE, back=(Candidate("2", 1, False, 0),)),
    Meeting("one of the two that share it is linked already", (Candidate("17", 0, True, 0), Candidate("18", 0, False, 0))),
    Meeting("all that share it are linked already", (Candidate("17", 0, True, 0),)),
    Meeting("nobody shares a criterion", ()),
    Meeting("nobody shares a criterion, but a property of one is not valid: a mistyped number", (), ("Number",)),
)


def _matching() -> Iterator[str]:
    yield "## Who is who"
    yield ""
    yield "Asked once, for a record without a link; after that only the link counts. Both sides are looked at, and all criteria"
    yield "together, so it does not matter which record is looked at first. A record that is new gets a counterpart where the flow"
    yield "creates them and has the go-ahead."
    yield ""
    rows = [(one.words, *one.decided()) for one in MEETINGS]
    yield from _table(("When", "What follows", "Rule"), rows)


_AFTER: Final = {
    AfterDelete.REPORT: "reported; both the link and the other record stay",
    AfterDelete.UNLINK: "the link ends; what is left stays as it is and gets no new counterpart",
    AfterDelete.FOLLOW: "the other record is deleted too, within the budget",
    AfterDelete.KEEP: "an edit beats a deletion: the link ends, the other record stays and is reported",
}

DELETIONS: Final = (*((policy, changed, False) for policy in DeletePolicy for changed in (False, True)), (DeletePolicy.DELETE, True, True))
"""Policy, whether the survivor was edited since both agreed, whether both are gone."""


def _deletes() -> Iterator[str]:
    yield "## When one side is deleted"
    yield ""
    yield "A deletion needs evidence: the system says so, or the record is missing from complete listings and asking for it gives"
    yield "*not found*. A refusal, an error or an empty answer is never evidence. A record that leaves the filter is not deleted for"
    yield "it."
    yield ""
    yield from _table(("Policy", "The other record", "What follows", "Rule"), delete_rows())


def delete_rows(policies: Collection[DeletePolicy] = tuple(DeletePolicy)) -> list[tuple[str, str, str, str]]:
    """Deletions in words: policy, what became of the other record, what follows, rule; of these policies, and where both are gone."""
    rows = []
    for policy, changed, both in DELETIONS:
        if both or policy in policies:
            then, rule = after_delete(policy, changed, both)
            survivor = "was deleted too" if both else "was edited" if changed else "was not touched"
            rows.append(("any" if both else f"`{policy}`", survivor, "the link ends" if both else _AFTER[then], rule))
    return rows


def _all_rules() -> Iterator[str]:
    yield "## All rules"
    yield ""
    yield from _table(("Rule", "What it says"), list(RULES.items()))

"""Filters: parsed, printed and evaluated as an independent evaluator does; errors name their column; nothing is ever executed."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mapping_builders import HOSTILE, LAW, raws

from accord.core.filters import DEEPEST, LONGEST, Comparison, FilterProblem, IsNull, Joined, Node, Not, compile_filter, leaves, parse, show
from accord.model.manifest import Property

PROPERTIES = {
    "Status": Property(),
    "address.city": Property(),
    "Total": Property(type="decimal"),
    "Count": Property(type="integer", format="text"),
    "Active": Property(type="boolean"),
    "Born": Property(type="date"),
    "At": Property(type="instant"),
    "Lines": Property(type="list"),
}
TEXTS = st.sampled_from(["won", "lost", "it's", "", "Å"])
NUMBERS = st.sampled_from([Decimal(n) for n in ("0", "1", "-2.5", "10")])


def comparisons() -> st.SearchStrategy[Node]:
    signs = st.sampled_from(["=", "!=", "<", "<=", ">", ">="])
    texts = st.builds(Comparison, st.sampled_from(["Status", "address.city"]), signs, st.tuples(TEXTS))
    numbers = st.builds(Comparison, st.just("Total"), signs, st.tuples(NUMBERS))
    several = st.builds(Comparison, st.just("Status"), st.just("in"), st.lists(TEXTS, min_size=1, max_size=3).map(tuple))
    truths = st.builds(Comparison, st.just("Active"), st.sampled_from(["=", "!="]), st.tuples(st.booleans()))
    nulls = st.builds(IsNull, st.sampled_from(sorted(PROPERTIES)), st.booleans())
    return texts | numbers | several | truths | nulls


def joined(children: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    return st.builds(Not, children) | st.builds(
        Joined, st.sampled_from(["and", "or"]), st.lists(children, min_size=2, max_size=3).map(tuple)
    )


NODES = st.recursive(comparisons(), joined, max_leaves=8)
RECORDS = st.fixed_dictionaries(
    {},
    optional={
        "Status": TEXTS | st.none(),
        "address.city": TEXTS,
        "Total": st.none() | NUMBERS | st.integers(-3, 3) | st.floats(-3, 3),
        "Active": st.booleans() | st.none(),
        "Born": st.none(),
    },
)


def holds(node: Node, record: Mapping[str, Any]) -> bool:
    """The meaning once more, by the book."""
    if isinstance(node, Not):
        return not holds(node.part, record)
    if isinstance(node, Joined):
        results = [holds(part, record) for part in node.parts]
        return False not in results if node.word == "and" else True in results
    value = record.get(node.name)
    if isinstance(node, IsNull):
        return value is not None if node.negated else value is None
    if value is None:
        return False
    if isinstance(value, int | float) and not isinstance(value, bool):
        value = Decimal(repr(value))
    if node.operator == "in":
        return value in node.literals
    order = (value > node.literals[0]) - (value < node.literals[0])
    return order in {"=": (0,), "!=": (-1, 1), "<": (-1,), "<=": (-1, 0), ">": (1,), ">=": (0, 1)}[node.operator]


@given(NODES)
@LAW
def test_a_filter_is_parsed_as_it_was_printed(node: Node) -> None:
    assert parse(show(node)) == node


@given(NODES, RECORDS)
@LAW
def test_a_filter_means_what_an_independent_evaluator_says(node: Node, record: dict[str, Any]) -> None:
    assert compile_filter(parse(show(node)), PROPERTIES)(record) is holds(node, record)


@given(NODES, st.dictionaries(st.sampled_from(sorted(PROPERTIES)), raws()))
@LAW
def test_hostile_records_are_in_or_out_but_never_an_error(node: Node, record: dict[str, Any]) -> None:
    assert compile_filter(node, PROPERTIES)(record) in (True, False)


@given(st.text(max_size=60) | st.text("'()=<>! andornotisull,Status.10", max_size=60))
@LAW
def test_any_text_is_a_filter_or_a_problem_with_its_column(text: str) -> None:
    try:
        node = parse(text)
    except FilterProblem as problem:
        assert 1 <= problem.column <= len(text) + 1
    else:
        assert parse(show(node)) == node


@pytest.mark.parametrize(
    ("text", "record", "result"),
    [
        ("Status = 'won' AND Total > 0", {"Status": "won", "Total": 1}, True),
        ("Status = 'won' and Total > 0 or Active = true", {"Active": True}, True),
        ("not Status = 'won' and Active = true", {"Active": False}, False),
        ("Status = 'it''s'", {"Status": "it's"}, True),
        ("Status = 'A\u030a'", {"Status": "Å"}, True),
        ("address.city in ('Oslo', 'Ås')", {"address.city": "Ås"}, True),
        ("Count >= 9", {"Count": "10"}, True),
        ("Born < '2000-01-01'", {"Born": "1984-03-09T00:00:00"}, True),
        ("At >= '2026-01-31T12:00:00+01:00'", {"At": "2026-01-31T11:00:00Z"}, True),
        ("Total = 1", {"Total": 1.0}, True),
        ("Total != 1", {"Total": None}, False),
        ("not Total = 1", {"Total": None}, True),
        ("Status is null", {}, True),
        ("Status is null", {"Status": ""}, False),
        ("Lines is not null", {"Lines": []}, True),
    ],
)
def test_filters_by_example(text: str, record: dict[str, Any], result: bool) -> None:
    assert compile_filter(parse(text), PROPERTIES)(record) is result


@pytest.mark.parametrize(
    ("text", "column", "words"),
    [
        ("Status = won", 10, "expected 'text'"),
        ("Status == 'won'", 9, "expected 'text'"),
        ("Statut = 'won'", 1, "no property Statut"),
        ("Total > 'x'", 1, "is of type decimal"),
        ("Status = 1", 1, "is of type string"),
        ("Active > true", 1, "cannot compare"),
        ("Lines = 'x'", 1, "cannot compare"),
        ("Born = 'soon'", 1, "is of type date"),
        ("Status = null", 10, "is null"),
        ("Status = 'won", 10, "not closed"),
        ("Status = 'won' Total", 16, "expected and, or"),
        ("(Status = 'won'", 16, "expected ')'"),
        ("Status = 'won' and", 19, "name of a property"),
        ("__import__('os')", 11, "expected a comparison"),
        ("", 1, "name of a property"),
        ("(" * (DEEPEST + 1), DEEPEST + 1, "nested deeper"),
        ("x" * (LONGEST + 1), LONGEST + 1, "longer than"),
    ],
)
def test_problems_name_the_column(text: str, column: int, words: str) -> None:
    with pytest.raises(FilterProblem) as problem:
        compile_filter(parse(text), PROPERTIES)
    assert problem.value.column == column
    assert words in problem.value.what


def test_leaves_are_in_reading_order() -> None:
    assert [leaf.name for leaf in leaves(parse("a = 1 and (b is null or not c in (1, 2))"))] == ["a", "b", "c"]


@pytest.mark.parametrize("raw", HOSTILE, ids=lambda raw: ascii(raw)[:30])
def test_hostile_values_compare_as_false_or_true(raw: object) -> None:
    for text in ("Status = 'a'", "Total < 5", "Active = true", "Born > '2000-01-01'", "At < '2026-01-01T00:00:00Z'"):
        name = text.split()[0]
        assert compile_filter(parse(text), PROPERTIES)({name: raw}) in (True, False)

"""What a filter says of itself: each problem in whole words at its column, and the printed form with no bracket that is not needed."""

import pytest
from test_filters import PROPERTIES

from accord.core.filters import DEEPEST, LONGEST, FilterProblem, compile_filter, parse, show

PROBLEMS = {
    "": "column 1: expected the name of a property, not 'the end'",
    "not": "column 4: expected the name of a property, not 'the end'",
    "and = 1": "column 1: expected the name of a property, not 'and'",
    "'a' = Status": "column 1: expected the name of a property, not \"'a'\"",
    "Status = 'a' and": "column 17: expected the name of a property, not 'the end'",
    "Status": "column 7: expected a comparison, not 'the end'",
    "Status won": "column 8: expected a comparison, not 'won'",
    "Status (": "column 8: expected a comparison, not '('",
    "Status = ": "column 10: expected 'text', a number, true or false, not 'the end'",
    "Status = won": "column 10: expected 'text', a number, true or false, not 'won'",
    "Status in ('a',)": "column 16: expected 'text', a number, true or false, not ')'",
    "Status = null": "column 10: null is asked for with: is null, or: is not null",
    "Status is": "column 10: expected 'null', not 'the end'",
    "Status is not 'a'": "column 15: expected 'null', not \"'a'\"",
    "Status in": "column 10: expected '(', not 'the end'",
    "Status in ('a'": "column 15: expected ')', not 'the end'",
    "Status in ('a' 'b')": "column 16: expected ')', not \"'b'\"",
    "(Status = 'a'": "column 14: expected ')', not 'the end'",
    "Status = 'a' Total": "column 14: expected and, or, or the end, not 'Total'",
    "Status = 'a' )": "column 14: expected and, or, or the end, not ')'",
    "Status = 'won": "column 10: a text is not closed",
    "  Status  ?": "column 11: cannot read '?'",
    "Statut = 'a'": "column 1: there is no property Statut",
    "not statut is null": "column 5: there is no property statut",
    "Lines = 'x'": "column 1: Lines is of type list, which = cannot compare",
    "Lines in ('x')": "column 1: Lines is of type list, which in cannot compare",
    "Active > true": "column 1: Active is of type boolean, which > cannot compare",
    "Status is null or Total > 'x'": "column 19: Total is of type decimal; 'x' is not",
    "Count = true": "column 1: Count is of type integer; true is not",
    "Status = 1": "column 1: Status is of type string; 1 is not",
    "Active = 'x'": "column 1: Active is of type boolean; 'x' is not",
    "Born = false": "column 1: Born is of type date; false is not",
    "Born = 'soon'": "column 1: Born is of type date; 'soon' is a text of 4 characters where a date is expected",
    "(" * (DEEPEST + 1): f"column {DEEPEST + 1}: nested deeper than {DEEPEST} levels",
    "not " * (DEEPEST + 1): f"column {4 * DEEPEST + 1}: nested deeper than {DEEPEST} levels",
    "x" * (LONGEST + 1): f"column {LONGEST + 1}: longer than {LONGEST} characters",
}


@pytest.mark.parametrize("text", PROBLEMS, ids=lambda text: text[:30])
def test_a_problem_says_in_whole_words_what_was_expected_and_what_there_is(text: str) -> None:
    with pytest.raises(FilterProblem) as problem:
        compile_filter(parse(text), PROPERTIES)
    assert str(problem.value) == PROBLEMS[text]
    assert str(problem.value) == f"column {problem.value.column}: {problem.value.what}"


@pytest.mark.parametrize("text", ["(" * DEEPEST + "Total = 1" + ")" * DEEPEST, "not " * DEEPEST + "Total = 1"])
def test_what_is_as_deep_as_allowed_is_read(text: str) -> None:
    assert parse(text)
    assert parse(f"{text} and {text}"), "what is closed counts no more"


def test_what_is_as_long_as_allowed_is_read() -> None:
    assert parse("Total = 1".ljust(LONGEST))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("((A=1))", "A = 1"),
        ("not (A=1)", "not A = 1"),
        ("NOT (A=1 AND B IS NOT NULL)", "not (A = 1 and B is not null)"),
        ("A=1 and B=2 or C=true", "(A = 1 and B = 2) or C = true"),
        ("A IN('x','it''s') and not not B=false", "A in ('x', 'it''s') and not not B = false"),
        ("A=-0.00000001 or A>=10000000000000000000000", "A = -0.00000001 or A >= 10000000000000000000000"),
    ],
)
def test_a_filter_is_printed_with_single_spaces_lower_words_and_no_bracket_that_is_not_needed(text: str, shown: str) -> None:
    assert show(parse(text)) == shown

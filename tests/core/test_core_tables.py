"""The merge table page: the committed file is what the code that decides gives, and each example stands for its row."""

from itertools import product
from pathlib import Path

import pytest

from accord.core.merging import TABLE, Now, decide
from accord.core.rules import RULES
from accord.core.tables import CROSSINGS, DELETIONS, LISTS, MEETINGS, POLICIES, ROWS, Case, delete_rows, fitting, page
from accord.model.dataflow import ConflictPolicy, DeletePolicy

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "merge-table.md"


def test_the_committed_page_is_what_the_code_decides_today() -> None:
    assert PAGE.read_text("utf-8") == page(), "docs/reference/merge-table.md is out of date: make reference"


@pytest.mark.parametrize(("row", "case"), list(zip(TABLE, ROWS, strict=True)), ids=lambda one: getattr(one, "rule", "example"))
def test_each_row_of_the_table_has_an_example_that_it_decides(row: object, case: Case) -> None:
    assert decide(case.left, case.right, (case.left_base, case.right_base)) == row


def test_17_of_the_25_cases_can_come_up_and_the_other_eight_are_half_a_base() -> None:
    none = {(left, right) for left, right in product(Now, Now) if not fitting(left, right)}
    based, fresh = (Now.STILL, Now.MOVED), (Now.EMPTY, Now.VALUE)
    assert none == {*product(based, fresh), *product(fresh, based)}


def test_the_deletions_of_some_policies_are_theirs_and_those_of_both_sides() -> None:
    assert {policy for policy, *_ in delete_rows([DeletePolicy.REPORT])} == {"`report`", "any"}
    assert len(delete_rows()) == len(DELETIONS)


def test_every_policy_and_every_rule_of_the_merge_has_an_example() -> None:
    shown = {one.rule for one in TABLE} | {case.merged().rule for _, case in (*CROSSINGS, *POLICIES, *LISTS)}
    assert shown == {rule for rule in RULES if rule.split("-")[0] in ("MERGE", "LIST", "CONFLICT")}
    assert {case.rule.conflict for _, case in POLICIES} == set(ConflictPolicy)
    assert {policy for policy, _, _ in DELETIONS} == set(DeletePolicy)


def test_every_rule_of_matching_has_an_example() -> None:
    assert {one.decided()[1] for one in MEETINGS} == {rule for rule in RULES if rule.startswith("MATCH")}


def test_every_rule_is_on_the_page() -> None:
    written = page()
    assert all(f"| {rule} | {text} |" in written for rule, text in RULES.items())

"""The small rooms of the core: order of flows, guards, what follows from looking for a create, comparing, the rules' words."""

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import accord
from accord.core import guards
from accord.core.comparing import Comparison, compare
from accord.core.ordering import parents_first, references
from accord.core.recovering import Adopt, Again, Choose, Wait, told
from accord.core.rules import RULES, reason
from accord.model.dataflow import Direction, Flow, Guards, PropertyMapping
from accord.model.plans import Found
from accord.model.records import RecordRef, Seen, Side
from accord.model.values import DataType

SOURCES = Path(accord.__file__).parent

# --- the order of flows -----------------------------------------------------------------------------------------------------------------


def mapping(name: str, *, refers_to: tuple[str, ...] = (), **more: Any) -> PropertyMapping:
    kind = DataType.REFERENCE if refers_to else DataType.STRING
    return PropertyMapping(**{"left": (name,), "right": (name,), "name": name, "type": kind, "refers_to": refers_to, **more})


def flow(name: str, *parents: str) -> Flow:
    return Flow(name=name, left="L", right="R", properties=(mapping("Text"), *(mapping(f"To {one}", refers_to=(one,)) for one in parents)))


def ordered(*flows: Flow) -> list[str]:
    return [one.name for one in parents_first(flows)]


def test_P14_parents_go_before_those_that_refer_to_them_and_else_the_order_of_the_file_stays() -> None:
    assert ordered(flow("invoice", "order"), flow("order", "person", "company"), flow("person"), flow("company")) == [
        "person",
        "company",
        "order",
        "invoice",
    ]
    assert ordered(flow("b"), flow("a")) == ["b", "a"]


def test_P14_a_cycle_is_broken_where_the_file_begins_and_a_flow_that_refers_to_itself_is_none() -> None:
    assert ordered(flow("a", "b"), flow("b", "a"), flow("c", "c")) == ["c", "a", "b"]
    assert ordered(flow("a", "b"), flow("b", "a")) == ["a", "b"]
    assert ordered(flow("tree", "tree"), flow("b")) == ["tree", "b"]


def test_a_reference_to_a_flow_that_does_not_run_now_holds_up_nothing() -> None:
    assert ordered(flow("a", "elsewhere"), flow("b")) == ["a", "b"]


def test_references_within_items_count() -> None:
    inside = mapping("Lines", type=DataType.LIST, properties=(mapping("Product", refers_to=("product",)),))
    assert references(Flow(name="f", left="L", right="R", properties=(inside,))) == {"product"}


@given(st.dictionaries(st.sampled_from("abcde"), st.sets(st.sampled_from("abcdef"), max_size=3), max_size=5))
def test_every_flow_goes_exactly_once_and_after_its_parents_unless_there_is_a_cycle(graph: dict[str, set[str]]) -> None:
    order = ordered(*(flow(name, *sorted(parents)) for name, parents in graph.items()))
    assert sorted(order) == sorted(graph)

    def above(name: str, seen: frozenset[str] = frozenset()) -> frozenset[str]:
        for parent in (graph[name] & graph.keys()) - {name} - seen:
            seen = above(parent, seen | {parent})
        return seen

    for name in graph:
        for parent in (graph[name] & graph.keys()) - {name}:
            cyclic = any(one in above(one) for one in {name, *above(name)})
            assert cyclic or order.index(parent) < order.index(name)


# --- guards -----------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wanted", "done", "links", "allowed"),
    [
        (1, 0, 5, True),
        (2, 0, 5, False),
        (1, 1, 150, False),
        (5, 0, 500, True),
        (6, 0, 500, False),
        (10, 0, 5000, True),
        (11, 0, 5000, False),
    ],
)
def test_P10_deletes_are_the_smaller_of_a_number_and_a_share_of_the_links(wanted: int, done: int, links: int, allowed: bool) -> None:
    assert guards.deletes_allowed(Guards(), wanted, done, links) is allowed


@given(st.integers(0, 50), st.integers(0, 50), st.integers(0, 10_000), st.integers(0, 20), st.floats(0, 100))
def test_P10_what_was_done_within_the_day_counts_and_no_budget_is_no_delete(
    wanted: int, done: int, links: int, most: int, percent: float
) -> None:
    budget = Guards(deletes=most, deletes_percent=percent)
    allowed = guards.deletes_allowed(budget, wanted, done, links)
    assert allowed == guards.deletes_allowed(budget, wanted + done, 0, links)
    assert not allowed or wanted + done <= most
    assert most or allowed == (wanted + done == 0)


@pytest.mark.parametrize(("changes", "links", "allowed"), [(100, 100, True), (101, 202, True), (101, 201, False), (5000, 10_000, True)])
def test_many_linked_records_change_at_once_only_below_the_number_or_the_share(changes: int, links: int, allowed: bool) -> None:
    assert guards.changes_allowed(Guards(), guards.Amount(changes, changes), links) is allowed


@pytest.mark.parametrize(("writes", "links", "calm"), [(0, 0, True), (10, 10, True), (11, 1100, True), (11, 1099, False)])
def test_P22_after_a_changed_configuration_little_goes_on_by_itself(writes: int, links: int, calm: bool) -> None:
    assert guards.careful(guards.Amount(0, writes), links) is calm


def test_P9_a_listing_that_is_suddenly_empty_or_halved_is_not_believed() -> None:
    assert guards.suspiciously_empty(0, 1) and not guards.suspiciously_empty(0, 0) and not guards.suspiciously_empty(1, 5)
    assert guards.suspiciously_many(11, 21) and not guards.suspiciously_many(11, 22) and not guards.suspiciously_many(10, 10)


def test_a_value_that_was_written_again_and_again_goes_back_and_forth() -> None:
    assert guards.goes_back_and_forth(["a"] * guards.ROUNDS, "a")
    assert not guards.goes_back_and_forth(["a"] * (guards.ROUNDS - 1) + ["b"], "a")
    assert not guards.goes_back_and_forth([], "a")


# --- an unanswered create ---------------------------------------------------------------------------------------------------------------


def seen(side: Side, id: str) -> Seen:
    return Seen.of(RecordRef(side, "Persons", id), {"name": id})


def found(*records: Seen, certain: bool = False) -> Found:
    return Found("k", records, certain)


def test_P7_a_copy_that_is_found_is_adopted_and_several_are_for_a_person() -> None:
    one, two = seen(Side.RIGHT, "p1"), seen(Side.RIGHT, "p2")
    for certain in (False, True):
        assert told(Side.RIGHT, found(one, one, certain=certain), True) == Adopt(one)
        assert told(Side.RIGHT, found(two, one, certain=certain), True) == Choose(("p1", "p2"))


def test_P7_a_create_is_sent_again_only_when_it_certainly_did_not_happen_and_cannot_happen_any_more() -> None:
    for certain, settled in ((False, False), (False, True), (True, False)):
        assert told(Side.RIGHT, found(certain=certain), settled) == Wait()
    assert told(Side.RIGHT, found(certain=True), True) == Again()


def test_what_is_found_on_the_asking_side_is_no_copy() -> None:
    assert told(Side.RIGHT, found(seen(Side.LEFT, "c1"), certain=True), True) == Again()


# --- comparing --------------------------------------------------------------------------------------------------------------------------

COMPARED = Flow(
    name="f", left="L", right="R", properties=(mapping("A"), mapping("One way", direction=Direction.LEFT_TO_RIGHT), mapping("Lines"))
)


def test_P1_what_corresponds_is_in_step_and_one_way_properties_are_not_asked() -> None:
    assert compare(COMPARED, {"A": "", "One way": "x"}, {"A": None, "One way": "y"}) == Comparison(2, ())
    assert compare(COMPARED, {"A": "x"}, {"A": "y"}) == Comparison(2, ("A",))
    assert compare(COMPARED, {"A": "x"}, {}) == Comparison(2, ("A",))


@given(st.sampled_from([None, "", "x", "y"]), st.sampled_from([None, "", "x", "y"]))
def test_P12_a_difference_is_one_from_either_side_also_where_one_of_the_values_is_empty(one: str | None, other: str | None) -> None:
    differs = (one or "") != (other or "")
    for left, right in ((one, other), (other, one)):
        assert compare(COMPARED, {"A": left}, {"A": right}).differing == (("A",) if differs else ())
        inside = compare(COMPARED, {"Lines": {"1": {"t": left}}}, {"Lines": {"1": {"t": right}}})
        assert inside.differing == (("Lines[1].t",) if differs else ())


def test_each_item_property_of_a_list_is_compared_by_itself() -> None:
    left = {"A": 1, "Lines": {"1": {"n": 1, "t": "x"}, "2": {"n": 2}}}
    right = {"A": 1, "Lines": {"1": {"n": 9, "t": "x"}, "3": {"n": 3, "t": "z"}}}
    assert compare(COMPARED, left, right) == Comparison(6, ("Lines[1].n", "Lines[2]", "Lines[3]", "Lines[3]"))
    assert compare(COMPARED, {"Lines": {}}, {"Lines": None}) == Comparison(2, ())


def test_an_item_property_that_is_empty_in_another_way_is_in_step() -> None:
    """Pinned: null on one side and an empty text on the other were told as a difference within items, though not outside of them."""
    assert compare(COMPARED, {"Lines": {"1": {"t": ""}}}, {"Lines": {"1": {"t": None}}}).differing == ()


def test_an_item_property_that_goes_one_way_is_not_asked() -> None:
    """Pinned: a census told an edit as a difference that stays where it was made."""
    items = (mapping("n"), mapping("own", direction=Direction.LEFT_TO_RIGHT))
    lines = Flow(name="f", left="L", right="R", properties=(mapping("Lines", type=DataType.LIST, properties=items),))
    assert compare(lines, {"Lines": {"1": {"n": 1, "own": "x"}}}, {"Lines": {"1": {"n": 1, "own": "y"}}}) == Comparison(1, ())


# --- the rules' words -------------------------------------------------------------------------------------------------------------------


def test_a_reason_is_the_rules_sentence_with_its_detail() -> None:
    assert reason("MERGE-02").text == RULES["MERGE-02"] == "changed on the left"
    assert (reason("MERGE-02", "Number").rule, reason("MERGE-02", "Number").text) == ("MERGE-02", "changed on the left: Number")


def test_every_rule_is_given_somewhere_and_every_rule_that_is_given_is_known() -> None:
    families = "|".join({rule.split("-")[0] for rule in RULES})
    named = set[str]()
    for path in SOURCES.rglob("*.py"):
        if path.name not in ("rules.py", "tables.py") and "testing" not in path.parts:
            named |= set(re.findall(rf"""["'(]((?:{families})-[0-9]{{2}})["')]""", path.read_text("utf-8")))
    assert named == set(RULES)

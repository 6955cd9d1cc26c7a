"""A base only after proof (P17): what an answered write makes agreed, and what it leaves open."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mapping_builders import LAW
from merge_world import FULL, LEFT, LISTS, RIGHT, TEXTS, maybe, update

from accord.core.agreeing import agree, crossed, rewritten
from accord.core.merging import ABSENT, items_of
from accord.model.links import Link
from accord.model.plans import OperationKind
from accord.model.records import Side
from accord.model.values import is_empty

KINDS = st.sampled_from([OperationKind.UPDATE, OperationKind.CREATE])


def link_of(side: Side, target: dict[str, Any], source: dict[str, Any]) -> Link:
    """A link with these bases of the side that is written and of the other."""
    left, right = (target, source) if side is LEFT else (source, target)
    return Link("f", "L", "R", left, right, 7)


def only(**values: Any) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not ABSENT}


# --- laws -------------------------------------------------------------------------------------------------------------------------------


@LAW
@given(st.sampled_from(Side), KINDS, st.booleans(), maybe(TEXTS), maybe(TEXTS), maybe(TEXTS), maybe(TEXTS), maybe(TEXTS))
def test_P17_a_base_becomes_what_was_answered_and_what_was_held_or_stays(
    side: Side, kind: OperationKind, whole: bool, sent: Any, held: Any, answered: Any, target: Any, source: Any
) -> None:
    before = link_of(side, only(p=target), only(p=source))
    after, again = agree(before, update(side, only(p=sent), {}, kind), only(p=held), only(p=answered), whole=whole)
    new_target, new_source = after.base(side).get("p", ABSENT), after.base(side.other).get("p", ABSENT)
    assert (after.flow, after.left, after.right, after.id) == ("f", "L", "R", 7)
    assert new_target in (target, answered) and new_source in (source, held)
    if answered is ABSENT:
        assert (new_target, new_source, again) == (target, source, ())
    elif sent is not ABSENT and not whole and answered != sent:
        assert (new_target, new_source, again) == (target, source, ("p",))
    elif new_source != source:
        default = kind is OperationKind.CREATE and is_empty(held)
        assert held == sent or default or (sent is ABSENT and (held == answered or (is_empty(held) and is_empty(answered))))


@LAW
@given(st.sampled_from(Side), st.booleans(), FULL, FULL, LISTS, FULL, FULL)
def test_P17_of_a_list_only_what_came_from_the_source_is_agreed(
    side: Side, whole: bool, sent: Any, held: Any, answered: Any, target: Any, source: Any
) -> None:
    sent, before = items_of(sent), link_of(side, {"p": target}, {"p": source})
    after, _ = agree(before, update(side, {"p": sent}, {"p": target}), {"p": held}, {"p": answered}, whole=whole)
    for new, old, confirmed in ((after.base(side), target, answered), (after.base(side.other), source, held)):
        for key, item in items_of(new["p"]).items():
            for name, value in item.items():
                if value != items_of(old).get(key, {}).get(name, ABSENT):
                    assert value == items_of(confirmed)[key][name]
                    assert sent[key][name] == items_of(held)[key][name] or key not in items_of(answered)
    for key in items_of(target):
        if key not in items_of(after.base(side)["p"]):
            assert key not in items_of(answered) or (key not in sent and key not in items_of(held))


@LAW
@given(st.sampled_from(Side), FULL)
def test_a_list_that_came_from_the_source_alone_is_agreed_as_it_was_answered(side: Side, sent: Any) -> None:
    after, again = agree(link_of(side, {}, {}), update(side, {"p": sent}, {}), {"p": sent}, {"p": sent})
    assert (items_of(after.left_base["p"]), items_of(after.right_base["p"]), again) == (items_of(sent), items_of(sent), ())


@LAW
@given(FULL, FULL)
def test_what_crossed_is_what_the_target_did_not_hold(sent: Any, held: Any) -> None:
    found = items_of(crossed(update(RIGHT, {"p": sent}, {"p": held}))["p"])
    assert found.keys() == items_of(sent).keys()
    for key, item in found.items():
        before = items_of(held).get(key, {})
        assert all(item.get(name, before.get(name)) == value for name, value in items_of(sent)[key].items())
        assert not any(before.get(name, ABSENT) == value for name, value in item.items())


# --- examples ---------------------------------------------------------------------------------------------------------------------------


def test_P6_what_the_target_makes_of_a_value_is_its_base_and_is_told() -> None:
    operation = update(RIGHT, {"p": " Ada "}, {"p": "Bo"})
    after, again = agree(link_of(RIGHT, {"p": "Bo"}, {"p": "Bo"}), operation, {"p": " Ada "}, {"p": "Ada"})
    assert (after.left_base, after.right_base, again) == ({"p": " Ada "}, {"p": "Ada"}, ())
    assert rewritten(operation, {"p": "Ada"}) == ("p",)
    assert rewritten(operation, {"p": " Ada "}) == rewritten(operation, {}) == ()


def test_a_default_that_a_create_carried_is_no_edit_on_either_side() -> None:
    operation = update(RIGHT, {"p": "none"}, {}, OperationKind.CREATE)
    after, again = agree(link_of(RIGHT, {}, {}), operation, {"p": None}, {"p": "none"})
    assert (after.left_base, after.right_base, again) == ({"p": None}, {"p": "none"}, ())


def test_what_a_create_sent_and_the_target_does_not_hold_is_sent_once_more() -> None:
    operation = update(RIGHT, {"p": "a", "q": {"1": {"n": 1}}, "r": None}, {}, OperationKind.CREATE)
    values = {"p": "a", "q": {"1": {"n": 1}}, "r": None}
    after, again = agree(link_of(RIGHT, {}, {}), operation, values, {"p": None, "q": {}, "r": None})
    assert (after.left_base, after.right_base, again) == ({"r": None}, {"r": None}, ("p", "q"))


def test_P4_what_a_user_changed_while_something_else_was_written_keeps_its_base() -> None:
    operation = update(RIGHT, {"p": "b"}, {"p": "a"})
    after, again = agree(link_of(RIGHT, {"p": "a", "q": "a"}, {"p": "a", "q": "a"}), operation, {"p": "b", "q": "a"}, {"p": "b", "q": "c"})
    assert (after.left_base, after.right_base, again) == ({"p": "b", "q": "a"}, {"p": "b", "q": "a"}, ("q",))


def test_what_a_side_keeps_in_its_own_way_is_compared_with_its_own_base() -> None:
    before = link_of(RIGHT, {"p": "a", "q": "OSLO"}, {"p": "a", "q": "Oslo"})
    after, again = agree(before, update(RIGHT, {"p": "b"}, {"p": "a"}), {"p": "b", "q": "Oslo"}, {"p": "b", "q": "OSLO"})
    assert (after.right_base["q"], after.left_base["q"], again) == ("OSLO", "Oslo", ())


def test_a_property_without_a_base_is_agreed_where_both_sides_hold_the_same() -> None:
    operation = update(RIGHT, {"p": "b"}, {})
    source = {"p": "b", "same": "x", "empty": None, "other": "x", "here": "x", "there": None}
    answer = {"p": "b", "same": "x", "empty": "", "other": "y", "here": None, "there": "x", "unseen": "z"}
    after, again = agree(link_of(RIGHT, {}, {}), operation, source, answer)
    assert after.right_base == {"p": "b", "same": "x", "empty": ""} and after.left_base == {"p": "b", "same": "x", "empty": None}
    assert again == ("other", "here", "there")


@pytest.mark.parametrize("kind", OperationKind)
def test_of_a_write_that_was_made_in_part_only_what_is_held_as_it_was_sent_is_proven(kind: OperationKind) -> None:
    old, values = {"p": "a", "q": "a"}, {"p": "b", "q": "b"}
    operation = update(RIGHT, values, old, kind)
    after, again = agree(link_of(RIGHT, old, old), operation, values, {"p": "b", "q": "a"}, whole=False)
    assert (after.left_base, after.right_base, again) == ({"p": "b", "q": "a"}, {"p": "b", "q": "a"}, ("q",))


def test_a_default_in_a_create_that_was_made_in_part_is_not_proven() -> None:
    operation = update(RIGHT, {"p": "none"}, {}, OperationKind.CREATE)
    after, again = agree(link_of(RIGHT, {}, {}), operation, {"p": None}, {"p": "other"}, whole=False)
    assert (after.left_base, after.right_base, again) == ({}, {}, ("p",))


def test_of_a_list_that_was_written_in_part_only_the_items_that_are_as_they_were_sent_are_agreed() -> None:
    old = {key: {"n": int(key)} for key in "12345"}
    sent = {"1": {"n": 9}, "2": {"n": 9}, "5": {"n": 9}}
    before, operation = link_of(RIGHT, {"p": old}, {"p": old}), update(RIGHT, {"p": sent}, {"p": old})
    after, again = agree(before, operation, {"p": sent}, {"p": {"1": {"n": 9}, "2": {"n": 2}, "3": {"n": 3}}}, whole=False)
    assert after.left_base["p"] == after.right_base["p"] == {"1": {"n": 9}, "2": {"n": 2}, "3": {"n": 3}, "5": {"n": 5}}
    assert again == ("p",)


def test_P16_a_list_whose_source_is_not_known_any_more_proves_nothing() -> None:
    operation = update(LEFT, {"p": {"1": {"n": 2}}}, {"p": {"1": {"n": 1}}})
    before = link_of(LEFT, {"p": {"1": {"n": 1}}}, {"p": {"1": {"n": 1}}})
    assert agree(before, operation, {}, {"p": {"1": {"n": 2}}})[0] == before


def test_an_item_that_the_target_drops_is_not_its_edit() -> None:
    sent = {"1": {"n": 1}, "2": {"n": 2}}
    after, _ = agree(link_of(RIGHT, {}, {}), update(RIGHT, {"p": sent}, {}), {"p": sent}, {"p": {"1": {"n": 1}}})
    assert after.right_base["p"] == {"1": {"n": 1}} and after.left_base["p"] == sent


def test_an_item_that_the_target_drops_has_no_base_there_any_more_though_it_had_one() -> None:
    """Otherwise it would look as if a user of the target had taken it away, and the source would lose it."""
    old, sent = {"1": {"n": 1}}, {"1": {"n": 2}}
    after, again = agree(link_of(RIGHT, {"p": old}, {"p": old}), update(RIGHT, {"p": sent}, {"p": old}), {"p": sent}, {"p": {}})
    assert (after.right_base["p"], after.left_base["p"], again) == ({}, sent, ())


def test_P4_the_answer_to_an_earlier_create_is_what_the_source_held_then_and_not_what_was_sent() -> None:
    operation = update(RIGHT, {"p": "second", "q": "same", "r": "new"}, {}, OperationKind.CREATE)
    answer = {"p": "first", "q": "same", "r": None}
    after, again = agree(link_of(RIGHT, {}, {}), operation, {"p": "second", "q": "same", "r": "new"}, answer, replayed=True)
    assert after.left_base == after.right_base == {"p": "first", "q": "same"}
    assert again == ("p", "r")

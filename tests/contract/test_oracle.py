"""The oracle notices each planted violation, and is silent about two worlds that are in step."""

from dataclasses import replace
from decimal import Decimal

import pytest
from memory_case import Ticking

from accord.connectors.memory import MemoryDatatype, MemorySystem
from accord.model.records import RecordRef, Side
from accord.testing.oracle import View, corresponds, duplicates, echoes, idle_writes, lost_edits, missing, noise, token, tokens


class Pair:
    """Two worlds, and an engine by hand that does as each test says."""

    def __init__(self) -> None:
        now = Ticking()
        self.crm = MemorySystem("crm", now, {"Contact": MemoryDatatype()})
        self.mc = MemorySystem("mc", now, {"Persons": MemoryDatatype(id_style="int", upper_cases=frozenset({"city"}))})
        self.left = View(self.crm, Side.LEFT, "Contact", "Number", {"name": "Name", "city": "City"})
        self.right = View(self.mc, Side.RIGHT, "Persons", "number", {"name": "name", "city": "city"})

    def in_step(self) -> tuple[str, str]:
        """One thing: made by a user on the left, carried to the right."""
        left = self.crm.user_create("Contact", {"Number": "1", "Name": f"Ann {token(1)}", "City": f"Oslo {token(2)}"})
        right, _ = self.mc.create("Persons", {"number": "1", "name": f"Ann {token(1)}", "city": f"Oslo {token(2)}"}, f"crm:{left}", "")
        return left, right

    def verdict(self, losers: tuple[object, ...] = (), pending: tuple[RecordRef, ...] = ()) -> set[str]:
        """Which promises are broken."""
        same = {"city": lambda one, two: one.upper() == two.upper()}
        found = [
            *duplicates(self.left),
            *duplicates(self.right),
            *missing(self.left, self.right, pending),
            *corresponds(self.left, self.right, pending, same),
            *lost_edits(self.left, self.right, losers, pending),
            *echoes(self.left, self.right),
            *echoes(self.right, self.left),
            *idle_writes(self.left),
            *idle_writes(self.right),
        ]
        assert all(str(one).startswith(one.promise) and one.where and one.what for one in found)
        return {one.promise for one in found}


@pytest.fixture
def pair() -> Pair:
    return Pair()


def test_two_worlds_in_step_are_without_fault(pair: Pair) -> None:
    left, right = pair.in_step()
    pair.crm.user_edit("Contact", left, {"Name": f"Anne {token(3)}"})
    pair.mc.update("Persons", right, {"name": f"Anne {token(3)}"}, None)
    assert pair.verdict() == set()


def test_P7_a_second_create_for_one_source_is_noticed_even_when_deleted_since(pair: Pair) -> None:
    left, _ = pair.in_step()
    copy, _ = pair.mc.create("Persons", {"number": "other"}, f"crm:{left}", "")
    assert "P7" in pair.verdict()
    pair.mc.delete("Persons", copy, None)
    assert pair.verdict() == {"P7"}


def test_P7_a_copy_beside_the_record_that_was_there_is_noticed(pair: Pair) -> None:
    pair.in_step()
    pair.mc.create("Persons", {"number": "1", "name": f"Ann {token(1)}", "city": f"Oslo {token(2)}"}, "crm:another", "")
    assert pair.verdict() == {"P7"}


def test_P7_a_repeat_under_the_same_key_is_no_duplicate(pair: Pair) -> None:
    for _ in range(2):
        pair.mc.create("Persons", {"number": "1"}, "crm:1", "key")
    assert duplicates(pair.right) == []


def test_P1_a_record_without_counterpart_is_noticed_unless_it_is_pending(pair: Pair) -> None:
    id = pair.crm.user_create("Contact", {"Number": "2"})
    assert pair.verdict() == {"P1"}
    assert pair.verdict(pending=(RecordRef(Side.LEFT, "Contact", id),)) == set()


def test_P1_values_that_differ_are_noticed_unless_pending(pair: Pair) -> None:
    left, right = pair.in_step()
    pair.mc.update("Persons", right, {"name": "without a token"}, None)
    assert "P1" in {one.promise for one in corresponds(pair.left, pair.right)}
    assert corresponds(pair.left, pair.right, [RecordRef(Side.LEFT, "Contact", left)], {}) == []


def test_P1_what_is_the_same_may_be_said_per_property(pair: Pair) -> None:
    pair.in_step()
    assert [one.promise for one in corresponds(pair.left, pair.right)] == ["P1"]  # the right upper-cases cities
    assert corresponds(pair.left, pair.right, same={"city": lambda one, two: one.upper() == two}) == []


def test_P4_an_edit_that_was_overwritten_is_noticed_unless_it_is_kept(pair: Pair) -> None:
    left, right = pair.in_step()
    pair.crm.user_edit("Contact", left, {"Name": f"Anna {token(3)}"})
    pair.mc.user_edit("Persons", right, {"name": f"Anja {token(4)}"})
    pair.crm.update("Contact", left, {"Name": f"Anja {token(4)}"}, None)
    assert pair.verdict() == {"P4"}
    assert pair.verdict(losers=({"name": f"Anna {token(3)}"},)) == set()


def test_P4_an_edit_that_never_crossed_is_noticed_unless_it_is_pending(pair: Pair) -> None:
    left, right = pair.in_step()
    pair.crm.user_edit("Contact", left, {"Name": f"Anna {token(3)}"})
    assert pair.verdict() == {"P1", "P4"}
    for ref in (RecordRef(Side.LEFT, "Contact", left), RecordRef(Side.RIGHT, "Persons", right)):
        assert pair.verdict(pending=(ref,)) == set()
    assert pair.verdict(pending=(RecordRef(Side.RIGHT, "Persons", "77"),)) == {"P1", "P4"}


def test_P4_what_a_user_replaced_deleted_or_merged_away_is_accounted_for(pair: Pair) -> None:
    left, right = pair.in_step()
    pair.mc.user_edit("Persons", right, {"name": f"Anja {token(3)}"})
    pair.crm.update("Contact", left, {"Name": f"Anja {token(3)}"}, None)
    assert pair.verdict() == set()
    other = pair.crm.user_create("Contact", {"Number": "2", "Name": f"Bo {token(4)}"})
    pair.crm.user_merge("Contact", left, other)
    assert pair.verdict() == set()
    pair.crm.user_delete("Contact", left)
    pair.mc.delete("Persons", right, None)
    assert pair.verdict() == set()


def test_P11_an_edit_on_a_record_that_accord_deleted_is_noticed(pair: Pair) -> None:
    left, right = pair.in_step()
    pair.mc.user_edit("Persons", right, {"name": f"Anja {token(3)}"})
    pair.crm.user_delete("Contact", left)
    pair.mc.delete("Persons", right, None)
    assert [(one.promise, "nowhere" in one.what) for one in lost_edits(pair.left, pair.right, ())] == [("P4", True)]


def test_P4_a_record_that_may_be_alone_keeps_its_own_edits(pair: Pair) -> None:
    id = pair.mc.user_create("Persons", {"number": "9", "name": f"Cy {token(5)}"})
    assert [one.where for one in lost_edits(pair.left, pair.right, ())] == [f"mc Persons {id}"]
    assert lost_edits(pair.left, replace(pair.right, alone=True), ()) == []
    pair.mc.update("Persons", id, {"name": "gone"}, None)
    assert len(lost_edits(pair.left, replace(pair.right, alone=True), ())) == 1


def test_records_of_another_flow_are_none_of_this_ones_business(pair: Pair) -> None:
    pair.in_step()
    pair.mc.user_create("Persons", {"name": f"Di {token(6)}"})
    assert pair.verdict() == set()


def test_P4_a_token_in_another_property_does_not_count(pair: Pair) -> None:
    left, right = pair.in_step()
    pair.crm.user_edit("Contact", left, {"Name": token(3)})
    pair.mc.update("Persons", right, {"city": token(3)}, None)
    assert len(lost_edits(pair.left, pair.right, ())) == 2  # the name never crossed, and the city was overwritten


def test_P6_a_write_that_answers_no_edit_is_noticed(pair: Pair) -> None:
    left, right = pair.in_step()
    pair.crm.update("Contact", left, {"City": f"OSLO {token(2)}"}, None)  # the target's rewriting, taken for an edit
    assert pair.verdict() == {"P6"}
    assert echoes(pair.left, pair.right, slack=1) == []
    pair.mc.update("Persons", right, {"name": f"Ann {token(1)} "}, None)
    assert echoes(pair.right, pair.left) == []  # one create by a user on the left, one update on the right


def test_P3_a_write_that_changes_nothing_is_noticed(pair: Pair) -> None:
    _, right = pair.in_step()
    pair.mc.update("Persons", right, {"name": f"Ann {token(1)}"}, None)
    assert pair.verdict() == {"P3"}


def test_P2_any_call_after_settling_is_noticed(pair: Pair) -> None:
    left, right = pair.in_step()
    settled = len(pair.mc.calls)
    pair.crm.user_edit("Contact", left, {})
    assert noise(pair.mc, settled) == noise(pair.crm, 0) == []
    pair.mc.update("Persons", right, {"name": "x"}, None)
    assert [one.promise for one in noise(pair.mc, settled)] == ["P2"]


def test_tokens_are_found_at_any_depth_and_after_rewriting() -> None:
    values = {"Lines": [{"Text": f" a{token(1)}b ".strip().upper()}, None, 3, Decimal("1.5")], "Name": (token(2), {token(3)})}
    assert tokens(values) == {"~1~", "~2~", "~3~"}

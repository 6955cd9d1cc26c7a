"""The rare corners of mapping: what cannot be said is refused in words, or given as it is for the system to refuse."""

from dataclasses import replace
from typing import Any

import pytest
from mapping_builders import datatype, get, mapping, one, put, use

from accord.core.mapping import CompiledFlow, compile_flow, problems
from accord.core.mapping_laws import check_laws
from accord.core.mapping_sides import Items, Parts
from accord.core.values import Form, reader
from accord.model.dataflow import Direction, Flow, ItemKey, PropertyMapping
from accord.model.manifest import Property
from accord.model.records import Side
from accord.model.values import DataType

LEFT, RIGHT = Side.LEFT, Side.RIGHT
TEXT, WHOLE = Property(), Property(type="integer")
STREET = (TEXT, TEXT, TEXT)


def listed(*items: PropertyMapping, left: dict[str, Property], right: dict[str, Property], **more: Any) -> CompiledFlow:
    """A flow with one list, whose items have a key and these properties."""
    lines = mapping("Lines", "rows", type=DataType.LIST, item_key=ItemKey(left="No", right="no"), properties=items, **{"name": "p", **more})
    flow = Flow(name="f", left="Lefts", right="Rights", properties=(lines,))
    sides = (
        datatype(Lines=Property(type="list", items={"No": TEXT, **left})),
        datatype(rows=Property(type="list", items={"no": TEXT, **right})),
    )
    return compile_flow(flow, *sides, "UTC", "UTC")


# --- several properties that make one value ---------------------------------------------------------------------------------------------


def test_a_part_that_is_longer_than_its_property_is_a_fault_of_the_whole() -> None:
    flow = one(TEXT, (TEXT, TEXT, Property(max_length=1)), transform=use("street"))
    assert get(flow, LEFT, "Storgata 14 B") == "Storgata 14 B"
    assert get(one(TEXT, (Property(max_length=3), TEXT, TEXT), transform=use("street")), LEFT, "Storgata 14 B") == "FAULT"


def test_parts_that_cannot_be_read_are_written_anew() -> None:
    flow = one(TEXT, STREET, transform=use("street"))
    assert put(flow, RIGHT, "Storgata 14 B", "Storgata", ["not a text"], "B") == ("Storgata", "14", "B")
    assert put(flow, RIGHT, "Storgata 14 B", "Storgata", "14", "B") == ("Storgata", "14", "B")


def test_the_laws_are_tried_on_parts_and_lists_as_well() -> None:
    assert check_laws(one(TEXT, STREET, transform=use("street"))) == []
    items = (mapping("N", "n", type=DataType.INTEGER), mapping("T", "t", direction=Direction.LEFT_TO_RIGHT))
    assert check_laws(listed(*items, left={"N": WHOLE, "T": TEXT}, right={"n": WHOLE, "t": TEXT})) == []


def test_the_laws_do_not_ask_for_what_a_default_replaces_nor_for_one_way_mappings() -> None:
    assert check_laws(one(TEXT, TEXT, default="none")) == []
    assert check_laws(one(TEXT, Property(max_length=1), direction=Direction.LEFT_TO_RIGHT)) == []
    assert check_laws(listed(mapping("T", "t", default="none"), left={"T": TEXT}, right={"t": TEXT})) == []


def test_the_laws_tell_a_side_that_cannot_read_what_it_was_written() -> None:
    flow = one(TEXT, TEXT)
    crossing = flow.crossings["p"]

    def deaf(raw: object) -> str:
        raise_unfit(raw)
        return ""

    broken = replace(flow, crossings={"p": replace(crossing, right=replace(crossing.right, read=deaf))})
    assert check_laws(broken)[0].startswith("p: left ")


def raise_unfit(raw: object) -> None:
    from accord.core.wording import Unfit, describe

    raise Unfit(describe(raw))


def test_the_properties_of_each_kind_of_side_are_known() -> None:
    street = one(TEXT, STREET, transform=use("street")).crossings["p"]
    lines = listed(left={}, right={}).crossings["p"]
    assert isinstance(street.right, Parts) and street.right.paths == ("R0", "R1", "R2")
    assert isinstance(lines.left, Items) and lines.left.paths == ("Lines",)


# --- lists ------------------------------------------------------------------------------------------------------------------------------


def test_an_item_property_that_goes_one_way_is_left_out_of_what_is_written_the_other_way() -> None:
    flow = listed(mapping("T", "t", direction=Direction.LEFT_TO_RIGHT), left={"T": TEXT}, right={"t": TEXT})
    value = {"1": {"T": "x"}}
    assert flow.words(RIGHT, {"p": value}, None, {}) == {"rows": [{"t": "x", "no": "1"}]}
    assert flow.words(LEFT, {"p": value}, {"Lines": [{"No": "1", "T": "own"}]}, {}) == {"Lines": [{"No": "1", "T": "own"}]}


def test_a_new_item_carries_the_default_of_what_the_other_side_does_not_show_and_a_known_one_keeps_its_own() -> None:
    flow = listed(mapping("T", "t", default="none"), left={"T": TEXT}, right={"t": TEXT})
    said = flow.words(RIGHT, {"p": {"1": {}, "2": {}}}, {"rows": [{"no": "1", "t": "own"}]}, {})
    assert said == {"rows": [{"no": "1", "t": "own"}, {"no": "2", "t": "none"}]}


def test_a_list_is_one_property_on_each_side() -> None:
    key = ItemKey(left="No", right="no")
    wrong = mapping(("Lines", "More"), "rows", type=DataType.LIST, item_key=key)
    both = Property(type="list", items={"No": TEXT})
    flow = Flow(name="f", left="Lefts", right="Rights", properties=(wrong,))
    (found,) = problems(flow, datatype(Lines=both, More=both), datatype(rows=Property(type="list", items={"no": TEXT})))
    assert (found.where, found.what) == ("Lines+More", "a list is one property on each side")


# --- types that do not suit -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("left", "right", "more", "remedy"),
    [
        (Property(type="date"), Property(), {"transform": use("trim")}, "another transform"),
        (Property(type="date"), Property(type="boolean"), {"type": DataType.DATE}, "no rule takes a boolean to a date"),
    ],
)
def test_property_types_that_no_rule_joins_are_refused_with_what_to_do(
    left: Property, right: Property, more: dict[str, Any], remedy: str
) -> None:
    flow = Flow(name="f", left="Lefts", right="Rights", properties=(mapping("A", "a", **more),))
    (found,) = problems(flow, datatype(A=left), datatype(a=right))
    assert remedy in found.remedy


@pytest.mark.parametrize(
    ("transform", "what"),
    [
        (use("enum", values=["a"]), "mapping from the left's words"),
        (use("enum", values={}), "mapping from the left's words"),
        (use("default", right="a\x00b"), "left or right is a text of 3 characters"),
        (use("default", right=["a"]), "left or right is a list of 1"),
    ],
)
def test_parameters_that_no_value_fits_are_refused(transform: Any, what: str) -> None:
    flow = Flow(name="f", left="Lefts", right="Rights", properties=(mapping("A", "a", transform=transform),))
    (found,) = problems(flow, datatype(A=TEXT), datatype(a=TEXT))
    assert what in found.what


def test_a_list_is_no_single_value() -> None:
    with pytest.raises(ValueError, match="no canonical scalar"):
        reader(Form(DataType.LIST))


# --- values outside the domain ----------------------------------------------------------------------------------------------------------


def test_an_empty_value_that_is_in_no_enum_stays_empty_where_another_empty_one_is() -> None:
    flow = one(TEXT, WHOLE, transform=use("enum", values={"": 0, "male": 1}))
    assert get(flow, LEFT, None) is None and put(flow, RIGHT, None) == (None,)


def test_a_number_with_both_signs_is_none() -> None:
    flow = one(Property(type="decimal"), TEXT, type=DataType.DECIMAL, scale=2, transform=use("number_text", point=","))
    assert get(flow, RIGHT, "1,50") == "1.50"
    assert get(flow, RIGHT, "1.000,50") == "FAULT"


@pytest.mark.parametrize("text", ["1.5", str(2**63), "x", ""])
def test_a_text_that_is_no_whole_number_is_none_where_one_is_expected(text: str) -> None:
    flow = one(WHOLE, TEXT, type=DataType.INTEGER, transform=use("number_text"))
    assert get(flow, RIGHT, " 42 ") == 42
    assert get(flow, RIGHT, text) == ("FAULT" if text else "")


@pytest.mark.parametrize("name", ["upper", "lower", "trim", "url"])
def test_a_normal_form_is_its_own_normal_form_for_every_character(name: str) -> None:
    flow = one(TEXT, TEXT, transform=use(name))
    for code in (*range(0x20, 0x3000), *range(0xA640, 0xA7FF), *range(0xFB00, 0xFB20), *range(0xFF00, 0xFF60), *range(0x10400, 0x10450)):
        once = get(flow, LEFT, f"a{chr(code)}.no")
        assert once == "FAULT" or get(flow, LEFT, once) == once


def test_an_id_that_is_no_number_is_given_as_it_is_where_ids_are_numbers() -> None:
    reference = mapping("A", "a", type=DataType.REFERENCE, refers_to=("f",), name="p")
    flow = compile_flow(
        Flow(name="f", left="Lefts", right="Rights", properties=(reference,)), datatype(A=WHOLE), datatype(a=TEXT), "UTC", "UTC"
    )
    assert flow.words(LEFT, {"p": "12"}, None, {}) == {"A": 12}
    assert flow.words(LEFT, {"p": "C-12"}, None, {}) == {"A": "C-12"}


def test_a_time_that_leaves_the_calendar_in_the_other_sides_zone_is_a_fault() -> None:
    flow = one(
        Property(type="instant"), Property(type="instant", format="naive"), zones=("UTC", "Pacific/Kiritimati"), type=DataType.INSTANT
    )
    assert get(flow, LEFT, "9999-12-31T23:59:59Z") == "FAULT"
    assert get(flow, LEFT, "2026-03-01T00:00:00Z") == "2026-03-01T00:00:00Z"

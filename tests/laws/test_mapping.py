"""The compiled flow: four states, lists by item key, references through links, match keys, scope, and the laws as a gate."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mapping_builders import HOSTILE, LAW, datatype, get, mapping, one, put, raws, use

from accord.core.mapping import CompiledFlow, UnresolvedReference, compile_flow
from accord.core.mapping_laws import check_laws
from accord.core.mapping_sides import Single
from accord.model.dataflow import Direction, Flow, ItemKey, MatchPart, Where
from accord.model.links import WaitsFor
from accord.model.manifest import Datatype, Property
from accord.model.records import Side
from accord.model.values import DataType

LEFT, RIGHT = Side.LEFT, Side.RIGHT


def order_flow(**more: Any) -> Flow:
    lines = mapping(
        "Lines",
        "items",
        type=DataType.LIST,
        item_key=ItemKey(left="LineNumber", right="line"),
        properties=(mapping("Quantity", "quantity", type=DataType.DECIMAL, scale=3), mapping("Text", "text")),
    )
    payer = mapping("PayerId", "payer", type=DataType.REFERENCE, refers_to=("Customers", "Contacts"), required=True)
    properties = (mapping("Number", "number"), payer, lines, mapping("Email", "email", transform=use("email")))
    return Flow(name="Orders", left="Order", right="Invoices", properties=properties, **more)


def orders() -> Datatype:
    items = {"LineNumber": Property(type="integer"), "Quantity": Property(type="decimal"), "Text": Property(), "Colour": Property()}
    return datatype(
        Number=Property(),
        PayerId=Property(),
        Lines=Property(type="list", items=items),
        Email=Property(),
        Status=Property(),
        Born=Property(),
    )


def invoices() -> Datatype:
    items = {"line": Property(), "quantity": Property(type="decimal"), "text": Property(max_length=5)}
    kinds = {"payer": Property(type="integer"), "items": Property(type="list", items=items)}
    return datatype(number=Property(), email=Property(), born=Property(type="date"), **kinds)


def compiled(**more: Any) -> CompiledFlow:
    return compile_flow(order_flow(**more), orders(), invoices(), "UTC", "UTC")


FLOW = compiled()
LINES = {"2": {"Quantity": "1.500", "Text": "two"}, "10": {"Quantity": "1.000", "Text": None}}
RIGHT_LINES = [
    {"quantity": Decimal("1.500"), "text": "two", "line": "2"},
    {"quantity": Decimal("1.000"), "text": None, "line": "10"},
]


# The four states


def test_absent_null_and_empty_stay_apart() -> None:
    assert FLOW.common(LEFT, {}, {}).values == {}
    assert FLOW.common(LEFT, {"Number": None}, {}).values == {"Number": None}
    assert FLOW.common(LEFT, {"Number": ""}, {}).values == {"Number": ""}
    assert FLOW.common(RIGHT, {"items": None}, {}).values == {"Lines": None}
    assert FLOW.common(RIGHT, {"items": []}, {}).values == {"Lines": {}}


def test_words_carry_the_given_values_and_nothing_else() -> None:
    assert FLOW.words(RIGHT, {"Number": "7"}, {"number": "6", "email": "a@b.no"}, {}) == {"number": "7"}
    assert FLOW.words(RIGHT, {}, None, {}) == {}
    assert FLOW.words(RIGHT, {"Lines": {}}, None, {}) == FLOW.words(RIGHT, {"Lines": None}, None, {}) == {"items": []}


def test_one_bad_property_leaves_the_others_alone() -> None:
    mapped = FLOW.common(LEFT, {"Number": "7", "Email": "secret-value", "Lines": 3}, {})
    assert mapped.values == {"Number": "7"}
    assert set(mapped.faults) == {"Email", "Lines"}
    assert "secret" not in str(mapped.faults)


@pytest.mark.parametrize("raw", HOSTILE, ids=lambda raw: ascii(raw)[:30])
def test_hostile_records_are_mapped_without_an_exception(raw: object) -> None:
    for side, flow in ((side, FLOW) for side in Side):
        names = flow.wanted(side)
        record = dict.fromkeys(names, raw)
        mapped = flow.common(side, record, {})
        assert set(mapped.values) | set(mapped.faults) | set(mapped.waits) == set(flow.names)
        assert isinstance(flow.references(side, record), tuple) and flow.keys(side, record) == ()


# Lists


def test_a_list_crosses_by_item_key_whatever_its_order() -> None:
    raw = [{"LineNumber": 10, "Quantity": 1, "Text": None}, {"LineNumber": 2, "Quantity": 1.5, "Text": "two"}]
    for order in (raw, raw[::-1]):
        assert FLOW.common(LEFT, {"Lines": order}, {}).values["Lines"] == LINES
    assert FLOW.words(RIGHT, {"Lines": LINES}, None, {}) == {"items": RIGHT_LINES}
    assert FLOW.common(RIGHT, {"items": RIGHT_LINES}, {}).values["Lines"] == LINES


def test_items_are_put_in_order_of_their_keys_numbers_as_numbers() -> None:
    items = {key: {"Text": key} for key in ("10", "b", "9", "a", "1")}
    flow = one(
        Property(type="list", items={"k": Property(), "t": Property()}),
        Property(type="list", items={"k": Property(), "t": Property()}),
        type=DataType.LIST,
        item_key=ItemKey(left="k", right="k"),
        properties=(mapping("t", "t", name="Text"),),
    )
    assert [item["k"] for item in put(flow, RIGHT, items)[0]] == ["1", "9", "10", "a", "b"]


def test_members_that_are_not_mapped_stay_on_items_that_are_there() -> None:
    current = {"Lines": [{"LineNumber": 2, "Quantity": 1, "Text": "old", "Colour": "red"}, {"LineNumber": 3, "Colour": "blue"}, "odd"]}
    written = FLOW.words(LEFT, {"Lines": LINES}, current, {})["Lines"]
    assert written == [
        {"LineNumber": 2, "Quantity": Decimal("1.500"), "Text": "two", "Colour": "red"},
        {"LineNumber": 10, "Quantity": Decimal("1.000"), "Text": None},
    ]


def test_an_item_property_that_does_not_cross_to_a_side_is_left_there() -> None:
    text = mapping("t", "t", direction=Direction.RIGHT_TO_LEFT)
    kind = Property(type="list", items={"k": Property(), "t": Property(), "q": Property()})
    flow = one(kind, kind, type=DataType.LIST, item_key=ItemKey(left="k", right="k"), properties=(text, mapping("q", "q")))
    current = [{"k": "1", "t": "theirs", "q": "1"}]
    assert put(flow, RIGHT, {"1": {"t": "ours", "q": "2"}}, current) == ([{"k": "1", "t": "theirs", "q": "2"}],)
    assert put(flow, LEFT, {"1": {"t": "new", "q": "2"}}, current) == ([{"k": "1", "t": "new", "q": "2"}],)


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        ([{"LineNumber": 1}, {"LineNumber": 1}], "same key"),
        ([{"Text": "x"}], "no key"),
        ([{"LineNumber": None}], "no key"),
        ([3], "item of a list is expected"),
        ([{"LineNumber": 1, "Quantity": "many"}], "Quantity"),
        ([{"LineNumber": 1, "Text": "too long"}], "longer than the 5"),
        ({"LineNumber": 1}, "list is expected"),
    ],
)
def test_a_list_that_cannot_be_told_apart_is_a_fault_as_a_whole(raw: object, words: str) -> None:
    mapped = FLOW.common(LEFT, {"Lines": raw}, {})
    assert "Lines" not in mapped.values and words in mapped.faults["Lines"]


def test_an_item_key_that_the_other_side_cannot_hold_is_a_fault() -> None:
    assert "Lines" in FLOW.common(RIGHT, {"items": [{"line": "A-1"}]}, {}).faults
    assert FLOW.common(RIGHT, {"items": [{"line": "007"}]}, {}).values["Lines"] == {"7": {}}


@given(st.dictionaries(st.integers(0, 10**6).map(str), st.fixed_dictionaries({"Quantity": st.integers(-99, 99).map("{}.000".format)})))
@LAW
def test_P15_lists_come_back_from_either_side(items: dict[str, dict[str, str]]) -> None:
    for side in Side:
        record = FLOW.words(side, {"Lines": items}, None, {})
        assert FLOW.common(side, record, {}).values["Lines"] == items
        assert FLOW.words(side, {"Lines": items}, record, {}) == record


# References


LINKED = {WaitsFor("Contacts", LEFT, "CO-1"): "77", WaitsFor("Contacts", RIGHT, "77"): "CO-1"}


def test_a_reference_is_the_left_id_from_either_side() -> None:
    assert FLOW.common(LEFT, {"PayerId": "CO-1"}, LINKED).values == {"PayerId": "CO-1"}
    assert FLOW.common(RIGHT, {"payer": 77}, LINKED).values == {"PayerId": "CO-1"}
    assert FLOW.words(LEFT, {"PayerId": "CO-1"}, None, LINKED) == {"PayerId": "CO-1"}
    assert FLOW.words(RIGHT, {"PayerId": "CO-1"}, None, LINKED) == {"payer": 77}
    assert FLOW.words(RIGHT, {"PayerId": None}, None, {}) == {"payer": None}


def test_P14_a_reference_without_a_link_waits_by_name() -> None:
    for side, record, id in ((LEFT, {"PayerId": "CO-1"}, "CO-1"), (RIGHT, {"payer": 77}, "77")):
        wanted = (WaitsFor("Customers", side, id), WaitsFor("Contacts", side, id))
        mapped = FLOW.common(side, record, {})
        assert mapped.values == {} and mapped.waits == {"PayerId": wanted} and not mapped.faults
        assert FLOW.references(side, record) == wanted


def test_P14_an_unresolved_reference_is_never_written() -> None:
    assert FLOW.reference_lookups({"PayerId": "CO-1", "Number": "7"}) == (
        WaitsFor("Customers", LEFT, "CO-1"),
        WaitsFor("Contacts", LEFT, "CO-1"),
    )
    with pytest.raises(UnresolvedReference):
        FLOW.words(RIGHT, {"PayerId": "CO-1"}, None, {})


def test_the_first_alternative_that_is_linked_counts() -> None:
    both = {**LINKED, WaitsFor("Customers", LEFT, "CO-1"): "88"}
    assert FLOW.words(RIGHT, {"PayerId": "CO-1"}, None, both) == {"payer": 88}


@given(raws())
@LAW
def test_any_id_is_a_value_a_wait_or_a_fault(raw: object) -> None:
    for side, name in ((LEFT, "PayerId"), (RIGHT, "payer")):
        mapped = FLOW.common(side, {name: raw}, LINKED)
        assert len(mapped.values) + len(mapped.waits) + len(mapped.faults) == 1
        assert (raw in (None, "") or "PayerId" in mapped.faults) or len(FLOW.references(side, {name: raw})) == 2


# Matching and scope


def test_keys_are_normal_forms_and_need_all_their_parts() -> None:
    by_email = (MatchPart(left="Email", right="email", normal="email"),)
    by_both = (MatchPart(left="Number", right="number"), MatchPart(left="Born", right="born"))
    flow = compiled(match=(by_email, by_both))
    left = {"Email": " Kari@Example.org", "Number": "A-1", "Born": "1984-03-09"}
    right = {"email": "kari@EXAMPLE.ORG", "number": "a-1 ", "born": "1984-03-09T00:00:00"}
    keys = ((0, "kari@example.org"), (1, "a-1\x1f1984-03-09"))
    assert flow.keys(LEFT, left) == flow.keys(RIGHT, right) == keys
    assert flow.keys(LEFT, {**left, "Born": None}) == keys[:1]
    assert flow.keys(RIGHT, {**right, "email": "nobody", "born": "soon"}) == ()


def test_phone_keys_know_the_region_of_their_mapping() -> None:
    flow = Flow(
        name="f",
        left="l",
        right="r",
        properties=(mapping("Phone", "phone", transform=use("phone", region="NO")),),
        match=((MatchPart(left="Phone", right="phone", normal="phone"),),),
    )
    made = compile_flow(flow, datatype(Phone=Property()), datatype(phone=Property()), "UTC", "UTC")
    assert made.keys(LEFT, {"Phone": "22 12 34 56"}) == made.keys(RIGHT, {"phone": "+4722123456"}) == ((0, "+4722123456"),)


def test_a_default_never_makes_a_match_key() -> None:
    flow = Flow(
        name="f",
        left="l",
        right="r",
        properties=(mapping("A", "a", default="none"),),
        match=((MatchPart(left="A", right="a"),),),
    )
    made = compile_flow(flow, datatype(A=Property()), datatype(a=Property()), "UTC", "UTC")
    assert made.keys(LEFT, {"A": None}) == () and made.defaults(RIGHT) == {"A": "none"}
    assert made.words(RIGHT, {"A": None}, None, {}) == {"a": "none"}


def test_scope_and_wanted_properties() -> None:
    flow = compiled(where=Where(left="Status = 'won'"), match=((MatchPart(left="Born", right="born", normal="exact"),),))
    assert flow.in_scope(LEFT, {"Status": "won"}) and not flow.in_scope(LEFT, {"Status": "lost"})
    assert flow.in_scope(RIGHT, {})
    assert flow.wanted(LEFT) == {"Number", "PayerId", "Lines", "Email", "Status", "Born"}
    assert flow.wanted(RIGHT) == {"number", "payer", "items", "email", "born"}
    assert flow.names == ("Number", "PayerId", "Lines", "Email") and flow.mapping("Lines").right == ("items",)


# The laws as a gate


def test_P15_the_laws_hold_on_a_lawful_flow() -> None:
    assert check_laws(compiled()) == []


def test_P15_a_mapping_that_breaks_the_laws_is_found_with_a_counterexample() -> None:
    flow = compiled()
    crossing = flow.crossings["Number"]
    assert isinstance(crossing.right, Single)
    cutting = replace(crossing.right, write=lambda value: value and value[:3])
    broken = replace(flow, crossings={**flow.crossings, "Number": replace(crossing, right=cutting)})
    crossing_over, back = check_laws(broken)
    assert crossing_over.startswith("Number: left 'Åse Lien' is written to the right as 'Åse', which is not read as")
    assert back.startswith("Number: right 'Åse Lien' is written back as 'Åse', which is not read as")


def test_P15_item_properties_are_tried_too() -> None:
    flow = compiled()
    lines = flow.crossings["Lines"]
    right: Any = lines.right
    items = tuple(replace(item, single=replace(item.single, write=lambda _: "x")) if item.name == "Text" else item for item in right.items)
    broken = replace(flow, crossings={**flow.crossings, "Lines": replace(lines, right=replace(right, items=items))})
    assert [sentence.split(":")[0] for sentence in check_laws(broken)] == ["Lines.Text", "Lines.Text"]


def test_values_outside_the_domain_are_given_as_they_are_for_the_system_to_refuse() -> None:
    limited = one(Property(), Property(options=("a",)))
    assert put(limited, RIGHT, "b") == ("b",)
    assert get(limited, LEFT, "b") == "FAULT"

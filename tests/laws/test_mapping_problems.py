"""What cannot be compiled is refused with the place and a remedy, all of it at once."""

from typing import Any

import pytest
from mapping_builders import datatype, mapping, use

from accord.core.mapping import MappingProblem, compile_flow, problems
from accord.model.dataflow import Flow, ItemKey, MatchPart, PropertyMapping, Where
from accord.model.manifest import Property
from accord.model.values import DataType

ITEMS = {"No": Property(type="integer"), "Text": Property(), "Ratio": Property(type="decimal"), "Sub": Property(type="list")}
LEFT = datatype(
    Name=Property(),
    Age=Property(type="integer"),
    Price=Property(type="decimal", scale=2),
    Free=Property(type="decimal"),
    Born=Property(type="date"),
    Seen=Property(type="instant", precision_seconds=7),
    Lines=Property(type="list", items=ITEMS),
)
RIGHT = datatype(
    name=Property(),
    age=Property(type="integer"),
    price=Property(type="decimal", scale=2),
    free=Property(type="decimal"),
    at=Property(type="instant"),
    lines=Property(type="list", items=ITEMS),
)
KEY = ItemKey(left="No", right="No")


def listed(*items: PropertyMapping, key: ItemKey | None = KEY, **more: Any) -> PropertyMapping:
    return mapping("Lines", "lines", type=DataType.LIST, item_key=key, properties=items, **more)


@pytest.mark.parametrize(
    ("wrong", "where", "what", "remedy"),
    [
        (mapping("Nmae", "name"), "Nmae", "left Lefts has no property Nmae", "did you mean Name?"),
        (mapping("Name", "nane"), "Name", "right Rights has no property nane", "did you mean name?"),
        (mapping("Name", "zzzz"), "Name", "no property zzzz", "one of: name, age"),
        (mapping("Age", "age"), "Age", "is of type integer, which does not suit type string", "type: integer"),
        (mapping("Age", "name", type=DataType.INTEGER), "Age", "does not suit", "number_text"),
        (mapping("Born", "at", type=DataType.INSTANT), "Born", "does not suit", "a date to a date"),
        (mapping("Name", "price", type=DataType.DECIMAL), "Name", "does not suit", "number_text"),
        (mapping("Seen", "at", type=DataType.INSTANT), "Seen", "divide an hour", "precision_seconds"),
        (mapping("Free", "free", type=DataType.DECIMAL), "Free", "needs a scale", "scale: 2"),
        (mapping("Price", "price", type=DataType.DECIMAL, scale=4), "Price", "finer than a side keeps", "scale: 2"),
        (mapping("Free", "free", type=DataType.DECIMAL, scale=99), "Free", "out of range", "0 to 12"),
        (mapping("Name", ("name", "age")), "Name", "takes 1 on the left and 1 on the right", "split_words"),
        (mapping("Name", "name", transform=use("xyz")), "Name", "there is no transform xyz", "one of: identity"),
        (mapping("Name", "name", type=DataType.REFERENCE), "Name", "needs the flows", "refers_to"),
        (mapping("Name", "name", refers_to=("F",)), "Name", "only a reference", "type: reference"),
        (mapping("Name", "name", type=DataType.REFERENCE, refers_to=("F",), transform=use("trim")), "Name", "links alone", "remove"),
        (mapping("Name", "name", item_key=KEY), "Name", "only a list", "type: list"),
        (mapping("Age", "age", type=DataType.INTEGER, default="x"), "Age", "default", "another value"),
        (listed(key=None), "Lines", "identifies an item", "item_key"),
        (listed(key=ItemKey(left="Nr", right="No")), "Lines", "no property Nr", "did you mean No?"),
        (listed(key=ItemKey(left="Ratio", right="No")), "Lines", "item key is of type decimal", "whole number"),
        (listed(mapping("Texts", "Text")), "Lines.Texts", "left Lefts Lines has no property Texts", "did you mean Text?"),
        (listed(mapping("Sub", "Sub", type=DataType.LIST)), "Lines.Sub", "one scalar", "outside of lists"),
        (listed(transform=use("trim")), "Lines", "no transform", "item properties"),
        (mapping("Name", "name", type=DataType.LIST, item_key=KEY), "Name", "not a list", "type: string"),
    ],
)
def test_a_wrong_mapping_is_refused_with_its_place_and_a_remedy(wrong: PropertyMapping, where: str, what: str, remedy: str) -> None:
    flow = Flow(name="f", left="Lefts", right="Rights", properties=(wrong,))
    (found,) = problems(flow, LEFT, RIGHT)
    assert found.where == where and what in found.what and remedy in found.remedy
    with pytest.raises(MappingProblem, match=where):
        compile_flow(flow, LEFT, RIGHT, "UTC", "UTC")


@pytest.mark.parametrize(
    ("more", "where", "what", "remedy"),
    [
        ({"match": ((MatchPart(left="Nam", right="name"),),)}, "match", "no property Nam", "did you mean Name?"),
        ({"match": ((MatchPart(left="Name", right="name", normal="nmae"),),)}, "match", "no normal form nmae", "did you mean name?"),
        ({"match": ((MatchPart(left="Lines", right="name"),),)}, "match", "is a list", "one value"),
        ({"where": Where(left="Nam = 'x'")}, "where.left", "column 1", "did you mean Name?"),
        ({"where": Where(right="age = 'x'")}, "where.right", "column 1", "write it like"),
        ({"where": Where(right="age = ")}, "where.right", "column 7", "write it like"),
    ],
)
def test_wrong_matches_and_filters_are_refused(more: dict[str, Any], where: str, what: str, remedy: str) -> None:
    found = problems(Flow(name="f", left="Lefts", right="Rights", **more), LEFT, RIGHT)
    assert any(one.where == where and what in one.what and remedy in one.remedy for one in found)


def test_all_problems_are_told_at_once() -> None:
    wrong = (mapping("Nam", "name"), mapping("Name", "name"), mapping("Age", "name", name="Name"), mapping("Born", "at"))
    flow = Flow(name="f", left="Lefts", right="Rights", properties=wrong, where=Where(left="Nam = 1", right="also = 1"))
    assert [one.where for one in problems(flow, LEFT, RIGHT)] == ["Nam", "Name", "Born", "where.left", "where.right"]


def test_a_zone_that_does_not_exist_is_refused() -> None:
    seen = datatype(at=Property(type="instant", format="naive"))
    flow = Flow(name="f", left="Lefts", right="Rights", properties=(mapping("at", "at", type=DataType.INSTANT),))
    with pytest.raises(MappingProblem, match="no zone Europe/Atlantis"):
        compile_flow(flow, seen, seen, "UTC", "Europe/Atlantis")

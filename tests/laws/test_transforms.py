"""Every transform is a lens on its declared domain, says what it loses, and gives a value or a fault for whatever comes (P15)."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mapping_builders import HOSTILE, LAW, get, one, put, raws, use

from accord.core.mapping import CompiledFlow, MappingProblem
from accord.core.transforms import TRANSFORMS, Example, Transform
from accord.model.manifest import Property
from accord.model.records import Side
from accord.model.values import DataType, is_empty

EXAMPLES = [(transform, example) for transform in TRANSFORMS.values() for example in transform.examples]
NAMES = st.sampled_from(sorted(TRANSFORMS))
TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=25)
LIKELY = TEXTS | st.sampled_from(
    [
        *(
            "Norway",
            "no",
            "NOR",
            "Korea, Republic of",
            "UK",
            "Côte d'Ivoire",
            "Storgata 14B",
            "Storgata  14 b",
            "Gate 1 2 C",
            "5",
            "14",
            "B",
        ),
        *("Kari@Example.ORG ", "a.b+c@dé.no", "22 12 34 56", "+46 8 123 456 78", "(+47) 22123456", "0047 22123456", "+39 06 1234 5678"),
        *(
            "HTTP://EXAMPLE.org/",
            "www.example.no/Path?q=1",
            "Anna Maria Berg Hansen",
            " Åse  Lien",
            "Cher",
            "male",
            "female",
            "42",
            "-7",
            "007",
        ),
    ]
)


def compiled(transform: Transform, example: Example) -> CompiledFlow:
    """A mapping with this transform, as its example has it."""
    kinds: Any = example.property_types
    left = tuple(Property(type=kinds[0]) for _ in range(transform.left_paths))
    right = tuple(Property(type=kinds[1]) for _ in range(transform.right_paths))
    return one(left, right, type=example.type, scale=2, transform=use(transform.name, **example.parameters))


def parts(flow: CompiledFlow, side: Side) -> int:
    return len(flow.mapping("p").left if side is Side.LEFT else flow.mapping("p").right)


FLOWS = {name: compiled(transform, transform.examples[0]) for name, transform in TRANSFORMS.items()}


def same(one_value: Any, other: Any) -> bool:
    return one_value == other or (is_empty(one_value) and is_empty(other))


@pytest.mark.parametrize(("transform", "example"), EXAMPLES, ids=lambda each: getattr(each, "name", ""))
def test_examples_correspond(transform: Transform, example: Example) -> None:
    flow = compiled(transform, example)
    common = get(flow, Side.LEFT, *example.left)
    assert common not in ("FAULT", "ABSENT")
    assert get(flow, Side.RIGHT, *example.right) == common
    assert put(flow, Side.RIGHT, common) == example.right


@given(NAMES, st.data())
@LAW
def test_P15_put_then_get_gives_the_same_on_either_side(name: str, data: st.DataObject) -> None:
    flow = FLOWS[name]
    side = data.draw(st.sampled_from(list(Side)))
    raw = data.draw(st.tuples(*[LIKELY | raws()] * parts(flow, side)))
    value = get(flow, side, *raw)
    if value in ("FAULT", "ABSENT") or (name == "default" and is_empty(value)):
        return
    for target in Side:
        assert same(get(flow, target, *put(flow, target, value)), value)


@given(NAMES, st.data())
@LAW
def test_P15_writing_back_what_was_read_changes_nothing(name: str, data: st.DataObject) -> None:
    flow = FLOWS[name]
    side = data.draw(st.sampled_from(list(Side)))
    raw = data.draw(st.tuples(*[LIKELY] * parts(flow, side)))
    value = get(flow, side, *raw)
    if value in ("FAULT", "ABSENT") or (name == "default" and is_empty(value)):
        return
    back = put(flow, side, value, *raw)
    assert same(get(flow, side, *back), value)
    if len(raw) > 1:
        assert back == raw, "parts stay as the side divides them"


@given(NAMES, st.data())
@LAW
def test_what_is_read_lies_in_the_declared_domain(name: str, data: st.DataObject) -> None:
    flow = FLOWS[name]
    side = data.draw(st.sampled_from(list(Side)))
    value = get(flow, side, *data.draw(st.tuples(*[LIKELY] * parts(flow, side))))
    lens = flow.crossings["p"].lens
    assert lens is not None
    if value not in ("FAULT", "ABSENT") and not is_empty(value):
        assert lens.domain(value)


@pytest.mark.parametrize("name", sorted(TRANSFORMS))
@pytest.mark.parametrize("raw", HOSTILE, ids=lambda raw: ascii(raw)[:30])
def test_hostile_values_give_a_value_or_a_fault(name: str, raw: object) -> None:
    flow = FLOWS[name]
    for side in Side:
        value = get(flow, side, *[raw] * parts(flow, side))
        assert value is None or isinstance(value, bool | int | str)
        put(flow, side, value)


@pytest.mark.parametrize("name", sorted(TRANSFORMS))
def test_null_stays_null(name: str) -> None:
    flow = FLOWS[name]
    for side in Side:
        assert get(flow, side, *[None] * parts(flow, side)) is None


@pytest.mark.parametrize(
    ("name", "left", "right", "common"),
    [
        ("phone", "22 12 34 56", "0047 22 12 34 56", "+4722123456"),
        ("phone", "22 12 34 56 ext. 7", "12", "FAULT"),
        ("email", " Kari@EXAMPLE.org", "Kari@example.org", "Kari@example.org"),
        ("email", "kari", "kari @example.org", "FAULT"),
        ("url", "HTTPS://Example.ORG/", "https://example.org", "https://example.org"),
        ("url", "mailto:kari@example.org", "not an address", "FAULT"),
        ("country_code", "norway", "NOR", "NO"),
        ("country_code", "South Korea", "KR", "KR"),
        ("country_code", "Atlantis", "XX", "FAULT"),
        ("enum", "male", 1, "male"),
        ("enum", "other", 3, "FAULT"),
        ("trim", " Oslo", "Oslo  ", "Oslo"),
        ("upper", "oslo", "OSLO", "OSLO"),
        ("lower", "OSLO", "oslo", "oslo"),
        ("number_text", 7, " 007 ", 7),
        ("boolean_invert", True, False, True),
    ],
)
def test_both_sides_are_read_into_one_common_form(name: str, left: object, right: object, common: object) -> None:
    assert get(FLOWS[name], Side.LEFT, left) == get(FLOWS[name], Side.RIGHT, right) == common


@pytest.mark.parametrize(
    ("line", "street"),
    [
        ("Storgata 14 B", ("Storgata", "14", "B")),
        ("Storgata 14B", ("Storgata", "14", "B")),
        ("Kirkegata 3-5", ("Kirkegata", "3-5", None)),
        ("17. mai gate 2", ("17. mai gate", "2", None)),
        ("Postboks 12 Sentrum", ("Postboks 12 Sentrum", None, None)),
        ("Hovedgaten", ("Hovedgaten", None, None)),
    ],
)
def test_a_street_is_taken_apart_or_stays_whole(line: str, street: tuple[str, ...]) -> None:
    flow = FLOWS["street"]
    assert put(flow, Side.RIGHT, get(flow, Side.LEFT, line)) == street


def test_words_are_only_divided_anew_after_an_edit() -> None:
    flow = FLOWS["split_words"]
    held = ("Anna Maria", "Berg Hansen")
    assert put(flow, Side.RIGHT, "Anna Maria Berg Hansen", *held) == held
    assert put(flow, Side.RIGHT, "Anna Maria Berg Lie", *held) == ("Anna Maria Berg", "Lie")


def test_a_value_of_several_properties_is_absent_unless_all_are_shown() -> None:
    flow = FLOWS["street"]
    assert "p" not in flow.common(Side.RIGHT, {"R0": "Storgata", "R1": "14"}, {}).values


def test_the_left_is_written_as_it_holds_countries() -> None:
    def country(**parameters: str) -> CompiledFlow:
        return one(Property(), Property(), transform=use("country_code", **parameters))

    assert put(country(), Side.LEFT, "NO") == ("Norway",)
    assert put(country(left="alpha2"), Side.LEFT, "NO") == ("NO",)
    assert put(country(right="name"), Side.RIGHT, "NO") == ("Norway",)


def test_enum_may_give_null_a_word() -> None:
    flow = one(Property(), Property(type="integer"), transform=use("enum", values={"unknown": None, "male": 1}))
    assert get(flow, Side.RIGHT, None) == "unknown"
    assert put(flow, Side.RIGHT, "unknown") == (None,)
    assert get(flow, Side.LEFT, None) is None


def test_default_stands_in_place_of_an_empty_value_on_its_side_alone() -> None:
    flow = one(Property(), Property(), transform=use("default", right="NOK"))
    assert put(flow, Side.RIGHT, None) == ("NOK",) and put(flow, Side.LEFT, None) == (None,)
    assert flow.defaults(Side.RIGHT) == {"p": "NOK"} and flow.defaults(Side.LEFT) == {}


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"transform": use("emial")}, "no transform emial"),
        ({"transform": use("email", strict=True)}, "no parameter strict"),
        ({"transform": use("phone", region="Norway")}, "region"),
        ({"transform": use("enum")}, "needs the parameter values"),
        ({"transform": use("enum", values={"a": "x", "b": "x"})}, "reversible"),
        ({"transform": use("enum", values={"a": 1})}, "whole number"),
        ({"transform": use("default")}, "needs left or right"),
        ({"transform": use("street")}, "takes 1 on the left and 3 on the right"),
        ({"transform": use("boolean_invert")}, "type"),
        ({"transform": use("number_text")}, "type"),
        ({"transform": use("email"), "default": "nobody"}, "default"),
    ],
)
def test_a_bad_transform_is_a_problem_with_a_remedy(more: dict[str, Any], words: str) -> None:
    with pytest.raises(MappingProblem) as problem:
        one(Property(), Property(), **more)
    assert words in problem.value.what and problem.value.remedy and problem.value.where == "p"


def test_enum_words_must_be_options_of_their_side() -> None:
    with pytest.raises(MappingProblem, match="options"):
        one(Property(options=("m", "f")), Property(), transform=use("enum", values={"m": "1", "x": "2"}))


def test_every_transform_describes_itself() -> None:
    for name, transform in TRANSFORMS.items():
        assert transform.name == name and transform.description.endswith(".") and transform.examples
        assert all(parameter.description for parameter in transform.parameters)
    assert {name for name, transform in TRANSFORMS.items() if transform.lossy} == {"split_words", "join_words", "upper", "lower"}


def test_numbers_in_text_keep_their_scale_and_decimal_sign() -> None:
    flow = one(Property(type="decimal"), Property(), type=DataType.DECIMAL, scale=2, transform=use("number_text", point=","))
    assert get(flow, Side.RIGHT, "12,5") == get(flow, Side.LEFT, 12.5) == "12.50"
    assert put(flow, Side.RIGHT, "12.50") == ("12,50",)
    assert get(flow, Side.RIGHT, "12.5") == "FAULT"

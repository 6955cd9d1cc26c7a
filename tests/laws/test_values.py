"""Canonical values: equal if and only if the canonical is equal, idempotent, and a value or a fault for whatever comes."""

import unicodedata
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal, localcontext

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from mapping_builders import HOSTILE, LAW, get, one, put, raws

from accord.core.values import Form, reader, writer
from accord.core.wording import Unfit, describe
from accord.model.dataflow import Direction
from accord.model.manifest import Property
from accord.model.records import Side
from accord.model.values import DataType

SCALARS = [kind for kind in DataType if kind is not DataType.LIST]
FORMS = [
    Form(kind, format=written, scale=2, precision=precision, zone="Europe/Oslo")
    for kind in SCALARS
    for written in (None, "text", "naive", "midnight")
    for precision in (1, 1000, 60000)
]


def canonical(form: Form, raw: object) -> object:
    try:
        return reader(form)(raw)
    except Unfit as unfit:
        return unfit


@pytest.mark.parametrize("kind", SCALARS)
@pytest.mark.parametrize("raw", HOSTILE, ids=lambda raw: ascii(raw)[:40])
def test_hostile_values_give_a_value_or_a_fault(kind: DataType, raw: object) -> None:
    for written in (None, "text"):
        found = canonical(Form(kind, format=written, scale=2, zone="Europe/Oslo"), raw)
        assert found is None or isinstance(found, bool | int | str | Unfit)


@given(form=st.sampled_from(FORMS), raw=raws())
@LAW
def test_a_canonical_value_is_read_again_as_itself(form: Form, raw: object) -> None:
    value = canonical(form, raw)
    if not isinstance(value, Unfit):
        written = writer(form)(value)
        assert canonical(form, written) == value or (value == "" and written is None)


ZONES = st.sampled_from(["UTC", "Europe/Oslo", "America/St_Johns", "Pacific/Apia", "Asia/Kathmandu"])


@given(st.datetimes().map(datetime.isoformat), ZONES, st.sampled_from([1, 500, 1000, 60000, 900000, 3600000]))
@LAW
@example("2026-03-29T02:30:00", "Europe/Oslo", 1000)
@example("2026-10-25T02:30:00", "Europe/Oslo", 1000)
@example("2011-12-30T12:00:00", "Pacific/Apia", 1000)
@example("0001-01-01T00:00:00", "Europe/Oslo", 1000)
def test_naive_times_come_back_as_the_same_instant_also_in_gaps_and_folds(raw: str, zone: str, precision: int) -> None:
    form = Form(DataType.INSTANT, format="naive", zone=zone, precision=precision)
    instant = canonical(form, raw)
    if not isinstance(instant, Unfit):
        assert canonical(form, writer(form)(instant)) == instant  # type: ignore[arg-type]  # a text by now


@given(form=st.sampled_from(FORMS), raw=st.text(min_size=8, max_size=40))
@example(FORMS[1], "a number")
@LAW
def test_a_fault_never_holds_the_value(form: Form, raw: str) -> None:
    value = canonical(form, raw)
    if isinstance(value, Unfit):
        assert raw not in str(value) or raw in str(canonical(form, "\u2400" * len(raw))), "but for our own words, such as 'a number'"
        assert describe(raw) in str(value) or "calendar" in str(value) or "number" in str(value)


@given(st.text(), st.text())
@LAW
def test_texts_are_equal_when_their_nfc_is(left: str, right: str) -> None:
    form = Form(DataType.STRING)
    for one_text, other in ((left, right), (unicodedata.normalize("NFD", left), unicodedata.normalize("NFC", left))):
        first, second = canonical(form, one_text), canonical(form, other)
        if not isinstance(first, Unfit) and not isinstance(second, Unfit):
            assert (first == second) == (unicodedata.normalize("NFC", one_text) == unicodedata.normalize("NFC", other))


@given(st.decimals(-(10**12), 10**12, allow_nan=False), st.integers(0, 6))
@LAW
@example(Decimal("-0.004"), 2)
@example(Decimal("2.675"), 2)
def test_decimals_have_exactly_their_scale_and_no_minus_zero(number: Decimal, scale: int) -> None:
    text = canonical(Form(DataType.DECIMAL, scale=scale), number)
    assert isinstance(text, str) and "E" not in text
    assert len(text.partition(".")[2]) == scale
    assert not text.startswith("-") or text.strip("-0.")
    with localcontext(prec=60):
        assert Decimal(text) == number.quantize(Decimal(1).scaleb(-scale), ROUND_HALF_UP)


@given(st.floats(-1e12, 1e12))
@LAW
def test_floats_are_read_by_their_shortest_text(number: float) -> None:
    form = Form(DataType.DECIMAL, scale=3)
    assert canonical(form, number) == canonical(form, Decimal(repr(number)))


def test_one_and_one_point_nought_are_the_same_number() -> None:
    for kind in (DataType.INTEGER, DataType.DECIMAL):
        assert len({canonical(Form(kind, scale=2), raw) for raw in (1, 1.0, Decimal("1.0"), Decimal("1"))}) == 1


def test_large_whole_numbers_stay_exact() -> None:
    assert canonical(Form(DataType.INTEGER), 2**53 + 1) == 2**53 + 1
    assert canonical(Form(DataType.DECIMAL), 2**53 + 1) == str(2**53 + 1)


@pytest.mark.parametrize("raw", [float("nan"), float("inf"), Decimal("NaN"), Decimal("1E+400"), 10**400, "12", True, "NaN"])
def test_what_is_no_number_is_a_fault(raw: object) -> None:
    assert isinstance(canonical(Form(DataType.DECIMAL, scale=2), raw), Unfit)
    assert isinstance(canonical(Form(DataType.INTEGER), raw), Unfit)


@pytest.mark.parametrize("raw", [10**25, -(10**25), Decimal("9999999999999999999999999.999"), Decimal(10**25), float(10**26)])
def test_too_large_is_too_large_however_it_is_written(raw: object) -> None:
    assert isinstance(canonical(Form(DataType.DECIMAL, scale=2), raw), Unfit)


@pytest.mark.parametrize("raw", [0, 1, "true", "false", 1.0, []])
def test_booleans_are_strict(raw: object) -> None:
    assert isinstance(canonical(Form(DataType.BOOLEAN), raw), Unfit)


@pytest.mark.parametrize(
    ("raw", "date"),
    [
        ("1984-03-09", "1984-03-09"),
        ("1984-03-09T00:00:00", "1984-03-09"),
        ("1984-03-09T00:00:00.000Z", "1984-03-09"),
        ("1984-03-09T00:00:00+14:00", "1984-03-09"),
        ("1984-03-09 00:00", "1984-03-09"),
    ],
)
def test_a_date_is_taken_as_written_and_never_through_a_zone(raw: str, date: str) -> None:
    assert canonical(Form(DataType.DATE, zone="Pacific/Apia"), raw) == date


@pytest.mark.parametrize("raw", ["1984-03-09T23:00:00Z", "1984-02-30", "09.03.1984", "1984-3-9", 19840309, "1984-03-09Z"])
def test_what_is_no_date_is_a_fault(raw: object) -> None:
    assert isinstance(canonical(Form(DataType.DATE), raw), Unfit)


@pytest.mark.parametrize(
    ("raw", "instant"),
    [
        ("2026-01-31T12:00:00Z", "2026-01-31T12:00:00Z"),
        ("2026-01-31T12:00:00.999Z", "2026-01-31T12:00:00Z"),
        ("2026-01-31T12:00:00", "2026-01-31T11:00:00Z"),
        ("2026-07-31T12:00:00", "2026-07-31T10:00:00Z"),
        ("2026-01-31T12:00:00+05:30", "2026-01-31T06:30:00Z"),
        ("2026-03-29T02:30:00", "2026-03-29T01:30:00Z"),  # in the gap: with the offset from before it
        ("2026-10-25T02:30:00", "2026-10-25T00:30:00Z"),  # in the fold: the first one
    ],
)
def test_an_instant_is_in_utc(raw: str, instant: str) -> None:
    assert canonical(Form(DataType.INSTANT, zone="Europe/Oslo"), raw) == instant


def test_a_naive_time_cannot_say_the_second_pass_of_a_fold() -> None:
    form = Form(DataType.INSTANT, format="naive", zone="Europe/Oslo")
    assert writer(form)("2026-10-25T01:30:00Z") == "2026-10-25T02:30:00"
    assert canonical(form, "2026-10-25T02:30:00") == "2026-10-25T00:30:00Z"


@pytest.mark.parametrize(
    ("fine", "coarse", "common"),
    [(0.001, 0.001, "12:34:56.789Z"), (0.001, 1.0, "12:34:56Z"), (1.0, 60.0, "12:34:00Z"), (1, 3600, "12:00:00Z")],
)
def test_instants_are_cut_off_at_the_coarser_precision_of_both_sides(fine: float, coarse: float, common: str) -> None:
    left, right = Property(type="instant", precision_seconds=fine), Property(type="instant", precision_seconds=coarse)
    for flow in (one(left, right, type=DataType.INSTANT), one(right, left, type=DataType.INSTANT)):
        for side in Side:
            assert get(flow, side, "2026-01-31T12:34:56.789Z") == f"2026-01-31T{common}"


@pytest.mark.parametrize(
    ("kind", "left", "right", "value", "words"),
    [
        (DataType.DATE, Property(type="date"), Property(type="date", format="midnight"), "2026-01-31", "2026-01-31T00:00:00"),
        (
            DataType.INSTANT,
            Property(type="instant"),
            Property(type="instant", format="naive"),
            "2026-01-31T11:00:00Z",
            "2026-01-31T12:00:00",
        ),
        (DataType.DECIMAL, Property(type="decimal", scale=2), Property(type="decimal"), "12.50", Decimal("12.50")),
        (DataType.DECIMAL, Property(type="decimal", scale=2), Property(type="decimal", format="text"), "12.50", "12.50"),
        (DataType.DECIMAL, Property(type="decimal", scale=2), Property(type="integer"), "12.00", 12),
        (DataType.INTEGER, Property(type="integer"), Property(type="integer", format="text"), 12, "12"),
        (DataType.STRING, Property(), Property(), "Åse", "Åse"),
        (DataType.STRING, Property(), Property(), "", None),
        (DataType.STRING, Property(), Property(clearing="empty"), None, ""),
    ],
)
def test_values_are_put_in_the_formats_of_the_side(kind: DataType, left: Property, right: Property, value: object, words: object) -> None:
    flow = one(left, right, zones=("UTC", "Europe/Oslo"), type=kind)
    (written,) = put(flow, Side.RIGHT, value)
    assert written == words and type(written) is type(words)


def test_what_the_other_side_cannot_hold_is_a_fault_where_it_would_cross() -> None:
    limited = Property(max_length=3)
    assert get(one(Property(), limited), Side.LEFT, "abc") == "abc"
    assert get(one(Property(), limited), Side.LEFT, "abcd") == "FAULT"
    assert get(one(Property(), limited), Side.RIGHT, "abcd") == "abcd"
    assert get(one(Property(), limited, direction=Direction.RIGHT_TO_LEFT), Side.LEFT, "abcd") == "abcd"
    assert get(one(Property(), Property(options=("a", "b"))), Side.LEFT, "c") == "FAULT"
    assert get(one(Property(type="decimal", scale=1), Property(type="integer"), type=DataType.DECIMAL), Side.LEFT, 1.5) == "FAULT"

"""Short ways to build datatypes, mappings and flows for the tests of the map step, and the hostile values of PROMISES."""

from decimal import Decimal
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st

from accord.core.mapping import CompiledFlow, compile_flow
from accord.model.dataflow import Flow, PropertyMapping, TransformUse
from accord.model.manifest import Datatype, Listing, Property
from accord.model.records import Side

LAW = settings(max_examples=120, deadline=None)

HOSTILE: tuple[Any, ...] = (
    *(
        "Å",
        "A\u030a",
        "\u212b",
        "שלום",
        "\u202eabc",
        "👩\u200d👧",
        "\ud800",
        "a\udfffb",
        "a\x00b",
        "İ",
        "ı",
        "ß",
        "ﬁ",
        "\u0301",
        " \u00a0\u2003",
    ),
    *(1, 1.0, Decimal("1.0"), 1e400, -1e400, float("nan"), Decimal("NaN"), Decimal("sNaN"), Decimal("Infinity"), Decimal("1E+400")),
    *(Decimal("1E-400"), Decimal("0E+400"), Decimal("-0"), -0.0, 2**53 + 1, float(2**53), 10**400, -(2**63) - 1, 2**63, 5e-324),
    *(None, "", [], {}, [None], [{}], [[]], {"a": 1}, True, False, b"bytes", (1,), "9" * 5000, "1e400", "NaN", "inf", "٣", "1_000"),
    *("2026-02-30", "0000-00-00", "9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00", "2026-01-31T25:00:00", "2026-W01-1"),
    *("2026-01-31T12:00:60Z", "2026-01-31T12:00:00+99:99", "20260131", "２０２６-01-31", "a@b@c", "@", "http://[", "+", "+" + "1" * 300),
)


def raws() -> st.SearchStrategy[Any]:
    """Anything that JSON, or a careless connector, can hold."""
    texts = st.text(st.characters(codec=None), max_size=30)
    numbers = st.integers() | st.floats() | st.decimals()
    return st.sampled_from(HOSTILE) | texts | numbers | st.booleans() | st.none() | st.lists(texts, max_size=2)


def datatype(**properties: Property) -> Datatype:
    return Datatype(id="Id", list=Listing(path="records"), properties=properties)


def use(name: str, **parameters: Any) -> TransformUse:
    return TransformUse(name=name, parameters=parameters)


def mapping(left: str | tuple[str, ...], right: str | tuple[str, ...], **more: Any) -> PropertyMapping:
    lefts, rights = (left,) if isinstance(left, str) else left, (right,) if isinstance(right, str) else right
    return PropertyMapping(**{"left": lefts, "right": rights, "name": "+".join(lefts), **more})


def one(
    left: Property | tuple[Property, ...], right: Property | tuple[Property, ...], zones: tuple[str, str] = ("UTC", "UTC"), **more: Any
) -> CompiledFlow:
    """A flow with one property mapping, named "p", of properties L (L0, L1, ...) and R (R0, R1, ...)."""
    lefts, rights = _named("L", left), _named("R", right)
    flow = Flow(name="f", left="Lefts", right="Rights", properties=(mapping(tuple(lefts), tuple(rights), **{"name": "p", **more}),))
    return compile_flow(flow, datatype(**lefts), datatype(**rights), *zones)


def _named(letter: str, properties: Property | tuple[Property, ...]) -> dict[str, Property]:
    if isinstance(properties, Property):
        return {letter: properties}
    return {f"{letter}{index}": each for index, each in enumerate(properties)}


def get(compiled: CompiledFlow, side: Side, *raw: Any) -> Any:
    """The common value of "p" for these raw values, "FAULT" or "ABSENT"."""
    paths = compiled.mapping("p").left if side is Side.LEFT else compiled.mapping("p").right
    mapped = compiled.common(side, dict(zip(paths, raw, strict=True)), {})
    return "FAULT" if "p" in mapped.faults else mapped.values.get("p", "ABSENT")


def put(compiled: CompiledFlow, side: Side, value: Any, *current: Any) -> tuple[Any, ...]:
    """The raw values that "p" is put as, one per property."""
    paths = compiled.mapping("p").left if side is Side.LEFT else compiled.mapping("p").right
    said = compiled.words(side, {"p": value}, dict(zip(paths, current, strict=True)) if current else None, {})
    assert tuple(said) == paths
    return tuple(said.values())

"""Every transform has a worked example that its own description stands for, worked out through a compiled flow."""

import pytest

from accord.core.mapping import compile_flow
from accord.core.transforms import TRANSFORMS
from accord.core.transforms_kinds import Example
from accord.documents.examples import MOST, Worked, worked
from accord.model.dataflow import Flow, PropertyMapping, TransformUse
from accord.model.manifest import Datatype, Listing, Property
from accord.model.values import DataType

CASES = [(name, example) for name, one in TRANSFORMS.items() for example in one.examples if name != "identity"]


def worked_of(mapping: PropertyMapping, types: tuple[str, str]) -> tuple[Worked, ...]:
    left, right = (
        Datatype(
            id="Id",
            list=Listing(path="/"),
            properties={name: Property(type=kind, scale=2 if kind == "decimal" else None) for name in names},
        )  # type: ignore[arg-type]  # a word of the manifest
        for names, kind in zip((mapping.left, mapping.right), types, strict=True)
    )
    compiled = compile_flow(Flow(name="A to B", left="A", right="B", properties=(mapping,)), left, right, "UTC", "UTC")
    return worked(compiled, mapping)


@pytest.mark.parametrize(("name", "example"), CASES, ids=[f"{name}-{number}" for number, (name, _) in enumerate(CASES)])
def test_the_examples_of_every_transform_are_worked_out(name: str, example: Example) -> None:
    lefts, rights = (
        tuple(f"{side}{number}" for number in range(len(values))) for side, values in (("L", example.left), ("R", example.right))
    )
    mapping = PropertyMapping(
        left=lefts, right=rights, name="It", type=example.type, transform=TransformUse(name=name, parameters=dict(example.parameters))
    )
    found = worked_of(mapping, example.property_types)
    assert (example.left, example.right) in [(one.left, one.right) for one in found]
    assert len(found) <= MOST
    for one in found:
        assert len(one.left) == len(one.back) == len(lefts)
        assert len(one.right) == len(rights)


def test_a_long_table_is_shown_in_part() -> None:
    use = TransformUse(name="enum", parameters={"values": {f"word {number}": number for number in range(20)}})
    mapping = PropertyMapping(left=("L",), right=("R",), name="It", transform=use)
    assert len(worked_of(mapping, ("string", "integer"))) == MOST


@pytest.mark.parametrize("kind", [DataType.DECIMAL, DataType.INTEGER, DataType.BOOLEAN, DataType.DATE])
def test_what_crosses_as_it_is_needs_no_example(kind: DataType) -> None:
    assert worked_of(PropertyMapping(left=("L",), right=("R",), name="It", type=kind), (kind.value, kind.value)) == ()

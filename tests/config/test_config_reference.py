"""docs/reference/dataflow-file.md names every key, form and transform there is, and its examples are taken."""

import re
from pathlib import Path

import pytest

from accord.config.dataflow import DataflowFile, FlowFile, MatchFile, PropertyFile, dataflow_of
from accord.config.shape import known_keys
from accord.config.yamlfile import parse_yaml
from accord.core.normal import NAMES
from accord.core.transforms import TRANSFORMS
from accord.model.dataflow import Defaults, DocumentRow, DocumentSection, DocumentSettings

TEXT = (Path(__file__).parents[2] / "docs" / "reference" / "dataflow-file.md").read_text(encoding="utf-8")
HEAD = TEXT.split("```yaml\n")[1].split("flows:")[0]


@pytest.mark.parametrize(
    "shape", [DataflowFile, FlowFile, MatchFile, PropertyFile, Defaults, DocumentSettings, DocumentSection, DocumentRow]
)
def test_every_key_is_in_the_reference(shape: type) -> None:
    assert [key for key in known_keys(shape) if f"`{key}`" not in TEXT] == []


@pytest.mark.parametrize("name", [*NAMES, *TRANSFORMS])
def test_every_normal_form_and_transform_is_in_the_reference(name: str) -> None:
    assert f"`{name}`" in TEXT


def test_every_example_is_taken() -> None:
    blocks = re.findall(r"```yaml\n(.*?)```", TEXT, re.DOTALL)
    assert len(blocks) == 4
    for block in blocks:
        flows = "flows:\n  - {left: Customer, right: Companies}\n  - {left: Contact, right: Persons}\n  - left: A\n    right: B\n"
        whole = block if "flows:" in block else HEAD + flows + "".join(f"    {line}\n" for line in block.splitlines())
        assert dataflow_of(parse_yaml(whole.encode(), "dataflow-file.md")).flows

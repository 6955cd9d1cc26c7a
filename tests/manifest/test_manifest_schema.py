"""The schema and the reference page say what the models take, key by key, and nothing else."""

import dataclasses
import json
from pathlib import Path
from typing import Any, get_type_hints

import jsonschema  # comes with kinto
import pydantic
import pytest
from click.testing import CliRunner
from structural import misfits

from accord.cli.manifest import manifest_command
from accord.config.manifest_schema import KEYS, SHAPES, manifest_schema, reference_page, schema_text
from accord.config.shape import known_shapes
from accord.config.yamlfile import parse_yaml, read_yaml
from accord.model.files import FilesManifest
from accord.model.manifest import Manifest
from accord.model.plugged import PluggedManifest
from accord.model.sql import SqlManifest

ROOT = Path(__file__).parents[2]
SHIPPED = sorted((ROOT / "src" / "accord" / "connectors" / "manifests").glob("*.yaml"))
KNOWN = known_shapes(Manifest) | known_shapes(SqlManifest) | known_shapes(FilesManifest) | known_shapes(PluggedManifest)

SMALL = """manifest: 1
system: care
origin: https://care.example.org
authentication: {kind: bearer, value: "${env:CARE_KEY}"}
datatypes:
  Persons:
    id: no
    list: {path: /persons}
    properties: {email: {}}
"""


def fits(text: str) -> list[str]:
    return misfits(manifest_schema(), parse_yaml(text.encode(), "care.yaml").data)


def rest(paths: list[Path]) -> list[Path]:
    """The manifests of REST systems."""
    return [path for path in paths if read_yaml(path).data.get("kind", "rest") == "rest"]


@pytest.mark.parametrize("path", rest(SHIPPED), ids=lambda path: path.stem)
def test_every_shipped_manifest_fits_the_schema(path: Path) -> None:
    assert misfits(manifest_schema(), read_yaml(path).data) == []


@pytest.mark.parametrize("path", rest(SHIPPED), ids=lambda path: path.stem)
def test_a_checker_of_others_says_the_same(path: Path) -> None:
    jsonschema.Draft7Validator.check_schema(manifest_schema())
    checker = jsonschema.Draft7Validator(manifest_schema())
    assert [each.message for each in checker.iter_errors(read_yaml(path).data)] == []
    assert list(checker.iter_errors({**read_yaml(path).data, "manifest": 2}))


def test_a_manifest_of_tables_fits_and_its_mistakes_do_not() -> None:
    text = (Path(__file__).parent / "tables" / "tables.yaml").read_text("utf-8")
    assert fits(text) == []
    assert any(each.endswith("unknown key tabel") for each in fits(text.replace("table: contacts", "tabel: contacts")))


def test_a_small_manifest_fits() -> None:
    assert fits(SMALL) == []


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ("system: care\n", "", ": lacks system"),
        ("manifest: 1", "manifest: 2", ".manifest: 2 is no choice"),
        ("id: no", "idd: no", "unknown key idd"),
        ("kind: bearer", "kind: bear", "'bear' is no choice"),
        (', value: "${env:CARE_KEY}"', "", ".authentication: lacks value"),
        ("path: /persons", "path: 12", ".list.path: 12 is no string"),
        ("email: {}", "email: {type: date, options: 3}", "3 fits nothing"),
        ("email: {}", "email: []", "[] is no object"),
    ],
)
def test_what_the_models_refuse_does_not_fit(old: str, new: str, what: str) -> None:
    said = fits(SMALL.replace(old, new))
    assert any(each.endswith(what) for each in said), said


def test_every_key_has_a_meaning_and_there_are_no_others() -> None:
    keys = {(shape, field.name) for shape, known in KNOWN.items() for field in dataclasses.fields(known)}
    assert keys == KEYS.keys()
    assert KNOWN.keys() == SHAPES.keys()
    assert all(key.meaning and not key.meaning.endswith(".") for key in KEYS.values())


@pytest.mark.parametrize("where", list(KEYS), ids=".".join)
def test_every_example_is_taken_by_the_model_and_fits_the_schema(where: tuple[str, str]) -> None:
    shape, name = where
    hint: Any = get_type_hints(KNOWN[shape])[name]
    rules = pydantic.ConfigDict(extra="forbid", strict=True)
    example = KEYS[where].example
    pydantic.TypeAdapter(tuple[hint], config=rules).validate_json(json.dumps([example]))
    schema = manifest_schema()
    assert misfits(schema["definitions"][shape]["properties"][name], example, schema) == []


def test_every_key_of_the_schema_says_what_it_means_with_an_example() -> None:
    for definition in manifest_schema()["definitions"].values():
        assert definition["additionalProperties"] is False
        for each in definition["properties"].values():
            assert each["description"] and each["examples"]


@pytest.mark.parametrize(("name", "made"), [("manifest.md", reference_page), ("manifest.schema.json", schema_text)])
def test_the_published_file_is_what_the_models_say_today(name: str, made: Any) -> None:
    assert (ROOT / "docs" / "reference" / name).read_text("utf-8") == made(), f"docs/reference/{name} is out of date: make reference"


def test_the_command_prints_the_published_schema_or_writes_it(tmp_path: Path) -> None:
    printed = CliRunner().invoke(manifest_command, ["schema"])
    assert printed.exit_code == 0
    target = tmp_path / "manifest.schema.json"
    assert CliRunner().invoke(manifest_command, ["schema", "-o", str(target)]).exit_code == 0
    assert json.loads(printed.output) == json.loads(target.read_text("utf-8")) == manifest_schema()


def test_the_hint_for_editors_is_a_comment_like_any_other() -> None:
    hinted = f"# yaml-language-server: $schema=manifest.schema.json\n{SMALL}"
    assert parse_yaml(hinted.encode(), "care.yaml").data == parse_yaml(SMALL.encode(), "care.yaml").data
    assert fits(hinted) == []

"""accord simulate --dataflow: histories of a user's own flows and mappings."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from accord.app import load
from accord.cli.main import accord
from accord.documents.standin import manifest_text
from accord.errors import ConfigurationError, UsageError
from accord.model.records import Side
from accord.testing.simulation import simulate
from accord.testing.simulation_own import OwnSubject


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The dataflow that `accord init` writes: six flows between two real manifests."""
    folder = tmp_path_factory.mktemp("own")
    result = CliRunner().invoke(accord, ["init", str(folder / "sync")])
    assert result.exit_code == 0, result.output
    return folder / "sync" / "dataflow.yaml"


def subject(file: Path) -> OwnSubject:
    setup = load(file)
    return OwnSubject(setup.dataflow, setup.manifests)


@pytest.mark.parametrize("first", [1, 11])
def test_histories_of_a_users_own_dataflow_keep_every_promise(file: Path, first: int) -> None:
    own = subject(file)
    failed = [one for seed in range(first, first + 10) if (one := simulate(seed, own=own)).violations]
    assert not failed, [(one.seed, *map(str, one.violations)) for one in failed]


def test_nearly_every_property_of_it_is_typed_in(file: Path) -> None:
    own = subject(file)
    for thing in own.things:
        mapped = {path for one in thing.flow.properties for path in one.left}
        typed = {*thing.names[Side.LEFT], *own.key(thing, 1)[Side.LEFT]}
        assert len(mapped - typed) <= len(mapped) / 3, (thing.flow.name, mapped - typed)
        assert thing.shown


def test_keys_made_up_match_each_other_and_nothing_else(file: Path) -> None:
    own = subject(file)
    for thing in own.things:
        compiled = own.compiled[thing.flow.name]
        keys = [{side: compiled.keys(side, raw) for side, raw in own.key(thing, number).items()} for number in range(1, 40)]
        assert all(one[Side.LEFT] and one[Side.LEFT] == one[Side.RIGHT] for one in keys)
        assert len({one[Side.LEFT] for one in keys}) == len(keys)


def test_the_command_takes_it_and_says_how_to_see_a_history_again(file: Path) -> None:
    result = CliRunner().invoke(accord, ["simulate", "--seeds", "2", "--dataflow", str(file)])
    assert result.exit_code == 0, result.output
    assert "2 of 2 histories kept every promise" in result.output


def test_what_is_wrong_with_it_ends_with_3(tmp_path: Path) -> None:
    result = CliRunner().invoke(accord, ["simulate", "--dataflow", str(tmp_path / "none.yaml")])
    assert isinstance(result.exception, ConfigurationError)
    assert result.exception.exit_code == 3


def derived(folder: Path, cells: dict[str, dict[str, str]], flows: list[dict[str, object]]) -> Path:
    """A dataflow between two systems of which documents are all that is known: no criteria, and tables that may be empty."""
    for side in Side:
        (folder / f"{side}.yaml").write_text(manifest_text(f"{side} system", cells), encoding="utf-8")
    entries = {str(side): {"system": f"{side} system", "manifest": f"{side}.yaml"} for side in Side}
    (folder / "dataflow.yaml").write_text(json.dumps({"accord": 1, **entries, "flows": flows}), encoding="utf-8")
    return folder / "dataflow.yaml"


def test_a_dataflow_without_criteria_keeps_every_promise_as_nobody_can_recognise_anything(tmp_path: Path) -> None:
    cells = {"A": {"n": '"integer"', "a": '"string"', "a.b": '"float"', "$original_id": "N/A"}, "B": {}}
    rows = [{"left": "n", "right": "n", "type": "integer"}, {"left": "a", "right": "a"}]
    rows += [{"left": "a.b", "right": "a.b", "type": "decimal", "scale": 6}]
    flows = [{"left": "A", "right": "A", "create": "both", "properties": rows}, {"left": "B", "right": "B"}]
    own = subject(derived(tmp_path, cells, flows))
    assert [thing.flow.name for thing in own.things] == ["A to A"]
    failed = [one for seed in range(1, 21) if (one := simulate(seed, own=own)).violations]
    assert not failed, [(one.seed, *map(str, one.violations)) for one in failed]


@pytest.mark.parametrize(
    ("rows", "words"),
    [([], "it maps no property"), ([{"left": "n", "right": "n", "type": "integer"}], "it maps no plain text both ways")],
)
def test_a_dataflow_in_which_nothing_can_be_typed_is_refused_in_words(tmp_path: Path, rows: list[dict[str, str]], words: str) -> None:
    path = derived(tmp_path, {"A": {"n": '"integer"'}}, [{"left": "A", "right": "A", "properties": rows}])
    result = CliRunner().invoke(accord, ["simulate", "--dataflow", str(path)])
    assert isinstance(result.exception, UsageError)
    assert words in str(result.exception)


def test_flows_that_cannot_be_simulated_are_left_out_and_said_to_be(tmp_path: Path) -> None:
    text = [{"left": "a", "right": "a"}]
    refers = [*text, {"left": "b", "right": "b", "type": "reference", "refers_to": ["B to B"], "required": False}]
    flows: list[dict[str, object]] = [
        {"left": "A", "right": "A", "properties": text},
        {"left": "A", "right": "B", "properties": text},
        {"left": "B", "right": "B"},
        {"left": "C", "right": "C", "properties": refers},
    ]
    path = derived(tmp_path, {name: {"a": "", "b": ""} for name in "ABC"}, flows)
    assert subject(path).left_out == {
        "A to B": "a A has its one counterpart in A to A",
        "B to B": "it maps no property",
        "C to C": "it refers to B to B",
    }
    result = CliRunner().invoke(accord, ["simulate", "--seeds", "2", "--dataflow", str(path)])
    assert result.exit_code == 0, result.output
    assert "not simulated: B to B: it maps no property" in result.output


@pytest.mark.parametrize("said", [{"create": "none"}, {"create": "both", "share": {"left": True, "right": False}}])
def test_a_flow_that_creates_nothing_on_the_right_leaves_the_left_alone(tmp_path: Path, said: dict[str, object]) -> None:
    rows = [{"left": "a", "right": "a"}, {"left": "b", "right": "b"}]
    flow = {"left": "A", "right": "A", "match": [{"left": "a", "right": "a"}], "properties": rows, **said}
    own = subject(derived(tmp_path, {"A": {"a": "", "b": ""}}, [flow]))
    failed = [one for seed in range(1, 11) if (one := simulate(seed, own=own)).violations]
    assert not failed, [(one.seed, *map(str, one.violations)) for one in failed]

"""The scenarios in merge/*.yaml, one test each; their README says how they are read."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from accord.core.conflicts import Times
from accord.core.flowrules import property_rules
from accord.core.merging import ABSENT, TABLE, Row, decide, merge_property
from accord.core.rules import RULES
from accord.model.dataflow import ClearPolicy, ConflictPolicy, Direction, Flow, PropertyMapping
from accord.model.records import Side
from accord.model.values import DataType

FOLDER = Path(__file__).parent / "merge"
FILES = {path.stem: yaml.safe_load(path.read_text("utf-8")) for path in sorted(FOLDER.glob("*.yaml"))}
SCENARIOS = [(f"{stem}: {one['when']}", one) for stem, scenarios in FILES.items() for one in scenarios]
WORDS = {
    *("when", "agreed", "left", "right", "direction", "conflict", "fallback", "clear", "items", "times", "doubt"),
    *("rule", "left gets", "right gets", "loses", "held", "agreed now"),
}
SETTINGS = {"direction": Direction, "conflict": ConflictPolicy, "clear": ClearPolicy}


def value(said: Any) -> Any:
    """A value as it is written in a scenario, in common form."""
    if said == "not shown":
        return ABSENT
    if isinstance(said, Mapping):
        return {key: {} if quantity == "not shown" else {"quantity": quantity} for key, quantity in said.items()}
    return said


def bases(one: Mapping[str, Any]) -> tuple[Any, Any]:
    if "agreed" not in one:
        return ABSENT, ABSENT
    agreed = one["agreed"]
    sides = agreed if isinstance(agreed, Mapping) and agreed.keys() == {"left", "right"} else {"left": agreed, "right": agreed}
    return value(sides["left"]), value(sides["right"])


def flow(one: Mapping[str, Any]) -> Flow:
    """The flow that a scenario is about, as a dataflow file would say it."""
    said = {name: kind(one[name]) for name, kind in SETTINGS.items() if name in one}
    inner = {name: kind(one["items"][name]) for name, kind in SETTINGS.items() if name in one.get("items", {})}
    listed = any(isinstance(one[side], Mapping) for side in Side)
    mapping = PropertyMapping(left=("it",), right=("it",), name="it", **said)
    if listed:
        quantity = PropertyMapping(left=("quantity",), right=("quantity",), name="quantity", type=DataType.INTEGER, **inner)
        mapping = replace(mapping, type=DataType.LIST, properties=(quantity,))
    return Flow(name="f", left="L", right="R", fallback=Side(one.get("fallback", "left")), properties=(mapping,))


def times(one: Mapping[str, Any]) -> Times:
    told = {side: f"2026-03-01T{clock}Z" for side, clock in one.get("times", {}).items()}
    return Times(told.get("left"), told.get("right"), float(one.get("doubt", 5)))


def row(one: Mapping[str, Any]) -> Row:
    """The row of the decision table that a scenario falls under."""
    return decide(value(one["left"]), value(one["right"]), bases(one))


@pytest.mark.parametrize("one", [one for _, one in SCENARIOS], ids=[name for name, _ in SCENARIOS])
def test_scenario(one: Mapping[str, Any]) -> None:
    assert one.keys() <= WORDS
    (rule,) = property_rules(flow(one))
    merged = merge_property(rule, value(one["left"]), value(one["right"]), bases(one), times(one))
    loses = one.get("loses", [])
    assert merged.rule == one["rule"]
    for side in Side:
        assert merged.to(side) == (value(one[f"{side} gets"]) if f"{side} gets" in one else ABSENT)
    assert merged.losers == {Side(side) for side in ([loses] if isinstance(loses, str) else loses)}
    assert merged.held is one.get("held", False) and merged.conflict == bool(merged.losers or merged.held)
    assert merged.agreed is one.get("agreed now", False)


def test_every_row_of_the_table_and_every_rule_has_a_scenario() -> None:
    assert {row(one) for _, one in SCENARIOS} == set(TABLE)
    named = {one["rule"] for _, one in SCENARIOS} | {row(one).rule for _, one in SCENARIOS}
    assert named == {rule for rule in RULES if rule.startswith(("MERGE", "LIST", "CONFLICT"))}


def test_every_policy_has_a_scenario_of_its_own() -> None:
    for name, kind in SETTINGS.items():
        assert {one[name] for _, one in SCENARIOS if name in one} >= set(kind) - {ClearPolicy.PROPAGATE, Direction.BOTH}


def test_no_scenario_stands_there_twice() -> None:
    cases = [yaml.safe_dump({name: said for name, said in one.items() if name != "when"}) for _, one in SCENARIOS]
    assert len(cases) == len(set(cases)) and len({name for name, _ in SCENARIOS}) == len(SCENARIOS)

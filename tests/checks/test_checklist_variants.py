"""The checklist of other dataflows than the shipped one: whatever a flow says, its lines are proven, or do not apply and say why."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from accord.app import Setup, start
from accord.app.checking import Wanted, run_document, sandboxes
from accord.checks.report import Kind, Report, Verdict
from accord.model.dataflow import ClearPolicy, ConflictPolicy, Creation, DeletePolicy, Direction, Flow, Share
from accord.model.records import Side

pytestmark = pytest.mark.slow

PRODUCT = "Product to Products"


@pytest.fixture(scope="module")
def given() -> Iterator[Setup]:
    with sandboxes(None, size=20) as setup:
        yield setup


def one_way(flow: Flow, direction: Direction) -> Flow:
    return replace(flow, properties=tuple(one if one.required else replace(one, direction=direction) for one in flow.properties))


def ran(given: Setup, change: Callable[[Flow], Flow], seed: int = 1) -> Report:
    flows = tuple(change(replace(flow, skew_seconds=0.0)) if flow.name == PRODUCT else flow for flow in given.dataflow.flows)
    setup = replace(given, dataflow=replace(given.dataflow, flows=flows))
    return start(run_document(setup, Wanted(names=(PRODUCT,), sandbox=True, seed=seed)))


def passed(report: Report, kind: Kind, direction: Direction) -> int:
    return sum(line.verdict is Verdict.PASS for line in report.lines if line.kind is kind and line.direction is direction)


def changed(**how: Any) -> Callable[[Flow], Flow]:
    return lambda flow: replace(flow, **how)


VARIANTS: dict[str, Callable[[Flow], Flow]] = {
    "created in both directions": changed(create=Creation.BOTH),
    "matched only": changed(create=Creation.NONE),
    "deletions followed": changed(deletes=DeletePolicy.DELETE),
    "deletions end the link": changed(deletes=DeletePolicy.UNLINK),
    "left wins": changed(conflict=ConflictPolicy.LEFT),
    "right wins": changed(conflict=ConflictPolicy.RIGHT),
    "a person decides": changed(conflict=ConflictPolicy.MANUAL),
    "emptying stays": changed(clear=ClearPolicy.IGNORE),
    "only the right is written": changed(share=Share(left=False)),
    "only the left is written": changed(share=Share(right=False)),
    "only what is new": changed(full_sync=False),
    "left to right": lambda flow: one_way(flow, Direction.LEFT_TO_RIGHT),
    "right to left": lambda flow: one_way(flow, Direction.RIGHT_TO_LEFT),
}


@pytest.mark.parametrize("name", VARIANTS)
def test_whatever_the_flow_says_is_proven(given: Setup, name: str) -> None:
    report = ran(given, VARIANTS[name])
    assert [(line.id, line.reason) for line in report.lines if line.verdict in (Verdict.FAIL, Verdict.BLOCKED)] == []
    assert report.proven and report.count(Verdict.PASS) > 10


def test_what_is_created_in_both_directions_is_asked_in_both(given: Setup) -> None:
    report = ran(given, VARIANTS["created in both directions"])
    for kind in (Kind.CREATED, Kind.ARRIVES):
        assert passed(report, kind, Direction.LEFT_TO_RIGHT) == passed(report, kind, Direction.RIGHT_TO_LEFT) > 0


def test_what_goes_one_way_is_not_asked_the_other_way(given: Setup) -> None:
    report = ran(given, VARIANTS["right to left"])
    two_way = sum(one.required for flow in given.dataflow.flows if flow.name == PRODUCT for one in flow.properties)
    assert passed(report, Kind.EDITED, Direction.LEFT_TO_RIGHT) == two_way < passed(report, Kind.EDITED, Direction.RIGHT_TO_LEFT)


def test_the_origin_is_the_stand_ins_and_the_environment_is_not_asked(given: Setup, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUSTOMCRM_URL", "http://127.0.0.1:1")
    with sandboxes(None, size=5) as setup:
        assert all(setup.manifests[side].origin.startswith("http://127.0.0.1:") for side in Side)
        report = start(run_document(setup, Wanted(names=("User to Invoices",), sandbox=True)))
    assert report.proven

"""The shipped manifests: they are read without a problem, say what they can do, and nobody's property is out of reach."""

import pytest
from rigs import MANIFESTS, manifest, shipped, system

from accord.config.manifest import read_manifest
from accord.connectors.rest_capabilities import capabilities_of
from accord.model.capabilities import Capabilities, ChangeCapture, Finding


def _able(name: str, datatype: str) -> Capabilities:
    made = shipped(name)
    return capabilities_of(made.datatypes[datatype], made.clock, made.limits)


@pytest.mark.parametrize("name", ["customcrm", "membercare"])
def test_a_shipped_manifest_is_read_without_a_problem(name: str) -> None:
    assert read_manifest(MANIFESTS / f"{name}.yaml") == shipped(name)


@pytest.mark.parametrize("datatype", ["Contact", "Customer", "Order", "Product", "Quote", "User"])
def test_customcrm_can_do_everything(datatype: str) -> None:
    able = _able("customcrm", datatype)
    assert able.create and able.update and able.delete and able.conditional_write and able.idempotency_key
    assert (able.finding, able.changes, able.sees_deletes) == (Finding.CERTAIN, ChangeCapture.SINCE, True)
    assert able.create_only == able.read_only == frozenset()
    assert able.assumptions == ()


@pytest.mark.parametrize(
    ("datatype", "changes", "sees_deletes"),
    [
        ("Persons", ChangeCapture.FEED, True),
        ("Companies", ChangeCapture.FEED, True),
        ("Invoices", ChangeCapture.LISTING, False),
        ("Products", ChangeCapture.LISTING, False),
    ],
)
def test_membercare_deletes_nothing_promises_no_condition_and_names_its_assumptions(
    datatype: str, changes: ChangeCapture, sees_deletes: bool
) -> None:
    able = _able("membercare", datatype)
    assert not (able.delete or able.conditional_write or able.idempotency_key)
    assert (able.finding, able.changes, able.sees_deletes) == (Finding.CERTAIN, changes, sees_deletes)
    assert able.create_only == able.read_only == frozenset()
    assert able.assumptions
    assert all(each.endswith(".") for each in able.assumptions)


@pytest.mark.parametrize("datatype", ["Persons", "Invoices", "Products"])
def test_every_lenient_call_is_named_as_an_assumption(datatype: str) -> None:
    assert any(each.startswith("Lenient:") for each in _able("membercare", datatype).assumptions)


def test_capabilities_follow_from_the_calls_and_properties() -> None:
    properties = {
        "free": {},
        "born": {"update": False},
        "fixed": {"create": False, "update": False},
        "late": {"create": False},
        "posted": {"group": "sub"},
        "told": {"group": "seen", "create": False, "update": False},
    }
    groups = {"sub": {"object": "sub", "write": {"path": "/things/{id}/sub"}}, "seen": {"object": "seen"}}
    made = manifest(system({"properties": properties, "groups": groups, "reference": None, "delete": None, "changes": None}))
    able = capabilities_of(made.datatypes["Thing"], made.clock, made.limits)
    assert able.create_only == {"born"}
    assert able.read_only == {"fixed", "told"}
    assert (able.delete, able.changes) == (False, ChangeCapture.LISTING)


def test_finding_is_as_good_as_the_worst_route() -> None:
    def finding(*finds: object) -> Finding:
        routes = [{"path": "/things", "find": each} for each in finds]
        made = manifest(system({"create": routes}))
        return capabilities_of(made.datatypes["Thing"], made.clock, made.limits).finding

    sure, late = {"path": "/x", "compare": "mark"}, {"path": "/x", "compare": "mark", "certain": False}
    assert [finding(sure), finding(sure, late), finding(sure, None), finding()] == [
        Finding.CERTAIN,
        Finding.LAGGING,
        Finding.NONE,
        Finding.NONE,
    ]

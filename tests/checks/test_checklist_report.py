"""A report: goes to JSON and back unchanged, and a changed one is noticed."""

import json

import pytest

from accord.checks.report import Kind, Line, Report, SystemUnderTest, Verdict, holds, read_json, sealed, to_json
from accord.errors import ConfigurationError
from accord.model.dataflow import Direction
from accord.model.records import Side


def a_line(verdict: Verdict, name: str) -> Line:
    return Line(
        id=f"thing-to-things/{name}",
        flow="Thing to Things",
        kind=Kind.EDITED,
        direction=Direction.LEFT_TO_RIGHT,
        question="Does an edit arrive?",
        property=name,
        verdict=verdict,
    )


def a_report(*verdicts: Verdict) -> Report:
    return Report(
        title="One to Two Dataflow",
        document="sha256:0",
        seed=7,
        started="2026-01-01T00:00:00.000Z",
        ended="2026-01-01T00:00:01.000Z",
        systems=(SystemUnderTest(side=Side.LEFT, name="one", origin="http://127.0.0.1:1", sandbox=True),),
        flows=("Thing to Things",),
        lines=tuple(a_line(verdict, f"p{number}") for number, verdict in enumerate(verdicts)),
    )


def test_a_report_goes_to_json_and_back_unchanged() -> None:
    report = sealed(a_report(Verdict.PASS, Verdict.FAIL))
    again, plain = read_json(to_json(report), "report.json")
    assert again == report
    assert holds(plain)


@pytest.mark.parametrize("key", [None, b"a key"])
def test_a_changed_report_is_noticed(key: bytes | None) -> None:
    data = json.loads(to_json(sealed(a_report(Verdict.PASS, Verdict.FAIL), key)))
    assert holds(data, key)
    data["lines"][1]["verdict"] = "pass"
    assert not holds(data, key)


def test_a_changed_coverage_is_noticed_as_well() -> None:
    data = json.loads(to_json(sealed(a_report(Verdict.FAIL))))
    data["coverage"][0]["proven"] = 1
    assert not holds(data)


def test_who_has_no_key_can_neither_make_nor_judge_a_keyed_digest() -> None:
    data = json.loads(to_json(sealed(a_report(Verdict.PASS), b"a key")))
    assert not holds(data)
    assert not holds(data, b"another")
    assert not holds({**data, "digest": sealed(a_report(Verdict.PASS)).digest}, b"a key")


def test_proven_is_every_line_that_applies() -> None:
    assert a_report(Verdict.PASS, Verdict.NOT_APPLICABLE).proven
    assert not a_report(Verdict.PASS, Verdict.BLOCKED).proven
    (coverage,) = a_report(Verdict.PASS, Verdict.FAIL, Verdict.NOT_APPLICABLE).coverage()
    assert (coverage.stated, coverage.applicable, coverage.proven) == (3, 2, 1)


@pytest.mark.parametrize("data", [b"", b"[]", b'{"title": 1}', b"\xff"])
def test_what_is_no_report_is_refused_in_words(data: bytes) -> None:
    with pytest.raises(ConfigurationError, match="is no report of a checklist"):
        read_json(data, "report.json")

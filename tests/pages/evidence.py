"""A small report with a line of every verdict, for looking at pages of it."""

from accord.checks.report import Call, Kind, Line, Report, Shown, SystemUnderTest, Verdict, sealed
from accord.model.dataflow import Direction
from accord.model.records import Side

FLOW, OTHER = "Contact to Persons", "Customer to Companies"
WRITTEN = Call(
    by="engine",
    system="membercare",
    method="PATCH",
    path="/api/v1/persons/17",
    at="2026-03-01T12:00:01.500Z",
    sent='{"firstname": "Åse"}',
    status=200,
    answer='{"id": 17, "firstname": "Åse"}',
)
MADE = Call(by="checklist", system="customcrm", method="PATCH", path="/api/contacts/CO-1", at="2026-03-01T12:00:01.000Z", status=0)


def line(kind: Kind, way: Direction, name: str | None, verdict: Verdict, reason: str = "", flow: str = FLOW) -> Line:
    """One line, with evidence where it was tried."""
    tried = verdict in (Verdict.PASS, Verdict.FAIL)
    parts = [flow.lower().replace(" ", "-"), kind.value, way.value.replace("_", "-"), *([name] if name else [])]
    return Line(
        id="/".join(parts),
        flow=flow,
        kind=kind,
        direction=way,
        question=f"Is {name or 'it'} {kind.value}?",
        property=name,
        verdict=verdict,
        reason=reason,
        expected="Åse" if tried else "",
        observed=("Åse" if verdict is Verdict.PASS else "Ase") if tried else "",
        left=Shown(id="CO-1", before={"FirstName": "Aase"}, after={"FirstName": "Åse"}) if tried else Shown(),
        right=Shown(id="17", before={"firstname": None}, after={"firstname": "Åse", "phone": ""}) if tried else Shown(),
        calls=(MADE, WRITTEN) if tried else (),
        rules=("MERGE-02",) if tried else (),
        started="2026-03-01T12:00:01Z" if tried else "",
        ended="2026-03-01T12:00:02Z" if tried else "",
    )


RIGHTWARDS, LEFTWARDS, BOTH = Direction.LEFT_TO_RIGHT, Direction.RIGHT_TO_LEFT, Direction.BOTH
LINES = (
    line(Kind.CREATED, RIGHTWARDS, None, Verdict.PASS),
    line(Kind.CREATED, LEFTWARDS, None, Verdict.NOT_APPLICABLE, "the flow creates from left to right only"),
    line(Kind.ARRIVES, RIGHTWARDS, "FirstName", Verdict.PASS),
    line(Kind.EDITED, RIGHTWARDS, "FirstName", Verdict.FAIL, "firstname is not what it has to be"),
    line(Kind.EDITED, LEFTWARDS, "FirstName", Verdict.BLOCKED, "the run did not come so far"),
    line(Kind.CONFLICT, BOTH, "LastName", Verdict.PASS),
    line(Kind.CREATED, RIGHTWARDS, None, Verdict.PASS, flow=OTHER),
)


def made_report(lines: tuple[Line, ...] = LINES, left_behind: tuple[str, ...] = ()) -> Report:
    """The report of these lines."""
    return sealed(
        Report(
            title="Customcrm to Membercare Dataflow",
            document="sha256:0011",
            seed=7,
            started="2026-03-01T12:00:00Z",
            ended="2026-03-01T12:05:00Z",
            systems=(
                SystemUnderTest(side=Side.LEFT, name="customcrm", origin="https://crm.example", sandbox=False),
                SystemUnderTest(side=Side.RIGHT, name="membercare", origin="http://127.0.0.1:9", sandbox=True),
            ),
            flows=(FLOW, OTHER),
            lines=lines,
            left_behind=left_behind,
        )
    )

"""A report as JUnit XML, for the tools that gather test results.

Owns: that form. Does not own: the report (report.py).
"""

import re
from xml.etree import ElementTree

from accord.checks.report import Line, Report, Verdict

_UNFIT = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML cannot hold."""


def to_junit(report: Report) -> bytes:
    """A test suite per flow, a test case per line; what does not apply is skipped with its reason, what is blocked is an error."""
    root = ElementTree.Element("testsuites", name=_fit(report.title), tests=str(len(report.lines)), timestamp=report.started)
    for flow in report.flows:
        lines = [line for line in report.lines if line.flow == flow]
        counts = {verdict: sum(line.verdict is verdict for line in lines) for verdict in Verdict}
        suite = ElementTree.SubElement(
            root,
            "testsuite",
            name=_fit(flow),
            tests=str(len(lines)),
            failures=str(counts[Verdict.FAIL]),
            errors=str(counts[Verdict.BLOCKED]),
            skipped=str(counts[Verdict.NOT_APPLICABLE]),
            timestamp=report.started,
        )
        for line in lines:
            _case(suite, line)
    ElementTree.indent(root)
    text: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return text + b"\n"


def _case(suite: ElementTree.Element, line: Line) -> None:
    case = ElementTree.SubElement(suite, "testcase", classname=_fit(line.flow), name=_fit(line.id))
    if line.verdict is Verdict.NOT_APPLICABLE:
        ElementTree.SubElement(case, "skipped", message=_fit(line.reason))
    elif line.verdict is not Verdict.PASS:
        kind = "failure" if line.verdict is Verdict.FAIL else "error"
        told = ElementTree.SubElement(case, kind, message=_fit(line.reason))
        told.text = _fit(f"{line.question}\nexpected: {line.expected}\nobserved: {line.observed}")


def _fit(text: str) -> str:
    return _UNFIT.sub("�", text)

"""The answers of a checklist while it runs: of every line the first failure, or that it was proven, with the evidence of that moment.

Owns: which answer a line ends with, how values and records are shown in it. Does not own: finding out (running.py), the report (report.py).
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from accord.checks.questions import Question
from accord.checks.report import MASKED, Call, Kind, Line, Shown, Verdict
from accord.checks.subjects import Subject
from accord.checks.wire import Ours, shown
from accord.connectors.redacting import MASK
from accord.core.flowrules import names_on
from accord.model.dataflow import Direction
from accord.model.records import Side

WORST = (Verdict.FAIL, Verdict.BLOCKED, Verdict.NOT_APPLICABLE, Verdict.PASS)
"""Of several answers to one line the first of these holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What was found out for a line at one moment."""

    verdict: Verdict
    reason: str = ""
    expected: str = ""
    observed: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """When and in what an answer was found: calls since the phase began, and the rules by which the engine acted."""

    started: str
    ended: str
    calls: Sequence[Call] = ()
    rules: Sequence[str] = ()


@dataclass(slots=True)
class Answers:
    """The lines so far. ``why``: by question, why it could not be tried, if nothing else answers it; ``broken``: why all others."""

    questions: Sequence[Question]
    ours: Ours
    lines: dict[str, Line] = field(default_factory=dict)
    why: dict[str, str] = field(default_factory=dict)
    broken: str = "the run did not come so far"
    _index: dict[tuple[str, Kind, Direction, str | None], Question] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for one in self.questions:
            self._index[one.flow, one.kind, one.direction, one.property] = one

    def question(self, flow: str, kind: Kind, way: Direction, name: str | None = None) -> Question | None:
        """The question there, if it is asked and applies."""
        found = self._index.get((flow, kind, way, name))
        return found if found is not None and not found.unless else None

    def of_flow(self, flow: str, kinds: Iterable[Kind] = tuple(Kind)) -> list[Question]:
        """The questions of a flow that apply."""
        return [one for one in self.questions if one.flow == flow and one.kind in tuple(kinds) and not one.unless]

    def give(self, question: Question, answer: Answer, moment: Moment, subject: Subject | None = None) -> None:
        """Answer a line; an answer that is worse replaces the one before, another one does not."""
        before = self.lines.get(question.id)
        if before is not None and WORST.index(before.verdict) <= WORST.index(answer.verdict):
            return
        self.lines[question.id] = replace(
            _line(question),
            verdict=answer.verdict,
            reason=answer.reason,
            expected=answer.expected,
            observed=answer.observed,
            left=self._shown(subject, Side.LEFT, question),
            right=self._shown(subject, Side.RIGHT, question),
            calls=tuple(moment.calls),
            rules=tuple(moment.rules),
            started=moment.started,
            ended=moment.ended,
        )

    def all(self) -> tuple[Line, ...]:
        """Every line in the order of the questions; what nobody answered is blocked."""
        return tuple(self._final(question) for question in self.questions)

    def text(self, value: Any) -> str:
        """A value as text; masked where it is not of the checklist's making: it may be somebody's."""
        value = shown(value, self.ours)
        text = value if isinstance(value, str) and value.strip() == value and value else _json(value)
        return text.replace(MASK, MASKED)

    def _final(self, question: Question) -> Line:
        if question.unless:
            return replace(_line(question), verdict=Verdict.NOT_APPLICABLE, reason=question.unless)
        found = self.lines.get(question.id)
        return found or replace(_line(question), verdict=Verdict.BLOCKED, reason=self.why.get(question.id, self.broken))

    def _shown(self, subject: Subject | None, side: Side, question: Question) -> Shown:
        if subject is None or side not in subject.refs:
            return Shown()
        names = _names(subject, side, question.property)
        before, after = (
            {name: _text(shown(raw[name], self.ours)) for name in names if name in raw} for raw in (subject.before[side], subject.raw[side])
        )
        return Shown(id=subject.refs[side].id, before=before, after=after)


def _names(subject: Subject, side: Side, name: str | None) -> Sequence[str]:
    """The side's properties that a line is about; all mapped ones for a line about the record."""
    mappings = [one for one in subject.flow.properties if name is None or one.name == name or name.startswith(f"{one.name}.")]
    return list(dict.fromkeys(each for one in mappings for each in names_on(one, side)))


def _text(value: Any) -> str | None:
    if value is None:
        return None
    return value.replace(MASK, MASKED) if isinstance(value, str) else _json(value)


def _json(value: Any) -> str:
    if isinstance(value, Mapping):
        value = {str(key): one for key, one in value.items()}
    return json.dumps(value, ensure_ascii=False, default=str).replace(f'"{MASK}"', MASKED)


def _line(question: Question) -> Line:
    return Line(
        id=question.id,
        flow=question.flow,
        kind=question.kind,
        direction=question.direction,
        question=question.sentence,
        property=question.property,
    )

"""The dataflow file: short forms, defaults, and every misfit at once with line and remedy."""

import dataclasses
import typing

import pytest

from accord.config.dataflow import DataflowFile, dataflow_of
from accord.config.shape import known_keys, shape_at, spelled
from accord.config.words import PURPOSES
from accord.config.yamlfile import parse_yaml
from accord.errors import ConfigurationError, Problem
from accord.model.dataflow import ClearPolicy, ConflictPolicy, Creation, Dataflow, Direction, MatchPart, Onboarding, TransformUse
from accord.model.files import FilesManifest
from accord.model.manifest import Manifest
from accord.model.plugged import PluggedManifest
from accord.model.records import Side
from accord.model.sql import SqlManifest
from accord.model.values import DataType

HEAD = """accord: 1
left: {system: customcrm, manifest: customcrm.yaml}
right: {system: membercare, manifest: membercare.yaml}
"""


def read(text: str) -> Dataflow:
    return dataflow_of(parse_yaml((HEAD + text).encode(), "x.yaml"))


def problems(text: str) -> list[Problem]:
    with pytest.raises(ConfigurationError) as caught:
        read(text)
    return list(caught.value.problems)


def test_short_forms_and_names() -> None:
    flow = read("""
flows:
  - left: Contact
    right: Persons
    match:
      - {left: Email, right: email, as: email}
      - [{left: Mobile, right: mobile, as: phone}, {left: LastName, right: lastname}]
    properties:
      - {left: Email, right: email, transform: email}
      - {left: Phone, right: phone, transform: {name: phone, region: NO}}
      - {left: [FirstName, LastName], right: name, transform: join_words, direction: left_to_right}
""").flows[0]
    assert flow.name == "Contact to Persons"
    assert flow.match == (
        (MatchPart(left="Email", right="email", normal="email"),),
        (MatchPart(left="Mobile", right="mobile", normal="phone"), MatchPart(left="LastName", right="lastname", normal="text")),
    )
    email, phone, name = flow.properties
    assert (email.name, email.left, email.right, email.transform) == ("Email", ("Email",), ("email",), TransformUse(name="email"))
    assert phone.transform == TransformUse(name="phone", parameters={"region": "NO"})
    assert (name.name, name.direction) == ("FirstName+LastName", Direction.LEFT_TO_RIGHT)


def test_a_flow_takes_what_it_does_not_say_from_the_defaults() -> None:
    dataflow = read("""
defaults: {conflict: right, clear: ignore, onboarding: create, fallback: right, skew_seconds: 9}
flows:
  - {left: A, right: B, conflict: manual, create: none}
  - {left: C, right: D, skew_seconds: 0}
""")
    first, second = dataflow.flows
    assert (first.conflict, first.clear, first.onboarding, first.skew_seconds) == (
        ConflictPolicy.MANUAL,
        ClearPolicy.IGNORE,
        Onboarding.CREATE,
        9,
    )
    assert (first.create, second.create) == (Creation.NONE, Creation.LEFT_TO_RIGHT)
    assert (second.conflict, second.fallback, second.skew_seconds) == (ConflictPolicy.RIGHT, Side.RIGHT, 0)


def test_references_are_required_unless_the_file_says_otherwise() -> None:
    flow = read("""
flows:
  - left: A
    right: B
    properties:
      - {left: P, right: p, type: reference, refers_to: A to B}
      - {left: Q, right: q, type: reference, refers_to: [A to B], required: false}
      - {left: R, right: r}
""").flows[0]
    assert [(each.type, each.required) for each in flow.properties] == [
        (DataType.REFERENCE, True),
        (DataType.REFERENCE, False),
        (DataType.STRING, False),
    ]


def test_all_misfits_come_at_once_with_line_column_and_the_nearest_word() -> None:
    found = problems("""defaults: {conflict: lastest}
flows:
  - left: Contact
    right: Persons
    crate: both
    full_sync: "yes"
    match:
      - [{left: Email, rigth: email}]
      - {left: Email, right: 3}
    properties:
      - {left: [A, 3], right: phone}
      - {left: 3, right: phone, type: decml, scale: "3"}
""")
    told = {(problem.line, problem.column): (problem.what, problem.remedy) for problem in found}
    assert told[4, 22] == (
        'defaults, conflict: must be latest, left, right, manual, keep_non_empty or union, not the text "lastest"',
        "Did you mean latest?",
    )
    assert told[8, 5] == ("flow 1: unknown key crate", "Did you mean create?")
    assert told[9, 16] == ('flow 1, full_sync: must be true or false, not the text "yes"', "Write true or false.")
    assert told[11, 24] == ("flow 1, match 1, part 1: unknown key rigth", "Did you mean right?")
    assert told[11, 10][0] == "flow 1, match 1, part 1: the key right is missing"
    assert told[12, 30][0] == "flow 1, match 2, right: must be text, not the number 3"
    assert told[14, 20][0] == "flow 1, property 1, left 2: must be text, not the number 3"
    assert told[15, 16][0] == "flow 1, property 2, left: must be text or a list, not the number 3"
    assert told[15, 39][1] == "Did you mean decimal?"
    assert told[15, 53][0] == 'flow 1, property 2, scale: must be a whole number, not the text "3"'
    assert len(found) == len(told) == 10


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        ("flows: []\n", 4, "there are no flows"),
        ("flows: [{left: A, right: B}, {left: A, right: B}]\n", 4, "a second flow named A to B"),
        ("flows:\n- {left: A, right: B, match: [[]]}\n", 5, "a match criterion is empty"),
        (
            "flows:\n- left: A\n  right: B\n  properties:\n  - {left: P, right: p}\n  - {left: P, right: q}\n",
            9,
            "a second property mapping named P",
        ),
        ("flows:\n- {left: A, right: B, properties: [{left: [], right: p, name: x}]}\n", 5, "no property on the left"),
        (
            "flows:\n- {left: A, right: B, properties: [{left: P, right: p, type: reference, refers_to: A to C}]}\n",
            5,
            "no flow of this file",
        ),
        ("flows:\n- {left: A, right: B, properties: [{left: P, right: p, type: reference}]}\n", 5, "refers_to go together"),
        ("flows:\n- {left: A, right: B, properties: [{left: P, right: p, item_key: {left: a, right: b}}]}\n", 5, "go together"),
        ("flows:\n- {left: A, right: B, properties: [{left: P, right: p, type: decimal}]}\n", 5, "needs its scale"),
        ("flows:\n- {left: A, right: B, properties: [{left: P, right: p, type: decimal, scale: 99}]}\n", 5, "not possible"),
        ("flows:\n- {left: A, right: B, properties: [{left: P, right: p, transform: {region: NO}}]}\n", 5, "has no name"),
    ],
)
def test_what_cannot_be_meant_is_refused(text: str, line: int, what: str) -> None:
    (problem,) = problems(text)
    assert what in problem.what
    assert problem.line == line
    assert problem.remedy


def test_a_file_that_is_no_mapping_is_told_so() -> None:
    with pytest.raises(ConfigurationError) as caught:
        dataflow_of(parse_yaml(b"- a\n", "x.yaml"))
    assert "must be a mapping" in caught.value.problems[0].what


def test_every_required_key_has_a_phrase_that_says_what_it_is_for() -> None:
    shapes: set[type] = set()
    waiting: list[type] = [DataflowFile, Manifest, SqlManifest, FilesManifest, PluggedManifest]
    while waiting:
        shape = waiting.pop()
        if shape in shapes:
            continue
        shapes.add(shape)
        for key in known_keys(shape):
            for step in ((key,), (key, 0), (key, 0, 0), (key, "x")):
                if inner := shape_at(shape, step):
                    waiting.append(inner)
    required = {
        (shape.__name__, member.name)
        for shape in shapes
        for member in dataclasses.fields(typing.cast(typing.Any, shape))
        if member.default is dataclasses.MISSING and member.default_factory is dataclasses.MISSING
    }
    assert required == set(PURPOSES)


def test_a_path_is_spelled_as_people_count() -> None:
    assert spelled(("flows", 0, "properties", 2, "left")) == "flow 1, property 3, left"

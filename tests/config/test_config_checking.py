"""A dataflow that does not fit its manifests is refused with every reason, each at its line."""

from importlib.resources import files
from pathlib import Path

import pytest

from accord.config.checking import check_dataflow, missing_secrets, notices_of
from accord.config.dataflow import read_dataflow
from accord.config.manifest import manifest_of, read_manifest
from accord.config.secrets import EnvironmentSecrets
from accord.config.starter import write_starter
from accord.config.yamlfile import parse_yaml
from accord.errors import Problem

CRM = """manifest: 1
system: crm
origin: https://crm.example.org
datatypes:
  Contact:
    id: Id
    list: {path: /contacts}
    create: [{path: /contacts}]
    update: {path: "/contacts/{id}"}
    properties:
      Name: {}
      Email: {}
      Site: {}
      Score: {type: integer, create: false, update: false}
      Boss: {}
      Born: {update: false}
      Rows: {type: list, items: {No: {type: integer}, Text: {}}}
    assumptions: [Names are short., Shared by two.]
  Log: {id: Id, list: {path: /logs}, properties: {Name: {}}, assumptions: [Shared by two.]}
  Unused: {id: Id, list: {path: /unused}, properties: {Name: {}}, assumptions: [Not in use.]}
"""
CARE = """manifest: 1
system: care
origin: https://care.example.org
datatypes:
  Persons:
    id: no
    list: {path: /persons}
    create: [{path: /persons}]
    update: {path: "/persons/{id}"}
    groups: {home: {list: addresses}, mail: {list: contacts}}
    properties:
      name: {}
      email: {group: mail, path: value}
      website: {}
      score: {type: integer}
      boss: {}
      home.city: {group: home, path: postalCode.city}
      lines: {type: list, path: items, items: {sequence: {type: integer}, text: {}}}
"""
HEAD = """accord: 1
left: {system: crm, manifest: crm.yaml}
right: {system: care, manifest: care.yaml}
flows:
"""


def check(folder: Path, flows: str, head: str = HEAD) -> list[Problem]:
    (folder / "dataflow.yaml").write_text(head + flows)
    left, right = (manifest_of(parse_yaml(text.encode(), "m.yaml")) for text in (CRM, CARE))
    return check_dataflow(read_dataflow(folder / "dataflow.yaml"), left, right)


def test_the_shipped_dataflow_fits_the_shipped_manifests(tmp_path: Path) -> None:
    write_starter(tmp_path)
    left, right = read_manifest(tmp_path / "customcrm.yaml"), read_manifest(tmp_path / "membercare.yaml")
    assert check_dataflow(read_dataflow(tmp_path / "dataflow.yaml"), left, right) == []


@pytest.mark.parametrize(
    ("flow", "stands", "what", "remedy"),
    [
        ("{left: Contcat, right: Persons}", "Contcat", "crm has no datatype Contcat", "Did you mean Contact?"),
        ("{left: Contact, right: Person}", "Person}", "care has no datatype Person", "Did you mean Persons?"),
        (
            "{left: Contact, right: Persons, properties: [{left: Emial, right: email}]}",
            "Emial",
            "Contact has no property Emial",
            "mean Email?",
        ),
        (
            "{left: Contact, right: Persons, properties: [{left: Site, right: url}]}",
            "url",
            "Persons has no property url",
            "not a web site",
        ),
        (
            "{left: Contact, right: Persons, properties: [{left: Site, right: addresses.postalCode.city}]}",
            "addresses",
            "Persons has no property addresses.postalCode.city",
            "Did you mean home.city?",
        ),
        ("{left: Contact, right: Persons, match: [{left: Email, right: emial}]}", "emial", "Persons has no property emial", "mean email?"),
        (
            "{left: Contact, right: Persons, match: [[{left: Emial, right: email}]]}",
            "Emial",
            "Contact has no property Emial",
            "mean Email?",
        ),
        (
            "{left: Contact, right: Persons, properties: [{left: Score, right: score, type: integer}]}",
            "Score",
            "Score cannot be written in Contact",
            "Add direction: left_to_right.",
        ),
        (
            "{left: Contact, right: Persons, properties: [{left: Name, right: name}, {left: Email, right: name}]}",
            "name}]",
            "name is written by Email and by Name",
            "Remove one of the two, or add direction: right_to_left.",
        ),
        ("{left: Log, right: Persons, create: both}", "both", "Log cannot be created", "Write create: by_hand"),
        (
            "{left: Contact, right: Persons, create: by_hand}",
            "by_hand",
            "nothing says by what a Persons",
            "Add match, or write create: none.",
        ),
        (
            "{left: Contact, right: Persons, full_sync: false}",
            "false",
            "full_sync cannot be off: Contact tells no time of change",
            "Take full_sync out, or say in the manifest where the time of change stands (modified).",
        ),
        ("{left: Contact, right: Persons, deletes: delete, share: {right: false}}", "delete", "Contact cannot be deleted", "Write deletes"),
        (
            "{left: Contact, right: Persons, properties: "
            "[{left: Name, right: name, type: list, item_key: {left: No, right: no}, properties: [{left: Text, right: text}]}]}",
            "Name",
            "Contact has no list Name",
            "without item_key",
        ),
        (
            "{left: Contact, right: Persons, properties: "
            "[{left: Rows, right: lines, type: list, item_key: {left: No, right: sequenc}, properties: [{left: Text, right: text}]}]}",
            "sequenc",
            "Persons has no property sequenc",
            "Did you mean sequence?",
        ),
        (
            "{left: Contact, right: Persons, properties: [{left: Boss, right: boss, type: reference, refers_to: Contact to Persons}]}",
            "{left: Contact",
            "its records wait for those of Contact to Persons",
            "required: false",
        ),
    ],
)
def test_what_does_not_fit_is_refused_with_its_place(tmp_path: Path, flow: str, stands: str, what: str, remedy: str) -> None:
    found = [problem for problem in check(tmp_path, f"  - {flow}\n") if what in problem.what]
    assert [problem.line for problem in found] == [5]
    assert f"  - {flow}"[found[0].column - 1 :].startswith(stands)
    assert remedy in found[0].remedy
    assert found[0].file == str(tmp_path / "dataflow.yaml")


def test_a_manifest_of_another_system_is_refused(tmp_path: Path) -> None:
    (problem,) = check(tmp_path, "  - {left: Contact, right: Persons}\n", HEAD.replace("system: care", "system: caer"))
    assert (problem.line, problem.what) == (3, "right: care.yaml describes care, not caer")


def test_a_property_that_only_crosses_the_other_way_need_not_be_writable(tmp_path: Path) -> None:
    flow = "  - {left: Contact, right: Persons, properties: [{left: Score, right: score, type: integer, direction: left_to_right}]}\n"
    assert check(tmp_path, flow) == []


def test_a_side_that_is_switched_off_need_not_be_writable(tmp_path: Path) -> None:
    flow = "  - {left: Log, right: Persons, create: both, share: {left: false}, properties: [{left: Name, right: name}]}\n"
    assert check(tmp_path, flow) == []


def test_ONBOARD_02_full_sync_may_be_off_where_the_side_that_is_created_from_tells_times(tmp_path: Path) -> None:
    crm = CRM.replace("id: Id\n    list: {path: /contacts}", "id: Id\n    modified: Changed\n    list: {path: /contacts}")
    left, right = (manifest_of(parse_yaml(text.encode(), "m.yaml")) for text in (crm, CARE))
    told = {}
    for create in ("left_to_right", "both", "none"):
        (tmp_path / "dataflow.yaml").write_text(HEAD + f"  - {{left: Contact, right: Persons, full_sync: false, create: {create}}}\n")
        told[create] = [problem.what for problem in check_dataflow(read_dataflow(tmp_path / "dataflow.yaml"), left, right)]
    assert told["left_to_right"] == told["none"] == []
    assert ["full_sync cannot be off: Persons tells no time" in what for what in told["both"]] == [True]


def test_all_problems_come_in_the_order_of_the_file(tmp_path: Path) -> None:
    flows = "  - {left: A, right: B}\n  - {left: Contact, right: Persons, properties: [{left: X1, right: y1}]}\n"
    assert [problem.line for problem in check(tmp_path, flows)] == [5, 5, 6, 6]


def test_what_the_mapping_refuses_stands_at_its_place(tmp_path: Path) -> None:
    flows = """  - left: Contact
    right: Persons
    where: {left: "Name is"}
    match:
      - {left: Email, right: email, as: emial}
    properties:
      - {left: Name, right: name}
      - {left: Email, right: email, transform: emial}
      - left: Rows
        right: lines
        type: list
        item_key: {left: No, right: sequence}
        properties:
          - {left: Text, right: text, transform: upper, type: integer}
"""
    found = check(tmp_path, flows)
    assert [problem.line for problem in found] == [7, 9, 12, 18]
    assert "emial" in found[2].what
    assert all(problem.what.startswith("Contact to Persons: ") and problem.remedy for problem in found)


@pytest.mark.parametrize(
    ("flows", "noticed"),
    [
        ("  - {left: Contact, right: Persons}\n  - {left: Contact, right: Persons, name: again}\n", ["again"]),
        ("  - {left: Contact, right: Persons}\n  - {left: Contact, right: Persons, name: again, create: none}\n", []),
        ("  - {left: Contact, right: Persons, where: {left: \"Name = 'x'\"}}\n  - {left: Contact, right: Persons, name: again}\n", []),
        ("  - {left: Log, right: Persons}\n  - {left: Contact, right: Persons}\n", []),
    ],
)
def test_P08_that_a_record_has_one_counterpart_is_noticed_where_several_flows_would_give_it_one(
    tmp_path: Path, flows: str, noticed: list[str]
) -> None:
    (tmp_path / "dataflow.yaml").write_text(HEAD + flows)
    left, right = (manifest_of(parse_yaml(text.encode(), "m.yaml")) for text in (CRM, CARE))
    found = notices_of(read_dataflow(tmp_path / "dataflow.yaml"), left, right)
    assert [each.what.split(":")[0] for each in found if "has one counterpart" in each.what] == noticed


ONE_PLACE = """manifest: 1
system: crm
origin: https://crm.example.org
datatypes:
  A: {id: Id, list: {path: /a}, create: [{path: /a}], properties: {Name: {}}}
  B: {id: Id, list: {path: /b}, create: [{path: /b}], properties: {Name: {}}}
  C: {id: Id, list: {path: /c}, create: [{path: /c}], properties: {Name: {}}}
"""


@pytest.mark.parametrize(
    ("flows", "refused"),
    [
        ("  - {left: A, right: A}\n", ["A to A"]),
        ("  - {left: A, right: B}\n", []),
        ("  - {left: A, right: B, create: both}\n", []),
        ("  - {left: A, right: B}\n  - {left: B, right: C}\n", []),
        ("  - {left: A, right: B}\n  - {left: B, right: C}\n  - {left: C, right: A}\n", ["A to B", "B to C", "C to A"]),
        ("  - {left: A, right: B}\n  - {left: B, right: B}\n", ["B to B"]),
        ("  - {left: A, right: A, create: none}\n", []),
        ("  - {left: A, right: A, share: {right: false}}\n", []),
        ("  - {left: A, right: B}\n  - {left: B, right: A, create: none}\n", []),
    ],
)
def test_flows_of_one_place_with_itself_that_would_copy_their_own_copies_are_refused(
    tmp_path: Path, flows: str, refused: list[str]
) -> None:
    (tmp_path / "dataflow.yaml").write_text(HEAD.replace("care", "crm") + flows)
    one = manifest_of(parse_yaml(ONE_PLACE.encode(), "m.yaml"))
    found = check_dataflow(read_dataflow(tmp_path / "dataflow.yaml"), one, one)
    assert [each.what.split(":")[0] for each in found if "never end" in each.what] == refused
    assert len(found) == len(refused)
    tenant = manifest_of(parse_yaml(ONE_PLACE.replace("https://crm", "https://other").encode(), "m.yaml"))
    assert check_dataflow(read_dataflow(tmp_path / "dataflow.yaml"), one, tenant) == []


def test_assumptions_of_the_datatypes_in_use_are_noticed_once(tmp_path: Path) -> None:
    (tmp_path / "crm.yaml").write_text(CRM)
    (tmp_path / "dataflow.yaml").write_text(HEAD + "  - {left: Contact, right: Persons}\n  - {left: Log, right: Persons}\n")
    left, right = (manifest_of(parse_yaml(text.encode(), "m.yaml")) for text in (CRM, CARE))
    notices = notices_of(read_dataflow(tmp_path / "dataflow.yaml"), left, right)
    assert [notice.what for notice in notices] == ["crm Contact: Names are short.", "crm Contact: Shared by two."]
    assert [(notice.file, notice.line) for notice in notices] == [(str(tmp_path / "crm.yaml"), 18)] * 2


def test_private_hosts_is_noticed_at_its_line(tmp_path: Path) -> None:
    crm = CRM.replace("datatypes:", "private_hosts: true\ndatatypes:", 1)
    (tmp_path / "crm.yaml").write_text(crm)
    (tmp_path / "dataflow.yaml").write_text(HEAD + "  - {left: Contact, right: Persons}\n")
    left, right = (manifest_of(parse_yaml(text.encode(), "m.yaml")) for text in (crm, CARE))
    notices = notices_of(read_dataflow(tmp_path / "dataflow.yaml"), left, right)
    told = [notice for notice in notices if "private_hosts" in notice.what]
    assert [(notice.file, notice.line) for notice in told] == [(str(tmp_path / "crm.yaml"), 4)]


def test_REF_01_a_reference_to_several_datatypes_is_noticed_with_what_tells_them_apart(tmp_path: Path) -> None:
    write_starter(tmp_path)
    left, right = read_manifest(tmp_path / "customcrm.yaml"), read_manifest(tmp_path / "membercare.yaml")
    notices = [one for one in notices_of(read_dataflow(tmp_path / "dataflow.yaml"), left, right) if "by the id alone" in one.what]
    lines = (tmp_path / "dataflow.yaml").read_text().splitlines()
    assert [one.what for one in notices[:2]] == [
        "Order to Invoices: PayerId may be the id of Customer or Contact, told apart by the id alone",
        "Order to Invoices: payer may be the id of Companies or Persons, told apart by the id alone",
    ]
    assert all("REF-01" in one.remedy and "refers_to" in lines[one.line - 1] for one in notices)
    assert len(notices) == 4


def test_what_cannot_be_changed_after_a_create_is_noticed(tmp_path: Path) -> None:
    flow = "  - {left: Contact, right: Persons, properties: [{left: Born, right: boss, %s}]}\n"
    left, right = (manifest_of(parse_yaml(text.encode(), "m.yaml")) for text in (CRM, CARE))
    told = {}
    for direction in ("both", "left_to_right"):
        (tmp_path / "dataflow.yaml").write_text(HEAD + flow % f"direction: {direction}")
        notices = notices_of(read_dataflow(tmp_path / "dataflow.yaml"), left, right)
        told[direction] = [notice.line for notice in notices if "Born of Contact can be set by a create" in notice.what]
    assert told == {"both": [5], "left_to_right": []}


def test_missing_secrets_are_named_with_the_line_that_needs_them() -> None:
    path = str(files("accord") / "connectors" / "manifests" / "membercare.yaml")
    manifest = read_manifest(path)
    found = missing_secrets(path, manifest, EnvironmentSecrets({"MEMBERCARE_URL": "https://care.example.org", "MEMBERCARE_PERSON": "1"}))
    (problem,) = found
    assert (problem.file, problem.what) == (path, "MEMBERCARE_KEY is not set")
    assert "${env:MEMBERCARE_KEY}" in Path(path).read_text().splitlines()[problem.line - 1]
    assert problem.remedy == "Set MEMBERCARE_KEY in the environment or in .env beside the dataflow file."

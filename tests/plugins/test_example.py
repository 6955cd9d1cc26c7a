"""The example, built and installed by pip: its own tests, the commands on a running box, and a sync with the Membercare sandbox."""

import json
import shutil
import socket
from pathlib import Path
from typing import Any

import jsonschema  # comes with kinto
import pytest
from installing import EXAMPLE, Installed

from accord.config.manifest_schema import manifest_schema
from accord.config.starter import write_starter
from accord.config.yamlfile import read_yaml
from accord.sandbox.process import start

pytestmark = pytest.mark.slow

DATAFLOW = """accord: 1
left: {system: office, manifest: office.yaml}
right: {system: membercare, manifest: membercare.yaml}
flows:
  - left: Contact
    right: Persons
    create: both
    match: [[{left: Email, right: email, as: email}, {left: LastName, right: lastname, as: name}]]
    properties:
      - {left: FirstName, right: firstname, personal: true}
      - {left: LastName, right: lastname, personal: true}
      - {left: Email, right: email, transform: email, personal: true}
"""


def card(folder: Path, **asked: Any) -> dict[str, Any]:
    """What somebody in the office does with a card."""
    address = (folder / ".env").read_text().split("CARDBOX_ADDRESS=")[1].split("\n")[0]
    host, _, port = address.rpartition(":")
    with socket.create_connection((host, int(port))) as line:
        line.sendall(json.dumps({"token": "secret", "box": "people", "seq": None, **asked}).encode() + b"\n")
        answer: dict[str, Any] = json.loads(line.makefile().readline())
        return answer


def test_its_manifest_fits_the_schema_that_editors_know_and_a_mistake_does_not() -> None:
    data = read_yaml(EXAMPLE / "office.yaml").data
    checker = jsonschema.Draft7Validator(manifest_schema())
    assert [each.message for each in checker.iter_errors(data)] == []
    assert list(checker.iter_errors({**data, "limits": {}}))


def test_the_connector_is_under_200_lines() -> None:
    assert len((EXAMPLE / "src" / "accord_cardbox" / "__init__.py").read_text("utf-8").splitlines()) < 200


def test_its_own_tests_pass_where_it_is_installed(installed: Installed, tmp_path: Path) -> None:
    shutil.copy(EXAMPLE / "tests" / "test_cardbox.py", tmp_path)
    ended = installed.run("-m", "pytest", "-q", "-p", "no:cacheprovider", "-W", "error", "test_cardbox.py", cwd=tmp_path)
    assert ended.returncode == 0, ended.stdout
    assert " failed" not in ended.stdout


def test_it_conforms_and_nothing_of_the_trials_stays(installed: Installed, office: Path) -> None:
    words = ["--allow-writes-to", "office", "--refused", "Email=nobody", "--json"]
    ended = installed.accord("manifest", "conform", "office.yaml", *words, cwd=office)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    (contact,) = json.loads(ended.stdout)["datatypes"]
    held = [each["check"] for each in contact["checks"] if each["verdict"] == "holds"]
    assert len(held) >= 80  # all but the laws of HTTP and of amounts, which a card has none of
    assert [each for each in contact["checks"] if each["verdict"] == "does not hold"] == []
    assert contact["left"] == []
    assert card(office, do="list", after="", limit=9)["cards"] == []


def test_a_probe_tells_what_works(installed: Installed, office: Path) -> None:
    for number in range(4):
        card(office, do="add", values={"last": f"Berg {number}", "first": "Ada", "mail": "a@b.example", "note": ""}, ref=f"x{number}")
    ended = installed.accord("manifest", "probe", "office.yaml", "--allow-writes-to", "office", "--json", cwd=office)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    told = {each["capability"]: each["verdict"] for each in json.loads(ended.stdout)["probes"]}
    assert {name for name, verdict in told.items() if verdict != "works"} == {"sign-in"}
    assert {"list", "paging", "read by id", "changes", "finding", "create", "update", "conditional write", "delete"} <= told.keys()


def test_a_box_of_cards_is_kept_in_step_with_membercare(installed: Installed, office: Path) -> None:
    with start("membercare", 30, 1) as care:
        starter = office / "starter"
        write_starter(starter, demo=True)
        shutil.copy(starter / "membercare.yaml", office)
        (office / "cards.yaml").write_text(DATAFLOW)
        with (office / ".env").open("a") as known:
            known.write(f"MEMBERCARE_URL={care.url}\nMEMBERCARE_KEY={care.key}\nMEMBERCARE_PERSON=1\n")
        made = card(office, do="add", values={"first": "Ada", "last": "Bergheim", "mail": "ada@bergheim.example"}, ref=None)["card"]

        def accord(*words: str) -> dict[str, Any]:
            ended = installed.accord(*words, "-d", "cards.yaml", "--json", cwd=office)
            assert ended.returncode == 0, ended.stdout + ended.stderr
            said: dict[str, Any] = json.loads(ended.stdout)
            return said

        accord("check")
        accord("sync", "--create")
        cards = card(office, do="list", after="", limit=1000)["cards"]
        assert len(cards) > 5  # the members, and Ada
        accord("census")  # Ada is a member too: both sides hold the same

        card(office, do="set", id=made["id"], values={"last": "Bergheim-Dahl"})
        (flow,) = accord("sync")["flows"]
        assert flow["updated_right"] == 1
        accord("census")
        written = installed.accord("document", "write", "-d", "cards.yaml", "--format", "markdown", "-o", "d.md", cwd=office)
        assert written.returncode == 0, written.stderr
        assert (
            "**Office Contact**: can create, update, delete; a write states its version; changes by time" in (office / "d.md").read_text()
        )
        (flow,) = accord("sync")["flows"]
        assert flow["updated_right"] == flow["updated_left"] == flow["created_right"] == flow["created_left"] == 0

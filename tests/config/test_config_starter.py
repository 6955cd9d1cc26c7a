"""The starter files: complete, sound, and never written over anything."""

from pathlib import Path

import pytest

from accord.config.dataflow import read_dataflow
from accord.config.manifest import read_manifest
from accord.config.secrets import read_dotenv, references
from accord.config.starter import write_starter
from accord.errors import ConfigurationError
from accord.model.dataflow import ConflictPolicy, Onboarding

NAMES = ["dataflow.yaml", "customcrm.yaml", "membercare.yaml", ".env.example"]


def test_the_starter_is_the_six_flows_in_the_documents_order(tmp_path: Path) -> None:
    assert write_starter(tmp_path / "new") == [tmp_path / "new" / name for name in NAMES]
    dataflow = read_dataflow(tmp_path / "new" / "dataflow.yaml")
    assert [flow.name for flow in dataflow.flows] == [
        "Contact to Persons",
        "Customer to Companies",
        "Order to Invoices",
        "Product to Products",
        "Quote to Invoices",
        "User to Invoices",
    ]
    assert {flow.onboarding for flow in dataflow.flows} == {Onboarding.LINK_ONLY}


def test_the_demo_gives_the_go_ahead_to_create(tmp_path: Path) -> None:
    write_starter(tmp_path, demo=True)
    assert {flow.onboarding for flow in read_dataflow(tmp_path / "dataflow.yaml").flows} == {Onboarding.CREATE}


@pytest.mark.parametrize("demo", [False, True])
def test_P26_no_file_that_is_written_lets_a_private_or_unprotected_host_be_called(tmp_path: Path, demo: bool) -> None:
    write_starter(tmp_path, demo=demo)
    assert [read_manifest(tmp_path / name).private_hosts for name in NAMES[1:3]] == [False, False]


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_written_when_one_of_the_files_is_there(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("mine")
    with pytest.raises(ConfigurationError) as caught:
        write_starter(tmp_path)
    assert [problem.file for problem in caught.value.problems] == [str(tmp_path / name)]
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert (tmp_path / name).read_text() == "mine"


def test_a_folder_that_cannot_be_made_is_a_configuration_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigurationError, match="cannot be written"):
        write_starter(tmp_path / "file" / "new")


def test_the_env_example_names_every_secret_of_the_manifests(tmp_path: Path) -> None:
    write_starter(tmp_path)
    wanted = {reference for name in NAMES[1:3] for reference in references((tmp_path / name).read_text())}
    assert wanted == {f"env:{name}" for name in read_dotenv(tmp_path / ".env.example")}


def test_every_property_of_the_starter_is_in_its_manifest(tmp_path: Path) -> None:
    write_starter(tmp_path)
    dataflow = read_dataflow(tmp_path / "dataflow.yaml")
    left, right = read_manifest(tmp_path / "customcrm.yaml"), read_manifest(tmp_path / "membercare.yaml")
    for flow in dataflow.flows:
        for mapping in flow.properties:
            assert set(mapping.left) <= set(left.datatypes[flow.left].properties)
            assert set(mapping.right) <= set(right.datatypes[flow.right].properties)


def test_consents_are_never_decided_by_who_was_last(tmp_path: Path) -> None:
    write_starter(tmp_path)
    contact = read_dataflow(tmp_path / "dataflow.yaml").flows[0]
    assert {each.conflict for each in contact.properties if each.name.startswith("Allow")} == {ConflictPolicy.LEFT}

"""Bad input ends in one screen: file, line, remedy, the documented exit code, and nothing written to either system."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from accord.config.starter import write_starter
from accord.sandbox.people import calls
from accord.sandbox.process import Running, start

ENV = ("CUSTOMCRM_URL", "CUSTOMCRM_KEY", "MEMBERCARE_URL", "MEMBERCARE_KEY", "MEMBERCARE_PERSON")
ONE_SCREEN = 24


def accord(folder: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    clean = {name: value for name, value in os.environ.items() if name not in ENV}
    command = [sys.executable, "-m", "accord.cli.main", *words]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, env={**clean, "COLUMNS": "100"})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_starter(tmp_path)
    return tmp_path


@pytest.fixture(scope="module")
def servers() -> Any:
    with start("customcrm", 20, 1) as crm, start("membercare", 20, 1) as care:
        yield crm, care


def fill_in(folder: Path, crm: Running, care: Running, **other: str) -> None:
    values = dict(zip(ENV, (crm.url, crm.key, care.url, care.key, "1"), strict=True)) | other
    (folder / ".env").write_text("".join(f"{name}={value}\n" for name, value in values.items()))


def change(file: Path, before: str, after: str) -> int:
    """Change the first occurrence; its line number."""
    text = file.read_text()
    assert before in text
    file.write_text(text.replace(before, after, 1))
    return text[: text.index(before)].count("\n") + 1


def refused(ended: "subprocess.CompletedProcess[str]", code: int, *parts: str) -> None:
    assert ended.returncode == code, ended.stderr
    assert len(ended.stderr.splitlines()) <= ONE_SCREEN
    assert "Traceback" not in ended.stderr
    for part in parts:
        assert part in ended.stderr, ended.stderr


def test_an_unknown_key_names_the_line_and_the_nearest_known_key(folder: Path) -> None:
    line = change(folder / "dataflow.yaml", "conflict: latest", "conflct: latest")
    refused(accord(folder, "sync"), 3, f"dataflow.yaml:{line}:", "conflct", "Did you mean conflict?")


def test_a_wrong_type_names_the_line_and_what_may_stand_there(folder: Path) -> None:
    line = change(folder / "dataflow.yaml", "conflict: latest", "conflict: 7")
    refused(accord(folder, "sync"), 3, f"dataflow.yaml:{line}:", "not the number 7", "latest")


def test_a_mapping_to_a_property_that_does_not_exist_names_the_nearest(folder: Path) -> None:
    line = change(folder / "dataflow.yaml", "{left: LastName, right: lastname, personal", "{left: LastName, right: lastnam, personal")
    refused(accord(folder, "sync"), 3, f"dataflow.yaml:{line}:", "lastnam", "Did you mean lastname?")


def test_a_manifest_without_id_says_what_to_add(folder: Path) -> None:
    change(folder / "customcrm.yaml", "\n    id: Id\n", "\n")
    ended = accord(folder, "sync")
    refused(ended, 3, "the key id is missing")
    assert re.search(r"customcrm\.yaml:\d+:\d+: ", ended.stderr)


def test_a_missing_secret_names_the_place_and_where_to_set_it(folder: Path) -> None:
    ended = accord(folder, "sync")
    refused(ended, 3, "MEMBERCARE_KEY", ".env")
    assert re.search(r"membercare\.yaml:\d+:\d+: ", ended.stderr)
    assert not (folder / ".accord").exists()


@pytest.mark.slow
def test_an_unreachable_host_is_a_system_that_cannot_be_reached(folder: Path, servers: tuple[Running, Running]) -> None:
    crm, care = servers
    fill_in(folder, crm, care, MEMBERCARE_URL="http://127.0.0.1:9")
    refused(accord(folder, "sync", "--create"), 4, "membercare", "cannot connect")
    assert calls(crm.url)["writes"] == calls(care.url)["writes"] == 0


@pytest.mark.slow
def test_a_wrong_key_is_refused_by_the_system_and_never_shown(folder: Path, servers: tuple[Running, Running]) -> None:
    crm, care = servers
    fill_in(folder, crm, care, CUSTOMCRM_KEY="wrong-canary-key")
    ended = accord(folder, "sync", "--create")
    refused(ended, 4, "customcrm", "401")
    assert "wrong-canary-key" not in ended.stderr + ended.stdout
    assert calls(crm.url)["writes"] == calls(care.url)["writes"] == 0


def test_json_errors_are_one_object_with_the_exit_code(folder: Path) -> None:
    change(folder / "dataflow.yaml", "conflict: latest", "conflct: latest")
    ended = accord(folder, "sync", "--json")
    said = json.loads(ended.stderr)
    assert (ended.returncode, said["exit"], said["problems"][0]["what"]) == (3, 3, "defaults: unknown key conflct")


@pytest.mark.parametrize("words", [("frob",), ("sync", "--frob"), ("sync", "--dataflow", "nothere.yaml"), ("why", "CO-1", "more")])
def test_wrong_words_end_with_3_and_a_hint(folder: Path, words: tuple[str, ...]) -> None:
    refused(accord(folder, *words), 3)


def test_a_listing_that_nobody_reads_cannot_be_vouched_for(folder: Path, servers: tuple[Running, Running]) -> None:
    fill_in(folder, *servers)
    before = calls(servers[0].url)["reads"]
    refused(accord(folder, "sync", "--believe", "customcrm:Orders"), 3, '"customcrm:Orders" is no system and datatype', "customcrm:Order")
    assert calls(servers[0].url)["reads"] == before


@pytest.mark.parametrize("command", ["run --sandbox --json", "run --sandbox --html", "write -o"])
def test_a_file_that_cannot_be_written_is_refused_before_anything_is_done(folder: Path, command: str) -> None:
    """The checklist ran to its end, and then its evidence was lost."""
    ended = accord(folder, "document", *command.split(), "nowhere/it")
    refused(ended, 3, "there is no folder 'nowhere' for 'nowhere/it'")
    assert "..." not in ended.stderr, "nothing was begun"

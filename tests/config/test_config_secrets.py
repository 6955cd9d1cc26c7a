"""PROMISES section 4, secrets: by reference, masked, and a missing one says what to set where."""

import importlib
import types
from pathlib import Path

import pytest

from accord.config.secrets import EnvironmentSecrets, Secret, expand, read_dotenv, references
from accord.errors import ConfigurationError


def test_a_secret_does_not_show_itself() -> None:
    secret = EnvironmentSecrets({"KEY": "canary-5f1"}).get("env:KEY")
    assert secret == "canary-5f1"
    assert "canary" not in repr(secret)
    assert "canary" not in repr([secret])
    assert "canary" not in repr(EnvironmentSecrets({"KEY": "canary-5f1"}, {"K": "canary-5f1"}))


def test_the_environment_goes_before_the_file(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("A=file\nB=file\n")
    secrets = EnvironmentSecrets({"A": "environment", "B": ""}, read_dotenv(tmp_path / ".env"))
    assert (secrets.get("env:A"), secrets.get("env:B")) == ("environment", "file")


def test_a_file_is_looked_for_beside_the_dotenv(tmp_path: Path) -> None:
    (tmp_path / "key.txt").write_text("canary-5f1\n")
    assert EnvironmentSecrets({}, read_dotenv(tmp_path / ".env")).get("file:key.txt") == "canary-5f1"


@pytest.mark.parametrize(
    ("reference", "remedy"),
    [
        ("env:CARE_KEY", "Set CARE_KEY in the environment or in .env beside the dataflow file."),
        ("file:none.txt", "Create it, with the secret as its only line."),
        ("vault:x", "Write ${env:NAME}, ${file:PATH} or ${keyring:NAME}."),
    ],
)
def test_a_missing_secret_says_what_to_do(tmp_path: Path, reference: str, remedy: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        EnvironmentSecrets({}, read_dotenv(tmp_path / ".env")).get(reference)
    assert caught.value.remedy == remedy
    assert caught.value.problems[0].file == str(tmp_path / ".env")


def test_an_empty_secret_file_is_no_secret(tmp_path: Path) -> None:
    (tmp_path / "key.txt").write_text("\n")
    with pytest.raises(ConfigurationError, match="is empty"):
        EnvironmentSecrets({}, read_dotenv(tmp_path / ".env")).get("file:key.txt")


def test_the_keyring_is_asked_only_where_there_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    real = importlib.import_module

    def absent(name: str) -> types.ModuleType:
        if name == "keyring":
            raise ImportError(name)
        return real(name)

    monkeypatch.setattr(importlib, "import_module", absent)
    with pytest.raises(ConfigurationError, match="needs the Python package keyring"):
        EnvironmentSecrets({}).get("keyring:care")
    held = {("accord", "care"): "canary-5f1"}
    ring = types.SimpleNamespace(get_password=lambda service, name: held.get((service, name)))
    monkeypatch.setattr(importlib, "import_module", lambda name: ring)
    assert EnvironmentSecrets({}).get("keyring:care") == "canary-5f1"
    with pytest.raises(ConfigurationError, match="holds no other"):
        EnvironmentSecrets({}).get("keyring:other")


def test_references_in_a_text_are_replaced_and_the_result_is_masked() -> None:
    secrets = EnvironmentSecrets({"A": "canary", "B": "5f1"})
    expanded = expand("x ${env:A}-${env:B}", secrets)
    assert expanded == "x canary-5f1"
    assert isinstance(expanded, Secret)
    assert expand("plain $5 {id}", secrets) == "plain $5 {id}"
    assert list(references("${env:A} ${file:/b c} ${nope} ${keyring:d}")) == ["env:A", "file:/b c", "keyring:d"]


def test_a_dotenv_file_is_read_as_people_write_it(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_text(
        "# comment\n\nA=1\n export B = two words # comment\nC='a # b' # comment\nD=\"q\"\nE=\nF=a#b=c\r\n", encoding="utf-8-sig"
    )
    assert read_dotenv(path) == {"A": "1", "B": "two words", "C": "a # b", "D": "q", "E": "", "F": "a#b=c"}
    assert read_dotenv(tmp_path / "none") == {}


def test_a_bad_line_is_named_and_not_repeated(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("A=1\ncanary-5f1\n9X=canary-5f1\n")
    with pytest.raises(ConfigurationError) as caught:
        read_dotenv(tmp_path / ".env")
    assert [problem.line for problem in caught.value.problems] == [2, 3]
    assert "canary" not in "".join(f"{problem}{problem.remedy}" for problem in caught.value.problems)

"""What no command foresaw still ends with words and the documented exit code, and a fault of ours says that it is one."""

import json
from collections.abc import Callable

import pytest

from accord.cli.advice import BUGS, ended


def raising(error: BaseException) -> Callable[[], object]:
    def call() -> object:
        raise error

    return call


def test_a_file_that_cannot_be_written_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert ended(raising(PermissionError(13, "Permission denied", "dataflow.yaml")), json_wanted=False) == 1
    said = capsys.readouterr().err
    assert said.startswith("error: dataflow.yaml: Permission denied\n") and "Traceback" not in said


def test_so_it_is_in_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert ended(raising(OSError(28, "No space left on device")), json_wanted=True) == 1
    said = json.loads(capsys.readouterr().err)
    assert (said["error"], said["message"], said["exit"]) == ("OSError", "No space left on device", 1)


def test_a_fault_of_ours_shows_where_it_was_and_what_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    assert ended(raising(KeyError("what nobody foresaw")), json_wanted=False) == 1
    said = capsys.readouterr().err
    assert "Traceback" in said and "what nobody foresaw" in said and BUGS in said


def test_an_interruption_loses_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert ended(raising(KeyboardInterrupt()), json_wanted=False) == 130
    assert "nothing is lost" in capsys.readouterr().err

"""A dataflow whose state is in PostgreSQL, as a user has it: the file, the commands, both sandboxes over real HTTP."""

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from accord import app
from accord.app.trying import reach
from accord.cli.demo_edits import make_edits
from accord.config.starter import write_starter
from accord.errors import ConfigurationError, StoreError
from accord.sandbox.people import calls, reset_calls
from accord.sandbox.process import start
from accord.store.places import DatabasePlace

SIZE = 300


def accord(folder: Path, *words: str, codes: tuple[int, ...] = (0,)) -> Any:
    environment = {**os.environ, "COLUMNS": "100"}
    command = [sys.executable, "-m", "accord.cli.main", *words, "--json"]
    ended = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, env=environment)
    assert ended.returncode in codes, ended.stderr + ended.stdout[-2000:]
    return json.loads(ended.stdout)


def keep_state_in(folder: Path, state: str | None) -> None:
    """Say in the dataflow file where the state is."""
    file = folder / "dataflow.yaml"
    lines = [line for line in file.read_text("utf-8").splitlines(keepends=True) if not line.startswith("state:")]
    place = next(number for number, line in enumerate(lines) if line.startswith("accord:")) + 1
    file.write_text("".join([*lines[:place], *([f"state: {state}\n"] if state else []), *lines[place:]]), "utf-8")


def unset(folder: Path, state: str | None, *lines: str) -> app.Setup:
    write_starter(folder, demo=True)
    keep_state_in(folder, state)
    (folder / ".env").write_text("".join(f"{line}\n" for line in lines))
    return app.load(folder / "dataflow.yaml")


def test_the_state_is_beside_the_dataflow_unless_it_says_where(tmp_path: Path) -> None:
    assert unset(tmp_path, None).state == tmp_path / ".accord" / "dataflow.db"
    keep_state_in(tmp_path, "elsewhere/state.db")
    assert app.load(tmp_path / "dataflow.yaml").state == tmp_path / "elsewhere" / "state.db"


def test_the_address_of_the_state_may_hold_references_to_secrets(tmp_path: Path) -> None:
    setup = unset(tmp_path, "postgresql://accord:${env:DB_WORD}@db.example/crm", "DB_WORD=hush")
    assert isinstance(setup.state, DatabasePlace)
    assert (setup.state.schema, str(setup.state)) == ("accord_dataflow", "postgresql://db.example/crm (schema accord_dataflow)")
    assert setup.state.address.startswith("postgresql://accord:hush@db.example/crm")


def test_a_secret_that_is_not_set_and_a_bad_address_are_told_with_their_place(tmp_path: Path) -> None:
    setup = unset(tmp_path, "postgresql://accord:${env:DB_WORD}@db.example/crm")
    with pytest.raises(ConfigurationError, match="DB_WORD is not set"):
        _ = setup.state
    keep_state_in(tmp_path, "postgresql://accord:hush@db.example/crm?schema=A")
    with pytest.raises(ConfigurationError) as caught:
        _ = app.load(tmp_path / "dataflow.yaml").state
    (problem,) = caught.value.problems
    assert problem.file.endswith("dataflow.yaml")
    assert problem.line > 1
    assert "hush" not in str(caught.value)


def test_a_state_of_the_wrong_kind_of_value_is_not_quoted(tmp_path: Path) -> None:
    write_starter(tmp_path, demo=True)
    keep_state_in(tmp_path, "[postgresql://accord:hush@db.example/crm]")
    with pytest.raises(ConfigurationError) as caught:
        app.load(tmp_path / "dataflow.yaml")
    assert "hush" not in str(caught.value)


def test_there_is_nothing_to_look_at_and_nothing_to_move_before_the_first_sync(tmp_path: Path, place: DatabasePlace) -> None:
    setup = unset(tmp_path, "${env:ACCORD_STATE}", f"ACCORD_STATE={address(place)}")
    with pytest.raises(StoreError, match="no state yet"):
        app.looking(setup)
    for one, other in (("${env:ACCORD_STATE}", "copy.db"), ("missing.db", "${env:ACCORD_STATE}")):
        with pytest.raises(StoreError, match="there is no state"):
            app.move_state(one, other, tmp_path)
    assert not (tmp_path / "copy.db").exists()


def test_check_says_that_the_state_cannot_be_reached_before_it_asks_the_systems(tmp_path: Path) -> None:
    systems = [f"{name}=http://127.0.0.1:1" for name in ("CUSTOMCRM_URL", "MEMBERCARE_URL")]
    keys = [f"{name}=x" for name in ("CUSTOMCRM_KEY", "MEMBERCARE_KEY", "MEMBERCARE_PERSON")]
    setup = unset(tmp_path, "postgresql://accord:hush@127.0.0.1:1/crm", *systems, *keys)
    with pytest.raises(StoreError, match=r"127\.0\.0\.1:1/crm .*cannot be reached") as caught:
        asyncio.run(reach(setup))
    assert "hush" not in str(caught.value)


def address(place: DatabasePlace) -> str:
    return f"{place.address}&schema={place.schema}"


@pytest.mark.slow
def test_a_first_load_moves_to_postgresql_goes_on_there_in_step_and_comes_back(tmp_path: Path, place: DatabasePlace) -> None:
    write_starter(tmp_path, demo=True)
    with start("customcrm", SIZE, 7) as crm, start("membercare", SIZE, 7) as care:
        lines = {"CUSTOMCRM_URL": crm.url, "CUSTOMCRM_KEY": crm.key, "MEMBERCARE_URL": care.url, "MEMBERCARE_KEY": care.key}
        lines |= {"MEMBERCARE_PERSON": "1", "ACCORD_STATE": address(place)}
        (tmp_path / ".env").write_text("".join(f"{name}={value}\n" for name, value in lines.items()))
        first = accord(tmp_path, "sync", codes=(0, 5))
        assert sum(row["created_right"] for row in first["flows"]) > SIZE / 2

        there = accord(tmp_path, "store", "move", ".accord/dataflow.db", "${env:ACCORD_STATE}")
        assert {one["table"] for one in there["tables"] if one["rows"] > 100} >= {"record", "link", "linked", "intent", "journaled"}
        keep_state_in(tmp_path, "${env:ACCORD_STATE}")
        edits = make_edits(app.load(tmp_path / "dataflow.yaml"), crm, care)
        planned = accord(tmp_path, "plan", codes=(2,))
        second = accord(tmp_path, "sync", codes=(0, 5))
        carried = sum(row[name] for row in second["flows"] for name in ("created_right", "updated_right", "updated_left"))
        assert carried == len(planned["operations"]) >= len(edits) - 2  # conflicts are settled by writing to one side
        in_step_and_quiet(tmp_path, crm, care)
        assert accord(tmp_path, "status", codes=(0, 2))["last_run"]["result"] == "done"

        accord(tmp_path, "store", "move", "${env:ACCORD_STATE}", "back.db")
        keep_state_in(tmp_path, "back.db")
        in_step_and_quiet(tmp_path, crm, care)


@pytest.mark.slow
def test_a_whole_first_load_runs_on_postgresql_and_ends_in_step(tmp_path: Path, place: DatabasePlace) -> None:
    write_starter(tmp_path, demo=True)
    keep_state_in(tmp_path, "${env:ACCORD_STATE}")
    with start("customcrm", SIZE, 5) as crm, start("membercare", SIZE, 5) as care:
        lines = {"CUSTOMCRM_URL": crm.url, "CUSTOMCRM_KEY": crm.key, "MEMBERCARE_URL": care.url, "MEMBERCARE_KEY": care.key}
        lines |= {"MEMBERCARE_PERSON": "1", "ACCORD_STATE": address(place)}
        (tmp_path / ".env").write_text("".join(f"{name}={value}\n" for name, value in lines.items()))
        setup = app.load(tmp_path / "dataflow.yaml")

        async def work() -> int:
            async with app.session(setup) as opened:
                run = await app.run_once(opened, "sync")
                return sum(row.writes for row in run.flows.values())

        assert asyncio.run(work()) > SIZE / 2
        assert not (tmp_path / ".accord").exists()
        in_step_and_quiet(tmp_path, crm, care)


def in_step_and_quiet(folder: Path, *servers: Any) -> None:
    """Both systems are equal as read afresh, and a further run writes nothing, as the servers count it."""
    flows = accord(folder, "census", codes=(0, 2))
    assert sum(flow["values"] for flow in flows) > 1000
    assert all(flow["equal"] == flow["values"] and not flow["missing"] for flow in flows), flows
    for server in servers:
        reset_calls(server.url)
    accord(folder, "sync", codes=(0, 5))
    assert [int(calls(server.url)["writes"]) for server in servers] == [0, 0]

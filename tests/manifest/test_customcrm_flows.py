"""The six flows of the demo with the Customcrm of the sandbox, over its API: every flow, both ways, edits on both sides, then silence."""

import asyncio
import json
from pathlib import Path

import pytest
from six_flows import every_flow_both_ways

from accord import app
from accord.cli.advice import ended
from accord.cli.demo_edits import edit_as
from accord.cli.main import accord
from accord.config.starter import write_starter
from accord.model.runs import Run
from accord.sandbox.people import CrmUser, MembercareUser, calls, reset_calls
from accord.sandbox.process import start

pytestmark = pytest.mark.slow

SIZE, SEED = 200, 1


def sync(setup: app.Setup) -> Run:
    async def work() -> Run:
        async with app.session(setup) as opened:
            return await app.run_once(opened, "test")

    return asyncio.run(work())


def test_the_six_flows_run_on_the_sandbox(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "demo"
    write_starter(folder, demo=True)
    with start("customcrm", SIZE, SEED) as left, start("membercare", SIZE, SEED) as right:
        env = f"CUSTOMCRM_URL={left.url}\nCUSTOMCRM_KEY={left.key}\n"
        (folder / ".env").write_text(f"{env}MEMBERCARE_URL={right.url}\nMEMBERCARE_KEY={right.key}\nMEMBERCARE_PERSON=1\n")
        setup = app.load(folder / "dataflow.yaml")
        assert sync(setup).result == "done"
        crm, care = CrmUser(left.url, left.key), MembercareUser(right.url, right.key)
        edits = edit_as(setup, crm, care)
        run = sync(setup)
        for kind in ("created_right", "updated_right", "updated_left", "conflicts"):
            assert sum(getattr(row, kind) for row in run.flows.values()) == sum(edit.causes == kind for edit in edits), kind
        every_flow_both_ways(setup, sync, crm, care)
        for system in (left, right):
            reset_calls(system.url)
        assert sync(setup).result == "done"
        assert [calls(system.url)["writes"] for system in (left, right)] == [0, 0]
        words = ["census", "-d", str(folder / "dataflow.yaml"), "--json"]
        assert ended(lambda: accord.main(words, "accord", standalone_mode=False), json_wanted=False) == 0
        census = json.loads(capsys.readouterr().out)
    assert {row["flow"] for row in census} == {flow.name for flow in setup.dataflow.flows}
    assert [row["equal"] for row in census] == [row["values"] for row in census]

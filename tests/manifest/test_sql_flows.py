"""The six flows of the demo with tables of PostgreSQL as the Customcrm: nothing but the manifest and the dataflow file differs."""

import asyncio
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from accord import app
from accord.cli.advice import ended
from accord.cli.demo_edits import edit_as
from accord.cli.main import accord
from accord.config.starter import write_starter
from accord.model.runs import Run
from accord.sandbox.people import MembercareUser, calls, reset_calls
from accord.sandbox.process import Running, start

sys.path.insert(0, str(Path(__file__).parent / "tables"))
sys.path.insert(0, str(Path(__file__).parent.parent / "store_postgres"))

from crm import MANIFEST, Tables
from postgres_server import Server
from six_flows import every_flow_both_ways

pytestmark = pytest.mark.slow

SIZE, SEED = 200, 1


def command(*words: str) -> int:
    return ended(lambda: accord.main(list(words), "accord", standalone_mode=False), json_wanted=False)


@pytest.fixture(scope="module")
def systems() -> Iterator[tuple[Tables, Running]]:
    server = Server()
    left = Tables(server.address)
    with start("membercare", SIZE, SEED) as right:
        left.create()
        assert left.fill(SIZE) == SIZE
        yield left, right
    left.close()
    server.stop()


@pytest.fixture(scope="module")
def folder(systems: tuple[Tables, Running], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of the demo, with another manifest on the left and the dataflow file saying so."""
    left, right = systems
    target = tmp_path_factory.mktemp("flows") / "tables-membercare"
    write_starter(target, demo=True)
    (target / "customcrm.yaml").unlink()
    (target / "tables.yaml").write_bytes(MANIFEST.read_bytes())
    dataflow = target / "dataflow.yaml"
    before = "left: {system: customcrm, manifest: customcrm.yaml}"
    text = dataflow.read_text("utf-8")
    assert text.count(before) == 1
    dataflow.write_text(text.replace(before, "left: {system: tables, manifest: tables.yaml}"), "utf-8")
    env = f"CRM_DATABASE={left.address}\nMEMBERCARE_URL={right.url}\nMEMBERCARE_KEY={right.key}\nMEMBERCARE_PERSON=1\n"
    (target / ".env").write_text(env)
    return target


def sync(setup: app.Setup) -> Run:
    async def work() -> Run:
        async with app.session(setup) as opened:
            return await app.run_once(opened, "test")

    return asyncio.run(work())


def carried(run: Run) -> dict[str, int]:
    names = ("created_right", "created_left", "updated_right", "updated_left", "conflicts")
    sums = {name: sum(getattr(row, name) for row in run.flows.values()) for name in names}
    return {name: count for name, count in sums.items() if count}


def test_the_six_flows_run_on_tables(systems: tuple[Tables, Running], folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    left, right = systems
    dataflow = str(folder / "dataflow.yaml")
    note_changes(left, folder, capsys)
    assert command("check", "-d", dataflow) == 0, capsys.readouterr()
    setup = app.load(dataflow)
    assert len(setup.dataflow.flows) == 6

    first = sync(setup)
    assert first.result == "done"
    assert sum(row.matched for row in first.flows.values()) > 20
    assert carried(first)["created_right"] > 20

    edits = edit_as(setup, left, MembercareUser(right.url, right.key))
    kinds = ("created_right", "updated_right", "updated_left", "conflicts")
    expected = {kind: count for kind in kinds if (count := sum(edit.causes == kind for edit in edits))}
    assert carried(sync(setup)) == expected
    every_flow_both_ways(setup, sync, left, MembercareUser(right.url, right.key))

    before = left.state()
    reset_calls(right.url)
    assert carried(sync(setup)) == {}
    assert left.state() == before
    assert calls(right.url)["writes"] == 0

    capsys.readouterr()
    assert command("census", "-d", dataflow, "--json") == 0
    census = json.loads(capsys.readouterr().out)
    assert [row["equal"] for row in census] == [row["values"] for row in census]
    assert sum(row["values"] for row in census) > 2000

    with app.looking(setup) as store:
        (link,) = store.list_links(flow="Contact to Persons", limit=1)
    left.remove("contacts", link.left)
    sync(setup)
    with app.looking(setup) as store:
        causes = {row.ref.id: row.cause for row in store.list_pending(flow="Contact to Persons", limit=1000)}
    assert "deleted" in causes[link.left]  # told by the change table, and reported as the dataflow asks


@pytest.mark.parametrize("datatype", ["Product", "Order"])
def test_conform_finds_nothing_that_does_not_hold(
    systems: tuple[Tables, Running], folder: Path, capsys: pytest.CaptureFixture[str], datatype: str
) -> None:
    left, _ = systems
    note_changes(left, folder, capsys)
    before = left.state()
    words = ("manifest", "conform", str(folder / "tables.yaml"), "--datatype", datatype, "--allow-writes-to", "tables", "--json")
    assert command(*words) == 0, capsys.readouterr().out
    (said,) = json.loads(capsys.readouterr().out)["datatypes"]
    assert {each["verdict"] for each in said["checks"]} == {"holds", "cannot tell"}
    assert sum(each["verdict"] == "holds" for each in said["checks"]) > 40
    assert said["removed"] > 40
    assert left.state() == before


def note_changes(left: Tables, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The owner of the database carries out what the command says; more than once does no harm."""
    capsys.readouterr()
    assert command("manifest", "sql-triggers", str(folder / "tables.yaml")) == 0
    with psycopg.connect(left.address, autocommit=True) as owner:
        owner.execute(capsys.readouterr().out.encode())

"""The six flows of the demo with Kinto as the Customcrm: nothing but the manifest and the dataflow file differs."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from inprocess import Hosted
from kinto_server import COLLECTIONS, Kinto, kinto
from rigs import MANIFESTS, PassingClock
from six_flows import every_flow_both_ways

from accord import app
from accord.cli.advice import ended
from accord.cli.demo_edits import edit_as
from accord.cli.main import accord
from accord.config.starter import write_starter
from accord.model.runs import Run
from accord.sandbox.people import MembercareUser, calls, reset_calls
from accord.sandbox.process import Running, start

pytestmark = pytest.mark.slow

SIZE, SEED = 200, 1
KEPT_BY_CUSTOMCRM = {"Id", "Version", "CreatedAt", "UpdatedAt", "Deleted"}


class KintoUser:
    """Somebody who edits in Kinto what others edit in Customcrm."""

    def __init__(self, server: Kinto) -> None:
        self._server = server

    def do(self, method: str, path: str, body: Any = None) -> Any:
        collection, _, id = path.partition("/")
        answer = self._server.ask(method, f"/collections/{collection}/records{f'/{id}' if id else ''}", body)
        return answer | {"Id": answer["id"]}

    def edit(self, collection: str, id: str, **changes: Any) -> Any:
        return self.do("PATCH", f"{collection}/{id}", changes)


def fill(server: Kinto) -> int:
    """The records that the Customcrm sandbox begins with; how many."""
    sandbox, count = Hosted("customcrm", PassingClock(), size=SIZE), 0
    for collection in COLLECTIONS:
        cursor = ""
        while cursor is not None:
            page = sandbox.ask("GET", f"/api/{collection}?limit=500{f'&cursor={cursor}' if cursor else ''}", authorization="Bearer key")
            for record in page["items"]:
                data = {name: value for name, value in record.items() if name not in KEPT_BY_CUSTOMCRM}
                server.ask("PUT", f"/collections/{collection}/records/{record['Id']}", data)
                count += 1
            cursor = page["next_cursor"]
    return count


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Kinto, Running]]:
    with kinto(tmp_path_factory.mktemp("kinto")) as left, start("membercare", SIZE, SEED) as right:
        assert fill(left) == SIZE
        yield left, right


@pytest.fixture(scope="module")
def folder(servers: tuple[Kinto, Running], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of the demo, with another manifest on the left and the dataflow file saying so."""
    left, right = servers
    target = tmp_path_factory.mktemp("flows") / "kinto-membercare"
    write_starter(target, demo=True)
    (target / "customcrm.yaml").unlink()
    (target / "kinto.yaml").write_bytes((MANIFESTS / "kinto.yaml").read_bytes())
    dataflow = target / "dataflow.yaml"
    before = "left: {system: customcrm, manifest: customcrm.yaml}"
    text = dataflow.read_text("utf-8")
    assert text.count(before) == 1
    dataflow.write_text(text.replace(before, "left: {system: kinto, manifest: kinto.yaml}"), "utf-8")
    (target / ".env").write_text(f"{left.env()}MEMBERCARE_URL={right.url}\nMEMBERCARE_KEY={right.key}\nMEMBERCARE_PERSON=1\n")
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


def command(*words: str) -> int:
    return ended(lambda: accord.main(list(words), "accord", standalone_mode=False), json_wanted=False)


def test_the_six_flows_run_on_kinto(servers: tuple[Kinto, Running], folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    left, right = servers
    dataflow = str(folder / "dataflow.yaml")
    assert command("check", "-d", dataflow) == 0
    setup = app.load(dataflow)
    assert len(setup.dataflow.flows) == 6

    first = sync(setup)
    assert first.result == "done"
    assert sum(row.matched for row in first.flows.values()) > 20
    assert carried(first)["created_right"] > 20

    edits = edit_as(setup, KintoUser(left), MembercareUser(right.url, right.key))
    kinds = ("created_right", "updated_right", "updated_left", "conflicts")
    expected = {kind: count for kind in kinds if (count := sum(edit.causes == kind for edit in edits))}
    assert carried(sync(setup)) == expected
    every_flow_both_ways(setup, sync, KintoUser(left), MembercareUser(right.url, right.key))

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
    left.ask("DELETE", f"/collections/contacts/records/{link.left}")
    sync(setup)
    with app.looking(setup) as store:
        causes = {row.ref.id: row.cause for row in store.list_pending(flow="Contact to Persons", limit=1000)}
    assert "deleted" in causes[link.left]  # seen by its tombstone, and reported as the dataflow asks

"""First load and idle cycle against the bare wire: what Accord adds to the calls themselves.

`python benchmarks/first_load.py [--size 20000] [--latency 0] [--idle] [--rounds 3]`

First load: `accord sync` into fresh sandboxes, with every request noted; then the same requests, 32 at once, against fresh sandboxes with
the same seed, and no logic at all: once with the same client, once with the least client there can be (floor.py). Requests of one kind are
replayed together, so that a call for a record comes after the call that makes it. Told are wall times and their ratios, all measured in
turn in one run; a time alone says nothing.
``--latency``: milliseconds that the servers take over each answer, as a server elsewhere does. Without, the servers answer faster than
any real one, and the ratio tells how much processor time Accord takes beside that of the calls.

Idle cycle: after a load and a cycle that reads back what it wrote, one with nothing changed, and the same polls bare.
"""

import argparse
import asyncio
import contextlib
import re
import statistics
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import uvloop

import floor
from accord import app
from accord.config.starter import write_starter
from accord.connectors.http import AioHttp, Answer, HttpSettings, Origin
from accord.sandbox.people import MembercareUser
from accord.sandbox.process import Running, start
from rows import Row, tell

AT_ONCE = 32
REQUEST = AioHttp.request


@dataclass(slots=True)
class Noted:
    """A request as it was made. ``path``: with query, without origin."""

    server: str
    method: str
    path: str
    body: bytes | None

    @property
    def kind(self) -> tuple[str, str, str]:
        """What it is, whichever record it is for."""
        return self.server, self.method, re.sub(r"/[A-Z]{0,2}-?\d+", "/{id}", self.path.split("?")[0])


@dataclass(slots=True)
class Notebook:
    """Notes every request of a run. Patched into AioHttp, so that the connector is the one that everybody uses."""

    origins: Mapping[str, str]
    noted: list[Noted] = field(default_factory=list)

    def __enter__(self) -> "Notebook":
        notebook = self

        async def request(http: AioHttp, method: str, url: str, headers: Mapping[str, str], body: bytes | None = None) -> Answer:
            server = next(name for name, origin in notebook.origins.items() if url.startswith(origin))
            notebook.noted.append(Noted(server, method, url[len(notebook.origins[server]) :], body))
            return await REQUEST(http, method, url, headers, body)

        AioHttp.request = request  # type: ignore[method-assign]  # put back at the end
        return self

    def __exit__(self, *_: object) -> None:
        AioHttp.request = REQUEST  # type: ignore[method-assign]


def setup(folder: Path, crm: Running, care: Running) -> app.Setup:
    """The shipped dataflow for these servers."""
    write_starter(folder, demo=True)
    (folder / ".env").write_text(
        f"CUSTOMCRM_URL={crm.url}\nCUSTOMCRM_KEY={crm.key}\nMEMBERCARE_URL={care.url}\nMEMBERCARE_KEY={care.key}\nMEMBERCARE_PERSON=1\n"
    )
    return app.load(folder / "dataflow.yaml")


async def accord_cycle(prepared: app.Setup) -> float:
    """One cycle; seconds."""
    async with app.session(prepared) as opened:
        began = time.perf_counter()
        await app.run_once(opened, "benchmark")
        return time.perf_counter() - began


def signed_in(crm: Running, care: Running) -> dict[str, dict[str, str]]:
    """What each server wants to see in every request."""
    token = MembercareUser(care.url, care.key)
    token.do("GET", "products?pageSize=1")
    plain = {"Content-Type": "application/json", "Accept": "application/json"}
    return {"customcrm": {"Authorization": f"Bearer {crm.key}", **plain}, "membercare": {"token": token.token, **plain}}


def phases_of(requests: Sequence[Noted]) -> list[list[Noted]]:
    """The requests kind after kind."""
    phases: dict[tuple[str, str, str], list[Noted]] = {}
    for one in requests:
        phases.setdefault(one.kind, []).append(one)
    return list(phases.values())


async def bare(requests: Sequence[Noted], crm: Running, care: Running) -> float:
    """The same requests, kind after kind, ``AT_ONCE`` at once; seconds. Raises if one is not answered with success."""
    headers = signed_in(crm, care)
    urls = {"customcrm": crm.url, "membercare": care.url}
    https = {
        name: AioHttp(HttpSettings(Origin.of(url), concurrency=AT_ONCE, deadline=60.0, private_hosts=True)) for name, url in urls.items()
    }
    began = time.perf_counter()
    for phase in phases_of(requests):
        left = iter(phase)

        async def worker(left: object = left) -> None:
            for one in left:  # type: ignore[attr-defined]  # an iterator shared by all workers
                answer = await https[one.server].request(one.method, urls[one.server] + one.path, headers[one.server], one.body)
                if answer.status >= 300:
                    raise RuntimeError(f"{one.method} {one.path}: {answer.status} {answer.body[:200]!r}")

        await asyncio.gather(*(worker() for _ in range(AT_ONCE)))
    took = time.perf_counter() - began
    for http in https.values():
        await http.close()
    return took


async def least(requests: Sequence[Noted], crm: Running, care: Running) -> float:
    """The same with the least client there can be; seconds. Its requests are made ready outside the clock."""
    headers, urls = signed_in(crm, care), {"customcrm": crm.url, "membercare": care.url}
    ready = [
        (urls[phase[0].server], [floor.request(one.method, one.path, "localhost", headers[one.server], one.body) for one in phase])
        for phase in phases_of(requests)
    ]
    began = time.perf_counter()
    for url, phase in ready:
        await floor.send_all(url, phase, AT_ONCE)
    return time.perf_counter() - began


@contextlib.contextmanager
def servers(size: int, latency: int) -> Iterator[tuple[Running, Running]]:
    """Both servers, freshly seeded."""
    slow = (f"--fault=slow:milliseconds={latency}",) if latency else ()
    with start("customcrm", size, 3, options=slow) as crm, start("membercare", size, 3, options=slow) as care:
        yield crm, care


@dataclass(frozen=True, slots=True)
class Idle:
    """A cycle with nothing changed: seconds of Accord and of the bare polls, and the numbers of calls of both."""

    ours: float
    wire: float
    calls: int
    polls: int


@dataclass(frozen=True, slots=True)
class Load:
    """One round: seconds of Accord, of the same requests with the same client, and with the least client; how many requests.

    ``idle``: of a cycle after it, where that was asked for.
    """

    ours: float
    wire: float
    floor: float
    requests: int
    idle: Idle | None


def first_load(size: int, latency: int, then_idle: bool) -> Load:
    """One round."""
    with tempfile.TemporaryDirectory() as folder:
        with servers(size, latency) as (crm, care):
            prepared = setup(Path(folder) / "load", crm, care)
            ours, requests = noted_cycle(prepared, crm, care)
            after = idle(prepared, crm, care) if then_idle else None
        with servers(size, latency) as (crm, care):
            wire = uvloop.run(bare(requests, crm, care))
        with servers(size, latency) as (crm, care):
            return Load(ours, wire, uvloop.run(least(requests, crm, care)), len(requests), after)


def noted_cycle(prepared: app.Setup, crm: Running, care: Running) -> tuple[float, list[Noted]]:
    """Seconds of one cycle, and its requests but for signing in."""
    with Notebook({"customcrm": crm.url, "membercare": care.url}) as notebook:
        ours = app.start(accord_cycle(prepared))
    return ours, [one for one in notebook.noted if "/token" not in one.path]


def idle(prepared: app.Setup, crm: Running, care: Running) -> Idle:
    """A cycle with nothing changed, after one that reads back what the first load wrote."""
    app.start(accord_cycle(prepared))
    ours, requests = noted_cycle(prepared, crm, care)
    polls = bare_polls(requests)
    return Idle(ours, uvloop.run(bare(polls, crm, care)), len(requests), len(polls))


def bare_polls(requests: Sequence[Noted]) -> list[Noted]:
    """What anybody has to ask to know that nothing changed: the pages of each listing, each feed; what is asked twice counts once."""
    return list({(one.server, one.method, one.path): one for one in requests if one.method == "GET"}.values())


GROUP = "First load over HTTP"
SAME, LEAST = "the same calls, same client, no logic", "the same calls, bare asyncio protocol"


def tell_loads(size: int, latency: int, loads: Sequence[Load]) -> None:
    """Both ratios of a first load."""
    what = f"first load, {AT_ONCE} calls at once" + (f", answers take {latency} ms" if latency else "")
    ours = [one.ours for one in loads]
    count = loads[0].requests
    note = f"{count:,} calls, {count / statistics.median(ours):,.0f} a second; six flows, both sandboxes on the same machine"
    tell(Row(GROUP, what, f"{size:,} records", ours, "s", SAME, [one.wire for one in loads], note))
    tell(Row(GROUP, what, f"{size:,} records", ours, "s", LEAST, [one.floor for one in loads], "no pool, deadline or decoding"))


def tell_idle(size: int, found: Sequence[Idle]) -> None:
    """The ratio of the cycles with nothing changed."""
    ours, wire = [one.ours * 1000 for one in found], [one.wire * 1000 for one in found]
    note = f"{found[0].calls} calls, the bare polls are {found[0].polls}; with opening connections"
    tell(Row(GROUP, "a cycle with nothing changed", f"{size:,} records", ours, "ms", "the same polls bare", wire, note))


def main() -> None:
    """Tell the figures."""
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--size", type=int, default=20_000)
    words.add_argument("--latency", type=int, default=0, help="milliseconds that the servers take over each answer")
    words.add_argument("--idle", action="store_true", help="measure a cycle with nothing changed after each load")
    words.add_argument("--rounds", type=int, default=3)
    given = words.parse_args()
    loads = []
    for number in range(given.rounds):
        loads.append(one := first_load(given.size, given.latency, given.idle))
        print(f"round {number + 1}: accord {one.ours:.1f} s, bare {one.wire:.1f} s, least {one.floor:.1f} s", flush=True)
    tell_loads(given.size, given.latency, loads)
    if given.idle:
        tell_idle(given.size, [one.idle for one in loads if one.idle is not None])


if __name__ == "__main__":
    main()

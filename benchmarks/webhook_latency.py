"""How soon an edit that is announced by a webhook shows on the other side, beyond the time of the bare write.

`python benchmarks/webhook_latency.py [--rates 1,50,500] [--seconds 60] [--size 3000] [--every 10]`

`accord run` stands between both sandboxes, each a process of its own. Contacts are edited in Customcrm at a steady rate, whoever is slow;
each edit is announced by a signed webhook, but of every ten webhooks one is dropped, doubled or a second late, in turn. The Membercare
server notes when each value has been written. Latency: from sending the webhook to that moment; of a late one from when it is sent, of a
dropped one none is told, since a poll finds it. The bare write: the same call, from sending it to the same moment, by the same clock,
without Accord and at the same rate. Printed are percentiles of both, their difference and ratio, and how many edits never arrived.
Rates above 100 are held for ten seconds only. Each rate is measured ``--rounds`` times, with other values.
"""

import argparse
import asyncio
import base64
import hashlib
import hmac
import json
import random
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import uvloop

from accord.config.starter import write_starter
from accord.sandbox import membercare
from accord.sandbox.faults import Faults
from accord.sandbox.people import MembercareUser
from accord.sandbox.process import MEMBERCARE_KEY, Running, start
from accord.sandbox.serving import serve
from rows import Row, tell

SECRET = "a secret for the benchmark"
SPOILT_OF = 10
LATE_SECONDS = 1.0


# --- the other side, which notes when a value was written ----------------------------------------------------------------------------


class Stamping:
    """The Membercare stand-in; GET /_stamps gives each first name that was written and when, by the machine's monotonic clock."""

    def __init__(self, inner: Any) -> None:
        self.inner = inner
        self.stamps: dict[str, float] = {}

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["path"] == "/_stamps":
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": json.dumps(self.stamps).encode()})
            return
        body = b""

        async def noting() -> Any:
            nonlocal body
            message = await receive()
            body += message.get("body", b"")
            return message

        await self.inner(scope, noting, send)
        if scope["method"] == "PATCH" and b'"firstName"' in body:
            self.stamps[str(json.loads(body)["firstName"])] = time.monotonic()


def serve_stamping(size: int) -> None:
    """Be that server until told to end."""

    def make(origin: str) -> Any:
        settings = membercare.Settings(origin, MEMBERCARE_KEY, "1", 36_000.0, False, size, 3)
        return Stamping(membercare.application(settings, Faults()))

    serve(make, 0, die_with_parent=True)


@contextmanager
def stamping(size: int) -> Iterator[Running]:
    """It, as a process."""
    process = subprocess.Popen(
        [sys.executable, __file__, "--serve", "--size", str(size)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    with Running("membercare", process.stdout.readline().split()[1], MEMBERCARE_KEY, process) as running:
        yield running


# --- Accord between them -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Scene:
    """Everything runs. ``pairs``: contact and person of each link; ``webhook``: where Accord takes events; ``log``: what it prints."""

    crm: Running
    care: Running
    webhook: str
    pairs: Sequence[tuple[str, str]]
    log: Path


@contextmanager
def scene(size: int, every: float, folder: Path) -> Iterator[Scene]:
    """Both servers loaded and in step, and a service that polls every so many seconds."""
    with start("customcrm", size, 3) as crm, stamping(size) as care:
        write_starter(folder, demo=True)
        dataflow = folder / "dataflow.yaml"  # thousands of edits within seconds are meant here, and not to be held for a person
        dataflow.write_text(dataflow.read_text().replace("defaults:\n", "defaults:\n  guards: {changes: 1000000}\n", 1))
        lines = {"CUSTOMCRM_URL": crm.url, "CUSTOMCRM_KEY": crm.key, "MEMBERCARE_URL": care.url, "MEMBERCARE_KEY": care.key}
        lines |= {"MEMBERCARE_PERSON": "1", "CUSTOMCRM_WEBHOOK_SECRET": SECRET}
        (folder / ".env").write_text("".join(f"{name}={value}\n" for name, value in lines.items()))
        words = [sys.executable, "-m", "accord.cli.main"]
        at = ["-d", str(folder / "dataflow.yaml")]
        for _ in range(2):  # the second reads back what the first wrote
            subprocess.run([*words, "sync", *at], check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        said = subprocess.run(
            [*words, "links", *at, "--flow", "Contact to Persons", "--limit", str(size), "--json"], check=True, capture_output=True
        )
        pairs = [(one["left"], one["right"]) for one in json.loads(said.stdout)]
        command = [*words, "run", *at, "--json", "--listen", "127.0.0.1:0", "--every", str(every)]
        log = folder / "run.log"
        with log.open("w") as out, subprocess.Popen(command, stdout=out, text=True) as process:
            try:
                while log.read_text().count("\n") < 2:  # that it has started, and its first cycle
                    time.sleep(0.1)
                yield Scene(crm, care, json.loads(log.read_text().splitlines()[0])["webhooks"]["customcrm"], pairs, log)
            finally:
                process.terminate()
                process.wait(15)


# --- edits and what became of them ---------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Edits:
    """What was done. ``sent``: value -> when its webhook was; ``last``: contact -> its last value; ``taken``: seconds to each 2xx."""

    sent: dict[str, float] = field(default_factory=dict)
    last: dict[str, str] = field(default_factory=dict)
    taken: list[float] = field(default_factory=list)
    refused: int = 0
    spoilt: dict[str, int] = field(default_factory=lambda: {"dropped": 0, "doubled": 0, "late": 0})


def signed(event: str, contact: str) -> tuple[dict[str, str], bytes]:
    """A webhook as Customcrm sends it."""
    body = json.dumps({"type": "contact.updated", "collection": "contacts", "id": contact, "at": "2026-01-01T00:00:00Z"}).encode()
    stamp = str(int(time.time()))
    digest = hmac.new(SECRET.encode(), f"{event}.{stamp}.".encode() + body, hashlib.sha256).digest()
    signature = "v1," + base64.b64encode(digest).decode()
    return {"webhook-id": event, "webhook-timestamp": stamp, "webhook-signature": signature}, body


async def paced(rate: float, count: int, act: Callable[[int], Awaitable[None]]) -> None:
    """Begin ``count`` acts at a steady rate, without waiting for any of them; return when all have ended."""
    began, tasks = time.monotonic(), []
    for number in range(count):
        await asyncio.sleep(max(0.0, began + number / rate - time.monotonic()))
        tasks.append(asyncio.ensure_future(act(number)))
    await asyncio.gather(*tasks)


async def edit(made: Scene, rate: float, count: int, tag: str) -> Edits:
    """Edit and announce."""
    edits = Edits()
    contacts = [left for left, _ in made.pairs]
    random.Random(1).shuffle(contacts)
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=40)) as session:

        async def announce(event: str, contact: str) -> None:
            headers, body = signed(event, contact)
            began = time.monotonic()
            for _ in range(20):
                async with session.post(made.webhook, data=body, headers=headers) as answer:
                    if answer.status < 300:
                        edits.taken.append(time.monotonic() - began)
                        return
                edits.refused += 1
                await asyncio.sleep(0.1)

        async def one(number: int) -> None:
            contact, value = contacts[number % len(contacts)], f"{tag}{number:06d}"
            bearer = {"Authorization": f"Bearer {made.crm.key}"}
            url = f"{made.crm.url}/api/contacts/{contact}"
            async with session.patch(url, json={"FirstName": value}, headers=bearer) as answer:
                answer.raise_for_status()
            edits.last[contact] = value
            event, fate = f"{tag}-{number}", (number // SPOILT_OF) % 3 if number % SPOILT_OF == SPOILT_OF - 1 else None
            if fate is not None:
                edits.spoilt[("dropped", "doubled", "late")[fate]] += 1
            if fate == 0:
                return
            if fate == 2:
                await asyncio.sleep(LATE_SECONDS)
            edits.sent[value] = time.monotonic()
            await announce(event, contact)
            if fate == 1:
                await announce(event, contact)

        await paced(rate, count, one)
    return edits


async def bare(made: Scene, rate: float, count: int, tag: str) -> dict[str, float]:
    """The same writes without Accord; value -> when it was sent."""
    user, sent = MembercareUser(made.care.url, made.care.key), dict[str, float]()
    user.do("GET", "products?pageSize=1")
    persons = [right for _, right in made.pairs]
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=32), headers={"token": user.token}) as session:

        async def one(number: int) -> None:
            value = f"{tag}{number:06d}"
            sent[value] = time.monotonic()
            url = f"{made.care.url}/api/v1/persons/{persons[number % len(persons)]}"
            async with session.patch(url, json={"firstName": value}) as answer:
                answer.raise_for_status()

        await paced(rate, count, one)
    return sent


def stamps(care: Running) -> dict[str, float]:
    """When each value was written."""
    with urllib.request.urlopen(f"{care.url}/_stamps") as answer:
        found: dict[str, float] = json.loads(answer.read())
    return found


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which this share of them is."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def arrived(made: Scene, edits: Edits, patience: float) -> tuple[dict[str, float], list[str]]:
    """All stamps, and the last values that never came, after waiting for the polls that find what was dropped."""
    until = time.monotonic() + patience
    while True:
        found = stamps(made.care)
        lost = [value for value in edits.last.values() if value not in found]
        if not lost or time.monotonic() > until:
            return found, lost
        time.sleep(0.5)


@dataclass(frozen=True, slots=True)
class Latency:
    """One round at one rate; milliseconds. ``ours``, ``wire``: p50 and p99 with Accord and of the bare write."""

    ours: tuple[float, float]
    wire: tuple[float, float]
    durable: float
    lost: int


def measure(made: Scene, rate: float, seconds: float, every: float, turn: int) -> Latency:
    """One round at a rate, printed too."""
    count = max(20, int(rate * (min(seconds, 10.0) if rate > 100 else seconds)))
    tag = f"E{int(rate)}x{turn}x"
    edits = uvloop.run(edit(made, rate, count, tag))
    found, lost = arrived(made, edits, 4 * every + 30)
    took = [found[value] - sent for value, sent in edits.sent.items() if value in found]
    sent = uvloop.run(bare(made, rate, min(count, 500), f"B{int(rate)}x{turn}x"))
    wire = [at - sent[value] for value, at in stamps(made.care).items() if value in sent]
    ours, theirs = (tuple(percentile(values, share) * 1000 for share in (0.5, 0.99)) for values in (took, wire))
    kept = percentile(edits.taken, 0.5) * 1000, percentile(edits.taken, 0.99) * 1000
    print(f"{rate:g} edits/s, {count} edits, {sum(edits.spoilt.values())} webhooks spoilt {edits.spoilt}, polls every {every:g} s")
    print(f"  p50 {ours[0]:.0f} ms, p99 {ours[1]:.0f} ms; bare write {theirs[0]:.1f} and {theirs[1]:.1f} ms")
    print(f"  a webhook is durable and answered after {kept[0]:.1f} ms (p50), {kept[1]:.1f} ms (p99); sent again {edits.refused}")
    print(f"  overtaken by a later edit of the same record: {len(edits.sent) - len(took) - len(lost)}; lost: {len(lost)}", flush=True)
    return Latency((ours[0], ours[1]), (theirs[0], theirs[1]), kept[0], len(lost))


def tell_latency(rate: float, every: float, rounds: Sequence[Latency]) -> None:
    """A row for each percentile."""
    note = f"polls every {every:g} s; of ten webhooks one is dropped, doubled or late; {sum(one.lost for one in rounds)} edits lost"
    kept = f"a webhook is durable and answered after {max(one.durable for one in rounds):.1f} ms (p50)"
    for place, name, said in ((0, "p50", note), (1, "p99", kept)):
        ours, wire = [one.ours[place] for one in rounds], [one.wire[place] for one in rounds]
        what = f"from a webhook to the write on the other side, {name}"
        tell(Row("Webhooks", what, f"{rate:g} edits a second", ours, "ms", "the bare write at that rate", wire, said))


def main() -> None:
    """Tell the figures; exit 1 if an edit was lost."""
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--rates", default="1,50,500", help="edits per second, one after the other")
    words.add_argument("--seconds", type=float, default=60.0)
    words.add_argument("--size", type=int, default=3000, help="contacts")
    words.add_argument("--every", type=float, default=10.0, help="seconds between polls")
    words.add_argument("--rounds", type=int, default=1)
    words.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    given = words.parse_args()
    if given.serve:
        serve_stamping(given.size)
        return
    with tempfile.TemporaryDirectory() as folder, scene(given.size, given.every, Path(folder)) as made:
        lost = 0
        for rate in map(float, given.rates.split(",")):
            rounds = [measure(made, rate, given.seconds, given.every, turn) for turn in range(given.rounds)]
            tell_latency(rate, given.every, rounds)
            lost += sum(one.lost for one in rounds)
    sys.exit(1 if lost else 0)


if __name__ == "__main__":
    main()

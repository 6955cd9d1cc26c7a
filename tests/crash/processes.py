"""Accord as processes between two sandbox servers: starting syncs, and counting what the servers hold."""

import json
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from test_kill9 import configure, counts, dump, references

from accord.sandbox.people import CrmUser, MembercareUser, calls
from accord.sandbox.process import Running, start

PATIENCE_SECONDS = 120.0


@dataclass(frozen=True)
class Place:
    """A folder with a dataflow, and the two servers that it joins."""

    folder: Path
    crm: Running
    care: Running

    @property
    def state(self) -> Path:
        """The file with the state."""
        return self.folder / ".accord" / "dataflow.db"

    def command(self, *words: str) -> list[str]:
        """An accord command on this dataflow."""
        return [sys.executable, "-m", "accord.cli.main", words[0], "-d", str(self.folder / "dataflow.yaml"), *words[1:], "--json"]

    def begin(self, *words: str, before: Callable[[], None] | None = None) -> "subprocess.Popen[str]":
        """A process that runs; ``before``: done in it before anything else."""
        return subprocess.Popen(self.command(*words), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=before)

    def run(self, *words: str) -> "Ended":
        """A process that has ended."""
        return end(self.begin(*words))

    def settle(self) -> None:
        """Syncs until nothing is unknown any more: finding nothing proves something only after a while."""
        for _ in range(20):
            ended = self.run("sync")
            assert ended.code in (0, 5), ended.errors
            if not any(flow["unknown"] for flow in json.loads(ended.said)["flows"]):
                return
        raise AssertionError("still unknown after 20 syncs")

    def writes(self) -> int:
        """Mutating calls that both servers saw."""
        return int(calls(self.crm.url)["writes"]) + int(calls(self.care.url)["writes"])

    def until(self, writes: int, process: "subprocess.Popen[str]") -> None:
        """Wait until the servers have seen so many writes; the process must not have ended by then."""
        while self.writes() < writes:
            assert process.poll() is None, process.communicate()

    def counts(self) -> dict[str, int]:
        """Records in Membercare."""
        return counts(self.care)

    def references(self) -> Counter[str]:
        """How often each of our references is there."""
        return references(self.care)

    def records(self, collection: str) -> list[dict[str, Any]]:
        """What Membercare holds."""
        return dump(self.care, collection)

    def contacts(self) -> list[dict[str, Any]]:
        """What Customcrm holds of people."""
        return dump(self.crm, "contacts")

    def crm_user(self) -> CrmUser:
        """Somebody who works in Customcrm."""
        return CrmUser(self.crm.url, self.crm.key)

    def care_user(self) -> MembercareUser:
        """Somebody who works in Membercare."""
        return MembercareUser(self.care.url, self.care.key)

    def links(self, flow: str) -> list[dict[str, Any]]:
        """Linked records of a flow."""
        ended = self.run("links", "--flow", flow, "--limit", "10000")
        found: list[dict[str, Any]] = json.loads(ended.said)
        return found

    def differing(self) -> list[str]:
        """What a census finds."""
        ended = self.run("census")
        assert ended.code in (0, 2), ended.errors
        return [line for flow in json.loads(ended.said) for line in flow["differences"]]


@dataclass(frozen=True)
class Ended:
    """How a process ended."""

    code: int
    said: str
    errors: str

    @property
    def remedy(self) -> str:
        """What the error says can be done."""
        return str(json.loads(self.errors)["remedy"])


def end(process: "subprocess.Popen[str]") -> Ended:
    """Wait for it."""
    said, errors = process.communicate(timeout=PATIENCE_SECONDS)
    return Ended(process.returncode, said, errors)


@contextmanager
def place(folder: Path, size: int, limits: Mapping[str, float] | None = None) -> Iterator[Place]:
    """Two servers with so many records, and a dataflow between them. ``limits``: of Membercare."""
    with start("customcrm", size, 7) as crm, start("membercare", size, 7) as care:
        configure(folder, crm, care)
        for name, seconds in (limits or {}).items():
            manifest = folder / "membercare.yaml"
            text, found = re.subn(rf"(?<=  {name}: )[0-9.]+", f"{seconds:g}", manifest.read_text())
            assert found == 1
            manifest.write_text(text)
        yield Place(folder, crm, care)


@dataclass(frozen=True)
class Load:
    """What an undisturbed first load comes to."""

    counts: dict[str, int]
    references: frozenset[str]

    def check(self, found: Place) -> None:
        """Nothing twice, nothing missing, and every value in step."""
        marks = found.references()
        twice = {mark: times for mark, times in marks.items() if times > 1}
        assert not twice, twice
        assert set(marks) == self.references, set(marks) ^ self.references
        counted, differing = found.counts(), found.differing()
        assert (counted, differing) == (self.counts, []), (counted, differing)


def undisturbed(folder: Path, size: int) -> Load:
    """A first load without anything going wrong."""
    with place(folder, size) as calm:
        ended = calm.run("sync")
        assert ended.code in (0, 5), ended.errors
        return Load(calm.counts(), frozenset(calm.references()))

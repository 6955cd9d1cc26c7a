"""Peers and Accord on the same records in the same run, by turns; each in its own process and its own environment.

`python benchmarks/beside_peers.py [--size 10000] [--rounds 3] [--left-out WHY]`

The environments are made on first use, with the versions of peers.txt and peers/package.json, in .venv/peers; what cannot be had is told
as not run, and has no figure. None of the peers does what Accord does, and none does it over REST; what each leaves out is in the notes.
"""

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from accord.model.records import Side
from rows import Row, tell
from scene import NAMES, person

BENCHMARKS = Path(__file__).parent
HERE, PINNED = BENCHMARKS / "peers", BENCHMARKS / "peers.txt"
ENVIRONMENT = BENCHMARKS.parent / ".venv" / "peers"
GROUP = "Beside others, on the same records"
STEPS = {"first": "first load into an empty side", "none": "nothing changed", "changed": "1 % changed"}
INSTALL_SECONDS, RUN_SECONDS = 600, 600


@dataclass(frozen=True, slots=True)
class Peer:
    """``package``: whose version is told. ``does_not``: what it leaves out, and how it was set up.

    ``reads_all``: it looks at everything in each run, so it stands beside an Accord that is not told what changed either.
    """

    name: str
    program: str
    package: str
    does_not: str
    reads_all: bool = False


PEERS = (
    Peer(
        "DiffSync",
        "with_diffsync.py",
        "diffsync",
        "in memory, nothing durable; one way; no base: edits on the right are lost",
        True,
    ),
    Peer("vdirsyncer", "with_vdirsyncer.py", "vdirsyncer", "its command on two folders of cards; two-way by whole card", True),
    Peer("dlt", "with_dlt.py", "dlt", "REST into a DuckDB file, by parquet; one way; writes to no system"),
    Peer("PouchDB", "with_pouchdb.mjs", "pouchdb-node", "two LevelDB databases in one process; two-way by whole document; nothing foreign"),
)


class Missing(RuntimeError):
    """A peer cannot be had here; the text says why."""


# --- their environments ------------------------------------------------------------------------------------------------------------------


def python_of_peers() -> Path:
    """Make the Python environment if need be. Raises Missing."""
    wanted = PINNED
    python, stamp = ENVIRONMENT / "bin" / "python", ENVIRONMENT / ".made-of"
    digest = hashlib.sha256(wanted.read_bytes()).hexdigest()
    if not (stamp.exists() and stamp.read_text() == digest):
        print("== installing the Python peers (once; a minute or so)", flush=True)
        _install([sys.executable, "-m", "venv", "--clear", str(ENVIRONMENT)])
        _install([str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", str(wanted)])
        stamp.write_text(digest)
    return python


def modules_of_peers() -> Path:
    """Make the folder of node's modules if need be. Raises Missing."""
    if not (shutil.which("node") and shutil.which("npm")):
        raise Missing("there is no node here")
    wanted, folder = HERE / "package.json", ENVIRONMENT / "node"
    made = folder / "package.json"
    if not (made.exists() and made.read_bytes() == wanted.read_bytes() and (folder / "node_modules").exists()):
        print("== installing PouchDB (once)", flush=True)
        folder.mkdir(parents=True, exist_ok=True)
        _install(["npm", "install", "--prefix", str(folder), "--no-audit", "--no-fund", "--ignore-scripts", "--no-save", _pinned(wanted)])
        shutil.copyfile(wanted, made)
    return folder


def _pinned(wanted: Path) -> str:
    ((name, version),) = json.loads(wanted.read_text())["dependencies"].items()
    return f"{name}@{version}"


def _install(words: Sequence[str]) -> None:
    try:
        subprocess.run(words, check=True, capture_output=True, timeout=INSTALL_SECONDS)
    except (subprocess.SubprocessError, OSError) as error:
        raise Missing("it could not be installed") from error


def version_of(peer: Peer) -> str:
    """Which version it is, as pinned."""
    if peer.program.endswith(".mjs"):
        return _pinned(HERE / "package.json").split("@")[1]
    lines = PINNED.read_text().splitlines()
    return next(line.split("==")[1] for line in lines if line.startswith(f"{peer.package}=="))


# --- running ---------------------------------------------------------------------------------------------------------------------------


def records_file(folder: Path, size: int) -> Path:
    """The records, for all of them."""
    path = folder / "records.json"
    rows = [dict(zip(NAMES[Side.LEFT], map(_plain, person(number)), strict=True)) | {"id": f"C-{number}"} for number in range(size)]
    path.write_text(json.dumps(rows), "utf-8")
    return path


def _plain(value: object) -> object:
    return value if isinstance(value, str | bool) else str(value)


def command(program: str) -> list[str]:
    """How a program is started, but for its arguments. Raises Missing."""
    if program == "with_accord.py":
        return [sys.executable, str(HERE / program)]
    if program.endswith(".mjs"):
        modules_of_peers()
        return ["node", str(HERE / program)]
    return [str(python_of_peers()), str(HERE / program)]


def seconds(program: str, records: Path) -> dict[str, float]:
    """One run. Raises Missing, and RuntimeError if it failed or did something else than was to be measured."""
    words = command(program)
    env = os.environ | {"PYTHONPATH": str(BENCHMARKS)} if program == "with_accord.py" else None  # the others are not to see ours
    with tempfile.TemporaryDirectory(prefix="accord-peer-") as folder:
        more = [str(ENVIRONMENT / "node")] if program.endswith(".mjs") else []
        done = subprocess.run(
            [*words, str(records), folder, *more], capture_output=True, text=True, timeout=RUN_SECONDS, env=env, check=False
        )
    if done.returncode:
        raise RuntimeError(f"{program} failed: {done.stderr[-1000:]}")
    found: dict[str, float] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


def measure(size: int, rounds: int) -> None:
    """All by turns; the rows."""
    missing: dict[str, str] = {}
    ours: list[dict[str, float]] = []
    theirs: dict[str, list[dict[str, float]]] = {peer.name: [] for peer in PEERS}
    with tempfile.TemporaryDirectory(prefix="accord-peers-") as folder:
        records = records_file(Path(folder), size)
        for _ in range(rounds):
            ours.append(seconds("with_accord.py", records))
            for peer in (one for one in PEERS if one.name not in missing):
                try:
                    theirs[peer.name].append(seconds(peer.program, records))
                except Missing as why:
                    missing[peer.name] = str(why)
    for peer in PEERS:
        tell_peer(peer, size, ours, theirs[peer.name], missing.get(peer.name, ""))


def tell_peer(peer: Peer, size: int, ours: Sequence[dict[str, float]], theirs: Sequence[dict[str, float]], missing: str) -> None:
    """Three rows."""
    name, said = f"{peer.name} {version_of(peer)}", f"{size:,} records"
    for step, what in STEPS.items():
        everything = peer.reads_all and step != "first"
        words = f"{what}, everything read" if everything else what
        if missing:
            tell(Row(GROUP, f"{words}, {name}", said, note=missing))
            continue
        most = f"most memory {max(one['peak'] for one in ours):,.0f} MB, {peer.name} {max(one['peak'] for one in theirs):,.0f} MB"
        note = peer.does_not if step == "first" else most if step == "changed" else ""
        mine = [one[f"{step}_all" if everything else step] for one in ours]
        tell(Row(GROUP, f"{words}, beside {name}", said, mine, "s", name, [one[step] for one in theirs], note))


def main() -> None:
    """Tell the figures."""
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--size", type=int, default=10_000)
    words.add_argument("--rounds", type=int, default=3)
    words.add_argument("--left-out", metavar="WHY", help="run none of them, install nothing; the rows say why")
    given = words.parse_args()
    if given.left_out:
        for peer in PEERS:
            tell_peer(peer, given.size, (), (), given.left_out)
        return
    measure(given.size, given.rounds)


if __name__ == "__main__":
    main()

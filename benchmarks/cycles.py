"""Cycles at several sizes by turns: nothing changed, the same number of changes, a full listing, a census.

`python benchmarks/cycles.py [--sizes 1000,100000,1000000] [--changes 1000] [--rounds 3]`

Each size has a durable state of its own. The engine makes it: it reads, matches and links as many records as there are, which is the first
thing measured. From ``--seeded`` records on that would take most of the time there is, so the store is filled by its own calls (seeding.py)
with what the engine would have left there; a test compares both; and reading everything is measured once.

Systems are worked out in memory (scene.py), so there is no wire in the figures, and each reading costs what making the records costs: that
cost is measured bare and stands beside. The sizes take turns, so that what else the machine does meets all. What memory a size takes is
told by a process of its own that opens a copy of the state and does the one thing.

Every measurement proves what it measured: that an idle cycle wrote nothing, that all edits and only these crossed, that a census finds
everything in step. One that did not is an error, not a figure.
"""

import argparse
import contextlib
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from accord.app.machine import start
from accord.engine.census import census
from accord.engine.parts import Depth, Engine
from accord.model.records import Side
from accord.model.runs import Run
from rows import Row, peak_megabytes, tell
from scene import FLOW, KINDS, Generated, engine_between, one_cycle
from seeding import seed

IDLE, CHANGED, WHOLE = "A cycle with nothing changed", "A cycle with changes", "Reading everything"
FIRST = "Linking what is there"
IDLE_CYCLES = 20
MEASURED_WHOLE = 100_000
"""From this size on, reading everything is measured; below, it is over at once."""


@dataclass(frozen=True, slots=True)
class Scene:
    """One size, ready."""

    size: int
    left: Generated
    right: Generated
    engine: Engine

    @property
    def calls(self) -> int:
        """Requests to both so far."""
        return sum(sum(one.calls.values()) for one in (self.left, self.right))


def state_of(folder: Path, size: int) -> Path:
    """Where the state of a size is."""
    return folder / f"{size}.db"


def proven(run: Run, **expected: int) -> Run:
    """The run, if its counts are these and all others are 0. Raises RuntimeError."""
    counts = run.counts(FLOW.name)
    wrong = {name: getattr(counts, name) for name in ("matched", "created_right", "created_left", "updated_left", "updated_right")}
    wrong = {name: got for name, got in wrong.items() if got != expected.get(name, 0)}
    if wrong or counts.held or counts.review or counts.waiting or counts.quarantined:
        raise RuntimeError(f"the cycle did something else than was measured: {wrong or counts}; expected {expected}")
    return run


def figures(size: int) -> str:
    """A number of links, in words."""
    return f"{size:,} links"


# --- linking ---------------------------------------------------------------------------------------------------------------------------


async def link(folder: Path, size: int) -> None:
    """Make a state: as many records on both sides, all linked by their e-mail address."""
    left, right = (Generated(side, size) for side in Side)
    bare = await listed(left, right)
    with engine_between(left, right, state_of(folder, size)) as engine:
        began = time.perf_counter()
        run = await one_cycle(engine)
        took = time.perf_counter() - began
        proven(run, matched=size)
        proven(await one_cycle(engine))  # whatever the first has to read again
    note = f"{size / took:,.0f} pairs a second; at most {peak_megabytes():,.0f} MB; records worked out in memory, state on disk"
    what = "read, match and link what is on both sides (one round)"
    tell(Row(FIRST, what, f"{size:,} x {size:,} records", [took], "s", "making the records alone", [bare], note))
    size_note = "with both fingerprints, match keys and both bases"
    tell(Row(FIRST, "state file per link", figures(size), [state_of(folder, size).stat().st_size / size], "bytes", note=size_note))


async def seeded(folder: Path, size: int) -> None:
    """Make a state by the store's own calls, and let the engine say that nothing is to be done."""
    began = time.perf_counter()
    await seed(state_of(folder, size), size)
    print(f"{figures(size)} seeded by the store's own calls in {time.perf_counter() - began:.0f} s", flush=True)
    left, right = (Generated(side, size) for side in Side)
    with engine_between(left, right, state_of(folder, size)) as engine:
        proven(await one_cycle(engine))
    note = "filled by the store's own calls with what the engine would have left"
    tell(Row(FIRST, "state file per link", figures(size), [state_of(folder, size).stat().st_size / size], "bytes", note=note))


async def listed(*systems: Generated) -> float:
    """Seconds of listing these and nothing else."""
    began = time.perf_counter()
    for one in systems:
        async for _ in one.list(KINDS[one.side]):
            pass
    return time.perf_counter() - began


# --- by turns --------------------------------------------------------------------------------------------------------------------------


async def idle(scene: Scene) -> float:
    """Seconds of one idle cycle, of many."""
    began = time.perf_counter()
    runs = [await one_cycle(scene.engine) for _ in range(IDLE_CYCLES)]
    took = (time.perf_counter() - began) / IDLE_CYCLES
    for run in runs:
        proven(run)
    return took


async def changed(scene: Scene, changes: int, turn: int) -> tuple[float, float]:
    """Seconds of a cycle with so many records edited on each side, and of the next, which reads back what the first wrote."""
    apart = scene.size // (2 * changes)
    for number in range(changes):
        scene.left.edit((2 * number) * apart, {"FirstName": f"Edited {turn}"})
        scene.right.edit((2 * number + 1) * apart, {"town": f"Moved {turn}"})
    began = time.perf_counter()
    run = await one_cycle(scene.engine)
    took = time.perf_counter() - began
    proven(run, updated_left=changes, updated_right=changes)
    began = time.perf_counter()
    proven(await one_cycle(scene.engine))
    return took, time.perf_counter() - began


async def whole(scene: Scene, what: str) -> float:
    """Seconds of a cycle that reads everything, or of a census."""
    began = time.perf_counter()
    if what == "full":
        proven(await one_cycle(scene.engine, Depth.FULL))
        return time.perf_counter() - began
    (found,) = await census(scene.engine)
    took = time.perf_counter() - began
    if not found.in_step or found.pairs != scene.size:
        raise RuntimeError(f"the census found {found.pairs} pairs, in step: {found.in_step}")
    return took


def tell_by_size(group: str, what: str, found: dict[int, list[float]], notes: dict[int, str]) -> None:
    """A row for each size, beside the smallest."""
    least = min(found)
    for size, values in sorted(found.items()):
        beside = (f"with {figures(least)}", [one * 1000 for one in found[least]]) if size != least else ("", [])
        tell(Row(group, what, figures(size), [one * 1000 for one in values], "ms", *beside, notes.get(size, "")))


async def measure_idle(scenes: Sequence[Scene], rounds: int, folder: Path) -> None:
    """The idle cycle at each size."""
    found: dict[int, list[float]] = {scene.size: [] for scene in scenes}
    calls: dict[int, float] = {}
    for _ in range(rounds):
        for scene in scenes:
            before = scene.calls
            found[scene.size].append(await idle(scene))
            calls[scene.size] = (scene.calls - before) / IDLE_CYCLES
    memory = {scene.size: in_own_process(scene, folder, "idle").peak for scene in scenes}
    notes = {size: f"{calls[size]:g} calls a cycle; at most {memory[size]:,.0f} MB in a process of its own" for size in found}
    tell_by_size(IDLE, "one idle cycle", found, notes)


async def measure_changed(scenes: Sequence[Scene], changes: int, rounds: int, folder: Path) -> None:
    """The same number of changes at each size that is large enough for them."""
    large = [one for one in scenes if one.size >= 100 * changes]
    memory = {scene.size: in_own_process(scene, folder, "changed", changes).peak for scene in large}
    cycle: dict[int, list[float]] = {}
    echo: dict[int, list[float]] = {}
    for turn in range(rounds):
        for scene in large:
            took, after = await changed(scene, changes, turn)
            cycle.setdefault(scene.size, []).append(took)
            echo.setdefault(scene.size, []).append(after)
    notes = {size: f"{100 * changes / size:.2g} % of each side; {2 * changes:,} writes; at most {memory[size]:,.0f} MB" for size in cycle}
    tell_by_size(CHANGED, f"{changes:,} records edited on each side", cycle, notes)
    tell_by_size(CHANGED, "the next cycle, which reads back its own writes", echo, {})


def measure_whole(scenes: Sequence[Scene], rounds: int, folder: Path, seeded_from: int) -> None:
    """Full listing and census of the large ones, each time in a process of its own."""
    for scene in scenes:
        if scene.size < min(MEASURED_WHOLE, max(one.size for one in scenes)):
            continue
        for name, what in (("full", "full listing of both sides, compared"), ("census", "census of all links")):
            turns = [in_own_process(scene, folder, name) for _ in range(1 if scene.size >= seeded_from else rounds)]
            took = [turn.seconds for turn in turns]
            note = f"{2 * scene.size / statistics.median(took):,.0f} records a second; at most {max(turn.peak for turn in turns):,.0f} MB"
            tell(Row(WHOLE, what, figures(scene.size), took, "s", "making the records alone", [turn.bare for turn in turns], note))


@dataclass(frozen=True, slots=True)
class Own:
    """What a process of its own found: seconds, seconds of making the records alone, the most memory (MB)."""

    seconds: float
    bare: float
    peak: float


def in_own_process(scene: Scene, folder: Path, what: str, changes: int = 0) -> Own:
    """Let a process of its own open a copy of the state of a size and do the one thing. The copy is kept for the next."""
    own = folder / "own"
    own.mkdir(exist_ok=True)
    if not state_of(own, scene.size).exists():
        scene.engine.store.copy_to(state_of(own, scene.size))  # type: ignore[attr-defined]  # a SqliteStore
    command = [sys.executable, __file__, "--own", what, "--sizes", str(scene.size), "--changes", str(changes), "--folder", str(own)]
    said = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    return Own(**json.loads(said.splitlines()[-1]))


async def own(folder: Path, size: int, what: str, changes: int) -> None:
    """Be that process."""
    left, right = (Generated(side, size) for side in Side)
    bare = took = 0.0
    with engine_between(left, right, state_of(folder, size)) as engine:
        scene = Scene(size, left, right, engine)
        if what == "idle":
            await idle(scene)
        elif what == "changed":
            await changed(scene, changes, 0)
        else:
            bare = await listed(left, right)
            took = await whole(scene, what)
    print(json.dumps(asdict(Own(took, bare, peak_megabytes()))))


async def by_turns(folder: Path, sizes: Sequence[int], changes: int, rounds: int, seeded_from: int) -> None:
    """All that is measured on states that are there."""
    with contextlib.ExitStack() as stack:
        scenes = []
        for size in sizes:
            left, right = (Generated(side, size) for side in Side)
            scenes.append(Scene(size, left, right, stack.enter_context(engine_between(left, right, state_of(folder, size)))))
            proven(await one_cycle(scenes[-1].engine))  # a new engine looks once at what happened while there was none
        await measure_idle(scenes, rounds, folder)
        measure_whole(scenes, rounds, folder, seeded_from)
        await measure_changed(scenes, changes, rounds, folder)


def main() -> None:
    """Tell the figures."""
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--sizes", default="1000,100000,1000000")
    words.add_argument("--changes", type=int, default=1000, help="records edited on each side")
    words.add_argument("--rounds", type=int, default=3)
    words.add_argument("--folder", type=Path, help="where the states are kept; without, they are removed at the end")
    words.add_argument("--own", help=argparse.SUPPRESS)
    words.add_argument("--seeded", type=int, default=1_000_000, help="from so many links on the state is not made by the engine")
    words.add_argument("--link", action="store_true", help=argparse.SUPPRESS)
    given = words.parse_args()
    sizes = [int(one) for one in given.sizes.split(",")]
    if given.own:
        start(own(given.folder, sizes[0], given.own, given.changes))
        return
    if given.link:
        start((seeded if sizes[0] >= given.seeded else link)(given.folder, sizes[0]))
        return
    with tempfile.TemporaryDirectory(prefix="accord-cycles-") as temporary:
        folder = given.folder or Path(temporary)
        for size in (one for one in sizes if not state_of(folder, one).exists()):
            command = [sys.executable, __file__, "--link", "--sizes", str(size), "--folder", str(folder), "--seeded", str(given.seeded)]
            subprocess.run(command, check=True)
        start(by_turns(folder, sizes, given.changes, given.rounds, given.seeded))


if __name__ == "__main__":
    main()

"""Accord itself on the same records, for the peers to stand beside: systems worked out in memory (scene.py), its state in a durable file.

Two-way, by property, with a base of each side; each write is journaled before it is made. Started with Accord's own environment, and
benchmarks/ on its path.
"""

import time
from pathlib import Path

from common import EDITED, MOVED, edited_left, edited_right, given, require, tell

from accord.app.machine import start
from accord.engine.parts import Depth, Engine
from accord.model.records import Side
from scene import FLOW, Generated, engine_between, one_cycle


async def measure(size: int, folder: Path) -> dict[str, float]:
    """Seconds of a first load into an empty side, of a cycle with nothing to do, and of one with edits on both sides.

    ``_all``: the same when nothing tells what changed, so that both sides are read whole, as it is with peers that look at everything.
    """
    left, right = Generated(Side.LEFT, size), Generated(Side.RIGHT, 0)
    took: dict[str, float] = {}
    with engine_between(left, right, folder / "state.db") as engine:
        took["first"] = await timed_cycle(engine, Depth.CHANGES, size)
        await timed_cycle(engine, Depth.CHANGES, 0)  # it looks once at what it wrote itself; PouchDB is given the same
        found = engine.store.links(FLOW.name, Side.LEFT, [f"C-{number}" for number in range(size)])
        pairs = {int(id[2:]): int(link.right[1:]) for id, link in found.items()}
        for name, depth in (("", Depth.CHANGES), ("_all", Depth.FULL)):
            took[f"none{name}"] = await timed_cycle(engine, depth, 0)
            for number in edited_left(size):
                left.edit(number, {"FirstName": f"{EDITED}{name}"})
            for number in edited_right(size):
                right.edit(pairs[number], {"town": f"{MOVED}{name}"})
            took[f"changed{name}"] = await timed_cycle(engine, depth, len(edited_left(size)) + len(edited_right(size)))
            await timed_cycle(engine, Depth.CHANGES, 0)
    return took


async def timed_cycle(engine: Engine, depth: Depth, writes: int) -> float:
    """Seconds of a cycle that must write so much."""
    began = time.perf_counter()
    run = await one_cycle(engine, depth)
    took = time.perf_counter() - began
    require(run.counts(FLOW.name).writes == writes, f"{writes} writes, not {run.counts(FLOW.name)}")
    return took


def main() -> None:
    """Measure."""
    records, folder = given()
    tell(**start(measure(len(records), folder)))


if __name__ == "__main__":
    main()

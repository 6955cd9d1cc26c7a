"""Accord itself on the same records, for the peers to stand beside: systems worked out in memory (scene.py), its state in a durable file.

Two-way, by property, with a base of each side; each write is journaled before it is made. Started with Accord's own environment, and
benchmarks/ on its path.
"""

import time
from pathlib import Path

from common import EDITED, MOVED, edited_left, edited_right, given, require, tell

from accord.app.machine import start
from accord.model.records import Side
from scene import FLOW, Generated, engine_between, one_cycle


async def measure(size: int, folder: Path) -> tuple[float, float, float]:
    """Seconds of a first load into an empty side, of a cycle with nothing to do, and of one with edits on both sides."""
    left, right = Generated(Side.LEFT, size), Generated(Side.RIGHT, 0)
    took = []
    with engine_between(left, right, folder / "state.db") as engine:
        for step in ("first", "settle", "none", "changed"):
            if step == "changed":
                pairs = {one.left: one.right for one in engine.store.links(FLOW.name, Side.LEFT, [f"C-{n}" for n in range(size)]).values()}
                for number in edited_left(size):
                    left.edit(number, {"FirstName": EDITED})
                for number in edited_right(size):
                    right.edit(int(pairs[f"C-{number}"][1:]), {"town": MOVED})
            began = time.perf_counter()
            run = await one_cycle(engine)
            if step != "settle":  # it looks once at what it wrote itself; PouchDB is given the same
                took.append(time.perf_counter() - began)
            writes = {"first": size, "changed": len(edited_left(size)) + len(edited_right(size))}.get(step, 0)
            require(run.counts(FLOW.name).writes == writes, f"{writes} writes, not {run.counts(FLOW.name)}")
    return took[0], took[1], took[2]


def main() -> None:
    """Measure."""
    records, folder = given()
    tell(*start(measure(len(records), folder)))


if __name__ == "__main__":
    main()

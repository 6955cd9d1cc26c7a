"""A state as the engine leaves it, made by the store's own calls, where having the engine make it would take most of the time there is.

Owns: seed. The engine links a few records itself, which also notes what it notes of a flow; the others follow by absorb and close, in
batches, as the read and the record step call them. A test compares such a state with one that the engine made alone.
"""

from pathlib import Path

from accord.app.machine import RealClock
from accord.core.matching import REFERENCES, reference
from accord.engine.parts import instant_text
from accord.model.journal import Absorb, Closing, MatchKey
from accord.model.links import Link
from accord.model.records import Seen, Side
from accord.store.sqlite import SqliteStore
from scene import FLOW, KINDS, PAGE, Generated, compiled, engine_between, one_cycle

BY_ENGINE = 100


async def seed(path: Path, size: int) -> None:
    """Make a state of ``size`` links between records of these numbers."""
    left, right = (Generated(side, min(size, BY_ENGINE)) for side in Side)
    with engine_between(left, right, path) as engine:
        await one_cycle(engine)
    systems = {side: Generated(side, size) for side in Side}
    at = instant_text(RealClock().now())
    with SqliteStore.open(path, [FLOW]) as store:
        for start in range(BY_ENGINE, size, PAGE):
            _put(store, systems, range(start, min(size, start + PAGE)), at)


def _put(store: SqliteStore, systems: dict[Side, Generated], numbers: range, at: str) -> None:
    """One batch: both pages, then the links."""
    flow = compiled()
    seen = {side: [one.seen(number) for number in numbers] for side, one in systems.items()}
    for side, records in seen.items():
        keys = [MatchKey(FLOW.name, side, one.ref.id, *key) for one in records for key in flow.keys(side, one.values)]
        if side is Side.LEFT:  # by which a copy that Accord made of it would be known
            made = ((one.ref.id, reference(systems[side].system, one.ref)) for one in records)
            keys += [MatchKey(FLOW.name, side, id, REFERENCES[side], text) for id, text in made]
        store.absorb(Absorb(side, KINDS[side], records, keys=keys))
    pairs = list(zip(seen[Side.LEFT], seen[Side.RIGHT], strict=True))
    links = [_link(one, two) for one, two in pairs]
    store.close(Closing("seeded", at, links=links, settled=[each.ref for pair in pairs for each in pair]))


def _link(left: Seen, right: Seen) -> Link:
    flow = compiled()
    bases = [flow.common(one.ref.side, one.values, {}).values for one in (left, right)]
    return Link(FLOW.name, left.ref.id, right.ref.id, bases[0], bases[1])

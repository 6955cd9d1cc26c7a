"""The core alone, without any I/O: how many records a second are mapped, matched, merged and planned, and what a mapped record takes.

`python benchmarks/deciding.py [--size 1000000] [--rounds 3]`

The flow is that of scene.py: nine properties of four data types. Making the records is outside the clock. Beside each figure stands the
least that anybody has to do for the same answer in Python, over the same records in the same round: reading each property, joining by a
dictionary, comparing dictionaries.
"""

import argparse
import functools
import gc
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from accord.core.conflicts import Times
from accord.core.flowrules import FlowRules, Half, Pair, property_rules
from accord.core.mapping import CompiledFlow
from accord.core.matching import Counterpart, match
from accord.core.merging import Merged, Sides, merge
from accord.core.planning import plan_pair
from accord.model.journal import Candidate
from accord.model.links import Link
from accord.model.records import RecordRef, Side, fingerprint
from accord.model.values import RawValues, Values
from rows import Row, tell
from scene import ABLE, FLOW, KINDS, NAMES, PREFIXES, compiled, person

GROUP = "The core alone"
PART = 100_000
"""So many different records at once; beyond, they come round again."""
CHANGED_OF = 100


def timed(work: Callable[[], object]) -> float:
    """Seconds."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def raws(side: Side, size: int) -> list[RawValues]:
    """Records in a system's words."""
    return [dict(zip(NAMES[side], person(number), strict=True)) for number in range(size)]


def resident() -> int:
    """Bytes of this process that are in memory."""
    status = Path("/proc/self/statm").read_text().split()
    return int(status[1]) * 4096


# --- map -------------------------------------------------------------------------------------------------------------------------------


def mapping(flow: CompiledFlow, size: int, rounds: int) -> None:
    """Map records into common form."""
    part = raws(Side.LEFT, min(size, PART))
    times = max(1, size // len(part))

    def ours() -> None:
        for _ in range(times):
            for raw in part:
                flow.common(Side.LEFT, raw, {})

    def least() -> None:
        for _ in range(times):
            for raw in part:
                {name: raw[name] for name in NAMES[Side.LEFT]}

    turns = [(timed(ours), timed(least)) for _ in range(rounds)]
    tell_each("map into common form", times * len(part), turns, "reading each property")
    gc.collect()
    before = resident()
    held = [flow.common(Side.LEFT, raw, {}) for raw in part]
    size_note = "as Python holds it, its texts shared with the record"
    tell(Row(GROUP, "a mapped record in memory", f"{len(held):,} records", [(resident() - before) / len(held)], "bytes", note=size_note))


# --- match -----------------------------------------------------------------------------------------------------------------------------


def matching(flow: CompiledFlow, size: int, rounds: int) -> None:
    """First match: keys of both sides, candidates by key, a decision for each left record."""
    turns = [one_match(flow, size) for _ in range(rounds)]
    note = "normal forms, rivals, one decision each"
    tell_each(f"first match of {size:,} with {size:,}", size, turns, "joining the same by a dictionary", note)


def one_match(flow: CompiledFlow, size: int) -> tuple[float, float]:
    """Seconds of a first match, and of a join of the same records by a dictionary of their raw addresses."""
    ours = least = 0.0
    index: dict[tuple[int, str], list[Candidate]] = {}
    plain: dict[object, int] = {}
    for start in range(0, size, PART):
        part = [(str(start + place), raw) for place, raw in enumerate(chunk(Side.RIGHT, start, size))]
        ours += timed(functools.partial(keep_keys, flow, index, part))
        least += timed(functools.partial(plain.update, ((raw["email"], int(id)) for id, raw in part)))
    for start in range(0, size, PART):
        part = [(str(start + place), raw) for place, raw in enumerate(chunk(Side.LEFT, start, size))]
        ours += timed(functools.partial(decide, flow, index, part))
        least += timed(functools.partial(join, plain, part))
    return ours, least


def join(plain: Mapping[object, int], part: Sequence[tuple[str, RawValues]]) -> list[int]:
    """The least that gives the same pairs."""
    return [plain[raw["Email"]] for _, raw in part]


def chunk(side: Side, start: int, size: int) -> list[RawValues]:
    """Some of the records."""
    numbers = range(start, min(size, start + PART))
    return [dict(zip(NAMES[side], person(number), strict=True)) for number in numbers]


def keep_keys(flow: CompiledFlow, index: dict[tuple[int, str], list[Candidate]], part: Sequence[tuple[str, RawValues]]) -> None:
    """What the store keeps of the right side."""
    for id, raw in part:
        for key in flow.keys(Side.RIGHT, raw):
            index.setdefault(key, []).append(Candidate(id, key[0], False, 0))


def decide(flow: CompiledFlow, index: dict[tuple[int, str], list[Candidate]], part: Sequence[tuple[str, RawValues]]) -> None:
    """One decision for each left record; it must be the one that is right."""
    for id, raw in part:
        found = match([one for key in flow.keys(Side.LEFT, raw) for one in index.get(key, ())])
        if not isinstance(found, Counterpart) or found.id != id:
            raise RuntimeError(f"record {id} was matched with {found}")


# --- merge and plan --------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Quad:
    """A pair as it is now, and its bases; no value is shared between the four, as none is that was read."""

    left: Values
    right: Values
    left_base: Values
    right_base: Values

    def sides(self) -> Sides:
        """As the merge takes it."""
        return Sides(self.left, self.right, self.left_base, self.right_base)


def quads(flow: CompiledFlow, size: int) -> list[Quad]:
    """Pairs of which one in a hundred was edited on the left."""
    made = []
    for number, raw in enumerate(raws(Side.LEFT, size)):
        text = msgspec.json.encode(flow.common(Side.LEFT, raw, {}).values)
        four = [msgspec.json.decode(text) for _ in range(4)]
        if number % CHANGED_OF == 0:
            four[0]["FirstName"] = "Edited"
        made.append(Quad(*four))
    return made


def merging(flow: CompiledFlow, size: int, rounds: int) -> None:
    """Three-way merge; then merge and plan of the changed ones alone."""
    part = quads(flow, min(size, PART))
    times, rules, when = max(1, size // len(part)), property_rules(FLOW), Times()
    edits = 0

    def ours() -> None:
        nonlocal edits
        for _ in range(times):
            edits += sum(crossing(merge(rules, quad.sides(), when)) for quad in part)

    def least() -> None:
        for _ in range(times):
            for quad in part:
                _ = quad.left == quad.left_base and quad.right == quad.right_base

    turns = [(timed(ours), timed(least)) for _ in range(rounds)]
    expected = rounds * times * len(range(0, len(part), CHANGED_OF))
    if edits != expected:
        raise RuntimeError(f"{edits} edits crossed, not {expected}")
    tell_each(f"three-way merge of pairs, {100 // CHANGED_OF} % changed", times * len(part), turns, "comparing each side with its base")
    planning(flow, part, rounds)


def crossing(found: Sequence[Merged]) -> int:
    """How many properties are to be written on the right."""
    return sum(one.rule == "MERGE-02" for one in found)


def planning(flow: CompiledFlow, part: Sequence[Quad], rounds: int) -> None:
    """From two records as read to a planned write: map, merge, plan."""
    rules = FlowRules(
        compiled=flow,
        properties=property_rules(FLOW),
        capabilities=dict.fromkeys(Side, ABLE),
        systems={Side.LEFT: "crm", Side.RIGHT: "register"},
        kinds={FLOW.name: KINDS},
    )
    records = {side: raws(side, len(part)) for side in Side}
    for raw in records[Side.LEFT]:
        raw["FirstName"] = "Edited"  # type: ignore[index]  # ours

    def half(side: Side, number: int) -> Half:
        raw = records[side][number]
        ref = RecordRef(side, KINDS[side], f"{PREFIXES[side]}{number}")
        return Half(ref, flow.common(side, raw, {}), raw, "1", fingerprint(raw), None)

    def ours() -> None:
        for number, quad in enumerate(part):
            link = Link(FLOW.name, f"C-{number}", f"p{number}", quad.left_base, quad.right_base, number)
            planned = plan_pair(rules, Pair(half(Side.LEFT, number), half(Side.RIGHT, number), link), {}, str(number))
            if len(planned.operations) != 1:
                raise RuntimeError(f"{planned}")

    def least() -> None:
        for number in range(len(part)):
            for side in Side:
                fingerprint(records[side][number])

    turns = [(timed(ours), timed(least)) for _ in range(rounds)]
    tell_each("from two records as read to a planned write", len(part), turns, "the fingerprints of both")


def tell_each(what: str, count: int, turns: Sequence[tuple[float, float]], beside: str, note: str = "") -> None:
    """A row in microseconds for each record."""
    ours, theirs = ([turn[place] / count * 1e6 for turn in turns] for place in (0, 1))
    rate = f"{1e6 / sorted(ours)[len(ours) // 2]:,.0f} a second"
    tell(Row(GROUP, what, f"{count:,} records", ours, "µs each", beside, theirs, f"{rate}; {note}" if note else rate))


def main() -> None:
    """Tell the figures."""
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--size", type=int, default=1_000_000)
    words.add_argument("--rounds", type=int, default=3)
    given = words.parse_args()
    gc.set_threshold(50_000, 20, 20)  # as app/machine.py
    flow = compiled()
    mapping(flow, given.size, given.rounds)
    matching(flow, given.size, given.rounds)
    merging(flow, given.size, given.rounds)


if __name__ == "__main__":
    main()

"""What must come out where nothing fails: two sides of one flow, kept in step by the simplest rules that can be written down.

It shares nothing with the engine but the words of the promises. One side always wins a conflict; what one side deleted is unlinked.
"""

from dataclasses import dataclass, field

LEFT, RIGHT = "left", "right"
Record = dict[str, object]


@dataclass
class Thing:
    """One thing: its record on either side, or None. ``base``: both records when they were last in step, or None before they met."""

    left: Record | None = None
    right: Record | None = None
    base: tuple[Record, Record] | None = None
    parted: bool = False

    def record(self, side: str) -> Record | None:
        return self.left if side == LEFT else self.right

    def put(self, side: str, record: Record | None) -> None:
        if side == LEFT:
            self.left = record
        else:
            self.right = record


@dataclass
class Model:
    """All things by key. ``winner``: the side that wins conflicts; ``both``: records are created in both directions, not to one only."""

    names: tuple[str, ...]
    winner: str
    both: bool
    things: dict[str, Thing] = field(default_factory=dict)

    # --- users --------------------------------------------------------------------------------------------------------------------

    def make(self, side: str, key: str, values: Record) -> None:
        thing = self.things.setdefault(key, Thing())
        thing.put(side, {name: values.get(name) for name in self.names})

    def edit(self, side: str, key: str, name: str, value: object) -> None:
        record = self.things[key].record(side)
        assert record is not None
        record[name] = value

    def delete(self, side: str, key: str) -> None:
        self.things[key].put(side, None)

    def living(self, side: str) -> list[str]:
        return [key for key, thing in self.things.items() if thing.record(side) is not None]

    def lonely(self, side: str) -> list[str]:
        """Things that have never met, of which only the other side has a record."""
        return [key for key, thing in self.things.items() if thing.base is None and not thing.parted and thing.record(side) is None]

    # --- one run ------------------------------------------------------------------------------------------------------------------

    def sync(self) -> None:
        for thing in self.things.values():
            if thing.parted:
                continue
            if thing.base is not None and (thing.left is None or thing.right is None):
                thing.parted = True  # the survivor stays as it is, for good
            elif thing.left is not None and thing.right is not None:
                self._merge(thing)
            elif thing.left is not None or (thing.right is not None and self.both):
                self._copy(thing)

    def _copy(self, thing: Thing) -> None:
        made = dict(thing.left or thing.right or {})
        thing.left = thing.left or dict(made)
        thing.right = thing.right or dict(made)
        self._settle(thing)

    def _merge(self, thing: Thing) -> None:
        for name in self.names:
            self._merge_one(thing, name)
        self._settle(thing)

    def _merge_one(self, thing: Thing, name: str) -> None:
        assert thing.left is not None and thing.right is not None
        left, right = thing.left[name], thing.right[name]
        if left == right:
            return
        was = (None, None) if thing.base is None else (thing.base[0][name], thing.base[1][name])  # before they met, both were empty
        moved = (left != was[0], right != was[1])
        if all(moved):
            moved = (self.winner == LEFT, self.winner == RIGHT)
        if moved[0]:
            thing.right[name] = left
        else:
            thing.left[name] = right

    def _settle(self, thing: Thing) -> None:
        assert thing.left is not None and thing.right is not None
        thing.base = dict(thing.left), dict(thing.right)

    def shown(self, side: str) -> dict[str, Record]:
        """All living records of a side by key."""
        found = {key: thing.record(side) for key, thing in self.things.items()}
        return {key: record for key, record in found.items() if record is not None}

"""The users of the simulated systems: they create, edit, clear, touch, delete and restore records on both sides, at random.

Owns: what users do, and that every text they type holds a token of its own. Does not own: when they do it (simulation.py), how lost edits
are found (oracle.py). Users never change the property that makes two records one thing.
"""

import random
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal

from accord.connectors.memory import MemorySystem
from accord.model.records import Side
from accord.model.values import Raw
from accord.testing.oracle import token
from accord.testing.simulation_dataflow import FIRMS, KEYS, PEOPLE

PAYERS = {Side.LEFT: ("Contact", "Customer"), Side.RIGHT: ("Persons", "Companies")}
TWINS = (("Contact", "Persons"), ("Customer", "Companies"), ("Order", "Invoices"))
NAMES = {
    "Contact": [left for left, _, _ in PEOPLE],
    "Persons": [right for _, right, _ in PEOPLE],
    "Customer": [left for left, _, _ in FIRMS],
    "Companies": [right for _, right, _ in FIRMS],
    "Order": ["Payer", "Remark", "Lines"],
    "Invoices": ["payer", "remark", "rows"],
}
LINE = {"Lines": ("Id", "Text", "Quantity"), "rows": ("ref", "text", "count")}
FIXED = {"Payer", "payer"}
"""Properties that users replace, but never empty."""


class Users:
    """Everybody who works in the two systems. ``told``: called with each action in words.

    ``told_of``: whether a deletion on that side would be told to Accord by now; users delete nothing else. ``met``: whether a record ever
    had a counterpart. Only such a deletion is taken back: any other record may have been replaced since, and
    users do not make two records of one thing.
    """

    def __init__(
        self,
        worlds: Mapping[Side, MemorySystem],
        rng: random.Random,
        told: Callable[[str], None],
        told_of: Callable[[Side, str], bool],
        met: Callable[[Side, str, str], bool],
    ) -> None:
        self._worlds = worlds
        self._rng = rng
        self._told = told
        self._told_of = told_of
        self._met = met
        self._count = 0

    def populate(self) -> None:
        """What is there before Accord comes: things on both sides, equal or not, and things on one side only."""
        for left, right in TWINS:
            for _ in range(self._rng.randint(1, 4)):
                key = self._key(left)
                places = self._rng.choice(((Side.LEFT, Side.RIGHT), (Side.LEFT, Side.RIGHT), (Side.LEFT,), (Side.LEFT,), (Side.RIGHT,)))
                for side in places:
                    self._make(side, left if side is Side.LEFT else right, key)

    def act(self) -> None:
        """One user does one thing somewhere."""
        side = self._rng.choice(tuple(Side))
        datatype = self._rng.choice([pair[0 if side is Side.LEFT else 1] for pair in TWINS])
        ids = _living(self._worlds[side], datatype)
        if not ids or self._rng.random() < 0.2:
            self._make(side, datatype, self._key(datatype))
        elif self._rng.random() < 0.12:
            self._remove(side, datatype, self._rng.choice(ids))
        else:
            self.edit(side, datatype, self._rng.choice(ids))

    def edit(self, side: Side, datatype: str, id: str) -> None:
        """One user changes one record, if it is there: some of its properties, or nothing but its time and version."""
        world = self._worlds[side]
        state = world.state(datatype, id)
        if state is None or state.deleted:
            return
        held = state.values
        names = self._rng.sample(NAMES[datatype], self._rng.randint(0, 2))
        values = {name: self._retyped(side, name, held.get(name)) for name in names}
        self._told(f"user: {world.name} {datatype} {id}: {values or 'touched'}")
        world.user_edit(datatype, id, values)

    def _remove(self, side: Side, datatype: str, id: str) -> None:
        """Delete a record, where a deletion is seen; or take an earlier deletion back."""
        world = self._worlds[side]
        live = set(_living(world, datatype))
        gone = [one for one in world.order(datatype) if one not in live and self._met(side, datatype, one)]
        if not self._told_of(side, datatype):
            return
        if gone and self._rng.random() < 0.3:
            id = self._rng.choice(gone)
            self._told(f"user: {world.name} {datatype} {id}: restored")
            world.user_restore(datatype, id)
        else:
            self._told(f"user: {world.name} {datatype} {id}: deleted")
            world.user_delete(datatype, id)

    def _make(self, side: Side, datatype: str, key: str) -> None:
        values: dict[str, Raw] = {KEYS[datatype]: key}
        for name in NAMES[datatype]:
            if name in FIXED or self._rng.random() < 0.7:
                values[name] = self._typed(side, name, None)
        id = self._worlds[side].user_create(datatype, values)
        self._told(f"user: {self._worlds[side].name} {datatype} {id}: made with {values}")

    # --- what is typed ------------------------------------------------------------------------------------------------------------

    def _key(self, datatype: str) -> str:
        self._count += 1
        return f"k{self._count}@sim.example" if datatype in ("Contact", "Persons") else f"N{self._count}"

    def _retyped(self, side: Side, name: str, held: Raw) -> Raw:
        """A new value, or now and then none."""
        if name not in FIXED and self._rng.random() < 0.15:
            return [] if name in LINE else self._rng.choice((None, "")) if name in ("Name", "name", "City", "town") else None
        return self._typed(side, name, held)

    def _typed(self, side: Side, name: str, held: Raw) -> Raw:
        rng = self._rng
        match name:
            case "Payer" | "payer":
                return self._payer(side, held)
            case "Lines" | "rows":
                return self._lines(LINE[name], held or [])
            case "Age" | "age":
                return rng.randint(0, 99)
            case "Balance" | "balance":
                return Decimal(rng.randint(-99999, 99999)) / 100
            case "Born" | "born":
                return f"{rng.randint(1930, 2020)}-{rng.randint(1, 12):02d}-{rng.randint(1, 28):02d}"
            case "Founded" | "founded":
                return f"{rng.randint(1930, 2020)}-{rng.randint(1, 12):02d}-11T08:{rng.randint(0, 59):02d}:00Z"
            case "Member" | "isMember":
                return rng.random() < 0.5
        return self._text()

    def _text(self) -> str:
        self._count += 1
        return (
            f"{self._rng.choice(('', ' '))}{self._rng.choice(('Ada', 'Åse', 'Bo'))} {token(self._count)}{self._rng.choice(('', '', ' '))}"
        )

    def _payer(self, side: Side, held: Raw) -> Raw:
        payers = [id for datatype in PAYERS[side] for id in _living(self._worlds[side], datatype)]
        return self._rng.choice(payers) if payers else held

    def _lines(self, names: tuple[str, str, str], held: Sequence[Mapping[str, Raw]]) -> list[Mapping[str, Raw]]:
        """The lines with one added, changed or removed."""
        key, text, number = names
        lines: list[Mapping[str, Raw]] = list(held)
        place = self._rng.randrange(len(lines)) if lines else 0
        what = self._rng.random() if lines else 0.0
        if what < 0.4:
            self._count += 1
            lines.append({key: f"L{self._count}", text: self._text(), number: self._quantity()})
        elif what < 0.65:
            lines[place] = {**lines[place], text: self._text()}
        elif what < 0.85:
            lines[place] = {**lines[place], number: self._quantity()}
        else:
            del lines[place]
        return lines

    def _quantity(self) -> Decimal:
        return Decimal(self._rng.randint(1, 9999)) / 1000


def _living(world: MemorySystem, datatype: str) -> list[str]:
    """Ids of what is not deleted, in the order of making."""
    found = ((id, world.state(datatype, id)) for id in world.order(datatype))
    return [id for id, state in found if state is not None and not state.deleted]

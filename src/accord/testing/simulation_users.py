"""The users of the simulated systems: they create, edit, clear, touch, merge, delete and restore records on both sides, at random.

Owns: what users do, and that every text they type holds a token of its own. Does not own: when they do it (simulation.py), what they type
(simulation_typing.py), how lost edits are found (oracle.py). Users never change the property that makes two records one thing.
"""

import random
from collections.abc import Callable, Mapping

from accord.connectors.memory import MemorySystem
from accord.model.records import Side
from accord.model.values import Raw
from accord.testing.simulation_subject import Subject, Thing
from accord.testing.simulation_typing import text_with


class Users:
    """Everybody who works in the two systems. ``told``: called with each action in words.

    ``met``: whether a record ever had a counterpart. Only such a deletion is taken back: any other record may have been replaced since, and
    users do not make two records of one thing.
    """

    def __init__(
        self,
        subject: Subject,
        worlds: Mapping[Side, MemorySystem],
        rng: random.Random,
        told: Callable[[str], None],
        met: Callable[[Side, str, str], bool],
    ) -> None:
        self.rng = rng
        self._subject = subject
        self._worlds = worlds
        self._told = told
        self._met = met
        self._count = 0
        self._keys: dict[str, list[Mapping[Side, Mapping[str, Raw]]]] = {thing.flow.name: [] for thing in subject.things}

    # --- the desk -----------------------------------------------------------------------------------------------------------------

    def count(self) -> int:
        """A number that was never given before."""
        self._count += 1
        return self._count

    def text(self) -> str:
        """A text with a token of its own."""
        return text_with(self, self.count())

    def living(self, side: Side, datatype: str) -> list[str]:
        """Ids of what is not deleted, in the order of making."""
        world = self._worlds[side]
        return [id for id in world.order(datatype) if (state := world.state(datatype, id)) is not None and not state.deleted]

    # --- what they do -------------------------------------------------------------------------------------------------------------

    def populate(self) -> None:
        """What is there before Accord comes: things on both sides, equal or not, and things on one side only."""
        both, left, right = (Side.LEFT, Side.RIGHT), (Side.LEFT,), (Side.RIGHT,)
        for thing in self._subject.things:
            for _ in range(self.rng.randint(1, 4)):
                key = self._key(thing)
                sides = self.rng.choice((both, both, left, left, right))
                for side in sides if thing.flow.match else sides[:1]:  # what nothing is recognised by is never one thing on both sides
                    self._make(side, thing, key)

    def act(self) -> None:
        """One user does one thing somewhere."""
        side, thing = self.rng.choice(tuple(Side)), self.rng.choice(self._subject.things)
        ids = self._things(side, thing)
        what = self.rng.random()
        if not ids or what < 0.2:
            self._make(side, thing, self._known_elsewhere(side, thing) or self._key(thing))
        elif what < 0.28:
            self._remove(side, thing, self.rng.choice(ids))
        elif what < 0.30:
            self._merge(side, thing, ids)
        else:
            self._edit(side, thing, self.rng.choice(ids))

    def everybody(self) -> None:
        """A program of theirs changes nearly all records of one kind on one side at once."""
        side, thing = self.rng.choice(tuple(Side)), self.rng.choice(self._subject.things)
        for id in self._things(side, thing):
            if self.rng.random() < 0.9:
                self._edit(side, thing, id)

    def edit(self, side: Side, datatype: str, id: str) -> None:
        """One user changes one record, if it is there."""
        things = [one for one in self._subject.things if one.flow.datatype(side) == datatype and id in self._things(side, one)]
        if things:
            self._edit(side, self.rng.choice(things), id)

    def _key(self, thing: Thing) -> Mapping[Side, Mapping[str, Raw]]:
        """What makes the records of a thing one that nobody has had yet."""
        key = self._subject.key(thing, self.count())
        self._keys[thing.flow.name].append(key)
        return key

    def _known_elsewhere(self, side: Side, thing: Thing) -> Mapping[Side, Mapping[str, Raw]] | None:
        """Now and then a thing that the other side has and this one not yet; only where neither system lets Accord make it as well."""
        world, datatype, name = self._worlds[side], thing.flow.datatype(side), thing.keys[side]
        alone = all(thing.keys[one] in self._worlds[one].datatypes[thing.flow.datatype(one)].unique for one in Side)
        if not alone or not thing.flow.match or self.rng.random() < 0.5:
            return None
        there = {self._key_of(side.other, thing, id) for id in self._things(side.other, thing)}
        here = {state.values.get(name) for id in world.order(datatype) if (state := world.state(datatype, id)) is not None}
        new = [
            key for key in self._keys[thing.flow.name] if key[side.other][thing.keys[side.other]] in there and key[side][name] not in here
        ]
        return self.rng.choice(new) if new else None

    def _key_of(self, side: Side, thing: Thing, id: str) -> Raw:
        state = self._worlds[side].state(thing.flow.datatype(side), id)
        return None if state is None else state.values.get(thing.keys[side])

    def _things(self, side: Side, thing: Thing) -> list[str]:
        """Ids of the living records of one flow."""
        world, datatype = self._worlds[side], thing.flow.datatype(side)
        states = ((id, world.state(datatype, id)) for id in self.living(side, datatype))
        return [id for id, state in states if state is not None and state.values.get(thing.keys[side]) is not None]

    def _edit(self, side: Side, thing: Thing, id: str) -> None:
        """Change some properties, or nothing but time and version; now and then in a way that does not move the time."""
        world, datatype = self._worlds[side], thing.flow.datatype(side)
        state = world.state(datatype, id)
        assert state is not None
        names = self.rng.sample(thing.names[side], self.rng.randint(0, min(2, len(thing.names[side]))))
        values = {name: self._retyped(side, thing, name, state.values.get(name)) for name in names}
        quietly = bool(values) and world.datatypes[datatype].versions != "time" and self.rng.random() < 0.05
        self._told(f"user: {world.name} {datatype} {id}: {values or 'touched'}{', the time unmoved' if quietly else ''}")
        world.user_edit(datatype, id, values, quietly)

    def _remove(self, side: Side, thing: Thing, id: str) -> None:
        """Delete a record, where a deletion is found; or take an earlier deletion back."""
        world, datatype = self._worlds[side], thing.flow.datatype(side)
        live = set(self.living(side, datatype))
        if len(live) < 2:  # a system without a single record is not believed
            return
        gone = [one for one in world.order(datatype) if one not in live and self._met(side, datatype, one)]
        if gone and self.rng.random() < 0.3:
            id = self.rng.choice(gone)
            self._told(f"user: {world.name} {datatype} {id}: restored")
            world.user_restore(datatype, id)
        else:
            self._told(f"user: {world.name} {datatype} {id}: deleted")
            world.user_delete(datatype, id)

    def _merge(self, side: Side, thing: Thing, ids: list[str]) -> None:
        """Two records turn out to be one: one stays, with what it lacked taken from the other, which goes."""
        datatype = thing.flow.datatype(side)
        shared = sum(one.flow.datatype(side) == datatype for one in self._subject.things) > 1  # there it could become two things
        if len(ids) > 2 and not shared:
            stays, goes = self.rng.sample(ids, 2)
            self._told(f"user: {self._worlds[side].name} {datatype} {goes}: merged into {stays}")
            self._worlds[side].user_merge(datatype, stays, goes)

    def _make(self, side: Side, thing: Thing, key: Mapping[Side, Mapping[str, Raw]]) -> None:
        values: dict[str, Raw] = dict(key[side])
        for name in thing.names[side]:
            if name in thing.fixed or self.rng.random() < 0.7:
                values[name] = self._subject.typed(self, side, thing, name, None)
        world, datatype = self._worlds[side], thing.flow.datatype(side)
        id = world.user_create(datatype, values)
        self._told(f"user: {world.name} {datatype} {id}: made with {values}")

    def _retyped(self, side: Side, thing: Thing, name: str, held: Raw) -> Raw:
        """A new value, or now and then none."""
        if name not in thing.fixed and self.rng.random() < 0.15:
            return self._subject.emptied(self, name)
        return self._subject.typed(self, side, thing, name, held)

"""One property mapping on one side, compiled: from raw to common form, and back into that side's words.

Owns: the closures for single properties, several properties that make one value, lists and references. Does not own: which of them a
mapping needs (core/mapping_compile.py), the record as a whole (core/mapping.py).

``get`` gives MISSING when the side did not show the value, and raises Unfit when it is outside the domain. ``check`` raises Unfit when a
common value cannot be put on this side. ``put`` never fails: what cannot be said in the side's words is given as it is, so that the
system refuses it with a cause instead of a run ending; it only comes to that for values that no ``check`` has seen.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final, Protocol, TypeAlias

from accord.core.transforms import Face
from accord.core.transforms_kinds import UNCHANGED
from accord.core.values import Form, reader, writer
from accord.core.wording import Unfit, describe
from accord.model.values import Item, Raw, RawValues, Scalar, Value


class Missing(Enum):
    """That a side did not show a value."""

    MISSING = "missing"


MISSING: Final = Missing.MISSING
Get: TypeAlias = Callable[[Raw], Scalar]


class SideMap(Protocol):
    """What every kind of mapping can do on one side."""

    @property
    def paths(self) -> tuple[str, ...]:
        """Names of the properties."""
        ...

    @property
    def limits(self) -> bool:
        """Whether ``check`` may refuse something that the other side holds."""
        ...

    def get(self, raw: RawValues) -> Value | Missing:
        """The common value."""
        ...

    def check(self, value: Value) -> None:
        """Refuse what cannot be put here."""
        ...

    def put(self, value: Value, current: RawValues | None) -> dict[str, Raw]:
        """The value in this side's words. ``current``: the record as it is."""
        ...


@dataclass(frozen=True, slots=True)
class Single:
    """One property. ``read``: raw -> common; ``write``: common -> raw; both raise Unfit."""

    path: str
    read: Get
    write: Callable[[Any], Raw]
    limits: bool

    @property
    def paths(self) -> tuple[str, ...]:
        return (self.path,)

    def get(self, raw: RawValues) -> Value | Missing:
        return self.read(raw[self.path]) if self.path in raw else MISSING

    def check(self, value: Value) -> None:
        self.write(value)

    def put(self, value: Value, current: RawValues | None) -> dict[str, Raw]:  # noqa: ARG002  what others need
        return {self.path: self.said(value)}

    def said(self, value: Value) -> Raw:
        """The raw value, or the common one where this side has no words for it."""
        try:
            return self.write(value)
        except Unfit:
            return value


def single(path: str, form: Form, face: Face, default: Scalar = None) -> Single:
    """One property on one side. ``default``: common value that is written in place of an empty one."""
    return Single(path, _reading(form, face), _writing(form, face, default), form.limits)


def _reading(form: Form, face: Face) -> Get:
    read, get = reader(form), face.get
    if face is UNCHANGED:
        return read
    if face.empties:
        return lambda raw: get(read(raw))

    def convert(raw: Raw) -> Scalar:
        value = read(raw)
        return value if value is None or value == "" else get(value)

    return convert


def _writing(form: Form, face: Face, default: Scalar) -> Callable[[Any], Raw]:
    plain, put, empties = writer(form), face.put, face.empties
    if face is UNCHANGED and default is None:
        return plain

    def write(value: Scalar) -> Raw:
        empty = value is None or value == ""
        wanted = default if empty and default is not None else value
        return plain(put(wanted)) if empties or not (wanted is None or wanted == "") else plain(wanted)

    return write


@dataclass(frozen=True, slots=True)
class Parts:
    """Several properties that make one value together. The value is only shown when all of them are."""

    singles: tuple[Single, ...]
    face: Face
    default: Scalar = None

    @property
    def paths(self) -> tuple[str, ...]:
        return tuple(one.path for one in self.singles)

    @property
    def limits(self) -> bool:
        return any(one.limits for one in self.singles)

    def get(self, raw: RawValues) -> Value | Missing:
        if any(one.path not in raw for one in self.singles):
            return MISSING
        parts = tuple(one.read(raw[one.path]) for one in self.singles)
        if any(part is not None and part != "" for part in parts):
            return self.face.get(parts)
        return None if all(part is None for part in parts) else ""

    def check(self, value: Value) -> None:
        for one, part in zip(self.singles, self._split(value), strict=True):
            one.write(part)

    def put(self, value: Value, current: RawValues | None) -> dict[str, Raw]:
        """Parts whose joined value stays the same are left as the side divides them."""
        if current is not None and self._holds(value, current):
            return {one.path: current[one.path] for one in self.singles}
        return {one.path: one.said(part) for one, part in zip(self.singles, self._split(value), strict=True)}

    def _holds(self, value: Value, current: RawValues) -> bool:
        try:
            return self.get(current) == value
        except Unfit:
            return False

    def _split(self, value: Value) -> tuple[Scalar, ...]:
        empty = value is None or value == ""
        wanted = self.default if empty else value
        return tuple(None for _ in self.singles) if wanted is None or wanted == "" else tuple(self.face.put(wanted))


@dataclass(frozen=True, slots=True)
class ItemSide:
    """One item property on one side. ``receives``: whether its values cross to this side."""

    name: str
    single: Single
    receives: bool
    default: Scalar = None


@dataclass(frozen=True, slots=True)
class Items:
    """A list of items by key. ``key``: the item property that identifies an item, common as text."""

    path: str
    key: Single
    items: tuple[ItemSide, ...]

    @property
    def paths(self) -> tuple[str, ...]:
        return (self.path,)

    @property
    def limits(self) -> bool:
        return self.key.limits or any(one.single.limits for one in self.items if one.receives)

    def get(self, raw: RawValues) -> Value | Missing:
        if self.path not in raw:
            return MISSING
        found = raw[self.path]
        if found is None:
            return None
        if not isinstance(found, list | tuple):
            raise Unfit(f"{describe(found)} where a list is expected")
        items: dict[str, Item] = {}
        for one in found:
            key = self._key(one)
            if key in items:
                raise Unfit("two items of the list have the same key")
            items[key] = self._item(one)
        return items

    def _key(self, item: Raw) -> str:
        if not isinstance(item, Mapping):
            raise Unfit(f"{describe(item)} where an item of a list is expected")
        key = self.key.get(item)
        if key is MISSING or key is None or key == "":
            raise Unfit("an item of the list has no key")
        return str(key)

    def _item(self, item: Mapping[str, Raw]) -> Item:
        values: dict[str, Scalar] = {}
        for one in self.items:
            if one.single.path in item:
                try:
                    values[one.name] = one.single.read(item[one.single.path])
                except Unfit as unfit:
                    raise Unfit(f"in an item, {one.name}: {unfit}") from None
        return values

    def check(self, value: Value) -> None:
        for key, item in _by_key(value):
            self.key.write(key)
            for one in self.items:
                if one.receives and one.name in item:
                    one.single.write(item[one.name])

    def put(self, value: Value, current: RawValues | None) -> dict[str, Raw]:
        """All items in order of their keys; of items that are there already, members that are not mapped stay."""
        held = self._held(current)
        return {self.path: [self._said(key, item, held.get(key)) for key, item in _by_key(value)]}

    def _held(self, current: RawValues | None) -> dict[str, Mapping[str, Raw]]:
        held: dict[str, Mapping[str, Raw]] = {}
        found = current.get(self.path) if current is not None else None
        for one in found if isinstance(found, list | tuple) else ():
            try:
                held.setdefault(self._key(one), one)
            except Unfit:
                continue
        return held

    def _said(self, key: str, item: Item, held: Mapping[str, Raw] | None) -> dict[str, Raw]:
        said = dict(held or {})
        for one in self.items:
            if not one.receives:
                continue
            if one.name in item:
                said[one.single.path] = one.single.said(item[one.name])
            elif held is None and one.default is not None:
                said[one.single.path] = one.single.said(one.default)
        said[self.key.path] = self.key.said(key)
        return said


_NUMERIC: Final = re.compile("[0-9]{1,18}")


def _by_key(value: Value) -> list[tuple[str, Item]]:
    items = value if isinstance(value, Mapping) else {}
    return sorted(items.items(), key=lambda pair: (0, int(pair[0]), pair[0]) if _NUMERIC.fullmatch(pair[0]) else (1, 0, pair[0]))


@dataclass(frozen=True, slots=True)
class Reference:
    """A property that holds the id of a record of the same side. ``single``: reads and writes that side's id; ``flows``: alternatives."""

    single: Single
    flows: tuple[str, ...]

    def id(self, raw: RawValues) -> str | None | Missing:
        """The id as text; None and "" for none. Raises Unfit."""
        found = self.single.get(raw)
        return found if found is None or found is MISSING else str(found)

"""Keys in the order in which they last changed: what a listing "since" needs, at a constant cost per change.

Owns: the order. Does not own: the records. An entry that moved leaves a hole; holes are swept out when they are the majority.
"""

from array import array
from bisect import bisect_left
from collections.abc import Iterator
from typing import Generic, TypeVar

Key = TypeVar("Key", str, int)


class Timeline(Generic[Key]):
    """Keys by the time of their last change. Times never go back: an earlier one is taken as the latest known.

    ``touches`` counts the changes so far.
    """

    def __init__(self) -> None:
        self._stamps = array("q")
        self._keys: list[Key | None] = []
        self._places: dict[Key, int] = {}
        self.touches = 0

    def __len__(self) -> int:
        return len(self._places)

    @property
    def latest(self) -> int:
        """The time of the last change, 0 before the first."""
        return self._stamps[-1] if self._stamps else 0

    def touch(self, key: Key, stamp: int) -> None:
        """Note that ``key`` changed at ``stamp``; it goes to the end."""
        self.touches += 1
        place = self._places.get(key)
        if place is not None:
            self._keys[place] = None
        self._places[key] = len(self._keys)
        self._keys.append(key)
        self._stamps.append(max(stamp, self.latest))
        if len(self._keys) > 2 * len(self._places) + 1024:
            self._sweep()

    def since(self, stamp: int) -> Iterator[tuple[int, Key]]:
        """(time, key) of everything that changed at ``stamp`` or later, in the order of change."""
        keys, stamps = self._keys, self._stamps
        for place in range(bisect_left(stamps, stamp), len(keys)):
            key = keys[place]
            if key is not None:
                yield stamps[place], key

    def _sweep(self) -> None:
        kept = list(self.since(self._stamps[0]))
        self._stamps = array("q", (stamp for stamp, _ in kept))
        self._keys = [key for _, key in kept]
        self._places = {key: place for place, (_, key) in enumerate(kept)}

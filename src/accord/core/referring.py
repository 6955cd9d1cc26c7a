"""References whose id is all that is known, and when it does not tell which record is meant (P14).

Owns: the doubt about an id that records of several datatypes have. Does not own: translating ids (core/mapping.py), looking links and
records up (engine/preparing.py), what is said of it (core/leaving.py).

A reference may lead to one of several datatypes, and all that it holds is an id. Where two of them have a record of this id, whichever was
taken might be the wrong one: then none is, and a person is told.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import TypeAlias

from accord.model.links import Doubtful, WaitsFor
from accord.model.records import Side

Kinds: TypeAlias = Mapping[str, Mapping[Side, str]]
"""The datatypes of each flow, by its name."""

Place: TypeAlias = tuple[Side, str]
"""A datatype of a side."""


def rivals_of(alternatives: Iterable[Collection[str]]) -> dict[str, frozenset[str]]:
    """By flow, those that a reference which may refer to it may refer to instead. ``alternatives``: the flows of each reference."""
    rivals: dict[str, frozenset[str]] = {}
    for flows in alternatives:
        for one in flows if len(flows) > 1 else ():
            rivals[one] = rivals.get(one, frozenset()) | (frozenset(flows) - {one})
    return rivals


def places_in_question(found: Iterable[WaitsFor], rivals: Mapping[str, frozenset[str]], kinds: Kinds) -> dict[Place, set[str]]:
    """Where else there may be records of these ids: ids to look for, by datatype."""
    places: dict[Place, set[str]] = {}
    for one in found:
        for _, place in _elsewhere(one, rivals, kinds):
            places.setdefault(place, set()).add(one.id)
    return places


def doubted(
    found: Mapping[WaitsFor, str], rivals: Mapping[str, frozenset[str]], kinds: Kinds, known: Mapping[Place, Collection[str]]
) -> dict[WaitsFor, str]:
    """The same links, each that may be meant for another record of its id as Doubtful. ``known``: what is there of places_in_question."""
    marked: dict[WaitsFor, str] = {}
    for one, id in found.items():
        others = [flow for flow, place in _elsewhere(one, rivals, kinds) if one.id in known.get(place, ())]
        marked[one] = Doubtful(id, others) if others else id
    return marked


def _elsewhere(one: WaitsFor, rivals: Mapping[str, frozenset[str]], kinds: Kinds) -> Iterator[tuple[str, Place]]:
    """The flows between other datatypes that the same reference may mean, each with its datatype on the reference's side."""
    for flow in rivals.get(one.flow, ()):
        if flow in kinds and one.flow in kinds and kinds[flow][one.side] != kinds[one.flow][one.side]:
            yield flow, (one.side, kinds[flow][one.side])

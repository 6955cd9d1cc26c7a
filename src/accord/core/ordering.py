"""Which flow goes first: records that are referred to before those that refer to them.

Owns: the order of flows. Does not own: waiting for single records (core/planning.py).
"""

from collections.abc import Iterable, Sequence

from accord.model.dataflow import Flow, PropertyMapping


def parents_first(flows: Sequence[Flow]) -> tuple[Flow, ...]:
    """Order flows so that each comes after the flows that its references name; otherwise the order of the file stays.

    A cycle of references is broken at the flow that comes first in the file: its records are created and completed later.
    """
    remaining, done = list(flows), set[str]()
    ordered: list[Flow] = []
    known = {flow.name for flow in flows}
    while remaining:
        ready = next((f for f in remaining if (references(f) & known) - {f.name} <= done), remaining[0])
        ordered.append(ready)
        done.add(ready.name)
        remaining.remove(ready)
    return tuple(ordered)


def references(flow: Flow) -> set[str]:
    """Names of the flows that this flow's references name."""
    return {name for mapping in _all(flow.properties) for name in mapping.refers_to}


def _all(mappings: Iterable[PropertyMapping]) -> Iterable[PropertyMapping]:
    for mapping in mappings:
        yield mapping
        yield from _all(mapping.properties)

"""A census: read both systems afresh and compare every linked record, mapped value by mapped value.

Owns: the figure "in step: n of n mapped values". The values come from the systems themselves; only which records are linked comes from
the store.
"""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field

import msgspec

from accord.core.comparing import Comparison, compare
from accord.engine.onboarding import rules_for_run
from accord.engine.parts import Engine
from accord.engine.preparing import references_of
from accord.errors import ListingFailed
from accord.model.dataflow import Flow
from accord.model.links import Link
from accord.model.records import Seen, Side
from accord.model.values import Values


@dataclass(slots=True)
class FlowCensus:
    """One flow: linked pairs, mapped values compared and equal, what differs (the first hundred), linked records that were not listed."""

    flow: str
    pairs: int = 0
    values: int = 0
    equal: int = 0
    missing: int = 0
    differences: list[str] = field(default_factory=list)

    @property
    def in_step(self) -> bool:
        """Whether every value of every pair is the same on both sides."""
        return self.equal == self.values and self.missing == 0


async def census(engine: Engine) -> list[FlowCensus]:
    """Compare all flows. Memory is bounded by the right side's mapped values of one flow, packed."""
    return [await _flow_census(engine, flow) for flow in engine.dataflow.flows]


async def _flow_census(engine: Engine, flow: Flow) -> FlowCensus:
    result = FlowCensus(flow.name)
    right: dict[str, bytes] = {}
    (before,) = await engine.keep(engine.store.totals, [flow.name])
    linked = 0  # links whose left record is listed, within the filter or not
    async for page, _ in _mapped(engine, flow, Side.RIGHT):
        right.update((id, msgspec.json.encode(values)) for id, values in page.items())
    async for page, outside in _mapped(engine, flow, Side.LEFT):
        links: Mapping[str, Link] = await engine.keep(engine.store.links, flow.name, Side.LEFT, [*page, *outside])
        linked += len(links)
        for id, link in links.items():
            if id not in page:
                continue  # it has left the filter: nothing has to be the same any more
            other = right.get(link.right)
            if other is None:
                result.missing += 1
                continue
            result.pairs += 1
            _add(result, id, compare(flow, page[id], msgspec.json.decode(other)))
    result.missing += max(0, before.links - linked)  # a link that is made meanwhile is none too few
    return result


def _add(result: FlowCensus, id: str, found: Comparison) -> None:
    result.values += found.values
    result.equal += found.values - len(found.differing)
    if found.differing and len(result.differences) < 100:
        result.differences.append(f"{id}: {', '.join(found.differing)}")


async def _mapped(engine: Engine, flow: Flow, side: Side) -> AsyncIterator[tuple[dict[str, Values], list[str]]]:
    """Page by page: the mapped values of one side's records within the filter, by id; the ids of those outside of it."""
    rules = await rules_for_run(engine, flow)
    async for page in engine.connectors[side].list(flow.datatype(side)):
        listed = [one for one in page.observations if isinstance(one, Seen)]
        seen = [one for one in listed if rules.compiled.in_scope(side, one.values)]
        resolved = await engine.keep(references_of, engine, rules, seen)
        doubtful = [one.ref.id for one in seen] if rules.compiled.rivals() else []
        links = await engine.keep(engine.store.links, flow.name, side, doubtful) if doubtful else {}
        agreed = {id: link.base(side) for id, link in links.items()}
        within = {one.ref.id: rules.compiled.common(side, one.values, resolved, agreed.get(one.ref.id, {})).values for one in seen}
        yield within, [one.ref.id for one in listed if one.ref.id not in within]
        if page.last:
            return
    raise ListingFailed(engine.connectors[side].system, f"{flow.datatype(side)}: the listing broke off")

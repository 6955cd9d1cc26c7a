"""Before a reference is believed whose id might be that of another record as well: what has not been read yet is asked for (P14).

Owns: looking for the other record. Does not own: which datatypes number their records alike (engine/alike.py), what follows from finding
one (core/referring.py, core/planning.py).

A reference may lead to a contact or to a customer, and says 7. There is a contact 7; a customer 7 may have been made a moment ago, together
with the very order that refers to it, and not been read yet. Where ids have been seen that both datatypes have, that one is asked for by
its id; where ids tell the two apart, as they mostly do, nothing is asked.
"""

from collections.abc import Sequence

from accord.core.flowrules import FlowRules
from accord.core.referring import Place, places_in_question
from accord.engine.alike import are_alike
from accord.engine.parts import Engine
from accord.engine.reading import absorb
from accord.model.links import Pending, WaitsFor
from accord.model.records import RecordRef, Side

AT_ONCE = 500


async def look_closer(engine: Engine, rules: FlowRules, items: Sequence[Pending]) -> None:
    """Read the records that the references of these might mean as well; once each in a cycle. Raises SystemProblem."""
    if not rules.compiled.rivals():
        return
    async with engine.looking:  # a batch that needs what another one is asking for waits for the answer
        for (side, datatype), ids in (await engine.keep(_unsure, engine, rules, items)).items():
            for start in range(0, len(ids), AT_ONCE):
                found = await engine.connectors[side].read(datatype, ids[start : start + AT_ONCE])
                await engine.keep(absorb, engine, side, datatype, found)
            engine.looked.update(RecordRef(side, datatype, id) for id in ids)


def _unsure(engine: Engine, rules: FlowRules, items: Sequence[Pending]) -> dict[Place, list[str]]:
    """What to ask for: ids of references with a link, in datatypes that number alike and have none of this id that is known."""
    store, kinds = engine.store, rules.kinds
    places = {(side, kinds[flow][side]) for flow in rules.compiled.rivals() if flow in kinds for side in Side}
    if not any(are_alike(engine, *place) for place in places):
        return {}
    links = store.resolve(list(_wanted(engine, rules, items)))
    asked: dict[Place, list[str]] = {}
    for (side, datatype), ids in places_in_question(links, rules.compiled.rivals(), kinds).items():
        if are_alike(engine, side, datatype):
            known = store.known(side, datatype, list(ids))
            asked[side, datatype] = sorted(id for id in ids if id not in known and RecordRef(side, datatype, id) not in engine.looked)
    return asked


def _wanted(engine: Engine, rules: FlowRules, items: Sequence[Pending]) -> set[WaitsFor]:
    """The references of these records, but for those of the left that are as they were agreed."""
    wanted: set[WaitsFor] = set()
    for side in Side:
        ids = [item.ref.id for item in items if item.ref.side is side]
        links = engine.store.links(rules.flow.name, side, ids) if ids else {}
        records = engine.store.records(side, rules.flow.datatype(side), ids) if ids else {}
        for id, one in records.items():
            agreed = links[id].left_base.values() if id in links and side is Side.LEFT else ()
            references = rules.compiled.references(side, one.values) if one.values is not None else ()
            wanted.update(each for each in references if each.id not in agreed)
    return wanted

"""Datatypes of one side that number their records alike, and may be taken for each other by a reference.

Owns: the settings `alike:`, noted as records are read. Does not own: what follows (engine/referring.py). Runs on the store's thread.
"""

from collections.abc import Sequence

from accord.engine.parts import Engine
from accord.model.records import Side


def note_alike(engine: Engine, side: Side, datatype: str, ids: Sequence[str]) -> None:
    """Remember it if a datatype that a reference may lead to instead of this one has a record of one of these ids as well."""
    for other in _rivals(engine, side, datatype) if ids else ():
        if not (are_alike(engine, side, datatype) and are_alike(engine, side, other)) and engine.store.known(side, other, ids):
            for each in (datatype, other):
                engine.store.set(_name(side, each), "yes")


def are_alike(engine: Engine, side: Side, datatype: str) -> bool:
    """Whether an id of this datatype has been seen to be one of another as well."""
    return engine.store.setting(_name(side, datatype)) is not None


def _rivals(engine: Engine, side: Side, datatype: str) -> set[str]:
    kinds = {flow.name: flow.datatype(side) for flow in engine.dataflow.flows}
    rivals = [pair for compiled in engine.compiled.values() for pair in compiled.rivals().items()]
    return {kinds[other] for flow, others in rivals if kinds.get(flow) == datatype for other in others if other in kinds} - {datatype}


def _name(side: Side, datatype: str) -> str:
    return f"alike:{side}:{datatype}"

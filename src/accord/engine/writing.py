"""The write step: journaled operations -> outcomes.

Owns: handing batches to the connectors, and that every operation ends with exactly one outcome. Does not own: pacing, preconditions
(connectors), what follows (engine/recording.py).
"""

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence

from accord.engine.parts import Engine
from accord.engine.preparing import Work
from accord.errors import SystemProblem
from accord.model.plans import Operation, OperationKind, Outcome, OutcomeKind, Write
from accord.model.records import Side


async def write(engine: Engine, work: Work) -> Mapping[str, Outcome]:
    """Make the writes of a batch, both sides at once; outcomes by operation key."""
    batches: dict[tuple[Side, str], list[Write]] = defaultdict(list)
    for planned in work.planned:
        for operation in planned.operations:
            batches[operation.side, operation.target.datatype].append(as_write(operation))
    if not batches:
        return {}
    results = await asyncio.gather(*(_write(engine, side, datatype, writes) for (side, datatype), writes in batches.items()))
    return {key: outcome for result in results for key, outcome in result.items()}


def as_write(operation: Operation) -> Write:
    """The operation as a connector sees it. Attempts at the same create share the idempotency key."""
    return Write(
        key=operation.key,
        kind=operation.kind,
        ref=operation.target,
        values=operation.payload,
        reference=operation.reference,
        precondition=operation.precondition,
        idempotency=operation.reference if operation.kind is OperationKind.CREATE else operation.key,
    )


async def _write(engine: Engine, side: Side, datatype: str, writes: Sequence[Write]) -> dict[str, Outcome]:
    outcomes: dict[str, Outcome] = {}
    message = "the connector gave no outcome"
    try:
        async for outcome in engine.connectors[side].write(datatype, writes):
            outcomes[outcome.key] = outcome
    except SystemProblem as problem:
        message = problem.message
    for one in writes:
        # What has no outcome may have been sent: nothing better than unknown can be said of it (P26).
        outcomes.setdefault(one.key, Outcome(one.key, OutcomeKind.UNKNOWN, message=message, fatal=True))
    return outcomes

"""START HERE: one cycle, the eight steps in order.

Owns: the order of the steps and what runs ahead of what. Decides nothing: rules are in core/, each step's doing in its own file.

A change comes in by **read** (reading.py), which makes it durable as a pending row. Each flow then works its pending rows off in batches:
**map, match, merge, plan** (preparing.py calls the core), **journal** (journaling.py), **write** (writing.py), **record** (recording.py).
"""

import asyncio
from collections.abc import Sequence

from accord.core.flowrules import FlowRules
from accord.core.ordering import parents_first
from accord.engine.guarding import guard, hold_oscillating
from accord.engine.journaling import journal
from accord.engine.onboarding import rules_for_run
from accord.engine.parts import Depth, Engine
from accord.engine.preparing import Busy, Work, prepare
from accord.engine.reading import Failures, read
from accord.engine.recording import record
from accord.engine.recovery import recover
from accord.engine.referring import look_closer
from accord.engine.writing import write
from accord.model.dataflow import Flow
from accord.model.links import Pending, PendingState
from accord.model.records import Side
from accord.model.runs import Run


async def cycle(engine: Engine, run: Run, names: Sequence[str] = (), depth: Depth = Depth.CHANGES) -> None:
    """Bring the chosen flows in step once. It may be cancelled at any time; what is in hand (``engine.in_hand``) is then left open.

    Raises SystemProblem when something could not be asked, after the flows that it does not concern; what was durable by then stays.
    """
    engine.tried.clear()
    engine.looked.clear()
    flows = parents_first(engine.flows(names))
    before = await recover(engine, run)  # what an earlier run left open comes first
    failures = await read(engine, run, flows, depth)  # 1 read
    flows = tuple(flow for flow in flows if flow.name not in before.failed and not _unread(flow, failures))
    if depth is Depth.QUICK:
        flows = tuple([flow for flow in flows if await engine.keep(_listed, engine, flow)])
    if depth is Depth.FULL:
        for flow in flows:
            await engine.keep(engine.store.release, flow.name, (PendingState.QUARANTINED,))  # the cause may have gone away over there
    for flow in flows:
        await _work_off(engine, run, await rules_for_run(engine, flow), depth)
    after = await recover(engine, run)  # unknown outcomes of this very cycle: most can be told at once
    if after.ended:
        for flow in flows:
            await _work_off(engine, run, await rules_for_run(engine, flow), depth)
    for name, pending in (await engine.keep(engine.store.standing, [flow.name for flow in flows])).items():
        run.counts(name).stand(pending)
    for problem in (*before.failed.values(), *failures.values(), *after.failed.values()):
        raise problem


def _unread(flow: Flow, failures: Failures) -> bool:
    return any((side, flow.datatype(side)) in failures for side in Side)


def _listed(engine: Engine, flow: Flow) -> bool:
    """Whether both sides were listed to their end once; before that, nobody knows that a record has no counterpart (P7)."""
    return all(engine.store.cursor(side, flow.datatype(side)) is not None for side in Side)


async def _work_off(engine: Engine, run: Run, asked: FlowRules, depth: Depth) -> None:
    """Work a flow's pending rows off, some batches ahead of the wire; rows that came back meanwhile are taken up again."""
    if not engine.approve and not await engine.keep(engine.store.pending, asked.flow.name, PendingState.NEW, 0, 1):
        return  # counting what waits costs more than all else in a cycle that has one record to see to
    rules = await guard(engine, run, asked, depth)
    if rules is None:
        return
    busy, done = Busy(), 0
    (pending,) = (await engine.keep(engine.store.standing, [rules.flow.name])).values()
    left = pending.get(PendingState.NEW, 0)
    room = asyncio.Semaphore(engine.ahead)
    running: set[asyncio.Task[None]] = set()
    try:
        while True:
            after, taken = 0, 0
            while items := await engine.keep(engine.store.pending, rules.flow.name, PendingState.NEW, after, engine.batch):
                after = items[-1].row
                mine = _may_try(engine, rules.flow, items)
                taken += len(mine)
                if mine:
                    await room.acquire()
                    task = asyncio.create_task(_batch(engine, run, rules, mine, busy))
                    task.add_done_callback(lambda _: room.release())
                    running.add(task)
                running = await _reap(running, wait=False)
                done += len(mine)
                engine.progress(rules.flow.name, done, max(0, left - done))
            running = await _reap(running, wait=True)
            if not taken or engine.in_hand.closed:
                return
    finally:
        await _leave(running)


async def _batch(engine: Engine, run: Run, rules: FlowRules, items: Sequence[Pending], busy: Busy) -> None:
    await look_closer(engine, rules, items)
    work = await engine.keep(_plan, engine, rules, items, busy)
    try:
        if engine.in_hand.closed:
            return  # told to stop: these stay pending
        with engine.in_hand:
            await journal(engine, run, work)  # 6 journal
            outcomes = await write(engine, work)  # 7 write
            await record(engine, run, rules, work, outcomes)  # 8 record
    finally:
        busy.release(work)


def _plan(engine: Engine, rules: FlowRules, items: Sequence[Pending], busy: Busy) -> Work:
    work = prepare(engine, rules, items, busy)  # 2 map, 3 match, 4 merge, 5 plan
    hold_oscillating(engine, rules, work)
    return work


def _may_try(engine: Engine, flow: Flow, items: Sequence[Pending]) -> list[Pending]:
    """Leave out what was tried often enough in this cycle: it stays pending for the next one."""
    mine = []
    for item in items:
        tries = engine.tried.get((flow.name, item.ref), 0)
        if tries < engine.tries:
            engine.tried[flow.name, item.ref] = tries + 1
            mine.append(item)
    return mine


async def _reap(running: set[asyncio.Task[None]], wait: bool) -> set[asyncio.Task[None]]:
    """Take the results of ended batches; the first error ends the others and goes up."""
    if not running:
        return running
    if wait:
        done, _ = await asyncio.wait(running, return_when=asyncio.FIRST_EXCEPTION)
    else:
        done = {task for task in running if task.done()}
    failed = next((task for task in done if not task.cancelled() and task.exception() is not None), None)
    if failed is not None:
        rest = running - {failed}
        await asyncio.gather(*rest, return_exceptions=True)
        failed.result()
    return running - done


async def _leave(running: set[asyncio.Task[None]]) -> None:
    """End the batches of a cycle that was cancelled, so that none goes on without its cycle."""
    for task in running:
        task.cancel()
    await asyncio.gather(*running, return_exceptions=True)

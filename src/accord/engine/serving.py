"""The service: a cycle at start, then one every so often, or at once when a hint has come, until it is told to stop.

Owns: when the next cycle begins and how much it reads, what becomes of a problem, what /health says of it, how a stop waits for what is in
hand. Does not own: what a cycle does (cycle.py), how hints arrive (connectors/receiver.py), signals (app/).
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, TypeAlias

from accord.engine.intake import Intake
from accord.engine.parts import Depth, Engine, InHand
from accord.errors import SystemProblem
from accord.model.records import Hint
from accord.model.runs import Run
from accord.ports import Clock

LISTED = "listed-in-full"

PORTION = 32
"""So many records that a feed names are read in one cycle: as many as there are calls at once, so it takes hardly longer than one."""


@dataclass(frozen=True, slots=True)
class Rhythm:
    """How often what happens; all times in seconds.

    ``every``: between two cycles that poll, a tenth more or less. ``full_every``: between two full listings. ``settle``: how long a hint
    waits for others. ``again``, ``again_at_most``: the first and the longest pause after a problem. ``grace``: how long a stop waits for
    what is in hand.
    """

    every: float = 60.0
    full_every: float = 86_400.0
    settle: float = 0.002
    again: float = 2.0
    again_at_most: float = 60.0
    grace: float = 7.0


@dataclass(frozen=True, slots=True)
class Passed:
    """A cycle came to its end."""

    run: Run
    depth: Depth


@dataclass(frozen=True, slots=True)
class Failed:
    """A cycle did not: a system was not there, or refused us. The next try is in ``again`` seconds; what was durable stays."""

    problem: SystemProblem
    again: float


Notice: TypeAlias = Passed | Failed


class Health:
    """What can be said of the cycles so far. ``tell``: who else is told of each."""

    def __init__(self, tell: Callable[[Notice], None]) -> None:
        self._tell = tell
        self._said: dict[str, object] = {"ok": True, "last_cycle": None, "problem": None}

    def note(self, notice: Notice) -> None:
        """Remember how the last cycle ended, and pass it on."""
        if isinstance(notice, Passed):
            run = notice.run
            last = {"id": run.id, "cause": run.cause, "started": run.started, "ended": run.ended}
            self._said = {"ok": True, "last_cycle": last, "problem": None}
        else:
            self._said = {**self._said, "ok": False, "problem": notice.problem.message}
        self._tell(notice)

    def said(self) -> dict[str, object]:
        """``ok``: whether the last cycle came to its end; ``last_cycle``: the last that did; ``problem``: why the last one did not."""
        return self._said


class Bell:
    """What wakes the service: a hint that has been kept, or the wish to stop."""

    def __init__(self) -> None:
        self._hinted = asyncio.Event()
        self._stopping = asyncio.Event()

    def ring(self) -> None:
        """There are hints to be read. Any number of rings before the next cycle are one."""
        self._hinted.set()

    def stop(self) -> None:
        """Finish what is in hand and end."""
        self._stopping.set()

    def hush(self) -> None:
        """A cycle begins that will read all hints kept so far."""
        self._hinted.clear()

    @property
    def hinted(self) -> bool:
        """Whether it has been rung."""
        return self._hinted.is_set()

    @property
    def stopping(self) -> bool:
        """Whether the service was told to stop."""
        return self._stopping.is_set()

    async def rung(self) -> None:
        """Wait for a hint."""
        await self._hinted.wait()

    async def stopped(self) -> None:
        """Wait for the wish to stop."""
        await self._stopping.wait()


@dataclass(frozen=True, slots=True)
class Service:
    """What the service is made of.

    ``work``: one run with its cause, flows (none: all) and depth; it may be cancelled. ``chance``: a number in [0, 1) per call, so
    that many installations do not poll in step. ``tell``: told of every cycle.
    """

    work: Callable[[str, Sequence[str], Depth], Coroutine[Any, Any, Run]]
    bell: Bell
    in_hand: InHand
    clock: Clock
    chance: Callable[[], float]
    tell: Callable[[Notice], None]
    rhythm: Rhythm = Rhythm()


async def announce(engine: Engine, bell: Bell, hints: Sequence[Hint], event: str | None) -> bool:
    """Make hints durable, then wake the service. False, and nothing kept, for an event that came before or that no flow has a use for.

    Raises StoreError; then the sender must not be told that all is well.
    """
    used = [hint for hint in hints if engine.interested(hint.ref.side, hint.ref.datatype)]
    engine.heard.update(hint.ref for hint in used)
    intake = engine.once("intake", lambda: Intake(engine.keep, engine.store))
    fresh = bool(used) and await intake.take(used, event)
    if fresh and engine.typing is not None:
        engine.typing.heard((hint.ref for hint in used), bell.ring)
    elif fresh:
        bell.ring()
    return fresh


async def keep_in_step(engine: Engine, service: Service) -> None:
    """``serve``, with the time of the last full listing kept in the store, so that restarts do not put the next one off."""
    engine.portion = PORTION
    listed = await engine.keep(engine.store.setting, LISTED)
    if listed is None:  # an engine that is new lists everything anyway
        listed = engine.now()
        await engine.keep(engine.store.set, LISTED, listed)

    async def work(cause: str, names: Sequence[str], depth: Depth) -> Run:
        engine.left = False
        run = await service.work(cause, names, depth)
        if engine.left:
            service.bell.ring()
        if depth is Depth.FULL:
            await engine.keep(engine.store.set, LISTED, run.started)
        return run

    passed = (engine.clock.now() - datetime.fromisoformat(listed)).total_seconds()
    await serve(replace(service, work=work), service.rhythm.full_every - passed)


async def serve(service: Service, full_in: float) -> None:
    """Keep both systems in step until the bell says stop. ``full_in``: seconds until the first full listing.

    A SystemProblem is told and tried again; hints then wait for the next try. Raises anything else.
    """
    clock, bell, rhythm = service.clock, service.bell, service.rhythm
    polls_at, failures = clock.monotonic(), 0
    full_at = polls_at + full_in
    while True:
        await _until(service, polls_at, heed_hints=not failures)
        if bell.stopping:
            return
        depth = _depth(clock.monotonic(), polls_at, full_at)
        bell.hush()
        try:
            run = await _one(service, depth)
        except SystemProblem as problem:
            failures += 1
            again = pause(rhythm, failures, service.chance())
            polls_at = clock.monotonic() + again
            service.tell(Failed(problem, again))
            continue
        if run is None:
            return
        failures = 0
        if depth is not Depth.QUICK:
            polls_at = clock.monotonic() + rhythm.every * (0.9 + 0.2 * service.chance())
        if depth is Depth.FULL:
            full_at = clock.monotonic() + rhythm.full_every
        service.tell(Passed(run, depth))


def pause(rhythm: Rhythm, failures: int, chance: float) -> float:
    """Seconds until the next try after so many failures in a row: doubled each time up to a limit, then half of it left to chance."""
    longest = min(rhythm.again_at_most, rhythm.again * 2.0 ** min(failures - 1, 30))
    return longest * (0.5 + 0.5 * chance)


def _depth(now: float, polls_at: float, full_at: float) -> Depth:
    """A hint only ever brings a cycle forward; what is due by time comes first, for it reads the hints as well."""
    if now < polls_at:
        return Depth.QUICK
    return Depth.FULL if now >= full_at else Depth.CHANGES


async def _until(service: Service, at: float, heed_hints: bool) -> None:
    """Wait until ``at``, or for a hint and those that follow it closely, or for the wish to stop."""
    clock, bell = service.clock, service.bell
    while not bell.stopping and (left := at - clock.monotonic()) > 0:
        if heed_hints and bell.hinted:
            await _any(clock.sleep(min(left, service.rhythm.settle)), bell.stopped())
            return
        await _any(clock.sleep(left), bell.stopped(), *([bell.rung()] if heed_hints else []))


async def _one(service: Service, depth: Depth) -> Run | None:
    """One run; None when it was broken off by a stop, after what was in hand had ended or ``grace`` was over."""
    task = asyncio.create_task(service.work("webhook" if depth is Depth.QUICK else "poll", (), depth))
    try:
        await _any(asyncio.wait({task}), service.bell.stopped())
        if not task.done():
            await _any(asyncio.wait({task}), service.in_hand.close(), service.clock.sleep(service.rhythm.grace))
    finally:
        task.cancel()
        await asyncio.wait({task})
    return None if task.cancelled() else task.result()


async def _any(*waits: Awaitable[object]) -> None:
    """Return when the first of these has ended; the others are given up."""
    tasks = [asyncio.ensure_future(wait) for wait in waits]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

"""Announcements are made durable together: those that come while the store is busy share its next transaction.

Owns: which announcements go into one transaction, and that each sender learns what became of its own. Does not own: the store, waking the
service (serving.py). One alone waits for nobody.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from accord.engine.parts import Keep
from accord.model.records import Hint
from accord.ports import Store

AT_ONCE = 500
"""Announcements in one transaction at most."""


@dataclass(frozen=True, slots=True)
class _Waiting:
    hints: Sequence[Hint]
    event: str | None
    kept: "asyncio.Future[bool]"


class Intake:
    """Use: ``await intake.take(hints, event)``, as Store.hint."""

    def __init__(self, keep: Keep, store: Store) -> None:
        self._keep = keep
        self._store = store
        self._busy = False
        self._waiting: list[_Waiting] = []
        self._task: asyncio.Task[None] | None = None

    async def take(self, hints: Sequence[Hint], event: str | None) -> bool:
        """Durable when it returns; False, and nothing kept, if an event of this id was kept before. Raises StoreError."""
        if self._busy:
            mine = _Waiting(hints, event, asyncio.get_running_loop().create_future())
            self._waiting.append(mine)
            return await mine.kept
        self._busy = True
        try:
            return await self._keep(self._store.hint, hints, event)
        finally:
            if self._waiting:
                self._task = asyncio.create_task(self._drain())
            else:
                self._busy = False

    async def _drain(self) -> None:
        """Keep what has come meanwhile, until nothing waits."""
        while self._waiting:
            batch, self._waiting = self._waiting[:AT_ONCE], self._waiting[AT_ONCE:]
            try:
                kept = await self._keep(self._store.hint_all, [(each.hints, each.event) for each in batch])
            except Exception as error:  # noqa: BLE001  # raised again, to each of those who wait for it
                for each in batch:
                    if not each.kept.done():
                        each.kept.set_exception(error)
                continue
            for each, one in zip(batch, kept, strict=True):
                if not each.kept.done():
                    each.kept.set_result(one)
        self._busy = False

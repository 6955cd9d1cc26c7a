"""Cursors: where a system's time is not believed, the cursor stays, and the run says so."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from engine_stage import stage

from accord.connectors.memory import MemoryConnector
from accord.model.records import Page, Side


def test_P18_a_doubtful_cursor_is_told_once_by_the_run_and_moves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    changes, listed = MemoryConnector.changes, MemoryConnector.list

    async def doubtful(self: MemoryConnector, datatype: str, cursor: str | None = None) -> AsyncIterator[Page]:
        async for page in listed(self, datatype) if cursor is None else changes(self, datatype, cursor):
            doubt = f"{datatype}: the clock is ahead" if page.last and datatype == "Contact" else ""
            yield replace(page, cursor=cursor, doubt=doubt) if doubt else page

    with stage() as s:
        s.contact("ada@sim.example", Name="Ada")
        assert s.run().message == ""
        before = {name: s.store.cursor(Side.LEFT, name) for name in ("Contact", "Customer")}
        with monkeypatch.context() as patched:
            patched.setattr(MemoryConnector, "changes", doubtful)
            patched.setattr(MemoryConnector, "list", doubtful)
            run = s.run(full=True)
        assert (run.result, run.message) == ("done", "Contact: the clock is ahead")
        assert s.store.cursor(Side.LEFT, "Contact") == before["Contact"]
        assert s.store.cursor(Side.LEFT, "Customer") != before["Customer"]
        assert s.run().message == ""

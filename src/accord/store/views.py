"""What commands and pages look at, a page at a time; nothing here writes.

Owns: read-only queries beyond ports.Store. Does not own: how they are shown.
"""

from collections.abc import Iterator, Sequence

from accord.model.journal import Intent
from accord.model.links import Link, Pending
from accord.model.records import RecordRef, Side
from accord.model.runs import Run
from accord.store.rows import intent_of, link_of, pending_of, pending_place, run_of
from accord.store.statements import Statements

INTENTS_AT_ONCE = 500


class Views:
    """Looking at a state. Pages are asked for with the last number of the page before (``after``)."""

    def __init__(self, database: Statements) -> None:
        self._db = database

    def list_links(self, flow: str | None = None, after: int = 0, limit: int = 500) -> Sequence[Link]:
        """Live links in order of making, of one flow or all, with an id beyond ``after``."""
        rows = self._db.rows("links_page", after, limit) if flow is None else self._db.rows("links_page_of_flow", after, limit, flow)
        return [link_of(row) for row in rows]

    def list_pending(
        self, flow: str | None = None, states: Sequence[str] | None = None, after: int = 0, limit: int = 500
    ) -> Sequence[Pending]:
        """Pending rows in order of arrival, of one flow or all, of some states or all, with a row beyond ``after``."""
        wanted = None if states is None else self._db.listed(states)
        return [pending_of(row) for row in self._db.rows("pending_list", flow, wanted, after, limit)]

    def pending_of(self, flow: str, ref: RecordRef) -> Pending | None:
        """The pending row of one record."""
        return next((pending_of(row) for row in self._db.rows("pending_one", *pending_place(flow, ref))), None)

    def runs(self, limit: int = 20) -> Sequence[Run]:
        """The newest runs, newest first."""
        return [run_of(row) for row in self._db.rows("runs", limit)]

    def history(self, flow: str, side: Side, id: str, limit: int = 50) -> Sequence[Intent]:
        """What was tried with one record, as source or as target, newest first."""
        return [intent_of(row) for row in self._db.rows("history", flow, side.value, id, limit)]

    def of_run(self, run: str) -> Iterator[Intent]:
        """The intents of one run, oldest first; read a page at a time."""
        after = 0
        while rows := self._db.rows("run_intents", run, after, INTENTS_AT_ONCE):
            yield from (intent_of(row[1:]) for row in rows)
            after = rows[-1][0]

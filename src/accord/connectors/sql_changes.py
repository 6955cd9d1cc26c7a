"""From where on a change table on MySQL may still grow.

Owns: this one question. Does not own: the table and its triggers (sql_triggers.py), cursors (sql_reading.py). Synchronous, run in a thread.

There a change is noted with a number that is given out before its transaction ends, and no transaction tells which others are open. So two
looks are compared: first what is committed, then what anybody has written, committed or not. A number in the second alone belongs to a
transaction that may still commit. A number that is missing in both was given out for a row that is about to be written, or was taken back;
after a while it is the latter.
"""

from typing import Final

import sqlalchemy as sa

from accord.connectors.sql_catalogue import CHANGED_IN, NOTED
from accord.connectors.sql_database import Database

PATIENCE_SECONDS: Final = 60
"""How long the row of a number that was given out is waited for. Between the two lies one statement of one trigger."""


def first_open(database: Database, table: sa.Table, since: int) -> int:
    """The lowest number from ``since`` on that is not committed and may be yet, or the next one that will be given out."""
    number, noted = table.c[CHANGED_IN], table.c[NOTED]
    with database.reading() as connection:
        committed = set(connection.execute(sa.select(number).where(number >= since)).scalars())
    old = noted < sa.text(f"SYSDATE(6) - INTERVAL {PATIENCE_SECONDS} SECOND")
    with database.reading_open() as connection:
        written = connection.execute(sa.select(number, old).where(number >= since).order_by(number)).all()
    expected = max(since, 1)
    for one, settled in written:
        if one > expected and not settled:
            return expected
        if one not in committed:
            return int(one)
        expected = one + 1
    return int(expected)

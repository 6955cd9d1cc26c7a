"""PostgreSQL as an end of a move (moving.py): all rows by COPY, out and in.

Owns: PostgresTables. Does not own: the session and its transactions (postgres_database.py).
"""

from collections.abc import Iterable, Iterator

from accord.store.moving import Row, Table, tables
from accord.store.postgres_database import Connection

_NUMBERED = (("pending", "row"), ("event", "seq"))
"""Where the database gives the numbers: it goes on after the highest."""


class PostgresTables:
    """The tables of a schema, within a transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def rows(self, table: Table) -> Iterator[Row]:
        """See Tables."""
        with self._connection.cursor().copy(f"COPY {table.name} ({table.listed}) TO STDOUT (FORMAT BINARY)") as copy:
            copy.set_types([kind for _, kind in table.columns])
            yield from copy.rows()

    def put(self, table: Table, rows: Iterable[Row]) -> None:
        """See Tables."""
        with self._connection.cursor().copy(f"COPY {table.name} ({table.listed}) FROM STDIN (FORMAT BINARY)") as copy:
            copy.set_types([kind for _, kind in table.columns])
            for row in rows:
                copy.write_row(row)

    def any(self, table: Table) -> bool:
        """See Tables."""
        return bool(self._connection.execute(f"SELECT 1 FROM {table.name} LIMIT 1").fetchall())

    def filled(self) -> None:
        """See Tables. Without figures of its tables the server would plan as for empty ones."""
        for name, column in _NUMBERED:
            highest = f'(SELECT coalesce(max("{column}"), 0) + 1 FROM {name})'
            self._connection.execute(f"SELECT setval(pg_get_serial_sequence('{name}', '{column}'), {highest}, false)")
        self._connection.execute(f"ANALYZE {', '.join(table.name for table in tables())}")

"""The change table and the triggers that let a database tell what was edited and deleted, as statements for its owner to carry out.

Owns: these statements, for PostgreSQL and SQLite. Does not own: carrying them out; Accord never changes a schema.

A row of a change table says that the record of this key was made, edited or deleted, or one of its lines. On PostgreSQL ``changed_in`` is
the transaction: what is read next begins at the oldest that was still open, so that nothing which commits late is missed. On SQLite,
where only one writes at a time, it is a number that rises.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import sqlalchemy as sa

from accord.connectors.sql_catalogue import CHANGED_IN, Bound

DIALECTS = ("postgresql", "sqlite")


def triggers(bound: Bound, table: str, dialect: sa.Dialect) -> Iterator[str]:
    """The statements for one datatype, whose change table shall be ``table``. Raises ValueError for a database without a form of them."""
    if dialect.name not in DIALECTS:
        raise ValueError(f"there are no triggers for {dialect.name}")
    make = _Postgres if dialect.name == "postgresql" else _Sqlite
    writing = make(dialect, bound, table)
    yield writing.table()
    yield from writing.on(bound.table, bound.key)
    for child in bound.children.values():
        yield from writing.on(child.table, child.parent)


class _Writing:
    """What both dialects say alike."""

    def __init__(self, dialect: sa.Dialect, bound: Bound, table: str) -> None:
        self.dialect = dialect
        self.quote = dialect.identifier_preparer.quote
        self.bound = bound
        self.plain = table.rpartition(".")[2]
        self.changes = ".".join(self.quote(part) for part in table.split("."))
        self.keys = ", ".join(self.quote(each.name) for each in bound.key)

    def name(self, table: sa.Table) -> str:
        """Of a table, quoted where it must be."""
        return self.dialect.identifier_preparer.format_table(table)

    def noted(self, row: str, columns: Sequence[sa.Column[Any]]) -> str:
        """The key in OLD or NEW."""
        return ", ".join(f"{row}.{self.quote(each.name)}" for each in columns)


class _Postgres(_Writing):
    def table(self) -> str:
        columns = ", ".join(f"{self.quote(each.name)} {each.type.compile(self.dialect)} NOT NULL" for each in self.bound.key)
        index = f"CREATE INDEX IF NOT EXISTS {self.quote(f'{self.plain}_{CHANGED_IN}')} ON {self.changes} ({CHANGED_IN});"
        return f"CREATE TABLE IF NOT EXISTS {self.changes} ({CHANGED_IN} bigint NOT NULL, {columns});\n{index}"

    def on(self, table: sa.Table, columns: Sequence[sa.Column[Any]]) -> Iterator[str]:
        function = self.quote(f"{self.plain}_of_{table.name}")
        if table.schema:
            function = f"{self.quote(table.schema)}.{function}"
        insert = f"INSERT INTO {self.changes} ({CHANGED_IN}, {self.keys}) VALUES (pg_current_xact_id()::text::bigint, "
        yield (
            f"CREATE OR REPLACE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql\n"
            "    SECURITY DEFINER SET search_path FROM CURRENT AS $note$ BEGIN\n"
            f"    IF TG_OP <> 'INSERT' THEN {insert}{self.noted('OLD', columns)}); END IF;\n"
            f"    IF TG_OP <> 'DELETE' THEN {insert}{self.noted('NEW', columns)}); END IF;\n"
            "    RETURN NULL;\nEND $note$;"
        )
        trigger = self.quote(f"{self.plain}_note")
        yield (
            f"CREATE OR REPLACE TRIGGER {trigger} AFTER INSERT OR UPDATE OR DELETE ON {self.name(table)}\n"
            f"    FOR EACH ROW EXECUTE FUNCTION {function}();"
        )


class _Sqlite(_Writing):
    def table(self) -> str:
        return f"CREATE TABLE IF NOT EXISTS {self.changes} ({CHANGED_IN} INTEGER PRIMARY KEY AUTOINCREMENT, {self.keys});"

    def on(self, table: sa.Table, columns: Sequence[sa.Column[Any]]) -> Iterator[str]:
        for event, rows in (("INSERT", ("NEW",)), ("UPDATE", ("OLD", "NEW")), ("DELETE", ("OLD",))):
            trigger = self.quote(f"{self.plain}_{event.lower()}_of_{table.name}")
            notes = " ".join(f"INSERT INTO {self.changes} ({self.keys}) VALUES ({self.noted(row, columns)});" for row in rows)
            yield f"CREATE TRIGGER IF NOT EXISTS {trigger} AFTER {event} ON {self.name(table)}\nBEGIN {notes} END;"

"""The change table and the triggers that let a database tell what was edited and deleted, as statements for its owner to carry out.

Owns: these statements, for PostgreSQL, SQLite, MySQL and MariaDB. Does not own: carrying them out; Accord never changes a schema.

A row of a change table says that the record of this key was made, edited or deleted, or one of its lines. On PostgreSQL ``changed_in`` is
the transaction: what is read next begins at the oldest that was still open, so that nothing which commits late is missed. On SQLite,
where only one writes at a time, it is a number that rises. On MySQL it is one as well, which is given out before its transaction ends;
sql_changes.py knows what follows from that. What a foreign key of MySQL does to other rows fires no trigger, so such tables are declined.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import mysql

from accord.connectors.sql_catalogue import CHANGED_IN, NOTED, Bound
from accord.connectors.sql_mysql import BACKENDS

FORMS = ("postgresql", "sqlite", *BACKENDS)


def triggers(bound: Bound, table: str, dialect: sa.Dialect) -> Iterator[str]:
    """The statements for one datatype, whose change table shall be ``table``. Raises ValueError for a database without a form of them."""
    if dialect.name not in FORMS:
        raise ValueError(f"there are no triggers for {dialect.name}")
    if dialect.name in BACKENDS:
        _decline_silent_changes(bound)
    forms: dict[str, type[_Postgres | _Sqlite | _Mysql]] = {"postgresql": _Postgres, "sqlite": _Sqlite}
    writing = forms.get(dialect.name, _Mysql)(dialect, bound, table)
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


class _Mysql(_Writing):
    """Without BEGIN and END, so that no client has to be told where a statement ends."""

    def table(self) -> str:
        columns = ", ".join(f"{self.quote(each.name)} {self._type(each)} NOT NULL" for each in self.bound.key)
        number = f"{CHANGED_IN} bigint unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY"
        noted = f"{NOTED} timestamp(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6)"
        return f"CREATE TABLE IF NOT EXISTS {self.changes} ({number}, {noted}, {columns}) ENGINE = InnoDB;"

    def _type(self, column: sa.Column[Any]) -> str:
        held = column.type
        if isinstance(held, sa.String):  # a key that is spelled in another case is another record's
            held = mysql.VARCHAR(held.length or 255, charset="utf8mb4", collation="utf8mb4_bin")
        return held.compile(self.dialect)

    def on(self, table: sa.Table, columns: Sequence[sa.Column[Any]]) -> Iterator[str]:
        for event, rows in (("INSERT", ("NEW",)), ("UPDATE", ("OLD", "NEW")), ("DELETE", ("OLD",))):
            plain = f"{self.plain}_{event.lower()}_of_{table.name}"
            trigger = ".".join(self.quote(each) for each in (table.schema, plain) if each)
            notes = ", ".join(f"(SYSDATE(6), {self.noted(row, columns)})" for row in rows)
            head = f"CREATE TRIGGER IF NOT EXISTS {trigger} AFTER {event} ON {self.name(table)} FOR EACH ROW"
            yield f"{head}\n    INSERT INTO {self.changes} ({NOTED}, {self.keys}) VALUES {notes};"


def _decline_silent_changes(bound: Bound) -> None:
    """Raise ValueError where a foreign key changes rows without firing a trigger. What goes with its own record is told by the record's."""
    for table in (bound.table, *(child.table for child in bound.children.values())):
        for key in table.foreign_key_constraints:
            referred = key.elements[0].target_fullname.rpartition(".")[0]
            silent = [how for how in (key.ondelete, key.onupdate) if how and how.upper() not in ("RESTRICT", "NO ACTION")]
            if silent and not (table is not bound.table and referred == str(bound.table.fullname)):
                what = f"{table.name} is changed together with {referred} ({silent[0]} of a foreign key), which fires no trigger there"
                raise ValueError(what)

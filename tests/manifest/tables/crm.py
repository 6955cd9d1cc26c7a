"""A CRM that is nothing but tables of PostgreSQL: made, filled with the people of the sandbox, and edited by its users with statements."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import psycopg
from inprocess import Hosted
from psycopg.rows import dict_row
from psycopg.sql import SQL, Identifier, Placeholder
from rigs import PassingClock

from accord.config.manifest import read_manifest
from accord.model.sql import SqlDatatype, SqlLines, SqlSystem

FOLDER = Path(__file__).parent
MANIFEST = FOLDER / "tables.yaml"


class Tables:
    """The database; ``do`` and ``edit`` are what its users do, in the words of cli/demo_edits.py."""

    def __init__(self, address: str) -> None:
        self.address = address
        described = read_manifest(MANIFEST)
        assert isinstance(described, SqlSystem)
        self.specs: Mapping[str, SqlDatatype] = {each.table: each for each in described.sql.datatypes.values()}
        self._connection = psycopg.connect(address, autocommit=True, row_factory=dict_row)

    def close(self) -> None:
        self._connection.close()

    def create(self) -> None:
        """An empty CRM."""
        self._connection.execute((FOLDER / "tables.sql").read_bytes())

    def fill(self, size: int) -> int:
        """The records that the Customcrm sandbox begins with; how many."""
        sandbox, count = Hosted("customcrm", PassingClock(), size=size), 0
        for table in self.specs:
            cursor = ""
            while cursor is not None:
                said = f"&cursor={cursor}" if cursor else ""
                page = sandbox.ask("GET", f"/api/{table}?limit=500{said}", authorization="Bearer key")
                for record in page["items"]:
                    self.insert(table, record, record["Id"])
                    count += 1
                cursor = page["next_cursor"]
        return count

    def insert(self, table: str, record: Mapping[str, Any], id: str | None = None) -> str:
        spec = self.specs[table]
        values = {spec.properties[name].column: value for name, value in record.items() if name in spec.properties}
        made = self._insert(table, values | ({"id": id} if id else {}), SQL(" RETURNING id"))
        for name, lines in spec.lines.items():
            self._lines(lines, made["id"], record.get(name) or [])
        return made["id"]

    def do(self, method: str, path: str, body: Any = None) -> Any:
        """One call, as it would be made of the sandbox."""
        table, _, id = path.partition("/")
        return self.record(table, self.insert(table, body) if method == "POST" else id)

    def edit(self, table: str, id: str, **changes: Any) -> Any:
        spec = self.specs[table]
        with self._connection.transaction():
            for name, value in changes.items():
                if name in spec.lines:
                    self._connection.execute(SQL("DELETE FROM {} WHERE {} = %s").format(*self._of(spec.lines[name])), [id])
                    self._lines(spec.lines[name], id, value)
                else:
                    column = Identifier(spec.properties[name].column or name)
                    self._connection.execute(SQL("UPDATE {} SET {} = %s WHERE id = %s").format(Identifier(table), column), [value, id])
        return self.record(table, id)

    def remove(self, table: str, id: str) -> None:
        self._connection.execute(SQL("DELETE FROM {} WHERE id = %s").format(Identifier(table)), [id])

    def record(self, table: str, id: str) -> dict[str, Any]:
        spec = self.specs[table]
        row = self._connection.execute(SQL("SELECT * FROM {} WHERE id = %s").format(Identifier(table)), [id]).fetchone()
        assert row is not None
        record: dict[str, Any] = {name: row[each.column or name] for name, each in spec.properties.items()}
        for name, lines in spec.lines.items():
            statement = SQL("SELECT * FROM {} WHERE {} = %s ORDER BY line_number").format(*self._of(lines))
            rows = self._connection.execute(statement, [id]).fetchall()
            record[name] = [{item: each[prop.column or item] for item, prop in lines.items.items()} for each in rows]
        return record | {"Id": id}

    def state(self) -> dict[str, Any]:
        """By table, what moves with every write."""
        found = {}
        for table in self.specs:
            statement = SQL("SELECT count(*), sum(version) AS versions, max(updated_at) AS latest FROM {}").format(Identifier(table))
            found[table] = self._connection.execute(statement).fetchone()
        return found

    def _lines(self, lines: SqlLines, id: str, items: Any) -> None:
        (parent,) = lines.parent
        for item in items:
            values = {lines.items[name].column: value for name, value in item.items() if name in lines.items}
            self._insert(lines.table, values | {parent: id}, SQL(""))

    def _insert(self, table: str, values: Mapping[Any, Any], after: SQL) -> Any:
        names = SQL(", ").join(Identifier(each) for each in values)
        marks = SQL(", ").join(Placeholder() for _ in values)
        found = self._connection.execute(
            SQL("INSERT INTO {} ({}) VALUES ({}){}").format(Identifier(table), names, marks, after), [*values.values()]
        )
        return found.fetchone() if found.description else None

    @staticmethod
    def _of(lines: SqlLines) -> tuple[Identifier, Identifier]:
        (parent,) = lines.parent
        return Identifier(lines.table), Identifier(parent)

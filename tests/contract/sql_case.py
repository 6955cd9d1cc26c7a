"""Databases as the subject of the contract: tables of each kind, users who edit them by plain statements, and a manifest for each."""

import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
from mariadb_server import connect

from accord.app.machine import RealClock
from accord.config.manifest import read_manifest
from accord.connectors.sql import SqlConnector, open_sql
from accord.model.records import Side
from accord.model.sql import SqlSystem
from accord.model.values import RawValues
from accord.testing.connector_contract import Subject

Run = Callable[[str, list[Any]], Any]
"""Carries a statement out and commits it; the first value of its first row, if it answers."""

HEAD = """
manifest: 1
protocol: sql
system: shop
url: ${env:SHOP_DATABASE}
limits: {page: 2, deadline_seconds: 5}
datatypes:
  Product:
    table: products
    delete: true
    properties:
      Name: {column: name}
      Number: {column: number}
      Price: {column: price, type: decimal, scale: 2}
      Active: {column: active, type: boolean}
      ExternalId: {column: external_id}
"""

VARIANTS: Mapping[str, str] = {
    "version": "    key: [id]\n    version: rv\n    reference: ExternalId\n    changes: {kind: version, overlap: 0}\n",
    "modified": (
        "    key: [id]\n    modified: changed\n    touch: {changed: now}\n    reference: ExternalId\n    changes: {kind: modified}\n"
    ),
    "only listings": "    key: [id]\n",
    "two keys, soft delete": (
        "    key: [region, id]\n    generated: true\n    modified: changed\n    touch: {changed: now}\n"
        "    changes: {kind: modified}\n    soft_delete: {column: deleted, kind: time}\n"
    ),
}


class Secret:
    """The address of the database."""

    def __init__(self, address: str) -> None:
        self._address = address

    def get(self, reference: str) -> str:
        assert reference == "env:SHOP_DATABASE"
        return self._address


@dataclass(frozen=True)
class SqlWorld:
    """Users of the table ``products``, by statements of their own. ``keys``: its key; ``soft``: they mark rows as deleted."""

    run: Run
    keys: tuple[str, ...]
    soft: bool
    now: str
    mark: str

    def make(self, values: RawValues) -> str:
        columns = {column(name): plain(value) for name, value in values.items()}
        names, marks = ", ".join([*columns, "changed"]), ", ".join([self.mark] * len(columns))
        key = " || ',' || ".join(self.keys)
        statement = f"INSERT INTO products ({names}) VALUES ({marks}, {self.now}) RETURNING {key}"
        return str(self.run(statement, list(columns.values())))

    def edit(self, id: str, values: RawValues) -> None:
        said = ", ".join(f"{column(name)} = {self.mark}" for name in values)
        self._at(f"UPDATE products SET {said}, rv = (SELECT max(rv) + 1 FROM products), changed = {self.now}", id, values.values())

    def remove(self, id: str) -> None:
        gone = f"UPDATE products SET deleted = {self.now}, changed = {self.now}" if self.soft else "DELETE FROM products"
        self._at(gone, id, ())

    def _at(self, statement: str, id: str, values: Any) -> None:
        parts = dict(zip(self.keys, id.split(","), strict=True))
        where = " AND ".join(f"CAST({key} AS TEXT) = {self.mark}" for key in parts)
        self.run(f"{statement} WHERE {where}", [*map(plain, values), *parts.values()])

    def settle(self) -> None:
        """A change shows at once."""


def column(name: str) -> str:
    return {"ExternalId": "external_id"}.get(name, name.lower())


def plain(value: Any) -> Any:
    return str(value) if isinstance(value, Decimal) else value


def subject_of(variant: str) -> Subject:
    absent = "north,999999" if variant.startswith("two keys") else "999999"
    return Subject(
        side=Side.LEFT,
        datatype="Product",
        text="Name",
        other="Number",
        amount="Price",
        unwanted="ExternalId" if "reference" not in VARIANTS[variant] else None,
        refused={"Price": "much"},
        absent=absent,
    )


def system_of(variant: str, folder: Path, more: str = "") -> SqlSystem:
    """What the manifest of a variant says."""
    file = folder / "shop.yaml"
    file.write_text(HEAD + VARIANTS[variant] + more, "utf-8")
    described = read_manifest(file)
    assert isinstance(described, SqlSystem)
    return described


def connector(described: SqlSystem, address: str, size: int | None = None) -> SqlConnector:
    if size is not None:
        limits = replace(described.sql.limits, page=size)
        described = replace(described, sql=replace(described.sql, limits=limits))
    return open_sql(described, Side.LEFT, {"Product": frozenset({"Name", "Number", "Price", "Active"})}, Secret(address), RealClock())


SQLITE = """
CREATE TABLE products (
    id INTEGER PRIMARY KEY AUTOINCREMENT, region TEXT NOT NULL DEFAULT 'north', name TEXT NOT NULL, number TEXT,
    price NUMERIC CONSTRAINT price_is_a_number CHECK (price IS NULL OR typeof(price) IN ('integer', 'real')), active BOOLEAN,
    external_id TEXT UNIQUE, rv INTEGER NOT NULL DEFAULT 0, changed TIMESTAMP, deleted TIMESTAMP);
CREATE TRIGGER raised_new AFTER INSERT ON products WHEN NEW.rv = 0
    BEGIN UPDATE products SET rv = (SELECT max(rv) + 1 FROM products) WHERE id = NEW.id; END;
CREATE TRIGGER raised AFTER UPDATE ON products WHEN NEW.rv = OLD.rv
    BEGIN UPDATE products SET rv = (SELECT max(rv) + 1 FROM products) WHERE id = NEW.id; END;
"""


def sqlite_world(file: Path, variant: str) -> SqlWorld:
    """A new database in a file."""
    with sqlite3.connect(file) as made:
        made.executescript(SQLITE)
    made.close()

    def run(statement: str, values: list[Any]) -> Any:
        connection = sqlite3.connect(file)
        try:
            rows = connection.execute(statement, values).fetchall()
            connection.commit()
            return rows[0][0] if rows else None
        finally:
            connection.close()

    keys = ("region", "id") if variant.startswith("two keys") else ("id",)
    return SqlWorld(run, keys, variant.startswith("two keys"), "strftime('%Y-%m-%d %H:%M:%f', 'now')", "?")


POSTGRES = """
CREATE TABLE products (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, region text NOT NULL DEFAULT 'north', name text NOT NULL, number text,
    price numeric(16, 2) CONSTRAINT a_price_is_not_negative_infinity CHECK (price > -1000000), active boolean,
    external_id text UNIQUE, rv bigint NOT NULL DEFAULT 0, changed timestamptz, deleted timestamptz);
CREATE SEQUENCE versions;
CREATE FUNCTION raised() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.rv := nextval('versions'); RETURN NEW; END $$;
CREATE TRIGGER raised BEFORE INSERT OR UPDATE ON products FOR EACH ROW EXECUTE FUNCTION raised();
"""


def postgres_world(address: str, variant: str) -> SqlWorld:
    """New tables on a server that is running."""
    with psycopg.connect(address, autocommit=True) as made:
        made.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
        made.execute(POSTGRES.encode())

    def run(statement: str, values: list[Any]) -> Any:
        with psycopg.connect(address, autocommit=True) as connection:
            found = connection.execute(statement.encode(), values)
            row = found.fetchone() if found.description else None
        return row[0] if row else None

    keys = ("region", "id") if variant.startswith("two keys") else ("id",)
    return SqlWorld(run, keys, variant.startswith("two keys"), "clock_timestamp()", "%s")


MARIADB = """
CREATE TABLE versions (value BIGINT NOT NULL);

INSERT INTO versions VALUES (0);

CREATE TABLE products (
    id BIGINT AUTO_INCREMENT, region VARCHAR(20) NOT NULL DEFAULT 'north', name MEDIUMTEXT NOT NULL, number TEXT,
    price DECIMAL(16, 2), active BOOLEAN, external_id VARCHAR(400) UNIQUE, rv BIGINT NOT NULL DEFAULT 0,
    changed DATETIME(6), deleted DATETIME(6), PRIMARY KEY ({keys}), KEY (id),
    CONSTRAINT a_price_is_not_negative_infinity CHECK (price > -1000000));

CREATE TRIGGER raised_new BEFORE INSERT ON products FOR EACH ROW
    BEGIN UPDATE versions SET value = value + 1; SET NEW.rv = (SELECT value FROM versions); END;

CREATE TRIGGER raised BEFORE UPDATE ON products FOR EACH ROW
    BEGIN UPDATE versions SET value = value + 1; SET NEW.rv = (SELECT value FROM versions); END;
"""


def mariadb_world(address: str, variant: str) -> SqlWorld:
    """New tables on a server that is running; the texts of a table are compared without case there."""
    keys = ("region", "id") if variant.startswith("two keys") else ("id",)
    with connect(address) as made, made.cursor() as cursor:
        cursor.execute("DROP DATABASE shop")
        cursor.execute("CREATE DATABASE shop CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci")
        cursor.execute("USE shop")
        for statement in MARIADB.replace("{keys}", ", ".join(keys)).split("\n\n"):
            cursor.execute(statement)

    def run(statement: str, values: list[Any]) -> Any:
        begin = "SET time_zone = '+00:00', sql_mode = CONCAT(@@sql_mode, ',PIPES_AS_CONCAT')"
        with connect(address, init_command=begin) as connection, connection.cursor() as cursor:
            cursor.execute(statement.replace(" AS TEXT)", " AS CHAR)"), values)
            row = cursor.fetchone() if cursor.description else None
        return row[0] if row else None

    return SqlWorld(run, keys, variant.startswith("two keys"), "SYSDATE(6)", "%s")

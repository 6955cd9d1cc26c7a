"""All tables and views of a database, as facts for a draft.

Owns: asking the catalogue for them. Does not own: what is concluded (config/drafting_sql.py).
"""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import mysql
from sqlalchemy.engine.interfaces import ReflectedColumn

from accord.connectors.sql_catalogue import kind_of
from accord.model.sqlfacts import ColumnFact, ForeignKey, TableFact


def survey(engine: sa.Engine, schema: str | None = None) -> list[TableFact]:
    """Every table, then every view, by name. Raises the driver's error if nobody answers."""
    inspector = sa.inspect(engine)
    tables = [_fact(inspector, name, schema, view=False) for name in sorted(inspector.get_table_names(schema))]
    return tables + [_fact(inspector, name, schema, view=True) for name in sorted(inspector.get_view_names(schema))]


def _fact(inspector: sa.Inspector, name: str, schema: str | None, view: bool) -> TableFact:
    key = [] if view else inspector.get_pk_constraint(name, schema)["constrained_columns"]
    columns = inspector.get_columns(name, schema)
    alone = len(key) == 1 and inspector.dialect.name == "sqlite"
    foreign = () if view else tuple(_foreign(inspector, each) for each in inspector.get_foreign_keys(name, schema))
    known = tuple(_column(each, alone and each["name"] in key) for each in columns)
    return TableFact(f"{schema}.{name}" if schema else name, known, tuple(key), foreign, view)


def _foreign(inspector: sa.Inspector, found: Any) -> ForeignKey:
    table = f"{found['referred_schema']}.{found['referred_table']}" if found["referred_schema"] else found["referred_table"]
    referred = (
        found["referred_columns"] or inspector.get_pk_constraint(found["referred_table"], found["referred_schema"])["constrained_columns"]
    )
    return ForeignKey(tuple(found["constrained_columns"]), table, tuple(referred))


def _column(found: ReflectedColumn, sole_key: bool) -> ColumnFact:
    held = found["type"]
    kind = kind_of(held)
    given = (
        found.get("default") is not None
        or bool(found.get("identity"))
        or bool(found.get("computed"))
        or found.get("autoincrement") is True
        or (sole_key and kind == "whole")  # SQLite numbers the rows of such a table itself
    )
    length = held.length if isinstance(held, sa.String) else None
    scale = held.scale if isinstance(held, sa.Numeric) else None
    fraction = (held.fsp or 0) if isinstance(held, mysql.DATETIME | mysql.TIMESTAMP) else None
    return ColumnFact(found["name"], kind, given, length, scale, fraction)

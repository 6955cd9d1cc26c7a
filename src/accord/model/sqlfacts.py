"""What a database's catalogue says of a table, as plain facts: what a first manifest is drafted from.

Owns: the shape of these facts. Does not own: asking for them (connectors/sql_survey.py), concluding from them (config/drafting_sql.py).
"""

from dataclasses import dataclass
from typing import Literal

ColumnKind = Literal["text", "whole", "number", "boolean", "date", "time", "zoned", "uuid", "other"]
"""What a column holds. ``time``: without a zone."""


@dataclass(frozen=True, slots=True)
class ColumnFact:
    """A column. ``given``: the database fills it by itself. ``length``: in characters; ``scale``: digits after the point.

    ``fraction``: digits of a second that a time is held with, where the catalogue tells.
    """

    name: str
    kind: ColumnKind
    given: bool = False
    length: int | None = None
    scale: int | None = None
    fraction: int | None = None


@dataclass(frozen=True, slots=True)
class ForeignKey:
    """Columns that hold the key of a row in another table."""

    columns: tuple[str, ...]
    table: str
    referred: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TableFact:
    """A table or a view. ``key``: of its primary key, empty where there is none."""

    name: str
    columns: tuple[ColumnFact, ...]
    key: tuple[str, ...] = ()
    foreign: tuple[ForeignKey, ...] = ()
    view: bool = False

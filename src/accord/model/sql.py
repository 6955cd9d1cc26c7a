"""How a database is described to the SQL connector: the other variant of a manifest (``protocol: sql``), as frozen data.

Owns: the shape of such a file, and SqlSystem, as which the rest of the program meets it. Does not own: reading it (config/sql_manifest.py),
obeying it (connectors/sql.py).

Tables and columns are named as the database's catalogue names them; a table may be ``schema.table``. The url is a secret reference.
"""

from dataclasses import dataclass, field
from typing import Any, Literal

from accord.model.manifest import Manifest, PropertyType

__pydantic_config__ = {"extra": "forbid"}


@dataclass(frozen=True, slots=True, kw_only=True)
class SqlLimits:
    """What the database bears. ``concurrency``: connections. ``page``: records read at once. ``deadline_seconds``: of one statement.

    ``settles_seconds``: how long after a write was given up the database may still carry it out.
    """

    concurrency: int = 4
    page: int = 500
    deadline_seconds: float = 30.0
    settles_seconds: float = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SqlClock:
    """How times are held: the zone of columns without one, how fine a modified time is, how late it may become visible (seconds)."""

    zone: str = "UTC"
    granularity_seconds: float = 0.001
    lag_seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SqlProperty:
    """One property and the column that holds it (default: its name). ``create``, ``update``: whether we may write it then."""

    column: str | None = None
    type: PropertyType = "string"
    create: bool = True
    update: bool = True
    scale: int | None = None
    precision_seconds: float = 1.0
    max_length: int | None = None
    options: tuple[Any, ...] | None = None
    clearing: Literal["null", "empty"] = "null"
    personal: bool = False
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SqlLines:
    """A child table as a list property.

    ``parent``: column of the child -> key column of the record. ``key``: what tells the lines of one record apart, in their order.
    """

    table: str
    parent: dict[str, str]
    key: tuple[str, ...]
    items: dict[str, SqlProperty]
    create: bool = True
    update: bool = True
    personal: bool = False
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SqlChanges:
    """How changes are known.

    modified: rows whose ``modified`` is not older than the last look less ``overlap_seconds``; version: rows whose ``version`` is not below
    the highest of the last look less ``overlap``, where versions rise over the whole table; table: ``table`` names what changed and what
    was deleted, as `accord manifest sql-triggers` makes it.
    """

    kind: Literal["modified", "version", "table"]
    table: str | None = None
    overlap_seconds: float = 60.0
    overlap: int = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class SoftDelete:
    """The column that says that a row is deleted. flag: it is true; time: it holds when."""

    column: str
    kind: Literal["flag", "time"] = "flag"


@dataclass(frozen=True, slots=True, kw_only=True)
class SqlDatatype:
    """A table or a view whose rows are records.

    ``generated``: the database gives a new row its key. ``version``: the column that changes with every change of the row. ``modified``:
    that of the time of the last change. ``touch``: columns that every write of ours sets, to the database's time or to one more than
    before, where the database does not do so itself. ``reference``: the property that takes our reference.
    """

    table: str
    key: tuple[str, ...]
    generated: bool = True
    version: str | None = None
    modified: str | None = None
    touch: dict[str, Literal["now", "next"]] = field(default_factory=dict)
    changes: SqlChanges | None = None
    soft_delete: SoftDelete | None = None
    reference: str | None = None
    create: bool = True
    update: bool = True
    delete: bool = False
    properties: dict[str, SqlProperty]
    lines: dict[str, SqlLines] = field(default_factory=dict)
    assumptions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SqlManifest:
    """A database: where it is, and which of its tables are datatypes. ``manifest`` is the version of this format (1).

    ``kind`` or ``protocol`` says sql; the second is how manifests said it first.
    """

    manifest: Literal[1]
    kind: Literal["sql"] = "sql"
    protocol: Literal["sql"] = "sql"
    system: str
    url: str
    limits: SqlLimits = field(default_factory=SqlLimits)
    clock: SqlClock = field(default_factory=SqlClock)
    datatypes: dict[str, SqlDatatype]


@dataclass(frozen=True, slots=True, kw_only=True)
class SqlSystem(Manifest):
    """A system that is a database: its datatypes and properties as those of every system, beside how its connector finds them.

    ``file``: where it was read, for what is said about it once the catalogue is known.
    """

    sql: SqlManifest
    file: str = ""

"""What every key of a manifest of ``protocol: sql`` means, with an example; beside manifest_keys.py, and held complete in the same way.

Owns: the words and the examples. Does not own: which keys there are (model/sql.py).
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from accord.config.manifest_keys import Key

_PROPERTIES = {"Name": {"column": "name"}, "Price": {"column": "price", "type": "decimal", "scale": 2}}
_LINES = {"table": "order_lines", "parent": {"order_id": "id"}, "key": ["line_number"], "items": {"Quantity": {"type": "decimal"}}}
_DATATYPE: dict[str, Any] = {"table": "products", "key": ["id"], "properties": _PROPERTIES}

SQL_KEYS: Mapping[tuple[str, str], Key] = MappingProxyType(
    {
        ("SqlManifest", "manifest"): Key("the version of this format, 1", 1),
        ("SqlManifest", "kind"): Key("that the system is a database", "sql"),
        ("SqlManifest", "protocol"): Key("the same, as manifests said it first; one of the two must be there", "sql"),
        ("SqlManifest", "system"): Key("the system's name, as the dataflow file says it", "shop"),
        ("SqlManifest", "url"): Key(
            "a reference to the address of the database, such as postgresql://user:password@host/database or sqlite:////folder/file.db",
            "${env:SHOP_DATABASE}",
        ),
        ("SqlManifest", "limits"): Key("what the database bears", {"concurrency": 4, "page": 500}),
        ("SqlManifest", "clock"): Key("how the database holds times", {"zone": "Europe/Oslo"}),
        ("SqlManifest", "datatypes"): Key("the kinds of record, by name", {"Product": _DATATYPE}),
        ("SqlLimits", "concurrency"): Key("how many connections are made at most", 4),
        ("SqlLimits", "page"): Key("how many rows are read at once", 500),
        ("SqlLimits", "deadline_seconds"): Key("for one statement, and for making a connection", 30.0),
        ("SqlLimits", "settles_seconds"): Key("how long after a write was given up the database may still carry it out", 60.0),
        ("SqlClock", "zone"): Key("the zone of columns that hold times without one", "Europe/Oslo"),
        ("SqlClock", "granularity_seconds"): Key("how fine the times of change are", 0.001),
        ("SqlClock", "lag_seconds"): Key("how much later than its time of change a row may become visible: the longest transaction", 5.0),
        ("SqlDatatype", "table"): Key("the table or view, as the database names it, with its schema where it needs one", "sales.products"),
        ("SqlDatatype", "key"): Key("the columns by which one row is known; their values are the record's id", ["id"]),
        ("SqlDatatype", "generated"): Key("the database gives a new row its key, which is read back", False),
        ("SqlDatatype", "version"): Key("the column that changes with every change of the row", "row_version"),
        ("SqlDatatype", "modified"): Key("the column of the time of the last change", "updated_at"),
        ("SqlDatatype", "touch"): Key(
            "columns that every write of ours sets, where the database does not: now is its time, next is one more than before",
            {"updated_at": "now"},
        ),
        ("SqlDatatype", "changes"): Key("how changes are known; without it everything is listed and compared", {"kind": "modified"}),
        ("SqlDatatype", "soft_delete"): Key("the column that says that a row is deleted", {"column": "deleted_at", "kind": "time"}),
        ("SqlDatatype", "reference"): Key(
            "the property that takes our reference, by which an unanswered create is found again", "ExternalId"
        ),
        ("SqlDatatype", "create"): Key("rows may be made", False),
        ("SqlDatatype", "update"): Key("rows may be changed", False),
        ("SqlDatatype", "delete"): Key("rows may be deleted, or marked as deleted where there is `soft_delete`", True),
        ("SqlDatatype", "properties"): Key("the properties, and the columns that hold them", _PROPERTIES),
        ("SqlDatatype", "lines"): Key("child tables, each as a property that is a list", {"Lines": _LINES}),
        ("SqlDatatype", "assumptions"): Key(
            "sentences that hold until somebody has confirmed them; `accord check` prints them", ["Ids are kept."]
        ),
        ("SqlChanges", "kind"): Key(
            "modified: by the time in `modified`; version: by `version`, where versions rise over the whole table; table: by a change "
            "table, which also tells deletions; `accord manifest sql-triggers` writes it",
            "table",
        ),
        ("SqlChanges", "table"): Key("of kind table: the change table", "changed_products"),
        ("SqlChanges", "overlap_seconds"): Key(
            "of kind modified: how far every question goes back before the last one; at least granularity plus lag", 60.0
        ),
        ("SqlChanges", "overlap"): Key(
            "of kind version: the same in versions; as many as may be written while one transaction is open", 1000
        ),
        ("SoftDelete", "column"): Key("the column", "deleted_at"),
        ("SoftDelete", "kind"): Key("flag: it is true; time: it holds when", "time"),
        ("SqlProperty", "column"): Key("the column that holds it, where it has another name", "first_name"),
        ("SqlProperty", "type"): Key("what its values are", "date"),
        ("SqlProperty", "create"): Key("a new row may be given it", False),
        ("SqlProperty", "update"): Key("it may be changed", False),
        ("SqlProperty", "scale"): Key("how many digits after the point it holds", 2),
        ("SqlProperty", "precision_seconds"): Key("how fine an instant it holds", 1.0),
        ("SqlProperty", "max_length"): Key("how many characters it holds", 60),
        ("SqlProperty", "options"): Key("the values that it can have", ["draft", "won", "lost"]),
        ("SqlProperty", "clearing"): Key("what is written to empty it", "empty"),
        ("SqlProperty", "personal"): Key("it says something about a person; it is masked where values are shown", True),
        ("SqlProperty", "note"): Key("a remark for people", "the English name of the country"),
        ("SqlLines", "table"): Key("the child table", "order_lines"),
        ("SqlLines", "parent"): Key(
            "its columns that hold the record's key, and the column of the key that each holds", {"order_id": "id"}
        ),
        ("SqlLines", "key"): Key("its columns that tell the lines of one record apart, and put them in order", ["line_number"]),
        ("SqlLines", "items"): Key("what is in a line", {"Quantity": {"column": "quantity", "type": "decimal", "scale": 3}}),
        ("SqlLines", "create"): Key("a new record may be given lines", False),
        ("SqlLines", "update"): Key("the lines of a record may be changed", False),
        ("SqlLines", "personal"): Key("they say something about a person", True),
        ("SqlLines", "note"): Key("a remark for people", "the lines of the order"),
    }
)

SQL_SHAPES: Mapping[str, str] = MappingProxyType(
    {
        "SqlManifest": "A database",
        "SqlLimits": "Limits of a database",
        "SqlClock": "The clock of a database",
        "SqlDatatype": "A datatype in tables",
        "SqlProperty": "A property in a column",
        "SqlLines": "Lines in a child table",
        "SqlChanges": "Changes of a table",
        "SoftDelete": "Rows marked as deleted",
    }
)
"""Shape -> its heading, in the order of the reference."""

"""Where a state is: a file, or a schema of a PostgreSQL database.

Owns: how such an address is read and shown, and which name a schema has by default. Does not own: opening (sqlite.py, postgres.py).

    postgresql://accord@db.example/accord?schema=tenant_a&sslmode=verify-full

All but ``schema`` is the address as PostgreSQL's own programs take it. A server that does not answer is waited for 10 s by default.
"""

import hashlib
import re
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

from accord.errors import UsageError

SCHEMES = ("postgresql://", "postgres://")
CONNECT_SECONDS = "10"
LONGEST = 63
"""PostgreSQL cuts longer names, and would take two for one."""

_PLAIN = re.compile(r"[a-z_][a-z0-9_]*")


@dataclass(frozen=True, slots=True)
class DatabasePlace:
    """One dataflow's schema. ``address``: for the driver, with secrets. The text of a place holds none."""

    address: str = field(repr=False)
    schema: str
    shown: str

    def __str__(self) -> str:
        return self.shown


def is_database(state: str) -> bool:
    """Whether a state is in PostgreSQL; a file otherwise."""
    return state.startswith(SCHEMES)


def database_place(state: str, name: str) -> DatabasePlace:
    """Read an address. ``name``: of the dataflow, for the schema where the address names none. Raises UsageError for a bad one."""
    try:
        parts = urlsplit(state)
        words = parse_qsl(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query))
    except ValueError:  # its words are not repeated: there may be a password among them
        raise UsageError(
            "the address of the state cannot be read", "Write postgresql://USER@HOST/DATABASE; write %40 for @ within a password."
        ) from None
    chosen = [value for word, value in words if word == "schema"]
    schema = chosen[-1] if chosen else schema_of(name)
    if not _PLAIN.fullmatch(schema) or schema.startswith("pg_") or len(schema) > LONGEST:
        remedy = f"Use small letters, digits and _, up to {LONGEST}, not pg_ in front."
        raise UsageError(f"{schema[:LONGEST]!r} is no name for a schema", remedy)
    rest = urlencode([("connect_timeout", CONNECT_SECONDS), *(word for word in words if word[0] != "schema")], quote_via=quote)
    shown = (parts.netloc.rpartition("@")[2] or dict(words).get("host", "localhost")) + parts.path
    return DatabasePlace(urlunsplit(parts._replace(query=rest)), schema, f"postgresql://{shown} (schema {schema})")


def schema_of(name: str) -> str:
    """A schema's name for a dataflow's: readable, and another one for each other name."""
    plain = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")
    schema = f"accord_{plain}"
    if plain == name and len(schema) <= LONGEST:
        return schema
    mark = hashlib.blake2b(name.encode(), digest_size=5).hexdigest()
    return f"{schema[: LONGEST - len(mark) - 1]}_{mark}"

"""A session on a PostgreSQL server: its settings, the lease that only one engine holds, and the schema at this version.

Owns: who may write. The lease is an advisory lock of the session: it ends with the process, with the host (keepalives) and, by the server's
own clock, when an engine has been silent for LEASE_SECONDS, though it may only be paused. Whoever takes it next raises the fence, and what
was paused finds that out within the transaction in which it would commit. An engine that nobody followed opens its session again and goes
on. Does not own: transactions, the sign of life (postgres_database.py).

One schema per dataflow. Nothing outside of it is read or written, but for the server's own catalogues.
"""

import hashlib

import psycopg
from psycopg import sql

from accord.errors import StoreBusy, StoreError
from accord.store.migrating import migrations
from accord.store.places import DatabasePlace
from accord.store.postgres_database import Connection, query
from accord.store.postgres_errors import explained, overtaken
from accord.store.postgres_values import keep_every_character

LEASE_SECONDS = 30
"""So long may an engine be silent before another may take its place."""

FOLDER = "postgres/migrations"

TAKING = "SET lock_timeout = '500ms'"
"""A process that was killed may seem to live for a moment."""

OLDEST_SERVER = 140_000
SERVER_WITH_TRANSACTION_TIMEOUT = 170_000

SETTINGS = """
SET lock_timeout = '10s';
SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3;
SET jit = off;
SET timezone = 'UTC';
"""
"""Compiling a statement takes longer than any of ours runs."""


def connect(place: DatabasePlace) -> Connection:
    """Open a session in the schema of a place. Raises StoreError if the server cannot be used."""
    try:
        connection: Connection = psycopg.connect(
            place.address,
            autocommit=True,
            cursor_factory=psycopg.RawCursor,
            prepare_threshold=None,
            client_encoding="UTF8",
        )
    except psycopg.ProgrammingError:  # the address itself, which is not repeated
        raise StoreError(f"{place}: this is no address of a PostgreSQL database", "Write postgresql://USER@HOST/DATABASE.") from None
    except psycopg.Error as error:
        raise explained(error, str(place)) from error
    try:
        _require(connection, place)
        keep_every_character(connection)
        connection.execute(SETTINGS)
        connection.execute(sql.SQL("SET search_path = {}, pg_temp").format(sql.Identifier(place.schema)))
        if connection.execute("SHOW synchronous_commit").fetchone() == ("off",):
            connection.execute("SET synchronous_commit = on")
    except BaseException:
        connection.close()
        raise
    return connection


def _require(connection: Connection, place: DatabasePlace) -> None:
    encoding = connection.info.parameter_status("server_encoding")
    if connection.info.server_version < OLDEST_SERVER:
        raise StoreError(f"{place}: this server is older than PostgreSQL 14", "Use a newer server.")
    if encoding != "UTF8":
        raise StoreError(f"{place}: this database keeps texts as {encoding}", "Make a database with the encoding UTF8.")


def become_engine(connection: Connection, place: DatabasePlace, lease_seconds: float) -> int:
    """Take the lease, bring the schema to this version and raise the fence; the new number. Raises StoreBusy, StoreError."""
    _take_lease(connection, place, lease_seconds)
    try:
        _make_schema(connection, place)
        bring_up_to_date(connection, place)
        ((fence,),) = connection.execute(query("fence_raise")).fetchall()
    except psycopg.Error as error:
        raise explained(error, str(place)) from error
    _name_session(connection, fence)
    return int(fence)


def come_back(place: DatabasePlace, lease_seconds: float, fence: int) -> Connection:
    """A new session for the engine with this number. Raises StoreBusy if another took over in the meantime (P21), StoreError."""
    connection = connect(place)
    try:
        _end_ghost(connection, place, fence)
        _take_lease(connection, place, lease_seconds)
        if connection.execute(query("fence")).fetchall() != [(fence,)]:
            raise overtaken(str(place))
        _name_session(connection, fence)
    except BaseException:
        connection.close()
        raise
    return connection


def version_of(connection: Connection, place: DatabasePlace) -> int:
    """The version of a schema; 0 for one that is empty or not there. Raises StoreError for a newer one, and for another program's."""
    newest = migrations(FOLDER)[-1][0]
    tables = {
        name for (name,) in connection.execute("SELECT tablename::text FROM pg_tables WHERE schemaname = $1", (place.schema,)).fetchall()
    }
    if not tables:
        return 0
    if not {"engine", "linked", "journaled"} <= tables:
        raise StoreError(f"{place}: this schema belongs to another program", "Name another schema in the address: ?schema=NAME.")
    ((version,),) = connection.execute("SELECT version FROM engine").fetchall()
    if version > newest:
        raise StoreError(
            f"{place}: this state was made by a newer version of accord (schema {version}, this one knows {newest})",
            "Use that version of accord, or a newer one. Nothing was changed.",
        )
    return int(version)


def bring_up_to_date(connection: Connection, place: DatabasePlace) -> None:
    """Apply what is missing, each migration in a transaction of its own. Raises as ``version_of``."""
    version = version_of(connection, place)
    for number, text in migrations(FOLDER):
        if number > version:
            with connection.transaction():
                connection.execute(text)
                connection.execute("UPDATE engine SET version = $1", (number,))


def lease_key(schema: str) -> int:
    """The number of a schema's advisory lock in its database."""
    return int.from_bytes(hashlib.blake2b(f"accord state {schema}".encode(), digest_size=8).digest(), "big", signed=True)


def _take_lease(connection: Connection, place: DatabasePlace, lease_seconds: float) -> None:
    try:
        connection.execute(TAKING)
        connection.execute("SELECT pg_advisory_lock($1)", (lease_key(place.schema),))
    except psycopg.errors.LockNotAvailable:
        raise StoreBusy(
            f"another engine holds this state ({_holder(connection, place)})",
            f"Wait until it has ended, or stop it; only one may write at a time. One that is silent for {lease_seconds:g} s has lost it.",
        ) from None
    connection.execute(SETTINGS)
    limits = {"idle_session_timeout": lease_seconds, "idle_in_transaction_session_timeout": lease_seconds}
    if connection.info.server_version >= SERVER_WITH_TRANSACTION_TIMEOUT:
        limits["transaction_timeout"] = 10 * lease_seconds  # one that is paused while it sends rows is not idle
    for name, seconds in limits.items():
        connection.execute("SELECT set_config($1, $2, false)", (name, f"{int(seconds * 1000)}ms"))


_HOLDER = """
SELECT activity.pid, activity.application_name, coalesce(host(activity.client_addr), 'this host')
FROM pg_locks AS held JOIN pg_stat_activity AS activity ON activity.pid = held.pid
WHERE held.locktype = 'advisory' AND held.granted AND held.objsubid = 1
    AND held.database = (SELECT oid FROM pg_database WHERE datname = current_database())
    AND held.classid::bigint = ($1::bigint >> 32) & 4294967295 AND held.objid::bigint = $1::bigint & 4294967295
"""


def _holder(connection: Connection, place: DatabasePlace) -> str:
    """Who holds the lease, in words."""
    for pid, name, host in connection.execute(_HOLDER, (lease_key(place.schema),)).fetchall():
        return f"{name or 'another program'} from {host}, process {pid} of the server"
    return "unknown"


def _end_ghost(connection: Connection, place: DatabasePlace, fence: int) -> None:
    """A session of this very engine may live on in a server that has not noticed its end; nobody else has this fence number."""
    for pid, name, _ in connection.execute(_HOLDER, (lease_key(place.schema),)).fetchall():
        if name == _session_name(fence):
            connection.execute("SELECT pg_terminate_backend($1, 5000)", (pid,))


def _name_session(connection: Connection, fence: int) -> None:
    connection.execute("SELECT set_config('application_name', $1, false)", (_session_name(fence),))


def _session_name(fence: int) -> str:
    return f"accord engine {fence}"


def _make_schema(connection: Connection, place: DatabasePlace) -> None:
    """Only if it is not there: who has a schema of its own need not be allowed to make one."""
    if connection.execute("SELECT to_regnamespace(quote_ident($1)) IS NULL", (place.schema,)).fetchall() == [(True,)]:
        connection.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(place.schema)))

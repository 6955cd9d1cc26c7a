"""What PostgreSQL says, as a StoreError with what to do.

Owns: the wording. Does not own: when a call is tried again (postgres_database.py). No message repeats a connection's parameters: there may
be a password among them.
"""

import psycopg
from psycopg import errors

from accord.errors import StoreBusy, StoreError
from accord.store.statements import Taken


def explained(error: psycopg.Error, place: str) -> StoreError:
    """What happened to a state in PostgreSQL, and what a person can do about it."""
    match error:
        case errors.IntegrityError():
            return Taken(f"{place}: {_words(error)}", "Nothing was recorded. This is a fault in accord: please report it.")
        case errors.LockNotAvailable() | errors.DeadlockDetected():
            return StoreBusy(f"{place}: another program holds what is needed here", "Wait until it has ended, then run it again.")
        case errors.DiskFull() | errors.OutOfMemory():
            return StoreError(f"{place}: the server has no space left", "Nothing was lost. Make room on the server and run it again.")
        case errors.ReadOnlySqlTransaction():
            return StoreError(
                f"{place}: this may be looked at only",
                "Give the address of the primary server, and a user that may write.",
            )
        case errors.InvalidAuthorizationSpecification() | errors.InsufficientPrivilege():
            return StoreError(
                f"{place}: the server refuses this user ({_words(error)})",
                "Check user and password. The user needs CREATE on the database, or a schema of its own.",
            )
        case errors.UndefinedTable() | errors.UndefinedColumn() | errors.DataCorrupted() | errors.IndexCorrupted():
            return StoreError(f"{place}: this is no state of accord, or it is damaged ({_words(error)})", "Put a backup back.")
        case psycopg.OperationalError() | psycopg.InterfaceError():
            return StoreError(
                f"{place}: the server cannot be reached, or ended the connection ({_words(error)})",
                "What was reported as recorded is. See that the server runs and can be reached, then run it again.",
            )
    return StoreError(f"{place}: {_words(error)}", "Nothing was recorded. Check the server, then run it again.")


def uncertain(error: psycopg.Error, place: str) -> StoreError:
    """The connection was lost while a transaction was being committed."""
    return StoreError(
        f"{place}: the connection was lost while something was being recorded, so it is not known whether it was ({_words(error)})",
        "Run it again: it looks first at what was recorded.",
    )


def forgotten(place: str) -> StoreError:
    """A server has come back with less than was recorded."""
    return StoreError(
        f"{place}: the server has come back without what was recorded last",
        "Run it again: what is missing is read again. If another server has taken over, let it be one that is never behind.",
    )


def overtaken(place: str) -> StoreBusy:
    """The fence of another engine stands (P21)."""
    return StoreBusy(f"{place}: another engine has taken this state over", "This one commits nothing any more; end it.")


def _words(error: psycopg.Error) -> str:
    if said := error.diag.message_primary:
        return said
    lines = [line for line in str(error).splitlines() if line.strip()]
    return lines[-1].strip() if lines else type(error).__name__

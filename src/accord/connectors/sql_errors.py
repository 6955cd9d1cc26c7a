"""What a database's refusal means: whose fault it is, which property it is about, and words that may be shown.

Owns: the way from a driver's error to the project's own tree, and to the outcome of one write. Does not own: making the calls. Pure.

A driver's message may quote values and the address; only its first line is told, and what it quotes is masked by who shows it.
"""

import re
from collections.abc import Iterable

from sqlalchemy import exc

from accord.connectors import sql_mysql
from accord.connectors.redacting import masked
from accord.connectors.sql_catalogue import Bound
from accord.errors import ListingFailed, SystemProblem, SystemRefused, SystemUnavailable
from accord.model.plans import Outcome, OutcomeKind, Write

_LONGEST = 300
_REFUSES_US = ("28", "42501", "3D000", "53300")  # who we are, what we may, which database, how many may connect (SQLSTATE)
_NOT_NOW = ("57", "40", "55", "53", "58", "08")  # stopped, lost a race, locked, out of something, connection (SQLSTATE classes)
_ABOUT_VALUES = ("22", "23")  # what is no value there, what breaks a constraint (SQLSTATE classes)
_SQLITE_NAMES = re.compile(r"(?:UNIQUE|NOT NULL) constraint failed: (.+)")
_NO_ENTRY = re.compile(r"password authentication failed|no password supplied|does not exist|no pg_hba\.conf|Access denied", re.IGNORECASE)


def state_of(error: exc.DBAPIError) -> str:
    """The SQLSTATE, or "" where the driver tells none."""
    code = sql_mysql.code_of(error.orig)
    if code is not None and (known := sql_mysql.state_of_code(code)):
        return known
    return str(getattr(error.orig, "sqlstate", None) or "")


def words_of(error: BaseException, values: Iterable[object] = ()) -> str:
    """The database's own words: the first line, without what was written about anybody."""
    orig = getattr(error, "orig", None) or error
    primary = getattr(getattr(orig, "diag", None), "message_primary", None)
    own = sql_mysql.words(orig) if sql_mysql.code_of(orig) is not None else orig
    line = str(primary or own).strip().partition("\n")[0]
    shown = masked("".join(each if each.isprintable() else " " for each in line), (), [each for each in values if isinstance(each, str)])
    return shown[:_LONGEST] or type(orig).__name__


def problem_of(error: exc.SQLAlchemyError, system: str, doing: str) -> SystemProblem:
    """A read that failed, as the engine knows it."""
    if not isinstance(error, exc.DBAPIError):
        return SystemUnavailable(system, f"{doing}: {words_of(error)}")
    if refuses_us(error):
        remedy = sql_mysql.remedy_of(error.orig) or "Look at the address in url, and at what its user may do in the database."
        return SystemRefused(system, f"{doing}: {words_of(error)}", remedy)
    if isinstance(error, exc.OperationalError | exc.InterfaceError) or error.connection_invalidated:
        return SystemUnavailable(system, f"{doing}: {words_of(error)}")
    return ListingFailed(system, f"{doing}: {words_of(error)}")


def refuses_us(error: exc.DBAPIError) -> bool:
    """Whether it is we that are refused, and not this one statement."""
    state = state_of(error)
    return state.startswith(_REFUSES_US) or (not state and bool(_NO_ENTRY.search(str(error.orig))))


def outcome_of(error: exc.SQLAlchemyError, write: Write, bound: Bound, committing: bool) -> Outcome:
    """What became of a write whose transaction failed. ``committing``: while it was made durable."""
    words = words_of(error, write.values.values())
    state = state_of(error) if isinstance(error, exc.DBAPIError) else ""
    if isinstance(error, exc.IntegrityError | exc.DataError) or (isinstance(error, exc.DBAPIError) and state.startswith(_ABOUT_VALUES)):
        name = _property(error, bound)
        return Outcome(write.key, OutcomeKind.REFUSED, message=f"{name}: {words}" if name else words, property=name)
    if not isinstance(error, exc.DBAPIError):
        kind = OutcomeKind.REFUSED if isinstance(error, exc.StatementError) else OutcomeKind.FAILED
        return Outcome(write.key, OutcomeKind.UNKNOWN if committing else kind, message=words)
    if refuses_us(error):
        return Outcome(write.key, OutcomeKind.FAILED, message=words, fatal=True)
    if committing and not state.startswith("40"):
        return Outcome(write.key, OutcomeKind.UNKNOWN, message=words)
    if state.startswith(_NOT_NOW) or (not state and isinstance(error, exc.OperationalError | exc.InterfaceError)):
        return Outcome(write.key, OutcomeKind.FAILED, message=words)
    return Outcome(write.key, OutcomeKind.REFUSED, message=words)


def _property(error: exc.DBAPIError, bound: Bound) -> str | None:
    """The property that the database complains of, where it names a column or a constraint of which the catalogue knows the columns."""
    by_column = {each.column.name: each.name for each in bound.fields.values()}
    columns = _columns(error, bound)
    return next((by_column[each] for each in columns if each in by_column), None)


def _columns(error: exc.DBAPIError, bound: Bound) -> Iterable[str]:
    diagnosis = getattr(error.orig, "diag", None)
    if diagnosis is not None:
        if diagnosis.column_name:
            return [diagnosis.column_name]
        return bound.constraints.get(diagnosis.constraint_name or "", ())
    if error.orig is not None and sql_mysql.code_of(error.orig) is not None:
        return [column for name in sql_mysql.names(error.orig) for column in bound.constraints.get(name, (name,))]
    if found := _SQLITE_NAMES.match(str(error.orig)):
        return [each.strip().rpartition(".")[2] for each in found[1].split(",")]
    named = re.match(r"CHECK constraint failed: (\w+)", str(error.orig))
    return bound.constraints.get(named[1], (named[1],)) if named else ()

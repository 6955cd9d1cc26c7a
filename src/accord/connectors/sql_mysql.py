"""What MySQL and MariaDB do otherwise: how a session begins, what their errors mean, from where on a change table may still grow.

Owns: these differences, as far as the SQL toolkit does not level them. Does not own: connections (sql_database.py), statements of others.
"""

import re
from collections.abc import Iterable
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects import mysql
from sqlalchemy.types import NullType

BACKENDS: Final = ("mysql", "mariadb")

_WITHOUT_TRANSACTIONS: Final = ("myisam", "aria", "memory", "csv", "archive", "mrg_myisam", "blackhole")

_NO_SUCH_ZONE: Final = 1298
_STATES: Final = {
    **dict.fromkeys((1044, 1049, 1142, 1143, 1227, _NO_SUCH_ZONE, 1370, 1698), "42501"),  # what we may, which database, no such zone
    **dict.fromkeys((1317, 1969, 3024), "57014"),  # took too long
    **dict.fromkeys((1053, 1290, 1836, 1927), "57P01"),  # going down, or read only for now
    **dict.fromkeys((1205, 3572), "55P03"),  # locked
    **dict.fromkeys((1021, 1114), "53100"),  # full
    **dict.fromkeys((1040, 1203, 2002, 2003, 2006, 2013, 2014, 2055), "08006"),  # no connection, or none any more
    **dict.fromkeys((1366, 1292, 1264, 1265, 1406), "22000"),  # a value that the column does not hold
    **dict.fromkeys((1048, 1364, 3819, 4025), "23000"),
}
"""Their number of an error -> the SQLSTATE that others give it; theirs is HY000 for nearly everything."""

_QUOTING: Final = (
    (re.compile(r"Duplicate entry '.*' for key"), "Duplicate entry for key"),
    (re.compile(r"(ncorrect [\w ]+ value): '.*?'(?= for |$)"), r"\1"),
)
_NAMES: Final = (
    re.compile(r"for key '(?:[^']*\.)?([^'.]+)'"),
    re.compile(r"[Cc]olumn '([^']+)'"),
    re.compile(r"[Cc]olumn (?:`[^`]*`\.)*`([^`]+)`"),
    re.compile(r"Field '([^']+)'"),
    re.compile(r"FOREIGN KEY \(`([^`]+)`"),
    re.compile(r"CONSTRAINT `(?:[^`.]*\.)?([^`]+)`"),
    re.compile(r"Check constraint '([^']+)'"),
)


class _Bit(sa.TypeDecorator[int]):
    """Bits, which the driver hands out as bytes, as the number that they can be compared with."""

    impl = sa.Integer
    cache_ok = True

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> int | None:  # noqa: ARG002  the toolkit passes it
        return int.from_bytes(value) if isinstance(value, bytes) else value


def session(zone: str, seconds: float) -> str:
    """What a session begins with: values are refused and not cut, times are in the manifest's zone, and nothing is waited for too long."""
    offset = "+00:00" if zone == "UTC" else zone.replace("'", "")
    return (
        f"SET SESSION time_zone = '{offset}', sql_mode = CONCAT_WS(',', NULLIF(@@sql_mode, ''), 'STRICT_ALL_TABLES'), "
        f"innodb_lock_wait_timeout = {max(1, int(seconds))} "
        f"/*!50708 , max_execution_time = {int(seconds * 1000)} */ /*M!100101 , max_statement_time = {seconds} */"
    )


def code_of(orig: object) -> int | None:
    """The number of their error; None for one that is not theirs."""
    args = getattr(orig, "args", ())
    theirs = type(orig).__module__.startswith("pymysql")
    return args[0] if theirs and args and isinstance(args[0], int) else None


def state_of_code(code: int) -> str | None:
    """The SQLSTATE that others give an error of this number, where theirs does not tell."""
    return _STATES.get(code)


def remedy_of(orig: object) -> str | None:
    """What helps against their error, if it is something of its own."""
    if code_of(orig) == _NO_SUCH_ZONE:
        return "Have the time zones loaded into the server (mariadb-tzinfo-to-sql, mysql_tzinfo_to_sql), or leave clock: zone at UTC."
    return None


def words(orig: BaseException) -> str:
    """The text of their error without the values that it quotes."""
    text = str(orig.args[1]) if len(orig.args) > 1 else str(orig)
    for quoting, plain in _QUOTING:
        text = quoting.sub(plain, text)
    return text


def names(orig: BaseException) -> Iterable[str]:
    """The columns and constraints that their error names, likeliest first."""
    text = str(orig.args[1]) if len(orig.args) > 1 else ""
    return [found[1] for pattern in _NAMES if (found := pattern.search(text))]


def keeps_no_transactions(table: sa.Table) -> str | None:
    """The table's engine, if it cannot take a change back."""
    engine = str(table.kwargs.get("mysql_engine") or table.kwargs.get("mariadb_engine") or "")
    return engine if engine.lower() in _WITHOUT_TRANSACTIONS else None


def plain_type(held: Any) -> Any:
    """A reflected type whose values arrive as the database spells them."""
    if isinstance(held, mysql.SET):
        return sa.String()
    if isinstance(held, mysql.BIT):
        return _Bit()
    if isinstance(held, mysql.TIME | mysql.YEAR):  # one may be more than a day, the other is a number
        return NullType()
    if isinstance(held, sa.Float):
        held.asdecimal = False  # or digits after the tenth would be lost on the way
    return held


def is_truth(held: Any) -> bool:
    """BOOLEAN is no type there, but a number of one digit; a bit is the other way to say it."""
    if isinstance(held, mysql.TINYINT):
        return held.display_width == 1
    return isinstance(held, mysql.BIT) and held.length in (None, 1)

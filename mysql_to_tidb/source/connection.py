"""Opens connections to the source and says in the user's words what its errors mean."""

from collections.abc import Iterator
from contextlib import contextmanager

import pymysql
from pymysql.connections import Connection

from mysql_to_tidb.connection import ServerConnection, connect, error_number, error_text
from mysql_to_tidb.errors import (
    BinlogPurged,
    BinlogServerIdTaken,
    MigrationError,
    SourceConnectionFailed,
    SourceRefused,
    SourceUnavailable,
    StreamError,
)
from mysql_to_tidb.model.positions import ServerIdentity
from mysql_to_tidb.model.settings import ServerSettings
from mysql_to_tidb.refusals import REFUSED_LOGIN, hint_for
from mysql_to_tidb.tls import handshake_problem

SESSION = {
    # Without it a key that is an invalid date, such as 2021-02-31, could not be compared with.
    "sql_mode": "'ALLOW_INVALID_DATES'",
    "time_zone": "'+00:00'",
    # A slow target must not make the source give up a read (MySQL manual, net_write_timeout).
    "net_write_timeout": 3600,
    "net_read_timeout": 3600,
}

CONNECT_MESSAGE = (
    "Failed to connect to the source database using given parameters. Please make sure the source database "
    "is up and can be connected using the given parameters."
)
UNAVAILABLE_MESSAGE = (
    "Failed to connect to the source database. Please check whether the database is available or the "
    "maximum connections have been reached."
)
PURGED_MESSAGE = (
    "The required binary log for migration no longer exists on the source database. Please make sure binary "
    "log files are kept for long enough time for migration to succeed."
)

READ_TIMEOUT_SECONDS = 3600

# Error numbers: MySQL manual, Server Error Message Reference and Client Error Message Reference.
_UNAVAILABLE = {
    1040,
    1053,
    1077,
    1079,
    1129,
    1152,
    1158,
    1159,
    1160,
    1161,
    1203,
    1226,
    1317,
    1927,
    2002,
    2003,
    2006,
    2013,
    2055,
}
_PASSING = {1205, 1213, 1412, 1969, 3024}
_DUMP_REFUSED = 1236


def open_source(settings: ServerSettings, *, read_timeout_seconds: int = READ_TIMEOUT_SECONDS) -> Connection:
    """A connection to the source with pinned session settings, in autocommit mode.

    Raises SourceConnectionFailed or SourceUnavailable.
    """
    with source_errors(settings):
        return connect(settings, ServerConnection, session=SESSION, read_timeout_seconds=read_timeout_seconds)


@contextmanager
def source_errors(settings: ServerSettings | None = None, *, where: str = "") -> Iterator[None]:
    """Turn what the driver raises inside into the errors of `mysql_to_tidb.errors`."""
    try:
        yield
    except (pymysql.MySQLError, OSError) as error:
        raise classify(error, settings, where=where) from error


def classify(error: BaseException, settings: ServerSettings | None = None, *, where: str = "") -> MigrationError:
    """What a driver error of the source means, decided by its number."""
    number, text = error_number(error), error_text(error)
    at = where or (f"source {settings}" if settings else "source")
    if problem := handshake_problem(error):
        return SourceConnectionFailed(f"{CONNECT_MESSAGE} ({problem.reason})", where=at, hint=problem.hint)
    if number == _DUMP_REFUSED:
        return _dump_refused(text, at)
    if number in REFUSED_LOGIN:
        hint = hint_for(error, settings)
        return SourceConnectionFailed(f"{CONNECT_MESSAGE} ({number}: {text})", where=at, hint=hint)
    if number in _UNAVAILABLE or isinstance(error, OSError | pymysql.err.InterfaceError):
        hint = hint_for(error, settings)
        return SourceUnavailable(f"{UNAVAILABLE_MESSAGE} ({number}: {text})", where=at, hint=hint)
    if number in _PASSING:
        return SourceUnavailable(f"the source asked to try again ({number}: {text})", where=at)
    return SourceRefused(f"the source refused a statement ({number}: {text})", where=at)


def _dump_refused(text: str, where: str) -> MigrationError:
    """Error 1236 covers all that a binlog dump may run into; only its text tells the causes apart."""
    lower = text.lower()
    if any(words in lower for words in ("purged", "could not find first log file", "not in the master's binlog")):
        return BinlogPurged(PURGED_MESSAGE, where=f"{where} ({text})")
    if "same server_uuid/server_id" in lower or "same server_id" in lower:
        return BinlogServerIdTaken("another replica uses this job's server id", where=f"{where} ({text})")
    return StreamError(f"the source cannot send its binary log: {text}", where=where)


def read_identity(connection: Connection) -> ServerIdentity:
    """Which server this is and which dialect it speaks. Raises the errors of `source_errors`."""
    with source_errors(), connection.cursor() as cursor:
        cursor.execute("SELECT VERSION(), @@server_id, @@hostname, @@port")
        ((version, server_id, host, port),) = cursor.fetchall()
        cursor.execute("SHOW GLOBAL VARIABLES WHERE Variable_name IN ('server_uuid', 'gtid_mode')")
        variables = {str(name).lower(): str(value) for name, value in cursor.fetchall()}
    mariadb = "mariadb" in str(version).lower()
    return ServerIdentity(
        uuid=variables.get("server_uuid") or f"{server_id}@{host}:{port}",
        server_id=int(server_id),
        version=str(version),
        mariadb=mariadb,
        gtids=mariadb or variables.get("gtid_mode", "OFF").upper() == "ON",
    )

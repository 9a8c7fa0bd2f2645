"""How much the source has to do right now, as far as it says so itself."""

from dataclasses import dataclass

import pymysql
from pymysql.connections import Connection
from pymysql.cursors import DictCursor

from mysql_to_tidb.connection import was_refused
from mysql_to_tidb.source.connection import source_errors


@dataclass(frozen=True, slots=True)
class Strain:
    """One look at a server."""

    threads_running: int
    """Statements in work, ours among them."""
    lag_seconds: float | None
    """How far it is behind the server that it replicates from; None where it is no replica, or may not be asked."""


def read_strain(connection: Connection) -> Strain:
    """Look once. Raises what the source raises."""
    with source_errors(where="load of the source"), connection.cursor(DictCursor) as cursor:
        cursor.execute("SHOW GLOBAL STATUS LIKE 'Threads_running'")
        running = int(cursor.fetchall()[0]["Value"])
        return Strain(running, _lag_seconds(cursor))


def _lag_seconds(cursor: DictCursor) -> float | None:
    """Of the slowest channel (MySQL manual, SHOW REPLICA STATUS; MariaDB and older servers know the older words)."""
    for statement in ("SHOW REPLICA STATUS", "SHOW SLAVE STATUS"):
        try:
            cursor.execute(statement)
        except pymysql.MySQLError as error:
            if not was_refused(error):
                raise
            continue
        rows = cursor.fetchall()
        lags = [row.get("Seconds_Behind_Source", row.get("Seconds_Behind_Master")) for row in rows]
        return max((float(lag) for lag in lags if lag is not None), default=None)
    return None

"""Tells whether anything can still write to the source, and how far its counters are."""

from collections.abc import Sequence

import pymysql
from pymysql.connections import Connection

from mysql_to_tidb.connection import was_refused
from mysql_to_tidb.model.names import TableName, quote_name
from mysql_to_tidb.source.connection import source_errors


def write_protection(connection: Connection) -> str:
    """The strictest of the switches that keep writes away; empty where none is on."""
    with source_errors(where="read_only"), connection.cursor() as cursor:
        names = "'super_read_only', 'read_only', 'innodb_read_only'"
        cursor.execute(f"SHOW GLOBAL VARIABLES WHERE Variable_name IN ({names})")
        on = {str(name).lower() for name, value in cursor.fetchall() if str(value).upper() in {"ON", "1"}}
    return next((name for name in ("super_read_only", "innodb_read_only", "read_only") if name in on), "")


def open_transactions(connection: Connection) -> int:
    """How many transactions have changed rows and may still commit; 0 where this user may not ask."""
    query = "SELECT COUNT(*) FROM information_schema.INNODB_TRX WHERE trx_rows_modified > 0"
    with source_errors(where="open transactions"), connection.cursor() as cursor:
        try:
            cursor.execute(query)
        except pymysql.MySQLError as error:
            if not was_refused(error):
                raise
            return 0
        ((count,),) = cursor.fetchall()
    return int(count)


def auto_increments(connection: Connection, tables: Sequence[TableName]) -> dict[TableName, int]:
    """The next number of each table that counts its rows up."""
    found: dict[TableName, int] = {}
    with source_errors(where="AUTO_INCREMENT"), connection.cursor() as cursor:
        for name in tables:
            # SHOW TABLE STATUS opens the table; information_schema of MySQL 8 may be a day old.
            cursor.execute(f"SHOW TABLE STATUS FROM {quote_name(name.schema)} WHERE Name = %s", (name.table,))
            for row in cursor.fetchall():
                if row[10] is not None:
                    found[name] = int(row[10])
    return found

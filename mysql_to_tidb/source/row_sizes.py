"""Looks for the longest rows that the source really has, as far as that can be done in a few seconds."""

import time
from collections.abc import Iterable

import pymysql
from pymysql.connections import Connection

from mysql_to_tidb.connection import was_refused
from mysql_to_tidb.model.names import TableName, quote_name
from mysql_to_tidb.model.tables import Table, TableKind
from mysql_to_tidb.source.connection import source_errors

ROW_BYTES_MAX = 6 << 20
"""What TiDB takes without being told otherwise (`txn-entry-size-limit`)."""
TABLE_BYTES_MAX = 1 << 30
"""Larger tables are not looked through: nobody wants that of a check."""
SECONDS_MAX = 10.0
TABLE_SECONDS_MAX = 3
_LONG = frozenset({"text", "mediumtext", "longtext", "blob", "mediumblob", "longblob", "json"})


def longest_rows(connection: Connection, tables: Iterable[Table], *, mariadb: bool) -> dict[TableName, int]:
    """Bytes of the long texts, blobs and documents of the longest row, of each table that could be looked through."""
    found: dict[TableName, int] = {}
    ends = time.monotonic() + SECONDS_MAX
    for table in sorted(tables, key=lambda table: table.bytes_estimate):
        if time.monotonic() > ends:
            break
        if ROW_BYTES_MAX <= table.bytes_estimate <= TABLE_BYTES_MAX and table.kind is TableKind.TABLE:
            longest = _longest(connection, table, mariadb=mariadb)
            if longest is not None:
                found[table.name] = longest
    return found


def _longest(connection: Connection, table: Table, *, mariadb: bool) -> int | None:
    """None where no row can be long, or where the source ends the statement after its time."""
    columns = [quote_name(column.name) for column in table.stored_columns if column.data_type in _LONG]
    if not columns:
        return None
    lengths = " + ".join(f"COALESCE(OCTET_LENGTH({column}), 0)" for column in columns)
    limit = (
        f"SET STATEMENT max_statement_time = {TABLE_SECONDS_MAX} FOR SELECT"
        if mariadb
        else (f"SELECT /*+ MAX_EXECUTION_TIME({TABLE_SECONDS_MAX * 1000}) */")
    )
    with source_errors(where=str(table.name)), connection.cursor() as cursor:
        try:
            cursor.execute(f"{limit} MAX({lengths}) FROM {table.name.quoted}")
        except pymysql.MySQLError as error:
            if not was_refused(error):
                raise
            return None
        return int(cursor.fetchall()[0][0] or 0)

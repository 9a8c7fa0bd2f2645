"""The numbers that the target will give to new rows, and the moment by its own clock."""

from collections.abc import Sequence

from pymysql.cursors import DictCursor

from mysql_to_tidb.model.names import TableName, quote_name
from mysql_to_tidb.target.connection import TargetConnection, is_tidb, target_errors


def next_numbers(connection: TargetConnection, tables: Sequence[TableName]) -> dict[TableName, int]:
    """The next AUTO_INCREMENT that this server gives.

    A TiDB server has a range of numbers of its own, whose next one SHOW TABLE STATUS tells; until it has one
    (0), it is given the next range of all (TiDB documentation, AUTO_INCREMENT, Cache of AUTO_INCREMENT).
    """
    found: dict[TableName, int] = {}
    with target_errors("AUTO_INCREMENT"), connection.cursor(DictCursor) as cursor:
        for name in tables:
            cursor.execute(f"SHOW TABLE STATUS FROM {quote_name(name.schema)} WHERE Name = %s", (name.table,))
            found[name] = max((int(row["Auto_increment"] or 0) for row in cursor.fetchall()), default=0)
            if not found[name] and is_tidb(connection):
                cursor.execute(f"SHOW TABLE {name.quoted} NEXT_ROW_ID")
                found[name] = max(int(row["NEXT_GLOBAL_ROW_ID"]) for row in cursor.fetchall())
    return found


def raise_next_number(connection: TargetConnection, name: TableName, number: int) -> None:
    """Let the table count on from `number` at least; TiDB's servers give up the ranges that they have."""
    with target_errors(str(name)):
        connection.query(f"ALTER TABLE {name.quoted} AUTO_INCREMENT = {number}")


def timestamp(connection: TargetConnection) -> str:
    """TiDB's timestamp of now, from which a changefeed can start; empty elsewhere."""
    if not is_tidb(connection):
        return ""
    with target_errors("timestamp"), connection.cursor() as cursor:
        connection.begin()
        cursor.execute("SELECT @@tidb_current_ts")
        ((moment,),) = cursor.fetchall()
        connection.rollback()
    return str(moment)

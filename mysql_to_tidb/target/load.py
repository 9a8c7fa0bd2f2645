"""Loads rows into the target, each transaction together with the ledger row that counts them."""

import re

from mysql_to_tidb.errors import MigrationError, TargetConflict, TargetError, TargetRefused
from mysql_to_tidb.model.checkpoints import Chunk, ChunkPart, ChunkState
from mysql_to_tidb.model.names import TableName
from mysql_to_tidb.points import Point, reached
from mysql_to_tidb.target.connection import LoadCounts, TargetConnection, target_errors
from mysql_to_tidb.target.state_tables import TableLedger
from mysql_to_tidb.target.transaction import transaction

Payload = bytes | bytearray | memoryview

CLEARED_ROWS_MAX = 20_000
"""How many rows one transaction removes when a snapshot load begins anew."""
_FORM = r"CHARACTER SET binary FIELDS TERMINATED BY '\t' ESCAPED BY '\\' LINES TERMINATED BY '\n'"
_DUPLICATE = 1062
_AT_ROW = re.compile(r"\bat row (\d+)|\bRow (\d+) ")
_SHOWN_MAX = 5
_ROW_SHOWN_BYTES_MAX = 200


def load_rows(
    connection: TargetConnection, table: TableName, column_clause: str, payload: Payload, rows: int, *, replace: bool
) -> None:
    """LOAD DATA LOCAL from memory; each of the `rows` must arrive as it is.

    Without `replace` each must be new as well. The caller's transaction is to be rolled back on any error:
    LOAD DATA LOCAL turns errors into warnings and goes on (MySQL manual, LOAD DATA, Duplicate-Key and Error
    Handling; TiDB 8.5 likewise). Raises TargetConflict where a row is there already, TargetRefused where the
    target cannot hold one as it is.
    """
    tail = f"{'REPLACE ' if replace else ''}INTO TABLE {table.quoted} {_FORM} {column_clause}"
    try:
        with target_errors(str(table)):
            counts = connection.load_data("LOAD DATA", payload, tail)
    except TargetRefused as error:
        raise TargetRefused(error.message, where=_place(table, error.message, payload)) from error
    if counts.warnings or counts.skipped:
        raise _complaint(connection, table, payload, counts)
    stored = counts.records if replace else counts.affected
    if counts.records != rows or stored != rows:
        raise TargetError(f"{rows} rows were sent and the target counted {counts}", where=str(table))


def load_chunk_part(
    connection: TargetConnection, chunk: Chunk, part: ChunkPart, column_clause: str, payload: Payload, *, replace: bool
) -> Chunk:
    """One transaction: the ledger row first, which keeps other runs out, then the rows; the chunk as it is then.

    After TargetConnectionLost, `TableLedger.reread` on a new connection tells whether it was committed.
    Raises JobFenced where another run has taken over, and what `load_rows` raises.
    """
    with transaction(connection, f"{chunk.table}, chunk {chunk.number}"):
        moved = TableLedger(connection).advance(chunk, part)
        if part.rows:
            load_rows(connection, chunk.table, column_clause, payload, part.rows, replace=replace)
        reached(Point.BEFORE_LOAD_COMMIT)
    reached(Point.AFTER_LOAD_COMMIT)
    return moved


def clear_table(connection: TargetConnection, chunk: Chunk) -> Chunk:
    """Before the snapshot of a table without a key is loaded again: remove what the last attempt loaded.

    Rows are deleted under the ledger's fence, not truncated: a run that has been replaced must not be able
    to empty the table of its successor. Raises JobFenced.
    """
    ledger = TableLedger(connection)
    left = chunk.state is not ChunkState.PENDING
    while left:
        with transaction(connection, f"clear {chunk.table}"):
            chunk = ledger.hold(chunk)
            left = connection.query(f"DELETE FROM {chunk.table.quoted} LIMIT {CLEARED_ROWS_MAX}") > 0
            if not left:
                chunk = ledger.restart(chunk)
            reached(Point.BEFORE_SNAPSHOT_CLEARED)
        reached(Point.AFTER_SNAPSHOT_CLEARED)
    return chunk


def _complaint(connection: TargetConnection, table: TableName, payload: Payload, counts: LoadCounts) -> MigrationError:
    """What the warnings of the LOAD DATA just run mean."""
    with target_errors(str(table)), connection.cursor() as cursor:
        cursor.execute("SHOW WARNINGS")
        warnings = [(int(number), str(text)) for _, number, text in cursor.fetchall()]
    said = "; ".join(f"{number}: {text}" for number, text in warnings[:_SHOWN_MAX])
    where = _place(table, said, payload)
    if warnings and all(number == _DUPLICATE for number, _ in warnings):
        return TargetConflict(f"{counts.skipped} new rows meet rows that are there already ({said})", where=where)
    return TargetRefused(f"the target would not store each value as it is ({said})", where=where)


def _place(table: TableName, said: str, payload: Payload) -> str:
    """The table, with the row that the target's message names."""
    found = _AT_ROW.search(said)
    if not found:
        return str(table)
    number = int(found[1] or found[2])
    line = b"".join(bytes(payload).split(b"\n", number)[number - 1 : number])
    return f"{table}, row {number} of those sent: {line[:_ROW_SHOWN_BYTES_MAX].decode('utf-8', 'backslashreplace')}"

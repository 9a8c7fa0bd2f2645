"""Loads rows into the target, each transaction together with the ledger row that counts them."""

import re
from typing import NamedTuple

from mysql_to_tidb.errors import MigrationError, TargetConflict, TargetError, TargetRefused
from mysql_to_tidb.model.checkpoints import Chunk, ChunkPart, ChunkState
from mysql_to_tidb.points import Point, reached
from mysql_to_tidb.staging.encode import LOAD_FORMAT
from mysql_to_tidb.staging.staged import StagedInsert, StagedRows
from mysql_to_tidb.target.connection import LoadCounts, TargetConnection, target_errors
from mysql_to_tidb.target.state_tables import TableLedger
from mysql_to_tidb.target.transaction import transaction

CLEARED_ROWS_MAX = 20_000
"""How many rows one transaction removes when a snapshot load begins anew."""
_DUPLICATE = 1062
_TRUNCATED = 1265
_AT_ROW = re.compile(r"\bat row (\d+)|\bRow (\d+) ")
_SHOWN_MAX = 5
_ROW_SHOWN_BYTES_MAX = 200


class LoadWarning(NamedTuple):
    """One line of SHOW WARNINGS."""

    number: int
    text: str


def load_rows(connection: TargetConnection, staged: StagedRows) -> None:
    """Write staged rows, each of which must arrive as it is; unless they replace others, each must be new.

    The caller's transaction is to be rolled back on any error: LOAD DATA LOCAL turns errors into warnings and
    goes on (MySQL manual, LOAD DATA, Duplicate-Key and Error Handling; TiDB 8.5 likewise).
    Raises TargetConflict where a row is there already, TargetRefused where the target cannot hold one as it is.
    """
    if staged.payload_rows:
        _load_payload(connection, staged)
    for insert in staged.inserts:
        with target_errors(str(staged.table)):
            _insert(connection, staged, insert)


def _insert(connection: TargetConnection, staged: StagedRows, insert: StagedInsert) -> None:
    """Without strictness where values are stored with a warning: of these just as many as there are such values."""
    if insert.warnings:
        connection.query("SET SESSION sql_mode = REPLACE(@@sql_mode, 'STRICT_TRANS_TABLES', '')")
    with connection.cursor() as cursor:
        inserted = cursor.execute(insert.statement)
        count = int(cursor.warning_count)
    warnings = _warnings(connection) if count else []
    if insert.warnings:
        connection.query("SET SESSION sql_mode = CONCAT(@@sql_mode, ',STRICT_TRANS_TABLES')")
    expected = count == insert.warnings and all(warning.number == _TRUNCATED for warning in warnings)
    if not expected or (inserted != insert.rows and not staged.replace):
        raise TargetRefused(
            f"the target would not store each of {insert.rows} rows as it is ({_said(warnings)})",
            where=str(staged.table),
        )


def load_chunk_part(connection: TargetConnection, chunk: Chunk, part: ChunkPart, staged: StagedRows | None) -> Chunk:
    """One transaction: the ledger row first, which keeps other runs out, then the rows; the chunk as it is then.

    After TargetConnectionLost, `TableLedger.reread` on a new connection tells whether it was committed.
    Raises JobFenced where another run has taken over, and what `load_rows` raises.
    """
    if part.rows != (staged.rows if staged else 0):
        raise ValueError(f"the ledger is to count {part.rows} rows, and {staged.rows if staged else 0} are staged")
    with transaction(connection, f"{chunk.table}, chunk {chunk.number}"):
        moved = TableLedger(connection).advance(chunk, part)
        if staged is not None:
            load_rows(connection, staged)
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


def _load_payload(connection: TargetConnection, staged: StagedRows) -> None:
    tail = f"{'REPLACE ' if staged.replace else ''}INTO TABLE {staged.table.quoted} {LOAD_FORMAT} {staged.columns}"
    try:
        with target_errors(str(staged.table)):
            counts = connection.load_data("LOAD DATA", staged.payload, tail)
            warnings = _warnings(connection) if counts.warnings else []
    except TargetRefused as error:
        raise TargetRefused(error.message, where=_place(staged, error.message), hint=error.hint) from error
    if counts.warnings or counts.skipped:
        raise _complaint(staged, counts, warnings)
    stored = counts.records if staged.replace else counts.affected
    if counts.records != staged.payload_rows or stored != staged.payload_rows:
        sent = staged.payload_rows
        raise TargetError(f"{sent} rows were sent and the target counted {counts}", where=str(staged.table))


def _warnings(connection: TargetConnection) -> list[LoadWarning]:
    with connection.cursor() as cursor:
        cursor.execute("SHOW WARNINGS")
        return [LoadWarning(int(number), str(text)) for _, number, text in cursor.fetchall()]


def _complaint(staged: StagedRows, counts: LoadCounts, warnings: list[LoadWarning]) -> MigrationError:
    """What the warnings of a LOAD DATA mean."""
    said = _said(warnings)
    where = _place(staged, said)
    if warnings and all(warning.number == _DUPLICATE for warning in warnings):
        return TargetConflict(f"{counts.skipped} new rows meet rows that are there already ({said})", where=where)
    return TargetRefused(f"the target would not store each value as it is ({said})", where=where)


def _said(warnings: list[LoadWarning]) -> str:
    return "; ".join(f"{warning.number}: {warning.text}" for warning in warnings[:_SHOWN_MAX])


def _place(staged: StagedRows, said: str) -> str:
    """The table, with the row that the target's message names."""
    found = _AT_ROW.search(said)
    if not found:
        return str(staged.table)
    number = int(found[1] or found[2])
    line = b"".join(bytes(staged.payload).split(b"\n", number)[number - 1 : number])[:_ROW_SHOWN_BYTES_MAX]
    return f"{staged.table}, row {number} of those sent: {line.decode('utf-8', 'backslashreplace')}"

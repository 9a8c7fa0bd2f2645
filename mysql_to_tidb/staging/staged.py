"""Rows of one table in the form in which the target takes them: LOAD DATA, and INSERT for the few it cannot."""

from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from mysql_to_tidb.columns import Family
from mysql_to_tidb.model.names import TableName
from mysql_to_tidb.staging.encode import encode_rows, insert_statement, load_columns, unloadable_rows

INSERT_ROWS_MAX = 500
"""Rows of one INSERT; each may hold values of some kilobytes, and a statement must fit into a packet."""


@dataclass(frozen=True, slots=True)
class StagedInsert:
    """A statement that stores rows one by one."""

    statement: str
    rows: int
    warnings: int
    """Values that the target stores as they are only with a warning, and not at all while it is strict."""


@dataclass(frozen=True, slots=True)
class StagedRows:
    """What one or a few statements write. With `replace`, rows of the same key or unique values give way."""

    table: TableName
    replace: bool
    columns: str
    """Where the fields of a line go."""
    payload: memoryview
    payload_rows: int
    inserts: tuple[StagedInsert, ...] = ()
    """For rows that LOAD DATA cannot store."""

    @property
    def rows(self) -> int:
        return self.payload_rows + sum(insert.rows for insert in self.inserts)

    @property
    def bytes(self) -> int:
        return len(self.payload) + sum(len(insert.statement) for insert in self.inserts)


def stage_rows(table: TableName, batch: pa.RecordBatch, families: Sequence[Family], *, replace: bool) -> StagedRows:
    """Encode a batch of the table's stored columns.

    Raises ValueUnrepresentable, naming the column, for a value that the target cannot hold.
    """
    unloadable = unloadable_rows(batch, families)
    inserts: tuple[StagedInsert, ...] = ()
    if unloadable is not None:
        verb = "REPLACE INTO" if replace else "INSERT INTO"
        rest = batch.filter(unloadable)
        slices = [rest.slice(start, INSERT_ROWS_MAX) for start in range(0, rest.num_rows, INSERT_ROWS_MAX)]
        inserts = tuple(_insert(verb, table, rows, families) for rows in slices)
        batch = batch.filter(pc.invert(unloadable))
    return StagedRows(table, replace, load_columns(families), encode_rows(batch, families), batch.num_rows, inserts)


def _insert(verb: str, table: TableName, rows: pa.RecordBatch, families: Sequence[Family]) -> StagedInsert:
    warnings = sum(family.stored_with_warning(values) for family, values in zip(families, rows.columns, strict=True))
    return StagedInsert(insert_statement(verb, table, rows, families), rows.num_rows, warnings)

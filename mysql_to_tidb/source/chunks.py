"""Cuts a table into ranges of its key, each to be read by itself, whatever type the key has."""

from collections.abc import Iterator, Sequence
from typing import Any

from pymysql.connections import Connection

from mysql_to_tidb.columns import family_of
from mysql_to_tidb.columns.family import Family
from mysql_to_tidb.model.keys import KeyLiterals, KeyRange
from mysql_to_tidb.model.names import quote_name
from mysql_to_tidb.model.tables import Column, Table
from mysql_to_tidb.source.connection import source_errors
from mysql_to_tidb.source.rows import read_batches

_INTEGERS = frozenset({"tinyint", "smallint", "mediumint", "int", "bigint"})
SPARSENESS_MAX = 4
"""An integer key with at most so many values per row is cut by arithmetic; others by looking."""


def key_expressions(table: Table) -> list[str]:
    """The key's columns as expressions by which rows are compared and ordered.

    ENUM and SET are ordered by number but compared with text by label, so their number stands for them;
    `+ 0` would make a double of it, which has no room for a SET of 64 members.
    """
    return [_expression(column) for column in table.key_columns]


def _expression(column: Column) -> str:
    return family_of(column).select_expression() if column.data_type in {"enum", "set"} else quote_name(column.name)


def key_literals(families: Sequence[Family], batch: Sequence[Any]) -> list[KeyLiterals]:
    """The keys of rows, given one Arrow array for each key column, as literals for `key_expressions`."""
    columns = [
        [str(value) for value in values.to_pylist()]
        if family.column.data_type in {"enum", "set"}
        else family.to_literals(values)
        for family, values in zip(families, batch, strict=True)
    ]
    return list(zip(*columns, strict=True))


def plan_chunks(connection: Connection, table: Table, chunk_rows: int) -> Iterator[KeyRange]:
    """Ranges of about `chunk_rows` rows that together cover the whole key, none twice.

    The first has no lower and the last no upper end, so rows beyond today's are covered as well.
    """
    if table.rows_estimate <= chunk_rows * 3 // 2:
        yield KeyRange()
        return
    lower: KeyLiterals | None = None
    for upper in _boundaries(connection, table, chunk_rows):
        yield KeyRange(lower, upper)
        lower = upper
    yield KeyRange(lower, None)


def _boundaries(connection: Connection, table: Table, chunk_rows: int) -> Iterator[KeyLiterals]:
    if len(table.key) == 1 and table.key_columns[0].data_type in _INTEGERS:
        (first, last) = _extremes(connection, table)
        span = last - first + 1
        if span <= table.rows_estimate * SPARSENESS_MAX:
            chunks = max(1, round(table.rows_estimate / chunk_rows))
            yield from ((str(first + span * number // chunks - 1),) for number in range(1, chunks))
            return
    yield from _boundaries_by_looking(connection, table, chunk_rows)


def _extremes(connection: Connection, table: Table) -> tuple[int, int]:
    column = quote_name(table.key_columns[0].name)
    with source_errors(where=str(table.name)), connection.cursor() as cursor:
        cursor.execute(f"SELECT COALESCE(MIN({column}), 0), COALESCE(MAX({column}), 0) FROM {table.name.quoted}")
        ((first, last),) = cursor.fetchall()
    return int(first), int(last)


def _boundaries_by_looking(connection: Connection, table: Table, chunk_rows: int) -> Iterator[KeyLiterals]:
    """Walk along the index, always one chunk further; works for every type, collation and distribution."""
    families = [family_of(column) for column in table.key_columns]
    expressions = key_expressions(table)
    columns = ", ".join(family.select_expression() for family in families)
    lower: KeyLiterals | None = None
    for _ in range(table.rows_estimate + 1):  # each step moves the key forward; estimates may be off, the end shows
        condition = KeyRange(lower).condition(expressions)
        select = (
            f"SELECT {columns} FROM {table.name.quoted} WHERE {condition} "
            f"ORDER BY {', '.join(expressions)} LIMIT 1 OFFSET {chunk_rows - 1}"
        )
        with source_errors(where=str(table.name)):
            batches = list(read_batches(connection, select, families, batch_rows_max=1, batch_bytes_max=1 << 26))
        found = [key for batch in batches for key in key_literals(families, batch.columns)]
        if not found:
            return
        (lower,) = found
        yield lower

"""Reads ranges and single rows of one table, at either side: summed up by the server, or the rows themselves."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass

import pyarrow as pa
from pymysql.connections import Connection

from mysql_to_tidb.columns import schema_of
from mysql_to_tidb.model.keys import KeyLiterals, KeyRange
from mysql_to_tidb.source.chunks import key_expressions, key_literals
from mysql_to_tidb.source.connection import source_errors
from mysql_to_tidb.source.rows import read_batches
from mysql_to_tidb.target.connection import target_errors
from mysql_to_tidb.validate.pairs import Side, TablePair
from mysql_to_tidb.validate.values import Key, Row, rows_of

BATCH_ROWS = 10_000
BATCH_BYTES = 64 << 20
KEYS_MAX = 500
"""Keys of one SELECT; the longest key has 3072 bytes, and a statement must fit into a packet."""
_NO_FORM = 10**30
"""Stands for a row whose form is too long for the server; more than all sums of a chunk can be."""


@dataclass(frozen=True, slots=True)
class Sum:
    """What a server says of many rows: how many, and the sum of 64 bits of the SHA-256 of each row's form.

    A sum, not an exclusive or: equal rows do not cancel each other out. The form holds the key, so that
    values that have changed places show.
    """

    rows: int
    digest: int

    @property
    def holds(self) -> bool:
        """Whether every row is in it."""
        return self.digest < _NO_FORM


def errors_of(pair: TablePair, side: Side) -> AbstractContextManager[None]:
    """The errors of the side that is read."""
    where = f"validation of {pair.name}"
    return source_errors(where=where) if side is pair.source else target_errors(where)


def hash_sql(form: str) -> str:
    """64 bits of a form's SHA-256 as a number, NULL where the form is too long for the server."""
    return f"CAST(CONV(LEFT(SHA2({form}, 256), 16), 16, 10) AS UNSIGNED)"


def read_sum(connection: Connection, pair: TablePair, side: Side, keys: KeyRange) -> Sum:
    """The rows of a range, summed up by the server that has them."""
    where = keys.condition(key_expressions(pair.table))
    hashed = f"COALESCE({hash_sql(side.form or '')}, {_NO_FORM})"
    with errors_of(pair, side), connection.cursor() as cursor:
        cursor.execute(f"SELECT COUNT(*), COALESCE(SUM({hashed}), 0) FROM {side.name.quoted} WHERE {where}")
        ((rows, digest),) = cursor.fetchall()
    return Sum(int(rows), int(digest))


def count_rows(connection: Connection, pair: TablePair, side: Side) -> int:
    """All rows of the table."""
    with errors_of(pair, side), connection.cursor() as cursor:
        cursor.execute(f"SELECT COUNT(*) FROM {side.name.quoted}")
        ((rows,),) = cursor.fetchall()
    return int(rows)


def read_range(connection: Connection, pair: TablePair, side: Side, keys: KeyRange) -> pa.RecordBatch:
    """All rows of a range, in the order of the key."""
    where = keys.condition(key_expressions(pair.table))
    order = ", ".join(key_expressions(pair.table))
    return read_rows(connection, pair, side, f"WHERE {where} ORDER BY {order}")


def read_rows(connection: Connection, pair: TablePair, side: Side, rest: str) -> pa.RecordBatch:
    """All rows that the rest of a SELECT says."""
    select = f"SELECT {side.selected} FROM {side.name.quoted} {rest}"
    with errors_of(pair, side):
        batches = list(
            read_batches(connection, select, side.families, batch_rows_max=BATCH_ROWS, batch_bytes_max=BATCH_BYTES)
        )
    if not batches:
        return pa.RecordBatch.from_pylist([], schema=schema_of(side.families))
    return batches[0] if len(batches) == 1 else pa.concat_batches(batches)


def read_keys(connection: Connection, pair: TablePair, side: Side, keys: Sequence[KeyLiterals]) -> pa.RecordBatch:
    """The rows of some keys, those that are there; and others that the server takes for the same key."""
    batches = [
        read_rows(connection, pair, side, f"WHERE {any_of(pair, keys[start : start + KEYS_MAX])}")
        for start in range(0, len(keys), KEYS_MAX)
    ]
    return batches[0] if len(batches) == 1 else pa.concat_batches(batches)


def any_of(pair: TablePair, keys: Sequence[KeyLiterals]) -> str:
    """A condition over some keys, written out column by column: not every server uses an index for row constructors."""
    expressions = key_expressions(pair.table)
    if len(expressions) == 1:
        return f"{expressions[0]} IN ({', '.join(literal for (literal,) in keys)})"
    cases = (
        " AND ".join(f"{expression} = {literal}" for expression, literal in zip(expressions, key, strict=True))
        for key in keys
    )
    return " OR ".join(f"({case})" for case in cases)


def upper_bound(connection: Connection, pair: TablePair, keys: KeyRange, rows: int) -> KeyLiterals | None:
    """The key of the source's row number `rows` in the range; None where it has fewer."""
    expressions = key_expressions(pair.table)
    families = pair.source.key_families
    columns = ", ".join(family.select_expression() for family in families)
    select = (
        f"SELECT {columns} FROM {pair.name.quoted} WHERE {keys.condition(expressions)} "
        f"ORDER BY {', '.join(expressions)} LIMIT 1 OFFSET {rows - 1}"
    )
    with errors_of(pair, pair.source):
        batches = list(read_batches(connection, select, families, batch_rows_max=1, batch_bytes_max=BATCH_BYTES))
    return key_literals(families, batches[0].columns)[0] if batches else None


def keyed_rows(batch: pa.RecordBatch, side: Side) -> dict[Key, list[Row]]:
    """Rows by their key; more than one of a key only where a side has lost its unique index."""
    found: dict[Key, list[Row]] = {}
    for row in rows_of(batch):
        found.setdefault(tuple(row[place] for place in side.key), []).append(row)
    return found


def literals_by_key(batch: pa.RecordBatch, side: Side) -> dict[Key, KeyLiterals]:
    """How each row of a batch is found again."""
    columns = [batch.column(place) for place in side.key]
    keys = zip(*(column.to_pylist() for column in columns), strict=True)
    return dict(zip(keys, key_literals(side.key_families, columns), strict=True))

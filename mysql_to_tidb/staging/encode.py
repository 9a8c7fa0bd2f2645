"""Arrow batches as the bytes and clauses of LOAD DATA, and as INSERT for what LOAD DATA cannot store.

The format is LOAD DATA's own default, in full: FIELDS TERMINATED BY '\\t' ESCAPED BY '\\\\' LINES TERMINATED
BY '\\n' CHARACTER SET binary (MySQL manual, LOAD DATA Statement, Field and Line Handling).
"""

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

from mysql_to_tidb.columns import Family
from mysql_to_tidb.columns.arrays import bytes_scalar
from mysql_to_tidb.columns.culprit import naming_the_row
from mysql_to_tidb.errors import ValueUnrepresentable
from mysql_to_tidb.model.names import TableName, quote_name

LOAD_FORMAT = r"CHARACTER SET binary FIELDS TERMINATED BY '\t' ESCAPED BY '\\' LINES TERMINATED BY '\n'"
"""The clauses of LOAD DATA that `encode_rows` writes for, in their place before the columns."""

_ESCAPES = ((b"\\", b"\\\\"), (b"\t", b"\\t"), (b"\n", b"\\n"))
_NULL = rb"\N"
_TAB, _NEWLINE, _NOTHING = (bytes_scalar(value) for value in (b"\t", b"\n", b""))


def encode_rows(batch: pa.RecordBatch, families: Sequence[Family]) -> memoryview:
    """The batch as lines of LOAD DATA, each with its end; no copy is made of what is returned.

    Raises ValueUnrepresentable, naming column and row, for a value that the target cannot hold.
    """
    try:
        fields = [family.to_load(column) for column, family in zip(batch.columns, families, strict=True)]
    except ValueUnrepresentable as error:
        raise naming_the_row(
            error,
            families,
            batch.num_rows,
            lambda place, row: families[place].to_load(batch.column(place).slice(row, 1)),
            lambda place, row: batch.column(place)[row].as_py(),
        ) from error
    parts: list[pa.Array | pa.Scalar] = []
    for field, family in zip(fields, families, strict=True):
        parts += [field if family.escape_free else _escaped(field), _TAB]
    parts[-1] = _NEWLINE
    lines = pc.binary_join_element_wise(*parts, _NOTHING, null_handling="replace", null_replacement=_NULL)
    return _data(lines)


def _escaped(field: pa.Array) -> pa.Array:
    """Almost no column holds a byte that needs it, which one look at all its bytes tells."""
    data = _data(field).tobytes()
    for byte, escape in _ESCAPES:
        if byte in data:
            field = pc.replace_substring(field, byte, escape)
    return field


def _data(values: pa.Array) -> memoryview:
    """The bytes of a binary array, one value behind the other."""
    _, offsets, data = values.buffers()
    if data is None or not len(values):
        return memoryview(b"")
    bounds = memoryview(offsets).cast("i")
    return memoryview(data)[bounds[values.offset] : bounds[values.offset + len(values)]]


def load_columns(families: Sequence[Family]) -> str:
    """The columns that the fields of a line go to: `(a, @v1) SET b = expression over @v1`."""
    fields, assignments = [], []
    for place, family in enumerate(families):
        name = quote_name(family.column.name)
        if family.load_expression is None:
            fields.append(name)
        else:
            fields.append(f"@v{place}")
            assignments.append(f"{name} = {family.load_expression.format(f'@v{place}')}")
    return f"({', '.join(fields)})" + (f" SET {', '.join(assignments)}" if assignments else "")


def unloadable_rows(batch: pa.RecordBatch, families: Sequence[Family]) -> pa.Array | None:
    """Flags of the rows that LOAD DATA cannot store but `insert_statement` can; None, as a rule, for not any."""
    found = None
    for column, family in zip(batch.columns, families, strict=True):
        flags = family.unloadable(column)
        if flags is not None:
            found = flags if found is None else pc.or_(found, flags)
    return found


def insert_statement(verb: str, table: TableName, batch: pa.RecordBatch, families: Sequence[Family]) -> str:
    """`INSERT INTO` or `REPLACE INTO` (the `verb`) with the rows of the batch, to be executed without arguments."""
    names = ", ".join(quote_name(family.column.name) for family in families)
    literals = [family.to_literals(column) for column, family in zip(batch.columns, families, strict=True)]
    rows = ", ".join(f"({', '.join(row)})" for row in zip(*literals, strict=True))
    return f"{verb} {table.quoted} ({names}) VALUES {rows}"

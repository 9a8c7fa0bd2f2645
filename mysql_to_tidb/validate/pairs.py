"""A table of the source and what it is at the target, column by column, and how the rows of both are summed up.

The form of a row is one string of bytes that both servers compute. It is injective: what has no fixed set of
characters stands behind its length. So equal forms mean equal rows; where two servers should print equal values
differently, their sums differ and the rows themselves are compared.
"""

from dataclasses import dataclass
from functools import cached_property

from mysql_to_tidb.columns import Family, family_of
from mysql_to_tidb.columns.binary import Binary
from mysql_to_tidb.columns.bit import Bit
from mysql_to_tidb.columns.charsets import UTF8
from mysql_to_tidb.columns.decimal import Decimal
from mysql_to_tidb.columns.enum_set import Enum, Set
from mysql_to_tidb.columns.integer import Integer
from mysql_to_tidb.columns.temporal import Temporal
from mysql_to_tidb.columns.text import Text
from mysql_to_tidb.errors import UnsupportedSchema
from mysql_to_tidb.model.names import TableName, quote_name
from mysql_to_tidb.model.tables import Column, Table

_SUMMED = (Integer, Decimal, Temporal, Bit, Enum, Set, Text, Binary)
"""Families whose values both sides print alike. FLOAT, DOUBLE and JSON they do not."""
_CONVERTED = frozenset({"latin1", "ascii"})
"""Character sets that the server turns into UTF-8 without loss: each of their bytes has a character."""

ROWS_SUMMED_MAX = 20_000
BYTES_SUMMED_MAX = 32 << 20
"""What one sum goes through, so that no statement takes long."""
ROWS_READ_MAX = 10_000
BYTES_READ_MAX = 8 << 20
"""What is read into memory at a time, at each side."""


@dataclass(frozen=True)
class Side:
    """One side of a table: its columns in the source's order, whatever order they have there."""

    name: TableName
    columns: tuple[Column, ...]
    key: tuple[int, ...]
    """Places in `columns`, at both sides those of the source's key."""

    @cached_property
    def families(self) -> tuple[Family, ...]:
        return tuple(family_of(column) for column in self.columns)

    @cached_property
    def selected(self) -> str:
        """The columns as a SELECT names them."""
        return ", ".join(family.select_expression() for family in self.families)

    @cached_property
    def key_families(self) -> tuple[Family, ...]:
        return tuple(self.families[place] for place in self.key)

    @cached_property
    def form(self) -> str | None:
        """The SQL expression of a row's form; None where a column has none."""
        parts = [_form(family) for family in self.families]
        return None if None in parts else f"CONCAT_WS('#', {', '.join(part for part in parts if part)})"

    @cached_property
    def bucket_form(self) -> str:
        """The form of as much of a row as has one."""
        parts = [part for family in self.families if (part := _form(family))]
        return f"CONCAT_WS('#', {', '.join(parts)})" if parts else "''"


@dataclass(frozen=True)
class TablePair:
    """The same table at both sides."""

    table: Table
    """As the source defines it at the target's position."""
    source: Side
    target: Side

    @property
    def name(self) -> TableName:
        return self.table.name

    @property
    def summed(self) -> bool:
        """Whether both servers can sum its rows up."""
        return self.source.form is not None and self.target.form is not None

    @property
    def rows_read_max(self) -> int:
        """How many rows are read at a time."""
        return max(1, min(ROWS_READ_MAX, BYTES_READ_MAX // self.row_bytes))

    @property
    def rows_summed_max(self) -> int:
        """How many rows one statement goes through."""
        return max(1, min(ROWS_SUMMED_MAX, BYTES_SUMMED_MAX // self.row_bytes)) if self.summed else self.rows_read_max

    @property
    def row_bytes(self) -> int:
        """What a row takes, as the source estimated it."""
        return max(100, self.table.bytes_estimate // max(1, self.table.rows_estimate))

    @property
    def stored(self) -> tuple[int, ...]:
        """Places of the columns that are written; the others are computed by each server."""
        return self.table.stored


def pair_of(table: Table, target: Table | None) -> TablePair | str:
    """The pair, or in words why there is none to compare."""
    if target is None:
        return "the target has no such table"
    by_name = {column.name.lower(): column for column in target.columns}
    missing = [column.name for column in table.columns if column.name.lower() not in by_name]
    if missing:
        return f"the target has no column {', '.join(map(quote_name, missing))}"
    columns = tuple(by_name[column.name.lower()] for column in table.columns)
    try:
        pair = TablePair(table, Side(table.name, table.columns, table.key), Side(target.name, columns, table.key))
        for source_family, target_family in zip(pair.source.families, pair.target.families, strict=True):
            problem = _mismatch(source_family, target_family)
            if problem:
                return problem
    except UnsupportedSchema as error:
        return error.message
    return pair


def _mismatch(source: Family, target: Family) -> str:
    types = source.column.column_type, target.column.column_type
    labels = source.column.members, target.column.members
    if source.arrow_type != target.arrow_type or labels[0] != labels[1]:
        return f"column {quote_name(source.column.name)} is {types[0]} at the source, {types[1]} at the target"
    return ""


def _form(family: Family) -> str | None:
    """One column: `N` for NULL; text and bytes behind their length."""
    if not isinstance(family, _SUMMED):
        return None
    name = quote_name(family.column.name)
    if isinstance(family, Text):
        if family.character_set in _CONVERTED:
            name = f"CONVERT({name} USING utf8mb4)"
        elif family.character_set not in UTF8:
            return None
        # No CAST AS BINARY: of a column, TiDB 8.5 makes that as many bytes long as the column has characters.
        name = f"CONVERT({name} USING binary)"
    if isinstance(family, Text | Binary):
        return f"COALESCE(LENGTH({name}), 'N'), COALESCE({name}, '')"
    if isinstance(family, Enum | Set):
        name = family.select_expression()
    elif isinstance(family, Bit):
        name = f"CAST({name} AS UNSIGNED)"
    elif "zerofill" in family.column.column_type:
        name = f"{name} + 0"
    return f"COALESCE(CAST({name} AS CHAR), 'N')"

"""What every type family offers: four faces of one column, side by side."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import ClassVar

import pyarrow as pa

from mysql_to_tidb.model.changes import ImageColumn
from mysql_to_tidb.model.names import quote_name
from mysql_to_tidb.model.tables import Column


class Family(ABC):
    """How the values of one column travel; an instance belongs to one column of one table.

    The Arrow form is the meeting point: both decoders give equal arrays for equal values, and the
    encoder starts from it. Types that Arrow cannot hold without loss (decimals of 65 digits, zero and
    invalid dates, times beyond a day) travel as the exact text that MySQL prints for them.
    """

    data_types: ClassVar[frozenset[str]]
    """The values of Column.data_type that this family handles."""
    arrow_type: pa.DataType

    def __init__(self, column: Column) -> None:
        self.column = column

    def select_expression(self) -> str:
        """What to SELECT so that the text protocol carries the value without loss."""
        return quote_name(self.column.name)

    @abstractmethod
    def from_text(self, values: pa.Array) -> pa.Array:
        """The text protocol's bytes (a binary array, NULLs marked) as an array of `arrow_type`."""

    @abstractmethod
    def from_image(self, values: Sequence[object], image: ImageColumn) -> pa.Array:
        """Raw values of row images (see model.changes.RowImage) as an array of `arrow_type`.

        Raises ValueUnrepresentable, naming the column and the first bad value.
        """

    @abstractmethod
    def to_load(self, values: pa.Array) -> pa.Array:
        """A binary array of the bytes that the target reads in a LOAD DATA field, not yet escaped."""

    load_expression: str | None = None
    """Where LOAD DATA cannot store the field as it is: an expression over `{}`, the user variable read."""

    escape_free: ClassVar[bool] = False
    """True where `to_load` can never give a byte that LOAD DATA would need escaped."""

    @abstractmethod
    def to_literals(self, values: pa.Array) -> list[str]:
        """SQL literals, one per value, NULL as `NULL`, that an equality with this column can use an index for."""

    def equals(self, column_sql: str, literal: str) -> str:
        """A NULL-safe condition that holds for exactly this stored value, bytes and all.

        For tables without a key, whose rows are found by all their values.
        """
        return f"{column_sql} <=> {literal}"

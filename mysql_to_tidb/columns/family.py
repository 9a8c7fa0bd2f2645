"""What every type family offers: four faces of one column, side by side."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import ClassVar

import pyarrow as pa

from mysql_to_tidb.errors import ValueUnrepresentable
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

    load_expression: str | None = None
    """Where LOAD DATA cannot store the field as it is: an expression over `{}`, the user variable read."""

    escape_free: ClassVar[bool] = False
    """True where `to_load` can never give a byte that LOAD DATA would need escaped."""

    def __init__(self, column: Column) -> None:
        self.column = column

    def select_expression(self) -> str:
        """What to SELECT so that the text protocol carries the value without loss."""
        return quote_name(self.column.name)

    def from_text(self, values: pa.Array) -> pa.Array:
        """The text protocol's bytes (a binary array, NULLs marked) as an array of `arrow_type`.

        Raises ValueUnrepresentable, naming the column.
        """
        with self._named():
            return self._from_text(values)

    def from_image(self, values: Sequence[object], image: ImageColumn) -> pa.Array:
        """Raw values of row images (see model.changes.RowImage) as an array of `arrow_type`.

        Raises ValueUnrepresentable, naming the column.
        """
        with self._named():
            return self._from_image(values, image)

    def to_load(self, values: pa.Array) -> pa.Array:
        """A binary array of the bytes that the target reads in a LOAD DATA field, not yet escaped.

        Raises ValueUnrepresentable, naming the column and the value, where the target cannot hold one.
        """
        with self._named():
            return self._to_load(values)

    def unloadable(self, values: pa.Array) -> pa.Array | None:
        """Flags of the values that INSERT can store at the target but LOAD DATA cannot; None for not any."""
        del values
        return None

    def stored_with_warning(self, values: pa.Array) -> int:
        """How many of the values a strict INSERT refuses and any other stores as they are, with a warning each."""
        del values
        return 0

    @abstractmethod
    def to_literals(self, values: pa.Array) -> list[str]:
        """SQL literals, one per value, NULL as `NULL`.

        An equality with this column can use an index for them, and INSERT stores just this value. They
        hold `%` as it is: execute them without arguments.
        """

    def equals(self, column_sql: str, literal: str) -> str:
        """A NULL-safe condition that holds for exactly this stored value, bytes and all.

        For tables without a key, whose rows are found by all their values.
        """
        return f"{column_sql} <=> {literal}"

    @abstractmethod
    def _from_text(self, values: pa.Array) -> pa.Array: ...

    @abstractmethod
    def _from_image(self, values: Sequence[object], image: ImageColumn) -> pa.Array: ...

    @abstractmethod
    def _to_load(self, values: pa.Array) -> pa.Array: ...

    @contextmanager
    def _named(self) -> Iterator[None]:
        """Whatever the value was refused for, the error says of which column."""
        try:
            yield
        except (ValueError, TypeError, LookupError, OverflowError) as error:
            # Arrow's own errors are ValueErrors or IndexErrors.
            what = f"column {quote_name(self.column.name)} ({self.column.column_type})"
            raise ValueUnrepresentable(f"{what} holds a value that cannot be carried: {error}") from error

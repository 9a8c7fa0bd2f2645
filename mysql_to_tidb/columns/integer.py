"""TINYINT, SMALLINT, MEDIUMINT, INT and BIGINT, signed and unsigned; BOOL is TINYINT(1)."""

from collections.abc import Sequence
from typing import ClassVar

import pyarrow as pa

from mysql_to_tidb.columns.arrays import byte_matrix, little_endian, numbers_array
from mysql_to_tidb.columns.family import Family
from mysql_to_tidb.model.changes import ImageColumn
from mysql_to_tidb.model.tables import Column

_MEDIUMINT_BYTES = 3


class Integer(Family):
    """Travels as a 64-bit integer of the column's signedness."""

    data_types: ClassVar = frozenset({"tinyint", "smallint", "mediumint", "int", "bigint"})
    escape_free: ClassVar = True

    def __init__(self, column: Column) -> None:
        super().__init__(column)
        self.arrow_type = pa.uint64() if column.unsigned else pa.int64()

    def _from_text(self, values: pa.Array) -> pa.Array:
        # ZEROFILL's leading zeros are read like any other digit.
        return values.view(pa.string()).cast(self.arrow_type)

    def _from_image(self, values: Sequence[object], image: ImageColumn) -> pa.Array:
        if self.column.data_type != "mediumint":
            return pa.array(values, self.arrow_type)
        matrix, flags = byte_matrix(values, _MEDIUMINT_BYTES)
        numbers = little_endian(matrix)
        if not self.column.unsigned:
            numbers -= (numbers >> 23) << 24
        return numbers_array(numbers, flags, self.arrow_type)

    def _to_load(self, values: pa.Array) -> pa.Array:
        return values.cast(pa.string()).view(pa.binary())

    def to_literals(self, values: pa.Array) -> list[str]:
        return ["NULL" if value is None else str(value) for value in values.to_pylist()]

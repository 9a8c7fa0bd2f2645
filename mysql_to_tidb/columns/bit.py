"""BIT of up to 64 bits."""

from collections.abc import Sequence
from typing import ClassVar

import pyarrow as pa

from mysql_to_tidb.columns.arrays import binary_array
from mysql_to_tidb.columns.family import Family
from mysql_to_tidb.model.changes import ImageColumn


class Bit(Family):
    """Travels as its bytes, the highest first: what the text protocol, row images and LOAD DATA all hold."""

    data_types: ClassVar = frozenset({"bit"})
    arrow_type = pa.binary()

    def _from_text(self, values: pa.Array) -> pa.Array:
        return values

    def _from_image(self, values: Sequence[object], image: ImageColumn) -> pa.Array:
        return binary_array(values)

    def _to_load(self, values: pa.Array) -> pa.Array:
        return values

    def to_literals(self, values: pa.Array) -> list[str]:
        return ["NULL" if value is None else str(int.from_bytes(value, "big")) for value in values.to_pylist()]

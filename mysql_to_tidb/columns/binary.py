"""BINARY, VARBINARY and the BLOBs: bytes as they are."""

from collections.abc import Sequence
from typing import ClassVar

import pyarrow as pa

from mysql_to_tidb.columns.arrays import binary_array
from mysql_to_tidb.columns.compressed import plain
from mysql_to_tidb.columns.family import Family
from mysql_to_tidb.model.changes import ImageColumn


class Binary(Family):
    """Travels as bytes."""

    data_types: ClassVar = frozenset({"varbinary", "tinyblob", "blob", "mediumblob", "longblob"})
    arrow_type = pa.binary()

    def _from_text(self, values: pa.Array) -> pa.Array:
        return values

    def _from_image(self, values: Sequence[object], image: ImageColumn) -> pa.Array:
        return binary_array(plain(values, image))

    def _to_load(self, values: pa.Array) -> pa.Array:
        return values

    def to_literals(self, values: pa.Array) -> list[str]:
        return ["NULL" if value is None else f"X'{value.hex()}'" for value in values.to_pylist()]


class FixedBinary(Binary):
    """BINARY(n): a row image lacks the zero bytes at its end, which the value has."""

    data_types: ClassVar = frozenset({"binary"})

    def _from_image(self, values: Sequence[object], image: ImageColumn) -> pa.Array:
        return binary_array(values, width=image.metadata[1])

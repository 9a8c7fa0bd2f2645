"""VECTOR: bytes of 32-bit floating numbers at the source, text at TiDB."""

from collections.abc import Sequence
from typing import ClassVar

import numpy as np
import pyarrow as pa

from mysql_to_tidb.columns.arrays import binary_array
from mysql_to_tidb.columns.family import Family
from mysql_to_tidb.model.changes import ImageColumn


class Vector(Family):
    """Travels as its bytes, the low one of each number first, as MySQL keeps them (MySQL manual, The VECTOR Type)."""

    data_types: ClassVar = frozenset({"vector"})
    arrow_type = pa.binary()
    escape_free = True

    def _from_text(self, values: pa.Array) -> pa.Array:
        return values

    def _from_image(self, values: Sequence[object], image: ImageColumn) -> pa.Array:
        return binary_array(values)

    def _to_load(self, values: pa.Array) -> pa.Array:
        texts = [None if value is None else _text(value).encode() for value in values.to_pylist()]
        return pa.array(texts, pa.binary())

    def to_literals(self, values: pa.Array) -> list[str]:
        return ["NULL" if value is None else f"VEC_FROM_TEXT('{_text(value)}')" for value in values.to_pylist()]


def _text(value: bytes) -> str:
    """Digits enough that the target reads the same 32 bits."""
    numbers = np.frombuffer(value, "<f4").astype(np.float64)
    if not np.isfinite(numbers).all():
        raise ValueError("a VECTOR with a number that is not finite, which TiDB does not take")
    return f"[{','.join(map(repr, numbers.tolist()))}]"

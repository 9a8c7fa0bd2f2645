"""FLOAT and DOUBLE, to the last bit."""

from collections.abc import Sequence
from typing import ClassVar

import pyarrow as pa
import pyarrow.compute as pc

from mysql_to_tidb.columns.family import Family
from mysql_to_tidb.model.changes import ImageColumn
from mysql_to_tidb.model.tables import Column


class Floating(Family):
    """Travels as the binary number; negative zero, which TiDB does not have, as zero."""

    data_types: ClassVar = frozenset({"float", "double"})
    escape_free: ClassVar = True

    def __init__(self, column: Column) -> None:
        super().__init__(column)
        self.arrow_type = pa.float32() if column.data_type == "float" else pa.float64()

    def select_expression(self) -> str:
        # A FLOAT prints 6 digits and a FLOAT(M,D) as many as D says; as a DOUBLE both print all they have.
        return f"{super().select_expression()} + 0e0"

    def _from_text(self, values: pa.Array) -> pa.Array:
        return self._without_negative_zero(values.view(pa.string()).cast(pa.float64()))

    def _from_image(self, values: Sequence[object], image: ImageColumn) -> pa.Array:
        return self._without_negative_zero(pa.array(values, pa.float64()))

    def _without_negative_zero(self, values: pa.Array) -> pa.Array:
        return pc.add(values, 0.0).cast(self.arrow_type)

    def _to_load(self, values: pa.Array) -> pa.Array:
        # All digits of the DOUBLE of the same value: the shortest text of a FLOAT may round twice.
        return values.cast(pa.float64()).cast(pa.string()).view(pa.binary())

    def to_literals(self, values: pa.Array) -> list[str]:
        return ["NULL" if value is None else _literal(value) for value in values.cast(pa.float64()).to_pylist()]


def _literal(number: float) -> str:
    """With an exponent, as without one it would be a DECIMAL."""
    text = repr(number)
    return text if "e" in text else f"{text}e0"

"""ENUM and SET: numbers on the way, labels at the target."""

from collections.abc import Sequence
from typing import ClassVar

import pyarrow as pa
import pyarrow.compute as pc

from mysql_to_tidb.columns.arrays import bytes_scalar
from mysql_to_tidb.columns.charsets import BEYOND_BASIC_PLANE
from mysql_to_tidb.columns.family import Family
from mysql_to_tidb.columns.text import literal_of_text, literals_of_text
from mysql_to_tidb.errors import UnsupportedSchema
from mysql_to_tidb.model.changes import ImageColumn
from mysql_to_tidb.model.names import quote_name
from mysql_to_tidb.model.tables import Column

DOUBLE_BITS = 53
"""Integers of so many bits, a DOUBLE holds exactly."""


class _Labelled(Family):
    """Neither the labels' character set nor labels that look like numbers matter to a number."""

    arrow_type = pa.uint64()

    def __init__(self, column: Column) -> None:
        super().__init__(column)
        uncertain = [label for label in column.members if "?" in label]
        if uncertain and column.character_set in BEYOND_BASIC_PLANE:
            raise UnsupportedSchema(
                f"column {quote_name(column.name)} has the label {uncertain[0]!r}: the question mark may stand for a "
                "character that the source's catalog cannot show, an emoji for one",
                hint="rename the label at the source, or exclude the table from the job",
            )

    def select_expression(self) -> str:
        # A sum would be a DOUBLE in MySQL and a signed number in MariaDB; neither holds 64 members.
        return f"CAST({super().select_expression()} AS UNSIGNED)"

    def _from_text(self, values: pa.Array) -> pa.Array:
        return values.view(pa.string()).cast(pa.uint64())

    def _from_image(self, values: Sequence[object], image: ImageColumn) -> pa.Array:
        return pa.array(values, pa.uint64())


class Enum(_Labelled):
    """Travels as the number of the label, counted from 1.

    Number 0 is what MySQL keeps for a value it did not know (MySQL manual, The ENUM Type). It prints like an
    empty label; LOAD DATA cannot store it.
    """

    data_types: ClassVar = frozenset({"enum"})

    def unloadable(self, values: pa.Array) -> pa.Array | None:
        return pc.fill_null(pc.equal(values, 0), False) if self.stored_with_warning(values) else None

    def stored_with_warning(self, values: pa.Array) -> int:
        return int(pc.sum(pc.equal(values, 0)).as_py() or 0)

    def _to_load(self, values: pa.Array) -> pa.Array:
        labels = pa.array([b"", *(label.encode() for label in self.column.members)], pa.binary())
        # A number beyond the labels is out of bounds, which raises.
        return labels.take(values)

    def to_literals(self, values: pa.Array) -> list[str]:
        # In rows of several values MySQL finds labels alone. Number 0 prints like an empty label, and TiDB 8.5 finds
        # it only by a list of numbers; so where a label is empty, numbers alone tell the two apart.
        labels = self.to_load(values)
        if not pc.any(pc.equal(labels, bytes_scalar(b""))).as_py():
            return literals_of_text(labels.view(pa.string()))
        return ["NULL" if number is None else str(number) for number in values.to_pylist()]


class Set(_Labelled):
    """Travels as the bit mask of the labels, the first one the lowest bit."""

    data_types: ClassVar = frozenset({"set"})

    def select_expression(self) -> str:
        # TiDB 8.5 makes a number of a SET by way of a DOUBLE.
        if len(self.column.members) <= DOUBLE_BITS:
            return super().select_expression()
        name = quote_name(self.column.name)
        bits = (
            f"(FIND_IN_SET({literal_of_text(label)}, {name}) > 0) << {place}"
            for place, label in enumerate(self.column.members)
        )
        return f"CAST(({' | '.join(bits)}) AS UNSIGNED)"

    def _to_load(self, values: pa.Array) -> pa.Array:
        masks = values.dictionary_encode()
        labels = pa.array([self._labels(mask) for mask in masks.dictionary.to_pylist()], pa.binary())
        return labels.take(masks.indices)

    def to_literals(self, values: pa.Array) -> list[str]:
        # TiDB compares a number with a SET as DOUBLEs, of which many are alike.
        return literals_of_text(self.to_load(values).view(pa.string()))

    def _labels(self, mask: int) -> bytes:
        if mask >> len(self.column.members):
            raise ValueError(f"{mask}, which has more bits than the SET has labels")
        chosen = [label for place, label in enumerate(self.column.members) if mask >> place & 1]
        return ",".join(chosen).encode()

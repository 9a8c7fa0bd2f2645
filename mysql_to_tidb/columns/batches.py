"""Whole batches in Arrow form: out of row images, and out of the columns that the text protocol sent."""

from collections.abc import Sequence

import pyarrow as pa

from mysql_to_tidb.columns.family import Family
from mysql_to_tidb.columns.registry import schema_of
from mysql_to_tidb.errors import ValueUnrepresentable
from mysql_to_tidb.model.changes import MappedTable, RowImage


def batch_from_images(mapped: MappedTable, images: Sequence[RowImage], families: Sequence[Family]) -> pa.RecordBatch:
    """Row images as a batch of the table's stored columns, `families` being those of `families_of`.

    Raises ValueUnrepresentable, naming table and column.
    """
    columns = list(zip(*images, strict=True)) or [()] * len(mapped.image)
    try:
        arrays = [
            family.from_image(columns[place], mapped.image[place])
            for place, family in zip(mapped.table.stored, families, strict=True)
        ]
    except ValueUnrepresentable as error:
        raise ValueUnrepresentable(error.message, where=str(mapped.table.name), hint=error.hint) from error
    return pa.RecordBatch.from_arrays(arrays, schema=schema_of(families))


def batch_from_text(columns: Sequence[pa.Array], families: Sequence[Family]) -> pa.RecordBatch:
    """The text protocol's columns, one binary array for each of `families`, as a batch.

    Raises ValueUnrepresentable, naming the column.
    """
    arrays = [family.from_text(values) for family, values in zip(families, columns, strict=True)]
    return pa.RecordBatch.from_arrays(arrays, schema=schema_of(families))

"""Whole batches in Arrow form: out of row images, and out of the columns that the text protocol sent."""

from collections.abc import Hashable, Iterator, Sequence
from contextlib import contextmanager
from typing import cast

import pyarrow as pa

from mysql_to_tidb.columns.culprit import naming_the_row
from mysql_to_tidb.columns.family import Family
from mysql_to_tidb.columns.registry import family_of, schema_of
from mysql_to_tidb.errors import ValueUnrepresentable
from mysql_to_tidb.model.changes import MappedTable, RowImage
from mysql_to_tidb.model.tables import Table


def batch_from_images(mapped: MappedTable, images: Sequence[RowImage], families: Sequence[Family]) -> pa.RecordBatch:
    """Row images as a batch of the table's stored columns, `families` being those of `families_of`.

    Raises ValueUnrepresentable, naming table, column and row.
    """
    columns = list(zip(*images, strict=True)) or [()] * len(mapped.image)
    stored = mapped.table.stored

    def decoded(place: int, rows: slice) -> pa.Array:
        return families[place].from_image(columns[stored[place]][rows], mapped.image[stored[place]])

    with of_table(mapped.table):
        try:
            arrays = [decoded(place, slice(None)) for place in range(len(stored))]
        except ValueUnrepresentable as error:
            raise naming_the_row(
                error,
                families,
                len(images),
                lambda place, row: decoded(place, slice(row, row + 1)),
                lambda place, row: columns[stored[place]][row],
            ) from error
    return pa.RecordBatch.from_arrays(arrays, schema=schema_of(families))


def batch_from_text(columns: Sequence[pa.Array], families: Sequence[Family]) -> pa.RecordBatch:
    """The text protocol's columns, one binary array for each of `families`, as a batch.

    Raises ValueUnrepresentable, naming column and row.
    """
    try:
        arrays = [family.from_text(values) for family, values in zip(families, columns, strict=True)]
    except ValueUnrepresentable as error:
        raise naming_the_row(
            error,
            families,
            len(columns[0]),
            lambda place, row: families[place].from_text(columns[place].slice(row, 1)),
            lambda place, row: columns[place][row].as_py(),
        ) from error
    return pa.RecordBatch.from_arrays(arrays, schema=schema_of(families))


def key_literals(mapped: MappedTable, keys: Sequence[Hashable]) -> list[str]:
    """Raw values of the table's key, a tuple where it has several columns, as SQL: `1`, or `(1, 'a')`.

    Raises ValueUnrepresentable, naming table and column.
    """
    places = mapped.table.key
    values = (
        list(zip(*cast("Sequence[tuple[object, ...]]", keys), strict=True))
        if len(places) > 1 and keys
        else [keys] * len(places)
    )
    literals = []
    with of_table(mapped.table):
        for place, raw in zip(places, values, strict=True):
            family = family_of(mapped.table.columns[place])
            literals.append(family.to_literals(family.from_image(raw, mapped.image[place])))
    rows = zip(*literals, strict=True)
    return [row[0] if len(row) == 1 else f"({', '.join(row)})" for row in rows]


@contextmanager
def of_table(table: Table) -> Iterator[None]:
    """An error that names a column names its table as well."""
    try:
        yield
    except ValueUnrepresentable as error:
        raise ValueUnrepresentable(error.message, where=str(table.name), hint=error.hint) from error

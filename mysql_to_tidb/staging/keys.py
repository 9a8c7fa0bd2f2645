"""Raw keys of row images as SQL: what a folded row is found by in the target."""

from collections.abc import Hashable, Iterable, Sequence
from typing import cast

from mysql_to_tidb.columns import family_of
from mysql_to_tidb.model.changes import MappedTable
from mysql_to_tidb.model.names import quote_name

RawKey = Hashable
"""The raw value of the key's column in a row image; a tuple where the key has several columns."""


def key_columns_sql(mapped: MappedTable) -> str:
    """The key's columns: `id`, or `(a, b)` where it has several."""
    names = ", ".join(quote_name(column.name) for column in mapped.table.key_columns)
    return f"({names})" if len(mapped.table.key) > 1 else names


def key_literals(mapped: MappedTable, keys: Sequence[RawKey]) -> list[str]:
    """Each key as a literal that `key_columns_sql` compares with: `5`, or `(5, 'a')`.

    Raises ValueUnrepresentable, naming the column.
    """
    places = mapped.table.key
    columns: Iterable[tuple[object, ...]] = [tuple(keys)]
    if len(places) > 1:
        columns = zip(*cast("Sequence[tuple[object, ...]]", keys), strict=True)
    literals = []
    for place, values in zip(places, columns, strict=False):
        family = family_of(mapped.table.columns[place])
        literals.append(family.to_literals(family.from_image(values, mapped.image[place])))
    if len(places) == 1:
        return literals[0]
    return [f"({', '.join(row)})" for row in zip(*literals, strict=True)]

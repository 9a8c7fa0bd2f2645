"""The keys of folded rows: their raw values, and the columns by which the target finds them."""

from collections.abc import Hashable

from mysql_to_tidb.model.changes import MappedTable
from mysql_to_tidb.model.names import quote_name

RawKey = Hashable
"""The raw value of the key's column in a row image; a tuple where the key has several columns."""


def key_columns_sql(mapped: MappedTable) -> str:
    """The key's columns: `id`, or `(a, b)` where it has several."""
    names = ", ".join(quote_name(column.name) for column in mapped.table.key_columns)
    return f"({names})" if len(mapped.table.key) > 1 else names

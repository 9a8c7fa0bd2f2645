"""Knows of each table id which migrated table it stands for, once its shape has been checked."""

from collections.abc import Callable

from mysql_to_tidb.columns.image_check import image_fits
from mysql_to_tidb.errors import BinlogCorrupt, SchemaMismatch
from mysql_to_tidb.model.changes import MappedTable
from mysql_to_tidb.model.names import TableName
from mysql_to_tidb.model.tables import Table
from mysql_to_tidb.source.binlog.rows import RowReader
from mysql_to_tidb.source.binlog.table_map import INTEGER_TYPES, TableMap, read_table_map, read_table_name

MAPS_MAX = 20_000
"""A server with a small table cache gives a table a new id again and again."""

_DUMMY_IDS = frozenset({b"\xff\xff\xff\xff\xff\xff", b"\xff\xff\xff\x00\x00\x00", b"\xff\xff\xff\xff\x00\x00"})
"""Table ids of events without rows that only end a statement (mysql-server, sql/log_event.cc)."""


class MappedTables:
    """`table_of` gives a migrated table's shape as of now, None for one that is not migrated."""

    def __init__(self, table_of: Callable[[TableName], Table | None]) -> None:
        self._table_of = table_of
        self._by_map: dict[bytes, RowReader | None] = {}
        self._by_id: dict[bytes, RowReader | None] = {}

    def announce(self, body: bytes) -> None:
        """A table map event arrived. Raises SchemaMismatch, or TableMapUnreadable for a migrated table."""
        try:
            self._by_id[body[:6]] = self._by_map[body]
        except KeyError:
            reader = self._reader(body)
            self._by_id[body[:6]] = self._by_map[body] = reader

    def reader(self, table_id: bytes) -> RowReader | None:
        """What reads the rows of this table; None where they are not wanted."""
        try:
            return self._by_id[table_id]
        except KeyError:
            if table_id in _DUMMY_IDS:
                return None
            raise BinlogCorrupt(
                f"rows of table id {int.from_bytes(table_id, 'little')}, which no table map announced"
            ) from None

    def forget(self) -> None:
        """Table shapes may be others from here on, or table ids mean other tables."""
        self._by_map.clear()
        self._by_id.clear()

    def forget_surplus(self) -> None:
        """Between two transactions, so that memory stays bounded."""
        if len(self._by_map) > MAPS_MAX:
            self.forget()

    def _reader(self, body: bytes) -> RowReader | None:
        table = self._table_of(read_table_name(body))
        if table is None:
            return None
        table_map = read_table_map(body)
        _check_shape(table, table_map)
        return RowReader(MappedTable(table, table_map.columns))


def _check_shape(table: Table, table_map: TableMap) -> None:
    """Raises SchemaMismatch where the row images that follow do not fit the table's definition."""
    if len(table.columns) != len(table_map.columns):
        raise _mismatch(
            table, f"has {len(table.columns)} columns here, but its row events have {len(table_map.columns)}"
        )
    for place, (column, image) in enumerate(zip(table.columns, table_map.columns, strict=True)):
        if not image_fits(column, image):
            form = f"type {image.type_code} ({image.metadata.hex()})"
            raise _mismatch(
                table, f"has a column {column.name} {column.column_type} here, but {form} in its row events"
            )
        names, unsigned = table_map.column_names, table_map.unsigned
        if names and names[place].lower() != column.name.lower():
            raise _mismatch(table, f"has a column {column.name} here, which is called {names[place]} in its row events")
        if unsigned and image.type_code in INTEGER_TYPES and unsigned[place] != column.unsigned:
            sign = "unsigned" if unsigned[place] else "signed"
            raise _mismatch(
                table, f"has a column {column.name} {column.column_type} here, but {sign} in its row events"
            )


def _mismatch(table: Table, what: str) -> SchemaMismatch:
    return SchemaMismatch(
        f"{table.name} {what}", hint="its definition was changed unnoticed: exclude the table, or create a new job"
    )

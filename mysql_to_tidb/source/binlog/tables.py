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
    if len(table.columns) != len(table_map.columns):
        raise SchemaMismatch(
            f"{table.name} has {len(table.columns)} columns here, but its row events have {len(table_map.columns)}"
        )
    for place, (column, image) in enumerate(zip(table.columns, table_map.columns, strict=True)):
        if not image_fits(column, image):
            raise SchemaMismatch(
                f"column {column.name} of {table.name} is {column.column_type} here, but its row events carry "
                f"type {image.type_code} ({image.metadata.hex()})"
            )
        names = table_map.column_names
        if names and names[place].lower() != column.name.lower():
            raise SchemaMismatch(
                f"column {place + 1} of {table.name} is {column.name} here, in its row events {names[place]}"
            )
        unsigned = table_map.unsigned
        if unsigned and image.type_code in INTEGER_TYPES and unsigned[place] != column.unsigned:
            raise SchemaMismatch(
                f"column {column.name} of {table.name} is {column.column_type} here, but "
                f"{'unsigned' if unsigned[place] else 'signed'} in its row events"
            )

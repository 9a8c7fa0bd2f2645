"""Turns rows events into row images, for the table and the form of columns that a table map announced.

Layout: mysql-server, libs/mysql/binlog/event/rows_event.h (Rows_event): table id (6 bytes), flags (2), in
version 2 the length of extra data and these, the number of columns, a bitmap of the columns present (two
for an update), then the images.
"""

import struct

from mysql_to_tidb.errors import BinlogRowImagePartial
from mysql_to_tidb.model.changes import ChangeKind, MappedTable, RowImage
from mysql_to_tidb.source.binlog.compression import mariadb_uncompressed
from mysql_to_tidb.source.binlog.decoder import ImageCut, generate_decoder
from mysql_to_tidb.source.binlog.event_types import EventType
from mysql_to_tidb.source.binlog.table_map import read_length

ROWS_START = 27
"""Where a rows event goes on behind its header, table id and flags."""

_BY_TYPE = {
    EventType.WRITE_ROWS_V1: ChangeKind.INSERT,
    EventType.UPDATE_ROWS_V1: ChangeKind.UPDATE,
    EventType.DELETE_ROWS_V1: ChangeKind.DELETE,
    EventType.WRITE_ROWS: ChangeKind.INSERT,
    EventType.UPDATE_ROWS: ChangeKind.UPDATE,
    EventType.DELETE_ROWS: ChangeKind.DELETE,
    EventType.MARIADB_WRITE_ROWS_COMPRESSED_V1: ChangeKind.INSERT,
    EventType.MARIADB_UPDATE_ROWS_COMPRESSED_V1: ChangeKind.UPDATE,
    EventType.MARIADB_DELETE_ROWS_COMPRESSED_V1: ChangeKind.DELETE,
    EventType.MARIADB_WRITE_ROWS_COMPRESSED: ChangeKind.INSERT,
    EventType.MARIADB_UPDATE_ROWS_COMPRESSED: ChangeKind.UPDATE,
    EventType.MARIADB_DELETE_ROWS_COMPRESSED: ChangeKind.DELETE,
}
CHANGE_KINDS = {int(kind): change for kind, change in _BY_TYPE.items()}
"""By event type; plain numbers are looked up faster."""
_WITH_EXTRA_DATA = frozenset(
    {EventType.WRITE_ROWS, EventType.UPDATE_ROWS, EventType.DELETE_ROWS}
    | {kind for kind in EventType if 169 <= kind <= 171}
)
_COMPRESSED_MIN = EventType.MARIADB_WRITE_ROWS_COMPRESSED_V1


class RowsUnreadable(Exception):
    """The event does not fit its table map."""


class RowReader:
    """Reads the rows events of one table map."""

    def __init__(self, mapped: MappedTable) -> None:
        self.mapped = mapped
        unsigned = tuple(column.unsigned for column in mapped.table.columns)
        self._decode = generate_decoder(mapped.image, unsigned)
        self._headers: dict[int, bytes] = dict.fromkeys(CHANGE_KINDS, b"?")
        """By event type, the bytes between flags and images that were last seen to be in order."""

    def images(self, event: bytes, kind: int, end: int) -> list[RowImage]:
        """The images up to `end`. Raises RowsUnreadable, BinlogRowImagePartial or CompressionUnknown."""
        header = self._headers[kind]
        start = ROWS_START + len(header)
        try:
            if event[ROWS_START:start] != header:
                start = self._checked_header(event, kind)
            if kind >= _COMPRESSED_MIN:
                event = mariadb_uncompressed(event[start:end])
                start, end = 0, len(event)
            images = self._decode(event, start, end)
        except (ImageCut, IndexError, struct.error) as error:
            raise RowsUnreadable("the rows do not end where their event does") from error
        if not images or (CHANGE_KINDS[kind] is ChangeKind.UPDATE and len(images) % 2):
            raise RowsUnreadable(f"the event holds {len(images)} row images")
        return images

    def _checked_header(self, event: bytes, kind: int) -> int:
        """Where the images start, once the columns are known to be all there."""
        place = ROWS_START
        if kind in _WITH_EXTRA_DATA:
            place += int.from_bytes(event[place : place + 2], "little")  # the length counts itself
        count, place = read_length(event, place)
        columns = len(self.mapped.image)
        if count != columns:
            raise RowsUnreadable(f"the event has {count} columns, its table map {columns}")
        width = (columns + 7) // 8
        for _ in range(2 if CHANGE_KINDS[kind] is ChangeKind.UPDATE else 1):
            present = int.from_bytes(event[place : place + width], "little")
            missing = [number for number in range(columns) if not present >> number & 1]
            if missing:
                table = self.mapped.table
                column = table.columns[missing[0]].name
                raise BinlogRowImagePartial(f"a change of {table.name} was logged without its column {column}")
            place += width
        self._headers[kind] = event[ROWS_START:place]
        return place

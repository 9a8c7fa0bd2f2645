"""Walks binlog events and says what changed; it does no I/O, so that any sequence of bytes can be tried on it.

What a transaction changed is held back, as the bytes of its events, until its end is known: a ROLLBACK,
also to a savepoint, is logged after the rows that it takes back.
"""

import struct
from collections.abc import Callable, Iterable, Iterator
from zlib import crc32

from mysql_to_tidb.errors import (
    BinlogCorrupt,
    BinlogEventUnknown,
    BinlogIncident,
    BinlogRowImagePartial,
    MigrationError,
)
from mysql_to_tidb.model.changes import Change, Silence
from mysql_to_tidb.model.names import TableName
from mysql_to_tidb.model.positions import Position, ServerIdentity
from mysql_to_tidb.model.tables import Table
from mysql_to_tidb.source.binlog.compression import CompressionUnknown, payload_events
from mysql_to_tidb.source.binlog.event_types import HARMLESS, IGNORABLE_FLAG, EventType, type_name
from mysql_to_tidb.source.binlog.gtid_events import MARIADB_STANDALONE
from mysql_to_tidb.source.binlog.headers import (
    BODY,
    CHECKSUM_BYTES,
    INTACT,
    read_format_description,
    read_header,
    read_rotate,
)
from mysql_to_tidb.source.binlog.progress import OFFSET_MASK, Progress
from mysql_to_tidb.source.binlog.queries import QueryHandler
from mysql_to_tidb.source.binlog.rows import CHANGE_KINDS, RowsUnreadable
from mysql_to_tidb.source.binlog.spool import SpoolLimits
from mysql_to_tidb.source.binlog.table_map import TableMapUnreadable
from mysql_to_tidb.source.binlog.tables import MappedTables
from mysql_to_tidb.source.binlog.transaction import Transaction

_OWN_CHECKSUM_RULES = frozenset({EventType.ROTATE, EventType.FORMAT_DESCRIPTION})

_TABLE_MAP = int(EventType.TABLE_MAP)

Changes = Iterable[Change] | None
Handler = Callable[[bytes, int], Changes]
"""Takes an event and where it ends before its checksum."""


class Walker:
    """Follows one stream from `position`, which lies between two transactions."""

    def __init__(
        self,
        position: Position,
        identity: ServerIdentity,
        table_of: Callable[[TableName], Table | None],
        spool: SpoolLimits | None = None,
    ) -> None:
        self._progress = Progress(position, identity)
        self._tables = MappedTables(table_of)
        self._transaction = Transaction(spool)
        # Until a file says otherwise; before that come only events with rules of their own.
        self._checksum_bytes = CHECKSUM_BYTES
        queries = QueryHandler(self._progress, self._tables, self._transaction, table_of)
        handlers: dict[EventType, Handler] = {
            EventType.XID: queries.commit,
            EventType.QUERY: queries.query,
            EventType.MARIADB_QUERY_COMPRESSED: queries.compressed_query,
            EventType.EXECUTE_LOAD_QUERY: queries.load_query,
            EventType.XA_PREPARE: queries.xa_prepare,
            EventType.GTID: self._open,
            EventType.GTID_TAGGED: self._open,
            EventType.ANONYMOUS_GTID: self._open,
            EventType.MARIADB_GTID: self._open_mariadb,
            EventType.PREVIOUS_GTIDS: self._progress.gtids.at_start_of_file,
            EventType.MARIADB_GTID_LIST: self._progress.gtids.at_start_of_file,
            EventType.FORMAT_DESCRIPTION: self._format_description,
            EventType.ROTATE: self._rotate,
            EventType.HEARTBEAT: self._heartbeat,
            EventType.TRANSACTION_PAYLOAD: self._payload,
            EventType.PARTIAL_UPDATE_ROWS: self._partial_update,
            EventType.INCIDENT: self._incident,
        }
        self._handlers = {int(kind): handler for kind, handler in handlers.items()}  # numbers are looked up faster

    @property
    def boundary(self) -> Position:
        """Where to go on from: behind all that was read, except a transaction that has not ended yet."""
        return self._progress.boundary

    @property
    def where(self) -> str:
        return self._progress.where

    def walk(self, events: Iterable[bytes]) -> Iterator[Change]:
        """What these events say. Raises StreamError and its kin; nothing comes after that."""
        progress = self._progress
        for event in events:
            try:
                kind, size, log_position, flags = read_header(event)
                if size != len(event):
                    raise BinlogCorrupt(f"an event of {len(event)} bytes says that it has {size}")
                if self._checksum_bytes and crc32(event) != INTACT and kind not in _OWN_CHECKSUM_RULES:
                    raise BinlogCorrupt(f"an event of {type_name(kind)} arrived with a wrong checksum")
                progress.offset += size
                if progress.offset & OFFSET_MASK != log_position:
                    progress.replace(kind, size, log_position, flags)
                changes = self._take(event, kind, size - self._checksum_bytes)
                if changes:
                    yield from changes
            except MigrationError as error:
                error.where = error.where or self.where
                raise
            except (RowsUnreadable, TableMapUnreadable, CompressionUnknown) as error:
                raise BinlogCorrupt(str(error), where=self.where) from error
            except (struct.error, IndexError, ValueError) as error:
                raise BinlogCorrupt(f"an event is cut short or damaged ({error})", where=self.where) from error
        self._transaction.spill_surplus()

    def _take(self, event: bytes, kind: int, end: int) -> Changes:
        """One event, whose checksum and place have been dealt with."""
        if kind == _TABLE_MAP:
            self._tables.announce(event[BODY:end])
        elif kind in CHANGE_KINDS:
            reader = self._tables.reader(event[BODY : BODY + 6])
            if reader:
                self._transaction.rows.append((reader, kind, event, end, self._progress.offset))
        elif kind in self._handlers:
            return self._handlers[kind](event, end)
        elif kind not in HARMLESS and not event[17] & IGNORABLE_FLAG:
            raise BinlogEventUnknown(
                f"the source's binary log contains an event of {type_name(kind)}, which is not understood",
                hint="a feature of the source is in use that cannot be followed: switch it off, then create a new job",
            )
        return None

    def _open(self, event: bytes, _end: int) -> None:
        self._progress.begin(event)
        self._progress.opening = event

    def _open_mariadb(self, event: bytes, end: int) -> None:
        self._open(event, end)
        self._progress.in_transaction = not event[BODY + 12] & MARIADB_STANDALONE

    def _payload(self, event: bytes, end: int) -> Iterator[Change]:
        """A whole transaction, compressed; all its events are at the place of this one."""
        for events in payload_events(memoryview(event)[BODY:end]):
            for inner in events:
                yield from self._take(inner, inner[4], len(inner)) or ()
            self._transaction.spill_surplus()

    def _format_description(self, event: bytes, _end: int) -> None:
        description = read_format_description(event)
        self._checksum_bytes = description.checksum_bytes
        self._tables.forget()
        if description.created:
            self._transaction.roll_back()
            self._progress.abandon()

    def _rotate(self, event: bytes, _end: int) -> None:
        self._progress.enter(*read_rotate(event))

    def _heartbeat(self, event: bytes, end: int) -> Changes:
        """The file's name; where in it the source is stands in the header."""
        self._progress.catch_up(event[BODY:end].decode(), read_header(event)[2])
        return (Silence(self.boundary),)

    def _partial_update(self, event: bytes, _end: int) -> None:
        reader = self._tables.reader(event[BODY : BODY + 6])
        if reader:
            raise BinlogRowImagePartial(
                f"{reader.mapped.table.name} was updated with only parts of its JSON values in the log",
                hint="set binlog_row_value_options='' for every session of the source, then create a new job",
            )

    def _incident(self, _event: bytes, _end: int) -> None:
        raise BinlogIncident("the source says that its binary log has a gap (an incident event)")

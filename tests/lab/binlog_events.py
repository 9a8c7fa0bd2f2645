"""Binlog events made by hand, byte by byte, as a server would write and send them, and what a walk makes of them."""

import struct
import zlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from uuid import UUID
from zlib import crc32

import pyarrow as pa

from mysql_to_tidb.model.changes import Change, RowChanges
from mysql_to_tidb.model.names import TableName
from mysql_to_tidb.model.positions import Position, ServerIdentity
from mysql_to_tidb.model.tables import Column, Table
from mysql_to_tidb.source.binlog.event_types import ARTIFICIAL_FLAG, EventType
from mysql_to_tidb.source.binlog.walker import Walker

START = Position("binlog.000007", 4)
UUID_TEXT = "3e11fa47-71ca-11e1-9e33-c80aa9429562"
SERVER_VERSION = b"9.7.4"
SECOND = 1_800_000_000


def identity(*, mariadb: bool = False, gtids: bool = False) -> ServerIdentity:
    return ServerIdentity(UUID_TEXT, 1, "10.11.19-MariaDB" if mariadb else "9.7.4", mariadb=mariadb, gtids=gtids)


@dataclass
class EventLog:
    """Collects events and keeps their places; `checksums` is what its format description says."""

    checksums: bool = True
    offset: int = START.offset
    events: list[bytes] = field(default_factory=list)

    def add(self, kind: int, body: bytes = b"", *, flags: int = 0, place: int | None = None) -> bytes:
        """An event at the end of the file, or one that is not in the file and says it ends at `place`."""
        size = 19 + len(body) + 4 * self.checksums
        if place is None:
            self.offset += size
            place = self.offset & 0xFFFFFFFF
        self.events.append(self.sealed(struct.pack("<IBIIIH", SECOND, kind, 1, size, place, flags) + body))
        return self.events[-1]

    def sealed(self, event: bytes) -> bytes:
        return event + struct.pack("<I", crc32(event)) if self.checksums else event

    def rotate(self, file: str = START.file, offset: int = START.offset) -> None:
        """As every stream begins: where it is."""
        self.add(EventType.ROTATE, struct.pack("<Q", offset) + file.encode(), flags=ARTIFICIAL_FLAG, place=0)
        self.offset = offset

    def format_description(self, *, created: int = 0) -> None:
        body = struct.pack("<H50sIB", 4, SERVER_VERSION, created, 19) + bytes(42) + bytes([self.checksums])
        checksums, self.checksums = self.checksums, True
        self.add(EventType.FORMAT_DESCRIPTION, body)
        self.checksums = checksums

    def heartbeat(self, file: str = START.file, offset: int | None = None) -> None:
        self.add(EventType.HEARTBEAT, file.encode(), place=self.offset if offset is None else offset)

    def gtid(self, number: int, *, uuid: str = UUID_TEXT, microseconds: int = SECOND * 1_000_000) -> None:
        times = struct.pack("<qq", 0, 1) + microseconds.to_bytes(7, "little")
        self.add(EventType.GTID, b"\0" + UUID(uuid).bytes + struct.pack("<q", number) + b"\2" + times)

    def anonymous(self) -> None:
        self.add(EventType.ANONYMOUS_GTID, bytes(25) + b"\2" + bytes(16) + (SECOND * 1_000_000).to_bytes(7, "little"))

    def query(self, text: str | bytes, *, schema: str = "shop", variables: bytes = b"") -> None:
        self.add(EventType.QUERY, query_body(text, schema=schema, variables=variables))

    def table_map(
        self, table_id: int, schema: str, table: str, types: bytes, metadata: bytes = b"", optional: bytes = b""
    ) -> None:
        self.add(EventType.TABLE_MAP, table_map_body(table_id, schema, table, types, metadata, optional))

    def rows(self, kind: int, table_id: int, columns: int, images: bytes, *, present: bytes = b"") -> None:
        self.add(kind, rows_body(kind, table_id, columns, images, present=present))

    def xid(self) -> None:
        self.add(EventType.XID, struct.pack("<Q", 17))


def query_body(text: str | bytes, *, schema: str = "shop", variables: bytes = b"") -> bytes:
    encoded = text.encode() if isinstance(text, str) else text
    header = struct.pack("<IIBHH", 5, 0, len(schema.encode()), 0, len(variables))
    return header + variables + schema.encode() + b"\0" + encoded


def table_map_body(
    table_id: int, schema: str, table: str, types: bytes, metadata: bytes = b"", optional: bytes = b""
) -> bytes:
    names = b"".join(bytes([len(name.encode())]) + name.encode() + b"\0" for name in (schema, table))
    nullable = bytes([0xFF] * ((len(types) + 7) // 8))
    header = table_id.to_bytes(6, "little") + b"\1\0"
    return header + names + bytes([len(types)]) + types + bytes([len(metadata)]) + metadata + nullable + optional


def rows_body(kind: int, table_id: int, columns: int, images: bytes, *, present: bytes = b"") -> bytes:
    extra = b"\2\0" if EventType.WRITE_ROWS <= kind <= EventType.DELETE_ROWS else b""
    every = present or bytes([0xFF] * ((columns + 7) // 8))
    bitmaps = every * 2 if kind in {EventType.UPDATE_ROWS, EventType.UPDATE_ROWS_V1} else every
    return table_id.to_bytes(6, "little") + b"\1\0" + extra + bytes([columns]) + bitmaps + images


def packets(events: Iterable[bytes]) -> bytes:
    """As the source sends them, each with a status byte, in packets of less than 16 MiB."""
    result = []
    for number, event in enumerate(events):
        payload = b"\0" + event
        for start in range(0, len(payload) + 1, 0xFFFFFF):
            part = payload[start : start + 0xFFFFFF]
            result.append(len(part).to_bytes(3, "little") + bytes([number % 256]) + part)
    return b"".join(result)


TABLE = Table(
    TableName("shop", "a"),
    (
        Column("id", "int", "int"),
        Column("note", "varchar", "varchar(20)", character_set="latin1", characters_max=20, octets_max=20),
    ),
)
TYPES, METADATA = b"\x03\x0f", b"\x14\0"
LEGACY = Table(TableName("shop", "legacy"), (Column("id", "int", "int"),), engine="MyISAM")


def table_of(name: TableName) -> Table | None:
    return {TABLE.name: TABLE, LEGACY.name: LEGACY}.get(name)


def image(number: int, note: str | None = "x") -> bytes:
    nulls, text = (b"\xfe", b"") if note is None else (b"\xfc", bytes([len(note)]) + note.encode())
    return nulls + struct.pack("<i", number) + text


def new_log(*, checksums: bool = True) -> EventLog:
    events = EventLog(checksums)
    events.rotate()
    events.format_description()
    return events


def insert(events: EventLog, *numbers: int) -> None:
    events.table_map(7, "shop", "a", TYPES, METADATA)
    events.rows(EventType.WRITE_ROWS, 7, 2, b"".join(map(image, numbers)))


def transaction(events: EventLog, *numbers: int) -> None:
    events.anonymous()
    events.query("BEGIN")
    insert(events, *numbers)
    events.xid()


def walk(events: Iterable[bytes], position: Position = START, **who: bool) -> list[Change]:
    return list(Walker(position, identity(**who), table_of).walk(events))


def numbers_in(changes: Iterable[Change]) -> list[object]:
    return [row[0] for change in changes if isinstance(change, RowChanges) for row in change.images]


def compressed(data: bytes) -> bytes:
    size = len(data)
    return bytes([0x80 | 2]) + size.to_bytes(2, "big") + zlib.compress(data)


def payload_field(kind: int, value: int) -> bytes:
    """Of the head of a compressed transaction: type, length, value, all of them length-encoded numbers."""
    encoded = bytes([value]) if value < 251 else b"\xfe" + value.to_bytes(8, "little")
    return bytes([kind, len(encoded)]) + encoded


def payload(events: list[bytes], *, compression: int = 0, size: int | None = None) -> bytes:
    plain = b"".join(events)
    data: bytes = pa.compress(plain, codec="zstd", asbytes=True) if compression == 0 else plain
    return (
        payload_field(2, compression)
        + payload_field(3, size or len(plain))
        + payload_field(1, len(data))
        + b"\0"
        + data
    )


def inner_events() -> list[bytes]:
    inner = EventLog(checksums=False)
    inner.query("BEGIN")
    for number in range(40):
        insert(inner, number)
    inner.xid()
    return inner.events

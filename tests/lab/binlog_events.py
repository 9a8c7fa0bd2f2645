"""Binlog events made by hand, byte by byte, as a server would write and send them."""

import struct
from collections.abc import Iterable
from dataclasses import dataclass, field
from uuid import UUID
from zlib import crc32

from mysql_to_tidb.model.positions import Position, ServerIdentity
from mysql_to_tidb.source.binlog.event_types import ARTIFICIAL_FLAG, EventType

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

    def add(self, kind: int, body: bytes = b"", *, flags: int = 0, placed: bool = True) -> bytes:
        """An event at the end of the file, or one without a place there."""
        size = 19 + len(body) + 4 * self.checksums
        self.offset += size * placed
        place = self.offset & 0xFFFFFFFF if placed else 0
        self.events.append(self.sealed(struct.pack("<IBIIIH", SECOND, kind, 1, size, place, flags) + body))
        return self.events[-1]

    def sealed(self, event: bytes) -> bytes:
        return event + struct.pack("<I", crc32(event)) if self.checksums else event

    def rotate(self, file: str = START.file, offset: int = START.offset) -> None:
        """As every stream begins: where it is."""
        self.add(EventType.ROTATE, struct.pack("<Q", offset) + file.encode(), flags=ARTIFICIAL_FLAG, placed=False)
        self.offset = offset

    def format_description(self, *, created: int = 0) -> None:
        body = struct.pack("<H50sIB", 4, SERVER_VERSION, created, 19) + bytes(42) + bytes([self.checksums])
        checksums, self.checksums = self.checksums, True
        self.add(EventType.FORMAT_DESCRIPTION, body)
        self.checksums = checksums

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

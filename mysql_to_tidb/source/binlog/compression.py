"""Undoes the compression of MySQL's transactions (zstd) and of MariaDB's statements and rows (zlib)."""

import zlib
from collections.abc import Iterator

import pyarrow as pa

from mysql_to_tidb.source.binlog.table_map import read_length

PAYLOAD_END, PAYLOAD_BYTES, PAYLOAD_COMPRESSION, PAYLOAD_UNCOMPRESSED_BYTES = range(4)
ZSTD, UNCOMPRESSED = 0, 255
EVENT_HEADER_BYTES = 19
PIECE_BYTES = 1 << 20


class CompressionUnknown(Exception):
    """Compressed in a way that is not known, or damaged."""


def payload_events(body: memoryview) -> Iterator[list[bytes]]:
    """The events inside a TRANSACTION_PAYLOAD event, some at a time; they carry no checksums.

    The body: fields of type, length and value up to a type 0, then the payload (mysql-server,
    libs/mysql/binlog/event/control_events.h, Transaction_payload_event). Raises CompressionUnknown.
    """
    fields, place = _payload_fields(body)
    payload = body[place:]
    size = fields.get(PAYLOAD_BYTES, len(payload))
    if size != len(payload):
        raise CompressionUnknown(f"the payload has {len(payload)} bytes where {size} were announced")
    events: list[bytes] = []
    held = b""
    for piece in _pieces(payload, fields):
        yield events  # one piece late: the last, which holds the commit, only when all has proved right
        events, held = _cut(held + piece)
    if held:
        raise CompressionUnknown("the payload ends within an event")
    yield events


def _payload_fields(body: memoryview) -> tuple[dict[int, int], int]:
    fields, place = {}, 0
    try:
        while body[place] != PAYLOAD_END:
            kind, place = read_length(body, place)
            size, place = read_length(body, place)
            fields[kind], _ = read_length(body, place)
            place += size
    except IndexError as error:
        raise CompressionUnknown("the payload's header is damaged") from error
    return fields, place + 1


def _pieces(payload: memoryview, fields: dict[int, int]) -> Iterator[bytes]:
    compression = fields.get(PAYLOAD_COMPRESSION, ZSTD)
    if compression == UNCOMPRESSED:
        for start in range(0, len(payload), PIECE_BYTES):
            yield bytes(payload[start : start + PIECE_BYTES])
        return
    if compression != ZSTD:
        raise CompressionUnknown(f"the payload's compression type {compression} is not known")
    size = 0
    try:
        with pa.CompressedInputStream(pa.py_buffer(payload), "zstd") as stream:
            while piece := stream.read(PIECE_BYTES):
                size += len(piece)
                yield piece
    except (OSError, pa.ArrowException) as error:
        raise CompressionUnknown(f"the payload is damaged ({error})") from error
    if size != fields.get(PAYLOAD_UNCOMPRESSED_BYTES, size):
        raise CompressionUnknown(f"the payload gave {size} bytes instead of {fields[PAYLOAD_UNCOMPRESSED_BYTES]}")


def _cut(data: bytes) -> tuple[list[bytes], bytes]:
    """The complete events, and the rest; an event's size stands in its bytes 9 to 12."""
    events, place = [], 0
    while place + EVENT_HEADER_BYTES <= len(data):
        size = int.from_bytes(data[place + 9 : place + 13], "little")
        if size < EVENT_HEADER_BYTES:
            raise CompressionUnknown(f"the payload contains an event of {size} bytes")
        if place + size > len(data):
            break
        events.append(data[place : place + size])
        place += size
    return events, data[place:]


def mariadb_uncompressed(data: bytes) -> bytes:
    """What MariaDB's log_bin_compress made smaller.

    A byte with 0x80, the algorithm (0: zlib) in bits 4 to 6 and the size of the length in bits 0 to 2; the
    length, high byte first; zlib data (MariaDB server, sql/log_event.cc, binlog_buf_uncompress).
    """
    first = data[0] if data else 0
    if first & 0xF0 != 0x80:
        raise CompressionUnknown("compressed in a way that is not known")
    start = 1 + (first & 0x07)
    try:
        result = zlib.decompress(data[start:])
    except zlib.error as error:
        raise CompressionUnknown(f"the compressed part is damaged ({error})") from error
    if len(result) != int.from_bytes(data[1:start], "big"):
        raise CompressionUnknown("the compressed part has another length than announced")
    return result

"""Reads the header that all events share, and the two events that say where in which file the stream is.

Layout: mysql-server, libs/mysql/binlog/event/binlog_event.h and control_events.h.
"""

import re
import struct
from typing import NamedTuple
from zlib import crc32

from mysql_to_tidb.errors import BinlogCorrupt

BODY = 19
"""Where an event's own part starts."""

read_header = struct.Struct("<4xB4xIIH").unpack_from
"""Type, size, place of the event's end in the file, flags; the second and the server id are left out."""

CHECKSUM_BYTES = 4
INTACT = 0x2144DF1C
"""The CRC32 of anything that has its own CRC32, low byte first, at its end."""

_CHECKSUM_NONE, _CHECKSUM_CRC32 = 0, 1
_CHECKSUMS_SINCE = (5, 6, 1)
_MARIADB_CHECKSUMS_SINCE = (5, 3)
_FILE_NAME = re.compile(rb"[^/\x00-\x1f\x7f]+\.\d+")


class FormatDescription(NamedTuple):
    """What a binlog file says of itself at its beginning."""

    checksum_bytes: int
    """At the end of every event of the file."""
    created: bool
    """The server wrote it when it started: transactions that were open before have been rolled back."""


def read_format_description(event: bytes) -> FormatDescription:
    """Raises BinlogCorrupt.

    Binlog version (2 bytes), server version (50), time of creation (4), size of an event header (1), sizes
    of the types' own headers; from 5.6.1 on, the kind of checksum (1) and a checksum (4) whatever the kind.
    """
    version, server, created, header_bytes = struct.unpack_from("<H50sIB", event, BODY)
    if version != 4 or header_bytes != BODY:
        raise BinlogCorrupt(f"binlog version {version} with headers of {header_bytes} bytes is not understood")
    if not _has_checksums(server.rstrip(b"\0")):
        return FormatDescription(0, bool(created))
    kind = event[-1 - CHECKSUM_BYTES]
    if kind not in {_CHECKSUM_NONE, _CHECKSUM_CRC32}:
        raise BinlogCorrupt(f"the checksum algorithm {kind} is not known")
    if crc32(event) != INTACT and not (kind == _CHECKSUM_NONE and _may_be_unproven(event)):
        raise BinlogCorrupt("a format description arrived with a wrong checksum")
    return FormatDescription(CHECKSUM_BYTES if kind == _CHECKSUM_CRC32 else 0, bool(created))


def _may_be_unproven(event: bytes) -> bool:
    """Changed for a stream: its place or time of creation set to 0, the checksum made anew only when it is in use."""
    place, created = int.from_bytes(event[13:17], "little"), int.from_bytes(event[71:75], "little")
    in_use = bytes([_CHECKSUM_CRC32]).join([event[: -1 - CHECKSUM_BYTES], event[-CHECKSUM_BYTES:]])
    return 0 in {place, created} and crc32(in_use) != INTACT


def _has_checksums(server: bytes) -> bool:
    numbers = [int(number) for number in re.findall(rb"\d+", server)[:3]]
    since = _MARIADB_CHECKSUMS_SINCE if b"maria" in server.lower() else _CHECKSUMS_SINCE
    return tuple(numbers) >= since


def read_rotate(event: bytes) -> tuple[str, int]:
    """The next file and the offset in it. Raises BinlogCorrupt.

    One that was made for this stream may or may not have a checksum, whatever the file around it says:
    with one, all of it proves intact.
    """
    end = len(event) - CHECKSUM_BYTES if crc32(event) == INTACT else len(event)
    (offset,) = struct.unpack_from("<Q", event, BODY)
    name = event[BODY + 8 : end]
    if not _FILE_NAME.fullmatch(name):
        raise BinlogCorrupt("a change of files arrived damaged")
    return name.decode(), offset

"""What MariaDB's COMPRESSED columns hold in row images; everywhere else they look as if they were not."""

import zlib
from collections.abc import Sequence

from mysql_to_tidb.model.changes import ImageColumn

BLOB_COMPRESSED, VARCHAR_COMPRESSED = 140, 141
"""Type codes (MariaDB source, include/mysql_com.h, enum_field_types)."""

_ZLIB = 8


def plain(values: Sequence[object], image: ImageColumn) -> Sequence[object]:
    """The values as they would be in an ordinary column. Raises ValueError."""
    if image.type_code not in {BLOB_COMPRESSED, VARCHAR_COMPRESSED}:
        return values
    return [_uncompressed(value) if isinstance(value, bytes) else None for value in values]


def _uncompressed(value: bytes) -> bytes:
    """Nothing for an empty value, else a header byte: method in the high four bits, in the low three how many
    bytes of length follow, the highest first; bit 3 says that the stream has no header of its own (MariaDB
    source, sql/field_comp.cc)."""
    if not value:
        return b""
    header, size = value[0], value[0] & 7
    method = header >> 4
    if method == 0:
        return value[1:]
    if method != _ZLIB:
        raise ValueError(f"bytes that were compressed in the unknown way {method}")
    try:
        data = zlib.decompress(value[1 + size :], -zlib.MAX_WBITS if header & 8 else zlib.MAX_WBITS)
    except zlib.error as error:
        raise ValueError(f"compressed bytes that are damaged ({error})") from error
    if len(data) != int.from_bytes(value[1 : 1 + size], "big"):
        raise ValueError("compressed bytes of another length than they say")
    return data

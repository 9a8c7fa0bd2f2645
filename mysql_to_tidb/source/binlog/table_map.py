"""Reads table maps: which table the row events that follow are about, and what form their columns have.

Layout: mysql-server, libs/mysql/binlog/event/rows_event.h (Table_map_event); MariaDB's is the same.
"""

from dataclasses import dataclass

from mysql_to_tidb.model.changes import ImageColumn
from mysql_to_tidb.model.names import TableName

POST_HEADER_BYTES = 8

ENUM, SET, STRING = 247, 248, 254

METADATA_BYTES = {
    0: 0,  # DECIMAL before 5.0
    1: 0,  # TINY
    2: 0,  # SHORT
    3: 0,  # LONG
    4: 1,  # FLOAT: size in bytes
    5: 1,  # DOUBLE: size in bytes
    6: 0,  # NULL
    7: 0,  # TIMESTAMP before 5.6.4
    8: 0,  # LONGLONG
    9: 0,  # INT24
    10: 0,  # DATE
    11: 0,  # TIME before 5.6.4
    12: 0,  # DATETIME before 5.6.4
    13: 0,  # YEAR
    15: 2,  # VARCHAR: greatest length in bytes
    16: 2,  # BIT: bits beyond whole bytes, whole bytes
    17: 1,  # TIMESTAMP2: fraction digits
    18: 1,  # DATETIME2: fraction digits
    19: 1,  # TIME2: fraction digits
    140: 1,  # MariaDB BLOB_COMPRESSED: size of the length
    141: 2,  # MariaDB VARCHAR_COMPRESSED: greatest length in bytes
    242: 1,  # VECTOR: size of the length
    245: 1,  # JSON: size of the length
    246: 2,  # NEWDECIMAL: precision, scale
    ENUM: 2,
    SET: 2,
    249: 1,  # TINY_BLOB
    250: 1,  # MEDIUM_BLOB
    251: 1,  # LONG_BLOB
    252: 1,  # BLOB: size of the length
    253: 2,  # VAR_STRING
    STRING: 2,  # real type and size
    255: 1,  # GEOMETRY: size of the length
}
"""Of each column type, how much of the metadata block is its own."""

INTEGER_TYPES = frozenset({1, 2, 3, 8, 9})
NUMERIC_TYPES = INTEGER_TYPES | {4, 5, 13, 246}
"""Those that have a bit each in the SIGNEDNESS field; 13 is YEAR."""
SIGNEDNESS, COLUMN_NAMES = 1, 4


class TableMapUnreadable(Exception):
    """The table map has a column type or a structure that is not known."""


@dataclass(frozen=True, slots=True)
class TableMap:
    """What a table map event says."""

    name: TableName
    columns: tuple[ImageColumn, ...]
    unsigned: tuple[bool, ...] | None
    """Of each column whether it is an unsigned number; None where the source does not say."""
    column_names: tuple[str, ...] | None
    """Only with binlog_row_metadata=FULL."""


def read_table_name(body: bytes) -> TableName:
    """The name alone, which stands before everything that an unknown type could spoil."""
    schema_end = POST_HEADER_BYTES + 1 + body[POST_HEADER_BYTES]
    table_end = schema_end + 2 + body[schema_end + 1]
    return TableName(body[POST_HEADER_BYTES + 1 : schema_end].decode(), body[schema_end + 2 : table_end].decode())


def read_table_map(body: bytes) -> TableMap:
    """All of it; `body` starts behind the event header. Raises TableMapUnreadable."""
    try:
        return _read(body)
    except (IndexError, UnicodeDecodeError) as error:
        raise TableMapUnreadable(f"its table map is damaged ({error})") from error


def _read(body: bytes) -> TableMap:
    place = POST_HEADER_BYTES
    for _ in ("schema", "table"):
        place += body[place] + 2
    count, place = read_length(body, place)
    types = body[place : place + count]
    size, place = read_length(body, place + count)
    columns = _columns(types, body[place : place + size])
    place += size + (count + 7) // 8  # behind the metadata: which columns may be NULL
    if place > len(body):
        raise TableMapUnreadable("its table map is cut short")
    optional = _optional_fields(body, place)
    return TableMap(
        read_table_name(body),
        columns,
        _unsigned(columns, optional[SIGNEDNESS]) if SIGNEDNESS in optional else None,
        _names(optional[COLUMN_NAMES]) if COLUMN_NAMES in optional else None,
    )


def read_length(data: bytes | memoryview, place: int) -> tuple[int, int]:
    """A length-encoded integer, and the place behind it."""
    first = data[place]
    if first < 251:
        return first, place + 1
    size = {252: 2, 253: 3, 254: 8}.get(first, 0)
    if not size or place + 1 + size > len(data):
        raise IndexError("bad length")
    return int.from_bytes(data[place + 1 : place + 1 + size], "little"), place + 1 + size


def _columns(types: bytes, metadata: bytes) -> tuple[ImageColumn, ...]:
    columns: list[ImageColumn] = []
    place = 0
    for type_code in types:
        size = METADATA_BYTES.get(type_code)
        if size is None:
            raise TableMapUnreadable(f"its column {len(columns) + 1} has the unknown type {type_code}")
        own = metadata[place : place + size]
        place += size
        if type_code == STRING and own[0] in {ENUM, SET}:
            type_code = own[0]  # noqa: PLW2901  (the real type stands in the metadata)
        columns.append(ImageColumn(type_code, own))
    if place != len(metadata):
        raise TableMapUnreadable("its table map's metadata do not fit its types")
    return tuple(columns)


def _optional_fields(body: bytes, place: int) -> dict[int, bytes]:
    """Type, length, value; unknown types are only additional information (Table_map_event, optional metadata)."""
    fields = {}
    while place < len(body):
        kind = body[place]
        size, start = read_length(body, place + 1)
        place = start + size
        fields[kind] = body[start:place]
    if place != len(body):
        raise TableMapUnreadable("its table map's optional metadata are cut short")
    return fields


def _unsigned(columns: tuple[ImageColumn, ...], bits: bytes) -> tuple[bool, ...]:
    """One bit for each numeric column, the first in the highest bit."""
    flags, seen = [], 0
    for column in columns:
        numeric = column.type_code in NUMERIC_TYPES
        flags.append(numeric and bool(bits[seen // 8] & (0x80 >> seen % 8)))
        seen += numeric
    return tuple(flags)


def _names(field: bytes) -> tuple[str, ...]:
    names, place = [], 0
    while place < len(field):
        size, start = read_length(field, place)
        place = start + size
        names.append(field[start:place].decode())
    return tuple(names)

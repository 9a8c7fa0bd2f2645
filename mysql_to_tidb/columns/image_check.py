"""Whether a column can stand in a table map as it does: its definition against the type of its row images.

Type codes: MySQL source, include/field_types.h. Metadata: MySQL source, Table_map_event, table of types.
"""

import re
from collections.abc import Callable, Mapping

from mysql_to_tidb.columns.charsets import BYTES_PER_CHARACTER
from mysql_to_tidb.columns.compressed import BLOB_COMPRESSED, VARCHAR_COMPRESSED
from mysql_to_tidb.model.changes import ImageColumn
from mysql_to_tidb.model.tables import Column

Check = Callable[[Column, bytes], bool]

_VARCHAR, _VAR_STRING, _STRING, _BLOB, _ENUM, _SET = 15, 253, 254, 252, 247, 248
_TIMESTAMP, _TIMESTAMP2, _DATETIME, _DATETIME2, _TIME, _TIME2 = 7, 17, 12, 18, 11, 19
_DATE, _NEWDATE, _YEAR, _BIT, _DECIMAL, _FLOAT, _DOUBLE, _JSON, _VECTOR = 10, 14, 13, 16, 246, 4, 5, 245, 242

_LENGTH_BYTES = {
    size + kind: length
    for length, size in enumerate(("tiny", "", "medium", "long"), start=1)
    for kind in ("blob", "text")
}
"""How many bytes say the length of a value."""
_SIZES = re.compile(r"\((\d+)(?:\s*,\s*(\d+))?\)")


def image_fits(column: Column, image: ImageColumn) -> bool:
    """Whether row images of a column with this definition can have this type and metadata.

    Types that no family carries fit whatever they come as.
    """
    checks = _CHECKS.get(column.data_type.lower())
    if checks is None:
        return True
    if "compressed" in column.column_type.lower():
        checks = _COMPRESSED
    check = checks.get(image.type_code)
    return check is not None and check(column, image.metadata)


def _plain(_: Column, metadata: bytes) -> bool:
    return not metadata


def _of_size(size: int) -> Check:
    return lambda _, metadata: metadata == bytes([size])


def _fraction(column: Column, metadata: bytes) -> bool:
    return metadata == bytes([_fraction_digits(column)])


def _before_fractions(column: Column, metadata: bytes) -> bool:
    # The old types of MariaDB may have fractions of which the table map says nothing; those are not read.
    return not metadata and not _fraction_digits(column)


def _decimal(column: Column, metadata: bytes) -> bool:
    return tuple(metadata) == _declared_sizes(column, 10)


def _bit(column: Column, metadata: bytes) -> bool:
    """The bits beyond whole bytes, then the whole bytes."""
    bits, _ = _declared_sizes(column, 1)
    return tuple(metadata) == (bits % 8, bits // 8)


def _variable(column: Column, metadata: bytes) -> bool:
    """The longest value in bytes, the low byte first."""
    return int.from_bytes(metadata, "little") == _octets(column)


def _fixed(column: Column, metadata: bytes) -> bool:
    """Type and length in bytes; of the length, two bits hide, turned round, in the byte of the type."""
    length = ((metadata[0] & 0x30) ^ 0x30) << 4 | metadata[1]
    return metadata[0] | 0x30 == _STRING and length == _octets(column)


def _variable_compressed(column: Column, metadata: bytes) -> bool:
    """As an ordinary one, and a byte for how it is compressed."""
    return int.from_bytes(metadata, "little") == _octets(column) + 1


def _of_width(width: int) -> Check:
    return lambda _, metadata: metadata == bytes([_STRING, width])


def _long(column: Column, metadata: bytes) -> bool:
    return metadata == bytes([_LENGTH_BYTES[column.data_type.lower()]])


def _enum(column: Column, metadata: bytes) -> bool:
    return metadata == bytes([_ENUM, 1 if len(column.members) < 256 else 2])


def _set(column: Column, metadata: bytes) -> bool:
    count = (len(column.members) + 7) // 8
    return metadata == bytes([_SET, 8 if count > 4 else count])


def _octets(column: Column) -> int:
    if column.octets_max is not None:
        return column.octets_max
    characters = column.characters_max if column.characters_max is not None else _declared_sizes(column, 1)[0]
    return characters * BYTES_PER_CHARACTER.get((column.character_set or "").lower(), 1)


def _fraction_digits(column: Column) -> int:
    return _declared_sizes(column, column.fraction_digits)[0]


def _declared_sizes(column: Column, otherwise: int) -> tuple[int, int]:
    """What stands in brackets behind the type: `(10,2)`; the second number is 0 where there is none."""
    found = _SIZES.search(column.column_type)
    return (int(found[1]), int(found[2] or 0)) if found else (otherwise, 0)


_CHARACTERS: Mapping[int, Check] = {_VARCHAR: _variable, _VAR_STRING: _variable, _STRING: _fixed}

_COMPRESSED: Mapping[int, Check] = {VARCHAR_COMPRESSED: _variable_compressed, BLOB_COMPRESSED: _long}

_CHECKS: Mapping[str, Mapping[int, Check]] = {
    "tinyint": {1: _plain},
    "smallint": {2: _plain},
    "mediumint": {9: _plain},
    "int": {3: _plain},
    "bigint": {8: _plain},
    "decimal": {_DECIMAL: _decimal},
    "float": {_FLOAT: _of_size(4)},
    "double": {_DOUBLE: _of_size(8)},
    "bit": {_BIT: _bit},
    "char": _CHARACTERS,
    "varchar": _CHARACTERS,
    "binary": _CHARACTERS,
    "varbinary": _CHARACTERS,
    **{data_type: {_BLOB: _long} for data_type in _LENGTH_BYTES},
    "json": {_JSON: _of_size(4)},
    "enum": {_ENUM: _enum},
    "set": {_SET: _set},
    "date": {_DATE: _plain, _NEWDATE: _plain},
    "time": {_TIME2: _fraction, _TIME: _before_fractions},
    "datetime": {_DATETIME2: _fraction, _DATETIME: _before_fractions},
    "timestamp": {_TIMESTAMP2: _fraction, _TIMESTAMP: _before_fractions},
    "year": {_YEAR: _plain},
    "uuid": {_STRING: _of_width(16)},
    "inet6": {_STRING: _of_width(16)},
    "inet4": {_STRING: _of_width(4)},
    "vector": {_VECTOR: _of_size(4)},
}
"""By the data type: the type codes that its row images may have, each with what its metadata must be."""

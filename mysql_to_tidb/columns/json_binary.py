"""MySQL's binary JSON as the text that MySQL prints for it (MySQL source, sql-common/json_binary.h, json_dom.cc)."""

import base64
import re
import struct
from collections.abc import Iterator
from decimal import Decimal

from mysql_to_tidb.columns.decimal import decimal_texts

_SMALL_OBJECT, _LARGE_OBJECT, _SMALL_ARRAY, _LARGE_ARRAY = 0, 1, 2, 3
_LITERAL, _INT32, _UINT32, _DOUBLE, _STRING, _OPAQUE = 4, 7, 8, 11, 12, 15

_CONTAINERS = range(_SMALL_OBJECT, _LARGE_ARRAY + 1)
_LITERALS = {0: "null", 1: "true", 2: "false"}
_INTEGERS = {
    5: struct.Struct("<h"),
    6: struct.Struct("<H"),
    7: struct.Struct("<i"),
    8: struct.Struct("<I"),
    9: struct.Struct("<q"),
    10: struct.Struct("<Q"),
}
_FLOAT = struct.Struct("<d")

# Type codes of opaque values (enum_field_types).
_TIMESTAMP, _DATE, _TIME, _DATETIME, _DECIMAL = 7, 10, 11, 12, 246

# Numbers of so many places before the point (below zero: after it) are laid out without an exponent.
_POINT_MIN, _POINT_MAX = -14, 15

_ESCAPED = re.compile(r'[\x00-\x1f"\\]')
_ESCAPES = {"\b": r"\b", "\t": r"\t", "\n": r"\n", "\f": r"\f", "\r": r"\r", '"': r"\"", "\\": r"\\"}


def json_text(document: bytes) -> str:
    """The document as text, which parses to the same values.

    Raises ValueError where the bytes are no JSON document.
    """
    if not document:
        # INSERT IGNORE leaves NOT NULL columns empty; MySQL itself reads that as null.
        return "null"
    try:
        return _value(document, document[0], 1)
    except (IndexError, struct.error) as error:
        raise ValueError("a JSON document that ends too early") from error


def _value(data: bytes, kind: int, start: int) -> str:
    """The value of this type whose bytes begin at `start`."""
    if kind in _CONTAINERS:
        return _container(data[start:], kind)
    if kind == _STRING:
        length, start = _variable_length(data, start)
        return _quoted(data[start : start + length].decode())
    if kind == _LITERAL:
        return _LITERALS[data[start]]
    if kind in _INTEGERS:
        return str(_INTEGERS[kind].unpack_from(data, start)[0])
    if kind == _DOUBLE:
        return double_text(_FLOAT.unpack_from(data, start)[0])
    if kind == _OPAQUE:
        length, body = _variable_length(data, start + 1)
        return _opaque(data[start], data[body : body + length])
    raise ValueError(f"a JSON value of unknown type {kind}")


def _container(data: bytes, kind: int) -> str:
    """An object or array. All offsets in it count from its first byte.

    Count of elements, size in bytes, for objects an offset and a length for each key, then for each value
    its type and the value itself, where it fits, or its offset.
    """
    width = 2 if kind in {_SMALL_OBJECT, _SMALL_ARRAY} else 4
    count = int.from_bytes(data[:width], "little")
    entries = 2 * width
    if kind in {_SMALL_ARRAY, _LARGE_ARRAY}:
        return "[" + ", ".join(_members(data, entries, count, width)) + "]"
    keys = [_key(data, entries + number * (width + 2), width) for number in range(count)]
    values = _members(data, entries + count * (width + 2), count, width)
    return "{" + ", ".join(f"{key}: {value}" for key, value in zip(keys, values, strict=True)) + "}"


def _key(data: bytes, entry: int, width: int) -> str:
    offset = int.from_bytes(data[entry : entry + width], "little")
    length = int.from_bytes(data[entry + width : entry + width + 2], "little")
    return _quoted(data[offset : offset + length].decode())


def _members(data: bytes, entries: int, count: int, width: int) -> Iterator[str]:
    for entry in range(entries, entries + count * (1 + width), 1 + width):
        kind = data[entry]
        inlined = kind == _LITERAL or (kind in _INTEGERS and _INTEGERS[kind].size <= width)
        place = entry + 1 if inlined else int.from_bytes(data[entry + 1 : entry + 1 + width], "little")
        yield _value(data, kind, place)


def _variable_length(data: bytes, start: int) -> tuple[int, int]:
    """A length of 7 bits to the byte, the lowest first, and where it ends."""
    length, shift = 0, 0
    while data[start] & 0x80:
        length |= (data[start] & 0x7F) << shift
        shift += 7
        start += 1
    return length | data[start] << shift, start + 1


def _quoted(text: str) -> str:
    return '"' + _ESCAPED.sub(_escape, text) + '"'


def _escape(match: re.Match[str]) -> str:
    character = match[0]
    return _ESCAPES.get(character) or f"\\u{ord(character):04x}"


def _opaque(kind: int, data: bytes) -> str:
    """A value of an SQL type that JSON does not have."""
    if kind == _DECIMAL:
        return str(decimal_texts([data[2:]], data[0], data[1])[0])
    if kind in {_DATE, _DATETIME, _TIMESTAMP, _TIME}:
        return f'"{_moment(kind, int.from_bytes(data, "little", signed=True))}"'
    lines = base64.encodebytes(data).decode().rstrip("\n")
    return _quoted(f"base64:type{kind}:{lines}")


def _moment(kind: int, packed: int) -> str:
    """Date, time or both, packed into 64 bits (MySQL source, my_time.cc, TIME_from_longlong_*_packed)."""
    sign, size = "-" if packed < 0 else "", abs(packed)
    day, clock, microsecond = size >> 41, size >> 24 & 0x1FFFF, size & 0xFFFFFF
    minutes = f"{clock >> 6 & 63:02}:{clock & 63:02}.{microsecond:06}"
    if kind == _TIME:
        return f"{sign}{size >> 36 & 1023:02}:{minutes}"
    month = day >> 5
    date = f"{month // 13:04}-{month % 13:02}-{day & 31:02}"
    return date if kind == _DATE else f"{date} {clock >> 12:02}:{minutes}"


def double_text(number: float) -> str:
    """The shortest digits that read as this number, laid out as MySQL does (MySQL source, dtoa.cc, my_gcvt)."""
    sign, digits, exponent = Decimal(repr(number)).normalize().as_tuple()
    shown = "".join(map(str, digits))
    minus = "-" if sign else ""
    point = len(shown) + int(exponent)
    if not number:
        return f"{minus}0.0"
    if point < _POINT_MIN or (point > _POINT_MAX and len(shown) <= point):
        fraction = f".{shown[1:]}" if len(shown) > 1 else ""
        return f"{minus}{shown[0]}{fraction}e{point - 1}"
    if point <= 0:
        return f"{minus}0.{'0' * -point}{shown}"
    whole, fraction = shown[:point].ljust(point, "0"), shown[point:]
    return f"{minus}{whole}.{fraction or '0'}"

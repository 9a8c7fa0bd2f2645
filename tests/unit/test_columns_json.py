"""Binary JSON is read as MySQL prints it, and what is no JSON is refused."""

import struct

import pytest

from mysql_to_tidb.columns.json_binary import double_text, json_text


def string(text: str) -> bytes:
    data = text.encode()
    length, size = b"", len(data)
    while size > 127:
        length += bytes([size & 127 | 128])
        size >>= 7
    return b"\x0c" + length + bytes([size]) + data


def test_scalars() -> None:
    assert json_text(b"\x04\x00") == "null"
    assert json_text(b"\x04\x01") == "true"
    assert json_text(b"\x0a" + b"\xff" * 8) == "18446744073709551615"
    assert json_text(b"\x09" + struct.pack("<q", -(2**63))) == "-9223372036854775808"
    assert json_text(string('a"\\\x1f\n')) == r'"a\"\\\u001f\n"'
    assert json_text(string("é" * 200)) == '"' + "é" * 200 + '"'


def test_small_and_large_containers() -> None:
    # {"a": [1, 70000]}: the array's second value is too large to stand in its entry.
    array = struct.pack("<HHBHBH", 2, 14, 5, 1, 7, 10) + struct.pack("<i", 70000)
    small = b"\x00" + struct.pack("<HHHHBH", 1, 12 + len(array), 11, 1, 2, 12) + b"a" + array
    assert json_text(small) == '{"a": [1, 70000]}'
    large = b"\x03" + struct.pack("<IIBIBI", 2, 18, 7, 70000, 4, 0)
    assert json_text(large) == "[70000, null]"


def test_no_bytes_are_null() -> None:
    assert json_text(b"") == "null"


@pytest.mark.parametrize(
    ("kind", "packed", "text"),
    [
        (11, -1, "-00:00:00.000001"),
        (11, 838 << 36 | 59 << 30 | 59 << 24, "838:59:59.000000"),
        (10, (2021 * 13 + 2) << 46 | 28 << 41, "2021-02-28"),
        (12, (9999 * 13 + 12) << 46 | 31 << 41 | 23 << 36 | 59 << 30 | 59 << 24 | 999999, "9999-12-31 23:59:59.999999"),
    ],
)
def test_dates_and_times(kind: int, packed: int, text: str) -> None:
    assert json_text(b"\x0f" + bytes([kind, 8]) + struct.pack("<q", packed)) == f'"{text}"'


def test_decimals_and_bytes() -> None:
    assert json_text(b"\x0f\xf6\x05\x03\x02\x81\x32"[:7]) == "1.50"
    assert json_text(b"\x0f\x0f\x02\x00\xff") == '"base64:type15:AP8="'


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (1.0, "1.0"),
        (-0.0, "-0.0"),
        (1e14, "100000000000000.0"),
        (1e15, "1e15"),
        (1e-15, "0.000000000000001"),
        (1e-16, "1e-16"),
        (1234567890123456.5, "1234567890123456.5"),
        (1.5e300, "1.5e300"),
        (5e-324, "5e-324"),
    ],
)
def test_doubles_are_laid_out_as_mysql_does(number: float, text: str) -> None:
    assert double_text(number) == text


@pytest.mark.parametrize("damaged", [b"\x0b\0", b"\x02\x05\0", b"\x0c\x80", b"\x63", string("a")[:-1] + b"\xff"])
def test_what_is_no_document_is_refused(damaged: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  (each is refused in its own words)
        json_text(damaged)

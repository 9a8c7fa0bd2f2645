"""The decoders that are written for each table give back what was put into the images, and notice what does not fit."""

import contextlib
import struct
from collections.abc import Sequence
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mysql_to_tidb.model.changes import ImageColumn, RowImage
from mysql_to_tidb.source.binlog.decoder import ImageCut, generate_decoder


@dataclass(frozen=True)
class Kind:
    """A column type, its values, and how a server writes them: as so many bytes, or with a length before them."""

    type_code: int
    metadata: bytes
    values: st.SearchStrategy[object]
    written: str
    """A struct code, or L and the size of the length, or n for integers of n bytes that struct does not have."""
    unsigned: bool = False

    def encode(self, value: object) -> bytes:
        if isinstance(value, bytes):
            length = len(value).to_bytes(int(self.written[1]), "little") if self.written.startswith("L") else b""
            return length + value
        if isinstance(value, int) and self.written == "3":
            return value.to_bytes(3, "little")
        return struct.pack("<" + self.written, value)


def integers(code: str) -> st.SearchStrategy[object]:
    bits = 8 * struct.calcsize("<" + code)
    low, high = (0, 2**bits - 1) if code.isupper() else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
    return st.integers(low, high)


def fixed(size: int) -> st.SearchStrategy[object]:
    return st.binary(min_size=size, max_size=size)


KINDS = [
    *(Kind(code, b"", integers(form), form) for code, form in [(1, "b"), (2, "h"), (3, "i"), (8, "q")]),
    *(Kind(code, b"", integers(form), form, unsigned=True) for code, form in [(1, "B"), (2, "H"), (3, "I"), (8, "Q")]),
    Kind(4, b"\4", st.floats(width=32, allow_nan=False), "f"),
    Kind(5, b"\x08", st.floats(allow_nan=False), "d"),
    Kind(13, b"", integers("B"), "B"),
    *(Kind(code, b"", fixed(size), "") for code, size in [(7, 4), (9, 3), (10, 3), (11, 3), (12, 8)]),
    Kind(9, b"", fixed(3), "", unsigned=True),
    *(
        Kind(16, bytes([bits, whole]), fixed(whole + (bits > 0)), "")
        for bits, whole in [(1, 0), (0, 1), (5, 2), (0, 8)]
    ),
    *(Kind(17, bytes([digits]), fixed(4 + (digits + 1) // 2), "") for digits in range(7)),
    *(Kind(18, bytes([digits]), fixed(5 + (digits + 1) // 2), "") for digits in range(7)),
    *(Kind(19, bytes([digits]), fixed(3 + (digits + 1) // 2), "") for digits in range(7)),
    *(
        Kind(246, bytes(form), fixed(size), "")
        for form, size in [((10, 0), 5), ((65, 30), 30), ((14, 4), 7), ((1, 1), 1)]
    ),
    Kind(247, b"\xf7\1", integers("B"), "B"),
    Kind(247, b"\xf7\2", integers("H"), "H"),
    *(Kind(248, bytes([248, size]), integers(form), form) for size, form in [(1, "B"), (2, "H"), (4, "I"), (8, "Q")]),
    Kind(248, b"\xf8\3", st.integers(0, 2**24 - 1), "3"),
    *(Kind(code, b"\xff\0", st.binary(max_size=255), "L1") for code in (15, 253, 141)),
    *(Kind(code, b"\0\1", st.binary(max_size=300), "L2") for code in (15, 253, 141)),
    Kind(254, b"\xfe\xff", st.binary(max_size=255), "L1"),
    Kind(254, b"\xee\x10", st.binary(max_size=272), "L2"),
    *(
        Kind(code, bytes([size]), st.binary(max_size=255 if size == 1 else 300), f"L{size}")
        for code in (252, 245, 255, 242, 140)
        for size in (1, 2, 3, 4)
    ),
]

tables = st.lists(st.sampled_from(KINDS), min_size=1, max_size=20)


def image(kinds: Sequence[Kind], row: RowImage, surplus: int) -> bytes:
    """Bits beyond the last column may be anything."""
    nulls = sum(1 << place for place, value in enumerate(row) if value is None) | surplus << len(kinds)
    width = (len(kinds) + 7) // 8
    values = b"".join(kind.encode(value) for kind, value in zip(kinds, row, strict=True) if value is not None)
    return (nulls & (1 << 8 * width) - 1).to_bytes(width, "little") + values


@given(tables, st.data())
def test_rows_come_back_as_they_were_written(kinds: list[Kind], data: st.DataObject) -> None:
    values = st.tuples(*(st.none() | kind.values if data.draw(st.booleans()) else kind.values for kind in kinds))
    rows = data.draw(st.lists(values, max_size=4))
    surplus = data.draw(st.integers(0, 255))
    body = b"".join(image(kinds, row, surplus) for row in rows)
    columns = tuple(ImageColumn(kind.type_code, kind.metadata) for kind in kinds)
    decode = generate_decoder(columns, tuple(kind.unsigned for kind in kinds))
    assert decode(b"head" + body + b"checksum", 4, 4 + len(body)) == rows
    assert decode(b"head" + body, 4, 4 + len(body)) == rows
    if body:
        # A row that is nothing but NULLs in one byte can be cut off whole.
        with contextlib.suppress(ImageCut, IndexError, struct.error):
            assert decode(body[:-1], 0, len(body) - 1) == rows[:-1]


@pytest.mark.parametrize("columns", [1, 8, 9, 64, 1017, 4096])
def test_tables_may_have_any_number_of_columns(columns: int) -> None:
    kinds = [KINDS[2]] * columns
    rows = [tuple(range(columns)), tuple(None if place % 3 else place for place in range(columns))]
    decode = generate_decoder((ImageColumn(3, b""),) * columns, (False,) * columns)
    body = b"".join(image(kinds, row, 255) for row in rows)
    assert decode(body, 0, len(body)) == rows

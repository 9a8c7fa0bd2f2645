"""Writes, for one form of row images, the Python function that decodes them.

A run of columns whose size is fixed becomes one struct call, the length of the string behind it
included; the rest is slices. Images without a NULL, most of them, take a path of their own.
Layout of row images: mysql-server, libs/mysql/binlog/event/rows_event.h (Rows_event).
"""

import struct
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from mysql_to_tidb.model.changes import ImageColumn, RowImage
from mysql_to_tidb.source.binlog.table_map import ENUM, SET

Decoder = Callable[[bytes, int, int], list[RowImage]]
"""Event, start and end of its images. Raises struct.error, IndexError or ImageCut where they do not fit."""

INTEGERS = frozenset({1, 2, 3, 8})
DECIMAL_BYTES = (0, 1, 1, 2, 2, 3, 3, 4, 4, 4)
"""Bytes for so many decimal digits; nine of them fill four bytes (MySQL manual, Precision Math)."""


class ImageCut(Exception):
    """The images do not end where their event does."""


def decimal_bytes(precision: int, scale: int) -> int:
    whole = precision - scale
    return whole // 9 * 4 + DECIMAL_BYTES[whole % 9] + scale // 9 * 4 + DECIMAL_BYTES[scale % 9]


def _with_fraction(whole_bytes: int) -> Callable[[bytes], str]:
    return lambda metadata: f"{whole_bytes + (metadata[0] + 1) // 2}s"


def _by_size(metadata: bytes) -> str:
    return {1: "B", 2: "H", 3: "3s", 4: "I", 8: "Q"}[metadata[1]]


FIXED_FORMATS: dict[int, Callable[[bytes], str]] = {
    1: lambda _: "b",
    2: lambda _: "h",
    3: lambda _: "i",
    8: lambda _: "q",
    4: lambda _: "f",
    5: lambda _: "d",
    7: lambda _: "4s",
    9: lambda _: "3s",
    10: lambda _: "3s",
    11: lambda _: "3s",
    12: lambda _: "8s",
    13: lambda _: "B",
    16: lambda metadata: f"{metadata[1] + (metadata[0] > 0)}s",
    17: _with_fraction(4),
    18: _with_fraction(5),
    19: _with_fraction(3),
    246: lambda metadata: f"{decimal_bytes(metadata[0], metadata[1])}s",
    ENUM: _by_size,
    SET: _by_size,
}
"""Of each type whose values always take the same room, the struct code, from the column's metadata."""


def fixed_format(column: ImageColumn, *, unsigned: bool) -> str | None:
    """The struct code of a column; None for one whose values have a length before them."""
    make = FIXED_FORMATS.get(column.type_code)
    if make is None:
        return None
    code = make(column.metadata)
    return code.upper() if unsigned and column.type_code in INTEGERS else code


def length_bytes(column: ImageColumn) -> int:
    """How many bytes before a value of variable size say how long it is."""
    kind, metadata = column.type_code, column.metadata
    match kind:
        case 15 | 141 | 253:
            return 1 if metadata[0] | metadata[1] << 8 < 256 else 2
        case 254:
            # The two high bits of a CHAR's size hide, inverted, in the byte of its type.
            return 1 if ((metadata[0] & 0x30) ^ 0x30) << 4 | metadata[1] < 256 else 2
        case _:
            return metadata[0]


@lru_cache(maxsize=1024)
def generate_decoder(columns: tuple[ImageColumn, ...], unsigned: tuple[bool, ...]) -> Decoder:
    """A function for row images with these columns; `unsigned` matters for integers only."""
    writer = _Writer(columns, unsigned)
    code = compile(writer.source(), "<row image decoder>", "exec")
    namespace: dict[str, Any] = {"cut": ImageCut, "integer": int.from_bytes} | writer.structs
    exec(code, namespace)  # noqa: S102  (every part of the code is made from numbers)
    decode: Decoder = namespace["decode"]
    return decode


class _Writer:
    """Collects lines; `p` is the place in the event `b`, `v0`... are the values of the row."""

    def __init__(self, columns: tuple[ImageColumn, ...], unsigned: tuple[bool, ...]) -> None:
        self.columns = columns
        self.formats = [fixed_format(column, unsigned=flag) for column, flag in zip(columns, unsigned, strict=True)]
        self.lines: list[str] = []
        self.structs: dict[str, object] = {}
        self.run: list[tuple[str, str]] = []

    def source(self) -> str:
        count = len(self.columns)
        width, mask = (count + 7) // 8, (1 << count) - 1
        nulls = "b[p]" if width == 1 else f"integer(b[p:p + {width}], 'little')"
        self.lines = [
            "def decode(b, p, end):",
            " images = []",
            " append = images.append",
            " while p < end:",
            # Bits beyond the last column may be set.
            f"  nulls = {nulls} & {mask}",
            f"  p += {width}",
            "  if nulls:",
        ]
        for place in range(count):
            self.write_nullable(place)
        self.lines.append("  else:")
        for place in range(count):
            self.write_value(place)
        self.close_run()
        values = "".join(f"v{place}," for place in range(count))
        self.lines += [f"  append(({values}))", " if p != end: raise cut", " return images"]
        return "\n".join(self.lines)

    def write_nullable(self, place: int) -> None:
        """One column by itself, unless it is NULL."""
        self.lines.append(f"   if nulls & {1 << place}: v{place} = None")
        self.lines.append("   else:")
        before = len(self.lines)
        self.write_value(place)
        self.close_run()
        self.lines[before:] = [f" {line}" for line in self.lines[before:]]

    def write_value(self, place: int) -> None:
        form = self.formats[place]
        if form is None:
            self.write_sized(place)
            return
        self.run.append((form, f"v{place}"))
        if form == "3s" and self.columns[place].type_code == SET:
            self.close_run()
            self.lines.append(f"   v{place} = integer(v{place}, 'little')")

    def write_sized(self, place: int) -> None:
        """A length, then so many bytes."""
        size = length_bytes(self.columns[place])
        if size == 3:
            self.close_run()
            self.lines.append("   n = b[p] | b[p + 1] << 8 | b[p + 2] << 16; p += 3")
        elif size == 1 and not self.run:
            self.lines.append(f"   q = p + 1; p = q + b[p]; v{place} = b[q:p]")
            return
        else:
            self.run.append(({1: "B", 2: "H", 4: "I"}[size], "n"))
            self.close_run()
        self.lines.append(f"   q = p; p += n; v{place} = b[q:p]")

    def close_run(self) -> None:
        """One struct call for the columns that have gathered."""
        if not self.run:
            return
        form = struct.Struct("<" + "".join(code for code, _ in self.run))
        name = f"unpack_{len(self.structs)}"
        self.structs[name] = form.unpack_from
        names = "".join(f"{name}," for _, name in self.run)
        self.lines.append(f"   {names} = {name}(b, p); p += {form.size}")
        self.run = []

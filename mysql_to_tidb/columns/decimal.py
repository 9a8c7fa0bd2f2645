"""DECIMAL of up to 65 digits."""

from collections.abc import Sequence
from typing import ClassVar

import numpy as np
import pyarrow as pa

from mysql_to_tidb.columns.arrays import Bytes, Flags, big_endian, byte_matrix, digits, ragged_text_array
from mysql_to_tidb.columns.family import Family
from mysql_to_tidb.model.changes import ImageColumn

_GROUP_DIGITS = 9
_BYTES_BY_DIGITS = (0, 1, 1, 2, 2, 3, 3, 4, 4, 4)
_ZERO, _MINUS = ord("0"), ord("-")


class Decimal(Family):
    """Travels as the text that MySQL prints: all digits of the scale, at least one before the point."""

    data_types: ClassVar = frozenset({"decimal"})
    arrow_type = pa.string()
    escape_free: ClassVar = True

    def select_expression(self) -> str:
        name = super().select_expression()
        # The sum of a ZEROFILL column and 0 prints without the leading zeros, which are no part of the value.
        return f"{name} + 0" if "zerofill" in self.column.column_type else name

    def _from_text(self, values: pa.Array) -> pa.Array:
        return values.view(pa.string())

    def _from_image(self, values: Sequence[object], image: ImageColumn) -> pa.Array:
        precision, scale = image.metadata
        return decimal_texts(values, precision, scale)

    def _to_load(self, values: pa.Array) -> pa.Array:
        return values.view(pa.binary())

    def to_literals(self, values: pa.Array) -> list[str]:
        return ["NULL" if value is None else value for value in values.to_pylist()]


def decimal_texts(values: Sequence[object], precision: int, scale: int) -> pa.Array:
    """Decimals in binary form (bytes and None) as a string array.

    The highest bit of the first byte is set where the number is not negative; where it is, all bits are
    turned round (MySQL source, decimal2bin).
    """
    groups = _digit_groups(precision - scale, scale)
    matrix, flags = byte_matrix(values, sum(_BYTES_BY_DIGITS[count] for count in groups))
    negative = matrix[:, 0] < 0x80
    plain = matrix ^ np.where(negative, 0xFF, 0).astype(np.uint8)[:, np.newaxis]
    plain[:, 0] ^= 0x80
    return _printed(_all_digits(plain, groups), precision - scale, negative, flags)


def _digit_groups(whole: int, scale: int) -> list[int]:
    """How many digits each big-endian group of the binary form holds.

    Groups of nine digits are counted from the point in both directions; what is left over stands at the ends.
    """
    leading, trailing = whole % _GROUP_DIGITS, scale % _GROUP_DIGITS
    nines = [_GROUP_DIGITS] * (whole // _GROUP_DIGITS) + [_GROUP_DIGITS] * (scale // _GROUP_DIGITS)
    return [count for count in (leading, *nines, trailing) if count]


def _all_digits(plain: Bytes, groups: list[int]) -> Bytes:
    columns, start = [], 0
    for count in groups:
        end = start + _BYTES_BY_DIGITS[count]
        columns.append(digits(big_endian(plain[:, start:end]), count))
        start = end
    return np.hstack(columns)


def _printed(text: Bytes, whole: int, negative: Flags, flags: Flags | None) -> pa.Array:
    """Sign, the digits before the point without leading zeros, and those after it."""
    rows, count = text.shape
    line = np.full((rows, count + 3), _ZERO, np.uint8)
    line[:, 2 : 2 + whole] = text[:, :whole]
    line[:, 2 + whole] = ord(".")
    line[:, 3 + whole :] = text[:, whole:]
    line = line[:, : 2 + whole] if count == whole else line
    # At least one digit stands before the point, be it the zero that no digit of the column stands for.
    first = np.argmax(np.hstack([line[:, 1 : 1 + whole] != _ZERO, np.ones((rows, 1), np.bool_)]), axis=1) + 1
    negative = negative & (text != _ZERO).any(axis=1)
    line[np.flatnonzero(negative), first[negative] - 1] = _MINUS
    return ragged_text_array(line, first - negative, flags)

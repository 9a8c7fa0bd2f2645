"""Arrow arrays made out of bytes a whole column at a time, with numpy in place of a loop over the values."""

from collections.abc import Sequence
from itertools import repeat
from typing import cast

import numpy as np
import numpy.typing as npt
import pyarrow as pa

Numbers = npt.NDArray[np.int64]
Bytes = npt.NDArray[np.uint8]
Flags = npt.NDArray[np.bool_]

_ZERO = ord("0")


def validity(flags: Flags | None) -> pa.Buffer | None:
    """Arrow's bitmap of the values that are not NULL; None where all are not."""
    return None if flags is None else pa.py_buffer(np.packbits(flags, bitorder="little").tobytes())


def binary_array(values: Sequence[object], kind: pa.DataType | None = None, *, width: int = 0) -> pa.Array:
    """A binary array, or one of the `kind` given, of bytes objects and None.

    Values shorter than `width` are filled up with zero bytes.
    """
    flags, present = _without_nulls(values)
    if width:
        present = list(map(bytes.ljust, present, repeat(width), repeat(b"\0")))
    offsets = np.zeros(len(present) + 1, np.int32)
    np.cumsum(np.fromiter(map(len, present), np.int32, len(present)), out=offsets[1:])
    buffers = [validity(flags), pa.py_buffer(offsets), pa.py_buffer(b"".join(present))]
    return pa.Array.from_buffers(kind or pa.binary(), len(present), buffers)


def byte_matrix(values: Sequence[object], width: int) -> tuple[Bytes, Flags | None]:
    """One row of `width` bytes per bytes object, zeros for None, and the flags of those that are not None.

    Raises ValueError when a value has another width.
    """
    flags, present = _without_nulls(values, bytes(width))
    if set(map(len, present)) - {width}:
        raise ValueError(f"values of another width than {width} bytes")
    return np.frombuffer(b"".join(present), np.uint8).reshape(len(present), width), flags


def _without_nulls(values: Sequence[object], filler: bytes = b"") -> tuple[Flags | None, Sequence[bytes]]:
    if None not in values:
        return None, cast("Sequence[bytes]", values)
    flags = np.fromiter((value is not None for value in values), np.bool_, len(values))
    return flags, cast("list[bytes]", [filler if value is None else value for value in values])


def big_endian(matrix: Bytes) -> Numbers:
    """Each row of at most 7 bytes as one unsigned number, the first byte the highest."""
    numbers = np.zeros(len(matrix), np.int64)
    for place in range(matrix.shape[1]):
        numbers = (numbers << 8) | matrix[:, place]
    return numbers


def little_endian(matrix: Bytes) -> Numbers:
    """Each row of at most 8 bytes as one number, the last byte the highest."""
    return big_endian(matrix[:, ::-1])


def numbers_array(numbers: Numbers, flags: Flags | None, kind: pa.DataType) -> pa.Array:
    """An array of 64-bit integers, of which those without a flag are NULL."""
    return pa.Array.from_buffers(kind, len(numbers), [validity(flags), pa.py_buffer(numbers)])


def bytes_scalar(value: bytes) -> pa.Scalar:
    """A binary scalar. `pyarrow.scalar` would import pandas, which takes half a second."""
    offsets = np.array([0, len(value)], np.int32)
    return pa.Array.from_buffers(pa.binary(), 1, [None, pa.py_buffer(offsets), pa.py_buffer(value)])[0]


def flags_array(flags: Flags) -> pa.Array:
    """An array of booleans."""
    return pa.Array.from_buffers(pa.bool_(), len(flags), [None, validity(flags)])


def digits(numbers: Numbers, count: int) -> Bytes:
    """The last `count` decimal digits of numbers of zero and above, as ASCII, one row per number."""
    text = np.empty((len(numbers), count), np.uint8)
    for place in range(count - 1, -1, -1):
        numbers, text[:, place] = np.divmod(numbers, 10)
    return text + np.uint8(_ZERO)


def fields_text(parts: Sequence[tuple[Numbers, int] | str], rows: int) -> Bytes:
    """Numbers of a fixed count of digits, and the characters between them, side by side."""
    columns = [np.full((rows, 1), ord(part), np.uint8) if isinstance(part, str) else digits(*part) for part in parts]
    return np.hstack(columns)


def text_matrix(values: pa.Array) -> Bytes:
    """The rows of ASCII that a string array without NULLs holds, all values being of one length."""
    offsets = np.frombuffer(values.buffers()[1], np.int32)[values.offset : values.offset + len(values) + 1]
    width = int(offsets[1] - offsets[0]) if len(values) else 0
    if (np.diff(offsets) != width).any():
        raise ValueError("values of unequal length")
    data = np.frombuffer(values.buffers()[2] or b"", np.uint8)[offsets[0] : offsets[-1]]
    return data.reshape(len(values), width)


def fixed_text_array(text: Bytes, flags: Flags | None) -> pa.Array:
    """A string array whose values are the rows of an ASCII matrix."""
    rows, width = text.shape
    offsets = np.arange(rows + 1, dtype=np.int32) * np.int32(width)
    buffers = [validity(flags), pa.py_buffer(offsets), pa.py_buffer(text.tobytes())]
    return pa.Array.from_buffers(pa.string(), rows, buffers)


def ragged_text_array(text: Bytes, starts: Numbers, flags: Flags | None) -> pa.Array:
    """A string array whose values are the rows of an ASCII matrix, each from its own start to the right edge."""
    rows, width = text.shape
    offsets = np.zeros(rows + 1, np.int32)
    np.cumsum(width - starts, out=offsets[1:])
    data = text[np.arange(width) >= starts[:, np.newaxis]]
    return pa.Array.from_buffers(
        pa.string(), rows, [validity(flags), pa.py_buffer(offsets), pa.py_buffer(data.tobytes())]
    )

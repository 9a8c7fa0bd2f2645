"""Rows of a SELECT straight from the driver's socket into Arrow, without a Python object per value.

Only the headers of the packets are walked one by one. A row's values stand behind each other, each after its
length; so a column's lengths are looked up for all rows of a batch at once, and tell where the next column starts.
"""

from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow as pa
from pymysql import err
from pymysql.connections import Connection
from pymysql.constants import COMMAND, CR

from mysql_to_tidb.columns import Family
from mysql_to_tidb.columns.arrays import Bytes, Flags, Numbers, little_endian, numbers_array
from mysql_to_tidb.columns.batches import batch_from_text
from mysql_to_tidb.model.tables import Table

HEADER_BYTES = 4
PACKET_BYTES_MAX = 0xFFFFFF
"""A packet of this size is continued by the next one (MySQL internals manual, Sending More Than 16Mb)."""
READ_BYTES = 256 * 1024

_ERROR, _END, _NULL = 0xFF, 0xFE, 0xFB
_LENGTH_BYTES = {0xFC: 2, 0xFD: 3, 0xFE: 8}
"""The markers of lengths from 251 up, and how many bytes hold the length (manual, Length-Encoded Integer)."""
_DEPRECATE_EOF = 1 << 24


def select_statement(table: Table, families: Sequence[Family], where: str = "", order_by: Sequence[str] = ()) -> str:
    """A SELECT of all stored columns, each by the expression that carries it without loss."""
    columns = ", ".join(family.select_expression() for family in families)
    condition = f" WHERE {where}" if where else ""
    order = f" ORDER BY {', '.join(order_by)}" if order_by else ""
    return f"SELECT {columns} FROM {table.name.quoted}{condition}{order}"


def read_batches(
    connection: Connection,
    select: str,
    families: Sequence[Family],
    *,
    batch_rows_max: int,
    batch_bytes_max: int,
) -> Iterator[pa.RecordBatch]:
    """The rows of `select`, whose columns are the select expressions of `families`, in batches.

    A batch ends with the row that reaches `batch_bytes_max` (at most a gigabyte), so memory holds that much
    and one row. Raises pymysql.MySQLError as the driver does, and ValueUnrepresentable. After any error, and
    when the caller stops before the end, the connection is closed: rows would still come.
    """
    complete = False
    try:
        _query(connection, select, len(families))
        packets = _Packets(connection)
        while not packets.ended:
            block, ends = packets.take(batch_rows_max, batch_bytes_max)
            if ends:
                yield batch_from_text(_columns(block, ends, len(families)), families)
        complete = True
    finally:
        if not complete:
            connection._force_close()


def _query(connection: Connection, select: str, column_count: int) -> None:
    """Send the statement and read what comes before the rows: the definitions of the columns."""
    connection._execute_command(COMMAND.COM_QUERY, select)
    head = connection._read_packet()
    if head.is_ok_packet() or head.read_length_encoded_integer() != column_count:
        raise err.InternalError(CR.CR_MALFORMED_PACKET, "The result has other columns than were asked for")
    for _ in range(column_count):
        connection._read_packet()
    if not connection.client_flag & _DEPRECATE_EOF:
        connection._read_packet()


class _Packets:
    """The packets of a result's rows, gathered into blocks of whole rows."""

    def __init__(self, connection: Connection) -> None:
        self.ended = False
        self._stream = connection._rfile
        self._buffer = bytearray()
        self._joined = 0
        """Where a row of several packets is whole up to; 0 where none is being put together."""

    def take(self, rows_max: int, bytes_max: int) -> tuple[bytearray, list[int]]:
        """Up to `rows_max` rows: the packets of each as one, and the offsets at which they end."""
        ends: list[int] = []
        position = 0
        while not self.ended and len(ends) < rows_max and position < bytes_max:
            position = self._walk(position, ends, rows_max, bytes_max)
            if not self.ended and len(ends) < rows_max and position < bytes_max:
                self._fill()
        block = self._buffer
        self._buffer = block[position:]
        if self.ended and self._buffer:
            raise err.InternalError(CR.CR_MALFORMED_PACKET, "Bytes after the end of the result")
        return block, ends

    def _walk(self, position: int, ends: list[int], rows_max: int, bytes_max: int) -> int:
        """Note the ends of the rows that are there in full, and return where the first that is not begins."""
        buffer, available = self._buffer, len(self._buffer)
        for _ in range(rows_max - len(ends)):
            start = position + HEADER_BYTES
            if start >= available or position >= bytes_max:
                break
            length = buffer[position] | buffer[position + 1] << 8 | buffer[position + 2] << 16
            end = start + length
            if end > available:
                break
            if length == PACKET_BYTES_MAX:
                if not self._join(end):
                    break
                end, self._joined, available = self._joined, 0, len(buffer)
            elif buffer[start] >= _END:
                # A row that begins like the end of the result has a first value of 16 MiB, hence a full packet.
                self._end(bytes(buffer[start:end]))
                del buffer[position:end]
                break
            ends.append(end)
            position = end
        return position

    def _join(self, first_end: int) -> bool:
        """Take out the headers inside a row of several packets; whether the row is whole."""
        self._joined = self._joined or first_end
        length = PACKET_BYTES_MAX
        while length == PACKET_BYTES_MAX:
            header_end = self._joined + HEADER_BYTES
            header = self._buffer[self._joined : header_end]
            length = int.from_bytes(header[:3], "little")
            if len(header) < HEADER_BYTES or len(self._buffer) < header_end + length:
                return False
            del self._buffer[self._joined : header_end]
            self._joined += length
        return True

    def _end(self, payload: bytes) -> None:
        if payload[0] == _ERROR:
            err.raise_mysql_exception(payload)
        self.ended = True

    def _fill(self) -> None:
        try:
            # Not readinto1(), which waits for more when it has something already.
            received = self._stream.read1(READ_BYTES)
        except OSError as error:
            lost = f"Lost connection to MySQL server during query ({error})"
            raise err.OperationalError(CR.CR_SERVER_LOST, lost) from error
        if not received:
            raise err.OperationalError(CR.CR_SERVER_LOST, "Lost connection to MySQL server during query")
        self._buffer += received


def _columns(block: bytearray, ends: list[int], column_count: int) -> list[pa.Array]:
    """The values of each column as a binary array, out of rows that end at `ends`."""
    data, shared = np.frombuffer(block, np.uint8), pa.py_buffer(block)
    limits = np.array(ends, np.int64)
    cursor = np.concatenate([[0], limits[:-1]]) + HEADER_BYTES
    arrays = []
    try:
        for _ in range(column_count):
            starts, lengths, flags = _values(data, cursor)
            arrays.append(_gathered(shared, starts, lengths, flags))
            cursor = starts + lengths
    except IndexError:
        cursor = np.empty(0)
    if not np.array_equal(cursor, limits):
        raise err.InternalError(CR.CR_MALFORMED_PACKET, "A row does not fit its packet")
    return arrays


def _values(data: Bytes, cursor: Numbers) -> tuple[Numbers, Numbers, Flags | None]:
    """Where the values whose lengths stand at `cursor` start, how long they are, and which are not NULL."""
    first = data[cursor]
    starts, lengths = cursor + 1, first.astype(np.int64)
    if first.max() < _NULL:
        return starts, lengths, None
    for marker, width in _LENGTH_BYTES.items():
        rows = np.flatnonzero(first == marker)
        lengths[rows] = little_endian(data[cursor[rows, np.newaxis] + np.arange(1, width + 1)])
        starts[rows] += width
    flags = first != _NULL
    lengths[~flags] = 0
    return starts, lengths, flags


def _gathered(data: pa.Buffer, starts: Numbers, lengths: Numbers, flags: Flags | None) -> pa.Array:
    """An array of slices of `data`.

    Arrow's offsets leave no gaps, so it is shown the values and the gaps between them in turn, and takes
    every second one.
    """
    offsets = np.empty(2 * len(starts), np.int32)
    offsets[0::2], offsets[1::2] = starts, starts + lengths
    slices = pa.Array.from_buffers(pa.binary(), len(offsets) - 1, [None, pa.py_buffer(offsets), data])
    return slices.take(numbers_array(np.arange(0, len(offsets), 2), flags, pa.int64()))

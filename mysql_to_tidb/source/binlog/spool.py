"""Keeps the rows events of one large transaction on disk, where memory would not hold them.

The file has no name: nothing is left of it when the process ends, however that happens.
"""

import os
import struct
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import IO

from mysql_to_tidb.errors import LocalStorageFailed
from mysql_to_tidb.source.binlog.rows import RowReader

RowsEvent = tuple[RowReader, int, bytes, int, int]
"""A rows event of a migrated table, not decoded yet: what reads it, its type, the event, where its images
end, and the offset behind it in the binlog file."""

BUFFER_BYTES = 1 << 20
_RECORD = struct.Struct("<IBIQI")
"""Number of the reader, type, end of the images, offset in the binlog file, size of the event that follows."""


@dataclass(frozen=True, slots=True)
class SpoolLimits:
    """Where a transaction goes that is larger than what memory may take of it."""

    folder: str = ""
    """The system's folder for temporary files where it is empty."""
    memory_bytes: int = 32 << 20
    """Up to so many bytes of its events stay in memory."""


class EventSpool:
    """Events in the order in which they were put in. Raises LocalStorageFailed."""

    def __init__(self, folder: str) -> None:
        self.count = 0
        self._folder = folder or tempfile.gettempdir()
        self._readers: list[RowReader] = []
        self._numbers: dict[int, int] = {}
        try:
            self._file: IO[bytes] = tempfile.TemporaryFile(dir=self._folder, buffering=BUFFER_BYTES)  # noqa: SIM115 - closed by `close`
        except OSError as error:
            raise self._failed(error) from error

    def append(self, events: Iterable[RowsEvent]) -> None:
        """Put events behind the others."""
        write, pack = self._file.write, _RECORD.pack
        try:
            for reader, kind, event, end, offset in events:
                write(pack(self._number(reader), kind, end, offset, len(event)))
                write(event)
                self.count += 1
            self._file.flush()  # a full disk is to be met here, not when the transaction is applied
        except OSError as error:
            raise self._failed(error) from error

    def events(self) -> Iterator[RowsEvent]:
        """All of them."""
        for number, kind, end, offset, size in self._records(0):
            yield self._readers[number], kind, self._read(size), end, offset

    def cut(self, count: int) -> set[RowReader]:
        """Keep so many events; what read those that are gone."""
        readers: set[RowReader] = set()
        place = kept = self._place_of(count)
        for number, _, _, _, size in self._records(place):
            readers.add(self._readers[number])
            self._file.seek(size, os.SEEK_CUR)
        self._file.seek(kept)
        self._file.truncate()
        self.count = count
        return readers

    def close(self) -> None:
        """Give the space back."""
        self._file.close()

    def _place_of(self, count: int) -> int:
        place = 0
        for _, (_, _, _, _, size) in zip(range(count), self._records(0), strict=False):
            self._file.seek(size, os.SEEK_CUR)
            place += _RECORD.size + size
        return place

    def _records(self, place: int) -> Iterator[tuple[int, int, int, int, int]]:
        """The heads of the records from here on; whoever takes one reads or passes the event behind it."""
        self._file.seek(place)
        while head := self._read(_RECORD.size):
            yield _RECORD.unpack(head)

    def _read(self, size: int) -> bytes:
        try:
            return self._file.read(size)
        except OSError as error:
            raise self._failed(error) from error

    def _number(self, reader: RowReader) -> int:
        """Table maps are announced again with each statement; their readers mostly stay the same."""
        number = self._numbers.get(id(reader))
        if number is None:
            number = self._numbers[id(reader)] = len(self._readers)
            self._readers.append(reader)
        return number

    def _failed(self, error: OSError) -> LocalStorageFailed:
        return LocalStorageFailed(
            f"a large transaction of the source cannot be kept on this machine's disk ({error.strerror or error})",
            where=f"folder {self._folder}",
        )

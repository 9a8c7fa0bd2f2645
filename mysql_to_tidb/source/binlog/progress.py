"""Keeps account of where in the source's history the stream is, and whether a transaction is open there."""

from mysql_to_tidb.errors import BinlogCorrupt
from mysql_to_tidb.model.positions import Position, ServerIdentity
from mysql_to_tidb.source.binlog.event_types import ARTIFICIAL_FLAG, EventType
from mysql_to_tidb.source.binlog.gtid_events import GtidTracker, committed_at

OFFSET_MASK = 0xFFFFFFFF
"""Events tell their end in 32 bits, though a file may be longer."""

_UNPLACED = frozenset({EventType.HEARTBEAT, EventType.HEARTBEAT_V2})


class Progress:
    """Starts at `position`, which lies between two transactions."""

    def __init__(self, position: Position, identity: ServerIdentity) -> None:
        self._boundary = position
        self._moved = False
        self.file, self.offset = position.file, position.offset
        self.gtids = GtidTracker(identity, position)
        self.opening = b""
        """The event that opened the transaction that is being read, where there was one."""
        self.in_transaction = False
        """Between BEGIN, or what stands for it, and the commit."""
        self._mariadb = identity.mariadb
        self._skips_known = bool(self.gtids.text)

    @property
    def boundary(self) -> Position:
        """Where to go on from: behind all that was read, except a transaction that has not ended yet."""
        return self._boundary if self.open else self._between(self.offset)

    @property
    def where(self) -> str:
        return f"source binlog {self.file}:{self.offset}"

    @property
    def open(self) -> bool:
        """Whether what was read last belongs to a transaction that has not ended yet."""
        return self.in_transaction or bool(self.opening)

    def replace(self, kind: int, size: int, log_position: int, flags: int) -> None:
        """An event came whose end is not where it was expected. Raises BinlogCorrupt when events are missing."""
        before = self.offset - size
        if not log_position or flags & ARTIFICIAL_FLAG or kind in _UNPLACED:
            self.offset = before
            return
        # MariaDB leaves out annotations; with GTIDs, both leave out transactions that we have.
        if not (self._mariadb or (self._skips_known and not self.open)):
            raise BinlogCorrupt(f"an event ends at {log_position}, but the one before it ended at {before}")
        self.offset += (log_position - self.offset) & OFFSET_MASK

    def enter(self, file: str, offset: int) -> None:
        """The stream goes on at this place of this file."""
        self.file, self.offset = file, offset

    def catch_up(self, file: str, log_position: int) -> None:
        """The source says how far it has come, having left out transactions that we have (a heartbeat)."""
        ahead = (log_position - self.offset) & OFFSET_MASK
        if file == self.file and not self.open and ahead <= OFFSET_MASK >> 1:
            self.offset += ahead

    def begin(self, event: bytes) -> None:
        """The first event of a transaction came: its identifier, or its BEGIN where it has none."""
        if self.open:
            raise BinlogCorrupt("a transaction begins before the one before it has ended")
        self._between(self.offset - len(event))

    def start_of(self, event: bytes) -> Position:
        """Where to go on from so that the transaction comes again to which this event belongs."""
        return self._boundary if self.open else self._between(self.offset - len(event))

    def finish(self, event: bytes) -> tuple[Position, float]:
        """The transaction ends with this event: the position behind it, and when the source committed."""
        time = committed_at(self.opening, int.from_bytes(event[:4], "little"))
        if self.opening:
            self.gtids.add(self.opening)
        self.abandon()
        self._moved = True
        self._boundary = Position(self.file, self.offset, self.gtids.text)
        return self._boundary, time

    def _between(self, offset: int) -> Position:
        last = self._boundary
        if offset != last.offset or self.file != last.file:
            position = Position(self.file, offset, self.gtids.text)
            # With GTIDs the source may begin with an older file, in which it leaves out all that we have.
            if self._moved or position.reaches(last):
                self._boundary = position
        return self._boundary

    def abandon(self) -> None:
        """The open transaction, if there is one, never happened."""
        self.opening = b""
        self.in_transaction = False

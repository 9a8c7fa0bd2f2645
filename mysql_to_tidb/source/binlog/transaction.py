"""Holds the rows events of one transaction until it is known what becomes of it: in memory, on disk if large."""

from collections.abc import Iterable, Iterator

from mysql_to_tidb.errors import StreamError
from mysql_to_tidb.model.changes import RowChanges
from mysql_to_tidb.model.names import TableName
from mysql_to_tidb.model.positions import Position
from mysql_to_tidb.source.binlog.rows import CHANGE_KINDS, RowReader
from mysql_to_tidb.source.binlog.spool import EventSpool, RowsEvent, SpoolLimits

_TRANSACTIONAL_ENGINES = frozenset({"innodb", "rocksdb", "tokudb", "ndbcluster", "ndb"})
_EVENT_BYTES = 250
"""What Python takes for an event besides its own bytes, roughly."""


class Transaction:
    """What the transaction that is being read has changed so far."""

    def __init__(self, limits: SpoolLimits | None = None) -> None:
        self.rows: list[RowsEvent] = []
        """The last events; those before them are on disk once there are many."""
        self._limits = limits or SpoolLimits()
        self._spool: EventSpool | None = None
        self._counted = self._counted_bytes = 0
        self._savepoints: list[tuple[bytes, int]] = []

    @property
    def is_empty(self) -> bool:
        """Whether it has changed no migrated table."""
        return not self.rows and self._spool is None

    @property
    def some_table(self) -> TableName:
        """One of the tables that it has changed; it must not be empty."""
        reader = self.rows[0][0] if self.rows else next(self._spooled())[0]
        return reader.mapped.table.name

    def spill_surplus(self) -> None:
        """Move what is in memory to disk once it has become too much. Raises LocalStorageFailed."""
        fresh = self.rows[self._counted :]
        self._counted += len(fresh)
        self._counted_bytes += sum([len(row[2]) for row in fresh]) + _EVENT_BYTES * len(fresh)
        if self._counted_bytes > self._limits.memory_bytes:
            self._spool = self._spool or EventSpool(self._limits.folder)
            self._spool.append(self.rows)
            self.rows.clear()
            self._counted = self._counted_bytes = 0

    def savepoint(self, name: bytes) -> None:
        """A savepoint of the same name replaces the older one."""
        self._savepoints = [mark for mark in self._savepoints if mark[0] != name]
        self._savepoints.append((name, self._spooled_count + len(self.rows)))

    def roll_back(self) -> None:
        """Take everything back."""
        self._take_back(0)
        self._savepoints.clear()

    def roll_back_to(self, name: bytes) -> None:
        """Take back what came behind the savepoint, which stays. Raises StreamError when there is none."""
        places = [place for place, mark in enumerate(self._savepoints) if mark[0] == name]
        if not places:
            raise StreamError("a transaction was rolled back to a savepoint that it does not have")
        self._take_back(self._savepoints[places[0]][1])
        del self._savepoints[places[0] + 1 :]

    def changes(self, end: Position) -> Iterator[RowChanges]:
        """Decode and give away everything in order; `end` is behind the transaction."""
        self._savepoints.clear()
        for reader, kind, event, images_end, offset in self._taken():
            images = reader.images(event, kind, images_end)
            yield RowChanges(reader.mapped, CHANGE_KINDS[kind], images, Position(end.file, offset, end.gtid_set))

    @property
    def _spooled_count(self) -> int:
        return self._spool.count if self._spool else 0

    def _spooled(self) -> Iterator[RowsEvent]:
        return self._spool.events() if self._spool else iter(())

    def _taken(self) -> Iterator[RowsEvent]:
        """All events, each forgotten as it is given."""
        spool, self._spool = self._spool, None
        rows, self.rows = self.rows, []
        self._counted = self._counted_bytes = 0
        if spool:
            try:
                yield from spool.events()
            finally:
                spool.close()
        rows.reverse()
        while rows:
            yield rows.pop()

    def _take_back(self, count: int) -> None:
        in_memory = max(0, count - self._spooled_count)
        _refuse_without_transactions(row[0] for row in self.rows[in_memory:])
        if self._spool and count < self._spool.count:
            _refuse_without_transactions(self._spool.cut(count))
            if not count:
                self._spool.close()
                self._spool = None
        del self.rows[in_memory:]
        self._counted = self._counted_bytes = 0


def _refuse_without_transactions(readers: Iterable[RowReader]) -> None:
    for reader in readers:
        table = reader.mapped.table
        if table.engine.lower() not in _TRANSACTIONAL_ENGINES:
            raise StreamError(
                f"a transaction that changed {table.name} was rolled back, but its engine {table.engine} cannot "
                "take changes back",
                hint="exclude the table or give it a transactional engine, then create a new job",
            )

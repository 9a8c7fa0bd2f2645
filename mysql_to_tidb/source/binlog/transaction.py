"""Holds the rows events of one transaction until it is known what becomes of it."""

from collections.abc import Iterator

from mysql_to_tidb.errors import StreamError
from mysql_to_tidb.model.changes import RowChanges
from mysql_to_tidb.model.positions import Position
from mysql_to_tidb.source.binlog.rows import CHANGE_KINDS, RowReader

_TRANSACTIONAL_ENGINES = frozenset({"innodb", "rocksdb", "tokudb", "ndbcluster", "ndb"})


RowsEvent = tuple[RowReader, int, bytes, int, int]
"""A rows event of a migrated table, not decoded yet: what reads it, its type, the event, where its images
end, and the offset behind it in the binlog file."""


class Transaction:
    """What the transaction that is being read has changed so far."""

    def __init__(self) -> None:
        self.rows: list[RowsEvent] = []
        self._savepoints: list[tuple[bytes, int]] = []

    def savepoint(self, name: bytes) -> None:
        """A savepoint of the same name replaces the older one."""
        self._savepoints = [mark for mark in self._savepoints if mark[0] != name]
        self._savepoints.append((name, len(self.rows)))

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

    def _take_back(self, count: int) -> None:
        for row in self.rows[count:]:
            table = row[0].mapped.table
            if table.engine.lower() not in _TRANSACTIONAL_ENGINES:
                raise StreamError(
                    f"a transaction that changed {table.name} was rolled back, but its engine {table.engine} cannot "
                    "take changes back",
                    hint="exclude the table or give it a transactional engine, then create a new job",
                )
        del self.rows[count:]

    def changes(self, file: str) -> Iterator[RowChanges]:
        """Decode and give away everything in order."""
        self._savepoints.clear()
        rows, self.rows = self.rows, []
        if len(rows) > 1:
            rows.reverse()
        while rows:
            reader, kind, event, end, offset = rows.pop()
            yield RowChanges(reader.mapped, CHANGE_KINDS[kind], reader.images(event, kind, end), Position(file, offset))

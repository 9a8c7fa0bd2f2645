"""Tells which changes the snapshots show already in which tables without a key were read."""

from mysql_to_tidb.model.changes import RowChanges
from mysql_to_tidb.model.checkpoints import TableRecord
from mysql_to_tidb.model.gtids import gtids_beyond
from mysql_to_tidb.model.names import TableName
from mysql_to_tidb.model.positions import Position


class Snapshots:
    """Those that lie behind a position; `position` is moved along by who follows the log."""

    def __init__(self, records: list[TableRecord], position: Position) -> None:
        self._positions: dict[TableName, Position] = {
            record.table.name: record.snapshot
            for record in records
            if record.snapshot and not position.reaches(record.snapshot)
        }

    def __bool__(self) -> bool:
        return bool(self._positions)

    def show(self, change: RowChanges, before: Position) -> bool:
        """Whether the target has the change with the rows of its table; `before` is before its transaction."""
        snapshot = self._positions.get(change.mapped.table.name)
        if snapshot is None:
            return False
        if snapshot.file:
            return snapshot.reaches(change.position)
        # Of another server, which may have committed transactions in another order: this one alone counts.
        own = gtids_beyond(change.position.gtid_set, before.gtid_set)
        return not gtids_beyond(own, snapshot.gtid_set)

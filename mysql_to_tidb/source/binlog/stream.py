"""Follows a source's binary log from a position and says what changed, as it happens."""

from collections.abc import Callable, Iterator
from time import monotonic

from mysql_to_tidb.model.changes import Change, Silence
from mysql_to_tidb.model.names import TableName
from mysql_to_tidb.model.positions import Position, ServerIdentity
from mysql_to_tidb.model.settings import ServerSettings
from mysql_to_tidb.model.tables import Table
from mysql_to_tidb.source.binlog.dump import Dump
from mysql_to_tidb.source.binlog.packets import PacketSplitter
from mysql_to_tidb.source.binlog.spool import SpoolLimits
from mysql_to_tidb.source.binlog.walker import Walker


class BinlogStream:
    """One connection, used once: it never connects again by itself.

    `table_of` gives the shape, as of now, of a migrated table, and None for every other table. It is asked
    when a table's rows come up for the first time, and again after each Statement that was yielded.

    Raises SourceConnectionFailed, SourceUnavailable (which may pass: open a new stream at the position of
    the last TransactionEnd or Statement), or a StreamError.
    """

    def __init__(
        self,
        settings: ServerSettings,
        identity: ServerIdentity,
        position: Position,
        *,
        server_id: int,
        table_of: Callable[[TableName], Table | None],
        heartbeat_seconds: float = 1.0,
        spool: SpoolLimits | None = None,
    ) -> None:
        self._walker = Walker(position, identity, table_of, spool)
        self._splitter = PacketSplitter()
        self._dump = Dump(settings, identity, position, server_id=server_id, heartbeat_seconds=heartbeat_seconds)

    def changes(self, *, wait_seconds: float) -> Iterator[Change]:
        """What happens at the source, in its order, until the stream is closed.

        A Silence comes when nothing else has come for `wait_seconds`, even while a large transaction
        arrives, and with each heartbeat.
        """
        spoken = monotonic()
        while not self._dump.closed:
            data = self._dump.receive(wait_seconds)
            changed = False
            for change in self._walker.walk(self._splitter.split(data)) if data else ():
                yield change
                changed = True
            if self._splitter.ending:
                raise self._dump.failure(self._splitter.ending)
            if changed:
                spoken = monotonic()
            elif not data or monotonic() - spoken >= wait_seconds:
                yield Silence(self._walker.boundary)
                spoken = monotonic()

    def close(self) -> None:
        """End `changes`, from any thread."""
        self._dump.close()

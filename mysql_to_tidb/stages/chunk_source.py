"""The connections over which one worker reads chunk after chunk, opened when they are needed first."""

from collections.abc import Callable

from pymysql.connections import Connection

from mysql_to_tidb.errors import SourceUnavailable
from mysql_to_tidb.model.positions import ServerIdentity
from mysql_to_tidb.model.settings import ServerSettings
from mysql_to_tidb.source.connection import open_source, read_identity
from mysql_to_tidb.source.position import executed_gtids


class ChunkSource:
    """One connection for rows, and one that can be asked while rows come over the other."""

    def __init__(self, settings: ServerSettings, identify: Callable[[Connection], ServerIdentity]) -> None:
        self._settings = settings
        self._identify = identify
        self._reader: Connection | None = None
        self._aside: Connection | None = None
        self._identity: ServerIdentity | None = None

    def reader(self) -> Connection:
        """A connection without an open result; its server has been identified. Raises what `identify` does."""
        if self._reader is None or not self._reader.open:
            self._reader = open_source(self._settings)
            self._identity = self._identify(self._reader)
        return self._reader

    def seen_gtids(self) -> str:
        """What the rows of a statement that has begun may show: all that the same server has executed by now."""
        if self._identity is None or not self._identity.gtids:
            return ""
        if self._aside is None:
            self._aside = open_source(self._settings)
            if read_identity(self._aside).uuid != self._identity.uuid:
                raise SourceUnavailable("another server answers now than when a chunk was begun")
        return executed_gtids(self._aside, self._identity)

    def close(self) -> None:
        for connection in (self._reader, self._aside):
            if connection is not None and connection.open:
                connection.close()
        self._reader = self._aside = None

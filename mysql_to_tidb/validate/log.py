"""The changes of some tables between two moments of the source, read from its binary log."""

import contextlib
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from mysql_to_tidb.errors import SourceUnavailable
from mysql_to_tidb.model.changes import RowChanges, Statement, TransactionEnd
from mysql_to_tidb.model.ddl_statements import parse_statement
from mysql_to_tidb.model.ddl_words import NotUnderstood
from mysql_to_tidb.model.names import TableName
from mysql_to_tidb.model.positions import Position, ServerIdentity
from mysql_to_tidb.model.settings import ServerSettings
from mysql_to_tidb.model.tables import Table
from mysql_to_tidb.source.binlog import BinlogStream

WAIT_SECONDS = 0.1
SILENT_SECONDS_MAX = 60.0


@dataclass
class LogReading:
    """One reading of the log, up to an end that has been written already."""

    settings: ServerSettings
    identity: ServerIdentity
    start: Position
    end: Position
    server_id: int
    tables: Mapping[TableName, Table]
    reshaped: set[TableName] = field(default_factory=set)
    """Tables that a schema change on the way may concern; nothing more is said of them from there on."""

    def changes(self) -> Iterator[RowChanges | TransactionEnd]:
        """Raises StreamError where the log cannot be followed, BinlogPurged where it is gone."""
        stream = BinlogStream(
            self.settings, self.identity, self.start, server_id=self.server_id, table_of=self._table_of
        )
        heard_at = time.monotonic()
        with contextlib.closing(stream):
            for change in stream.changes(wait_seconds=WAIT_SECONDS):
                if isinstance(change, RowChanges | TransactionEnd):
                    heard_at = time.monotonic()
                    yield change
                elif isinstance(change, Statement):
                    self._meet(change)
                if not isinstance(change, RowChanges) and change.position.reaches(self.end):
                    return
                if time.monotonic() - heard_at > SILENT_SECONDS_MAX:
                    break
        raise SourceUnavailable("the source's binary log ended too early", where=f"{self.start} to {self.end}")

    def _table_of(self, name: TableName) -> Table | None:
        return None if name in self.reshaped else self.tables.get(name)

    def _meet(self, statement: Statement) -> None:
        """A table that a schema change names, or whose database it is about, is taken to be changed by it."""
        schema = ""
        try:
            change = parse_statement(statement.text, statement.schema, statement.sql_mode)
            if change is None:
                return
            schema = getattr(change, "schema", "")
        except NotUnderstood:
            pass
        text = statement.text.lower()
        self.reshaped.update(name for name in self.tables if name.table.lower() in text or name.schema == schema)

"""Reads the binary log of a test's source and remembers what it said."""

import contextlib
import itertools
from collections.abc import Iterable
from dataclasses import replace

from pymysql.connections import Connection

from mysql_to_tidb.model.changes import Change, ChangeKind, RowChanges, RowImage, Silence, Statement, TransactionEnd
from mysql_to_tidb.model.names import TableName
from mysql_to_tidb.model.positions import Position
from mysql_to_tidb.model.tables import Table
from mysql_to_tidb.source.binlog import BinlogStream
from mysql_to_tidb.source.connection import open_source, read_identity
from mysql_to_tidb.source.position import current_position
from mysql_to_tidb.source.schema import read_table
from tests.lab.servers import Server

_server_ids = itertools.count(925_000)


class Follower:
    """A database of its own on a source, and streams of the changes there."""

    def __init__(self, server: Server, database: str) -> None:
        self.server, self.database = server, database
        self.writer: Connection = server.connect()
        self.reader = open_source(server.settings)
        self.identity = read_identity(self.reader)
        self.tables: dict[TableName, Table] = {}
        self.run(f"CREATE DATABASE {database} CHARACTER SET utf8mb4", f"USE {database}")
        self.start = self.here()

    def run(self, *statements: str) -> None:
        """Executes statements at the source, in the database."""
        with self.writer.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)

    def create(self, *statements: str) -> None:
        """Executes DDL, from which on the tables of the database are followed in the shape they have then."""
        self.run(*statements)
        with self.writer.cursor() as cursor:
            cursor.execute("SHOW FULL TABLES WHERE Table_type = 'BASE TABLE'")
            names = [TableName(self.database, str(row[0])) for row in cursor.fetchall()]
        self.tables = {name: table for name in names if (table := read_table(self.reader, name))}
        self.start = self.here()

    def here(self) -> Position:
        """Where the source is."""
        position = current_position(self.reader, self.identity)
        if not self.identity.mariadb:
            return position
        with self.reader.cursor() as cursor:
            cursor.execute("SELECT BINLOG_GTID_POS(%s, %s)", (position.file, position.offset))
            ((gtid_set,),) = cursor.fetchall()
        return replace(position, gtid_set=str(gtid_set))

    def stream(
        self, position: Position | None = None, *, by_file: bool = False, server: Server | None = None
    ) -> BinlogStream:
        """A new stream from `position`, else from where the tables were created."""
        return BinlogStream(
            (server or self.server).settings,
            replace(self.identity, gtids=self.identity.gtids and not by_file),
            position or self.start,
            server_id=next(_server_ids),
            table_of=self.tables.get,
        )

    def changes(self, position: Position | None = None, *, by_file: bool = False) -> list[Change]:
        """Everything from there up to where the source is now."""
        end = self.here()
        seen: list[Change] = []
        with contextlib.closing(self.stream(position, by_file=by_file)) as stream:
            for change in stream.changes(wait_seconds=0.05):
                if not isinstance(change, Silence):
                    seen.append(change)
                if not isinstance(change, RowChanges) and change.position.reaches(end):
                    break
        return seen

    def close(self) -> None:
        self.writer.close()
        self.reader.close()


def rows(changes: Iterable[Change]) -> list[tuple[ChangeKind, RowImage]]:
    """The row images alone, each with what happened."""
    return [(change.kind, image) for change in changes if isinstance(change, RowChanges) for image in change.images]


def ends(changes: Iterable[Change]) -> list[Position]:
    """The places at which one may go on."""
    return [change.position for change in changes if isinstance(change, TransactionEnd | Statement)]

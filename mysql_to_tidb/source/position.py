"""Takes positions of the binary log that are sure to miss no change.

In MySQL a transaction enters the binary log first, becomes visible in the storage engine later, and is
added to `gtid_executed` last (MySQL manual, Binary Log Group Commit). So a position that is simply read
and then followed by a snapshot can miss a transaction; each function here closes that gap in its own way.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import pymysql
from pymysql.connections import Connection

from mysql_to_tidb.connection import error_number
from mysql_to_tidb.errors import SourcePositionUnsafe, SourceRefused
from mysql_to_tidb.model.names import TableName
from mysql_to_tidb.model.positions import Position, ServerIdentity
from mysql_to_tidb.model.settings import ServerSettings
from mysql_to_tidb.model.tables import Table
from mysql_to_tidb.source.connection import open_source, source_errors

LOCK_EVERYTHING = "FLUSH TABLES WITH READ LOCK"
LOCK_WAIT_SECONDS = 30
"""How long a short lock may wait for running statements before it is given up."""

_TRANSACTIONAL_ENGINES = frozenset({"innodb", "rocksdb", "tokudb"})
_PARSE_ERROR = 1064


def current_position(connection: Connection, identity: ServerIdentity) -> Position:
    """The end of the binary log: every transaction that is visible now is behind it.

    On MariaDB the GTIDs, which are read after it, may be a little ahead of file and offset; where rows that were
    read before are to be behind the position, that does no harm. Raises SourceRefused when the source writes no
    binary log.
    """
    with source_errors(where="binary log status"), connection.cursor() as cursor:
        try:
            cursor.execute("SHOW BINARY LOG STATUS")  # MySQL 8.2 and newer
        except pymysql.err.ProgrammingError as error:
            if error_number(error) != _PARSE_ERROR:
                raise
            cursor.execute("SHOW MASTER STATUS")
        row = cursor.fetchone()
    if not row:
        raise SourceRefused("the source writes no binary log", hint="set log_bin at the source and restart it")
    gtid_set = str(row[4]).replace("\n", "") if identity.gtids and len(row) > 4 and row[4] else ""
    if identity.mariadb:
        gtid_set = executed_gtids(connection, identity)
    return Position(str(row[0]), int(row[1]), gtid_set)


def executed_gtids(connection: Connection, identity: ServerIdentity) -> str:
    """All transactions that the server has and can give to a replica that has none of them purged.

    MariaDB counts what is in its binary log, MySQL what its storage engines have committed.
    """
    variable = "gtid_binlog_pos" if identity.mariadb else "gtid_executed"
    with source_errors(where=variable), connection.cursor() as cursor:
        cursor.execute(f"SELECT @@GLOBAL.{variable}")
        ((executed,),) = cursor.fetchall()
    return str(executed).replace("\n", "")


def start_position(settings: ServerSettings, identity: ServerIdentity, tables: Sequence[TableName]) -> Position:
    """A position such that every row read afterwards shows all that happened before it.

    With GTIDs: `gtid_executed`, which holds only what the storage engine has committed. On MariaDB: the
    position that belongs to a consistent snapshot. Otherwise a read lock held for one statement, over
    everything or, without RELOAD, over the tables of the job. Raises SourcePositionUnsafe.
    """
    connection = open_source(settings)
    try:
        if identity.mariadb:
            return _open_snapshot(connection, identity)
        if identity.gtids:
            return _executed(connection, identity)
        with _read_lock(connection, LOCK_EVERYTHING, _lock_tables(tables)):
            return current_position(connection, identity)
    finally:
        connection.close()


@contextmanager
def plain_snapshot(settings: ServerSettings) -> Iterator[Connection]:
    """A connection that sees one moment, of a source whose changes nobody follows."""
    reader = open_source(settings)
    try:
        with source_errors(settings):
            _begin_snapshot(reader)
        yield reader
    finally:
        reader.close()


@contextmanager
def exact_snapshot(
    settings: ServerSettings, identity: ServerIdentity, table: Table
) -> Iterator[tuple[Connection, Position]]:
    """A connection that sees `table` exactly as it was at the position given with it.

    Needs no lock on MariaDB; on MySQL the table is locked against writes for a moment. A table whose
    engine has no snapshots stays locked until the end. Raises SourcePositionUnsafe.
    """
    reader = open_source(settings)
    try:
        if table.engine.lower() not in _TRANSACTIONAL_ENGINES:
            with _read_lock(reader, _lock_tables([table.name])):
                yield reader, current_position(reader, identity)
        elif identity.mariadb:
            yield reader, _open_snapshot(reader, identity)
        else:
            position = _snapshot_under_lock(settings, identity, table, reader)
            yield reader, position
    finally:
        reader.close()


def _executed(connection: Connection, identity: ServerIdentity) -> Position:
    # File and offset first: they may only lag behind the set, never lead it.
    position = current_position(connection, identity)
    return Position(position.file, position.offset, executed_gtids(connection, identity))


def _open_snapshot(connection: Connection, identity: ServerIdentity) -> Position:
    """Open MariaDB's snapshot and read its own position (MariaDB: Enhancements for START TRANSACTION)."""
    with source_errors(where="consistent snapshot"), connection.cursor() as cursor:
        _begin_snapshot(connection)
        cursor.execute("SHOW STATUS LIKE 'binlog_snapshot_%'")
        status = {str(name).lower(): str(value) for name, value in cursor.fetchall()}
        file, offset = status.get("binlog_snapshot_file", ""), int(status.get("binlog_snapshot_position") or 0)
        if not file:
            raise SourceRefused("the source writes no binary log", hint="set log_bin at the source and restart it")
        cursor.execute("SELECT BINLOG_GTID_POS(%s, %s)", (file, offset))
        ((gtid_set,),) = cursor.fetchall()
    return Position(file, offset, str(gtid_set or "") if identity.gtids else "")


def _begin_snapshot(connection: Connection) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        cursor.execute("START TRANSACTION WITH CONSISTENT SNAPSHOT")


def _snapshot_under_lock(
    settings: ServerSettings, identity: ServerIdentity, table: Table, reader: Connection
) -> Position:
    """With writers of the table shut out, the end of the log and the snapshot are the same moment for it.

    The lock waits for every transaction that has written the table until it is committed in the engine.
    """
    locker = open_source(settings)
    try:
        with _read_lock(locker, _lock_tables([table.name]), LOCK_EVERYTHING):
            with source_errors(where=str(table.name)):
                _begin_snapshot(reader)
            return current_position(locker, identity)
    finally:
        locker.close()


@contextmanager
def _read_lock(connection: Connection, *locks: str) -> Iterator[None]:
    """Writers shut out by the first of these statements that the user may run. Raises SourcePositionUnsafe."""
    with connection.cursor() as cursor:
        cursor.execute(f"SET SESSION lock_wait_timeout = {LOCK_WAIT_SECONDS}")
        refusals = []
        for lock in locks:
            try:
                cursor.execute(lock)
            except pymysql.MySQLError as error:
                refusals.append(str(error))
            else:
                break
        else:
            raise SourcePositionUnsafe("the source gave no read lock: " + "; ".join(refusals))
        try:
            yield
        finally:
            cursor.execute("UNLOCK TABLES")


def _lock_tables(tables: Sequence[TableName]) -> str:
    return "LOCK TABLES " + ", ".join(f"{name.quoted} READ" for name in tables)

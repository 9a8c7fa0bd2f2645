"""The connection on which a source sends its binary log: opened by mysql-replication, read by ourselves.

mysql-replication connects through our own function, announces what a replica can do, registers and sends
the dump command; it is never asked for an event.
"""

import select
import socket
import ssl
import struct
from contextlib import suppress
from threading import Lock
from time import monotonic
from typing import Any

import pymysql
from pymysql.constants import COMMAND
from pymysqlreplication import BinLogStreamReader

from mysql_to_tidb.connection import ServerConnection, connect, error_number, error_text
from mysql_to_tidb.errors import (
    BinlogHistoryChanged,
    BinlogServerIdTaken,
    MigrationError,
    SourceRefused,
    SourceUnavailable,
)
from mysql_to_tidb.model.gtids import MysqlGtidSet
from mysql_to_tidb.model.positions import Position, ServerIdentity
from mysql_to_tidb.model.settings import ServerSettings
from mysql_to_tidb.source.binlog.packets import ERROR
from mysql_to_tidb.source.connection import UNAVAILABLE_MESSAGE, classify

HEARTBEATS_MISSED_MAX = 3
START_SECONDS_MAX = 300.0
"""Heartbeats begin only when the source has found, among many files, the one to start with."""

READ_BYTES_MAX = 1 << 20
OPEN_TIMEOUT_SECONDS = 30
NET_WRITE_TIMEOUT_SECONDS = 3600
REPLICA_NAME = "mysql-to-tidb"

_DENIED = frozenset({1045, 1227})
_DUMP_FAILED = 1236
_MARIADB_SERVER_ID_TAKEN = 4052
_NOT_ITS_HISTORY = (
    "more gtids than",
    "which is not in the master's binlog",
    "impossible position",
    "position > file size",
)
"""In what MySQL and MariaDB say of a position that lies ahead of them or beside their log."""

THROUGH_GTID = 0x04
"""The flag that says that a set of GTIDs follows (BINLOG_THROUGH_GTID)."""

OPEN_STREAM = "_BinLogStreamReader__connect_to_stream"
"""mysql-replication's own name for opening the stream without reading from it; a test guards it."""


class Dump:
    """An open stream of packets. Raises what `source.connection.classify` makes of the driver's errors."""

    def __init__(
        self,
        settings: ServerSettings,
        identity: ServerIdentity,
        position: Position,
        *,
        server_id: int,
        heartbeat_seconds: float,
    ) -> None:
        self._settings = settings
        self._silence_seconds_max = START_SECONDS_MAX
        self._heartbeats_seconds = HEARTBEATS_MISSED_MAX * heartbeat_seconds
        self._waiting_since: float | None = None
        self._lock = Lock()
        self._closed = False
        self._connection = _open(settings, identity, position, server_id, heartbeat_seconds)
        self._socket: Any = self._connection._sock  # PyMySQL offers no other way to the bytes
        self._socket.setblocking(False)
        self._raw_socket = socket.socket(fileno=socket.dup(self._socket.fileno()))
        self._poll = select.poll()
        self._poll.register(self._socket, select.POLLIN)

    @property
    def closed(self) -> bool:
        return self._closed

    def receive(self, wait_seconds: float) -> bytes:
        """What has arrived; nothing when nothing comes for so long, or when the stream has been closed."""
        with self._lock:
            try:
                data = None if self.closed else self._received(wait_seconds)
            except OSError as error:
                if not self.closed:
                    raise self._lost(str(error)) from error
                data = None
            if data == b"" and not self.closed:
                raise self._lost("the source closed the connection")
            return data or b""

    def _received(self, wait_seconds: float) -> bytes | None:
        # To ask first whether something has come would cost as much as to read, and other threads wait each time.
        data = self._read()
        if data is None and self._poll.poll(wait_seconds * 1000):
            data = self._read()
        if data is not None:
            self._waiting_since = None
            self._silence_seconds_max = self._heartbeats_seconds
            return data
        now = monotonic()
        self._waiting_since = self._waiting_since or now - wait_seconds
        if now - self._waiting_since > self._silence_seconds_max:
            raise self._lost(f"not even a heartbeat arrived for {self._silence_seconds_max:g} s")
        return None

    def _read(self) -> bytes | None:
        """What has come, nothing at the end of the stream; None where less has come than TLS can decrypt."""
        with suppress(BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            data: bytes = self._socket.recv(READ_BYTES_MAX)
            return data
        return None

    def failure(self, packet: bytes) -> MigrationError:
        """What the packet says that ended the stream: an error (255, number, text), or the end (254)."""
        if packet[0] != ERROR:
            return self._lost("the source ended the stream")
        number = int.from_bytes(packet[1:3], "little")
        text = packet[3:].decode("utf-8", "replace")
        if text.startswith("#"):
            text = text[6:]  # the SQL state
        return _meaning(pymysql.err.OperationalError(number, text), self._settings)

    def close(self) -> None:
        """May be called from any thread, and again.

        The raw socket is shut down, which ends a read in another thread: shutting down an SSLSocket would
        make that read return what is still encrypted.
        """
        self._closed = True
        with suppress(OSError):  # the other side may have been faster
            self._raw_socket.shutdown(socket.SHUT_RDWR)
        with self._lock:
            self._raw_socket.close()
            self._connection._force_close()  # close() would say good-bye, and nobody listens

    def _lost(self, reason: str) -> SourceUnavailable:
        return SourceUnavailable(f"{UNAVAILABLE_MESSAGE} ({reason})", where=f"source {self._settings}")


class _DumpConnection(ServerConnection):
    """Sends, where it has one, a dump command of ours in place of mysql-replication's, which knows no tags."""

    dump_command = b""

    def _write_bytes(self, data: bytes) -> None:
        ours = self.dump_command and data[4:5] == bytes([COMMAND.COM_BINLOG_DUMP])
        super()._write_bytes(self.dump_command if ours else data)


def _open(
    settings: ServerSettings,
    identity: ServerIdentity,
    position: Position,
    server_id: int,
    heartbeat_seconds: float,
) -> _DumpConnection:
    """Connected, registered, and behind the dump command."""
    opened: list[_DumpConnection] = []

    def connect_once(**_: object) -> _DumpConnection:
        if opened:
            raise pymysql.err.InterfaceError(0, "a binlog stream is never opened twice")
        session = {"net_write_timeout": NET_WRITE_TIMEOUT_SECONDS}
        connection = connect(settings, _DumpConnection, session=session, read_timeout_seconds=OPEN_TIMEOUT_SECONDS)
        opened.append(connection)
        with connection.cursor() as cursor:
            # A file may have checksums though the server's setting, which the library goes by, now says none.
            cursor.execute("SET @master_binlog_checksum = 'CRC32', @source_binlog_checksum = 'CRC32'")
        if _needs_tags(identity, position):
            connection.dump_command = tagged_dump_command(MysqlGtidSet.parse(position.gtid_set), server_id)
        return connection

    reader = BinLogStreamReader(
        connection_settings={"read_timeout": OPEN_TIMEOUT_SECONDS},
        server_id=server_id,
        pymysql_wrapper=connect_once,
        slave_heartbeat=heartbeat_seconds,
        report_slave=REPLICA_NAME,
        blocking=True,
        enable_logging=False,
        **start_options(identity, position),
    )
    try:
        getattr(reader, OPEN_STREAM)()
    except (pymysql.MySQLError, OSError) as error:
        for connection in opened:
            connection._force_close()
        raise _meaning(error, settings) if opened else classify(error, settings) from error
    return opened[0]


def _meaning(error: pymysql.MySQLError | OSError, settings: ServerSettings) -> MigrationError:
    """What an error on an open connection means; logging in has succeeded."""
    number, text = error_number(error), error_text(error)
    if number in _DENIED:
        return SourceRefused(
            f"the source does not let this user read its binary log ({number}: {text})",
            where=f"source {settings}",
            hint=f"GRANT REPLICATION SLAVE ON *.* TO '{settings.user}'@...",
        )
    if number == _MARIADB_SERVER_ID_TAKEN:
        return BinlogServerIdTaken("another replica uses this job's server id", where=f"source {settings} ({text})")
    if number == _DUMP_FAILED and any(words in text.lower() for words in _NOT_ITS_HISTORY):
        return BinlogHistoryChanged(
            f"the source does not have the history that the job has followed: {text}", where=f"source {settings}"
        )
    return classify(error, settings)


def start_options(identity: ServerIdentity, position: Position) -> dict[str, Any]:
    """Where the source is to start: behind a set of GTIDs where there is one, else at a place in a file.

    With GTIDs the source itself checks that it still has all that is missing and nothing less than we have.
    """
    if identity.gtids and position.gtid_set and not _needs_tags(identity, position):
        return {"auto_position": position.gtid_set, "is_mariadb": identity.mariadb}
    return {"log_file": position.file, "log_pos": position.offset, "resume_stream": True}


def _needs_tags(identity: ServerIdentity, position: Position) -> bool:
    """Whether the position is a set of GTIDs some of which have tags."""
    if identity.mariadb or not identity.gtids or not position.gtid_set:
        return False
    return any(source.tag for source in MysqlGtidSet.parse(position.gtid_set).intervals())


def tagged_dump_command(gtids: MysqlGtidSet, server_id: int) -> bytes:
    """COM_BINLOG_DUMP_GTID: flags, server id, length of the file name and the name, offset, the set."""
    encoded = gtids.encoded()
    payload = (
        struct.pack("<BHIIQI", COMMAND.COM_BINLOG_DUMP_GTID, THROUGH_GTID, server_id, 0, 4, len(encoded)) + encoded
    )
    return len(payload).to_bytes(3, "little") + b"\0" + payload

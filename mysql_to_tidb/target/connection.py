"""Opens connections to the target, serves LOAD DATA LOCAL from memory, and says what errors mean."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pymysql
from pymysql.connections import Connection, MySQLResult

from mysql_to_tidb.connection import ServerConnection, connect, error_number, error_text
from mysql_to_tidb.errors import (
    MigrationError,
    TargetBusy,
    TargetConflict,
    TargetConnectionFailed,
    TargetConnectionLost,
    TargetError,
    TargetRefused,
    TargetStorageFull,
    TargetUnavailable,
)
from mysql_to_tidb.model.settings import ServerSettings
from mysql_to_tidb.refusals import REFUSED_LOGIN, hint_for
from mysql_to_tidb.tls import handshake_problem

SESSION = {
    # Strict, but zero, partial and invalid dates, and an id of 0, are kept as they are.
    "sql_mode": "'STRICT_TRANS_TABLES,ALLOW_INVALID_DATES,NO_AUTO_VALUE_ON_ZERO,NO_ENGINE_SUBSTITUTION'",
    "time_zone": "'+00:00'",
    "foreign_key_checks": 0,
}

TIDB_SESSION = {
    "tidb_txn_mode": "'pessimistic'",
    # Rows keep the ids that they have at the source, in AUTO_RANDOM columns too.
    "allow_auto_random_explicit_insert": 1,
}

CONNECT_MESSAGE = (
    "Failed to connect to the TiDB cluster using the given user and password. Please make sure TiDB Cluster "
    "is up and can be connected to using the given user and password."
)
LOST_MESSAGE = "driver: bad connection / invalid connection: the TiDB cluster went away in mid-work"
STORAGE_MESSAGE = "TiDB cluster storage is not enough. Please increase the node storage of TiKV."

READ_TIMEOUT_SECONDS = 900
PACKET_BYTES = 1 << 20
"""How much of a LOAD DATA payload goes into one packet."""

# Error numbers: TiDB documentation, Error Codes; MySQL manual, Server and Client Error Message Reference.
_UNAVAILABLE = {1040, 1129, 1203, 1226, 2002, 2003}
_LOST = {1053, 1077, 1079, 1152, 1158, 1159, 1160, 1161, 1317, 2006, 2013, 2014, 2055}
_BUSY = {
    1205,
    1213,
    1290,
    1836,
    8002,
    8005,
    8020,
    8022,
    8027,
    8028,
    9001,
    9002,
    9003,
    9004,
    9005,
    9006,
    9007,
    9010,
    9011,
    9012,
}
_REFUSED_STATEMENT = {1227}
_STORAGE = {1021, 1114, 9008}
_SMALLER = "choose a smaller window_changes, atomic_changes or transaction_rows in the job's spec, then start it again"
_REFUSAL_HINTS = {
    1153: "raise max_allowed_packet at the target, then start the job again",
    8004: _SMALLER,
    8025: "raise txn-entry-size-limit of TiDB (and raft-entry-max-size of TiKV with it), then start the job again",
    8175: f"{_SMALLER}; or raise tidb_mem_quota_query at the target",
}
"""TiDB documentation, Error Codes."""
_LOAD_MESSAGE = re.compile(rb"Records: (\d+)\s+Deleted: (\d+)\s+Skipped: (\d+)\s+Warnings: (\d+)")


@dataclass(frozen=True, slots=True)
class LoadCounts:
    """What the target answered to one LOAD DATA statement."""

    affected: int
    records: int
    deleted: int
    skipped: int
    warnings: int


class TargetConnection(ServerConnection):
    """A connection whose LOAD DATA LOCAL reads from memory, and never a file that the server names."""

    _payload: memoryview | None = None
    PAYLOAD_NAME = "mysql-to-tidb-payload"

    def load_data(self, head: str, payload: bytes | bytearray | memoryview, tail: str) -> LoadCounts:
        """Run `head LOCAL INFILE <payload> tail`; the rows are sent straight from `payload`.

        `head` is `LOAD DATA`, `tail` all that follows the file name. Raises what the driver raises.
        """
        self._payload = memoryview(payload).cast("B")
        try:
            affected = self.query(f"{head} LOCAL INFILE '{self.PAYLOAD_NAME}' {tail}")
        finally:
            self._payload = None
        message = self._result.message if self._result else b""
        found = _LOAD_MESSAGE.search(message if isinstance(message, bytes) else str(message).encode())
        if not found:
            raise TargetError(f"the target gave no row counts for a LOAD DATA: {message!r}")
        records, deleted, skipped, warnings = (int(count) for count in found.groups())
        return LoadCounts(affected or 0, records, deleted, skipped, warnings)

    def _read_query_result(self, unbuffered: bool = False) -> int:
        """PyMySQL's own, except that a request for a local file is answered from memory."""
        if unbuffered:
            return int(super()._read_query_result(unbuffered=True))
        self._result = None
        result = _Result(self)
        result.read()
        self._result = result
        if result.server_status is not None:
            self.server_status = result.server_status
        return int(result.affected_rows or 0)

    def send_payload(self, requested: bytes) -> None:
        """Answer the server's request for a local file (MySQL internals, LOCAL INFILE Request)."""
        payload, self._payload = self._payload, None
        if payload is None or requested != self.PAYLOAD_NAME.encode():
            self.write_packet(b"")
            raise TargetRefused(f"the target asked for the local file {requested[:200]!r}; only our own rows are sent")
        for start in range(0, len(payload), PACKET_BYTES):
            self.write_packet(payload[start : start + PACKET_BYTES])
        self.write_packet(b"")


class _Result(MySQLResult):
    """Reads an answer; where it is a request for a local file, has the connection send its payload."""

    def _read_load_local_packet(self, first_packet: Any) -> None:
        connection: Any = self.connection
        connection.send_payload(bytes(first_packet.get_all_data()[1:]))
        self._read_ok_packet(connection._read_packet())  # raises what the server answers


def open_target(settings: ServerSettings, *, read_timeout_seconds: int = READ_TIMEOUT_SECONDS) -> TargetConnection:
    """A connection to the target with pinned session settings, in autocommit mode.

    Raises TargetConnectionFailed or TargetUnavailable.
    """
    with target_errors(f"target {settings}", settings):
        connection = connect(
            settings,
            TargetConnection,
            session=SESSION,
            read_timeout_seconds=read_timeout_seconds,
            local_infile=True,
        )
        if is_tidb(connection):
            with connection.cursor() as cursor:
                cursor.execute("SET " + ", ".join(f"SESSION {name} = {value}" for name, value in TIDB_SESSION.items()))
        return connection


def is_tidb(connection: Connection) -> bool:
    """Whether the server says that it is TiDB (its version ends in `-TiDB-v...`)."""
    return "tidb" in str(connection.server_version).lower()


@contextmanager
def target_errors(where: str = "target", settings: ServerSettings | None = None) -> Iterator[None]:
    """Turn what the driver raises inside into the errors of `mysql_to_tidb.errors`."""
    try:
        yield
    except (pymysql.MySQLError, OSError) as error:
        raise classify(error, where, settings) from error


def classify(error: BaseException, where: str = "target", settings: ServerSettings | None = None) -> MigrationError:
    """What a driver error of the target means, decided by its number; `settings` are those it was met with."""
    number, text = error_number(error), error_text(error)
    if problem := handshake_problem(error):
        return TargetConnectionFailed(f"{CONNECT_MESSAGE} ({problem.reason})", where=where, hint=problem.hint)
    said = f"{number}: {text}"
    unreached = number in _UNAVAILABLE or (settings is not None and number in _LOST)
    kinds: tuple[tuple[bool, type[MigrationError], str], ...] = (
        (number in REFUSED_LOGIN - _REFUSED_STATEMENT, TargetConnectionFailed, f"{CONNECT_MESSAGE} ({said})"),
        (unreached, TargetUnavailable, f"{CONNECT_MESSAGE} ({said})"),
        (number in _STORAGE or "no space left" in text.lower(), TargetStorageFull, f"{STORAGE_MESSAGE} ({said})"),
        (number in _BUSY, TargetBusy, f"the target asked to try again ({said})"),
        (number == 1062, TargetConflict, f"the target already has this row ({said})"),
        (number in _LOST or not number, TargetConnectionLost, f"{LOST_MESSAGE} ({said})"),
    )
    for holds, kind, message in kinds:
        if holds:
            connecting = kind in {TargetConnectionFailed, TargetUnavailable}
            return kind(message, where=where, hint=hint_for(error, settings) if connecting else "")
    return TargetRefused(f"the target refused ({said})", where=where, hint=_REFUSAL_HINTS.get(number, ""))

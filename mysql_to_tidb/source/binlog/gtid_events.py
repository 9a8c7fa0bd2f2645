"""Reads the events that open a transaction and tell its identifier, and follows the set of those executed.

Layouts: mysql-server, libs/mysql/binlog/event/control_events.h (Gtid_event); MariaDB, GTID_EVENT and
GTID_LIST_EVENT of the Replication Protocol.
"""

import struct
from functools import lru_cache
from typing import NamedTuple
from uuid import UUID

from mysql_to_tidb.errors import InvalidJob
from mysql_to_tidb.model.gtids import MariadbGtidSet, MysqlGtidSet, TransactionSource
from mysql_to_tidb.model.positions import Position, ServerIdentity
from mysql_to_tidb.source.binlog.event_types import EventType

BODY = 19
MARIADB_STANDALONE, MARIADB_PREPARED_XA = 0x01, 0x40

_COMMIT_TIME_PLACE = 61
_COMMIT_TIME_MASK = (1 << 55) - 1
"""The highest bit says that the time of the original commit follows."""


class GtidTracker:
    """The set of executed transactions, as far as the source has such a thing and it is known."""

    def __init__(self, identity: ServerIdentity, position: Position) -> None:
        self._follows = identity.gtids
        self._mysql: MysqlGtidSet | None = None
        self._mariadb: MariadbGtidSet | None = None
        if not (self._follows and position.gtid_set):
            return
        try:
            if identity.mariadb:
                self._mariadb = MariadbGtidSet.parse(position.gtid_set)
            else:
                self._mysql = MysqlGtidSet.parse(position.gtid_set)
        except ValueError as error:
            raise InvalidJob(f"{position.gtid_set!r} is no set of GTIDs of this source ({error})") from error

    @property
    def text(self) -> str:
        """Empty while the set is not known: from a file and offset alone it is only where a file begins."""
        followed = self._mysql or self._mariadb
        return followed.text if followed else ""

    def add(self, event: bytes) -> None:
        """Put the transaction that this event opened into the set."""
        kind = event[4]
        if kind == EventType.MARIADB_GTID:
            if self._mariadb is not None:
                sequence, domain = struct.unpack_from("<QI", event, BODY)
                self._mariadb.add(domain, int.from_bytes(event[5:9], "little"), sequence)
        elif self._mysql is not None:
            if kind == EventType.GTID:
                self._mysql.add(_source(event[20:36], ""), int.from_bytes(event[36:44], "little"))
            elif kind == EventType.GTID_TAGGED:
                fields = read_tagged(event)
                self._mysql.add(_source(fields.uuid, fields.tag), fields.number)

    def at_start_of_file(self, event: bytes, end: int) -> None:
        """Learn the set from a PREVIOUS_GTIDS or a GTID list event, where it is not known yet."""
        if not self._follows or event[4] not in {EventType.PREVIOUS_GTIDS, EventType.MARIADB_GTID_LIST}:
            return
        if event[4] == EventType.PREVIOUS_GTIDS:
            if self._mysql is None:
                self._mysql = MysqlGtidSet.decode(event[BODY:end])
        elif self._mariadb is None:
            self._mariadb = read_mariadb_list(event[BODY:end])


class TaggedGtid(NamedTuple):
    """What a GTID_TAGGED event tells."""

    uuid: bytes
    tag: str
    number: int
    commit_microseconds: int


def read_tagged(event: bytes) -> TaggedGtid:
    """Version, size and last field that must be understood; then numbered fields in order.

    0 flags, 1 the 16 bytes of the UUID as a number each, 2 number, 3 tag, 4 and 5 logical times,
    6 commit time; others follow (mysql-server, libs/mysql/serialization/readme.md; control_events.h,
    Gtid_event::define_fields). Raises IndexError when it is damaged.
    """
    place = BODY
    for _ in ("version", "size", "last field"):
        _, place = read_variable_number(event, place)
    uuid, tag, numbers = b"", "", dict.fromkeys((0, 2, 4, 5, 6), 0)
    field = -1
    while field < 6:
        field, place = read_variable_number(event, place)
        if field == 1:
            values = []
            for _ in range(16):
                value, place = read_variable_number(event, place)
                values.append(value)
            uuid = bytes(values)
        elif field == 3:
            size, place = read_variable_number(event, place)
            tag, place = event[place : place + size].decode("ascii"), place + size
        elif field in numbers:
            numbers[field], place = read_variable_number(event, place)
    if len(uuid) != 16 or not numbers[2]:
        raise IndexError("a tagged GTID lacks its parts")
    return TaggedGtid(uuid, tag, numbers[2] >> 1, numbers[6])  # signed numbers have their sign in the lowest bit


def read_variable_number(data: bytes, place: int) -> tuple[int, int]:
    """As many further bytes as the first one has low bits that are set, up to the first 0; the rest is the number."""
    further = (~data[place] & (data[place] + 1)).bit_length() - 1 if data[place] != 0xFF else 8
    end = place + 1 + further
    if end > len(data):
        raise IndexError("cut short")
    bits = min(further + 1, 8)
    return int.from_bytes(data[place:end], "little") >> bits, end


@lru_cache(maxsize=1024)
def _source(uuid: bytes, tag: str) -> TransactionSource:
    return TransactionSource(str(UUID(bytes=uuid)), tag)


def read_mariadb_list(body: bytes) -> MariadbGtidSet:
    """Number of entries in 28 bits and flags; of each entry domain, server (4 bytes each) and sequence (8)."""
    result = MariadbGtidSet()
    count = int.from_bytes(body[:4], "little") & 0x0FFFFFFF
    for domain, server, sequence in struct.iter_unpack("<IIQ", body[4 : 4 + 16 * count]):
        result.add(domain, server, sequence)
    return result


def committed_at(event: bytes, event_seconds: int) -> float:
    """When the source committed: MySQL 8.0.1 and newer tell microseconds, others the second of the event."""
    kind = event[4] if event else 0
    if kind in {EventType.GTID, EventType.ANONYMOUS_GTID}:
        if len(event) >= _COMMIT_TIME_PLACE + 7 and event[44] == 2:
            microseconds = int.from_bytes(event[_COMMIT_TIME_PLACE : _COMMIT_TIME_PLACE + 7], "little")
            return (microseconds & _COMMIT_TIME_MASK) / 1e6
    elif kind == EventType.GTID_TAGGED:
        return read_tagged(event).commit_microseconds / 1e6
    return float(event_seconds)

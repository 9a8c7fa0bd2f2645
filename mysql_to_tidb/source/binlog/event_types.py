"""The types of binlog events: numbers and names, and which of them say nothing about data.

Sources: mysql-server, libs/mysql/binlog/event/binlog_event.h; MariaDB, Replication Protocol, binlog event types.
"""

from enum import IntEnum


class EventType(IntEnum):
    UNKNOWN = 0
    START_V3 = 1
    QUERY = 2
    STOP = 3
    ROTATE = 4
    INTVAR = 5
    LOAD = 6
    SLAVE = 7
    CREATE_FILE = 8
    APPEND_BLOCK = 9
    EXEC_LOAD = 10
    DELETE_FILE = 11
    NEW_LOAD = 12
    RAND = 13
    USER_VAR = 14
    FORMAT_DESCRIPTION = 15
    XID = 16
    BEGIN_LOAD_QUERY = 17
    EXECUTE_LOAD_QUERY = 18
    TABLE_MAP = 19
    PRE_GA_WRITE_ROWS = 20
    PRE_GA_UPDATE_ROWS = 21
    PRE_GA_DELETE_ROWS = 22
    WRITE_ROWS_V1 = 23
    UPDATE_ROWS_V1 = 24
    DELETE_ROWS_V1 = 25
    INCIDENT = 26
    HEARTBEAT = 27
    IGNORABLE = 28
    ROWS_QUERY = 29
    WRITE_ROWS = 30
    UPDATE_ROWS = 31
    DELETE_ROWS = 32
    GTID = 33
    ANONYMOUS_GTID = 34
    PREVIOUS_GTIDS = 35
    TRANSACTION_CONTEXT = 36
    VIEW_CHANGE = 37
    XA_PREPARE = 38
    PARTIAL_UPDATE_ROWS = 39
    TRANSACTION_PAYLOAD = 40
    HEARTBEAT_V2 = 41
    GTID_TAGGED = 42
    MARIADB_ANNOTATE_ROWS = 160
    MARIADB_BINLOG_CHECKPOINT = 161
    MARIADB_GTID = 162
    MARIADB_GTID_LIST = 163
    MARIADB_START_ENCRYPTION = 164
    MARIADB_QUERY_COMPRESSED = 165
    MARIADB_WRITE_ROWS_COMPRESSED_V1 = 166
    MARIADB_UPDATE_ROWS_COMPRESSED_V1 = 167
    MARIADB_DELETE_ROWS_COMPRESSED_V1 = 168
    MARIADB_WRITE_ROWS_COMPRESSED = 169
    MARIADB_UPDATE_ROWS_COMPRESSED = 170
    MARIADB_DELETE_ROWS_COMPRESSED = 171


IGNORABLE_FLAG = 0x80
"""LOG_EVENT_IGNORABLE_F: a replica that does not know the type may skip the event."""

ARTIFICIAL_FLAG = 0x20
"""LOG_EVENT_ARTIFICIAL_F: made for this stream, not in the file."""

HARMLESS = frozenset(
    {
        EventType.STOP,
        EventType.HEARTBEAT_V2,
        EventType.ROWS_QUERY,
        EventType.MARIADB_ANNOTATE_ROWS,
        EventType.MARIADB_BINLOG_CHECKPOINT,
        # What a statement refers to; the statement itself, which always follows, is judged.
        EventType.INTVAR,
        EventType.RAND,
        EventType.USER_VAR,
        EventType.BEGIN_LOAD_QUERY,
        EventType.APPEND_BLOCK,
        EventType.DELETE_FILE,
        # Group replication's bookkeeping: certification data and membership.
        EventType.TRANSACTION_CONTEXT,
        EventType.VIEW_CHANGE,
    }
)
"""Nothing in them changes a row or a table."""


def type_name(number: int) -> str:
    """The type's name with its number, for messages."""
    try:
        return f"{EventType(number).name} ({number})"
    except ValueError:
        return f"type {number}"

"""What stops the walk through the log: one transaction comes, the next one never does."""

import zlib

import pytest

from mysql_to_tidb.errors import (
    BinlogCorrupt,
    BinlogEventUnknown,
    BinlogIncident,
    BinlogRowImagePartial,
    BinlogStatementChange,
    MigrationError,
    StreamError,
)
from mysql_to_tidb.model.changes import Change
from mysql_to_tidb.source.binlog.event_types import EventType
from mysql_to_tidb.source.binlog.walker import Walker
from tests.lab.binlog_events import (
    METADATA,
    SECOND,
    START,
    TYPES,
    EventLog,
    identity,
    image,
    inner_events,
    insert,
    new_log,
    numbers_in,
    payload,
    payload_field,
    query_body,
    rows_body,
    table_of,
    transaction,
)


def stopped(events: EventLog, error: type[MigrationError], **who: bool) -> str:
    """A transaction comes, the one behind the events does not; what the error says."""
    seen: list[Change] = []
    transaction(events, 99)
    with pytest.raises(error) as caught:
        seen.extend(Walker(START, identity(**who), table_of).walk(events.events))
    assert numbers_in(seen) == [1]
    assert caught.value.where.startswith(f"source binlog {START.file}:")
    return caught.value.message


def test_a_missing_event_is_noticed() -> None:
    events = new_log()
    transaction(events, 1)
    kept = len(events.events)
    transaction(events, 2)
    transaction(events, 3)
    del events.events[kept : kept + 5]
    stopped(events, BinlogCorrupt)


@pytest.mark.parametrize(
    "kind", [*sorted(set(range(256)) - set(EventType)), EventType.LOAD, EventType.PRE_GA_WRITE_ROWS]
)
def test_an_unknown_event_stops(kind: int) -> None:
    events = new_log()
    transaction(events, 1)
    events.add(kind, bytes(20))
    assert str(kind) in stopped(events, BinlogEventUnknown)


def test_an_encrypted_log_stops() -> None:
    events = new_log()
    transaction(events, 1)
    events.add(EventType.MARIADB_START_ENCRYPTION, bytes(17))
    assert "ENCRYPTION" in stopped(events, BinlogEventUnknown)


def test_an_incident_stops() -> None:
    events = new_log()
    transaction(events, 1)
    events.add(EventType.INCIDENT, b"\1\0")
    stopped(events, BinlogIncident)


@pytest.mark.parametrize("bitmap", [b"\xfe", b"\xfd", b"\x01"])
def test_a_column_that_is_missing_stops(bitmap: bytes) -> None:
    events = new_log()
    transaction(events, 1)
    events.query("BEGIN")
    events.table_map(7, "shop", "a", TYPES, METADATA)
    events.rows(EventType.WRITE_ROWS, 7, 2, image(2), present=bitmap)
    events.xid()
    assert "note" in stopped(events, BinlogRowImagePartial) or bitmap == b"\xfe"


@pytest.mark.parametrize("damage", [b"\0", b"", b"\xfc\1\0\0\0\xff"])
def test_rows_that_do_not_fit_their_event_stop(damage: bytes) -> None:
    events = new_log()
    transaction(events, 1)
    events.query("BEGIN")
    events.table_map(7, "shop", "a", TYPES, METADATA)
    events.rows(EventType.WRITE_ROWS, 7, 2, (image(2) + damage) if damage else b"")
    events.xid()
    stopped(events, BinlogCorrupt)


def test_rows_of_a_table_that_was_not_announced_stop() -> None:
    events = new_log()
    transaction(events, 1)
    events.query("BEGIN")
    events.rows(EventType.WRITE_ROWS, 8, 2, image(2))
    stopped(events, BinlogCorrupt)


def test_table_ids_mean_nothing_beyond_a_restart_of_the_source() -> None:
    events = new_log()
    transaction(events, 1)
    events.format_description(created=SECOND)
    events.query("BEGIN")
    events.rows(EventType.WRITE_ROWS, 7, 2, image(2))
    stopped(events, BinlogCorrupt)


def test_a_transaction_within_another_stops() -> None:
    events = new_log()
    transaction(events, 1)
    events.anonymous()
    events.query("BEGIN")
    transaction(events, 2)
    stopped(events, BinlogCorrupt)


def test_rows_without_transactions_cannot_be_taken_back() -> None:
    events = new_log()
    transaction(events, 1)
    events.query("BEGIN")
    events.table_map(9, "shop", "legacy", b"\x03")
    events.rows(EventType.WRITE_ROWS, 9, 1, b"\xfe\1\0\0\0")
    events.query("ROLLBACK")
    assert "shop.legacy" in stopped(events, StreamError)


def test_a_savepoint_that_is_not_there_stops() -> None:
    events = new_log()
    transaction(events, 1)
    events.query("BEGIN")
    insert(events, 2)
    events.query("ROLLBACK TO `s`")
    stopped(events, StreamError)


@pytest.mark.parametrize(
    "text",
    [
        "CALL p()",
        "SELECT f()",
        "LOAD DATA INFILE 'x' INTO TABLE a",
        "INSERT INTO b VALUES (f())",
        "BEGIN NOT ATOMIC",
        "\0",
    ],
)
def test_what_may_have_changed_anything_stops(text: str) -> None:
    events = new_log()
    transaction(events, 1)
    events.query("BEGIN")
    events.query(text)
    events.xid()
    assert text in stopped(events, BinlogStatementChange)


def test_the_file_of_a_load_data_stops_with_its_statement() -> None:
    events = new_log()
    transaction(events, 1)
    events.add(EventType.BEGIN_LOAD_QUERY, b"\1\0\0\0data")
    body = query_body("LOAD DATA LOCAL INFILE 'x' INTO TABLE `a`")
    events.add(EventType.EXECUTE_LOAD_QUERY, body[:13] + bytes(13) + body[13:])
    assert "LOAD DATA" in stopped(events, BinlogStatementChange)


def test_statements_about_accounts_stay_out_of_errors() -> None:
    events = new_log()
    transaction(events, 1)
    events.query("BEGIN")
    insert(events, 2)
    events.query("CREATE USER u IDENTIFIED BY 'secret'")
    assert "secret" not in stopped(events, StreamError)


@pytest.mark.parametrize("damage", [b"", b"\x90\0\1", b"\x82\0\7" + zlib.compress(b"12"), b"\x81\2notzlib"])
def test_compression_that_is_damaged_stops(damage: bytes) -> None:
    events = new_log()
    transaction(events, 1)
    events.query("BEGIN")
    events.table_map(7, "shop", "a", TYPES, METADATA)
    events.add(EventType.MARIADB_WRITE_ROWS_COMPRESSED_V1, rows_body(EventType.WRITE_ROWS_V1, 7, 2, b"") + damage)
    events.xid()
    stopped(events, BinlogCorrupt, mariadb=True)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\0",
        payload_field(2, 7) + b"\0data",
        payload_field(1, 9) + b"\0data",
        payload(inner_events(), size=17),
        payload(inner_events())[:-5],
        payload([*inner_events()[:-1], b"cut"], compression=255),
        payload([bytes(40)], compression=255),
    ],
)
def test_a_compressed_transaction_that_is_damaged_stops(body: bytes) -> None:
    events = new_log()
    transaction(events, 1)
    events.anonymous()
    events.add(EventType.TRANSACTION_PAYLOAD, body)
    stopped(events, BinlogCorrupt)


def test_a_start_within_a_transaction_is_noticed() -> None:
    events = new_log()
    transaction(events, 1)
    events.table_map(7, "shop", "a", TYPES, METADATA)
    insert(events, 2)
    events.xid()
    assert "begin" in stopped(events, StreamError)

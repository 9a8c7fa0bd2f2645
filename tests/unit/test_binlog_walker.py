"""What sequences of events mean, tried on events that no test server would write on demand."""

import contextlib
import struct
import zlib
from collections.abc import Iterable

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mysql_to_tidb.errors import (
    BinlogCorrupt,
    BinlogEventUnknown,
    BinlogIncident,
    BinlogRowImagePartial,
    BinlogStatementChange,
    MigrationError,
    StreamError,
)
from mysql_to_tidb.model.changes import Change, ChangeKind, RowChanges, Silence, Statement, TransactionEnd
from mysql_to_tidb.model.names import TableName
from mysql_to_tidb.model.positions import Position
from mysql_to_tidb.model.tables import Column, Table
from mysql_to_tidb.source.binlog.event_types import HARMLESS, IGNORABLE_FLAG, EventType
from mysql_to_tidb.source.binlog.packets import PacketSplitter
from mysql_to_tidb.source.binlog.walker import Walker
from tests.lab.binlog_events import (
    SECOND,
    START,
    UUID_TEXT,
    EventLog,
    identity,
    packets,
    query_body,
    rows_body,
    table_map_body,
)

TABLE = Table(
    TableName("shop", "a"),
    (
        Column("id", "int", "int"),
        Column("note", "varchar", "varchar(20)", character_set="latin1", characters_max=20, octets_max=20),
    ),
)
TYPES, METADATA = b"\x03\x0f", b"\x14\0"
LEGACY = Table(TableName("shop", "legacy"), (Column("id", "int", "int"),), engine="MyISAM")


def table_of(name: TableName) -> Table | None:
    return {TABLE.name: TABLE, LEGACY.name: LEGACY}.get(name)


def image(number: int, note: str | None = "x") -> bytes:
    nulls, text = (b"\xfe", b"") if note is None else (b"\xfc", bytes([len(note)]) + note.encode())
    return nulls + struct.pack("<i", number) + text


def log(*, checksums: bool = True) -> EventLog:
    events = EventLog(checksums)
    events.rotate()
    events.format_description()
    return events


def insert(events: EventLog, *numbers: int) -> None:
    events.table_map(7, "shop", "a", TYPES, METADATA)
    events.rows(EventType.WRITE_ROWS, 7, 2, b"".join(map(image, numbers)))


def transaction(events: EventLog, *numbers: int) -> None:
    events.anonymous()
    events.query("BEGIN")
    insert(events, *numbers)
    events.xid()


def walk(events: Iterable[bytes], position: Position = START, **who: bool) -> list[Change]:
    return list(Walker(position, identity(**who), table_of).walk(events))


def numbers_in(changes: Iterable[Change]) -> list[object]:
    return [row[0] for change in changes if isinstance(change, RowChanges) for row in change.images]


def stopped(events: EventLog, error: type[MigrationError], **who: bool) -> str:
    """A transaction comes, the one behind the events does not; what the error says."""
    seen: list[Change] = []
    transaction(events, 99)
    with pytest.raises(error) as caught:
        seen.extend(Walker(START, identity(**who), table_of).walk(events.events))
    assert numbers_in(seen) == [1]
    assert caught.value.where.startswith(f"source binlog {START.file}:")
    return caught.value.message


@pytest.mark.parametrize("checksums", [True, False])
def test_a_transaction_comes_with_its_rows_and_its_end(checksums: bool) -> None:
    events = log(checksums=checksums)
    transaction(events, 1, 2)
    rows, end = walk(events.events)
    assert isinstance(rows, RowChanges)
    assert (rows.kind, rows.images) == (ChangeKind.INSERT, [(1, b"x"), (2, b"x")])
    assert rows.position.gtid_set == ""
    assert end == TransactionEnd(Position(START.file, events.offset), SECOND)


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        (EventType.WRITE_ROWS_V1, ChangeKind.INSERT),
        (EventType.UPDATE_ROWS_V1, ChangeKind.UPDATE),
        (EventType.DELETE_ROWS_V1, ChangeKind.DELETE),
        (EventType.WRITE_ROWS, ChangeKind.INSERT),
        (EventType.UPDATE_ROWS, ChangeKind.UPDATE),
        (EventType.DELETE_ROWS, ChangeKind.DELETE),
    ],
)
def test_all_kinds_of_rows_events_are_read(kind: EventType, change: ChangeKind) -> None:
    events = log()
    events.query("BEGIN")
    events.table_map(7, "shop", "a", TYPES, METADATA)
    events.rows(kind, 7, 2, image(1, None) + image(2))
    events.xid()
    rows = walk(events.events)[0]
    assert isinstance(rows, RowChanges)
    assert (rows.kind, rows.images) == (change, [(1, None), (2, b"x")])


def test_rows_with_extra_data_are_read() -> None:
    events = log()
    events.query("BEGIN")
    events.table_map(7, "shop", "a", TYPES, METADATA)
    body = rows_body(EventType.WRITE_ROWS, 7, 2, image(1))
    events.add(EventType.WRITE_ROWS, body[:8] + b"\6\0abcd" + body[10:])
    events.xid()
    assert numbers_in(walk(events.events)) == [1]


def test_the_set_of_gtids_grows_with_each_transaction() -> None:
    events = log()
    for number in (6, 7):
        events.gtid(number, microseconds=SECOND * 1_000_000 + number)
        events.query("BEGIN")
        insert(events, number)
        events.xid()
    position = Position(START.file, START.offset, f"{UUID_TEXT}:1-5")
    ends = [change for change in walk(events.events, position, gtids=True) if isinstance(change, TransactionEnd)]
    assert [end.position.gtid_set for end in ends] == [f"{UUID_TEXT}:1-6", f"{UUID_TEXT}:1-7"]
    assert [end.committed_at for end in ends] == [SECOND + 6e-6, SECOND + 7e-6]


@pytest.mark.parametrize("where", ["BEGIN", "GTID"])
def test_a_place_within_a_transaction_is_never_given(where: str) -> None:
    events = log()
    transaction(events, 1)
    start = Position(START.file, events.offset)
    events.anonymous()
    if where == "BEGIN":
        events.query("BEGIN")
        insert(events, 2)
    events.add(EventType.HEARTBEAT, START.file.encode(), placed=False)
    assert walk(events.events)[-1] == Silence(start)


def test_the_place_moves_with_events_that_belong_to_no_transaction() -> None:
    events = log()
    events.add(EventType.PREVIOUS_GTIDS, bytes(8), flags=IGNORABLE_FLAG)
    events.add(EventType.HEARTBEAT, START.file.encode(), placed=False)
    assert walk(events.events) == [Silence(Position(START.file, events.offset))]


def test_a_file_may_be_longer_than_an_offset_can_tell() -> None:
    events = log()
    events.rotate(offset=(1 << 32) - 300)
    for number in range(20):
        transaction(events, number)
    assert events.offset > 1 << 32
    assert [change.position.offset for change in walk(events.events)][-1] == events.offset


def test_a_missing_event_is_noticed() -> None:
    events = log()
    transaction(events, 1)
    kept = len(events.events)
    transaction(events, 2)
    transaction(events, 3)
    del events.events[kept : kept + 5]
    stopped(events, BinlogCorrupt)


def test_what_is_left_out_because_it_is_known_by_its_gtid_is_no_loss() -> None:
    events = log()
    events.gtid(5)
    events.query("BEGIN")
    insert(events, 5)
    events.xid()
    kept = len(events.events)
    for number in (6, 7):
        events.gtid(number)
        events.query("BEGIN")
        insert(events, number)
        events.xid()
    del events.events[kept : kept + 5]
    position = Position(START.file, START.offset, f"{UUID_TEXT}:1-4:6")
    changes = walk(events.events, position, gtids=True)
    assert numbers_in(changes) == [5, 7]
    assert changes[-1].position == Position(START.file, events.offset, f"{UUID_TEXT}:1-7")


@given(st.data())
def test_a_flipped_bit_never_goes_unnoticed(data: st.DataObject) -> None:
    events = log()
    for number in (1, 2, 3):
        transaction(events, number)
    events.query("ALTER TABLE a ADD COLUMN b INT")
    whole = walk(events.events)
    stream = bytearray(packets(events.events))
    bit = data.draw(st.integers(0, len(stream) * 8 - 1))
    stream[bit // 8] ^= 1 << bit % 8
    splitter, walker, seen = PacketSplitter(), Walker(START, identity(), table_of), []
    try:
        for change in walker.walk(splitter.split(bytes(stream))):
            seen.append(change)  # noqa: PERF402  what came before the error counts as well
    except StreamError:
        pass
    else:
        # Only the number of a packet says nothing; a wrong length may leave the rest to wait for.
        assert len(seen) < len(whole) or stream != packets(events.events)
    assert seen == whole[: len(seen)]


@given(st.integers(0, 255), st.binary(max_size=60))
def test_no_sequence_of_bytes_does_worse_than_stop(kind: int, body: bytes) -> None:
    events = log()
    events.add(kind, body)
    with contextlib.suppress(StreamError):
        assert not numbers_in(walk(events.events))


@given(st.lists(st.integers(1, 400), max_size=30))
def test_packets_may_arrive_in_any_pieces(sizes: list[int]) -> None:
    events = log()
    for number in range(5):
        transaction(events, number)
    stream, splitter, place = packets(events.events), PacketSplitter(), 0
    seen: list[bytes] = []
    for size in [*sizes, len(stream)]:
        seen += splitter.split(stream[place : place + size])
        place += size
    assert seen == events.events


@pytest.mark.parametrize("size", [(1 << 24) - 3, (1 << 24) - 2, (1 << 24) - 1, 1 << 24, (1 << 25) - 3, 1 << 25])
def test_events_may_need_several_packets(size: int) -> None:
    wanted = [b"before", bytes(size), b"behind"]
    splitter, stream = PacketSplitter(), packets(wanted)
    seen = [
        event for place in range(0, len(stream), 1 << 20) for event in splitter.split(stream[place : place + (1 << 20)])
    ]
    assert [len(event) for event in seen] == [len(event) for event in wanted]
    assert seen[-1] == b"behind"


@pytest.mark.parametrize("payload", [b"\xff\xd4\x04#HY000no", b"\xfe\0\0\2\0"])
def test_what_ends_a_stream_comes_behind_all_that_was_before(payload: bytes) -> None:
    splitter = PacketSplitter()
    end = len(payload).to_bytes(3, "little") + b"\0" + payload
    assert splitter.split(packets([b"one", b"two"]) + end) == [b"one", b"two"]
    assert splitter.ending == payload


@pytest.mark.parametrize(
    "kind", [*sorted(set(range(256)) - set(EventType)), EventType.LOAD, EventType.PRE_GA_WRITE_ROWS]
)
def test_an_unknown_event_stops(kind: int) -> None:
    events = log()
    transaction(events, 1)
    events.add(kind, bytes(20))
    assert str(kind) in stopped(events, BinlogEventUnknown)


def test_an_unknown_event_that_says_so_may_be_left_out() -> None:
    events = log()
    events.add(200, bytes(20), flags=IGNORABLE_FLAG)
    transaction(events, 1)
    assert numbers_in(walk(events.events)) == [1]


@pytest.mark.parametrize("kind", sorted(HARMLESS))
def test_events_without_changes_are_passed_over(kind: EventType) -> None:
    events = log()
    events.add(kind, bytes(20))
    transaction(events, 1)
    assert numbers_in(walk(events.events)) == [1]


def test_an_encrypted_log_stops() -> None:
    events = log()
    transaction(events, 1)
    events.add(EventType.MARIADB_START_ENCRYPTION, bytes(17))
    assert "ENCRYPTION" in stopped(events, BinlogEventUnknown)


def test_an_incident_stops() -> None:
    events = log()
    transaction(events, 1)
    events.add(EventType.INCIDENT, b"\1\0")
    stopped(events, BinlogIncident)


@pytest.mark.parametrize("bitmap", [b"\xfe", b"\xfd", b"\x01"])
def test_a_column_that_is_missing_stops(bitmap: bytes) -> None:
    events = log()
    transaction(events, 1)
    events.query("BEGIN")
    events.table_map(7, "shop", "a", TYPES, METADATA)
    events.rows(EventType.WRITE_ROWS, 7, 2, image(2), present=bitmap)
    events.xid()
    assert "note" in stopped(events, BinlogRowImagePartial) or bitmap == b"\xfe"


@pytest.mark.parametrize("damage", [b"\0", b"", b"\xfc\1\0\0\0\xff"])
def test_rows_that_do_not_fit_their_event_stop(damage: bytes) -> None:
    events = log()
    transaction(events, 1)
    events.query("BEGIN")
    events.table_map(7, "shop", "a", TYPES, METADATA)
    events.rows(EventType.WRITE_ROWS, 7, 2, (image(2) + damage) if damage else b"")
    events.xid()
    stopped(events, BinlogCorrupt)


def test_rows_of_a_table_that_was_not_announced_stop() -> None:
    events = log()
    transaction(events, 1)
    events.query("BEGIN")
    events.rows(EventType.WRITE_ROWS, 8, 2, image(2))
    stopped(events, BinlogCorrupt)


def test_table_ids_mean_nothing_beyond_a_restart_of_the_source() -> None:
    events = log()
    transaction(events, 1)
    events.format_description(created=SECOND)
    events.query("BEGIN")
    events.rows(EventType.WRITE_ROWS, 7, 2, image(2))
    stopped(events, BinlogCorrupt)


def test_a_transaction_that_a_crash_of_the_source_cut_off_never_happened() -> None:
    events = log()
    events.anonymous()
    events.query("BEGIN")
    insert(events, 1)
    events.format_description(created=SECOND)
    transaction(events, 2)
    assert numbers_in(walk(events.events)) == [2]


def test_a_transaction_within_another_stops() -> None:
    events = log()
    transaction(events, 1)
    events.anonymous()
    events.query("BEGIN")
    transaction(events, 2)
    stopped(events, BinlogCorrupt)


def test_an_event_that_only_ends_a_statement_is_no_change() -> None:
    events = log()
    events.query("BEGIN")
    insert(events, 1)
    events.rows(EventType.WRITE_ROWS, (1 << 48) - 1, 0, b"")
    events.xid()
    assert numbers_in(walk(events.events)) == [1]


def test_rows_without_transactions_cannot_be_taken_back() -> None:
    events = log()
    transaction(events, 1)
    events.query("BEGIN")
    events.table_map(9, "shop", "legacy", b"\x03")
    events.rows(EventType.WRITE_ROWS, 9, 1, b"\xfe\1\0\0\0")
    events.query("ROLLBACK")
    assert "shop.legacy" in stopped(events, StreamError)


def test_a_savepoint_that_is_not_there_stops() -> None:
    events = log()
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
    events = log()
    transaction(events, 1)
    events.query("BEGIN")
    events.query(text)
    events.xid()
    assert text in stopped(events, BinlogStatementChange)


def test_the_file_of_a_load_data_stops_with_its_statement() -> None:
    events = log()
    transaction(events, 1)
    events.add(EventType.BEGIN_LOAD_QUERY, b"\1\0\0\0data")
    body = query_body("LOAD DATA LOCAL INFILE 'x' INTO TABLE `a`")
    events.add(EventType.EXECUTE_LOAD_QUERY, body[:13] + bytes(13) + body[13:])
    assert "LOAD DATA" in stopped(events, BinlogStatementChange)


@pytest.mark.parametrize(
    "text",
    [
        "INSERT INTO mysql.rds_heartbeat2(id, value) values (1,1) ON DUPLICATE KEY UPDATE value = 2",
        "REPLACE INTO `percona`.`heartbeat` (ts, server_id) VALUES ('2024-01-01T00:00:00', 1)",
        "DELETE FROM b WHERE id = 1",
    ],
)
def test_heartbeats_of_others_do_no_harm(text: str) -> None:
    events = log()
    events.query("BEGIN")
    events.query(text)
    events.xid()
    transaction(events, 1)
    assert numbers_in(walk(events.events)) == [1]


def test_statements_about_accounts_stay_out_of_errors() -> None:
    events = log()
    transaction(events, 1)
    events.query("BEGIN")
    insert(events, 2)
    events.query("CREATE USER u IDENTIFIED BY 'secret'")
    assert "secret" not in stopped(events, StreamError)


def test_a_statement_comes_with_its_circumstances() -> None:
    variables = b"\0\0\0\0\0" + b"\1" + struct.pack("<Q", 5) + b"\6\3std" + b"\4" + struct.pack("<HHH", 8, 8, 8)
    events = log()
    start = events.offset
    events.anonymous()
    events.query(b"ALTER TABLE caf\xe9 ADD b\x81", variables=variables + b"\5\6+01:00\xee\1\2\3")
    (statement,) = walk(events.events)
    assert statement == Statement(
        text="ALTER TABLE café ADD b\x81",
        schema="shop",
        position=Position(START.file, events.offset),
        start=Position(START.file, start),
        committed_at=SECOND,
        sql_mode=5,
        time_zone="+01:00",
    )


def test_shapes_are_asked_for_again_behind_a_statement() -> None:
    asked = []
    events = log()
    for number in (1, 2):
        transaction(events, number)
        transaction(events, number)
        events.query("ALTER TABLE a COMMENT 'x'")
    walker = Walker(START, identity(), lambda name: asked.append(name) or table_of(name))
    assert len(list(walker.walk(events.events))) == 10
    assert asked == [TABLE.name] * 2


def compressed(data: bytes) -> bytes:
    size = len(data)
    return bytes([0x80 | 2]) + size.to_bytes(2, "big") + zlib.compress(data)


def test_what_mariadb_compressed_is_read() -> None:
    events = log()
    events.query("BEGIN")
    events.table_map(7, "shop", "a", TYPES, METADATA)
    whole = rows_body(EventType.WRITE_ROWS_V1, 7, 2, b"")
    events.add(EventType.MARIADB_WRITE_ROWS_COMPRESSED_V1, whole + compressed(image(1) + image(2)))
    events.xid()
    body = query_body("", schema="shop")
    events.add(EventType.MARIADB_QUERY_COMPRESSED, body + compressed(b"ALTER TABLE a ADD b INT"))
    changes = walk(events.events, mariadb=True)
    assert numbers_in(changes) == [1, 2]
    assert isinstance(changes[-1], Statement)
    assert changes[-1].text == "ALTER TABLE a ADD b INT"


@pytest.mark.parametrize("damage", [b"", b"\x90\0\1", b"\x82\0\7" + zlib.compress(b"12"), b"\x81\2notzlib"])
def test_compression_that_is_damaged_stops(damage: bytes) -> None:
    events = log()
    transaction(events, 1)
    events.query("BEGIN")
    events.table_map(7, "shop", "a", TYPES, METADATA)
    events.add(EventType.MARIADB_WRITE_ROWS_COMPRESSED_V1, rows_body(EventType.WRITE_ROWS_V1, 7, 2, b"") + damage)
    events.xid()
    stopped(events, BinlogCorrupt, mariadb=True)


def field(kind: int, value: int) -> bytes:
    """Of the head of a compressed transaction: type, length, value, all of them length-encoded numbers."""
    encoded = bytes([value]) if value < 251 else b"\xfc" + value.to_bytes(2, "little")
    return bytes([kind, len(encoded)]) + encoded


def payload(events: list[bytes], *, compression: int = 0, size: int | None = None) -> bytes:
    plain = b"".join(events)
    data = pa.compress(plain, codec="zstd", asbytes=True) if compression == 0 else plain
    return field(2, compression) + field(3, size or len(plain)) + field(1, len(data)) + b"\0" + data


def inner_events() -> list[bytes]:
    inner = EventLog(checksums=False)
    inner.query("BEGIN")
    for number in range(40):
        insert(inner, number)
    inner.xid()
    return inner.events


@pytest.mark.parametrize("compression", [0, 255])
def test_a_compressed_transaction_is_one_place_in_the_log(compression: int) -> None:
    events = log()
    events.anonymous()
    events.add(EventType.TRANSACTION_PAYLOAD, payload(inner_events(), compression=compression))
    changes = walk(events.events)
    assert numbers_in(changes) == list(range(40))
    assert {change.position for change in changes} == {Position(START.file, events.offset)}
    assert isinstance(changes[-1], TransactionEnd)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\0",
        field(2, 7) + b"\0data",
        field(1, 9) + b"\0data",
        payload(inner_events(), size=17),
        payload(inner_events())[:-5],
        payload([*inner_events()[:-1], b"cut"], compression=255),
        payload([bytes(40)], compression=255),
    ],
)
def test_a_compressed_transaction_that_is_damaged_stops(body: bytes) -> None:
    events = log()
    transaction(events, 1)
    events.anonymous()
    events.add(EventType.TRANSACTION_PAYLOAD, body)
    stopped(events, BinlogCorrupt)


def test_a_type_that_is_unknown_does_no_harm_in_a_table_that_is_not_migrated() -> None:
    events = log()
    events.query("BEGIN")
    events.add(EventType.TABLE_MAP, table_map_body(8, "shop", "odd", b"\x63\x64", b"zzz"))
    events.rows(EventType.WRITE_ROWS, 8, 2, b"anything")
    insert(events, 1)
    events.xid()
    assert numbers_in(walk(events.events)) == [1]

"""What sequences of events mean, tried on events that no test server would write on demand."""

import contextlib
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mysql_to_tidb.errors import (
    StreamError,
)
from mysql_to_tidb.model.changes import ChangeKind, RowChanges, Silence, Statement, TransactionEnd
from mysql_to_tidb.model.positions import Position
from mysql_to_tidb.source.binlog.event_types import HARMLESS, IGNORABLE_FLAG, EventType
from mysql_to_tidb.source.binlog.packets import PacketSplitter
from mysql_to_tidb.source.binlog.walker import Walker
from tests.lab.binlog_events import (
    METADATA,
    SECOND,
    START,
    TABLE,
    TYPES,
    UUID_TEXT,
    compressed,
    identity,
    image,
    inner_events,
    insert,
    new_log,
    numbers_in,
    packets,
    payload,
    query_body,
    rows_body,
    table_map_body,
    table_of,
    transaction,
    walk,
)


@pytest.mark.parametrize("checksums", [True, False])
def test_a_transaction_comes_with_its_rows_and_its_end(checksums: bool) -> None:
    events = new_log(checksums=checksums)
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
    events = new_log()
    events.query("BEGIN")
    events.table_map(7, "shop", "a", TYPES, METADATA)
    events.rows(kind, 7, 2, image(1, None) + image(2))
    events.xid()
    rows = walk(events.events)[0]
    assert isinstance(rows, RowChanges)
    assert (rows.kind, rows.images) == (change, [(1, None), (2, b"x")])


def test_rows_with_extra_data_are_read() -> None:
    events = new_log()
    events.query("BEGIN")
    events.table_map(7, "shop", "a", TYPES, METADATA)
    body = rows_body(EventType.WRITE_ROWS, 7, 2, image(1))
    events.add(EventType.WRITE_ROWS, body[:8] + b"\6\0abcd" + body[10:])
    events.xid()
    assert numbers_in(walk(events.events)) == [1]


def test_the_set_of_gtids_grows_with_each_transaction() -> None:
    events = new_log()
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
    events = new_log()
    transaction(events, 1)
    start = Position(START.file, events.offset)
    events.anonymous()
    if where == "BEGIN":
        events.query("BEGIN")
        insert(events, 2)
    events.heartbeat()
    assert walk(events.events)[-1] == Silence(start)


def test_the_place_moves_with_events_that_belong_to_no_transaction() -> None:
    events = new_log()
    events.add(EventType.PREVIOUS_GTIDS, bytes(8), flags=IGNORABLE_FLAG)
    events.heartbeat()
    assert walk(events.events) == [Silence(Position(START.file, events.offset))]


def test_the_place_does_not_go_back_while_known_transactions_are_left_out() -> None:
    start = Position("binlog.000009", 500, f"{UUID_TEXT}:1-4")
    events = new_log()
    events.heartbeat()
    events.rotate(start.file)
    events.heartbeat(start.file, 900)
    silences = walk(events.events, start, gtids=True)
    assert silences == [Silence(start), Silence(Position(start.file, 900, start.gtid_set))]


def test_a_file_may_be_longer_than_an_offset_can_tell() -> None:
    events = new_log()
    events.rotate(offset=(1 << 32) - 300)
    for number in range(20):
        transaction(events, number)
    assert events.offset > 1 << 32
    assert [change.position.offset for change in walk(events.events)][-1] == events.offset


def test_what_is_left_out_because_it_is_known_by_its_gtid_is_no_loss() -> None:
    events = new_log()
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
    events = new_log()
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
    events = new_log()
    events.add(kind, body)
    with contextlib.suppress(StreamError):
        assert not numbers_in(walk(events.events))


@given(st.lists(st.integers(1, 400), max_size=30))
def test_packets_may_arrive_in_any_pieces(sizes: list[int]) -> None:
    events = new_log()
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


def test_an_unknown_event_that_says_so_may_be_left_out() -> None:
    events = new_log()
    events.add(200, bytes(20), flags=IGNORABLE_FLAG)
    transaction(events, 1)
    assert numbers_in(walk(events.events)) == [1]


@pytest.mark.parametrize("kind", sorted(HARMLESS))
def test_events_without_changes_are_passed_over(kind: EventType) -> None:
    events = new_log()
    events.add(kind, bytes(20))
    transaction(events, 1)
    assert numbers_in(walk(events.events)) == [1]


def test_a_transaction_that_a_crash_of_the_source_cut_off_never_happened() -> None:
    events = new_log()
    events.anonymous()
    events.query("BEGIN")
    insert(events, 1)
    events.format_description(created=SECOND)
    transaction(events, 2)
    assert numbers_in(walk(events.events)) == [2]


def test_an_event_that_only_ends_a_statement_is_no_change() -> None:
    events = new_log()
    events.query("BEGIN")
    insert(events, 1)
    events.rows(EventType.WRITE_ROWS, (1 << 48) - 1, 0, b"")
    events.xid()
    assert numbers_in(walk(events.events)) == [1]


@pytest.mark.parametrize(
    "text",
    [
        "INSERT INTO mysql.rds_heartbeat2(id, value) values (1,1) ON DUPLICATE KEY UPDATE value = 2",
        "REPLACE INTO `percona`.`heartbeat` (ts, server_id) VALUES ('2024-01-01T00:00:00', 1)",
        "DELETE FROM b WHERE id = 1",
    ],
)
def test_heartbeats_of_others_do_no_harm(text: str) -> None:
    events = new_log()
    events.query("BEGIN")
    events.query(text)
    events.xid()
    transaction(events, 1)
    assert numbers_in(walk(events.events)) == [1]


def test_a_statement_comes_with_its_circumstances() -> None:
    variables = b"\0\0\0\0\0" + b"\1" + struct.pack("<Q", 5) + b"\6\3std" + b"\4" + struct.pack("<HHH", 8, 8, 8)
    events = new_log()
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
        began_at_microseconds=SECOND * 1_000_000,
    )


def test_shapes_are_asked_for_again_behind_a_statement() -> None:
    asked = []
    events = new_log()
    for number in (1, 2):
        transaction(events, number)
        transaction(events, number)
        events.query("ALTER TABLE a COMMENT 'x'")
    walker = Walker(START, identity(), lambda name: asked.append(name) or table_of(name))
    assert len(list(walker.walk(events.events))) == 10
    assert asked == [TABLE.name] * 2


def test_what_mariadb_compressed_is_read() -> None:
    events = new_log()
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


@pytest.mark.parametrize("compression", [0, 255])
def test_a_compressed_transaction_is_one_place_in_the_log(compression: int) -> None:
    events = new_log()
    events.anonymous()
    events.add(EventType.TRANSACTION_PAYLOAD, payload(inner_events(), compression=compression))
    changes = walk(events.events)
    assert numbers_in(changes) == list(range(40))
    assert {change.position for change in changes} == {Position(START.file, events.offset)}
    assert isinstance(changes[-1], TransactionEnd)


def test_a_type_that_is_unknown_does_no_harm_in_a_table_that_is_not_migrated() -> None:
    events = new_log()
    events.query("BEGIN")
    events.add(EventType.TABLE_MAP, table_map_body(8, "shop", "odd", b"\x63\x64", b"zzz"))
    events.rows(EventType.WRITE_ROWS, 8, 2, b"anything")
    insert(events, 1)
    events.xid()
    assert numbers_in(walk(events.events)) == [1]

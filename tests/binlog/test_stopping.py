"""Where the log cannot be followed, the stream stops with an error that says so, and gives nothing beyond."""

import collections
import contextlib
import itertools
import re
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Iterator

import pytest

from mysql_to_tidb.errors import (
    BinlogEventUnknown,
    BinlogHistoryChanged,
    BinlogPurged,
    BinlogRowImagePartial,
    BinlogServerIdTaken,
    BinlogStatementChange,
    MigrationError,
    SchemaMismatch,
    SourceRefused,
    SourceUnavailable,
    StreamError,
)
from mysql_to_tidb.model.changes import Change, Silence
from mysql_to_tidb.model.positions import Position
from mysql_to_tidb.source.binlog import BinlogStream
from tests.lab.follower import Follower, rows
from tests.lab.install import Kind
from tests.lab.proxy import Proxy
from tests.lab.servers import LabServer, Server

Follow = Callable[[Server], Follower]

PURGED = (
    "The required binary log for migration no longer exists on the source database. Please make sure binary "
    "log files are kept for long enough time for migration to succeed."
)


def drain(changes: Iterable[Change]) -> None:
    collections.deque(changes, maxlen=0)


def followed(source: Follower) -> Follower:
    source.create(
        "CREATE TABLE a (id INT PRIMARY KEY, value VARCHAR(100), document LONGTEXT)", "CREATE TABLE other (id INT)"
    )
    del source.tables[next(name for name in source.tables if name.table == "other")]
    return source


def stopped_by(source: Follower, error: type[MigrationError]) -> MigrationError:
    """Row 1 comes, row 3 does not, and the error says where."""
    source.run("INSERT INTO a (id) VALUES (3)")
    seen: list[Change] = []
    with contextlib.closing(source.stream()) as stream, pytest.raises(error) as caught:
        seen.extend(stream.changes(wait_seconds=0.1))
    assert [image[0] for _, image in rows(seen)] == [1]
    assert re.search(r"binlog\.\d+:\d+", caught.value.where)
    return caught.value


@pytest.mark.parametrize("image", ["MINIMAL", "NOBLOB"])
def test_a_row_image_that_is_not_full_stops(source: Server, follow: Follow, image: str) -> None:
    follower = followed(follow(source))
    follower.run(
        "INSERT INTO a VALUES (1, 'one', 'text')",
        f"SET SESSION binlog_row_image = {image}",
        "UPDATE a SET value = 'two'",
        "SET SESSION binlog_row_image = FULL",
    )
    assert f"{follower.database}.a" in stopped_by(follower, BinlogRowImagePartial).message


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO a (id) VALUES (2)",
        "INSERT INTO a (id) SELECT 2",
        "/* first */ UPDATE a SET value = 'b'",
        "DELETE FROM a",
        "REPLACE INTO a (id) VALUES (LAST_INSERT_ID())",
        "DELETE other, a FROM other JOIN a",
    ],
)
def test_a_change_that_was_logged_as_text_stops(source: Server, follow: Follow, statement: str) -> None:
    follower = followed(follow(source))
    follower.run(
        *("INSERT INTO other VALUES (1)", "INSERT INTO a (id) VALUES (1)", "SET SESSION binlog_format = STATEMENT"),
        *(
            statement,
            "SET SESSION binlog_format = ROW",
            "REPLACE INTO a (id) VALUES (1), (3)",
            "DELETE FROM a WHERE id = 3",
        ),
    )
    assert statement[:20] in stopped_by(follower, BinlogStatementChange).message


def test_text_about_tables_that_are_not_migrated_does_no_harm(source: Server, follow: Follow) -> None:
    follower = followed(follow(source))
    follower.run(
        "SET SESSION binlog_format = STATEMENT",
        "INSERT INTO other VALUES (1)",
        "BEGIN",
        "UPDATE other SET id = 2 WHERE id = LAST_INSERT_ID() + 1",
        "COMMIT",
        "SET SESSION binlog_format = ROW",
        "INSERT INTO a (id) VALUES (1)",
    )
    assert [image[0] for _, image in rows(follower.changes())] == [1]


def test_a_distributed_transaction_stops_where_it_changes_migrated_tables(source: Server, follow: Follow) -> None:
    follower = followed(follow(source))
    follower.run(
        *("XA START 'x'", "INSERT INTO other VALUES (1)", "XA END 'x'", "XA PREPARE 'x'", "XA COMMIT 'x'"),
        *("XA START 'y'", "INSERT INTO a (id) VALUES (1)", "XA END 'y'", "XA COMMIT 'y' ONE PHASE"),
        *("XA START 'z'", "INSERT INTO a (id) VALUES (2)", "XA END 'z'", "XA PREPARE 'z'", "XA ROLLBACK 'z'"),
    )
    assert "XA" in stopped_by(follower, BinlogEventUnknown).message


def test_the_commit_of_what_was_prepared_before_stops(source: Server, follow: Follow) -> None:
    follower = followed(follow(source))
    follower.run(f"XA START '{follower.database}'", "INSERT INTO a (id) VALUES (2)")
    follower.run(f"XA END '{follower.database}'", f"XA PREPARE '{follower.database}'")
    follower.writer.close()
    follower.start = follower.here()
    time.sleep(0.2)
    follower.writer = source.connect(database=follower.database)
    follower.run("INSERT INTO a (id) VALUES (1)", f"XA COMMIT '{follower.database}'")
    stopped_by(follower, BinlogEventUnknown)


def test_parts_of_json_values_stop(source_mysql: Server, follow: Follow) -> None:
    follower = follow(source_mysql)
    follower.create("CREATE TABLE a (id INT PRIMARY KEY, j JSON)")
    follower.run(
        'INSERT INTO a VALUES (1, \'{"a": 1, "b": 2}\')',
        "SET SESSION binlog_row_value_options = PARTIAL_JSON",
        "UPDATE a SET j = JSON_SET(j, '$.a', 7)",
        "SET SESSION binlog_row_value_options = ''",
    )
    stopped_by(follower, BinlogRowImagePartial)


@pytest.mark.parametrize(
    ("change", "about"),
    [
        ("ADD COLUMN n INT", "have 4"),
        ("MODIFY value VARCHAR(99)", "value"),
        ("MODIFY id BIGINT", "id"),
        ("MODIFY id INT UNSIGNED", "unsigned"),
        ("RENAME COLUMN value TO renamed", "renamed"),
    ],
)
def test_a_shape_that_is_not_the_known_one_stops(
    named_columns_source: LabServer, follow: Follow, change: str, about: str
) -> None:
    follower = followed(follow(named_columns_source))
    follower.run("INSERT INTO a (id) VALUES (1)", f"ALTER TABLE a {change}", "INSERT INTO a (id) VALUES (2)")
    error = stopped_by(follower, SchemaMismatch)
    assert about in error.message
    assert f"{follower.database}.a" in error.message


@pytest.fixture(scope="module", params=list(Kind))
def named_columns_source(request: pytest.FixtureRequest) -> Iterator[LabServer]:
    """A source that names its columns in the log."""
    server = LabServer(request.param, "--log-bin=binlog", "--binlog-format=ROW", "--binlog-row-metadata=FULL")
    yield server
    server.discard()


@pytest.fixture(scope="module", params=list(Kind))
def lonely_source(request: pytest.FixtureRequest) -> Iterator[LabServer]:
    """A source whose files a test may purge."""
    server = LabServer(request.param, "--log-bin=binlog", "--binlog-format=ROW")
    yield server
    server.discard()


def purge(source: Follower) -> None:
    """MariaDB keeps files for a moment until its engine has caught up with them."""
    here, first, deadline = source.here().file, "", time.monotonic() + 20
    while first != here and time.monotonic() < deadline:
        with source.reader.cursor() as cursor:
            cursor.execute(f"PURGE BINARY LOGS TO '{here}'")
            cursor.execute("SHOW BINARY LOGS")
            first = cursor.fetchall()[0][0]
        time.sleep(0.05)


@pytest.mark.parametrize("by_file", [False, True], ids=["by GTID", "by file"])
def test_purged_files_are_told_in_the_known_words(lonely_source: LabServer, follow: Follow, by_file: bool) -> None:
    follower = followed(follow(lonely_source))
    follower.run(
        "INSERT INTO a (id) VALUES (1)", "FLUSH BINARY LOGS", "INSERT INTO a (id) VALUES (2)", "FLUSH BINARY LOGS"
    )
    purge(follower)
    with pytest.raises(BinlogPurged) as caught:
        follower.changes(by_file=by_file)
    assert caught.value.message == PURGED
    assert not caught.value.retryable
    assert not caught.value.restart_helps


@pytest.mark.parametrize("by_file", [False, True], ids=["by GTID", "by file"])
def test_a_position_that_the_source_never_had_stops(lonely_source: LabServer, follow: Follow, by_file: bool) -> None:
    follower = followed(follow(lonely_source))
    here = follower.here()
    if follower.identity.mariadb:
        gtids = f"0-{follower.identity.server_id}-99999999"
    else:
        gtids = f"{follower.identity.uuid}:1-99999999"
    with pytest.raises(StreamError) as caught:
        follower.changes(Position(here.file, here.offset + 1_000_000, gtids), by_file=by_file)
    assert not isinstance(caught.value, BinlogPurged)
    assert isinstance(caught.value, BinlogHistoryChanged)


def test_the_older_of_two_with_one_server_id_stops(source: Server, follow: Follow) -> None:
    follower = followed(follow(source))
    settings, identity = source.settings, follower.identity
    first, second = (
        BinlogStream(settings, identity, follower.start, server_id=935_001, table_of=follower.tables.get)
        for _ in range(2)
    )
    with contextlib.closing(first), contextlib.closing(second):
        with pytest.raises(BinlogServerIdTaken):
            drain(first.changes(wait_seconds=0.1))
        follower.run("INSERT INTO a (id) VALUES (1)")
        changes = second.changes(wait_seconds=0.1)
        assert rows([next(change for change in changes if not isinstance(change, Silence))])


def test_a_stream_that_the_source_ends_is_worth_another_try(source: Server, follow: Follow) -> None:
    follower = followed(follow(source))
    with contextlib.closing(follower.stream()) as stream:
        changes = stream.changes(wait_seconds=0.1)
        assert isinstance(next(changes), Silence)
        with follower.writer.cursor() as cursor:
            cursor.execute("SELECT id FROM information_schema.PROCESSLIST WHERE command LIKE 'Binlog Dump%'")
            for (number,) in cursor.fetchall():
                cursor.execute(f"KILL {number}")
        with pytest.raises(SourceUnavailable) as caught:
            drain(changes)
    assert caught.value.retryable


def test_a_connection_that_has_gone_deaf_is_noticed(source: Server, follow: Follow) -> None:
    follower = followed(follow(source))
    with Proxy(source) as proxy, contextlib.closing(follower.stream(server=proxy)) as stream:
        changes = stream.changes(wait_seconds=0.05)
        assert isinstance(next(changes), Silence)
        proxy.stall()
        began = time.monotonic()
        with pytest.raises(SourceUnavailable):
            drain(changes)
        assert 1 < time.monotonic() - began < 5


def test_a_cut_connection_is_worth_another_try(source: Server, follow: Follow) -> None:
    follower = followed(follow(source))
    with Proxy(source) as proxy, contextlib.closing(follower.stream(server=proxy)) as stream:
        changes = stream.changes(wait_seconds=0.05)
        assert isinstance(next(changes), Silence)
        proxy.cut()
        with pytest.raises(SourceUnavailable):
            drain(changes)


@pytest.mark.parametrize("wait_seconds", [10, 0.05])
def test_a_stream_can_be_closed_from_another_thread(source: Server, follow: Follow, wait_seconds: float) -> None:
    follower = followed(follow(source))
    stream = follower.stream()
    # Both ways of reading are tried: MySQL offers TLS by itself.
    assert isinstance(stream._dump._socket, ssl.SSLSocket) != follower.identity.mariadb
    threading.Timer(0.3, stream.close).start()
    began = time.monotonic()
    assert all(isinstance(change, Silence) for change in stream.changes(wait_seconds=wait_seconds))
    assert time.monotonic() - began < 5
    stream.close()


def test_a_silence_comes_while_nothing_happens(source: Server, follow: Follow) -> None:
    follower = followed(follow(source))
    with contextlib.closing(follower.stream()) as stream:
        changes = stream.changes(wait_seconds=0.05)
        began = time.monotonic()
        silences = [next(changes) for _ in range(10)]
        assert time.monotonic() - began < 1.5
        assert all(isinstance(change, Silence) for change in silences)
        # Where the source is may be known only from a heartbeat.
        assert any(change.position == follower.here() for change in itertools.islice(changes, 50))


def test_a_source_that_is_idle_for_long_is_no_reason_to_stop(source: Server, follow: Follow) -> None:
    follower = followed(follow(source))
    with contextlib.closing(follower.stream()) as stream:
        changes, began = stream.changes(wait_seconds=0.05), time.monotonic()
        assert all(isinstance(change, Silence) for change in until(began + 4, changes))
        follower.run("INSERT INTO a (id) VALUES (1)")
        assert rows(until(time.monotonic() + 1, changes))


def until(deadline: float, changes: Iterator[Change]) -> Iterator[Change]:
    return itertools.takewhile(lambda _: time.monotonic() < deadline, changes)


def test_a_user_who_may_not_replicate_is_told_so(source: Server, follow: Follow) -> None:
    follower = followed(follow(source))
    follower.run(f"CREATE USER {follower.database}@'%' IDENTIFIED BY 'secret'")
    limited = Server.at(f"mysql://{follower.database}:secret@{source.settings.address}")
    with pytest.raises(SourceRefused) as caught, contextlib.closing(follower.stream(server=limited)) as stream:
        drain(stream.changes(wait_seconds=0.1))
    follower.run(f"DROP USER {follower.database}@'%'")
    assert not caught.value.retryable
    assert "REPLICATION SLAVE" in caught.value.hint

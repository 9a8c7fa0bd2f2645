"""What servers refuse passes by itself, or stops the job at once with what to do; nothing is lost or doubled."""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from pathlib import Path

import pymysql
import pytest

from mysql_to_tidb.errors import TargetBusy, TargetStorageFull
from mysql_to_tidb.target.connection import classify
from tests.faults.test_kill_points import ended_well
from tests.lab.comparison import differences
from tests.lab.install import Kind
from tests.lab.jobs import JobRun, Ran, job_fields
from tests.lab.lane import Lane
from tests.lab.row_changes import integer, text
from tests.lab.servers import LabServer, Server

STORAGE = "TiDB cluster storage is not enough. Please increase the node storage of TiKV."


@pytest.fixture
def lane(target: Server, database_name: str) -> Iterator[Lane]:
    lane = Lane(target, database_name)
    yield lane
    lane.close()


def small_job(
    source: Server, target: Server, database: str, folder: Path, addresses: Mapping[str, object] | None = None
) -> JobRun:
    """A job of one small table; `addresses` are its source and target where they are not the servers' own."""
    source.execute(
        f"CREATE DATABASE {database}",
        f"CREATE TABLE {database}.t (id INT PRIMARY KEY, note LONGTEXT)",
        f"INSERT INTO {database}.t VALUES (1, 'one'), (2, 'two')",
    )
    fields = job_fields(database, source, target, objects={"databases": [database]})
    return JobRun(folder, {}, **{**fields, **(addresses or {})})


def refused(ran: Ran, code: str) -> str:
    assert ran.code == 1, ran.err
    assert f"{code}: " in ran.err, ran.err
    assert "Traceback" not in ran.err
    return ran.err


def test_a_row_that_somebody_holds_is_tried_again(lane: Lane) -> None:
    table = lane.table([integer("id"), text("note")], ["id"])
    lane.apply(lane.log.insert(table, (1, b"a"), (2, b"b")))
    lane.connection.query("SET SESSION innodb_lock_wait_timeout = 1")
    with closing(lane.server.connect(autocommit=False, database=lane.database)) as other:
        other.query("UPDATE t SET note = 'held' WHERE id = 2")
        with pytest.raises(TargetBusy) as caught:
            lane.apply(lane.log.delete(table, (1, b"a"), (2, b"b")))
        assert caught.value.retryable
    assert len(lane.rows(table)) == 2
    lane.apply(lane.log.delete(table, (1, b"a"), (2, b"b")))
    assert lane.rows(table) == []


def test_a_window_that_is_the_victim_of_a_deadlock_is_tried_again(lane: Lane) -> None:
    """It holds its checkpoint, which another wants, and wants a row, which that one holds."""
    table = lane.table([integer("id"), text("note")], ["id"])
    lane.apply(lane.log.insert(table, *[(number, b"a") for number in range(1, 5)]))
    one = lane.server.connect(autocommit=False, database=lane.database)
    other = lane.server.connect(autocommit=False, database=lane.database)
    with closing(one), closing(other):
        one.query("UPDATE t SET note = 'one' WHERE id = 1")
        other.query("UPDATE t SET note = 'other' WHERE id = 4")
        # The stand-in makes a victim of whoever has changed fewer rows.
        other.query(f"INSERT INTO t (id, note) VALUES {', '.join(f'({row}, 0)' for row in range(100, 300))}")
        wanted = f"UPDATE mysql_to_tidb.checkpoints SET epoch = epoch WHERE job = '{lane.database}'"

        def want_and_release() -> None:
            other.query(wanted)
            other.rollback()

        # While the window waits for the first row, the other begins to wait for the checkpoint.
        timers = [threading.Timer(1.0, want_and_release), threading.Timer(2.0, one.rollback)]
        for timer in timers:
            timer.start()
        try:
            with pytest.raises(TargetBusy, match="1213"):
                lane.apply(lane.log.delete(table, (1, b"a")), lane.log.delete(table, (4, b"a")))
        finally:
            for timer in timers:
                timer.join()
    lane.apply(lane.log.delete(table, (1, b"a")), lane.log.delete(table, (4, b"a")))
    assert len(lane.rows(table)) == 2


def test_a_row_too_large_for_the_target_stops_the_job(
    source_mysql: Server, target: Server, database_name: str, tmp_path: Path
) -> None:
    job = small_job(source_mysql, target, database_name, tmp_path)
    ended_well(job.drive())
    source_mysql.execute(
        f"INSERT INTO {database_name}.t VALUES (3, 'before')",
        f"INSERT INTO {database_name}.t VALUES (4, REPEAT('x', 7000000))",
    )
    ran = job.drive()
    if target.is_tidb:  # an entry of 6 MiB is the largest as it comes (txn-entry-size-limit)
        said = refused(ran, "TARGET_REFUSED")
        assert f"{database_name}.t" in said
        assert "txn-entry-size-limit" in said
        assert target.execute(f"SELECT id FROM {database_name}.t ORDER BY id") == [(1,), (2,), (3,)]
    else:
        assert differences(source_mysql, target, database_name) == []


def test_a_target_that_is_read_only_is_waited_for(
    source_mysql: Server, start_server: Callable[..., LabServer], database_name: str, tmp_path: Path
) -> None:
    target = start_server(Kind.MYSQL, "--skip-log-bin")
    job = small_job(source_mysql, target, database_name, tmp_path)
    ended_well(job.drive())
    source_mysql.execute(f"INSERT INTO {database_name}.t VALUES (3, 'three')")
    target.execute("SET GLOBAL super_read_only = ON")
    assert "read-only" in refused(job.drive(), "TARGET_BUSY")
    target.execute("SET GLOBAL read_only = OFF")
    ended_well(job.drive())
    assert differences(source_mysql, target, database_name) == []


def test_a_target_without_space_says_so(
    source_mysql: Server, start_server: Callable[..., LabServer], database_name: str, tmp_path: Path
) -> None:
    space = ("--innodb-file-per-table=0", "--innodb-data-file-path=ibdata1:12M:autoextend:max:30M")
    target = start_server(Kind.MYSQL, "--skip-log-bin", *space)
    job = small_job(source_mysql, target, database_name, tmp_path)
    ended_well(job.drive())
    source_mysql.execute(f"INSERT INTO {database_name}.t VALUES (3, REPEAT('x', 30000000))")
    assert STORAGE in refused(job.drive(), "TARGET_STORAGE_FULL")


@pytest.mark.parametrize("number", [1021, 1114, 9008])
def test_every_way_to_say_that_there_is_no_space_has_one_message(number: int) -> None:
    error = classify(pymysql.err.OperationalError(number, "it is full"))
    assert isinstance(error, TargetStorageFull)
    assert STORAGE in error.message
    assert "Restart" in error.hint


@pytest.mark.parametrize("number", [1290, 1836])
def test_every_way_to_say_that_it_is_read_only_may_pass(number: int) -> None:
    assert classify(pymysql.err.OperationalError(number, "Running in read-only mode")).retryable


def test_credentials_may_be_rotated_at_both_sides(
    source: Server, target: Server, database_name: str, tmp_path: Path
) -> None:
    user = database_name
    accounts = (f"{user}@'%'", f"{user}@localhost")  # MariaDB may have a nameless user at localhost, who would match
    sides = {"source": source, "target": target}
    for server in sides.values():
        for account in accounts:
            server.execute(f"CREATE USER {account} IDENTIFIED BY 'first'", f"GRANT ALL PRIVILEGES ON *.* TO {account}")
    urls = {
        side: {"url": f"mysql://{user}:${{{side.upper()}_WORD}}@{server.settings.address}"}
        for side, server in sides.items()
    }
    kind = {"kind": "mariadb" if "MariaDB" in source.version else "mysql"}
    job = small_job(source, target, database_name, tmp_path, {**urls, "source": urls["source"] | kind})
    words = {"SOURCE_WORD": "first", "TARGET_WORD": "first"}
    try:
        ended_well(job.drive(**words))
        for side, server in sides.items():
            source.execute(f"INSERT INTO {database_name}.t SELECT MAX(id) + 1, 'more' FROM {database_name}.t")
            server.execute(*(f"ALTER USER {account} IDENTIFIED BY 'second'" for account in accounts))
            refused(job.drive(**words), f"{side.upper()}_CONNECTION")
            words[f"{side.upper()}_WORD"] = "second"
            ended_well(job.drive(**words))
    finally:
        for server in sides.values():
            server.execute(*(f"DROP USER {account}" for account in accounts))
    assert differences(source, target, database_name) == []


def test_a_source_without_a_connection_to_spare_is_waited_for(
    source_mysql: Server, target: Server, database_name: str, tmp_path: Path
) -> None:
    user = database_name
    source_mysql.execute(f"CREATE USER {user}", f"GRANT ALL PRIVILEGES ON *.* TO {user}")
    address = {"source": {"url": f"mysql://{user}@{source_mysql.settings.address}"}}
    job = small_job(source_mysql, target, database_name, tmp_path, address)
    try:
        ended_well(job.drive())
        source_mysql.execute(f"ALTER USER {user} WITH MAX_USER_CONNECTIONS 1")
        said = refused(job.drive(), "SOURCE_UNAVAILABLE")
        assert "the maximum connections have been reached" in said
        source_mysql.execute(f"ALTER USER {user} WITH MAX_USER_CONNECTIONS 0")
        ended_well(job.drive())
    finally:
        source_mysql.execute(f"DROP USER {user}")

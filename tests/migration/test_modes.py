"""The three modes of a job: full, incremental from each kind of start, and both."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mysql_to_tidb.source.connection import open_source, read_identity
from mysql_to_tidb.source.position import current_position
from tests.lab import bank
from tests.lab.comparison import differences
from tests.lab.install import Kind
from tests.lab.jobs import JobRun, job_fields
from tests.lab.servers import LabServer, Server


@pytest.fixture
def job(source: Server, target: Server, database_name: str, tmp_path: Path) -> Callable[..., JobRun]:
    def make(**fields: Any) -> JobRun:
        objects = {"databases": [database_name]}
        return JobRun(tmp_path, {}, **job_fields(database_name, source, target, objects=objects) | fields)

    return make


def driven(job: JobRun, until: str = "caught-up") -> None:
    ran = job.drive(until)
    assert ran.code == 0, ran.err


def test_a_full_job_ends_with_a_copy_that_is_consistent_at_one_position(
    job: Callable[..., JobRun], source: Server, target: Server, database_name: str
) -> None:
    bank.build(source, database_name)
    made = job(mode="full", spec={"chunk_rows": 500})
    with bank.Writer(source, database_name, seed=3):
        driven(made, "forever")
    # Money moves between accounts in one transaction each: a copy of one moment has all that was there then.
    status = made.command("status")
    assert "consistent since" in status.out
    driven(made, "forever")
    assert target.execute(f"SELECT COUNT(*) FROM `{database_name}`.journal")[0][0] > 0


def test_a_full_copy_of_a_source_at_rest_is_equal(
    job: Callable[..., JobRun], source: Server, target: Server, database_name: str
) -> None:
    bank.build(source, database_name)
    driven(job(mode="full"))
    assert differences(source, target, database_name) == []


@pytest.mark.parametrize("start", ["now", "file", "gtid"])
def test_an_incremental_job_follows_from_where_it_is_told(
    start: str, job: Callable[..., JobRun], source: Server, target: Server, database_name: str
) -> None:
    bank.build(source, database_name)
    driven(job(name=f"{database_name}-copy", mode="full"))
    connection = open_source(source.settings)
    identity = read_identity(connection)
    position = current_position(connection, identity)
    gtid_set = position.gtid_set or source.execute("SELECT @@gtid_binlog_pos")[0][0]
    starts = {"now": "now", "file": {"file": position.file, "position": position.offset}, "gtid": {"gtid": gtid_set}}
    made = job(mode="incremental", start=starts[start])
    driven(made, "loaded")
    with bank.Writer(source, database_name, seed=5) as writer:
        while writer.transactions < 40:
            driven(made)
    driven(made)
    assert differences(source, target, database_name) == []


def test_a_full_copy_of_a_source_without_a_binary_log(
    start_server: Callable[..., LabServer], target: Server, database_name: str, tmp_path: Path
) -> None:
    source = start_server(Kind.MYSQL, "--skip-log-bin")
    bank.build(source, database_name)
    fields = job_fields(database_name, source, target, objects={"databases": [database_name]}, mode="full")
    made = JobRun(tmp_path, {}, **fields)
    assert made.command("check").code == 0
    driven(made)
    assert differences(source, target, database_name) == []


def test_a_job_with_other_settings_is_refused_under_its_old_name(
    job: Callable[..., JobRun], source: Server, database_name: str
) -> None:
    bank.build(source, database_name)
    driven(job(), "loaded")
    ran = job(objects={"tables": [f"{database_name}.account"]}).drive()
    assert ran.code == 1
    assert "JOB_CHANGED: " in ran.err


def test_a_conflict_stops_the_job_and_restart_lets_the_source_win(
    job: Callable[..., JobRun], source: Server, target: Server, database_name: str
) -> None:
    bank.build(source, database_name)
    made = job()
    driven(made)
    target.execute(f"DELETE FROM `{database_name}`.account WHERE id = 17")
    source.execute(f"UPDATE `{database_name}`.account SET balance = 99 WHERE id IN (16, 17, 18)")
    for _ in range(2):
        ran = made.drive()
        assert ran.code == 1
        assert "TARGET_CONFLICT: " in ran.err
        assert "17" in ran.err
    shown = made.command("status").out
    assert "failed" in shown
    assert "TARGET_CONFLICT" in shown
    assert target.execute(f"SELECT balance FROM `{database_name}`.account WHERE id = 16")[0][0] != 99
    ran = made.drive("caught-up", RESTART="1")
    assert ran.code == 0, ran.err
    assert differences(source, target, database_name) == []


def test_deleting_a_job_leaves_its_data_and_none_of_its_records(
    job: Callable[..., JobRun], source: Server, target: Server, database_name: str
) -> None:
    bank.build(source, database_name)
    made = job()
    driven(made, "loaded")
    assert made.command("delete").code == 0
    assert target.execute(f"SELECT COUNT(*) FROM `{database_name}`.transfer")[0][0] == bank.TRANSFERS
    for table in ("checkpoints", "tables", "chunks", "schema_history"):
        assert target.execute(f"SELECT 1 FROM mysql_to_tidb.{table} WHERE job = '{database_name}'") == []

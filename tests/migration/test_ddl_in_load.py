"""Schema changes while a table is being loaded: the job stops and says so, or follows; it never drifts."""

from pathlib import Path

import pytest

from mysql_to_tidb.points import VARIABLE, Point
from tests.lab import bank
from tests.lab.comparison import differences
from tests.lab.jobs import JobRun, job_fields
from tests.lab.servers import Server


@pytest.fixture
def job(source: Server, target: Server, database_name: str, tmp_path: Path) -> JobRun:
    """A job that was killed between its position and its rows."""
    bank.build(source, database_name)
    fields = job_fields(database_name, source, target, objects={"databases": [database_name]})
    job = JobRun(tmp_path, {}, **fields)
    assert job.drive(**{VARIABLE: f"{Point.AFTER_LOAD_COMMIT}:1"}).code < 0
    return job


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ("ALTER TABLE account ADD COLUMN colour VARCHAR(10) NOT NULL DEFAULT 'red'", "DDL_REFUSED"),
        ("ALTER TABLE account MODIFY owner VARCHAR(80) NOT NULL", "DDL_REFUSED"),
        ("ALTER TABLE transfer DROP COLUMN detail, ADD COLUMN remark JSON NULL", "SOURCE_REFUSED"),
        ("TRUNCATE TABLE account", "DDL_REFUSED"),
    ],
)
def test_a_change_of_a_table_that_is_being_loaded_stops_the_job(
    change: str, code: str, job: JobRun, source: Server, target: Server, database_name: str
) -> None:
    source.execute(change.replace("TABLE ", f"TABLE `{database_name}`."))
    for _ in range(2):
        ran = job.drive()
        assert ran.code == 1, ran.err
        assert f"{code}: " in ran.err
        assert "what to do: " in ran.err or code == "SOURCE_REFUSED"
    assert f"{code}: " in job.command("status").out


def test_a_table_that_is_created_during_the_load_follows(
    job: JobRun, source: Server, target: Server, database_name: str
) -> None:
    source.execute(
        f"CREATE TABLE `{database_name}`.late (id INT PRIMARY KEY, word VARCHAR(20))",
        f"INSERT INTO `{database_name}`.late VALUES (1, 'one'), (2, 'two')",
        f"UPDATE `{database_name}`.late SET word = 'zwei' WHERE id = 2",
    )
    ran = job.drive()
    assert ran.code == 0, ran.err
    assert differences(source, target, database_name) == []

"""Every kind of damage, in every type family, is found, named and repaired."""

import re
from pathlib import Path

import pytest

from mysql_to_tidb.errors import JobAlreadyRunning
from mysql_to_tidb.job import load_job
from mysql_to_tidb.stages import validate as stage
from mysql_to_tidb.target.state_lock import acquire
from mysql_to_tidb.validate.report import Outcome, TableReport
from tests.lab.comparison import differences
from tests.lab.jobs import JobRun, job_fields
from tests.lab.servers import Server
from tests.validation import corruptions


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing changes meanwhile: no look has to wait for the next."""
    monkeypatch.setattr(stage, "LOOK_AGAIN_SECONDS", (0.0,))


def loaded_job(source: Server, target: Server, database: str, folder: Path) -> JobRun:
    job = JobRun(folder, {}, **job_fields(database, source, target, objects={"databases": [database]}))
    ran = job.drive()
    assert ran.code == 0, ran.err
    return job


def found(table: TableReport) -> set[tuple[str, int]]:
    """The kind and id of each difference."""
    return {(each.kind.value, int(re.findall(r"^id=(\d+)", each.key)[0])) for each in table.differences}


def test_every_corruption_is_found_and_repaired(
    source: Server, target: Server, database_name: str, tmp_path: Path
) -> None:
    corruptions.create(source, database_name)
    corruptions.create_keyed(source, database_name)
    job = load_job(loaded_job(source, target, database_name, tmp_path).path)
    settings = job.source_settings(), job.target_settings()
    report = stage.validate(job, *settings)
    assert [
        (str(table.name), table.problem, table.differences) for table in report.tables if table.outcome != "equal"
    ] == []
    assert report.rows == len(corruptions.FAMILIES) * 2 * corruptions.ROWS + len(corruptions.KEYS) * 10

    planted = corruptions.plant(target, database_name)
    keyed = corruptions.plant_keyed(target, database_name)
    report = stage.validate(job, *settings)
    by_name = {table.name.table: table for table in report.tables}
    missed = {name: wanted - found(by_name[name]) for name, wanted in planted.items()}
    invented = {name: found(by_name[name]) - wanted for name, wanted in planted.items()}
    assert {name: what for name, what in missed.items() if what} == {}
    assert {name: what for name, what in invented.items() if what} == {}
    assert {name: by_name[name].differing for name in keyed} == keyed
    assert report.outcome is Outcome.DIFFERENT
    assert len(report.frame()) >= sum(map(len, planted.values()))

    repaired = stage.repair(job, *settings)
    assert [(str(table.name), table.problem) for table in repaired.tables if table.outcome != "equal"] == []
    assert repaired.repaired == report.differing
    assert stage.validate(job, *settings).outcome is Outcome.EQUAL
    assert differences(source, target, database_name) == []


def test_what_is_missing_at_the_target_is_a_difference_not_an_error(
    source_mysql: Server, target: Server, database_name: str, tmp_path: Path
) -> None:
    source_mysql.execute(
        f"CREATE DATABASE `{database_name}`",
        f"CREATE TABLE `{database_name}`.gone (id INT PRIMARY KEY)",
        f"CREATE TABLE `{database_name}`.narrower (id INT PRIMARY KEY, a INT, b ENUM('x', 'y'))",
        f"CREATE TABLE `{database_name}`.relabelled (id INT PRIMARY KEY, b ENUM('x', 'y'))",
    )
    job = load_job(loaded_job(source_mysql, target, database_name, tmp_path).path)
    target.execute(
        f"DROP TABLE `{database_name}`.gone",
        f"ALTER TABLE `{database_name}`.narrower DROP COLUMN a",
        f"ALTER TABLE `{database_name}`.relabelled MODIFY b ENUM('x', 'z')",
    )
    report = stage.validate(job, job.source_settings(), job.target_settings())
    problems = {table.name.table: table.problem for table in report.tables}
    assert report.outcome is not Outcome.EQUAL
    assert problems["gone"] == "the target has no such table"
    assert problems["narrower"] == "the target has no column `a`"
    assert "enum('x','z') at the target" in problems["relabelled"]


def test_a_job_that_runs_is_not_repaired(
    source_mysql: Server, target: Server, database_name: str, tmp_path: Path
) -> None:
    source_mysql.execute(f"CREATE DATABASE `{database_name}`", f"CREATE TABLE `{database_name}`.t (id INT PRIMARY KEY)")
    job = load_job(loaded_job(source_mysql, target, database_name, tmp_path).path)
    with acquire(target.settings, job.name, "another process"), pytest.raises(JobAlreadyRunning):
        stage.repair(job, job.source_settings(), job.target_settings())
    assert stage.validate(job, job.source_settings(), job.target_settings()).outcome is Outcome.EQUAL

"""A busy database is compared without a false alarm, whether the sync runs, lags or stands still."""

import contextlib
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from mysql_to_tidb.job import Job, load_job
from mysql_to_tidb.points import VARIABLE, Point
from mysql_to_tidb.stages.validate import validate
from mysql_to_tidb.validate.report import Outcome, ValidationReport
from tests.lab import bank
from tests.lab.comparison import differences
from tests.lab.jobs import JobRun, job_fields
from tests.lab.servers import Server


def bank_job(source: Server, target: Server, database: str, folder: Path) -> JobRun:
    bank.build(source, database)
    source.execute(
        f"USE `{database}`",
        "CREATE TABLE slow (id INT PRIMARY KEY, v INT)",
        "CREATE TABLE slow_journal (v INT)",
        "INSERT INTO slow VALUES (1, 1), (2, 2)",
        "INSERT INTO slow_journal VALUES (1), (1), (2)",
    )
    fields = job_fields(database, source, target, objects={"databases": [database]}, spec={"load_connections": 2})
    return JobRun(folder, {}, **fields)


@contextlib.contextmanager
def followed(job: JobRun) -> Iterator[None]:
    """A sync in a process of its own."""
    command = [sys.executable, "-m", "tests.lab.drive", str(job.path), "forever"]
    process = subprocess.Popen(command, env=job.environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    try:
        yield
        assert process.poll() is None, process.communicate()[1].decode()
    finally:
        process.kill()
        process.communicate()


def alarms(report: ValidationReport) -> list[object]:
    return [(str(table.name), table.problem, table.differences) for table in report.tables if table.outcome != "equal"]


def compared(job: Job) -> ValidationReport:
    return validate(job, job.source_settings(), job.target_settings(), anew=True)


def test_a_busy_database_gives_no_false_alarm(
    source: Server, target: Server, database_name: str, tmp_path: Path
) -> None:
    run = bank_job(source, target, database_name, tmp_path)
    assert run.drive().code == 0
    job = load_job(run.path)
    with bank.Writer(source, database_name, pause_seconds=0.03) as writer, long_transaction(source, database_name):
        with followed(run):
            for _ in range(3):
                assert alarms(compared(job)) == []
        # Nobody follows now: the source runs ahead of a target that stands still.
        assert alarms(compared(job)) == []
        target.execute(f"UPDATE `{database_name}`.transfer SET share = 0.25 LIMIT 1")
        target.execute(f"DELETE FROM `{database_name}`.account ORDER BY id DESC LIMIT 1")
        target.execute(f"INSERT INTO `{database_name}`.journal VALUES (1, 2, 'not of the source', NULL)")
        report = compared(job)
        found = {
            each.name.table: (each.missing, each.extra, each.different) for each in report.tables if each.differing
        }
        assert found == {"account": (1, 0, 0), "journal": (0, 1, 0), "transfer": (0, 0, 1)}, alarms(report)
        # Repaired to what the source was at the target's position, so that the sync goes on without a conflict.
        ran = run.command("validate", "--repair", "--json")
        assert (ran.code, ran.summary["repaired"]) == (0, 3), ran.out + ran.err
    assert writer.transactions > 50
    assert run.drive().code == 0
    assert differences(source, target, database_name) == []


@contextlib.contextmanager
def long_transaction(server: Server, database: str) -> Iterator[None]:
    """Changes that stay uncommitted all the while."""
    with contextlib.closing(server.connect(database=database, autocommit=False)) as connection:
        with connection.cursor() as cursor:
            cursor.execute("UPDATE slow SET v = v + 1")
            cursor.execute("INSERT INTO slow VALUES (3, 3)")
            cursor.execute("DELETE FROM slow_journal")
        yield
        connection.commit()


def test_damage_that_the_source_has_caught_up_with_is_found_all_the_same(
    source_mysql: Server, target: Server, database_name: str, tmp_path: Path
) -> None:
    run = bank_job(source_mysql, target, database_name, tmp_path)
    assert run.drive().code == 0
    statements = (
        "DELETE FROM account WHERE id = 5",
        "INSERT INTO account (id, owner, changed_at) VALUES (7000, 'new', '2024-01-01')",
        "DELETE FROM journal LIMIT 1",
    )
    for server in (target, source_mysql):
        server.execute(f"USE `{database_name}`", *statements)
    report = compared(load_job(run.path))
    found = {each.name.table: (each.missing, each.extra, each.different) for each in report.tables if each.differing}
    assert found == {"account": (1, 1, 0), "journal": (1, 0, 0)}, alarms(report)
    ran = run.command("validate", "--repair", "--json")
    assert (ran.code, ran.summary["repaired"]) == (0, 3), ran.out + ran.err
    assert run.drive().code == 0
    assert differences(source_mysql, target, database_name) == []


def test_a_killed_validation_goes_on_where_it_was(
    source_mysql: Server, target: Server, database_name: str, tmp_path: Path
) -> None:
    run = bank_job(source_mysql, target, database_name, tmp_path)
    assert run.drive().code == 0
    target.execute(f"DELETE FROM `{database_name}`.account WHERE id = 1")
    assert run.command("validate", **{VARIABLE: f"{Point.AFTER_VALIDATION_RECORDED}:2"}).code < 0
    ran = run.command("validate", "--json")
    assert ran.code == 5
    report = ran.summary
    assert report["outcome"] == Outcome.DIFFERENT, ran.out
    assert report["differing"] == 1
    assert report["rows_compared"] < report["rows"]
    assert {table["name"]: table["missing"] for table in report["tables"]}[f"{database_name}.account"] == 1
    killed = run.command("validate", "--repair", **{VARIABLE: str(Point.AFTER_REPAIR_COMMIT)})
    assert killed.code < 0, killed.out
    ran = run.command("validate", "--repair", "--json")
    assert ran.code == 0, ran.err
    assert json.loads(run.command("validate", "--json").out)["outcome"] == Outcome.EQUAL


def test_a_job_that_has_not_been_loaded_is_not_compared(
    source_mysql: Server, target: Server, database_name: str, tmp_path: Path
) -> None:
    run = bank_job(source_mysql, target, database_name, tmp_path)
    assert "JOB_NOT_FOUND" in run.command("validate").err
    assert run.drive(**{VARIABLE: f"{Point.AFTER_LOAD_COMMIT}:1"}).code < 0
    ran = run.command("validate")
    assert ran.code == 1
    assert ran.err.startswith("NOT_YET_CONSISTENT")

"""The cutover says GO only when the source stands still and the target has all of it."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from mysql_to_tidb.job import load_job
from mysql_to_tidb.model.cutover import CutoverReport, Decision
from mysql_to_tidb.points import VARIABLE, Point
from mysql_to_tidb.stages.cutover import abort, cut_over
from mysql_to_tidb.stages.validate import validate
from tests.lab import bank
from tests.lab.comparison import differences
from tests.lab.install import Kind
from tests.lab.jobs import JobRun
from tests.lab.servers import LabServer, Server
from tests.validation.test_busy import bank_job, followed


def decided(job: JobRun, *, dry_run: bool = False) -> CutoverReport:
    loaded = load_job(job.path)
    return cut_over(loaded, loaded.source_settings(), loaded.target_settings(), dry_run=dry_run)


def validated(job: JobRun) -> None:
    loaded = load_job(job.path)
    validate(loaded, loaded.source_settings(), loaded.target_settings())


def seen(report: CutoverReport) -> dict[str, str]:
    return {item.item: item.seen for item in report.items}


@pytest.fixture
def job(source_mysql: Server, target: Server, database_name: str, tmp_path: Path) -> JobRun:
    """A bank that has been loaded, with a view and changes that have not been followed yet."""
    job = bank_job(source_mysql, target, database_name, tmp_path)
    source_mysql.execute(f"CREATE VIEW `{database_name}`.rich AS SELECT id, owner FROM `{database_name}`.account")
    assert job.drive().code == 0
    source_mysql.execute(f"DELETE FROM `{database_name}`.account WHERE id BETWEEN 1100 AND 1200")
    return job


def test_a_source_that_stands_still_is_cut_over(
    source: Server, target: Server, database_name: str, tmp_path: Path
) -> None:
    job = bank_job(source, target, database_name, tmp_path)
    assert job.drive().code == 0
    with bank.Writer(source, database_name):
        validated(job)
        time.sleep(0.5)
    source.execute(f"INSERT INTO `{database_name}`.account (id, owner) VALUES (5000, 'gone')")
    source.execute(f"DELETE FROM `{database_name}`.account WHERE id = 5000")
    report = decided(job)
    assert (report.decision, report.failed) == (Decision.GO, ())
    # Only the journal, whose rows have no key, and what changed since are compared again.
    assert seen(report)["rows"].split("; ")[1].startswith("1 tables compared in full, of 5 those rows")
    assert bool(report.target_timestamp) == target.is_tidb
    target.execute(f"INSERT INTO `{database_name}`.account (owner) VALUES ('first of the target')")
    ((number,),) = target.execute(f"SELECT MAX(id) FROM `{database_name}`.account")
    assert number > 5000
    target.execute(f"DELETE FROM `{database_name}`.account WHERE id = {number}")
    assert differences(source, target, database_name) == []


def test_writes_that_go_on_are_a_no_go(source_mysql: Server, job: JobRun, database_name: str) -> None:
    with bank.Writer(source_mysql, database_name, pause_seconds=0.05):
        ran = job.command("cutover", "--json")
    assert ran.code == 6
    failed = ran.summary["items"][-1]
    assert (failed["item"], failed["finding"]) == ("writes_stopped", "failed")
    assert f"{database_name}.account" in failed["seen"]


def test_a_write_in_the_last_moment_is_a_no_go(
    source_mysql: Server, job: JobRun, database_name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = f"INSERT INTO `{database_name}`.journal (word) VALUES ('late')"
    monkeypatch.setattr("mysql_to_tidb.stages.cutover.reached", lambda _: source_mysql.execute(write))
    report = decided(job)
    assert report.decision is Decision.NO_GO
    # The comparison sees it first, or the last look at the log does.
    assert report.failed[0].item in {"rows", "still_stopped"}


@pytest.mark.parametrize("validated_before", [True, False])
def test_a_difference_is_a_no_go(target: Server, job: JobRun, database_name: str, *, validated_before: bool) -> None:
    if validated_before:
        validated(job)
    target.execute(f"DELETE FROM `{database_name}`.account WHERE id = 7")
    report = decided(job)
    assert report.decision is Decision.NO_GO
    assert report.failed[0].item == "rows"
    assert "account" in report.failed[0].seen


def test_a_missing_view_or_table_is_a_no_go(target: Server, job: JobRun, database_name: str) -> None:
    target.execute(f"DROP VIEW `{database_name}`.rich")
    assert decided(job).failed[0].seen == f"{database_name}.rich"
    target.execute(f"DROP TABLE `{database_name}`.empty_table")
    assert "the target has no such table" in decided(job).failed[0].seen


def test_a_dry_run_changes_nothing(source_mysql: Server, target: Server, job: JobRun, database_name: str) -> None:
    def state() -> list[tuple[object, ...]]:
        rows = target.execute(f"SELECT * FROM mysql_to_tidb.checkpoints WHERE job = '{database_name}'")
        rows += target.execute(
            f"SELECT stage, status, requested, epoch, updated_at FROM mysql_to_tidb.jobs WHERE name = '{database_name}'"
        )
        return rows + target.execute(f"SELECT COUNT(*) FROM `{database_name}`.account")

    before = state()
    ran = job.command("cutover", "--dry-run", "--json")
    assert (ran.code, ran.summary["decision"]) == (0, "undecided"), ran.err
    assert {item["finding"] for item in ran.summary["items"]} == {"pass", "open"}
    assert state() == before
    with bank.Writer(source_mysql, database_name):
        ran = job.command("cutover", "--dry-run", "--json")
    assert ran.code == 0, ran.err
    findings = {item["item"]: item["finding"] for item in ran.summary["items"]}
    assert (findings["writes_stopped"], findings["still_stopped"]) == ("open", "open")
    assert state() == before
    target.execute(f"UPDATE `{database_name}`.account SET owner = 'nobody' WHERE id = 1")
    ran = job.command("cutover", "--dry-run", "--json")
    assert ran.code == 6
    assert {item["item"] for item in ran.summary["items"] if item["finding"] == "failed"} == {"rows"}


def test_a_source_that_refuses_writes_needs_no_waiting(
    start_server: Callable[..., LabServer], target: Server, database_name: str, tmp_path: Path
) -> None:
    source = start_server(Kind.MYSQL)
    job = bank_job(source, target, database_name, tmp_path)
    assert job.drive().code == 0
    source.execute("SET GLOBAL super_read_only = ON")
    report = decided(job)
    target.execute(f"DROP DATABASE `{database_name}`")
    assert (report.decision, report.failed) == (Decision.GO, ())
    assert seen(report)["writes_stopped"] == "super_read_only is on at the source"


@pytest.mark.parametrize(
    "point", [Point.AFTER_CUTOVER_DRAINED, Point.BEFORE_CUTOVER_RECORDED, Point.AFTER_CUTOVER_RECORDED]
)
def test_a_killed_cutover_is_begun_again(
    point: Point, source_mysql: Server, target: Server, job: JobRun, database_name: str
) -> None:
    assert job.command("cutover", **{VARIABLE: str(point)}).code < 0
    assert decided(job).decision is Decision.GO
    # Called off: the sync takes up what is written now.
    source_mysql.execute(f"INSERT INTO `{database_name}`.journal (word) VALUES ('after all')")
    assert job.drive().code == 0
    assert differences(source_mysql, target, database_name) == []


def test_a_cutover_of_a_running_job_pauses_it_and_an_abort_lets_it_go_on(
    source_mysql: Server, target: Server, job: JobRun, database_name: str
) -> None:
    requested = f"SELECT requested, stage FROM mysql_to_tidb.jobs WHERE name = '{database_name}'"
    with followed(job):
        report = decided(job)
        assert (report.decision, report.failed) == (Decision.GO, ())
        assert target.execute(requested) == [("pause", "cutover")]
    abort(target.settings, database_name)
    assert target.execute(requested) == [("run", "sync")]
    source_mysql.execute(f"INSERT INTO `{database_name}`.journal (word) VALUES ('after all')")
    assert job.drive().code == 0
    assert differences(source_mysql, target, database_name) == []

"""A run is killed at each named point, started again, and source and target are equal."""

import signal
from pathlib import Path

import pytest

from mysql_to_tidb.points import VARIABLE, Point
from tests.lab import bank
from tests.lab.comparison import differences
from tests.lab.jobs import JobRun, Ran, job_fields
from tests.lab.prefect_server import PrefectServer
from tests.lab.servers import Server

CLEARING = {Point.BEFORE_SNAPSHOT_CLEARED, Point.AFTER_SNAPSHOT_CLEARED}
"""Passed only when the load of a table without a key begins anew."""
SCHEMA_CHANGES = {point for point in Point if "-ddl-" in point}
"""Passed only at a schema change: see test_ddl_kill_points.py."""
SLICES = {Point.BEFORE_SLICE_COMMIT, Point.AFTER_SLICE_COMMIT}
"""Passed only by a transaction that is applied in slices: see test_slices.py."""
AFTER_SYNC = {point for point in Point if {"validation", "repair", "cutover"} & set(point.split("-"))}
"""Passed only by what looks at a job that has been loaded: see tests/validation."""
REPEATED = {Point.BEFORE_LOAD_COMMIT, Point.AFTER_LOAD_COMMIT, Point.BEFORE_SYNC_COMMIT, Point.AFTER_SYNC_COMMIT}


def bank_job(
    source: Server, target: Server, database: str, folder: Path, environment: dict[str, str], *tables: str
) -> JobRun:
    bank.build(source, database)
    objects = {"tables": [f"{database}.{table}" for table in tables]} if tables else {"databases": [database]}
    spec = {"chunk_rows": 700, "transaction_rows": 250, "window_changes": 200, "load_connections": 2}
    fields = job_fields(database, source, target, objects=objects, spec=spec)
    return JobRun(folder, environment, **fields)


@pytest.mark.parametrize("point", [point for point in Point if point not in SCHEMA_CHANGES | SLICES | AFTER_SYNC])
def test_a_run_killed_at_a_point_recovers(
    point: Point, source: Server, target: Server, database_name: str, tmp_path: Path
) -> None:
    tables = ("journal",) if point in CLEARING else ()
    job = bank_job(source, target, database_name, tmp_path, {}, *tables)
    with bank.Writer(source, database_name, seed=len(point)):
        if point in CLEARING:
            killed(job.drive(**{VARIABLE: f"{Point.AFTER_LOAD_COMMIT}:4"}))
        for nth in (3, 1) if point in REPEATED else (1,):
            # A run that ended once it had caught up might not come to the point so often.
            killed(job.drive("forever", **{VARIABLE: f"{point}:{nth}"}))
        ended_well(job.drive())
    ended_well(job.drive())
    found = differences(source, target, database_name)
    assert [line for line in found if not tables or "journal" in line] == []


@pytest.mark.parametrize("point", [Point.AFTER_LOAD_COMMIT, Point.BEFORE_SYNC_COMMIT])
def test_a_killed_flow_is_started_again(
    point: Point,
    source_mysql: Server,
    target: Server,
    database_name: str,
    prefect_server: PrefectServer,
    tmp_path: Path,
) -> None:
    job = bank_job(source_mysql, target, database_name, tmp_path, prefect_server.environment)
    with bank.Writer(source_mysql, database_name):
        killed(job.command("start", "--until", "forever", **{VARIABLE: f"{point}:3"}))
        job.start("caught-up")
    job.start("caught-up")
    assert differences(source_mysql, target, database_name) == []


def killed(ran: Ran) -> None:
    assert ran.code == -signal.SIGKILL, f"the run was not killed but ended with {ran.code}:\n{ran.out}\n{ran.err}"


def ended_well(ran: Ran) -> None:
    assert ran.code == 0, ran.err
